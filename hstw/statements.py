"""Statements that are put together: SQL text with named places, filled with identifiers, literals and other parts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from psycopg import sql


@contextlib.contextmanager
def watched_transaction() -> Iterator[None]:
    """A worker's transaction: where the worker is killed, the server notices within a statement and frees its locks.

    Else a statement that waits goes on waiting, and then works for nobody.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL client_connection_check_interval = '1s'")
        yield


def run(text: str, /, **parts: sql.Composable) -> int:
    """Run one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(**parts))
        return int(cursor.rowcount)


def rows(text: str, /, **parts: sql.Composable) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(**parts))
        return list(cursor.fetchall())


def records(text: str, /, **parts: sql.Composable) -> list[dict[str, Any]]:
    """The rows of one statement, each by its columns' names."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(**parts))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
