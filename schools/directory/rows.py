"""Reads a directory file by its layout: text, lines, values; says what it leaves out."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schools.directory.contents import FACTS
from schools.directory.layouts import LAYOUTS, Column, Layout
from schools.directory.report import NOTED, ROW_REFUSED, VALUE_LEFT_OUT, DirectoryError, Report
from schools.directory.values import Unusable
from schools.models.organization import Organization


@dataclass
class Row:
    """One line of the file, its values read by the layout's columns; blank values are absent."""

    line: int
    values: dict[str, Any]


def content(path: Path, encoding: str) -> str:
    """The file's text; packed files are unpacked, a byte order mark is dropped."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DirectoryError(f"{path.name} is cut off or damaged: it cannot be unpacked to its end.") from None
    except OSError as error:
        raise DirectoryError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    if not data.strip():
        raise DirectoryError(f"{path.name} is empty.")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DirectoryError(
            f"{path.name}, line {line}: byte 0x{data[error.start]:02x} is not {encoding} text. "
            "If the file is in Latin 1 (ISO 8859-1), say --encoding latin-1."
        ) from None


def numbered_records(name: str, content: str) -> Iterator[tuple[int, list[str]]]:
    """Lines of the file with the number on which each begins; comma or tab, by the heading line."""
    heading = content.split("\n", 1)[0]
    delimiter = "\t" if heading.count("\t") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DirectoryError(f"{name}, line {line}: quotation marks do not match ({error}).") from None
        if record:
            yield line, record


def recognized(name: str, headings: list[str], wanted: str | None) -> tuple[str, Layout]:
    """The layout asked for, or the one whose headings are all there."""
    missing = {
        key: [heading for heading in layout.headings if heading not in headings]
        for key, layout in LAYOUTS.items()
        if wanted in (None, key)
    }
    nearest = min(missing, key=lambda key: len(missing[key]))
    if missing[nearest]:
        raise DirectoryError(
            f"{name} lacks {', '.join(missing[nearest])}, column{'s' if len(missing[nearest]) > 1 else ''} "
            f"of {nearest} ({LAYOUTS[nearest].title})."
        )
    doubled = sorted({h for h in LAYOUTS[nearest].headings if headings.count(h) > 1})
    if doubled:
        raise DirectoryError(f"{name} has the column {doubled[0]} twice.")
    return nearest, LAYOUTS[nearest]


class Refused(Exception):
    """This row is not loaded; it has been reported."""


class Reader:
    """Reads rows by a layout; reports what it leaves out."""

    def __init__(self, layout: Layout, headings: list[str], report: Report) -> None:
        self.layout, self.report = layout, report
        self.places = {column.field: headings.index(column.heading) for column in layout.columns}
        self.by_field = {column.field: column for column in layout.columns}
        self.width = len(headings)
        # The database's own limits; a value that does not fit is reported like any other.
        self.limits = {name: getattr(Organization._meta.get_field(name), "max_length", None) for name in FACTS}

    def raw(self, record: list[str], name: str) -> str:
        return record[self.places[name]].strip()

    def refuse(self, line: int, cause: str, name: str, value: str) -> Refused:
        self.report.note(ROW_REFUSED, cause, line, self.by_field[name].heading, value)
        return Refused()

    def value(self, line: int, column: Column, raw: str) -> Any:
        """One value, None where it is missing or left out."""
        if raw in self.layout.missing:
            if column.required:
                raise self.refuse(line, f"no {column.heading}", column.field, raw)
            if raw and column.field in {"grade_low", "grade_high"}:
                self.report.note(NOTED, f"{column.heading}: not reported or not applicable", line, column.heading, raw)
            return None
        try:
            found = column.read(raw)
            limit = self.limits.get(column.field)
            if limit and isinstance(found, str) and len(found) > limit:
                raise Unusable(f"longer than {limit} characters")
            if isinstance(found, str) and "\x00" in found:
                raise Unusable("a character that is no text (NUL)")
        except Unusable as reason:
            if column.required:
                raise self.refuse(line, f"{column.heading}: {reason}", column.field, raw) from None
            self.report.note(VALUE_LEFT_OUT, f"{column.heading}: {reason}", line, column.heading, raw)
            return None
        return found

    def row(self, line: int, record: list[str], names: tuple[str, ...] | None = None) -> Row:
        """All values, or those named."""
        columns = [c for c in self.layout.columns if names is None or c.field in names]
        values = {c.field: self.value(line, c, self.raw(record, c.field)) for c in columns}
        return Row(line, {name: value for name, value in values.items() if value not in (None, "")})
