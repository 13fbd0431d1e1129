"""A state closes a school year: what that means, what is missing of it, and the years that are closed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from goals import closing
from goals.forms import CloseForm, ReopenForm
from goals.views import frame
from hstw.access import Action
from hstw.values import SchoolYear
from schools.models import Organization, YearClose
from schools.models.organization import Kind
from schools.scope import signed_in


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Close the year of the address, after a look at what is not loaded of it."""
    state, school_year = _state(request, slug, year)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            closing.close(state, school_year, signed_in(request), form.cleaned_data["note"])
        except closing.CannotClose as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(year)s is closed: its results are certified.") % {"year": school_year.label})
            return redirect("goals:closing", slug=slug, year=school_year)
    closings = closing.closings_of(state)
    return frame.show(
        request,
        state,
        school_year,
        "goals/closing.html",
        form=form,
        closings=closings,
        closed=next((one for one in closings if one.year == school_year and one.reopened_at is None), None),
        ready=closing.before_closing(state, school_year),
    )


@require_http_methods(["GET", "POST"])
@login_required
def reopen(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Open a closed year again, with a reason."""
    state, school_year = _state(request, slug, year, Action.REOPEN_YEAR)
    closed = get_object_or_404(YearClose.objects.select_related("organization", "by"), pk=pk, organization=state)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            closing.reopen(closed, signed_in(request), form.cleaned_data["reason"])
        except closing.CannotClose as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(year)s is open again.") % {"year": closed.school_year.label})
            return redirect("goals:closing", slug=slug, year=school_year)
    return frame.show(request, state, school_year, "goals/reopen.html", form=form, closed=closed)


def _state(
    request: HttpRequest, slug: str, year: int, action: Action = Action.CLOSE_YEAR
) -> tuple[Organization, SchoolYear]:
    state, school_year = frame.readiness_of(request, slug, year, action)
    if state.kind != Kind.STATE:
        raise Http404
    return state, school_year
