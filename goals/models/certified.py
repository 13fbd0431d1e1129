"""What a state certified when it closed a year, and what figures were before they changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from schools.models import ImportBatch, Organization, YearClose

from .measure import Measure, StudentGroup
from .release import RELEASED


class CertifiedMeasure(models.Model):
    """A measure that was certified with a year, and the rule set it was decided by, if any.

    What could not be known yet when the year was closed (extended rates, what happens after high school) is not
    among them: its figures go on as they are counted.
    """

    pk = models.CompositePrimaryKey("close_id", "measure_id")
    close = models.ForeignKey(YearClose, models.CASCADE, related_name="certified_measures")
    measure = models.ForeignKey(Measure, models.PROTECT, related_name="+")
    rules = models.CharField(_("rule set"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("certified measure")
        verbose_name_plural = _("certified measures")

    def __str__(self) -> str:
        return f"{self.measure_id}"


class CertifiedCell(models.Model):
    """One certified figure: the exact counts, and what the network's release showed of it. Never changed.

    Counts are null where nothing was counted but the release withheld it all the same; ``state`` is blank where it
    showed nothing. The table refuses updates (a trigger of the migration).
    """

    pk = models.CompositePrimaryKey("close_id", "organization_id", "measure_id", "group_id")
    close = models.ForeignKey(YearClose, models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, models.DO_NOTHING, db_constraint=False, related_name="+")
    measure = models.ForeignKey(Measure, models.DO_NOTHING, db_constraint=False, related_name="+")
    group = models.ForeignKey(StudentGroup, models.DO_NOTHING, db_constraint=False, related_name="+")
    numerator = models.IntegerField(null=True)
    denominator = models.IntegerField(null=True)
    state = models.CharField(max_length=14, blank=True)
    low = models.SmallIntegerField(null=True)
    high = models.SmallIntegerField(null=True)
    size = models.SmallIntegerField(null=True)

    class Meta:
        verbose_name = _("certified figure")
        verbose_name_plural = _("certified figures")
        constraints = [
            models.CheckConstraint(name="certified_state_known", condition=Q(state__in=["", *RELEASED])),
        ]

    def __str__(self) -> str:
        # A raw cell has no string form (design, section 5).
        return "certified cell"


class PreviousCell(models.Model):
    """What a figure of all students was before the last load that changed it.

    ``load`` is the import that came last, for the organization, before the change was counted.
    """

    pk = models.CompositePrimaryKey("organization_id", "year", "measure_id")
    organization = models.ForeignKey(Organization, models.DO_NOTHING, db_constraint=False, related_name="+")
    year = models.SmallIntegerField()
    measure = models.ForeignKey(Measure, models.DO_NOTHING, db_constraint=False, related_name="+")
    numerator = models.IntegerField()
    denominator = models.IntegerField()
    load = models.ForeignKey(ImportBatch, models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("figure before the last load")
        verbose_name_plural = _("figures before the last load")
        ordering: ClassVar[list[str]] = ["organization", "-changed_at"]

    def __str__(self) -> str:
        # A raw cell has no string form (design, section 5).
        return f"cell of {self.year}"
