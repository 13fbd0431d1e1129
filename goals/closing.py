"""Close a state's school year, which certifies its results, and reopen one, with a reason that is kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from goals import certified
from goals.models import MeasureCell, StalePair
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.values import SchoolYear
from schools.imports.loaded import Line, lines
from schools.models import Organization, User, YearClose
from schools.models.organization import Kind

log = structlog.get_logger(__name__)


class CannotClose(ValueError):
    """A year that cannot be closed, or reopened, now: why, in words for the person who asked."""


@dataclass(frozen=True)
class Readiness:
    """What a person should know before closing a year: what stands against it, and what is not loaded of it."""

    against: list[str]
    missing: list[Line]
    measures: int


def before_closing(state: Organization, year: SchoolYear, today: dt.date | None = None) -> Readiness:
    """What closing the year would mean; a constant number of queries."""
    counted = MeasureCell.objects.filter(organization=state, year=year).values("measure").distinct().count()
    return Readiness(
        against=_against(state, year, today or timezone.localdate()),
        missing=[line for line in lines(state, year) if line.cell.state in {"none", "part"}],
        measures=counted,
    )


def _against(state: Organization, year: SchoolYear, today: dt.date) -> list[str]:
    if state.kind != Kind.STATE:
        return [_("Only a state closes a school year.")]
    found = []
    if YearClose.objects.standing().filter(organization=state, year=year).exists():
        found.append(_("%(year)s is closed already.") % {"year": year.label})
    if year.last_day >= today:
        found.append(_("%(year)s is not over.") % {"year": year.label})
    if not MeasureCell.objects.filter(organization=state, year=year).exists():
        found.append(_("Nothing has been counted for %(year)s.") % {"year": year.label})
    if StalePair.objects.filter(organization=state, year=year).exists():
        found.append(_("New evidence is still being counted. It takes about a minute; then close the year."))
    return found


def close(state: Organization, year: SchoolYear, by: User | None, note: str = "") -> YearClose:
    """Certify every result of the year that can be known today, exact and as released to the network.

    Waits for a rollup of the same year that is at work. Raises :class:`CannotClose` with what stands against it.
    """
    with transaction.atomic():
        for basis in Basis:
            rollup.hold(state, basis, year)
        # Evidence that has come in and was not marked yet would be certified as if it had not.
        while rollup.mark_new():
            pass
        if against := _against(state, year, timezone.localdate()):
            raise CannotClose(" ".join(against))
        made = YearClose.objects.create(organization=state, year=year, by=by, note=note.strip())
        cells = certified.certify(made)
    log.info("year closed", state=state.slug, year=int(year), by=by.pk if by else None, cells=cells)
    return made


def reopen(closed: YearClose, by: User | None, reason: str) -> None:
    """Let the figures counted since stand again. What was certified is kept with the closing, and so is the reason.

    Raises :class:`CannotClose` without a reason, and for a year that is open.
    """
    reason = reason.strip()
    if not reason:
        raise CannotClose(_("Say why the year is reopened."))
    with transaction.atomic():
        found = YearClose.objects.select_for_update(of=("self",)).get(pk=closed.pk)
        if found.reopened_at is not None:
            raise CannotClose(_("%(year)s is open already.") % {"year": found.school_year.label})
        found.reopened_at, found.reopened_by, found.reason = timezone.now(), by, reason
        found.save(update_fields=["reopened_at", "reopened_by", "reason"])
    log.info("year reopened", state=closed.organization.slug, year=closed.year, by=by.pk if by else None)


def closings_of(state: Organization) -> list[YearClose]:
    """Every closing of a state's years, the latest year first, reopened ones included."""
    return list(
        YearClose.objects.filter(organization=state)
        .select_related("organization", "by", "reopened_by")
        .order_by("-year", "-closed_at")
    )
