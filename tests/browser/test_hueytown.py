"""Hueytown High School, Pacesetter of 2020, as its people would have entered it: from pathways to the announcement.

What is entered comes from SREB's release of June 30, 2020: three pathways in 2016 and the eight named ones in 2019,
developed with the district's director of career and technical education; 12 credentials, then 162; a plan with
stakeholders, partners and common planning days. The release gives no percentages: those here are made up. Each test
goes on where the one before it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from awards.models import Edition, EditionRole
from awards.models.edition import PhaseKind
from goals.models import ActionStep, BoldGoal, Plan
from hstw.access import Role
from hstw.navigation import current_year
from pathways import portfolio
from schools.imports import steps
from schools.models import ImportBatch, Organization, User
from tests import factories
from tests.awards import world as w
from tests.browser.conftest import NARROW, OUTPUT, WIDE
from tests.browser.world import FilledWorld
from tests.pathways import made

IN_2016 = ("Automotive Technology", "Health Science", "Cosmetology")
SINCE = ("Hospitality and Tourism", "Engineering", "Advertising and Design", "Microsoft Academy", "Law")
# A page that saves and draws a nomination with its figures, on a busy machine.
SLOW = 15_000
CREDENTIALS = ("HUEY-AUTO", "HUEY-NURSE", "HUEY-OFFICE")


@dataclass(frozen=True)
class Hueytown:
    """The school, its district, and who works on it."""

    district: Organization
    school: Organization
    principal: User
    counselor: User
    director: User
    planner: User

    def at(self, year: int, page: str) -> str:
        return f"/o/{self.school.slug}/{year}/{page}"


@pytest.fixture(scope="module")
def hueytown(world: FilledWorld) -> Hueytown:
    """What is there before: the school in the directory, its people, the district's catalog, the state's list."""
    district = factories.organization("district", world.places.alabama, "Jefferson County Schools", postal_state="AL")
    school = factories.organization(
        "school", district, "Hueytown High School", design="high", grade_low="09", grade_high="12", city="Hueytown"
    )
    for subject, title, credits in made.CORE:
        for number in range(credits):
            made.course(district, f"{title} {9 + number}", subject=subject, grade_low=f"{9 + number:02d}")
    for name in (*IN_2016, *SINCE):
        before = None
        for number in range(4):
            grade = f"{9 + number:02d}"
            before = made.course(district, f"{name} {number + 1}", grade_low=grade, after=[before] if before else ())
    for code in CREDENTIALS:
        made.credential_type(world.places.alabama, code)
    return Hueytown(
        district,
        school,
        factories.person(Role.PRINCIPAL, school, name="Pat Principal", names_students=True),
        factories.person(Role.COUNSELOR, school, name="Cora Counselor"),
        factories.person(Role.CTE_DIRECTOR, district, name="Dale Director"),
        factories.person(Role.DISTRICT_PLANNER, district, name="Uma Office"),
    )


def pictured(page: Page, name: str) -> None:
    """Keep how the page looks, at both widths."""
    folder = OUTPUT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    for width, size in (("narrow", NARROW), ("wide", WIDE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=folder / f"hueytown-{name}-{width}.png", full_page=True)


def chosen(page: Page, titles: Iterable[str]) -> None:
    """Several courses of the catalog, ticked and added."""
    titles = list(titles)
    for title in titles:
        page.get_by_label(title).check()
    page.get_by_role("button", name="Add those chosen").click()
    expect(page.locator(".said")).to_contain_text(f"{len(titles)} courses added.")


def pathways_grow_from_three_to_eight(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
    page, office = signed_in(hueytown.counselor), signed_in(hueytown.director)
    for year, names in ((2016, IN_2016), (2019, SINCE)):
        for name in names:
            page.goto(hueytown.at(year, "pathways/"))
            page.get_by_role("link", name="Design a pathway").first.click()
            page.locator("#id_name").fill(name)
            page.get_by_role("button", name="Save and place courses").click()
            chosen(page, [f"{name} {number}" for number in range(1, 5)])
            if name == IN_2016[0]:
                expect(page.locator(".findings")).to_contain_text("core")
                for subject, title, credits in made.CORE:
                    page.locator("#id_subject").select_option(subject)
                    page.get_by_role("button", name="Show", exact=True).click()
                    chosen(page, [f"{title} {9 + number}" for number in range(credits)])
                pictured(page, "designer")
            else:
                page.locator("#id_source").select_option(label=IN_2016[0])
                page.get_by_role("button", name="Copy its core").click()
                expect(page.locator(".said")).to_contain_text("14 core courses added.")
            expect(page.get_by_role("heading", name="Complete", exact=True)).to_be_visible()
            page.get_by_role("link", name="See the pathway").click()
            office.goto(page.url)
            office.get_by_role("button", name="Approve").click()
            expect(office.get_by_text("Approved: the pathway is published.")).to_be_visible()
    pictured(office, "pathway")
    page.goto(hueytown.at(2019, "pathways/"))
    expect(page.get_by_text("8 approved pathways in 2018–19; 3 in 2015–16.")).to_be_visible()
    for name in (*IN_2016, *SINCE):
        expect(page.get_by_role("link", name=name).first).to_be_visible()
    pictured(page, "pathways")


def loaded(page: Page, hueytown: Hueytown, year: int, name: str, lines: list[str]) -> None:
    """A file through the pages: uploaded, read, looked at, applied."""
    page.goto(hueytown.at(year, "data/"))
    page.get_by_role("link", name="Load a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="Checking the file")).to_be_visible()
    batch = ImportBatch.objects.get(source=name, organization=hueytown.school)
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="Is this what should change?")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Applying the file")).to_be_visible()
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible()


def verified(page: Page, ledger: str) -> None:
    """Somebody has seen the proof of every line of a ledger: page after page of those that are not verified yet."""
    page.goto(f"{ledger}?standing=counted&unverified=on")
    while page.locator(".choose-line").count():
        # As one ticks them all; a hundred and more single presses only take time.
        page.locator(".choose-line").evaluate_all("(boxes) => boxes.forEach((box) => { box.checked = true; })")
        with page.expect_navigation():
            page.get_by_role("button", name="I have seen the proof of those chosen").click()
    page.goto(ledger)
    expect(page.get_by_role("link", name="0 of them not verified")).to_be_visible()


def credentials_go_from_12_to_162_by_two_files(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
    page = signed_in(hueytown.principal)
    for year, earned in ((2016, 12), (2019, 162)):
        students = [f"H{year}{number:03d}" for number in range(earned)]
        roster = [
            f"{one},Student,Number {one},{hueytown.school.name},{9 + n % 4:02d},{year - 1}-08-10"
            for n, one in enumerate(students)
        ]
        head = "local_number,first_name,last_name,school,grade,entered"
        loaded(page, hueytown, year, f"roster-{year}.csv", [head, *roster])
        credentials = [
            f"{one},{hueytown.school.name},{CREDENTIALS[n % 3]},Issuer,{year}-04-{1 + n % 28:02d},Y"
            for n, one in enumerate(students)
        ]
        head = "local_number,school,credential_code,issuer,earned_on,passed"
        loaded(page, hueytown, year, f"credentials-{year}.csv", [head, *credentials])
        verified(page, hueytown.at(year, "pathways/credentials/"))
        expect(page.get_by_role("link", name=f"{earned} counted")).to_be_visible()
        # The count opens its list, and the list has as many lines.
        page.get_by_role("link", name=f"{earned} counted").click()
        expect(page.get_by_role("heading", name=f"{earned} lines")).to_be_visible()
    pictured(page, "ledger")
    page.goto(hueytown.at(2019, "pathways/"))
    expect(page.get_by_text("162 credentials earned in 2018–19; 12 in 2015–16.")).to_be_visible()
    pictured(page, "credentials")
    found = portfolio.of(hueytown.school, [2016, 2019])
    assert [[source.name for source in one.sources] for one in found.years] == [
        ["credentials-2016.csv"],
        ["credentials-2019.csv"],
    ]


def saved(page: Page, link: str, **fields: str) -> None:
    """One part of the plan: its link, its fields, saved."""
    page.get_by_role("link", name=link).first.click()
    for name, value in fields.items():
        page.locator(f"#id_{name}").fill(value)
    page.get_by_role("button", name="Save", exact=True).click()


def a_goal_and_a_plan_with_stakeholders_are_approved(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
    year = int(current_year())
    page = signed_in(hueytown.principal)
    page.goto(hueytown.at(year, "goals/"))
    page.get_by_role("link", name="Ready for college, career or both, of the class").click()
    page.get_by_label("Source of the figures").fill("Records of the school")
    page.locator("#id_baseline_value").fill("55")
    page.locator("#id_baseline_n").fill("260")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="80 % graduate ready for college, a career or both")).to_be_visible()
    pictured(page, "goal")

    page.goto(hueytown.at(year, "plan/"))
    page.get_by_role("button", name="Begin the plan").click()
    saved(
        page,
        "Edit the texts",
        mission="Every student leaves ready for college and a career.",
        summary="Many students are motivated to go to college; the school must do more to make them college ready.",
        involvement="The district’s director of career and technical education, the community colleges, business and "
        "industry, the advisory councils, families and SREB.",
        common_planning="Common planning days for every professional learning community.",
        review_on="After each nine weeks.",
    )
    for name, part in (
        ("Dale Director", "District director of career and technical education"),
        ("Rosa Reyes", "Business partner"),
        ("Lin Lake", "Community college"),
        ("Sam Parent", "Parent"),
    ):
        saved(page, "Add to the planning team", name=name, part=part)
    saved(page, "Add a need", title="Motivated students are not college ready", evidence="Staff and programs, 2016.")
    saved(page, "Add a root cause", text="Three pathways did not meet what students and employers ask for.")
    page.get_by_role("link", name="Add a goal").click()
    page.locator("#id_bold_goal").select_option(label=str(BoldGoal.objects.get(organization=hueytown.school)))
    page.get_by_label("Motivated students are not college ready").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add a strategy").click()
    page.locator("#id_title").fill("Individual plans from the middle grades on")
    page.locator("#id_practice").select_option(index=1)
    page.locator("#id_tier").select_option("4")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add an action step").click()
    page.locator("#id_title").fill("Advise eighth-graders and their families about the pathways")
    page.locator("#id_owner").select_option(str(hueytown.counselor.pk))
    page.locator("#id_starts").fill(f"{year - 1}-09-01")
    page.locator("#id_due").fill(f"{year}-03-15")
    page.get_by_role("button", name="Save", exact=True).click()
    pictured(page, "plan")
    page.get_by_role("link", name="Check and submit").click()
    pictured(page, "submit")
    page.get_by_role("button", name="Submit the plan").click()
    expect(page.get_by_text("Submitted by Pat Principal")).to_be_visible()

    office = signed_in(hueytown.planner)
    office.goto(hueytown.at(year, "plan/"))
    office.get_by_role("link", name="Read and decide").click()
    pictured(office, "decide")
    office.get_by_role("button", name="Approve").click()
    office.get_by_role("link", name="Approved version 1").click()
    for said in ("Rosa Reyes", "Common planning days", "Advise eighth-graders", "Cora Counselor"):
        expect(office.get_by_text(said).first).to_be_visible()
    pictured(office, "approved")
    assert Plan.objects.get(organization=hueytown.school, year=year).state == "approved"


STORY = {
    "headline": "From three pathways and 12 credentials to eight pathways and 162 credentials",
    "context": "The self-evaluation of 2016 found many students who were motivated to go to college and not ready for"
    " it. The school offered three pathways, and twelve credentials were earned in the whole year by all of them.",
    "actions": "With the district’s director of career and technical education the school built five more pathways."
    " Advisory councils of business and industry review each of them. As early as the middle grades, students and"
    " their families write an individual plan, and teachers meet on common planning days to look at student work.",
    "success": "Students now choose among eight pathways, each with its core, its sequence and a credential at the end."
    " In 2019 they earned 162 credentials that employers ask for, where three years before they had earned twelve.",
    "sustaining": "Common planning days stand in the master schedule, and the plan of the school names who advises.",
}
CITATION = "For eight career pathways that students and employers asked for, and the credentials earned in them."


@dataclass(frozen=True)
class Panel:
    """An edition that takes nominations, and who judges in it; nobody has been asked about conflicts yet."""

    edition: Edition
    lead: User
    readers: tuple[User, ...]

    def at(self, page: str) -> str:
        return f"{self.edition.get_absolute_url()}{page}"


@pytest.fixture(scope="module")
def panel(hueytown: Hueytown) -> Panel:
    w.member(hueytown.school)
    made = w.edition(2041, opened=False)
    Edition.objects.filter(pk=made.pk).update(membership_years=2, asks_surveys=True, opened_at=timezone.now())
    made.refresh_from_db()
    lead, *readers = (factories.person(name=name) for name in ("Lena Lead", "Rita Reader", "Rob Reader", "Ruth Reader"))
    w.place(made, EditionRole.COORDINATOR, lead, declared_at=None)
    for reader in readers:
        w.place(made, EditionRole.REVIEWER, reader, declared_at=None)
    return Panel(made, lead, tuple(readers))


def taken_in(page: Page, what: str, says: str) -> None:
    """Something that the record offers, taken into the nomination, with what it shows."""
    page.locator(".offers li").filter(has_text=what).get_by_role("button").click()
    page.locator("#id_says").fill(says)
    page.get_by_role("button", name="Save", exact=True).click()


def source_opened(page: Page, title: str, link: str) -> None:
    """The source of a figure in the nomination is a link into the record."""
    page.locator("li.claim").filter(has_text=title).get_by_role("link", name=link).click()


def the_step_is_done_and_reported(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
    page = signed_in(hueytown.counselor)
    page.goto(hueytown.at(int(current_year()), "plan/"))
    page.get_by_role("link", name="Advise eighth-graders and their families").first.click()
    page.get_by_label("Done", exact=True).check()
    page.locator("#id_implementation").fill("Every eighth-grader and one of the parents were advised.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Every eighth-grader and one of the parents were advised.")).to_be_visible()
    pictured(page, "step")
    assert ActionStep.objects.get(owner=hueytown.counselor).status == "done"


def the_school_is_nominated_from_its_record(hueytown: Hueytown, panel: Panel, signed_in: Callable[..., Page]) -> None:
    page = signed_in(hueytown.principal)
    page.goto(hueytown.at(int(current_year()), "awards/"))
    pictured(page, "chance")
    card = page.locator("section.card").filter(has=page.get_by_role("heading", name=panel.edition.name))
    card.get_by_role("button", name="Start the nomination").click()
    pictured(page, "begun")
    here = page.url

    page.get_by_role("link", name="Figures", exact=True).click()
    # The record filled these in; the pathways run on to this year.
    expect(page.get_by_text("From 3 in 2015–16 to 8 in ")).to_be_visible()
    expect(page.get_by_text("From 12 in 2015–16 to 162 in 2018–19.")).to_be_visible()
    pictured(page, "figures-first")
    page.locator("li.claim").filter(has_text="Career pathways").get_by_role("link", name="Say what it shows").click()
    page.locator("#id_says").fill("What students and employers asked for.")
    page.locator("#id_current_year").select_option(label="2018–19")
    pictured(page, "figure")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("From 3 in 2015–16 to 8 in 2018–19.")).to_be_visible()
    page.locator("li.claim").filter(has_text="Credentials").get_by_role("link", name="Say what it shows").click()
    page.locator("#id_says").fill("Credentials that count in Alabama.")
    page.get_by_role("button", name="Save", exact=True).click()
    source_opened(page, "Industry credentials earned", "Credential ledger")
    expect(page.get_by_role("link", name="162 counted")).to_be_visible()
    page.go_back()
    source_opened(page, "Career pathways offered", "Career pathways of the record")
    expect(page.get_by_text("8 approved pathways in 2018–19; 3 in 2015–16.")).to_be_visible()
    page.go_back()
    taken_in(page, "Advise eighth-graders and their families", "Plans begin in the middle grades.")
    taken_in(page, "80 % graduate ready", "The goal that the pathways serve.")
    expect(page.get_by_text("does not say yet what it shows")).to_have_count(0)
    pictured(page, "figures")
    source_opened(page, "Advise eighth-graders", "Action steps of the approved plan")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Advise eighth-graders and their families")
    page.go_back()
    source_opened(page, "80 % graduate ready", "Bold goals of the school")
    expect(page.get_by_role("heading", level=1)).to_contain_text("80 % graduate ready")

    page.goto(here)
    page.get_by_role("link", name="The story").click()
    for name, text in STORY.items():
        page.locator(f"#id_{name}").fill(text)
    page.locator("#id_practice").select_option(label="Career pathways")
    pictured(page, "story")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Files and people").click()
    page.get_by_label("What it is").fill("Surveys of students and teachers, spring")
    page.locator("input[type=file]").set_input_files(
        {"name": "surveys.pdf", "mimeType": "application/pdf", "buffer": w.PDF}
    )
    page.get_by_role("button", name="Attach the file").click()
    expect(page.get_by_role("link", name="Surveys of students and teachers, spring")).to_be_visible()
    pictured(page, "attachments")

    page.get_by_role("link", name="Back to the nomination").click()
    expect(page.get_by_text("Missing", exact=True)).to_have_count(0)
    pictured(page, "complete")
    page.get_by_role("link", name="Read, sign and submit").click()
    pictured(page, "sign")
    page.get_by_label("I have read this nomination").check()
    page.get_by_role("button", name="Sign and submit").click()
    expect(page.get_by_text(f"Submitted as {panel.edition.year}-")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Signed by Pat Principal, submitted")).to_be_visible()
    pictured(page, "submitted")


def declared(page: Page, panel: Panel, hueytown: Hueytown) -> None:
    """What a member of the panel is asked first: they have no conflict with the school."""
    page.goto(panel.at("conflicts/"))
    expect(page.get_by_label(hueytown.school.name)).not_to_be_checked()
    page.get_by_label("I have no other conflict with a school on this list.").check()
    page.get_by_role("button", name="Declare").click()


def scored(page: Page, panel: Panel, first: int, name: str) -> None:
    """A whole review: everything exemplary but the first criterion, each with its reason and a passage."""
    page.goto(panel.at("reading/"))
    page.get_by_role("button", name="Read and score").click()
    for number in range(1, 7):
        expect(page.get_by_text(f"Criterion {number} of 6")).to_be_visible(timeout=SLOW)
        points = first if number == 1 else 4
        page.locator(".bands label").nth(points).click()
        page.locator("#id_comment").fill("Need, actions and figures follow one from the other.")
        if number == 1:
            # The passage is selected with the mouse, as one marks a line on paper.
            page.locator("[data-part=actions] p").first.click(click_count=3)
            page.get_by_role("button", name="Cite what is selected").click()
            assert page.locator("#id_cite_quote").input_value() == " ".join(STORY["actions"].split())
            pictured(page, name)
        else:
            page.locator("#id_cite_part").select_option(label="What was done")
            page.locator("#id_cite_quote").fill("Advisory councils of business and industry review each of them.")
        page.get_by_role("button", name="Save and next").click()
    page.get_by_role("button", name="Submit and lock").click()


def three_readers_judge_and_the_public_reads_the_winner(
    hueytown: Hueytown, panel: Panel, signed_in: Callable[..., Page], new_context: Callable[..., BrowserContext]
) -> None:
    w.shift(panel.edition, PhaseKind.REVIEW)
    lead = signed_in(panel.lead)
    lead.goto("/")
    lead.get_by_role("link", name="Say with which schools you have a conflict of interest").click()
    pictured(lead, "declare")
    declared(lead, panel, hueytown)
    readers = [signed_in(reader) for reader in panel.readers]
    for page in readers:
        declared(page, panel, hueytown)
        expect(page.get_by_text("Nothing to read yet")).to_be_visible()
    pictured(readers[0], "nothing-to-read")

    lead.get_by_role("link", name="Readers", exact=True).click()
    lead.get_by_role("button", name="Assign readers to 1 nomination").click()
    expect(lead.get_by_text("Assigned: 3.")).to_be_visible()
    for reader in panel.readers:
        expect(lead.locator("#lines ~ table").get_by_text(reader.name)).to_be_visible()
    pictured(lead, "readers")

    # The first criterion has a weight of 10 %: three bands of four there, all of the others, are 97.5 of 100.
    for number, (page, first, total) in enumerate(zip(readers, (4, 3, 3), ("100.0", "97.5", "97.5"), strict=True)):
        scored(page, panel, first, f"score-{number}")
        expect(page.get_by_text(f"Submitted with {total} of 100. Your scores are locked.")).to_be_visible(timeout=SLOW)
    pictured(readers[2], "locked")

    w.shift(panel.edition, PhaseKind.DECISION)
    lead.get_by_role("link", name="Ranking", exact=True).click()
    row = lead.get_by_role("row").filter(has_text=hueytown.school.name)
    # The mean of 100, 97.5 and 97.5.
    expect(row).to_contain_text("98.33")
    pictured(lead, "ranking")
    row.get_by_role("link", name="Decide").click()
    lead.get_by_label("Winner").check()
    lead.locator("#id_rationale").fill("Three readers found need, actions and results in one line.")
    lead.locator("#id_citation").fill(CITATION)
    pictured(lead, "decision")
    lead.get_by_role("button", name="Record the decision").click()
    visitor = new_context().new_page()
    visitor.goto(panel.at("winners/"))
    expect(visitor.get_by_text("The winners are not announced yet")).to_be_visible()
    pictured(visitor, "before")
    lead.get_by_role("button", name="Freeze the result").click()
    expect(lead.get_by_role("heading", name="The result as it was frozen")).to_be_visible()
    pictured(lead, "frozen")
    lead.get_by_role("button", name="Announce the winners").click()
    expect(lead.get_by_text("The winners are announced.")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_role("heading", name=hueytown.school.name)).to_be_visible()
    for said in (CITATION, "From 12 in 2015–16 to 162 in 2018–19.", "From 3 in 2015–16 to 8 in 2018–19."):
        expect(visitor.get_by_text(said).first).to_be_visible()
    # Nobody is told of a goal of which nothing is known yet, nor who read.
    expect(visitor.get_by_text("No data")).to_have_count(0)
    expect(visitor.get_by_text("Rita Reader")).to_have_count(0)
    pictured(visitor, "winners")


def test_from_the_first_pathway_to_the_winners(
    hueytown: Hueytown, panel: Panel, signed_in: Callable[..., Page], new_context: Callable[..., BrowserContext]
) -> None:
    """One journey: each part reads what those before it wrote."""
    pathways_grow_from_three_to_eight(hueytown, signed_in)
    credentials_go_from_12_to_162_by_two_files(hueytown, signed_in)
    a_goal_and_a_plan_with_stakeholders_are_approved(hueytown, signed_in)
    the_step_is_done_and_reported(hueytown, signed_in)
    the_school_is_nominated_from_its_record(hueytown, panel, signed_in)
    three_readers_judge_and_the_public_reads_the_winner(hueytown, panel, signed_in, new_context)
