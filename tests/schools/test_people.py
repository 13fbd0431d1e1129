"""Roles: given, changed, ended, handed over; accounts closed; who can see what, and why."""

import datetime as dt

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hstw.access import Action, Role, decide
from schools import invitations, people, reach
from schools.models import Invitation, Organization, RoleAssignment, User
from tests.factories import PASSWORD, World, assign, make_world, person, place_of

TODAY = timezone.localdate()
YEAR = TODAY.year + 1 if TODAY.month >= 7 else TODAY.year
DAY = dt.timedelta(days=1)


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def administrator(world):
    return person(Role.DISTRICT_ADMINISTRATOR, world.cahaba, name="Dana District")


@pytest.fixture
def principal(world):
    return person(Role.PRINCIPAL, world.ridge, name="Pat Principal")


@pytest.fixture
def counselor(world):
    return person(Role.COUNSELOR, world.ridge, name="Grace Hopper")


def at(name: str, organization: Organization, **more: object) -> str:
    return reverse(f"schools:{name}", kwargs={"slug": organization.slug, "year": YEAR, **more})


def give(by, user, role, organization, **fields) -> RoleAssignment:
    fields.setdefault("starts", TODAY)
    return people.assign_role(by=by, user=user, role=role, organization=organization, **fields)


def test_a_role_is_given_within_ones_reach(world, administrator) -> None:
    ada = person()
    give(administrator, ada, Role.PRINCIPAL, world.valley)
    assert decide(ada, Action.EDIT_ORGANIZATION, world.valley)


def test_no_role_is_given_outside_ones_reach_or_above_oneself(world, administrator, principal) -> None:
    ada = person()
    for by, role, place in (
        (administrator, Role.PRINCIPAL, world.harbor),
        (administrator, Role.STATE_COORDINATOR, world.alabama),
        (principal, Role.PRINCIPAL, world.ridge),
        (principal, Role.COUNSELOR, world.valley),
    ):
        with pytest.raises(people.PeopleError):
            give(by, ada, role, place)


def test_the_same_role_is_not_held_twice_at_once(world, administrator, counselor) -> None:
    with pytest.raises(people.PeopleError, match="already"):
        give(administrator, counselor, Role.COUNSELOR, world.ridge)


def test_names_go_only_with_the_site_team(world, administrator) -> None:
    team = give(administrator, person(), Role.SITE_TEAM, world.ridge, names_students=True)
    planner = give(administrator, person(), Role.DISTRICT_PLANNER, world.cahaba, names_students=True)
    assert (team.names_students, planner.names_students) == (True, False)


def test_an_ended_role_opens_nothing_from_the_next_request(client, world, administrator, counselor) -> None:
    client.force_login(counselor)
    assert client.get(at("people", world.ridge)).status_code == 200
    people.end_role(by=administrator, assignment=counselor.role_assignments.get(), last_day=TODAY - DAY)
    assert client.get(at("people", world.ridge)).status_code == 404


def test_changing_a_role_refreshes_what_the_person_is_known_to_hold(world, administrator) -> None:
    ada = person()
    assert ada.grants() == []
    give(administrator, ada, Role.COUNSELOR, world.ridge)
    assert len(ada.grants()) == 1


def test_a_role_that_has_not_begun_is_removed_when_it_ends(world, administrator) -> None:
    later = give(administrator, person(), Role.COUNSELOR, world.ridge, starts=TODAY + 10 * DAY)
    people.end_role(by=administrator, assignment=later, last_day=TODAY)
    assert not RoleAssignment.objects.filter(pk=later.pk).exists()


def test_nobody_ends_a_role_that_they_could_not_give(world, principal) -> None:
    above = person(Role.PRINCIPAL, world.ridge).role_assignments.get()
    with pytest.raises(people.PeopleError):
        people.end_role(by=principal, assignment=above, last_day=TODAY)


def test_the_last_system_administrator_stays(world) -> None:
    admin = person(Role.SYSTEM_ADMINISTRATOR, world.region)
    with pytest.raises(people.PeopleError, match="last system administrator"):
        people.end_role(by=admin, assignment=admin.role_assignments.get(), last_day=TODAY)


