"""School years that a state has closed: from then on their results are certified."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, Scope, within
from hstw.history import tracked
from hstw.values import SchoolYear

from .organization import Organization


class YearCloseQuerySet(models.QuerySet["YearClose"]):
    """Closings of school years."""

    def visible_to(self, user: Any, action: Action = Action.VIEW_ORGANIZATION) -> Self:
        """Those of states to which ``user`` may do ``action``: that a year is closed is said beside its figures."""
        return self.filter(within(user, action))

    def standing(self) -> Self:
        """Those in force: not reopened."""
        return self.filter(reopened_at=None)


@tracked()
class YearClose(models.Model):
    """A state's school year is closed: its results are certified and stay, whatever is counted later.

    Reopened, it stays as a row with who reopened it and why; closed once more, the year gets another row.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="year_closes", verbose_name=_("state"))
    year = models.SmallIntegerField(_("school year"))
    closed_at = models.DateTimeField(_("closed"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("closed by")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    reopened_at = models.DateTimeField(_("reopened"), null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reopened by"),
    )
    reason = models.CharField(_("why it was reopened"), max_length=200, blank=True)

    objects = YearCloseQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed school year")
        verbose_name_plural = _("closed school years")
        ordering: ClassVar[list[str]] = ["organization", "-year", "-closed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year"], condition=Q(reopened_at=None), name="year_closed_once"
            ),
            models.CheckConstraint(
                name="year_reopened_with_a_reason",
                condition=Q(reopened_at=None, reason="") | Q(reopened_at__isnull=False) & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return SchoolYear(self.year).label

    def access_scope(self) -> Scope:
        """The state's."""
        return self.organization.access_scope()

    @property
    def school_year(self) -> SchoolYear:
        """The year, as it is written."""
        return SchoolYear(self.year)
