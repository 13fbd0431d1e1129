"""Dated facts: a period with a first and, perhaps, a last day, and the constraint that keeps periods apart."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self, TypeVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=models.Model)


class PeriodQuerySet(models.QuerySet[Row]):
    """Rows that hold for a period."""

    def on(self, day: dt.date) -> Self:
        """Those in force on a day; the last day counts."""
        return self.filter(Q(ends=None) | Q(ends__gte=day), starts__lte=day)


class Period(models.Model):
    """From ``starts`` to ``ends``, both included; an open end is still in force."""

    starts = models.DateField(_("from"))
    ends = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        abstract = True

    def in_force(self, day: dt.date) -> bool:
        """Whether the period holds on ``day``."""
        return self.starts <= day and (self.ends is None or day <= self.ends)


def ends_after_start(name: str) -> models.CheckConstraint:
    """A period does not end before it begins."""
    return models.CheckConstraint(
        name=name,
        condition=Q(ends=None) | Q(ends__gte=F("starts")),
        violation_error_message=_("The last day is before the first."),
    )


def apart(name: str, *same: str, condition: Q | None = None, message: Any = None) -> ExclusionConstraint:
    """Periods of rows that agree in the integer columns ``same`` do not overlap.

    The server's wheel has no btree_gist: an integer equal to itself is written as the range ``[n,n]``, for
    which PostgreSQL has a GiST operator class of its own.
    """
    points = [(Func(F(f), F(f), Value("[]"), function="int8range"), "&&") for f in same]
    days = Func(F("starts"), F("ends"), Value("[]"), function="daterange")
    return ExclusionConstraint(
        name=name,
        expressions=[*points, (days, "&&")],
        condition=condition,
        violation_error_message=message or _("The period overlaps one that is recorded already."),
    )
