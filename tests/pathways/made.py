"""Makes what the tests of pathways are about: a catalog, pathways, credentials, partners."""

from __future__ import annotations

import datetime as dt
import io
import itertools
from typing import Any

from django.utils import timezone

from hstw.navigation import current_year
from pathways import proofs
from pathways.models import (
    Commitment,
    Course,
    CoursePrerequisite,
    CredentialListing,
    CredentialType,
    Partner,
    Pathway,
    PathwayCourse,
)
from schools.models import CredentialEarned, Organization
from tests import factories

_serial = itertools.count(1)
CORE = (
    ("ela", "English", 4),
    ("math", "Mathematics", 4),
    ("science", "Science", 3),
    ("social_studies", "Social studies", 3),
)


def course(organization: Organization, title: str = "", **fields: Any) -> Course:
    """A course of the organization's catalog."""
    n = next(_serial)
    fields.setdefault("code", f"C{n:04d}")
    fields.setdefault("subject", "cte")
    after = fields.pop("after", ())
    row = Course.objects.create(organization=organization, title=title or f"Course {n}", **fields)
    for before in after:
        CoursePrerequisite.objects.create(course=row, requires=before)
    return row


def pathway(organization: Organization, name: str = "", **fields: Any) -> Pathway:
    """A draft, without courses, unless fields say otherwise."""
    fields.setdefault("first_year", 2019)
    if fields.get("status") == "approved":
        fields.setdefault("approved_at", timezone.now())
    return Pathway.objects.create(organization=organization, name=name or f"Pathway {next(_serial)}", **fields)


def place(row: Pathway, one: Course, grade: str = "09", part: str = "pathway", position: int = 0) -> PathwayCourse:
    """A course into a design, at its end, without the designer's checks."""
    there = PathwayCourse.objects.filter(pathway=row, grade=grade, part=part).count()
    return PathwayCourse.objects.create(pathway=row, course=one, grade=grade, part=part, position=position or there + 1)


def with_core(row: Pathway, catalog: Organization) -> Pathway:
    """The recommended curriculum, a credit a grade."""
    for subject, title, credits in CORE:
        for number in range(credits):
            code = f"{subject}-{number}-{next(_serial)}"
            one = course(catalog, f"{title} {number + 1}", code=code, subject=subject)
            place(row, one, f"{9 + number:02d}", "core")
    return row


def complete(organization: Organization, catalog: Organization, name: str = "", **fields: Any) -> Pathway:
    """A pathway of four courses with its core."""
    row = with_core(pathway(organization, name, **fields), catalog)
    for number in range(4):
        place(row, course(catalog, f"{row.name} {number + 1}"), f"{9 + number:02d}")
    return row


def credential_type(
    organization: Organization, code: str, *, first_year: int | None = 2015, last_year: int | None = None, **fields: Any
) -> CredentialType:
    """A kind of credential, on the list from a year on unless that is ``None``."""
    fields.setdefault("name", f"Certificate {code}")
    fields.setdefault("issuer", "Issuer")
    row = CredentialType.objects.create(organization=organization, code=code, **fields)
    if first_year is not None:
        CredentialListing.objects.create(credential_type=row, first_year=first_year, last_year=last_year)
    return row


def earned(school: Organization, code: str, day: dt.date, **fields: Any) -> CredentialEarned:
    """A line of the ledger; the student is new, and enrolled, unless one is given."""
    year = fields.pop("year", day.year + 1 if day.month >= 7 else day.year)
    if "student" not in fields:
        fields["student"] = factories.enrollment(school, year, "12").student
    return CredentialEarned.objects.create(
        organization=school, credential_code=code, earned_on=day, year=year, **fields
    )


def partner(organization: Organization, name: str = "", **fields: Any) -> Partner:
    """A partner."""
    fields.setdefault("kind", "employer")
    return Partner.objects.create(organization=organization, name=name or f"Partner {next(_serial)}", **fields)


def commitment(row: Partner, **fields: Any) -> Commitment:
    """What it promised."""
    today = timezone.localdate()
    fields.setdefault("what", "Two internships a year")
    fields.setdefault("starts", today - dt.timedelta(days=300))
    fields.setdefault("renewal", today + dt.timedelta(days=65))
    return Commitment.objects.create(partner=row, **fields)


# For the access walk: rows at an organization, as the addresses name them.


def _school(organization: Organization) -> Organization:
    return Organization.objects.filter(path__startswith=organization.path, kind="school").first() or organization


def pathway_at(organization: Organization) -> dict[str, Any]:
    """An approved pathway there."""
    return {"pk": pathway(organization, status="approved").pk}


def draft_at(organization: Organization) -> dict[str, Any]:
    """A draft there."""
    return {"pk": pathway(organization).pk}


def course_at(organization: Organization) -> dict[str, Any]:
    """A course there."""
    return {"pk": course(organization).pk}


def credential_type_at(organization: Organization) -> dict[str, Any]:
    """A kind of credential there."""
    return {"pk": credential_type(organization, f"K{next(_serial)}").pk}


def partner_at(organization: Organization) -> dict[str, Any]:
    """A partner there."""
    return {"pk": partner(organization).pk}


def partner_key_at(organization: Organization) -> dict[str, Any]:
    """The same, named as the address of a new commitment names it."""
    return {"partner": partner(organization).pk}


def commitment_at(organization: Organization) -> dict[str, Any]:
    """A commitment there."""
    return {"pk": commitment(partner(organization)).pk}


def line_at(organization: Organization) -> dict[str, Any]:
    """A line of the ledger there, or at a school below."""
    day = dt.date(current_year() - 1, 9, 1)
    return {"pk": earned(_school(organization), f"K{next(_serial)}", day).pk}


def proof_at(organization: Organization) -> dict[str, Any]:
    """One with a scan."""
    key = line_at(organization)
    row = CredentialEarned.objects.get(**key)
    proofs.attach(row, io.BytesIO(b"%PDF-1.7\n"), "scan.pdf", factories.person())
    return key
