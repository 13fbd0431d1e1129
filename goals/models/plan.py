"""Plans: needs → goals → strategies → action steps, each with somebody who answers for it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Scope
from hstw.history import tracked
from hstw.values import SchoolYear
from schools.models import Organization

from .belonging import Ordered, Placed, PlacedQuerySet
from .bold_goal import BoldGoal
from .framework import KeyPractice
from .measure import Measure, StudentGroup


class PlanQuerySet(PlacedQuerySet["Plan"]):
    """Plans."""


class PlanState(models.TextChoices):
    """Where a plan stands on its way to approval; an approved one goes on and may come to differ."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")


@tracked(exclude=["changed_at"])
class Plan(Placed):
    """The improvement plan of a district or school for a school year: one each."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="plans")
    year = models.SmallIntegerField(_("school year"))
    state = models.CharField(_("state"), max_length=9, choices=PlanState, default=PlanState.DRAFT, editable=False)
    mission = models.TextField(_("mission"), blank=True, max_length=4_000)
    summary = models.TextField(
        _("where we stand"),
        blank=True,
        max_length=20_000,
        help_text=_("Strengths and challenges that the figures show, in words for parents and the board."),
    )
    involvement = models.TextField(
        _("who took part"),
        blank=True,
        max_length=10_000,
        help_text=_("Teachers, parents, students, employers and others: when and how they were heard."),
    )
    common_planning = models.TextField(
        _("time to plan together"),
        blank=True,
        max_length=10_000,
        help_text=_("When teams of teachers meet, who is in them, and what they work on."),
    )
    review_on = models.TextField(
        _("how we follow up"), blank=True, max_length=4_000, help_text=_("When the plan is looked at, and by whom.")
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("last change"), default=timezone.now, editable=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering: ClassVar[list[str]] = ["-year", "organization"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "year"], name="plan_once"),
            models.CheckConstraint(name="plan_state_known", condition=Q(state__in=PlanState.values)),
        ]

    def __str__(self) -> str:
        return f"{self.organization}, {SchoolYear(self.year).label}"

    def get_absolute_url(self) -> str:
        return reverse("goals:plan", args=[self.organization.slug, self.year])


class OfPlan(models.Model):
    """A part of a plan: it is where the plan is."""

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        return self.plan_of().get_absolute_url()

    def plan_of(self) -> Plan:
        """The plan it belongs to."""
        plan: Plan = self.plan  # type: ignore[attr-defined]
        return plan

    def access_scope(self) -> Scope:
        """The organization's."""
        return self.plan_of().access_scope()


class OfPlanQuerySet(PlacedQuerySet[Any]):
    """Parts of plans."""

    place = "plan__organization"


class StrategyQuerySet(PlacedQuerySet["Strategy"]):
    """Strategies."""

    place = "plan_goal__plan__organization"


class ActionQuerySet(PlacedQuerySet["ActionStep"]):
    """Action steps."""

    place = "strategy__plan_goal__plan__organization"


@tracked()
class TeamMember(OfPlan):
    """Somebody who makes the plan: the committee, with parents, students and employers on it."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="team")
    name = models.CharField(_("name"), max_length=120)
    part = models.CharField(_("as"), max_length=120, help_text=_("Principal, counselor, parent, student, employer, …"))

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of the planning team")
        verbose_name_plural = _("members of the planning team")
        ordering: ClassVar[list[str]] = ["plan", "pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "name", "part"], name="team_member_once")]

    def __str__(self) -> str:
        return f"{self.name}, {self.part}"


@tracked(exclude=["order"])
class Need(OfPlan, Ordered):
    """What the data says must change, and, by measure and group, where that is seen."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="needs")
    title = models.CharField(_("need"), max_length=200, help_text=_("One sentence: who, and what is not yet so."))
    evidence = models.TextField(_("what shows it"), blank=True, max_length=8_000)
    measure = models.ForeignKey(
        Measure, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("measure")
    )
    group = models.ForeignKey(
        StudentGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("student group")
    )

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        ordering: ClassVar[list[str]] = ["plan", "order", "pk"]
        constraints = [models.CheckConstraint(name="need_has_words", condition=~Q(title=""))]

    def __str__(self) -> str:
        return self.title


class CauseQuerySet(PlacedQuerySet["RootCause"]):
    """Root causes."""

    place = "need__plan__organization"


@tracked(exclude=["order"])
class RootCause(OfPlan, Ordered):
    """Why a need exists, as the team sees it, with the measure that would show it."""

    need = models.ForeignKey(Need, models.CASCADE, related_name="causes")
    text = models.TextField(_("root cause"), max_length=4_000)
    measure = models.ForeignKey(
        Measure, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("measure that shows it")
    )

    objects = CauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("root cause")
        verbose_name_plural = _("root causes")
        ordering: ClassVar[list[str]] = ["need", "order", "pk"]

    def __str__(self) -> str:
        return self.text[:80]

    def plan_of(self) -> Plan:
        return self.need.plan


