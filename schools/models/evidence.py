"""What happened to students: rows with an owner, a school year, and the import and line they came from.

Codes are stored as text; higher apps resolve them. Imported evidence has no change history of its own.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .imports import ImportBatch
from .organization import Grade, Organization
from .student import Student


class Evidence(models.Model):
    """One thing that happened to one student, owned by one organization."""

    student = models.ForeignKey(Student, models.CASCADE, related_name="%(class)ss")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    year = models.SmallIntegerField(_("school year"))
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, blank=True, related_name="+")
    line = models.IntegerField(null=True, blank=True)

    class Meta:
        abstract = True


def of_organization_and_year(name: str) -> models.Index:
    """The order in which evidence is read: one organization and school year at a time."""
    return models.Index(fields=["organization", "year"], name=name)


class RaceEthnicity(models.TextChoices):
    """The seven federal categories: one per student and year (``domain.md`` 5)."""

    AMERICAN_INDIAN = "AM", _("American Indian or Alaska Native")
    ASIAN = "AS", _("Asian")
    BLACK = "BL", _("Black or African American")
    HISPANIC = "HI", _("Hispanic or Latino")
    PACIFIC_ISLANDER = "PI", _("Native Hawaiian or Other Pacific Islander")
    TWO_OR_MORE = "TR", _("Two or more races")
    WHITE = "WH", _("White")


class ExitCode(models.TextChoices):
    """How an enrollment ended, in the terms of the cohort rules (34 CFR 200.34)."""

    END_OF_YEAR = "end_of_year", _("Finished the school year")
    GRADUATED = "graduated", _("Graduated with a regular diploma")
    TRANSFER_WITHIN = "transfer_within", _("Transferred within the state")
    TRANSFER_OUT = "transfer_out", _("Transferred out of the state")
    DROPPED_OUT = "dropped_out", _("Dropped out")
    OTHER_COMPLETER = "other_completer", _("Completed without a regular diploma")
    EMIGRATED = "emigrated", _("Left the country")
    DIED = "died", _("Died")


class Enrollment(Evidence):
    """A spell at one school in one school year, with the student's attributes of that year."""

    grade = models.CharField(_("grade"), max_length=2, choices=Grade)
    entered = models.DateField(_("entered"))
    exited = models.DateField(_("exited"), null=True, blank=True)
    exit_code = models.CharField(_("exit"), max_length=16, choices=ExitCode, blank=True)
    days_enrolled = models.SmallIntegerField(_("days enrolled"), null=True, blank=True)
    days_absent = models.SmallIntegerField(_("days absent"), null=True, blank=True)
    race_ethnicity = models.CharField(_("race and ethnicity"), max_length=2, choices=RaceEthnicity, blank=True)
    sex = models.CharField(_("sex"), max_length=1, blank=True)
    # Null is “not reported”, which is not “no”.
    economically_disadvantaged = models.BooleanField(null=True)
    english_learner = models.BooleanField(null=True)
    with_disabilities = models.BooleanField(null=True)
    homeless = models.BooleanField(null=True)
    foster_care = models.BooleanField(null=True)
    military_connected = models.BooleanField(null=True)
    migrant = models.BooleanField(null=True)
    single_parent = models.BooleanField(null=True)
    non_traditional = models.BooleanField(null=True)

    class Meta:
        verbose_name = _("enrollment")
        indexes = [of_organization_and_year("enrollment_org_year")]
        constraints = [
            models.UniqueConstraint(fields=["student", "organization", "year", "entered"], name="enrollment_once"),
            models.CheckConstraint(
                name="enrollment_exit_after_entry", condition=Q(exited=None) | Q(exited__gte=F("entered"))
            ),
            models.CheckConstraint(
                name="enrollment_absent_within_enrolled",
                condition=Q(days_absent=None)
                | Q(days_enrolled__isnull=False, days_absent__gte=0, days_absent__lte=F("days_enrolled")),
            ),
        ]


class CourseLevel(models.TextChoices):
    """How demanding a course is."""

    GENERAL = "general", _("General")
    HONORS = "honors", _("Honors")
    AP = "ap", _("Advanced Placement")
    IB = "ib", _("International Baccalaureate")
    AC = "ac", _("SREB Advanced Career")
    DUAL = "dual", _("Dual enrollment")


