"""What a layout file says, once checked: plain values, as named in the TOML (``docs`` of each field below)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schools.imports.targets import Target
from schools.imports.values import clean
from schools.models.imports import Completeness


def same(heading: str) -> str:
    """A heading as it is compared: blanks single and like underscores, capitals do not matter."""
    return " ".join(clean(heading).replace("_", " ").split()).casefold()


@dataclass(frozen=True)
class ColumnMap:
    """Where one column of a target comes from, and how its cells are written.

    - ``headings`` (``column``): the heading in the file; with several the first that the file has.
    - ``value``: a constant instead.
    - ``derive`` with ``inputs`` (``columns``) and ``options``: a named function over several cells.
    - ``missing``: texts that say nothing. ``default``: what stands where nothing is said.
    - ``digits``: the width to which digits are filled up with leading zeros that were dropped.
    - ``strip``: characters that the publisher puts around the text.
    - ``dates``: the formats of dates that stand without separators. ``on``: the cell is a year, this its day.
    - ``map``: what the file writes → what we store (``""`` is nothing said); ``others`` are refused, kept or blank.
    - ``or_else``: columns of the same target that stand in where this one says nothing.
    """

    name: str
    headings: tuple[str, ...] = ()
    value: str | None = None
    derive: str = ""
    inputs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    default: str | None = None
    digits: int = 0
    strip: str = ""
    dates: tuple[str, ...] = ()
    on: str = ""
    map: Mapping[str, str] | None = None
    others: Literal["refuse", "keep", "blank"] = "refuse"
    or_else: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowMap:
    """Rows of one target that each row of the file gives: none, where a column of ``skip_if_blank`` says nothing,

    a heading of ``where`` has none of its values, or one of ``unless`` has one.
    """

    target: Target
    columns: tuple[ColumnMap, ...]
    skip_if_blank: tuple[str, ...] = ()
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unless: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SchoolMap:
    """Which school a row is for: as the heading says, else the student's school of that year.

    ``blank`` and ``unknown`` say what a blank cell and an unknown school do: refuse the row, or leave it to the
    student's enrollment (an unknown school is then noted).
    """

    headings: tuple[str, ...]
    blank: Literal["refuse", "student"] = "student"
    unknown: Literal["refuse", "student"] = "refuse"


@dataclass(frozen=True)
class YearMap:
    """Which school year a row is for: the heading's; else that of the target's ``date``; else chosen at upload."""

    headings: tuple[str, ...] = ()
    date: str = ""


@dataclass(frozen=True)
class FileMap:
    """A layout file."""

    code: str
    title: str
    source: str
    completeness: Completeness
    rows: tuple[RowMap, ...]
    # Headings that must all be there; one of these too; and none of these.
    all_of: tuple[str, ...]
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    priority: int = 50
    template: bool = False
    student: tuple[ColumnMap, ...] = ()
    school: SchoolMap | None = None
    year: YearMap = YearMap()
    help: str = ""
    year_means: str = ""

    def known(self) -> frozenset[str]:
        """Every heading that the layout looks at, as compared."""
        found: set[str] = set()
        for column in (*self.student, *(column for rows in self.rows for column in rows.columns)):
            found.update(map(same, (*column.headings, *column.inputs)))
        for rows in self.rows:
            found.update(map(same, (*rows.where, *rows.unless)))
        found.update(map(same, (*(self.school.headings if self.school else ()), *self.year.headings)))
        return frozenset(found)
