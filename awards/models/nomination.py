"""A school's nomination: what it claims, on what evidence, and what of it was frozen on submit."""

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

from hstw.access import Action, Scope, within
from hstw.history import tracked
from hstw.models import StoredFile
from schools.models import Organization

from .edition import Edition
from .panel import EditionRole, places_of


class NominationState(models.TextChoices):
    """Where a nomination stands."""

    DRAFT = "draft", _("Being written")
    SUBMITTED = "submitted", _("Submitted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


LONG = ("context", "actions", "success", "sustaining", "presenting", "frozen")


class NominationQuerySet(models.QuerySet["Nomination"]):
    """Nominations."""

    def visible_to(self, user: Any) -> Self:
        """Those that ``user`` may read: their own schools', and by their place on a panel.

        Whoever is on the panel of an edition reads what was submitted to it by that place alone: after having
        declared, without those they are in conflict with (whatever other role they hold), a reviewer only what is
        assigned. A conflict is taken out here, before anything counts, searches or exports.
        """
        if not user.is_authenticated:
            return self.none()
        places = places_of(user)
        own = within(user, Action.VIEW_NOMINATIONS)
        if places:
            own &= Q(state=NominationState.DRAFT) | ~Q(edition__in={place.edition_id for place in places})
        return self.filter(own | self._on_panels(user))

    def on_panels_of(self, user: Any) -> Self:
        """Those that ``user`` reads by a place on a panel."""
        return self.filter(self._on_panels(user)) if user.is_authenticated else self.none()

    @staticmethod
    def _on_panels(user: Any) -> Q:
        from .conflict import in_conflict
        from .reviewing import Assignment

        found = Q(pk=None)
        for place in places_of(user):
            if place.declared_at is None:
                continue
            theirs = Q(edition=place.edition_id, submitted_at__lte=place.declared_at)
            if place.role == EditionRole.REVIEWER:
                assigned = Assignment.objects.filter(nomination=OuterRef("pk"), reviewer=place.pk, ended_at=None)
                theirs &= Q(Exists(assigned), state=NominationState.SUBMITTED)
            found |= theirs & ~in_conflict(place)
        return found

    def submitted(self) -> Self:
        """Those that take part."""
        return self.filter(state=NominationState.SUBMITTED)

    def for_lists(self) -> Self:
        """Each with its school and state, and without its long texts and what was frozen: those are of one page."""
        return self.defer(*LONG).select_related("organization__in_state")

    def search(self, text: str) -> Self:
        """By the school's name or place; every word must begin a word of it. Blank finds all."""
        if not text.strip():
            return self
        return self.filter(organization__in=Organization.objects.search(text).order_by().values("pk"))


@tracked(exclude=["frozen"])
class Nomination(models.Model):
    """One school in one edition. Once submitted, ``frozen`` is what counts: nothing that changes later changes it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="nominations")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="nominations", verbose_name=_("school"))
    state = models.CharField(_("state"), max_length=9, choices=NominationState, default=NominationState.DRAFT)
    # Given on submit, by lot.
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)

    headline = models.CharField(
        _("headline"), max_length=160, blank=True, help_text=_("One sentence that says what changed for students.")
    )
    practice = models.CharField(
        _("key practice"),
        max_length=120,
        blank=True,
        help_text=_("The one practice or focus area that this nomination is about."),
    )
    context = models.TextField(
        _("Where the school started"),
        blank=True,
        help_text=_("What the data and the self-assessment showed, and why you chose this practice."),
    )
    actions = models.TextField(
        _("What was done"),
        blank=True,
        help_text=_("Actions that changed school and classroom practice: who did what, when, for whom."),
    )
    success = models.TextField(
        _("What students gained"),
        blank=True,
        help_text=_("How students succeeded because of the changes. Point to the figures below."),
    )
    sustaining = models.TextField(
        _("How it goes on"), blank=True, help_text=_("What keeps it going: people, time, money, data reviews.")
    )
    presenting = models.TextField(
        _("What you would present"),
        blank=True,
        help_text=_("The conference session on this practice: what colleagues could take home."),
    )

    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("signed by")
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)
    withdrawn_because = models.CharField(_("reason"), max_length=300, blank=True)
    frozen = models.JSONField(null=True, blank=True, editable=False)
    checksum = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = NominationQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering: ClassVar[list[str]] = ["edition", "number", "pk"]
        indexes = [models.Index(fields=["edition", "state", "submitted_at"], name="nomination_of_edition")]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "organization"],
                condition=~Q(state=NominationState.WITHDRAWN),
                name="nomination_once",
                violation_error_message=_("This school has a nomination in this edition already."),
            ),
            models.UniqueConstraint(fields=["edition", "number"], name="nomination_number_once"),
            models.CheckConstraint(
                name="nomination_draft_or_frozen",
                condition=Q(
                    state=NominationState.DRAFT,
                    frozen=None,
                    checksum="",
                    number=None,
                    signed_by=None,
                    submitted_at=None,
                    withdrawn_at=None,
                )
                | Q(
                    state=NominationState.SUBMITTED,
                    frozen__isnull=False,
                    checksum__regex="^[0-9a-f]{64}$",
                    number__isnull=False,
                    signed_by__isnull=False,
                    submitted_at__isnull=False,
                    withdrawn_at=None,
                )
                | Q(state=NominationState.WITHDRAWN, withdrawn_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="frozen_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.checksum <> '' AND (OLD.frozen IS DISTINCT FROM NEW.frozen OR OLD.checksum <> NEW.checksum"
                    " OR OLD.number IS DISTINCT FROM NEW.number OR OLD.submitted_at IS DISTINCT FROM NEW.submitted_at"
                    " OR OLD.organization_id <> NEW.organization_id OR OLD.edition_id <> NEW.edition_id)"
                ),
            ),
            pgtrigger.Protect(
                name="submitted_stays", operation=pgtrigger.Delete, condition=pgtrigger.Condition("OLD.checksum <> ''")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}, {self.edition}"

    def get_absolute_url(self) -> str:
        return reverse("awards:nomination", args=[self.public_id])

    def access_scope(self) -> Scope:
        """The school's."""
        return self.organization.access_scope()

    @property
    def label(self) -> str:
        """How it is called among those who judge: ``2027-4831``; blank before it is submitted."""
        return f"{self.edition.year}-{self.number:04d}" if self.number else ""


class ClaimUnit(models.TextChoices):
    """What a typed figure counts; of students and of what they earned, small numbers are not told."""

    PERCENT = "percent", _("percent")
    STUDENTS = "students", _("students")
    CREDENTIALS = "credentials", _("credentials")
    PATHWAYS = "pathways", _("pathways")
    OTHER = "other", _("something else")


@tracked(exclude=["frozen"])
class Claim(models.Model):
    """A figure that the nomination rests on: a series of the record, or a typed one with its document.

    ``source`` and ``source_key`` name it in ``awards.sources``; ``frozen`` is the series as it was on submit, exact
    and as the public release has it.
    """

    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="claims")
    order = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(_("source"), max_length=20)
    source_key = models.CharField(max_length=80, blank=True)
    title = models.CharField(_("what it measures"), max_length=200)
    says = models.TextField(_("what it shows"), blank=True)
    whole_population = models.BooleanField(
        _("of all students"), default=True, help_text=_("Not ticked: of some of them; say of whom.")
    )
    population = models.CharField(_("of whom"), max_length=200, blank=True)
    unit = models.CharField(_("counted in"), max_length=11, choices=ClaimUnit, blank=True)
    # A fact without figures (an action of the plan) has neither.
    baseline_year = models.SmallIntegerField(_("baseline year"), null=True, blank=True)
    current_year = models.SmallIntegerField(_("current year"), null=True, blank=True)
    document = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("document")
    )
    frozen = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering: ClassVar[list[str]] = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["nomination", "source", "source_key"],
                condition=~Q(source_key=""),
                name="claim_once",
                violation_error_message=_("This figure is in the nomination already."),
            ),
            models.CheckConstraint(
                name="claim_baseline_before_current",
                condition=Q(baseline_year=None, current_year=None) | Q(baseline_year__lt=models.F("current_year")),
                violation_error_message=_("The baseline is a year before the current one."),
            ),
            models.CheckConstraint(
                name="claim_typed_has_document",
                condition=~Q(source="typed") | Q(document__isnull=False),
                violation_error_message=_("A figure of your own needs the document it comes from."),
            ),
            models.CheckConstraint(
                name="claim_part_says_of_whom", condition=Q(whole_population=True) | ~Q(population="")
            ),
        ]

    def __str__(self) -> str:
        return self.title


