"""Files in every wrapping: what is taken, and what is refused with which words."""

from __future__ import annotations

import csv
import gzip
import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from schools.imports.problems import FileRefused, Problems
from schools.imports.read.archive import Limits
from schools.imports.read.source import open_source
from tests.samples import SAMPLES
from tests.schools.imports.reading import read, read_bytes, zipped

USERS = b"sourcedId,givenName\nu1,Ada\nu2,Grace\n"
ORGS = b"sourcedId,name\no1,Ridge High\n"
samples = pytest.mark.skipif(not SAMPLES.exists(), reason=f"no sample files in {SAMPLES}; set HSTW_SAMPLES")


def refusal(folder: Path, data: bytes, name: str, limits: Limits | None = None) -> FileRefused:
    """What is said of a file; every refusal says what to do."""
    with pytest.raises(FileRefused) as caught:
        read_bytes(folder, data, name, limits or Limits())
    assert caught.value.text
    assert caught.value.advice
    return caught.value


# --- what is taken -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["users.csv", "users.tsv", "users.txt", "users", "users.xls", "C:\\fake\\users.csv"])
def test_a_single_file_is_a_bundle_of_one(tmp_path, name) -> None:
    found = read_bytes(tmp_path, USERS, name)
    assert list(found.rows) == [name.rsplit("\\", 1)[-1]]
    assert found.only == [["u1", "Ada"], ["u2", "Grace"]]
    assert found.only_lines == [2, 3]
    assert found.others == {}
    assert found.problems.all() == []


def test_a_gzip_of_a_single_file(tmp_path) -> None:
    found = read_bytes(tmp_path, gzip.compress(USERS), "users.csv.gz")
    assert found.headings == {"users.csv": ["sourcedId", "givenName"]}
    assert found.only == [["u1", "Ada"], ["u2", "Grace"]]


def test_a_zip_is_a_bundle_whatever_its_name(tmp_path) -> None:
    data = zipped({"users.csv": USERS, "orgs.csv": ORGS, "about.xml": b"<a>" + b"x" * 9_000, "empty.csv": b""})
    found = read_bytes(tmp_path, data, "export.bin")
    assert found.rows == {"users.csv": [["u1", "Ada"], ["u2", "Grace"]], "orgs.csv": [["o1", "Ridge High"]]}
    assert found.others == {"about.xml": b"<a>" + b"x" * 4_093, "empty.csv": b""}


def test_members_that_are_not_read_are_named(tmp_path) -> None:
    inner = zipped({"a.csv": USERS})
    data = zipped(
        {"users.csv": USERS, "more.zip": inner, "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "x.xml": b"<a/>"}
    )
    found = read_bytes(tmp_path, data, "x.zip")
    assert set(found.rows) == {"users.csv"}
    assert set(found.others) == {"more.zip", "old.xls", "x.xml"}
    (problem,) = found.problems.all()
    assert problem.cause == "member_not_read"
    assert {place.file for place in problem.places} == {"more.zip", "old.xls"}


def test_a_member_of_a_bundle_may_have_headings_alone(tmp_path) -> None:
    found = read_bytes(tmp_path, zipped({"users.csv": USERS, "demographics.csv": b"sourcedId,sex\n"}), "x.zip")
    assert found.rows["demographics.csv"] == []
    assert found.headings["demographics.csv"] == ["sourcedId", "sex"]


def test_files_in_one_inner_folder_lose_it_and_what_systems_add_is_ignored(tmp_path) -> None:
    data = zipped(
        {
            "Export 2026/csv/users.csv": USERS,
            "Export 2026/csv/orgs.csv": ORGS,
            "__MACOSX/Export 2026/csv/._users.csv": b"\x00\x05\x16\x07",
            "Export 2026/.DS_Store": b"\x00\x00\x00\x01Bud1",
            "Export 2026/csv/Thumbs.db": b"\xd0\xcf\x11\xe0",
        }
    )
    found = read_bytes(tmp_path, data, "x.zip")
    assert set(found.rows) == {"users.csv", "orgs.csv"}
    assert found.others == {}


def test_folders_that_tell_files_apart_stay_in_their_names(tmp_path) -> None:
    data = zipped({"all/2025/users.csv": USERS, "all/2026/users.csv": USERS})
    assert set(read_bytes(tmp_path, data, "x.zip").rows) == {"2025/users.csv", "2026/users.csv"}


def test_a_folder(tmp_path) -> None:
    folder = tmp_path / "bundle"
    (folder / "inner").mkdir(parents=True)
    (folder / "users.csv").write_bytes(USERS)
    (folder / "inner" / "orgs.csv").write_bytes(ORGS)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "linked.csv").symlink_to(folder / "users.csv")
    os.mkfifo(folder / "pipe.csv")
    assert set(read(folder).rows) == {"users.csv", "inner/orgs.csv", "linked.csv"}


