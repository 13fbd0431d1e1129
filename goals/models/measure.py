"""What is measured, and for which students: rows that ship as data (``goals/measures.toml``, ``groups.toml``)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# Readiness records hold groups, counted and met as bit(128).
BITS = 128


class Dimension(models.TextChoices):
    """By what students are told apart. Groups of one dimension may be exclusive; across dimensions they never are."""

    ALL = "all", _("All students")
    RACE_ETHNICITY = "race_ethnicity", _("Race and ethnicity")
    SEX = "sex", _("Sex")
    ECONOMIC = "economic", _("Economic disadvantage")
    LANGUAGE = "language", _("English learners")
    DISABILITY = "disability", _("Disability")
    HOUSING = "housing", _("Homelessness")
    FOSTER_CARE = "foster_care", _("Foster care")
    MILITARY = "military", _("Military connection")
    MIGRANT = "migrant", _("Migrant status")
    PARENTING = "parenting", _("Single parents")
    NON_TRADITIONAL = "non_traditional", _("Non-traditional fields")
    WORKFORCE = "workforce", _("Out of the workforce")
    GIFTED = "gifted", _("Gifted")
    RISK = "risk", _("Groups at risk, as a state defines them")
    CAREER_CLUSTER = "career_cluster", _("Career cluster")


class StudentGroup(models.Model):
    """Some of the students: an accountability group, a special population, the remainder of one, or all.

    ``bit`` is its place in the groups of a readiness record: given once, never reused; null for a group that is
    only ever published. ``remainder_of`` names the group of which it is the rest (“not economically
    disadvantaged”), from which it can be computed.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    dimension = models.CharField(_("dimension"), max_length=16, choices=Dimension)
    order = models.SmallIntegerField(_("order"))
    bit = models.SmallIntegerField(_("position"), null=True, blank=True, unique=True)
    remainder_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="remainders")
    # Two-letter code of the state that defines it; blank where it means the same everywhere.
    state = models.CharField(_("state"), max_length=2, blank=True)
    essa_accountability = models.BooleanField(
        _("accountability group"), default=False, help_text=_("Schools are judged by it (ESEA 1111(c)(2)).")
    )
    essa_reporting = models.BooleanField(
        _("reported group"), default=False, help_text=_("Shown on report cards (ESEA 1111(h)).")
    )
    perkins = models.BooleanField(
        _("special population"), default=False, help_text=_("Counted under Perkins V, section 3(48).")
    )

    class Meta:
        verbose_name = _("student group")
        verbose_name_plural = _("student groups")
        ordering: ClassVar[list[str]] = ["order", "code"]
        constraints = [
            models.CheckConstraint(name="group_bit_in_range", condition=Q(bit=None) | Q(bit__gte=0, bit__lt=BITS)),
            models.CheckConstraint(name="group_dimension_known", condition=Q(dimension__in=Dimension.values)),
            models.CheckConstraint(
                name="group_not_its_own_remainder", condition=Q(remainder_of=None) | ~Q(remainder_of=F("pk"))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MeasureKind(models.TextChoices):
    """What is counted (design, section 4)."""

    STUDENT_RATE = "student_rate", _("Share of students")
    TALLY = "tally", _("Count of events")
    MEAN = "mean", _("Mean of scores")
    ORGANIZATION = "organization", _("Figure of an organization")


class Basis(models.TextChoices):
    """Whose year it is: blank for what has no student behind it."""

    YEAR = "year", _("Students enrolled in the year")
    CLASS = "class", _("The adjusted cohort, by its on-time graduation year")
    LEAVER = "leaver", _("Students who left or graduated in the year")
    SENIOR = "senior", _("The year's graduates, and seniors who did not graduate")


class Direction(models.TextChoices):
    """Which way is better."""

    HIGHER = "higher", _("Higher is better")
    LOWER = "lower", _("Lower is better")
    NEITHER = "neither", _("Neither is better in itself")


class Unit(models.TextChoices):
    """What a value of the measure is a number of."""

    PERCENT = "percent", _("percent")
    POINTS = "points", _("points")
    STUDENTS = "students", _("students")
    EXAMS = "exams", _("exams")
    CREDENTIALS = "credentials", _("credentials")
    COURSES = "courses", _("courses")
    PATHWAYS = "pathways", _("pathways")
    INDEX = "index", _("index points")


class Measure(models.Model):
    """A measured quantity with its definition; a definition that changes gets a row of its own.

    ``bit`` is its place in ``counted`` (in which denominators) and ``met`` (in which numerators) of readiness
    records of its basis: given once, never reused; null for a measure that is not computed here.
    """

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    definition = models.CharField(_("definition"), max_length=500)
    source = models.CharField(_("source of the definition"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=MeasureKind)
    basis = models.CharField(_("basis"), max_length=6, choices=Basis, blank=True)
    population = models.CharField(_("population"), max_length=200, blank=True)
    denominator = models.CharField(_("denominator"), max_length=300, blank=True)
    direction = models.CharField(_("direction"), max_length=7, choices=Direction)
    unit = models.CharField(_("unit"), max_length=12, choices=Unit)
    lag_years = models.SmallIntegerField(
        _("years until it is known"), default=0, help_text=_("Published so many years after its population's year.")
    )
    state = models.CharField(_("state"), max_length=2, blank=True, help_text=_("Blank where it holds everywhere."))
    bit = models.SmallIntegerField(_("position"), null=True, blank=True)
    first_year = models.SmallIntegerField(_("first school year"), null=True, blank=True)
    last_year = models.SmallIntegerField(_("last school year"), null=True, blank=True)
    how_to_read = models.CharField(_("how to read it"), max_length=300, blank=True)
    misreading = models.CharField(_("common misreading"), max_length=300, blank=True)
    # Kinds of evidence it needs, as in ``EvidenceCoverage.kind``.
    evidence: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    order = models.SmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering: ClassVar[list[str]] = ["order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["basis", "bit"], name="measure_bit_once"),
            models.CheckConstraint(
                name="measure_bit_in_range", condition=Q(bit=None) | Q(bit__gte=0, bit__lt=BITS) & ~Q(basis="")
            ),
            models.CheckConstraint(name="measure_kind_known", condition=Q(kind__in=MeasureKind.values)),
            models.CheckConstraint(name="measure_basis_known", condition=Q(basis__in=["", *Basis.values])),
            models.CheckConstraint(
                name="measure_of_students_has_basis",
                condition=Q(kind=MeasureKind.ORGANIZATION, basis="") | ~Q(kind=MeasureKind.ORGANIZATION) & ~Q(basis=""),
            ),
            models.CheckConstraint(
                name="measure_last_year_after_first",
                condition=Q(first_year=None) | Q(last_year=None) | Q(last_year__gte=F("first_year")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