@tracked()
class ClaimPoint(models.Model):
    """One year of a typed series. ``denominator``: of how many; blank for a count of which nobody knows that."""

    claim = models.ForeignKey(Claim, models.CASCADE, related_name="points")
    year = models.SmallIntegerField(_("school year"))
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=2)
    denominator = models.PositiveIntegerField(_("of how many"), null=True, blank=True)

    class Meta:
        verbose_name = _("year of a claim")
        verbose_name_plural = _("years of claims")
        ordering: ClassVar[list[str]] = ["year"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "year"], name="claim_point_once"),
            models.CheckConstraint(name="claim_point_not_negative", condition=Q(value__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.year}: {self.value}"


@tracked()
class NominationFile(models.Model):
    """A document that belongs to a nomination."""

    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    title = models.CharField(_("what it is"), max_length=160)

    class Meta:
        verbose_name = _("file of a nomination")
        verbose_name_plural = _("files of nominations")
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return self.title


@tracked()
class NominationPerson(models.Model):
    """Somebody named as having had a part: a partner, a consultant, a coach. They do not judge it."""

    nomination = models.ForeignKey(Nomination, models.CASCADE, related_name="people")
    name = models.CharField(_("name"), max_length=160)
    email = models.EmailField(_("e-mail address"), blank=True)
    part = models.CharField(_("part they had"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("person named in a nomination")
        verbose_name_plural = _("people named in nominations")
        ordering: ClassVar[list[str]] = ["pk"]
        constraints = [models.CheckConstraint(name="named_person_has_name", condition=~Q(name=""))]

    def __str__(self) -> str:
        return self.name
