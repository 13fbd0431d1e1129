"""A file of surveys from choosing it to what everybody reads: what is wrong, what it would do, and what it did."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from goals.models import SurveyAdministration
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import User
from tests import factories

YEAR = int(current_year())
LAST = YEAR - 1
HEADINGS = ["school", "school_year", "survey_of", "date_closed", "invited", "answered", "practice", "index"]
NARROWEST = {"width": 320, "height": 640}


@pytest.fixture
def planner(_database: None) -> User:
    state = factories.organization("state", factories.region("A region"), "A state", postal_state="AL")
    district = factories.organization("district", state, "Oak County", slug="oak")
    factories.organization("school", district, "Oak Hill High School", slug="oak-hill", design="high")
    return factories.person(Role.DISTRICT_PLANNER, district)


def chosen(page: Page, *rows: Sequence[Any]) -> None:
    """Choose a file with these rows, and ask what it would do."""
    page.goto(reverse("goals:survey_load", args=["oak", YEAR]))
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, *rows])
    file: Any = {"name": "surveys.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Show what it would do").click()


def fits(page: Page) -> None:
    """Nobody has to scroll sideways on a narrow screen, and the page is accessible."""
    found = Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == []
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST["width"]


def test_a_file_of_surveys(signed_in: Callable[..., Page], planner: User) -> None:
    page = signed_in(planner)
    row = ["Oak Hill High School", LAST, "students", f"{LAST}-03-13", 612, 540]
    chosen(page, [*row, "Guidance", "104"], ["Elm High School", *row[1:], "Guidance", "41.5"])
    expect(page.get_by_text("index: Not between 0 and 100")).to_contain_text("Line 2")
    expect(page.get_by_text("Oak County has no school “Elm High School”")).to_contain_text("Line 3")
    expect(page.get_by_role("button", name="Apply")).to_have_count(0)
    fits(page)

    chosen(page, [*row, "Guidance", "41.5"], [*row, "Extra help", "38"])
    expect(page.get_by_role("row", name="Oak Hill High School")).to_contain_text("540 of 612 answered, 2 practices")
    assert not SurveyAdministration.objects.filter(organization__slug="oak-hill").exists()
    fits(page)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 survey is recorded.")).to_be_visible()

    page.goto(reverse("goals:practices", args=["oak-hill", YEAR]))
    page.get_by_role("link", name="Students").click()
    expect(page.get_by_role("row", name="Extra help")).to_contain_text("38.0 %")
    expect(page.get_by_text("39.8 %")).to_be_visible()
