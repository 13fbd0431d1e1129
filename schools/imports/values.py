"""How one cell is read: text in, the canonical text that PostgreSQL takes out, or a :class:`BadValue`.

A parser returns ``None`` for “nothing said”. It never guesses: what it does not understand it refuses with words
the person can act on. :class:`Memo` makes a parser quick on columns whose values repeat.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from hstw.values import FIRST_YEAR, LAST_YEAR


class BadValue(ValueError):
    """A cell that cannot be read: a cause (a code), what is wrong, and what to do."""

    def __init__(self, cause: str, text: Any, advice: Any = "") -> None:
        super().__init__(cause)
        self.cause, self.text, self.advice = cause, text, advice


class Parser(Protocol):
    """Turns a cell into canonical text, or ``None`` where it says nothing; raises :class:`BadValue`."""

    def __call__(self, cell: str) -> str | None: ...


# A column is in day-month order where one of its dates can be nothing else: then no slash date of the file is safe.
DAY_MONTH_ORDER = "day_month_order"
# What spreadsheets and vendors write for “nothing”.
NOTHING = frozenset({"", "NULL", "null", "N/A", "n/a", "NA", "#N/A", "--", "---", "."})
_SCIENTIFIC = re.compile(r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,3}$")
_EXCEL_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)


def clean(cell: str) -> str:
    """A cell without what tools put around it: blanks, a byte order mark, Excel's ``="00123"``."""
    cell = cell.strip().lstrip("\ufeff").replace("\x00", "")
    found = _EXCEL_TEXT.match(cell)
    return found[1] if found else cell


def bare(text: str) -> str:
    """Letters and digits alone, in one case: how headings and names are compared."""
    return "".join(character for character in text.casefold() if character.isalnum())


class Text:
    """Text of at most ``limit`` characters, inner blanks single."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, cell: str) -> str | None:
        value = " ".join(cell.split()) if "  " in cell or "\n" in cell or "\t" in cell or "\r" in cell else cell
        if len(value) > self.limit:
            raise BadValue(
                "too_long",
                _("Longer than %(limit)d characters") % {"limit": self.limit},
                _("Shorten it; often two columns have run together, or a quote was never closed."),
            )
        return value or None


class Identifier:
    """A number or code that names something; text, leading zeros kept.

    A spreadsheet's ``4.80E+11`` has lost digits for good and is refused; its ``48.0`` is ``48``.
    """

    def __init__(self, limit: int = 40) -> None:
        self.text = Text(limit)

    def __call__(self, cell: str) -> str | None:
        if _SCIENTIFIC.match(cell):
            raise BadValue(
                "scientific_number",
                _("A spreadsheet turned the number into a power of ten"),
                _("Digits were lost. Export again, and format the column as text before saving."),
            )
        if cell.endswith(".0") and cell[:-2].isdigit():
            cell = cell[:-2]
        return self.text(cell)


class Integer:
    """A whole number between two bounds; ``12.0`` is 12."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return None
        try:
            number = float(cell.replace(",", ""))
        except ValueError:
            raise BadValue("not_a_number", _("Not a number"), _("Write digits only.")) from None
        if number != int(number) if abs(number) < 1e15 else True:
            raise BadValue("not_whole", _("Not a whole number"), _("Write it without decimals."))
        if not self.low <= number <= self.high:
            raise BadValue(
                "out_of_range",
                _("Not between %(low)d and %(high)d") % {"low": self.low, "high": self.high},
                _("Check the column: two columns may be swapped."),
            )
        return str(int(number))


