"""Students who may be one person recorded twice: same names and birth date, in one district. Never merged here.

Who can tell says that two are different, and the pair is not shown again. Where they are one person, the number is
put right in the district's own system and the file loaded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from hstw.access import Action, decide
from schools.models import Enrollment, NotDuplicate, Organization, Student, StudentIdentifier, User
from schools.models.organization import Kind
from schools.models.student import IdentifierSystem

# How deep in the tree a district stands (region, state, district); a school of a state itself stands there, too.
_DISTRICT_DEPTH = 3
# Small letters without punctuation and blanks: O’Neil, ONEIL and O Neil are one name.
_PLAIN = r"lower(regexp_replace({}, '[[:punct:][:space:]’‘´–—]', '', 'g'))"

# A pair stands together in one of the districts below the prefix; "same_school" where both were at one school there.
_PAIRS = f"""
    WITH place AS (
        SELECT id, left(path, %(width)s) AS district FROM schools_organization
        WHERE left(path, %(length)s) = %(prefix)s AND depth >= %(depth)s
    ), stay AS MATERIALIZED (
        SELECT DISTINCT e.student_id, place.district, e.organization_id
        FROM schools_enrollment e JOIN place ON place.id = e.organization_id
    ), named AS MATERIALIZED (
        SELECT s.id, stay.district, {_PLAIN.format("s.last_name")} AS last, {_PLAIN.format("s.first_name")} AS first,
            s.birth_date
        FROM (SELECT DISTINCT student_id, district FROM stay) stay JOIN schools_student s ON s.id = stay.student_id
        WHERE s.birth_date IS NOT NULL
    ), pair AS (
        SELECT DISTINCT a.id AS first_id, b.id AS second_id, a.last, a.first
        FROM named a JOIN named b USING (district, last, first, birth_date)
        WHERE a.id < b.id AND last <> '' AND NOT EXISTS (
            SELECT FROM schools_notduplicate n WHERE n.first_id = a.id AND n.second_id = b.id
        )
    )
"""
_COUNT = _PAIRS + "SELECT count(*) FROM pair"
_PAGE = (
    _PAIRS
    + """
    SELECT first_id, second_id, EXISTS (
        SELECT FROM stay a JOIN stay b USING (organization_id)
        WHERE a.student_id = first_id AND b.student_id = second_id
    ) AS same_school
    FROM pair ORDER BY same_school DESC, last, first, first_id, second_id LIMIT %(limit)s OFFSET %(offset)s
    """
)


class DuplicatesError(ValueError):
    """What cannot be said of two students; the message is for the person."""


@dataclass(frozen=True)
class Pair:
    """Two records that may be one student; ``first`` was made earlier.

    Each has ``enrollments_here`` (latest first) and ``numbers_here`` (in force): those of the organization that was
    asked about, and of its district and state. What another district recorded is not in them.
    """

    first: Student
    second: Student
    same_school: bool


class Pairs:
    """The pairs of an organization, same school first, then by name; for a ``Paginator``: length and slices."""

    def __init__(self, organization: Organization | None) -> None:
        self.organization = organization
        self._length: int | None = None

    def __len__(self) -> int:
        if self._length is None:
            self._length = self._rows(_COUNT)[0][0] if self.organization is not None else 0
        return self._length

    def __iter__(self) -> Iterator[Pair]:
        return iter(self[: len(self)])

    def __getitem__(self, part: slice) -> list[Pair]:
        start, stop = part.start or 0, part.stop
        if self.organization is None or (stop is not None and stop <= start):
            return []
        found = self._rows(_PAGE, limit=None if stop is None else stop - start, offset=start)
        students = self._students({pk for row in found for pk in row[:2]})
        return [Pair(students[first], students[second], same_school) for first, second, same_school in found]

    def _rows(self, statement: str, **more: Any) -> list[Any]:
        assert self.organization is not None
        prefix = self.organization.path
        width = Organization.steplen * _DISTRICT_DEPTH
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                {"prefix": prefix, "length": len(prefix), "width": width, "depth": _DISTRICT_DEPTH, **more},
            )
            return list(cursor.fetchall())

    def _students(self, keys: set[int]) -> dict[int, Student]:
        assert self.organization is not None
        path = self.organization.path
        below = Q(organization__path__startswith=path[: Organization.steplen * _DISTRICT_DEPTH])
        state = Q(system=IdentifierSystem.STATE, organization=self.organization.in_state_id)
        if self.organization.kind in {Kind.STATE, Kind.REGION}:
            state = Q(system=IdentifierSystem.STATE, organization__path__startswith=path)
        return (
            Student.objects.filter(pk__in=keys)
            .prefetch_related(
                Prefetch(
                    "enrollments",
                    Enrollment.objects.filter(organization__path__startswith=path)
                    .select_related("organization")
                    .order_by("-year", "-entered", "-pk"),
                    to_attr="enrollments_here",
                ),
                Prefetch(
                    "identifiers",
                    StudentIdentifier.objects.filter(below | state, ends=None)
                    .select_related("organization")
                    .order_by("-system", "pk"),
                    to_attr="numbers_here",
                ),
            )
            .in_bulk()
        )


def possible(organization: Organization, user: Any) -> Pairs:
    """The pairs of students of ``organization`` that may be one person; none for who may not see students by name.

    Both are or were enrolled at or below ``organization``, in the same district, with the same last and first name
    (letter case, punctuation and blanks aside) and the same birth date.
    """
    return Pairs(organization if decide(user, Action.VIEW_NAMED_STUDENTS, organization) else None)


def say_different(first: Student, second: Student, *, by: User) -> NotDuplicate:
    """Write down that two students are two; again is no error. Raises :class:`DuplicatesError`."""
    if first.pk == second.pk:
        raise DuplicatesError(_("This is one record, not two."))
    low, high = sorted((first, second), key=lambda student: student.pk)
    if Student.objects.visible_to(by).filter(pk__in=[low.pk, high.pk]).count() < 2:
        raise DuplicatesError(_("You can say so only of students whom you may see by name."))
    said, _made = NotDuplicate.objects.get_or_create(first=low, second=high, defaults={"by": by})
    return said
