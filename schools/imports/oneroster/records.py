"""The rows of one file of a bundle, by column name: its headings, doubled rows, status and dates are settled here."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from schools.imports.oneroster.columns import STATUSES, Member
from schools.imports.problems import FileRefused, Place, Problems
from schools.imports.read.table import Table
from schools.imports.values import DAY_MONTH_ORDER, BadValue, Day, Memo, clean
from schools.models.imports import Severity

# Line, whether the row is marked as deleted, the cells asked for, the whole row.
Row = tuple[int, bool, list[str], Sequence[str]]


def tidy(cell: str) -> str:
    """:func:`~schools.imports.values.clean`, at no cost for the ids that most cells are."""
    return cell if cell.isalnum() else clean(cell)


class Words:
    """A word of a list, in any case; ``ext:…`` (the standard's way to extend a list) is let through."""

    def __init__(self, words: Sequence[str]) -> None:
        self.known = {word.casefold(): word for word in words}

    def __call__(self, cell: str) -> str | None:
        if not cell:
            return None
        if cell.startswith("ext:"):
            return cell
        try:
            return self.known[cell.casefold()]
        except KeyError:
            raise BadValue(
                "unknown_word",
                _("Not a word that OneRoster knows here"),
                _("Use one of: %(words)s.") % {"words": ", ".join(self.known.values())},
            ) from None


class SureDay:
    """A date; where the file has dates that begin with the day, one with slashes is not sure and is refused."""

    def __init__(self, mixed: bool) -> None:
        self.mixed, self.parse = mixed, Day()

    def __call__(self, cell: str) -> str | None:
        day = self.parse(cell)
        if self.mixed and day is not None and cell[4:5] != "-":
            raise BadValue(
                DAY_MONTH_ORDER,
                _("A date in a file where some dates begin with the day"),
                _("Write dates as 2026-05-13, or month first: with both orders in use, no date is sure."),
            )
        return day


class Records:
    """One file of the bundle. :meth:`rows` may be asked for more than once; each reads the file from its beginning."""

    def __init__(
        self, table: Table, member: Member, *, delta: bool, problems: Problems, say: Callable[[int], None]
    ) -> None:
        self.file, self.member, self.delta, self.problems, self.say = table.name, member, delta, problems, say
        self._table = table
        headings = [heading.strip().casefold() for heading in table.headings]
        self.at: dict[str, list[int]] = {}
        # The standard's own name first; what 1.0 called the column counts where that name is not there.
        for written, name in [*((name, name) for name in member.columns), *member.older.items()]:
            if name not in self.at and (found := _all(headings, written.casefold())):
                self.at[name] = found
        self.missing = [name for name in member.needs if name not in self.at]
        self._twice = {name: found for name, found in self.at.items() if len(found) > 1}
        self._doubled: dict[int, bool] | None = None
        self._mixed = False
        self._statuses = Memo(Words(STATUSES))

    def has(self, column: str) -> bool:
        """Whether the file has the column."""
        return column in self.at

    def day(self) -> Memo:
        """How this file's dates are read."""
        self._look()
        return Memo(SureDay(self._mixed))

    def place(self, line: int, column: str = "", value: str = "") -> Place:
        """A place in this file."""
        return Place(self.file, line, column, value)

    def note(self, line: int, cause: str, text: Any, column: str = "", value: str = "", advice: Any = "") -> None:
        """Loaded, but to be looked at."""
        self.problems.note(cause, text, self.place(line, column, value), advice=advice, severity=Severity.NOTED)

    def refuse(
        self,
        line: int,
        row: Sequence[str],
        cause: str,
        text: Any,
        column: str = "",
        value: str = "",
        advice: Any = "",
    ) -> None:
        """Leave the row out: said with its cause, kept for download."""
        self.problems.note(cause, text, self.place(line, column, value), advice=advice)
        self.problems.reject(self.file, line, text, self._table.headings, row)

    def refuse_value(self, line: int, row: Sequence[str], bad: BadValue, column: str, value: str) -> None:
        """Leave the row out for a cell that cannot be read."""
        self.refuse(line, row, bad.cause, bad.text, column, value, bad.advice)

    def note_case(self, line: int, column: str, written: str, meant: str | None) -> None:
        """Say that a word was written otherwise than the standard has it, where it was."""
        if meant is not None and meant != written:
            self.note(
                line, "wrong_case", _("Written otherwise than OneRoster has it; read all the same"), column, written
            )

    def _look(self) -> None:
        """One pass for what has to be known before the first row is read: doubled rows, the order of dates."""
        if self._doubled is not None:
            return
        ids, rows = array("q"), array("q")
        key = self.at.get(self.member.key, [None])[0]
        days = [found[0] for name in self.member.days if (found := self.at.get(name))]
        memo = Memo(Day())
        for chunk in self._table.chunks():
            if key is not None:
                ids.extend(hash(tidy(row[key])) for row in chunk.rows)
                rows.extend(hash(tuple(row)) for row in chunk.rows)
            for index in days:
                for cell in {row[index] for row in chunk.rows}:
                    read = memo[cell]
                    self._mixed |= isinstance(read, BadValue) and read.cause == DAY_MONTH_ORDER
        self._doubled = _doubled(ids, rows)

    def rows(self, *columns: str, quiet: bool = False) -> Iterator[Row]:
        """Rows with the cells of ``columns`` (blank where the file has no such column).

        Left out and said, unless ``quiet``: rows without an id, ids that stand for different rows, rows marked as
        deleted in a bulk file. One row written twice is given once.
        """
        self._look()
        doubled, seen = self._doubled or {}, set[int]()
        key = self.at.get(self.member.key, [None])[0]
        status = self.at.get("status", [None])[0]
        pick = [self.at.get(column, [-1])[0] for column in columns]
        # One getter for all cells (one more, so that it always gives several); an absent column reads a blank that is
        # put behind the row.
        get: Callable[[Sequence[str]], Any] = itemgetter(*pick, 0)
        absent = -1 in pick
        for chunk in self._table.chunks():
            for line, row in zip(chunk.lines, chunk.rows, strict=True):
                if key is not None:
                    written = tidy(row[key])
                    if not written:
                        if not quiet:
                            self.refuse(line, row, "no_id", _("No id"), self.member.key, "", _("Every row needs one."))
                        continue
                    if doubled and (number := hash(written)) in doubled:
                        if not self._first_of_doubled(line, row, written, doubled[number], number in seen, quiet):
                            continue
                        seen.add(number)
                if self._twice and not self._agree(line, row, quiet):
                    continue
                gone = False
                if status is not None and row[status] and row[status] != "active":
                    told = self._status(line, row, row[status], quiet)
                    if told is None:
                        continue
                    gone = told
                yield line, gone, [tidy(cell) for cell in get([*row, ""] if absent else row)[:-1]], row
            if not quiet:
                self.say(len(chunk.lines))

    def _first_of_doubled(
        self, line: int, row: Sequence[str], written: str, same: bool, seen: bool, quiet: bool
    ) -> bool:
        """Whether a row whose id comes more than once is the one to read."""
        if not same:
            if not quiet:
                self.refuse(
                    line,
                    row,
                    "doubled_id",
                    _("One id, different rows"),
                    self.member.key,
                    written,
                    _("An id stands for one row. None of them is loaded; keep the one that is right."),
                )
            return False
        if seen and not quiet:
            self.note(line, "doubled_row", _("The same row again; read once"), self.member.key, written)
        return not seen

    def _agree(self, line: int, row: Sequence[str], quiet: bool) -> bool:
        """Whether columns that the file has twice say the same in this row."""
        for name, found in self._twice.items():
            if len({tidy(row[index]) for index in found}) > 1:
                if not quiet:
                    self.refuse(
                        line,
                        row,
                        "column_twice",
                        _("The file has this column twice, with different values"),
                        name,
                        row[found[0]],
                        _("Keep one of the two columns."),
                    )
                return False
        return True

    def _status(self, line: int, row: Sequence[str], written: str, quiet: bool) -> bool | None:
        """Whether the row is marked as deleted; ``None``: it is left out."""
        status = self._statuses[written]
        if isinstance(status, BadValue):
            if not quiet:
                self.refuse_value(line, row, status, "status", written)
            return None
        if not quiet:
            self.note_case(line, "status", tidy(written), status)
        if status in {None, "active"}:
            return False
        if self.delta:
            return True
        if not quiet:
            self.note(
                line,
                "deleted_in_bulk",
                _("Marked as deleted in a bulk file; left out"),
                "status",
                written,
                _("A bulk file has what there is. Nothing is needed if these rows are meant to be gone."),
            )
        return None


def _all(headings: Sequence[str], wanted: str) -> list[int]:
    return [index for index, heading in enumerate(headings) if heading == wanted]


def _doubled(ids: array[int], rows: array[int]) -> dict[int, bool]:
    """Ids that come more than once, and whether their rows are the same throughout. Hashes stand for both."""
    if len(ids) < 2:
        return {}
    every, contents = np.frombuffer(ids, np.int64), np.frombuffer(rows, np.int64)
    order = np.argsort(every, kind="stable")
    in_order = every[order]
    found: dict[int, bool] = {}
    for at in np.flatnonzero(in_order[1:] == in_order[:-1]):
        number = int(in_order[at])
        found[number] = found.get(number, True) and bool(contents[order[at]] == contents[order[at + 1]])
    return found


def check_columns(every: Sequence[Records]) -> None:
    """Raise :class:`~schools.imports.problems.FileRefused` where needed columns are missing, naming all of them."""
    lacking = [f"{records.file}: {', '.join(records.missing)}" for records in every if records.missing]
    if lacking:
        raise FileRefused(
            _("Columns are missing. %(columns)s") % {"columns": "; ".join(lacking)},
            _("The headings are those of OneRoster CSV 1.1 or 1.2. Export again, with the standard's headings."),
        )
