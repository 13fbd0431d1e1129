"""The credential ledger: every credential recorded of students, imported or by hand, and what each counts as.

One row of evidence (``schools.CredentialEarned``) is one line. It *counts* when it was earned, stands on the state's or
the district's list of its school year, and was not earned by the same student before. Every other line is shown apart
with its reason. Lines are students by name: for those who serve them; numbers for others come from the measures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hstw.values import SchoolYear
from pathways.models import CredentialListing, CredentialProof, CredentialType
from schools.models import (
    CredentialEarned,
    Enrollment,
    EvidenceChange,
    ImportBatch,
    ImportProblem,
    Organization,
    Student,
)
from schools.models.imports import ImportState, Severity
from schools.models.organization import lineage

EVIDENCE = "credentials"


class Standing(TextChoices):
    """What a line of the ledger counts as."""

    COUNTED = "counted", gettext_lazy("Counted")
    OFF_LIST = "off_list", gettext_lazy("Not on the list")
    REPEATED = "repeated", gettext_lazy("Earned before")
    NOT_PASSED = "not_passed", gettext_lazy("Not passed")


@dataclass(frozen=True)
class Counts:
    """How many lines of each sort; ``unverified`` are counted ones whose proof nobody has seen yet."""

    counted: int = 0
    off_list: int = 0
    repeated: int = 0
    not_passed: int = 0
    unverified: int = 0

    @property
    def lines(self) -> int:
        """All of them."""
        return self.counted + self.off_list + self.repeated + self.not_passed

    @property
    def verified(self) -> int:
        """Counted ones whose proof somebody has seen: what the public is told of."""
        return self.counted - self.unverified


@dataclass(frozen=True)
class LeftOut:
    """An import with rows that are no lines of the ledger."""

    public_id: str
    source: str
    rows: int


def lines(organization: Organization, year: int | None = None) -> QuerySet[Any]:
    """The lines of an organization and those below, each with ``standing``, ``type_name``, ``earned_before``,
    ``verified_at``, ``verifier``, ``proof`` (its key) and ``proof_file``.

    The caller has asked whether the person may see students by name, or shows numbers only to whom exact ones are due.
    """
    found: QuerySet[Any] = CredentialEarned.objects.filter(organization__path__startswith=organization.path)
    if year is not None:
        found = found.filter(year=year)
    types = CredentialType.objects.filter(
        organization__path__in=lineage(organization.path), code__iexact=OuterRef("credential_code")
    )
    in_year = CredentialListing.objects.filter(
        Q(last_year=None) | Q(last_year__gte=OuterRef("year")),
        first_year__lte=OuterRef("year"),
        credential_type__organization__path__in=lineage(organization.path),
    )
    before = (
        CredentialEarned.objects.filter(
            student=OuterRef("student"), credential_code__iexact=OuterRef("credential_code"), passed=True
        )
        .filter(Q(earned_on__lt=OuterRef("earned_on")) | Q(earned_on=OuterRef("earned_on"), pk__lt=OuterRef("pk")))
        .order_by("earned_on")
    )
    proof = CredentialProof.objects.filter(
        student=OuterRef("student"), credential_code=OuterRef("credential_code"), earned_on=OuterRef("earned_on")
    )
    told: QuerySet[Any] = found.annotate(
        type_name=Coalesce(Subquery(types.values("name")[:1]), Value("")),
        listed=ExpressionWrapper(
            # Where no list of the year is kept, nothing can be off it.
            Exists(in_year.filter(credential_type__code__iexact=OuterRef("credential_code"))) | ~Exists(in_year),
            output_field=BooleanField(),
        ),
        earned_before=Subquery(before.values("earned_on")[:1], output_field=DateField()),
        proof=Subquery(proof.values("pk")[:1]),
        proof_file=Subquery(proof.values("file")[:1]),
        verified_at=Subquery(proof.values("verified_at")[:1]),
        verifier=Subquery(proof.values("verified_by__name")[:1]),
    ).annotate(
        standing=Case(
            When(passed=False, then=Value(Standing.NOT_PASSED.value)),
            When(listed=False, then=Value(Standing.OFF_LIST.value)),
            When(earned_before__isnull=False, then=Value(Standing.REPEATED.value)),
            default=Value(Standing.COUNTED.value),
            output_field=CharField(),
        )
    )
    return told


def narrowed(
    found: QuerySet[Any], *, standing: str = "", credential: str = "", unverified: bool = False
) -> QuerySet[Any]:
    """Those of one standing, one credential, or without a verifier, as a page lists them."""
    if standing:
        found = found.filter(standing=standing)
    if credential:
        found = found.filter(credential_code__iexact=credential)
    if unverified:
        found = found.filter(verified_at=None)
    return found.select_related("student", "organization", "batch").order_by(
        "student__last_name", "student__first_name", "-earned_on", "pk"
    )


def counts(found: QuerySet[Any]) -> Counts:
    """How many lines of each sort, in one query."""
    rows = (
        found.order_by()
        .values("standing")
        .annotate(n=Count("pk"), open=Count("pk", filter=Q(verified_at=None)))
        .values_list("standing", "n", "open")
    )
    known = {standing: (n, unverified) for standing, n, unverified in rows}
    return Counts(
        **{standing.value: known.get(standing.value, (0, 0))[0] for standing in Standing},
        unverified=known.get(Standing.COUNTED.value, (0, 0))[1],
    )


def by_credential(found: QuerySet[Any]) -> list[tuple[str, str, str, int]]:
    """Code, name, issuer and number of the lines given, the most frequent first."""
    rows = (
        found.order_by()
        .values("credential_code", "type_name")
        .annotate(n=Count("pk"), by=Coalesce(Subquery(_issuer()), Value("")))
        .order_by("-n", "credential_code")
    )
    return [(row["credential_code"], row["type_name"] or row["credential_code"], row["by"], row["n"]) for row in rows]


def _issuer() -> Any:
    types = CredentialType.objects.filter(code__iexact=OuterRef("credential_code"))
    return types.order_by("pk").values("issuer")[:1]


def by_year(organization: Organization, years: Iterable[int]) -> dict[int, Counts]:
    """The counts of several school years, in one query; a year without a line is absent: no evidence is not zero."""
    rows = (
        lines(organization)
        .filter(year__in=list(years))
        .order_by()
        .values("year", "standing")
        .annotate(n=Count("pk"), open=Count("pk", filter=Q(verified_at=None)))
        .values_list("year", "standing", "n", "open")
    )
    found: dict[int, dict[str, int]] = {}
    for year, standing, n, unverified in rows:
        numbers = found.setdefault(year, {})
        numbers[standing] = n
        if standing == Standing.COUNTED:
            numbers["unverified"] = unverified
    return {year: Counts(**numbers) for year, numbers in found.items()}


def line(organization: Organization, pk: int) -> Any:
    """One line of the organization's ledger."""
    return lines(organization).filter(pk=pk).select_related("student", "organization", "batch__loaded_by").first()


