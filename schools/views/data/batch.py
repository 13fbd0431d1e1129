"""One import, from waiting to applied or undone: how far it is, what it would change, yes or no, undo."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from hstw.access import decide
from hstw.require import require
from schools.imports import run, shown, undo
from schools.models import ImportBatch, User
from schools.models.imports import ImportState
from schools.scope import signed_in
from schools.views.data import frame


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@login_required
def page(request: frame.HtmxRequest, public_id: uuid.UUID) -> HttpResponse:
    """One page for every state; while a worker has it, its script asks for the progress only."""
    batch = frame.batch_for(request, public_id)
    if request.method == "POST":
        return _act(request, batch)
    if request.htmx:
        if not batch.at_work:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "schools/data/progress.html", {"batch": batch, "progress": shown.progress(batch)})
    return _show(request, batch)


def _show(request: HttpRequest, batch: ImportBatch, *, wrong: str = "", status: int = 200) -> HttpResponse:
    user = signed_in(request)
    # Who may load such a file sees what is in it; everyone else counts only.
    may = bool(decide(user, shown.needs(batch), batch))
    outcomes = shown.outcomes(batch)
    if may and batch.state == ImportState.PREVIEWED and batch.preview.get("samples"):
        frame.read(request, "import preview read", batch=str(batch.public_id))
    response = frame.show(
        request,
        batch.organization,
        frame.year_of(batch.year),
        f"schools/data/import_{_TEMPLATES[ImportState(batch.state)]}.html",
        batch=batch,
        kind=shown.title_of(batch.kind),
        may=may,
        names=may,
        progress=shown.progress(batch) if batch.at_work else None,
        outcomes=outcomes,
        total=shown.total(outcomes),
        summary=shown.summary(batch),
        nothing=shown.changes_nothing(batch),
        covers=shown.covers(batch),
        held=bool(batch.guard.get("stopped")) and batch.confirmed_by_id is None,
        samples=shown.samples(batch) if may else [],
        problems=batch.problems.order_by("-severity", "-count", "cause"),
        second=shown.needs_second(batch, user),
        wrong=wrong,
        reasons=undo.reasons_against(batch) if may and batch.state == ImportState.APPLIED else [],
    )
    response.status_code = status
    return response


_TEMPLATES = {
    ImportState.WAITING: "working",
    ImportState.READING: "working",
    ImportState.APPLYING: "working",
    ImportState.PREVIEWED: "preview",
    ImportState.REFUSED: "refused",
    ImportState.APPLIED: "applied",
    ImportState.UNDONE: "ended",
    ImportState.CANCELLED: "ended",
}


def _act(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    """What a button of the page asks for; the state it was pressed in may have passed, and then it is said."""
    user = signed_in(request)
    require(user, shown.needs(batch), batch)
    act = next((act for name, act in _ACTS.items() if name in request.POST), None)
    if act is None:
        return HttpResponseBadRequest(_("No such step."))
    try:
        said = act(batch, user, request.POST.get("typed", "").strip())
    except run.NotNow as error:
        batch.refresh_from_db()
        return _show(request, batch, wrong=str(error), status=409)
    except undo.UndoRefused as error:
        for reason in error.reasons:
            messages.error(request, reason)
        return redirect(batch)
    if said:
        messages.success(request, said)
    return redirect(batch)


def _apply(batch: ImportBatch, user: User, typed: str) -> str:
    run.apply(batch, by=user, typed=typed)
    return ""


def _confirm(batch: ImportBatch, user: User, typed: str) -> str:
    run.confirm(batch, by=user)
    return _("Confirmed. It can be applied now.")


def _cancel(batch: ImportBatch, user: User, typed: str) -> str:
    run.cancel(batch, by=user)
    return _("Cancelled. Nothing was changed.")


def _undo(batch: ImportBatch, user: User, typed: str) -> str:
    undo.undo(batch, by=user)
    return _("Undone. Everything is as it was before this import.")


_ACTS: dict[str, Callable[[ImportBatch, User, str], str]] = {
    "apply": _apply,
    "confirm": _confirm,
    "cancel": _cancel,
    "undo": _undo,
}
