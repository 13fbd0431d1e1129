"""From facts to records: which groups a student is in, where counted, where met; Python loops over no student."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone
from psycopg import sql

from goals.models.measure import BITS, Basis
from goals.readiness import cooperatives, facts, looks_at
from goals.readiness.amounts import Amount, all_amounts, amounts
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
    counts = [one for one in amounts(basis) if is_due(one, year, today)]
    _covered([*(one for one, _node in decides), *counts], year, state)
    counted, reached = [], []
    for measure, node in decides:
        condition = sql.SQL("({} AND {})").format(_is_covered(measure, year), to_sql(measure.counted))
        counted.append((measure.bit, condition))
        reached.append((measure.bit, sql.SQL("({} AND {})").format(condition, to_sql(node))))
    groups = [(bit, sql.SQL(f"coalesce({condition}, false)")) for bit, (_code, condition) in GROUPS.items()]
    columns = _columns(counts, year)
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
                " {columns}) SELECT f.organization_id, {basis}, {year}, f.student_id, {groups}, {counted}, {met},"
                " {values} FROM facts f"
                " LEFT JOIN covered v ON v.organization_id = f.organization_id ORDER BY f.organization_id"
            ).format(
                basis=sql.Literal(str(basis)),
                year=sql.Literal(year),
                groups=_bits(groups),
                counted=_bits(counted),
                met=_bits(reached),
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                values=sql.SQL(", ").join(columns.values()),
            )
        )
        return int(cursor.rowcount)


def _columns(counts: list[Amount], year: int) -> dict[str, sql.Composable]:
    """The columns of tallies and means with their values; nothing where nobody is counted."""
    columns: dict[str, sql.Composable] = {}
    for one in all_amounts():
        columns[one.numerator.name] = sql.SQL("NULL" if one.denominator is None else "0")
        if one.denominator is not None:
            columns[one.denominator.name] = sql.SQL("0")
    for one in counts:
        who = _is_covered(one, year)
        if one.counted is not None:
            who = sql.SQL("{} AND {}").format(who, to_sql(one.counted))
        for column in (one.numerator, one.denominator):
            if column is not None:
                columns[column.name] = sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(
                    who,
                    sql.SQL("f.{}" if one.denominator is None else "coalesce(f.{}, 0)").format(
                        sql.Identifier(column.fact)
                    ),
                    columns[column.name],
                )
    return columns


def is_due(measure: Computed | Amount, year: int, today: dt.date) -> bool:
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


def _looks(measure: Computed | Amount, year: int) -> tuple[looks_at.Look, ...]:
    return looks_at.looks(measure.code, measure.basis, measure.evidence, year, measure.after)


def _column(look: looks_at.Look) -> sql.Identifier:
    """The column of ``covered`` that says whether one look finds what it needs."""
    years = "any" if not look.every else len(look.years)
    name = f"has_{look.kind}_{look.years[0]}_{years}".lower()
    return sql.Identifier("".join(c if c.isalnum() else "_" for c in name))


def _is_covered(measure: Computed | Amount, year: int) -> sql.Composable:
    return sql.SQL(" AND ").join(
        [sql.SQL("coalesce(v.{}, false)").format(_column(look)) for look in _looks(measure, year)]
    )


def _covered(measures: Sequence[Computed | Amount], year: int, state: Organization) -> None:
    """The temporary table ``covered``: per organization, which of the looks (``looks_at``) find what they need."""
    looks = list(dict.fromkeys(look for measure in measures for look in _looks(measure, year)))
    places = list(Organization.objects.filter(path__startswith=state.path).only("pk", "path", "kind"))
    known = looks_at.known(places, year - looks_at.BACK, year + looks_at.AHEAD)
    columns = [sql.SQL("{} boolean").format(_column(look)) for look in looks]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS covered")
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE covered ({}) ON COMMIT DROP").format(
                sql.SQL(", ").join([sql.SQL("organization_id bigint"), *columns])
            )
        )
        with cursor.copy("COPY covered FROM STDIN") as copy:
            for place in places:
                copy.write_row((place.pk, *(not looks_at.missing(look, known[place.pk]) for look in looks)))
    cooperatives.cover(state.path, year, [_column(look) for look in looks])


def where_covered(measure: Computed, year: int, state: Organization, organizations: list[int]) -> set[int]:
    """Those of the organizations for which all evidence that the measure needs is loaded; in a transaction."""
    _covered([measure], year, state)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT v.organization_id FROM covered v WHERE v.organization_id = ANY(%s) AND {}").format(
                _is_covered(measure, year)
            ),
            [organizations],
        )
        return {pk for (pk,) in cursor.fetchall()}
