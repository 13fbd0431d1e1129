"""Sheets of a workbook as tables: values as text, and what a spreadsheet does to values reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from schools.imports.problems import Place, Problems
from schools.imports.read import workbook
from schools.imports.read.headings import heading_row, least_cells, name_columns
from schools.imports.read.parts import Part
from schools.imports.read.table import CHUNK, CHUNK_CELLS, Chunk, Table
from schools.models.imports import Severity

_ERRORS = frozenset(
    {"#REF!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#N/A", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
# Excel keeps fifteen digits; of a longer number the rest have become zeros.
_EXACT = 10**15
_MIDNIGHT = dt.time()


def read_sheets(
    part: Part, problems: Problems, stack: ExitStack, *, alone: bool
) -> dict[str, tuple[Table, Callable[[], bool]]]:
    """The visible sheets that have content, each with whether anything stands below its headings.

    One sheet is called as the file is; several by their own names, within a bundle behind the file's.
    """
    book = stack.enter_context(workbook.open_workbook(part))
    found: list[tuple[ReadOnlyWorksheet, int | None, int, Sequence[str]]] = []
    hidden: list[str] = []
    for sheet in workbook.sheets(book):
        last = sheet.max_row
        heading = heading_row((line, [text_of(value) for value in row]) for line, row in workbook.rows(sheet))
        if heading is None:
            continue
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        found.append((sheet, last, *heading))
    tables: dict[str, tuple[Table, Callable[[], bool]]] = {}
    for sheet, last, line, cells in found:
        name = part.name if len(found) == 1 else sheet.title if alone else f"{part.name}/{sheet.title}"
        table = _Sheet(part, name, sheet, problems, line, name_columns(_to_last(cells), name, line, problems))
        table.note_formulas()
        tables[name] = (Table(name, table.headings, table.chunks, last and max(0, last - line)), table.has_rows)
    if hidden:
        problems.note(
            "hidden_sheet",
            _("Hidden sheets were not read"),
            Place(part.name, 1, value=", ".join(hidden)),
            advice=_("If they are meant, show them in Excel and save the workbook again."),
            severity=Severity.NOTED,
        )
    return tables


def text_of(value: Any) -> str:
    """A cell's value as text: dates as ISO, whole numbers without a point; a number whose digits are lost as Excel

    shows it (``4.80012345678901E+17``), so that nobody takes it for an identifier; errors as they are.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return value.isoformat(timespec="seconds") if isinstance(value, dt.time) else str(value)


def _number(value: int | float) -> str:
    if abs(value) >= _EXACT:
        return f"{float(value):.14E}" if abs(value) < 1e300 else str(value)
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{value:.15g}"


@dataclass
class _Sheet:
    """One sheet as a table: what has been reported is not reported again when it is read again."""

    part: Part
    name: str
    sheet: ReadOnlyWorksheet
    problems: Problems
    heading_line: int
    headings: list[str]
    reported: int = 0

    def chunks(self) -> Iterator[Chunk]:
        """The rows below the heading row."""
        width = len(self.headings)
        size = max(1, min(CHUNK, CHUNK_CELLS // width))
        lines: list[int] = []
        rows: list[list[str]] = []
        for line, values in workbook.rows(self.sheet):
            if line <= self.heading_line:
                continue
            row = [self._cell(line, number, value) for number, value in enumerate(values[:width])]
            if any(text_of(value).strip() for value in values[width:]):
                self._note(line, "beyond_headings", _("Cells to the right of the last heading were left out"))
            self.reported = max(self.reported, line)
            if not any(cell.strip() for cell in row):
                continue
            lines.append(line)
            rows.append(row + [""] * (width - len(row)))
            if len(lines) == size:
                yield Chunk(lines, rows)
                lines, rows = [], []
        if lines:
            yield Chunk(lines, rows)

    def has_rows(self) -> bool:
        """Whether anything stands below the heading row."""
        return any(
            line > self.heading_line and any(value is not None and value != "" for value in row)
            for line, row in workbook.rows(self.sheet)
        )

    def note_formulas(self) -> None:
        """Report formulas that have no result; their cells are blank."""
        for line, letters in workbook.formulas_without_result(self.part, self.sheet):
            number = column_index_from_string(letters) - 1
            if line > self.heading_line and number < len(self.headings):
                self.problems.note(
                    "formula_without_result",
                    _("A formula without a result; the cell was read as blank"),
                    Place(self.name, line, self.headings[number]),
                    advice=_("Open the workbook in Excel, let it calculate, and save it again."),
                    severity=Severity.NOTED,
                )

    def _cell(self, line: int, number: int, value: Any) -> str:
        if isinstance(value, str):
            if value not in _ERRORS:
                return value
            if line > self.reported:
                text = _("A formula's error; the cell was read as blank")
                self._note(line, "formula_error", text, self.headings[number], value)
            return ""
        text = text_of(value)
        if isinstance(value, int | float) and abs(value) >= _EXACT and line > self.reported:
            said = _("A number of more than fifteen digits, of which Excel has lost some")
            self._note(line, "digits_lost", said, self.headings[number], text)
        return text

    def _note(self, line: int, cause: str, text: str, column: str = "", value: str = "") -> None:
        if line <= self.reported:
            return
        advice = {
            "formula_error": _("Correct the formula, or replace it with its value."),
            "digits_lost": _("Export again, and format the column as text before saving."),
            "beyond_headings": _("If they are meant, give the column a heading."),
        }[cause]
        place = Place(self.name, line, column, value)
        self.problems.note(cause, text, place, advice=advice, severity=Severity.NOTED)


def _to_last(cells: Sequence[str]) -> Sequence[str]:
    """Cells up to the last that is filled in."""
    return cells[: least_cells(cells)]
