"""Kinds of files that are recognized, and told apart from OneRoster."""

from __future__ import annotations

import pytest

from schools.imports import builtin, recognized, registry
from schools.imports.oneroster import ONEROSTER
from schools.imports.problems import FileRefused
from schools.imports.read.table import Contents
from schools.imports.registry import Layout
from tests.samples import SAMPLES, needs_samples
from tests.schools.imports import bundles_oneroster as made
from tests.schools.imports.fakes_oneroster import contents

SDS_2 = {
    "orgs.csv": "sourcedId,name,type,parentSourcedId\n",
    "users.csv": "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone,sms\n",
    "roles.csv": "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary,roleStartDate,roleEndDate\n",
    "classes.csv": "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\n",
}
SDS_1 = {
    "School.csv": "SIS ID,Name\n",
    "Student.csv": "SIS ID,School SIS ID,First Name,Last Name,Username\n",
    "StudentEnrollment.csv": "Section SIS ID,SIS ID\n",
}
POWER_SCHOOL = {"student.export.text": "Student_Number,LastFirst,SchoolID,Grade_Level,Enroll_Status\n"}
INFINITE_CAMPUS = {"extract.csv": "student.studentNumber,student.lastName,student.firstName,student.grade\n"}
OTHER = {"grades.csv": "student,grade,school_year\n"}


def _mine(files: Contents) -> str:
    """The code of the layout that is surest."""
    every: tuple[Layout, ...] = (*recognized.RECOGNIZED, ONEROSTER)
    best = max(every, key=lambda layout: layout.detects(files))
    return best.code if best.detects(files) else ""


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (SDS_2, "school-data-sync-2"),
        ({"users.csv": SDS_2["users.csv"]}, "school-data-sync-2"),
        ({name: SDS_2[name] for name in ("orgs.csv", "roles.csv")}, "school-data-sync-2"),
        (SDS_1, "school-data-sync-1"),
        (POWER_SCHOOL, "powerschool"),
        (INFINITE_CAMPUS, "infinite-campus"),
        (made.bulk(), "oneroster"),
        (made.bulk_1_2(), "oneroster"),
        ({"x/Users.csv": made.USERS}, "oneroster"),
        (OTHER, ""),
    ],
)
def test_told_apart(files: dict[str, str], code: str) -> None:
    assert _mine(contents(files)) == code


def test_one_roster_without_manifest_is_no_school_data_sync() -> None:
    for files in (made.bulk(), made.bulk_1_2()):
        del files["manifest.csv"]
        assert recognized.is_school_data_sync_2(contents(files)) == 0
        assert ONEROSTER.detects(contents(files)) == 90


def test_ed_fi_by_its_namespace() -> None:
    first = b'<?xml version="1.0"?><InterchangeStudent xmlns="http://ed-fi.org/0200-Draft">'
    assert _mine(contents({}, {"Student.xml": first})) == "ed-fi"
    assert _mine(contents({}, {"page.html": b"<html>about ed-fi</html>"})) == ""
    assert _mine(contents({}, {"notes.txt": b"see ed-fi.org"})) == ""


@needs_samples
def test_samples_of_others() -> None:
    sds = {
        path.name: path.read_text("utf-8-sig") for path in (SAMPLES / "oneroster" / "microsoft-sds-2.1").glob("*.csv")
    }
    assert _mine(contents(sds)) == "school-data-sync-2"
    for path in sorted((SAMPLES / "edfi" / "grand-bend-5.2").glob("*.xml")):
        assert _mine(contents({}, {path.name: path.read_bytes()[:4096]})) == "ed-fi"


def test_each_says_why_and_what_instead() -> None:
    for layout in recognized.RECOGNIZED:
        assert "templates" in str(layout.refuses)
        with pytest.raises(FileRefused, match="export OneRoster CSV, or use our templates"):
            layout.read(None)  # type: ignore[arg-type]
    (ed_fi,) = [layout for layout in recognized.RECOGNIZED if layout.code == "ed-fi"]
    assert str(ed_fi.refuses) == (
        "This is an Ed-Fi XML file. It is not read yet: export OneRoster CSV, or use our templates."
    )


def test_registered_under_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_layouts", {})
    builtin.register_all()
    assert registry.layout("oneroster") is ONEROSTER
    assert {one.code for one in recognized.RECOGNIZED} < {one.code for one in registry.layouts()}
    # A second time changes nothing.
    builtin.register_all()
