"""A layout meets the headings of a table: which cells feed which column, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from schools.imports.mapping.blocks import Block, Part
from schools.imports.mapping.faults import Fault, Faults
from schools.imports.mapping.sources import CellColumns, SchoolSource, Source
from schools.imports.mapping.spec import ColumnMap, FileMap, RowMap, same
from schools.imports.problems import FileRefused, Place
from schools.imports.read.table import Table
from schools.imports.registry import Reading
from schools.imports.targets import ABOUT_STUDENT, OF_YEAR, Column
from schools.imports.values import BadValue
from schools.models.imports import Severity

_AGAIN = re.compile(r"#[0-9]+$")
# How many missing headings the preview lists.
_SHOWN = 8


@dataclass
class Bound:
    """A layout bound to a table."""

    blocks: list[Block]
    numbers: list[Source]
    school: SchoolSource
    year: Source | None
    chosen: str

    def columns(self) -> dict[str, list[str]]:
        """By target, the columns that the table brings."""
        found: dict[str, list[str]] = {}
        for block in self.blocks:
            target = block.spec.target
            numbers = [source.column.name for source in self.numbers] if target.about_student else []
            brought = [*found.get(target.code, ()), *block.sources, "organization_id", "year", *numbers]
            found[target.code] = list(dict.fromkeys(brought))
        return found

    def read(self, cells: CellColumns, count: int, faults: Faults) -> list[Part]:
        """The rows that a chunk gives, by block."""
        pairs = [(block, part) for block in self.blocks if (part := block.read(cells, count, faults)) is not None]
        if not pairs:
            return []
        school = self.school.values(cells, count, faults)
        numbers = {source.column.name: source.values(cells, count) for source in self.numbers}
        for source in self.numbers:
            self._bad(source, numbers[source.column.name], cells, faults)
        if numbers and all(None in column for column in numbers.values()):
            for index, row in enumerate(zip(*numbers.values(), strict=True)):
                if not any(row):
                    faults.add(index, _no_number(self.numbers[0].heading))
        years: list[Any] | None = None
        if self.year is not None:
            years = self.year.values(cells, count)
            self._bad(self.year, years, cells, faults)
        for block, part in pairs:
            part.values["organization_id"] = school
            part.values["year"] = self._years(years, block.years(part, faults), count)
            if block.spec.target.about_student:
                part.values |= numbers
        return [part for _block, part in pairs]

    def _bad(self, source: Source, values: list[Any], cells: CellColumns, faults: Faults) -> None:
        if source.bad:
            for index, value in enumerate(values):
                if value.__class__ is BadValue:
                    faults.bad(index, value, source.heading, source.shown(cells, index))

    def _years(self, said: list[Any] | None, dated: list[str | None] | None, count: int) -> list[str | None]:
        if said is None and dated is None:
            return [self.chosen] * count
        if said is None or dated is None:
            return [year or self.chosen for year in said or dated or ()]
        return [year or of_date or self.chosen for year, of_date in zip(said, dated, strict=True)]


def _no_number(heading: str) -> Fault:
    return Fault(
        "no_student_number",
        _("No number for the student"),
        _("Fill in the state's or the district's student number; names alone name nobody for sure."),
        heading,
    )


class _Headings:
    """Where each heading of a table stands; raises :class:`FileRefused` where one that matters stands twice."""

    def __init__(self, headings: Sequence[str], known: frozenset[str]) -> None:
        self.headings = headings
        self.places: dict[str, int] = {}
        twice = []
        for index, heading in enumerate(headings):
            # A heading that stands there again has been told apart with a number (``read.headings``).
            again = same(_AGAIN.sub("", heading))
            if again in self.places and again in known:
                twice.append(heading)
            self.places.setdefault(same(heading), index)
        if twice:
            raise FileRefused(
                _("A heading stands twice: %(headings)s") % {"headings": ", ".join(twice)},
                _("Rename or remove one of the two columns: nobody can tell which is meant."),
            )

    def place(self, headings: Sequence[str]) -> int | None:
        """Where the first of the headings that the table has stands."""
        return next((self.places[name] for heading in headings if (name := same(heading)) in self.places), None)

    def source(self, mapped: ColumnMap, column: Column) -> Source | None:
        """A column's source, if the table has what it needs."""
        if mapped.value is not None:
            return Source(mapped, column, (), self.headings)
        wanted = [[heading] for heading in mapped.inputs] if mapped.derive else [mapped.headings]
        found = [index for heading in wanted if (index := self.place(heading)) is not None]
        return Source(mapped, column, tuple(found), self.headings) if len(found) == len(wanted) else None

    def block(self, rows: RowMap, date: str) -> tuple[Block, list[str]]:
        """A block, and the headings that it needs and the table lacks."""
        columns = {column.name: column for column in rows.target.columns}
        sources = {one.name: found for one in rows.columns if (found := self.source(one, columns[one.name]))}
        lacking = [heading for heading in rows.where if self.place([heading]) is None]
        for one in rows.columns:
            if one.name in sources or not (columns[one.name].required or one.name in rows.skip_if_blank):
                continue
            if any(other in sources for other in one.or_else):
                nothing = ColumnMap(one.name, value="", or_else=one.or_else)
                sources[one.name] = Source(nothing, columns[one.name], (), self.headings)
            else:
                lacking.append((*one.headings, *one.inputs)[0])
        conditions = [
            (index, texts, wanted)
            for wanted, said in ((True, rows.where), (False, rows.unless))
            for heading, texts in said.items()
            if (index := self.place([heading])) is not None
        ]
        return Block(rows, sources, conditions, date), lacking


