"""From facts to records: which groups a student is in, where counted, where met; Python loops over no student."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone
from psycopg import sql

from goals.models.measure import BITS, Basis
from goals.readiness import cooperatives, facts
from goals.readiness.computed import Computed, computed
from goals.readiness.expressions import to_sql
from goals.readiness.rules import rule_book
from hstw.values import SchoolYear
from schools.models import Organization

# The student groups that are computed, by bit: a condition over the row of facts ``f``.
GROUPS: dict[int, tuple[str, str]] = {
    0: ("ALL", "true"),
    1: ("AM", "f.race_ethnicity = 'AM'"),
    2: ("AS", "f.race_ethnicity = 'AS'"),
    3: ("BL", "f.race_ethnicity = 'BL'"),
    4: ("HI", "f.race_ethnicity = 'HI'"),
    5: ("PI", "f.race_ethnicity = 'PI'"),
    6: ("TR", "f.race_ethnicity = 'TR'"),
    7: ("WH", "f.race_ethnicity = 'WH'"),
    8: ("F", "f.sex = 'F'"),
    9: ("M", "f.sex = 'M'"),
    10: ("ECD", "f.economically_disadvantaged"),
    11: ("EL", "f.english_learner"),
    12: ("SWD", "f.with_disabilities"),
    13: ("HOM", "f.homeless"),
    14: ("FOS", "f.foster_care"),
    15: ("MIL", "f.military_connected"),
    16: ("MIG", "f.migrant"),
    17: ("SPA", "f.single_parent"),
    18: ("NTR", "f.non_traditional"),
}


def derive(state: Organization, basis: Basis, year: int, *, today: dt.date | None = None) -> int:
    """Make the records of one state, basis and year anew, in the caller's transaction; returns how many.

    Where evidence of a kind that a measure needs is not covered for a school and year, nobody is counted: the cell
    is “not reported”, never zero.
    """
    today = today or timezone.localdate()
    facts.make(facts.Ask(basis, year, state.path))
    book = rule_book()
    decides = [
        (one, node)
        for one in computed(basis)
        if is_due(one, year, today) and (node := book.decides(one, state.postal_state, year)) is not None
    ]
    _covered([one for one, _node in decides], basis, year, state)
    counted, reached = [], []
    for measure, node in decides:
        condition = sql.SQL("({} AND {})").format(_is_covered(measure), to_sql(measure.counted))
        counted.append((measure.bit, condition))
        reached.append((measure.bit, sql.SQL("({} AND {})").format(condition, to_sql(node))))
    groups = [(bit, sql.SQL(f"coalesce({condition}, false)")) for bit, (_code, condition) in GROUPS.items()]
    tallies = sql.SQL("f.credentials, f.credential_attempts") if basis == Basis.YEAR else sql.SQL("0, 0")
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM goals_readinessrecord r USING schools_organization o WHERE o.id = r.organization_id"
            " AND starts_with(o.path, %s) AND r.basis = %s AND r.year = %s",
            [state.path, basis, year],
        )
        # Seniors are looked at for rules that count them, and for nothing else.
        if basis == Basis.SENIOR and not decides:
            return 0
        cursor.execute(
            sql.SQL(
                "INSERT INTO goals_readinessrecord (organization_id, basis, year, student_id, groups, counted, met,"
                " credentials_earned, credentials_attempted, exams_taken, exams_passed)"
                " SELECT f.organization_id, {basis}, {year}, f.student_id, {groups}, {counted}, {met}, {tallies},"
                " coalesce(f.ap_taken, 0), coalesce(f.ap_passed, 0) FROM facts f"
                " LEFT JOIN covered v ON v.organization_id = f.organization_id ORDER BY f.organization_id"
            ).format(
                basis=sql.Literal(str(basis)),
                year=sql.Literal(year),
                groups=_bits(groups),
                counted=_bits(counted),
                met=_bits(reached),
                tallies=tallies,
            )
        )
        return int(cursor.rowcount)


def is_due(measure: Computed, year: int, today: dt.date) -> bool:
    """Whether the measure can be known of that year today: some only when the year, or a later one, is over."""
    if measure.after:
        return SchoolYear(year + measure.after).last_day < today
    return not measure.final or SchoolYear(year).last_day < today


def _bits(conditions: Sequence[tuple[int, sql.Composable]]) -> sql.Composable:
    """``bit(128)`` with a one at each position whose condition holds."""
    parts: list[sql.Composable] = []
    last = -1
    for position, condition in sorted(conditions):
        if position > last + 1:
            parts.append(sql.Literal("0" * (position - last - 1)))
        parts.append(sql.SQL("({})::int").format(condition))
        last = position
    parts.append(sql.Literal("0" * (BITS - last - 1)))
    return sql.SQL("concat({})::bit(128)").format(sql.SQL(", ").join(parts))


def kinds(measures: list[Computed]) -> list[str]:
    """The kinds of evidence that any of the measures needs."""
    return sorted({kind for measure in measures for kind in measure.evidence})


def _column(kind: str) -> sql.Identifier:
    return sql.Identifier("has_" + "".join(c if c.isalnum() else "_" for c in kind.lower()))


def _is_covered(measure: Computed) -> sql.Composable:
    return sql.SQL(" AND ").join([sql.SQL("coalesce(v.{}, false)").format(_column(kind)) for kind in measure.evidence])


def _covered(measures: list[Computed], basis: Basis, year: int, state: Organization) -> None:
    """The temporary table ``covered``: per organization, which kinds of evidence are loaded for it or above it.

    Over a life one year of the four up to the year is enough, except for enrollment and diplomas, which must be those
    of the year itself. An organization above the school is covered where any of its schools is.
    """
    columns: list[sql.Composable] = []
    for kind in kinds(measures):
        years = sql.SQL("c.year = {}").format(sql.Literal(year))
        if kind == "postsecondary":
            years = sql.SQL("c.year IN ({}, {})").format(sql.Literal(year), sql.Literal(year + 1))
        elif basis != Basis.YEAR and kind not in {"enrollment", "diplomas"}:
            years = sql.SQL("c.year BETWEEN {} AND {}").format(sql.Literal(year - 3), sql.Literal(year))
        named = (
            sql.SQL("c.kind LIKE 'assessment:%'")
            if kind == "assessment"
            else sql.SQL("c.kind = {}").format(sql.Literal(kind))
        )
        columns.append(sql.SQL("bool_or({} AND {}) AS {}").format(named, years, _column(kind)))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS covered")
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE covered ON COMMIT DROP AS SELECT o.id AS organization_id, {columns}"
                " FROM schools_organization o JOIN schools_organization a ON starts_with(o.path, a.path)"
                "   OR (o.kind <> 'school' AND starts_with(a.path, o.path))"
                " JOIN schools_evidencecoverage c ON c.organization_id = a.id"
                " WHERE starts_with(o.path, {path}) AND starts_with(a.path, {path}) GROUP BY 1"
            ).format(columns=sql.SQL(", ").join(columns or [sql.SQL("true AS none")]), path=sql.Literal(state.path))
        )
    cooperatives.cover(state.path, year, [_column(kind) for kind in kinds(measures)])


def where_covered(measure: Computed, year: int, state: Organization, organizations: list[int]) -> set[int]:
    """Those of the organizations for which all evidence that the measure needs is loaded; in a transaction."""
    _covered([measure], measure.basis, year, state)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT v.organization_id FROM covered v WHERE v.organization_id = ANY(%s) AND {}").format(
                _is_covered(measure)
            ),
            [organizations],
        )
        return {pk for (pk,) in cursor.fetchall()}
