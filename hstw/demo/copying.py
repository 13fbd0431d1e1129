"""Writes rows with COPY: whole columns as numpy arrays in binary, or a few rows as they are.

Millions of rows are never formatted one by one. Every column becomes a matrix of bytes, one padded row per
value, and the bytes that are no padding, read row by row, are PostgreSQL's binary COPY format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from django.db import connection
from django.db.models import Model
from numpy.typing import NDArray

CHUNK = 50_000
# COPY's signature, no flags, no header extension; and the field count -1 that ends the rows.
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_POSTGRES_EPOCH = np.datetime64("2000-01-01", "D")

Bytes = NDArray[np.uint8]


class Column(Protocol):
    """A column of values that knows its bytes in binary COPY, length first."""

    def __len__(self) -> int: ...

    def fields(self, part: slice) -> tuple[Bytes, NDArray[np.int64]]:
        """The values of ``part``: a matrix of padded rows, and how many bytes of each row count."""


@dataclass(frozen=True)
class Numbers:
    """Integers of ``size`` bytes (2, 4 or 8), NULL where ``null`` is true."""

    values: NDArray[Any]
    size: int = 8
    null: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def fields(self, part: slice) -> tuple[Bytes, NDArray[np.int64]]:
        values = np.ascontiguousarray(self.values[part])
        matrix = np.empty((len(values), 4 + self.size), np.uint8)
        matrix[:, :4] = np.frombuffer(int(self.size).to_bytes(4, "big"), np.uint8)
        matrix[:, 4:] = values.astype(f">i{self.size}").view(np.uint8).reshape(len(values), self.size)
        lengths = np.full(len(values), 4 + self.size)
        if self.null is not None:
            null = self.null[part]
            matrix[null, :4] = 0xFF
            lengths[null] = 4
        return matrix, lengths


def dates(days: NDArray[np.datetime64]) -> Numbers:
    """Dates; NaT is NULL."""
    null = np.isnat(days)
    return Numbers(np.where(null, 0, (days - _POSTGRES_EPOCH).astype(np.int64)), 4, null)


@dataclass(frozen=True)
class Flags:
    """True or false."""

    values: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.values)

    def fields(self, part: slice) -> tuple[Bytes, NDArray[np.int64]]:
        values = self.values[part]
        matrix = np.zeros((len(values), 5), np.uint8)
        matrix[:, 3] = 1
        matrix[:, 4] = values
        return matrix, np.full(len(values), 5)


@dataclass(frozen=True)
class Raw:
    """Values of one width in bytes, given as they are: UUIDs, and numbers written with leading zeros."""

    values: Bytes

    def __len__(self) -> int:
        return len(self.values)

    def fields(self, part: slice) -> tuple[Bytes, NDArray[np.int64]]:
        values = self.values[part]
        width = values.shape[1]
        matrix = np.empty((len(values), 4 + width), np.uint8)
        matrix[:, :4] = np.frombuffer(width.to_bytes(4, "big"), np.uint8)
        matrix[:, 4:] = values
        return matrix, np.full(len(values), 4 + width)


class Table:
    """The values that a column of few distinct values can take, with their bytes."""

    def __init__(self, encoded: Sequence[bytes]) -> None:
        fields = [len(value).to_bytes(4, "big") + value for value in encoded]
        self.lengths = np.array([len(field) for field in fields])
        self.matrix = np.zeros((len(fields), int(self.lengths.max())), np.uint8)
        for row, field in enumerate(fields):
            self.matrix[row, : len(field)] = np.frombuffer(field, np.uint8)


@dataclass(frozen=True)
class Choice:
    """Values out of a :class:`Table`, by position."""

    table: Table
    positions: NDArray[Any]

    def __len__(self) -> int:
        return len(self.positions)

    def fields(self, part: slice) -> tuple[Bytes, NDArray[np.int64]]:
        positions = self.positions[part]
        return self.table.matrix[positions], self.table.lengths[positions]


def texts(values: Iterable[str]) -> Table:
    """A table of texts."""
    return Table([value.encode() for value in values])


def hundredths(highest: int) -> Table:
    """NUMERIC(…, 2) values 0.00, 0.01 … up to ``highest`` hundredths, each at its own position."""
    return Table([_numeric(value) for value in range(highest + 1)])


def _numeric(value: int) -> bytes:
    """Hundredths as PostgreSQL's binary NUMERIC: base-10000 digits, weight of the first, sign, scale."""
    whole, part = divmod(value, 100)
    groups = [whole, part * 100]
    weight = 0
    while groups and groups[-1] == 0:
        groups.pop()
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    if not groups:
        weight = 0
    head = [len(groups), weight, 0, 2]
    return b"".join(number.to_bytes(2, "big", signed=True) for number in [*head, *groups])


class Writer:
    """Hands out primary keys and writes tables; counts what it wrote."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self._next: dict[type[Model], int] = {}

    @property
    def total(self) -> int:
        """Rows written so far."""
        return sum(self.rows.values())

    def take(self, model: type[Model], count: int) -> int:
        """Reserve ``count`` primary keys; the first of them."""
        first = self._next.get(model, 1)
        self._next[model] = first + count
        return first

    def write_rows(self, model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write a few rows, given by column name; those without an ``id`` get the next one."""
        if not rows:
            return
        rows = [row if "id" in row else {"id": self.take(model, 1), **row} for row in rows]
        columns = list(rows[0])
        with connection.cursor() as cursor, cursor.copy(_statement(model, columns)) as copy:
            for row in rows:
                copy.write_row([row[column] for column in columns])
        self._count(model, len(rows))

    def write_columns(self, model: type[Model], columns: Mapping[str, Column]) -> None:
        """Write many rows, given as columns of one length; a missing ``id`` is handed out."""
        count = len(next(iter(columns.values())))
        if not count:
            return
        if "id" not in columns:
            first = self.take(model, count)
            columns = {"id": Numbers(np.arange(first, first + count)), **columns}
        with (
            connection.cursor() as cursor,
            cursor.copy(_statement(model, columns) + " WITH (FORMAT BINARY)") as copy,
        ):
            copy.write(_HEADER)
            for start in range(0, count, CHUNK):
                copy.write(_binary_rows(list(columns.values()), slice(start, min(start + CHUNK, count))))
            copy.write(_TRAILER)
        self._count(model, count)

    def set_sequences(self) -> None:
        """Let the next row written by anybody get the key after the last one written here."""
        with connection.cursor() as cursor:
            for model, following in self._next.items():
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)",
                    [model._meta.db_table, following],
                )

    def _count(self, model: type[Model], count: int) -> None:
        self.rows[model._meta.db_table] = self.rows.get(model._meta.db_table, 0) + count


def _statement(model: type[Model], columns: Iterable[str]) -> str:
    quote = connection.ops.quote_name
    return f"COPY {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) FROM STDIN"


def _binary_rows(columns: Sequence[Column], part: slice) -> bytes:
    """The rows of ``part`` as bytes: field count, then each field."""
    count = part.stop - part.start
    parts = [column.fields(part) for column in columns]
    widths = [matrix.shape[1] for matrix, _lengths in parts]
    rows = np.empty((count, 2 + sum(widths)), np.uint8)
    used = np.ones(rows.shape, np.bool_)
    rows[:, :2] = np.frombuffer(len(columns).to_bytes(2, "big"), np.uint8)
    at = 2
    for (matrix, lengths), width in zip(parts, widths, strict=True):
        rows[:, at : at + width] = matrix
        if not (lengths == width).all():
            used[:, at : at + width] = np.arange(width) < lengths[:, None]
        at += width
    return rows[used].tobytes()
