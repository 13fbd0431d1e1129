"""The courses that a district or a state offers, and which must be taken before which."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked
from schools.models import Organization
from schools.models.evidence import CourseLevel
from schools.models.organization import Grade

from .owned import Owned, OwnedQuerySet


class Subject(models.TextChoices):
    """Subjects as course records name them; the first four are the core of the recommended curriculum."""

    ENGLISH = "ela", _("English")
    MATH = "math", _("Mathematics")
    SCIENCE = "science", _("Science")
    SOCIAL_STUDIES = "social_studies", _("Social studies")
    CTE = "cte", _("Career and technical")
    COMPUTING = "computing", _("Computing")
    LANGUAGE = "language", _("World languages")
    ARTS = "arts", _("Arts")
    PHYSICAL_EDUCATION = "pe", _("Physical education and health")
    OTHER = "other", _("Other")


# Courses of the middle grades can begin a pathway (Algebra I, career exploration).
GRADES = tuple(grade for grade in Grade if grade.value.isdecimal() and int(grade.value) >= 6)
GRADE_CHOICES = [(grade.value, grade.label) for grade in GRADES]
HIGH_SCHOOL = ("09", "10", "11", "12")
MOST_CREDITS = Decimal(4)


class CourseQuerySet(OwnedQuerySet):
    """Courses of catalogs."""

    def in_force(self, year: int) -> CourseQuerySet:
        """Those still offered in a school year."""
        return self.filter(Q(last_year=None) | Q(last_year__gte=year))

    def search(self, text: str) -> CourseQuerySet:
        """Every word begins the code or stands in the title."""
        found = self
        for word in text.split()[:6]:
            found = found.filter(Q(title__icontains=word) | Q(code__istartswith=word) | Q(sced_code__startswith=word))
        return found


@tracked()
class Course(Owned):
    """A course of a catalog; ``code`` is its owner's, as course records carry it."""

    code = models.CharField(_("course code"), max_length=60)
    title = models.CharField(_("title"), max_length=120)
    subject = models.CharField(_("subject"), max_length=20, choices=Subject)
    level = models.CharField(_("level"), max_length=7, choices=CourseLevel, default=CourseLevel.GENERAL)
    credits = models.DecimalField(_("credits"), max_digits=4, decimal_places=2, default=Decimal(1))
    grade_low = models.CharField(_("from grade"), max_length=2, choices=GRADE_CHOICES, default="09")
    grade_high = models.CharField(_("to grade"), max_length=2, choices=GRADE_CHOICES, default="12")
    sced_code = models.CharField(_("SCED code"), max_length=5, blank=True)
    state_code = models.CharField(_("state code"), max_length=20, blank=True)
    last_year = models.SmallIntegerField(_("last offered in"), null=True, blank=True)
    requires: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        "self", through="CoursePrerequisite", symmetrical=False, related_name="required_by"
    )

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["subject", "grade_low", "title", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Upper("code"),
                name="catalog_course_code_once",
                violation_error_message=_("The catalog has a course with this code."),
            ),
            models.CheckConstraint(
                name="catalog_course_credits",
                condition=Q(credits__gt=0, credits__lte=MOST_CREDITS),
                violation_error_message=_("A course gives more than 0 and at most 4 credits."),
            ),
            models.CheckConstraint(
                name="catalog_course_grades_in_order",
                condition=Q(grade_low__lte=F("grade_high")),
                violation_error_message=_("The last grade is before the first."),
            ),
            models.CheckConstraint(name="catalog_course_subject_known", condition=Q(subject__in=Subject.values)),
            models.CheckConstraint(name="catalog_course_level_known", condition=Q(level__in=CourseLevel.values)),
            models.CheckConstraint(
                name="catalog_course_sced_shape",
                condition=Q(sced_code__regex=r"^([0-9]{5})?$"),
                violation_error_message=_("A SCED code has five digits."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def grades(self) -> str:
        """Grades as people say them: ``9–12``, or ``10``."""
        low, high = self.get_grade_low_display(), self.get_grade_high_display()
        return str(low) if low == high else f"{low}–{high}"


@tracked()
class CoursePrerequisite(models.Model):
    """That one course is taken before another; a trigger keeps the chain from biting its own tail."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="prerequisites")
    requires = models.ForeignKey(Course, models.PROTECT, related_name="leads_to")

    class Meta:
        verbose_name = _("prerequisite")
        verbose_name_plural = _("prerequisites")
        ordering = ["course", "requires"]
        constraints = [
            models.UniqueConstraint(fields=["course", "requires"], name="prerequisite_once"),
            models.CheckConstraint(name="prerequisite_of_another", condition=~Q(course=F("requires"))),
        ]

    def __str__(self) -> str:
        return f"{self.requires_id} → {self.course_id}"


TOTAL = "total"
REQUIRED_OF: list[tuple[str, Any]] = [*Subject.choices, (TOTAL, _("All credits together"))]


@tracked()
class GraduationRequirement(Owned):
    """Credits that a state or district asks for in a subject, or in all; where silent, the recommended curriculum."""

    subject = models.CharField(_("subject"), max_length=20, choices=REQUIRED_OF)
    credits = models.DecimalField(_("credits"), max_digits=4, decimal_places=2)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("graduation requirement")
        verbose_name_plural = _("graduation requirements")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "subject"], name="graduation_requirement_once"),
            models.CheckConstraint(
                name="graduation_requirement_credits",
                condition=Q(credits__gte=0, credits__lte=40),
                violation_error_message=_("Between 0 and 40 credits."),
            ),
            models.CheckConstraint(
                name="graduation_requirement_subject_known", condition=Q(subject__in=[*Subject.values, TOTAL])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} {self.credits}"


def catalog_owner(organization: Organization) -> Organization | None:
    """Whose catalog an organization keeps: its own for a district or state, the district's for a school."""
    from schools.models.organization import Kind

    if organization.kind in {Kind.DISTRICT, Kind.STATE}:
        return organization
    if organization.kind == Kind.SCHOOL:
        parent = Organization.objects.filter(path=organization.path[: -Organization.steplen]).first()
        return parent if parent is not None and parent.kind in {Kind.DISTRICT, Kind.STATE} else None
    return None
