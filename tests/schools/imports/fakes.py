"""Stand-ins for both ends of a reader: a table made with the csv module, and a sink that keeps what it is given."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from hstw.values import SchoolYear
from schools.imports.places import Places
from schools.imports.problems import Problems
from schools.imports.read.table import CHUNK, Chunk, Table
from schools.imports.registry import Layout, Reading
from schools.models import Organization


def table(text: str, name: str = "file.csv", chunk: int = CHUNK) -> Table:
    """A table out of CSV text; rows of another width are left out, as the product's own source does."""

    def chunks() -> Iterator[Chunk]:
        reader = csv.reader(io.StringIO(text, newline=""))
        width = len(next(reader))
        rows = ((reader.line_num, row) for row in reader if len(row) == width)
        while part := list(islice(rows, chunk)):
            yield Chunk([line for line, _ in part], [row for _, row in part])

    headings = next(csv.reader(io.StringIO(text, newline="")))
    return Table(name, [heading.strip() for heading in headings], chunks)


@dataclass
class FakeStage:
    """Rows of one target as dictionaries, with ``file`` and ``line``."""

    target: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def put(self, file: str, lines: Sequence[int], values: Mapping[str, Sequence[str | None]]) -> None:
        """Keep rows, after checking that a real stage would take them."""
        assert set(values) == set(self.columns), "a stage takes the columns that were opened, all of them"
        assert 0 < len(lines) <= CHUNK
        assert all(len(column) == len(lines) for column in values.values())
        for index, line in enumerate(lines):
            row = {name: column[index] for name, column in values.items()}
            assert all(value is None or type(value) is str for value in row.values()), row
            self.rows.append({"file": file, "line": line, **row})


class FakeSink:
    """A sink in memory."""

    def __init__(self) -> None:
        self.stages: list[FakeStage] = []

    def open(self, target: str, columns: Sequence[str]) -> FakeStage:
        """A stage; a target may be opened several times with other columns."""
        assert len(set(columns)) == len(columns)
        self.stages.append(FakeStage(target, tuple(columns)))
        return self.stages[-1]

    def rows(self, target: str) -> list[dict[str, Any]]:
        """Every row of a target, by line."""
        found = [row for stage in self.stages if stage.target == target for row in stage.rows]
        return sorted(found, key=lambda row: row["line"])

    def columns(self, target: str) -> set[str]:
        """The columns opened for a target."""
        return {name for stage in self.stages if stage.target == target for name in stage.columns}


@dataclass
class Outcome:
    """What a reading gave."""

    sink: FakeSink
    problems: Problems
    notes: list[str]
    said: list[int]

    def rows(self, target: str) -> list[dict[str, Any]]:
        """Every row of a target, by line."""
        return self.sink.rows(target)

    def causes(self) -> dict[str, int]:
        """How often each cause was met."""
        counted: dict[str, int] = {}
        for problem in self.problems.all():
            counted[problem.cause] = counted.get(problem.cause, 0) + problem.count
        return counted


def read(layout: Layout, organization: Organization, *tables: Table, year: int = 2026) -> Outcome:
    """Drive a layout's ``read``; ``FileRefused`` comes through."""
    sink, problems, said = FakeSink(), Problems(), []
    reading = Reading(
        tables={one.name: one for one in tables},
        organization=organization,
        year=SchoolYear(year),
        places=Places(organization),
        problems=problems,
        sink=sink,
        say=said.append,
    )
    layout.read(reading)
    return Outcome(sink, problems, reading.notes, said)
