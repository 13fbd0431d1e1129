"""A measure that is only published: its line over the years, its groups, and those below, as the authority told it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from goals import board, reported
from goals.measure_page import CHART_HEIGHT, CHART_WIDTH, kind_below
from goals.models import Measure
from goals.reported import Published
from hstw import charts
from hstw.values import SchoolYear
from schools.models import Organization


@dataclass
class PublishedPage:
    """The whole page: ``shown`` is the latest figure of all students up to the year asked for, else the first one."""

    measure: Measure
    shown: Published | None
    series: list[Published]
    trend: charts.Trend | None
    sentence: str
    groups: list[tuple[str, list[Published]]]
    places: list[Published]
    year: SchoolYear


def about(user: Any, organization: Organization, measure: Measure, year: SchoolYear, sort: str) -> PublishedPage:
    """Everything on the page; two queries. ``sort``: ``name`` or ``figure``, with a ``-`` the other way round."""
    own = [Published(row) for row in reported.results(user, organization, measure)]
    kind = kind_below(organization)
    below = [Published(row) for row in reported.results(user, organization, measure, below=kind)] if kind else []
    years = sorted({one.year for one in own} or {one.year for one in below})
    shown_year = max((one for one in years if one <= year), default=years[0] if years else year)
    series = _one_a_year([one for one in own if one.result.group.code == "ALL"])[-board.YEARS_SHOWN :]
    return PublishedPage(
        measure=measure,
        shown=next((one for one in series if one.year == shown_year), None),
        series=series,
        trend=charts.trend(
            [charts.Point(one.year.label, one.text, one.value) for one in series],
            width=CHART_WIDTH,
            height=CHART_HEIGHT,
            margin=30,
        ),
        sentence=sentence(series),
        groups=_by_dimension([one for one in own if one.year == shown_year]),
        places=_sorted(_one_a_place([one for one in below if one.year == shown_year]), sort),
        year=shown_year,
    )


def sentence(series: list[Published]) -> str:
    """What the line says: the first and the last value that were published as numbers."""
    known = [one for one in series if one.value is not None]
    if not known:
        return _("No figure of these years was published as a number.")
    first, last = known[0], known[-1]
    said = {"first": first.text, "from": first.year.label, "last": last.text, "to": last.year.label}
    if first is last:
        return _("%(last)s in %(to)s; no other year was published as a number.") % said
    return _("From %(first)s in %(from)s to %(last)s in %(to)s.") % said


def _one_a_year(found: list[Published]) -> list[Published]:
    """The first publisher of each year: two that publish the same stand beside each other in the file, not here."""
    return list({one.year: one for one in reversed(found)}.values())[::-1]


def _one_a_place(found: list[Published]) -> list[Published]:
    return list({one.result.organization_id: one for one in reversed(found)}.values())[::-1]


def _by_dimension(found: list[Published]) -> list[tuple[str, list[Published]]]:
    by_dimension: dict[str, list[Published]] = {}
    for one in found:
        by_dimension.setdefault(str(one.result.group.get_dimension_display()), []).append(one)
    return list(by_dimension.items())


def _sorted(found: list[Published], sort: str) -> list[Published]:
    by, reverse = sort.removeprefix("-"), sort.startswith("-")
    if by == "figure":
        known = [one for one in found if one.value is not None]
        known.sort(key=lambda one: one.value or Decimal(0), reverse=reverse)
        return known + [one for one in found if one.value is None]
    return sorted(found, key=lambda one: one.result.organization.name, reverse=reverse)
