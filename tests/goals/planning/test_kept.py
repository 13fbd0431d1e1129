"""Who may keep a draft of a small form, and of what: a key is not believed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from goals.models import FrameworkEdition, Plan, TeamAssessment, Visit
from goals.planning import kept
from hstw import drafts
from hstw.access import Role
from hstw.models import Draft
from schools.models import Organization, User
from tests.factories import World, make_world, person
from tests.goals.planning import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def plan(world: World) -> Plan:
    return make.plan(world.ridge)


def keys(plan: Plan) -> dict[str, str]:
    """The key of each small form about a plan's school, by what it is about."""
    school = plan.organization
    edition = FrameworkEdition.objects.get(code="hstw-classic")
    day = dt.date(2026, 10, 1)
    assessment = TeamAssessment.objects.create(organization=school, year=plan.year, edition=edition, closes_on=day)
    visit = Visit.objects.create(organization=school, starts=day, ends=day)
    return {
        "comment": kept.comment_key(plan, "goal:1"),
        "comment on the whole": kept.comment_key(plan, ""),
        "decision": drafts.key_of(kept.DECISION, plan.pk),
        "agreed": drafts.key_of(kept.AGREED, assessment.pk, 3),
        "finding": drafts.key_of(kept.FINDING, visit.pk),
    }


def answers(role: str, on: Organization, asked: dict[str, str]) -> dict[str, int]:
    """What somebody is answered who saves a draft under each key."""
    client, user = Client(), person(role, on)
    client.force_login(user)
    return {name: save(client, user, key) for name, key in asked.items()}


def save(client: Client, user: User, key: str) -> int:
    sent = {"text": "Why?", "remark": "Why?", "note": "Why?", "secret": "Why?", "draft-user": user.pk}
    return client.post(reverse("draft", args=[key]), sent).status_code


def test_who_may_send_a_form_may_keep_a_draft_of_it(world: World, plan: Plan) -> None:
    asked = keys(plan)
    assert set(answers(Role.DISTRICT_ADMINISTRATOR, world.cahaba, asked).values()) == {200}
    principal = answers(Role.PRINCIPAL, world.ridge, asked)
    assert principal.pop("decision") == 403
    assert set(principal.values()) == {200}
    board = answers(Role.BOARD_VIEWER, world.cahaba, asked)
    assert set(board.values()) <= {403, 404}
    stranger = answers(Role.PRINCIPAL, world.harbor, asked)
    assert set(stranger.values()) == {404}


def test_only_the_fields_of_the_form_are_kept(world: World, plan: Plan) -> None:
    client, user = Client(), person(Role.PRINCIPAL, world.ridge)
    client.force_login(user)
    assert save(client, user, kept.comment_key(plan, "goal:1")) == 200
    assert Draft.objects.get(user=user).data == {"text": ["Why?"]}


@pytest.mark.parametrize("rest", ["", "x", "{pk}:", "{pk}:goal:1:2", "{pk}:GOAL:1", "{pk}:goal:" + "1" * 40, "9" * 30])
def test_a_key_of_another_form_is_unknown(world: World, plan: Plan, rest: str) -> None:
    user = person(Role.PRINCIPAL, world.ridge)
    with pytest.raises(drafts.UnknownKey):
        drafts.subject_of(user, f"{kept.COMMENT}:{rest.format(pk=plan.pk)}")
