"""Hueytown High School, Pacesetter of 2020, as its people would have entered it: pathways, credentials, goal, plan.

What is entered comes from SREB's release of June 30, 2020: three pathways in 2016 and the eight named ones in 2019,
developed with the district's director of career and technical education; 12 credentials, then 162; a plan with
stakeholders, partners and common planning days. The release gives no percentages: those here are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from goals.models import BoldGoal, Plan
from hstw.access import Role
from hstw.navigation import current_year
from pathways import portfolio
from schools.imports import steps
from schools.models import ImportBatch, Organization, User
from tests import factories
from tests.browser.conftest import NARROW, OUTPUT, WIDE
from tests.browser.world import FilledWorld
from tests.pathways import made

IN_2016 = ("Automotive Technology", "Health Science", "Cosmetology")
SINCE = ("Hospitality and Tourism", "Engineering", "Advertising and Design", "Microsoft Academy", "Law")
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


def test_pathways_grow_from_three_to_eight(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
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


def test_credentials_go_from_12_to_162_by_two_files(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
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
        page.goto(hueytown.at(year, "pathways/credentials/"))
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


def test_a_goal_and_a_plan_with_stakeholders_are_approved(hueytown: Hueytown, signed_in: Callable[..., Page]) -> None:
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
