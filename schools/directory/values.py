"""Reads one value of a directory file."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from hstw.values import SchoolYear
from schools.directory.codes import KENTUCKY_GRADES
from schools.models.organization import Grade


class Unusable(Exception):
    """A value that is not taken over; the message is the cause, the same for all values of its sort."""


def text(value: str) -> str:
    """As published, without spaces around it."""
    return value


def digits(length: int) -> Callable[[str], str]:
    """An id of exactly so many digits, kept as text with its leading zeros."""

    def read(value: str) -> str:
        if value.isascii() and value.isdigit():
            if len(value) == length:
                return value
            if len(value) < length:
                raise Unusable(f"fewer than {length} digits: leading zeros lost, as spreadsheets do?")
        raise Unusable(f"not {length} digits")

    return read


def ccd_grade(value: str) -> str:
    """PK, KG or 01–12; ungraded, adult education and grade 13 have no place in a span."""
    if value in Grade.values:
        return value
    raise Unusable("a grade outside PK–12 (ungraded, adult or 13)")


def kentucky_grade(value: str) -> str:
    """Kentucky's words; “Primary” is an ungraded block and “Adult Ed” lies outside."""
    if value in KENTUCKY_GRADES:
        return str(KENTUCKY_GRADES[value])
    raise Unusable("a grade outside PK–12 (ungraded primary or adult)")


def _degrees(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise Unusable("not a number of degrees") from None
    if not number.is_finite():
        raise Unusable("not a number of degrees")
    return number.quantize(Decimal("0.000001"))


def latitude(value: str) -> Decimal | None:
    """Degrees north, from American Samoa to Alaska; zero means that none was derived."""
    number = _degrees(value)
    if not number:
        return None
    if not -15 < number < 72:
        raise Unusable("no latitude in the United States")
    return number


def longitude(value: str) -> Decimal | None:
    """Degrees east, so negative but for Guam and the Marianas; zero means that none was derived."""
    number = _degrees(value)
    if not number:
        return None
    if not (-180 <= number < -64 or 144 < number < 147):
        raise Unusable("no longitude in the United States (a sign lost?)")
    return number


def first_calendar_year(value: str) -> SchoolYear:
    """``2013`` is the school year 2013–14."""
    try:
        return SchoolYear(int(value) + 1)
    except ValueError:
        raise Unusable("not a school year") from None


def year_pair(value: str) -> SchoolYear:
    """``2013-2014``."""
    first, dash, last = value.partition("-")
    try:
        year = SchoolYear(int(last))
    except ValueError:
        raise Unusable("not a school year") from None
    if not dash or first != str(int(last) - 1):
        raise Unusable("not a school year")
    return year
