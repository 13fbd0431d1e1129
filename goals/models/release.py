"""What an audience may see: releases of protected figures, and how a state wants them protected."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from schools.models import Organization

from .measure import Measure, StudentGroup


class Audience(models.TextChoices):
    """Who reads a release; people entitled to exact figures of an organization read its cells instead."""

    NETWORK = "network", _("People of the network")
    PUBLIC = "public", _("The public, and reviewers of an award")


class FigureState(models.TextChoices):
    """What is known of a figure; each is told apart on the page and in files."""

    SHOWN = "shown", _("Shown")
    TOP = "top", _("At or near the top")
    BOTTOM = "bottom", _("At or near the bottom")
    SMALL = "small", _("Too few students")
    COMPLEMENTARY = "complementary", _("Withheld to protect another group")
    NOT_APPLICABLE = "not_applicable", _("Does not apply")
    NOT_REPORTED = "not_reported", _("Not reported")


# States of a released cell; the other two are the absence of one.
RELEASED = [
    FigureState.SHOWN,
    FigureState.TOP,
    FigureState.BOTTOM,
    FigureState.SMALL,
    FigureState.COMPLEMENTARY,
]


class DisclosureSettings(models.Model):
    """How a state protects small groups; the defaults hold for a state without a row.

    ``minimum``: a group of fewer students is not shown. ``accountability``: a group of fewer is shown, but nobody is
    judged by it. ``least_values``: how many values a hidden count must still be able to take.
    """

    organization = models.OneToOneField(
        Organization, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("state")
    )
    # The banded codes (domain, section 4.2) leave three values to a count from ten students on.
    minimum = models.PositiveSmallIntegerField(
        _("smallest group shown"), default=10, validators=[MinValueValidator(10)]
    )
    accountability = models.PositiveSmallIntegerField(_("smallest group judged"), default=20)
    least_values = models.PositiveSmallIntegerField(
        _("values a hidden count can still take"), default=3, validators=[MinValueValidator(2)]
    )

    class Meta:
        verbose_name = _("disclosure settings")
        verbose_name_plural = _("disclosure settings")
        constraints = [
            models.CheckConstraint(name="disclosure_minimum_ten", condition=Q(minimum__gte=10)),
            models.CheckConstraint(name="disclosure_at_least_two_values", condition=Q(least_values__gte=2)),
        ]

    def __str__(self) -> str:
        return f"{self.minimum}, {self.accountability}"


class Release(models.Model):
    """The protected figures of one state and school year for one audience.

    The network's is made anew by each rollup, the public's only on publication. ``marks``: by the codes of the measures
    of a table, of what it was made; a table whose mark is the same need not be made anew.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("state"))
    year = models.SmallIntegerField(_("school year"))
    audience = models.CharField(_("audience"), max_length=7, choices=Audience)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    marks = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering: ClassVar[list[str]] = ["organization", "year", "audience"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "year", "audience"], name="release_once"),
            models.CheckConstraint(name="release_audience_known", condition=Q(audience__in=Audience.values)),
        ]

    def __str__(self) -> str:
        return f"{self.audience} {self.year}"


class ReleasedCell(models.Model):
    """One protected figure: what every page, chart and file of its audience shows, and nothing more.

    Never a count. ``low`` and ``high`` bound the rate in whole percent and are equal where it is shown; a hidden one
    has none. ``size`` is the lower end of the band of group sizes it lies in (10, 21, 41, 101, 301). ``outside_only``:
    not told to people who know exact figures of a place below. ``since``: the day of an earlier release from which
    the figure was kept.
    """

    pk = models.CompositePrimaryKey("release_id", "organization_id", "measure_id", "group_id")
    release = models.ForeignKey(Release, models.CASCADE, related_name="cells")
    organization = models.ForeignKey(Organization, models.DO_NOTHING, db_constraint=False, related_name="+")
    measure = models.ForeignKey(Measure, models.DO_NOTHING, db_constraint=False, related_name="+")
    group = models.ForeignKey(StudentGroup, models.DO_NOTHING, db_constraint=False, related_name="+")
    state = models.CharField(max_length=14, choices=FigureState)
    low = models.SmallIntegerField(null=True)
    high = models.SmallIntegerField(null=True)
    size = models.SmallIntegerField(null=True)
    outside_only = models.BooleanField(default=False)
    since = models.DateField(null=True)

    class Meta:
        verbose_name = _("released figure")
        verbose_name_plural = _("released figures")
        constraints = [
            models.CheckConstraint(name="released_state_known", condition=Q(state__in=RELEASED)),
            models.CheckConstraint(
                name="released_hidden_says_nothing",
                condition=~Q(state__in=[FigureState.SMALL, FigureState.COMPLEMENTARY])
                | Q(low=None, high=None, size=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state}"


class ReleasedTable(models.Model):
    """What was told of some measures of a state and year so far, to any audience; never shown to anybody.

    A later release is protected together with it (``goals.disclosure.history``, which also reads and writes
    ``data``, a compressed file of arrays). ``name`` are the codes of the measures.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    year = models.SmallIntegerField()
    name = models.TextField()
    data = models.BinaryField()

    class Meta:
        verbose_name = _("table behind releases")
        verbose_name_plural = _("tables behind releases")
        constraints = [models.UniqueConstraint(fields=["organization", "year", "name"], name="released_table_once")]

    def __str__(self) -> str:
        return self.name
