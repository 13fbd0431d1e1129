"""How a team looks at its own practice: self-assessments, surveys, visits."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hstw.access import Action
from hstw.history import tracked
from schools.models import Organization

from .belonging import Placed, PlacedQuerySet
from .framework import FocusArea, FrameworkEdition, KeyPractice


class AssessmentQuerySet(PlacedQuerySet["TeamAssessment"]):
    """Self-assessments."""


@tracked()
class TeamAssessment(Placed):
    """A round in which a team rates its practices, each alone, until all are in or the day has come."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="team_assessments")
    year = models.SmallIntegerField(_("school year"))
    edition = models.ForeignKey(FrameworkEdition, models.PROTECT, related_name="+", verbose_name=_("edition"))
    closes_on = models.DateField(_("ratings are shown from"))
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="team_assessments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("team self-assessment")
        verbose_name_plural = _("team self-assessments")
        ordering: ClassVar[list[str]] = ["-year", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year", "edition"],
                name="team_assessment_once",
                violation_error_message=_("The team assesses itself by this edition this year already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization}, {self.year}"


class Level(models.IntegerChoices):
    """How far a practice is in place."""

    NOT_YET = 1, _("1 · Not yet")
    BEGINNING = 2, _("2 · Beginning")
    ESTABLISHED = 3, _("3 · In most classes")
    EVERYWHERE = 4, _("4 · Everywhere, and checked")


class PracticeRating(models.Model):
    """One member's own rating of a practice, with what they have seen. It stays what it was after consensus."""

    assessment = models.ForeignKey(TeamAssessment, models.CASCADE, related_name="ratings")
    practice = models.ForeignKey(KeyPractice, models.PROTECT, related_name="ratings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="practice_ratings")
    level = models.SmallIntegerField(_("rating"), choices=Level)
    evidence = models.TextField(_("what you have seen"), blank=True, max_length=2_000)
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("rating of a practice")
        verbose_name_plural = _("ratings of practices")
        constraints = [
            models.UniqueConstraint(fields=["assessment", "practice", "user"], name="rating_once"),
            models.CheckConstraint(name="rating_level_known", condition=Q(level__in=Level.values)),
        ]

    def __str__(self) -> str:
        return self.get_level_display()


class PracticeConsensus(models.Model):
    """What the team agreed on for a practice, and what the minority thinks."""

    assessment = models.ForeignKey(TeamAssessment, models.CASCADE, related_name="consensus")
    practice = models.ForeignKey(KeyPractice, models.PROTECT, related_name="+")
    level = models.SmallIntegerField(_("we agree on"), choices=Level)
    note = models.TextField(_("why, and other views"), blank=True, max_length=2_000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("agreed rating")
        verbose_name_plural = _("agreed ratings")
        constraints = [
            models.UniqueConstraint(fields=["assessment", "practice"], name="practice_consensus_once"),
            models.CheckConstraint(name="consensus_level_known", condition=Q(level__in=Level.values)),
        ]

    def __str__(self) -> str:
        return self.get_level_display()


class SurveyQuerySet(PlacedQuerySet["SurveyAdministration"]):
    """Surveys."""


@tracked()
class SurveyAdministration(Placed):
    """A survey given once: whom, how many answered, and an index per practice."""

    class Kind(models.TextChoices):
        STUDENT = "student", _("Students")
        TEACHER = "teacher", _("Teachers")
        CTE_SELF_STUDY = "cte", _("CTE self-study")
        FAMILY = "family", _("Families")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="surveys")
    kind = models.CharField(_("survey of"), max_length=7, choices=Kind)
    given_on = models.DateField(_("given on"))
    invited = models.PositiveIntegerField(_("invited"))
    answered = models.PositiveIntegerField(_("answered"))
    source = models.CharField(_("source"), max_length=200, blank=True)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering: ClassVar[list[str]] = ["-given_on", "kind"]
        constraints = [
            models.CheckConstraint(
                name="survey_answers_within_invited",
                condition=Q(answered__lte=F("invited")),
                violation_error_message=_("More have answered than were invited."),
            ),
            models.UniqueConstraint(fields=["organization", "kind", "given_on"], name="survey_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.given_on}"


class PracticeIndex(models.Model):
    """The share of a survey's answers that show intensive emphasis on a practice."""

    survey = models.ForeignKey(SurveyAdministration, models.CASCADE, related_name="indices")
    practice = models.ForeignKey(KeyPractice, models.PROTECT, related_name="+")
    percent = models.DecimalField(
        _("intensive emphasis, percent"), max_digits=4, decimal_places=1, validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("survey index")
        verbose_name_plural = _("survey indices")
        constraints = [
            models.UniqueConstraint(fields=["survey", "practice"], name="index_once"),
            models.CheckConstraint(name="index_in_range", condition=Q(percent__gte=0, percent__lte=100)),
        ]

    def __str__(self) -> str:
        return str(self.percent)


class VisitQuerySet(PlacedQuerySet["Visit"]):
    """Visits."""

    action = Action.VIEW_PLAN


@tracked()
class Visit(Placed):
    """A review or technical assistance visit."""

    class Kind(models.TextChoices):
        REVIEW = "review", _("Curriculum and instruction review")
        ASSISTANCE = "assistance", _("Technical assistance visit")
        PATHWAYS = "pathways", _("Career pathway review")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="visits")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    starts = models.DateField(_("first day"))
    ends = models.DateField(_("last day"))
    led_by = models.CharField(_("led by"), max_length=120, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering: ClassVar[list[str]] = ["-starts"]
        constraints = [
            models.CheckConstraint(
                name="visit_ends_after_start",
                condition=Q(ends__gte=F("starts")),
                violation_error_message=_("The last day is before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.starts}"


class Finding(models.Model):
    """What a visit found in a focus area: a promising practice or a problem of practice, and what it recommends."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="findings")
    area = models.ForeignKey(FocusArea, models.PROTECT, related_name="+", verbose_name=_("focus area"))
    promising = models.BooleanField(_("a promising practice"), default=False)
    text = models.TextField(_("finding"), max_length=4_000)
    recommendation = models.TextField(_("recommendation"), blank=True, max_length=4_000)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering: ClassVar[list[str]] = ["visit", "area__order", "pk"]

    def __str__(self) -> str:
        return self.text[:80]
