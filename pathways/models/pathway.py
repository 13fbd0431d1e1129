"""Pathways: courses by grade, what is earned, where it leads, who stands behind it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, Scope, within
from hstw.history import tracked
from hstw.values import FIRST_YEAR, LAST_YEAR, SchoolYear

from .catalog import GRADE_CHOICES, Course
from .codes import CareerCluster, CipCode
from .credential import CredentialType
from .owned import Owned, OwnedQuerySet


class Status(models.TextChoices):
    """Whether a pathway is still being designed."""

    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")


class Award(models.TextChoices):
    """Where a pathway leads after high school."""

    CERTIFICATE = "certificate", _("Certificate or license")
    ASSOCIATE = "associate", _("Associate degree")
    BACHELOR = "bachelor", _("Bachelor’s degree")
    APPRENTICESHIP = "apprenticeship", _("Registered apprenticeship")
    EMPLOYMENT = "employment", _("A job in the field")


class PathwayQuerySet(OwnedQuerySet):
    """Pathways: what is approved is published, a draft is for those who work where it is made."""

    def visible_to(self, user: Any) -> Self:
        """Approved ones of the person's state; drafts where the person works with figures or designs pathways."""
        reach = within(user, Action.VIEW_PATHWAYS) & Q(status=Status.APPROVED)
        for action in (Action.EDIT_PATHWAYS, Action.VIEW_FIGURES, Action.APPROVE_PATHWAYS):
            reach |= within(user, action)
        return self.filter(reach)

    def in_year(self, year: int) -> Self:
        """Those offered in a school year."""
        return self.filter(Q(last_year=None) | Q(last_year__gte=year), first_year__lte=year)


@tracked()
class Pathway(Owned):
    """A sequence of courses to a field, from its first to its last school year."""

    name = models.CharField(_("name"), max_length=120)
    cluster = models.ForeignKey(CareerCluster, models.PROTECT, null=True, blank=True, related_name="+")
    program = models.ForeignKey(
        CipCode, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("program (CIP)")
    )
    first_year = models.SmallIntegerField(_("first offered in"))
    last_year = models.SmallIntegerField(_("last offered in"), null=True, blank=True)
    description = models.TextField(_("what students learn and become"), blank=True)
    award = models.CharField(_("leads to"), max_length=14, choices=Award, blank=True)
    institution = models.CharField(_("at which college, center or employer"), max_length=160, blank=True)
    labor_market = models.TextField(_("why this field, here"), blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DRAFT, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True, editable=False)

    objects = PathwayQuerySet.as_manager()

    class Meta:
        verbose_name = _("pathway")
        verbose_name_plural = _("pathways")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                "first_year",
                name="pathway_name_once",
                violation_error_message=_("A pathway of this name begins in that year already."),
            ),
            models.CheckConstraint(
                name="pathway_years_in_order",
                condition=Q(last_year=None) | Q(last_year__gte=F("first_year")),
                violation_error_message=_("The last year is before the first."),
            ),
            models.CheckConstraint(
                name="pathway_first_year_known",
                condition=Q(first_year__gte=FIRST_YEAR, first_year__lte=LAST_YEAR),
                violation_error_message=_("Not a school year."),
            ),
            models.CheckConstraint(
                name="pathway_approved_with_its_day",
                condition=Q(status=Status.DRAFT, approved_at=None)
                | Q(status=Status.APPROVED, approved_at__isnull=False),
            ),
            models.CheckConstraint(name="pathway_award_known", condition=Q(award__in=["", *Award.values])),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def approved(self) -> bool:
        """Whether it is published."""
        return self.status == Status.APPROVED

    @property
    def years(self) -> str:
        """``since 2018–19`` or ``2018–19 to 2021–22``."""
        first = SchoolYear(self.first_year).label
        if self.last_year is None:
            return str(_("since %(year)s") % {"year": first})
        return str(_("%(first)s to %(last)s") % {"first": first, "last": SchoolYear(self.last_year).label})

    def get_absolute_url(self) -> str:
        year = SchoolYear.on(timezone.localdate())
        return reverse("pathways:pathway", args=[self.organization.slug, year, self.pk])


class Part(models.TextChoices):
    """What a course is in a pathway."""

    PATHWAY = "pathway", _("Pathway course")
    CORE = "core", _("Core")
    ELECTIVE = "elective", _("Elective")


class OfPathway(models.Model):
    """A part of a pathway: seen by whoever sees it."""

    pathway = models.ForeignKey(Pathway, models.CASCADE, related_name="%(class)ss")

    class Meta:
        abstract = True

    def access_scope(self) -> Scope:
        """Where its pathway stands."""
        return self.pathway.access_scope()


@tracked()
class PathwayCourse(OfPathway):
    """A course of a pathway in a grade, in order."""

    pathway = models.ForeignKey(Pathway, models.CASCADE, related_name="courses")
    course = models.ForeignKey(Course, models.PROTECT, related_name="in_pathways")
    grade = models.CharField(_("grade"), max_length=2, choices=GRADE_CHOICES)
    part = models.CharField(_("part"), max_length=8, choices=Part)
    position = models.SmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("course of a pathway")
        verbose_name_plural = _("courses of pathways")
        ordering = ["grade", "part", "position"]
        constraints = [
            models.UniqueConstraint(fields=["pathway", "course"], name="pathway_course_once"),
            # Checked at the end of the transaction: moving one course renumbers its neighbors.
            models.UniqueConstraint(
                fields=["pathway", "grade", "part", "position"],
                name="pathway_course_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(name="pathway_course_part_known", condition=Q(part__in=Part.values)),
            models.CheckConstraint(
                name="pathway_course_grade_known", condition=Q(grade__in=[code for code, _label in GRADE_CHOICES])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} in {self.grade}"


@tracked()
class PathwayCredential(OfPathway):
    """A credential that students can earn on the way."""

    pathway = models.ForeignKey(Pathway, models.CASCADE, related_name="credentials")
    credential_type = models.ForeignKey(CredentialType, models.PROTECT, related_name="in_pathways")

    class Meta:
        verbose_name = _("credential of a pathway")
        verbose_name_plural = _("credentials of pathways")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["pathway", "credential_type"], name="pathway_credential_once"),
        ]

    def __str__(self) -> str:
        return f"{self.credential_type_id}"


