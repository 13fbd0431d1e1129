"""Sheets of an XLSX workbook as tables."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import ExitStack

from schools.imports.problems import Problems
from schools.imports.read.parts import Part
from schools.imports.read.table import Table


def is_workbook(part: Part) -> bool:
    """Whether a zip is an XLSX."""
    try:
        with part.open() as stream, zipfile.ZipFile(stream) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except Exception:
        return False


def read_sheets(part: Part, problems: Problems, stack: ExitStack) -> dict[str, tuple[Table, Callable[[], bool]]]:
    """The sheets that have content."""
    raise NotImplementedError
