"""Reads a table as a layout file says: whole columns at a time, memory for one chunk, every bad row named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import compress

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schools.imports.mapping.bind import Bound, bind
from schools.imports.mapping.faults import Faults
from schools.imports.mapping.spec import FileMap, same
from schools.imports.problems import FileRefused, Place
from schools.imports.read.table import Chunk, Contents, Table
from schools.imports.registry import Reading, Stage
from schools.imports.values import DAY_MONTH_ORDER
from schools.models.imports import Severity

# How many of the layout's own headings count towards being sure.
_COUNTED = 20
# What people write beside sums below a table; all else in such a row is numbers.
_TOTALS = frozenset({"total", "totals", "grand total", "sum", "subtotal", "average", "count"})
_NUMBER = re.compile(r"^[+-]?[$]?[0-9][0-9,. ]*%?$")


class Detector:
    """How sure a layout is of a file: 0 without its signature, else its priority and how many headings it knows."""

    def __init__(self, spec: FileMap) -> None:
        self.spec, self._known = spec, spec.known()
        self._numbers = frozenset(same(heading) for column in spec.student for heading in column.headings)
        self._all, self._any, self._none = (
            frozenset(map(same, headings)) for headings in (spec.all_of, spec.any_of, spec.none_of)
        )

    def __call__(self, contents: Contents) -> int:
        """The surest of the bundle's tables."""
        return max((self.of(headings) for headings in contents.tables.values()), default=0)

    def of(self, headings: Sequence[str]) -> int:
        """How sure it is of one table."""
        there = set(map(same, headings))
        if not self._all <= there or there & self._none or (self._any and not there & self._any):
            return 0
        # Our own short headings (kind, sex, title) are anybody's: only a number makes it a file about students.
        if self.spec.template and not there & self._numbers:
            return 0
        return self.spec.priority + min(len(there & self._known), _COUNTED)


class Reader:
    """A layout's ``read``."""

    def __init__(self, spec: FileMap) -> None:
        self.spec = spec

    def __call__(self, reading: Reading) -> None:
        """Put the rows of every table that has the layout's signature into the sink; raises ``FileRefused``."""
        detector = Detector(self.spec)
        mine = [table for table in reading.tables.values() if detector.of(table.headings)]
        # A person may have chosen the layout for a file that lacks some of its signature: then say what it lacks.
        if not mine and len(reading.tables) == 1:
            mine = list(reading.tables.values())
        if not mine:
            raise FileRefused(
                _("No table of the file has the headings of “%(title)s”") % {"title": self.spec.title},
                _("Choose another kind of file, or compare the headings with the template."),
            )
        for table in reading.tables.values():
            # Our own workbooks explain themselves on a second sheet.
            if table not in mine and not (self.spec.template and table.name == _("Codebook")):
                reading.notes.append(_("%(table)s was not read: it has other headings.") % {"table": table.name})
        bound = [bind(self.spec, reading, table) for table in mine]
        stages = _open(reading, bound)
        done = 0
        for table, one in zip(mine, bound, strict=True):
            done = _Pass(reading, table, one, stages).run(done)


def _open(reading: Reading, bound: Sequence[Bound]) -> dict[str, tuple[Stage, list[str]]]:
    """One stage for each target, with every column that any of its rows brings."""
    brought = [one.columns() for one in bound]
    if any(columns != brought[0] for columns in brought):
        raise FileRefused(_("The tables of the file do not have the same columns"), _("Load them one after the other."))
    return {target: (reading.sink.open(target, columns), columns) for target, columns in brought[0].items()}


