"""Bold goals: the list, one goal with its series, setting and changing it, its status by hand, figures typed in."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from goals.forms_planning.goals import GoalForm, OverrideForm, TypedFigureForm
from goals.models import BoldGoal, TypedFigure
from goals.models.measure import Unit
from goals.planning import library, series, status
from goals.views.frame import one_snapshot
from goals.views.planning import frame
from hstw import charts, draft_views, drafts
from hstw.access import Action, decide
from hstw.history import events_of
from hstw.values import SchoolYear
from schools.scope import signed_in

PAGE_SIZE = 20


@require_safe
@login_required
def goal_list(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Every goal of an organization: where it began, where it stands, what it should be, how it goes."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_GOALS)
    user = signed_in(request)
    rows = (
        BoldGoal.objects.filter(organization=organization)
        .select_related("organization", "measure", "group", "answers__organization")
        .prefetch_related(*status.prefetches())
        .order_by("stopped_on", "order", "pk")
    )
    page_obj = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    goals = list(page_obj.object_list)
    with one_snapshot():
        values = series.of_goals(user, goals)
        standings = status.shown(user, goals)
    for goal in goals:
        _put(goal, values[goal.pk], standings[goal.pk])
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/goals.html",
        tab="goals",
        page_obj=page_obj,
        goals=goals,
        library=library.offered(),
        may_edit=bool(decide(user, Action.EDIT_GOALS, organization)) and organization.kind in frame.KINDS,
    )


def _put(goal: Any, values: series.Series, standing: status.Shown) -> None:
    """What the templates read of a goal beside its row."""
    known = [value for value in values if value.value is not None]
    goal.series, goal.standing = values, standing
    goal.baseline = next((value for value in values if value.year == goal.baseline_year), None)
    goal.latest = known[-1] if known else None
    target = {one.year: one.value for one in goal.targets.all()}
    goal.aim = target.get(goal.end_year)
    goal.aim_text = series.said(goal.measure, goal.aim) if goal.aim is not None else "—"
    goal.is_exact = any(value.exact for value in values)


@require_http_methods(["GET", "POST"])
@login_required
def goal_new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """A new goal: from the library (``?from=on-time&of=0``), or one's own."""
    organization, school_year = frame.place(request, slug, year, Action.EDIT_GOALS)
    initial: dict[str, Any] = {}
    chosen = next((one for one in library.LIBRARY if one.code == request.GET.get("from")), None)
    if chosen is not None:
        number = request.GET.get("of", "0")
        initial = library.initial(chosen, int(number) if number.isdecimal() and len(number) < 3 else 0)
    answers = request.GET.get("answers", "")
    if answers.isdecimal() and len(answers) < 18:
        above = library.district_goals(organization).filter(pk=answers).first()
        if above is not None:
            initial = library.answering(above)
    return draft_views.edit(
        request,
        form_class=GoalForm,
        instance=BoldGoal(organization=organization),
        template="goals/plans/goal_form.html",
        context=frame.about(request, organization, school_year)
        | {"heading": _("A new goal"), "tab": "goals", "library": library.offered(), "chosen": chosen},
        saved_to=lambda goal: reverse("goals:goal", args=[slug, school_year, goal.pk]),
        key=drafts.key_of("goals.new-bold-goal", organization.pk),
        form_kwargs={"organization": organization, "initial": initial},
        save=_save,
    )