def why(entry: Any) -> str:
    """Why a line does not count, in words; blank where it does."""
    if entry.standing == Standing.OFF_LIST:
        return _("%(code)s is not on the list of %(year)s.") % {
            "code": entry.credential_code,
            "year": SchoolYear(entry.year).label,
        }
    if entry.standing == Standing.REPEATED:
        return _("The same student earned it on %(day)s.") % {"day": formats.date_format(entry.earned_before, "M j, Y")}
    return _("Attempted, not passed.") if entry.standing == Standing.NOT_PASSED else ""


@transaction.atomic
def record(
    organization: Organization, student: Student, kind: CredentialType, earned_on: dt.date, *, passed: bool = True
) -> CredentialEarned:
    """Write a credential into the ledger by hand; raises ``ValidationError`` for a duplicate.

    It belongs to the school at or below ``organization`` where the student is enrolled in the school year of the day.
    """
    if earned_on > timezone.localdate():
        raise ValidationError({"earned_on": _("This day is still to come.")})
    Student.objects.select_for_update().get(pk=student.pk)
    year = SchoolYear.on(earned_on)
    spell = (
        Enrollment.objects.filter(student=student, year=year, organization__path__startswith=organization.path)
        .order_by("-entered", "-pk")
        .select_related("organization")
        .first()
    )
    if spell is None:
        words = _("%(student)s is not recorded as enrolled here in %(year)s, the school year of that day.")
        raise ValidationError({"earned_on": words % {"student": student, "year": year.label}})
    same = CredentialEarned.objects.filter(student=student, credential_code__iexact=kind.code)
    earlier = same.filter(earned_on=earned_on).first() or (same.filter(passed=True).first() if passed else None)
    if earlier is not None:
        words = _("%(student)s has %(code)s of %(day)s in the ledger already; a credential counts once.")
        day = formats.date_format(earlier.earned_on, "M j, Y")
        raise ValidationError({"credential": words % {"student": student, "code": kind.code, "day": day}})
    row = CredentialEarned.objects.create(
        student=student,
        organization=spell.organization,
        year=year,
        credential_code=kind.code,
        issuer=kind.issuer,
        earned_on=earned_on,
        passed=passed,
    )
    EvidenceChange.objects.create(student_id=student.pk, organization=spell.organization, year=year, kind=EVIDENCE)
    return row


def left_out(organization: Organization, year: int) -> list[LeftOut]:
    """Imports of credentials whose file had rows that are no lines: repeated ones, and those that could not be loaded.

    A district's file is told at each school of which it brought lines; its number is of the whole file.
    """
    brought = CredentialEarned.objects.filter(organization__path__startswith=organization.path, year=year)
    refused = (
        ImportProblem.objects.filter(Q(severity=Severity.REFUSED) | Q(cause="repeat"), batch=OuterRef("pk"))
        .order_by()
        .values("batch")
        .annotate(n=Sum("count"))
        .values("n")
    )
    batches: Any = (
        ImportBatch.objects.filter(
            Q(pk__in=brought.values("batch")) | Q(organization__path__startswith=organization.path, year=year),
            kind=EVIDENCE,
            state=ImportState.APPLIED,
        )
        .annotate(n=Subquery(refused))
        .filter(n__gt=0)
    )
    return [LeftOut(str(batch.public_id), batch.source, int(batch.n)) for batch in batches[:10]]
