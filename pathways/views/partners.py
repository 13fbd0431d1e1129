"""Partners and their commitments."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from hstw import draft_views, drafts
from hstw.access import Action, decide
from hstw.values import SchoolYear
from pathways import partners as verbs
from pathways.forms.partners import NEW, NEW_COMMITMENT, CommitmentForm, PartnerForm
from pathways.models import Commitment, Partner, Pathway
from pathways.views import frame
from schools.models import Organization
from schools.scope import signed_in


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Partners with what they promised; what is due stands out."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.VIEW_PARTNERS, frame.OFFERS)
    user = signed_in(request)
    rows = (
        Partner.objects.visible_to(user)
        .filter(organization=organization)
        .prefetch_related(Prefetch("commitments", Commitment.objects.select_related("pathway")))
    )
    today = timezone.localdate()
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/partners.html",
        page_obj=Paginator(rows, frame.PAGE_SIZE).get_page(request.GET.get("page")),
        may_edit=decide(user, Action.EDIT_PATHWAYS, organization),
        today=today,
        soon=today + verbs.RENEW_WITHIN,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Record a partner."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    return _edit(request, organization, school_year, Partner(organization=organization))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Change a partner."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    return _edit(request, organization, school_year, _partner(request, organization, pk))


def _edit(request: HttpRequest, organization: Organization, year: SchoolYear, row: Partner) -> HttpResponse:
    return draft_views.edit(
        request,
        form_class=PartnerForm,
        instance=row,
        template="pathways/partner.html",
        context=frame.about(request, organization, year) | {"partner": row if row.pk else None},
        key=None if row.pk else drafts.key_of(NEW, organization.pk),
        saved_to=reverse("pathways:partners", args=[organization.slug, year]),
    )


def _partner(request: HttpRequest, organization: Organization, pk: int) -> Partner:
    rows: Any = Partner.objects.visible_to(signed_in(request)).filter(organization=organization)
    found: Partner = get_object_or_404(rows.select_related("organization__in_state"), pk=pk)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def commitment_new(request: HttpRequest, slug: str, year: int, partner: int) -> HttpResponse:
    """Record what a partner has promised."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    row = Commitment(partner=_partner(request, organization, partner), starts=timezone.localdate())
    # The designer's page leads here with the pathway that it is about.
    asked = request.GET.get("pathway", "")
    if asked.isdecimal() and len(asked) < 10:
        row.pathway = Pathway.objects.visible_to(signed_in(request)).filter(organization=organization, pk=asked).first()
    return _commitment(request, organization, school_year, row)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def commitment(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Renew or end it."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    rows = verbs.visible_to(signed_in(request)).filter(partner__organization=organization)
    row = get_object_or_404(rows.select_related("partner__organization__in_state"), pk=pk)
    return _commitment(request, organization, school_year, row)


def _commitment(request: HttpRequest, organization: Organization, year: SchoolYear, row: Commitment) -> HttpResponse:
    return draft_views.edit(
        request,
        form_class=CommitmentForm,
        instance=row,
        template="pathways/commitment.html",
        context=frame.about(request, organization, year) | {"partner": row.partner},
        key=None if row.pk else drafts.key_of(NEW_COMMITMENT, row.partner.pk),
        saved_to=reverse("pathways:partners", args=[organization.slug, year]),
    )
