"""Where nobody had any of a kind of evidence, a person says so: it counts as none then, and no longer as missing."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from django.urls import reverse

from goals.models import StalePair
from goals.readiness import rollup
from hstw import files
from hstw.access import Role
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.imports import loaded, nobody, run, steps, undo
from schools.models import CredentialEarned, EvidenceChange, EvidenceCoverage, ImportBatch, Organization, User
from schools.models.imports import ImportState
from tests import factories
from tests.factories import World
from tests.faults.processes import eventually

pytestmark = pytest.mark.django_db

YEAR = current_year()
HEADINGS = "local_number,school,credential_code,issuer,earned_on,passed\n"


@pytest.fixture
def world() -> World:
    found = factories.make_world()
    factories.enrollment(found.ridge, YEAR, "12")
    return found


@pytest.fixture
def director(world: World) -> User:
    return factories.person(Role.CTE_DIRECTOR, world.cahaba, name="Dale Director")


def from_file(organization: Organization, content: str, by: User) -> ImportBatch:
    """A file of credentials, as far as a worker gets with it."""
    stored = files.store(io.BytesIO(content.encode()), "credentials.csv", by)
    batch = run.begin(organization=organization, year=YEAR, stored=stored, kind="credentials", by=by, wake=False)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    return batch


def covered(organization: Organization) -> bool:
    return EvidenceCoverage.objects.filter(organization=organization, year=YEAR, kind="credentials").exists()


def address(organization: Organization, kind: str = "credentials") -> str:
    return reverse("schools:data_none", args=[organization.slug, YEAR, kind])


def test_a_file_without_rows_does_not_say_it(world: World, director: User) -> None:
    batch = from_file(world.cahaba, HEADINGS, director)
    assert batch.state == ImportState.REFUSED
    assert not covered(world.cahaba)


def test_it_is_said_kept_counted_anew_and_taken_back(world: World, director: User, client: Client) -> None:
    client.force_login(director)
    overview = client.get(reverse("schools:data", args=["cahaba", YEAR])).content.decode()
    assert address(world.cahaba) in overview
    assert "nobody at Cahaba County had any" in client.get(address(world.cahaba)).content.decode()
    page = client.post(address(world.cahaba), follow=True).content.decode()
    assert "It counts as none, no longer as not reported." in page
    assert "Dale Director" in page
    [batch] = ImportBatch.objects.filter(organization=world.cahaba)
    assert covered(world.cahaba)
    line = {one.kind: one for one in loaded.lines(world.cahaba, SchoolYear(YEAR))}["credentials"]
    assert (line.cell.state, line.source) == ("all", batch)
    assert list(EvidenceChange.objects.values_list("organization", "year", "kind", "student_id")) == [
        (world.cahaba.pk, YEAR, "credentials", None)
    ]

    undo.undo(batch, by=director)
    assert not covered(world.cahaba)
    assert EvidenceChange.objects.filter(organization=world.cahaba, kind="credentials").count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_years_that_look_back_at_it_are_counted_again(world: World, director: User) -> None:
    nobody.say(world.cahaba, SchoolYear(YEAR - 2), "credentials", director)
    wanted = {(world.alabama.pk, "leaver", YEAR), (world.alabama.pk, "class", YEAR)}
    # Another database's transaction that is open holds it up.
    eventually(
        lambda: [rollup.mark_new(), wanted <= set(StalePair.objects.values_list("organization", "basis", "year"))][1]
    )


def test_rows_that_are_there_speak_against_it(world: World, director: User, client: Client) -> None:
    CredentialEarned.objects.create(
        student=factories.student(), organization=world.ridge, year=YEAR, credential_code="X", earned_on="2026-09-01"
    )
    client.force_login(director)
    page = client.post(address(world.cahaba))
    assert page.status_code == 409
    assert "are loaded." in page.content.decode()
    assert not covered(world.cahaba)


def test_it_is_said_once(world: World, director: User) -> None:
    nobody.say(world.cahaba, SchoolYear(YEAR), "credentials", director)
    with pytest.raises(nobody.CannotSay, match="said already"):
        nobody.say(world.cahaba, SchoolYear(YEAR), "credentials", director)


def test_not_of_what_everybody_has(world: World, director: User, client: Client) -> None:
    client.force_login(director)
    assert client.post(address(world.cahaba, "enrollment")).status_code == 404


def test_a_file_that_comes_later_takes_its_place_and_gives_it_back(world: World, director: User) -> None:
    said = nobody.say(world.cahaba, SchoolYear(YEAR), "credentials", director)
    roster = f"local_number,first_name,last_name,school,grade,entered\n1,A,B,{world.ridge.name},12,{YEAR - 1}-08-10\n"
    stored = files.store(io.BytesIO(roster.encode()), "roster.csv", director)
    students = run.begin(organization=world.cahaba, year=YEAR, stored=stored, kind="roster", by=director, wake=False)
    for batch in (students, None):
        if batch is None:
            line = f"1,{world.ridge.name},NCCER,NCCER,{YEAR - 1}-10-01,Y\n"
            batch = from_file(world.ridge, HEADINGS + line, director)
        else:
            steps.work(batch.pk, beating=False)
            batch.refresh_from_db()
        assert batch.state == ImportState.PREVIEWED, batch.refusal
        run.apply(batch, by=director, wake=False)
        steps.work(batch.pk, beating=False)
        batch.refresh_from_db()
        assert batch.state == ImportState.APPLIED
    # The file speaks for its school; for the others of the district it is still what was said.
    kinds = EvidenceCoverage.objects.filter(year=YEAR, kind="credentials").values_list("organization", "batch")
    assert set(kinds) == {(world.cahaba.pk, said.pk), (world.ridge.pk, batch.pk)}
