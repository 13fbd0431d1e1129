"""What a person owes to awards: for the first thing on their home page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from awards import conflicts, editions, pages
from awards.models import Assignment, EditionRole, Nomination
from awards.models.edition import PhaseKind
from awards.models.nomination import NominationState
from awards.models.panel import places_of
from hstw.access import Action, prefixes
from schools.owed import Owed


def owed_by(user: Any) -> list[Owed]:
    """Conflicts to declare, nominations to read, one's own school's nomination to finish: with the day it is due."""
    return [*_on_panels(user), *_nominations(user)]


def _on_panels(user: Any) -> list[Owed]:
    found = []
    for place in places_of(user):
        edition = place.edition
        if not edition.is_open or not editions.phase_on(edition, PhaseKind.REVIEW):
            if edition.is_open and place.declared_at is None:
                found.append(_declare(place))
            continue
        if conflicts.has_new(place):
            found.append(_declare(place))
        if place.role != EditionRole.REVIEWER:
            continue
        waiting = (
            Assignment.objects.filter(
                reviewer=place,
                ended_at=None,
                nomination__in=Nomination.objects.on_panels_of(user).order_by().values("pk"),
            )
            .exclude(review__submitted_at__isnull=False)
            .count()
        )
        if waiting:
            phase = pages.phase_of(edition, PhaseKind.REVIEW)
            found.append(
                Owed(
                    ngettext("Read and score one nomination", "Read and score %(n)d nominations", waiting)
                    % {"n": waiting},
                    str(edition),
                    reverse("awards:reviews", args=[edition.slug]),
                    phase.closes_at.astimezone(edition.zone).date() if phase else None,
                )
            )
    return found


def _declare(place: Any) -> Owed:
    return Owed(
        _("Say with which schools you have a conflict of interest"),
        _("%(edition)s: nothing is shown to you before.") % {"edition": place.edition},
        reverse("awards:conflicts", args=[place.edition.slug]),
    )


def _nominations(user: Any) -> list[Owed]:
    """Nominations being written at the person's own schools, while they can be submitted."""
    if not prefixes(user, Action.NOMINATE) or not any(
        grant.role in {"principal", "site_team"} for grant in user.grants()
    ):
        return []
    rows = (
        Nomination.objects.visible_to(user)
        .filter(state=NominationState.DRAFT)
        .select_related("organization", "edition")
    )
    open_now = {edition.pk: edition for edition in pages.open_for_nominations()}
    found = []
    for row in rows.filter(edition__in=open_now)[:5]:
        phase = pages.phase_of(open_now[row.edition_id], PhaseKind.NOMINATION)
        found.append(
            Owed(
                _("Finish the nomination of %(school)s") % {"school": row.organization},
                str(row.edition),
                row.get_absolute_url(),
                phase.closes_at.astimezone(row.edition.zone).date() if phase else None,
            )
        )
    return found
