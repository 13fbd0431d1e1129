"""What is typed about progress and into ratings survives leaving the page, and is gone once it is saved."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from goals.models import ActionStep, FrameworkEdition, ProgressNote, Strategy, TeamAssessment
from hstw.access import Role
from hstw.models import Draft
from schools.models import User
from tests import factories
from tests.goals.planning import make

SAVED = re.compile(r"^Saved \d")


@pytest.fixture
def maria(_database: None) -> User:
    state = factories.organization("state", factories.region("A region"), "A state", postal_state="AL")
    school = factories.organization("school", state, "Oak Hill High School", city="Oak Hill", design="high")
    return factories.person(Role.PRINCIPAL, school, name="Maria Lopez")


@pytest.fixture
def step(maria: User) -> ActionStep:
    """A step that is due tomorrow, of Maria."""
    school = maria.role_assignments.get().organization
    assert school is not None
    make.plan(school)
    today = timezone.localdate()
    strategy = Strategy.objects.get(plan_goal__plan__organization=school)
    return make.action(
        strategy, maria, title="Train the tutors", starts=today - dt.timedelta(days=20), due=today + dt.timedelta(1)
    )


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("form[data-autosave=on]").first).to_be_attached()
    return page


def saved(page: Page) -> Any:
    return expect(page.locator("[data-autosave-status]").first).to_have_text(SAVED)


def test_on_what_i_owe(signed_in: Callable[..., Page], maria: User, step: ActionStep) -> None:
    page = opened(signed_in(maria), reverse("goals:owed"))
    word = page.get_by_label("A word on it Train the tutors")
    page.get_by_label("At risk").check()
    word.press_sequentially("Two of six came")
    saved(page)
    assert not ProgressNote.objects.filter(action=step).exists()

    opened(page, reverse("goals:owed"))
    expect(word).to_have_value("Two of six came")
    expect(page.get_by_label("At risk")).to_be_checked()
    expect(page.get_by_text("You have unsaved changes from")).to_be_visible()
    page.get_by_role("button", name="Save all").click()
    expect(page.get_by_text("1 action step saved.")).to_be_visible()
    expect(page.get_by_text("You have unsaved changes from")).not_to_be_visible()
    step.refresh_from_db()
    assert (step.status, step.notes.get().text) == ("at_risk", "Two of six came")
    assert not Draft.objects.filter(user=maria).exists()


def test_on_the_page_of_a_step(signed_in: Callable[..., Page], maria: User, step: ActionStep) -> None:
    page = opened(signed_in(maria), step.get_absolute_url())
    helped = page.get_by_label("Did it help students? How do you know?")
    helped.press_sequentially("Five of eight passed")
    saved(page)
    opened(page, step.get_absolute_url())
    expect(helped).to_have_value("Five of eight passed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("listitem").get_by_text("Five of eight passed")).to_be_visible()
    expect(helped).to_have_value("")
    assert not Draft.objects.filter(user=maria).exists()


def test_on_a_rating(signed_in: Callable[..., Page], maria: User) -> None:
    """Typed, signed out without a word, signed in again: it is there, and hers alone until she keeps it."""
    school = maria.role_assignments.get().organization
    assert school is not None
    colleague = factories.person(Role.SITE_TEAM, school)
    one = TeamAssessment.objects.create(
        organization=school,
        year=make.YEAR,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        closes_on=timezone.localdate() + dt.timedelta(days=7),
    )
    one.members.set([maria, colleague])
    address = reverse("goals:practice_rate", args=[school.slug, make.YEAR, one.pk])

    page = opened(signed_in(maria), address)
    words = page.get_by_label("What have you seen? Guidance")
    level = page.get_by_role("group", name="Guidance").get_by_label("Beginning")
    level.check()
    words.press_sequentially("Advisers meet monthly")
    saved(page)
    page.goto(reverse("account_logout"))
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).not_to_contain_text("Advisers")

    other = opened(signed_in(colleague), address)
    expect(other.get_by_label("What have you seen? Guidance")).to_have_value("")

    page = opened(signed_in(maria), address)
    words = page.get_by_label("What have you seen? Guidance")
    expect(words).to_have_value("Advisers meet monthly")
    expect(page.get_by_role("group", name="Guidance").get_by_label("Beginning")).to_be_checked()
    expect(page.get_by_text("You have unsaved changes from")).to_be_visible()
    assert not one.ratings.exists()
    page.get_by_role("button", name="Keep my ratings").click()
    expect(page.get_by_text("9 practices have no rating yet")).to_be_visible()
    rating = one.ratings.get()
    assert (rating.user, rating.level, rating.evidence) == (maria, 2, "Advisers meet monthly")
    assert not Draft.objects.filter(user=maria).exists()
