"""Say that nobody had any of a kind of evidence in a school year."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hstw.access import Action
from schools.imports import loaded, nobody
from schools.scope import signed_in
from schools.views.data import frame


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int, kind: str) -> HttpResponse:
    """What it means, and the button."""
    organization, school_year = frame.data_of(request, slug, year, Action.IMPORT_STUDENTS)
    if kind not in nobody.KINDS:
        raise Http404
    wrong = nobody.against(organization, school_year, kind)
    if request.method == "POST":
        try:
            batch = nobody.say(organization, school_year, kind, signed_in(request))
        except nobody.CannotSay as error:
            wrong = str(error)
        else:
            messages.success(request, _("It is kept. The figures are counted anew within a few minutes."))
            return redirect(batch)
    response = frame.show(
        request,
        organization,
        school_year,
        "schools/data/nobody.html",
        kind=kind,
        what=loaded.label_of(kind),
        layout=nobody.KINDS[kind],
        wrong=wrong,
    )
    response.status_code = 409 if request.method == "POST" else 200
    return response
