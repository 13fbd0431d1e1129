"""Text is never lost: a killed browser, two people on one text, an ended session, a refused form, no scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from hstw.access import Role
from hstw.models import Draft
from hstw.navigation import current_year
from schools.models import Organization, User
from tests import factories
from tests.browser.conftest import kill, sign_in
from tests.browser.test_pages import RULES

SAVED = re.compile(r"^Saved \d")


@pytest.fixture
def school(_database: None) -> Organization:
    """A school of this test's own: nothing is rolled back between browser tests."""
    state = factories.organization("state", factories.region("A region"), "A state", postal_state="AL")
    return factories.organization("school", state, "Pine Hill High School", city="Pine Hill", design="high")


@pytest.fixture
def maria(school: Organization) -> User:
    return factories.person(Role.PRINCIPAL, school, name="Maria Lopez")


@pytest.fixture
def sam(school: Organization) -> User:
    return factories.person(Role.PRINCIPAL, school, name="Sam Carter")


def open_form(page: Page, school: Organization) -> Page:
    page.goto(f"/o/{school.slug}/{current_year()}/edit/")
    expect(page.locator("form[data-autosave=on]")).to_be_attached()
    return page


def city(page: Page) -> Any:
    return page.get_by_label("City", exact=True)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def status(page: Page) -> Any:
    return page.locator("[data-autosave-status]")


def notices(page: Page) -> Any:
    return page.locator("[data-autosave-notices]")


def stored(school: Organization) -> Organization:
    return Organization.objects.get(pk=school.pk)