class _Pass:
    """One table on its way into the sink."""

    def __init__(
        self, reading: Reading, table: Table, bound: Bound, stages: Mapping[str, tuple[Stage, list[str]]]
    ) -> None:
        self.reading, self.table, self.bound, self.stages = reading, table, bound, stages
        self.day_month = False
        self.empty = 0

    def run(self, done: int) -> int:
        """Read it through; the number of rows read so far, ``done`` before it included."""
        for chunk in self.table.chunks():
            if chunk.rows:
                self._chunk(chunk)
                done += len(chunk.rows)
                self.reading.say(done)
        if self.day_month:
            raise FileRefused(
                _("Some dates have the day before the month"),
                _("Write dates as 2026-05-13, or month first: with both orders in use, no date of the file is sure."),
            )
        if self.empty:
            self.reading.notes.append(
                ngettext(
                    "%(n)d row has nothing to load.", "%(n)d rows have nothing to load.", self.empty
                ) % {"n": self.empty}
            )  # fmt: skip
        return done

    def _chunk(self, chunk: Chunk) -> None:
        cells = list(zip(*chunk.rows, strict=True))
        count = len(chunk.rows)
        faults = Faults(self.table.headings)
        parts = self.bound.read(cells, count, faults)
        giving = _union([part.keep for part in parts], count)
        if giving is not None:
            self.empty += count - sum(giving)
            faults.only(giving)
        bad = self._report(chunk, faults, [_numbers(part.values) for part in parts])
        sound = [index not in bad for index in range(count)] if bad else None
        for part in parts:
            keep = _both(part.keep, sound)
            if keep is not None and not any(keep):
                continue
            stage, columns = self.stages[part.target]
            nothing = [None] * count
            values: dict[str, Sequence[str | None]] = {name: part.values.get(name, nothing) for name in columns}
            lines: Sequence[int] = chunk.lines
            if keep is not None:
                lines = list(compress(lines, keep))
                values = {name: list(compress(column, keep)) for name, column in values.items()}
            stage.put(self.table.name, lines, values)

    def _report(self, chunk: Chunk, faults: Faults, numbers: list[list[Sequence[str | None]]]) -> frozenset[int]:
        """Note what is wrong with rows, and keep those that are left out for download; their positions."""
        problems, name = self.reading.problems, self.table.name
        refused: set[int] = set()
        for index, found in sorted(faults.found.items()):
            line = chunk.lines[index]
            if not any(cell.strip() for cell in chunk.rows[index]):
                # Spreadsheets write rows that only look like rows.
                refused.add(index)
                self.empty += 1
                continue
            if total := _total(chunk.rows[index]):
                refused.add(index)
                problems.note(
                    "row_of_totals",
                    _("A row of totals, which is about no student; it was passed over"),
                    Place(name, line, "", total),
                    severity=Severity.NOTED,
                )
                continue
            for fault in found:
                problems.note(
                    fault.cause,
                    fault.text,
                    Place(name, line, fault.heading, fault.value),
                    advice=fault.advice,
                    severity=fault.severity,
                )
                self.day_month |= fault.cause == DAY_MONTH_ORDER
            reasons = [fault for fault in found if fault.severity == Severity.REFUSED]
            if reasons:
                refused.add(index)
                first = reasons[0]
                reason = f"{first.heading}: {first.text}" if first.heading else str(first.text)
                said = [column[index] for columns in numbers for column in columns]
                who = [number for number in said if isinstance(number, str)]
                problems.reject(name, line, reason, self.table.headings, chunk.rows[index], who=who)
        return frozenset(refused)


def _total(row: Sequence[str]) -> str:
    """The word by which a row says that it sums up the others; blank for any other row, whatever is wrong with it."""
    words = [text for cell in row if (text := cell.strip()) and not _NUMBER.match(text)]
    return words[0] if len(words) == 1 and words[0].rstrip(" :").casefold() in _TOTALS else ""


def _numbers(values: Mapping[str, Sequence[str | None]]) -> list[Sequence[str | None]]:
    """The columns by which rows name their students."""
    return [values[name] for name in ("state_number", "local_number") if name in values]


def _union(masks: list[list[bool] | None], count: int) -> list[bool] | None:
    """Rows that any part keeps; ``None`` for all."""
    if any(mask is None for mask in masks):
        return None
    if not masks:
        return [False] * count
    return [any(row) for row in zip(*(mask for mask in masks if mask is not None), strict=True)]


def _both(first: list[bool] | None, second: list[bool] | None) -> list[bool] | None:
    if first is None or second is None:
        return first if second is None else second
    return [a and b for a, b in zip(first, second, strict=True)]
