"""The one way to fetch an organization for a person, and to tell the page's bar about it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from hstw.access import Action
from hstw.navigation import at
from hstw.require import require
from hstw.values import SchoolYear
from schools import organizations
from schools.models import Organization, User


def signed_in(request: HttpRequest) -> User:
    """The person of a request that ``login_required`` has let through."""
    assert isinstance(request.user, User)
    return request.user


def organization_for(
    request: HttpRequest, slug: str, year: int, action: Action = Action.VIEW_ORGANIZATION
) -> tuple[Organization, SchoolYear]:
    """The organization and school year of a URL.

    404 where the person may not know of it, 403 with the reason where they may know but not do ``action``.
    """
    organization = get_object_or_404(
        Organization.objects.visible_to(request.user).select_related("in_state", "successor"), slug=slug
    )
    try:
        school_year = SchoolYear(year)
    except ValueError as error:
        raise Http404(str(error)) from error
    at(request, organization, school_year)
    if action != Action.VIEW_ORGANIZATION:
        require(request.user, action, organization)  # type: ignore[arg-type]
    return organization, school_year


def context_of(request: HttpRequest, organization: Organization, year: SchoolYear) -> dict[str, Any]:
    """What the template of every page about an organization reads: it, the school year, and the way up to it."""
    return {"organization": organization, "year": year, "above": organizations.ancestors(organization, request.user)}
