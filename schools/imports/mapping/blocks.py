"""The rows of one target out of a chunk of the file, whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from schools.imports.mapping.cells import Cells, year_of
from schools.imports.mapping.faults import Fault, Faults
from schools.imports.mapping.sources import CellColumns, Source
from schools.imports.mapping.spec import RowMap
from schools.imports.values import BadValue, Text, clean


@dataclass
class Part:
    """Rows of one target out of a chunk: columns of equal length, and which rows count (``None``: all)."""

    target: str
    values: dict[str, Sequence[str | None]]
    keep: list[bool] | None


def _blank(heading: str) -> Fault:
    return Fault("blank", _("Left blank, though it is needed"), _("Fill it in on each row."), heading)


@dataclass
class Block:
    """A :class:`RowMap` bound to a table."""

    spec: RowMap
    sources: dict[str, Source]
    conditions: list[tuple[int, frozenset[str], bool]]
    date: str = ""
    _years: Cells = field(default_factory=lambda: Cells(year_of))

    def read(self, cells: CellColumns, count: int, faults: Faults) -> Part | None:
        """Its rows of a chunk, the columns of the target only; ``None`` where it has none."""
        keep: list[bool] | None = None
        for place, texts, wanted in self.conditions:
            answers = {cell: (clean(cell).casefold() in texts) is wanted for cell in set(cells[place])}
            keep = _mask(keep, [answers[cell] for cell in cells[place]])
        values: dict[str, list[Any]] = {}
        for name in self.spec.skip_if_blank:
            values[name] = self.sources[name].values(cells, count)
            if None in values[name]:
                keep = _mask(keep, [value is not None for value in values[name]])
        if keep is not None and not any(keep):
            return None
        for name, source in self.sources.items():
            if name not in values:
                values[name] = source.values(cells, count)
            if source.bad:
                for index, value in enumerate(values[name]):
                    if value.__class__ is BadValue and (keep is None or keep[index]):
                        faults.bad(index, value, source.heading, source.shown(cells, index))
        for name, source in self.sources.items():
            if source.mapped.or_else and None in values[name]:
                self._stand_in(name, values)
            if source.column.required and None in values[name]:
                for index, value in enumerate(values[name]):
                    if value is None and (keep is None or keep[index]):
                        faults.add(index, _blank(source.heading))
        ordered: dict[str, Sequence[str | None]] = {name: values[name] for name in self.sources}
        return Part(self.spec.target.code, ordered, keep)

    def years(self, part: Part, faults: Faults) -> list[str | None] | None:
        """The school year of each row's date, for the rows that have one."""
        if not self.date:
            return None
        out: list[str | None] = []
        for index, day in enumerate(part.values[self.date]):
            year = self._years[day] if day.__class__ is str else None
            if year.__class__ is BadValue:
                if part.keep is None or part.keep[index]:
                    faults.bad(index, year, self.sources[self.date].heading, str(day))
                year = None
            out.append(year)
        return out

    def _stand_in(self, name: str, values: dict[str, list[Any]]) -> None:
        limit = self.sources[name].column.parse
        cut = limit.limit if isinstance(limit, Text) else None
        for other in self.sources[name].mapped.or_else:
            if other in values:
                values[name] = [
                    value if value is not None or second.__class__ is not str else second[:cut]
                    for value, second in zip(values[name], values[other], strict=True)
                ]


def _mask(first: list[bool] | None, second: list[bool]) -> list[bool]:
    return second if first is None else [a and b for a, b in zip(first, second, strict=True)]
