"""Our own templates as people fill them in: with a spreadsheet's habits, in another order, with a row of totals."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schools.imports import registry, templates
from schools.models import Enrollment, ImportBatch, Organization
from schools.models.imports import ImportState
from schools.models.organization import Kind
from tests import factories
from tests.samples import apply, causes, loaded, looked

pytestmark = pytest.mark.django_db
CODES = [
    "roster", "attendance", "demographics", "courses", "assessments", "credentials", "work_based_learning", "diplomas",
    "cohort_removals", "postsecondary",
]  # fmt: skip
ROSTER = "state_number,local_number,first_name,last_name,school,grade,entered\n" + "".join(
    f"190441726{n},004821{n},First,Last {n},0010,09,2025-08-12\n" for n in (3, 4, 5)
)


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def district() -> Organization:
    state = factories.organization(Kind.STATE, factories.region(), "Alabama", postal_state="AL")
    district = factories.organization(Kind.DISTRICT, state, "Cahaba County", nces_id="0100001")
    ids = {"nces_id": "010000100001", "state_id": "0010"}
    factories.organization(Kind.SCHOOL, district, "Cahaba Ridge High School", **ids)
    return district


def filled(code: str) -> list[dict[str, str]]:
    """Three rows: the sample row for three students, the school named in three ways, dates as Americans write them."""
    rows = []
    schools = {3: "010000100001", 4: "Cahaba Ridge High School ", 5: "10"}
    for n, school in schools.items():
        row = {line.column: str(line.example) for line in templates.codebook(registry.layout(code))}
        row |= {"state_number": f"190441726{n}", "local_number": f"004821{n}"}
        if "school" in row:
            row["school"] = school
        for column, value in row.items():
            if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                year, month, day = map(int, value.split("-"))
                row[column] = f"{month}/{day}/{year}"
            elif column not in {"school", "state_number"} and re.fullmatch("0[0-9]+", value):
                row[column] = value.lstrip("0")
        rows.append(row)
    return rows


def as_csv(rows: list[dict[str, str]]) -> bytes:
    """Columns backwards with spaces and capitals, one more, trailing blanks, a blank row and a row of totals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    columns = list(reversed(rows[0]))
    writer.writerow([*[column.replace("_", " ").title() for column in columns], "Homeroom"])
    writer.writerows([[*[f"{row[column]} " for column in columns], "12B"] for row in rows])
    writer.writerow([""] * (len(columns) + 1))
    writer.writerow(["Total", "3", *[""] * (len(columns) - 1)])
    return out.getvalue().encode("cp1252")


def as_workbook(code: str, rows: list[dict[str, str]]) -> bytes:
    """Our workbook with the sample row written over: dates are dates and numbers are numbers, as Excel makes them."""
    with templates.xlsx_template(registry.layout(code)) as blank:
        book = openpyxl.load_workbook(blank)
    sheet = book.worksheets[0]
    for place, row in enumerate(rows, 2):
        for column, text in enumerate(row.values(), 1):
            value: Any = text
            if re.fullmatch("[0-9]+/[0-9]+/[0-9]{4}", text):
                month, day, year = map(int, text.split("/"))
                value = dt.datetime(year, month, day)
            elif re.fullmatch("[0-9]+([.][0-9]+)?", text):
                value = float(text) if "." in text else int(text)
            sheet.cell(row=place, column=column, value=value)
    sheet.cell(row=7, column=len(rows[0]), value="Total")
    sheet.cell(row=7, column=len(rows[0]) - 1, value=3)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def written(batch: ImportBatch) -> int:
    """Records that are new or changed, of the last of the targets."""
    counts = list(batch.counts.values())[-1]
    assert counts["refused"] == counts["gone"] == 0
    return int(counts["new"] + counts["changed"])


@pytest.mark.parametrize("code", CODES)
def test_a_template_filled_in_with_a_spreadsheet(district: Organization, code: str) -> None:
    if code != "roster":
        loaded(district, ROSTER.encode(), "roster.csv", year=2026)
    rows = filled(code)
    first = looked(district, as_csv(rows), f"{code}.csv", year=2026)
    assert (first.kind, first.refusal, written(first)) == (code, "", 3)
    assert causes(first) == {"unknown_headings": 1, "row_of_totals": 1}
    assert not any("nothing is ended" in note for note in first.preview["notes"])
    second = apply(looked(district, as_workbook(code, rows), f"{code}.xlsx", year=2026))
    assert (second.kind, written(second)) == (code, 3)
    assert causes(second) == {"row_of_totals": 1}
    assert not any("Codebook" in note for note in second.preview["notes"])
    # Both say the same.
    again = looked(district, as_csv(rows), f"{code}.csv", year=2026)
    assert {(counts["new"], counts["changed"], counts["gone"]) for counts in again.counts.values()} == {(0, 0, 0)}


def test_a_number_that_a_spreadsheet_ruined_is_said_and_ends_nobody(district: Organization) -> None:
    loaded(district, ROSTER.encode(), "roster.csv", year=2026)
    ruined = ROSTER.replace("1904417263", "1.90E+09").replace("0048213", "")
    batch = apply(looked(district, ruined.encode(), "roster.csv", year=2026))
    problem = batch.problems.get(cause="scientific_number")
    assert "format the column as text" in problem.advice
    assert batch.state == ImportState.APPLIED
    assert Enrollment.objects.filter(exited=None).count() == 3
