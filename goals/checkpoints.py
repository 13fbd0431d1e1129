"""Declared here, in order: checkpoints from grade 5 to age 25, the network's goals, the areas of the other measures.

A code that has no measure yet is passed over, so that a checkpoint appears with the measure that fills it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Checkpoint:
    """A place on the way: what it is called, and the measures shown at it (code, and the words for it there).

    Of ``codes`` the measures that exist are shown, at most ``most`` of them.
    """

    key: str
    name: Any
    codes: tuple[tuple[str, Any], ...]
    most: int = 1

    def shown(self, there: Collection[str]) -> list[tuple[str, Any]]:
        """The measures shown at it, of those that there are."""
        return [one for one in self.codes if one[0] in there][: self.most]


# Domain reference, section 3.7.
CHECKPOINTS: tuple[Checkpoint, ...] = (
    Checkpoint("grade-5", _("Grade 5"), (("ON_TRACK_5", _("On track for the middle grades")),)),
    Checkpoint("grade-8", _("Grade 8"), (("READY_FOR_HIGH_SCHOOL", _("Ready for high school")),)),
    Checkpoint("grade-9", _("Grade 9"), (("ON_TRACK_9", _("On track to graduate")),)),
    Checkpoint("grade-10", _("Grade 10"), (("ON_TRACK_10", _("On track to graduate")),)),
    Checkpoint(
        "grade-11",
        _("Grade 11"),
        (
            ("ON_TRACK_11", _("On track to graduate")),
            ("ACT_READING_11", _("ACT benchmark in reading")),
            ("ACT_MATH_11", _("ACT benchmark in math")),
        ),
    ),
    Checkpoint(
        "graduation",
        _("Graduation"),
        (("ACGR4", _("Graduated on time")), ("READY_EITHER", _("Ready for college or a career"))),
        most=2,
    ),
    Checkpoint("after", _("The year after"), (("POSTSECONDARY", _("In college or training")),)),
    Checkpoint("age-25", _("Age 25"), (("CREDENTIAL_BY_25", _("Holds a credential or degree")),)),
)


@dataclass(frozen=True)
class Goal:
    """A bold goal of the network: so many percent, by the first of ``codes`` that is measured, of ``whom``."""

    key: str
    name: Any
    percent: Decimal
    codes: tuple[str, ...]
    whom: Any

    def code(self, there: Collection[str]) -> str:
        """The measure that answers to it; blank where none is there yet."""
        return next((code for code in self.codes if code in there), "")


# Domain reference, section 1.2; whom the 80 percent are of is left open by the source, so it is said.
GOALS: tuple[Goal, ...] = (
    Goal(
        "grade-9",
        _("Enter grade 9 ready for high school"),
        Decimal(90),
        ("READY_FOR_HIGH_SCHOOL",),
        _("Of the students at the end of grade 8."),
    ),
    Goal(
        "on-time",
        _("Graduate on time"),
        Decimal(95),
        ("ACGR4",),
        _("Of the class that entered grade 9 four years before."),
    ),
    Goal(
        "ready",
        _("Graduate ready for college, a career, or both"),
        Decimal(80),
        ("READY_EITHER",),
        _("Of the year's graduates, not of all who entered grade 9."),
    ),
    Goal(
        "credential",
        _("Hold a credential or degree by age 25"),
        Decimal(60),
        ("CREDENTIAL_BY_25",),
        _("Of the class that should have graduated seven years before."),
    ),
)


@dataclass(frozen=True)
class Area:
    """Measures that belong together: codes in their order, or patterns of codes (``ACT_*``)."""

    key: str
    name: Any
    codes: tuple[str, ...]


AREAS: tuple[Area, ...] = (
    Area("on-time", _("On time and on track"), ("ACGR4", "ACGR5", "ACGR6", "ON_TRACK_*", "DROPOUT_*")),
    Area(
        "by-the-state",
        _("Ready, by the state's own rule"),
        tuple(f"STATE_READY_{part}_*" for part in ("EITHER", "ACADEMIC", "CAREER", "BOTH", "NEITHER")),
    ),
    Area(
        "college",
        _("Ready for college"),
        (
            *(
                "READY_EITHER",
                "READY_ACADEMIC",
                "READY_NEITHER",
                "ACT_ENGLISH_11",
                "ACT_MATH_11",
                "ACT_READING_11",
                "ACT_SCIENCE_11",
            ),
            *(
                "ACT_*",
                "SAT_*",
                "AP_*",
                "IB_*",
                "EXAMS_*",
                "DUAL_*",
                "RECOMMENDED_*",
                "POSTSECONDARY",
                "POSTSECONDARY_*",
            ),
        ),
    ),
    Area(
        "career",
        _("Ready for a career"),
        (
            *("READY_CAREER", "READY_BOTH", "CREDENTIAL_EARNED", "CREDENTIALS_TALLY", "CREDENTIAL_*"),
            *("WORK_BASED_LEARNING", "CTE_*", "WORKKEYS_*"),
        ),
    ),
    Area("perkins", _("Career and technical education, as Perkins V counts"), ("PERKINS_*",)),
    Area(
        "along",
        _("Along the way"),
        ("READY_FOR_HIGH_SCHOOL", "CHRONIC_ABSENCE", "PROFICIENT_*", "ADVANCED_COURSES", "PLAN_ON_FILE"),
    ),
    # Whatever no area names.
    Area("more", _("More measures"), ("*",)),
)


def by_area(codes: Iterable[str]) -> list[tuple[Area, list[str]]]:
    """The codes by area, each in the first that names it, in the area's order; areas without any are left out."""
    left = list(codes)
    found = []
    for area in AREAS:
        here: list[str] = []
        for wanted in area.codes:
            named = [code for code in left if fnmatchcase(code, wanted)]
            here += named
            left = [code for code in left if code not in named]
        if here:
            found.append((area, here))
    return found
