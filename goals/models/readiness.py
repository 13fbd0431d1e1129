"""Readiness: who counts where, the cells that come of it, and the runs that make them (design, section 5)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, within
from schools.models import Organization

from .measure import BITS, Basis, Measure, StudentGroup


class BitField(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """``bit(128)``: written and read by SQL, as text of zeros and ones in Python."""

    description = "A fixed row of bits"

    def db_type(self, connection: Any) -> str:
        return f"bit({BITS})"


class RuleSet(models.Model):
    """A state's definition of who is ready, from some year on: data, checked on load, never edited in place.

    ``tree`` holds ``academic`` and ``career``, each a tree of conditions (``goals.readiness.expressions``), or
    ``ready`` alone. ``denominator`` says over whom the rate is taken. Without ``last_year`` it holds until the next
    one of the state begins. ``goals.readiness.publish`` is the way in.
    """

    class Denominator(models.TextChoices):
        COHORT = "cohort", _("the adjusted cohort of first-time ninth-graders, graduated or not")
        ON_TIME_GRADUATES = "on_time_graduates", _("those of the adjusted cohort who graduated in four years or less")
        GRADUATES = "graduates", _("the year's graduates, whenever they began")
        GRADUATES_AND_SENIORS = "graduates_and_seniors", _("the year's graduates, and seniors who did not graduate")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    # Two-letter code; blank for the default that applies everywhere.
    state = models.CharField(_("state"), max_length=2, blank=True)
    first_year = models.SmallIntegerField(_("first school year"), null=True, blank=True)
    last_year = models.SmallIntegerField(_("last school year"), null=True, blank=True)
    denominator = models.CharField(_("denominator"), max_length=24, choices=Denominator)
    tree = models.JSONField(_("conditions"))
    source = models.CharField(_("source"), max_length=300)
    text = models.TextField(_("what the source says, and how it is read here"), blank=True)
    verified = models.BooleanField(_("checked against the source"), default=False)
    # [{"what": …, "why": …}]: what the source names and no evidence here can tell.
    not_evaluated = models.JSONField(_("not evaluated"), default=list, blank=True)
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        ordering: ClassVar[list[str]] = ["state", "first_year", "code"]
        constraints = [
            models.UniqueConstraint(fields=["state", "first_year"], name="rule_set_begins_once", nulls_distinct=False),
            models.CheckConstraint(
                name="rule_set_last_year_after_first",
                condition=Q(first_year=None) | Q(last_year=None) | Q(last_year__gte=F("first_year")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReadinessRecord(models.Model):
    """One student at one organization on one basis in one year: in which groups, counted where, met where.

    An organization above the school has a record only for students with records at several schools below it: it is
    what corrects the sum. Bits are positions of groups and measures. ``met`` lies within ``counted``.
    """

    pk = models.CompositePrimaryKey("organization_id", "basis", "year", "student_id")
    organization = models.ForeignKey(Organization, models.DO_NOTHING, db_constraint=False, related_name="+")
    basis = models.CharField(max_length=6, choices=Basis)
    year = models.SmallIntegerField()
    student_id = models.BigIntegerField()
    groups = BitField()
    counted = BitField()
    met = BitField()
    # Tallies and means: events of the year, and a score.
    credentials_earned = models.SmallIntegerField(default=0)
    credentials_attempted = models.SmallIntegerField(default=0)
    exams_taken = models.SmallIntegerField(default=0)
    exams_passed = models.SmallIntegerField(default=0)
    act_composite = models.SmallIntegerField(null=True)

    class Meta:
        verbose_name = _("readiness record")
        verbose_name_plural = _("readiness records")
        indexes = [models.Index(fields=["student_id", "basis", "year"], name="readiness_student")]
        # ``met`` within ``counted`` is a constraint of the table, written in the migration: the ORM has no operators
        # for bit strings.

    def __str__(self) -> str:
        return f"{self.basis} {self.year}"


class MeasureCellQuerySet(models.QuerySet["MeasureCell"]):
    """Exact cells. They have no string form: what is shown goes through ``goals.disclosure``."""

    def visible_to(self, user: Any, action: Action = Action.VIEW_FIGURES) -> Self:
        """Those of organizations whose exact figures ``user`` may see."""
        return self.filter(within(user, action))


class MeasureCell(models.Model):
    """The exact figure of one measure for one organization, year and group: never shown as it is.

    ``numerator`` of ``denominator`` students; for a tally the events and, where they have one, the attempts; for a
    mean the sum of scores and the number of scores.
    """

    pk = models.CompositePrimaryKey("organization_id", "year", "measure_id", "group_id")
    organization = models.ForeignKey(Organization, models.DO_NOTHING, db_constraint=False, related_name="+")
    year = models.SmallIntegerField()
    measure = models.ForeignKey(Measure, models.DO_NOTHING, db_constraint=False, related_name="+")
    group = models.ForeignKey(StudentGroup, models.DO_NOTHING, db_constraint=False, related_name="+")
    numerator = models.IntegerField()
    denominator = models.IntegerField()

    objects = MeasureCellQuerySet.as_manager()

    class Meta:
        verbose_name = _("cell")
        verbose_name_plural = _("cells")
        indexes = [models.Index(fields=["measure", "year", "group"], name="cell_measure_year")]

    def __str__(self) -> str:
        # A raw cell has no string form (design, section 5).
        return f"cell of {self.year}"


class StalePair(models.Model):
    """An organization, basis and year whose numbers may have changed: to be counted again.

    ``change`` is the last change of evidence known when it was marked: a run clears only what it has seen.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    basis = models.CharField(max_length=6, choices=Basis)
    year = models.SmallIntegerField()
    change = models.BigIntegerField(default=0)
    marked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("stale numbers")
        verbose_name_plural = _("stale numbers")
        constraints = [models.UniqueConstraint(fields=["organization", "basis", "year"], name="stale_once")]

    def __str__(self) -> str:
        return f"{self.basis} {self.year}"


class RollupRun(models.Model):
    """One run of the rollup: over what, how long, what it made, or why it failed."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    reason = models.CharField(_("reason"), max_length=40)
    scope = models.CharField(_("over"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    pairs = models.IntegerField(default=0)
    records = models.IntegerField(default=0)
    cells = models.IntegerField(default=0)
    changed = models.IntegerField(_("cells that changed"), default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("rollup run")
        verbose_name_plural = _("rollup runs")
        ordering: ClassVar[list[str]] = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.reason} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def took(self) -> str:
        """How long it ran, as people say it: ``4.2 s`` or ``3 min 20 s``; blank while it runs."""
        if self.finished_at is None:
            return ""
        seconds = (self.finished_at - self.started_at).total_seconds()
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"


class Cursor(models.Model):
    """How far something has read: the changes of evidence, by their number."""

    name = models.CharField(max_length=20, primary_key=True)
    position = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")

    def __str__(self) -> str:
        return f"{self.name} {self.position}"
