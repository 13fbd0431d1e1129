"""Who can still be reached this year: seniors one step short of ready, ninth-graders who are losing touch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from goals import students
from goals.board import Board
from goals.models.measure import Basis
from goals.readiness import explain, facts
from goals.readiness.expressions import evaluate
from goals.readiness.rules import rules_for
from hstw.values import SchoolYear
from schools import students as enrolled
from schools.models import Enrollment, Organization, Student


@dataclass(frozen=True)
class Senior:
    """A senior who lacks one condition: the way that is begun, and what is missing of it."""

    student_id: int
    way: str
    missing: str

    @property
    def key(self) -> str:
        """The way in an address."""
        return slugify(self.way)


@dataclass(frozen=True)
class Seniors:
    """The seniors of a year: how many there are, how many are ready already, and those one step short."""

    total: int
    ready: int
    short: list[Senior]

    @property
    def ways(self) -> list[tuple[str, str, int]]:
        """Each way with its key and how many are one step short on it, the most first."""
        counts = Counter((one.key, one.way) for one in self.short)
        return [(key, way, n) for (key, way), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


@dataclass(frozen=True)
class Listed:
    """A line of “still within reach”: a list that somebody can act on."""

    label: str
    about: str
    count: int
    code: str
    year: SchoolYear
    query: str


def seniors(organization: Organization, year: SchoolYear) -> Seniors:
    """On-time seniors enrolled now, held against the readiness rule in force; a few statements, whatever their number.

    Students in a later than their fourth year of high school are not among them.
    """
    ids = tuple(
        Enrollment.objects.filter(
            organization__path__startswith=organization.path,
            organization__shared_time=False,
            year=year,
            grade="12",
            exited=None,
        )
        .order_by()
        .values_list("student_id", flat=True)
        .distinct()
    )
    if not ids:
        return Seniors(0, 0, [])
    state = explain.state_of(organization)
    tree = rules_for(state.postal_state, year).parts["either"]
    with transaction.atomic():
        rows = facts.rows(facts.Ask(Basis.CLASS, year, state.path, ids))
    ready, short = 0, []
    for row in rows:
        line = evaluate(tree, row, facts.FACTS)
        ready += line.holds
        if (way := explain.one_step_short(line, row)) is not None:
            short.append(Senior(row["student_id"], str(way.label), explain.what_is_missing(way, row)))
    return Seniors(len(rows), ready, short)


def lists(board: Board, organization: Organization, year: SchoolYear) -> list[Listed]:
    """The other lists: ninth-graders who miss school now, and those who ended the last known year off track."""
    found = []
    absence = board.rows.get("CHRONIC_ABSENCE")
    if absence and absence.shown and absence.shown_year == year and absence.as_of:
        spec = explain.spec_of("CHRONIC_ABSENCE")
        count = students.Counted(organization, spec, year, met=True, grade="09").count()
        label, about = _("Ninth-graders chronically absent so far"), _("One day in ten or more missed")
        found.append(Listed(label, about, count, spec.code, year, "met=yes&grade=09"))
    on_track = board.rows.get("ON_TRACK_9")
    if on_track and on_track.shown:
        spec = explain.spec_of("ON_TRACK_9")
        count = students.Counted(organization, spec, on_track.shown_year, met=False).count()
        about = _("Credits to recover, or core courses to repeat")
        label = _("Ninth-graders of %(year)s who ended it off track") % {"year": on_track.shown_year.label}
        found.append(Listed(label, about, count, spec.code, on_track.shown_year, "met=no"))
    return [one for one in found if one.count]


class OneStepShort:
    """The seniors one step short by name, narrowed to one way; a list that a paginator can take."""

    def __init__(self, found: Seniors, organization: Organization, year: SchoolYear, key: str = "") -> None:
        self.organization, self.year = organization, year
        short = {one.student_id: one for one in found.short if not key or one.key == key}
        self._who = list(Student.objects.filter(pk__in=short))
        self._short = short

    def __len__(self) -> int:
        return len(self._who)

    def __getitem__(self, part: slice) -> list[tuple[enrolled.Row, Senior]]:
        rows = enrolled.rows(self._who[part], self.organization, self.year)
        return [(row, self._short[row.student.pk]) for row in rows]

    def everyone(self) -> Iterator[tuple[enrolled.Row, Senior]]:
        """All of them."""
        yield from self[:]
