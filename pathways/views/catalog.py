"""The course catalog, the list of credentials and the graduation requirements of a district or state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from hstw import draft_views, drafts
from hstw.access import Action, decide
from hstw.values import SchoolYear
from pathways import prerequisites, requirements
from pathways.forms.catalog import (
    NEW_COURSE,
    NEW_CREDENTIAL,
    CourseFilter,
    CourseForm,
    CredentialTypeForm,
    RequirementsForm,
)
from pathways.models import Course, CredentialType
from pathways.models.catalog import catalog_owner
from pathways.views import frame
from schools.models import Organization
from schools.models.organization import Kind
from schools.scope import signed_in

ALL = frame.OFFERS | frame.KEEPS_A_CATALOG


@require_safe
@login_required
def courses(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Courses that may be used here: one's own and those of whoever stands above."""
    organization, school_year = frame.pathways_of(request, slug, year, kinds=ALL)
    form = CourseFilter(request.GET)
    rows = Course.objects.visible_to(signed_in(request)).offered_to(organization).in_force(int(school_year))
    rows = form.narrowed(rows).select_related("organization").prefetch_related("requires")
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/courses.html",
        form=form,
        page_obj=Paginator(rows, frame.PAGE_SIZE).get_page(request.GET.get("page")),
        **_keeper(request, organization),
    )


def _keeper(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """Whose catalog it is, and whether the person keeps it."""
    owner = catalog_owner(organization)
    return {"owner": owner, "may_edit": owner is not None and decide(signed_in(request), Action.EDIT_CATALOG, owner)}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def course_new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Add a course."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_CATALOG, frame.KEEPS_A_CATALOG)
    return _course(request, organization, school_year, Course(organization=organization))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def course(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Change a course and what comes before it."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_CATALOG, frame.KEEPS_A_CATALOG)
    row = get_object_or_404(Course.objects.visible_to(signed_in(request)), organization=organization, pk=pk)
    return _course(request, organization, school_year, row)


def _course(request: HttpRequest, organization: Organization, year: SchoolYear, row: Course) -> HttpResponse:
    def save(form: Any, version: int) -> None:
        draft_views.save_form(form, version)
        prerequisites.set_for(form.instance, form.cleaned_data["before"])

    return draft_views.edit(
        request,
        form_class=CourseForm,
        instance=row,
        template="pathways/course.html",
        context=frame.about(request, organization, year) | {"course": row if row.pk else None},
        key=None if row.pk else drafts.key_of(NEW_COURSE, organization.pk),
        saved_to=reverse("pathways:courses", args=[organization.slug, year]),
        save=save,
    )


@require_safe
@login_required
def credential_types(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Credentials that may be earned here, with the years in which each is on the list."""
    organization, school_year = frame.pathways_of(request, slug, year, kinds=ALL)
    text = request.GET.get("q", "").strip()[:100]
    rows = (
        CredentialType.objects.visible_to(signed_in(request))
        .offered_to(organization)
        .search(text)
        .select_related("organization")
        .prefetch_related("listings")
    )
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/credential_types.html",
        text=text,
        page_obj=Paginator(rows, frame.PAGE_SIZE).get_page(request.GET.get("page")),
        **_keeper(request, organization),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def credential_type_new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Put a credential on the list."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_CATALOG, frame.KEEPS_A_CATALOG)
    return _credential_type(request, organization, school_year, CredentialType(organization=organization))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def credential_type(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Change a credential, or say until when it is on the list."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_CATALOG, frame.KEEPS_A_CATALOG)
    row = get_object_or_404(CredentialType.objects.visible_to(signed_in(request)), organization=organization, pk=pk)
    return _credential_type(request, organization, school_year, row)


def _credential_type(
    request: HttpRequest, organization: Organization, year: SchoolYear, row: CredentialType
) -> HttpResponse:
    def save(form: Any, version: int) -> None:
        draft_views.save_form(form, version)
        form.save_listing()

    return draft_views.edit(
        request,
        form_class=CredentialTypeForm,
        instance=row,
        template="pathways/credential_type.html",
        context=frame.about(request, organization, year) | {"credential": row if row.pk else None},
        key=None if row.pk else drafts.key_of(NEW_CREDENTIAL, organization.pk),
        saved_to=reverse("pathways:credential_types", args=[organization.slug, year]),
        save=save,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def graduation(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Credits that students need to graduate."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_CATALOG, frame.KEEPS_A_CATALOG)
    own: dict[str, Decimal] = requirements.own(organization)
    above = requirements.above(organization)
    form = RequirementsForm(request.POST or None, own=own, above=above)
    if request.method == "POST" and form.is_valid():
        requirements.keep(organization, form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("pathways:graduation", slug=slug, year=year)
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/graduation.html",
        status=422 if form.is_bound else 200,
        form=form,
        from_state=organization.kind == Kind.DISTRICT,
    )
