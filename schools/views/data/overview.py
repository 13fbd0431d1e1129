"""What is loaded for an organization and year, what is missing, what is being loaded now."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from hstw.access import Action, decide
from schools.imports import loaded, nobody, shown
from schools.models import ImportBatch
from schools.models.imports import ImportState
from schools.scope import signed_in
from schools.views.data import frame

CHILDREN_SHOWN = 25
LATEST = 5
RUNNING_SHOWN = 20


@require_safe
@vary_on_headers("HX-Request")
@login_required
def page(request: frame.HtmxRequest, slug: str, year: int) -> HttpResponse:
    """The first page of “Data”; asked for by its own script, only the imports at work."""
    organization, school_year = frame.data_of(request, slug, year)
    user = signed_in(request)
    imports = ImportBatch.objects.visible_to(user).filter(organization__path__startswith=organization.path)
    imports = imports.select_related("organization", "loaded_by")
    running = [(batch, shown.progress(batch)) for batch in imports.at_work()[:RUNNING_SHOWN]]
    if request.htmx:
        if not running:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "schools/data/running.html", {"running": running})
    layouts = frame.layouts_for(user, organization)
    lines = loaded.lines(organization, school_year, frame.kinds_beside_students(layouts))
    # Of several layouts for one target the first is offered: our own templates come first.
    kinds = {target: layout.code for layout in reversed(layouts) for target in layout.targets}
    children = Paginator(loaded.children(organization, school_year), CHILDREN_SHOWN).get_page(
        frame.page_number(request)
    )
    return frame.show(
        request,
        organization,
        school_year,
        "schools/data/overview.html",
        may_load=bool(layouts),
        may_say=nobody.KINDS if decide(user, Action.IMPORT_STUDENTS, organization) else {},
        running=running,
        waiting=imports.filter(state=ImportState.PREVIEWED)[:RUNNING_SHOWN],
        lines=[(line, kinds.get(line.target, "")) for line in lines],
        whole=sum(line.cell.state == "all" for line in lines),
        page_obj=children,
        matrix=loaded.matrix(children.object_list, school_year),
        kinds=loaded.EXPECTED,
        latest=[(batch, shown.summary(batch)) for batch in imports.exclude(state__in=_UNFINISHED)[:LATEST]],
    )


_UNFINISHED = (ImportState.WAITING, ImportState.READING, ImportState.APPLYING, ImportState.PREVIEWED)
