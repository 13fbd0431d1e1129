"""From what a layout says of a column to a parser of its cells, remembered for cells that repeat."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from hstw.values import SchoolYear
from schools.imports.mapping.derive import FUNCTIONS
from schools.imports.mapping.spec import ColumnMap
from schools.imports.values import BadValue, Day, Memo, Parser, clean


class Cells(Memo):
    """A parser that remembers, and knows whether it has met a bad cell at all."""

    bad = False

    def __missing__(self, cell: str) -> Any:
        value = super().__missing__(cell)
        if value.__class__ is BadValue:
            self.bad = True
        return value


class Derived(dict[tuple[str, ...], Any]):
    """A function over several cells that remembers, like :class:`Cells`."""

    bad = False

    def __init__(self, column: ColumnMap, parse: Parser) -> None:
        super().__init__()
        self.column, self.parse, self.function = column, parse, FUNCTIONS[column.derive]

    def __missing__(self, cells: tuple[str, ...]) -> Any:
        texts = tuple("" if (text := clean(cell)) in self.column.missing else text for cell in cells)
        try:
            found = self.function(texts, self.column.options)
            value: Any = None if found is None else self.parse(found)
        except BadValue as bad:
            value, self.bad = bad, True
        if len(self) >= Memo.LIMIT:
            self.clear()
        self[cells] = value
        return value


def parser(column: ColumnMap, parse: Parser) -> Parser:
    """The parser of a mapped column: what the layout says first, then the target's own ``parse``."""
    if column.dates:
        parse = _Dates(column.dates)
    elif column.on:
        parse = _YearAsDay(column.on)
    if not (column.missing or column.digits or column.strip or column.map is not None or column.default is not None):
        return parse
    mapped = None if column.map is None else {text.casefold(): value for text, value in column.map.items()}
    last: Parser = parse

    def read(cell: str) -> str | None:
        if column.strip:
            cell = cell.strip(column.strip)
        if cell in column.missing:
            cell = ""
        if column.digits:
            cell = cell.removesuffix(".0")
            if cell.isdigit():
                cell = cell.zfill(column.digits)
        if mapped is not None and cell:
            found = mapped.get(cell.casefold())
            if found is not None:
                cell = found
            elif column.others == "blank":
                cell = ""
            elif column.others == "refuse":
                raise BadValue(
                    "not_in_list",
                    _("Not one of the codes that this kind of file knows"),
                    _("Check the code. If the publisher has added it, tell whoever keeps this layout."),
                )
        value = last(cell) if cell else None
        if value is None:
            value = last(column.default) if column.default is not None else last("")
        return value

    return read


class _Dates:
    """Dates in the layout's formats; one with separators is read as everywhere (a spreadsheet had it in hand)."""

    def __init__(self, formats: tuple[str, ...]) -> None:
        self.packed, self.usual = Day(*formats), Day()
        self.separated = any(mark in text for text in formats for mark in "/-. ")

    def __call__(self, cell: str) -> str | None:
        if not self.separated and not cell.isalnum():
            return self.usual(cell)
        return self.packed(cell)


class _YearAsDay:
    """A year of two or four digits, as a day in it (``05-01``): the file says no more."""

    def __init__(self, on: str) -> None:
        self.on = on

    def __call__(self, cell: str) -> str | None:
        cell = cell.removesuffix(".0")
        if not cell:
            return None
        if cell.isdigit() and len(cell) in {1, 2}:
            cell = f"20{cell.zfill(2)}"
        if not (cell.isdigit() and len(cell) == 4 and 1950 <= int(cell) <= 2099):
            raise BadValue("not_a_year", _("Not a year"), _("Two or four digits, as in 24 or 2024."))
        return f"{cell}-{self.on}"


def year_of(day: str) -> str:
    """The school year of a canonical date; raises :class:`BadValue` for one that no school year has."""
    try:
        return str(SchoolYear.on(dt.date.fromisoformat(day)))
    except ValueError:
        raise BadValue("far_date", _("A date far off"), _("Check the year.")) from None
