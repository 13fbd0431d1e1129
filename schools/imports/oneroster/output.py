"""Rows on their way into staging: gathered by column, put in chunks; a target is opened with its first row."""

from __future__ import annotations

from collections.abc import Sequence

from schools.imports.read.table import CHUNK
from schools.imports.registry import Sink, Stage


class Output:
    """Rows of one target that come from one file.

    A target that no row is put into stays unopened: a file without a single good row covers nothing, and never
    counts as “everything is gone”.
    """

    def __init__(self, sink: Sink, target: str, columns: Sequence[str], file: str) -> None:
        self.columns, self.rows = tuple(columns), 0
        self._sink, self._target, self._file = sink, target, file
        self._stage: Stage | None = None
        self._lines: list[int] = []
        self._values: list[list[str | None]] = [[] for _column in self.columns]

    def add(self, line: int, *values: str | None) -> None:
        """One row: a value for each column, in order."""
        self._lines.append(line)
        for column, value in zip(self._values, values, strict=True):
            column.append(value)
        self.rows += 1
        if len(self._lines) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Put what has gathered."""
        if not self._lines:
            return
        if self._stage is None:
            self._stage = self._sink.open(self._target, self.columns)
        self._stage.put(self._file, self._lines, dict(zip(self.columns, self._values, strict=True)))
        self._lines, self._values = [], [[] for _column in self.columns]
