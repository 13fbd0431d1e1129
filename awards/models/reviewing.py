"""Reading and scoring: who reads what, each reader's scores, and the score they agreed on."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked

from .edition import Band, Criterion
from .nomination import Nomination
from .panel import EditionRole, Reviewer, places_of


@tracked()
class Assignment(models.Model):
    """That a reviewer reads a nomination."""

    reviewer = models.ForeignKey(Reviewer, models.PROTECT, related_name="assignments")
    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    assigned_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering: ClassVar[list[str]] = ["nomination", "reviewer"]
        constraints = [
            models.UniqueConstraint(
                fields=["reviewer", "nomination"], condition=Q(ended_at=None), name="assignment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} → {self.nomination_id}"


class ReviewQuerySet(models.QuerySet["Review"]):
    """Reviews."""

    def visible_to(self, user: Any) -> Self:
        """One's own; those of others once they are submitted, to the chair and the coordinators, and to a reader of
        the same nomination whose own review is in. Never of a nomination that one may not read."""
        if not user.is_authenticated:
            return self.none()
        places = places_of(user)
        leading = [place.edition_id for place in places if place.role != EditionRole.REVIEWER]
        own_is_in = Review.objects.filter(
            assignment__nomination=OuterRef("assignment__nomination"),
            assignment__reviewer__in=[place.pk for place in places],
            submitted_at__isnull=False,
        )
        others = Q(submitted_at__isnull=False) & (Q(assignment__nomination__edition__in=leading) | Q(Exists(own_is_in)))
        readable = Nomination.objects.on_panels_of(user).order_by().values("pk")
        return self.filter(
            Q(assignment__reviewer__in=[place.pk for place in places], assignment__ended_at=None) | others,
            assignment__nomination__in=readable,
        )

    def submitted(self) -> Self:
        """Those that are in, of assignments that stand."""
        return self.filter(submitted_at__isnull=False, assignment__ended_at=None)


@tracked()
class Review(models.Model):
    """One reader's judgment of one nomination; locked on submit. ``total`` is what it came to then, out of 100."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assignment = models.OneToOneField(Assignment, models.PROTECT, related_name="review")
    begun_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    total = models.DecimalField(_("total"), max_digits=5, decimal_places=2, null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering: ClassVar[list[str]] = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="review_total_with_submit",
                condition=Q(submitted_at=None, total=None)
                | Q(submitted_at__isnull=False, total__isnull=False, total__gte=0, total__lte=100),
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="submitted_is_locked",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.submitted_at IS NOT NULL"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.assignment}"

    def get_absolute_url(self) -> str:
        return reverse("awards:review", args=[self.public_id])


_LOCKED = """
    IF EXISTS (SELECT 1 FROM awards_review r {join} AND r.submitted_at IS NOT NULL) THEN
        RAISE EXCEPTION 'review_is_locked: it was submitted' USING ERRCODE = 'check_violation';
    END IF;
    {done}
"""


def _locked(join: str) -> list[pgtrigger.Trigger]:
    """Triggers that let nothing of a submitted review be written; ``join`` finds the review of ``{row}``."""
    return [
        pgtrigger.Trigger(
            name="review_is_locked",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update,
            func=_LOCKED.format(join=join.format(row="NEW"), done="RETURN NEW;"),
        ),
        pgtrigger.Trigger(
            name="review_keeps_all",
            when=pgtrigger.Before,
            operation=pgtrigger.Delete,
            func=_LOCKED.format(join=join.format(row="OLD"), done="RETURN OLD;"),
        ),
    ]


@tracked()
class Score(models.Model):
    """One criterion in one review: a band, or that it does not apply, and why. Empty until it is judged."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    band = models.ForeignKey(Band, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("band"))
    not_applicable = models.BooleanField(_("does not apply"), default=False)
    comment = models.TextField(_("why this band"), blank=True)
    shared = models.BooleanField(
        _("the school may read this comment"),
        default=True,
        help_text=_("In its feedback letter, without your name."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering: ClassVar[list[str]] = ["criterion__order"]
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="score_once"),
            models.CheckConstraint(
                name="score_band_or_not_applicable", condition=Q(band=None) | Q(not_applicable=False)
            ),
        ]
        triggers = _locked("WHERE r.id = {row}.review_id")

    def __str__(self) -> str:
        return f"{self.review_id}: {self.band_id or '—'}"

    @property
    def given(self) -> bool:
        """Whether it has been judged."""
        return self.band_id is not None or self.not_applicable


@tracked()
class Citation(models.Model):
    """The place of the nomination that a score rests on: a part of it, and the words quoted."""

    score = models.ForeignKey(Score, models.PROTECT, related_name="citations")
    part = models.CharField(_("part of the nomination"), max_length=40)
    quote = models.CharField(_("passage"), max_length=600, blank=True)

    class Meta:
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering: ClassVar[list[str]] = ["pk"]
        constraints = [models.CheckConstraint(name="citation_names_its_part", condition=~Q(part=""))]
        triggers = _locked("JOIN awards_score s ON s.review_id = r.id WHERE s.id = {row}.score_id")

    def __str__(self) -> str:
        return self.quote or self.part


@tracked()
class ScoreConsensus(models.Model):
    """What the readers agreed on for a criterion they were too far apart on. Their own scores stay as they were."""

    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="consensus")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    band = models.ForeignKey(Band, models.PROTECT, related_name="+", verbose_name=_("agreed band"))
    rationale = models.TextField(_("how it was agreed"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("agreed score")
        verbose_name_plural = _("agreed scores")
        ordering: ClassVar[list[str]] = ["nomination", "criterion__order"]
        constraints = [
            models.UniqueConstraint(fields=["nomination", "criterion"], name="consensus_once"),
            models.CheckConstraint(name="consensus_says_how", condition=~Q(rationale="")),
        ]

    def __str__(self) -> str:
        return f"{self.nomination_id}: {self.band_id}"
