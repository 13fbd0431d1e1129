"""The log of imports: who loaded what, when, and what it changed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from schools.forms.data import LogFilter
from schools.imports import shown
from schools.models import ImportBatch
from schools.scope import signed_in
from schools.views.data import frame

PAGE_SIZE = 50


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """All imports of the organization and of those below it, whatever the year, the newest first."""
    organization, school_year = frame.data_of(request, slug, year)
    user = signed_in(request)
    imports = ImportBatch.objects.visible_to(user).filter(organization__path__startswith=organization.path)
    kinds = imports.order_by("kind").values_list("kind", flat=True).distinct()
    form = LogFilter(request.GET, kinds=[(kind, shown.title_of(kind)) for kind in kinds])
    narrowed = form.narrow(imports.select_related("organization", "loaded_by", "applied_by", "undone_by"))
    page_obj = Paginator(narrowed, PAGE_SIZE).get_page(frame.page_number(request))
    return frame.show(
        request,
        organization,
        school_year,
        "schools/data/log.html",
        form=form,
        page_obj=page_obj,
        rows=[(batch, shown.title_of(batch.kind), shown.summary(batch)) for batch in page_obj],
        may_load=bool(frame.layouts_for(user, organization)),
    )
