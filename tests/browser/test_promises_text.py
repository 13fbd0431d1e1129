"""What every long text promises: a killed browser or an ended session loses none of it, and nothing is submitted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, Locator, Page, Response, expect

from awards import scoring
from awards.models import EditionRole
from awards.models.edition import PhaseKind
from hstw.access import Role
from schools.models import User
from tests import factories
from tests.awards import world as w
from tests.browser.conftest import kill
from tests.browser.promises import an_edition, place
from tests.goals.planning import make

pytestmark = pytest.mark.usefixtures("_database")
SAVED = re.compile(r"^Saved \d")
WORDS = [f"word{number:03d}" for number in range(1, 301)]
TEXT = " ".join(WORDS)
# What may be lost is what was typed in the last ten seconds.
AT_MOST = 10_000


@dataclass(frozen=True)
class Long:
    """A form with a long text: who writes it where, and what of it is stored."""

    user: User
    address: str
    field: str
    row: Any

    @property
    def stored(self) -> str:
        """The text as it is saved, not its draft."""
        self.row.refresh_from_db()
        return str(getattr(self.row, self.field))

    def opened(self, page: Page) -> Locator:
        """The form on a page, ready to keep what is typed; returns its field."""
        page.goto(self.address)
        return self.ready(page)

    def ready(self, page: Page) -> Locator:
        """The field of the form that the page shows."""
        expect(page.locator("form[data-autosave=on]").first).to_be_attached()
        return page.locator(f"#id_{self.field}")


def a_plan() -> Long:
    """The narrative of a plan."""
    school = place("Plantext").school
    principal = factories.person(Role.PRINCIPAL, school)
    return Long(principal, f"/o/{school.slug}/{make.YEAR}/plan/text/", "summary", make.plan(school))


def a_need() -> Long:
    """A need of the needs assessment, and what shows it."""
    school = place("Needtext").school
    need = make.plan(school).needs.get()
    principal = factories.person(Role.PRINCIPAL, school)
    return Long(principal, f"/o/{school.slug}/{make.YEAR}/plan/part/need/{need.pk}/", "evidence", need)


def a_nomination() -> Long:
    """What a nomination tells."""
    school = place("Storytext").school
    principal = factories.person(Role.PRINCIPAL, school)
    row = w.draft(an_edition(), school, principal)
    return Long(principal, f"/nominations/{row.public_id}/story/", "actions", row)


def a_review() -> Long:
    """A reviewer's reason for a band."""
    edition = an_edition()
    nomination = w.submitted(edition, place("Reviewtext").school)
    w.shift(edition, PhaseKind.REVIEW)
    reader = w.place(edition, EditionRole.REVIEWER)
    review = scoring.begin(w.assign(nomination, reader))
    return Long(reader.user, f"/reviews/{review.public_id}/1/", "comment", w.score_of(review, 1))


FORMS = [a_plan, a_need, a_nomination, a_review]


def type_words(page: Page, field: Locator, words: list[str]) -> None:
    """Word after word into a field, at its end."""
    field.focus()
    page.keyboard.press("Control+End")
    for word in words:
        page.keyboard.insert_text(f" {word}")


def has_saved(word: str) -> Callable[[Response], bool]:
    """Whether an answer says that the text is kept up to this word."""
    return lambda answer: answer.status == 200 and "/drafts/" in answer.url and word in (answer.request.post_data or "")


def sign_in_by_form(page: Page, user: User) -> None:
    """The sign-in page, filled in."""
    page.locator("input[name=login]").fill(user.email)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").click()


@pytest.mark.parametrize("make_one", FORMS, ids=[one.__name__ for one in FORMS])
def test_300_words_outlive_the_browser_and_are_there_on_another_computer(
    make_one: Callable[[], Long], own_browser: Any, new_context: Any, tmp_path: Path
) -> None:
    form = make_one()
    before = form.stored
    _context, page = own_browser(form.user)
    field = form.opened(page)
    field.fill("")
    type_words(page, field, WORDS[:-1])
    with page.expect_response(has_saved(WORDS[-1]), timeout=AT_MOST):
        type_words(page, field, WORDS[-1:])
    type_words(page, field, ["in", "the", "last", "moment"])
    kill(tmp_path / "profile")

    other: BrowserContext = new_context()
    page = other.new_page()
    page.goto(form.address)
    sign_in_by_form(page, form.user)
    page.wait_for_url(f"**{form.address}")
    expect(form.ready(page)).to_have_value(re.compile(rf"^\s*{TEXT}"))
    expect(page.get_by_text("You have unsaved changes from")).to_be_visible()
    assert form.stored == before


@pytest.mark.parametrize("make_one", FORMS, ids=[one.__name__ for one in FORMS])
def test_a_session_that_ends_while_one_types_loses_nothing_and_submits_nothing(
    make_one: Callable[[], Long], signed_in: Callable[..., Page]
) -> None:
    form = make_one()
    before = form.stored
    page = signed_in(form.user)
    field = form.opened(page)
    field.fill("")
    type_words(page, field, WORDS[:150])
    Session.objects.all().delete()
    type_words(page, field, WORDS[150:])
    link = page.get_by_role("link", name="Sign in (opens a new tab)")
    expect(link).to_be_visible()
    # Neither by the button: the page stays, with its text.
    page.get_by_role("button", name=re.compile("^Save( and next)?$")).last.click()
    expect(link).to_be_visible()
    expect(field).to_have_value(re.compile(rf"^\s*{TEXT}$"))
    with page.context.expect_page() as opened:
        link.click()
    sign_in_by_form(opened.value, form.user)
    opened.value.wait_for_url(lambda url: "/account/" not in url)

    page.bring_to_front()
    expect(page.locator("[data-autosave-status]").first).to_have_text(SAVED, timeout=40_000)
    expect(form.opened(page)).to_have_value(re.compile(rf"^\s*{TEXT}$"))
    assert form.stored == before
