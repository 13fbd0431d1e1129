"""Browse organizations, read one, add one, edit one, read its history."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from hstw import draft_views
from hstw.access import Action, decide
from hstw.history import events_of
from hstw.navigation import current_year
from schools import organizations as verbs
from schools.forms.organizations import NewOrganizationForm, OrganizationFilter, OrganizationForm
from schools.models import CooperativeMember, Organization
from schools.models.organization import Kind
from schools.scope import organization_for, signed_in

PAGE_SIZE = 50
BELOW_SHOWN = 25


@require_safe
@login_required
def browse(request: HttpRequest) -> HttpResponse:
    """All that the person may see, searched, narrowed and paged."""
    visible = Organization.objects.visible_to(request.user)
    narrowed = OrganizationFilter(request.GET, queryset=visible)
    page = Paginator(narrowed.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = verbs.with_parents(page.object_list)
    return render(
        request,
        "schools/organizations.html",
        {"filter": narrowed, "page_obj": page, "rows": rows, "year": current_year()},
    )


@require_safe
@login_required
def to_this_year(request: HttpRequest, slug: str) -> HttpResponse:
    """An address without a year leads to the current one."""
    organization = get_object_or_404(Organization.objects.visible_to(request.user), slug=slug)
    return redirect(organization)


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """An organization's own page: facts, standing in the year, what stands below."""
    organization, school_year = organization_for(request, slug, year)
    below = Paginator(
        Organization.objects.get_children(organization).filter(closed=None).order_by("kind", "name", "pk"), BELOW_SHOWN
    ).get_page(request.GET.get("page"))
    figures = organization.kind in {Kind.SCHOOL, Kind.DISTRICT} and decide(
        signed_in(request), Action.VIEW_FIGURES, organization
    )
    cooperatives = CooperativeMember.objects.visible_to(request.user).select_related("cooperative", "member")
    return render(
        request,
        "schools/organization.html",
        {
            "organization": organization,
            "year": school_year,
            "above": verbs.ancestors(organization, request.user),
            "page_obj": below,
            "counts": verbs.count_below(organization),
            "memberships": organization.network_memberships.all(),
            "designations": organization.support_designations.all(),
            "member_of": cooperatives.filter(member=organization),
            "members": cooperatives.filter(cooperative=organization),
            "enrollment": verbs.enrollment_by_grade(organization, school_year) if figures else None,
        },
    )


@require_http_methods(["GET", "POST"])
@login_required
def add(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Add an organization below this one."""
    parent, school_year = organization_for(request, slug, year, Action.ADD_ORGANIZATION)
    kinds = verbs.kinds_below(parent)
    if not kinds:
        raise Http404
    form = NewOrganizationForm(request.POST or None, kinds=kinds)
    if request.method == "POST" and form.is_valid():
        try:
            added = verbs.add_organization(parent=parent, **form.cleaned_data)
        except verbs.OrganizationError as error:
            form.add_error("kind", str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s has been added.") % {"name": added.name})
            return redirect(added)
    return render(
        request,
        "schools/organization_add.html",
        {"organization": parent, "year": school_year, "form": form},
    )


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Edit the facts."""
    organization, school_year = organization_for(request, slug, year, Action.EDIT_ORGANIZATION)
    return draft_views.edit(
        request,
        form_class=OrganizationForm,
        instance=organization,
        template="schools/organization_edit.html",
        context={"organization": organization, "year": school_year},
        saved_to=reverse("schools:organization", args=[organization.slug, school_year]),
    )


@require_safe
@login_required
def history(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Who changed what on this organization, newest first."""
    organization, school_year = organization_for(request, slug, year, Action.VIEW_HISTORY)
    return render(
        request,
        "schools/organization_history.html",
        {
            "organization": organization,
            "year": school_year,
            "events": events_of(organization, page=request.GET.get("page")),
        },
    )
