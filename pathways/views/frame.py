"""What the pages of “Pathways” share: how each gets its organization and its pathway, and how it is shown."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from hstw.access import Action, decide
from hstw.navigation import in_section
from hstw.values import SchoolYear
from pathways.models import Pathway
from schools.models import Organization
from schools.models.organization import Kind
from schools.scope import context_of, organization_for, signed_in

# Who offers pathways; a state keeps a catalog and a list of credentials.
OFFERS = frozenset({Kind.SCHOOL, Kind.DISTRICT})
KEEPS_A_CATALOG = frozenset({Kind.STATE, Kind.DISTRICT})
PAGE_SIZE = 25


def pathways_of(
    request: HttpRequest,
    slug: str,
    year: int,
    action: Action = Action.VIEW_PATHWAYS,
    kinds: frozenset[str] | None = None,
) -> tuple[Organization, SchoolYear]:
    """The organization and year of a page of “Pathways”; 404 where organizations of this kind have no such page."""
    found = organization_for(request, slug, year, action)
    in_section(request, "pathways")
    if kinds is not None and found[0].kind not in kinds:
        raise Http404
    return found


def pathway_of(request: HttpRequest, organization: Organization, pk: int) -> Pathway:
    """A pathway of the organization that the person may see."""
    found: Pathway = get_object_or_404(
        Pathway.objects.visible_to(signed_in(request))
        .filter(organization=organization)
        .select_related("organization__in_state", "cluster", "program", "approved_by"),
        pk=pk,
    )
    return found


def show(
    request: HttpRequest,
    organization: Organization,
    year: SchoolYear,
    template: str,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page about one organization."""
    return render(request, template, about(request, organization, year) | context, status=status)


def about(request: HttpRequest, organization: Organization, year: SchoolYear) -> dict[str, Any]:
    """What every page's template reads: the organization, the tabs that the person may open."""
    user = signed_in(request)
    return context_of(request, organization, year) | {
        "offers": organization.kind in OFFERS,
        "names_students": organization.kind in OFFERS and bool(decide(user, Action.VIEW_NAMED_STUDENTS, organization)),
        "sees_partners": organization.kind in OFFERS and bool(decide(user, Action.VIEW_PARTNERS, organization)),
    }


def words(error: ValidationError) -> str:
    """What a refusal says, as one text."""
    return " ".join(error.messages)
