"""Load a file: choose it, say what it is if one knows, and for which school year."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from hstw import files
from hstw.access import Action, decide
from schools.forms.data import ImportForm, grouped
from schools.imports import run
from schools.scope import signed_in
from schools.views.data import frame


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """The upload form."""
    organization, school_year = frame.data_of(request, slug, year)
    user = signed_in(request)
    if not frame.may_load(user, organization):
        raise PermissionDenied(decide(user, Action.IMPORT_STUDENTS, organization).reason)
    layouts = frame.layouts_for(user, organization)
    form = ImportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        layouts=layouts,
        year=school_year,
        organization=organization,
        stopped=files.too_large(request),
        initial={"kind": request.GET.get("kind", "")},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        stored = files.store(data["file"], data["file"].name, user)
        batch = run.begin(
            organization=organization,
            year=data["year"],
            stored=stored,
            kind=data["kind"] or None,
            by=user,
            complete=data["complete"] or None,
        )
        return redirect(batch)
    return frame.show(
        request,
        organization,
        school_year,
        "schools/data/load.html",
        form=form,
        groups=grouped(layouts) if layouts else [],
    )
