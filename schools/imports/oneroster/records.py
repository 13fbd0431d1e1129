"""The rows of one file of a bundle, by column name: its headings, doubled rows, status and dates are settled here."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from schools.imports.oneroster.columns import STATUSES, Member
from schools.imports.problems import FileRefused, Place, Problems
from schools.imports.read.table import Chunk, Table
from schools.imports.values import DAY_MONTH_ORDER, BadValue, Day, Memo, clean
from schools.models.imports import Severity

# Line, whether the row is marked as deleted, the cells asked for, the whole row.
Row = tuple[int, bool, tuple[str, ...], Sequence[str]]
# Whoever has none of these, and no letter beyond ASCII, is clean as it is: most columns are.
_SUSPECT = (" ", "\t", "\r", "\n", '"', "\x00", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f")


def tidy(column: list[str]) -> list[str]:
    """A column's cells without what tools put around them (:func:`~schools.imports.values.clean`)."""
    together = "".join(column)
    if together.isascii() and not any(mark in together for mark in _SUSPECT):
        return column
    return [clean(cell) for cell in column]


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

    def _index(self, column: str) -> int | None:
        return self.at[column][0] if column in self.at else None

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
        self.problems.reject(self.file, line, text, self._table.headings, row, who=self._who(row))

    def _who(self, row: Sequence[str]) -> list[str]:
        """By what a row names a person; a row about a school, class or session names the thing itself, and nobody."""
        cells = dict(zip(self._table.headings, row, strict=False))
        return [cells.get(name, "") for name in ("userSourcedId", "studentSourcedId", "identifier", "sourcedId")]

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
        ids = array("q")
        key = self._index(self.member.key)
        days = [found[0] for name in self.member.days if (found := self.at.get(name))]
        memo = Memo(Day())
        for chunk in self._table.chunks():
            if key is not None:
                ids.extend(map(hash, tidy([row[key] for row in chunk.rows])))
            for index in days:
                for cell in {row[index] for row in chunk.rows}:
                    read = memo[cell]
                    self._mixed |= isinstance(read, BadValue) and read.cause == DAY_MONTH_ORDER
        self._doubled = self._compare(key or 0, _repeated(ids))

    def _compare(self, key: int, repeated: set[int]) -> dict[int, bool]:
        """For ids that come more than once: whether their rows are the same throughout."""
        first: dict[int, int] = {}
        same = dict.fromkeys(repeated, True)
        for chunk in self._table.chunks() if repeated else ():
            for written, row in zip(tidy([row[key] for row in chunk.rows]), chunk.rows, strict=True):
                number = hash(written)
                if number in same:
                    contents = hash(tuple(row))
                    same[number] &= first.setdefault(number, contents) == contents
        return same

    def rows(self, *columns: str, quiet: bool = False) -> Iterator[Row]:
        """Rows with the cells of ``columns`` (blank where the file has no such column).

        Left out and said, unless ``quiet``: rows without an id, ids that stand for different rows, rows marked as
        deleted in a bulk file. One row written twice is given once.
        """
        self._look()
        doubled, seen = self._doubled or {}, set[int]()
        key, status = self._index(self.member.key), self._index("status")
        for chunk in self._table.chunks():
            blank = [""] * len(chunk.rows)

            def column(at: int | None, chunk: Chunk = chunk, blank: list[str] = blank) -> list[str]:
                return blank if at is None else tidy([row[at] for row in chunk.rows])

            written = column(key)
            told = column(status)
            cells = zip(*(column(self._index(name)) for name in columns), strict=True)
            for line, row, one, state, picked in zip(chunk.lines, chunk.rows, written, told, cells, strict=True):
                if key is not None and not one:
                    if not quiet:
                        self.refuse(line, row, "no_id", _("No id"), self.member.key, "", _("Every row needs one."))
                    continue
                if doubled and (number := hash(one)) in doubled:
                    if not self._first_of_doubled(line, row, one, doubled[number], number in seen, quiet):
                        continue
                    seen.add(number)
                if self._twice and not self._agree(line, row, quiet):
                    continue
                gone = False
                if state and state != "active":
                    marked = self._status(line, row, state, quiet)
                    if marked is None:
                        continue
                    gone = marked
                yield line, gone, picked, row
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
            if len({clean(row[index]) for index in found}) > 1:
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
            self.note_case(line, "status", written, status)
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


def _repeated(ids: array[int]) -> set[int]:
    """Ids (their hashes) that come more than once."""
    if len(ids) < 2:
        return set()
    in_order = np.sort(np.frombuffer(ids, np.int64))
    return set(in_order[1:][in_order[1:] == in_order[:-1]].tolist())


def check_columns(every: Sequence[Records]) -> None:
    """Raise :class:`~schools.imports.problems.FileRefused` where needed columns are missing, naming all of them."""
    lacking = [f"{records.file}: {', '.join(records.missing)}" for records in every if records.missing]
    if lacking:
        raise FileRefused(
            _("Columns are missing. %(columns)s") % {"columns": "; ".join(lacking)},
            _("The headings are those of OneRoster CSV 1.1 or 1.2. Export again, with the standard's headings."),
        )
