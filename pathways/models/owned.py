"""What belongs to an organization: rows found within reach of a person, and where each stands."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from hstw.access import Action, Scope, within
from schools.models import Organization


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of organizations, seen by whoever may see what is offered there."""

    action = Action.VIEW_PATHWAYS
    path = "organization__path"

    def visible_to(self, user: Any) -> Self:
        """Those within reach of this QuerySet's action."""
        return self.filter(within(user, self.action, self.path))

    def offered_to(self, organization: Organization) -> Self:
        """Those of the organization itself and of those above it: a school uses its district's and its state's."""
        from schools.models.organization import lineage

        return self.filter(**{f"{self.path}__in": lineage(organization.path)})


class Owned(models.Model):
    """Belongs to an organization; ``version`` refuses stale writes."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def access_scope(self) -> Scope:
        """Where it stands, for :func:`hstw.access.decide`."""
        return self.organization.access_scope()