def test_backslashes_in_a_zip_are_folders(tmp_path) -> None:
    # Old .NET programs write names so; zipfile itself would turn them on Windows only.
    data = zipped({"a/users.csv": USERS, "b/orgs.csv": ORGS})
    data = data.replace(b"a/users.csv", b"a\\users.csv").replace(b"b/orgs.csv", b"b\\orgs.csv")
    assert set(read_bytes(tmp_path, data, "x.zip").rows) == {"a/users.csv", "b/orgs.csv"}


def test_a_table_can_be_read_again_and_reports_once(tmp_path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n3\n4,5\n")
    problems = Problems()
    with open_source(path, "x.csv", problems) as source:
        table = source.tables["x.csv"]
        first = next(iter(table.chunks())).rows
        again = [row for chunk in table.chunks() for row in chunk.rows]
    assert first == again == [["1", "2"], ["4", "5"]]
    assert [(one.cause, one.count) for one in problems.all()] == [("narrow_row", 1)]
    assert problems.rejected_rows == 1


def test_a_single_xml_is_for_detection_to_judge(tmp_path) -> None:
    found = read_bytes(tmp_path, b'<?xml version="1.0"?><InterchangeStudent/>', "Student.xml")
    assert found.rows == {}
    assert list(found.others) == ["Student.xml"]


# --- what is refused ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "x.csv", "empty"),
        (b"\n\n  \r\n", "x.csv", "nothing in the file"),
        (b"a,b\n", "x.csv", "a heading line and nothing below it"),
        (b"a,b\n,\n\n", "x.csv", "a heading line and nothing below it"),
        (USERS, "x.zip", "is not a zip"),
        (b"%PDF-1.7\n...", "x.csv", "is a PDF"),
        (b"%PDF-1.7\n...", "x.zip", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "x.xls", "old Excel or Word file"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "x.xls", "is a web page"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<p>", "x.csv", "is a web page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "x.xls", "saved as XML"),
        (b"{\\rtf1 hello}", "x.doc", "text document"),
        (b"Rar!\x1a\x07\x00abc", "x.rar", "cannot be opened here"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "x.csv", "a picture"),
        (b"SQLite format 3\x00" + bytes(100), "x.db", "statistics or database"),
        (bytes(range(256)) * 40, "x.csv", "characters that no text has"),
        (b"a,b\n1,2\n" + bytes(10_000), "x.csv", "characters that no text has"),
        (b"a,b\n" + b"x" * 3_000_000, "x.csv", "more than a million characters"),
        (gzip.compress(b""), "x.csv.gz", "nothing in the file"),
        (gzip.compress(USERS)[:-9], "x.csv.gz", "damaged"),
        (gzip.compress(USERS)[:20] + b"\xff" * 20, "x.csv.gz", "damaged"),
        (gzip.compress(gzip.compress(USERS)), "x.gz.gz", "packed within"),
        (gzip.compress(zipped({"a.csv": USERS})), "x.zip.gz", "packed within"),
        (gzip.compress(b"\x00" * 257 + b"ustar" + bytes(300)), "x.tar.gz", "cannot be opened here"),
        (zipped({}), "x.zip", "nothing in the file"),
        (zipped({"inner.zip": zipped({"a.csv": USERS})}), "x.zip", "packed within"),
        (zipped({"a.csv": b"a,b\n"}), "x.zip", "a heading line and nothing below it"),
        (zipped({"report.pdf": b"%PDF-1.4"}), "x.zip", "is a PDF"),
        (zipped({"a.csv": USERS, "b.csv": ORGS})[:-30], "x.zip", "damaged"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}), "x", "OpenDocu"),
        (zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), "x.docx", "text document"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "x.xlsb", "binary workbook"),
    ],
    # The bytes of a gzip hold the time: they are no name for a test.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, data, name, said) -> None:
    assert said in refusal(tmp_path, data, name).text


