"""Delimited text: how it is delimited, its rows with the line each began on, and rows that do not fit."""

from __future__ import annotations

import csv
import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext as _

from schools.imports.problems import Place, Problems
from schools.imports.read import encoding
from schools.imports.read.encoding import Encoding
from schools.imports.read.headings import heading_row, least_cells, name_columns
from schools.imports.read.parts import Part
from schools.imports.read.table import CHUNK, CHUNK_CELLS, Chunk, Table
from schools.imports.values import clean
from schools.models.imports import Severity

DELIMITERS = (",", ";", "\t", "|")
# What the shape is found from. More lines than a cell may span, so that the headings are read here as they are later.
SAMPLE_LINES = 400
SAMPLE_CHARACTERS = 1 << 20
# A cell that spans more lines than this is a quote that was never closed.
CELL_LINES = 200

# Given the line, its text, and why it cannot be read; gives the row to take in its place, or ``None``.
Repair = Callable[[int, str, str], list[str] | None]


@dataclass(frozen=True)
class Shape:
    """How a text is delimited."""

    delimiter: str = ","
    blank_before_quote: bool = False

    def unquoted(self, line: str) -> list[str]:
        """A line read as if quotes meant nothing, but for those around a cell."""
        cells = line.rstrip("\r\n").split(self.delimiter)
        return [_without_quotes(cell) for cell in cells]


