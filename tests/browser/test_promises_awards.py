"""What awards promise: a nomination is made of the record and stays as submitted; a conflict comes before content."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from awards.models import Edition, EditionRole, Nomination, Reviewer
from awards.models.edition import PhaseKind
from goals.models import ActionStep
from goals.planning import approve, follow_up
from hstw.access import Role
from schools.models import Organization, StudentIdentifier
from tests import factories
from tests.awards import world as w
from tests.browser.promises import Place, accessible, an_edition, count, count_anew, load, place
from tests.goals.evidence import act, covered, credential, senior
from tests.goals.planning import make

pytestmark = pytest.mark.usefixtures("_database")
YEAR = make.YEAR
THEN, NOW = YEAR - 2, YEAR - 1
WORDS = (
    "Teachers and students worked on it together in every class, week after week, and looked at what came of it. " * 3
)


# --- 1: a nomination built from the record ---------------------------------------------------------------------------
def a_class(here: Place, year: int, graduates: int) -> list[str]:
    """Twenty seniors, so many with diploma, half of those ready and with a credential; numbers of those without."""
    for number in range(graduates):
        deeds = [act(English=20, Mathematics=23, Reading=23), credential()] if number % 2 else []
        senior(here.school, year, *deeds)
    late = []
    for number in range(20 - graduates):
        student = senior(here.school, year, diploma=None)
        late.append(f"{here.state.pk}{year}{number}")
        StudentIdentifier.objects.create(
            student=student, system="state", organization=here.state, value=late[-1], starts=factories.LONG_AGO
        )
    return late


def claim(page: Page, title: str) -> Locator:
    """A figure of a nomination."""
    return page.locator(".doc .claim").filter(has=page.get_by_role("heading", name=title, exact=True))


GRADUATION = "Four-year graduation rate"
FIGURES = {
    GRADUATION: ("From 80.0 % in {then} to 90.0 % in {now}.", "90.0 %"),
    "Graduates ready for college, a career, or both": ("From 50.0 % in {then} to 50.0 % in {now}.", "50.0 %"),
    "Graduates with an industry credential": ("From 50.0 % in {then} to 50.0 % in {now}.", "50.0 %"),
}


def test_a_nomination_begins_with_the_record_and_stays_as_it_was_submitted(signed_in: Callable[..., Page]) -> None:
    here = place("Nominee")
    a_class(here, THEN, 16)
    late = a_class(here, NOW, 18)
    covered(here.school, THEN, NOW)
    count(here.state, THEN, NOW)
    principal = factories.person(Role.PRINCIPAL, here.school, names_students=True)
    plan = make.plan(here.school, principal)
    step = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    follow_up.update(step, principal, status="done")
    approve.submit(plan, principal)
    approve.approve(plan, factories.person(Role.DISTRICT_PLANNER, here.district), approve.fingerprint(plan))
    w.member(here.school)
    edition = an_edition()
    page = signed_in(principal)
    page.goto(f"/o/{here.school.slug}/{YEAR}/awards/")
    chance = page.locator("section").filter(has=page.get_by_role("link", name=edition.name))
    chance.get_by_role("button", name="Start the nomination").click()

    # Filled in already, each with the way to where it stands.
    then, now = (f"{year - 1}–{year % 100:02d}" for year in (THEN, NOW))
    for title, (sentence, figure) in FIGURES.items():
        expect(claim(page, title)).to_contain_text(sentence.format(then=then, now=now))
        claim(page, title).get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.get_by_text(figure).first).to_be_visible()
        page.go_back()
    expect(claim(page, "Industry credentials earned")).to_contain_text("9 in")
    nomination = page.url
    # So are the steps of the plan: taken in, not typed.
    page.get_by_role("link", name="Figures", exact=True).click()
    page.locator(".offers li").filter(has_text=step.title).get_by_role("button").click()
    page.locator("#id_says").fill("Extra help is given every week.")
    page.get_by_role("button", name="Save", exact=True).click()
    taken = page.locator("li.claim").filter(has_text=step.title)
    taken.get_by_role("link", name="Action steps of the approved plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(step.title)

    page.goto(nomination)
    page.get_by_role("link", name="The story").click()
    page.locator("#id_headline").fill("More of our students graduate on time.")
    page.locator("#id_practice").select_option(index=1)
    for name in ("context", "actions", "success"):
        page.locator(f"#id_{name}").fill(WORDS)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(nomination)
    page.get_by_role("link", name="Read, sign and submit").click()
    page.get_by_label("I have read this nomination").check()
    page.get_by_role("button", name="Sign and submit").click()
    expect(page.get_by_text(f"Submitted as {edition.year}-")).to_be_visible()
    expect(page.get_by_text("Data changed since")).to_have_count(0)
    frozen = claim(page, GRADUATION).inner_text()

    # Two diplomas that came late: all of the class graduated.
    rows = [f"{number},{here.school.name},regular,{NOW}-06-20,{NOW}" for number in late]
    load(page, here.school, NOW, "late-diplomas.csv", ["state_number,school,kind,awarded_on,school_year", *rows])
    count_anew(here.state)
    page.goto(f"/o/{here.school.slug}/{NOW}/readiness/ACGR4/")
    expect(page.get_by_text("100.0 %").first).to_be_visible()
    page.goto(nomination)
    expect(page.get_by_text("Data changed since this was submitted")).to_be_visible()
    expect(claim(page, GRADUATION)).to_contain_text("Data changed since")
    expect(claim(page, GRADUATION)).to_contain_text(FIGURES[GRADUATION][0].format(then=then, now=now))
    expect(claim(page, GRADUATION)).not_to_contain_text("100.0 %")
    assert claim(page, GRADUATION).inner_text().replace("Data changed since", "").split() == frozen.split()
    accessible(page)


# --- 3: conflict before content --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Panel:
    """An edition under review: one nomination of a district, one of another, three who judged both."""

    edition: Edition
    district: Organization
    hidden: Nomination
    other: Nomination
    chair: Reviewer

    def at(self, page: str) -> str:
        """The address of one of the edition's pages."""
        return f"/awards/{self.edition.slug}/{page}"

    def addresses(self) -> Iterator[str]:
        """All that is of the hidden nomination: itself, its parts, its files, what is said of it, a review of it."""
        here = f"/nominations/{self.hidden.public_id}/"
        yield here
        for part in ("story", "figures", "attachments", "sign", "consensus", "decision", "letter", "letter/pdf"):
            yield f"{here}{part}/"
        for file in self.hidden.files.all():
            yield f"{here}attachments/{file.pk}/"
        for one in self.hidden.claims.exclude(document=None):
            yield f"{here}figures/{one.pk}/document/"
        review = self.hidden.assignments.exclude(review=None).first().review  # type: ignore[union-attr]
        yield f"/reviews/{review.public_id}/"
        yield f"/reviews/{review.public_id}/1/"


