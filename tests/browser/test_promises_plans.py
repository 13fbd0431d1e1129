"""What plans promise: goals that follow their figures, money that adds up to the cent."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from goals.models import ActionStep, StatusOverride
from hstw.access import Role
from hstw.values import SchoolYear
from schools.models import Diploma, Enrollment, EvidenceCoverage, Student, StudentIdentifier
from tests import factories
from tests.browser.promises import Place, accessible, at, count, count_anew, load, place
from tests.goals.planning import make

pytestmark = pytest.mark.usefixtures("_database")
YEAR = make.YEAR


# --- 4: living bold goals --------------------------------------------------------------------------------------------
CLASS = 500


def a_class(here: Place, year: int, graduates: int) -> list[str]:
    """A class that was to graduate in ``year``, with so many diplomas; the state's numbers of its students."""
    students = Student.objects.bulk_create(
        Student(first_name="Student", last_name=f"{year} {n:03d}", grade_9_year=year - 3) for n in range(CLASS)
    )
    numbers = [f"{here.state.pk}{year}{n:03d}" for n in range(CLASS)]
    common = {"organization": here.school, "year": year}
    Enrollment.objects.bulk_create(
        Enrollment(student=one, grade="12", entered=dt.date(year - 1, 8, 10), days_enrolled=175, **common)
        for one in students
    )
    StudentIdentifier.objects.bulk_create(
        StudentIdentifier(student=one, system="state", organization=here.state, value=number, starts=factories.LONG_AGO)
        for one, number in zip(students, numbers, strict=True)
    )
    Diploma.objects.bulk_create(
        Diploma(student=one, kind="regular", awarded_on=dt.date(year, 5, 22), **common) for one in students[:graduates]
    )
    EvidenceCoverage.objects.create(organization=here.school, year=year, kind="enrollment")
    if graduates:
        EvidenceCoverage.objects.create(organization=here.school, year=year, kind="diplomas")
    return numbers


def test_a_goal_turns_with_the_load_that_says_so_and_no_override_outlives_it(signed_in: Callable[..., Page]) -> None:
    here = place("Livinggoal")
    # 88.8 % of the class of three years ago graduated on time, then 90.4 %; last year's diplomas are not loaded yet.
    a_class(here, YEAR - 3, 444)
    a_class(here, YEAR - 2, 452)
    numbers = a_class(here, YEAR - 1, 0)
    count(here.state, YEAR - 3, YEAR - 2, YEAR - 1)
    page = signed_in(role=Role.PRINCIPAL, on=here.school)
    page.goto(at(here.school, "goals/"))
    page.get_by_role("link", name="95 % of students graduate on time").first.click()
    page.locator("#id_baseline_year").select_option(str(YEAR - 3))
    page.locator("#id_end_year").select_option(str(YEAR + 1))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="95 % of students graduate on time")).to_be_visible()
    for year, target in ((YEAR - 2, "90"), (YEAR - 1, "92")):
        page.get_by_label(f"Target {SchoolYear(year).label}").fill(target)
    page.get_by_role("button", name="Save the targets").click()
    state = page.locator(".page-head .chip")
    expect(state).to_have_text("On track")
    goal = page.url

    # By hand only with a reason: blank is stopped by the browser, spaces by the server.
    page.get_by_role("link", name="Set the status by hand").click()
    page.locator("#id_status").select_option(label="At risk")
    page.get_by_role("button", name="Set the status").click()
    expect(page.locator("#id_reason:invalid")).to_be_visible()
    page.locator("#id_reason").fill("   ")
    page.get_by_role("button", name="Set the status").click()
    expect(page.get_by_text("Say why: the reason is shown beside the status.").first).to_be_visible()
    accessible(page)
    assert not StatusOverride.objects.filter(goal__organization=here.school).exists()
    page.goto(goal)
    expect(state).to_have_text("On track")
    page.get_by_role("link", name="Set the status by hand").click()
    page.locator("#id_status").select_option(label="At risk")
    page.locator("#id_reason").fill("The file of May is late.")
    page.get_by_role("button", name="Set the status").click()
    expect(state).to_have_text("At risk")
    expect(page.get_by_text("The file of May is late.").first).to_be_visible()

    # 454 of 500 are 90.8 %: 0.4 more than the year before, and (95 − 90.8) / 2 = 2.1 a year from now on.
    rows = [f"{number},{here.school.name},regular,{YEAR - 1}-05-22,{YEAR - 1}" for number in numbers[:454]]
    head = "state_number,school,kind,awarded_on,school_year"
    load(page, here.school, YEAR - 1, "diplomas-of-the-class.csv", [head, *rows])
    count_anew(here.state)
    page.goto(goal)
    expect(state).to_have_text("Off track")
    expect(page.get_by_text("needs +2.1 points a year, gained +0.4 points").first).to_be_visible()
    expect(page.get_by_text("The file of May is late.")).to_have_count(0)
    page.goto(at(here.school, "goals/"))
    card = page.locator(".goal-card")
    expect(card.locator(".chip")).to_have_text("Off track")
    expect(card).to_contain_text("needs +2.1 points a year, gained +0.4 points")


