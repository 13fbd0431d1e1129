"""Our own templates: what each column means, and blank files to start from."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from schools.imports import registry
from schools.imports import templates as verbs
from schools.views.data import frame

FORMATS = ("csv", "xlsx")


@require_safe
@login_required
def browse(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Every template with its codebook."""
    organization, school_year = frame.data_of(request, slug, year)
    ours = [(layout, verbs.codebook(layout)) for layout in registry.layouts() if layout.template]
    return frame.show(request, organization, school_year, "schools/data/templates.html", templates=ours)


@require_safe
@login_required
def blank(request: HttpRequest, slug: str, year: int, kind: str, form: str) -> HttpResponseBase:
    """A blank file to fill in."""
    frame.data_of(request, slug, year)
    layout = next((one for one in registry.layouts() if one.code == kind and one.template), None)
    if layout is None or form not in FORMATS:
        raise Http404
    if form == "csv":
        return HttpResponse(
            verbs.csv_template(layout),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{layout.code}.csv"'},
        )
    return FileResponse(verbs.xlsx_template(layout), as_attachment=True, filename=f"{layout.code}.xlsx")
