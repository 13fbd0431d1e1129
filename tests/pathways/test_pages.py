"""The pages of pathways as forms are sent to them: what is kept, refused with a message in place, or not shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hstw.access import Role
from hstw.navigation import current_year
from pathways.models import Course, Partner, Pathway, PathwayCourse, ProgramOfStudy
from schools.models import CredentialEarned
from tests import factories
from tests.pathways import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


def url(name: str, slug: str = "ridge", **more: Any) -> str:
    """An address of this school year."""
    return reverse(f"pathways:{name}", kwargs={"slug": slug, "year": current_year(), **more})


def as_(client: Client, role: str, on: Any) -> Any:
    """Sign somebody in."""
    person = factories.person(role, on)
    client.force_login(person)
    return person


FACTS = {"name": "Health science", "first_year": "2019", "version": "0", "draft-version": "0"}


def test_a_pathway_is_begun_filled_and_approved(world: factories.World, client: Client) -> None:
    as_(client, Role.COUNSELOR, world.ridge)
    answer = client.post(url("pathway_new"), FACTS)
    row = Pathway.objects.get()
    assert answer["Location"] == url("design", pk=row.pk)
    for number in range(3):
        one = made.course(world.cahaba, f"Health {number + 1}")
        sent = {"op": "add", "course": one.code, "grade": f"{9 + number:02d}", "part": "pathway"}
        assert client.post(url("design", pk=row.pk), sent).status_code == 302
    page = client.get(url("design", pk=row.pk)).content.decode()
    assert "Needs 1 more course, or 3 AC/AP/IB courses" in page
    last = made.course(world.cahaba, "Health 4")
    core = made.complete(world.cahaba, world.cahaba, "District pathway", status="approved")
    client.post(url("design", pk=row.pk), {"op": "add", "course": last.title, "grade": "12", "part": "pathway"})
    client.post(url("design", pk=row.pk), {"op": "copy-core", "source": core.pk})
    page = client.get(url("design", pk=row.pk)).content.decode()
    assert "Needs" not in page
    assert PathwayCourse.objects.filter(pathway=row, part="core").count() == 14
    assert client.post(url("pathway", pk=row.pk), {"op": "approve"}).status_code == 403
    as_(client, Role.CTE_DIRECTOR, world.cahaba)
    client.post(url("pathway", pk=row.pk), {"op": "approve"})
    row.refresh_from_db()
    assert row.approved


def test_an_incomplete_pathway_cannot_be_approved(world: factories.World, client: Client) -> None:
    row = made.pathway(world.ridge)
    as_(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba)
    page = client.post(url("pathway", pk=row.pk), {"op": "approve"}, follow=True).content.decode()
    assert "It cannot be approved yet. Pathway courses: Needs 4 more courses" in page
    row.refresh_from_db()
    assert not row.approved


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"first_year": "2020", "last_year": "2019"}, "The last year is before the first."),
        ({"program": "no such thing"}, "Nothing is called"),
        ({"name": ""}, "This field is required."),
        ({"name": "THERE"}, "A pathway of this name begins in that year already."),
    ],
)
def test_bad_facts_get_a_message_and_keep_the_text(
    world: factories.World, client: Client, sent: dict[str, str], words: str
) -> None:
    made.pathway(world.ridge, "There", first_year=2019)
    as_(client, Role.PRINCIPAL, world.ridge)
    text = "<script>alert(1)</script>"
    answer = client.post(url("pathway_new"), {**FACTS, "description": text, **sent})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "&lt;script&gt;alert(1)" in page
    assert text not in page
    assert Pathway.objects.count() == 1


def test_a_draft_is_not_shown_to_those_beside(world: factories.World, client: Client) -> None:
    row = made.pathway(world.ridge, "Secret plans")
    for role, on in ((Role.PRINCIPAL, world.valley), (Role.BOARD_VIEWER, world.cahaba)):
        as_(client, role, on)
        assert client.get(url("pathway", pk=row.pk)).status_code == 404
        assert "Secret plans" not in client.get(url("portfolio")).content.decode()
    as_(client, Role.SITE_TEAM, world.ridge)
    assert client.get(url("pathway", pk=row.pk)).status_code == 200


def test_the_designer_moves_and_takes_out_without_scripts(world: factories.World, client: Client) -> None:
    row = made.pathway(world.ridge)
    first, second = (made.place(row, made.course(world.cahaba, title)) for title in ("First", "Second"))
    as_(client, Role.COUNSELOR, world.ridge)
    page = url("design", pk=row.pk)
    client.post(page, {"op": "up", "row": second.pk})
    second.refresh_from_db()
    assert second.position == 1
    client.post(page, {"op": "move", "row": first.pk, "grade": "11", "part": "core"})
    first.refresh_from_db()
    assert (first.grade, first.part) == ("11", "core")
    client.post(page, {"op": "remove", "row": first.pk})
    assert not PathwayCourse.objects.filter(pk=first.pk).exists()
    elsewhere = made.place(made.pathway(world.valley), made.course(world.cahaba))
    assert client.post(page, {"op": "remove", "row": elsewhere.pk}).status_code == 404
    assert client.post(page, {"op": "remove", "row": "9" * 40}).status_code == 404


def test_what_the_designer_cannot_do_it_says_in_place(world: factories.World, client: Client) -> None:
    row = made.pathway(world.ridge)
    late = made.course(world.cahaba, "Capstone", grade_low="12")
    as_(client, Role.COUNSELOR, world.ridge)
    answer = client.post(url("design", pk=row.pk), {"op": "add", "course": late.code, "grade": "09", "part": "core"})
    assert answer.status_code == 422
    assert "Capstone is for grades 12, not for grade 9." in answer.content.decode()
    answer = client.post(
        url("design", pk=row.pk), {"op": "add", "course": "zzz", "grade": "09", "part": "core"}, HTTP_HX_REQUEST="true"
    )
    assert answer.status_code == 200
    assert "Nothing is called “zzz”" in answer.content.decode()


def test_a_circle_of_prerequisites_is_refused_on_the_form(world: factories.World, client: Client) -> None:
    one = made.course(world.cahaba, "Welding I", code="W1")
    made.course(world.cahaba, "Welding II", code="W2", after=[one])
    as_(client, Role.CTE_DIRECTOR, world.cahaba)
    sent = {
        "code": "W1", "title": "Welding I", "subject": "cte", "level": "general", "credits": "1", "grade_low": "09",
        "grade_high": "12", "before": "W2", "version": "1", "draft-version": "1",
    }  # fmt: skip
    answer = client.post(url("course", "cahaba", pk=one.pk), sent)
    assert answer.status_code == 422
    assert "in a circle: Welding I → Welding II → Welding I" in answer.content.decode()
    answer = client.post(url("course", "cahaba", pk=one.pk), {**sent, "before": "", "credits": "1.5"})
    assert answer.status_code == 302
    assert Course.objects.get(pk=one.pk).credits == 1.5


def test_only_another_person_of_the_right_role_decides_on_a_waiver(world: factories.World, client: Client) -> None:
    row = made.pathway(world.ridge)
    as_(client, Role.CTE_DIRECTOR, world.cahaba)
    page = url("pathway", pk=row.pk)
    assert client.post(page, {"op": "propose", "rule": "core", "reason": ""}).status_code == 422
    assert client.post(page, {"op": "propose", "rule": "core", "reason": "Taught next year."}).status_code == 302
    waiver = row.waivers.get()
    assert client.post(page, {"op": "grant", "waiver": waiver.pk}).status_code == 403
    as_(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba)
    client.post(page, {"op": "grant", "waiver": waiver.pk, "answer": "Agreed."})
    waiver.refresh_from_db()
    assert waiver.granted


def test_a_credential_is_recorded_with_its_proof(world: factories.World, client: Client) -> None:
    made.credential_type(world.alabama, "CNA")
    student = factories.student(first_name="Ada", last_name="Byron")
    factories.enrollment(world.ridge, current_year(), "12", student=student)
    day = min(dt.date(current_year() - 1, 9, 2), timezone.localdate())
    as_(client, Role.COUNSELOR, world.ridge)
    sent = {"student": "Byron Ada", "credential": "CNA", "earned_on": day, "passed": "yes", "verified": "on"}
    scan = SimpleUploadedFile("scan.pdf", b"%PDF-1.7\n")
    answer = client.post(url("credential_new"), {**sent, "file": scan})
    row = CredentialEarned.objects.get()
    assert answer["Location"] == url("credential", pk=row.pk)
    assert "scan.pdf" in client.get(url("credential", pk=row.pk)).content.decode()
    assert client.get(url("credential_proof", pk=row.pk)).status_code == 200
    again = client.post(url("credential_new"), sent)
    assert again.status_code == 422
    assert "in the ledger already; a credential counts once" in again.content.decode()
    fake = client.post(url("credential", pk=row.pk), {"keep": "1", "file": SimpleUploadedFile("x.pdf", b"MZ")})
    assert fake.status_code == 422
    assert "not a PDF, PNG or JPEG" in fake.content.decode()
    assert CredentialEarned.objects.count() == 1


def test_a_line_of_another_school_is_not_there(world: factories.World, client: Client) -> None:
    row = made.earned(world.valley, "CNA", dt.date(2026, 3, 2))
    as_(client, Role.COUNSELOR, world.ridge)
    for name in ("credential", "credential_proof"):
        assert client.get(url(name, pk=row.pk)).status_code == 404


def test_every_count_of_the_ledger_opens_its_list(world: factories.World, client: Client) -> None:
    made.credential_type(world.alabama, "CNA")
    day = dt.date(current_year() - 1, 9, 2)
    for code in ("CNA", "CNA", "OTHER"):
        made.earned(world.ridge, code, day)
    as_(client, Role.PRINCIPAL, world.ridge)
    for query, n in (("counted", 2), ("off_list", 1), ("repeated", 0)):
        page = client.get(url("ledger"), {"standing": query})
        assert page.context["page_obj"].paginator.count == n
        assert getattr(page.context["counts"], query) == n
    file = b"".join(client.get(url("ledger_file", form="csv"), {"standing": "off_list"})).decode()
    assert file.count("OTHER") >= 1
    assert "CNA" not in file


def test_lines_chosen_are_verified(world: factories.World, client: Client) -> None:
    rows = [made.earned(world.ridge, "CNA", dt.date(current_year() - 1, 9, 2)) for _number in range(3)]
    as_(client, Role.COUNSELOR, world.ridge)
    client.post(url("ledger"), {"op": "verify", "line": [rows[0].pk, rows[1].pk]})
    assert client.get(url("ledger")).context["counts"].unverified == 1


def test_exact_credentials_are_not_shown_to_those_without_figures(world: factories.World, client: Client) -> None:
    for _number in range(7):
        made.earned(world.ridge, "CNA", dt.date(current_year() - 1, 9, 2))
    as_(client, Role.PRINCIPAL, world.ridge)
    assert "7 credentials earned in" in client.get(url("portfolio")).content.decode()
    for role, on in ((Role.BOARD_VIEWER, world.cahaba), (Role.PRINCIPAL, world.valley)):
        as_(client, role, on)
        assert "credentials earned in" not in client.get(url("portfolio")).content.decode()


def test_a_partner_is_hidden_from_another_school(world: factories.World, client: Client) -> None:
    as_(client, Role.PRINCIPAL, world.ridge)
    client.post(url("partner_new"), {"name": "Ironworks", "kind": "employer", "version": "0", "draft-version": "0"})
    row = Partner.objects.get()
    sent = {"what": "Two places", "starts": "2026-09-01", "renewal": "2026-08-01", "version": "0", "draft-version": "0"}
    answer = client.post(url("commitment_new", partner=row.pk), sent)
    assert answer.status_code == 422
    assert "renewed before it begins" in answer.content.decode()
    assert client.post(url("commitment_new", partner=row.pk), {**sent, "renewal": "2027-08-01"}).status_code == 302
    as_(client, Role.PRINCIPAL, world.valley)
    assert client.get(url("partner", pk=row.pk)).status_code == 403
    assert client.get(url("partner", "valley", pk=row.pk)).status_code == 404


def test_a_program_of_study_is_begun_planned_and_reviewed(world: factories.World, client: Client) -> None:
    student = factories.enrollment(world.ridge, current_year(), "11").student
    pathway = made.complete(world.ridge, world.cahaba, status="approved")
    counselor = as_(client, Role.COUNSELOR, world.ridge)
    page = url("program", public_id=student.public_id)
    assert "Begin a program of study" in client.get(page).content.decode()
    sent = {"pathway": pathway.pk, "adviser": counselor.pk, "goal": "", "version": "0", "draft-version": "0"}
    assert client.post(url("program_edit", public_id=student.public_id), sent).status_code == 302
    program = ProgramOfStudy.objects.get()
    client.post(page, {"op": "plan-pathway"})
    assert program.planned.count() == 18
    future = {"op": "review", "review-held_on": "2099-01-01"}
    assert client.post(page, future).status_code == 422
    assert client.post(page, {"op": "review", "review-held_on": timezone.localdate()}).status_code == 302
    assert "On track" in client.get(page).content.decode()
    listed = client.get(url("programs"), {"standing": "on_track"})
    assert [row.student for row in listed.context["rows"]] == [student]
    assert str(student.last_name) in b"".join(client.get(url("programs_file", form="csv"))).decode()
    other = factories.enrollment(world.valley, current_year(), "11").student
    assert client.get(url("program", public_id=other.public_id)).status_code == 404


def test_pages_take_as_many_queries_for_many_rows_as_for_few(world: factories.World, client: Client) -> None:
    as_(client, Role.PRINCIPAL, world.ridge)

    def more() -> None:
        made.complete(world.ridge, world.cahaba, status="approved", first_year=current_year() - 1)
        made.commitment(made.partner(world.ridge))
        made.earned(world.ridge, "CNA", dt.date(current_year() - 1, 9, 2))

    def counted() -> list[int]:
        found = []
        for name in ("portfolio", "partners", "ledger", "courses", "programs"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url(name)).status_code == 200
            found.append(len(queries))
        return found

    more()
    client.get(url("portfolio"))
    few = counted()
    for _number in range(4):
        more()
    assert counted() == few


def test_suggestions_fit_what_is_typed(world: factories.World, client: Client) -> None:
    made.course(world.cahaba, "Welding I", code="W1")
    made.course(world.bluegrass, "Welding of Kentucky", code="K1")
    as_(client, Role.COUNSELOR, world.ridge)
    assert client.get(url("course_codes"), {"q": "weld"}).json() == {"found": ["W1 — Welding I"]}
    assert client.get(url("course_codes")).json() == {"found": []}
