"""What all rows of planning share: they stand at an organization, and who may see them follows from that."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models

from hstw.access import Action, Scope, within

Row = TypeVar("Row", bound=models.Model)


class PlacedQuerySet(models.QuerySet[Row]):
    """Rows that belong to an organization, which ``place`` leads to."""

    place: ClassVar[str] = "organization"
    action: ClassVar[Action] = Action.VIEW_PLAN

    def visible_to(self, user: Any, action: Action | None = None) -> Self:
        """Those of organizations where ``user`` may do ``action`` (by default: see them)."""
        return self.filter(within(user, action or self.action, f"{self.place}__path"))


class Ordered(models.Model):
    """Stands in an order that people change; the version finds stale writes."""

    order = models.PositiveIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class Placed(models.Model):
    """A row with an organization of its own."""

    class Meta:
        abstract = True

    def access_scope(self) -> Scope:
        """The organization's."""
        scope: Scope = self.organization.access_scope()  # type: ignore[attr-defined]
        return scope
