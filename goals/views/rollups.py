"""How the numbers are made: each run, for those who look after the system."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from goals import runs
from goals.models import RollupRun, StalePair
from hstw.access import Action
from hstw.require import require
from schools.scope import signed_in

PAGE_SIZE = 25
WAITING_SHOWN = 20


@require_safe
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Runs with how long they took, what they changed and why they failed; what is waiting."""
    require(signed_in(request), Action.RUN_SYSTEM)
    waiting = StalePair.objects.select_related("organization").order_by("marked_at", "pk")
    page_obj = Paginator(RollupRun.objects.all(), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "goals/rollups.html",
        {"page_obj": page_obj, "waiting": waiting[:WAITING_SHOWN], "waiting_count": waiting.count()},
    )


@login_required
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark what a failed run left, so that it is counted again."""
    require(signed_in(request), Action.RUN_SYSTEM)
    run = get_object_or_404(RollupRun, pk=pk, state=RollupRun.State.FAILED)
    marked = runs.mark_again(run)
    messages.success(request, _("Marked %(n)s: they are counted again within a minute.") % {"n": marked})
    return redirect("goals:rollups")