HIDDEN = "Quillfeather"


@pytest.fixture
def panel() -> Panel:
    edition = an_edition()
    hidden, other = place(HIDDEN), place("Openfield")
    # An employer is found by its name, which no other test's district has.
    hidden.district.name = f"{HIDDEN} {edition.year} County"
    hidden.district.save()
    nominations = [w.submitted(edition, one.school) for one in (hidden, other)]
    w.shift(edition, PhaseKind.REVIEW)
    chair = w.place(edition, EditionRole.CHAIR)
    for points in (4, 3, 3):
        reader = w.place(edition, EditionRole.REVIEWER)
        # What is hidden has been given more than the other by each.
        for nomination, less in zip(nominations, (0, 1), strict=True):
            w.review(nomination, reader, [points - less] * 6)
    return Panel(edition, hidden.district, nominations[0], nominations[1], chair)


def declares_employer(page: Page, panel: Panel) -> None:
    """Asked first, before anything is shown: for whom one works."""
    page.goto(panel.at("conflicts/"))
    page.get_by_label("Whom do you work for?").fill(panel.district.name)
    page.get_by_label("I have no other conflict with a school on this list.").check()
    page.get_by_role("button", name="Declare").click()
    expect(page.get_by_text("What you have a conflict with stays hidden from you.")).to_be_visible()


def finds_nothing(page: Page, panel: Panel) -> None:
    """Every address of the nomination is as if it were not there, to whoever has its address."""
    for address in panel.addresses():
        answer = page.goto(address)
        assert answer is not None
        assert (answer.status, address) == (404, address)
        assert HIDDEN not in page.content()