def bind(spec: FileMap, reading: Reading, table: Table) -> Bound:
    """Bind a layout to a table; raises :class:`FileRefused` naming the headings that are missing or stand twice.

    Of a vendor's file the blocks whose headings are missing are left out, and mentioned: vendors drop and add subjects.
    """
    headings = _Headings(table.headings, spec.known())
    blocks, lacking = [], []
    for rows in spec.rows:
        block, without = headings.block(rows, spec.year.date)
        lacking += without
        if not without:
            blocks.append(block)
    about = {column.name: column for column in ABOUT_STUDENT}
    numbers = [found for one in spec.student if (found := headings.source(one, about[one.name]))]
    if spec.student and not numbers:
        lacking.append(_(" or ").join(one.headings[0] for one in spec.student))
        blocks = []
    lacking = list(dict.fromkeys(lacking))
    if lacking and (spec.template or not blocks):
        raise FileRefused(
            _("Headings are missing: %(headings)s") % {"headings": ", ".join(lacking)},
            _("Add the columns, or download the file again with them. Headings stand in the first row."),
        )
    if lacking:
        shown = ", ".join(lacking[:_SHOWN]) + (", …" if len(lacking) > _SHOWN else "")
        reading.notes.append(_("Not in the file, and so not read: %(headings)s.") % {"headings": shown})
    _note_unknown(spec, reading, table)
    year = headings.source(ColumnMap(OF_YEAR.name, spec.year.headings), OF_YEAR)
    school = None if spec.school is None else headings.place(spec.school.headings)
    school_source = SchoolSource(spec.school, reading.places, school, table.headings)
    return Bound(blocks, numbers, school_source, year, str(int(reading.year)))


def _note_unknown(spec: FileMap, reading: Reading, table: Table) -> None:
    """Say which columns are not read: of our templates each (a typing error?), of a vendor's the first and how many."""
    known = spec.known()
    unknown = [heading for heading in table.headings if same(heading) and same(heading) not in known]
    if unknown and not spec.template:
        more = len(unknown) - _SHOWN
        shown = ", ".join(unknown[:_SHOWN]) + (_(" and %(n)d more") % {"n": more} if more > 0 else "")
        reading.notes.append(
            _("Columns of the file that have no place here, and were not read: %(shown)s.") % {"shown": shown}
        )
    elif unknown:
        listed = ", ".join(unknown)
        reading.problems.note(
            "unknown_headings",
            _("Columns that this kind of file does not have: %(headings)s") % {"headings": listed},
            Place(table.name, 1, "", listed),
            advice=_("They were not read. If one of them should be, give it the heading that the template has for it."),
            severity=Severity.NOTED,
        )
