"""The staged rows of a target beside its records, as two tables of an import, and what their statements share.

``…_diff``: each staged row with its student, its owner, the record it meets and a verdict: ``new``, ``changed``,
``same``, or why it is left out. ``…_gone``: the records that a file which replaces no longer has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from psycopg import sql

from hstw.statements import rows, run
from schools.imports.stage import StagedTarget, name
from schools.imports.targets import Target

# A column of a staged row, in the SQL of a target.
COLUMN = re.compile(r"\bs\.(\w+)")


def diff(staged: StagedTarget) -> sql.Identifier:
    """The table of staged rows with their verdicts."""
    return name(staged.batch_id, f"{staged.target.code}_diff")


def gone(staged: StagedTarget) -> sql.Identifier:
    """The table of records that the file no longer has: ``id``, ``student_id``, organization, year and kind."""
    return name(staged.batch_id, f"{staged.target.code}_gone")


def kind_of(target: Target, alias: str) -> sql.Composable:
    """The kind of evidence of a row, as SQL: of one in staging, or of a record."""
    if not target.kind_sql:
        return sql.Literal(target.kind)
    return sql.SQL(COLUMN.sub(rf"{alias}.\1", target.kind_sql))


def owners(target: Target) -> list[str]:
    """Columns of the owner that the key leaves open: a record keeps its key while they change."""
    if target.code == "student" or not target.about_student or target.writes == "update":
        return []
    return [column for column in ("organization_id", "year") if column not in target.key]


def written(staged: StagedTarget) -> list[str]:
    """What is compared and written: the file's columns, those of a loose key included, and the owner."""
    loose = {"entered"} if staged.target.code == "enrollment" else set()
    own = [column for column in staged.own if column not in key_of(staged) or column in loose]
    return [*own, *owners(staged.target)]


def key_of(staged: StagedTarget) -> list[str]:
    """The columns by which records of the target are told apart."""
    return list(staged.target.key)


def same(left: str, right: str, columns: Iterable[str], staged: StagedTarget) -> sql.Composable:
    """Equality of key columns; null dates are equal to each other."""
    nullable = {column.name for column in staged.target.columns if column.blank is None and not column.required}
    terms = []
    for column in columns:
        text = "coalesce({}.{}, '-infinity') = coalesce({}.{}, '-infinity')" if column in nullable else "{}.{} = {}.{}"
        terms.append(
            sql.SQL(text).format(
                sql.Identifier(left), sql.Identifier(column), sql.Identifier(right), sql.Identifier(column)
            )
        )
    return sql.SQL(" AND ").join(terms)


def row_of(alias: str, columns: Iterable[str]) -> sql.Composable:
    """``ROW(alias.a, alias.b, …)``: of one column too."""
    return sql.SQL("ROW({})").format(
        sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(c)) for c in columns)
    )


def table_of(staged: StagedTarget) -> sql.Identifier:
    """The table of the records themselves."""
    return sql.Identifier(staged.target.table)


def analyze(staged: StagedTarget) -> None:
    """Tell the planner what has been filled in.

    A column that was empty when it last looked is empty to it still: it then looks through one whole table for each
    row of another, which takes minutes where seconds are enough.
    """
    run("ANALYZE {diff}", diff=diff(staged))


def has_corrections(staged: StagedTarget) -> bool:
    """Whether any of the rows meets a field that was put right by hand."""
    return bool(
        rows(
            "SELECT FROM pg_attribute WHERE attrelid = to_regclass({diff}) AND attname = 'corrections'",
            diff=sql.Literal(f"staging.b{staged.batch_id}_{staged.target.code}_diff"),
        )
    )