def refusals(page: Page, name: str) -> Locator:
    """The lines of the conflict log that say what somebody was refused."""
    return page.get_by_role("row").filter(has_text=name).filter(has_text="Was refused")


def test_a_reviewer_from_the_nominees_district_finds_nothing_and_the_log_says_why(
    panel: Panel, signed_in: Callable[..., Page]
) -> None:
    reader = w.place(panel.edition, EditionRole.REVIEWER, factories.person(name="Rona Reader"), declared_at=None)
    # Both were assigned before anybody knew for whom she works.
    for nomination in (panel.hidden, panel.other):
        w.assign(nomination, reader)
    page = signed_in(reader.user)
    page.goto(panel.at("reading/"))
    expect(page.get_by_text("Nothing to read yet")).to_be_visible()
    declares_employer(page, panel)
    expect(page.get_by_role("button", name="Read and score")).to_have_count(1)
    expect(page.get_by_text("Openfield High School").first).to_be_visible()
    assert HIDDEN not in page.content()
    finds_nothing(page, panel)
    # The files of all nominations and the search in them are not a reviewer's at all.
    for address in ("nominations/csv/", "nominations/xlsx/", f"nominations/?q={HIDDEN}", "ranking/", "consensus/"):
        answer = page.goto(panel.at(address))
        assert answer is not None
        assert (answer.status in {403, 404}, address) == (True, address)
        assert panel.hidden.headline not in page.content()
    page.goto("/awards/")
    assert HIDDEN not in page.content()

    chair = signed_in(panel.chair.user)
    chair.goto(panel.at("conflicts/log/"))
    lines = refusals(chair, "Rona Reader")
    expect(lines).to_have_count(len(list(panel.addresses())))
    attempt = lines.filter(has=chair.get_by_text(panel.hidden.get_absolute_url(), exact=True))
    expect(attempt).to_have_count(1)
    expect(attempt).to_contain_text(f"{HIDDEN} High School")
    expect(attempt).to_contain_text("works for the school or its district")
    accessible(chair)


def test_a_coordinator_from_there_finds_it_in_no_list_search_file_or_average(
    panel: Panel, signed_in: Callable[..., Page]
) -> None:
    lead = w.place(panel.edition, EditionRole.COORDINATOR, factories.person(name="Cole Lead"), declared_at=None)
    page, chair = signed_in(lead.user), signed_in(panel.chair.user)
    declares_employer(page, panel)
    finds_nothing(page, panel)
    # Who is in no conflict finds both: the search, the file and the ranking are looked at where it would stand.
    for reader, schools in ((chair, [HIDDEN, "Openfield"]), (page, ["Openfield"])):
        reader.goto(panel.at("nominations/"))
        expect(reader.get_by_role("heading", name=re.compile(rf"^{len(schools)} nominations?$"))).to_be_visible()
        reader.get_by_label("School or place").fill(HIDDEN)
        reader.get_by_role("button", name="Search").click()
        found = len(schools) - 1
        expect(reader.get_by_role("heading", name=re.compile(rf"^{found} nominations?$"))).to_be_visible()
        expect(reader.get_by_role("link", name=f"{HIDDEN} High School")).to_have_count(found)
        text = reader.request.get(panel.at("nominations/csv/")).text()
        assert [name for name in (HIDDEN, "Openfield") if f"{name} High School" in text] == schools
        reader.goto(panel.at("ranking/"))
        for name in (HIDDEN, "Openfield"):
            expect(reader.get_by_role("row").filter(has_text=f"{name} High School")).to_have_count(int(name in schools))
    # The mean of 75, 50 and 50, as it is without the other nomination.
    row = page.get_by_role("row").filter(has_text="Openfield High School")
    expect(row).to_contain_text("58.33")
    assert HIDDEN not in page.content()
    page.goto(panel.at("conflicts/log/"))
    expect(page.get_by_text("Declared to have no other conflict")).to_be_visible()
    assert HIDDEN not in page.content()
    chair.goto(panel.at("conflicts/log/"))
    expect(refusals(chair, "Cole Lead").first).to_contain_text("works for the school or its district")
