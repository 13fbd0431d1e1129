"""Delimited text as it comes: encodings, line ends, delimiters, broken quotes, rows that do not fit."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.schools.imports.reading import read_bytes

ROWS = [["id", "name", "note"], ["001", "Zoë Ortíz", "a, b; c"], ["002", "Müller", ""]]


def written(rows: list[list[str]], newline: str = "\n", delimiter: str = ",") -> str:
    """As the csv module writes it."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return out.getvalue()


# --- encodings ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_line_end_and_delimiter(tmp_path, encoding, newline, delimiter) -> None:
    found = read_bytes(tmp_path, written(ROWS, newline, delimiter).encode(encoding))
    assert found.only_headings == ROWS[0]
    assert found.only == ROWS[1:]
    assert found.only_lines == [2, 3]
    noted = {"not_utf8": ("noted", 1)} if encoding == "cp1252" else {}
    assert found.causes() == noted


def test_utf_16_big_endian_with_its_mark(tmp_path) -> None:
    assert read_bytes(tmp_path, b"\xfe\xff" + written(ROWS).encode("utf-16-be")).only == ROWS[1:]


def test_a_letter_of_windows_on_the_last_line_is_read_and_its_line_named(tmp_path) -> None:
    data = b"id,name\n" + b"1,plain\n" * 500_000 + b"2,Jos\xe9\n"
    found = read_bytes(tmp_path, data)
    assert found.only[-1] == ["2", "José"]
    assert found.causes() == {"not_utf8": ("noted", 1)}
    assert found.places("not_utf8") == [500_002]


def test_utf_8_with_some_lines_of_windows_keeps_both(tmp_path) -> None:
    data = "id,name\n1,Zoë Ortíz\n2,Müller\n".encode() + b"3,Jos\xe9\n"
    found = read_bytes(tmp_path, data)
    assert found.only == [["1", "Zoë Ortíz"], ["2", "Müller"], ["3", "José"]]
    assert found.places("not_utf8") == [4]


def test_a_letter_that_lies_across_two_blocks(tmp_path) -> None:
    filler = "x" * ((1 << 20) - len("id,name\n1,") - 1)
    lines = f"id,name\n1,{filler[: len(filler) // 2]}\n{filler[len(filler) // 2 + 3 :]},é\n2,é\n"
    data = lines.encode()
    assert data[(1 << 20) - 2 : 1 << 20] != b""
    found = read_bytes(tmp_path, data)
    assert found.only[-1] == ["2", "é"]
    assert "not_utf8" not in found.causes()


def test_nuls_are_left_out_and_noted(tmp_path) -> None:
    found = read_bytes(tmp_path, b"id,name\n" + b"1,Ada Lovelace\n" * 20 + b"2,Gr\x00ace\n" + b"\x00" * 5)
    assert found.only[-1] == ["2", "Grace"]
    assert found.causes() == {"nul": ("noted", 1)}
    assert found.places("nul") == [22]


# --- lines and quotes --------------------------------------------------------------------------------------------
def test_lines_are_counted_as_they_stand_in_the_file(tmp_path) -> None:
    data = b'id,"a\nheading"\n1,"one\ntwo\r\nthree"\n\n2,x\r3,y\r\n\r\n4,z'
    found = read_bytes(tmp_path, data)
    assert found.only_headings == ["id", "a heading"]
    assert found.only == [["1", "one\ntwo\r\nthree"], ["2", "x"], ["3", "y"], ["4", "z"]]
    assert found.only_lines == [3, 7, 8, 10]


def test_a_quote_that_is_never_closed_swallows_nothing(tmp_path) -> None:
    rows = "".join(f"{n},name {n},x\n" for n in range(3, 5_000))
    found = read_bytes(tmp_path, f'id,name,note\n1,a,b\n2,"open,y\n{rows}'.encode())
    assert found.only[:3] == [["1", "a", "b"], ["2", "open", "y"], ["3", "name 3", "x"]]
    assert len(found.only) == 4_999
    assert found.only_lines == list(range(2, 5_001))
    assert found.causes() == {"open_quote": ("noted", 1)}
    assert found.places("open_quote") == [3]


