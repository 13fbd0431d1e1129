"""Bold goals: where we want to be, by when, on which series, and how it goes."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action
from hstw.history import tracked
from schools.models import Organization

from .belonging import Ordered, Placed, PlacedQuerySet
from .measure import Measure, StudentGroup


class Source(models.TextChoices):
    """Where a goal's figures come from."""

    COMPUTED = "computed", _("Counted here from loaded files")
    PUBLISHED = "published", _("Published by an authority")
    TYPED = "typed", _("Typed in by hand, source named")


class Status(models.TextChoices):
    """How it goes; “No data” is never green (design, section 8)."""

    ON_TRACK = "on_track", _("On track")
    AT_RISK = "at_risk", _("At risk")
    OFF_TRACK = "off_track", _("Off track")
    DONE = "done", _("Done")
    NO_DATA = "no_data", _("No data")


class GoalQuerySet(PlacedQuerySet["BoldGoal"]):
    """Goals are for everybody of the state; the figures in them are protected for those not entitled."""

    action = Action.VIEW_GOALS


@tracked(exclude=["order"])
class BoldGoal(Ordered, Placed):
    """A long-range goal of an organization for a measure and a student group.

    The baseline of a computed or published series is a year: what its figure was is asked of ``goals.figures`` for
    whoever looks. ``baseline_value`` and ``baseline_n`` are for a typed series, whose first row they are.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="bold_goals")
    title = models.CharField(_("goal"), max_length=200, help_text=_("In one sentence that a parent understands."))
    measure = models.ForeignKey(Measure, models.PROTECT, related_name="bold_goals", verbose_name=_("measure"))
    group = models.ForeignKey(StudentGroup, models.PROTECT, related_name="+", verbose_name=_("student group"))
    source = models.CharField(_("figures are"), max_length=9, choices=Source)
    publisher = models.CharField(
        _("source of the figures"), max_length=200, blank=True, help_text=_("Who published them, or where they stand.")
    )
    baseline_year = models.SmallIntegerField(_("baseline year"))
    baseline_value = models.DecimalField(
        _("baseline"), max_digits=9, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    baseline_n = models.PositiveIntegerField(_("students in the baseline"), null=True, blank=True)
    end_year = models.SmallIntegerField(_("end year"))
    answers = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="answered_by",
        verbose_name=_("answers the district goal"),
    )
    stopped_on = models.DateField(_("stopped"), null=True, blank=True)

    objects = GoalQuerySet.as_manager()

    class Meta:
        verbose_name = _("bold goal")
        verbose_name_plural = _("bold goals")
        ordering: ClassVar[list[str]] = ["organization", "order", "pk"]
        constraints = [
            models.CheckConstraint(name="goal_source_known", condition=Q(source__in=Source.values)),
            models.CheckConstraint(
                name="goal_ends_after_baseline",
                condition=Q(end_year__gt=F("baseline_year")),
                violation_error_message=_("The end year is not after the baseline year."),
            ),
            models.CheckConstraint(
                name="goal_baseline_not_negative",
                condition=Q(baseline_value=None) | Q(baseline_value__gte=0),
            ),
            models.CheckConstraint(
                name="goal_source_named",
                condition=Q(source=Source.COMPUTED) | ~Q(publisher=""),
                violation_error_message=_("Say who published the figures, or where they stand."),
            ),
            models.CheckConstraint(name="goal_not_its_own_answer", condition=Q(answers=None) | ~Q(answers=F("pk"))),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        from hstw.navigation import current_year

        return reverse("goals:goal", args=[self.organization.slug, current_year(), self.pk])


@tracked()
class YearTarget(models.Model):
    """What a goal wants to have reached in a school year; the end year's is the goal itself."""

    goal = models.ForeignKey(BoldGoal, models.CASCADE, related_name="targets")
    year = models.SmallIntegerField(_("school year"))
    value = models.DecimalField(_("target"), max_digits=9, decimal_places=2)

    class Meta:
        verbose_name = _("target of a year")
        verbose_name_plural = _("targets of years")
        ordering: ClassVar[list[str]] = ["goal", "year"]
        constraints = [
            models.UniqueConstraint(fields=["goal", "year"], name="target_once"),
            models.CheckConstraint(name="target_not_negative", condition=Q(value__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.year}: {self.value}"


class Viewer(models.TextChoices):
    """For whose eyes a status was worked out: its reason names figures."""

    OWN = "own", _("Those entitled to exact figures")
    NETWORK = "network", _("People of the network")
    PUBLIC = "public", _("The public, and reviewers of an award")


class GoalStanding(models.Model):
    """The status of a goal and its reason in words, as one audience may read it; written by ``planning.status``."""

    goal = models.ForeignKey(BoldGoal, models.CASCADE, related_name="standings")
    viewer = models.CharField(max_length=7, choices=Viewer)
    status = models.CharField(_("status"), max_length=9, choices=Status)
    reason = models.CharField(_("reason"), max_length=300)
    year = models.SmallIntegerField(_("school year"), null=True, blank=True)
    made_at = models.DateTimeField(_("worked out"), default=timezone.now)

    class Meta:
        verbose_name = _("status of a goal")
        verbose_name_plural = _("statuses of goals")
        constraints = [
            models.UniqueConstraint(fields=["goal", "viewer"], name="standing_once"),
            models.CheckConstraint(name="standing_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="standing_viewer_known", condition=Q(viewer__in=Viewer.values)),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.reason}"


@tracked()
class StatusOverride(models.Model):
    """A status that somebody set by hand, with their reason; it ends when figures are loaded next."""

    goal = models.ForeignKey(BoldGoal, models.CASCADE, related_name="overrides")
    status = models.CharField(_("status"), max_length=9, choices=Status)
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("status set by hand")
        verbose_name_plural = _("statuses set by hand")
        ordering: ClassVar[list[str]] = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["goal"], condition=Q(ended_at=None), name="override_one_at_a_time"),
            models.CheckConstraint(
                name="override_has_reason",
                condition=~Q(reason=""),
                violation_error_message=_("Say why: the reason is shown beside the status."),
            ),
            models.CheckConstraint(
                name="override_status_known", condition=Q(status__in=[s for s in Status.values if s != "no_data"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}: {self.reason}"


class TypedFigureQuerySet(PlacedQuerySet["TypedFigure"]):
    """Figures typed in."""

    action = Action.VIEW_GOALS


@tracked()
class TypedFigure(Placed):
    """A figure typed in for an organization and year: number of pathways, a survey index, a rate with its n."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="typed_figures")
    measure = models.ForeignKey(Measure, models.PROTECT, related_name="typed_figures", verbose_name=_("measure"))
    group = models.ForeignKey(StudentGroup, models.PROTECT, related_name="+", verbose_name=_("student group"))
    year = models.SmallIntegerField(_("school year"))
    value = models.DecimalField(_("value"), max_digits=9, decimal_places=2, validators=[MinValueValidator(0)])
    n = models.PositiveIntegerField(_("out of how many"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = TypedFigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("figure typed in")
        verbose_name_plural = _("figures typed in")
        ordering: ClassVar[list[str]] = ["organization", "measure", "group", "year"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "measure", "group", "year"],
                name="typed_once",
                violation_error_message=_("There is a figure of this year already: change that one."),
            ),
            models.CheckConstraint(name="typed_not_negative", condition=Q(value__gte=0)),
            models.CheckConstraint(name="typed_source_named", condition=~Q(source="")),
        ]

    def __str__(self) -> str:
        return f"{self.year}: {self.value}"
