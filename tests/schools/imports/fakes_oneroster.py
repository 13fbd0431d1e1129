"""What a layout is read with in tests: tables made of text by the csv module, a sink that keeps what it is given."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hstw.values import SchoolYear
from schools.imports.oneroster import read
from schools.imports.places import Places
from schools.imports.problems import Problem, Problems
from schools.imports.read.table import Chunk, Contents, Table
from schools.imports.registry import Reading
from schools.models import Organization

Row = dict[str, str | None]


@dataclass
class FakeStage:
    """Keeps rows as dictionaries, and checks what every sink may rely on."""

    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)

    def put(self, file: str, lines: Sequence[int], values: Mapping[str, Sequence[str | None]]) -> None:
        assert set(values) == set(self.columns)
        assert len(lines) <= 5_000
        assert {len(column) for column in values.values()} == {len(lines)}
        for at, line in enumerate(lines):
            self.rows.append({name: values[name][at] for name in self.columns})
            self.places.append((file, line))


class FakeSink:
    """A sink in memory."""

    def __init__(self) -> None:
        self.stages: dict[str, FakeStage] = {}

    def open(self, target: str, columns: Sequence[str]) -> FakeStage:
        assert target not in self.stages, "a target is opened once"
        self.stages[target] = FakeStage(tuple(columns))
        return self.stages[target]


def table(name: str, text: str, chunk: int = 1_000) -> Table:
    """A table of CSV text, as the reader of files makes it: headings trimmed, lines numbered from the heading's 1."""
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    headings, body = [heading.strip() for heading in rows[0]], rows[1:]
    assert all(len(row) == len(headings) for row in body), name

    def chunks() -> Iterator[Chunk]:
        for start in range(0, len(body), chunk):
            part = body[start : start + chunk]
            yield Chunk(list(range(start + 2, start + 2 + len(part))), part)

    return Table(name, headings, chunks, len(body))


def unzipped(path: Path) -> dict[str, str]:
    """The text of every CSV file in a zip."""
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode("utf-8-sig") for name in bundle.namelist() if name.endswith(".csv")}


def contents(files: Mapping[str, str], others: Mapping[str, bytes] | None = None) -> Contents:
    """What detection sees of some files."""
    return Contents({name: next(csv.reader(io.StringIO(text))) for name, text in files.items()}, others or {})


def counted(text: str) -> list[dict[str, str]]:
    """Rows by the csv module alone, to count with."""
    return list(csv.DictReader(io.StringIO(text)))


@dataclass
class Result:
    """What came of reading a bundle."""

    reading: Reading
    sink: FakeSink
    problems: Problems

    def rows(self, target: str) -> list[Row]:
        """Rows put into a target; none where it was never opened."""
        return self.sink.stages[target].rows if target in self.sink.stages else []

    def columns(self, target: str) -> set[str]:
        """The columns that were opened."""
        return set(self.sink.stages[target].columns)

    def problem(self, cause: str) -> Problem:
        """The one problem of this cause."""
        (found,) = [one for one in self.problems.all() if one.cause == cause]
        return found

    def causes(self) -> dict[str, int]:
        """How often each cause was met."""
        found: dict[str, int] = {}
        for one in self.problems.all():
            found[one.cause] = found.get(one.cause, 0) + one.count
        return found

    @property
    def notes(self) -> str:
        """What the preview tells."""
        return "\n".join(self.reading.notes)


def load(files: Mapping[str, str], organization: Organization, year: int, *, chunk: int = 1_000) -> Result:
    """Read a bundle for an organization and year."""
    problems, sink = Problems(), FakeSink()
    reading = Reading(
        tables={name: table(name, text, chunk) for name, text in files.items()},
        organization=organization,
        year=SchoolYear(year),
        places=Places(organization),
        problems=problems,
        sink=sink,
    )
    read(reading)
    return Result(reading, sink, problems)
