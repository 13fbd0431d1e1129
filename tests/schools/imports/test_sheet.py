"""Sheets of a workbook: values as text, what spreadsheets do to values, and workbooks made to harm."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from schools.imports.problems import FileRefused
from schools.imports.read import workbook
from schools.imports.read.archive import Limits
from tests.samples import SAMPLES
from tests.schools.imports.reading import read, read_bytes, zipped


def book(*sheets: tuple[str, Sequence[Sequence[Any]]], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        page = made.create_sheet(title)
        for row in rows:
            page.append(list(row))
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(data: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part edited."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, edit(content) if info.filename == part else content)
    return out.getvalue()


def with_shared_texts() -> bytes:
    """A workbook as Excel writes it: texts in a part of their own."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Data")
    for number, row in enumerate([HEAD, ("1", "a"), ("2", "b")]):
        page.write_row(number, 0, row)
    made.close()
    return out.getvalue()


HEAD = ("id", "value")
FIRST = "xl/worksheets/sheet1.xml"


def values(*given: Any) -> bytes:
    """A sheet with one value below another."""
    return book(("Data", [HEAD, *[(str(n), value) for n, value in enumerate(given, 1)]]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0012", "0012"),
        (" a ", " a "),
        (12, "12"),
        (12.0, "12"),
        (-3, "-3"),
        (0.1 + 0.2, "0.3"),
        (2.5, "2.5"),
        (480_012_345_678, "480012345678"),
        (123_456_789_012_345, "123456789012345"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2026, 5, 13), "2026-05-13"),
        (dt.datetime(2026, 5, 13, 8, 30), "2026-05-13T08:30:00"),
        (dt.time(8, 30), "08:30:00"),
        ("4.80E+11", "4.80E+11"),
    ],
)
def test_values_as_text(tmp_path, value, text) -> None:
    found = read_bytes(tmp_path, values(value), "x.xlsx")
    assert found.only == [["1", text]]
    assert found.causes() == {}


def test_a_number_whose_digits_are_lost_cannot_pass_for_an_identifier(tmp_path) -> None:
    from schools.imports.values import BadValue, Identifier

    found = read_bytes(tmp_path, values(1_234_567_890_123_456, 12345678901234567890.0), "x.xlsx")
    assert [row[1] for row in found.only] == ["1.23456789012346E+15", "1.23456789012346E+19"]
    assert found.causes() == {"digits_lost": ("noted", 2)}
    assert found.places("digits_lost") == [2, 3]
    for row in found.only:
        with pytest.raises(BadValue):
            Identifier()(row[1])


def test_errors_of_formulas_are_blank_and_noted(tmp_path) -> None:
    found = read_bytes(tmp_path, values("a", "#REF!", "#N/A"), "x.xlsx")
    assert found.only == [["1", "a"], ["2", ""], ["3", ""]]
    assert found.causes() == {"formula_error": ("noted", 2)}


def test_formulas_are_read_by_their_results(tmp_path) -> None:
    def store(xml: bytes) -> bytes:
        """Results as Excel stores them: a number, an empty text, and none in two ways."""
        for cell, old, new in (
            (b"B2", b"1+1", b'<c r="B2"><f>1+1</f><v>2</v></c>'),
            (b"B3", b"A2", b'<c r="B3" t="str"><f>A2</f><v></v></c>'),
            (b"B4", b"A3", b'<c r="B4"><f>A3</f></c>'),
            (b"B5", b"A4", b'<c r="B5"><f>A4</f><v/></c>'),
        ):
            xml, count = re.subn(rb'<c r="%s">.{0,5}<f>%s</f>.*?</c>' % (cell, re.escape(old)), new, xml)
            assert count == 1
        return xml

    data = changed(values("=1+1", "=A2", "=A3", "=A4", "text"), FIRST, store)
    found = read_bytes(tmp_path, data, "x.xlsx")
    # The second is a formula whose result is an empty text, which is a result; the third and fourth have none.
    assert found.only == [["1", "2"], ["2", ""], ["3", ""], ["4", ""], ["5", "text"]]
    assert found.causes() == {"formula_without_result": ("noted", 2)}
    assert found.places("formula_without_result") == [4, 5]


def test_the_heading_row_is_found_below_titles_and_blank_rows(tmp_path) -> None:
    def merge(made: Any) -> None:
        made["Data"].merge_cells("A2:C2")

    rows = [(), ("Report of May",), (), ("id", "name", None, "grade"), ("1", "Ada", "x", 9), (), ("2", "Jo")]
    found = read_bytes(tmp_path, book(("Data", rows), change=merge), "x.xlsx")
    assert found.only_headings == ["id", "name", "column 3", "grade"]
    assert found.only == [["1", "Ada", "x", "9"], ["2", "Jo", "", ""]]
    assert found.only_lines == [5, 7]


def test_cells_to_the_right_of_the_headings_are_left_out_and_noted(tmp_path) -> None:
    found = read_bytes(tmp_path, book(("Data", [HEAD, ("1", "a", "see email"), ("2", "b", None, "")])), "x.xlsx")
    assert found.only == [["1", "a"], ["2", "b"]]
    assert found.causes() == {"beyond_headings": ("noted", 1)}


def test_one_sheet_is_called_as_the_file_and_several_by_their_names(tmp_path) -> None:
    one = ("Sheet1", [HEAD, ("1", "a")])
    assert list(read_bytes(tmp_path, book(one, ("Empty", [])), "x.xlsx").rows) == ["x.xlsx"]
    two = book(one, ("Other", [HEAD]), ("Empty", [("", None)]))
    found = read_bytes(tmp_path, two, "x.xlsx")
    assert found.rows == {"Sheet1": [["1", "a"]], "Other": []}
    bundle = zipped({"x.xlsx": two, "y.xlsx": book(one), "z.csv": b"a,b\n1,2\n"})
    assert set(read_bytes(tmp_path, bundle, "x.zip").rows) == {"x.xlsx/Sheet1", "x.xlsx/Other", "y.xlsx", "z.csv"}


