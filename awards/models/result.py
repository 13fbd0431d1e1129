"""What came of it: the decision, the result as it was frozen, the letters."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked

from .edition import Edition
from .nomination import Nomination
from .panel import EditionRole, places_of


class Outcome(models.TextChoices):
    """What was decided on a nomination."""

    WINNER = "winner", _("Winner")
    FINALIST = "finalist", _("Finalist")
    NOT_SELECTED = "not_selected", _("Not selected")


@tracked()
class AwardDecision(models.Model):
    """What the panel decided on a nomination, and why: the ranking advises, people decide."""

    nomination = models.OneToOneField(Nomination, models.PROTECT, related_name="decision")
    outcome = models.CharField(_("decision"), max_length=12, choices=Outcome)
    rationale = models.TextField(_("why"))
    citation = models.TextField(
        _("what the school is honored for"),
        blank=True,
        help_text=_("One or two sentences for the public page; winners need them."),
    )
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering: ClassVar[list[str]] = ["nomination"]
        constraints = [
            models.CheckConstraint(name="decision_outcome_known", condition=Q(outcome__in=Outcome.values)),
            models.CheckConstraint(name="decision_says_why", condition=~Q(rationale="")),
            models.CheckConstraint(
                name="decision_winner_is_cited", condition=~Q(outcome=Outcome.WINNER) | ~Q(citation="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nomination_id}: {self.outcome}"


class ResultSnapshotQuerySet(models.QuerySet["ResultSnapshot"]):
    """Frozen results."""

    def visible_to(self, user: Any) -> Self:
        """To the chair and coordinators of the edition, where it holds no nomination that they may not read."""
        if not user.is_authenticated:
            return self.none()
        leading = [place.edition_id for place in places_of(user) if place.role != EditionRole.REVIEWER]
        hidden = Nomination.objects.exclude(state="draft").filter(edition__in=leading)
        hidden = hidden.exclude(pk__in=Nomination.objects.on_panels_of(user).order_by().values("pk"))
        return self.filter(edition__in=leading).exclude(edition__in=hidden.order_by().values("edition"))

    def published(self) -> Self:
        """Those that were announced."""
        return self.filter(published_at__isnull=False)


class ResultSnapshot(models.Model):
    """The result of an edition as it was frozen: every score, the ranking, the decisions, and how they were computed.

    ``content`` reproduces it (``awards.results.reproduce``); ``public`` is all that the public page reads.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="results")
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    public = models.JSONField()
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(_("announced"), null=True, blank=True)

    objects = ResultSnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering: ClassVar[list[str]] = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition"], condition=Q(published_at__isnull=False), name="result_announced_once"
            ),
            models.CheckConstraint(name="result_has_checksum", condition=Q(checksum__regex="^[0-9a-f]{64}$")),
        ]
        triggers = [
            pgtrigger.Protect(
                name="result_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.content IS DISTINCT FROM NEW.content OR OLD.checksum <> NEW.checksum"
                    " OR OLD.public IS DISTINCT FROM NEW.public OR OLD.edition_id <> NEW.edition_id"
                    " OR (OLD.published_at IS NOT NULL AND NEW.published_at IS DISTINCT FROM OLD.published_at)"
                ),
            ),
            pgtrigger.Protect(name="result_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.edition} {self.made_at:%Y-%m-%d}"


class FeedbackLetter(models.Model):
    """What a school is told: its bands and the comments that may be shared, frozen when it was released.

    Without any reader's name. The coordinator's edited text stands beside what the readers wrote.
    """

    nomination = models.OneToOneField(Nomination, models.PROTECT, related_name="letter")
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    released_at = models.DateTimeField(default=timezone.now)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("feedback letter")
        verbose_name_plural = _("feedback letters")
        ordering: ClassVar[list[str]] = ["nomination"]
        constraints = [
            models.CheckConstraint(name="letter_has_checksum", condition=Q(checksum__regex="^[0-9a-f]{64}$"))
        ]
        triggers = [
            pgtrigger.Protect(name="letter_stays", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.nomination_id}"
