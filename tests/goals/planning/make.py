"""Makes plans to test on: one small whole, and one as large as plans get."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from goals.models import (
    ActionStep,
    Allocation,
    BoldGoal,
    BudgetLine,
    Fund,
    Measure,
    Need,
    Plan,
    PlanGoal,
    Strategy,
    StudentGroup,
    TeamMember,
    YearTarget,
)
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import Organization, User

YEAR = int(current_year())


def goal(organization: Organization, **fields: Any) -> BoldGoal:
    """A goal on typed figures: 80 in the year before last, 90 to be reached in four years."""
    fields.setdefault("measure", Measure.objects.get(code=fields.pop("code", "READY_FOR_9")))
    fields.setdefault("group", StudentGroup.objects.get(code="ALL"))
    values = {
        "title": "More are ready",
        "source": "typed",
        "publisher": "District records",
        "baseline_year": YEAR - 2,
        "baseline_value": Decimal(80),
        "baseline_n": 200,
        "end_year": YEAR + 3,
        **fields,
    }
    target = values.pop("target", Decimal(90))
    made = BoldGoal.objects.create(organization=organization, **values)
    YearTarget.objects.create(goal=made, year=made.end_year, value=target)
    return made


def action(strategy: Strategy, owner: User | None = None, **fields: Any) -> ActionStep:
    """An action step of the plan's year; somebody without an account answers for it unless an owner is given."""
    year = SchoolYear(strategy.plan_goal.plan.year)
    values = {
        "title": "Meet every Tuesday",
        "owner": owner,
        "owner_name": "" if owner else "Head of the department",
        "starts": dt.date(year - 1, 8, 15),
        "due": dt.date(year, 5, 15),
        **fields,
    }
    return ActionStep.objects.create(strategy=strategy, **values)


def plan(organization: Organization, owner: User | None = None, year: int = YEAR) -> Plan:
    """A plan that can be submitted: one of everything, and $2,300 more Perkins money planned than given."""
    made = Plan.objects.create(
        organization=organization, year=year, summary="We graduate 88 of 100.", involvement="Parents met in May."
    )
    TeamMember.objects.create(plan=made, name="Pat Principal", part="Principal")
    need = Need.objects.create(plan=made, title="Ninth-graders fail algebra", order=1)
    need.causes.create(text="No extra help before the first test", order=1)
    part = PlanGoal.objects.create(plan=made, bold_goal=goal(organization), order=1)
    part.needs.add(need)
    strategy = Strategy.objects.create(
        plan_goal=part, title="Extra help every day", order=1, tier=2, citation="Smith and Lee (2019)"
    )
    step = action(strategy, owner, order=1)
    fund = Fund.objects.create(organization=organization, name="Perkins V")
    Allocation.objects.create(fund=fund, organization=organization, year=year, amount=Decimal("50000.00"))
    BudgetLine.objects.create(action=step, fund=fund, amount=Decimal("52300.00"))
    return made


def large(organization: Organization, owner: User, goals: int, strategies: int, actions: int, year: int = YEAR) -> Plan:
    """A plan with so many goals, strategies each, and action steps each."""
    made = Plan.objects.create(organization=organization, year=year, summary="s", involvement="i")
    fund, _new = Fund.objects.get_or_create(organization=organization, name="Title I")
    for g in range(goals):
        part = PlanGoal.objects.create(plan=made, bold_goal=goal(organization, title=f"Goal {g}"), order=g)
        for s in range(strategies):
            strategy = Strategy.objects.create(plan_goal=part, title=f"Strategy {g}.{s}", order=s)
            for a in range(actions):
                step = action(strategy, owner if a % 2 else None, title=f"Step {g}.{s}.{a}", order=a)
                if a % 3 == 0:
                    BudgetLine.objects.create(action=step, fund=fund, amount=Decimal("100.25"))
    return made


def whole(organization: Organization, owner: User, goals: int, strategies: int, actions: int, year: int = YEAR) -> Plan:
    """As :func:`large`, with all that must be there to submit it, texts of some length and remarks at its parts."""
    made = large(organization, owner, goals, strategies, actions, year)
    TeamMember.objects.create(plan=made, name="Pat Principal", part="Principal")
    need = Need.objects.create(plan=made, title="Ninth-graders fail algebra", evidence="Marks. " * 60, order=1)
    need.causes.create(text="No extra help before the first test", order=1)
    for part in made.plan_goals.all():
        part.needs.add(need)
    steps = ActionStep.objects.filter(strategy__plan_goal__plan=made)
    steps.update(description="Two sentences say what is done. Another one says where, and with whom.")
    rows = Strategy.objects.filter(plan_goal__plan=made)
    rows.update(description="What the study found. " * 12, tier=2, citation="Smith and Lee (2019)")
    for strategy in rows.order_by("pk"):
        made.comments.create(about=f"strategy:{strategy.pk}", text="In which period is it?", by=owner)
    return made


def largest(organization: Organization, owner: User, year: int = YEAR) -> Plan:
    """The largest plan that has to stay quick: 10 goals, 40 strategies, 300 action steps."""
    made = whole(organization, owner, 10, 4, 7, year)
    for strategy in Strategy.objects.filter(plan_goal__plan=made).order_by("pk")[:20]:
        action(strategy, owner, title="One more", order=9)
    return made