def records(lines: Iterable[str], shape: Shape, repair: Repair) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text, each with the line it began on.

    Where quotes are not as they should be, the line goes to ``repair`` and reading goes on with the line below it:
    a quote that was never closed swallows nothing.
    """
    source = iter(lines)
    held: list[str] = []  # the lines of the row being read
    ahead: deque[str] = deque()  # lines to be read once more

    def feed() -> Iterator[str]:
        while len(held) < CELL_LINES:
            line = ahead.popleft() if ahead else next(source, "")
            if not line:
                return
            held.append(line)
            yield line

    number = 1
    while True:
        reader = csv.reader(feed(), delimiter=shape.delimiter, strict=True, skipinitialspace=shape.blank_before_quote)
        try:
            for row in reader:
                yield number, row
                number += len(held)
                held.clear()
            return
        except csv.Error as error:
            first, *others = held
            ahead.extendleft(reversed(others))
            held.clear()
            repaired = repair(number, first, str(error))
            if repaired is not None:
                yield number, repaired
            number += 1


def find_shape(lines: Sequence[str]) -> tuple[Shape, int]:
    """How a text is delimited, from its first lines; and how many of them stand there for the program's sake.

    The delimiter wins that gives many columns and rows as wide as their headings.
    """
    if lines and lines[0].strip(" \r\n").lower() in {f"sep={delimiter}" for delimiter in DELIMITERS}:
        return Shape(lines[0].strip(" \r\n")[4:]), 1  # Excel's own way of saying it
    best, highest = Shape(), (False, 0.0)
    for delimiter in DELIMITERS:
        shape = Shape(delimiter)
        rows = _first_rows(lines, shape)
        if _blank_before_quote(lines, delimiter, rows):
            shape = Shape(delimiter, blank_before_quote=True)
            rows = _first_rows(lines, shape)
        if (score := _score(rows)) > highest:
            best, highest = shape, score
    return best, 0


def _sample(lines: Iterator[str]) -> list[str]:
    taken: list[str] = []
    characters = 0
    for line in islice(lines, SAMPLE_LINES):
        taken.append(line)
        characters += len(line)
        if characters > SAMPLE_CHARACTERS:
            break
    return taken


def _first_rows(lines: Sequence[str], shape: Shape) -> list[tuple[int, list[str]]]:
    return list(records(lines, shape, lambda line, text, why: shape.unquoted(text)))


def _score(rows: Sequence[tuple[int, list[str]]]) -> tuple[bool, float]:
    """Whether the first line names the columns and rows are as wide; how many columns, and how well rows fit."""
    filled = [(line, row) for line, row in rows if any(clean(cell) for cell in row)]
    found = heading_row(filled)
    if found is None or len(found[1]) < 2:
        return False, 0.0
    heading, cells = found
    below = [len(row) for line, row in filled if line > heading]
    fitting = sum(least_cells(cells) <= width <= len(cells) for width in below)
    fit = fitting / (len(filled) - 1) if len(filled) > 1 else 1.0
    named = sum(1 for cell in cells if clean(cell))
    return heading == filled[0][0] and fit >= 0.5, max(fit, 0.01) ** 2 * (named - 1)


@dataclass
class _Delimited:
    """One delimited text as a table: what has been reported is not reported again when it is read again."""

    part: Part
    problems: Problems
    encoding: Encoding
    shape: Shape
    heading_line: int
    headings: list[str]
    least: int
    reported: int = field(default=0)

    def chunks(self) -> Iterator[Chunk]:
        """The rows below the heading line."""
        width, size = len(self.headings), max(1, min(CHUNK, CHUNK_CELLS // len(self.headings)))
        found = records(encoding.lines(self.part, self.encoding), self.shape, self._repair)
        for line, _row in found:
            if line >= self.heading_line:
                break
        while True:
            with _collector_off():
                chunk = self._take(found, width, size)
            if not chunk.lines:
                return
            yield chunk

    def _take(self, found: Iterator[tuple[int, list[str]]], width: int, size: int) -> Chunk:
        lines: list[int] = []
        rows: list[list[str]] = []
        for line, row in found:
            if len(row) != width:
                fitting = self._fit(line, row)
                if fitting is None:
                    continue
                row = fitting
            elif not row[0].strip() and not "".join(row).strip():
                continue
            lines.append(line)
            rows.append(row)
            if len(lines) == size:
                break
        return Chunk(lines, rows)

    def has_rows(self) -> bool:
        """Whether anything stands below the heading line, good or bad."""
        below = records(encoding.lines(self.part, self.encoding), self.shape, lambda line, text, why: [text])
        return any(line > self.heading_line and any(cell.strip() for cell in row) for line, row in below)

    def _fit(self, line: int, row: list[str]) -> list[str] | None:
        """A row of another width: without blank cells at its end, or with those of unnamed columns; or reported."""
        width = len(self.headings)
        while len(row) > width and not row[-1].strip():
            row = row[:-1]
        if not any(cell.strip(" \t\x1a") for cell in row):  # DOS ends a text with Control-Z
            return None
        if self.least <= len(row) <= width:
            return row + [""] * (width - len(row))
        if len(row) < width:
            text = _("Fewer cells than the heading line")
            advice = _("Often a line break within a cell, or a row cut off. Export the file again.")
            self._refuse("narrow_row", text, advice, line, row, f"{len(row)} / {width}")
        else:
            text = _("More cells than the heading line")
            advice = _("Often a comma within a cell that is not in quotation marks. Export the file again.")
            self._refuse("wide_row", text, advice, line, row, f"{len(row)} / {width}")
        return None

    def _repair(self, line: int, text: str, why: str) -> list[str] | None:
        """A line whose quotes are wrong: taken without them where its cells are as many as the headings."""
        if line < self.heading_line:
            return self.shape.unquoted(text)
        if "field limit" in why and len(text) > csv.field_size_limit():
            said = _("A cell longer than any text of a table")
            advice = _("Remove the text, or check whether the file is damaged.")
            self._refuse("long_cell", said, advice, line, [text[:200]], text)
            return None
        row = self.shape.unquoted(text)
        if len(row) != len(self.headings) and line > self.heading_line:
            said = _("A quotation mark is not closed, and the cells are not as many as the headings")
            advice = _("Close the quotation mark, or write it twice where it belongs to the text.")
            self._refuse("open_quote", said, advice, line, row, text.strip())
            return None
        if line > self.reported:
            self.reported = line
            self.problems.note(
                "open_quote",
                _("A quotation mark is not closed or not doubled; the line was read without it"),
                Place(self.part.name, line, value=text.strip()),
                advice=_("Check these rows. In a CSV file a quotation mark within a cell is written twice."),
                severity=Severity.NOTED,
            )
        return row

    def _refuse(self, cause: str, text: str, advice: str, line: int, row: Sequence[str], value: str) -> None:
        if line <= self.reported:
            return
        self.reported = line
        self.problems.note(cause, text, Place(self.part.name, line, value=value), advice=advice)
        named = [*self.headings, *(f"column {n}" for n in range(len(self.headings) + 1, len(row) + 1))]
        self.problems.reject(self.part.name, line, text, named, row)


def read_text(part: Part, problems: Problems) -> tuple[Table, Callable[[], bool]] | None:
    """A delimited text as a table, and whether anything stands below its headings; ``None`` where all is blank.

    Raises :class:`~schools.imports.problems.FileRefused` where it is no text.
    """
    written = encoding.examine(part)
    first = _sample(encoding.lines(part, written))
    shape, above = find_shape(first)
    found = heading_row((line, row) for line, row in _first_rows(first, shape) if line > above)
    if found is None:
        return None
    line, cells = found
    table = _Delimited(
        part, problems, written, shape, line, name_columns(cells, part.name, line, problems), least_cells(cells)
    )
    _note_encoding(part, written, problems)
    return Table(part.name, table.headings, table.chunks, max(0, written.lines - line)), table.has_rows


def _note_encoding(part: Part, written: Encoding, problems: Problems) -> None:
    if written.first_odd:
        text = (
            _("Some lines are not in UTF-8 as the others are; their letters were read as Windows-1252")
            if written.mixed
            else _("The file is not in UTF-8; it was read as Windows-1252")
            if written.codec == "cp1252"
            else _("The file holds characters that its encoding does not know")
        )
        problems.note(
            "not_utf8",
            text,
            Place(part.name, written.first_odd),
            advice=_("Check names with accents. Save as “CSV UTF-8” to be sure."),
            severity=Severity.NOTED,
        )
    if written.first_nul:
        problems.note(
            "nul",
            _("The file holds empty characters (NUL), which were left out"),
            Place(part.name, written.first_nul),
            advice=_("Often a file whose writing was interrupted. Check its last rows, or export it again."),
            severity=Severity.NOTED,
        )


@contextmanager
def _collector_off() -> Iterator[None]:
    """Gathers rows without the garbage collector, which would walk through them over and over: half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _without_quotes(cell: str) -> str:
    """A cell without the quotes around it; a quote that has no partner is dropped where it opens the cell."""
    bare = cell.strip()
    count = bare.count('"')
    if len(bare) >= 2 and bare[0] == bare[-1] == '"' and count % 2 == 0:
        return bare[1:-1].replace('""', '"')
    return bare[1:] if bare[:1] == '"' and count % 2 else cell


def _blank_before_quote(lines: Sequence[str], delimiter: str, rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether cells are written with a blank before their quote: ``12, "Smith, Jo"``."""
    text = "".join(lines)
    return any(
        cell[:1] == " " and cell.lstrip(" ")[:1] == '"' and f"{delimiter}{cell}" in text
        for _line, row in rows
        for cell in row[1:]
    )
