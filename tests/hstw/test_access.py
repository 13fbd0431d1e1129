"""The access table and its decisions."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser

from hstw.access import MAY_APPOINT, TABLE, Action, Reach, Role, decide, may_appoint, prefixes
from schools.models import Organization
from tests import factories

pytestmark = pytest.mark.django_db


def test_every_action_has_a_row_and_every_manager_of_people_a_list_of_appointments() -> None:
    assert set(TABLE) == set(Action)
    assert set(MAY_APPOINT) == set(TABLE[Action.MANAGE_PEOPLE])


def test_nobody_appoints_a_role_that_reaches_further_than_their_own() -> None:
    order = list(Role)
    for role, appointed in MAY_APPOINT.items():
        assert all(order.index(other) >= order.index(role) for other in appointed), role


def test_a_visitor_is_refused_with_a_reason() -> None:
    decision = decide(AnonymousUser(), Action.VIEW_ORGANIZATION, None)
    assert not decision
    assert decision.reason == "You are not signed in."


def test_no_role_no_rows() -> None:
    factories.make_world()
    user = factories.person()
    assert not Organization.objects.visible_to(user).exists()
    assert prefixes(user, Action.VIEW_ORGANIZATION) == []


def test_a_principal_edits_their_school_but_not_the_one_beside_it() -> None:
    world = factories.make_world()
    user = factories.person(Role.PRINCIPAL, world.ridge)
    assert decide(user, Action.EDIT_ORGANIZATION, world.ridge)
    assert not decide(user, Action.EDIT_ORGANIZATION, world.valley)
    assert not decide(user, Action.EDIT_ORGANIZATION, world.cahaba)


def test_a_reason_names_the_role_and_the_organization() -> None:
    world = factories.make_world()
    user = factories.person(Role.PRINCIPAL, world.ridge)
    reason = decide(user, Action.EDIT_ORGANIZATION, world.ridge).reason
    assert "principal of Cahaba Ridge High School" in reason
    refusal = decide(user, Action.EDIT_STANDING, world.ridge).reason
    assert "State coordinator" in refusal


def test_an_abbreviation_keeps_its_capitals_within_a_sentence() -> None:
    world = factories.make_world()
    user = factories.person(Role.CTE_DIRECTOR, world.cahaba)
    assert decide(user, Action.VIEW_PEOPLE, world.ridge).reason.startswith("As CTE director of Cahaba County: may see")


def test_the_directory_reaches_the_state_and_not_the_next() -> None:
    world = factories.make_world()
    user = factories.person(Role.COUNSELOR, world.ridge)
    names = {org.name for org in Organization.objects.visible_to(user)}
    assert "Harbor High School" in names
    assert "Black Belt Cooperative" in names
    assert "Derby High School" not in names
    assert "SREB" not in names


@pytest.mark.parametrize(("offset", "seen"), [(-1, False), (0, True)])
def test_a_role_holds_through_its_last_day(offset: int, seen: bool) -> None:
    world = factories.make_world()
    user = factories.person()
    factories.assign(user, Role.PRINCIPAL, world.ridge, ends=dt.date.today() + dt.timedelta(days=offset))
    assert bool(decide(user, Action.VIEW_ORGANIZATION, world.ridge)) is seen


def test_a_role_that_begins_tomorrow_opens_nothing_today() -> None:
    world = factories.make_world()
    user = factories.person()
    factories.assign(user, Role.PRINCIPAL, world.ridge, starts=dt.date.today() + dt.timedelta(days=2))
    assert not decide(user, Action.VIEW_ORGANIZATION, world.ridge)


def test_students_names_need_a_second_factor(settings: object) -> None:
    settings.SECOND_FACTOR_REQUIRED = True  # type: ignore[attr-defined]
    world = factories.make_world()
    user = factories.person(Role.COUNSELOR, world.ridge)
    refused = decide(user, Action.VIEW_NAMED_STUDENTS, world.ridge)
    assert not refused
    assert "second factor" in refused.reason
    user.has_second_factor = True
    assert decide(user, Action.VIEW_NAMED_STUDENTS, world.ridge)


def test_site_team_sees_names_only_where_its_assignment_says_so() -> None:
    world = factories.make_world()
    unnamed = factories.person(Role.SITE_TEAM, world.ridge)
    named = factories.person(Role.SITE_TEAM, world.ridge, names_students=True)
    assert not decide(unnamed, Action.VIEW_NAMED_STUDENTS, world.ridge)
    assert prefixes(unnamed, Action.VIEW_NAMED_STUDENTS) == []
    assert decide(named, Action.VIEW_NAMED_STUDENTS, world.ridge)


def test_state_and_sreb_roles_never_see_names() -> None:
    assert not {Role.STATE_COORDINATOR, Role.SREB_STAFF, Role.SYSTEM_ADMINISTRATOR, Role.BOARD_VIEWER} & set(
        TABLE[Action.VIEW_NAMED_STUDENTS]
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_decisions_and_querysets_agree(role: Role, action: Action) -> None:
    world = factories.make_world()
    user = factories.person(role, factories.place_of(role, world), names_students=True)
    rows = set(Organization.objects.visible_to(user, action))
    for organization in Organization.objects.all():
        assert (organization in rows) == bool(decide(user, action, organization)), organization


def test_a_principal_appoints_the_team_of_their_own_school_only() -> None:
    world = factories.make_world()
    user = factories.person(Role.PRINCIPAL, world.ridge)
    assert may_appoint(user, world.ridge) == {Role.SITE_TEAM, Role.COUNSELOR}
    assert may_appoint(user, world.valley) == frozenset()


def test_reach_all_is_kept_for_the_few() -> None:
    everywhere = {role for row in TABLE.values() for role, reach in row.items() if reach == Reach.ALL}
    assert everywhere == {Role.SYSTEM_ADMINISTRATOR, Role.SREB_STAFF}