@pytest.mark.parametrize("name", ["../users.csv", "/etc/users.csv", "C:/users.csv", "a/../../b.csv", "..\\users.csv"])
def test_a_name_that_leads_out_of_a_zip_is_refused(tmp_path, name) -> None:
    assert "leads out of it" in refusal(tmp_path, zipped({name: USERS, "b.csv": ORGS}), "x.zip").text


def test_a_link_in_a_zip_is_refused(tmp_path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("users.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "leads out of it" in refusal(tmp_path, out.getvalue(), "x.zip").text


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["users.csv", "Users.CSV"])
def test_a_name_that_stands_twice_in_a_zip_is_refused(tmp_path, second) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("users.csv", USERS)
        archive.writestr(second, ORGS)
    assert "twice" in refusal(tmp_path, out.getvalue(), "x.zip").text


def test_a_locked_zip_is_refused(tmp_path) -> None:
    data = bytearray(zipped({"users.csv": USERS}))
    local, listed = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    data[local + 6] |= 1
    data[listed + 8] |= 1
    assert "password" in refusal(tmp_path, bytes(data), "x.zip").text


def test_an_unknown_compression_is_refused(tmp_path) -> None:
    data = bytearray(zipped({"users.csv": USERS}))
    local, listed = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, local + 8, 9)  # Deflate64, which Windows uses for large files
    struct.pack_into("<H", data, listed + 10, 9)
    assert "packed in a way" in refusal(tmp_path, bytes(data), "x.zip").text


def test_a_damaged_member_is_refused(tmp_path) -> None:
    data = bytearray(zipped({"users.csv": USERS * 50, "orgs.csv": ORGS}))
    data[60] ^= 0xFF
    assert "damaged" in refusal(tmp_path, bytes(data), "x.zip").text


def test_a_zip_bomb_is_refused_before_the_disk_is_full(tmp_path) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("users.csv", "w") as member,
    ):
        for _ in range(150):
            member.write(b"0" * (1 << 20))
    assert "far more than its size allows" in refusal(tmp_path, out.getvalue(), "x.zip").text
    assert "more than 10 MB" in refusal(tmp_path, out.getvalue(), "x.zip", Limits(unpacked_bytes=10 << 20)).text


def test_a_zip_that_lies_about_its_size_yields_no_more_than_it_says(tmp_path) -> None:
    data = bytearray(zipped({"users.csv": b"a,b\n" + b"1,2\n" * 1_000_000}))
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 20)
    assert "damaged" in refusal(tmp_path, bytes(data), "x.zip").text


def test_a_gzip_bomb_is_refused(tmp_path) -> None:
    data = gzip.compress(b"0" * (150 << 20))
    assert "far more than its size allows" in refusal(tmp_path, data, "x.csv.gz").text
    assert "more than 10 MB" in refusal(tmp_path, data, "x.csv.gz", Limits(unpacked_bytes=10 << 20)).text


def test_a_list_of_members_that_would_fill_the_memory_is_refused(tmp_path) -> None:
    data = bytearray(zipped({"users.csv": USERS})) + bytes(12 << 20)
    end = data.index(b"PK\x05\x06")
    listed = data.index(b"PK\x01\x02")
    record = data[end : end + 22]
    struct.pack_into("<L", record, 12, len(data) - listed)
    assert "far more than its size allows" in refusal(tmp_path, bytes(data + record), "x.zip").text


