"""Students and the numbers they are known by."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, within

from .organization import Organization
from .periods import Period, PeriodQuerySet, ends_after_start


class StudentQuerySet(models.QuerySet["Student"]):
    """Students, by name: only for those who serve them."""

    def visible_to(self, user: Any) -> StudentQuerySet:
        """Those enrolled, now or before, where ``user`` may see students by name."""
        there = within(user, Action.VIEW_NAMED_STUDENTS, "enrollments__organization__path")
        return self.filter(pk__in=self.model.objects.filter(there).values("pk"))


class Student(models.Model):
    """One person, whatever schools and districts they went through; shown by an opaque id."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    first_name = models.CharField(_("first name"), max_length=100)
    middle_name = models.CharField(_("middle name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    # First entry to grade 9 fixes the adjusted cohort: the year four school years on (34 CFR 200.34).
    grade_9_year = models.SmallIntegerField(_("first year in grade 9"), null=True, blank=True)
    batch = models.ForeignKey("schools.ImportBatch", models.PROTECT, null=True, blank=True, related_name="+")
    line = models.IntegerField(null=True, blank=True)

    objects = StudentQuerySet.as_manager()

    class Meta:
        verbose_name = _("student")
        verbose_name_plural = _("students")
        ordering = ["last_name", "first_name", "pk"]
        indexes = [models.Index(fields=["last_name", "first_name", "birth_date"], name="student_name_birth_date")]

    def __str__(self) -> str:
        return f"{self.last_name}, {self.first_name}"


class IdentifierSystem(models.TextChoices):
    """Who gave a number to a student."""

    STATE = "state", _("State")
    LOCAL = "local", _("District")


class StudentIdentifier(Period):
    """A number by which a state or a district knows a student; text, with its leading zeros.

    Local numbers never match across districts: ``organization`` is the state or the district that gave it.
    """

    student = models.ForeignKey(Student, models.CASCADE, related_name="identifiers")
    system = models.CharField(_("given by"), max_length=5, choices=IdentifierSystem)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    value = models.CharField(_("number"), max_length=40)
    batch = models.ForeignKey("schools.ImportBatch", models.PROTECT, null=True, blank=True, related_name="+")
    line = models.IntegerField(null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("student number")
        verbose_name_plural = _("student numbers")
        constraints = [
            ends_after_start("identifier_ends_after_start"),
            models.UniqueConstraint(
                fields=["organization", "system", "value"],
                condition=Q(ends=None),
                name="identifier_in_use_once",
            ),
        ]

    def __str__(self) -> str:
        return self.value


class NotDuplicate(models.Model):
    """That a person looked at two records that seem to be one student, and said that they are two.

    The lower key comes first, so that a pair is there once. An import that added one of the two cannot be undone
    while this stands.
    """

    first = models.ForeignKey(Student, models.CASCADE, related_name="different_from_later")
    second = models.ForeignKey(Student, models.CASCADE, related_name="different_from_earlier")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("statement that two students are different")
        verbose_name_plural = _("statements that students are different")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="not_duplicate_once"),
            models.CheckConstraint(name="not_duplicate_in_order", condition=Q(first__lt=F("second"))),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ≠ {self.second_id}"