def test_hidden_sheets_are_not_read_and_said_so(tmp_path) -> None:
    def hide(made: Any) -> None:
        made["Lists"].sheet_state = "veryHidden"

    data = book(("Data", [HEAD, ("1", "a")]), ("Lists", [("Y", "N")]), change=hide)
    found = read_bytes(tmp_path, data, "x.xlsx")
    assert found.rows == {"x.xlsx": [["1", "a"]]}
    assert found.causes() == {"hidden_sheet": ("noted", 1)}


def test_a_workbook_that_lies_about_its_size_is_read_whole(tmp_path) -> None:
    data = changed(values("a", "b"), FIRST, lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', xml))
    assert read_bytes(tmp_path, data, "x.xlsx").only == [["1", "a"], ["2", "b"]]


def test_a_workbook_with_shared_texts(tmp_path) -> None:
    assert read_bytes(tmp_path, with_shared_texts(), "x.xlsx").only == [["1", "a"], ["2", "b"]]


def test_a_workbook_is_known_by_its_bytes(tmp_path) -> None:
    assert read_bytes(tmp_path, values("a"), "x.csv").only == [["1", "a"]]


def test_headings_alone_or_nothing(tmp_path) -> None:
    with pytest.raises(FileRefused, match="a heading line and nothing below it"):
        read_bytes(tmp_path, book(("Data", [HEAD])), "x.xlsx")
    with pytest.raises(FileRefused, match="nothing in the file"):
        read_bytes(tmp_path, book(("Data", [])), "x.xlsx")


def test_a_sheet_can_be_read_again_and_reports_once(tmp_path) -> None:
    from schools.imports.problems import Problems
    from schools.imports.read.source import open_source

    path = tmp_path / "x.xlsx"
    path.write_bytes(values("#REF!", 10**16))
    problems = Problems()
    with open_source(path, "x.xlsx", problems) as source:
        table = source.tables["x.xlsx"]
        assert [chunk.rows for chunk in table.chunks()] == [chunk.rows for chunk in table.chunks()]
        assert table.rows_hint == 2
    assert {one.cause: one.count for one in problems.all()} == {"formula_error": 1, "digits_lost": 1}


# --- made to harm ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_declared_entities_are_refused_in_any_encoding(tmp_path, encoding) -> None:
    def declare(xml: bytes) -> bytes:
        text = xml.decode().partition("?>")[2] if xml.startswith(b"<?xml") else xml.decode()
        doctype = f'<?xml version="1.0" encoding="{encoding}"?><!-- {"x" * 9000} --><!DOCTYPE x [<!ENTITY a "aaaa">]>'
        return (doctype + text).encode(encoding)

    with pytest.raises(FileRefused, match="cannot be read"):
        read_bytes(tmp_path, changed(values("a"), FIRST, declare), "x.xlsx")
    with pytest.raises(FileRefused, match="cannot be read"):
        read_bytes(tmp_path, changed(values("a"), "xl/workbook.xml", declare), "x.xlsx")


@pytest.mark.parametrize(
    "edit",
    [
        lambda xml: xml[:-200],
        lambda xml: xml.replace(b"<row ", b"<row <"),
        lambda xml: xml.replace(b't="s"><v>4', b't="s"><v>999'),
        lambda xml: xml.replace(b'r="A2"', b'r="not a cell"'),
        lambda xml: xml.replace(b'<row r="2"', b'<row r="99999999999"'),
        lambda xml: b"",
        lambda xml: b"\x00" * 100,
    ],
)
def test_a_broken_sheet_is_refused_in_words(tmp_path, edit) -> None:
    data = changed(with_shared_texts(), FIRST, edit)
    with pytest.raises(FileRefused, match="cannot be read"):
        read_bytes(tmp_path, data, "x.xlsx")


def test_what_would_fill_the_memory_is_refused(tmp_path) -> None:
    texts = changed(with_shared_texts(), "xl/sharedStrings.xml", lambda xml: xml + b" " * (97 << 20))
    with pytest.raises(FileRefused, match="more than can be read"):
        read_bytes(tmp_path, texts, "x.xlsx")
    row = changed(values("a"), FIRST, lambda xml: xml.replace(b"</sheetData>", b" " * (20 << 20) + b"</sheetData>"))
    with pytest.raises(FileRefused, match="more than can be read"):
        read_bytes(tmp_path, row, "x.xlsx")
    with (
        pytest.raises(FileRefused, match="unpacks to more than 1 MB"),
        workbook.open_workbook(part_of(row), Limits(unpacked_bytes=1 << 20)),
    ):
        pass


def part_of(data: bytes) -> Any:
    """Bytes as a part."""
    from schools.imports.read.parts import Part

    return Part("x.xlsx", len(data), lambda: io.BytesIO(data))


@pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files in {SAMPLES}; set HSTW_SAMPLES")
def test_a_published_workbook() -> None:
    found = read(SAMPLES / "state-north-carolina" / "data-dictionary_2019.xlsx")
    source = openpyxl.load_workbook(SAMPLES / "state-north-carolina" / "data-dictionary_2019.xlsx")
    filled = [page for page in source.worksheets if any(any(row) for row in page.values)]
    assert len(found.rows) == len(filled) == 1
    rows = [row for row in filled[0].values if any(cell is not None for cell in row)]
    # The headings are its first row.
    assert found.only_headings == [str(cell).strip() for cell in rows[0]]
    assert len(found.only) == len(rows) - 1