def test_limits_of_size_and_number(tmp_path) -> None:
    assert "larger than 1 MB" in refusal(tmp_path, b"a,b\n" * 300_000, "x.csv", Limits(file_bytes=1 << 20)).text
    many = zipped({f"{n}.csv": USERS for n in range(1_001)})
    assert "More than 1000 files" in refusal(tmp_path, many, "x.zip").text


def test_a_folder_with_a_link_out_of_it_is_refused(tmp_path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "users.csv").write_bytes(USERS)
    (folder / "passwords.csv").symlink_to("/etc/passwd")
    with pytest.raises(FileRefused, match=r"leads out of it: passwords\.csv"):
        read(folder)
    (folder / "passwords.csv").unlink()
    (folder / "etc").symlink_to("/etc")
    with pytest.raises(FileRefused, match="leads out of it: etc"):
        read(folder)


def test_an_empty_folder_is_refused(tmp_path) -> None:
    (tmp_path / "bundle").mkdir()
    with pytest.raises(FileRefused, match="nothing in the file"):
        read(tmp_path / "bundle")


def test_nothing_stays_open_after_a_refusal(tmp_path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        refusal(tmp_path, zipped({"a.csv": b"a,b\n"}), "x.zip")
        refusal(tmp_path, gzip.compress(USERS)[:-9], "x.csv.gz")
    read_bytes(tmp_path, zipped({"a.csv": USERS, "b.csv": ORGS}), "x.zip")
    assert len(os.listdir("/proc/self/fd")) <= before + 1


# --- real files --------------------------------------------------------------------------------------------------
def counted(data: bytes) -> int:
    """Rows below the headings, by the csv module alone."""
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return sum(1 for row in csv.reader(text) if any(row)) - 1


@samples
def test_every_sample_table_has_the_rows_that_the_csv_module_counts() -> None:
    seen = 0
    for path in sorted(SAMPLES.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                expected = {name: counted(archive.read(name)) for name in archive.namelist() if name.endswith(".csv")}
        elif path.name.endswith(".csv.gz"):
            expected = {path.name[:-3]: counted(gzip.decompress(path.read_bytes()))}
        elif path.suffix == ".csv":
            expected = {path.name: counted(path.read_bytes())}
        else:
            continue
        found = read(path)
        # One real file has a row of 142 cells below 143 headings: it is left out, and said so.
        short = {"map_growth.csv": {"narrow_row": ("refused", 1)}}.get(path.name, {})
        refused = {cause: what for cause, what in found.causes().items() if what[0] == "refused"}
        assert refused == short, path
        assert {name: len(rows) + len(short) for name, rows in found.rows.items()} == expected, path
        seen += len(expected)
    assert seen > 60


@samples
def test_a_real_bundle_has_a_member_without_rows_and_repeated_headings_are_noted() -> None:
    found = read(SAMPLES / "oneroster" / "classlink-1.1" / "OneRoster-original.zip")
    assert found.rows["demographics.csv"] == []
    assert len(found.rows["enrollments.csv"]) == 305
    found = read(SAMPLES / "assessments" / "ap_2324.csv")
    assert found.causes() == {"repeated_heading": ("noted", 1)}
    assert {"Filler", "Filler#2"} <= set(found.only_headings)


@samples
def test_a_folder_of_xml_has_no_tables() -> None:
    found = read(SAMPLES / "edfi" / "grand-bend-5.2")
    assert found.rows == {}
    assert b"InterchangeStudent" in found.others["Student.xml"]


def test_memory_stays_small_for_wide_tables(tmp_path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("w") as file:
        file.write(",".join(f"h{n}" for n in range(1_000)) + "\n")
        for row in range(2_000):
            file.write(",".join(f"{row}value{n}" for n in range(1_000)) + "\n")
    tracemalloc.start()
    try:
        with open_source(path, "wide.csv", Problems()) as source:
            rows = sum(len(chunk.rows) for chunk in source.tables["wide.csv"].chunks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 2_000
    assert peak < 90 << 20  # all the cells at once would take 120 MB
