"""Tables as CSV and XLSX, safe to open in a spreadsheet: no cell is a formula, no identifier loses its zeros."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any, Literal

import xlsxwriter

# How a column of a workbook is written. Identifiers and other text stay text, leading zeros and all.
Format = Literal["text", "number", "date", "percent", "whole_percent"]

# What a spreadsheet takes for a formula at the start of a cell (OWASP, “CSV injection”).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?%?$", re.ASCII)
_CODES: dict[str, str] = {
    "text": "@",
    "number": "General",
    "date": "yyyy-mm-dd",
    "percent": "0.0%",
    "whole_percent": "0%",
}
_NUMBERS = frozenset({"number", "percent", "whole_percent"})
# Of what a sheet of a workbook holds.
MOST_ROWS = 1_048_576
_MOST_CHARACTERS = 32_767
_BLOCK = 64 * 1024


@dataclass(frozen=True)
class Cell:
    """A cell with a format of its own, whatever its column's: a number among codes that are text."""

    value: int | float | Decimal
    format: Format


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook. ``formats`` says by heading how a column is written; text where it is silent.

    A percent column takes shares (0.845 is shown as 84.5%).
    """

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    formats: dict[str, Format] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)


def safe(cell: str) -> str:
    """A cell that no spreadsheet runs: what begins like a formula gets an apostrophe, unless it is a number."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.match(cell) else cell


def csv_stream(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV in blocks, for a streaming response: UTF-8 with a byte order mark, so that Excel reads the accents."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow([safe(heading) for heading in headings])
    for row in rows:
        writer.writerow([safe(_said(value)) for value in row])
        if text.tell() >= _BLOCK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def xlsx_file(sheets: Sequence[Sheet]) -> IO[bytes]:
    """A workbook in a temporary file, at its start: heading row fixed and filterable, columns of their own format.

    Rows are written as they come. Raises :class:`ValueError` where a sheet has more rows than a workbook takes.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        book = xlsxwriter.Workbook(
            file,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True},
        )
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "num_format": "@"})
        formats = {name: book.add_format({"num_format": code}) for name, code in _CODES.items()}
        taken: set[str] = set()
        for sheet in sheets:
            _write(book.add_worksheet(_title(sheet.title, taken)), sheet, head, formats)
        book.close()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _write(page: Any, sheet: Sheet, head: Any, formats: dict[str, Any]) -> None:
    kinds = [sheet.formats.get(heading, "text") for heading in sheet.headings]
    for number, (heading, kind) in enumerate(zip(sheet.headings, kinds, strict=True)):
        page.set_column(number, number, sheet.widths.get(heading, max(10, min(40, len(heading) + 2))), formats[kind])
    page.freeze_panes(1, 0)
    for number, heading in enumerate(sheet.headings):
        page.write_string(0, number, heading, head)
    at = 0
    for at, row in enumerate(sheet.rows, start=1):
        if at >= MOST_ROWS:
            raise ValueError(f"{sheet.title} has more than {MOST_ROWS - 1:,} rows; export it as CSV.")
        for number, (value, kind) in enumerate(zip(row, kinds, strict=True)):
            if isinstance(value, Cell):
                _cell(page, at, number, value.value, value.format, formats[value.format])
            else:
                _cell(page, at, number, value, kind, formats[kind])
    if sheet.headings:
        page.autofilter(0, 0, at, len(sheet.headings) - 1)


def _cell(page: Any, row: int, number: int, value: Any, kind: Format, shape: Any) -> None:
    if value is None or value == "":
        return
    if kind == "date" and isinstance(value, dt.date):
        page.write_datetime(row, number, value, shape)
    elif kind in _NUMBERS and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        page.write_number(row, number, value, shape)
    else:
        # A string cell of a workbook is never run; the apostrophe keeps it so when somebody saves it as CSV.
        page.write_string(row, number, safe(_said(value))[:_MOST_CHARACTERS], shape)


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Cell):
        places = {"percent": 1, "whole_percent": 0}.get(value.format)
        return str(value.value) if places is None else f"{Decimal(str(value.value)) * 100:.{places}f}%"
    if isinstance(value, bool):
        return "Y" if value else "N"
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _title(wanted: str, taken: set[str]) -> str:
    """A name that a workbook takes: 31 characters, none of ``[]:*?/\\``, no apostrophe at its ends, none twice."""
    name = re.sub(r"[\[\]:*?/\\]", " ", wanted).strip().strip("'")[:31] or "Sheet"
    again = 1
    while name.casefold() in taken:
        again += 1
        name = f"{name[: 31 - len(str(again)) - 1]} {again}"
    taken.add(name.casefold())
    return name