@tracked(exclude=["order"])
class PlanGoal(OfPlan, Ordered):
    """A bold goal that the plan works on this year, and the needs it answers."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="plan_goals")
    bold_goal = models.ForeignKey(BoldGoal, models.PROTECT, related_name="plan_goals", verbose_name=_("goal"))
    needs = models.ManyToManyField(Need, related_name="plan_goals", blank=True, verbose_name=_("needs it answers"))

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("goal of the plan")
        verbose_name_plural = _("goals of the plan")
        ordering: ClassVar[list[str]] = ["plan", "order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "bold_goal"],
                name="plan_goal_once",
                violation_error_message=_("This goal is in the plan already."),
            )
        ]

    def __str__(self) -> str:
        return str(self.bold_goal)


class Tier(models.IntegerChoices):
    """ESSA evidence tiers (ESEA section 8101(21); domain reference 3.11)."""

    STRONG = 1, _("Tier 1: strong (randomized experiment)")
    MODERATE = 2, _("Tier 2: moderate (quasi-experiment)")
    PROMISING = 3, _("Tier 3: promising (correlation, controlled)")
    RATIONALE = 4, _("Tier 4: demonstrates a rationale")


@tracked(exclude=["order"])
class Strategy(OfPlan, Ordered):
    """How a goal is to be reached: a practice, and how well it is proved."""

    plan_goal = models.ForeignKey(PlanGoal, models.CASCADE, related_name="strategies")
    title = models.CharField(_("strategy"), max_length=200)
    description = models.TextField(_("in detail"), blank=True, max_length=8_000)
    practice = models.ForeignKey(
        KeyPractice, models.PROTECT, null=True, blank=True, related_name="strategies", verbose_name=_("key practice")
    )
    tier = models.SmallIntegerField(_("evidence tier"), choices=Tier, null=True, blank=True)
    citation = models.CharField(
        _("citation"), max_length=400, blank=True, help_text=_("The study or logic model behind it.")
    )

    objects = StrategyQuerySet.as_manager()

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        ordering: ClassVar[list[str]] = ["plan_goal", "order", "pk"]
        constraints = [
            models.CheckConstraint(name="strategy_tier_known", condition=Q(tier=None) | Q(tier__in=Tier.values)),
            models.CheckConstraint(
                name="strategy_proved_is_cited",
                condition=~Q(tier__in=[1, 2, 3]) | ~Q(citation=""),
                violation_error_message=_("Tiers 1 to 3 rest on a study: cite it."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def plan_of(self) -> Plan:
        return self.plan_goal.plan


class ActionStatus(models.TextChoices):
    """How far an action step is, as whoever answers for it says."""

    NOT_STARTED = "not_started", _("Not started")
    ON_TRACK = "on_track", _("On track")
    AT_RISK = "at_risk", _("At risk")
    OFF_TRACK = "off_track", _("Off track")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


FINISHED = (ActionStatus.DONE, ActionStatus.STOPPED)


@tracked(exclude=["order"])
class ActionStep(OfPlan, Ordered):
    """The smallest planned task. Exactly one answers for it: a user with a role there, or a named person."""

    strategy = models.ForeignKey(Strategy, models.CASCADE, related_name="actions")
    title = models.CharField(_("action step"), max_length=200)
    description = models.TextField(_("in detail"), blank=True, max_length=8_000)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="action_steps",
        verbose_name=_("accountable"),
    )
    owner_name = models.CharField(
        _("or somebody without an account"), max_length=120, blank=True, help_text=_("Name and position.")
    )
    starts = models.DateField(_("starts"))
    due = models.DateField(_("due"))
    status = models.CharField(_("status"), max_length=11, choices=ActionStatus, default=ActionStatus.NOT_STARTED)
    status_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("action step")
        verbose_name_plural = _("action steps")
        ordering: ClassVar[list[str]] = ["strategy", "order", "pk"]
        indexes = [models.Index(fields=["owner", "due"], name="action_owed")]
        constraints = [
            models.CheckConstraint(
                name="action_one_accountable",
                condition=Q(owner__isnull=False, owner_name="") | Q(owner=None) & ~Q(owner_name=""),
                violation_error_message=_("Exactly one person is accountable: choose a user or type a name, not both."),
            ),
            models.CheckConstraint(
                name="action_due_after_start",
                condition=Q(due__gte=F("starts")),
                violation_error_message=_("It would be due before it starts."),
            ),
            models.CheckConstraint(name="action_status_known", condition=Q(status__in=ActionStatus.values)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        plan = self.plan_of()
        return reverse("goals:action", args=[plan.organization.slug, plan.year, self.pk])

    def plan_of(self) -> Plan:
        return self.strategy.plan_goal.plan

    @property
    def accountable(self) -> str:
        """Who answers for it."""
        return str(self.owner) if self.owner is not None else self.owner_name
