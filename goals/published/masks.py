"""What publishers write where they hide a number: each code becomes an interval, and a bound is never a value.

A reader of cells answers with one of three: the number as text, an :class:`Interval`, or ``None`` where nothing was
published. Sources: ``standards.md`` section 2, that is the documentation of the federal graduation files, North
Carolina's list of codes, Texas's explanation of masking (TAPR 2018-19), and the Common Core of Data's layouts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext_lazy as _

from goals.models.reported import Mask
from schools.imports.values import BadValue


@dataclass(frozen=True)
class Interval:
    """What is known of a hidden percentage: it lies between two bounds, of which either may itself be excluded."""

    mask: Mask
    low: int = 0
    high: int = 100
    low_open: bool = False
    high_open: bool = False

    def holds(self, rate: float) -> bool:
        """Whether a rate may be the hidden one."""
        above = rate > self.low if self.low_open else rate >= self.low
        below = rate < self.high if self.high_open else rate <= self.high
        return above and below


# A cell, and the publisher's masking code beside it where the file has a column of them.
Reader = Callable[[str, str], "str | Interval | None"]

_FEDERAL_BOUND = re.compile(r"^(GE|GT|LE|LT)([0-9]{1,3})$")
_FEDERAL_RANGE = re.compile(r"^([0-9]{1,3})-([0-9]{1,3})$")
# Small fractions keep their digits (R writes 9e-04); large numbers do not.
_POWER_OF_TEN = re.compile(r"[eE]\+?[0-9]+$")
_NOTHING = frozenset({"", ".", "n/a"})


def number(cell: str) -> str:
    """A number not below zero, as text; raises :class:`BadValue`. A negative one is a code that nobody explained."""
    try:
        found = Decimal(cell.replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise BadValue(
            "not_a_rate",
            _("Neither a number nor a code for a masked value"),
            _("A spreadsheet may have made a date of a range such as 10-14: use the file as it was published."),
        )
    if found.is_signed():
        raise BadValue(
            "unknown_mask",
            _("A negative number is a code for a masked value, and this one is not known"),
            _("Look up what the publisher means by it; no negative number is ever taken as a result."),
        )
    if _POWER_OF_TEN.search(cell):
        raise BadValue(
            "scientific_number",
            _("A spreadsheet turned the number into a power of ten"),
            _("Digits may be lost: use the file as it was published."),
        )
    return cell.replace(",", "")


def plain(cell: str, code: str = "") -> str | Interval | None:
    """A publisher that leaves out what it hides: a blank says nothing."""
    return None if cell.casefold() in _NOTHING else number(cell)


def federal(cell: str, code: str = "") -> str | Interval | None:
    """EDFacts: ``GE95``, ``GT95``, ``LE5``, ``LT50``, ``21-39``, ``PS``; “.” or blank is none."""
    cell = cell.upper().replace(" ", "")
    if cell == "PS":
        return Interval(Mask.SUPPRESSED)
    if found := _FEDERAL_BOUND.match(cell):
        at = int(found[2])
        if found[1] in {"GE", "GT"}:
            return _sound(Interval(Mask.TOP, low=at, low_open=found[1] == "GT"))
        return _sound(Interval(Mask.BOTTOM, high=at, high_open=found[1] == "LT"))
    if found := _FEDERAL_RANGE.match(cell):
        return _sound(Interval(Mask.RANGE, int(found[1]), int(found[2])))
    return plain(cell)


def _sound(interval: Interval) -> Interval:
    is_open = interval.low_open or interval.high_open
    if interval.high > 100 or interval.low > interval.high or (interval.low == interval.high and is_open):
        raise BadValue(
            "empty_interval", _("No percentage can lie there"), _("Check the cell against the file as published.")
        )
    return interval


_NORTH_CAROLINA = {
    "1": Interval(Mask.TOP, low=95, low_open=True),
    "2": Interval(Mask.BOTTOM, high=5, high_open=True),
    "3": Interval(Mask.SMALL),
    "4": Interval(Mask.INSUFFICIENT),
}


def north_carolina(cell: str, code: str = "") -> str | Interval | None:
    """Masking 1 is “>95” (the cell reads 95.0), 2 “<5” (5.0), 3 fewer than ten students, 4 not enough data."""
    code = code.removesuffix(".0")
    if code in {"", "0"}:
        return plain(cell)
    try:
        return _NORTH_CAROLINA[code]
    except KeyError:
        raise BadValue(
            "unknown_mask", _("A masking code that is not known"), _("Known are 0 to 4; look up what it means.")
        ) from None


def north_carolina_bounds(cell: str, code: str = "") -> str | Interval | None:
    """As the report card's IB file: fractions, in which exactly 0.95 and 0.05 stand for “at least” and “at most”.

    The file has no column of masking codes, yet 6 of the 30 schools of 2019 pass at exactly 0.95 and 16 take part
    at exactly 0.05, and none lies beyond. The bounds are included, so that a true 0.95 is not denied.
    """
    found = plain(cell)
    if isinstance(found, str) and Decimal(found) == Decimal("0.95"):
        return Interval(Mask.TOP, low=95)
    if isinstance(found, str) and Decimal(found) == Decimal("0.05"):
        return Interval(Mask.BOTTOM, high=5)
    return found


_TEXAS = {
    "-1": Interval(Mask.SMALL),  # fewer than five students
    "-2": Interval(Mask.LOW_QUALITY),  # outside a reasonable range
    "-3": Interval(Mask.COUNTS),  # the count is withheld while the rate is shown
}


def texas(cell: str, code: str = "") -> str | Interval | None:
    """TAPR: “.” no such students, -1 masked with its rate, -2 not reasonable, -3 masked count beside a rate."""
    found = _TEXAS.get(cell.removesuffix(".0"))
    return found if found is not None else plain(cell)


def kentucky(cell: str, code: str = "") -> str | Interval | None:
    """An empty cell is suppressed."""
    return Interval(Mask.SUPPRESSED) if not cell else plain(cell)


_CCD = {
    "-1": Interval(Mask.NOT_REPORTED),
    "M": Interval(Mask.NOT_REPORTED),
    "-2": Interval(Mask.NOT_APPLICABLE),
    "N": Interval(Mask.NOT_APPLICABLE),
    "-9": Interval(Mask.LOW_QUALITY),
}


def common_core(cell: str, code: str = "") -> str | Interval | None:
    """NCES Common Core of Data: -1 or M missing, -2 or N not applicable, -9 below the standard of quality."""
    found = _CCD.get(cell)
    return found if found is not None else plain(cell)
