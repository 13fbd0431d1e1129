"""Money: what was given of each fund, what the plan spends, and what is over or under, to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from goals.models import ActionStatus, ActionStep, Allocation, BudgetLine, Fund, Plan
from schools.models import Organization
from schools.models.organization import lineage

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class FundRow:
    """One fund of one organization and year. ``left`` is negative where more is planned than was given."""

    fund: Fund
    given: Decimal
    planned: Decimal
    allocation: Allocation | None = None

    @property
    def left(self) -> Decimal:
        """What is not planned yet."""
        return self.given - self.planned

    @property
    def over(self) -> bool:
        """Whether more is planned than was given."""
        return self.left < 0


@dataclass(frozen=True)
class Money:
    """All funds of a plan. The rows add up to the totals."""

    rows: tuple[FundRow, ...]

    @property
    def given(self) -> Decimal:
        """All that was given."""
        return sum((row.given for row in self.rows), ZERO)

    @property
    def planned(self) -> Decimal:
        """All that is planned."""
        return sum((row.planned for row in self.rows), ZERO)

    @property
    def left(self) -> Decimal:
        """What is not planned yet, over all funds: a fund that is over is not made good by another."""
        return self.given - self.planned

    @property
    def over(self) -> list[FundRow]:
        """Funds of which more is planned than was given."""
        return [row for row in self.rows if row.over]


def funds_of(organization: Organization) -> Any:
    """The funds that an organization can spend from: its own, and those of the districts above it."""
    return Fund.objects.filter(organization__path__in=lineage(organization.path))


def of_plan(plan: Plan) -> Money:
    """The money of one plan; two queries."""
    return of_plans([plan])[plan.pk]


def of_plans(plans: Iterable[Plan]) -> dict[int, Money]:
    """The money of each plan, by its key, in two queries. What was stopped no longer takes money."""
    plans = list(plans)
    planned: dict[int, dict[int, Decimal]] = defaultdict(dict)
    funds: dict[int, Fund] = {}
    lines = (
        # One that is not saved yet (a page of allocations before there is a plan) spends nothing.
        BudgetLine.objects.filter(action__strategy__plan_goal__plan__in=[plan.pk for plan in plans if plan.pk])
        .exclude(action__status=ActionStatus.STOPPED)
        .values_list("action__strategy__plan_goal__plan", "fund")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    for plan_id, fund_id, total in lines:
        planned[plan_id][fund_id] = total
    given: dict[tuple[int, int], dict[int, Allocation]] = defaultdict(dict)
    allocations = Allocation.objects.filter(
        organization__in={plan.organization_id for plan in plans}, year__in={plan.year for plan in plans}
    ).select_related("fund")
    for allocation in allocations:
        given[allocation.organization_id, allocation.year][allocation.fund_id] = allocation
        funds[allocation.fund_id] = allocation.fund
    missing = {fund for by_fund in planned.values() for fund in by_fund} - set(funds)
    funds |= Fund.objects.in_bulk(missing)
    return {plan.pk: _money(planned[plan.pk], given[plan.organization_id, plan.year], funds) for plan in plans}


def _money(planned: dict[int, Decimal], given: dict[int, Allocation], funds: dict[int, Fund]) -> Money:
    rows = [
        FundRow(
            funds[pk],
            given[pk].amount if pk in given else ZERO,
            planned.get(pk, ZERO),
            given.get(pk),
        )
        for pk in set(planned) | set(given)
    ]
    return Money(tuple(sorted(rows, key=lambda row: (row.fund.name, row.fund.pk))))


def lines_of(plan: Plan) -> Any:
    """Every budget line of a plan, in the plan's order."""
    return (
        BudgetLine.objects.filter(action__strategy__plan_goal__plan=plan)
        .select_related("fund", "action__strategy__plan_goal__bold_goal")
        .order_by("action__strategy__plan_goal__order", "action__strategy__order", "action__order", "action", "pk")
    )


def unfunded(plan: Plan) -> int:
    """How many action steps say no amount."""
    return (
        ActionStep.objects.filter(strategy__plan_goal__plan=plan)
        .annotate(n=Count("lines"))
        .filter(Q(n=0))
        .exclude(status=ActionStatus.STOPPED)
        .count()
    )
