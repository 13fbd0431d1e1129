"""Masks: whatever a publisher hides becomes an interval that holds the hidden rate, and never a number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals.models.reported import Mask
from goals.published import masks
from goals.published.masks import Interval, Reader
from schools.imports.values import BadValue

READERS: list[Reader] = [
    masks.plain,
    masks.federal,
    masks.north_carolina,
    masks.north_carolina_bounds,
    masks.texas,
    masks.kentucky,
    masks.common_core,
]


def attempt(read: Reader, cell: str, code: str = "") -> str | Interval | None:
    """What a reader answers, or the cause for which it refuses, in angle brackets."""
    try:
        return read(cell, code)
    except BadValue as bad:
        return f"<{bad.cause}>"


def sound(interval: Interval) -> bool:
    """What the database demands of an interval."""
    if not 0 <= interval.low <= interval.high <= 100:
        return False
    return interval.low < interval.high or not (interval.low_open or interval.high_open)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("87", "87"),
        ("0", "0"),
        ("100", "100"),
        ("GE95", Interval(Mask.TOP, 95, 100)),
        ("GT95", Interval(Mask.TOP, 95, 100, low_open=True)),
        ("LE5", Interval(Mask.BOTTOM, 0, 5)),
        ("LT50", Interval(Mask.BOTTOM, 0, 50, high_open=True)),
        ("ge 50", Interval(Mask.TOP, 50, 100)),
        ("21-39", Interval(Mask.RANGE, 21, 39)),
        ("PS", Interval(Mask.SUPPRESSED, 0, 100)),
        (".", None),
        ("", None),
    ],
)
def test_federal_codes(cell: str, expected: object) -> None:
    assert masks.federal(cell, "") == expected


def federal_file(rate: int, cohort: int) -> str:
    """What EDFacts prints for a whole-number rate and a cohort, by its documentation (``standards.md`` section 2)."""
    if cohort <= 5:
        return "PS"
    if cohort <= 15:
        return "GE50" if rate >= 50 else "LT50"
    if cohort <= 30:
        bands = [(0, 20), (21, 39), (40, 59), (60, 79), (80, 100)]
    elif cohort <= 60:
        bands = [(0, 10), (11, 19), *((low, low + 9) for low in range(20, 90, 10)), (90, 100)]
    elif cohort <= 300:
        bands = [(0, 5), (6, 9), *((low, low + 4) for low in range(10, 95, 5)), (95, 100)]
    else:
        bands = [(0, 1), *((rate, rate) for rate in range(2, 99)), (99, 100)]
    low, high = next(band for band in bands if band[0] <= rate <= band[1])
    if low == high:
        return str(low)
    return f"LE{high}" if low == 0 else f"GE{low}" if high == 100 else f"{low}-{high}"


@given(rate=st.integers(0, 100), cohort=st.integers(1, 2_000))
def test_what_the_federal_file_prints_holds_the_rate_it_hides(rate: int, cohort: int) -> None:
    found = masks.federal(federal_file(rate, cohort), "")
    if isinstance(found, str):
        assert cohort > 300
        assert int(found) == rate
    else:
        assert found is not None
        assert found.holds(rate)
        assert sound(found)


@given(low=st.integers(0, 999), high=st.integers(0, 999))
def test_any_range_is_an_interval_within_a_hundred_or_refused(low: int, high: int) -> None:
    possible = low <= high <= 100
    expected = Interval(Mask.RANGE, low, high) if possible else "<empty_interval>"
    assert attempt(masks.federal, f"{low}-{high}") == expected


@given(word=st.sampled_from(["GE", "GT", "LE", "LT"]), at=st.integers(0, 300))
def test_any_bound_is_an_interval_within_a_hundred_or_refused(word: str, at: int) -> None:
    found = attempt(masks.federal, f"{word}{at}")
    if at > 100 or (word, at) in {("GT", 100), ("LT", 0)}:
        assert found == "<empty_interval>"
    else:
        assert isinstance(found, Interval)
        assert sound(found)
        # The bound itself is inside only where the code says “or equal”.
        assert found.holds(at) == (word[1] == "E")


@given(st.text(max_size=8), st.text(max_size=3))
def test_no_reader_takes_anything_but_a_number_for_one(cell: str, code: str) -> None:
    for read in READERS:
        found = attempt(read, cell.strip(), code)
        if isinstance(found, Interval):
            assert sound(found)
        elif found is not None and not found.startswith("<"):
            assert Decimal(found) >= 0


@given(st.integers(-999_999, -1))
def test_no_negative_number_ever_becomes_a_value(number: int) -> None:
    for read in READERS:
        found = attempt(read, str(number))
        assert isinstance(found, Interval) or found == "<unknown_mask>"


@pytest.mark.parametrize("cell", ["14-Oct", "Oct-14", "GE", "-5-10", "nan", "inf", "1e999x", "95%", "1.2E+05", "-0"])
def test_what_is_neither_number_nor_code_is_refused(cell: str) -> None:
    with pytest.raises(BadValue):
        masks.federal(cell, "")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1", Interval(Mask.TOP, 95, 100, low_open=True)),
        ("1.0", Interval(Mask.TOP, 95, 100, low_open=True)),
        ("2.0", Interval(Mask.BOTTOM, 0, 5, high_open=True)),
        ("3", Interval(Mask.SMALL, 0, 100)),
        ("4", Interval(Mask.INSUFFICIENT, 0, 100)),
        ("0", "95.0"),
        ("", "95.0"),
    ],
)
def test_north_carolinas_masking(code: str, expected: object) -> None:
    """The cell reads 95.0 in all of them; only the code says whether that is a number."""
    assert masks.north_carolina("95.0", code) == expected


def test_north_carolinas_unknown_masking_is_refused() -> None:
    with pytest.raises(BadValue):
        masks.north_carolina("95.0", "5")


@given(st.floats(0, 100, allow_nan=False))
def test_north_carolinas_intervals_hold_what_they_hide(rate: float) -> None:
    code = "1" if rate > 95 else "2" if rate < 5 else ""
    found = masks.north_carolina(str(min(max(rate, 5.0), 95.0)), code)
    assert found.holds(rate) if isinstance(found, Interval) else float(found or -1) == rate


def test_bounds_without_a_masking_column() -> None:
    assert masks.north_carolina_bounds("0.95", "") == Interval(Mask.TOP, 95, 100)
    assert masks.north_carolina_bounds("0.05", "") == Interval(Mask.BOTTOM, 0, 5)
    assert masks.north_carolina_bounds("0.0500000001", "") == "0.0500000001"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("-1", Interval(Mask.SMALL)),
        ("-2", Interval(Mask.LOW_QUALITY)),
        ("-3", Interval(Mask.COUNTS)),
        (".", None),
        ("94.3", "94.3"),
    ],
)
def test_texas_codes(cell: str, expected: object) -> None:
    assert masks.texas(cell, "") == expected


def test_kentuckys_empty_cell_is_suppressed() -> None:
    assert masks.kentucky("", "") == Interval(Mask.SUPPRESSED)
    assert masks.kentucky("0.0", "") == "0.0"


@pytest.mark.parametrize(
    ("cell", "mask"),
    [
        ("-1", "not_reported"),
        ("M", "not_reported"),
        ("-2", "not_applicable"),
        ("N", "not_applicable"),
        ("-9", "low_quality"),
    ],
)
def test_common_core_codes(cell: str, mask: str) -> None:
    found = masks.common_core(cell, "")
    assert isinstance(found, Interval)
    assert found.mask == mask
