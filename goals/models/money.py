"""Money: funds, what each organization was given of them, and what a plan spends on each action step."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hstw.access import Action
from hstw.history import tracked
from schools.models import Organization

from .belonging import Placed, PlacedQuerySet
from .plan import ActionStep, OfPlan, Plan

CENT = Decimal("0.01")


class FundQuerySet(PlacedQuerySet["Fund"]):
    """Funds."""


@tracked()
class Fund(Placed):
    """A source of money of a district: Title I, Perkins V, general fund, a grant."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="funds")
    name = models.CharField(_("fund"), max_length=120)
    code = models.CharField(_("account code"), max_length=40, blank=True)

    objects = FundQuerySet.as_manager()

    class Meta:
        verbose_name = _("fund")
        verbose_name_plural = _("funds")
        ordering: ClassVar[list[str]] = ["organization", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"],
                name="fund_once",
                violation_error_message=_("There is a fund of this name already."),
            ),
            models.CheckConstraint(name="fund_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class AllocationQuerySet(PlacedQuerySet["Allocation"]):
    """Allocations."""


@tracked()
class Allocation(Placed):
    """How much of a fund an organization has in a school year."""

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="allocations", verbose_name=_("fund"))
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="allocations")
    year = models.SmallIntegerField(_("school year"))
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])

    objects = AllocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        ordering: ClassVar[list[str]] = ["year", "organization", "fund__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["fund", "organization", "year"],
                name="allocation_once",
                violation_error_message=_("This fund has an allocation here already: change that one."),
            ),
            models.CheckConstraint(name="allocation_not_negative", condition=Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.fund}: {self.amount}"


class LineQuerySet(PlacedQuerySet["BudgetLine"]):
    """Budget lines."""

    place = "action__strategy__plan_goal__plan__organization"
    action = Action.VIEW_PLAN


@tracked()
class BudgetLine(OfPlan):
    """What an action step takes from a fund."""

    action = models.ForeignKey(ActionStep, models.CASCADE, related_name="lines")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="lines", verbose_name=_("fund"))
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, validators=[MinValueValidator(CENT)])
    purpose = models.CharField(_("for"), max_length=200, blank=True)

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget line")
        verbose_name_plural = _("budget lines")
        ordering: ClassVar[list[str]] = ["action", "pk"]
        constraints = [models.CheckConstraint(name="line_positive", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.fund}: {self.amount}"

    def plan_of(self) -> Plan:
        return self.action.plan_of()
