"""Partners of pathways: what they promised, and what has to be renewed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet

from hstw.access import Action, within
from pathways.models import Commitment
from schools.models import Organization

RENEW_WITHIN = dt.timedelta(days=60)


def visible_to(user: Any) -> QuerySet[Commitment]:
    """Commitments of partners whom ``user`` may see."""
    return Commitment.objects.filter(within(user, Action.VIEW_PARTNERS, "partner__organization__path"))


def due(user: Any, organization: Organization, today: dt.date, most: int = 5) -> list[Commitment]:
    """What is to be renewed within two months, or was to be, at the organization or below; the earliest first."""
    rows = (
        visible_to(user)
        .filter(
            Q(partner__organization__path__startswith=organization.path),
            ended=None,
            renewal__lte=today + RENEW_WITHIN,
        )
        .select_related("partner__organization", "pathway")
    )
    return list(rows.order_by("renewal", "pk")[:most])
