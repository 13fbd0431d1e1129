"""Credentials: which there are, on which list in which years, and who has seen the proof of one that was earned."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked
from hstw.models import StoredFile
from hstw.values import FIRST_YEAR, LAST_YEAR, SchoolYear
from schools.models import Student

from .owned import Owned, OwnedQuerySet


class CredentialTypeQuerySet(OwnedQuerySet):
    """Kinds of credential."""

    def search(self, text: str) -> Self:
        """Every word begins the code or stands in the name or the issuer."""
        found = self
        for word in text.split()[:6]:
            found = found.filter(Q(name__icontains=word) | Q(code__istartswith=word) | Q(issuer__icontains=word))
        return found


@tracked()
class CredentialType(Owned):
    """A credential that students can earn, as a state (or district) names it; ``code`` is what records carry."""

    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=160)
    issuer = models.CharField(_("issuer"), max_length=120)

    objects = CredentialTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of credential")
        verbose_name_plural = _("kinds of credential")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Upper("code"),
                name="credential_type_once",
                violation_error_message=_("This code is taken."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@tracked()
class CredentialListing(models.Model):
    """That a credential stands on its owner's list, from one school year to another; open until it is taken off."""

    credential_type = models.ForeignKey(CredentialType, models.CASCADE, related_name="listings")
    first_year = models.SmallIntegerField(_("on the list from"))
    last_year = models.SmallIntegerField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("place on a list of credentials")
        verbose_name_plural = _("places on lists of credentials")
        ordering = ["first_year"]
        constraints = [
            models.CheckConstraint(
                name="credential_listing_years_in_order",
                condition=Q(last_year=None) | Q(last_year__gte=F("first_year")),
                violation_error_message=_("The last year is before the first."),
            ),
            models.CheckConstraint(
                name="credential_listing_first_year_known",
                condition=Q(first_year__gte=FIRST_YEAR, first_year__lte=LAST_YEAR),
                violation_error_message=_("Not a school year."),
            ),
            ExclusionConstraint(
                name="credential_listing_apart",
                expressions=[
                    (Func(F("credential_type"), F("credential_type"), Value("[]"), function="int8range"), "&&"),
                    (
                        Func(
                            Func(F("first_year"), function="", template="%(expressions)s::integer"),
                            Func(F("last_year"), function="", template="%(expressions)s::integer"),
                            Value("[]"),
                            function="int4range",
                        ),
                        "&&",
                    ),
                ],
                violation_error_message=_("It is on the list in some of these years already."),
            ),
        ]

    def __str__(self) -> str:
        first = SchoolYear(self.first_year).label
        return f"{first}–" if self.last_year is None else f"{first}, {SchoolYear(self.last_year).label}"


@tracked()
class CredentialProof(models.Model):
    """Who has seen the proof of a credential that somebody earned, and the proof itself.

    It refers to what was earned by what names it (student, credential, date), not by the row: an import that is undone
    and loaded again makes a new row, and nobody has to look at the paper twice.
    """

    student = models.ForeignKey(Student, models.CASCADE, related_name="+")
    credential_code = models.CharField(_("credential"), max_length=40)
    earned_on = models.DateField(_("date"))
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+")
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    note = models.CharField(_("what was seen"), max_length=200, blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        verbose_name = _("proof of a credential")
        verbose_name_plural = _("proofs of credentials")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["student", "credential_code", "earned_on"], name="credential_proof_once"),
            models.CheckConstraint(
                name="credential_proof_verified_as_a_whole",
                condition=Q(verified_by=None, verified_at=None)
                | Q(verified_by__isnull=False, verified_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credential_code} {self.earned_on}"
