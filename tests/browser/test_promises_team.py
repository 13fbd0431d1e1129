"""What those who plan together are promised: a team rates alone before it agrees; each school sees what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from goals.models import BoldGoal, FrameworkEdition, TeamAssessment
from hstw.access import Role
from schools.models import Organization, User
from tests import factories
from tests.browser.promises import accessible, at, place
from tests.goals.planning import make

pytestmark = pytest.mark.usefixtures("_database")
YEAR = make.YEAR


# --- 7: the team rates alone -----------------------------------------------------------------------------------------
LEVELS = (1, 2, 2, 3, 4)


def rate(page: Page, school: Organization, first: int, seen: str) -> None:
    """One member's ratings: of the first practice ``first``, beginning in all of the others."""
    page.goto(at(school, "practices/"))
    page.get_by_role("link", name="Rate the practices").click()
    practices = page.locator(".owed-item")
    expect(page.get_by_role("heading", name="Rate the practices")).to_be_visible()
    expect(practices).to_have_count(10)
    for number in range(practices.count()):
        level = first if number == 0 else 2
        practices.nth(number).get_by_role("radio").nth(level - 1).check()
    practices.first.get_by_role("textbox").fill(seen)
    page.get_by_role("button", name="Keep my ratings").click()
    expect(page.get_by_text("Kept. Thank you: that is all.")).to_be_visible()


def hidden(page: Page, address: str) -> None:
    """Whoever opens the spread finds out nothing of what anybody rated."""
    page.goto(address)
    expect(page.locator(".spread")).to_have_count(0)
    expect(page.get_by_text("Seen by member")).to_have_count(0)


def test_five_rate_alone_then_the_spread_is_shown_and_each_rating_stays(signed_in: Callable[..., Page]) -> None:
    here = place("Fiveraters")
    members = [factories.person(Role.SITE_TEAM, here.school, name=f"Member {name}") for name in "ABCDE"]
    lead = signed_in(role=Role.PRINCIPAL, on=here.school)
    lead.goto(at(here.school, "practices/"))
    lead.get_by_role("link", name="Begin a self-assessment").click()
    lead.locator("#id_closes_on").fill(str(timezone.localdate() + dt.timedelta(days=14)))
    for member in members:
        lead.get_by_label(member.name).check()
    lead.get_by_role("button", name="Save", exact=True).click()
    expect(lead.get_by_text("Begun.")).to_be_visible()
    row = TeamAssessment.objects.get(organization=here.school)
    shown = at(here.school, f"practices/rounds/{row.pk}/")

    pages = [signed_in(member) for member in members]
    for number, (page, level) in enumerate(zip(pages, LEVELS, strict=True)):
        hidden(lead, shown)
        expect(lead.get_by_text(f"{number} have rated every practice, {5 - number} have not.")).to_be_visible()
        # A member finds nobody else's rating: not in the form, not beside it, not at the facilitator's address.
        page.goto(at(here.school, f"practices/rounds/{row.pk}/rate/"))
        expect(page.get_by_role("radio", checked=True)).to_have_count(0)
        hidden(page, at(here.school, "practices/"))
        hidden(page, shown)
        rate(page, here.school, level, f"Seen by member {number}")

    lead.goto(shown)
    first = lead.locator("section").filter(has=lead.locator(".spread")).first
    expect(first.locator(".spread li")).to_have_text(
        ["1 1 · Not yet", "2 2 · Beginning", "1 3 · In most classes", "1 4 · Everywhere, and checked"]
    )
    expect(first.get_by_text("Far apart: talk about it")).to_be_visible()
    first.get_by_role("radio", name="2 · Beginning").check()
    first.get_by_role("textbox").fill("Two of us see it in most classes.")
    first.get_by_role("button", name="Record").click()
    expect(first.get_by_text("Recorded by")).to_be_visible()
    expect(first.get_by_role("radio", name="2 · Beginning")).to_be_checked()
    expect(first.get_by_role("textbox")).to_have_value("Two of us see it in most classes.")
    accessible(lead)
    # The consensus replaces nobody's rating, and nobody changes theirs any more.
    expect(first.locator(".spread li").first).to_have_text("1 1 · Not yet")
    for page, level in zip(pages, LEVELS, strict=True):
        page.goto(at(here.school, f"practices/rounds/{row.pk}/rate/"))
        own = page.locator(".owed-item").first.get_by_role("radio").nth(level - 1)
        expect(own).to_be_checked()
        expect(own).to_be_disabled()
    lead.goto(at(here.school, "practices/"))
    expect(lead.locator("table").filter(has_text="Key practice").get_by_role("row").nth(1)).to_contain_text("2")


