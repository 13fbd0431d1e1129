"""The credential ledger: what a line counts as, duplicates, proofs; programs of study."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hstw.access import Role
from pathways import ledger, portfolio, programs, proofs
from pathways.models import CredentialProof, GraduationRequirement, PlannedCourse, ProgramOfStudy
from schools.models import CourseRecord, CredentialEarned, EvidenceChange
from tests import factories
from tests.pathways import made

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 3, 2)


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


def standing(row: CredentialEarned) -> str:
    """What the ledger says of a line."""
    return str(ledger.line(row.organization, row.pk).standing)


def test_a_line_counts_when_it_is_on_the_list_of_its_year(world: factories.World) -> None:
    made.credential_type(world.alabama, "CNA", first_year=2020)
    made.credential_type(world.alabama, "OLD", first_year=2015, last_year=2024)
    made.credential_type(world.alabama, "NEVER", first_year=None)
    assert standing(made.earned(world.ridge, "CNA", DAY)) == "counted"
    assert standing(made.earned(world.ridge, "cna", DAY)) == "counted"
    assert standing(made.earned(world.ridge, "CNA", DAY, passed=False)) == "not_passed"
    assert standing(made.earned(world.ridge, "OLD", DAY)) == "off_list"
    assert standing(made.earned(world.ridge, "OLD", dt.date(2024, 3, 1))) == "counted"
    assert standing(made.earned(world.ridge, "NEVER", DAY)) == "off_list"
    assert standing(made.earned(world.ridge, "UNHEARD", DAY)) == "off_list"


def test_another_states_list_says_nothing_and_without_a_list_nothing_is_off_it(world: factories.World) -> None:
    made.credential_type(world.kentucky, "CNA")
    assert standing(made.earned(world.ridge, "ANY", DAY)) == "counted"
    assert standing(made.earned(world.derby, "ANY", DAY)) == "off_list"


def test_the_same_credential_of_the_same_student_counts_once(world: factories.World) -> None:
    first = made.earned(world.ridge, "CNA", DAY)
    again = made.earned(world.ridge, "cna", dt.date(2026, 4, 1), student=first.student)
    assert standing(first) == "counted"
    assert standing(again) == "repeated"
    assert ledger.why(ledger.line(world.ridge, again.pk)) == "The same student earned it on Mar 2, 2026."


def test_an_import_of_162_rows_with_repeats_and_strangers_is_told_apart(world: factories.World) -> None:
    """Opening 12: of 162 lines 5 repeat another and 3 are off the list: 154 count, 8 are listed with their reason."""
    made.credential_type(world.alabama, "CNA")
    people = [made.earned(world.ridge, "CNA", DAY).student for _number in range(154)]
    for student in people[:5]:
        made.earned(world.ridge, "CNA", dt.date(2026, 4, 1), student=student)
    for number in range(3):
        made.earned(world.ridge, f"X{number}", DAY)
    lines = ledger.lines(world.ridge, 2026)
    counts = ledger.counts(lines)
    assert (counts.lines, counts.counted, counts.repeated, counts.off_list) == (162, 154, 5, 3)
    assert counts.unverified == 154
    assert ledger.narrowed(lines, standing="counted").count() == 154
    assert portfolio.of(world.ridge, [2025, 2026]).year(2026).credentials_earned == 154
    assert portfolio.of(world.ridge, [2025]).year(2025).credentials_earned is None


def test_a_duplicate_is_refused_by_hand(world: factories.World) -> None:
    kind = made.credential_type(world.alabama, "CNA")
    student = factories.enrollment(world.ridge, 2026, "12").student
    row = ledger.record(world.cahaba, student, kind, DAY)
    assert (row.organization, row.year, row.issuer, row.batch) == (world.ridge, 2026, "Issuer", None)
    assert EvidenceChange.objects.filter(student_id=student.pk, kind="credentials", year=2026).count() == 1
    for day in (DAY, dt.date(2026, 5, 1)):
        with pytest.raises(ValidationError, match="has CNA of Mar 2, 2026 in the ledger already"):
            ledger.record(world.ridge, student, kind, day)
    assert CredentialEarned.objects.count() == 1


def test_a_credential_of_tomorrow_or_of_a_stranger_is_refused(world: factories.World) -> None:
    kind = made.credential_type(world.alabama, "CNA")
    student = factories.enrollment(world.valley, 2026, "12").student
    with pytest.raises(ValidationError, match="not recorded as enrolled here in 2025–26"):
        ledger.record(world.ridge, student, kind, DAY)
    with pytest.raises(ValidationError, match="still to come"):
        ledger.record(world.valley, student, kind, dt.date(2099, 1, 1))


def test_a_verification_outlives_an_import_that_is_undone_and_loaded_again(world: factories.World) -> None:
    row = made.earned(world.ridge, "CNA", DAY)
    by = factories.person(Role.COUNSELOR, world.ridge, name="Chris Counselor")
    assert proofs.verify([row], by, "no. 4711") == 1
    assert proofs.verify([row], factories.person()) == 0
    student = row.student
    row.delete()
    again = made.earned(world.ridge, "CNA", DAY, student=student)
    assert ledger.line(world.ridge, again.pk).verifier == "Chris Counselor"
    assert ledger.counts(ledger.lines(world.ridge)).unverified == 0
    proofs.withdraw(again)
    assert ledger.counts(ledger.lines(world.ridge)).unverified == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("scan.pdf", b"MZ\x90 not a pdf"), ("scan.pdf", b"\x89PNG\r\n\x1a\n"), ("scan.html", b"%PDF-1.7"), ("scan", b"")],
)
def test_a_scan_is_what_its_name_says(world: factories.World, name: str, content: bytes) -> None:
    row = made.earned(world.ridge, "CNA", DAY)
    with pytest.raises(ValidationError, match="not a PDF, PNG or JPEG"):
        proofs.attach(row, io.BytesIO(content), name, factories.person())
    assert not CredentialProof.objects.exists()


def test_the_ledger_takes_as_many_queries_for_many_lines_as_for_one(world: factories.World) -> None:
    made.earned(world.ridge, "CNA", DAY)
    with CaptureQueriesContext(connection) as one:
        list(ledger.narrowed(ledger.lines(world.ridge, 2026)))
        ledger.counts(ledger.lines(world.ridge, 2026))
    for number in range(12):
        made.earned(world.ridge, f"K{number}", DAY)
    with CaptureQueriesContext(connection) as many:
        list(ledger.narrowed(ledger.lines(world.ridge, 2026)))
        ledger.counts(ledger.lines(world.ridge, 2026))
    assert len(one) == len(many) == 2


# --- programs of study -------------------------------------------------------------------------------------------


def record(program: ProgramOfStudy, subject: str, credits: str | None, **fields: Any) -> CourseRecord:
    """A course taken by the program's student; credits of ``None``: it goes on."""
    number = CourseRecord.objects.count()
    return CourseRecord.objects.create(
        **{
            "student": program.student, "organization": program.organization, "year": 2025, "title": f"T{number}",
            "course_code": f"R{number}", "subject": subject, "credits_attempted": Decimal(1),
            "credits_earned": None if credits is None else Decimal(credits), "mark": "B", **fields,
        }
    )  # fmt: skip


