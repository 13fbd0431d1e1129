"""What the last load changed: each figure of all students as it was before (``readiness.previous`` keeps it).

Only those who may see the exact figures of an organization are told: what a figure was before is no part of any
release, and the difference of two exact figures would give away what a release withholds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from goals.figures import rounded
from goals.models import Measure, MeasureCell, PreviousCell
from goals.models.measure import Direction, MeasureKind
from goals.readiness.previous import PUBLISHED
from hstw.access import Action, decide
from hstw.values import SchoolYear
from schools.models import ImportBatch, Organization

ALL = "ALL"
SHOWN = 6


@dataclass(frozen=True)
class Change:
    """One figure of all students, before and after the last load. Exact: not to be shared."""

    measure: Measure
    year: SchoolYear
    before: tuple[int, int]
    after: tuple[int, int] | None

    @property
    def points(self) -> Decimal | None:
        """By how many points it moved; ``None`` for a count, and where it is not known any more."""
        if self.after is None or self.measure.kind != MeasureKind.STUDENT_RATE:
            return None
        return _percent(self.after) - _percent(self.before)

    @property
    def better(self) -> bool | None:
        """Whether it moved the right way; ``None`` where that cannot be said."""
        if not self.points or self.measure.direction == Direction.NEITHER:
            return None
        return (self.points > 0) == (self.measure.direction == Direction.HIGHER)

    @property
    def before_text(self) -> str:
        """What it was, with its students."""
        return self._said(self.before)

    @property
    def after_text(self) -> str:
        """What it is, with its students."""
        return self._said(self.after)

    def _said(self, counts: tuple[int, int] | None) -> str:
        if counts is None:
            return "—"
        if self.measure.kind == MeasureKind.TALLY:
            return f"{counts[0]:,}"
        if self.measure.kind == MeasureKind.MEAN:
            return f"{_percent(counts) / 100:.1f} ({counts[1]:,})"
        return f"{_percent(counts)} % ({counts[0]:,} / {counts[1]:,})"


@dataclass(frozen=True)
class Changes:
    """What moved with the last load: the largest moves first."""

    load: ImportBatch | None
    counted_at: dt.datetime
    moved: list[Change]

    @property
    def shown(self) -> list[Change]:
        """As many as there is room for."""
        return self.moved[:SHOWN]

    @property
    def more(self) -> int:
        """How many more moved."""
        return max(len(self.moved) - SHOWN, 0)


def since_last_load(user: Any, organization: Organization, years: Collection[int]) -> Changes | None:
    """What the last load changed of an organization's figures in these years.

    ``None`` for people without its exact figures, and where nothing moved. Three queries.
    """
    if not decide(user, Action.VIEW_FIGURES, organization):
        return None
    last = _last_load(organization)
    rows = list(
        PreviousCell.objects.filter(organization=organization, year__in=list(years), load=last)
        .select_related("measure")
        .order_by("-changed_at")
    )
    now = {
        (year, measure): (numerator, denominator)
        for year, measure, numerator, denominator in MeasureCell.objects.filter(
            organization=organization, year__in=list(years), group__code=ALL
        ).values_list("year", "measure_id", "numerator", "denominator")
    }
    found = [
        Change(
            row.measure,
            SchoolYear(row.year),
            (row.numerator, row.denominator),
            now.get((row.year, row.measure_id)),
        )
        for row in rows
    ]
    moved = [one for one in found if one.before != one.after]
    moved.sort(key=lambda one: (-abs(one.points or Decimal(0)), -one.year, one.measure.order))
    return Changes(last, rows[0].changed_at, moved) if moved else None


def _last_load(organization: Organization) -> ImportBatch | None:
    """The import of evidence that came last, of those for the organization, above it or below it."""
    step = Organization.steplen
    above = [organization.path[:end] for end in range(2 * step, len(organization.path), step)]
    within = Q(organization__path__in=above) | Q(organization__path__startswith=organization.path)
    applied = ImportBatch.objects.filter(within, applied_at__isnull=False, undone_at=None).exclude(kind__in=PUBLISHED)
    return applied.order_by("-applied_at").first()


def _percent(counts: tuple[int, int]) -> Decimal:
    return rounded(*counts)
