"""Where evidence came from: each import, its problems, what it changed, and what is covered since."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, Scope, within
from hstw.models import StoredFile

from .organization import Organization


class ImportState(models.TextChoices):
    """Where an import stands. Only ``APPLYING`` ever writes evidence, in one transaction."""

    WAITING = "waiting", _("Waiting for a worker")
    READING = "reading", _("Reading the file")
    PREVIEWED = "previewed", _("Ready to look at")
    REFUSED = "refused", _("Refused")
    APPLYING = "applying", _("Being applied")
    APPLIED = "applied", _("Applied")
    UNDONE = "undone", _("Undone")
    CANCELLED = "cancelled", _("Cancelled")


# States in which a worker is at work, or should be.
AT_WORK = (ImportState.WAITING, ImportState.READING, ImportState.APPLYING)


class Completeness(models.TextChoices):
    """What it means that a record is not in the file (design, section 7)."""

    REPLACES = "replaces", _("Replaces what is there: what the file no longer has is gone")
    ADDS = "adds", _("Adds to what is there: nothing is removed")


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    """Imports."""

    def visible_to(self, user: Any, action: Action = Action.VIEW_IMPORTS) -> Self:
        """Those of organizations where ``user`` may do ``action``."""
        return self.filter(within(user, action))

    def at_work(self) -> Self:
        """Those that a worker has, or should have."""
        return self.filter(state__in=AT_WORK)


class ImportBatch(models.Model):
    """One load of evidence: which file, for whom, by whom, when, and where it stands.

    ``counts`` holds, by target (``enrollment``, ``course_record`` …), how many rows are ``new``, ``changed``,
    ``gone`` and ``unchanged``; ``preview`` what the page shows beside them (samples, corrections kept, schools to
    be added, what the guard measured). The lease says which worker has it, and until when it is believed alive.
    """

    public_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="import_batches")
    year = models.SmallIntegerField(_("school year"), null=True, blank=True)
    kind = models.CharField(_("kind of file"), max_length=40)
    completeness = models.CharField(_("completeness"), max_length=8, choices=Completeness, default=Completeness.ADDS)
    state = models.CharField(_("state"), max_length=10, choices=ImportState, default=ImportState.APPLIED)
    source = models.CharField(_("file"), max_length=200)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, blank=True, related_name="+")
    rejected = models.ForeignKey(StoredFile, models.SET_NULL, null=True, blank=True, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    loaded_at = models.DateTimeField(default=timezone.now)

    refusal = models.TextField(_("why it was refused"), blank=True)
    counts = models.JSONField(default=dict, blank=True)
    preview = models.JSONField(default=dict, blank=True)
    rows_read = models.BigIntegerField(default=0)

    # The guard: what must be typed or said by a second person before it is applied.
    guard = models.JSONField(default=dict, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    before_images_until = models.DateTimeField(null=True, blank=True)

    # Work in progress.
    phase = models.CharField(max_length=60, blank=True)
    phase_started_at = models.DateTimeField(null=True, blank=True)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.SmallIntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-loaded_at", "-pk"]
        indexes = [
            models.Index(
                fields=["leased_until"],
                condition=Q(state__in=[state.value for state in AT_WORK]),
                name="import_at_work",
            ),
        ]

    def __str__(self) -> str:
        return self.source

    def get_absolute_url(self) -> str:
        return reverse("schools:import", args=[self.public_id])

    def access_scope(self) -> Scope:
        """Where it stands, for :func:`hstw.access.decide`."""
        return self.organization.access_scope()

    @property
    def at_work(self) -> bool:
        """Whether a worker has it, or should."""
        return self.state in AT_WORK


class Severity(models.TextChoices):
    """What a problem does to its row."""

    REFUSED = "refused", _("Left out")
    NOTED = "noted", _("Loaded, but look at it")


class ImportProblem(models.Model):
    """One cause of trouble in a file: how often, where first, and what to do."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="problems")
    cause = models.CharField(max_length=60)
    severity = models.CharField(max_length=7, choices=Severity)
    text = models.CharField(max_length=300)
    advice = models.CharField(max_length=500, blank=True)
    count = models.BigIntegerField()
    # [{"file": "users.csv", "line": 7, "column": "grades", "value": "9th"}, …], the first few.
    places = models.JSONField(default=list)

    class Meta:
        verbose_name = _("problem in an import")
        verbose_name_plural = _("problems in imports")
        ordering = ["severity", "-count", "cause"]
        constraints = [models.UniqueConstraint(fields=["batch", "severity", "text"], name="problem_once")]

    def __str__(self) -> str:
        return self.text


class ImportChange(models.Model):
    """The before-image of a row that an import changed, ended or removed; with it the import can be undone.

    Rows that it added need none: they carry the batch.
    """

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="changes")
    table = models.CharField(max_length=63)
    key = models.BigIntegerField()
    before = models.JSONField()
    # Which import the row was from before: who looks for later changes of an import's rows finds them by it.
    previous_batch_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("change by an import")
        verbose_name_plural = _("changes by imports")
        indexes = [
            models.Index(fields=["table", "key"], name="import_change_row"),
            models.Index(fields=["previous_batch_id"], name="import_change_previous"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.key}"


class EvidenceChange(models.Model):
    """That a student's evidence of a kind and year changed: append-only, read by the rollups."""

    batch = models.ForeignKey(ImportBatch, models.SET_NULL, null=True, blank=True, related_name="+")
    student_id = models.BigIntegerField(null=True)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    year = models.SmallIntegerField()
    kind = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("change of evidence")
        verbose_name_plural = _("changes of evidence")

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"


class EvidenceCoverage(models.Model):
    """That evidence of a kind has been loaded for an organization and year, through a day."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="coverage")
    year = models.SmallIntegerField()
    kind = models.CharField(max_length=60)
    through_date = models.DateField(null=True)
    batch = models.ForeignKey(ImportBatch, models.CASCADE, null=True, related_name="covers")

    class Meta:
        verbose_name = _("coverage of evidence")
        verbose_name_plural = _("coverage of evidence")
        constraints = [models.UniqueConstraint(fields=["organization", "year", "kind"], name="coverage_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"


class Correction(models.Model):
    """A field of an evidence row that a person put right by hand.

    The next file does not overwrite it unless the file's own value changed since: ``file_value`` is what the file
    had said. Values are text as PostgreSQL writes them; null where there is none.
    """

    table = models.CharField(max_length=63)
    key = models.BigIntegerField()
    field = models.CharField(max_length=63)
    file_value = models.TextField(null=True)
    value = models.TextField(null=True)
    reason = models.CharField(_("reason"), max_length=300)
    student_id = models.BigIntegerField(null=True)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    # Set when a later file brought a new value, or the person took the correction back.
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_batch = models.ForeignKey(ImportBatch, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("correction by hand")
        verbose_name_plural = _("corrections by hand")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["table", "key", "field"], condition=Q(ended_at=None), name="correction_in_force_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table}.{self.field}"
