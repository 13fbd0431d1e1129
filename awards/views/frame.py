"""What the pages of “Awards” share: how each gets its edition, nomination or review, and how it is shown."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from awards import access, conflicts, pages
from awards.access import EditionAction
from awards.models import Edition, Nomination, Review
from hstw.access import Action
from hstw.navigation import at, current_year, in_section
from hstw.require import require
from schools.scope import signed_in


def edition_for(request: HttpRequest, slug: str, action: EditionAction | None = None) -> Edition:
    """The edition of a URL; one that is not open yet is known to its panel and to those who set up editions.

    404 where the person may not know of it, 403 with the reason where they may know but not do ``action``.
    """
    in_section(request, "awards")
    edition = get_object_or_404(Edition.objects.select_related("award").prefetch_related("phases"), slug=slug)
    user = request.user
    known = edition.past or edition.is_open
    if not known and access.place_in(user, edition) is None and not access.may(user, EditionAction.SET_UP, edition):
        raise Http404
    if action is not None:
        access.require(user, action, edition)
    return edition


def nomination_for(request: HttpRequest, public_id: uuid.UUID, action: EditionAction | None = None) -> Nomination:
    """A nomination that the person may read.

    404 otherwise, the same as for one that is not there; where a conflict of interest is why, the log says so.
    """
    in_section(request, "awards")
    rows = Nomination.objects.select_related("organization__in_state", "edition__award", "signed_by").prefetch_related(
        "edition__phases"
    )
    rows = rows.on_panels_of(request.user) if action is not None else rows.visible_to(request.user)
    nomination = rows.filter(public_id=public_id).first()
    if nomination is None:
        hidden = Nomination.objects.filter(public_id=public_id).select_related("organization", "edition")
        conflicts.note_refusal(request.user, hidden, request.path)
        raise Http404
    if action is not None:
        access.require(request.user, action, nomination.edition)
    return nomination


def own_nomination(request: HttpRequest, public_id: uuid.UUID, action: Action = Action.NOMINATE) -> Nomination:
    """A nomination of one's own school, to ``action``: write it, sign it."""
    nomination = nomination_for(request, public_id)
    require(signed_in(request), action, nomination)
    return nomination


def review_for(request: HttpRequest, public_id: uuid.UUID) -> Review:
    """A review of one's own; 404 for anybody else's, and for one whose nomination a conflict shuts out."""
    in_section(request, "awards")
    review = (
        Review.objects.visible_to(request.user)
        .filter(assignment__reviewer__user=signed_in(request).pk)
        .select_related(
            "assignment__reviewer", "assignment__nomination__edition__award", "assignment__nomination__organization"
        )
        .filter(public_id=public_id)
        .first()
    )
    if review is None:
        hidden = Nomination.objects.filter(assignments__review__public_id=public_id)
        conflicts.note_refusal(request.user, hidden.select_related("organization", "edition"), request.path)
        raise Http404
    return review


def visible(request: HttpRequest, edition: Edition) -> list[Nomination]:
    """Every submitted nomination of an edition that the person reads by their place on its panel."""
    rows = Nomination.objects.on_panels_of(request.user).submitted().filter(edition=edition)
    found = list(rows.for_lists().order_by("number"))
    for one in found:
        one.edition = edition
    return found


def show(
    request: HttpRequest, edition: Edition | None, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """A page about an edition, or about awards as such."""
    if edition is not None:
        context |= context_of(request, edition)
    return render(request, template, context, status=status)


def context_of(request: HttpRequest, edition: Edition) -> dict[str, Any]:
    """What the template of every page about an edition reads: it, the pages the person may open, and which this is."""
    return {"edition": edition, "tabs": pages.tabs_of(request.user, edition), "here": here(request)}


def here(request: HttpRequest) -> str:
    """The name of the page's route."""
    return request.resolver_match.view_name if request.resolver_match else ""


def at_school(request: HttpRequest, nomination: Nomination) -> None:
    """Tell the bar which school the page is about."""
    at(request, nomination.organization, current_year())


def absolute(request: HttpRequest, name: str, *args: Any) -> str:
    """A link for a letter."""
    return request.build_absolute_uri(reverse(name, args=args))
