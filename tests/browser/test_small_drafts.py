"""Small forms keep what is typed too: it is there when one comes back, nobody else reads it, and sent it is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from awards import nominate
from goals.models import FocusArea, FrameworkEdition, PlanComment, Strategy, TeamAssessment, Visit
from goals.planning import approve
from hstw.access import Role
from hstw.models import Draft
from schools.models import User
from tests import factories
from tests.awards import world as w
from tests.browser.promises import Place, accessible, an_edition, at, place
from tests.browser.test_progress import SAVED
from tests.goals.planning import make
from tests.pathways import made

WORDS = "Two of six tutors came, and the bus left early."


def type_in(form: Locator, words: str = WORDS) -> None:
    """Type, and wait until it is kept; nothing is sent."""
    form.get_by_role("textbox").first.press_sequentially(words)
    expect(form.locator("[data-autosave-status]")).to_have_text(SAVED)


def comes_back(page: Page, form: Locator, words: str = WORDS) -> None:
    """The page opened anew has what was typed, and says so."""
    page.reload()
    expect(form.get_by_role("textbox").first).to_have_value(words)
    expect(form.get_by_text("You have unsaved changes from")).to_be_attached()
    accessible(page)


def gone(user: User, page: Page) -> None:
    """Nothing is kept any more, and the page does not speak of it."""
    assert not Draft.objects.filter(user=user).exists()
    page.reload()
    expect(page.get_by_text("You have unsaved changes from")).to_have_count(0)


@pytest.fixture
def here(_database: None) -> Place:
    return place("Smallforms")


def test_a_comment_on_a_plan(signed_in: Callable[..., Page], here: Place) -> None:
    """Each part of a plan has its own; a colleague finds their own form blank."""
    principal = factories.person(Role.PRINCIPAL, here.school)
    plan = make.plan(here.school, principal)
    strategy = Strategy.objects.get(plan_goal__plan=plan)
    page = signed_in(principal)
    page.goto(plan.get_absolute_url())
    form = page.locator(f"#comments-strategy{strategy.pk} form")
    page.locator("details.remarks").filter(has=form).locator("summary").click()
    type_in(form)
    other = signed_in(role=Role.SITE_TEAM, on=here.school)
    other.goto(plan.get_absolute_url())
    expect(other.locator(f"#comments-strategy{strategy.pk} textarea")).to_have_value("")
    page.reload()
    # What waits to be sent is not folded away.
    expect(form.get_by_role("textbox")).to_have_value(WORDS)
    expect(page.locator("#comments textarea")).to_have_value("")
    form.get_by_role("button", name="Comment").click()
    expect(page.get_by_text("Your comment is there.")).to_be_visible()
    assert PlanComment.objects.get(plan=plan).text == WORDS
    gone(principal, page)


def test_what_is_told_with_a_decision_on_a_plan(signed_in: Callable[..., Page], here: Place) -> None:
    principal = factories.person(Role.PRINCIPAL, here.school)
    planner = factories.person(Role.DISTRICT_PLANNER, here.district)
    plan = make.plan(here.school, principal)
    approve.submit(plan, principal)
    page = signed_in(planner)
    page.goto(reverse("goals:plan_decide", args=[here.school.slug, plan.year]))
    form = page.locator("form.form-card")
    type_in(form)
    comes_back(page, form)
    form.get_by_role("button", name="Discard").click()
    expect(form.get_by_role("textbox")).to_have_value("")
    type_in(form, "Say who leads it.")
    form.get_by_role("button", name="Return to the school").click()
    expect(page.get_by_text("Returned. The school has been written to.")).to_be_visible()
    assert plan.decisions.get(state="returned").reason == "Say who leads it."
    gone(planner, page)


def test_what_a_team_agreed_on(signed_in: Callable[..., Page], here: Place) -> None:
    principal = factories.person(Role.PRINCIPAL, here.school)
    one = TeamAssessment.objects.create(
        organization=here.school,
        year=make.YEAR,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        closes_on=timezone.localdate() - dt.timedelta(days=1),
    )
    one.members.set([principal])
    page = signed_in(principal)
    page.goto(at(here.school, f"practices/rounds/{one.pk}/"))
    form = page.locator("form.comment-form").first
    type_in(form)
    form.get_by_role("radio", name="2 · Beginning").check()
    expect(form.locator("[data-autosave-status]")).to_have_text(SAVED)
    page.wait_for_timeout(2_000)
    comes_back(page, form)
    expect(form.get_by_role("radio", name="2 · Beginning")).to_be_checked()
    expect(page.locator("form.comment-form").nth(1).get_by_role("textbox")).to_have_value("")
    form.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Recorded by")).to_be_visible()
    row = one.consensus.get()
    assert (row.level, row.note) == (2, WORDS)
    gone(principal, page)


def test_a_finding_of_a_visit(signed_in: Callable[..., Page], here: Place) -> None:
    principal = factories.person(Role.PRINCIPAL, here.school)
    day = timezone.localdate()
    visit = Visit.objects.create(organization=here.school, starts=day, ends=day)
    page = signed_in(principal)
    page.goto(at(here.school, f"practices/visits/{visit.pk}/"))
    form = page.locator("form.form-card")
    type_in(form)
    comes_back(page, form)
    form.locator("#id_area").select_option(index=1)
    form.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("listitem").get_by_text(WORDS).first).to_be_visible()
    finding = visit.findings.get()
    assert finding.text == WORDS
    assert FocusArea.objects.filter(pk=finding.area_id).exists()
    gone(principal, page)


def test_why_a_rule_of_a_pathway_is_waived(signed_in: Callable[..., Page], here: Place) -> None:
    row = made.pathway(here.school, "Welding")
    director = factories.person(Role.CTE_DIRECTOR, here.district)
    page = signed_in(director)
    page.goto(at(here.school, f"pathways/{row.pk}/"))
    page.get_by_text("Ask that a rule be waived").click()
    form = page.locator("details form").filter(has=page.get_by_role("button", name="Ask", exact=True))
    type_in(form)
    comes_back(page, form)
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Asked: a district administrator decides.")).to_be_visible()
    assert row.waivers.get().reason == WORDS
    gone(director, page)


def test_a_figure_of_ones_own(signed_in: Callable[..., Page], here: Place) -> None:
    """A refused form keeps its text too; only the file has to be chosen again."""
    principal = factories.person(Role.PRINCIPAL, here.school)
    w.member(here.school)
    nomination = nominate.begin(an_edition(), here.school, principal)
    page = signed_in(principal)
    page.goto(reverse("awards:typed", args=[nomination.public_id]))
    form = page.locator("form.form-card")
    type_in(form, "Internships")
    form.locator("#id_says").fill(WORDS)
    form.locator("#id_value0").press_sequentially("12")
    page.wait_for_timeout(2_000)
    expect(form.locator("[data-autosave-status]")).to_have_text(SAVED)
    comes_back(page, form, "Internships")
    expect(form.locator("#id_says")).to_have_value(WORDS)
    expect(form.locator("#id_value0")).to_have_value("12")
    form.locator("#id_unit").select_option("students")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("A figure of your own needs the document it comes from.").first).to_be_visible()
    page.goto(reverse("awards:typed", args=[nomination.public_id]))
    expect(form.locator("#id_says")).to_have_value(WORDS)
    for number, (year, value) in enumerate(((2024, "12"), (2025, "30"))):
        form.locator(f"#id_year{number}").select_option(str(year))
        form.locator(f"#id_value{number}").fill(value)
    form.locator("input[type=file]").set_input_files(
        {"name": "report.pdf", "mimeType": "application/pdf", "buffer": w.PDF}
    )
    form.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Internships").first).to_be_visible()
    assert nomination.claims.get(title="Internships").says == WORDS
    gone(principal, page)
