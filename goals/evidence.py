"""Which evidence stands behind an organization's figures: from which import, loaded when, reaching to which day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Substr

from goals.readiness import looks_at
from schools.imports.loaded import EXPECTED, label_of
from schools.models import CooperativeMember, EvidenceCoverage, ImportBatch, Organization
from schools.models.organization import Kind, lineage

_TARGETS = {kind.code: kind.target for kind in EXPECTED}


@dataclass(frozen=True)
class Source:
    """One kind of evidence of one year: the import it came with last, if any, and the day it reaches to."""

    kind: str
    label: str
    year: int
    through: dt.date | None
    batch: ImportBatch | None


@dataclass(frozen=True)
class Loaded:
    """What is loaded for an organization over some years."""

    sources: dict[tuple[int, str], Source]

    def of(self, years: Iterable[int], evidence: Sequence[str]) -> list[Source]:
        """The sources of these kinds in these years, the latest year first."""
        wanted = set(years)
        return sorted(
            (
                source
                for (year, kind), source in self.sources.items()
                if year in wanted and any(looks_at.names(asked, kind) for asked in evidence)
            ),
            key=lambda source: (-source.year, source.label),
        )

    def latest(self, count: int) -> list[Source]:
        """What was loaded last, each import once."""
        found: dict[int, Source] = {}
        dated = [one for one in self.sources.values() if one.batch is not None]
        for source in sorted(dated, key=lambda one: (one.batch.loaded_at, one.year), reverse=True):  # type: ignore[union-attr]
            found.setdefault(source.batch.pk, source)  # type: ignore[union-attr]
        return list(found.values())[:count]

    def through(self, year: int, evidence: Sequence[str]) -> dt.date | None:
        """The day to which all of these kinds reach in that year: the earliest of theirs."""
        reached = []
        for asked in evidence:
            named = [one for (of, kind), one in self.sources.items() if of == year and looks_at.names(asked, kind)]
            days = [one.through for one in named]
            if known := [day for day in days if day]:
                reached.append(max(known))
        return min(reached, default=None)


def loaded_of(organization: Organization, years: Sequence[int]) -> Loaded:
    """What is loaded for it, for those above it, and for the schools below it; one query.

    What is loaded for members of a cooperative, at any time, is loaded for the cooperative.
    Of several imports of a kind and year the latest counts.
    """
    # From the state down: nothing is loaded for a region.
    within = Q(organization__path__in=lineage(organization.path)[1:-1]) | Q(organization=organization)
    if organization.kind != Kind.SCHOOL:
        within |= Q(organization__path__startswith=organization.path)
    if organization.kind == Kind.COOPERATIVE:
        members = CooperativeMember.objects.filter(cooperative=organization, member__path=OuterRef("within"))
        schools = Organization.objects.annotate(within=Substr("path", 1, 3 * Organization.steplen)).filter(
            Exists(members)
        )
        within |= Q(organization__in=schools.order_by().values("pk"))
    rows = (
        EvidenceCoverage.objects.filter(within, year__in=list(years))
        .select_related("batch__organization__in_state")
        .order_by("year", "kind", F("batch__loaded_at").desc(nulls_last=True), "-pk")
        .distinct("year", "kind")
    )
    return Loaded(
        {
            (row.year, row.kind): Source(row.kind, label_of(row.kind), row.year, row.through_date, row.batch)
            for row in rows
        }
    )


def target_of(kind: str) -> str:
    """What is imported for a kind of evidence, as a measure names it."""
    return _TARGETS.get(kind.partition(":")[0], "")
