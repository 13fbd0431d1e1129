"""One table of a file as it streams: headings, then rows in chunks, with the line each began on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

CHUNK = 5_000
# Cells in memory at once: wide tables come in fewer rows at a time.
CHUNK_CELLS = 500_000


@dataclass
class Chunk:
    """Some rows of a table: ``rows[i]`` began on line ``lines[i]`` (the heading line is 1)."""

    lines: list[int]
    rows: list[list[str]]


@dataclass
class Table:
    """A table that can be read through, more than once, in constant memory.

    ``headings`` are as written, trimmed. Every row that :meth:`chunks` gives has as many cells as there are
    headings: shorter and longer rows have been reported and left out by the reader that made the table.
    ``rows_hint`` is an estimate of the number of rows, for the progress bar.
    """

    name: str
    headings: Sequence[str]
    chunks: Callable[[], Iterator[Chunk]]
    rows_hint: int | None = None


@dataclass(frozen=True)
class Contents:
    """What detection looks at: the headings of every table by member name, and the first bytes of all else.

    A single file is a bundle of one. Names are as written in the bundle, folders included.
    """

    tables: Mapping[str, Sequence[str]]
    others: Mapping[str, bytes]
