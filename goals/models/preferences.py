"""What a state may set for itself about measures whose source leaves it open."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked
from schools.models import Organization


class CoreSubject(models.TextChoices):
    """The subjects whose courses count as core courses (Chicago: the four of them)."""

    ELA = "ela", _("English")
    MATH = "math", _("Mathematics")
    SCIENCE = "science", _("Science")
    SOCIAL_STUDIES = "social_studies", _("Social science")


def every_core_subject() -> list[str]:
    """The four of the published indicator."""
    return list(CoreSubject.values)


@tracked()
class OnTrackSettings(models.Model):
    """When a ninth-grader of a state is on track; the published Chicago rule holds for a state without a row.

    Source of the defaults: University of Chicago Consortium on School Research (domain reference, section 3.5).
    """

    organization = models.OneToOneField(
        Organization, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("state")
    )
    credits = models.DecimalField(
        _("full-year credits at the least"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(5),
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(Decimal(12))],
    )
    failures = models.PositiveSmallIntegerField(
        _("semester F's in core courses at the most"), default=1, validators=[MaxValueValidator(12)]
    )
    core: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=16, choices=CoreSubject),
        verbose_name=_("core courses"),
        default=every_core_subject,
    )

    class Meta:
        verbose_name = _("on-track settings")
        verbose_name_plural = _("on-track settings")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="on_track_credits_in_range", condition=Q(credits__gte=Decimal("0.5"), credits__lte=12)
            ),
            models.CheckConstraint(name="on_track_failures_in_range", condition=Q(failures__lte=12)),
            models.CheckConstraint(
                name="on_track_core_known",
                condition=Q(core__contained_by=CoreSubject.values) & Q(core__len__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credits}, {self.failures}"