class WorkKind(models.TextChoices):
    """Kinds of work-based learning, from looking on to working."""

    JOB_SHADOWING = "job_shadowing", _("Job shadowing")
    SCHOOL_BASED = "school_based", _("School-based enterprise")
    CLINICAL = "clinical", _("Clinical experience")
    COOPERATIVE = "cooperative", _("Cooperative education")
    INTERNSHIP = "internship", _("Internship")
    APPRENTICESHIP = "apprenticeship", _("Pre-apprenticeship or youth apprenticeship")


@tracked()
class WorkBasedLearning(OfPathway):
    """Learning at work that belongs to a pathway, in a grade."""

    pathway = models.ForeignKey(Pathway, models.CASCADE, related_name="work")
    kind = models.CharField(_("kind"), max_length=14, choices=WorkKind)
    grade = models.CharField(_("grade"), max_length=2, choices=GRADE_CHOICES)
    hours = models.SmallIntegerField(_("hours"), null=True, blank=True)

    class Meta:
        verbose_name = _("work-based learning")
        verbose_name_plural = _("work-based learning")
        ordering = ["grade", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["pathway", "kind", "grade"], name="pathway_work_once"),
            models.CheckConstraint(
                name="pathway_work_hours",
                condition=Q(hours=None) | Q(hours__gte=1, hours__lte=2000),
                violation_error_message=_("Between 1 and 2,000 hours."),
            ),
            models.CheckConstraint(name="pathway_work_kind_known", condition=Q(kind__in=WorkKind.values)),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Rule(models.TextChoices):
    """What makes a pathway complete (:mod:`pathways.rules`)."""

    COURSES = "courses", _("Pathway courses")
    CORE = "core", _("College-ready core")
    ORDER = "order", _("Prerequisites in order")


@tracked()
class Waiver(OfPathway):
    """That a rule need not hold for a pathway: proposed by one person, decided by another."""

    pathway = models.ForeignKey(Pathway, models.CASCADE, related_name="waivers")
    rule = models.CharField(_("rule"), max_length=7, choices=Rule)
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    granted = models.BooleanField(_("granted"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="waiver_decided_by_another", condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by"))
            ),
            models.CheckConstraint(
                name="waiver_decided_as_a_whole",
                condition=Q(decided_by=None, decided_at=None, granted=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, granted__isnull=False),
            ),
            models.CheckConstraint(name="waiver_has_a_reason", condition=Q(reason__regex=r"\S")),
            models.CheckConstraint(name="waiver_rule_known", condition=Q(rule__in=Rule.values)),
            # One that was refused does not stand in the way of another.
            models.UniqueConstraint(
                fields=["pathway", "rule"],
                condition=Q(granted=None) | Q(granted=True),
                name="waiver_open_or_granted_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_rule_display())


class PartnerKind(models.TextChoices):
    """What sort of partner."""

    EMPLOYER = "employer", _("Employer")
    POSTSECONDARY = "postsecondary", _("College or technical institute")
    COMMUNITY = "community", _("Community organization")
    ADVISORY = "advisory", _("Advisory council")


class PartnerQuerySet(OwnedQuerySet):
    """Partners with the people to call: for those who work at the organization."""

    action = Action.VIEW_PARTNERS


@tracked()
class Partner(Owned):
    """Who stands behind pathways: an employer, a college, a council."""

    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=13, choices=PartnerKind)
    contact_name = models.CharField(_("who to call"), max_length=120, blank=True)
    contact_email = models.EmailField(_("e-mail address"), blank=True)
    contact_phone = models.CharField(_("phone"), max_length=30, blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="partner_once",
                violation_error_message=_("This partner is recorded already."),
            ),
            models.CheckConstraint(name="partner_kind_known", condition=Q(kind__in=PartnerKind.values)),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class Commitment(models.Model):
    """What a partner has promised, for one pathway or for all, and when it must be renewed."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="commitments")
    pathway = models.ForeignKey(
        Pathway, models.SET_NULL, null=True, blank=True, related_name="commitments", verbose_name=_("for the pathway")
    )
    what = models.CharField(_("what"), max_length=300)
    starts = models.DateField(_("since"))
    renewal = models.DateField(_("renew by"))
    ended = models.DateField(_("ended"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ["renewal", "pk"]
        constraints = [
            models.CheckConstraint(
                name="commitment_renewed_after_start",
                condition=Q(renewal__gte=F("starts")),
                violation_error_message=_("It would have to be renewed before it begins."),
            ),
            models.CheckConstraint(
                name="commitment_ends_after_start",
                condition=Q(ended=None) | Q(ended__gte=F("starts")),
                violation_error_message=_("It would end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return self.what

    def access_scope(self) -> Scope:
        """Where its partner stands."""
        return self.partner.access_scope()

    def due(self, today: dt.date, within: dt.timedelta = dt.timedelta(days=60)) -> bool:
        """Whether it is to be renewed soon, or was to be."""
        return self.ended is None and self.renewal <= today + within
