"""Cooperatives: beside the districts, made of those that are members at the end of the school year.

Memberships overlap: a district may be in two cooperatives, and a student enrolled in two member districts counts once.
So a cooperative's cell is the sum of its members', corrected as everywhere above the school (``sum_up``); the record
that corrects it is made here, from the enrollment at its members alone. A member that joined during the year counts
for all of it, one that left before its last day (June 30) for none of it: agreements run with the fiscal year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from psycopg import sql

from hstw.values import SchoolYear
from schools.models import Organization

# Those in force, without members that lie within another member of the same cooperative.
_MEMBERS = (
    "(SELECT c.id AS cooperative_id, c.path AS cooperative_path, o.id AS member_id, o.path AS member_path"
    " FROM schools_cooperativemember m JOIN schools_organization c ON c.id = m.cooperative_id"
    " JOIN schools_organization o ON o.id = m.member_id AND NOT o.shared_time"
    " WHERE c.kind = 'cooperative' AND starts_with(c.path, {path}) AND starts_with(o.path, {path})"
    " AND m.starts <= {day} AND (m.ends IS NULL OR m.ends >= {day})"
    " AND NOT EXISTS (SELECT FROM schools_cooperativemember n JOIN schools_organization p ON p.id = n.member_id"
    "   WHERE n.cooperative_id = m.cooperative_id AND starts_with(o.path, p.path) AND p.path <> o.path"
    "   AND n.starts <= {day} AND (n.ends IS NULL OR n.ends >= {day})))"
)


def in_force(path: str, year: int) -> sql.Composed:
    """The members of the cooperatives below a path in a school year, as a subquery in parentheses."""
    return sql.SQL(_MEMBERS).format(path=sql.Literal(path), day=sql.Literal(SchoolYear(year).last_day))


def members(state: Organization, year: int) -> dict[int, list[tuple[int, str]]]:
    """By cooperative of a state, its members in a school year: (id, path)."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT cooperative_id, member_id, member_path FROM {} m ORDER BY 1, 3").format(
                in_force(state.path, year)
            )
        )
        for cooperative, member, path in cursor.fetchall():
            found[cooperative].append((member, path))
    return dict(found)


def add_several(path: str, year: int) -> None:
    """Add to the temporary table ``several`` the students of a year enrolled at several members of a cooperative.

    One row per student, cooperative and member; called while ``goals.readiness.facts`` makes the units of a year.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "INSERT INTO several WITH place AS (SELECT s.id, m.cooperative_id, m.cooperative_path, m.member_path"
                "   FROM {members} m JOIN schools_organization s ON starts_with(s.path, m.member_path)"
                "   WHERE s.kind = 'school' AND NOT s.shared_time),"
                " met AS (SELECT DISTINCT u.student_id, p.cooperative_id, p.cooperative_path, p.member_path"
                "   FROM units u JOIN place p ON p.id = u.organization_id),"
                " twice AS (SELECT student_id, cooperative_id FROM met GROUP BY 1, 2 HAVING count(*) > 1)"
                " SELECT student_id, cooperative_id, cooperative_path, member_path"
                " FROM met JOIN twice USING (student_id, cooperative_id)"
            ).format(members=in_force(path, year))
        )


def cover(path: str, year: int, columns: Sequence[sql.Identifier]) -> None:
    """Have the temporary table ``covered`` say of a cooperative what it says of any of its members."""
    if not columns:
        return
    names = sql.SQL(", ").join(columns)
    any_member = sql.SQL(", ").join(sql.SQL("bool_or(v.{})").format(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "DELETE FROM covered v USING schools_organization o"
                " WHERE o.id = v.organization_id AND o.kind = 'cooperative'"
            )
        )
        cursor.execute(
            sql.SQL(
                "INSERT INTO covered (organization_id, {names}) SELECT m.cooperative_id, {any_member}"
                " FROM {members} m JOIN covered v ON v.organization_id = m.member_id GROUP BY 1"
            ).format(names=names, any_member=any_member, members=in_force(path, year))
        )
