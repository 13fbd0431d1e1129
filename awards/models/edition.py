"""An award and its editions: phases with deadlines, weighted criteria with labelled bands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked
from schools.models.organization import Design

TIME_ZONES = [
    ("America/New_York", _("Eastern")),
    ("America/Chicago", _("Central")),
    ("America/Denver", _("Mountain")),
    ("America/Los_Angeles", _("Pacific")),
]


class Award(models.Model):
    """A distinction that is given again and again."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    sponsor = models.CharField(_("given by"), max_length=120)
    about = models.TextField(_("what it is for"))

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


@tracked()
class Edition(models.Model):
    """One year of an award, with the rules of that year; once opened, its rubric stands.

    ``rubric_note`` says where criteria and weights come from: SREB published criteria in words, but no rubric.
    ``past`` marks an edition that was held before this product: shown for reference, never opened here.
    """

    award = models.ForeignKey(Award, models.PROTECT, related_name="editions", verbose_name=_("award"))
    year = models.SmallIntegerField(_("year"), validators=[MinValueValidator(2000), MaxValueValidator(2099)])
    slug = models.SlugField(_("address on this site"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=160)
    about = models.TextField(_("criteria in words"), help_text=_("What a school has to show, as it is published."))
    source = models.CharField(_("where the criteria come from"), max_length=300, blank=True)
    rubric_note = models.CharField(_("where the rubric comes from"), max_length=300, blank=True)
    held = models.CharField(_("when and where it was held"), max_length=300, blank=True)
    past = models.BooleanField(_("held in the past"), default=False)
    time_zone = models.CharField(_("time zone of its deadlines"), max_length=40, choices=TIME_ZONES)
    designs: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=20, choices=Design), verbose_name=_("kinds of schools")
    )
    membership_years = models.PositiveSmallIntegerField(
        _("years of active membership"),
        default=2,
        validators=[MaxValueValidator(10)],
        help_text=_("In a row, up to the day nominations close."),
    )
    asks_surveys = models.BooleanField(_("asks for student and teacher surveys"), default=True)
    readers = models.PositiveSmallIntegerField(
        _("readers of each nomination"),
        default=3,
        validators=[MinValueValidator(3), MaxValueValidator(9)],
        help_text=_("At least three, who score without seeing each other's scores."),
    )
    spread_bands = models.PositiveSmallIntegerField(
        _("bands readers may be apart"),
        default=1,
        help_text=_("Further apart on a criterion, they meet and agree on one score."),
    )
    spread_total = models.PositiveSmallIntegerField(
        _("points their totals may be apart"), default=20, validators=[MaxValueValidator(100)]
    )
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering: ClassVar[list[str]] = ["-year", "award__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["award", "year"],
                name="edition_year_once",
                violation_error_message=_("This award has an edition of that year already."),
            ),
            models.CheckConstraint(name="edition_three_readers", condition=Q(readers__gte=3)),
            models.CheckConstraint(name="edition_spread_total_of_100", condition=Q(spread_total__lte=100)),
            models.CheckConstraint(name="edition_some_school", condition=Q(designs__len__gte=1)),
            models.CheckConstraint(name="edition_past_never_opened", condition=Q(past=False) | Q(opened_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("awards:edition", args=[self.slug])

    @property
    def zone(self) -> ZoneInfo:
        """The time zone its deadlines are said in."""
        return ZoneInfo(self.time_zone)

    @property
    def is_open(self) -> bool:
        """Whether it was opened; its phases say what can be done today."""
        return self.opened_at is not None


class PhaseKind(models.TextChoices):
    """What is done when; the order is that of the year."""

    NOMINATION = "nomination", _("Nominations")
    REVIEW = "review", _("Independent review")
    CONSENSUS = "consensus", _("Consensus")
    DECISION = "decision", _("Decision")


@tracked()
class Phase(models.Model):
    """When one part of an edition opens and closes."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="phases")
    kind = models.CharField(_("phase"), max_length=10, choices=PhaseKind)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering: ClassVar[list[str]] = ["opens_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "kind"], name="phase_once"),
            models.CheckConstraint(name="phase_kind_known", condition=Q(kind__in=PhaseKind.values)),
            models.CheckConstraint(
                name="phase_closes_after_opening",
                condition=Q(closes_at__gt=F("opens_at")),
                violation_error_message=_("It would close before it opens."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition}: {self.get_kind_display()}"

    def is_on(self, now: dt.datetime | None = None) -> bool:
        """Whether it is open at a moment; the deadline itself still counts."""
        now = now or timezone.now()
        return self.opens_at <= now <= self.closes_at


# While an edition is open, schools write and readers score against its rubric: nothing of it changes.
_LOCKED = """
    IF TG_OP IN ('UPDATE', 'DELETE') AND EXISTS (SELECT 1 FROM awards_edition e {join} AND e.opened_at IS NOT NULL) THEN
        RAISE EXCEPTION 'rubric_stands: the edition is open' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


@tracked()
class Criterion(models.Model):
    """What is judged, with its share of the total in percent."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="criteria")
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=120)
    about = models.TextField(_("what is judged"), blank=True)
    weight = models.DecimalField(
        _("weight"), max_digits=5, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    may_not_apply = models.BooleanField(
        _("may not apply"),
        default=False,
        help_text=_("A reader may leave it out; the total is then of what remains."),
    )

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering: ClassVar[list[str]] = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "order"], name="criterion_order_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                name="criterion_weight_of_100",
                condition=Q(weight__gt=0, weight__lte=100),
                violation_error_message=_("A weight is above 0 and at most 100."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="rubric_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_LOCKED.format(join="WHERE e.id = OLD.edition_id"),
            )
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class Band(models.Model):
    """A level of a criterion in words; ``points`` from 0, the highest band is the whole weight."""

    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="bands")
    points = models.PositiveSmallIntegerField(_("points"), validators=[MaxValueValidator(10)])
    label = models.CharField(_("label"), max_length=40)
    about = models.CharField(_("what it looks like"), max_length=400)

    class Meta:
        verbose_name = _("band")
        verbose_name_plural = _("bands")
        ordering: ClassVar[list[str]] = ["points", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["criterion", "points"], name="band_points_once"),
            models.CheckConstraint(name="band_points_to_ten", condition=Q(points__lte=10)),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="rubric_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_LOCKED.format(
                    join="JOIN awards_criterion c ON c.edition_id = e.id WHERE c.id = OLD.criterion_id"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.points} {self.label}"
