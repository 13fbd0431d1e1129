"""What the pages of “Pathways” are looked at with: a catalog, pathways over the years, a ledger, partners, programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from hstw.access import Role
from hstw.navigation import current_year
from pathways import programs, proofs
from pathways.models import (
    Commitment,
    Course,
    CredentialType,
    Partner,
    Pathway,
    PathwayCredential,
    ProgramOfStudy,
    WorkBasedLearning,
)
from schools.models import CredentialEarned, Student, User
from tests import factories
from tests.pathways import made

LONG = "Aerospace, Advanced Manufacturing and Industrial Maintenance Technology with Robotics"


@dataclass
class FilledPathways:
    """What the pages' addresses name."""

    approved: Pathway
    draft: Pathway
    course: Course
    credential: CredentialType
    partner: Partner
    commitment: Commitment
    line: CredentialEarned
    student: Student
    nobody: Student


def fill_pathways(places: factories.World, people: dict[str, User]) -> FilledPathways:
    """Make it, for Cahaba and its school Ridge."""
    now = current_year()
    first = made.course(places.cahaba, "Foundations of Health Science", code="14251", grade_low="09")
    second = made.course(places.cahaba, "Nursing Assistant", code="14051", grade_low="10", after=[first])
    approved = made.complete(places.ridge, places.cahaba, "Health science", first_year=now - 4)
    made.place(approved, first, "09")
    made.place(approved, second, "11")
    Pathway.objects.filter(pk=approved.pk).update(
        status="approved", approved_at=timezone.now(), approved_by=people[Role.CTE_DIRECTOR], award="associate",
        institution="Cahaba Community College", description="Care for people, and what comes after high school.",
    )  # fmt: skip
    draft = made.pathway(places.ridge, LONG, first_year=now)
    for number in range(3):
        made.place(draft, made.course(places.cahaba, f"Robotics {number + 1}"), f"{9 + number:02d}")
    for number in range(28):
        made.pathway(places.ridge, f"Pathway {number:02d}", first_year=now - 3, status="approved")
    credential = made.credential_type(places.alabama, "CNA", name="Certified Nursing Assistant")
    for number in range(30):
        made.credential_type(places.alabama, f"K{number:02d}", last_year=now - 3 if number % 5 == 0 else None)
    PathwayCredential.objects.create(pathway=approved, credential_type=credential)
    WorkBasedLearning.objects.create(pathway=approved, kind="clinical", grade="12", hours=120)
    partner = made.partner(places.ridge, "Cahaba Regional Medical Center", contact_name="Maya Stone")
    commitment = made.commitment(partner, pathway=approved, renewal=timezone.localdate() - dt.timedelta(days=3))
    for number in range(27):
        made.commitment(made.partner(places.ridge, f"Partner {number:02d}"))
    day = dt.date(now - 1, 9, 12)
    lines = [made.earned(places.ridge, "CNA" if number % 3 else "NOT-LISTED", day) for number in range(30)]
    made.earned(places.ridge, "CNA", day + dt.timedelta(days=20), student=lines[1].student)
    proofs.verify(lines[1:9], people[Role.COUNSELOR], "Certificate seen")
    nobody = lines[2].student
    student = lines[0].student
    Student.objects.filter(pk=student.pk).update(first_name="Wilhelmina", last_name="Featherstonehaugh-Ames")
    program = ProgramOfStudy.objects.create(
        organization=places.ridge, student=student, pathway=approved, adviser=people[Role.COUNSELOR],
        begun=day, goal="Become a nurse",
    )  # fmt: skip
    programs.plan_pathway(program, "12")
    programs.review(program, day, people[Role.COUNSELOR], with_family=True, note="Went through the last two years.")
    return FilledPathways(approved, draft, first, credential, partner, commitment, lines[1], student, nobody)
