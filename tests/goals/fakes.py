"""What stands in for the import engine in tests of readers: tables made of text, and a sink that keeps rows."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from goals.models import Measure, ReportedResult, StudentGroup
from hstw.values import SchoolYear
from schools.imports import registry
from schools.imports.places import Places
from schools.imports.problems import Problems
from schools.imports.read.table import Chunk, Contents, Table
from schools.models import Organization

Row = dict[str, str | None]


@dataclass
class FakeSink:
    """Keeps what is staged, and holds readers to the rules: known columns, even lengths, canonical text."""

    rows: list[Row] = field(default_factory=list)
    columns: Sequence[str] = ()
    target: Any = None

    def open(self, target: str, columns: Sequence[str]) -> FakeSink:
        assert self.target is None, "opened twice"
        self.target, self.columns = registry.target(target), columns
        for name in columns:
            assert name in {"organization_id", "year"} or self.target.column(name)
        return self

    def put(self, file: str, lines: Sequence[int], values: Mapping[str, Sequence[str | None]]) -> None:
        assert 0 < len(lines) <= 5_000
        assert set(values) == set(self.columns)
        assert {len(column) for column in values.values()} == {len(lines)}
        for place, line in enumerate(lines):
            row: Row = {"file": file, "line": str(line), **{name: column[place] for name, column in values.items()}}
            for name in self.columns:
                text = row[name]
                if text and name not in {"organization_id", "year"}:
                    assert self.target.column(name).parse(text) == text, (name, text)
            self.rows.append(row)


@dataclass
class Read:
    """What came of reading a file."""

    sink: FakeSink
    reading: registry.Reading

    @property
    def problems(self) -> dict[str, int]:
        """How often each cause was met."""
        found: dict[str, int] = {}
        for problem in self.reading.problems.all():
            found[problem.cause] = found.get(problem.cause, 0) + problem.count
        return found

    def results(self) -> list[dict[str, Any]]:
        """The rows staged, with codes for keys and numbers for text."""
        measures = {str(pk): code for pk, code in Measure.objects.values_list("pk", "code")}
        groups = {str(pk): code for pk, code in StudentGroup.objects.values_list("pk", "code")}
        return [
            {
                "organization": int(row["organization_id"] or 0),
                "year": int(row["year"] or 0),
                "measure": measures[row["measure_id"] or ""],
                "group": groups[row["group_id"] or ""],
                "publisher": row["publisher"],
                "printed": row["publisher_year"],
                "n": _int(row["numerator"]),
                "d": _int(row["denominator"]),
                "value": None if row["value"] is None else Decimal(row["value"]),
                "mask": row["mask"],
                "interval": _interval(row),
                "line": int(row["line"] or 0),
            }
            for row in self.sink.rows
        ]

    def store(self) -> None:
        """Put the rows into the database, whose constraints hold for every one of them."""
        flags = {"true": True, "false": False}
        ReportedResult.objects.bulk_create(
            [
                ReportedResult(
                    organization_id=int(row["organization_id"] or 0),
                    year=int(row["year"] or 0),
                    line=int(row["line"] or 0),
                    low_open=flags[row["low_open"] or ""],
                    high_open=flags[row["high_open"] or ""],
                    publisher_year=row["publisher_year"] or "",
                    **{
                        name: row[name]
                        for name in (
                            "measure_id group_id publisher numerator denominator value mask low high".split()  # noqa: SIM905
                        )
                    },
                )
                for row in self.sink.rows
            ],
            batch_size=5_000,
        )


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _interval(row: Row) -> str:
    """As mathematicians write it: ``(95, 100]``; blank where there is none."""
    if row["low"] is None:
        return ""
    left = "(" if row["low_open"] == "true" else "["
    right = ")" if row["high_open"] == "true" else "]"
    return f"{left}{row['low']}, {row['high']}{right}"


def records(path: Path) -> list[dict[str, str]]:
    """A file's rows as ``csv`` reads them: what tests count by."""
    with _text(path) as file:
        return list(csv.DictReader(file))


def _text(path: Path) -> Any:
    return gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")


def table(name: str, content: str, size: int = 1_000) -> Table:
    """A table made of CSV text, in chunks of ``size`` rows."""
    rows = csv.reader(io.StringIO(content, newline=""))
    headings = [heading.strip() for heading in next(rows)]
    numbered = [(number, row) for number, row in enumerate(rows, 2) if row]

    def chunks() -> Iterator[Chunk]:
        for start in range(0, len(numbered), size):
            part = numbered[start : start + size]
            yield Chunk([number for number, _row in part], [row for _number, row in part])

    return Table(name, headings, chunks)


def file(path: Path) -> Table:
    """A table made of a file, gzipped or not."""
    with _text(path) as opened:
        return table(path.name, opened.read())


def read(code: str, organization: Organization, *tables: Table, year: int = 2019) -> Read:
    """Read tables by the layout of this code, as the engine does; detection must choose that layout."""
    layout = registry.layout(code)
    contents = Contents({one.name: one.headings for one in tables}, {})
    assert detected(contents) == code
    assert organization.kind in layout.kinds
    sink = FakeSink()
    reading = registry.Reading(
        tables={one.name: one for one in tables},
        organization=organization,
        year=SchoolYear(year),
        places=Places(organization, layout.finds),
        problems=Problems(),
        sink=sink,
    )
    layout.read(reading)
    return Read(sink, reading)


def detected(contents: Contents) -> str:
    """The layout that is surest; blank for none."""
    best = max(registry.layouts(), key=lambda one: one.detects(contents))
    return best.code if best.detects(contents) else ""


def schools(state: Organization, kind: str, facts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Many organizations right below a state, quickly: keys by state id."""
    facts = list(facts)
    first = int(state.numchild)
    step = Organization.steplen
    made = []
    for place, about in enumerate(facts, first + 1):
        number = Organization._int2str(place).rjust(step, "0")
        slug = f"{state.slug}-{kind}-{place}"
        made.append(
            Organization(path=state.path + number, depth=state.depth + 1, kind=kind, slug=slug, in_state=state, **about)
        )
    Organization.objects.bulk_create(made)
    state.numchild = first + len(made)
    state.save(update_fields=["numchild"])
    return {one.state_id: one.pk for one in made}
