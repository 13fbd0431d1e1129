"""The access walk: every URL × every role × own, sibling and foreign organization, against the declared table."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.views.generic import RedirectView

from goals.models import RollupRun
from hstw import files
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import ImportBatch, Invitation, NetworkMembership, Organization, YearClose
from tests import factories
from tests.access.declared import (
    DIRECTORY_EVERYWHERE,
    LIBRARY_FOR_PEOPLE,
    LIBRARY_FOR_VISITORS,
    LIBRARY_NAMESPACES,
    LIBRARY_STEPS,
    PAGES,
    Page,
    Personal,
    System,
)
from tests.goals.planning import places
from tests.pathways import made

pytestmark = pytest.mark.django_db


def every_url(patterns: Any = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named route of the project."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from every_url(entry.url_patterns, inner)
        elif getattr(entry.callback, "view_class", None) is not RedirectView:
            # The sign-in library keeps nameless redirects from its former addresses.
            yield f"{namespace}{entry.name}", entry


def own_names() -> list[str]:
    """Routes that are the product's, not the sign-in library's."""
    return sorted({name for name, _ in every_url() if not name.startswith(LIBRARY_NAMESPACES)})


def test_every_url_is_declared() -> None:
    assert set(own_names()) == set(PAGES)


def test_every_url_of_the_sign_in_library_is_declared() -> None:
    names = {name for name, _ in every_url() if name.startswith(LIBRARY_NAMESPACES)}
    assert names == LIBRARY_FOR_VISITORS | LIBRARY_FOR_PEOPLE | LIBRARY_STEPS


@pytest.mark.parametrize("name", sorted(LIBRARY_FOR_PEOPLE))
def test_pages_of_ones_account_are_for_people_who_are_signed_in(name: str, client: Client) -> None:
    kwargs = {"pk": 1} if name in {"mfa_edit_webauthn", "mfa_remove_webauthn"} else {}
    answer = client.get(reverse(name, kwargs=kwargs))
    assert answer.status_code == 302
    # Somebody who is not signed in has nothing to sign out of: that page leads to the sign-in by itself.
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("role", list(Role))
def test_nobody_reaches_the_keys_of_somebody_else(role: Role, client: Client) -> None:
    world = factories.make_world()
    owner = factories.person(Role.PRINCIPAL, world.ridge)
    key = Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "K"})
    client.force_login(factories.person(role, factories.place_of(role, world)))
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = client.session["_auth_user_id"]
    session.save()
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.get(reverse(name, kwargs={"pk": key.pk})).status_code == 404


def test_every_route_has_a_name() -> None:
    assert [str(entry.pattern) for name, entry in every_url() if name.endswith("None")] == []


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    made = factories.make_world()
    other = factories.region("Other states")
    state = factories.organization("state", other, "Ohio")
    district = factories.organization("district", state, "Ohio District")
    factories.organization("school", district, "Ohio High School")
    return made


def around(role: Role, world: factories.World, name: str) -> dict[str, Organization]:
    """An organization of one's own, one beside it and a foreign one, as far from the role's place as it has them.

    Standing is recorded on districts and schools only, so there the state's roles meet their schools; a state alone
    closes a year, so there those of the region meet their states.
    """
    place = factories.place_of(role, world)
    if place == world.region and name.startswith("goals:closing"):
        other = Organization.objects.get(name="Ohio")
        return {"own": world.alabama, "sibling": other, "foreign": other}
    if place == world.region:
        other = Organization.objects.get(name="Ohio District")
        return {"own": world.cahaba, "sibling": other, "foreign": other}
    if place == world.alabama:
        own = world.ridge if name.startswith("schools:standing") else world.alabama
        return {"own": own, "sibling": world.bluegrass, "foreign": world.derby}
    if place == world.cahaba:
        return {"own": world.cahaba, "sibling": world.tombigbee, "foreign": world.bluegrass}
    return {"own": world.ridge, "sibling": world.valley, "foreign": world.derby}


def standing_of(organization: Organization) -> dict[str, Any]:
    """A membership to edit there."""
    row, _ = NetworkMembership.objects.get_or_create(
        organization=organization, network="msw", defaults={"starts": dt.date(2020, 7, 1)}
    )
    return {"pk": row.pk}


def closing_of(organization: Organization) -> dict[str, Any]:
    """A closed year to reopen."""
    year = 2000 + YearClose.objects.count()
    return {"pk": YearClose.objects.create(organization=organization, year=year).pk}


def role_of(organization: Organization) -> dict[str, Any]:
    """A role there to change."""
    return {"pk": factories.assign(factories.person(), Role.COUNSELOR, organization).pk}


def person_of(organization: Organization) -> dict[str, Any]:
    """Somebody there to hand over from."""
    return {"pk": factories.person(Role.COUNSELOR, organization).pk}


def invitation_of(organization: Organization) -> dict[str, Any]:
    """An invitation there."""
    email = f"invited-{Invitation.objects.count()}@example.org"
    row = Invitation.objects.create(
        email=email, name="Invited", organization=organization, role=Role.COUNSELOR, invited_by=factories.person()
    )
    return {"public_id": row.public_id}


def import_of(organization: Organization) -> dict[str, Any]:
    """An applied import there, with its file and rows left out."""
    kept = [files.store(io.BytesIO(b"name\n"), name, None) for name in ("roster.csv", "left-out.csv")]
    batch = ImportBatch.objects.create(
        organization=organization,
        year=current_year(),
        kind="roster",
        state="applied",
        source="roster.csv",
        file=kept[0],
        rejected=kept[1],
    )
    return {"public_id": batch.public_id}


def student_of(organization: Organization) -> dict[str, Any]:
    """A student enrolled there, or at a school below."""
    below = Organization.objects.filter(path__startswith=organization.path, kind="school").first()
    return {"public_id": factories.enrollment(below or organization, current_year()).student.public_id}


def enrollment_of(organization: Organization) -> dict[str, Any]:
    """Such a student's enrollment."""
    below = Organization.objects.filter(path__startswith=organization.path, kind="school").first()
    row = factories.enrollment(below or organization, current_year())
    return {"public_id": row.student.public_id, "table": "enrollment", "pk": row.pk}


