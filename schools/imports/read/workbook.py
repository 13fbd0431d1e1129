"""XLSX workbooks opened with distrust: what they unpack to is bounded, and they declare no entities."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Literal
from xml.parsers import expat

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from schools.imports.problems import FileRefused
from schools.imports.read.archive import Limits, members, wary_zip
from schools.imports.read.parts import Part

# A workbook's texts and formats are held in memory; its sheets are not.
LIMITS = Limits(unpacked_bytes=1 << 30)
_LARGEST_TEXTS = 96 << 20
_LARGEST_OTHER = 32 << 20
_SHEETS = "xl/worksheets/"
_TEXTS = "xl/sharedStrings.xml"
# How far the first element of a part is looked for; a declaration of entities can stand only before it.
_PROLOG = 64 << 10
# How long one row may be.
_WINDOW = 8 << 20
_ROW = re.compile(rb"<(?:\w{1,20}:)?row[\s>/]")
# A formula without a result: no value behind it, or an empty one that is not said to be a text.
_FORMULA = re.compile(
    rb"<(?:\w{1,20}:)?c\b([^<>]{0,300})>\s{0,20}<(?:\w{1,20}:)?f\b[^<>]{0,500}"
    rb"(?:/>|>[^<]{0,9000}</(?:\w{1,20}:)?f>)\s{0,20}"
    rb"(<(?:\w{1,20}:)?v\s{0,20}/>|<(?:\w{1,20}:)?v></(?:\w{1,20}:)?v>)?\s{0,20}</(?:\w{1,20}:)?c>"
)
_AT = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_TEXT = re.compile(rb"""\bt=["']str["']""")
_OVERLAP = 12_000
ROWS_OF_A_SHEET = 1_048_576
# How many rows are read at a time.
_AT_ONCE = 1_000


def zip_kind(part: Part) -> Literal["workbook", "zip"]:
    """Whether a zip is a workbook; other documents of Office raise :class:`~schools.imports.problems.FileRefused`."""
    with wary_zip(part) as archive:
        names = set(archive.namelist())
    if "[Content_Types].xml" not in names:
        if "content.xml" in names and "mimetype" in names:
            raise FileRefused(
                _("%(name)s is an OpenDocument file.") % {"name": part.name},
                _("Open it in LibreOffice or Excel, and save it as XLSX or CSV."),
            )
        return "zip"
    if "xl/workbook.bin" in names:
        raise FileRefused(
            _("%(name)s is a binary workbook (XLSB).") % {"name": part.name},
            _("Open it in Excel, and save it as XLSX or CSV."),
        )
    if any(name.startswith("xl/") for name in names):
        return "workbook"
    raise FileRefused(
        _("%(name)s is a text document or a presentation, not a table.") % {"name": part.name},
        _("Export the data again as CSV or XLSX."),
    )


@contextmanager
def open_workbook(part: Part, limits: Limits = LIMITS) -> Iterator[openpyxl.Workbook]:
    """A workbook to read, cells with their results.

    Raises :class:`~schools.imports.problems.FileRefused` for one that is broken, unpacks to too much, or declares
    entities.
    """
    with wary_zip(part) as archive:
        for info, name in members(archive, part.size, limits):
            _check(archive, info, name)
    with part.open() as stream:
        try:
            with _quietly():
                book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # a broken file fails anywhere in the library
            raise _unreadable() from error
        try:
            yield book
        finally:
            book.close()


def sheets(book: openpyxl.Workbook) -> list[ReadOnlyWorksheet]:
    """The sheets with cells, those that are only charts left out."""
    return [sheet for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]


def rows(sheet: ReadOnlyWorksheet, **bounds: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Values of a sheet's rows, each with its number; raises :class:`~schools.imports.problems.FileRefused`."""
    sheet.reset_dimensions()  # what the file says of its own size is often wrong
    readable: Any = sheet
    found = enumerate(readable.iter_rows(values_only=True, **bounds), start=1)
    while True:
        try:
            with _quietly():
                some = list(islice(found, _AT_ONCE))
        except Exception as error:
            raise _unreadable() from error
        if not some:
            return
        if some[-1][0] > ROWS_OF_A_SHEET:
            raise _unreadable()
        yield from some


def formulas_without_result(part: Part, sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, str]]:
    """Row and column letters of formulas whose result the program that wrote the file did not store."""
    path = getattr(sheet, "_worksheet_path", "")
    with wary_zip(part) as archive:
        if path not in archive.namelist():
            return
        kept = b""
        for block in _blocks(archive, path, 1 << 20):
            data = kept + block
            done = 0
            for found in _FORMULA.finditer(data):
                done = found.end()
                if found[2] and _TEXT.search(found[1]):
                    continue
                if at := _AT.search(found[1]):
                    yield int(at[2]), at[1].decode()
            kept = data[max(done, len(data) - _OVERLAP) :]


def _blocks(archive: zipfile.ZipFile, name: str, size: int) -> Iterator[bytes]:
    try:
        with archive.open(name) as stream:
            while block := stream.read(size):
                yield block
    except Exception as error:
        raise _unreadable() from error


def _check(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> None:
    """Refuse a part that would fill the memory, or declares entities."""
    largest = _LARGEST_TEXTS if name == _TEXTS else _LARGEST_OTHER
    read_whole = name.endswith((".xml", ".rels")) and not name.startswith(_SHEETS)
    if read_whole and info.file_size > largest:
        raise _too_large()
    if _declares(_blocks(archive, info.filename, 1 << 10)):
        raise _unreadable()
    if name.startswith(_SHEETS) and info.file_size > _WINDOW:
        for block in _blocks(archive, info.filename, _WINDOW):
            if len(block) == _WINDOW and not _ROW.search(block):
                raise _too_large()


def _declares(blocks: Iterator[bytes]) -> bool:
    """Whether an XML document has a document type declaration, in whatever encoding it is written."""
    declared = begun = False

    def declare(*args: object) -> None:
        nonlocal declared
        declared = True

    def begin(*args: object) -> None:
        nonlocal begun
        begun = True

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declare
    parser.StartElementHandler = begin
    try:
        for read, block in enumerate(blocks, start=1):
            parser.Parse(block)
            if declared or read * len(block) > _PROLOG:
                return True
            if begun:
                break
    except expat.ExpatError:
        pass  # a picture, or broken: the library will say
    return declared


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the library's warnings about formats and validations, which mean nothing to a reader of values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _unreadable() -> FileRefused:
    return FileRefused(
        _("The workbook cannot be read."), _("Open it in Excel, and save it again as XLSX, or as CSV (UTF-8).")
    )


def _too_large() -> FileRefused:
    return FileRefused(
        _("The workbook unpacks to more than can be read."), _("Save the sheet as CSV (UTF-8), and load that.")
    )
