"""The organizations of a person's home page, with the numbers that their role may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from hstw.access import Action, Role, prefixes
from hstw.navigation import current_year
from schools.models import Organization
from schools.models.organization import Kind

SHOWN = 12
COUNTED = frozenset({Kind.SCHOOL, Kind.DISTRICT})


@dataclass(frozen=True)
class Place:
    """One organization on which the person holds roles today."""

    organization: Organization
    roles: list[str]
    schools: int
    districts: int
    students: int | None


def places_of(user: Any) -> list[Place]:
    """Where the person holds a role, nearest to the schools first; three queries however many."""
    roles: dict[str, list[str]] = {}
    for grant in user.grants():
        roles.setdefault(grant.scope.path, []).append(str(Role(grant.role).label))
    organizations = list(Organization.objects.filter(path__in=roles).order_by("-depth", "name")[:SHOWN])
    if not organizations:
        return []
    exact = tuple(prefixes(user, Action.VIEW_FIGURES)) or ("\0",)
    below = _counts_below([row.path for row in organizations])
    # Counting a whole state's students takes 200 ms for 75,000 of them: too long for a page, so it stops at districts.
    enrolled = _enrolled([row.path for row in organizations if row.kind in COUNTED and row.path.startswith(exact)])
    return [Place(row, roles[row.path], *below.get(row.path, (0, 0)), enrolled.get(row.path)) for row in organizations]


def _counts_below(paths: list[str]) -> dict[str, tuple[int, int]]:
    """Open schools and districts at or below each path."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT top.path,
                   count(*) FILTER (WHERE o.kind = 'school'),
                   count(*) FILTER (WHERE o.kind = 'district')
            FROM unnest(%s::text[]) AS top(path)
            JOIN schools_organization o ON starts_with(o.path, top.path) AND o.closed IS NULL
            GROUP BY top.path
            """,
            [paths],
        )
        return {path: (schools, districts) for path, schools, districts in cursor.fetchall()}


def _enrolled(paths: list[str]) -> dict[str, int]:
    """Students with an enrollment this school year at or below each path, each counted once."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT top.path, count(DISTINCT e.student_id)
            FROM unnest(%s::text[]) AS top(path)
            JOIN schools_organization o ON starts_with(o.path, top.path)
            JOIN schools_enrollment e ON e.organization_id = o.id AND e.year = %s
            GROUP BY top.path
            """,
            [paths, current_year()],
        )
        return dict(cursor.fetchall())
