"""Opens what a test wrote, and gives all of it at once."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schools.imports.problems import Problems
from schools.imports.read.archive import LIMITS, Limits
from schools.imports.read.source import open_source


@dataclass
class Read:
    """What came out of a file."""

    headings: dict[str, list[str]]
    rows: dict[str, list[list[str]]]
    lines: dict[str, list[int]]
    others: dict[str, bytes]
    problems: Problems

    @property
    def only(self) -> list[list[str]]:
        """The rows of the only table."""
        (rows,) = self.rows.values()
        return rows

    @property
    def only_lines(self) -> list[int]:
        """The lines of the only table's rows."""
        (lines,) = self.lines.values()
        return lines

    @property
    def only_headings(self) -> list[str]:
        """The headings of the only table."""
        (headings,) = self.headings.values()
        return headings

    def causes(self) -> dict[str, tuple[str, int]]:
        """Severity and count by cause."""
        return {problem.cause: (str(problem.severity), problem.count) for problem in self.problems.all()}

    def places(self, cause: str) -> list[int]:
        """The lines of a cause."""
        return [place.line for one in self.problems.all() if one.cause == cause for place in one.places]


def read(path: Path, name: str = "", limits: Limits = LIMITS) -> Read:
    """All tables of a file."""
    problems = Problems()
    with open_source(path, name or path.name, problems, limits=limits) as source:
        headings = {key: list(table.headings) for key, table in source.tables.items()}
        assert headings == {key: list(found) for key, found in source.contents.tables.items()}
        rows: dict[str, list[list[str]]] = {}
        lines: dict[str, list[int]] = {}
        for key, table in source.tables.items():
            rows[key], lines[key] = [], []
            for chunk in table.chunks():
                assert len(chunk.lines) == len(chunk.rows)
                rows[key] += chunk.rows
                lines[key] += chunk.lines
            assert all(len(row) == len(headings[key]) for row in rows[key])
        return Read(headings, rows, lines, dict(source.contents.others), problems)


def read_bytes(folder: Path, data: bytes, name: str = "file.csv", limits: Limits = LIMITS) -> Read:
    """All tables of a file with these bytes."""
    path = folder / "uploaded"
    path.write_bytes(data)
    return read(path, name, limits)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()
