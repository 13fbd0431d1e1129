"""Tables that leave the product: nothing runs, nothing is lost."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from decimal import Decimal

import openpyxl
import pytest

from hstw.exports.tables import Sheet, csv_stream, safe, xlsx_file


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-", "'-"),
        ("-5", "-5"),
        ("+1.5", "+1.5"),
        ("-.5e3", "-.5e3"),
        ("-12.5%", "-12.5%"),
        ("00123", "00123"),
        ("O'Neil", "O'Neil"),
        ("", ""),
    ],
)
def test_what_begins_like_a_formula_is_not_run(cell, written) -> None:
    assert safe(cell) == written


def test_a_csv_is_streamed_and_reads_back() -> None:
    rows = [
        ("0012", 'Zoë "Z", Ortíz', dt.date(2026, 5, 13), Decimal("1.50"), None, True),
        ("=1", "a\nb", 0, -3, "", False),
    ]
    data = b"".join(csv_stream(["id", "=name", "day", "n", "none", "flag"], rows))
    assert data.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) == [
        ["id", "'=name", "day", "n", "none", "flag"],
        ["0012", 'Zoë "Z", Ortíz', "2026-05-13", "1.50", "", "Y"],
        ["'=1", "a\nb", "0", "-3", "", "N"],
    ]


def test_a_csv_comes_in_blocks_while_its_rows_are_made() -> None:
    endless = ((n, "x" * 100) for n in itertools.count())
    blocks = csv_stream(["n", "text"], endless)
    assert sum(len(block) for block in itertools.islice(blocks, 3)) > 150_000


def test_a_workbook_keeps_text_dates_and_shares() -> None:
    sheet = Sheet(
        "Students: 9/10 [all] and a name longer than thirty-one",
        ["state id", "born", "rate", "count", "note"],
        [
            ("000123", dt.date(2010, 3, 14), 0.845, 12, "=1+1"),
            ("4800123456789012", None, Decimal("1"), None, "http://example.org"),
        ],
        formats={"born": "date", "rate": "percent", "count": "number"},
    )
    with xlsx_file([sheet, Sheet("Empty", ["a"], []), Sheet("empty", ["b"], [("x",)])]) as file:
        book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Students  9 10  all  and a name", "Empty", "empty 2"]
    page = book.worksheets[0]
    assert [list(row) for row in page.values] == [
        ["state id", "born", "rate", "count", "note"],
        ["000123", dt.datetime(2010, 3, 14), 0.845, 12, "'=1+1"],
        ["4800123456789012", None, 1, None, "http://example.org"],
    ]
    assert page["A2"].data_type == "s"
    assert page["A2"].number_format == "@"
    assert page["B2"].number_format == "yyyy-mm-dd"
    assert page["C2"].number_format == "0.0%"
    assert page["E2"].data_type == "s"
    assert page["E3"].hyperlink is None
    # A cell that somebody fills in later keeps its zeros as well.
    assert page.column_dimensions["A"].width >= 10
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:E3"


def test_more_rows_than_a_sheet_holds(monkeypatch) -> None:
    monkeypatch.setattr("hstw.exports.tables.MOST_ROWS", 3)
    with pytest.raises(ValueError, match="more than 2 rows"):
        xlsx_file([Sheet("Many", ["n"], [(n,) for n in range(3)])])
    xlsx_file([Sheet("Some", ["n"], [(n,) for n in range(2)])]).close()


def test_a_row_of_another_width_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        xlsx_file([Sheet("Wrong", ["a", "b"], [("1",)])])
