"""A student's own way: the chosen pathway, the courses planned by grade, who advises, when it was last looked at."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hstw.access import Action
from hstw.history import tracked
from schools.models import Student

from .catalog import GRADE_CHOICES, Course
from .owned import Owned, OwnedQuerySet
from .pathway import Pathway


class ProgramQuerySet(OwnedQuerySet):
    """Programs of study name their students: only for those who serve them."""

    action = Action.VIEW_NAMED_STUDENTS

    def current(self) -> Self:
        """Those that have not ended."""
        return self.filter(ended=None)


@tracked()
class ProgramOfStudy(Owned):
    """A student's program of study at a school, from the day it was begun; one at a time."""

    student = models.ForeignKey(Student, models.CASCADE, related_name="programs")
    pathway = models.ForeignKey(
        Pathway, models.PROTECT, null=True, blank=True, related_name="programs", verbose_name=_("pathway")
    )
    adviser = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("adviser"),
    )
    goal = models.CharField(_("what the student wants to do after high school"), max_length=300, blank=True)
    begun = models.DateField(_("begun"))
    ended = models.DateField(_("ended"), null=True, blank=True)

    objects = ProgramQuerySet.as_manager()

    class Meta:
        verbose_name = _("program of study")
        verbose_name_plural = _("programs of study")
        ordering = ["pk"]
        indexes = [models.Index(fields=["organization", "ended"], name="program_organization")]
        constraints = [
            models.UniqueConstraint(fields=["student"], condition=Q(ended=None), name="program_current_once"),
            models.CheckConstraint(
                name="program_ends_after_begin",
                condition=Q(ended=None) | Q(ended__gte=F("begun")),
                violation_error_message=_("It would end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


@tracked()
class PlannedCourse(models.Model):
    """A course that a student means to take, in a grade."""

    program = models.ForeignKey(ProgramOfStudy, models.CASCADE, related_name="planned")
    course = models.ForeignKey(Course, models.PROTECT, related_name="+")
    grade = models.CharField(_("grade"), max_length=2, choices=GRADE_CHOICES)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        verbose_name = _("planned course")
        verbose_name_plural = _("planned courses")
        ordering = ["grade", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["program", "course"], name="planned_course_once"),
            models.CheckConstraint(
                name="planned_course_grade_known", condition=Q(grade__in=[code for code, _label in GRADE_CHOICES])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} in {self.grade}"


@tracked()
class ProgramReview(models.Model):
    """That a program was looked at with the student, and with the family or without."""

    program = models.ForeignKey(ProgramOfStudy, models.CASCADE, related_name="reviews")
    held_on = models.DateField(_("on"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    with_family = models.BooleanField(_("a parent or guardian took part"), default=False)
    note = models.TextField(_("what was agreed"), blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        verbose_name = _("review of a program of study")
        verbose_name_plural = _("reviews of programs of study")
        ordering = ["-held_on", "-pk"]
        constraints = [models.UniqueConstraint(fields=["program", "held_on"], name="program_review_once")]

    def __str__(self) -> str:
        return f"{self.held_on}"
