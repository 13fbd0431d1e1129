"""Figures as files: numbers as numbers, codes as text, and a codebook in the words of the page."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from goals import closing, explanation
from goals.models import Measure, ReportedResult, StudentGroup
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.access import Role
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import Enrollment, EvidenceCoverage, ImportBatch, Organization
from tests import factories
from tests.factories import World, enrollment, make_world

pytestmark = pytest.mark.django_db
YEAR = SchoolYear(int(current_year()) - 1)
CODE = "CHRONIC_ABSENCE"


@pytest.fixture
def world() -> World:
    """Ridge: 5 of 40 chronically absent, of 4 with a disability none; Valley: 59 of 60."""
    made = make_world()
    when = timezone.now() - dt.timedelta(days=12)
    batch = ImportBatch.objects.create(
        organization=made.cahaba, year=YEAR, kind="attendance", source="attendance.csv", loaded_at=when
    )
    for kind in ("enrollment", "attendance", "demographics"):
        EvidenceCoverage.objects.create(
            organization=made.cahaba, year=YEAR, kind=kind, batch=batch, through_date=dt.date(YEAR, 3, 3)
        )
    for school, students, absent in ((made.ridge, 40, 5), (made.valley, 60, 59)):
        for n in range(students):
            about = {"with_disabilities": n >= students - 4}
            enrollment(school, YEAR, days_enrolled=100, days_absent=20 if n < absent else 1, **about)
    for basis in Basis:
        rollup.roll_up(made.alabama, basis, YEAR)
    return made


def taken(client: Client, role: str, on: Organization, name: str, *args: Any) -> Any:
    client.force_login(factories.person(role, on))
    return client.get(reverse(f"goals:{name}", args=args))


def book_of(answer: Any) -> Any:
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    headings = [cell.value for cell in sheet[1]]
    return [dict(zip(headings, row, strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_numbers_are_numbers_with_the_format_of_percents(world: World, client: Client) -> None:
    book = book_of(taken(client, Role.PRINCIPAL, world.ridge, "measure_file", "ridge", YEAR, CODE, "xlsx"))
    sheet = book.worksheets[0]
    assert "do not share" in sheet.title
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref.startswith("A1:")
    [row] = [
        row
        for row in rows_of(sheet)
        if (row["School year"].value, row["Student group"].value) == (YEAR.label, "All students")
    ]
    assert (row["Figure"].value, row["Figure"].number_format) == (0.125, "0.0%")
    assert (row["Students counted"].value, row["Of students"].value) == (5, 40)
    assert row["Sharing"].value == "Do not share"
    earlier = [row for row in rows_of(sheet) if row["School year"].value == SchoolYear(YEAR - 1).label]
    assert [row["Figure"].value for row in earlier] == ["not reported"]


def test_codes_are_text_and_protected_files_have_no_counts(world: World, client: Client) -> None:
    answer = taken(client, Role.BOARD_VIEWER, world.cahaba, "measure_file", "cahaba", YEAR, CODE, "xlsx")
    assert "do-not-share" not in answer["Content-Disposition"]
    sheet = book_of(answer).worksheets[0]
    assert sheet.title == "Figures"
    found = rows_of(sheet)
    assert not {"Students counted", "Of students", "Revised", "Sharing"} & set(found[0])
    everybody = {
        row["Organization"].value: row["Figure"]
        for row in found
        if (row["School year"].value, row["Student group"].value) == (YEAR.label, "All students")
    }
    # 64 of 100 in the district; what the release says of each is on its page as well.
    whole = everybody.pop("Cahaba County")
    assert (whole.value, whole.number_format) == (0.64, "0%")
    page = client.get(reverse("goals:measure", args=["cahaba", YEAR, CODE]))
    shown = {place.organization.name: place.figure.text for place in page.context["page_obj"]}
    assert {name: cell.value for name, cell in everybody.items()} == shown
    assert all(cell.number_format == "@" for cell in everybody.values())


def test_exact_files_are_marked_and_written_down_and_protected_ones_are_not(world: World, client: Client) -> None:
    with capture_logs() as logs:
        exact = taken(client, Role.PRINCIPAL, world.ridge, "measure_file", "ridge", YEAR, CODE, "csv")
        taken(client, Role.PRINCIPAL, world.ridge, "dashboard_file", "ridge", YEAR, "xlsx")
        taken(client, Role.BOARD_VIEWER, world.ridge, "measure_file", "ridge", YEAR, CODE, "csv")
    assert "do-not-share" in exact["Content-Disposition"]
    assert [log["what"] for log in logs if log["event"] == "figures downloaded"] == [
        "chronic_absence.csv",
        "readiness.xlsx",
    ]


def test_the_csv_has_the_same_rows(world: World, client: Client) -> None:
    answer = taken(client, Role.PRINCIPAL, world.ridge, "measure_file", "ridge", YEAR, CODE, "csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    [row] = [row for row in rows if (row["School year"], row["Student group"]) == (YEAR.label, "All students")]
    assert (row["Figure"], row["Students counted"], row["State of the figure"]) == ("12.5%", "5", "Shown")
    assert taken(client, Role.PRINCIPAL, world.ridge, "measure_file", "ridge", YEAR, CODE, "exe").status_code == 404


def test_the_codebook_explains_every_column_and_says_what_the_page_says(world: World, client: Client) -> None:
    book = book_of(taken(client, Role.PRINCIPAL, world.ridge, "measure_file", "ridge", YEAR, CODE, "xlsx"))
    codebook = {row[0].value: row[1].value for row in book["Codebook"].iter_rows(min_row=2)}
    for cell in book.worksheets[0][1]:
        assert codebook[f"Column “{cell.value}”"]
    for term in ("Shown", "Too few students", "Withheld to protect another group", "Not reported", "Does not apply"):
        assert codebook[f"State “{term}”"]
    assert codebook["Age of the data"] == f"loaded 12 days ago, through March 3, {YEAR}."
    page = taken(client, Role.PRINCIPAL, world.ridge, "measure", "ridge", YEAR, CODE)
    said = " ".join(html.unescape(page.content.decode()).split())
    for section in page.context["about"].told:
        for entry in section.entries:
            assert codebook[entry.term] == entry.whole
            assert " ".join(entry.text.split()) in said, entry.term
            assert entry.note in said


def test_the_dashboard_is_a_file_with_every_measure_explained(world: World, client: Client) -> None:
    book = book_of(taken(client, Role.PRINCIPAL, world.ridge, "dashboard_file", "ridge", YEAR, "xlsx"))
    measures = {row["Measure"].value for row in rows_of(book.worksheets[0])}
    explained = {row[0].value for row in book["Measures"].iter_rows(min_row=2)}
    assert len(measures) >= 10
    assert measures <= explained


def test_revised_and_published_stand_in_columns_beside(world: World, client: Client) -> None:
    closing.close(world.alabama, YEAR, None)
    row = Enrollment.objects.filter(organization=world.ridge, days_absent=1).order_by("pk")[0]
    Enrollment.objects.filter(pk=row.pk).update(days_absent=50)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    ReportedResult.objects.create(
        organization=world.ridge, measure=Measure.objects.get(code=CODE), group=StudentGroup.objects.get(code="ALL"),
        year=YEAR, publisher="test", value=Decimal("14.2"),
    )  # fmt: skip
    sheet = book_of(taken(client, Role.PRINCIPAL, world.ridge, "measure_file", "ridge", YEAR, CODE, "xlsx")).worksheets[
        0
    ]
    [found] = [
        row
        for row in rows_of(sheet)
        if (row["School year"].value, row["Student group"].value) == (YEAR.label, "All students")
    ]
    assert (found["Figure"].value, found["Revised"].value) == (0.125, 0.15)
    assert (found["Published"].value, found["Published"].number_format) == (0.142, "0.0%")
    assert found["Certified"].value.date() == timezone.localdate()
    page = taken(client, Role.PRINCIPAL, world.ridge, "measure", "ridge", YEAR, CODE)
    assert "revised 15.0 %" in page.content.decode()
    trend = page.context["row"].trend
    assert [(dot.text, dot.label) for dot in trend.beside] == [("revised 15.0 %", YEAR.label)]
    assert [dot.text for dot in trend.dots] == ["12.5 %"]


def test_what_is_only_published_is_a_file_too(world: World, client: Client) -> None:
    about = {"measure": Measure.objects.get(code="AP_PARTICIPATION"), "year": YEAR, "publisher": "test"}
    everybody, group = StudentGroup.objects.get(code="ALL"), StudentGroup.objects.get(code="BL")
    ReportedResult.objects.create(organization=world.cahaba, group=everybody, value=Decimal("31.25"), **about)
    ReportedResult.objects.create(organization=world.ridge, group=everybody, value=Decimal("30"), **about)
    ReportedResult.objects.create(organization=world.cahaba, group=group, mask="small", **about)
    answer = taken(client, Role.BOARD_VIEWER, world.cahaba, "measure_file", "cahaba", YEAR, "AP_PARTICIPATION", "xlsx")
    book = book_of(answer)
    cells = {(row["Organization"].value, row["Student group"].value): row for row in rows_of(book.worksheets[0])}
    assert cells["Cahaba County", "All students"]["Published"].value == pytest.approx(0.313)
    assert cells["Cahaba County", group.name]["Published"].value == "Too few students"
    assert cells["Cahaba Ridge High School", "All students"]["Published"].value == 0.3


@pytest.mark.parametrize(("name", "more"), [("measure_file", [CODE]), ("dashboard_file", [])])
def test_files_cost_the_same_however_many_schools(name: str, more: list[str], world: World, client: Client) -> None:
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    url = reverse(f"goals:{name}", args=["cahaba", YEAR, *more, "csv"])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        b"".join(client.get(url).streaming_content)
    for n in range(8):
        enrollment(factories.organization("school", world.cahaba, f"School {n}"), YEAR, days_enrolled=9, days_absent=5)
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    with CaptureQueriesContext(connection) as many:
        b"".join(client.get(url).streaming_content)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("days", "through", "text"),
    [
        (0, None, "loaded today"),
        (1, None, "loaded 1 day ago"),
        (12, dt.date(2026, 3, 3), "loaded 12 days ago, through March 3, 2026"),
    ],
)
def test_the_age_of_data(days: int, through: dt.date | None, text: str) -> None:
    now = timezone.now()
    assert explanation.age(now - dt.timedelta(days), through, timezone.localdate(now)) == text
