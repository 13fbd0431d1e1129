"""Small value types that every app shares: they know how to be compared, stored and said."""

from __future__ import annotations

import datetime as dt

FIRST_YEAR, LAST_YEAR = 1950, 2099


class SchoolYear(int):
    """A US school year, named by the calendar year in which it ends: 2026 is 2025–26.

    An ``int`` so that it is stored, compared and put in URLs as one.
    """

    def __new__(cls, value: int | str) -> SchoolYear:
        year = super().__new__(cls, value)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(f"{value} is not a school year between {FIRST_YEAR} and {LAST_YEAR}.")
        return year

    @classmethod
    def on(cls, day: dt.date) -> SchoolYear:
        """The school year a day belongs to; the year turns on July 1, as federal reporting has it."""
        return cls(day.year + 1 if day.month >= 7 else day.year)

    @property
    def label(self) -> str:
        """As people say it: ``2025–26``."""
        return f"{self - 1}–{self % 100:02d}"

    @property
    def first_day(self) -> dt.date:
        """July 1 of the calendar year before."""
        return dt.date(self - 1, 7, 1)

    @property
    def last_day(self) -> dt.date:
        """June 30 of the year that names it."""
        return dt.date(int(self), 6, 30)

    def __str__(self) -> str:
        return str(int(self))
