"""What is loaded for an organization and year, school by school and kind by kind, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hstw.values import SchoolYear
from schools.models import EvidenceCoverage, ImportBatch, Organization
from schools.models.organization import Grade, Kind, OrganizationQuerySet

_ORDER = {grade: place for place, grade in enumerate(Grade.values)}


@dataclass(frozen=True)
class EvidenceKind:
    """A kind of evidence that a school is expected to have.

    ``from_grade``: schools whose highest grade is below have none of it. ``target`` is what is imported for it.
    """

    code: str
    label: Any
    why: Any
    target: str
    from_grade: str = "PK"

    def expected_of(self, school: Organization) -> bool:
        """Whether this school should have it; where its grades are not known, it should."""
        return not school.grade_high or _ORDER[school.grade_high] >= _ORDER[self.from_grade]


EXPECTED: tuple[EvidenceKind, ...] = (
    EvidenceKind("enrollment", _("Enrollments"), _("who is at the school, in which grade"), "enrollment"),
    EvidenceKind("attendance", _("Attendance"), _("days enrolled and absent"), "attendance"),
    EvidenceKind("demographics", _("Student groups"), _("the attributes that make student groups"), "demographics"),
    EvidenceKind("courses", _("Courses"), _("courses, grades and credits"), "course_record", "06"),
    EvidenceKind(
        "assessment", _("Test results"), _("ACT, WorkKeys, state tests and others"), "assessment_result", "03"
    ),
    EvidenceKind("credentials", _("Credentials"), _("industry credentials attempted and earned"), "credential", "08"),
    EvidenceKind("work_experience", _("Work-based learning"), _("internships and the like"), "work_experience", "09"),
    EvidenceKind("diplomas", _("Diplomas"), _("who completed high school, how and when"), "diploma", "12"),
    EvidenceKind("cohort_removals", _("Cohort removals"), _("who left the class, with proof"), "cohort_removal", "09"),
    EvidenceKind(
        "postsecondary", _("After high school"), _("college, training, work or service"), "postsecondary_outcome", "12"
    ),
)
_BY_CODE = {kind.code: kind for kind in EXPECTED}


def label_of(kind: str) -> str:
    """A kind of evidence in words: ``assessment:ACT`` is “Test results: ACT”."""
    base, _colon, detail = kind.partition(":")
    name = str(_BY_CODE[base].label) if base in _BY_CODE else base.replace("_", " ").capitalize()
    return f"{name}: {detail}" if detail else name


@dataclass
class Cell:
    """How far one kind of evidence is loaded below one organization: of how many schools, through which day."""

    schools: int = 0
    of: int = 0
    through: dt.date | None = None
    details: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """``all``, ``part``, ``none``; ``not_expected`` where no school should have it and none has."""
        if not self.schools:
            return "none" if self.of else "not_expected"
        return "all" if self.schools >= self.of else "part"


@dataclass
class Line:
    """One kind of evidence of one organization."""

    kind: str
    label: str
    why: str
    target: str
    cell: Cell
    source: ImportBatch | None = None
    # Where a school's evidence was loaded for the whole district.
    from_district: bool = False


def lines(organization: Organization, year: SchoolYear) -> list[Line]:
    """Every kind expected of the organization and whatever else is loaded; three queries."""
    schools = list(_schools(organization, year))
    cells = _cells([organization], year, schools)[organization.pk]
    sources = _sources(organization, year)
    found = []
    for code in [*_BY_CODE, *sorted(set(cells) - set(_BY_CODE))]:
        cell = cells.get(code, Cell())
        source, from_district = sources.get(code, (None, False))
        kind = _BY_CODE.get(code)
        if cell.state == "not_expected":
            continue
        why = str(kind.why) if kind else ""
        found.append(Line(code, label_of(code), why, kind.target if kind else "", cell, source, from_district))
    return found


def children(organization: Organization, year: SchoolYear) -> OrganizationQuerySet:
    """Those directly below whose evidence is shown beside each other: schools, districts or states, by name."""
    depth = organization.depth + 1
    below = Organization.objects.filter(path__startswith=organization.path, depth=depth)
    return _open(below, year).exclude(kind=Kind.COOPERATIVE).order_by("kind", "name", "pk")


def matrix(
    places: Iterable[Organization], year: SchoolYear
) -> list[tuple[Organization, list[tuple[EvidenceKind, Cell]]]]:
    """Each organization with a cell for every expected kind; two queries however many."""
    rows = list(places)
    cells = _cells(rows, year, list(_schools_below(rows, year)))
    return [(row, [(kind, cells[row.pk].get(kind.code, Cell())) for kind in EXPECTED]) for row in rows]


def _open(organizations: OrganizationQuerySet, year: SchoolYear) -> OrganizationQuerySet:
    return organizations.filter(Q(closed=None) | Q(closed__gt=year.first_day))


def _schools(organization: Organization, year: SchoolYear) -> OrganizationQuerySet:
    return _schools_below([organization], year)


def _schools_below(places: list[Organization], year: SchoolYear) -> OrganizationQuerySet:
    within = Q(pk=None)
    for place in places:
        within |= Q(path__startswith=place.path)
    return _open(Organization.objects.filter(within, kind=Kind.SCHOOL), year).only("pk", "path", "grade_high", "kind")


# A school is covered by what was loaded for it, and by what was loaded for its district as a whole.
_COVERED = """
    SELECT s.id, c.kind, max(c.through_date)
    FROM schools_organization s
    LEFT JOIN schools_organization d ON d.path = left(s.path, length(s.path) - %(step)s)
    JOIN schools_evidencecoverage c ON c.organization_id IN (s.id, d.id) AND c.year = %(year)s
    WHERE s.id = ANY(%(schools)s)
    GROUP BY s.id, c.kind