def grade_of(organization: Organization) -> dict[str, Any]:
    """A field of it."""
    return {**enrollment_of(organization), "field": "grade"}


def rows_of_plans(name: str, organization: Organization) -> dict[str, Any]:
    """What the address of a page of “Goals & plan” needs beside its organization."""
    wanted = places.WANTED.get(name)
    return wanted(organization) if wanted else {}


# Addresses without an organization: an id that says nothing leads to it.
BY_ID = {
    "schools:import": import_of,
    "schools:import_file": import_of,
    "schools:import_rejected": import_of,
    "schools:import_changes": import_of,
    "schools:student": student_of,
    "schools:student_row": enrollment_of,
    "schools:student_correct": grade_of,
}
ROWS: dict[str, Callable[[Organization], dict[str, Any]]] = {
    "schools:standing_edit": standing_of,
    "schools:role": role_of,
    "goals:closing_reopen": closing_of,
    "schools:hand_over": person_of,
    "schools:invitation": invitation_of,
    "pathways:pathway": made.pathway_at,
    "pathways:pathway_edit": made.pathway_at,
    "pathways:pathway_history": made.pathway_at,
    "pathways:design": made.draft_at,
    "pathways:course": made.course_at,
    "pathways:credential_type": made.credential_type_at,
    "pathways:partner": made.partner_at,
    "pathways:commitment_new": made.partner_key_at,
    "pathways:commitment": made.commitment_at,
    "pathways:program": student_of,
    "pathways:program_edit": student_of,
    "pathways:credential": made.line_at,
    "pathways:credential_proof": made.proof_at,
}


