"""What pathways promise: every credential is accounted for; what a pathway lacks is said until it is there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from awards.models import EditionRole
from hstw.access import Role
from hstw.navigation import current_year
from pathways import proofs
from pathways.models import Pathway
from schools.models import Enrollment, Student, StudentIdentifier
from tests import factories
from tests.awards import world as w
from tests.browser.promises import Place, accessible, an_edition, at, load, place
from tests.pathways import made

pytestmark = pytest.mark.usefixtures("_database")
YEAR = int(current_year())


# --- 12: the credential ledger ---------------------------------------------------------------------------------------
def enrolled(here: Place, year: int, number: int) -> list[str]:
    """So many students of a year; the state's numbers of them."""
    students = Student.objects.bulk_create(Student(first_name="Student", last_name=f"{n:03d}") for n in range(number))
    numbers = [f"{here.state.pk}{year}{n:03d}" for n in range(number)]
    Enrollment.objects.bulk_create(
        Enrollment(student=one, organization=here.school, year=year, grade="12", entered=f"{year - 1}-08-10")
        for one in students
    )
    StudentIdentifier.objects.bulk_create(
        StudentIdentifier(student=one, system="state", organization=here.state, value=value, starts=factories.LONG_AGO)
        for one, value in zip(students, numbers, strict=True)
    )
    return numbers


def test_of_162_rows_154_count_and_each_of_the_others_is_listed_with_its_reason(signed_in: Callable[..., Page]) -> None:
    here = place("Ledger")
    made.credential_type(here.state, "CNA")
    year = YEAR - 1
    numbers = enrolled(here, year, 157)
    proofs.verify([made.earned(here.school, "CNA", dt.date(year - 1, 3, 1)) for _ in range(12)], factories.person())
    school = here.school.name
    good = [f"{one},{school},CNA,State board,{year}-03-02,Y" for one in numbers[:154]]
    strange = [f"{one},{school},HOBBY,Somebody,{year}-03-02,Y" for one in numbers[154:]]
    # Five that are there already: three rows word for word, two credentials earned a second time.
    again = [*good[:3], *(row.replace("-03-02", "-05-04") for row in good[3:5])]
    lines = [*good, *strange, *again]
    assert len(lines) == 162
    page = signed_in(factories.person(Role.PRINCIPAL, here.school, names_students=True))
    load(
        page,
        here.school,
        year,
        "162-credentials.csv",
        ["state_number,school,credential_code,issuer,earned_on,passed", *lines],
    )
    ledger = at(here.school, "pathways/credentials/", year)
    page.goto(ledger)
    for told in ("154 counted", "3 not on the list", "2 earned before", "0 not passed"):
        expect(page.get_by_role("link", name=told, exact=True)).to_be_visible()

    # The number opens its list.
    page.get_by_role("link", name="154 counted").click()
    expect(page.get_by_role("heading", name="154 lines")).to_be_visible()
    assert listed(page) == 154

    # The eight: three and two in the ledger, three in what is told of the file; each with its reason.
    page.goto(ledger)
    page.get_by_role("link", name="3 not on the list").click()
    reason = f"HOBBY is not on the list of {year - 1}–{year % 100:02d}."
    expect(page.locator("tbody tr").filter(has_text=reason)).to_have_count(3)
    page.get_by_role("link", name="2 earned before").click()
    reason = f"The same student earned it on Mar 2, {year}."
    expect(page.locator("tbody tr").filter(has_text=reason)).to_have_count(2)
    accessible(page)
    left = page.locator("section").filter(has=page.get_by_role("heading", name="Left out by imports"))
    expect(left).to_contain_text("3 rows: repeated, or could not be loaded")
    left.get_by_role("link", name="162-credentials.csv").click()
    problem = page.locator(".problem-list li").filter(has_text="The same row again")
    expect(problem).to_contain_text("3 rows")
    expect(problem).to_contain_text("Counted once.")
    for line in (159, 160, 161):
        expect(problem).to_contain_text(f"line {line}")

    # Apart: those whose proof nobody has seen.
    page.goto(ledger)
    expect(page.get_by_role("link", name="154 of them not verified")).to_be_visible()
    page.get_by_role("link", name="154 of them not verified").click()
    expect(page.get_by_label("Not verified yet")).to_be_checked()
    for box in page.get_by_role("checkbox", name=re.compile("^Verify CNA of")).all():
        box.check()
    page.get_by_role("button", name="I have seen the proof of those chosen").click()
    expect(page.get_by_text("25 lines verified.")).to_be_visible()
    expect(page.get_by_role("link", name="129 of them not verified")).to_be_visible()
    page.get_by_role("link", name="129 of them not verified").click()
    expect(page.get_by_role("heading", name="129 lines")).to_be_visible()
    expect(page.get_by_role("link", name="154 counted")).to_be_visible()

    # Never in the public figure: the school reads 154, and readers and the public 25.
    edition = an_edition()
    nomination = w.submitted(edition, here.school)
    reader = w.place(edition, EditionRole.REVIEWER)
    w.assign(nomination, reader)
    told = f"in {year - 1}–{year % 100:02d}"
    page.goto(nomination.get_absolute_url())
    expect(figure(page)).to_contain_text(f"to 154 {told}")
    expect(figure(page)).to_contain_text(f"left out for readers and the public: 129 {told}")
    public = signed_in(reader.user)
    public.goto(nomination.get_absolute_url())
    expect(figure(public)).to_contain_text(f"to 25 {told}")
    expect(public.get_by_text("154")).to_have_count(0)


