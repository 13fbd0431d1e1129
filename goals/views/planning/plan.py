"""The plan: read it, write its texts and parts, put them in order, comment."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from goals.forms_planning.plan import FORMS, PlanTextForm
from goals.models import BudgetLine, Plan, PlanComment
from goals.planning import approve, elements, kept, outline
from goals.views.planning import frame
from hstw import draft_views, drafts, small_drafts
from hstw.access import Action, decide
from hstw.history import events_of
from hstw.values import SchoolYear
from schools.scope import signed_in

_MOVE = re.compile(r"(?P<kind>[a-z]+):(?P<pk>[0-9]{1,18}):(?P<to>to:)?(?P<number>-?[0-9]{1,6})")
WORDS: dict[str, tuple[Any, Any]] = {
    "member": (gettext_lazy("Add to the planning team"), gettext_lazy("Member of the planning team")),
    "need": (gettext_lazy("Add a need"), gettext_lazy("Need")),
    "cause": (gettext_lazy("Add a root cause"), gettext_lazy("Root cause")),
    "goal": (gettext_lazy("Add a goal to the plan"), gettext_lazy("Goal of the plan")),
    "strategy": (gettext_lazy("Add a strategy"), gettext_lazy("Strategy")),
    "action": (gettext_lazy("Add an action step"), gettext_lazy("Action step")),
}


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """The whole plan; where there is none yet, the way to begin one."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    user = signed_in(request)
    may_edit = organization.kind in frame.KINDS and bool(decide(user, Action.EDIT_PLAN, organization))
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied(decide(user, Action.EDIT_PLAN, organization).reason)
        elements.start(organization, school_year)
        return redirect("goals:plan", slug, school_year)
    plan = Plan.objects.select_related("organization__in_state").filter(organization=organization, year=school_year)
    one = plan.first()
    if one is None:
        before = Plan.objects.filter(organization=organization, year__lt=school_year).order_by("-year").first()
        return frame.show(
            request, organization, school_year, "goals/plans/no_plan.html", may_edit=may_edit, before=before, tab="plan"
        )
    found = outline.read(one, user)
    version = approve.latest(one)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/plan.html",
        tab="plan",
        plan=one,
        next_year=SchoolYear(school_year + 1) if organization.kind in frame.KINDS else None,
        outline=found,
        version=version,
        changes=approve.changes(one) if version else [],
        decision=one.decisions.select_related("by").first(),
        locked=elements.locked(one),
        may_edit=may_edit and not elements.locked(one),
        may_submit=bool(decide(user, Action.SUBMIT_PLAN, organization)),
        may_decide=bool(decide(user, Action.APPROVE_PLAN, organization)),
        may_comment=bool(decide(user, Action.COMMENT_PLAN, organization)),
        kept_comments=kept.comments(user, one),
    )