def address(name: str, page: Page, organization: Organization) -> str:
    """The page's address for an organization."""
    if name == "draft":
        return reverse(name, kwargs={"key": f"schools.organization:{organization.pk}"})
    if name in BY_ID:
        return reverse(name, kwargs=BY_ID[name](organization))
    kwargs: dict[str, Any] = {"slug": organization.slug, "year": current_year(), **page.kwargs}
    if name == "schools:organization_now":
        del kwargs["year"]
    if name in ROWS:
        kwargs |= ROWS[name](organization)
    kwargs |= rows_of_plans(name, organization)
    return reverse(name, kwargs=kwargs)


PERSONAL = sorted(name for name, page in PAGES.items() if isinstance(page, Personal))
OF_ORGANIZATIONS = sorted(name for name, page in PAGES.items() if isinstance(page, Page))
OF_THE_SYSTEM = sorted(name for name, page in PAGES.items() if isinstance(page, System))


@pytest.mark.parametrize("name", OF_THE_SYSTEM)
def test_pages_of_the_system(name: str, world: factories.World, client: Client) -> None:
    page = PAGES[name]
    assert isinstance(page, System)
    run = RollupRun.objects.create(reason="test", state=RollupRun.State.FAILED)
    url = reverse(name, kwargs={"pk": run.pk} if name == "goals:rollup_again" else page.kwargs)
    ask = getattr(client, page.method)
    assert ask(url)["Location"].startswith(reverse("account_login"))
    for role in Role:
        client.force_login(factories.person(role, factories.place_of(role, world)))
        assert ask(url).status_code in ({200, 302} if role in page.roles else {403}), role
    client.force_login(factories.person())
    assert ask(url).status_code == 403


@pytest.mark.parametrize("name", PERSONAL)
def test_personal_pages(name: str, world: factories.World, client: Client) -> None:
    page = PAGES[name]
    url = reverse(name, kwargs=page.kwargs)
    visitor = client.get(url)
    if page.visitor:
        assert visitor.status_code == 200
    else:
        assert visitor.status_code == 302
        assert visitor["Location"].startswith(reverse("account_login"))
    for role in Role:
        client.force_login(factories.person(role, factories.place_of(role, world)))
        assert client.get(url).status_code == 200, role
    client.force_login(factories.person())
    assert client.get(url).status_code == 200, "a person without a role"


@pytest.mark.parametrize("name", OF_ORGANIZATIONS)
def test_pages_of_organizations(name: str, world: factories.World, client: Client) -> None:
    page = PAGES[name]
    assert isinstance(page, Page)
    wrong = []
    for role in Role:
        person = factories.person(role, factories.place_of(role, world))
        client.force_login(person)
        for distance, organization in around(role, world, name).items():
            expected = {200, 302} if role in getattr(page, distance) else refusal(role, distance, page)
            status = client.get(address(name, page, organization)).status_code
            if status not in expected:
                wrong.append((role.value, distance, organization.name, status, sorted(expected)))
    assert wrong == []


def refusal(role: Role, distance: str, page: Page) -> set[int]:
    """404 where one must not know of the organization or of such a thing, 403 where it is in one's directory."""
    if page.hidden:
        return {404}
    knows = (distance != "foreign" and role != Role.STATE_COORDINATOR) or distance == "own"
    return {403} if knows or role in DIRECTORY_EVERYWHERE else {404}


@pytest.mark.parametrize("name", OF_ORGANIZATIONS)
def test_visitors_and_people_without_a_role_learn_nothing(name: str, world: factories.World, client: Client) -> None:
    page = PAGES[name]
    assert isinstance(page, Page)
    url = address(name, page, world.cahaba)
    # A script is told in so many words; a person is taken to the sign-in.
    assert client.get(url).status_code == (401 if name == "draft" else 302)
    client.force_login(factories.person())
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("name", OF_ORGANIZATIONS)
def test_a_role_that_has_ended_opens_nothing(name: str, world: factories.World, client: Client) -> None:
    page = PAGES[name]
    assert isinstance(page, Page)
    person = factories.person()
    factories.assign(person, Role.SYSTEM_ADMINISTRATOR, world.region, ends=dt.date(2020, 1, 1))
    client.force_login(person)
    assert client.get(address(name, page, world.cahaba)).status_code == 404