def test_when_the_day_has_come_the_spread_of_those_who_are_in_is_shown(signed_in: Callable[..., Page]) -> None:
    here = place("Closingday")
    members: list[User] = [factories.person(Role.SITE_TEAM, here.school) for _ in range(5)]
    today = timezone.localdate()
    row = TeamAssessment.objects.create(
        organization=here.school,
        year=YEAR,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        closes_on=today + dt.timedelta(days=1),
    )
    row.members.set(members)
    for number, member in enumerate(members[:4]):
        rate(signed_in(member), here.school, 3, f"Seen by member {number}")
    lead = signed_in(role=Role.PRINCIPAL, on=here.school)
    hidden(lead, at(here.school, f"practices/rounds/{row.pk}/"))
    TeamAssessment.objects.filter(pk=row.pk).update(closes_on=today)
    lead.reload()
    expect(lead.locator(".spread").first.locator("li").nth(2)).to_have_text("4 3 · In most classes")


# --- 17: the alignment matrix ----------------------------------------------------------------------------------------
def cells(page: Page, organization: Organization) -> Locator:
    """The cells of the matrix, as an organization sees it; there is one goal."""
    page.goto(at(organization, "goals/"))
    page.get_by_role("link", name="Alignment", exact=True).click()
    return page.locator("td.align-cell")


def test_a_new_district_goal_is_open_everywhere_until_a_school_links_its_own(signed_in: Callable[..., Page]) -> None:
    here = place("Alignment", schools=3)
    make.goal(here.school, title="More are ready for ninth grade", code="CHRONIC_ABSENCE", target=Decimal(8))
    office, page = (
        signed_in(role=Role.DISTRICT_PLANNER, on=here.district),
        signed_in(role=Role.PRINCIPAL, on=here.school),
    )
    office.goto(at(here.district, "goals/"))
    office.get_by_role("link", name="Ready for ninth grade").click()
    office.get_by_label("Source of the figures").fill("District records")
    office.locator("#id_baseline_value").fill("70")
    office.locator("#id_baseline_n").fill("900")
    office.get_by_role("button", name="Save", exact=True).click()
    expect(office.get_by_role("heading", name="90 % of students enter ninth grade")).to_be_visible()
    above = office.url
    for reader, organization, number in ((office, here.district, 3), (page, here.school, 1)):
        found = cells(reader, organization)
        expect(found).to_have_count(number)
        for cell in range(number):
            expect(found.nth(cell)).to_contain_text("Not yet addressed")

    # From the school's own goal to the district's, by the link of its cell's row.
    page.get_by_role("rowheader").get_by_role("link", name=here.school.name).click()
    page.get_by_role("link", name="More are ready for ninth grade").click()
    page.get_by_role("link", name="Change the goal").click()
    goal = BoldGoal.objects.get(organization=here.district)
    page.locator("#id_answers").select_option(str(goal.pk))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="How it goes")).to_be_visible()
    expect(page.get_by_text("Answers the district goal")).to_be_visible()
    own = page.url
    found = cells(page, here.school)
    expect(found).to_have_count(1)
    expect(found.first).to_contain_text("Addressed")
    found = cells(office, here.district)
    row = office.get_by_role("row").filter(has=office.get_by_role("link", name=here.school.name, exact=True))
    expect(row.locator("td.align-cell")).to_contain_text("Addressed")
    expect(found.filter(has_text="Not yet addressed")).to_have_count(2)
    accessible(office)
    # Both ways: from the cell to the school's goal, from the district's goal to the school.
    row.get_by_role("link", name="Addressed").click()
    assert office.url == own
    office.get_by_role("link", name=str(goal), exact=True).click()
    assert office.url == above
    expect(office.locator("section").filter(has_text="Schools that answer it").get_by_role("link")).to_have_text(
        [here.school.name]
    )