class CourseRecord(Evidence):
    """A course taken: what, at which level, with which grade, for how much credit.

    ``course_code`` is the district's own; where a file has none, the SCED code or else the title stands in, so that
    student, school, year, term, code and section name one record. Credits are null while the course goes on.
    """

    course_code = models.CharField(_("course code"), max_length=60, blank=True)
    section = models.CharField(_("section"), max_length=40, blank=True)
    term = models.CharField(_("term"), max_length=20, blank=True)
    sced_code = models.CharField(_("SCED code"), max_length=5, blank=True)
    title = models.CharField(_("course"), max_length=120)
    subject = models.CharField(_("subject"), max_length=20, blank=True)
    level = models.CharField(_("level"), max_length=7, choices=CourseLevel, default=CourseLevel.GENERAL)
    cip_code = models.CharField(_("CIP code"), max_length=7, blank=True)
    mark = models.CharField(_("mark"), max_length=5, blank=True)
    credits_attempted = models.DecimalField(
        _("credits attempted"), max_digits=4, decimal_places=2, null=True, blank=True
    )
    credits_earned = models.DecimalField(_("credits earned"), max_digits=4, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("course record")
        indexes = [of_organization_and_year("course_org_year")]
        constraints = [
            models.CheckConstraint(
                name="course_earned_within_attempted",
                condition=Q(credits_earned=None)
                | Q(credits_attempted__isnull=False, credits_earned__gte=0, credits_earned__lte=F("credits_attempted")),
            ),
            models.UniqueConstraint(
                fields=["student", "organization", "year", "term", "course_code", "section"], name="course_once"
            ),
        ]


class AssessmentResult(Evidence):
    """A score on one test and subject."""

    test = models.CharField(_("test"), max_length=30)
    subject = models.CharField(_("subject"), max_length=40)
    taken_on = models.DateField(_("taken on"))
    score = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    performance_level = models.CharField(_("level"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("assessment result")
        indexes = [of_organization_and_year("assessment_org_year")]
        constraints = [
            models.UniqueConstraint(fields=["student", "test", "subject", "taken_on"], name="assessment_once")
        ]


class CredentialEarned(Evidence):
    """An industry credential attempted or earned."""

    credential_code = models.CharField(_("credential"), max_length=40)
    issuer = models.CharField(_("issuer"), max_length=120, blank=True)
    earned_on = models.DateField(_("date"))
    passed = models.BooleanField(_("earned"), default=True)

    class Meta:
        verbose_name = _("credential")
        indexes = [of_organization_and_year("credential_org_year")]
        constraints = [
            models.UniqueConstraint(fields=["student", "credential_code", "earned_on"], name="credential_once")
        ]


class WorkExperience(Evidence):
    """Work-based learning."""

    kind = models.CharField(_("kind"), max_length=30)
    employer = models.CharField(_("employer"), max_length=120, blank=True)
    hours = models.SmallIntegerField(_("hours"), null=True, blank=True)
    paid = models.BooleanField(_("paid"), null=True)
    starts = models.DateField(_("from"), null=True, blank=True)
    ends = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("work experience")
        indexes = [of_organization_and_year("work_org_year")]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "organization", "year", "kind", "employer", "starts"],
                name="work_once",
                nulls_distinct=False,
            )
        ]


class Diploma(Evidence):
    """How and when high school was completed."""

    class Kind(models.TextChoices):
        REGULAR = "regular", _("Regular diploma")
        ALTERNATE = "alternate", _("State-defined alternate diploma")
        EQUIVALENT = "equivalent", _("High school equivalency")
        CERTIFICATE = "certificate", _("Certificate of completion")

    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    awarded_on = models.DateField(_("awarded on"))

    class Meta:
        verbose_name = _("diploma")
        indexes = [of_organization_and_year("diploma_org_year")]
        constraints = [models.UniqueConstraint(fields=["student", "kind"], name="diploma_once")]


class CohortRemoval(Evidence):
    """A removal from the adjusted cohort; without its document a student stays in the denominator."""

    reason = models.CharField(_("reason"), max_length=16, choices=ExitCode)
    removed_on = models.DateField(_("date"))
    document = models.CharField(_("document"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("cohort removal")
        indexes = [of_organization_and_year("removal_org_year")]
        constraints = [models.UniqueConstraint(fields=["student", "removed_on"], name="removal_once")]


class PostsecondaryOutcome(Evidence):
    """What came after: college, training, work or service."""

    kind = models.CharField(_("kind"), max_length=20)
    institution = models.CharField(_("institution"), max_length=160, blank=True)
    starts = models.DateField(_("from"))
    ends = models.DateField(_("until"), null=True, blank=True)
    credential_level = models.CharField(_("credential"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("postsecondary outcome")
        indexes = [of_organization_and_year("outcome_org_year")]
        constraints = [
            models.UniqueConstraint(fields=["student", "kind", "institution", "starts"], name="outcome_once")
        ]
