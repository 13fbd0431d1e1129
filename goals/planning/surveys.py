"""What surveys say: the index of a measure, organization and year, and each survey as one person may read it.

Nothing is copied: a survey that is changed changes every figure that is read from it. An index over fewer answers than
the smallest group that the state shows is for those who may see exact figures; everybody else reads whole percents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Avg
from django.utils.translation import gettext as _

from goals.disclosure import minimum_of
from goals.figures import entitled
from goals.models import FrameworkEdition, KeyPractice, PracticeIndex, SurveyAdministration
from hstw.values import FIRST_YEAR, SchoolYear
from schools.models import Organization

Kind = SurveyAdministration.Kind
# Whose survey is which measure's figure.
MEASURES: dict[str, str] = {"SURVEY_STUDENTS": Kind.STUDENT, "SURVEY_TEACHERS": Kind.TEACHER}
_FIRST_DAY = SchoolYear(FIRST_YEAR).first_day
_TENTH, _WHOLE = Decimal("0.1"), Decimal(1)


@dataclass(frozen=True)
class Index:
    """The mean over the practices of one survey, to one decimal, and how many answered."""

    value: Decimal
    answered: int


def by_year(organizations: Iterable[Organization], codes: Collection[str]) -> dict[tuple[int, str], dict[int, Index]]:
    """By organization and code of a measure: the index of each school year. One query; none for other measures.

    Of several surveys of a year the one that closed last counts; one without an index of any practice never does.
    """
    kinds = {MEASURES[code]: code for code in codes if code in MEASURES}
    if not kinds:
        return {}
    rows = (
        SurveyAdministration.objects.filter(organization__in=[one.pk for one in organizations], kind__in=kinds)
        .filter(given_on__gte=_FIRST_DAY)
        .annotate(index=Avg("indices__percent"))
        .exclude(index=None)
        .order_by("given_on")
        .values_list("organization", "kind", "given_on", "answered", "index")
    )
    found: dict[tuple[int, str], dict[int, Index]] = {}
    for organization, kind, given_on, answered, index in rows:
        years = found.setdefault((organization, kinds[kind]), {})
        years[int(SchoolYear.on(given_on))] = Index(index.quantize(_TENTH, ROUND_HALF_UP), answered)
    return found


def is_recorded(organization: Organization, code: str, year: int | None) -> bool:
    """Whether a survey says the figure of a measure and year."""
    return year in by_year([organization], [code]).get((organization.pk, code), {})


@dataclass(frozen=True)
class Reading:
    """How one person reads one survey. ``exact``: with decimals; ``hidden``: what it found is not for them."""

    exact: bool
    hidden: bool
    minimum: int

    def said(self, percent: Decimal | None) -> str:
        """An index in words."""
        if percent is None:
            return "—"
        if self.hidden:
            return self.why
        number = percent.quantize(_TENTH, ROUND_HALF_UP) if self.exact else whole(percent)
        return f"{number} %"

    @property
    def why(self) -> str:
        """What stands in place of what is hidden."""
        return _("fewer than %(minimum)d answered") % {"minimum": self.minimum}


def read_by(user: Any, surveys: Iterable[SurveyAdministration]) -> dict[int, Reading]:
    """How ``user`` reads each survey, by its key; two queries however many there are."""
    surveys = list(surveys)
    organizations = list({one.organization_id: one.organization for one in surveys}.values())
    exact, minimum = entitled(user, organizations), minimum_of(organizations)
    found = {}
    for one in surveys:
        least = minimum[one.organization_id]
        mine = one.organization_id in exact
        found[one.pk] = Reading(mine, not mine and one.answered < least, least)
    return found


def shown(user: Any, surveys: Iterable[SurveyAdministration]) -> None:
    """Put on each survey how ``user`` reads it, and its index and each practice's in words; three queries."""
    surveys = list(surveys)
    reading = read_by(user, surveys)
    indices: dict[int, list[PracticeIndex]] = {one.pk: [] for one in surveys}
    rows = PracticeIndex.objects.filter(survey__in=indices).select_related("practice__edition")
    for row in rows.order_by("practice__edition__order", "practice__number"):
        indices[row.survey_id].append(row)
    for one in surveys:
        here, mine = indices[one.pk], reading[one.pk]
        # Rounded as the figure of its measure is, so that both read the same.
        total = sum((row.percent for row in here), Decimal(0))
        mean = (total / len(here)).quantize(_TENTH, ROUND_HALF_UP) if here else None
        one.reading = mine  # type: ignore[attr-defined]
        one.index_text = mine.said(mean)  # type: ignore[attr-defined]
        one.share_text = share(one) if not mine.hidden else mine.why  # type: ignore[attr-defined]
        one.rows = [(row.practice, mine.said(row.percent)) for row in here]  # type: ignore[attr-defined]


def share(survey: SurveyAdministration) -> str:
    """How many answered, of how many: ``512 of 600 (85 %)``."""
    words = {"answered": f"{survey.answered:,}", "invited": f"{survey.invited:,}"}
    if not survey.invited:
        return _("%(answered)s of %(invited)s") % words
    percent = Decimal(100 * survey.answered) / survey.invited
    return _("%(answered)s of %(invited)s (%(percent)s %%)") % {
        **words,
        "percent": percent.quantize(_WHOLE, ROUND_HALF_UP),
    }


class Asked:
    """Which practices surveys ask about: of the first edition of a design and year that is known in full."""

    def __init__(self) -> None:
        self._editions = list(FrameworkEdition.objects.filter(complete=True).prefetch_related("practices"))

    def of(self, design: str, year: int) -> list[KeyPractice]:
        """The practices, in their order; a district's (no design) are those of the first edition."""
        for one in self._editions:
            in_use = one.first_year <= year and (one.last_year is None or one.last_year >= year)
            if in_use and design in {"", one.design}:
                return list(one.practices.all())
        return []


def whole(index: Decimal) -> Decimal:
    """An index as those read it who may not see exact figures."""
    return index.quantize(_WHOLE, ROUND_HALF_UP)


def wrong_day(day: dt.date, today: dt.date) -> str:
    """Why a survey cannot have closed on that day; blank where it can."""
    if day > today:
        return _("The survey has not closed yet.")
    return _("A date far off. Check the year.") if day < _FIRST_DAY else ""
