"""A district's year begins: the ClassLink bundle comes in, a torn export trips the guard, is confirmed, and undone.

With the evidence templates beside it, its own staff see a first dashboard, without any command.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from goals import runs
from hstw.access import Role
from schools.imports import steps
from schools.models import Enrollment, EvidenceChange, ImportBatch, Organization, StudentIdentifier
from tests import factories
from tests.browser.world import FilledWorld
from tests.samples import SAMPLES, needs_samples

CLASSLINK = SAMPLES / "oneroster" / "classlink-1.1" / "OneRoster-original.zip"
YEAR = 2019  # the school year of the bundle's dates


pytestmark = needs_samples


@pytest.fixture
def district(world: FilledWorld) -> Organization:
    """A district with nothing in it yet."""
    return factories.organization("district", world.places.alabama, "Clifton School District", postal_state="AL")


def elsewhere(bundle: Path) -> bytes:
    """The bundle as another district has it: a number of NCES belongs to one school, and this file loads it twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b'"123456789', b'"987654321') if name == "orgs.csv" else data)
    return out.getvalue()


def torn(bundle: Path) -> tuple[bytes, int]:
    """The bundle without every third student, and how many are missing."""
    out = io.BytesIO()
    missing: set[str] = set()
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(out, "w") as target:
        users = list(csv.DictReader(io.TextIOWrapper(source.open("users.csv"), "utf-8-sig")))
        # One of them has no grade and is not loaded in the first place.
        students = [user["sourcedId"] for user in users if user["role"] == "student" and user["grades"]]
        missing = set(students[::3])
        for name in source.namelist():
            text = source.read(name).decode("utf-8-sig")
            if name in {"users.csv", "enrollments.csv"}:
                column = "sourcedId" if name == "users.csv" else "userSourcedId"
                rows = list(csv.DictReader(io.StringIO(text)))
                kept = io.StringIO()
                writer = csv.DictWriter(kept, rows[0].keys())
                writer.writeheader()
                writer.writerows(row for row in rows if row[column] not in missing)
                text = kept.getvalue()
            target.writestr(name, text)
    return out.getvalue(), len(missing)


def load(page: Page, district: Organization, name: str, data: bytes) -> ImportBatch:
    page.goto(f"/o/{district.slug}/{YEAR}/data/load/")
    mime = "application/zip" if name.endswith(".zip") else "text/csv"
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": mime, "buffer": data})
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="Checking the file")).to_be_visible()
    batch = ImportBatch.objects.filter(organization=district).latest("pk")
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="Is this what should change?")).to_be_visible()
    return batch


def still_enrolled(district: Organization) -> int:
    return Enrollment.objects.filter(organization__path__startswith=district.path, exited=None).count()


def test_a_roster_comes_in_a_torn_one_is_held_confirmed_and_undone(
    district: Organization, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(role=Role.DISTRICT_ADMINISTRATOR, on=district)
    whole = load(page, district, "classlink.zip", CLASSLINK.read_bytes())
    # The preview: two schools to be added, everybody new, the sessions' contradiction named.
    expect(page.get_by_text("ClassLink HS").first).to_be_visible()
    expect(page.get_by_text("The sessions' schoolYear says 2018").first).to_be_visible()
    assert still_enrolled(district) == 0
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Applying the file")).to_be_visible()
    steps.work(whole.pk, beating=False)
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible()
    everybody = still_enrolled(district)
    assert everybody == 139

    data, missing = torn(CLASSLINK)
    part = load(page, district, "classlink-torn.zip", data)
    part.refresh_from_db()
    number = part.guard["number"]
    assert number >= missing
    page.get_by_label(f"Type {number} to apply it").fill("7")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text(f"type the number {number}")).to_be_visible()
    assert still_enrolled(district) == everybody
    page.get_by_label(f"Type {number} to apply it").fill(str(number))
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Applying the file")).to_be_visible()
    steps.work(part.pk, beating=False)
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible()
    assert still_enrolled(district) == everybody - missing

    page.get_by_text("Undo this import").click()
    page.get_by_role("button", name="Undo it now").click()
    expect(page.get_by_role("heading", name="This import was undone")).to_be_visible()
    assert still_enrolled(district) == everybody


def apply(page: Page, batch: ImportBatch) -> None:
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Applying the file")).to_be_visible()
    steps.work(batch.pk, beating=False)
    expect(page.get_by_role("heading", name="The file is loaded")).to_be_visible()


def attendance(district: Organization) -> tuple[bytes, int, int]:
    """The attendance template filled in: every fifth student missed 20 of 170 days; how many, and of how many."""
    spells = Enrollment.objects.filter(organization__path__startswith=district.path, year=YEAR).order_by("student_id")
    numbers = dict(
        StudentIdentifier.objects.filter(system="local", organization=district).values_list("student_id", "value")
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["local_number", "school", "school_year", "days_enrolled", "days_absent"])
    absent = set()
    for n, spell in enumerate(spells.select_related("organization")):
        if n % 5 == 0:
            absent.add(spell.student_id)
        missed = 20 if n % 5 == 0 else 3
        writer.writerow([numbers[spell.student_id], spell.organization.name, "2018-19", 170, missed])
    return out.getvalue().encode(), len(absent), spells.values("student_id").distinct().count()


def test_a_new_district_sees_its_first_dashboard(district: Organization, signed_in: Callable[..., Page]) -> None:
    page = signed_in(role=Role.DISTRICT_ADMINISTRATOR, on=district)
    apply(page, load(page, district, "classlink.zip", elsewhere(CLASSLINK)))
    data, absent, students = attendance(district)
    apply(page, load(page, district, "attendance.csv", data))
    # What the workers do within a minute.
    assert EvidenceChange.objects.exists()
    runs.sweep()

    page.goto(f"/o/{district.slug}/{YEAR}/")
    page.get_by_role("link", name="Readiness").first.click()
    expect(page.get_by_role("heading", name="Are our students getting ready?")).to_be_visible()
    row = page.locator(".measure-row", has=page.get_by_role("link", name="Chronic absenteeism", exact=True))
    expect(row.locator(".number")).to_contain_text(f"{100 * absent / students:.1f} %")
    # What is not loaded is not zero: it is said, with the way to load it.
    unknown = page.locator(
        ".is-unknown", has=page.get_by_role("link", name="On track at the end of grade 10", exact=True)
    )
    expect(unknown).to_contain_text("not reported")
    expect(unknown).to_contain_text("Courses 2017–18 not loaded")
    upload = page.get_by_role("link", name="Load Diplomas", exact=True)
    assert (upload.get_attribute("href") or "").endswith(f"/o/{district.slug}/{YEAR}/data/load/?kind=diplomas")
    # The number explains itself; nothing is known of groups, and that is said.
    page.get_by_role("link", name="Chronic absenteeism", exact=True).first.click()
    expect(page.get_by_text(f"{absent} of {students} students")).to_be_visible()
    groups = page.locator("section", has=page.get_by_role("heading", name="By student group"))
    expect(groups).to_contain_text("Student groups are not reported")
    expect(groups.get_by_role("link", name="Load Student groups", exact=True)).to_be_visible()
