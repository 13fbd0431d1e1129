"""Credits that students need to graduate: the district's, else the state's, else the recommended curriculum's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from pathways.models import GraduationRequirement
from pathways.models.catalog import REQUIRED_OF
from pathways.rules import RECOMMENDED
from schools.models import Organization
from schools.models.organization import lineage


def own(organization: Organization) -> dict[str, Decimal]:
    """What the organization itself asks for, by subject."""
    rows = GraduationRequirement.objects.filter(organization=organization)
    return {row.subject: row.credits for row in rows}


def above(organization: Organization) -> dict[str, Decimal]:
    """What holds where the organization asks for nothing itself."""
    return _merged(lineage(organization.path)[:-1])


def of(organization: Organization) -> dict[str, Decimal]:
    """What holds for the organization's students, by subject; subjects of which nothing is asked are absent."""
    return {subject: credits for subject, credits in _merged(lineage(organization.path)).items() if credits}


def _merged(paths: list[str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {str(subject): credits for subject, credits in RECOMMENDED.items()}
    rows = GraduationRequirement.objects.filter(organization__path__in=paths).select_related("organization")
    for row in sorted(rows, key=lambda row: row.organization.depth):
        found[row.subject] = row.credits
    return found


@transaction.atomic
def keep(organization: Organization, asked: dict[str, Any]) -> None:
    """Make ``asked`` the organization's own; blank leaves the subject to whoever stands above."""
    there = {row.subject: row for row in GraduationRequirement.objects.filter(organization=organization)}
    for subject, _label in REQUIRED_OF:
        credits, row = asked.get(subject), there.get(subject)
        if credits is None:
            if row is not None:
                row.delete()
        elif row is None:
            GraduationRequirement.objects.create(organization=organization, subject=subject, credits=credits)
        elif row.credits != credits:
            row.credits = credits
            row.save(update_fields=["credits"])