def figure(page: Page) -> Locator:
    """What a nomination says of the ledger."""
    return page.locator(".doc .claim").filter(has=page.get_by_role("heading", name="Industry credentials earned"))


def listed(page: Page) -> int:
    """The rows of a list, over all its pages."""
    found = page.locator("table tbody tr").count()
    while (following := page.get_by_role("link", name="Next")).count():
        with page.expect_navigation():
            following.first.click()
        found += page.locator("table tbody tr").count()
    return found


# --- 14: the pathway designer ----------------------------------------------------------------------------------------
MISSING = "Needs 1 more course, or 3 AC/AP/IB courses in STEM or the humanities."


def finding(page: Page) -> Locator:
    """What the rule of the courses says."""
    return page.locator(".finding").first


def with_core(here: Place, name: str, courses: list[str], **fields: str) -> Pathway:
    """A draft with the recommended core, and courses in the catalog that are not in it yet."""
    row = made.with_core(made.pathway(here.school, name), here.district)
    for title in courses:
        made.course(here.district, title, **fields)
    return row


def test_a_pathway_says_what_it_lacks_and_is_not_complete_until_it_is_there(signed_in: Callable[..., Page]) -> None:
    here = place("Designer")
    titles = [f"Welding {number}" for number in range(1, 5)]
    row = with_core(here, "Welding", titles)
    page, office = signed_in(role=Role.COUNSELOR, on=here.school), signed_in(role=Role.CTE_DIRECTOR, on=here.district)
    page.goto(at(here.school, f"pathways/{row.pk}/courses/"))
    for title in titles[:3]:
        page.get_by_label(title, exact=False).first.check()
    page.get_by_role("button", name="Add those chosen").click()
    expect(page.locator(".said")).to_contain_text("3 courses added.")
    expect(finding(page)).to_contain_text("Missing")
    expect(finding(page)).to_contain_text(MISSING)
    expect(page.get_by_role("heading", name="Not complete yet")).to_be_visible()

    # Nobody can mark it as complete: there is no button, and whoever sends what it would send is told why.
    whole = at(here.school, f"pathways/{row.pk}/")
    office.goto(whole)
    expect(office.get_by_role("heading", name="Not complete yet")).to_be_visible()
    expect(finding(office)).to_contain_text(MISSING)
    expect(office.get_by_role("button", name="Approve")).to_have_count(0)
    token = office.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    headers = {"Referer": office.url}
    answer = office.request.post(whole, form={"op": "approve", "csrfmiddlewaretoken": token}, headers=headers)
    assert MISSING in answer.text().replace("&#x27;", "'")
    assert Pathway.objects.get(pk=row.pk).status == "draft"

    # The fourth course clears the message, on the page that stands there: nothing is loaded again.
    page.evaluate("window.here = document.querySelector('main')")
    page.locator("#id_course").fill(titles[3])
    page.get_by_role("button", name="Add the course").click()
    expect(page.get_by_role("heading", name="Complete", exact=True)).to_be_visible()
    expect(finding(page)).to_contain_text("4 pathway courses.")
    expect(page.get_by_text(MISSING)).to_have_count(0)
    assert page.evaluate("window.here === document.querySelector('main') && window.here.isConnected")
    accessible(page)
    office.goto(whole)
    office.get_by_role("button", name="Approve").click()
    expect(office.get_by_text("Approved: the pathway is published.")).to_be_visible()


def test_three_advanced_courses_do_as_well(signed_in: Callable[..., Page]) -> None:
    here = place("Advanced")
    titles = ["AP Biology", "AP Chemistry", "AP Physics"]
    row = with_core(here, "Biomedical science", titles, subject="science", level="ap")
    page = signed_in(role=Role.COUNSELOR, on=here.school)
    page.goto(at(here.school, f"pathways/{row.pk}/courses/"))
    sentences = [
        "Needs 3 more courses, or 2 more AC/AP/IB courses in STEM.",
        "Needs 2 more courses, or 1 more AC/AP/IB course in STEM.",
        "3 AC/AP/IB courses in STEM.",
    ]
    for title, sentence in zip(titles, sentences, strict=True):
        page.locator("#id_course").fill(title)
        page.get_by_role("button", name="Add the course").click()
        expect(finding(page)).to_contain_text(sentence)
    expect(page.get_by_role("heading", name="Complete", exact=True)).to_be_visible()
