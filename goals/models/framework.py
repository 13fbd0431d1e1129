"""The framework that plans answer to: editions with goals, conditions, focus areas and key practices, as data."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from schools.models.organization import Design


class FrameworkEdition(models.Model):
    """One edition of the framework for one school design, with the school years in which it is used.

    ``complete`` is false where its list of key practices could not be found in full: ``note`` says so.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    design = models.CharField(_("school improvement design"), max_length=20, choices=Design)
    first_year = models.SmallIntegerField(_("first school year"))
    last_year = models.SmallIntegerField(_("last school year"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    complete = models.BooleanField(_("known in full"), default=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    order = models.SmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("edition of the framework")
        verbose_name_plural = _("editions of the framework")
        ordering: ClassVar[list[str]] = ["order", "code"]
        constraints = [
            models.CheckConstraint(name="edition_design_known", condition=Q(design__in=Design.values)),
            models.CheckConstraint(
                name="edition_last_year_after_first", condition=Q(last_year=None) | Q(last_year__gte=F("first_year"))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FrameworkStatement(models.Model):
    """A goal or a key condition of an edition; a goal in numbers has its ``percent``."""

    class Kind(models.TextChoices):
        GOAL = "goal", _("Goal")
        CONDITION = "condition", _("Key condition")
        PRINCIPLE = "principle", _("Design principle")

    edition = models.ForeignKey(FrameworkEdition, models.CASCADE, related_name="statements")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    number = models.SmallIntegerField(_("number"))
    text = models.CharField(_("text"), max_length=400)
    percent = models.SmallIntegerField(_("percent"), null=True, blank=True)

    class Meta:
        verbose_name = _("goal or condition of the framework")
        verbose_name_plural = _("goals and conditions of the framework")
        ordering: ClassVar[list[str]] = ["edition", "kind", "number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "kind", "number"], name="statement_once"),
            models.CheckConstraint(
                name="statement_percent_in_range", condition=Q(percent=None) | Q(percent__gte=0, percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return self.text


class FocusArea(models.Model):
    """One of the areas into which an edition sorts its practices. The code stays when the wording changes."""

    edition = models.ForeignKey(FrameworkEdition, models.CASCADE, related_name="areas")
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    meaning = models.CharField(_("what it means"), max_length=400, blank=True)
    order = models.SmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("focus area")
        verbose_name_plural = _("focus areas")
        ordering: ClassVar[list[str]] = ["edition__order", "order"]
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="area_once")]

    def __str__(self) -> str:
        return self.name


class KeyPractice(models.Model):
    """One practice of an edition: what it means, and what a school measures by it."""

    edition = models.ForeignKey(FrameworkEdition, models.CASCADE, related_name="practices")
    area = models.ForeignKey(FocusArea, models.CASCADE, null=True, blank=True, related_name="practices")
    code = models.SlugField(_("code"), max_length=40)
    number = models.SmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=120)
    meaning = models.CharField(_("what it means"), max_length=400, blank=True)
    measured_by = models.CharField(_("what a school measures"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("key practice")
        verbose_name_plural = _("key practices")
        ordering: ClassVar[list[str]] = ["edition__order", "number"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="practice_once"),
            models.UniqueConstraint(fields=["edition", "number"], name="practice_number_once"),
        ]

    def __str__(self) -> str:
        return self.name