def violations(page: Page) -> list[str]:
    """What axe finds on a page that only a conflict or a notice brings about."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def local_copies(page: Page) -> list[str]:
    return page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('hstw-draft:'))")


# --- a killed browser ------------------------------------------------------------------------------------------


def test_a_killed_browser_finds_its_text_again(
    own_browser: Any, tmp_path: Path, maria: User, school: Organization
) -> None:
    _context, page = own_browser(maria)
    open_form(page, school)
    city(page).press("End")
    city(page).press_sequentially(" upon the Cahaba")
    expect(status(page)).to_have_text(SAVED)
    kill(tmp_path / "profile")

    _context, again = own_browser(maria)
    open_form(again, school)
    expect(city(again)).to_have_value("Pine Hill upon the Cahaba")
    expect(again.get_by_text("You have unsaved changes from")).to_be_visible()
    assert stored(school).city == "Pine Hill"


def test_another_computer_finds_it_too(
    own_browser: Any, signed_in: Callable[..., Page], tmp_path: Path, maria: User, school: Organization
) -> None:
    _context, page = own_browser(maria)
    open_form(page, school)
    city(page).fill("Ridgeville")
    expect(status(page)).to_have_text(SAVED)
    kill(tmp_path / "profile")
    expect(city(open_form(signed_in(maria), school))).to_have_value("Ridgeville")


def test_a_browser_killed_while_offline_brings_its_local_copy_back(
    own_browser: Any, tmp_path: Path, maria: User, school: Organization
) -> None:
    context, page = own_browser(maria)
    open_form(page, school)
    context.set_offline(True)
    city(page).fill("Typed on the train")
    expect(status(page)).to_have_text("Not saved — will try again")
    # Chromium writes its storage to disk some seconds later.
    page.wait_for_timeout(7000)
    kill(tmp_path / "profile")

    _context, again = own_browser(maria)
    open_form(again, school)
    expect(city(again)).to_have_value("Typed on the train")
    expect(status(again)).to_have_text(SAVED)
    assert Draft.objects.get(user=maria).data["city"] == ["Typed on the train"]
    assert local_copies(again) == []


# --- saving ----------------------------------------------------------------------------------------------------


def test_it_saves_while_typing_goes_on(signed_in: Callable[..., Page], maria: User, school: Organization) -> None:
    page = open_form(signed_in(maria), school)
    city(page).fill("")
    # Never a pause of a second and a half; it is saved after ten seconds, and a busy machine may take a few more.
    for _ in range(8):
        city(page).press_sequentially("abcdefgh", delay=400)
        if Draft.objects.filter(user=maria).exists():
            break
    assert Draft.objects.filter(user=maria).exists()


def test_leaving_the_page_saves_at_once(signed_in: Callable[..., Page], maria: User, school: Organization) -> None:
    page = open_form(signed_in(maria), school)
    city(page).fill("Left in a hurry")
    page.goto("/healthz")
    expect(city(open_form(page, school))).to_have_value("Left in a hurry")


def test_a_submitted_form_leaves_nothing_behind(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    page = open_form(signed_in(maria), school)
    city(page).fill("Ridgeville")
    save(page)
    page.wait_for_url(re.compile(rf"/o/{school.slug}/\d+/$"))
    assert stored(school).city == "Ridgeville"
    assert not Draft.objects.filter(user=maria).exists()
    assert local_copies(page) == []


def test_discarding_brings_back_what_is_saved(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    page = open_form(signed_in(maria), school)
    city(page).fill("Never mind")
    expect(status(page)).to_have_text(SAVED)
    open_form(page, school)
    page.get_by_role("button", name="Discard").click()
    expect(city(page)).to_have_value("Pine Hill")


# --- two at once -----------------------------------------------------------------------------------------------


def test_two_people_on_one_text_are_told_and_shown_both(
    signed_in: Callable[..., Page], maria: User, sam: User, school: Organization
) -> None:
    first, second = open_form(signed_in(maria), school), open_form(signed_in(sam), school)
    city(first).fill("Maria's Hill")
    save(first)
    first.wait_for_url(re.compile(rf"/o/{school.slug}/\d+/$"))

    city(second).fill("Sam's Hill")
    expect(notices(second)).to_contain_text("Maria Lopez saved this at")
    expect(notices(second)).to_contain_text("Your text is kept")
    # Typed in the last moment: not saved as a draft before it is submitted.
    second.get_by_label("Phone", exact=True).fill("205 555 0100")
    save(second)
    conflict = second.get_by_role("group", name="City")
    expect(conflict).to_contain_text("Maria's Hill")
    expect(conflict).to_contain_text("Use what Maria Lopez saved at")
    expect(city(second)).to_have_value("Sam's Hill")
    expect(second.get_by_label("Phone", exact=True)).to_have_value("205 555 0100")
    assert local_copies(second) == []
    assert violations(second) == []
    assert stored(school).city == "Maria's Hill"

    conflict.get_by_label("Use mine; it can be changed here").check()
    city(second).fill("Maria's and Sam's Hill")
    save(second)
    second.wait_for_url(re.compile(rf"/o/{school.slug}/\d+/$"))
    assert stored(school).city == "Maria's and Sam's Hill"
    assert stored(school).version == 3


def test_theirs_can_be_taken(signed_in: Callable[..., Page], maria: User, sam: User, school: Organization) -> None:
    second = open_form(signed_in(sam), school)
    Organization.objects.filter(pk=school.pk).update(city="Elsewhere", version=2)
    city(second).fill("Sam's Hill")
    second.get_by_label("Phone", exact=True).fill("205 555 0100")
    save(second)
    second.get_by_role("group", name="City").get_by_label("Use what the system saved").check()
    save(second)
    second.wait_for_url(re.compile(rf"/o/{school.slug}/\d+/$"))
    assert (stored(school).city, stored(school).phone) == ("Elsewhere", "205 555 0100")


def test_a_second_tab_is_told_and_overwrites_only_when_asked(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    first = open_form(signed_in(maria), school)
    second = open_form(first.context.new_page(), school)
    city(first).fill("First tab")
    expect(status(first)).to_have_text(SAVED)
    city(second).fill("Second tab")
    expect(notices(second)).to_contain_text("in another tab")
    assert Draft.objects.get(user=maria).data["city"] == ["First tab"]
    second.get_by_role("button", name="Keep the text of this tab instead").click()
    expect(status(second)).to_have_text(SAVED)
    assert Draft.objects.get(user=maria).data["city"] == ["Second tab"]


# --- an ended session ------------------------------------------------------------------------------------------


def test_an_ended_session_keeps_the_text_and_offers_to_sign_in(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    page = open_form(signed_in(maria), school)
    Session.objects.all().delete()
    city(page).fill("Still here")
    link = page.get_by_role("link", name="Sign in (opens a new tab)")
    expect(link).to_be_visible()
    assert violations(page) == []
    save(page)
    expect(city(page)).to_have_value("Still here")
    assert "/edit/" in page.url

    with page.context.expect_page() as opened:
        link.click()
    form = opened.value
    form.locator("input[name=login]").fill(maria.email)
    form.locator("input[name=password]").fill(factories.PASSWORD)
    form.locator("form:has(input[name=password]) button[type=submit]").click()
    form.wait_for_url(lambda url: "/account/" not in url)

    page.bring_to_front()
    expect(status(page)).to_have_text(SAVED, timeout=40_000)
    expect(link).to_have_count(0)
    assert Draft.objects.get(user=maria).data["city"] == ["Still here"]
    save(page)
    page.wait_for_url(re.compile(rf"/o/{school.slug}/\d+/$"))
    assert stored(school).city == "Still here"


def test_somebody_else_signing_in_does_not_take_the_text(
    signed_in: Callable[..., Page], live: str, maria: User, sam: User, school: Organization
) -> None:
    page = open_form(signed_in(maria), school)
    sign_in(page.context, live, sam)
    city(page).fill("Maria's text")
    expect(notices(page)).to_contain_text("You are now signed in as Sam Carter")
    assert not Draft.objects.filter(user=sam).exists()


def test_signing_out_clears_what_this_computer_kept(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    page = open_form(signed_in(maria), school)
    page.route("**/drafts/**", lambda route: route.abort())
    city(page).fill("On this computer only")
    expect(status(page)).to_have_text("Not saved — will try again")
    assert len(local_copies(page)) == 1
    page.context.clear_cookies()
    page.goto("/account/login/")
    expect(page.locator("input[name=password]")).to_be_visible()
    assert local_copies(page) == []


# --- a refused form, and no scripts ----------------------------------------------------------------------------


def test_a_refused_form_keeps_everything(signed_in: Callable[..., Page], maria: User, school: Organization) -> None:
    page = open_form(signed_in(maria), school)
    city(page).fill("Ridgeville")
    page.get_by_label("NCES id").fill("123")
    save(page)
    expect(page.get_by_text("An NCES id has 7 digits").first).to_be_visible()
    expect(city(page)).to_have_value("Ridgeville")
    again = open_form(signed_in(maria), school)
    expect(city(again)).to_have_value("Ridgeville")
    expect(again.get_by_label("NCES id")).to_have_value("123")


def test_without_scripts_nothing_is_overwritten_unseen(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    page = signed_in(maria, java_script_enabled=False)
    page.goto(f"/o/{school.slug}/{current_year()}/edit/")
    Organization.objects.filter(pk=school.pk).update(city="Elsewhere", version=2)
    city(page).fill("Ridgeville")
    save(page)
    conflict = page.get_by_role("group", name="City")
    expect(conflict).to_contain_text("Elsewhere")
    conflict.get_by_label("Use mine; it can be changed here").check()
    save(page)
    page.wait_for_url(re.compile(rf"/o/{school.slug}/\d+/$"))
    assert stored(school).city == "Ridgeville"


def test_without_scripts_a_refused_form_is_kept_and_can_be_discarded(
    signed_in: Callable[..., Page], maria: User, school: Organization
) -> None:
    page = signed_in(maria, java_script_enabled=False)
    address = f"/o/{school.slug}/{current_year()}/edit/"
    page.goto(address)
    city(page).fill("Ridgeville")
    page.get_by_label("NCES id").fill("123")
    save(page)
    page.goto(address)
    expect(city(page)).to_have_value("Ridgeville")
    page.get_by_role("button", name="Discard").click()
    expect(city(page)).to_have_value("Pine Hill")