def test_a_leaver_hands_over_open_invitations_and_roles_end(world, administrator, principal) -> None:
    successor = person(Role.PRINCIPAL, world.ridge)
    offer = invitations.Offer("Ada", "ada@example.org", world.ridge, Role.COUNSELOR)
    invitations.invite(by=principal, offers=[offer], address=str)
    people.hand_over(by=administrator, leaver=principal, to=successor, organization=world.ridge, last_day=TODAY)
    assert Invitation.objects.get().invited_by == successor
    assert principal.role_assignments.get().ends == TODAY


def test_what_is_owned_is_not_left_to_nobody(world, administrator, principal) -> None:
    offer = invitations.Offer("Ada", "ada@example.org", world.ridge, Role.COUNSELOR)
    invitations.invite(by=principal, offers=[offer], address=str)
    with pytest.raises(people.PeopleError, match="takes over"):
        people.hand_over(by=administrator, leaver=principal, to=None, organization=world.ridge, last_day=TODAY)
    assert principal.role_assignments.get().ends is None


def test_an_invitation_is_not_handed_to_who_could_not_send_it(world, administrator, principal, counselor) -> None:
    offer = invitations.Offer("Ada", "ada@example.org", world.ridge, Role.COUNSELOR)
    invitations.invite(by=principal, offers=[offer], address=str)
    with pytest.raises(people.PeopleError, match="may not invite"):
        people.hand_over(by=administrator, leaver=principal, to=counselor, organization=world.ridge, last_day=TODAY)


def test_handing_over_leaves_other_organizations_alone(world, administrator, counselor) -> None:
    elsewhere = assign(counselor, Role.COUNSELOR, world.valley)
    people.hand_over(by=administrator, leaver=counselor, to=None, organization=world.ridge, last_day=TODAY)
    elsewhere.refresh_from_db()
    assert elsewhere.ends is None


