"""With the keyboard alone: sign in, switch organization, edit a school; say how six steps go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from goals.models import ActionStep, Strategy
from hstw.access import Role
from schools.models import Organization
from tests import factories
from tests.browser.conftest import NARROW, WIDE
from tests.browser.promises import place
from tests.browser.world import FilledWorld
from tests.goals.planning import make


def press_until(page: Page, what: Callable[[], bool], key: str = "Tab", at_most: int = 60) -> None:
    """Press a key until ``what`` holds of the focused element; fails where the keyboard does not lead there."""
    for _ in range(at_most):
        page.keyboard.press(key)
        if what():
            return
    raise AssertionError(f"{at_most} presses of {key} did not lead there; focus is on {focused(page)!r}")


def focused(page: Page) -> str:
    """What the focus is on, as text or as the field's name."""
    return str(
        page.evaluate(
            "() => { const e = document.activeElement; return e.name && !e.value?.length ? e.name :"
            " (e.innerText || e.name || '').trim() }"
        )
    )


def test_sign_in_switch_organization_and_edit_a_school(world: FilledWorld, page: Page) -> None:
    school = factories.organization(
        "school", world.places.cahaba, "Keyboard High School", design="high", grade_low="09", grade_high="12"
    )
    person = factories.person(Role.PRINCIPAL, world.places.valley, name="Kay Board", email="kay@browser.example")
    factories.assign(person, Role.PRINCIPAL, school)

    page.goto("/account/login/")
    press_until(page, lambda: page.evaluate("document.activeElement.name") == "login")
    page.keyboard.type("kay@browser.example")
    page.keyboard.press("Tab")
    page.keyboard.type(factories.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kay")

    press_until(page, lambda: focused(page) == "Skip to the content")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/")

    press_until(page, lambda: focused(page) == "Choose an organization")
    page.keyboard.press("Enter")
    press_until(page, lambda: focused(page) == "Keyboard High School")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard High School")

    press_until(page, lambda: focused(page) == "Edit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit Keyboard High School")
    press_until(page, lambda: page.evaluate("document.activeElement.name") == "city")
    page.keyboard.type("Typeville")
    press_until(page, lambda: focused(page) == "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Typeville").first).to_be_visible()
    assert Organization.objects.get(pk=school.pk).city == "Typeville"


def test_escape_closes_a_menu_and_gives_the_focus_back(world: FilledWorld, signed_in: Callable[..., Page]) -> None:
    page = signed_in(world.people[Role.PRINCIPAL])
    page.goto("/")
    press_until(page, lambda: focused(page) == "Pat Principal")
    page.keyboard.press("Enter")
    menu = page.locator("details.menu-end")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    assert focused(page) == "Pat Principal"


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_six_due_steps_are_done_within_40_presses(viewport: dict[str, int], signed_in: Callable[..., Page]) -> None:
    """From the open page to what is saved, each press counted: to the content, status by status, save."""
    here = place("Sixsteps")
    principal = factories.person(Role.PRINCIPAL, here.school)
    strategy = Strategy.objects.get(plan_goal__plan=make.plan(here.school))
    today = timezone.localdate()
    starts, due = today - dt.timedelta(days=30), today + dt.timedelta(days=2)
    titles = [f"Step {number}" for number in range(6)]
    for title in titles:
        make.action(strategy, principal, title=title, starts=starts, due=due, status="on_track")
    page = signed_in(principal, viewport=viewport)
    page.goto(reverse("goals:owed"))
    pressed = 0

    def press(key: str) -> None:
        nonlocal pressed
        pressed += 1
        page.keyboard.press(key)

    press("Tab")
    press("Enter")
    press("Tab")
    for title in titles:
        assert page.evaluate("document.activeElement.type") == "radio"
        chosen = page.get_by_role("group", name=title).get_by_label("Done")
        while not chosen.is_checked():
            press("ArrowRight")
            assert pressed <= 40
        press("Tab")
        press("Tab")
    assert focused(page) == "Save all"
    press("Enter")
    expect(page.get_by_text("6 action steps saved.")).to_be_visible()
    assert pressed <= 40
    assert set(ActionStep.objects.filter(strategy=strategy, title__in=titles).values_list("status", flat=True)) == {
        "done"
    }
