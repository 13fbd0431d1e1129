"""What is typed about progress is kept before it is saved: on a step's own page and on “What I owe”."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from goals.models import ActionStep, Plan, ProgressNote, Strategy
from goals.planning import owed_drafts
from hstw.access import Role
from hstw.models import Draft
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db
YEAR = make.YEAR


@pytest.fixture
def world() -> factories.World:
    return factories.make_world()


@pytest.fixture
def principal(world: factories.World) -> Any:
    return factories.person(Role.PRINCIPAL, world.ridge, name="Pat Principal")


@pytest.fixture
def plan(world: factories.World, principal: Any) -> Plan:
    return make.plan(world.ridge, principal)


def owes(plan: Plan, owner: Any, *days: int) -> list[ActionStep]:
    """Steps that are due so many days from now."""
    today, strategy = timezone.localdate(), Strategy.objects.filter(plan_goal__plan=plan)[0]
    return [
        make.action(
            strategy,
            owner,
            title=f"Due in {day}",
            starts=today - dt.timedelta(days=90),
            due=today + dt.timedelta(days=day),
        )
        for day in days
    ]


def type_in(client: Client, user: Any, key: str, texts: Mapping[str, str], number: int = 1) -> Any:
    """What the script sends while somebody types."""
    sent = {
        "draft-user": str(user.pk),
        "draft-version": "0",
        "draft-revision": f"{uuid.uuid4().hex}:{number}",
        **texts,
    }
    return client.post(reverse("draft", args=[key]), sent)


def test_progress_on_a_step_is_kept_until_it_is_saved(world: Any, principal: Any, plan: Plan, client: Client) -> None:
    client.force_login(principal)
    step = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    page = reverse("goals:action", args=[world.ridge.slug, YEAR, step.pk])
    key = f"goals.progress:{step.pk}"
    shown = client.get(page)
    assert f'data-autosave-url="{reverse("draft", args=[key])}"' in shown.content.decode()
    assert "unsaved changes" not in shown.content.decode()

    kept = type_in(client, principal, key, {"status": "at_risk", "implementation": "Two of six ca"})
    assert kept.status_code == 200, kept.content
    again = client.get(page)
    assert "unsaved changes" in again.content.decode()
    assert again.context["form"]["implementation"].value() == "Two of six ca"
    assert again.context["form"]["status"].value() == "at_risk"
    assert again["Cache-Control"] == "no-store"
    assert not ProgressNote.objects.exists()

    sent = {"status": "at_risk", "implementation": "Two of six came.", "effectiveness": ""}
    done = client.post(page, sent | {"draft-built-on": kept.json()["revision"]})
    assert done.status_code == 302
    assert done.cookies["hstw-submitted"].value == key
    assert ProgressNote.objects.get().text == "Two of six came."
    assert not Draft.objects.exists()


def test_a_refused_form_of_progress_keeps_its_text(world: Any, principal: Any, plan: Plan, client: Client) -> None:
    client.force_login(principal)
    step = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    page = reverse("goals:action", args=[world.ridge.slug, YEAR, step.pk])
    refused = client.post(page, {"status": "", "implementation": "A long story"})
    assert refused.status_code == 422
    assert "A long story" in refused.content.decode()
    assert client.get(page).context["form"]["implementation"].value() == "A long story"
    client.post(page, {"discard": "1"})
    assert not client.get(page).context["form"]["implementation"].value()


def test_another_form_of_the_page_loses_nothing_of_it(world: Any, principal: Any, plan: Plan, client: Client) -> None:
    """Adding a wrong file shows the page again, with the progress that was being typed."""
    client.force_login(principal)
    step = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    type_in(client, principal, f"goals.progress:{step.pk}", {"status": "done", "effectiveness": "They passed."})
    shown = client.post(reverse("goals:action_file", args=[world.ridge.slug, YEAR, step.pk]), {"what": "nothing"})
    assert "Choose a file first." in shown.content.decode()
    assert "They passed." in shown.content.decode()


def test_only_who_may_say_how_it_goes_keeps_text_about_it(world: Any, plan: Plan, client: Client) -> None:
    step = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    board = factories.person(Role.BOARD_VIEWER, world.cahaba)
    client.force_login(board)
    assert type_in(client, board, f"goals.progress:{step.pk}", {"status": "done"}).status_code == 403
    elsewhere = factories.person(Role.PRINCIPAL, world.derby)
    client.force_login(elsewhere)
    assert type_in(client, elsewhere, f"goals.progress:{step.pk}", {"status": "done"}).status_code == 404
    assert type_in(client, elsewhere, f"goals.owed:{step.pk}", {f"note-{step.pk}": "x"}).status_code == 404
    assert not Draft.objects.exists()


def test_what_i_owe_keeps_what_is_typed_of_each_step(principal: Any, plan: Plan, client: Client) -> None:
    client.force_login(principal)
    late, soon = owes(plan, principal, -4, 9)
    page, key = reverse("goals:owed"), f"goals.owed:{late.pk}-{soon.pk}"
    assert f'data-autosave-key="{key}"' in client.get(page).content.decode()
    texts = {f"status-{late.pk}": "done", f"note-{late.pk}": "All six", f"note-{soon.pk}": "Room is boo"}
    kept = type_in(client, principal, key, texts)
    shown = client.get(page)
    assert "unsaved changes" in shown.content.decode()
    assert [(one.status, one.note) for one in shown.context["asked"]] == [("done", "All six"), ("", "Room is boo")]

    sent = {**texts, f"note-{soon.pk}": "Room is booked", "save": "1", "draft-built-on": kept.json()["revision"]}
    done = client.post(page, sent)
    assert done.cookies["hstw-submitted"].value == key
    assert set(ProgressNote.objects.values_list("text", flat=True)) == {"All six", "Room is booked"}
    assert not Draft.objects.exists()


def test_text_follows_its_step_to_another_page_of_what_i_owe(principal: Any, plan: Plan, client: Client) -> None:
    """One of two is done meanwhile, so the page is another; what was typed about the other is still there."""
    client.force_login(principal)
    late, soon = owes(plan, principal, -4, 9)
    type_in(client, principal, f"goals.owed:{late.pk}-{soon.pk}", {f"note-{soon.pk}": "Room is booked"})
    ActionStep.objects.filter(pk=late.pk).update(status="done")
    shown = client.get(reverse("goals:owed"))
    assert [(one.step, one.note) for one in shown.context["asked"]] == [(soon, "Room is booked")]
    client.post(reverse("goals:owed"), {f"note-{soon.pk}": "Room is booked", "save": "1"})
    assert ProgressNote.objects.get().action == soon
    assert not Draft.objects.exists()


def test_saving_one_page_keeps_what_is_typed_on_another(principal: Any, plan: Plan, client: Client) -> None:
    client.force_login(principal)
    first, second = owes(plan, principal, 1, 2)
    type_in(client, principal, f"goals.owed:{first.pk}-{second.pk}", {f"note-{n.pk}": n.title for n in (first, second)})
    client.post(reverse("goals:owed"), {f"note-{first.pk}": "Said", "save": "1"})
    assert owed_drafts.typed(principal, [first.pk, second.pk]).texts == {
        f"status-{second.pk}": "",
        f"note-{second.pk}": "Due in 2",
    }


def test_what_i_owe_can_be_discarded(principal: Any, plan: Plan, client: Client) -> None:
    client.force_login(principal)
    (step,) = owes(plan, principal, 3)
    type_in(client, principal, f"goals.owed:{step.pk}", {f"note-{step.pk}": "No"})
    client.post(reverse("goals:owed"), {f"note-{step.pk}": "No", "discard": "1"})
    assert client.get(reverse("goals:owed")).context["asked"][0].note == ""
    assert not ProgressNote.objects.exists()
