"""A school's portfolio: its pathways and the credentials its students earned, year by year, each with its source.

:func:`of` is what other apps read: needs and measures of ``goals``, claims of ``awards``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from pathways import ledger
from pathways.models import Pathway
from pathways.models.pathway import Status
from schools.models import CredentialEarned, Organization


@dataclass(frozen=True)
class Offered:
    """An approved pathway in a year. Its source is its own record: ``pathways:pathway`` with ``key``."""

    key: int
    name: str
    cluster: str
    first_year: int
    last_year: int | None
    approved_at: dt.datetime | None


@dataclass(frozen=True)
class CredentialSource:
    """Where credentials of a year come from: an import by its public id, or blank for what was entered by hand."""

    batch: str
    name: str
    lines: int


@dataclass(frozen=True)
class YearOf:
    """One school year of a portfolio.

    ``pathways`` are the approved ones. ``credentials`` are **exact** numbers of students' credentials, ``None`` where
    no line is recorded of the year (no evidence is not zero): show them only to whoever may ``VIEW_FIGURES``;
    everybody else reads the measure through ``goals.figures``.
    """

    year: int
    pathways: tuple[Offered, ...]
    drafts: int
    credentials: ledger.Counts | None
    sources: tuple[CredentialSource, ...]

    @property
    def number_of_pathways(self) -> int:
        """How many approved pathways were offered."""
        return len(self.pathways)

    @property
    def credentials_earned(self) -> int | None:
        """Credentials that count (on the list, none twice); exact."""
        return self.credentials.counted if self.credentials else None

    @property
    def credentials_verified(self) -> int | None:
        """Those of them whose proof somebody has seen; exact."""
        return self.credentials.verified if self.credentials else None


@dataclass(frozen=True)
class Portfolio:
    """An organization's years, in the order asked for."""

    organization: Organization
    years: tuple[YearOf, ...]

    def year(self, year: int) -> YearOf:
        """One of them; raises ``KeyError``."""
        for one in self.years:
            if one.year == year:
                return one
        raise KeyError(year)


def of(organization: Organization, years: Iterable[int]) -> Portfolio:
    """Pathways of the organization itself and credentials earned there and below; four queries however many years."""
    wanted = list(dict.fromkeys(int(year) for year in years))
    if not wanted:
        return Portfolio(organization, ())
    rows = list(
        Pathway.objects.filter(organization=organization, first_year__lte=max(wanted))
        .filter(Q(last_year=None) | Q(last_year__gte=min(wanted)))
        .select_related("cluster")
        .order_by("name", "pk")
    )
    credentials = ledger.by_year(organization, wanted)
    sources = _sources(organization, wanted)
    found = []
    for year in wanted:
        there = [row for row in rows if row.first_year <= year and (row.last_year is None or row.last_year >= year)]
        approved = tuple(_offered(row) for row in there if row.status == Status.APPROVED)
        found.append(
            YearOf(year, approved, len(there) - len(approved), credentials.get(year), tuple(sources.get(year, ())))
        )
    return Portfolio(organization, tuple(found))


def _offered(row: Pathway) -> Offered:
    cluster = row.cluster.title if row.cluster else ""
    return Offered(row.pk, row.name, cluster, row.first_year, row.last_year, row.approved_at)


def _sources(organization: Organization, years: list[int]) -> dict[int, list[CredentialSource]]:
    """By year, the files that brought credentials and what was entered by hand, with their numbers of lines."""
    rows = (
        CredentialEarned.objects.filter(organization__path__startswith=organization.path, year__in=years)
        .order_by()
        .values("year", "batch__public_id", "batch__source")
        .annotate(n=Count("pk"))
        .order_by("year", "batch__source", "batch__public_id")
    )
    found: dict[int, list[CredentialSource]] = {}
    for row in rows:
        batch = str(row["batch__public_id"] or "")
        found.setdefault(row["year"], []).append(CredentialSource(batch, row["batch__source"] or "", row["n"]))
    return found


def years_known(organization: Organization, until: int, most: int = 12) -> list[int]:
    """The years worth showing: from the first pathway or credential to ``until``, at most so many."""
    begun = Pathway.objects.filter(organization=organization).order_by("first_year")
    earned = CredentialEarned.objects.filter(organization__path__startswith=organization.path).order_by("year")
    firsts = [*begun.values_list("first_year", flat=True)[:1], *earned.values_list("year", flat=True)[:1]]
    start = max(min([*firsts, until]), until - most + 1)
    return list(range(start, until + 1))
