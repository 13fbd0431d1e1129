"""The first page of “Pathways”: what a school or district offers, year by year."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from hstw.access import Action, decide
from pathways import design, history_of_years, partners
from pathways.forms.pathways import PortfolioFilter
from pathways.models import Pathway
from pathways.models.pathway import Status
from pathways.views import frame
from schools.models import Organization
from schools.models.organization import Kind
from schools.scope import signed_in


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Pathways and credentials over the years; for a district or state also what stands below."""
    organization, school_year = frame.pathways_of(request, slug, year)
    if organization.kind not in frame.OFFERS | {Kind.STATE}:
        return frame.show(request, organization, school_year, "pathways/no_pathways.html")
    user = signed_in(request)
    visible = Pathway.objects.visible_to(user).filter(organization=organization)
    form = PortfolioFilter(request.GET)
    rows = form.narrowed(visible.select_related("cluster")).order_by("-status", "name", "pk")
    page_obj = Paginator(rows, frame.PAGE_SIZE).get_page(request.GET.get("page"))
    exact = bool(decide(user, Action.VIEW_FIGURES, organization))
    story = None
    if organization.kind in frame.OFFERS:
        story = history_of_years.of(organization, visible, school_year, exact=exact)
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/portfolio.html",
        form=form,
        page_obj=page_obj,
        designs=design.of_many(page_obj.object_list),
        story=story,
        exact=exact,
        due=partners.due(user, organization, timezone.localdate()),
        below=_below(request, organization, school_year),
        any_pathway=visible.exists(),
    )


def _below(request: HttpRequest, organization: Organization, year: int) -> object:
    """Schools or districts below, each with its approved pathways of the year, counted."""
    if organization.kind == Kind.SCHOOL:
        return None
    approved = (
        Pathway.objects.visible_to(signed_in(request))
        .filter(status=Status.APPROVED)
        .in_year(year)
        .filter(organization__path__startswith=OuterRef("path"))
        .order_by()
        .values("status")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = (
        Organization.objects.get_children(organization)
        .filter(closed=None, kind__in=[Kind.SCHOOL, Kind.DISTRICT])
        .annotate(pathways=Coalesce(Subquery(approved, output_field=IntegerField()), 0))
        .order_by("name", "pk")
    )
    return Paginator(rows, frame.PAGE_SIZE).get_page(request.GET.get("schools"))
