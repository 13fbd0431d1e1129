"""Record network memberships, federal designations and membership of cooperatives."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hstw.access import Action
from hstw.history import events_of
from schools.forms.organizations import CooperativeMemberForm, NetworkMembershipForm, SupportDesignationForm
from schools.models import Organization
from schools.models.organization import Kind
from schools.scope import organization_for

# What can be recorded: the form, how a row finds its organization, and on which kinds it makes sense.
KINDS: dict[str, tuple[type[ModelForm[Any]], str, frozenset[str], Any]] = {
    "membership": (
        NetworkMembershipForm,
        "organization",
        frozenset({Kind.DISTRICT, Kind.SCHOOL}),
        gettext_lazy("Network membership"),
    ),
    "designation": (
        SupportDesignationForm,
        "organization",
        frozenset({Kind.SCHOOL}),
        gettext_lazy("Federal designation"),
    ),
    "member": (
        CooperativeMemberForm,
        "cooperative",
        frozenset({Kind.COOPERATIVE}),
        gettext_lazy("Member district"),
    ),
}


@require_http_methods(["GET", "POST"])
@login_required
def add(request: HttpRequest, slug: str, year: int, kind: str) -> HttpResponse:
    """Record one."""
    organization, school_year = organization_for(request, slug, year, Action.EDIT_STANDING)
    form_class, owner, label = _kind_on(kind, organization)
    return _save(request, organization, school_year, form_class, form_class.Meta.model(**{owner: organization}), label)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, slug: str, year: int, kind: str, pk: int) -> HttpResponse:
    """Mend or end one; a mistake is removed with “remove”."""
    organization, school_year = organization_for(request, slug, year, Action.EDIT_STANDING)
    form_class, owner, label = _kind_on(kind, organization)
    row = get_object_or_404(form_class.Meta.model, **{"pk": pk, owner: organization})
    if request.method == "POST" and "remove" in request.POST:
        row.delete()
        messages.success(request, _("Removed. The history keeps it."))
        return redirect("schools:organization", slug=slug, year=school_year)
    return _save(request, organization, school_year, form_class, row, label)


def _kind_on(kind: str, organization: Organization) -> tuple[Any, str, Any]:
    if kind not in KINDS or organization.kind not in KINDS[kind][2]:
        raise Http404
    form_class, owner, _kinds, label = KINDS[kind]
    return form_class, owner, label


def _save(
    request: HttpRequest, organization: Organization, year: int, form_class: Any, row: Any, label: Any
) -> HttpResponse:
    form = form_class(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("schools:organization", slug=organization.slug, year=year)
    return render(
        request,
        "schools/standing_edit.html",
        {
            "organization": organization,
            "year": year,
            "form": form,
            "label": label,
            "events": events_of(row, page=request.GET.get("page")) if row.pk else None,
        },
    )