def test_a_closed_account_ends_its_sessions_and_roles(client, world, administrator, counselor) -> None:
    client.post("/account/login/", {"login": counselor.email, "password": PASSWORD})
    assert UserSession.objects.filter(user=counselor).exists()
    people.deactivate(by=administrator, user=counselor)
    assert client.get(at("people", world.ridge)).status_code == 302
    assert not UserSession.objects.filter(user=counselor).exists()
    assert counselor.role_assignments.get().ends == TODAY
    client.post("/account/login/", {"login": counselor.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_an_account_is_not_closed_by_who_manages_only_part_of_it(world, administrator, counselor) -> None:
    assign(counselor, Role.COUNSELOR, world.derby)
    with pytest.raises(people.PeopleError):
        people.deactivate(by=administrator, user=counselor)
    assert User.objects.get(pk=counselor.pk).is_active


def test_nobody_closes_their_own_account(administrator) -> None:
    with pytest.raises(people.PeopleError):
        people.deactivate(by=administrator, user=administrator)


def test_the_page_shows_roles_here_and_from_above(client, world, administrator, principal, counselor) -> None:
    client.force_login(counselor)
    page = client.get(at("people", world.ridge)).content.decode()
    for name in ("Dana District", "Pat Principal", "Grace Hopper"):
        assert name in page


def test_the_page_does_not_show_people_of_other_schools(client, world, counselor) -> None:
    person(Role.COUNSELOR, world.valley, name="Someone Elsewhere")
    client.force_login(counselor)
    assert "Someone Elsewhere" not in client.get(at("people", world.ridge)).content.decode()


def test_ended_roles_are_listed_under_their_school_year(client, world, administrator) -> None:
    gone = person(name="Gone Already")
    assign(gone, Role.COUNSELOR, world.ridge, ends=TODAY - DAY)
    client.force_login(administrator)
    year = (TODAY - DAY).year + 1 if (TODAY - DAY).month >= 7 else (TODAY - DAY).year
    url = reverse("schools:people_ended", kwargs={"slug": "ridge", "year": year})
    before = reverse("schools:people_ended", kwargs={"slug": "ridge", "year": year - 1})
    assert "Gone Already" in client.get(url).content.decode()
    assert "Gone Already" not in client.get(before).content.decode()


def test_a_role_is_added_through_the_page(client, world, administrator, counselor) -> None:
    client.force_login(administrator)
    client.post(at("role_add", world.valley), {"email": counselor.email, "role": "counselor", "starts": str(TODAY)})
    assert counselor.role_assignments.filter(organization=world.valley).exists()


def test_the_page_does_not_tell_who_has_an_account_elsewhere(client, world, administrator) -> None:
    foreign = person(Role.COUNSELOR, world.derby)
    client.force_login(administrator)
    answers = [
        client.post(at("role_add", world.ridge), {"email": email, "role": "counselor", "starts": str(TODAY)})
        for email in (foreign.email, "nobody@example.org")
    ]
    assert answers[0].context["form"].errors == answers[1].context["form"].errors


def test_a_role_is_changed_and_ended_through_the_page(client, world, administrator, counselor) -> None:
    client.force_login(administrator)
    row = counselor.role_assignments.get()
    client.post(at("role", world.ridge, pk=row.pk), {"ends": "2099-06-30"})
    row.refresh_from_db()
    assert row.ends == dt.date(2099, 6, 30)
    client.post(at("role", world.ridge, pk=row.pk), {"end": "1"})
    row.refresh_from_db()
    assert row.ends == TODAY


def test_a_role_of_another_organization_is_not_found_here(client, world, administrator, counselor) -> None:
    client.force_login(administrator)
    pk = counselor.role_assignments.get().pk
    assert client.post(at("role", world.valley, pk=pk), {"end": "1"}).status_code == 404


def test_handing_over_through_the_page(client, world, administrator, counselor) -> None:
    client.force_login(administrator)
    url = at("hand_over", world.ridge, pk=counselor.pk)
    assert client.get(url).status_code == 200
    client.post(url, {"last_day": str(TODAY), "close_account": "on"})
    counselor.refresh_from_db()
    assert not counselor.is_active


def test_who_may_not_manage_is_told_why(client, world, counselor) -> None:
    client.force_login(counselor)
    page = client.get(at("invite", world.ridge))
    assert page.status_code == 403
    assert "one must hold one of these roles" in page.content.decode()


@pytest.mark.parametrize(
    ("name", "more"), [("people", {}), ("access", {}), ("access_to", {"action": "view_named_students"})]
)
def test_a_page_asks_as_much_for_sixty_people_as_for_three(
    client, world, administrator, django_assert_num_queries, name, more
) -> None:
    client.force_login(administrator)
    url = at(name, world.ridge, **more)
    for _ in range(3):
        person(Role.COUNSELOR, world.ridge)
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    for _ in range(57):
        person(Role.COUNSELOR, world.ridge)
    with django_assert_num_queries(len(asked)):
        client.get(url)


@pytest.mark.parametrize("action", Action)
def test_who_is_listed_is_who_may(action, world) -> None:
    everyone = [person(role, place_of(role, world)) for role in Role]
    everyone += [person(Role.SITE_TEAM, world.ridge, names_students=True), person(Role.COUNSELOR, world.derby)]
    everyone += [person(Role.SREB_STAFF, world.kentucky), person(Role.CTE_DIRECTOR, world.cooperative)]
    for user in everyone:
        user.has_second_factor = True
    for place in (world.region, world.alabama, world.cahaba, world.ridge, world.valley, world.cooperative):
        listed = set(reach.assignments_for(action, place).values_list("user", flat=True))
        assert listed == {user.pk for user in everyone if decide(user, action, place)}, place


def test_each_listed_person_has_the_reason_of_their_role(client, world, counselor, principal) -> None:
    client.force_login(counselor)
    page = client.get(at("access_to", world.ridge, action="edit_organization"))
    [row] = page.context["rows"]
    assert row.person == principal
    assert "As principal of Cahaba Ridge High School: may edit" in row.reason


def test_why_can_i_not(client, world, counselor) -> None:
    client.force_login(counselor)
    page = client.get(at("access", world.ridge)).content.decode()
    assert "To edit an organization one must hold one of these roles here or above" in page


def test_an_unknown_action_is_not_found(client, world, counselor) -> None:
    client.force_login(counselor)
    assert client.get(at("access_to", world.ridge, action="fly")).status_code == 404


def test_changes_need_the_pages_token(world, administrator, counselor) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator)
    pk = counselor.role_assignments.get().pk
    assert strict.post(at("role", world.ridge, pk=pk), {"end": "1"}).status_code == 403
