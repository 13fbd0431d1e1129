"""The pages of organizations: browse, read, add, record standing; and home."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hstw.access import Role
from hstw.navigation import current_year
from schools.home import places_of
from schools.models import NetworkMembership, Organization, SupportDesignation, User
from schools.owed import owed_by
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> factories.World:
    return factories.make_world()


@pytest.fixture
def coordinator(world: factories.World, client: Client) -> Client:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    return client


def at(name: str, organization: Organization, *more: Any) -> str:
    return reverse(f"schools:{name}", args=[organization.slug, current_year(), *more])


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_list_finds_by_name_and_says_what_each_belongs_to(coordinator: Client) -> None:
    page = text(coordinator.get(reverse("schools:organizations"), {"q": "ridge"}))
    assert "Cahaba Ridge High School" in page
    assert "Cahaba County" in page
    assert "Harbor High School" not in page


def test_the_list_narrows_by_kind_and_design(coordinator: Client) -> None:
    page = text(coordinator.get(reverse("schools:organizations"), {"kind": "cooperative"}))
    assert "Black Belt Cooperative" in page
    assert "Cahaba Ridge High School" not in page


def test_a_search_without_result_says_what_to_try(coordinator: Client) -> None:
    page = text(coordinator.get(reverse("schools:organizations"), {"q": "nowhere"}))
    assert "Nothing matches" in page


@pytest.mark.parametrize("query", [{"kind": "planet"}, {"page": "many"}, {"page": "-1"}, {"q": "x" * 5000}])
def test_a_strange_query_is_answered(coordinator: Client, query: dict[str, str]) -> None:
    assert coordinator.get(reverse("schools:organizations"), query).status_code == 200


def test_closed_organizations_are_shown_only_when_asked_for(world: factories.World, coordinator: Client) -> None:
    Organization.objects.filter(pk=world.valley.pk).update(closed=dt.date(2020, 7, 1), successor=world.ridge)
    url = reverse("schools:organizations")
    assert "Cahaba Valley High School" not in text(coordinator.get(url))
    assert "Cahaba Valley High School" in text(coordinator.get(url, {"closed": "yes"}))
    assert "Successor" in text(coordinator.get(at("organization", world.valley)))


def test_an_address_without_a_year_leads_to_the_current_one(world: factories.World, coordinator: Client) -> None:
    answer = coordinator.get(reverse("schools:organization_now", args=["ridge"]))
    assert answer["Location"] == at("organization", world.ridge)


@pytest.mark.parametrize("year", [1, 1949, 2100, 99999])
def test_a_year_that_is_none_is_not_found(coordinator: Client, world: factories.World, year: int) -> None:
    assert coordinator.get(reverse("schools:organization", args=["ridge", year])).status_code == 404


def test_exact_figures_are_shown_to_those_who_answer_for_them(world: factories.World, client: Client) -> None:
    for _ in range(3):
        factories.enrollment(world.ridge, current_year(), "09")
    url = at("organization", world.ridge)
    client.force_login(factories.person(Role.COUNSELOR, world.ridge))
    assert "Exact numbers for your own work: do not share" in text(client.get(url))
    for role, place in ((Role.BOARD_VIEWER, world.cahaba), (Role.SREB_STAFF, world.region)):
        client.force_login(factories.person(role, place))
        assert "Students enrolled" not in text(client.get(url)), role
    client.force_login(factories.person(Role.PRINCIPAL, world.valley))
    assert "Students enrolled" not in text(client.get(url))


def test_an_organization_is_added(world: factories.World, coordinator: Client) -> None:
    answer = coordinator.post(at("organization_add", world.cahaba), {"name": "New Middle School", "kind": "school"})
    added = Organization.objects.get(name="New Middle School")
    assert answer["Location"] == added.get_absolute_url()
    assert Organization.objects.get_parent(added) == world.cahaba


def test_a_taken_id_is_said_beside_the_form_and_nothing_typed_is_lost(
    world: factories.World, coordinator: Client
) -> None:
    answer = coordinator.post(
        at("organization_add", world.cahaba),
        {"name": "Twin School", "kind": "school", "nces_id": world.ridge.nces_id},
    )
    assert answer.status_code == 200
    assert "Another organization has this NCES id" in text(answer)
    assert "Twin School" in text(answer)
    assert not Organization.objects.filter(name="Twin School").exists()


def test_a_membership_is_recorded_and_an_overlapping_one_refused_in_words(
    world: factories.World, coordinator: Client
) -> None:
    url = at("standing_add", world.ridge, "membership")
    fields = {"network": "msw", "route": "contract", "starts": "2020-07-01", "ends": ""}
    assert coordinator.post(url, fields).status_code == 302
    again = coordinator.post(url, fields | {"starts": "2021-07-01"})
    assert again.status_code == 200
    assert "overlaps one that is recorded already" in text(again)
    assert NetworkMembership.objects.filter(organization=world.ridge).count() == 1


def test_a_designation_ends_before_it_begins_is_refused(world: factories.World, coordinator: Client) -> None:
    answer = coordinator.post(
        at("standing_add", world.ridge, "designation"),
        {"kind": "csi", "reason": "", "starts": "2024-07-01", "ends": "2023-07-01"},
    )
    assert "last day is before the first" in text(answer)


def test_a_mistaken_designation_is_removed_and_history_keeps_it(world: factories.World, coordinator: Client) -> None:
    row = SupportDesignation.objects.create(organization=world.ridge, kind="csi", starts=dt.date(2024, 7, 1))
    assert coordinator.post(at("standing_edit", world.ridge, "designation", row.pk), {"remove": "1"}).status_code == 302
    assert not SupportDesignation.objects.exists()
    events = apps.get_model("schools", "SupportDesignationEvent").objects.filter(pgh_label="delete")
    assert events.filter(organization=world.ridge).count() == 1


def test_a_membership_says_who_changed_it(world: factories.World, coordinator: Client) -> None:
    row = NetworkMembership.objects.create(organization=world.ridge, network="msw", starts=dt.date(2020, 7, 1))
    url = at("standing_edit", world.ridge, "membership", row.pk)
    coordinator.post(url, {"network": "msw", "route": "contract", "starts": "2020-07-01", "ends": "2026-06-30"})
    page = text(coordinator.get(url))
    who = str(User.objects.get(role_assignments__role=Role.STATE_COORDINATOR))
    assert page.index("Who changed what") < page.index(f"by {who}") < page.index("by the system")
    assert "By contract with SREB" in page


@pytest.mark.parametrize(("kind", "place"), [("designation", "cahaba"), ("member", "ridge"), ("crown", "ridge")])
def test_standing_makes_sense_on_some_kinds_only(
    world: factories.World, coordinator: Client, kind: str, place: str
) -> None:
    assert coordinator.get(at("standing_add", getattr(world, place), kind)).status_code == 404


def test_a_row_of_another_organization_is_not_found_here(world: factories.World, coordinator: Client) -> None:
    row = NetworkMembership.objects.create(organization=world.harbor, network="msw", starts=dt.date(2024, 7, 1))
    assert coordinator.get(at("standing_edit", world.ridge, "membership", row.pk)).status_code == 404


def test_home_says_what_is_owed_before_anything_else(world: factories.World, client: Client) -> None:
    principal = factories.person(Role.PRINCIPAL, world.ridge)
    leaver = factories.person(name="Lee Leaver")
    factories.assign(leaver, Role.COUNSELOR, world.ridge, ends=timezone.localdate() + dt.timedelta(days=3))
    client.force_login(principal)
    page = text(client.get(reverse("home")))
    assert page.index("Lee Leaver") < page.index("Your organizations")


def test_somebody_without_a_role_is_told_how_to_get_one(client: Client) -> None:
    client.force_login(factories.person())
    assert "Ask the principal of your school" in text(client.get(reverse("home")))


def test_a_school_without_grades_is_owed_by_those_who_may_mend_it(world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(grade_low="")
    titles = [owed.title for owed in owed_by(factories.person(Role.DISTRICT_PLANNER, world.cahaba))]
    assert titles == ["Complete the facts of Cahaba Ridge High School"]
    assert owed_by(factories.person(Role.BOARD_VIEWER, world.cahaba)) == []


def test_what_is_dated_is_owed_first(world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(design="")
    factories.assign(factories.person(), Role.COUNSELOR, world.ridge, ends=timezone.localdate() + dt.timedelta(days=3))
    owed = owed_by(factories.person(Role.PRINCIPAL, world.ridge))
    assert [item.due is None for item in owed] == [False, True, True]


PAGES = {
    "home": lambda world: reverse("home"),
    "list": lambda world: reverse("schools:organizations"),
    "list, searched": lambda world: reverse("schools:organizations") + "?q=high&kind=school",
    "state": lambda world: at("organization", world.alabama),
    "district": lambda world: at("organization", world.cahaba),
    "school": lambda world: at("organization", world.ridge),
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_number_of_queries_does_not_grow(name: str, world: factories.World, client: Client) -> None:
    user = factories.person(Role.STATE_COORDINATOR, world.alabama)
    # Each kind of role is asked about what it may; how many there are of a kind must not matter.
    factories.assign(user, Role.DISTRICT_PLANNER, world.cahaba)
    client.force_login(user)
    url = PAGES[name](world)
    client.get(url)
    few = count(client, url)
    for number in range(60):
        district = factories.organization("district", world.alabama, f"District {number}")
        school = factories.organization("school", world.cahaba, f"High School {number}", design="high")
        factories.enrollment(school, current_year(), "09")
        factories.enrollment(world.ridge, current_year(), "10")
        NetworkMembership.objects.create(organization=school, network="msw", starts=dt.date(2020, 7, 1))
        if number < 10:
            factories.assign(user, Role.DISTRICT_PLANNER, district)
    assert count(client, url) == few


def count(client: Client, url: str) -> int:
    """How many statements the page sends."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_home_counts_the_students_of_schools_and_districts_for_those_who_answer_for_them(
    world: factories.World, client: Client
) -> None:
    pupil = factories.student()
    for school in (world.ridge, world.valley):
        factories.enrollment(school, current_year(), student=pupil)
    factories.enrollment(world.ridge, current_year())
    factories.enrollment(world.ridge, current_year() - 1)
    shown = {}
    for role in (Role.DISTRICT_PLANNER, Role.BOARD_VIEWER, Role.PRINCIPAL, Role.STATE_COORDINATOR):
        user = factories.person(role, factories.place_of(role, world))
        shown[role] = [(place.schools, place.districts, place.students) for place in places_of(user)]
    assert shown == {
        Role.DISTRICT_PLANNER: [(2, 1, 2)],
        Role.BOARD_VIEWER: [(2, 1, None)],
        Role.PRINCIPAL: [(1, 0, 2)],
        Role.STATE_COORDINATOR: [(3, 2, None)],
    }
