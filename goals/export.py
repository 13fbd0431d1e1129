"""Figures as files: every year, group and place that a page shows, one row each, with a codebook.

A row says the figure as a number where it is one and as its code where it is not; the state of the value stands in a
column of its own. Nothing is in a file that its reader could not see on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from goals import board, explanation, measure_page, reported
from goals.evidence import loaded_of
from goals.explanation import Entry, Section
from goals.figures import Figure, FigureState, figures
from goals.models import Measure, StudentGroup
from goals.reported import Published
from hstw.exports.tables import Cell, Sheet
from hstw.values import SchoolYear
from schools.models import Organization


@dataclass
class Export:
    """A table of figures with what is needed to read it. ``exact``: it holds figures that are not to be shared."""

    title: str
    headings: list[str]
    rows: list[list[Any]]
    exact: bool
    codebook: list[list[str]] = field(default_factory=list)
    measures: list[list[str]] = field(default_factory=list)

    def sheets(self) -> list[Sheet]:
        """As a workbook: the figures, the codebook, and where there are several, the measures one by one."""
        widths = {self.headings[0]: 34, _("Measure"): 40, _("Student group"): 34, _("Published by"): 40}
        formats: dict[str, Any] = {_("Students counted"): "number", _("Of students"): "number"}
        formats |= {_("Certified"): "date"}
        title = _("Figures, do not share") if self.exact else _("Figures")
        made = [Sheet(title, self.headings, self.rows, formats, widths)]
        about = [_("What"), _("Meaning")]
        made.append(Sheet(_("Codebook"), about, self.codebook, widths={about[0]: 34, about[1]: 110}))
        if self.measures:
            heads = [_("Measure"), *about]
            made.append(Sheet(_("Measures"), heads, self.measures, widths={heads[0]: 34, heads[1]: 26, heads[2]: 110}))
        return made


def of_measure(user: Any, organization: Organization, measure: Measure, year: SchoolYear) -> Export:
    """All years, groups and places of the page of one computed measure."""
    about = measure_page.about(user, organization, measure, year)
    years = board.years_to(year)
    below = measure_page.below(organization, year)
    found = figures(user, [organization, *below], years, [measure.code], measure_page.GROUP_CODES)
    beside = reported.beside(user, [organization, *below], years, [measure.code], measure_page.GROUP_CODES)
    made = _export(f"{organization.name}: {measure.name}", [organization, *below], [measure], found, beside)
    made.codebook = _codebook(made, about.told, organization, year)
    return made


def of_board(user: Any, organization: Organization, year: SchoolYear) -> Export:
    """Every measure of the dashboard, with all its years and groups."""
    years = board.years_to(year)
    codes = board.measures_shown()
    measures = list(Measure.objects.filter(code__in=codes))
    found = figures(user, [organization], years, codes, measure_page.GROUP_CODES)
    beside = reported.beside(user, [organization], years, codes, measure_page.GROUP_CODES)
    made = _export(f"{organization.name}: {_('Readiness')}", [organization], measures, found, beside)
    made.codebook = _codebook(made, [], organization, year)
    loaded = loaded_of(organization, board.years_to(year, board.YEARS_SHOWN + 3))
    made.measures = [
        [measure.name, entry.term, entry.whole]
        for measure, told in measure_page.told(organization, measures, year, loaded)
        for section in told
        for entry in section.entries
    ]
    return made


def of_published(user: Any, organization: Organization, measure: Measure, year: SchoolYear) -> Export:
    """Everything published of a measure that is not counted here: all years and groups, and those below."""
    rows = reported.results(user, organization, measure)
    if kind := measure_page.kind_below(organization):
        rows += reported.results(user, organization, measure, below=kind)
    headings = [
        *(_("Organization"), _("Kind"), _("School year"), _("Year as published"), _("Student group"), _("Published")),
        *(_("State of the figure"), _("Students counted"), _("Of students"), _("Published by"), _("File"), _("Loaded")),
    ]
    made = Export(f"{organization.name}: {measure.name}", headings, [], exact=False)
    for row in rows:
        one = Published(row)
        made.rows.append(
            [
                *(row.organization.name, row.organization.get_kind_display(), one.year.label, row.publisher_year),
                *(row.group.name, _published_cell(one), one.mask_text or _("Shown"), row.numerator, row.denominator),
                *(one.authority, one.batch.source if one.batch else "", one.loaded),
            ]
        )
    latest = next((Published(row) for row in reversed(rows) if row.organization_id == organization.pk), None)
    made.codebook = _codebook(made, explanation.of_published(measure, latest), organization, year)
    made.codebook += [[one.term, one.whole] for one in explanation.masks(row.mask for row in rows)]
    return made


# --- the rows --------------------------------------------------------------------------------------------------------
_Columns = list[tuple[str, str, Callable[[Figure, list[Published]], Any]]]


def _columns(exact: bool) -> _Columns:
    """The columns about a figure: heading, what it means, and how it is filled."""
    said = [
        (
            _("Figure"),
            _("The figure as a number (a percentage, or a count); where it is coded or withheld, the code as text."),
            lambda one, beside: value(one),
        ),
        (
            _("State of the figure"),
            _("What is known of the figure; each state is explained below."),
            lambda one, beside: str(one.state.label),
        ),
        (
            _("Group size"),
            _("How many students the figure is about, as far as it may be told."),
            lambda one, beside: one.size_text,
        ),
        (
            _("Certified"),
            _("The day the state closed the year: from then on the figure stays. Blank where the year is open."),
            lambda one, beside: one.certified,
        ),
    ]
    if exact:
        said += [
            (
                _("Students counted"),
                _("The numerator, exactly. Blank where it may not be told."),
                lambda one, beside: one.numerator,
            ),
            (
                _("Of students"),
                _("The denominator, exactly. Blank where it may not be told."),
                lambda one, beside: None if one.tally else one.denominator,
            ),
            (
                _("Revised"),
                _("What was counted after the year was closed, where it differs from the certified figure."),
                lambda one, beside: None if one.revised is None else value(one.revised),
            ),
            (
                _("Sharing"),
                _("“Do not share” marks exact figures: they may tell of single students."),
                lambda one, beside: _("Do not share") if one.exact else "",
            ),
        ]
    said += [
        (
            _("Published"),
            _("What an authority published of the same, as published; never mixed with the figure."),
            lambda one, beside: _published_cell(beside[0]) if len(beside) == 1 else "; ".join(b.text for b in beside),
        ),
        (
            _("Published by"),
            _("Who published it, from which file, and in what its definition differs."),
            lambda one, beside: "; ".join(map(_source_of, beside)),
        ),
    ]
    return said


def _export(
    title: str,
    places: Sequence[Organization],
    measures: Sequence[Measure],
    found: dict[Any, Figure],
    beside: dict[Any, list[Published]],
) -> Export:
    groups = {one.code: one.name for one in StudentGroup.objects.filter(code__in=measure_page.GROUP_CODES)}
    names = {one.pk: (one.name, str(one.get_kind_display())) for one in places}
    measure_names = {one.code: one.name for one in measures}
    exact = any(one.exact or (one.revised is not None and one.revised.exact) for one in found.values())
    several = len(measures) > 1
    columns = _columns(exact)
    headings = [_("Organization"), _("Kind"), *([_("Measure")] if several else []), _("School year")]
    made = Export(title, [*headings, _("Student group"), *(heading for heading, _m, _f in columns)], [], exact)
    order = {code: place for place, code in enumerate(groups)}
    place_of = {one.pk: place for place, one in enumerate(places)}
    ranks = {one.code: (one.order, one.code) for one in measures}
    for key in sorted(found, key=lambda key: (place_of[key[0]], ranks[key[2]], -key[1], order.get(key[3], 0))):
        figure = found[key]
        published = beside.get(key, [])
        # All students always have a row; a group has none in which nobody is, or of a year that is not reported.
        nothing = {FigureState.NOT_APPLICABLE, found.get((*key[:3], "ALL"), figure).state} & board.UNKNOWN
        if figure.state in nothing and key[3] != "ALL" and not published and figure.revised is None:
            continue
        made.rows.append(
            [
                *names[key[0]],
                *([measure_names[key[2]]] if several else []),
                SchoolYear(key[1]).label,
                groups.get(key[3], key[3]),
                *(fill(figure, published) for _h, _m, fill in columns),
            ]
        )
    return made


def value(figure: Figure) -> Any:
    """A figure as a cell: a share with the format of percents, a count, or its code as text."""
    if figure.state != FigureState.SHOWN:
        return figure.text
    if figure.tally:
        return figure.text if figure.numerator is None else Cell(figure.numerator, "number")
    if figure.percent is None or not figure.text.endswith("%"):
        return figure.text
    return Cell(figure.percent / 100, "percent" if figure.exact else "whole_percent")


def _published_cell(one: Published) -> Any:
    if one.value is None:
        return one.text
    return Cell(one.value / 100, "percent") if one.is_share else Cell(Decimal(one.value), "number")


def _source_of(one: Published) -> str:
    parts = [one.authority, one.batch.source if one.batch else "", one.difference]
    return ", ".join(part for part in parts if part)


# --- the codebook ----------------------------------------------------------------------------------------------------
def _codebook(made: Export, told: Sequence[Section], organization: Organization, year: SchoolYear) -> list[list[str]]:
    """The file, each column, each state of a value, and the measure: in the words of its page."""
    entries: list[Entry] = []
    if made.exact:
        entries.append(
            Entry(_("Do not share"), _("This file has exact figures, for those who answer for these students."))
        )
    entries += [
        Entry(_("Organization"), organization.name),
        Entry(_("School year"), year.label),
        Entry(_("Made on"), localdate().isoformat()),
    ]
    meanings = {heading: meaning for heading, meaning, _fill in _columns(exact=True)} | {
        _("Organization"): _("Whose figure it is: the organization of the page, then those directly below it."),
        _("Kind"): _("State, district or school."),
        _("Measure"): _("What is measured; the sheet of measures explains each."),
        _("School year"): _("The population's year; of a class, the year in which it should graduate."),
        _("Student group"): _("Of which students. A student can be in several groups."),
        _("Year as published"): _("The year as the publisher printed it."),
        _("File"): _("The file that it was loaded from."),
        _("Loaded"): _("The day that file was loaded."),
    }
    entries += [
        Entry(_("Column “%(name)s”") % {"name": heading}, meanings[heading])
        for heading in made.headings
        if heading in meanings
    ]
    entries += [Entry(_("State “%(name)s”") % {"name": one.term}, one.text) for one in explanation.states()]
    entries += [entry for section in told for entry in section.entries]
    return [[entry.term, entry.whole] for entry in entries]