"""


def _cells(places: list[Organization], year: SchoolYear, schools: list[Organization]) -> dict[int, dict[str, Cell]]:
    """For each place and kind how many of its schools have it; tests of every sort are one kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COVERED, {"year": year, "schools": [school.pk for school in schools], "step": Organization.steplen}
        )
        rows = cursor.fetchall()
    covered: dict[int, dict[str, tuple[dt.date | None, set[str]]]] = {}
    for pk, kind, through in rows:
        base, _colon, detail = kind.partition(":")
        mine = covered.setdefault(pk, {})
        before, details = mine.get(base, (None, set()))
        mine[base] = (max(filter(None, (before, through)), default=None), details | ({detail} if detail else set()))
    found: dict[int, dict[str, Cell]] = {place.pk: {} for place in places}
    for place in places:
        cells = found[place.pk]
        tests: dict[str, set[str]] = {}
        for school in schools:
            if not school.path.startswith(place.path):
                continue
            mine = covered.get(school.pk, {})
            for code in {*mine, *(kind.code for kind in EXPECTED if kind.expected_of(school))}:
                cell = cells.setdefault(code, Cell())
                cell.of += 1
                if code in mine:
                    through, details = mine[code]
                    cell.schools += 1
                    cell.through = max(filter(None, (cell.through, through)), default=None)
                    tests.setdefault(code, set()).update(details)
        for code, names in tests.items():
            cells[code].details = sorted(names)
    return found


def _sources(organization: Organization, year: SchoolYear) -> dict[str, tuple[ImportBatch | None, bool]]:
    """The latest import behind each kind, and whether it was loaded for the district as a whole.

    A school's own import goes before its district's.
    """
    above = organization.path[: -Organization.steplen] if organization.kind == Kind.SCHOOL else ""
    rows = (
        EvidenceCoverage.objects.filter(year=year)
        .filter(Q(organization__path__startswith=organization.path) | Q(organization__path=above))
        .select_related("batch__organization__in_state", "organization")
        .order_by("kind", F("batch__loaded_at").desc(nulls_last=True), "-pk")
        .distinct("kind")
    )
    found: dict[str, tuple[ImportBatch | None, bool]] = {}
    for row in rows:
        base = row.kind.partition(":")[0]
        known = found.get(base)
        if known is None or (row.batch and (known[0] is None or row.batch.loaded_at > known[0].loaded_at)):
            found[base] = (row.batch, row.organization.path == above and bool(above))
    return found
