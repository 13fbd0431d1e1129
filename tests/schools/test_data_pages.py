"""The pages of “Data”: what is loaded, load a file, look at it, apply it, undo it; students by name."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import structlog
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hstw import files
from hstw.access import Role
from hstw.navigation import current_year
from schools.imports import run, shown, steps
from schools.models import (
    Correction,
    CourseRecord,
    Enrollment,
    EvidenceCoverage,
    ImportBatch,
    ImportProblem,
    Organization,
    Student,
    StudentIdentifier,
    User,
)
from schools.models.imports import ImportState
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db
HEADINGS = "local_number,first_name,last_name,school,grade,entered"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


@pytest.fixture
def principal(world: World) -> User:
    return factories.person(Role.PRINCIPAL, world.ridge, name="Pat Principal")


@pytest.fixture
def planner(world: World) -> User:
    """Sees imports and figures, no student by name."""
    return factories.person(Role.DISTRICT_PLANNER, world.cahaba, name="Parker Planner")


@pytest.fixture
def signed_in(principal: User, client: Client) -> Client:
    client.force_login(principal)
    return client


def at(name: str, organization: Organization, **more: Any) -> str:
    return reverse(f"schools:{name}", kwargs={"slug": organization.slug, "year": current_year(), **more})


def of(name: str, thing: Any, **more: Any) -> str:
    return reverse(f"schools:{name}", kwargs={"public_id": thing.public_id, **more})


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def cover(organization: Organization, *kinds: str, batch: ImportBatch | None = None) -> None:
    for kind in kinds:
        EvidenceCoverage.objects.create(
            organization=organization,
            year=current_year(),
            kind=kind,
            through_date=dt.date(current_year() - 1, 11, 18),
            batch=batch,
        )


def an_import(organization: Organization, state: str = "applied", **more: Any) -> ImportBatch:
    facts = {"organization": organization, "year": current_year(), "kind": "roster", "source": "roster.csv", **more}
    return ImportBatch.objects.create(state=state, **facts)


def roster(*numbers: str, school: str = "Cahaba Ridge High School", grade: str = "09") -> str:
    day = f"{current_year() - 1}-08-12"
    return "\n".join([HEADINGS, *(f"{n},First{n},Last{n},{school},{grade},{day}" for n in numbers)]) + "\n"


def looked_at(organization: Organization, content: str, by: User, name: str = "roster.csv") -> ImportBatch:
    """An import that a worker has read, ready to be looked at."""
    stored = files.store(io.BytesIO(content.encode()), name, by)
    batch = run.begin(organization=organization, year=current_year(), stored=stored, kind="roster", by=by, wake=False)
    return worked(batch)


def worked(batch: ImportBatch) -> ImportBatch:
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    return batch


def applied(organization: Organization, content: str, by: User) -> ImportBatch:
    batch = looked_at(organization, content, by)
    run.apply(batch, by=by, wake=False)
    return worked(batch)


NUMBERS = [f"{n:03d}" for n in range(1, 21)]


@pytest.fixture
def guarded(world: World, principal: User) -> ImportBatch:
    """Twenty students were loaded; the next file has only five of them: fifteen would end."""
    applied(world.ridge, roster(*NUMBERS), principal)
    batch = looked_at(world.ridge, roster(*NUMBERS[:5]), principal)
    assert batch.guard["number"] == 15
    return batch


# --- what is loaded --------------------------------------------------------------------------------------------


def state_of(response: Any, kind: str) -> tuple[str, int, int]:
    [cell] = [line.cell for line, _layout in response.context["lines"] if line.kind == kind]
    return cell.state, cell.schools, cell.of


def test_what_is_loaded_and_what_is_missing(world: World, signed_in: Client) -> None:
    cover(world.ridge, "enrollment", "assessment:ACT", "assessment:WorkKeys")
    page = signed_in.get(at("data", world.ridge))
    assert state_of(page, "enrollment") == ("all", 1, 1)
    assert state_of(page, "assessment") == ("all", 1, 1)
    assert state_of(page, "courses") == ("none", 0, 1)
    assert "ACT, WorkKeys" in text(page)
    assert "2 of 10 kinds of evidence are complete" in text(page)
    assert f"{at('import_new', world.ridge)}?kind=courses" in text(page)


def test_another_year_is_another_matter(world: World, signed_in: Client) -> None:
    cover(world.ridge, "enrollment")
    page = signed_in.get(reverse("schools:data", args=["ridge", current_year() - 1]))
    assert state_of(page, "enrollment") == ("none", 0, 1)


def test_what_was_loaded_for_the_district_counts_for_its_schools(world: World, signed_in: Client) -> None:
    cover(world.cahaba, "credentials", batch=an_import(world.cahaba, source="all-credentials.csv"))
    page = signed_in.get(at("data", world.ridge))
    assert state_of(page, "credentials") == ("all", 1, 1)
    assert "loaded for the whole district" in text(page)
    # The principal does not see the district's imports: the file is named, not linked.
    assert "all-credentials.csv</span>" in text(page)


def test_a_district_sees_how_many_of_its_schools(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    cover(world.ridge, "enrollment", "courses")
    cover(world.valley, "enrollment")
    page = client.get(at("data", world.cahaba))
    assert state_of(page, "enrollment") == ("all", 2, 2)
    assert state_of(page, "courses") == ("part", 1, 2)
    assert "1 of 2 schools" in text(page)
    matrix = {place.name: {kind.code: cell.state for kind, cell in cells} for place, cells in page.context["matrix"]}
    assert matrix["Cahaba Ridge High School"]["courses"] == "all"
    assert matrix["Cahaba Valley High School"]["courses"] == "none"


def test_diplomas_are_not_expected_of_a_middle_school(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    middle = factories.organization("school", world.cahaba, "Cahaba Middle", grade_low="06", grade_high="08")
    page = client.get(at("data", world.cahaba))
    assert state_of(page, "diplomas") == ("none", 0, 2)
    [cells] = [dict(cells) for place, cells in page.context["matrix"] if place == middle]
    assert {kind.code for kind, cell in cells.items() if cell.state == "not_expected"} == {
        "credentials": 0, "work_experience": 0, "diplomas": 0, "cohort_removals": 0, "postsecondary": 0,
    }.keys() - {"credentials"}  # fmt: skip
    lines = {line.kind for line, _layout in client.get(at("data", middle)).context["lines"]}
    assert "diplomas" not in lines
    assert "enrollment" in lines


def test_a_state_sees_its_districts_and_no_upload_of_rosters(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    cover(world.ridge, "enrollment")
    page = client.get(at("data", world.alabama))
    assert state_of(page, "enrollment") == ("part", 1, 3)
    cells = {place.name: {kind.code: cell for kind, cell in cells} for place, cells in page.context["matrix"]}
    assert set(cells) == {"Cahaba County", "Tombigbee City"}
    assert (cells["Cahaba County"]["enrollment"].schools, cells["Cahaba County"]["enrollment"].of) == (1, 2)
    assert "?kind=roster" not in text(page)


def test_published_results_are_offered_to_the_state_and_are_nothing_a_school_inherits(
    world: World, client: Client
) -> None:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    page = client.get(at("data", world.alabama))
    assert state_of(page, "published") == ("none", 0, 1)
    assert "?kind=" in text(page)
    cover(world.alabama, "published")
    cover(world.cahaba, "published")
    assert state_of(client.get(at("data", world.alabama)), "published") == ("all", 1, 1)
    assert "published" not in {line.kind for line, _layout in client.get(at("data", world.ridge)).context["lines"]}


def test_a_cooperative_has_no_evidence_of_its_own(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    page = client.get(at("data", world.cooperative))
    assert page.context["lines"] == []
    assert "No schools here" in text(page)


def test_a_closed_school_is_not_missed(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    cover(world.ridge, "enrollment")
    Organization.objects.filter(pk=world.valley.pk).update(closed=dt.date(2019, 7, 1))
    assert state_of(client.get(at("data", world.cahaba)), "enrollment") == ("all", 1, 1)


def test_imports_at_work_are_shown_and_asked_for_again(world: World, signed_in: Client) -> None:
    batch = an_import(world.ridge, "reading", phase="Reading", rows_done=50, rows_total=200)
    assert "Being loaded now" in text(signed_in.get(at("data", world.ridge)))
    part = signed_in.get(at("data", world.ridge), headers=HTMX)
    assert "25%" in text(part)
    assert "<html" not in text(part)
    ImportBatch.objects.filter(pk=batch.pk).update(state="previewed")
    done = signed_in.get(at("data", world.ridge), headers=HTMX)
    assert done["HX-Refresh"] == "true"
    assert "waiting for somebody to look" in text(signed_in.get(at("data", world.ridge)))


def test_imports_of_other_schools_are_not_shown(world: World, signed_in: Client) -> None:
    an_import(world.valley, source="valley.csv")
    an_import(world.cahaba, source="district.csv")
    page = text(signed_in.get(at("data", world.ridge)))
    assert "valley.csv" not in page
    assert "district.csv" not in page
    assert "Nothing has been loaded yet" in page


@pytest.mark.parametrize("name", ["data", "imports"])
def test_a_page_asks_as_much_for_many_schools_and_imports_as_for_few(
    world: World, client: Client, django_assert_num_queries: Any, name: str
) -> None:
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    for state in ("applied", "reading", "previewed"):
        an_import(world.ridge, state, loaded_by=factories.person())
    cover(world.ridge, "enrollment", batch=an_import(world.ridge))
    url = at(name, world.cahaba)
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    for number in range(30):
        school = factories.organization("school", world.cahaba, f"School {number}", grade_low="09", grade_high="12")
        cover(school, "enrollment", "courses", batch=an_import(school))
        for state in ("applied", "reading", "previewed", "refused"):
            an_import(school, state, loaded_by=factories.person())
    with django_assert_num_queries(len(asked)):
        client.get(url)


# --- load a file -----------------------------------------------------------------------------------------------


def upload(client: Client, organization: Organization, content: str = "", name: str = "r.csv", **more: Any) -> Any:
    file = SimpleUploadedFile(name, content.encode())
    fields = {"file": file, "kind": "", "year": str(current_year()), **more}
    return client.post(at("import_new", organization), fields)


def test_a_file_is_uploaded_kept_and_waits_for_a_worker(world: World, principal: User, signed_in: Client) -> None:
    answer = upload(signed_in, world.ridge, roster("001"), "Fall roster.csv")
    batch = ImportBatch.objects.get()
    assert answer["Location"] == of("import", batch)
    assert (batch.state, batch.kind, batch.year, batch.source) == ("waiting", "", current_year(), "Fall roster.csv")
    assert (batch.loaded_by, batch.organization, batch.file.stored_by) == (principal, world.ridge, principal)
    with files.open(batch.file) as kept:
        assert kept.read().decode() == roster("001")
    assert "as soon as a worker is free" in text(signed_in.get(of("import", batch)))


def test_kind_and_year_are_taken_as_chosen(world: World, signed_in: Client) -> None:
    upload(signed_in, world.ridge, roster("001"), kind="courses", year=str(current_year() - 1))
    batch = ImportBatch.objects.get()
    assert (batch.kind, batch.year) == ("courses", current_year() - 1)


def test_complete_is_handed_on_only_where_it_was_ticked(world: World, signed_in: Client) -> None:
    upload(signed_in, world.ridge, roster("001"))
    upload(signed_in, world.ridge, roster("001"), complete="on")
    said = [batch.preview["complete"] for batch in ImportBatch.objects.order_by("pk")]
    assert said == [None, True]


def test_the_address_may_name_the_kind(world: World, signed_in: Client) -> None:
    url = at("import_new", world.ridge)
    assert '<option value="courses" selected>' in text(signed_in.get(url, {"kind": "courses"}))
    nonsense = signed_in.get(url, {"kind": "nonsense"})
    assert nonsense.context["form"]["kind"].value() == ""


def test_a_file_that_is_too_large_is_told_so_in_one_clear_line(world: World, signed_in: Client, settings: Any) -> None:
    settings.HSTW_UPLOAD_LIMIT = 1000
    page = upload(signed_in, world.ridge, "x" * 5000)
    assert "The file is larger than 1000 B. Compress it as ZIP or GZ, or split it by school." in text(page)
    assert not ImportBatch.objects.exists()


def test_a_form_without_a_file_says_so(world: World, signed_in: Client) -> None:
    page = signed_in.post(at("import_new", world.ridge), {"kind": "", "year": str(current_year())})
    assert page.status_code == 200
    assert "This field is required" in text(page)


@pytest.mark.parametrize("wrong", [{"kind": "nonsense"}, {"year": "1"}, {"year": "soon"}])
def test_a_choice_that_there_is_not_is_refused(world: World, signed_in: Client, wrong: dict[str, str]) -> None:
    assert upload(signed_in, world.ridge, "x", **wrong).status_code == 200
    assert not ImportBatch.objects.exists()


def test_no_kind_of_file_is_offered_where_none_fits(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    page = client.get(at("import_new", world.ridge))
    assert page.context["groups"] == []
    assert "No kind of file is loaded here" in text(page)


# --- one import ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "proof"),
    [
        ("waiting", "as soon as a worker is free"),
        ("reading", "Checking the file"),
        ("applying", "Applying the file"),
        ("previewed", "Is this what should change?"),
        ("refused", "This file cannot be loaded"),
        ("applied", "The file is loaded"),
        ("undone", "This import was undone"),
        ("cancelled", "This import was cancelled"),
    ],
)
def test_every_state_has_its_page_even_with_nothing_in_it(
    world: World, signed_in: Client, state: str, proof: str
) -> None:
    page = signed_in.get(of("import", an_import(world.ridge, state, kind="")))
    assert page.status_code == 200
    assert proof in text(page)


def test_every_state_is_tried() -> None:
    [parameters] = test_every_state_has_its_page_even_with_nothing_in_it.pytestmark  # type: ignore[attr-defined]
    assert {state for state, _proof in parameters.args[1]} == set(ImportState.values)


def test_progress_is_told_and_ends_with_the_whole_page(world: World, signed_in: Client) -> None:
    started = timezone.now() - dt.timedelta(seconds=10)
    batch = an_import(
        world.ridge, "reading", phase="Reading", rows_done=1000, rows_total=4000, phase_started_at=started
    )
    part = signed_in.get(of("import", batch), headers=HTMX)
    assert "1,000 of 4,000 rows (25%)" in text(part)
    assert "rows a second" in text(part)
    assert "<html" not in text(part)
    ImportBatch.objects.filter(pk=batch.pk).update(state="refused")
    assert signed_in.get(of("import", batch), headers=HTMX)["HX-Refresh"] == "true"


def test_rate_and_time_left() -> None:
    now = timezone.now()
    batch = ImportBatch(rows_done=1000, rows_total=4000, phase_started_at=now - dt.timedelta(seconds=20))
    told = shown.progress(batch, now=now)
    # 1,000 rows in 20 seconds are 50 a second; the other 3,000 take a minute.
    assert (told.percent, told.rate, told.left) == (25, 50, "about 1 minute left")
    fresh = ImportBatch(rows_done=1000, rows_total=None, phase_started_at=now)
    assert (shown.progress(fresh, now=now).percent, shown.progress(fresh, now=now).rate) == (None, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "a few seconds left"),
        (30, "less than a minute left"),
        (150, "about 2 minutes left"),
        (7300, "about 2 hours left"),
    ],
)
def test_time_left_is_never_told_to_the_second(seconds: float, words: str) -> None:
    assert shown.time_left(seconds) == words


def test_a_preview_shows_what_would_happen(world: World, principal: User, signed_in: Client) -> None:
    batch = looked_at(
        world.ridge, roster("001", "002") + "003,No,Grade,Cahaba Ridge High School,99,2025-08-12\n", principal
    )
    page = text(signed_in.get(of("import", batch)))
    assert "Last001, First001" in page
    assert "What to look at" in page
    assert "“<code>99</code>”" in page
    assert of("import_rejected", batch) in page
    assert not Student.objects.exists()


def test_what_it_finds_is_applied_and_undone_again(world: World, principal: User, signed_in: Client) -> None:
    batch = looked_at(world.ridge, roster("001", "002"), principal)
    signed_in.post(of("import", batch), {"apply": "1"})
    assert worked(batch).state == ImportState.APPLIED
    assert batch.applied_by == principal
    assert Enrollment.objects.count() == 2
    page = signed_in.get(of("import", batch))
    assert "Undo this import" in text(page)
    answer = signed_in.post(of("import", batch), {"undo": "1"}, follow=True)
    assert "This import was undone" in text(answer)
    assert not Enrollment.objects.exists()
    batch.refresh_from_db()
    assert (batch.state, batch.undone_by) == (ImportState.UNDONE, principal)


def test_an_undo_that_is_refused_says_why(world: World, principal: User, signed_in: Client) -> None:
    first = applied(world.ridge, roster("001", "002"), principal)
    second = applied(world.ridge, roster("001", "002", grade="10"), principal)
    page = text(signed_in.get(of("import", first)))
    assert "This import cannot be undone now" in page
    assert second.source in page
    assert "Undo it now" not in page
    answer = signed_in.post(of("import", first), {"undo": "1"}, follow=True)
    assert "changed rows of this import since" in text(answer)
    assert Enrollment.objects.filter(grade="10").count() == 2


def test_cancelled_is_cancelled(world: World, principal: User, signed_in: Client) -> None:
    batch = looked_at(world.ridge, roster("001"), principal)
    page = signed_in.post(of("import", batch), {"cancel": "1"}, follow=True)
    assert "This import was cancelled" in text(page)
    late = signed_in.post(of("import", batch), {"apply": "1"})
    assert late.status_code == 409
    assert "not waiting to be applied" in text(late)
    assert not Student.objects.exists()


def test_a_button_that_there_is_not_does_nothing(world: World, signed_in: Client) -> None:
    assert signed_in.post(of("import", an_import(world.ridge)), {"explode": "1"}).status_code == 400


def test_the_guard_asks_for_its_number(guarded: ImportBatch, signed_in: Client) -> None:
    url = of("import", guarded)
    assert "Type 15 to apply it" in text(signed_in.get(url))
    wrong = signed_in.post(url, {"apply": "1", "typed": "51"})
    assert wrong.status_code == 409
    assert "type the number 15" in text(wrong)
    assert Enrollment.objects.filter(exited=None).count() == 20
    signed_in.post(url, {"apply": "1", "typed": "15"})
    assert worked(guarded).state == ImportState.APPLIED
    assert Enrollment.objects.filter(exited=None).count() == 5


def test_the_guard_takes_a_second_person_instead(guarded: ImportBatch, world: World, signed_in: Client) -> None:
    url = of("import", guarded)
    own = signed_in.post(url, {"confirm": "1"})
    assert own.status_code == 409
    assert "A second person has to agree" in text(own)
    other = Client()
    other.force_login(factories.person(Role.COUNSELOR, world.ridge, name="Chris Counselor"))
    assert "You are the second person" in text(other.get(url))
    assert "You are the second person" not in text(signed_in.get(url))
    other.post(url, {"confirm": "1"})
    assert "Chris Counselor has confirmed that this is right" in text(signed_in.get(url))
    signed_in.post(url, {"apply": "1"})
    assert worked(guarded).state == ImportState.APPLIED


def test_who_does_not_load_files_sees_counts_and_no_student(
    guarded: ImportBatch, planner: User, client: Client
) -> None:
    ImportProblem.objects.create(
        batch=guarded,
        cause="x",
        severity="noted",
        text="A cause",
        count=1,
        places=[{"file": "r.csv", "line": 2, "column": "last_name", "value": "Secretname"}],
    )
    guarded.preview["corrections"] = {
        "kept": 1,
        "overwritten": 0,
        "samples": [{"student": "Hidden, Hilda", "label": "grade", "file_value": "1", "value": "2", "outcome": "kept"}],
    }
    guarded.save()
    client.force_login(planner)
    page = client.get(of("import", guarded))
    assert page.status_code == 200
    assert "A cause" in text(page)
    assert "1 correction stays" in text(page)
    for name in ("Last001", "First001", "Secretname", "Hidden, Hilda"):
        assert name not in text(page)
    assert 'name="apply"' not in text(page)
    for button in ("apply", "confirm", "cancel", "undo"):
        assert client.post(of("import", guarded), {button: "1", "typed": "15"}).status_code == 403
    assert Enrollment.objects.filter(exited=None).count() == 20


def test_an_import_of_somebody_elses_school_is_not_reached(world: World, signed_in: Client) -> None:
    assert signed_in.get(of("import", an_import(world.valley))).status_code == 403
    assert signed_in.get(of("import", an_import(world.derby))).status_code == 404


def test_markup_in_a_file_stays_text(world: World, principal: User, signed_in: Client) -> None:
    name = "<script>alert(1)</script>"
    batch = looked_at(world.ridge, roster("001").replace("First001", name), principal, f"{name}.csv")
    page = text(signed_in.get(of("import", batch)))
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


# --- downloads -------------------------------------------------------------------------------------------------


def test_the_file_comes_back_as_it_was_and_the_download_is_recorded(
    world: World, principal: User, signed_in: Client
) -> None:
    batch = looked_at(world.ridge, roster("001"), principal)
    with structlog.testing.capture_logs() as said:
        answer = signed_in.get(of("import_file", batch))
    assert b"".join(answer.streaming_content).decode() == roster("001")
    assert answer["Content-Disposition"].startswith("attachment")
    [event] = [one for one in said if one["event"] == "student file downloaded"]
    assert (event["by"], event["batch"], event["what"]) == (principal.pk, str(batch.public_id), "file")


def test_the_rows_left_out_come_with_their_reason(world: World, principal: User, signed_in: Client) -> None:
    batch = looked_at(world.ridge, roster("001") + "002,No,Grade,Cahaba Ridge High School,99,2025-08-12\n", principal)
    body = b"".join(signed_in.get(of("import_rejected", batch)).streaming_content).decode("utf-8-sig")
    [_heading, row] = csv.reader(io.StringIO(body))
    assert row[1] == "3"
    assert "grade=99" in row


def test_nothing_left_out_is_nothing_to_download(world: World, principal: User, signed_in: Client) -> None:
    assert signed_in.get(of("import_rejected", looked_at(world.ridge, roster("1"), principal))).status_code == 404
    assert signed_in.get(of("import_file", an_import(world.ridge))).status_code == 404


def changes(client: Client, batch: ImportBatch) -> list[dict[str, str]]:
    body = b"".join(client.get(of("import_changes", batch)).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def test_the_changes_tell_each_record_that_is_new_changed_or_ended(
    world: World, principal: User, signed_in: Client
) -> None:
    applied(world.ridge, roster("001", "002", "003", "004", "005", "006"), principal)
    second = roster("001", "002", "003", "004", "007").replace("First001,Last001", "First001,=Last")
    batch = looked_at(world.ridge, second, principal)
    run.apply(batch, by=principal, typed=str(batch.guard.get("number", "")), wake=False)
    worked(batch)
    rows = [(row["what"], row["record"], row["name"]) for row in changes(signed_in, batch)]
    assert sorted(rows) == [
        ("changed", "student", "'=Last, First001"),
        ("ended", "enrollment", "Last005, First005"),
        ("ended", "enrollment", "Last006, First006"),
        ("new", "enrollment", "Last007, First007"),
        ("new", "student", "Last007, First007"),
    ]
    [changed] = [row for row in changes(signed_in, batch) if row["what"] == "changed"]
    assert "last_name=Last001" in changed["before"]
    assert changed["line of the file"] == "2"


def test_the_changes_name_nobody_to_those_who_do_not_load_files(
    world: World, principal: User, planner: User, client: Client
) -> None:
    batch = applied(world.ridge, roster("001", "002"), principal)
    client.force_login(planner)
    rows = changes(client, batch)
    assert [row["what"] for row in rows] == ["new"] * 4
    assert "name" not in rows[0]
    assert "Last001" not in str(rows)
    assert {row["student"] for row in rows} == {str(pk) for pk in Student.objects.values_list("public_id", flat=True)}


# --- the log ---------------------------------------------------------------------------------------------------


def test_the_log_tells_who_what_and_when(world: World, principal: User, signed_in: Client) -> None:
    batch = applied(world.ridge, roster("001", "002"), principal)
    an_import(world.ridge, "refused", kind="courses", source="broken.csv")
    page = signed_in.get(at("imports", world.ridge))
    assert "Pat Principal" in text(page)
    assert batch.sha256[:8] in text(page)
    assert "4 new" in text(page)
    refused = text(signed_in.get(at("imports", world.ridge), {"state": "refused"}))
    assert "broken.csv" in refused
    assert "1 import<" in refused
    assert "broken.csv" not in text(signed_in.get(at("imports", world.ridge), {"kind": "roster"}))


@pytest.mark.parametrize("query", [{"state": "odd"}, {"kind": "odd"}, {"page": "many"}, {"page": "-1"}])
def test_a_strange_question_to_the_log_is_answered(world: World, signed_in: Client, query: dict[str, str]) -> None:
    an_import(world.ridge)
    assert signed_in.get(at("imports", world.ridge), query).status_code == 200


def test_the_log_is_paged(world: World, signed_in: Client) -> None:
    for number in range(51):
        an_import(world.ridge, source=f"file-{number:02d}.csv")
    first, second = (text(signed_in.get(at("imports", world.ridge), {"page": page})) for page in (1, 2))
    assert "51 imports" in first
    assert "file-50.csv" in first
    assert "file-00.csv" not in first
    assert "file-00.csv" in second


# --- templates -------------------------------------------------------------------------------------------------


def test_templates_say_what_goes_into_which_column(world: World, signed_in: Client) -> None:
    page = text(signed_in.get(at("import_templates", world.ridge)))
    assert "Roster: students and enrollments" in page
    assert "<code>local_number</code>" in page


def test_a_template_is_downloaded_and_can_be_loaded(world: World, signed_in: Client) -> None:
    answer = signed_in.get(at("import_template", world.ridge, kind="roster", form="csv"))
    assert answer["Content-Disposition"] == 'attachment; filename="roster.csv"'
    heading = next(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {"local_number", "first_name", "grade", "entered"} <= set(heading)
    sheet = signed_in.get(at("import_template", world.ridge, kind="roster", form="xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))
    assert [cell.value for cell in book.worksheets[0][1]] == heading


@pytest.mark.parametrize(("kind", "form"), [("nonsense", "csv"), ("roster", "pdf"), ("act", "csv")])
def test_what_is_no_template_is_not_found(world: World, signed_in: Client, kind: str, form: str) -> None:
    assert signed_in.get(at("import_template", world.ridge, kind=kind, form=form)).status_code == 404


# --- students --------------------------------------------------------------------------------------------------


def enrolled(school: Organization, first: str, last: str, grade: str = "09", **fields: Any) -> Student:
    student = factories.student(first_name=first, last_name=last, **fields)
    factories.enrollment(school, current_year(), grade, student=student)
    return student


def listed(client: Client, organization: Organization, **query: str) -> list[str]:
    page = client.get(at("students", organization), query)
    assert page.status_code == 200
    return [str(row.student) for row in page.context["rows"]]


def test_students_are_found_by_name_number_and_grade(world: World, signed_in: Client) -> None:
    maria = enrolled(world.ridge, "Maria", "Alvarez", middle_name="Luz")
    enrolled(world.ridge, "Sam", "Brooks-Lee", "10")
    enrolled(world.valley, "Maria", "Valley")
    StudentIdentifier.objects.create(
        student=maria, system="local", organization=world.cahaba, value="0048213", starts=dt.date(2024, 8, 1)
    )
    assert listed(signed_in, world.ridge) == ["Alvarez, Maria", "Brooks-Lee, Sam"]
    assert listed(signed_in, world.ridge, q="maria alv") == ["Alvarez, Maria"]
    assert listed(signed_in, world.ridge, q="ALVAREZ, m") == ["Alvarez, Maria"]
    assert listed(signed_in, world.ridge, q="lee") == ["Brooks-Lee, Sam"]
    assert listed(signed_in, world.ridge, q="0048") == ["Alvarez, Maria"]
    assert listed(signed_in, world.ridge, q="8213") == []
    assert listed(signed_in, world.ridge, grade="10") == ["Brooks-Lee, Sam"]
    assert listed(signed_in, world.ridge, grade="77") == ["Alvarez, Maria", "Brooks-Lee, Sam"]
    assert listed(signed_in, world.ridge, q="%") == []


def test_a_list_without_a_roster_offers_the_upload(world: World, signed_in: Client) -> None:
    page = text(signed_in.get(at("students", world.ridge)))
    assert "No roster is loaded for this year" in page
    assert at("import_new", world.ridge) in page
    assert "Nobody matches" in text(signed_in.get(at("students", world.ridge), {"q": "x"}))


def test_the_list_has_twenty_five_a_page_and_asks_as_much_for_all(
    world: World, signed_in: Client, django_assert_num_queries: Any
) -> None:
    enrolled(world.ridge, "A", "Aa")
    signed_in.get(at("students", world.ridge))
    with CaptureQueriesContext(connection) as asked:
        signed_in.get(at("students", world.ridge))
    for number in range(40):
        enrolled(world.ridge, "B", f"Bb{number:02d}")
    with django_assert_num_queries(len(asked)):
        page = signed_in.get(at("students", world.ridge))
    assert len(page.context["rows"]) == 25


def test_looking_at_students_is_recorded(world: World, principal: User, signed_in: Client) -> None:
    maria = enrolled(world.ridge, "Maria", "Alvarez")
    with structlog.testing.capture_logs() as said:
        signed_in.get(at("students", world.ridge))
        signed_in.get(of("student", maria))
    events = [one for one in said if one["event"].startswith("student")]
    assert [(one["event"], one["by"]) for one in events] == [
        ("student list read", principal.pk),
        ("student read", principal.pk),
    ]
    assert events[1]["student"] == str(maria.public_id)
    assert "Alvarez" not in str(said)


def test_a_member_of_the_site_team_sees_students_only_by_assignment(world: World, client: Client) -> None:
    maria = enrolled(world.ridge, "Maria", "Alvarez")
    row = maria.enrollments.get()
    client.force_login(factories.person(Role.SITE_TEAM, world.ridge))
    assert client.get(at("students", world.ridge)).status_code == 403
    assert client.get(of("student", maria)).status_code == 404
    client.force_login(factories.person(Role.SITE_TEAM, world.ridge, names_students=True))
    assert client.get(at("students", world.ridge)).status_code == 200
    page = client.get(of("student", maria))
    assert "Grade 9" in text(page)
    # Putting right is for those who load files.
    assert "Correct<span" not in text(page)
    assert client.get(of("student_correct", maria, table="enrollment", pk=row.pk, field="exit_code")).status_code == 403


def test_without_the_second_factor_nobody_is_named(world: World, signed_in: Client, settings: Any) -> None:
    maria = enrolled(world.ridge, "Maria", "Alvarez")
    settings.SECOND_FACTOR_REQUIRED = True
    for url in (at("students", world.ridge), of("student", maria), at("duplicates", world.ridge)):
        page = signed_in.get(url)
        assert page.status_code == 403
        assert "second factor" in text(page)
        assert "Alvarez" not in text(page)


def test_a_record_tells_what_happened_where_it_is_from_and_what_is_elsewhere(
    world: World, principal: User, signed_in: Client
) -> None:
    year = current_year()
    batch = an_import(world.ridge, source="courses.csv")
    maria = factories.student(first_name="Maria", last_name="Alvarez")
    factories.enrollment(world.ridge, year, "10", student=maria, batch=batch, line=7)
    factories.enrollment(world.harbor, year - 1, "09", student=maria)
    CourseRecord.objects.create(student=maria, organization=world.harbor, year=year - 1, title="Secret course")
    course = CourseRecord.objects.create(
        student=maria, organization=world.ridge, year=year, title="Algebra II", mark="B", batch=batch, line=12
    )
    Correction.objects.create(
        table="schools_courserecord", key=course.pk, field="mark", file_value="D", value="B", reason="Form of June 3",
        student_id=maria.pk, organization=world.ridge, by=principal,
    )  # fmt: skip
    for organization, value in ((world.cahaba, "OURS-1"), (world.tombigbee, "THEIRS-2"), (world.alabama, "STATE-3")):
        StudentIdentifier.objects.create(
            student=maria,
            system="state" if organization == world.alabama else "local",
            organization=organization,
            value=value,
            starts=dt.date(2024, 8, 1),
        )
    page = text(signed_in.get(of("student", maria)))
    assert "Algebra II" in page
    assert f'<a class="file-name" href="{of("import", batch)}">courses.csv</a>, line 12' in page
    assert "Corrected: B (the file says D): Form of June 3" in " ".join(page.replace("</svg> ", "</svg>").split())
    assert "Recorded elsewhere: Enrollment, Course." in page
    assert "Secret course" not in page
    assert "Harbor" not in page
    assert "OURS-1" in page
    assert "STATE-3" in page
    assert "THEIRS-2" not in page


def test_a_record_asks_as_much_for_many_rows_as_for_few(
    world: World, signed_in: Client, django_assert_num_queries: Any
) -> None:
    maria = enrolled(world.ridge, "Maria", "Alvarez")
    url = of("student", maria)
    signed_in.get(url)
    with CaptureQueriesContext(connection) as asked:
        signed_in.get(url)
    for number in range(60):
        CourseRecord.objects.create(
            student=maria,
            organization=world.ridge,
            year=current_year() - number % 4,
            title=f"Course {number}",
            course_code=str(number),
            batch=an_import(world.ridge),
        )
    with django_assert_num_queries(len(asked)):
        page = signed_in.get(url)
    assert "Course 59" in text(page)


def a_course(world: World, **fields: Any) -> CourseRecord:
    maria = enrolled(world.ridge, "Maria", "Alvarez")
    facts = {"title": "Algebra II", "mark": "D", "credits_attempted": 1, "credits_earned": 1, **fields}
    return CourseRecord.objects.create(student=maria, organization=world.ridge, year=current_year(), **facts)


def correction_of(course: CourseRecord, field: str) -> str:
    return of("student_correct", course.student, table="courserecord", pk=course.pk, field=field)


def test_a_field_is_put_right_with_a_reason_and_taken_back(world: World, principal: User, signed_in: Client) -> None:
    course = a_course(world, level="honors")
    page = text(signed_in.get(of("student_row", course.student, table="courserecord", pk=course.pk)))
    assert "Honors" in page
    assert correction_of(course, "mark") in page
    url = correction_of(course, "mark")
    saved = signed_in.post(url, {"value": "B+", "reason": "Grade change form"}, follow=True)
    assert "The file says D." in text(saved)
    course.refresh_from_db()
    assert course.mark == "B+"
    [correction] = Correction.objects.filter(ended_at=None)
    assert (correction.file_value, correction.value, correction.by) == ("D", "B+", principal)
    signed_in.post(url, {"withdraw": "1"})
    course.refresh_from_db()
    assert course.mark == "D"
    assert not Correction.objects.filter(ended_at=None).exists()


def test_a_correction_that_cannot_be_is_said_beside_the_form_and_nothing_is_lost(
    world: World, signed_in: Client
) -> None:
    course = a_course(world)
    url = correction_of(course, "credits_earned")
    page = signed_in.post(url, {"value": "2", "reason": "Typed by hand"})
    assert page.status_code == 200
    assert "More credits earned than attempted" in text(page)
    assert "Typed by hand" in text(page)
    assert "Not a number" in text(signed_in.post(url, {"value": "two", "reason": "x"}))
    assert "This field is required" in text(signed_in.post(url, {"value": "0.5", "reason": ""}))
    course.refresh_from_db()
    assert course.credits_earned == 1


def test_choices_are_offered_as_words(world: World, signed_in: Client) -> None:
    course = a_course(world)
    assert '<option value="ap">Advanced Placement</option>' in text(signed_in.get(correction_of(course, "level")))
    row = course.student.enrollments.get()
    url = of("student_correct", course.student, table="enrollment", pk=row.pk, field="english_learner")
    assert '<option value="" selected>Not reported</option>' in text(signed_in.get(url))
    signed_in.post(url, {"value": "N", "reason": "Form"})
    row.refresh_from_db()
    assert row.english_learner is False


def test_rows_out_of_reach_and_fields_that_there_are_not_are_not_found(world: World, signed_in: Client) -> None:
    maria = enrolled(world.ridge, "Maria", "Alvarez")
    away = CourseRecord.objects.create(student=maria, organization=world.harbor, year=current_year(), title="Away")
    other = a_course(world)
    here = maria.enrollments.get()
    for table, pk, field in (
        ("courserecord", away.pk, "mark"),
        ("courserecord", other.pk, "mark"),  # of another student
        ("enrollment", here.pk, "batch"),
        ("enrollment", here.pk, "entered"),  # names the record
        ("user", 1, "email"),
    ):
        assert signed_in.get(of("student_correct", maria, table=table, pk=pk, field=field)).status_code == 404


def test_a_student_of_another_school_is_not_found(world: World, signed_in: Client) -> None:
    assert signed_in.get(of("student", enrolled(world.valley, "V", "V"))).status_code == 404


# --- possible duplicates ---------------------------------------------------------------------------------------


def test_pairs_are_shown_and_said_to_be_two(world: World, signed_in: Client) -> None:
    born = dt.date(2010, 1, 2)
    first, second = (enrolled(world.ridge, "Jordan", "O'Neil", grade, birth_date=born) for grade in ("09", "10"))
    url = at("duplicates", world.ridge)
    page = text(signed_in.get(url))
    assert "1 pair<" in page
    assert "They are different people" in page
    ids = {"first": str(first.public_id), "second": str(second.public_id)}
    assert "The pair is not shown again" in text(signed_in.post(url, ids, follow=True))
    assert "No pairs to look at" in text(signed_in.get(url))
    assert Student.objects.count() == 2


def test_only_students_within_reach_can_be_told_apart(world: World, signed_in: Client) -> None:
    here, away = enrolled(world.ridge, "A", "A"), enrolled(world.valley, "A", "A")
    url = at("duplicates", world.ridge)
    assert signed_in.post(url, {"first": str(here.public_id), "second": str(away.public_id)}).status_code == 404
    assert signed_in.post(url, {"first": "x", "second": ""}).status_code == 404
