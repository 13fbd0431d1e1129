"""Writes a list in three statements: upsert what the file has, mark what it has no longer, say what was loaded."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from pathways.code_lists.lists import CodeList, Row


@dataclass(frozen=True)
class Difference:
    """How many codes a load wrote."""

    new: int
    changed: int
    ended: int


def in_force(wanted: CodeList) -> int:
    """How many codes of the list are in force now."""
    return wanted.model._default_manager.filter(ended_in="").count()


def write(wanted: CodeList, rows: list[Row], *, edition: str) -> Difference:
    """Write the difference between ``rows`` and the table, within the caller's transaction."""
    quote = connection.ops.quote_name
    table = quote(wanted.model._meta.db_table)
    columns = list(rows[0])
    types = [str(wanted.model._meta.get_field(column).db_type(connection)).split("(")[0] for column in columns]
    names = [quote(column) for column in columns]
    keys = [quote(column) for column in wanted.key]
    others = [name for name in names if name not in keys]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    values = [[row[column] for row in rows] for column in columns]
    with connection.cursor() as cursor:
        # xmax is 0 in a row that was inserted; rows that are the same already are not touched.
        cursor.execute(
            f"""
            WITH written AS (
                INSERT INTO {table} AS t ({", ".join(names)})
                SELECT * FROM unnest({arrays})
                ON CONFLICT ({", ".join(keys)}) DO UPDATE
                SET {", ".join(f"{name} = EXCLUDED.{name}" for name in others)}
                WHERE ({", ".join(f"t.{name}" for name in others)})
                    IS DISTINCT FROM ({", ".join(f"EXCLUDED.{name}" for name in others)})
                RETURNING t.xmax = 0 AS is_new
            ) SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
            """,  # noqa: S608  (names are the model's own)
            values,
        )
        new, changed = cursor.fetchone()
        cursor.execute(
            f"""
            UPDATE {table} SET ended_in = %s WHERE ended_in = '' AND ({", ".join(keys)}) NOT IN (
                SELECT * FROM unnest({", ".join("%s::text[]" for _key in keys)})
            )
            """,  # noqa: S608
            [edition, *([row[column] for row in rows] for column in wanted.key)],
        )
        return Difference(new, changed, cursor.rowcount)
