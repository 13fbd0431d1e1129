"""What a member types into their ratings is kept before they say so, and nobody else ever sees it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from goals.models import FrameworkEdition, KeyPractice, PracticeRating, TeamAssessment
from hstw.access import Role
from hstw.models import Draft
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> list[Any]:
    """Two members of a site team that rates for another week."""
    world = factories.make_world()
    members = [factories.person(Role.SITE_TEAM, world.ridge) for _ in range(2)]
    one = TeamAssessment.objects.create(
        organization=world.ridge,
        year=make.YEAR,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        closes_on=timezone.localdate() + dt.timedelta(days=7),
    )
    one.members.set(members)
    return members


def page_of() -> str:
    return reverse("goals:practice_rate", args=["ridge", make.YEAR, TeamAssessment.objects.get().pk])


def type_in(client: Client, user: Any, texts: Mapping[str, str]) -> Any:
    """What the script sends while somebody types."""
    key = f"goals.rating:{TeamAssessment.objects.get().pk}"
    sent = {"draft-user": str(user.pk), "draft-version": "0", "draft-revision": f"{uuid.uuid4().hex}:1", **texts}
    return client.post(reverse("draft", args=[key]), sent)


def seen(page: Any) -> dict[int, tuple[str, str]]:
    """What the form shows, of practices with anything in them, by number."""
    return {one.practice.number: (one.level, one.seen) for one in page.context["rows"] if one.level or one.seen}


def pk(number: int) -> int:
    return KeyPractice.objects.get(edition__code="hstw-classic", number=number).pk


def test_what_was_typed_is_there_after_signing_in_again_and_is_no_rating_yet(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    assert (
        f'data-autosave-key="goals.rating:{TeamAssessment.objects.get().pk}"' in client.get(page_of()).content.decode()
    )
    typed = {f"level-{pk(2)}": "3", f"seen-{pk(2)}": "Four of five classes", f"seen-{pk(7)}": "Nothing y"}
    assert type_in(client, team[0], typed).status_code == 200
    client.logout()
    client.force_login(team[0])
    page = client.get(page_of())
    assert seen(page) == {2: ("3", "Four of five classes"), 7: ("", "Nothing y")}
    assert "unsaved changes" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert not PracticeRating.objects.exists()


def test_nobody_else_reads_or_writes_it(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    type_in(client, team[0], {f"seen-{pk(2)}": "Four of five classes"})
    other = Client()
    other.force_login(team[1])
    assert "Four of five" not in other.get(page_of()).content.decode()
    type_in(other, team[1], {f"seen-{pk(2)}": "None at all"})
    assert seen(client.get(page_of())) == {2: ("", "Four of five classes")}
    ridge = TeamAssessment.objects.get().organization
    leader = factories.person(Role.PRINCIPAL, ridge)
    led = Client()
    led.force_login(leader)
    spread = reverse("goals:practice_round", args=["ridge", make.YEAR, TeamAssessment.objects.get().pk])
    assert "Four of five" not in led.get(spread).content.decode()
    assert type_in(led, leader, {f"seen-{pk(2)}": "Mine"}).status_code == 404
    assert Draft.objects.count() == 2


def test_ratings_that_are_kept_end_the_draft(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    built_on = type_in(client, team[0], {f"level-{pk(2)}": "3", f"seen-{pk(2)}": "Four"}).json()["revision"]
    sent = {f"level-{pk(2)}": "4", f"seen-{pk(2)}": "Five\r\nof five", "draft-built-on": built_on}
    done = client.post(page_of(), sent)
    assert done.cookies["hstw-submitted"].value == f"goals.rating:{TeamAssessment.objects.get().pk}"
    assert not Draft.objects.exists()
    page = client.get(page_of())
    assert seen(page) == {2: ("4", "Five\nof five")}
    assert "unsaved changes" not in page.content.decode()


def test_the_same_text_as_was_kept_is_no_change(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    client.post(page_of(), {f"level-{pk(2)}": "4", f"seen-{pk(2)}": "Five\r\nof five"})
    type_in(client, team[0], {f"level-{pk(2)}": "4", f"seen-{pk(2)}": "Five\nof five"})
    assert "unsaved changes" not in client.get(page_of()).content.decode()


def test_words_on_a_practice_without_a_rating_are_not_lost(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    client.post(page_of(), {f"level-{pk(1)}": "2", f"seen-{pk(7)}": "Two of nine do"})
    assert PracticeRating.objects.get().practice.number == 1
    assert seen(client.get(page_of())) == {1: ("2", ""), 7: ("", "Two of nine do")}


def test_it_can_be_discarded(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    client.post(page_of(), {f"level-{pk(1)}": "2"})
    type_in(client, team[0], {f"level-{pk(1)}": "4"})
    assert seen(client.get(page_of())) == {1: ("4", "")}
    client.post(page_of(), {"discard": "1", f"level-{pk(1)}": "4"})
    assert seen(client.get(page_of())) == {1: ("2", "")}


def test_once_ratings_are_shown_nothing_is_typed_any_more(team: list[Any], client: Client) -> None:
    client.force_login(team[0])
    type_in(client, team[0], {f"seen-{pk(2)}": "Too late"})
    TeamAssessment.objects.update(closes_on=timezone.localdate())
    page = client.get(page_of())
    assert "data-autosave-url" not in page.content.decode()
    assert seen(page) == {}
    refused = type_in(client, team[0], {f"seen-{pk(2)}": "Later still"})
    assert refused.status_code == 403
    assert "stay as they are" in refused.json()["reason"]