@require_http_methods(["GET", "POST"])
@login_required
def goal_edit(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Change a goal, or stop it."""
    organization, school_year, goal = frame.goal_of(request, slug, year, pk, Action.EDIT_GOALS)
    if request.method == "POST" and "stop" in request.POST:
        goal.stopped_on = None if goal.stopped_on else timezone.localdate()
        goal.save(update_fields=["stopped_on"])
        messages.success(
            request, _("Stopped. It stays in plans and in the history.") if goal.stopped_on else _("Taken up again.")
        )
        return redirect("goals:goal", slug, school_year, pk)
    return draft_views.edit(
        request,
        form_class=GoalForm,
        instance=goal,
        template="goals/plans/goal_form.html",
        context=frame.about(request, organization, school_year)
        | {"heading": _("Change the goal"), "tab": "goals", "goal": goal, "events": events_of(goal)},
        saved_to=reverse("goals:goal", args=[slug, school_year, pk]),
        form_kwargs={"organization": organization},
        save=_save,
    )


def _save(form: Any, version: int) -> None:
    """Write a goal; its yearly targets are made anew where what they follow from has changed."""
    goal: BoldGoal = form.instance
    fresh = goal.pk is None
    draft_views.save_form(form, version)
    kept = {} if fresh else {one.year: one.value for one in goal.targets.all()}
    follow = {"target", "end_year", "baseline_year", "baseline_value", "source", "measure", "group"}
    if fresh or follow & set(form.changed_data):
        end = (goal.end_year, form.cleaned_data["target"])
        kept = library.steps((goal.baseline_year, library.baseline_of(goal)), end)
    library.set_targets(goal, kept)


@require_http_methods(["GET", "POST"])
@login_required
def goal_page(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """One goal: its series against its targets; the yearly targets can be changed here."""
    organization, school_year, goal = frame.goal_of(request, slug, year, pk)
    user = signed_in(request)
    may_edit = bool(decide(user, Action.EDIT_GOALS, organization))
    problems: dict[int, str] = {}
    if request.method == "POST" and may_edit:
        targets, problems = _targets_sent(request, goal)
        if not problems:
            library.set_targets(goal, targets)
            messages.success(request, _("Saved."))
            return redirect("goals:goal", slug, school_year, pk)
    rows = BoldGoal.objects.filter(pk=pk).select_related("organization", "measure", "group", "answers__organization")
    goal = rows.prefetch_related(*status.prefetches()).get()
    with one_snapshot():
        values = series.of_goals(user, [goal])[goal.pk]
        standing = status.shown(user, [goal])[goal.pk]
    _put(goal, values, standing)
    targets = {one.year: one.value for one in goal.targets.all()}
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/goal.html",
        status=422 if problems else 200,
        tab="goals",
        goal=goal,
        trend=_trend(goal, values),
        rows=_rows(goal, values, targets, problems, request.POST if problems else {}),
        may_edit=may_edit,
        answered_by=goal.answered_by.filter(stopped_on=None)
        .select_related("organization")
        .order_by("organization__name"),
        plans=goal.plan_goals.select_related("plan__organization").order_by("-plan__year"),
        problems=problems,
    )


def _targets_sent(request: HttpRequest, goal: BoldGoal) -> tuple[dict[int, Decimal], dict[int, str]]:
    """The yearly targets of the form, and what is wrong with them, by year."""
    targets: dict[int, Decimal] = {}
    problems: dict[int, str] = {}
    for year in range(goal.baseline_year + 1, goal.end_year + 1):
        text = request.POST.get(f"target-{year}", "").strip().removesuffix("%").strip()
        if not text and year != goal.end_year:
            continue
        try:
            value = Decimal(text).quantize(Decimal("0.01"))
        except InvalidOperation:
            problems[year] = _("A number is needed.")
            continue
        if not value.is_finite() or value < 0 or value > 9_999_999:
            problems[year] = _("A target is not negative.")
        elif goal.measure.unit == Unit.PERCENT and value > 100:
            problems[year] = _("A share is at most 100 percent.")
        else:
            targets[year] = value
    return targets, problems


def _rows(goal: Any, values: series.Series, targets: Any, problems: Any, sent: Any) -> list[dict[str, Any]]:
    """Year by year: the figure, the target, and what was sent of it."""
    by_year = {value.year: value for value in values}
    last = max([goal.end_year, *by_year])
    return [
        {
            "year": SchoolYear(year),
            "value": by_year.get(year),
            "target": series.said(goal.measure, targets[year]) if year in targets else "",
            "number": sent.get(f"target-{year}", "") if sent else f"{targets[year]:f}" if year in targets else "",
            "editable": goal.baseline_year < year <= goal.end_year,
            "problem": problems.get(year, ""),
        }
        for year in range(goal.baseline_year, last + 1)
    ]


def _trend(goal: Any, values: series.Series) -> charts.Trend | None:
    if sum(value.value is not None for value in values) < 2:
        return None
    points = [charts.Point(value.label, value.text, None if value.bound else value.value) for value in values]
    return charts.trend(points, goal=goal.aim, width=480, height=180, margin=30)


@require_http_methods(["GET", "POST"])
@login_required
def goal_status(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Set a status by hand until figures are loaded next."""
    organization, school_year, goal = frame.goal_of(request, slug, year, pk, Action.EDIT_GOALS)
    form = OverrideForm(request.POST if request.method == "POST" and "end" not in request.POST else None)
    if request.method == "POST" and "end" in request.POST:
        status.end_override(goal)
        messages.success(request, _("The figures speak again."))
        return redirect("goals:goal", slug, school_year, pk)
    if request.method == "POST" and form.is_valid():
        status.override(goal, form.cleaned_data["status"], form.cleaned_data["reason"], signed_in(request))
        messages.success(request, _("Set. It ends when figures are loaded next."))
        return redirect("goals:goal", slug, school_year, pk)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/goal_status.html",
        status=422 if form.errors else 200,
        tab="goals",
        goal=goal,
        form=form,
        past=goal.overrides.select_related("by")[:10],
        open=goal.overrides.filter(ended_at=None).exists(),
    )


@require_http_methods(["GET", "POST"])
@login_required
def typed(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Figures typed in by hand, and one more."""
    organization, school_year = frame.place(request, slug, year, Action.EDIT_GOALS)
    row = TypedFigure(organization=organization, by=signed_in(request))
    change = request.GET.get("change", "")
    if change.isdecimal() and len(change) < 18:
        row = get_object_or_404(TypedFigure, pk=change, organization=organization)
    initial: dict[str, Any] = {"year": int(school_year)} if row.pk is None else {}
    form = TypedFigureForm(request.POST or None, instance=row, initial=initial)
    if request.method == "POST" and "remove" in request.POST and row.pk:
        with transaction.atomic():
            goals = BoldGoal.objects.filter(
                organization=organization, measure=row.measure, group=row.group, source="typed", stopped_on=None
            )
            row.delete()
            status.refresh_goals(goals)
        messages.success(request, _("Removed. The history keeps it."))
        return redirect("goals:typed", slug, school_year)
    if request.method == "POST" and form.is_valid():
        status.type_in(form.instance)
        messages.success(request, _("Saved. The goals on this series are worked out anew."))
        return redirect("goals:typed", slug, school_year)
    rows = TypedFigure.objects.filter(organization=organization).select_related("measure", "group", "by")
    page_obj = Paginator(rows.order_by("measure__order", "group__order", "-year"), 50).get_page(request.GET.get("page"))
    for one in page_obj:
        one.text = series.said(one.measure, one.value)  # type: ignore[attr-defined]
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/typed.html",
        status=422 if form.errors else 200,
        tab="goals",
        form=form,
        row=row,
        page_obj=page_obj,
    )
