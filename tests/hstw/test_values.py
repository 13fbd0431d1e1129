"""School years."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hstw.values import SchoolYear


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (dt.date(2025, 6, 30), 2025),
        (dt.date(2025, 7, 1), 2026),
        (dt.date(2025, 12, 31), 2026),
        (dt.date(2026, 1, 1), 2026),
    ],
)
def test_the_year_turns_on_july_1(day: dt.date, year: int) -> None:
    assert SchoolYear.on(day) == year


@pytest.mark.parametrize(("year", "label"), [(2026, "2025–26"), (2000, "1999–00"), (2001, "2000–01")])
def test_it_is_said_as_people_say_it(year: int, label: str) -> None:
    assert SchoolYear(year).label == label


@pytest.mark.parametrize("wrong", [0, 1949, 2100, "many"])
def test_what_is_no_school_year_is_refused(wrong: int | str) -> None:
    with pytest.raises(ValueError, match=r"is not a school year|invalid literal"):
        SchoolYear(wrong)


@given(st.dates(min_value=dt.date(1950, 1, 1), max_value=dt.date(2099, 6, 30)))
def test_every_day_lies_within_its_year(day: dt.date) -> None:
    year = SchoolYear.on(day)
    assert year.first_day <= day <= year.last_day
    assert (year.last_day - year.first_day).days in {364, 365}
