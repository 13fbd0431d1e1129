"""One action step: how it goes, notes, money and evidence files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from goals.forms_planning.plan import LineForm, ProgressForm
from goals.models import ActionEvidence, ActionStep, BudgetLine, PlanComment
from goals.planning import elements, follow_up, kept, money
from goals.views.planning import frame, progress
from hstw import drafts, files, small_drafts
from hstw.access import Action, decide
from hstw.require import require
from schools.scope import signed_in


@require_http_methods(["GET", "POST"])
@login_required
def action(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """An action step; a sent form says how it goes."""
    organization, school_year, step = frame.action_of(request, slug, year, pk)
    user = signed_in(request)
    if request.method != "POST":
        return _page(request, organization, school_year, step)
    require(user, Action.UPDATE_ACTION, organization)
    here, key = redirect("goals:action", slug, school_year, pk), progress.key_of(step)
    if "discard" in request.POST:
        drafts.discard(user, key)
        return here
    form = ProgressForm(request.POST)
    if not form.is_valid():
        return _page(request, organization, school_year, step, form=form, draft=progress.refused(request, step))
    with transaction.atomic():
        follow_up.update(step, user, **form.cleaned_data)
        drafts.discard_submitted(user, key, request.POST.get("draft-built-on", ""))
    messages.success(request, _("Saved."))
    return small_drafts.forgotten(request, here, key)


def _page(request: HttpRequest, organization: Any, year: Any, step: ActionStep, **more: Any) -> HttpResponse:
    user = signed_in(request)
    plan = step.plan_of()
    may_edit = bool(decide(user, Action.EDIT_PLAN, organization))
    form, draft = progress.blank(request, step)
    forms = {"form": form, "draft": draft, "line_form": LineForm(plan=plan), **more}
    wrong = any(form.errors for form in forms.values() if hasattr(form, "errors"))
    response = frame.show(
        request,
        organization,
        year,
        "goals/plans/action.html",
        status=422 if wrong or more.get("problem") else 200,
        tab="plan",
        plan=plan,
        step=step,
        lines=step.lines.select_related("fund"),
        money=money.of_plan(plan),
        notes=step.notes.select_related("by"),
        evidence=step.evidence.select_related("file", "by"),
        comments=PlanComment.objects.filter(plan=plan, about=f"action:{step.pk}").select_related("by", "settled_by"),
        about=f"action:{step.pk}",
        kept_comments=kept.comments(user, plan),
        may_update=bool(decide(user, Action.UPDATE_ACTION, organization)),
        may_edit=may_edit and not elements.locked(plan),
        may_comment=bool(decide(user, Action.COMMENT_PLAN, organization)),
        **forms,
    )
    # Going back shows what is kept now, not what the browser remembers.
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@login_required
def line(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Give an action step money of a fund, or take a line away."""
    organization, school_year, step = frame.action_of(request, slug, year, pk, Action.EDIT_PLAN)
    if request.method != "POST":
        return redirect("goals:action", slug, school_year, pk)
    plan = step.plan_of()
    remove = request.POST.get("remove", "")
    form = LineForm(None if remove else request.POST, plan=plan, instance=BudgetLine(action=step))
    try:
        if remove:
            follow_up.remove_line(step, int(remove) if remove.isdecimal() else 0)
            return redirect("goals:action", slug, school_year, pk)
        if form.is_valid():
            follow_up.add_line(form.instance)
            return redirect("goals:action", slug, school_year, pk)
    except elements.PlanError as error:
        messages.error(request, str(error))
        return redirect("goals:action", slug, school_year, pk)
    return _page(request, organization, school_year, step, line_form=form)


@require_http_methods(["GET", "POST"])
@login_required
def attach(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Add a file that shows what was done, or take one away."""
    organization, school_year, step = frame.action_of(request, slug, year, pk, Action.UPDATE_ACTION)
    if request.method != "POST":
        return redirect("goals:action", slug, school_year, pk)
    user = signed_in(request)
    remove = request.POST.get("remove", "")
    if remove:
        follow_up.detach(step, int(remove) if remove.isdecimal() else 0)
        return redirect("goals:action", slug, school_year, pk)
    problem = files.too_large(request)
    upload = request.FILES.get("file")
    if not problem and upload is None:
        problem = _("Choose a file first.")
    if not problem and upload is not None:
        try:
            follow_up.attach(step, upload, upload.name or "file", request.POST.get("what", ""), user)
            messages.success(request, _("The file is there."))
            return redirect("goals:action", slug, school_year, pk)
        except (files.FileTooLarge, follow_up.BadFile) as error:
            problem = str(error)
    return _page(request, organization, school_year, step, problem=problem)


@require_safe
@login_required
def evidence(request: HttpRequest, slug: str, year: int, pk: int, file: int) -> HttpResponseBase:
    """One of its files, as a download: for those who work on the plan, not for all who read it."""
    _organization, _year, step = frame.action_of(request, slug, year, pk, Action.COMMENT_PLAN)
    found = get_object_or_404(ActionEvidence.objects.select_related("file"), action=step, pk=file)
    return files.download(found.file)