class Decimal:
    """A number between two bounds, as written."""

    _SHAPE = re.compile(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$")

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return None
        cell = cell.replace(",", "")
        if not self._SHAPE.match(cell):
            raise BadValue("not_a_number", _("Not a number"), _("Write digits, with a point for decimals."))
        if not self.low <= float(cell) <= self.high:
            raise BadValue(
                "out_of_range",
                _("Not between %(low)g and %(high)g") % {"low": self.low, "high": self.high},
                _("Check the column: two columns may be swapped."),
            )
        return cell


class Day:
    """A date: ISO, or US order (month/day/year), or the formats that a layout names; nothing before 1900."""

    _ISO = re.compile(r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?$")
    _SLASHED = re.compile(r"^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})(?: .*)?$")

    def __init__(self, *formats: str) -> None:
        self.formats = formats

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return None
        if self.formats:
            return self._by_format(cell)
        try:
            if found := self._ISO.match(cell):
                return self._checked(dt.date(int(found[1]), int(found[2]), int(found[3])))
            if found := self._SLASHED.match(cell):
                month, day, year = int(found[1]), int(found[2]), int(found[3])
                if month > 12 >= day:
                    raise BadValue(
                        DAY_MONTH_ORDER,
                        _("The day stands before the month"),
                        _("Write dates as 2026-05-13, or month first: with both orders in use, no date is sure."),
                    )
                if len(found[3]) == 2:
                    year += 2000 if year < 70 else 1900
                return self._checked(dt.date(year, month, day))
        except ValueError as error:
            if isinstance(error, BadValue):
                raise
            raise BadValue("no_such_day", _("No such day"), _("Check the date; the month has fewer days.")) from None
        raise BadValue("not_a_date", _("Not a date"), _("Write dates as 2026-05-13."))

    def _by_format(self, cell: str) -> str:
        for pattern in self.formats:
            try:
                # A layout whose files drop leading zeros (``70624`` for July 6, 2024) gives the width it means.
                return self._checked(dt.datetime.strptime(cell, pattern).date())
            except ValueError as error:
                if isinstance(error, BadValue):
                    raise
        raise BadValue(
            "not_a_date",
            _("Not a date as this kind of file writes them"),
            _("Expected: %(formats)s.") % {"formats": ", ".join(self.formats)},
        )

    @staticmethod
    def _checked(day: dt.date) -> str:
        if not 1900 <= day.year <= LAST_YEAR:
            raise BadValue("far_date", _("A date far off"), _("Check the year."))
        return day.isoformat()


class Year:
    """A school year, by the year in which it ends: 2026, 2025-26, 2025-2026, SY 2025-26."""

    _SPAN = re.compile(r"^(?:SY ?)?([0-9]{4}) ?[-–/] ?([0-9]{2}|[0-9]{4})$")

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return None
        cell = cell.removesuffix(".0")
        if found := self._SPAN.match(cell):
            first, last = int(found[1]), int(found[2])
            if len(found[2]) == 2:
                last += first // 100 * 100 + (100 if first % 100 == 99 else 0)
            if last != first + 1:
                raise BadValue("not_a_year", _("Not one school year"), _("Write 2025-26, or the year it ends: 2026."))
            return str(last)
        if cell.isdigit() and FIRST_YEAR <= int(cell) <= LAST_YEAR:
            return cell
        raise BadValue("not_a_year", _("Not a school year"), _("Write 2025-26, or the year it ends: 2026."))


class Choice:
    """One of a list; ``synonyms`` (small letters) are what files write for it."""

    def __init__(self, choices: Any, synonyms: Mapping[str, str], default: str | None = None) -> None:
        values: Iterable[str] = (
            choices.values if hasattr(choices, "values") and not callable(choices.values) else choices
        )
        self.values = list(values)
        self.known = {str(value).casefold(): str(value) for value in self.values}
        self.known |= {key.casefold(): value for key, value in synonyms.items()}
        self.default = default

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING and cell.casefold() not in self.known:
            return self.default
        try:
            return self.known[cell.casefold()]
        except KeyError:
            raise BadValue(
                "not_in_list",
                _("Not one of the values this column knows"),
                _("Use one of: %(values)s.") % {"values": ", ".join(map(str, self.values))},
            ) from None


class Flag:
    """Yes or no."""

    _KNOWN = {
        **dict.fromkeys(("y", "yes", "true", "t", "1", "1.0", "x"), "true"),
        **dict.fromkeys(("n", "no", "false", "f", "0", "0.0"), "false"),
    }

    def __init__(self, default: bool | None = None) -> None:
        self.default = None if default is None else str(default).lower()

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return self.default
        try:
            return self._KNOWN[cell.casefold()]
        except KeyError:
            raise BadValue("not_yes_or_no", _("Neither yes nor no"), _("Write Y or N.")) from None


class Sced:
    """A SCED course code: five digits, of which a spreadsheet may have eaten leading zeros (``2056`` is 02056).

    Longer forms (``02056G1.001``) carry level and credit after the five digits.
    """

    _SHAPE = re.compile(r"^([0-9]{3,5})(?:[A-Z][0-9.]*)?$")

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return None
        found = self._SHAPE.match(cell.removesuffix(".0").replace("-", "").upper())
        if not found:
            raise BadValue("not_sced", _("Not a SCED code"), _("Five digits: subject area and course, as in 02056."))
        return found[1].zfill(5)


class Cip:
    """A CIP code: ``51.3902``; two, four or six digits, with or without the point."""

    _SHAPE = re.compile(r"^([0-9]{1,2})(?:\.([0-9]{1,4}))?$")

    def __call__(self, cell: str) -> str | None:
        if cell in NOTHING:
            return None
        if cell.isdigit() and len(cell) in {4, 6}:
            cell = f"{cell[:2]}.{cell[2:]}"
        found = self._SHAPE.match(cell)
        if not found:
            raise BadValue("not_cip", _("Not a CIP code"), _("Two, four or six digits with a point, as in 51.3902."))
        family, rest = found[1].zfill(2), found[2]
        if rest is None:
            return family
        # A spreadsheet takes 51.3900 for a number: 51.39.
        return f"{family}.{rest.ljust(2, '0') if len(rest) <= 2 else rest.ljust(4, '0')}"


class Memo(dict[str, Any]):
    """A parser that remembers: ``memo[cell]`` is the canonical text, ``None``, or the :class:`BadValue` itself."""

    LIMIT = 20_000

    def __init__(self, parse: Callable[[str], str | None]) -> None:
        super().__init__()
        self.parse = parse

    def __missing__(self, cell: str) -> Any:
        try:
            value: Any = self.parse(clean(cell))
        except BadValue as bad:
            value = bad
        if len(self) >= self.LIMIT:
            self.clear()
        self[cell] = value
        return value


# --- what files write for the values of the model ----------------------------------------------------------------
GRADES = {
    **{str(n): f"{n:02d}" for n in range(1, 13)},
    **{f"{n}.0": f"{n:02d}" for n in range(1, 13)},
    **{f"{n:02d}": f"{n:02d}" for n in range(1, 13)},
    **{f"{n}th grade": f"{n:02d}" for n in range(4, 13)},
    **{f"grade {n}": f"{n:02d}" for n in range(1, 13)},
    **{f"{n}th": f"{n:02d}" for n in range(4, 13)},
    "1st": "01",
    "2nd": "02",
    "3rd": "03",
    "k": "KG",
    "0": "KG",
    "tk": "KG",
    "kindergarten": "KG",
    "pre-k": "PK",
    "prek": "PK",
    "pr": "PK",
    "it": "PK",
}
# Our words first; then the letters of common student systems and Ed-Fi's ExitWithdrawType descriptors (5.2).
EXITS = {
    "end of school year": "end_of_year",
    "eoy": "end_of_year",
    "promoted": "end_of_year",
    "graduate": "graduated",
    "graduated with regular, advanced, international baccalaureate, or other type of diploma": "graduated",
    "transferred to another school in the same district": "transfer_within",
    "student is in a different public school in the same local education agency": "transfer_within",
    "transferred within state": "transfer_within",
    "transferred within the state": "transfer_within",
    "student is in a different public school in the same state": "transfer_within",
    "transferred out of state": "transfer_out",
    "transferred out of the state": "transfer_out",
    "student is in a public school in a different state": "transfer_out",
    "student moved to another country": "emigrated",
    "left the country": "emigrated",
    "dropout": "dropped_out",
    "dropped out": "dropped_out",
    "died or is permanently incapacitated": "died",
    "deceased": "died",
    "certificate": "other_completer",
    "completed without a regular diploma": "other_completer",
}
RACES = {
    "american indian or alaska native": "AM",
    "american indian": "AM",
    "asian": "AS",
    "black or african american": "BL",
    "black": "BL",
    "african american": "BL",
    "hispanic or latino": "HI",
    "hispanic": "HI",
    "hispanic/latino": "HI",
    "native hawaiian or other pacific islander": "PI",
    "native hawaiian or pacific islander": "PI",
    "pacific islander": "PI",
    "two or more races": "TR",
    "multiracial": "TR",
    "two or more": "TR",
    "white": "WH",
}
SEXES = {"female": "F", "male": "M", "other": "X", "unspecified": "X", "nonbinary": "X"}
LEVELS = {
    "regular": "general",
    "basic": "general",
    "advanced placement": "ap",
    "international baccalaureate": "ib",
    "advanced career": "ac",
    "dual enrollment": "dual",
    "dual credit": "dual",
}
DIPLOMAS = {
    "regular diploma": "regular",
    "standard": "regular",
    "alternate diploma": "alternate",
    "ged": "equivalent",
    "hiset": "equivalent",
    "high school equivalency": "equivalent",
    "certificate of completion": "certificate",
    "certificate of attendance": "certificate",
}
OUTCOME_KINDS = ["college_4yr", "college_2yr", "training", "employment", "military", "service"]
OUTCOMES = {
    "4-year": "college_4yr",
    "4": "college_4yr",
    "2-year": "college_2yr",
    "2": "college_2yr",
    "less than 2-year": "training",
    "l": "training",
    "enlisted": "military",
    "employed": "employment",
    "national service": "service",
    "peace corps": "service",
}