def begun(world: factories.World, grade: str = "11", **fields: Any) -> ProgramOfStudy:
    """A program of a student of Ridge."""
    student = factories.enrollment(world.ridge, 2026, grade).student
    return ProgramOfStudy.objects.create(organization=world.ridge, student=student, begun=dt.date(2025, 9, 1), **fields)


def test_a_program_is_held_against_pathway_and_credits(world: factories.World) -> None:
    pathway = made.complete(world.ridge, world.cahaba, "Welding", status="approved")
    program = begun(world, pathway=pathway)
    check = programs.check(world.ridge, 2026, [program])[program.pk]
    assert check.standing == "off"
    assert check.not_planned == ("Welding 1", "Welding 2", "Welding 3", "Welding 4")
    assert check.graduation == {"ela": 4, "math": 4, "science": 3, "social_studies": 3}

    # 4 pathway courses and 14 of the core.
    assert programs.plan_pathway(program, "11") == 18
    assert programs.plan_pathway(program, "11") == 0
    check = programs.check(world.ridge, 2026, [program])[program.pk]
    assert (check.standing, check.why) == ("review", "Not reviewed this school year.")
    assert set(PlannedCourse.objects.filter(program=program).values_list("grade", flat=True)) == {"11", "12"}

    programs.review(program, dt.date(2025, 10, 1), factories.person(), with_family=True, note="")
    assert programs.check(world.ridge, 2026, [program])[program.pk].standing == "on_track"
    with pytest.raises(ValidationError, match="recorded already"):
        programs.review(program, dt.date(2025, 10, 1), factories.person(), with_family=True, note="")


def test_taken_going_on_and_planned_credits_add_up_and_none_counts_twice(world: factories.World) -> None:
    program = begun(world, pathway=made.pathway(world.ridge, status="approved"))
    for subject, n in (("ela", 4), ("math", 3), ("science", 3), ("social_studies", 2)):
        for _number in range(n):
            record(program, subject, "1")
    record(program, "social_studies", None)
    record(program, "math", "0", mark="F")
    check = programs.check(world.ridge, 2026, [program])[program.pk]
    # A failed mathematics course earns nothing; the social studies course that goes on counts as if earned.
    assert check.graduation == {"math": 1}
    assert check.standing == "one_credit"
    assert check.why.startswith("To graduate: 1 more of Mathematics.")

    algebra = made.course(world.cahaba, "Algebra II", subject="math", code="A2")
    PlannedCourse.objects.create(program=program, course=algebra, grade="12")
    assert not programs.check(world.ridge, 2026, [program])[program.pk].graduation
    record(program, "math", None, course_code="a2", year=2026)
    check = programs.check(world.ridge, 2026, [program])[program.pk]
    assert not check.graduation
    GraduationRequirement.objects.create(organization=world.alabama, subject="total", credits=Decimal("14.5"))
    # 4 + 3 + 3 + 2 earned, one each of social studies and mathematics going on: 14, not 15.
    assert programs.check(world.ridge, 2026, [program])[program.pk].graduation == {"total": Decimal("0.5")}


def test_the_list_tells_who_has_none(world: factories.World) -> None:
    without = factories.enrollment(world.ridge, 2026, "09").student
    factories.enrollment(world.ridge, 2026, "10", exited=dt.date(2025, 12, 1), exit_code="transfer_out")
    factories.enrollment(world.ridge, 2026, "08")
    chosen = begun(world)
    found = programs.standings(world.ridge, 2026)
    assert {key: (grade, check.standing) for key, (grade, _program, check) in found.items()} == {
        without.pk: ("09", "none"),
        chosen.student.pk: ("11", "no_pathway"),
    }


def test_the_list_takes_as_many_queries_for_many_students_as_for_one(world: factories.World) -> None:
    pathway = made.complete(world.ridge, world.cahaba, status="approved")
    begun(world, pathway=pathway)
    with CaptureQueriesContext(connection) as one:
        programs.standings(world.ridge, 2026)
    for _number in range(8):
        record(begun(world, pathway=pathway), "math", "1")
    with CaptureQueriesContext(connection) as many:
        programs.standings(world.ridge, 2026)
    assert len(one) == len(many)
