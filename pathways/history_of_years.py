"""How the portfolio page tells the years: a picture of pathways by year, and a line of credentials beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hstw.charts import Point, Trend, trend
from hstw.values import SchoolYear
from pathways import portfolio
from pathways.models import Pathway
from schools.models import Organization

MOST_ROWS = 40


@dataclass(frozen=True)
class Row:
    """One pathway and, for each year, whether it was offered."""

    pathway: Pathway
    years: list[tuple[SchoolYear, bool]]


@dataclass(frozen=True)
class Story:
    """The years, what was offered in each, the credentials earned, and the change in a sentence."""

    years: list[SchoolYear]
    rows: list[Row]
    counts: list[tuple[SchoolYear, int]]
    now: portfolio.YearOf
    sentence: str
    pathways: Trend | None
    credentials: Trend | None
    credential_sentence: str
    sources: tuple[portfolio.CredentialSource, ...]


def of(organization: Organization, visible: Any, year: SchoolYear, *, exact: bool) -> Story:
    """The story of an organization until ``year``; credentials only where ``exact`` numbers may be shown."""
    years = portfolio.years_known(organization, int(year))
    found = portfolio.of(organization, years)
    labels = [SchoolYear(one) for one in years]
    rows = [
        Row(row, [(one, row.first_year <= one and (row.last_year is None or row.last_year >= one)) for one in labels])
        for row in visible.filter(first_year__lte=int(year)).order_by("first_year", "name", "pk")[:MOST_ROWS]
    ]
    counts = [(SchoolYear(one.year), one.number_of_pathways) for one in found.years]
    now = found.years[-1]
    earned = [(SchoolYear(one.year), one.credentials_earned) for one in found.years] if exact else []
    known = [(one, n) for one, n in earned if n is not None]
    return Story(
        labels,
        rows,
        counts,
        now,
        _grown(counts),
        trend([Point(one.label, str(n), n) for one, n in counts]) if len(counts) > 1 else None,
        trend([Point(one.label, "" if n is None else str(n), n) for one, n in earned]) if len(known) > 1 else None,
        _earned(known),
        now.sources if exact else (),
    )


def _grown(counts: list[tuple[SchoolYear, int]]) -> str:
    first, last = counts[0], counts[-1]
    words = ngettext("%(n)s approved pathway in %(year)s", "%(n)s approved pathways in %(year)s", last[1]) % {
        "n": last[1],
        "year": last[0].label,
    }
    if first[0] == last[0] or first[1] == last[1]:
        return f"{words}."
    return _("%(words)s; %(n)s in %(year)s.") % {"words": words, "n": first[1], "year": first[0].label}


def _earned(known: list[tuple[SchoolYear, int]]) -> str:
    if not known:
        return ""
    first, last = known[0], known[-1]
    words = ngettext("%(n)s credential earned in %(year)s", "%(n)s credentials earned in %(year)s", last[1]) % {
        "n": last[1],
        "year": last[0].label,
    }
    if first[0] == last[0]:
        return f"{words}."
    return _("%(words)s; %(n)s in %(year)s.") % {"words": words, "n": first[1], "year": first[0].label}
