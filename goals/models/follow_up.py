"""Following through: notes, evidence, delegates and reminders."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked
from hstw.models import StoredFile

from .belonging import PlacedQuerySet
from .plan import ActionStatus, ActionStep, OfPlan, Plan


class NoteQuerySet(PlacedQuerySet["ProgressNote"]):
    """Progress notes."""

    place = "action__strategy__plan_goal__plan__organization"


class ProgressNote(OfPlan):
    """What happened with an action step: was it done (implementation), did it help (effectiveness)."""

    class Kind(models.TextChoices):
        IMPLEMENTATION = "implementation", _("Implementation: was it done?")
        EFFECTIVENESS = "effectiveness", _("Effectiveness: did it help students?")

    action = models.ForeignKey(ActionStep, models.CASCADE, related_name="notes")
    kind = models.CharField(_("about"), max_length=14, choices=Kind)
    text = models.TextField(_("note"), max_length=8_000)
    status = models.CharField(_("status"), max_length=11, choices=ActionStatus)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress note")
        verbose_name_plural = _("progress notes")
        ordering: ClassVar[list[str]] = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="note_kind_known", condition=Q(kind__in=["implementation", "effectiveness"])),
            models.CheckConstraint(name="note_status_known", condition=Q(status__in=ActionStatus.values)),
        ]

    def __str__(self) -> str:
        return self.text[:80]

    def plan_of(self) -> Plan:
        return self.action.plan_of()


class EvidenceQuerySet(PlacedQuerySet["ActionEvidence"]):
    """Files that show what was done."""

    place = "action__strategy__plan_goal__plan__organization"


class ActionEvidence(OfPlan):
    """A file that shows what was done: minutes, an agenda, student work without names."""

    action = models.ForeignKey(ActionStep, models.CASCADE, related_name="evidence")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    what = models.CharField(_("what it shows"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering: ClassVar[list[str]] = ["made_at", "pk"]

    def __str__(self) -> str:
        return self.file.name

    def plan_of(self) -> Plan:
        return self.action.plan_of()


@tracked()
class Delegation(models.Model):
    """Who does the follow-up of somebody else; both see it as theirs to do."""

    principal = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="delegations_given")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="delegations_held")
    made_at = models.DateTimeField(default=timezone.now)
    ends = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            models.UniqueConstraint(fields=["principal", "delegate"], name="delegation_once"),
            models.CheckConstraint(name="delegation_to_somebody_else", condition=~Q(principal=F("delegate"))),
        ]

    def __str__(self) -> str:
        return f"{self.principal} → {self.delegate}"


class DigestChoice(models.Model):
    """How often somebody wants a mail with what they owe; weekly without a row."""

    class Rhythm(models.TextChoices):
        DAILY = "daily", _("Every school day on which something is due")
        WEEKLY = "weekly", _("On Mondays, if something is due")
        NEVER = "never", _("Never")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digest_choice")
    rhythm = models.CharField(_("mail about what you owe"), max_length=6, choices=Rhythm, default=Rhythm.WEEKLY)

    class Meta:
        verbose_name = _("rhythm of mail")
        verbose_name_plural = _("rhythms of mail")
        constraints = [
            models.CheckConstraint(name="digest_rhythm_known", condition=Q(rhythm__in=["daily", "weekly", "never"]))
        ]

    def __str__(self) -> str:
        return self.rhythm
