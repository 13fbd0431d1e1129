"""A whole plan, read at once: what the page, the checklist and the approved version are made from.

The number of queries does not grow with the number of goals, strategies or action steps.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Prefetch

from goals.models import ActionStep, BudgetLine, Need, Plan, PlanComment, PlanGoal, RootCause, Strategy, TeamMember
from goals.planning import series, status
from goals.planning.money import Money
from goals.planning.money import of_plan as money_of
from goals.planning.series import Series, said
from hstw.values import SchoolYear


@dataclass
class Outline:
    """A plan with all its parts, in order; goals carry ``standing`` and ``series`` as the reader may see them."""

    plan: Plan
    team: list[TeamMember]
    needs: list[Need]
    goals: list[PlanGoal]
    money: Money
    comments: dict[str, list[PlanComment]] = field(default_factory=dict)

    @property
    def strategies(self) -> list[Strategy]:
        """All strategies."""
        return [strategy for goal in self.goals for strategy in goal.strategies.all()]

    @property
    def actions(self) -> list[ActionStep]:
        """All action steps."""
        return [action for strategy in self.strategies for action in strategy.actions.all()]

    @property
    def open_comments(self) -> int:
        """Comments that nobody has settled."""
        return sum(comment.settled_at is None for found in self.comments.values() for comment in found)


def read(plan: Plan, user: Any, *, audience: str | None = None) -> Outline:
    """The whole plan, with figures as ``user`` (or an audience) may see them."""
    actions = (
        ActionStep.objects.select_related("owner")
        .annotate(n_notes=Count("notes", distinct=True), n_files=Count("evidence", distinct=True))
        .prefetch_related(Prefetch("lines", BudgetLine.objects.select_related("fund").order_by("pk")))
        .order_by("order", "pk")
    )
    strategies = (
        Strategy.objects.select_related("practice__edition", "practice__area")
        .prefetch_related(Prefetch("actions", actions))
        .order_by("order", "pk")
    )
    goals = list(
        PlanGoal.objects.filter(plan=plan)
        .select_related("bold_goal__organization", "bold_goal__measure", "bold_goal__group", "bold_goal__answers")
        .prefetch_related(
            Prefetch("strategies", strategies),
            Prefetch("needs", Need.objects.order_by("order", "pk")),
            *(_below("bold_goal", one) for one in status.prefetches()),
        )
        .order_by("order", "pk")
    )
    causes = RootCause.objects.select_related("measure").order_by("order", "pk")
    needs = (
        Need.objects.filter(plan=plan)
        .select_related("measure", "group")
        .prefetch_related(Prefetch("causes", causes), "plan_goals")
        .order_by("order", "pk")
    )
    comments: dict[str, list[PlanComment]] = defaultdict(list)
    for comment in PlanComment.objects.filter(plan=plan).select_related("by", "settled_by"):
        comments[comment.about].append(comment)
    _put_figures(goals, user, audience)
    return Outline(plan, list(plan.team.all()), list(needs), goals, money_of(plan), dict(comments))


def _below(field_name: str, prefetch: Prefetch[Any]) -> Prefetch[Any]:
    prefetch.add_prefix(field_name)
    return prefetch


def _put_figures(goals: Sequence[PlanGoal], user: Any, audience: str | None) -> None:
    bold = [goal.bold_goal for goal in goals]
    values = series.of_goals(user, bold, audience=audience)
    standings = status.shown(None if audience else user, bold)
    for goal in goals:
        goal.series = values[goal.bold_goal_id]  # type: ignore[attr-defined]
        goal.standing = standings[goal.bold_goal_id]  # type: ignore[attr-defined]


# --- as it is frozen -------------------------------------------------------------------------------------------------
def content(outline: Outline) -> dict[str, Any]:
    """A plan as plain data, as an approved version keeps it: texts, dates as ISO, money as text with two decimals.

    ``figures`` are what the network may see: a plan is passed around.
    """
    plan = outline.plan
    return {
        "organization": plan.organization.name,
        "year": plan.year,
        "year_label": SchoolYear(plan.year).label,
        "mission": plan.mission,
        "summary": plan.summary,
        "involvement": plan.involvement,
        "common_planning": plan.common_planning,
        "review_on": plan.review_on,
        "team": [{"id": one.pk, "name": one.name, "part": one.part} for one in outline.team],
        "needs": [_need(need) for need in outline.needs],
        "goals": [_goal(goal) for goal in outline.goals],
        "money": [
            {
                "id": row.fund.pk,
                "fund": row.fund.name,
                "given": f"{row.given:.2f}",
                "planned": f"{row.planned:.2f}",
                "left": f"{row.left:.2f}",
            }
            for row in outline.money.rows
        ],
    }


def text_of(found: dict[str, Any]) -> str:
    """The bytes, as text, of which the checksum is made: the same content gives the same text."""
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _need(need: Need) -> dict[str, Any]:
    return {
        "id": need.pk,
        "title": need.title,
        "evidence": need.evidence,
        "measure": need.measure.name if need.measure else "",
        "group": need.group.name if need.group else "",
        "causes": [
            {"id": one.pk, "text": one.text, "measure": one.measure.name if one.measure else ""}
            for one in need.causes.all()
        ],
    }


def _goal(goal: PlanGoal) -> dict[str, Any]:
    bold = goal.bold_goal
    values: Series = goal.series  # type: ignore[attr-defined]
    standing: status.Shown = goal.standing  # type: ignore[attr-defined]
    return {
        "id": goal.pk,
        "title": bold.title,
        "measure": bold.measure.name,
        "of": bold.measure.denominator,
        "group": bold.group.name,
        "source": bold.publisher or str(bold.get_source_display()),
        "baseline_year": SchoolYear(bold.baseline_year).label,
        "end_year": SchoolYear(bold.end_year).label,
        "targets": [
            {"year": SchoolYear(one.year).label, "value": said(bold.measure, one.value)} for one in bold.targets.all()
        ],
        "figures": [{"year": value.label, "text": value.text} for value in values],
        "status": {"code": standing.status, "reason": standing.reason},
        "needs": [need.title for need in goal.needs.all()],
        "answers": str(bold.answers or ""),
        "strategies": [_strategy(strategy) for strategy in goal.strategies.all()],
    }


def _strategy(strategy: Strategy) -> dict[str, Any]:
    practice = strategy.practice
    return {
        "id": strategy.pk,
        "title": strategy.title,
        "description": strategy.description,
        "practice": f"{practice.name} ({practice.edition.name})" if practice else "",
        "tier": str(strategy.get_tier_display() or ""),
        "citation": strategy.citation,
        "actions": [_action(action) for action in strategy.actions.all()],
    }


def _action(action: ActionStep) -> dict[str, Any]:
    return {
        "id": action.pk,
        "title": action.title,
        "description": action.description,
        "accountable": action.accountable,
        "starts": action.starts.isoformat(),
        "due": action.due.isoformat(),
        "progress": str(action.get_status_display()),
        "money": [
            {"id": line.pk, "fund": line.fund.name, "amount": f"{line.amount:.2f}", "purpose": line.purpose}
            for line in action.lines.all()
        ],
    }
