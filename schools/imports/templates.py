"""Blank files to start from, and the codebook: what each column of one of our own templates means."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from decimal import Decimal
from typing import IO

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from hstw.exports.tables import Format, Sheet, xlsx_file
from schools.imports import values
from schools.imports.mapping.read import Reader
from schools.imports.mapping.spec import ColumnMap, FileMap
from schools.imports.registry import Layout
from schools.imports.targets import ABOUT_STUDENT, OF_ORGANIZATION, OF_YEAR, Column, Target


@dataclass(frozen=True)
class Row:
    """A line of a codebook. ``required`` is said in words, since two numbers of a student share one requirement."""

    column: str
    required: str
    what: str
    allowed: str
    example: str

    def cells(self) -> tuple[str, ...]:
        """The line as cells, in the order of :func:`codebook_headings`."""
        return astuple(self)


def codebook_headings() -> list[str]:
    """The headings of a codebook."""
    return [_("Column"), _("Required"), _("What it is"), _("Allowed values"), _("Example")]


def codebook(layout: Layout) -> list[Row]:
    """Each column of a template, in the template's order; raises ``ValueError`` for a layout that is no template."""
    return [row for row, _parse in _columns(layout)]


def csv_template(layout: Layout) -> bytes:
    """The headings and a sample row, as CSV with a byte order mark, by which spreadsheets know UTF-8."""
    rows = codebook(layout)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([row.column for row in rows])
    writer.writerow([row.example for row in rows])
    return text.getvalue().encode("utf-8-sig")


def xlsx_template(layout: Layout) -> IO[bytes]:
    """A workbook: headings with a sample row, and the codebook on a sheet of its own; positioned at its start.

    Columns with numbers that name something are text, so that a spreadsheet keeps their leading zeros.
    """
    columns = list(_columns(layout))
    data = Sheet(
        _("Data"),
        [row.column for row, _parse in columns],
        [[_sample(row.example, parse) for row, parse in columns]],
        {row.column: _format(parse) for row, parse in columns},
        {row.column: max(12, len(row.column) + 2, len(row.example) + 2) for row, _parse in columns},
    )
    headings = codebook_headings()
    widths = dict(zip(headings, (28, 22, 60, 60, 34), strict=True))
    return xlsx_file([data, Sheet(_("Codebook"), headings, [row.cells() for row, _parse in columns], widths=widths)])


def _columns(layout: Layout) -> Iterator[tuple[Row, values.Parser]]:
    if not (layout.template and isinstance(layout.read, Reader)):
        raise ValueError(f"{layout.code} is not one of our own templates.")
    spec = layout.read.spec
    about = {column.name: column for column in ABOUT_STUDENT}
    for mapped in spec.student:
        column = about[mapped.name]
        required = _("one of the two numbers") if len(spec.student) > 1 else _("yes")
        yield _row(mapped.headings[0], column, required), column.parse
    if spec.school is not None:
        required = _("in a district's file") if spec.school.blank == "refuse" else _("no")
        what = None if spec.school.blank == "refuse" else _("blank for the student's school of that year")
        yield _row(spec.school.headings[0], OF_ORGANIZATION, required, what), OF_ORGANIZATION.parse
    for heading in spec.year.headings[:1]:
        # Where the date gives the year, the sample leaves it to it: the two must not contradict each other.
        row = _row(heading, OF_YEAR, _("no"), _year_blank(spec))
        yield (replace(row, example="") if spec.year.date else row), OF_YEAR.parse
    for rows in spec.rows:
        known = {column.name: column for column in rows.target.columns}
        for mapped in rows.columns:
            if mapped.headings:
                yield _target_row(rows.target, mapped, known[mapped.name]), known[mapped.name].parse


def _year_blank(spec: FileMap) -> str | None:
    return _("blank for the year of the date, July 1 to June 30") if spec.year.date else None


def _target_row(target: Target, mapped: ColumnMap, column: Column) -> Row:
    required = column.required and not mapped.or_else and mapped.default is None
    return _row(mapped.headings[0], column, _("yes") if required else _("no"), labels=_labels(target, column.name))


def _row(
    heading: str, column: Column, required: str, blank: str | None = None, labels: dict[str, str] | None = None
) -> Row:
    label, help_text = str(column.label), str(column.help)
    if blank is not None:
        # The general word on blank cells stands after a semicolon; here a blank means something else.
        help_text = f"{help_text.partition(';')[0].rstrip('.')}; {blank}."
    what = f"{label[:1].upper()}{label[1:]}. {help_text}".strip()
    return Row(heading, required, what, _allowed(column.parse, labels or {}), column.example)


def _labels(target: Target, name: str) -> dict[str, str]:
    """What the model calls each of a column's codes."""
    try:
        choices = target.model._meta.get_field(name).flatchoices  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return {}
    return {str(code): str(label) for code, label in choices}


def _allowed(parse: values.Parser, labels: dict[str, str]) -> str:
    """What a parser takes, in words."""
    match parse:
        case values.Choice():
            codes = [str(code) for code in parse.values]
            return ", ".join(code if labels.get(code, code) == code else f"{code} ({labels[code]})" for code in codes)
        case values.Flag():
            return _("Y or N")
        case values.Day():
            return _("a date, as in 2026-05-13 or 5/13/2026")
        case values.Year():
            return _("a school year, as in 2026 or 2025-26")
        case values.Integer():
            return _("a whole number from %(low)d to %(high)d") % {"low": parse.low, "high": parse.high}
        case values.Decimal():
            return _("a number from %(low)g to %(high)g") % {"low": parse.low, "high": parse.high}
        case values.Sced():
            return _("a SCED code of five digits")
        case values.Cip():
            return _("a CIP code, as in 51.3902")
        case values.Identifier():
            return _("text; leading zeros count")
        case values.Text():
            return _("text of at most %(limit)d characters") % {"limit": parse.limit}
    return ""


def _format(parse: values.Parser) -> Format:
    """How a spreadsheet holds a column: as text wherever it names something."""
    match parse:
        case values.Integer() | values.Decimal():
            return "number"
        case values.Day():
            return "date"
    return "text"


def _sample(example: str, parse: values.Parser) -> str | Decimal | dt.date | None:
    if not example:
        return None
    match _format(parse):
        case "number":
            return Decimal(example)
        case "date":
            return dt.date.fromisoformat(example)
    return example
