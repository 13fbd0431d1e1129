"""A file, whatever it is packed in, as tables that can be read; opened with distrust."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from schools.imports.problems import FileRefused, Place, Problems
from schools.imports.read import archive
from schools.imports.read.archive import LIMITS, Limits
from schools.imports.read.parts import Part, Spool
from schools.imports.read.recognize import kind_of, unreadable
from schools.imports.read.sheet import read_sheets
from schools.imports.read.table import Contents, Table
from schools.imports.read.text import read_text
from schools.imports.read.workbook import zip_kind
from schools.models.imports import Severity

# In a bundle these are read as tables; a file that comes alone is, whatever its name.
TABLES = frozenset({".csv", ".tsv", ".tab", ".psv", ".txt", ".xlsx", ".xlsm"})

# A table, and whether anything stands below its headings.
Found = tuple[Table, Callable[[], bool]]


@dataclass
class Source:
    """What a file holds: its tables by name, and what detection looks at. To be closed."""

    tables: Mapping[str, Table]
    contents: Contents
    _open: ExitStack

    def close(self) -> None:
        """Give back what was unpacked."""
        self._open.close()


@contextmanager
def open_source(path: Path, name: str, problems: Problems, *, limits: Limits = LIMITS) -> Iterator[Source]:
    """Open a delimited text, a gzip of one, a zip, a folder or an XLSX; ``name`` is what the person calls it.

    A file alone is a bundle of one, under its own name. Where all files of a bundle stand in one folder, that folder
    is left out of their names. Notes go to ``problems``; raises :class:`~schools.imports.problems.FileRefused` where
    nothing can be read.
    """
    with ExitStack() as stack:
        name = PurePosixPath(name.replace("\\", "/")).name or name
        spool = stack.enter_context(Spool())
        parts, bundle = _parts(path, name, spool, limits)
        found: dict[str, Found] = {}
        others: dict[str, bytes] = {}
        for part in parts:
            head = part.head()
            if not bundle and (refused := unreadable(head, part.name)):
                raise refused
            tables = _tables(part, head, problems, stack, alone=not bundle)
            if tables:
                found.update(tables)
            else:
                others[part.name] = head
                if kind_of(head) in {"zip", "gzip"} or unreadable(head, part.name):
                    problems.note(
                        "member_not_read",
                        _("Files within the bundle that are not tables were not read"),
                        Place(part.name, 1),
                        advice=_("If they hold data, export them as CSV or XLSX, and pack them once only."),
                        severity=Severity.NOTED,
                    )
        _check(found, others)
        tables_only = {key: table for key, (table, _has_rows) in found.items()}
        contents = Contents({key: table.headings for key, table in tables_only.items()}, others)
        source = Source(tables_only, contents, stack.pop_all())
    try:
        yield source
    finally:
        source.close()


def _parts(path: Path, name: str, spool: Spool, limits: Limits) -> tuple[list[Part], bool]:
    """The files that a path stands for, and whether it is a bundle of several."""
    if path.is_dir():
        parts = archive.folder(path, limits)
    else:
        part = archive.single(path, name, limits)
        head = part.head()
        kind = kind_of(head)
        if name.lower().endswith(".zip") and kind != "zip":
            raise unreadable(head, name) or FileRefused(
                _("%(name)s is not a zip, though its name says so.") % {"name": name},
                _("Pack the files again; or give the file the ending that it should have."),
            )
        if kind == "gzip":
            inner = name[:-3] if name.lower().endswith(".gz") else name
            unpacked = archive.gunzip(part, inner, spool, limits)
            if not unpacked.size:
                raise _nothing_in()
            if kind_of(unpacked.head()) in {"zip", "gzip"}:
                raise _nested(name)
            return [unpacked], False
        if kind != "zip" or zip_kind(part) == "workbook":
            return [part], False
        parts = archive.unzip(part, spool, limits)
    if not parts:
        raise _nothing_in()
    return _without_folder(parts), len(parts) > 1


def _tables(part: Part, head: bytes, problems: Problems, stack: ExitStack, *, alone: bool) -> dict[str, Found]:
    """The tables of one file; none where it is no table, which for a file alone is refused."""
    ending = PurePosixPath(part.name).suffix.lower()
    kind = kind_of(head)
    if not alone and (ending not in TABLES or not part.size or unreadable(head, part.name)):
        return {}
    if kind == "zip":
        if zip_kind(part) == "workbook":
            tables = read_sheets(part, problems, stack, alone=alone)
            if alone and not tables:
                raise _nothing_in()
            return tables
        if alone:
            raise _nested(part.name)
        return {}
    if kind in {"gzip", "markup"}:
        return {}
    table = read_text(part, problems)
    if table is None or (not alone and ending == ".txt" and len(table[0].headings) < 2):
        if alone:
            raise _nothing_in()
        return {}
    return {part.name: table}


def _check(found: Mapping[str, Found], others: Mapping[str, bytes]) -> None:
    """Refuse what has nothing to read."""
    if not found:
        for name, head in others.items():
            if kind_of(head) in {"zip", "gzip"}:
                raise _nested(name)
            if refused := unreadable(head, name):
                raise refused
    if len(found) == 1 and not others:
        ((name, (_table, has_rows)),) = found.items()
        if not has_rows():
            raise FileRefused(
                _("%(name)s has a heading line and nothing below it.") % {"name": name},
                _("Export it again, and check that the export covers the right year and school."),
            )


def _without_folder(parts: list[Part]) -> list[Part]:
    """Names without the folders that all of them stand in."""
    folders = [PurePosixPath(part.name).parts[:-1] for part in parts]
    shared = 0
    while all(len(one) > shared for one in folders) and len({one[shared] for one in folders}) == 1:
        shared += 1
    return [Part("/".join(PurePosixPath(part.name).parts[shared:]), part.size, part.open) for part in parts]


def _nothing_in() -> FileRefused:
    return FileRefused(
        _("There is nothing in the file."), _("Export it again, and check that the export has finished.")
    )


def _nested(name: str) -> FileRefused:
    return FileRefused(
        _("%(name)s is packed within something packed; only the first is opened.") % {"name": name},
        _("Unpack it, and load the files inside, or pack them once."),
    )
