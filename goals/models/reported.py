"""What an authority published: with its mask where it was masked, never as a number that it is not."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, within
from schools.models import ImportBatch, Organization

from .measure import Measure, StudentGroup


class Mask(models.TextChoices):
    """Why a published cell is no exact number. Blank, which stands for “exact”, is not among them.

    All but ``COUNTS`` hide the value: what is known of it is the interval beside.
    """

    TOP = "top", _("At or near the top")
    BOTTOM = "bottom", _("At or near the bottom")
    RANGE = "range", _("Published as a range")
    SMALL = "small", _("Too few students")
    SUPPRESSED = "suppressed", _("Withheld")
    INSUFFICIENT = "insufficient", _("Not enough data")
    NOT_REPORTED = "not_reported", _("Not reported")
    NOT_APPLICABLE = "not_applicable", _("Does not apply")
    LOW_QUALITY = "low_quality", _("Below the publisher's standard of quality")
    COUNTS = "counts", _("Rate shown, counts withheld")


# Cells of which the value is known: exact ones, and those of which only the counts are withheld.
_VALUE_KNOWN = Q(mask__in=["", Mask.COUNTS])


class ReportedResultQuerySet(models.QuerySet["ReportedResult"]):
    """Published results."""

    def visible_to(self, user: Any, action: Action = Action.VIEW_ORGANIZATION) -> Self:
        """Those of organizations to which ``user`` may do ``action``; they were public before we had them."""
        return self.filter(within(user, action))

    def of_level(self, kind: str) -> Self:
        """Results of one kind of organization. Totals are made from this and nothing else.

        A cooperative's results count its members' students again, so that a sum may never mix kinds: publishers
        print cooperatives (Kentucky) and regions (Texas) among or beside the districts.
        """
        return self.filter(organization__kind=kind)

    def exact(self) -> Self:
        """Those with a value; a masked one is an interval, which no sum or mean may use."""
        return self.filter(_VALUE_KNOWN)


class ReportedResult(models.Model):
    """One figure that an authority published for an organization, a measure, a group and a year.

    ``year`` is ours: the population's school year, by the year in which it ends; for a class it is the on-time
    graduation year. ``publisher_year`` is what the publisher printed. ``value`` is a percentage for rates and the
    mean for means; a tally has its count in ``numerator``. ``denominator`` counts those of whom ``numerator`` is a
    part, or those over whom a mean was taken; it may be known although the value is masked.

    Where ``mask`` says that the value is hidden, ``low`` and ``high`` bound it in percent; a bound that is open is
    itself excluded (“>95” is above 95). Means have no bounds.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="reported_results")
    measure = models.ForeignKey(Measure, models.PROTECT, related_name="reported_results")
    group = models.ForeignKey(StudentGroup, models.PROTECT, related_name="reported_results")
    year = models.SmallIntegerField(_("school year"))
    publisher = models.CharField(_("publisher"), max_length=40)
    publisher_year = models.CharField(_("year as published"), max_length=20, blank=True)
    numerator = models.BigIntegerField(_("numerator"), null=True, blank=True)
    denominator = models.BigIntegerField(_("denominator"), null=True, blank=True)
    value = models.DecimalField(_("value"), max_digits=16, decimal_places=10, null=True, blank=True)
    mask = models.CharField(_("mask"), max_length=14, choices=Mask, blank=True)
    low = models.DecimalField(_("at least"), max_digits=7, decimal_places=4, null=True, blank=True)
    high = models.DecimalField(_("at most"), max_digits=7, decimal_places=4, null=True, blank=True)
    low_open = models.BooleanField(_("above, not at, the lower bound"), default=False)
    high_open = models.BooleanField(_("below, not at, the upper bound"), default=False)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, blank=True, related_name="+")
    line = models.IntegerField(null=True, blank=True)

    objects = ReportedResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("published result")
        verbose_name_plural = _("published results")
        indexes = [models.Index(fields=["measure", "year", "group"], name="reported_measure_year")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "measure", "group", "year", "publisher"], name="reported_once"
            ),
            models.CheckConstraint(name="reported_mask_known", condition=Q(mask__in=["", *Mask.values])),
            models.CheckConstraint(name="reported_publisher_named", condition=~Q(publisher="")),
            models.CheckConstraint(
                name="reported_masked_is_no_number",
                condition=_VALUE_KNOWN | Q(value=None, numerator=None),
                violation_error_message=_("A masked result has no value and no numerator."),
            ),
            models.CheckConstraint(
                name="reported_exact_has_no_interval",
                condition=~_VALUE_KNOWN | Q(low=None, high=None, low_open=False, high_open=False),
            ),
            models.CheckConstraint(
                name="reported_says_something",
                condition=~Q(mask="") | Q(value__isnull=False) | Q(numerator__isnull=False),
            ),
            models.CheckConstraint(
                name="reported_counts_withheld",
                condition=~Q(mask=Mask.COUNTS) | Q(value__isnull=False, numerator=None, denominator=None),
            ),
            models.CheckConstraint(
                name="reported_interval",
                condition=Q(low=None, high=None, low_open=False, high_open=False)
                | Q(low__isnull=False, high__isnull=False, low__gte=0, high__lte=100)
                & (Q(low__lt=F("high")) | Q(low=F("high"), low_open=False, high_open=False)),
            ),
            models.CheckConstraint(
                name="reported_bounded_by_mask",
                condition=~Q(mask__in=[Mask.TOP, Mask.BOTTOM, Mask.RANGE]) | Q(low__isnull=False, high__isnull=False),
            ),
            models.CheckConstraint(
                name="reported_counts_not_negative",
                condition=(Q(numerator=None) | Q(numerator__gte=0)) & (Q(denominator=None) | Q(denominator__gte=0)),
            ),
            models.CheckConstraint(
                name="reported_numerator_within_denominator",
                condition=Q(numerator=None) | Q(denominator=None) | Q(numerator__lte=F("denominator")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure_id}, {self.year}"
