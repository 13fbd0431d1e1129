"""Which row names the columns, and what they are called: every column has a name, and no two the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from schools.imports.problems import Place, Problems
from schools.imports.values import clean
from schools.models.imports import Severity

# How far down a heading line is looked for, below titles and blank lines.
LOOK_AT = 50


def heading_row(rows: Iterable[tuple[int, Sequence[str]]]) -> tuple[int, Sequence[str]] | None:
    """The first row with two cells filled in (titles above a table fill in one); else the first that is not blank.

    ``rows`` are pairs of line and cells. ``None`` where all are blank.
    """
    first = None
    seen = 0
    for line, row in rows:
        filled = sum(1 for cell in row if clean(cell))
        if filled >= 2:
            return line, row
        if filled and first is None:
            first = (line, row)
        seen += filled > 0
        if seen >= LOOK_AT:
            break
    return first


def name_columns(cells: Sequence[str], file: str, line: int, problems: Problems) -> list[str]:
    """The headings: trimmed, ``column 3`` for a blank one, ``Filler#2`` for one that stands there again."""
    named: list[str] = []
    taken: set[str] = set()
    repeated: list[str] = []
    for number, cell in enumerate(cells, start=1):
        wanted = " ".join(clean(cell).split())
        name = wanted or f"column {number}"
        again = 1
        while name in taken:
            again += 1
            name = f"{wanted or f'column {number}'}#{again}"
        if again > 1 and wanted and wanted not in repeated:
            repeated.append(wanted)
        taken.add(name)
        named.append(name)
    if repeated:
        problems.note(
            "repeated_heading",
            _("Several columns have the same heading"),
            Place(file, line, value=", ".join(repeated)),
            advice=_("The first one counts. If another is meant, rename the columns and load the file again."),
            severity=Severity.NOTED,
        )
    return named


def least_cells(cells: Sequence[str]) -> int:
    """How many cells a row must have: nothing is missing where only columns without a heading are cut off."""
    return max((number for number, cell in enumerate(cells, start=1) if clean(cell)), default=len(cells))