def test_an_open_quote_whose_row_does_not_fit_is_left_out_and_the_rest_is_read(tmp_path) -> None:
    found = read_bytes(tmp_path, b'id,name\n1,"open, and more,y\n2,"Quoted, Name"\n3,z\n')
    assert found.only == [["2", "Quoted, Name"], ["3", "z"]]
    assert found.causes() == {"open_quote": ("refused", 1)}
    assert found.problems.rejected_rows == 1


def test_two_open_quotes_do_not_make_one_row_of_two(tmp_path) -> None:
    # Read as quoted text, this is the row ``1 | A,x⏎2,B | y``, which would even have the right width.
    found = read_bytes(tmp_path, b'id,name,note\n1,"A,x\n2,"B,y\n3,c,z\n')
    assert found.only == [["1", "A", "x"], ["2", "B", "y"], ["3", "c", "z"]]
    assert found.causes() == {"open_quote": ("noted", 2)}


def test_an_open_quote_on_the_last_line(tmp_path) -> None:
    found = read_bytes(tmp_path, b'id,name\n1,a\n2,"b')
    assert found.only == [["1", "a"], ["2", "b"]]
    assert found.places("open_quote") == [3]


def test_quotes_that_are_not_doubled_are_kept_and_noted(tmp_path) -> None:
    found = read_bytes(tmp_path, b'id,name\n1,"Robert "Bob" Smith"\n2,"say ""hi"""\n3,6" pipe\n')
    assert found.only == [["1", 'Robert "Bob" Smith'], ["2", 'say "hi"'], ["3", '6" pipe']]
    assert found.causes() == {"open_quote": ("noted", 1)}


def test_an_open_quote_among_the_headings(tmp_path) -> None:
    found = read_bytes(tmp_path, b'id,"name,grade\n1,a,09\n2,b,10\n')
    assert found.only_headings == ["id", "name", "grade"]
    assert found.only == [["1", "a", "09"], ["2", "b", "10"]]
    assert found.places("open_quote") == [1]


def test_blanks_before_quotes(tmp_path) -> None:
    found = read_bytes(tmp_path, b'id, "name", "note"\n1, "Smith, Jo", "x"\n2, "Doe, Jane", ""\n')
    assert found.only_headings == ["id", "name", "note"]
    assert found.only == [["1", "Smith, Jo", "x"], ["2", "Doe, Jane", ""]]
    assert found.causes() == {}


def test_a_cell_as_long_as_a_book_is_left_out(tmp_path) -> None:
    found = read_bytes(tmp_path, b"id,name\n1,a\n2," + b"x" * 200_000 + b"\n3,c\n")
    assert found.only == [["1", "a"], ["3", "c"]]
    assert found.causes() == {"long_cell": ("refused", 1)}
    assert found.places("long_cell") == [3]