@require_http_methods(["GET", "POST"])
@login_required
def text(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """The texts of the plan as a whole."""
    organization, school_year, plan = frame.plan_of(request, slug, year, Action.EDIT_PLAN)
    return draft_views.edit(
        request,
        form_class=PlanTextForm,
        instance=plan,
        template="goals/plans/part.html",
        context=frame.about(request, organization, school_year) | {"heading": _("The plan in words"), "tab": "plan"},
        saved_to=plan.get_absolute_url(),
        form_kwargs={"plan": plan},
        save=_saving(plan, ""),
    )


@require_http_methods(["GET", "POST"])
@login_required
def add(request: HttpRequest, slug: str, year: int, kind: str, parent: int) -> HttpResponse:
    """A new part below its parent."""
    organization, school_year, plan = frame.plan_of(request, slug, year, Action.EDIT_PLAN)
    if kind not in elements.KINDS:
        raise Http404
    model, field, _parent_model = elements.KINDS[kind]
    above = elements.parent_of(plan, kind, parent)
    if above is None:
        raise Http404
    context = {"heading": WORDS[kind][0], "kind": kind, "parent": above, "plan": plan, "tab": "plan"}
    return draft_views.edit(
        request,
        form_class=FORMS[kind],
        instance=model(**{field: above}),
        template="goals/plans/part.html",
        context=frame.about(request, organization, school_year) | context,
        saved_to=lambda row: f"{plan.get_absolute_url()}#{kind}-{row.pk}",
        key=drafts.key_of(f"goals.new-{kind}", above.pk),
        form_kwargs={"plan": plan},
        save=_saving(plan, kind),
    )


@require_http_methods(["GET", "POST"])
@login_required
def part(request: HttpRequest, slug: str, year: int, kind: str, pk: int) -> HttpResponse:
    """A part: edit it, see who changed what."""
    organization, school_year, plan = frame.plan_of(request, slug, year, Action.EDIT_PLAN)
    row = frame.part_of(plan, kind, pk)
    context = {
        "heading": WORDS[kind][1],
        "kind": kind,
        "row": row,
        "plan": plan,
        "tab": "plan",
        "events": events_of(row, page=request.GET.get("page")),
        "comments": PlanComment.objects.filter(plan=plan, about=f"{kind}:{pk}").select_related("by", "settled_by"),
        "about": f"{kind}:{pk}",
        "kept_comments": kept.comments(signed_in(request), plan),
    }
    return draft_views.edit(
        request,
        form_class=FORMS[kind],
        instance=row,
        template="goals/plans/part.html",
        context=frame.about(request, organization, school_year) | context,
        saved_to=f"{plan.get_absolute_url()}#{kind}-{pk}",
        form_kwargs={"plan": plan},
        save=_saving(plan, kind),
    )


def _saving(plan: Plan, kind: str) -> Callable[[Any, int], None]:
    """How a part is written: the plan is held meanwhile, so that nothing is approved in the middle of it."""

    def save(form: Any, version: int) -> None:
        try:
            elements.open_for_change(plan)
        except elements.PlanError as error:
            # Submitted in the moment between the form's check and here; the draft keeps the text.
            raise PermissionDenied(str(error)) from error
        if kind and form.instance.pk is None:
            elements.put_last(form.instance, kind)
        draft_views.save_form(form, version)
        if form.cleaned_data.get("fund") and form.cleaned_data.get("amount"):
            BudgetLine.objects.create(
                action=form.instance, fund=form.cleaned_data["fund"], amount=form.cleaned_data["amount"]
            )
        elements.touch(plan)

    return save


@require_http_methods(["GET", "POST"])
@login_required
def move(request: HttpRequest, slug: str, year: int) -> HttpResponseBase:
    """Move a part: ``action:12:-1`` up, ``action:12:1`` down, ``action:12:to:4`` to a place."""
    _organization, _year, plan = frame.plan_of(request, slug, year, Action.EDIT_PLAN)
    if request.method != "POST":
        return redirect(plan)
    sent = _MOVE.fullmatch(request.POST.get("move", ""))
    if sent is None or sent["kind"] not in elements.MOVABLE:
        raise Http404
    kind, pk, number = sent["kind"], sent["pk"], int(sent["number"])
    try:
        if sent["to"]:
            elements.move(plan, kind, int(pk), to=number)
        else:
            elements.move(plan, kind, int(pk), by=max(-1, min(1, number)))
    except elements.PlanError as error:
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"problem": str(error)}, status=409)
        messages.error(request, str(error))
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({})
    return redirect(f"{plan.get_absolute_url()}#{kind}-{pk}")


@require_http_methods(["GET", "POST"])
@login_required
def remove(request: HttpRequest, slug: str, year: int, kind: str, pk: int) -> HttpResponse:
    """Remove a part and what hangs on it."""
    _organization, _year, plan = frame.plan_of(request, slug, year, Action.EDIT_PLAN)
    row = frame.part_of(plan, kind, pk)
    if request.method != "POST":
        return redirect("goals:plan_part", slug, year, kind, pk)
    try:
        elements.remove(plan, kind, pk)
    except elements.PlanError as error:
        messages.error(request, str(error))
        return redirect("goals:plan_part", slug, year, kind, pk)
    drafts.discard(request.user, drafts.key_of(row._meta.label_lower, pk))
    messages.success(request, _("Removed. The history keeps it."))
    return redirect(plan)


@require_http_methods(["GET", "POST"])
@login_required
def comment(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Remark something at a part, or settle a remark."""
    _organization, _year, plan = frame.plan_of(request, slug, year, Action.COMMENT_PLAN)
    about = request.POST.get("about", "")
    here = redirect(f"{reverse('goals:plan', args=[slug, year])}#{about.replace(':', '-') or 'comments'}")
    key = kept.comment_key(plan, about)
    if request.method != "POST" or small_drafts.discarded(request, key):
        return here
    if "settle" in request.POST:
        settle = request.POST["settle"]
        found = PlanComment.objects.filter(plan=plan, pk=settle if settle.isdecimal() else 0, settled_at=None)
        found.update(settled_at=timezone.now(), settled_by=request.user)
    else:
        kind, _colon, pk = about.partition(":")
        if about and (
            kind not in elements.KINDS or not pk.isdecimal() or elements.part_of(plan, kind, int(pk)) is None
        ):
            raise Http404
        words = request.POST.get("text", "").strip()[:4_000]
        if words:
            with transaction.atomic():
                PlanComment.objects.create(plan=plan, about=about, text=words, by=signed_in(request))
            messages.success(request, _("Your comment is there."))
            return small_drafts.submitted(request, here, key)
        messages.error(request, _("Write something first."))
    return here


@require_safe
@login_required
def history(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Who changed the plan's texts and state."""
    organization, school_year, plan = frame.plan_of(request, slug, year, Action.VIEW_HISTORY)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/history.html",
        plan=plan,
        tab="plan",
        events=events_of(plan, page=request.GET.get("page")),
        decisions=plan.decisions.select_related("by"),
    )
