"""A file of surveys: which columns it has, a template to start from, and its rows as they are written.

The long shape, one row for each school, survey and practice, is what survey vendors export and what a spreadsheet can
be filtered by. Columns stand in any order and may be called by other usual names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import KeyPractice
from hstw.exports.tables import Sheet
from schools.imports.problems import FileRefused, Problem, Problems
from schools.imports.read import archive
from schools.imports.read.archive import Limits
from schools.imports.read.source import open_source
from schools.imports.read.table import Table
from schools.imports.values import bare, clean
from schools.models.imports import Severity

MAX_BYTES = 5 << 20
MAX_ROWS = 10_000
LIMITS = Limits(file_bytes=MAX_BYTES, unpacked_bytes=60 << 20, members=200)
# What the reader mends by leaving a cell blank: here a blank would be taken for nothing said.
_BLANKED = frozenset({"formula_without_result", "formula_error", "digits_lost"})


@dataclass(frozen=True)
class Column:
    """One column: our name for it, whether it is needed, what it is, an example, and what else files call it."""

    name: str
    needed: bool
    what: Any
    example: str
    others: tuple[str, ...] = ()


COLUMNS = (
    Column(
        "school",
        True,
        gettext_lazy("NCES id, state id or name; blank in a school's own file for that school."),
        "010000100001",
        ("nces_id", "nces_school_id", "state_id", "state_school_id", "school_id", "school_name"),
    ),
    Column("school_year", True, gettext_lazy("2026 or 2025-26."), "2025-26", ("year",)),
    Column(
        "survey_of",
        True,
        gettext_lazy("students, teachers, families, or CTE self-study."),
        "students",
        ("survey", "kind", "survey_type", "respondents"),
    ),
    Column(
        "date_closed",
        True,
        gettext_lazy("The last day of the survey, 2026-03-13 or 3/13/2026; it lies in the school year."),
        "2026-03-13",
        ("closed_on", "closed", "close_date", "end_date", "given_on"),
    ),
    Column("invited", True, gettext_lazy("How many were asked."), "612", ("sent",)),
    Column("answered", True, gettext_lazy("How many answered, at most those invited."), "540", ("responses",)),
    Column(
        "practice",
        True,
        gettext_lazy("The key practice, by its name or number; a row for each. Blank with a blank index."),
        "High expectations",
        ("key_practice",),
    ),
    Column(
        "index",
        True,
        gettext_lazy("The share that reports intensive emphasis, in percent from 0 to 100; one decimal is kept."),
        "41.5",
        ("percent", "percent_intensive", "intensive_emphasis"),
    ),
    Column("source", False, gettext_lazy("Who gave the survey."), "District survey of students", ("vendor",)),
)
# What a file calls its school by, the surest first.
_SCHOOL = (*COLUMNS[0].others[:-1], "school", "school_name")
_NUMBERS = frozenset({"invited", "answered", "index"})


@dataclass(frozen=True)
class Row:
    """One row: the line it stands on, its cells by our names, and all that it calls its school, ids first."""

    line: int
    cells: dict[str, str]
    school: tuple[str, ...]


@dataclass
class Wrong:
    """What stands against a file: each in words, with the lines that have it."""

    found: dict[str, list[int]] = field(default_factory=dict)
    # More lines than are kept, where the reader counts them only.
    counts: dict[str, int] = field(default_factory=dict)

    def note(self, text: str, line: int) -> None:
        """One more line of a problem."""
        self.found.setdefault(text, []).append(line)

    def take(self, one: Problem) -> None:
        """What the reader of files found."""
        text = f"{one.text}. {one.advice}".strip()
        self.found[text] = [place.line for place in one.places]
        self.counts[text] = one.count

    @property
    def total(self) -> int:
        """How many lines have a problem, a line counted once for each."""
        return sum(max(len(lines), self.counts.get(text, 0)) for text, lines in self.found.items())

    @property
    def grouped(self) -> list[tuple[str, list[int], int]]:
        """Each problem with its lines and how often it stands there, the first in the file first."""
        rows = [(text, sorted(set(lines)), self.counts.get(text, 0)) for text, lines in self.found.items()]
        return sorted(((text, lines, max(n, len(lines))) for text, lines, n in rows), key=lambda row: row[1])


@dataclass
class Rows:
    """The rows of a file, and what the reader could not read of it."""

    rows: list[Row]
    wrong: Wrong
    notes: list[str]


def read(path: Path, name: str) -> Rows:
    """Read a CSV or XLSX (or either in a zip). Raises :class:`~schools.imports.problems.FileRefused`."""
    problems = Problems()
    _check_workbook(path, name)
    with open_source(path, name, problems, limits=LIMITS) as source:
        table, columns = _table(source.tables)
        rows = list(_rows(table, columns))
    if not rows:
        raise FileRefused(_("The file has no row that can be read."), _first_problem(problems))
    wrong, notes = Wrong(), []
    used = {table.headings[number] for numbers in columns.values() for number in numbers}
    for one in problems.all():
        here = [place for place in one.places if place.file in {table.name, name}]
        if one.severity == Severity.REFUSED or (one.cause in _BLANKED and any(at.column in used for at in here)):
            wrong.take(one)
        elif here:
            notes.append(f"{one.text}. {one.advice}".strip())
    return Rows(rows, wrong, notes)


def _check_workbook(path: Path, name: str) -> None:
    """Refuse a zip, which every workbook is, that would unpack to more than a table of surveys."""
    part = archive.single(path, name, LIMITS)
    if part.head(2) == b"PK":
        with archive.wary_zip(part) as packed:
            archive.members(packed, part.size, LIMITS)


def _table(tables: Any) -> tuple[Table, dict[str, list[int]]]:
    """The one table that has the columns, and where each stands."""
    found = [(table, _columns(table.headings)) for table in tables.values()]
    whole = [(table, columns) for table, columns in found if not _missing(columns)]
    if len(whole) > 1:
        raise FileRefused(
            _("Several sheets or files have these columns: %(names)s.")
            % {"names": ", ".join(table.name for table, _at in whole)},
            _("Put all surveys into one table, or load them one by one."),
        )
    if not whole:
        table, columns = max(found, key=lambda one: len(one[1]))
        raise FileRefused(
            _("These columns are missing: %(columns)s.") % {"columns": ", ".join(_missing(columns))},
            _("The file has: %(headings)s. The first row names the columns, as in the template.")
            % {"headings": ", ".join(table.headings[:12])},
        )
    return whole[0]


def _columns(headings: Sequence[str]) -> dict[str, list[int]]:
    """Which headings are which of our columns; several may say which school, the ids before the name."""
    known = [bare(heading) for heading in headings]
    found: dict[str, list[int]] = {}
    for column in COLUMNS:
        names = _SCHOOL if column.name == "school" else (column.name, *column.others)
        if at := [known.index(bare(name)) for name in names if bare(name) in known]:
            found[column.name] = at
    return found


def _missing(columns: dict[str, list[int]]) -> list[str]:
    return [column.name for column in COLUMNS if column.needed and column.name not in columns]


def _rows(table: Table, columns: dict[str, list[int]]) -> Iterator[Row]:
    taken = 0
    for chunk in table.chunks():
        for line, cells in zip(chunk.lines, chunk.rows, strict=True):
            taken += 1
            if taken > MAX_ROWS:
                raise FileRefused(
                    _("The file has more than %(n)s rows.") % {"n": f"{MAX_ROWS:,}"},
                    _("Load it in parts, some schools at a time."),
                )
            said = {name: clean(cells[numbers[0]]) for name, numbers in columns.items()}
            yield Row(line, said, tuple(clean(cells[number]) for number in columns["school"]))


def _first_problem(problems: Problems) -> str:
    return next((f"{one.text}. {one.advice}" for one in problems.all()), "")


# --- the template ----------------------------------------------------------------------------------------------------
def _sample() -> list[list[str]]:
    """The two rows below the headings: one survey, two practices."""
    first = [column.example for column in COLUMNS]
    second = [{"practice": "Program of study", "index": "38.0"}.get(one.name, one.example) for one in COLUMNS]
    return [first, second]


def template(practices: Sequence[KeyPractice]) -> list[Sheet]:
    """Headings with sample rows, what each column is, and the practices to choose from."""
    names = [column.name for column in COLUMNS]
    rows: list[list[Any]] = [[_typed(name, cell) for name, cell in zip(names, row, strict=True)] for row in _sample()]
    formats: dict[str, Any] = dict.fromkeys(_NUMBERS, "number") | {"date_closed": "date"}
    about = [[one.name, _("yes") if one.needed else _("no"), str(one.what), one.example] for one in COLUMNS]
    headings = [_("Column"), _("Needed"), _("What it is"), _("Example")]
    return [
        Sheet(_("Surveys"), names, rows, formats, dict.fromkeys(names, 18)),
        Sheet(_("Columns"), headings, about, widths=dict(zip(headings, (18, 10, 80, 30), strict=True))),
        Sheet(
            _("Practices"),
            [_("Number"), _("Key practice")],
            [[str(one.number), one.name] for one in practices],
            widths={_("Key practice"): 50},
        ),
    ]


def _typed(name: str, cell: str) -> Any:
    if name in _NUMBERS:
        return Decimal(cell)
    return dt.date.fromisoformat(cell) if name == "date_closed" else cell
