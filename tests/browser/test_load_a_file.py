"""A file is loaded: uploaded, watched while it is read, looked at, applied; with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from hstw.access import Role
from hstw.navigation import current_year
from schools.imports import steps
from schools.models import Enrollment, ImportBatch, Organization
from tests import factories
from tests.browser.world import FilledWorld

HEADINGS = "local_number,first_name,last_name,school,grade,entered"


def a_school(world: FilledWorld, name: str) -> Organization:
    return factories.organization("school", world.places.cahaba, name, grade_low="09", grade_high="12")


def upload(page: Page, school: Organization) -> ImportBatch:
    rows = [f"{school.pk}{n},First,Last {n},{school.name},09,{current_year() - 1}-08-12" for n in range(3)]
    page.goto(f"/o/{school.slug}/{current_year()}/data/")
    page.get_by_role("link", name="Load a file").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "roster.csv", "mimeType": "text/csv", "buffer": "\n".join([HEADINGS, *rows]).encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="Checking the file")).to_be_visible()
    return ImportBatch.objects.get(organization=school)


def test_the_page_follows_the_worker(world: FilledWorld, signed_in: Callable[..., Page]) -> None:
    school = a_school(world, "Load High School")
    page = signed_in(role=Role.PRINCIPAL, on=school)
    batch = upload(page, school)
    ImportBatch.objects.filter(pk=batch.pk).update(phase="Counting sheep", rows_done=1, rows_total=4)
    expect(page.get_by_text("1 of 4 rows (25%)")).to_be_visible()
    # What is pressed stays in reach while the numbers beside it change.
    page.get_by_role("button", name="Cancel").focus()
    ImportBatch.objects.filter(pk=batch.pk).update(rows_done=2)
    expect(page.get_by_text("2 of 4 rows (50%)")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="Is this what should change?")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Applying the file")).to_be_visible()
    assert not Enrollment.objects.filter(organization=school).exists()
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible()
    assert Enrollment.objects.filter(organization=school).count() == 3
    page.get_by_text("Undo this import").click()
    page.get_by_role("button", name="Undo it now").click()
    expect(page.get_by_role("heading", name="This import was undone")).to_be_visible()
    assert not Enrollment.objects.filter(organization=school).exists()


def test_it_goes_without_scripts(world: FilledWorld, signed_in: Callable[..., Any]) -> None:
    school = a_school(world, "Quiet High School")
    page = signed_in(role=Role.PRINCIPAL, on=school, java_script_enabled=False)
    batch = upload(page, school)
    steps.work(batch.pk, beating=False)
    page.get_by_role("link", name="See how far it is").click()
    page.get_by_role("button", name="Apply").click()
    steps.work(batch.pk, beating=False)
    page.get_by_role("link", name="See how far it is").click()
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible()
    assert Enrollment.objects.filter(organization=school).count() == 3
