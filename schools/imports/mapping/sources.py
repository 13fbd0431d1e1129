"""Where values come from: a column of cells, several cells, a constant, or the school column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from schools.imports.mapping.cells import Cells, Derived, parser
from schools.imports.mapping.faults import Fault, Faults
from schools.imports.mapping.spec import ColumnMap, SchoolMap
from schools.imports.places import Places
from schools.imports.problems import FileRefused
from schools.imports.targets import Column
from schools.imports.values import BadValue
from schools.models.imports import Severity

CellColumns = Sequence[Sequence[str]]


class Source:
    """Where a column's values come from: one column of cells, several, or a constant."""

    def __init__(self, mapped: ColumnMap, column: Column, indexes: tuple[int, ...], headings: Sequence[str]) -> None:
        self.mapped, self.column, self.indexes = mapped, column, indexes
        self.heading = headings[indexes[0]] if indexes else column.name
        self.constant = column.parse(mapped.value) if mapped.value is not None else None
        self.memo: Any = None
        if mapped.derive:
            self.memo = Derived(mapped, column.parse)
        elif mapped.value is None:
            self.memo = Cells(parser(mapped, column.parse))

    def values(self, cells: CellColumns, count: int) -> list[Any]:
        """The column: canonical texts, ``None``, or the :class:`BadValue` of a cell."""
        if self.memo is None:
            return [self.constant] * count
        memo = self.memo
        if self.mapped.derive:
            return [memo[texts] for texts in zip(*(cells[index] for index in self.indexes), strict=True)]
        return [memo[cell] for cell in cells[self.indexes[0]]]

    @property
    def bad(self) -> bool:
        """Whether a bad cell was met, in this chunk or before."""
        return self.memo is not None and self.memo.bad

    def shown(self, cells: CellColumns, index: int) -> str:
        """The cell or cells of a row, for a message."""
        return " · ".join(cells[place][index] for place in self.indexes)


class SchoolSource:
    """The school column: keys of organizations, or ``None`` for the student's school of that year."""

    def __init__(self, spec: SchoolMap | None, places: Places, index: int | None, headings: Sequence[str]) -> None:
        self.spec, self.index, self.places = spec, index, places
        self.heading = "" if index is None else headings[index]
        self.memo = Cells(self._parse)
        self.everywhere: str | None = None
        if spec is not None and index is None and spec.blank == "refuse":
            try:
                self.everywhere = places.parse("")
            except BadValue as bad:
                raise FileRefused(
                    _("The column %(heading)s is missing") % {"heading": spec.headings[0]}, bad.advice
                ) from None

    def _parse(self, cell: str) -> str | None:
        if self.spec is not None and not cell and self.spec.blank == "student":
            return None
        return self.places.parse(cell)

    def values(self, cells: CellColumns, count: int, faults: Faults) -> list[str | None]:
        """The column; what cannot be found is added to the faults."""
        if self.spec is None or self.index is None:
            return [self.everywhere] * count
        out = [self.memo[cell] for cell in cells[self.index]]
        if self.memo.bad:
            for index, value in enumerate(out):
                if value.__class__ is BadValue:
                    out[index] = None
                    self._fault(index, value, cells[self.index][index], faults)
        return out

    def _fault(self, index: int, bad: BadValue, cell: str, faults: Faults) -> None:
        if self.spec is not None and self.spec.unknown == "student" and bad.cause != "no_school":
            advice = _("The rows count for the school in which the student was enrolled that year.")
            faults.add(index, Fault(bad.cause, bad.text, advice, self.heading, cell, Severity.NOTED))
        else:
            faults.bad(index, bad, self.heading, cell)
