"""The school calendar of the demonstration world: instructional days, and what has happened by today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hstw.values import SchoolYear


@dataclass(frozen=True)
class Calendar:
    """One school year: its first and last day, and the days off between them."""

    year: int

    @property
    def first_day(self) -> np.datetime64:
        """The first day of school: the second Monday of August."""
        return np.busday_offset(f"{self.year - 1}-08", 1, roll="forward", weekmask="Mon")

    @property
    def last_day(self) -> np.datetime64:
        """The last day of school."""
        return np.busday_offset(np.datetime64(f"{self.year}-05-24"), 0, roll="backward")

    @property
    def midyear(self) -> np.datetime64:
        """The last day of the first semester."""
        return np.busday_offset(np.datetime64(f"{self.year - 1}-12-19"), 0, roll="backward")

    @property
    def graduation(self) -> np.datetime64:
        """The day on which diplomas are handed out."""
        return np.busday_offset(self.last_day, -1, roll="backward")

    def holidays(self) -> NDArray[np.datetime64]:
        """Days without school: Labor Day, Thanksgiving, winter and spring break, King Day."""
        fall, spring = self.year - 1, self.year
        labor = np.busday_offset(f"{fall}-09", 0, roll="forward", weekmask="Mon")
        thanks = np.busday_offset(f"{fall}-11", 3, roll="forward", weekmask="Thu")
        king = np.busday_offset(f"{spring}-01", 2, roll="forward", weekmask="Mon")
        breaks = [
            np.arange(thanks - 3, thanks + 2),
            np.arange(f"{fall}-12-20", f"{spring}-01-04", dtype="datetime64[D]"),
            np.arange(f"{spring}-03-24", f"{spring}-03-29", dtype="datetime64[D]"),
        ]
        return np.concatenate([np.array([labor, king]), *breaks])

    def school_days(self, first: NDArray[np.datetime64], last: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Instructional days from ``first`` to ``last``, both included."""
        return np.busday_count(first, last + 1, holidays=self.holidays())

    def day(self, share: NDArray[np.float64]) -> NDArray[np.datetime64]:
        """The school day at a share (0 to 1) of the year."""
        span = (self.last_day - self.first_day).astype(np.int64)
        days = self.first_day + (share * span).astype(np.int64).astype("timedelta64[D]")
        return np.busday_offset(days, 0, roll="backward", holidays=self.holidays())


def current_year(today: dt.date) -> int:
    """The school year that is going on, or, in summer, the one that has just ended."""
    year = int(SchoolYear.on(today))
    return year if np.datetime64(today) >= Calendar(year).first_day else year - 1
