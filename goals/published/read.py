"""Reads a publication: each row's cells become published results, a masked one an interval with its code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from goals.models import Measure, StudentGroup
from goals.models.measure import MeasureKind
from goals.models.reported import Mask
from goals.published.maps import Cell, Publication, Sheet
from goals.published.masks import Interval
from goals.published.target import REPORTED_RESULT, STAGED
from goals.published.whom import BEYOND, Whom
from schools.imports.problems import FileRefused, Place
from schools.imports.read.table import CHUNK, Table
from schools.imports.registry import Reading, Stage
from schools.imports.values import BadValue, Integer, Memo, Year, bare, clean
from schools.models.imports import Severity

# As many decimals as the model keeps: more than any publisher prints, fewer than a computer's noise.
_PLACES = Decimal(1).scaleb(-10)
# Rates are printed with one decimal at least: what is farther off is not rounding.
_ROUNDING = Decimal("0.1")
_COUNT = Integer(0, 10**12)

Result = dict[str, str | None]


class Unread(Exception):
    """A cell of a row that cannot be read, with its heading and value; the row is left out."""

    def __init__(self, bad: BadValue, column: str, value: str) -> None:
        super().__init__(bad.cause)
        self.bad, self.column, self.value = bad, column, value


@dataclass(frozen=True)
class _Definition:
    pk: str
    mean: bool


class Reader:
    """One reading of one publication."""

    def __init__(self, publication: Publication, reading: Reading) -> None:
        self.publication, self.reading = publication, reading
        self.whom = Whom(publication, reading)
        self.measures = {
            code: _Definition(str(pk), kind == MeasureKind.MEAN)
            for code, pk, kind in Measure.objects.values_list("code", "pk", "kind")
        }
        self.groups = {code: str(pk) for code, pk in StudentGroup.objects.values_list("code", "pk")}
        self.years = Memo(Year())
        self.masked: Counter[str] = Counter()
        self.beyond = self.empty = self.rows = 0
        self.named: set[tuple[str, str]] = set()

    def read(self) -> None:
        """Read every table that is a sheet of the publication; say what was left aside."""
        stage: Stage | None = None
        for name, table in self.reading.tables.items():
            sheet = self.publication.sheet(table.headings)
            if sheet is None:
                self.reading.notes.append(_("%(file)s has no published results; it was not read.") % {"file": name})
                continue
            stage = stage or self.reading.sink.open(REPORTED_RESULT.code, STAGED)
            self._read_table(name, table, sheet, stage)
        if stage is None:
            raise FileRefused(
                _("No table here is one of those that %(title)s has.") % {"title": self.publication.title},
                _("Use the files as they were published, with their headings."),
            )
        self._say_what_was_left_aside()

    def _read_table(self, name: str, table: Table, sheet: Sheet, stage: Stage) -> None:
        row_of = SheetRows(self, sheet, table.headings)
        for chunk in table.chunks():
            lines: list[int] = []
            results: list[Result] = []
            for line, cells in zip(chunk.lines, chunk.rows, strict=True):
                try:
                    found = row_of.results(name, line, cells)
                except Unread as unread:
                    bad = unread.bad
                    place = Place(name, line, unread.column, unread.value)
                    self.reading.problems.note(bad.cause, bad.text, place, advice=bad.advice)
                    self.reading.problems.reject(name, line, bad.text, table.headings, cells)
                    continue
                results += found
                lines += [line] * len(found)
                while len(results) >= CHUNK:
                    _put(stage, name, lines[:CHUNK], results[:CHUNK])
                    del lines[:CHUNK], results[:CHUNK]
            _put(stage, name, lines, results)
            self.rows += len(chunk.lines)
            self.reading.say(self.rows)

    def _say_what_was_left_aside(self) -> None:
        notes = self.reading.notes
        if self.masked:
            words = "; ".join(f"{Mask(code).label}: {n:,}" for code, n in self.masked.most_common())
            notes.append(_("Masked by the publisher, and stored as such: %(counts)s.") % {"counts": words})
        if self.beyond:
            notes.append(_("%(n)s rows are about others, and were passed over.") % {"n": f"{self.beyond:,}"})
        if self.empty:
            notes.append(_("%(n)s rows have no result that we know.") % {"n": f"{self.empty:,}"})


def _put(stage: Stage, name: str, lines: Sequence[int], results: Sequence[Result]) -> None:
    if lines:
        stage.put(name, lines, {column: [result[column] for result in results] for column in STAGED})


class SheetRows:
    """Turns rows of one table into results."""

    def __init__(self, reader: Reader, sheet: Sheet, headings: Sequence[str]) -> None:
        self.reader, self.sheet = reader, sheet
        self.at = {heading: place for place, heading in reversed(list(enumerate(headings)))}
        self.cells = sheet.cells_of(headings)
        self.groups = {text.casefold(): code for text, code in sheet.groups.items()}
        self.name = next((heading for heading in sheet.names if heading in self.at), "")

    def results(self, file: str, line: int, row: Sequence[str]) -> list[Result]:
        """The results of one row; raises :class:`Unread` where a cell of it cannot be read."""
        said = {heading: clean(row[self.at[heading]]) for heading in self._row_headings()}
        if self.sheet.fips and said[self.sheet.fips].zfill(2) not in self.reader.whom.fips:
            self.reader.beyond += 1
            return []
        here = [cell for cell in self.cells if cell.when is None or self._text(row, cell.when[0]) == cell.when[1]]
        if not here:
            heading = next(cell.when[0] for cell in self.cells if cell.when)
            text = _("Not one of the kinds of result this column knows")
            raise Unread(BadValue("unknown_kind", text), heading, self._text(row, heading))
        found = [(cell, figures) for cell in here if (figures := self._figures(cell, row)) is not None]
        if not found:
            self.reader.empty += 1
            return []
        organization = self._organization(said)
        if organization == BEYOND:
            self.reader.beyond += 1
            return []
        group = self._group(said)
        self._compare_name(file, line, organization, self._text(row, self.name))
        results = []
        for cell, figures in found:
            self._compare(file, line, cell, figures)
            year, printed = self._year(said, cell)
            if figures["mask"]:
                self.reader.masked[figures["mask"]] += 1
            results.append(
                {
                    "organization_id": organization,
                    "year": year,
                    "measure_id": self.reader.measures[cell.measure].pk,
                    "group_id": group or self.reader.groups[cell.group],
                    "publisher": self.reader.publication.publisher,
                    "publisher_year": printed,
                    **figures,
                }
            )
        return results

    def _row_headings(self) -> list[str]:
        sheet = self.sheet
        return [heading for heading in (sheet.organization, sheet.year, sheet.group, sheet.fips) if heading]

    def _text(self, row: Sequence[str], heading: str) -> str:
        return clean(row[self.at[heading]]) if heading else ""

    def _organization(self, said: dict[str, str]) -> str:
        if not self.sheet.organization:
            return self.reader.whom.state
        text = said[self.sheet.organization]
        found = self.reader.whom[text]
        if isinstance(found, BadValue):
            raise Unread(found, self.sheet.organization, text)
        return found

    def _group(self, said: dict[str, str]) -> str:
        """The group that the row names; blank where the sheet has no column of groups."""
        if not self.sheet.group:
            return ""
        text = said[self.sheet.group]
        code = self.groups.get(text.casefold())
        if code is None:
            advice = _("Ask for the group to be added; a group is never guessed from its name.")
            bad = BadValue("unknown_group", _("A student group that is not known"), advice)
            raise Unread(bad, self.sheet.group, text)
        return self.reader.groups[code]

    def _year(self, said: dict[str, str], cell: Cell) -> tuple[str, str | None]:
        """Our year of a cell, and the year as printed."""
        printed = cell.year or (said[self.sheet.year] if self.sheet.year else "")
        if not printed:
            if self.sheet.year:
                raise Unread(BadValue("not_a_year", _("Not a school year")), self.sheet.year, "")
            return str(self.reader.reading.year), None
        found = self.reader.years[printed]
        if found is None or isinstance(found, BadValue):
            bad = found or BadValue("not_a_year", _("Not a school year"))
            raise Unread(bad, self.sheet.year or cell.value, printed)
        return str(int(found) - cell.years_back), printed

    def _figures(self, cell: Cell, row: Sequence[str]) -> Result | None:
        """What a cell says: counts, value, mask and bounds as text; ``None`` where nothing was published."""
        masking = self._text(row, cell.masking)
        mean = self.reader.measures[cell.measure].mean
        value = self._read(cell, cell.value, row, masking)
        counted = (cell.numerator, cell.denominator)
        counts = [self._read(cell, heading, row, "") for heading in counted]
        numerator, denominator = (self._count(*one) for one in zip(counted, counts, strict=True))
        if numerator and denominator and int(numerator) > int(denominator) and not isinstance(value, Interval):
            raise Unread(_beyond(), cell.numerator, numerator)
        hidden = value if isinstance(value, Interval) else counts[0] if value is None else None
        if isinstance(hidden, Interval):
            # Bounds are percentages: a count or a mean that is hidden has none. A withheld rate is just that.
            mask = Mask.SUPPRESSED if hidden.mask == Mask.COUNTS else hidden.mask
            return _figures(mask, hidden if isinstance(value, Interval) and not mean else None, denominator)
        if isinstance(value, str):
            rate = self._scaled(cell, value, 10_000 if mean else 100)
            withheld = any(isinstance(count, Interval) for count in counts)
            if withheld:
                numerator = denominator = None
            return _figures("counts" if withheld else "", None, denominator, numerator, rate)
        return None if numerator is None else _figures("", None, denominator, numerator)

    def _read(self, cell: Cell, heading: str, row: Sequence[str], masking: str) -> str | Interval | None:
        if not heading:
            return None
        text = self._text(row, heading)
        try:
            return cell.read(text, masking)
        except BadValue as bad:
            raise Unread(bad, heading, text) from None

    @staticmethod
    def _count(heading: str, count: str | Interval | None) -> str | None:
        if not isinstance(count, str):
            return None
        try:
            return _COUNT(count)
        except BadValue as bad:
            raise Unread(bad, heading, count) from None

    @staticmethod
    def _scaled(cell: Cell, text: str, limit: int) -> str:
        scaled = (Decimal(text) * cell.times).quantize(_PLACES)
        if scaled > limit:
            bad = BadValue("out_of_range", _("More than 100 percent"), _("Check the column: two may be swapped."))
            raise Unread(bad, cell.value, text)
        return f"{scaled.normalize():f}"

    def _compare_name(self, file: str, line: int, organization: str, name: str) -> None:
        """A number that stands with another name than ours may have been given to another school since."""
        if not name or organization == self.reader.whom.state or (organization, name) in self.reader.named:
            return
        self.reader.named.add((organization, name))
        ours = self.reader.reading.places.names.get(int(organization), "")
        if not ours or bare(name) == bare(ours):
            return
        self.reader.reading.problems.note(
            "other_name",
            _("The directory has another name for this number"),
            Place(file, line, self.name, f"{name} ({ours})"),
            advice=_("Where the number was given to another school since, its results do not belong to that one."),
            severity=Severity.NOTED,
        )

    def _compare(self, file: str, line: int, cell: Cell, figures: Result) -> None:
        """A published rate that is not its own numerator over its denominator is loaded, and pointed at."""
        value, numerator, denominator = figures["value"], figures["numerator"], figures["denominator"]
        if value is None or numerator is None or denominator in {None, "0"}:
            return
        if self.reader.measures[cell.measure].mean:
            return
        if abs(Decimal(value) - 100 * Decimal(numerator) / Decimal(denominator or 1)) > _ROUNDING:
            self.reader.reading.problems.note(
                "rate_disagrees",
                _("The rate is not the numerator over the denominator"),
                Place(file, line, cell.value, value),
                advice=_("Both are stored as published; ask the publisher which is right."),
                severity=Severity.NOTED,
            )


def _beyond() -> BadValue:
    """The same words as the target's own check, for the whole row: no half of it is loaded."""
    (check,) = REPORTED_RESULT.checks
    return BadValue(check.cause, check.text, check.advice)


def _figures(
    mask: str,
    interval: Interval | None,
    denominator: str | None,
    numerator: str | None = None,
    value: str | None = None,
) -> Result:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "value": value,
        "mask": str(mask),
        "low": str(interval.low) if interval else None,
        "high": str(interval.high) if interval else None,
        "low_open": str(bool(interval and interval.low_open)).lower(),
        "high_open": str(bool(interval and interval.high_open)).lower(),
    }
