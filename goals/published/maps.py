"""How files of published results are described: tables that a reader who knows the files, not Python, can check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goals.published import masks
from schools.models.organization import Kind


@dataclass(frozen=True)
class Cell:
    """One measure in a row: the headings of its value and counts, and how they are read.

    ``group`` and ``year`` are given where the heading, not the row, says them. ``when`` is a heading and the value
    it must have for the cell to be this measure. ``years_back`` takes the printed year to the population's.
    """

    measure: str
    value: str = ""
    numerator: str = ""
    denominator: str = ""
    # 100 where the file writes a fraction of one, so that percent is stored.
    times: int = 1
    read: masks.Reader = masks.plain
    masking: str = ""
    group: str = "ALL"
    year: str = ""
    years_back: int = 0
    when: tuple[str, str] | None = None

    @property
    def headings(self) -> list[str]:
        """The headings it reads."""
        named = (self.value, self.numerator, self.denominator, self.masking, self.when[0] if self.when else "")
        return [heading for heading in named if heading]


@dataclass(frozen=True)
class Sheet:
    """One table of a publication.

    ``organization`` is the heading of the id (or name) of whom the row is about; blank where the only row is the
    state's. ``year`` and ``group`` are headings; without a heading of years the year chosen at upload is meant,
    unless the cells know theirs. ``cells`` may be made from the headings of wide files. ``fips`` is the heading of
    the state in national files.
    """

    cells: Sequence[Cell] | Callable[[Sequence[str]], Sequence[Cell]]
    organization: str = ""
    year: str = ""
    group: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    fips: str = ""
    # Headings of the organization's name, where numbers are given anew: the first one there is compared with ours.
    names: tuple[str, ...] = ()
    # Headings that tell the table apart from others, beside those above.
    has: frozenset[str] = frozenset()
    has_not: frozenset[str] = frozenset()

    def cells_of(self, headings: Sequence[str]) -> Sequence[Cell]:
        """The cells of a table with these headings."""
        return self.cells(headings) if callable(self.cells) else self.cells

    def fits(self, headings: Sequence[str]) -> bool:
        """Whether a table is of this sort: all that it needs is there."""
        there = set(headings)
        cells = self.cells_of(headings)
        needed = {self.organization, self.year, self.group, self.fips, *self.has} - {""}
        if not callable(self.cells):
            needed |= {heading for cell in cells for heading in cell.headings}
        return bool(cells) and needed <= there and not self.has_not & there


@dataclass(frozen=True)
class Cooperative:
    """An aggregate that overlaps the districts: the state's id and name, and other names the directory may use."""

    state_id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Publication:
    """The files of one publisher: their sheets, whom they are about, and what the printed year means."""

    code: str
    title: Any
    source: Any
    publisher: str
    sheets: tuple[Sheet, ...]
    year_means: Any
    help: Any = ""
    # Two-letter code of the state whose files these are; blank for the nation.
    state: str = ""
    kinds: frozenset[str] = frozenset({Kind.STATE})
    finds: tuple[str, ...] = (Kind.STATE, Kind.DISTRICT, Kind.COOPERATIVE, Kind.SCHOOL)
    # What the file writes for the state as a whole, and for what lies beyond it.
    whole_state: frozenset[str] = frozenset()
    beyond: frozenset[str] = frozenset()
    # What the file writes for aggregates that overlap the districts.
    cooperatives: Mapping[str, Cooperative] = field(default_factory=dict)

    def sheet(self, headings: Sequence[str]) -> Sheet | None:
        """The sheet that a table is, if it is one of this publication."""
        return next((sheet for sheet in self.sheets if sheet.fits(headings)), None)
