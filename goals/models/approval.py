"""A plan on its way: comments, submitted, returned, approved, and what was approved."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.models import StoredFile

from .plan import OfPlan, OfPlanQuerySet, Plan, PlanState


class PlanComment(OfPlan):
    """What somebody remarks at a part of the plan; ``about`` names it (``strategy:12``), blank for the whole."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="comments")
    about = models.CharField(max_length=40, blank=True)
    text = models.TextField(_("comment"), max_length=4_000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering: ClassVar[list[str]] = ["made_at", "pk"]
        constraints = [models.CheckConstraint(name="comment_has_words", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text[:80]


class PlanDecision(OfPlan):
    """A step on the way: submitted, returned with a reason, approved."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="decisions")
    state = models.CharField(_("what"), max_length=9, choices=PlanState)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(_("reason"), blank=True, max_length=4_000)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision on a plan")
        verbose_name_plural = _("decisions on plans")
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="decision_return_has_reason",
                condition=~Q(state=PlanState.RETURNED) | ~Q(reason=""),
                violation_error_message=_("Say what should change."),
            ),
            models.CheckConstraint(
                name="decision_state_known",
                condition=Q(state__in=[PlanState.SUBMITTED, PlanState.RETURNED, PlanState.APPROVED]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.plan}"


class PlanVersion(OfPlan):
    """What was approved: text and figures as they stood, with checksum and documents. Never changed again."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    # The bytes that the checksum is of: JSON with sorted keys.
    content = models.TextField()
    sha256 = models.CharField(_("checksum"), max_length=64)
    pdf = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    word = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(default=timezone.now)

    objects = OfPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("approved version")
        verbose_name_plural = _("approved versions")
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once"),
            models.CheckConstraint(name="plan_version_checksum", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
        ]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.plan}: {self.number}"
