"""Reads the file of a list into rows of its model; the first row that is wrong refuses the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pathways.code_lists.lists import BadRow, CodeList, Row
from schools.directory.report import DirectoryError
from schools.directory.rows import content, numbered_records
from schools.imports.values import clean


class CodeListError(Exception):
    """The file cannot be loaded; nothing was. The message names the file and, where there is one, the line."""


@dataclass(frozen=True)
class Read:
    """What a file holds: the rows, each code once, and the file's checksum."""

    rows: list[Row]
    sha256: str


def read(wanted: CodeList, paths: list[Path], *, edition: str, encoding: str = "utf-8") -> Read:
    """Read the files of one list (descriptors come as one file each). Raises :class:`CodeListError`."""
    digest = hashlib.sha256()
    found: dict[tuple[str, ...], Row] = {}
    for path in sorted(paths):
        try:
            digest.update(path.read_bytes())
            text = content(path, encoding)
            records = _xml(path, text) if path.suffix == ".xml" else _table(wanted, path, text)
            for line, cells in records:
                _add(wanted, found, f"{path.name}, line {line}", cells, edition)
        except DirectoryError as error:
            raise CodeListError(str(error)) from None
        except OSError as error:
            raise CodeListError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    if not found:
        raise CodeListError(f"{', '.join(path.name for path in sorted(paths)[:3])}: no code of {wanted.title} in it.")
    return Read(list(found.values()), digest.hexdigest())


def _table(wanted: CodeList, path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    records = numbered_records(path.name, text)
    _line, headings = next(records)
    headings = [clean(heading) for heading in headings]
    missing = [heading for heading in wanted.headings if heading not in headings]
    if missing:
        raise CodeListError(f"{path.name} is not a file of {wanted.title}: it lacks {', '.join(missing)}.")
    for line, record in records:
        if len(record) != len(headings):
            raise CodeListError(
                f"{path.name}, line {line}: {len(record)} values where the heading line has {len(headings)}."
            )
        yield line, dict(zip(headings, (" ".join(clean(cell).split()) for cell in record), strict=True))


def _xml(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The descriptors of an Ed-Fi interchange file; the number is the descriptor's place, XML keeps no lines."""
    # Declared entities are how a small file becomes a large one; no descriptor file declares any.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise CodeListError(f"{path.name} declares a document type, which no descriptor file does.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  (entities are refused above)
    except ElementTree.ParseError as error:
        raise CodeListError(f"{path.name} is cut off or damaged: {error}.") from None
    for number, one in enumerate(root, start=1):
        cells = {part.tag.rpartition("}")[2]: " ".join((part.text or "").split()) for part in one}
        if not {"Namespace", "CodeValue", "ShortDescription"} <= cells.keys():
            raise CodeListError(f"{path.name}: number {number} in it is no Ed-Fi descriptor.")
        yield number, cells


def _add(wanted: CodeList, found: dict[tuple[str, ...], Row], place: str, cells: dict[str, str], edition: str) -> None:
    try:
        row: Row = {"ended_in": "", **wanted.row(cells, edition)}
        _fits(wanted, row)
    except BadRow as reason:
        raise CodeListError(f"{place}: {reason}.") from None
    key = tuple(row[column] for column in wanted.key)
    if key in found and not wanted.repeats:
        raise CodeListError(f"{place}: {' '.join(key)} is in the file twice.")
    found.setdefault(key, row)


def _fits(wanted: CodeList, row: Row) -> None:
    """Keys and titles are not blank, no text is longer than its column."""
    for name, value in row.items():
        field: Any = wanted.model._meta.get_field(name)
        if not value and name in {*wanted.key, "title", "occupation"}:
            raise BadRow(f"no {field.verbose_name}")
        if isinstance(value, str) and field.max_length and len(value) > field.max_length:
            raise BadRow(f"{field.verbose_name} of more than {field.max_length} characters")
