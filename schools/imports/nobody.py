"""Say that nobody had any of a kind of evidence in a school year: that is known then, and no longer missing.

A file without rows is refused, for most are exports that failed; a school where nobody earned a credential would stay
“not reported” for ever. What a person says here is kept as an import without a file: who said it, when, and undone like
any other.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hstw.values import SchoolYear
from schools.imports import coverage, registry
from schools.imports.targets import Target
from schools.models import EvidenceChange, EvidenceCoverage, ImportBatch, Organization, User
from schools.models.imports import ImportState

# Kinds of events that a school may have none of in a year, each with the layout that such a file would have. Everybody
# who is enrolled has an enrollment, and somebody has taken a course: of those nobody is a mistake.
KINDS = {"credentials": "credentials", "work_experience": "work_based_learning", "cohort_removals": "cohort_removals"}


class CannotSay(ValueError):
    """What is there says something else: why, in words for the person who asked."""


def against(organization: Organization, year: SchoolYear, kind: str) -> str:
    """Why it cannot be said of an organization and year; empty where it can."""
    within = {"organization__path__startswith": organization.path, "year": int(year)}
    said = {"what": coverage.label(kind), "year": year.label}
    if _target(kind).model._default_manager.filter(**within).exists():
        return _("%(what)s of %(year)s are loaded.") % said
    if EvidenceCoverage.objects.filter(organization=organization, year=year, kind=kind).exists():
        return _("It has been said already that nobody had any (%(what)s, %(year)s).") % said
    return ""


@transaction.atomic
def say(organization: Organization, year: SchoolYear, kind: str, by: User) -> ImportBatch:
    """Keep it; raises :class:`CannotSay` where rows or an earlier statement are there, KeyError for another kind."""
    layout = KINDS[kind]
    # Two people who say it at once: the second is told.
    Organization.objects.select_for_update().get(pk=organization.pk)
    if reason := against(organization, year, kind):
        raise CannotSay(reason)
    now = timezone.now()
    batch = ImportBatch.objects.create(
        organization=organization,
        year=year,
        kind=layout,
        source=_("Said by hand: nobody had any"),
        state=ImportState.APPLIED,
        loaded_by=by,
        applied_by=by,
        applied_at=now,
        preview={"nobody": kind},
        before_images_until=now + dt.timedelta(days=settings.HSTW_BEFORE_IMAGE_DAYS),
    )
    through = min(timezone.localdate(), year.last_day)
    EvidenceCoverage.objects.create(organization=organization, year=year, kind=kind, through_date=through, batch=batch)
    EvidenceChange.objects.create(batch=batch, organization=organization, year=year, kind=kind)
    return batch


def _target(kind: str) -> Target:
    [target] = registry.layout(KINDS[kind]).targets
    return registry.target(target)
