"""What pages show: a nomination as somebody reads it, and where an edition stands for somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from awards import editions, nominate, sources
from awards.access import EditionAction, may, place_in
from awards.models import Edition, EditionRole, Nomination, Phase
from awards.models.edition import PhaseKind
from goals.figures import entitled
from hstw import charts
from hstw.access import Action, decide
from hstw.values import SchoolYear


@dataclass
class ClaimShown:
    """A claim as it is read."""

    claim: Mapping[str, Any]
    points: Sequence[Mapping[str, Any]]
    words: str
    counted: bool
    trend: charts.Trend | None
    sentence: str
    changed: bool
    url: str = ""
    has_document: bool = False


@dataclass
class Reading:
    """A nomination as one person reads it; ``exact``: figures of their own school, not to be shared."""

    nomination: Nomination
    document: Mapping[str, Any]
    exact: bool
    claims: list[ClaimShown] = field(default_factory=list)
    own: bool = False

    @property
    def changed(self) -> bool:
        """Whether the record says something else now than when this was submitted."""
        return any(claim.changed for claim in self.claims)


def reading(user: Any, nomination: Nomination) -> Reading:
    """The nomination for ``user``: exact figures only for the school's own people who judge nothing in this edition."""
    judging = place_in(user, nomination.edition) is not None
    exact = not judging and bool(entitled(user, [nomination.organization]))
    own = not judging and bool(decide(user, Action.VIEW_NOMINATIONS, nomination))
    found = nominate.content_of(nomination)
    shown = Reading(nomination, found, exact, own=own)
    changed = nominate.changed_since(nomination, exact=exact)
    for claim in found["claims"]:
        said = claim["exact" if exact else "public"]
        source = sources.source_of(claim["source"])
        url = (
            source.url(nomination.organization, claim["source_key"], claim["current_year"])
            if source is not None and own and claim["source"] != sources.Typed.code
            else ""
        )
        shown.claims.append(
            ClaimShown(
                claim,
                said["points"],
                said["words"],
                said["counted"],
                _trend(said["points"]),
                _sentence(said["points"]),
                claim["key"] in changed,
                url,
                claim["document"] is not None,
            )
        )
    return shown


def _trend(points: Sequence[Mapping[str, Any]]) -> charts.Trend | None:
    drawn = [
        charts.Point(SchoolYear(point["year"]).label, point["text"], float(point["value"]) if point["value"] else None)
        for point in points
    ]
    return charts.trend(drawn, width=220, height=56)


def _sentence(points: Sequence[Mapping[str, Any]]) -> str:
    known = [point for point in points if point["known"]]
    if not known:
        return _("No figure of this may be shown.") if points else ""
    first, last = known[0], known[-1]
    if first is last:
        return _("%(text)s in %(year)s.") % {"text": last["text"], "year": SchoolYear(last["year"]).label}
    words = _("From %(before)s in %(then)s to %(after)s in %(now)s.") % {
        "before": first["text"],
        "then": SchoolYear(first["year"]).label,
        "after": last["text"],
        "now": SchoolYear(last["year"]).label,
    }
    if first["value"] and last["value"] and (change := Decimal(last["value"]) - Decimal(first["value"])):
        words += " " + _("Change: %(change)s.") % {"change": f"{change:+,.10g}".replace("-", "−")}
    return words


@dataclass(frozen=True)
class PhaseShown:
    """A phase with how it stands today and its deadline in the edition's own time zone."""

    label: str
    opens: str
    closes: str
    state: str
    kind: str


def phases_of(edition: Edition, now: dt.datetime | None = None) -> list[PhaseShown]:
    """The phases in their order, deadlines with their time zone."""
    now = now or timezone.now()
    return [
        PhaseShown(
            str(phase.get_kind_display()),
            deadline(phase.opens_at, edition),
            deadline(phase.closes_at, edition),
            "now" if phase.is_on(now) else ("done" if phase.closes_at < now else "later"),
            phase.kind,
        )
        for phase in sorted(edition.phases.all(), key=lambda phase: phase.opens_at)
    ]


def deadline(moment: dt.datetime, edition: Edition) -> str:
    """A moment as a deadline is said: ``March 15, 2027, 11:59 PM EDT``."""
    there = moment.astimezone(edition.zone)
    return f"{date_format(there, 'F j, Y, g:i A')} {there.tzname()}"


def phase_of(edition: Edition, kind: PhaseKind) -> Phase | None:
    """A phase of an edition, from what was read of it."""
    return next((phase for phase in edition.phases.all() if phase.kind == kind), None)


@dataclass(frozen=True)
class Tab:
    """A page of an edition that the person may open."""

    label: str
    name: str


def tabs_of(user: Any, edition: Edition) -> list[Tab]:
    """The pages of an edition that ``user`` may open, in the order of the work."""
    found = [Tab(_("Edition"), "awards:edition")]
    place = place_in(user, edition)
    if may(user, EditionAction.NAME_PANEL, edition) and not edition.past:
        found.append(Tab(_("Panel"), "awards:panel"))
    if place is None:
        return found
    found.append(Tab(_("Conflicts"), "awards:conflicts"))
    if place.role == EditionRole.REVIEWER:
        found.append(Tab(_("Your reading"), "awards:reviews"))
    else:
        found.append(Tab(_("Nominations"), "awards:nominations"))
    if may(user, EditionAction.ASSIGN, edition):
        found.append(Tab(_("Readers"), "awards:assignments"))
    if may(user, EditionAction.AGREE, edition):
        found.append(Tab(_("Consensus"), "awards:consensus"))
    if may(user, EditionAction.DECIDE, edition):
        found.append(Tab(_("Ranking"), "awards:ranking"))
    if may(user, EditionAction.VIEW_LOG, edition):
        found.append(Tab(_("Conflict log"), "awards:conflict_log"))
    return found


def open_for_nominations(now: dt.datetime | None = None) -> list[Edition]:
    """The editions to which a school can be nominated today."""
    rows = Edition.objects.filter(opened_at__isnull=False).prefetch_related("phases").select_related("award")
    return [edition for edition in rows if editions.phase_on(edition, PhaseKind.NOMINATION, now)]


def public_claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    """A figure of the public page, with its line and its sentence."""
    return {**claim, "trend": _trend(claim["points"]), "sentence": _sentence(claim["points"]) or claim["words"]}
