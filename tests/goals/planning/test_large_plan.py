"""A plan of 10 goals, 40 strategies and 300 action steps: as many queries as a small one; ``-s`` shows the seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from goals.models import ActionStep, Plan, PlanState, PlanVersion, Strategy
from goals.planning import approve, document, outline
from hstw.access import Role
from schools.models import Organization
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


def timed(ask: Callable[[], Any]) -> tuple[int, float]:
    """How many queries something takes, and how many seconds."""
    with CaptureQueriesContext(connection) as queries:
        begun = time.perf_counter()
        ask()
        seconds = time.perf_counter() - begun
    return len(queries), seconds


def walk(make_plan: Callable[[Organization, Any], Plan], school: Organization, planner: Any) -> dict[str, Any]:
    """Each page of a plan's way to an approved version: queries and seconds."""
    principal = factories.person(Role.PRINCIPAL, school)
    plan = make_plan(school, principal)
    found: dict[str, tuple[int, float]] = {}
    clients = {"principal": Client(), "planner": Client()}
    clients["principal"].force_login(principal)
    clients["planner"].force_login(planner)

    def see(name: str, who: str, *args: Any, url: str = "") -> Any:
        address = reverse(f"goals:{url or name}", args=[school.slug, make.YEAR, *args])
        clients[who].get(reverse("home"))  # whatever a first page of a session does once
        answers = []
        found[name] = timed(lambda: answers.append(clients[who].get(address)))
        assert answers[0].status_code == 200, name
        return answers[0]

    see("plan", "principal")
    assert see("submit", "principal", url="plan_submit").context["must"] == []
    see("money", "principal")
    approve.submit(plan, principal)
    read = see("decide", "planner", url="plan_decide").context["read"]
    approve.approve(plan, planner, read)
    see("version", "principal", 1, url="plan_version")
    content = outline.content(outline.read(plan, None, audience=approve.NETWORK))
    found["PDF"] = timed(lambda: document.as_pdf(content))
    plan.refresh_from_db()
    assert (plan.state, PlanVersion.objects.filter(plan=plan).count()) == (PlanState.APPROVED, 1)
    return found


def test_pages_of_a_large_plan_take_as_many_queries_as_those_of_a_small_one(world: Any) -> None:
    planner = factories.person(Role.DISTRICT_PLANNER, world.cahaba)
    small = walk(lambda school, owner: make.whole(school, owner, 2, 2, 2), world.ridge, planner)
    assert ActionStep.objects.count() == 8
    large = walk(make.largest, world.valley, planner)
    assert (Strategy.objects.count() - 4, ActionStep.objects.count() - 8) == (40, 300)
    for name, (queries, seconds) in large.items():
        few, before = small[name]
        print(f"{name}: {queries} queries, {seconds:.2f} s (8 action steps: {few} queries, {before:.2f} s)")
    assert {name: queries for name, (queries, _seconds) in large.items()} == {
        name: queries for name, (queries, _seconds) in small.items()
    }
