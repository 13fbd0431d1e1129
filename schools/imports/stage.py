"""Rows on their way in: unlogged tables in a schema of their own, one per import and target, filled by COPY.

They are made and dropped by the application's role, which owns nothing else. A crash of the server empties them: the
import is then read again from its stored file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from psycopg import sql

from schools.imports import registry
from schools.imports.targets import Target

# What every staged row says beside the target's own columns. ``row`` is its number in the order read.
COMMON = {"file": "text", "line": "integer", "organization_id": "bigint", "year": "smallint", "deleted": "boolean"}
OF_STUDENT = {"source_key": "text", "state_number": "text", "local_number": "text"}
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": " ", "\n": " ", "\r": " "})


def name(batch_id: int, suffix: str) -> sql.Identifier:
    """A staging table of an import."""
    return sql.Identifier("staging", f"b{batch_id}_{suffix}")


def exists(batch_id: int, suffix: str) -> bool:
    """Whether this staging table is there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"staging.b{batch_id}_{suffix}"])
        return bool(cursor.fetchone()[0])


def filled(batch_id: int, suffix: str) -> bool:
    """Whether this staging table, which is there, has rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name(batch_id, suffix)))
        return bool(cursor.fetchone()[0])


def drop(batch_id: int) -> None:
    """Drop everything that an import has staged."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'staging' AND starts_with(tablename, %s)",
            [f"b{batch_id}_"],
        )
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("staging", table)))


@dataclass
class StagedTarget:
    """The staging table of one target: which columns the file brings, how many rows there are."""

    batch_id: int
    target: Target
    columns: tuple[str, ...]
    rows: int = 0

    @property
    def table(self) -> sql.Identifier:
        """The staging table."""
        return name(self.batch_id, self.target.code)

    @property
    def own(self) -> list[str]:
        """The target's own columns among those that the file brings."""
        return [column.name for column in self.target.columns if column.name in self.columns]

    def create(self) -> None:
        """Make the table."""
        types = {**COMMON, **(OF_STUDENT if self.target.about_student else {})}
        types |= {column.name: column.pg for column in self.target.columns if column.name in self.columns}
        always = {"file", "line", "organization_id", "year", *(OF_STUDENT if self.target.about_student else ())}
        columns: list[sql.Composable] = [sql.SQL("row bigint GENERATED ALWAYS AS IDENTITY")]
        for column, pg in types.items():
            if column in always or column in self.columns:
                # Numbers of students are joined by: blank, never null.
                blank = sql.SQL(" NOT NULL DEFAULT ''") if column in OF_STUDENT else sql.SQL("")
                columns.append(sql.SQL("{} {}{}").format(sql.Identifier(column), sql.SQL(pg), blank))
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(self.table, sql.SQL(", ").join(columns)))

    def put(self, file: str, lines: Sequence[int], values: Mapping[str, Sequence[str | None]]) -> None:
        """Copy rows in; see :class:`schools.imports.registry.Stage`."""
        if not lines:
            return
        count = len(lines)
        blanks = {column.name: column.blank for column in self.target.columns}
        columns: list[Sequence[str]] = [[_escaped(file)] * count, list(map(str, lines))]
        for column in self.columns:
            given = values[column] if column in values else [None] * count
            if len(given) != count:
                raise ValueError(f"{column} has {len(given)} values for {count} lines")
            blank = "" if column in OF_STUDENT else blanks.get(column)
            columns.append(_as_copied(given, r"\N" if blank is None else blank))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            self.table, sql.SQL(", ").join(map(sql.Identifier, ("file", "line", *self.columns)))
        )
        text = "\n".join(map("\t".join, zip(*columns, strict=True)))
        # What goes wrong comes out as Django's errors do, a statement that is stopped included.
        with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(text.encode())
            copy.write(b"\n")
        self.rows += count


@dataclass
class Staging:
    """The sink of one import."""

    batch_id: int
    targets: dict[str, StagedTarget] = field(default_factory=dict)

    def open(self, target: str, columns: Sequence[str]) -> StagedTarget:
        """Begin a target, or go on with one that was begun with the same columns."""
        chosen = registry.target(target)
        # What names a record is always compared: a file without sections has the blank section.
        names = [column.name for column in chosen.columns if column.name in chosen.key and column.name not in columns]
        columns = [*columns, *names]
        if target in self.targets:
            if set(self.targets[target].columns) != set(columns):
                raise ValueError(f"{target} was opened with other columns")
            return self.targets[target]
        known = {*COMMON, *(OF_STUDENT if chosen.about_student else ()), *(column.name for column in chosen.columns)}
        if unknown := set(columns) - known:
            raise ValueError(f"{target} has no columns {', '.join(sorted(unknown))}")
        staged = StagedTarget(self.batch_id, chosen, tuple(columns))
        staged.create()
        self.targets[target] = staged
        return staged


def _as_copied(values: Sequence[str | None], blank: str) -> Sequence[str]:
    """A column as COPY reads it: blanks by name, what would break a line escaped."""
    filled = [blank if value is None else value for value in values]
    if _SPECIAL.search("".join([value for value in values if value is not None])):
        filled = [blank if value is None else _escaped(value) for value in values]
    return filled


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)