# --- headings and widths -----------------------------------------------------------------------------------------
def test_rows_that_do_not_fit_are_reported_by_cause_and_left_out(tmp_path) -> None:
    found = read_bytes(tmp_path, b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,,\n , ,\n,,\n\n13,14,15\n16\n")
    assert found.only == [["1", "2", "3"], ["10", "11", "12"], ["13", "14", "15"]]
    assert found.only_lines == [2, 5, 9]
    assert found.causes() == {"narrow_row": ("refused", 2), "wide_row": ("refused", 1)}
    assert found.places("narrow_row") == [3, 10]
    kept = found.problems.rejected_file()
    assert kept is not None
    listed = list(csv.reader(io.TextIOWrapper(kept, "utf-8-sig", newline="")))[1:]
    assert [(row[0], row[1], row[3:]) for row in listed] == [
        ("file.csv", "3", ["a=4", "b=5"]),
        ("file.csv", "4", ["a=6", "b=7", "c=8", "column 4=9"]),
        ("file.csv", "10", ["a=16"]),
    ]


def test_cells_of_columns_without_a_heading_may_be_cut_off(tmp_path) -> None:
    found = read_bytes(tmp_path, b"a,b,,\n1,2\n3,4,x,\n")
    assert found.only_headings == ["a", "b", "column 3", "column 4"]
    assert found.only == [["1", "2", "", ""], ["3", "4", "x", ""]]


def test_headings_are_trimmed_numbered_and_noted_once(tmp_path) -> None:
    found = read_bytes(tmp_path, b'\xef\xbb\xbf Filler ,"Filler",,Filler,Filler#2,id\n1,2,3,4,5,6\n')
    assert found.only_headings == ["Filler", "Filler#2", "column 3", "Filler#3", "Filler#2#2", "id"]
    assert found.causes() == {"repeated_heading": ("noted", 1)}


def test_titles_above_the_headings_are_passed_over(tmp_path) -> None:
    found = read_bytes(tmp_path, b"Enrollment report\n\nMay 2026,,\nid,name,grade\n1,a,09\n")
    assert found.only_headings == ["id", "name", "grade"]
    assert found.only == [["1", "a", "09"]]
    assert found.only_lines == [5]


def test_a_single_column(tmp_path) -> None:
    found = read_bytes(tmp_path, b"id\n001\n\n002\n")
    assert found.only == [["001"], ["002"]]


def test_excels_own_word_for_the_delimiter(tmp_path) -> None:
    found = read_bytes(tmp_path, b"sep=;\nid;name\n1;a,b\n")
    assert found.only == [["1", "a,b"]]
    assert found.only_lines == [3]


def test_the_delimiter_is_found_among_others_in_the_cells(tmp_path) -> None:
    found = read_bytes(tmp_path, b"Last, First\tids\tscore\nDoe, Jane\t1;2\t3|4\nRoe, Jo\t5;6\t7|8\n")
    assert found.only == [["Doe, Jane", "1;2", "3|4"], ["Roe, Jo", "5;6", "7|8"]]


def test_the_end_mark_of_dos_is_no_row(tmp_path) -> None:
    found = read_bytes(tmp_path, b"id,name\r\n1,a\r\n\x1a")
    assert found.only == [["1", "a"]]
    assert found.causes() == {}


def test_rows_come_in_chunks_of_five_thousand_and_wide_ones_in_fewer(tmp_path) -> None:
    from schools.imports.problems import Problems
    from schools.imports.read.source import open_source

    def sizes(width: int, rows: int) -> list[int]:
        path = tmp_path / "x.csv"
        path.write_text("\n".join([",".join(f"h{n}" for n in range(width)), *[",".join(["1"] * width)] * rows]))
        with open_source(path, "x.csv", Problems()) as source:
            return [len(chunk.rows) for chunk in source.tables["x.csv"].chunks()]

    assert sizes(3, 12_001) == [5_000, 5_000, 2_001]
    assert sizes(1_000, 1_200) == [500, 500, 200]


# --- against the csv module --------------------------------------------------------------------------------------
# Letters that Windows-1252 has, none of which would pass for UTF-8 together, and everything that means something.
CELLS = st.text(st.sampled_from("aZ09 -éÜñß,;|\t\"\n\r'=."), max_size=8)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headings=st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=6, unique=True),
    data=st.data(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_well_formed_files_are_read_as_the_csv_module_reads_them(
    tmp_path: Path, headings, data, encoding, newline, delimiter, quoting
) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(headings), max_size=len(headings)), min_size=1, max_size=8))
    assume(any(cell.strip() for row in rows for cell in row))
    # The csv module puts quotes around a line break only where it is the one that ends its lines.
    rows = [[newline.join(cell.splitlines()) for cell in row] for row in rows]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows([headings, *rows])
    encoded = out.getvalue().encode(encoding)
    text = io.StringIO(out.getvalue(), newline="")
    expected, lines, reader = [], [], csv.reader(text, delimiter=delimiter)
    before = 0
    for row in reader:
        if any(cell.strip() for cell in row):
            expected.append(row)
            lines.append(before + 1)
        before = reader.line_num
    found = read_bytes(tmp_path, encoded)
    assert found.only_headings == headings
    assert found.only == expected[1:]
    assert found.only_lines == lines[1:]
    assert set(found.causes()) <= {"not_utf8"}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(st.sampled_from('ab,"'), max_size=6), min_size=1, max_size=30),
)
def test_whatever_the_quotes_no_line_is_lost_unseen(tmp_path: Path, names) -> None:
    """Each line is read or refused: as a row, or as a line within the cell of one."""
    text = "id,name\n" + "".join(f"row{n},{name}\n" for n, name in enumerate(names))
    found = read_bytes(tmp_path, text.encode())
    kept = found.problems.rejected_file()
    refused = list(csv.reader(io.TextIOWrapper(kept, "utf-8-sig", newline="")))[1:] if kept else []
    assert len(refused) == found.problems.rejected_rows
    within = sum(cell.count("\n") for row in [*found.only, *refused] for cell in row)
    assert len(found.only) + len(refused) + within == len(names)
