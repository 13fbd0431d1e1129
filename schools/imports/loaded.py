"""What is loaded for an organization and year, school by school and kind by kind, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hstw.values import SchoolYear
from schools.imports import coverage
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
    """A kind of evidence in words."""
    if kind in _BY_CODE:
        return str(_BY_CODE[kind].label)
    words = coverage.label(kind).replace("_", " ")
    return words[:1].upper() + words[1:]


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


def lines(organization: Organization, year: SchoolYear, also: Mapping[str, str] | None = None) -> list[Line]:
    """Every kind expected of the organization's schools, and whatever else is loaded; three queries.

    ``also`` are kinds that are not about students and could be loaded here, each with its target.
    """
    also = also or {}
    cells = _cells([organization], year, list(_schools_below([organization], year)))[organization.pk]
    sources = _sources(organization, year)
    found = []
    for kind in EXPECTED:
        cell = cells.get(kind.code, Cell())
        if cell.state != "not_expected":
            source = sources.get(kind.code, _NOTHING)
            found.append(
                Line(kind.code, str(kind.label), str(kind.why), kind.target, cell, source.batch, source.from_district)
            )
    for code in sorted({*sources, *also} - set(_BY_CODE)):
        source = sources.get(code, _NOTHING)
        # Nobody says of how many schools: what an authority publishes is there or not.
        cell = Cell(int(code in sources), 1, source.through)
        found.append(Line(code, label_of(code), "", also.get(code, ""), cell, source.batch))
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
        AND split_part(c.kind, ':', 1) = ANY(%(kinds)s)
    WHERE s.id = ANY(%(schools)s)
    GROUP BY s.id, c.kind
"""


def _cells(places: list[Organization], year: SchoolYear, schools: list[Organization]) -> dict[int, dict[str, Cell]]:
    """For each place and kind how many of its schools have it; tests of every sort are one kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COVERED,
            {
                "year": year,
                "schools": [school.pk for school in schools],
                "kinds": list(_BY_CODE),
                "step": Organization.steplen,
            },
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


@dataclass(frozen=True)
class _Source:
    """The latest import behind a kind of evidence; ``from_district`` where it was loaded for a school's district."""

    batch: ImportBatch | None = None
    through: dt.date | None = None
    from_district: bool = False

    @property
    def moment(self) -> float:
        """When it was loaded, to be compared."""
        return self.batch.loaded_at.timestamp() if self.batch else 0.0


_NOTHING = _Source()


def _sources(organization: Organization, year: SchoolYear) -> dict[str, _Source]:
    """The latest import behind each kind that is loaded at or below the organization, or for a school's district."""
    within = Q(organization__path__startswith=organization.path)
    above = organization.path[: -Organization.steplen]
    if organization.kind == Kind.SCHOOL:
        within |= Q(organization__path=above, organization__kind=Kind.DISTRICT)
    rows = (
        EvidenceCoverage.objects.filter(within, year=year)
        .select_related("batch__organization__in_state", "organization")
        .order_by("kind", F("batch__loaded_at").desc(nulls_last=True), "-pk")
        .distinct("kind")
    )
    found: dict[str, _Source] = {}
    for row in rows:
        base = row.kind.partition(":")[0]
        from_district = organization.kind == Kind.SCHOOL and row.organization_id != organization.pk
        if from_district and base not in _BY_CODE:
            continue
        source = _Source(row.batch, row.through_date, from_district)
        if base not in found or source.moment > found[base].moment:
            found[base] = source
    return found
