"""What authorities published, read for pages and files: beside computed figures, and on pages of its own.

A published figure was public before it came here: who may open an organization may see it. Masked ones are told as
what they are, an interval or a word; nothing is drawn of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from django.db.models import Q
from django.utils import timezone

from goals.models import Measure, ReportedResult
from goals.models.measure import MeasureKind, Unit
from goals.models.reported import Mask
from goals.published import PUBLICATIONS
from goals.published.beside import pairs
from hstw.values import SchoolYear
from schools.models import ImportBatch, Organization

Key = tuple[int, int, str, str]


@dataclass(frozen=True)
class Published:
    """One published figure. ``difference``: in what it is defined otherwise than what it stands beside; else blank."""

    result: ReportedResult
    difference: str = ""

    @property
    def measure(self) -> Measure:
        """What was published."""
        return self.result.measure

    @property
    def year(self) -> SchoolYear:
        """The population's school year, as ours are told."""
        return SchoolYear(self.result.year)

    @property
    def authority(self) -> str:
        """Who published it, in words."""
        return _authorities().get(self.result.publisher, self.result.publisher)

    @property
    def batch(self) -> ImportBatch | None:
        """The file it came with."""
        return self.result.batch

    @property
    def loaded(self) -> dt.date | None:
        """The day that file was loaded."""
        return None if self.result.batch is None else timezone.localdate(self.result.batch.loaded_at)

    @property
    def value(self) -> Decimal | None:
        """The number, where it is one: a percentage, a mean or a count, as published to at most one decimal."""
        if self.result.value is not None:
            return self.result.value.quantize(Decimal("0.1"), ROUND_HALF_UP)
        if self.result.numerator is None:
            return None
        if self.is_share and self.result.denominator:
            share = Decimal(100 * self.result.numerator) / Decimal(self.result.denominator)
            return share.quantize(Decimal("0.1"), ROUND_HALF_UP)
        return Decimal(self.result.numerator)

    @property
    def is_share(self) -> bool:
        """Whether it is a percentage, which alone can be drawn from 0 to 100."""
        return self.measure.kind == MeasureKind.STUDENT_RATE or self.measure.unit == Unit.PERCENT

    @property
    def text(self) -> str:
        """As it is said: the number, the interval it was published as, or why there is none."""
        if self.value is not None:
            if self.is_share:
                return f"{self.value} %"
            whole = self.value == self.value.to_integral_value()
            return f"{self.value:,.0f}" if whole else f"{self.value:,}"
        return self.interval or self.mask_text

    @property
    def interval(self) -> str:
        """What is known of a masked share: ``> 95 %``, ``21–39 %``; blank where nothing is."""
        low, high = self.result.low, self.result.high
        if low is None or high is None or (low == 0 and high == 100):
            return ""
        if self.result.mask == Mask.TOP and high == 100:
            return f"{'>' if self.result.low_open else '≥'} {_plain(low)} %"
        if self.result.mask == Mask.BOTTOM and low == 0:
            return f"{'<' if self.result.high_open else '≤'} {_plain(high)} %"
        return f"{_plain(low)}–{_plain(high)} %"

    @property
    def mask_text(self) -> str:
        """Why the publisher gives no number; blank where there is one."""
        return "" if not self.result.mask else str(Mask(self.result.mask).label)

    @property
    def counts(self) -> str:
        """``90 / 100``, or how many it was taken over, where that was published."""
        numerator, denominator = self.result.numerator, self.result.denominator
        if denominator is None:
            return ""
        return f"{denominator:,}" if numerator is None else f"{numerator:,} / {denominator:,}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


@cache
def _authorities() -> dict[str, str]:
    return {one.publisher: str(one.source) for one in PUBLICATIONS}


def beside(
    user: Any,
    organizations: Sequence[Organization],
    years: Iterable[int],
    measures: Iterable[str],
    groups: Iterable[str] = ("ALL",),
) -> dict[Key, list[Published]]:
    """What was published of the same measures or of their declared counterparts; one query.

    By (organization, year, computed measure, group), the same definition first.
    """
    wanted = set(measures)
    counterparts = [pair for pair in pairs() if pair.computed in wanted]
    rows = (
        ReportedResult.objects.visible_to(user)
        .filter(
            organization__in=[one.pk for one in organizations],
            year__in=list(years),
            measure__code__in=wanted | {pair.published for pair in counterparts},
            group__code__in=list(groups),
        )
        .select_related("measure", "group", "batch__organization__in_state")
        .order_by("measure__order", "publisher")
    )
    found: dict[Key, list[Published]] = {}
    for row in rows:
        code = row.measure.code
        if code in wanted:
            found.setdefault((row.organization_id, row.year, code, row.group.code), []).insert(0, Published(row))
        for pair in counterparts:
            if pair.published == code:
                key = (row.organization_id, row.year, pair.computed, row.group.code)
                found.setdefault(key, []).append(Published(row, pair.difference))
    return found


def latest(user: Any, organization: Organization, year: SchoolYear) -> list[Published]:
    """The latest figure of all students of every measure published for an organization up to a year; one query."""
    rows = (
        ReportedResult.objects.visible_to(user)
        .filter(organization=organization, group__code="ALL", year__lte=year)
        .select_related("measure", "batch__organization__in_state")
        .order_by("measure_id", "-year", "publisher")
        .distinct("measure_id")
    )
    return sorted((Published(row) for row in rows), key=lambda one: (one.measure.order, one.measure.code))


def results(user: Any, organization: Organization, measure: Measure, *, below: str = "") -> list[ReportedResult]:
    """Everything published of one measure for an organization; with ``below`` for that kind of places in it.

    One query. Of the places below only figures of all students.
    """
    found = ReportedResult.objects.visible_to(user).filter(measure=measure)
    if below:
        found = found.of_level(below).filter(organization__path__startswith=organization.path, group__code="ALL")
    else:
        found = found.filter(organization=organization)
    return list(
        found.select_related("organization__in_state", "measure", "group", "batch__organization__in_state").order_by(
            "year", "group__order", "organization__name", "publisher"
        )
    )


def is_published(user: Any, organization: Organization, measure: Measure) -> bool:
    """Whether anything was published of the measure for the organization or below it."""
    within = Q(organization=organization) | Q(organization__path__startswith=organization.path)
    return ReportedResult.objects.visible_to(user).filter(within, measure=measure).exists()
