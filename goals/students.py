"""The students behind a number: who is counted, who met it, and which line of which rule decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from goals.models import Measure
from goals.models.measure import Direction
from goals.readiness import explain
from goals.readiness.computed import Computed
from goals.readiness.derive import GROUPS
from hstw.values import SchoolYear
from schools import students
from schools.models import Organization, Student

_CHUNK = 500
# Each student once: the record that stands highest at or below the organization, as its cells count.
_COUNTED = (
    "SELECT {what} FROM (SELECT DISTINCT ON (r.student_id) r.student_id, r.groups, r.counted, r.met"
    " FROM goals_readinessrecord r JOIN schools_organization o ON o.id = r.organization_id"
    " WHERE starts_with(o.path, %(path)s) AND (o.id = %(organization)s OR NOT o.shared_time)"
    " AND r.basis = %(basis)s AND r.year = %(year)s ORDER BY r.student_id, length(o.path)) r"
    " JOIN schools_student s ON s.id = r.student_id"
    " WHERE get_bit(r.counted, %(bit)s) = 1"
    " AND (%(group)s IS NULL OR get_bit(r.groups, %(group)s) = 1)"
    " AND (%(met)s IS NULL OR get_bit(r.met, %(bit)s) = %(met)s)"
    " AND (%(grade)s IS NULL OR EXISTS (SELECT FROM schools_enrollment e"
    "   JOIN schools_organization p ON p.id = e.organization_id WHERE e.student_id = r.student_id"
    "   AND e.year = %(year)s AND e.grade = %(grade)s AND starts_with(p.path, %(path)s)))"
)


@dataclass(frozen=True)
class Behind:
    """One student behind a number."""

    row: students.Row
    met: bool
    why: str
    line: explain.Explained | None

    @property
    def student(self) -> Student:
        """Who."""
        return self.row.student


class Counted:
    """The students in a measure's denominator, narrowed; a list that a paginator can take."""

    def __init__(
        self,
        organization: Organization,
        spec: Computed,
        year: SchoolYear,
        *,
        group: str = "",
        met: bool | None = None,
        grade: str = "",
    ) -> None:
        self.organization, self.spec, self.year = organization, spec, year
        bits = {code: bit for bit, (code, _condition) in GROUPS.items()}
        self._asked: dict[str, Any] = {
            "path": organization.path,
            "organization": organization.pk,
            "basis": spec.basis,
            "year": year,
            "bit": spec.bit,
            "group": bits.get(group) if group else None,
            "met": None if met is None else int(met),
            "grade": grade or None,
        }

    def count(self) -> int:
        """How many."""
        return int(self._rows("count(*)")[0][0])

    __len__ = count

    def __getitem__(self, part: slice) -> list[Behind]:
        """Some of them, by name, each with the line that decided."""
        found = self._rows(
            "r.student_id, get_bit(r.met, %(bit)s)",
            " ORDER BY s.last_name, s.first_name, s.id OFFSET %(skip)s LIMIT %(take)s",
            skip=part.start or 0,
            take=None if part.stop is None else part.stop - (part.start or 0),
        )
        return self._told([(int(pk), bool(bit)) for pk, bit in found])

    def everyone(self) -> Iterator[Behind]:
        """All of them, by name, some hundred at a time."""
        found = self._rows("r.student_id, get_bit(r.met, %(bit)s)", " ORDER BY s.last_name, s.first_name, s.id")
        for start in range(0, len(found), _CHUNK):
            yield from self._told([(int(pk), bool(bit)) for pk, bit in found[start : start + _CHUNK]])

    def _rows(self, what: str, end: str = "", **more: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            types = {"group": "int", "met": "int", "grade": "text", "take": "bigint"}
            statement = _COUNTED.format(what=what) + end
            for name, of in types.items():
                statement = statement.replace(f"%({name})s", f"%({name})s::{of}")
            cursor.execute(statement, self._asked | more)
            return list(cursor.fetchall())

    def _told(self, found: list[tuple[int, bool]]) -> list[Behind]:
        pks = [pk for pk, _met in found]
        by_pk = Student.objects.in_bulk(pks)
        lines = explain.explain_all(pks, self.organization, self.spec.code, self.year)
        rows = {
            row.student.pk: row
            for row in students.rows([by_pk[pk] for pk in pks if pk in by_pk], self.organization, self.year)
        }
        return [Behind(rows[pk], met, _why(lines.get(pk), met), lines.get(pk)) for pk, met in found if pk in rows]


def _why(line: explain.Explained | None, met: bool) -> str:
    if line is None:
        return ""
    return explain.what_made_it(line.met_line) if met else explain.what_is_missing(line.met_line, line.facts)


def words_of(measure: Measure) -> tuple[str, str]:
    """How being in the numerator is said of a student, and not being in it."""
    if measure.direction == Direction.LOWER:
        return _("Affected"), _("Not affected")
    if measure.direction == Direction.NEITHER:
        return _("Yes"), _("No")
    return _("Reached"), _("Not reached")