# --- 6: money that reconciles ----------------------------------------------------------------------------------------
def test_money_that_is_over_is_said_wherever_there_is_money_and_adds_up_to_the_cent(
    signed_in: Callable[..., Page], tmp_path: Path
) -> None:
    here = place("Money")
    principal = factories.person(Role.PRINCIPAL, here.school)
    # A plan whose first step takes $100.25 of Title I.
    plan = make.whole(here.school, principal, 1, 1, 3)
    page, office = signed_in(principal), signed_in(role=Role.DISTRICT_PLANNER, on=here.district)
    office.goto(at(here.school, "money/"))
    for fund, amount in (("Perkins V", "50000"), ("Title II", "8000.10")):
        office.get_by_label("Name of a new fund").fill(fund)
        office.locator("#id_amount").fill(amount)
        office.get_by_role("button", name="Save the allocation").click()
        expect(office.get_by_role("rowheader", name=fund)).to_be_visible()
    # What is over of one fund stays over, however much is left of others.
    office.locator("#id_fund").select_option(label="Title I")
    office.locator("#id_amount").fill("9000")
    office.get_by_role("button", name="Save the allocation").click()
    expect(row_of(office, "Title I")).to_contain_text("$8,899.75")
    steps = list(ActionStep.objects.filter(strategy__plan_goal__plan=plan).order_by("order"))
    for step, amount in ((steps[1], "20000.10"), (steps[2], "32299.90")):
        page.goto(at(here.school, f"plan/actions/{step.pk}/"))
        page.get_by_text("Add money", exact=True).click()
        page.locator("#id_fund").select_option(label="Perkins V")
        page.locator("#id_amount").fill(amount)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text(f"Perkins V: ${Decimal(amount):,}").first).to_be_visible()

    # Submit warns, and does not stand in the way.
    page.goto(at(here.school, "plan/submit/"))
    warning = page.get_by_role("link", name="Perkins V: $2,300.00 more is planned than was given.")
    expect(warning).to_be_visible()
    for one in ("plan/", "money/", *(f"plan/actions/{step.pk}/" for step in steps)):
        page.goto(at(here.school, one))
        is_over(page)
    page.goto(at(here.school, "plan/"))
    accessible(page)
    expect(row_of(page, "Perkins V")).to_contain_text("$50,000.00")
    expect(row_of(page, "Perkins V")).to_contain_text("$52,300.00")
    page.goto(at(here.school, "plan/submit/"))
    page.get_by_role("button", name="Submit the plan").click()
    expect(page.get_by_text("Submitted by").first).to_be_visible()

    office.goto(at(here.district, "plans/"))
    is_over(office.get_by_role("row").filter(has_text=here.school.name))
    accessible(office)
    office.goto(at(here.school, "plan/decision/"))
    is_over(office)
    expect(office.get_by_text("Perkins V: $2,300.00 more is planned than was given.")).to_be_visible()
    office.get_by_role("button", name="Approve").click()
    office.get_by_role("link", name="Approved version 1").click()
    is_over(office)
    pdf = downloaded(office, office.get_by_role("link", name="Download the PDF"), tmp_path)
    said = " ".join(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages).split())
    assert "Perkins V $50,000.00 $52,300.00 −$2,300.00" in said

    # The report of the funds, and the file of it.
    page.goto(at(here.school, "money/"))
    lines = csv.DictReader(
        io.StringIO(downloaded(page, page.get_by_role("link", name="CSV"), tmp_path).decode("utf-8-sig"))
    )
    spent: dict[str, Decimal] = {}
    for line in lines:
        spent[line["Fund"]] = spent.get(line["Fund"], Decimal(0)) + Decimal(line["Amount"])
    assert spent == {"Perkins V": Decimal("52300.00"), "Title I": Decimal("100.25")}
    for fund, amount in spent.items():
        expect(row_of(page, fund)).to_contain_text(f"${amount:,}")
    book = load_workbook(io.BytesIO(downloaded(page, page.get_by_role("link", name="Excel"), tmp_path)))
    funds = [[one if isinstance(one, str) else f"{one:.2f}" for one in row] for row in book["Funds"].values][1:]
    assert funds == [
        ["Perkins V", "50000.00", "52300.00", "-2300.00"],
        ["Title I", "9000.00", "100.25", "8899.75"],
        ["Title II", "8000.10", "0.00", "8000.10"],
    ]


def row_of(page: Page, fund: str) -> Locator:
    """The row of a fund in the table of funds."""
    return (
        page.locator("table")
        .filter(has_text="Given")
        .get_by_role("row")
        .filter(has=page.get_by_role("rowheader", name=fund, exact=True))
    )


def is_over(there: Page | Locator) -> None:
    """Perkins is over by $2,300.00, and what is there says so with its sign."""
    expect(there.get_by_text("−$2,300.00").first).to_be_visible()
    expect(there.get_by_text("Perkins V").first).to_be_visible()


def downloaded(page: Page, link: Locator, folder: Path) -> bytes:
    """What a link brings."""
    with page.expect_download() as found:
        link.click()
    target = folder / found.value.suggested_filename
    found.value.save_as(target)
    return target.read_bytes()
