"""Every file of the samples from upload to undo: loaded or refused for the right reason, counted by other means."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from schools.imports import registry, steps, undo
from schools.imports.detect import detect
from schools.imports.problems import FileRefused, Problems
from schools.imports.read.source import open_source
from schools.models import AssessmentResult, CourseRecord, Enrollment, Organization, Student
from schools.models.imports import ImportState
from schools.models.organization import Kind
from tests import factories, samples
from tests.samples import SAMPLES, apply, causes, loaded, looked, needs_samples, new
from tests.schools.imports.engine import everything

pytestmark = [needs_samples, pytest.mark.django_db]

CLASSLINK = "oneroster/classlink-1.1/OneRoster-original.zip"
ROSTER_HUB = "oneroster/roster-hub-1.1-en/oneroster.zip"
MOODLE = "oneroster/moodle-1.2-minimal/oneroster_test_data.zip"
SDS = "oneroster/microsoft-sds-2.1"
SDP = "students/sdp/Student_Test_Scores.csv.gz"
MONTUCKY = "students/montucky_current.csv.gz"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def district() -> Organization:
    """A district without schools."""
    state = factories.organization(Kind.STATE, factories.region(), "New Jersey", postal_state="NJ")
    return factories.organization(Kind.DISTRICT, state, "ClassLink School District", nces_id="1234567", slug="district")


@pytest.fixture
def ridge(district: Organization) -> Organization:
    """A high school of the district."""
    return factories.organization(Kind.SCHOOL, district, "Ridge High School", state_id="123456789")


def roster(year: int, *numbers: tuple[str, str], school: str = "123456789") -> bytes:
    """A flat roster of one school: students by the state's number and the district's, either of them blank."""
    lines = ["state_number,local_number,first_name,last_name,school,grade,entered"]
    lines += [f"{s},{n},First,Last {s or n},{school},11,{year - 1}-08-12" for s, n in dict.fromkeys(numbers)]
    return ("\n".join(lines) + "\n").encode()


# --- which kind each file is -------------------------------------------------------------------------------------
UNKNOWN = "No kind of file has these headings"
ED_FI = "This is an Ed-Fi XML file. It is not read yet: export OneRoster CSV, or use our templates."
SCHOOL_DATA_SYNC = "These are files of Microsoft School Data Sync 2.1. They are not read yet"
DIRECTORY = "This is a directory of schools or districts"
CAROLINA = "state-north-carolina/2019"


def _all(folder: str, kind: str, *names: str) -> dict[str, str]:
    return {f"{folder}/{name}": kind for name in names}


# The layout that each file is found to be, or how the refusal begins.
KINDS: dict[str, str] = {
    **dict.fromkeys(["README.md", "MANIFEST.csv"], UNKNOWN),
    "assessments/act_2024.csv": "act",
    "assessments/ap_2324.csv": "ap",
    "assessments/asvab.csv": "asvab",
    "assessments/map_growth.csv": "map_growth",
    "assessments/psat10.csv": "psat",
    "assessments/staar_summative.csv": "staar",
    "assessments/workkeys_2017.csv": "workkeys_2017",
    **_all("codes", UNKNOWN, "ap_exam_codes.csv", "cip_2020.csv.gz", "cip_soc_crosswalk.csv", "ib_groups.csv"),
    **_all("codes", UNKNOWN, "onet_soc_2019_occupations.csv", "sced_v12_courses.csv", "soc_2018_definitions.csv"),
    "federal/ccd-tx-districts.csv": DIRECTORY,
    "federal/ccd-tx-districts.txt": UNKNOWN,
    **dict.fromkeys([CLASSLINK, MOODLE, ROSTER_HUB], "oneroster"),
    **_all(SDS, SCHOOL_DATA_SYNC, "classes.csv", "enrollments.csv", "roles.csv", "users.csv"),
    # These could be anybody's when they come alone.
    **_all(SDS, UNKNOWN, "academicSessions.csv", "courses.csv", "demographics.csv", "orgs.csv"),
    **_all(SDS, UNKNOWN, "relationships.csv", "userFlags.csv"),
    **_all("reviews", UNKNOWN, "irr_anxiety.csv", "irr_diagnoses.csv", "irr_video.csv"),
    "state-georgia/gosa_merged.csv": "georgia-schools",
    **_all("state-kentucky", "kentucky-results", "ccr_state_2012-2014.csv", "grad_state_2012-2014.csv"),
    **_all("state-kentucky", "kentucky-results", "ccr_dist_2012-2014.csv.gz", "ccr_sch_2012-2014.csv.gz"),
    **_all("state-kentucky", "kentucky-results", "grad_dist_2012-2014.csv.gz", "grad_sch_2012-2014.csv.gz"),
    **_all("state-kentucky", DIRECTORY, "profile_dist.csv", "profile_sch.csv.gz"),
    **_all(CAROLINA, "north-carolina-report-card", "rcd_acc_cgr.csv", "rcd_ap.csv", "rcd_ib.csv", "rcd_sat.csv"),
    **_all(CAROLINA, "north-carolina-report-card", "rcd_cte_concentrators.csv", "rcd_cte_credentials.csv"),
    **_all(CAROLINA, "north-carolina-report-card", "rcd_cte_endorsement.csv", "rcd_cte_enrollment.csv"),
    f"{CAROLINA}/rcd_location.csv": UNKNOWN,
    **_all("state-north-carolina", UNKNOWN, "data-dictionary_2019.xlsx", "rcd_code_desc.csv"),
    "state-texas/tapr-2019-longitudinal-region.csv": "texas-longitudinal",
    "state-texas/tapr-2019-longitudinal-state.csv": "texas-longitudinal",
    **_all("state-texas", UNKNOWN, "tapr-2022-district-entities.csv", "tapr-2022-region-reference.csv"),
    "students/delaware/deid_dems_single_row_per_student.csv": "delaware",
    "students/delaware/deid_dems_single_row_per_student_with_grade.csv": "delaware",
    "students/delaware/deid_dems_single_row_per_year.csv": "delaware",
    MONTUCKY: "montucky",
    SDP: "sdp_test_scores",
    **_all("students", UNKNOWN, "faketucky_codebook.txt", "montucky_sea_codebook.txt"),
}


def everything_shared() -> list[str]:
    """Every file of the samples."""
    return sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", everything_shared())
def test_each_file_is_found_to_be_what_it_is(name: str) -> None:
    expected = KINDS.get(name, ED_FI if name.startswith("edfi/") else "")
    assert expected, "a file that is new among the samples: say here what it is"
    known = {layout.code for layout in registry.layouts()}
    with open_source(SAMPLES / name, name, Problems()) as source:
        if expected in known:
            assert detect(source.contents).code == expected
        else:
            with pytest.raises(FileRefused) as refused:
                detect(source.contents)
            assert str(refused.value).startswith(expected)


def test_the_list_of_kinds_has_no_file_that_is_not_there() -> None:
    assert set(KINDS) <= set(everything_shared())


# --- OneRoster ---------------------------------------------------------------------------------------------------
def test_classlink_from_an_empty_district_and_back(district: Organization) -> None:
    """Schools, students, enrollments and courses as the csv module counts them; the second time nothing; undone."""
    files = samples.members(CLASSLINK)
    schools = {one["sourcedId"]: one["name"] for one in files["orgs"] if one["type"] == "school"}
    students = [one for one in files["users"] if one["role"] == "student"]
    graded = [one for one in students if one["grades"]]
    taken = [one for one in files["enrollments"] if one["role"] == "student"]
    before = everything()

    batch = looked(district, CLASSLINK, year=2019)
    assert (batch.kind, batch.completeness) == ("oneroster", "replaces")
    assert not Student.objects.exists()
    assert sorted(school["name"] for school in batch.preview["schools"]) == sorted(schools.values())
    assert new(batch) == {"student": len(graded), "enrollment": len(graded), "course_record": len(taken)}
    assert (len(schools), len(students), len(graded), len(taken)) == (3, 140, 139, 225)
    # Whoever has no grade is left out and told, and so nothing of theirs counts as gone.
    assert causes(batch) == {"new_school": 3, "school_year": 7, "beyond_year": 1, "no_grade": 1}

    apply(batch)
    assert Student.objects.count() == 139
    assert Counter(Enrollment.objects.values_list("organization__name", "grade", "year")) == Counter(
        (schools[one["orgSourcedIds"]], one["grades"], 2019) for one in graded
    )
    assert Counter(CourseRecord.objects.values_list("organization__name", flat=True)) == Counter(
        schools[one["schoolSourcedId"]] for one in taken
    )
    assert {one.in_state_id for one in Organization.objects.filter(kind=Kind.SCHOOL)} == {district.in_state_id}

    again = looked(district, CLASSLINK, year=2019)
    assert new(again) == {}
    assert again.counts["course_record"]["unchanged"] == 225
    assert again.preview["schools"] == []
    assert not again.guard

    undo.undo(batch, by=None)
    assert everything() == before
    assert not Organization.objects.filter(kind=Kind.SCHOOL).exists()


@pytest.mark.parametrize(
    ("year", "said"),
    [
        (2018, "schoolYear says 2018, but their dates, 2018-09-05 to 2019-06-22, are of 2018–19. Choose 2018–19"),
        (2026, "The bundle is of 2018–19 by its sessions' dates, and 2025–26 was chosen."),
    ],
)
def test_classlink_for_another_year_is_asked_about(district: Organization, year: int, said: str) -> None:
    """Its schoolYear says 2018, its dates 2018–19, which is 2019: nobody decides that silently."""
    batch = looked(district, CLASSLINK, year=year)
    assert (batch.state, batch.kind) == (ImportState.REFUSED, "oneroster")
    assert said in batch.refusal


def test_roster_hub_and_moodle_say_no_grade_and_are_refused_for_that(district: Organization) -> None:
    for name, year, students in ((ROSTER_HUB, 2021, 20), (MOODLE, 2024, 1)):
        users = samples.members(name)["users"]
        assert [one["grades"] for one in users] == [""] * students
        batch = looked(district, name, year=year)
        assert batch.state == ImportState.REFUSED
        assert "A student without a grade" in batch.refusal
        assert causes(batch)["no_grade"] == students
    assert not Organization.objects.filter(kind=Kind.SCHOOL).exists()


def test_roster_hub_with_the_grade_filled_in(district: Organization) -> None:
    hub = samples.changed(ROSTER_HUB, "users.csv", '"","","PGN', '"09","","PGN')
    taken = [one for one in samples.members(ROSTER_HUB)["enrollments"] if one["role"] == "student"]
    before = everything()
    batch = loaded(district, hub, "oneroster.zip", year=2021)
    assert new(batch) == {"student": 20, "enrollment": 20, "course_record": len(taken)}
    assert set(Enrollment.objects.values_list("organization__name", "year")) == {("Sample School", 2021)}
    assert new(looked(district, hub, "oneroster.zip", year=2021)) == {}
    undo.undo(batch, by=None)
    assert everything() == before


def test_moodles_delta_with_the_grade_filled_in_for_one_school(district: Organization) -> None:
    gotham = factories.organization(Kind.SCHOOL, district, "Gotham High School")
    moodle = samples.changed(MOODLE, "users.csv", ",,,,,Batman.Ru1ez", ",,,,11,x")
    before = everything()
    batch = loaded(gotham, moodle, "moodle.zip", year=2024)
    assert (batch.completeness, new(batch)) == ("adds", {"student": 1, "enrollment": 1, "course_record": 1})
    bruce = Enrollment.objects.get(organization=gotham)
    assert (bruce.year, bruce.grade, str(bruce.entered), bruce.student.last_name) == (2024, "11", "2023-09-04", "Wayne")
    assert new(looked(gotham, moodle, "moodle.zip", year=2024)) == {}
    undo.undo(batch, by=None)
    assert everything() == before


# --- refused, with a line that says so ---------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["edfi/grand-bend-5.2", "edfi/descriptors-5.2", "edfi/grand-bend-5.2/Student.xml"])
def test_ed_fi_is_recognized_and_refused(district: Organization, name: str) -> None:
    data = samples.zipped(name) if (SAMPLES / name).is_dir() else (SAMPLES / name).read_bytes()
    batch = looked(district, data, Path(name).name if name.endswith("xml") else "edfi.zip", year=2026)
    assert (batch.state, batch.refusal) == (ImportState.REFUSED, ED_FI)


def test_school_data_sync_is_recognized_and_refused(district: Organization) -> None:
    batch = looked(district, samples.zipped(SDS), "sds.zip", year=2022)
    assert batch.state == ImportState.REFUSED
    assert batch.refusal.startswith(SCHOOL_DATA_SYNC)


# --- assessments -------------------------------------------------------------------------------------------------
Counts = Counter[tuple[str, str]]


def _filled(rows: list[dict[str, str]], test: str, columns: dict[str, str]) -> Counts:
    """How many rows have something in each column, by the subject it is."""
    nothing = {"", "--", "---", "."}
    return Counter({(test, s): n for s, c in columns.items() if (n := sum(r[c].strip() not in nothing for r in rows))})


def act(rows: list[dict[str, str]]) -> Counts:
    """ACT: a column for each score."""
    short = {"English": "Eng", "Mathematics": "Mth", "Reading": "Rdg", "Science": "Sci"}
    return _filled(rows, "ACT", {**short, **{s: s for s in ("Composite", "STEM", "Writing", "ELA")}})


def ap(rows: list[dict[str, str]]) -> Counts:
    """AP: thirty triples of year, exam and grade; a row with a code that no exam has is left out whole."""
    names = {r["AP_Exam_Code"].zfill(2): r["AP_Exam_Description"] for r in samples.rows("codes/ap_exam_codes.csv")}
    found: Counts = Counter()
    for row in rows:
        exams = [(row.get(f"Exam Code {n:02d}", ""), row.get(f"Exam Grade {n:02d}", "")) for n in range(1, 31)]
        codes = [code.zfill(2) for code, grade in exams if code and grade]
        if all(code in names for code in codes):
            found.update(("AP", names[code]) for code in codes)
    return found


def asvab(rows: list[dict[str, str]]) -> Counts:
    """ASVAB: AFQT and the columns that have the name in brackets."""
    bracketed = {
        h.partition("(")[2].rstrip(")").replace("&", "and"): h for h in rows[0] if "(" in h
    }  # fmt: skip
    return _filled(rows, "ASVAB", {"AFQT": "AFQT", **bracketed})


def map_growth(rows: list[dict[str, str]]) -> Counts:
    """MAP Growth: whole rows of the growth test, not the screener."""
    whole = [row for row in rows if None not in row.values() and row["GrowthMeasureYN"].upper() == "TRUE"]
    return Counter(("MAP Growth", row["Subject"]) for row in whole)


def psat(rows: list[dict[str, str]]) -> Counts:
    """PSAT 10."""
    columns = {"Total": "TOTAL", "Reading and Writing": "EBRW", "Math": "MATH_SECTION"}
    return _filled(rows, "PSAT 10", {subject: f"LATEST_PSAT_{name}" for subject, name in columns.items()})


def staar(rows: list[dict[str, str]]) -> Counts:
    """STAAR: a scale score for each subject tested."""
    columns = {"Reading Language Arts": "reading_language_arts", "Mathematics": "mathematics"}
    return _filled(rows, "STAAR", {subject: f"{name}_scale_score" for subject, name in columns.items()})


def workkeys(rows: list[dict[str, str]]) -> Counts:
    """WorkKeys: three tests, and the certificate as ACT itself gave it."""
    columns = {
        "Applied Math": "mathlev",
        "Graphic Literacy": "infolev",
        "Workplace Documents": "readlev",
        "NCRC": "cert",
    }
    return _filled(rows, "WorkKeys", columns)


ASSESSMENTS = {
    # file: year, columns of the state's and the district's number, results counted, rows left out or noted by cause
    "act_2024": (2025, "ID_StateAssign", "ID_Local", act, {}),
    "ap_2324": (2024, "", "Student Identifier", ap, {"not_in_list": 1, "repeated_heading": 1}),
    "asvab": (2024, "", "student_unique_id", asvab, {}),
    "map_growth": (2022, "Student_StateID", "StudentID", map_growth, {"unknown_school": 6, "narrow_row": 1}),
    "psat10": (2022, "STATE_STUDENT_ID", "DISTRICT_STUDENT_ID", psat, {}),
    # The anonymized file gives each of its made-up district numbers to two students: the state's are used alone.
    "staar_summative": (2023, "tx_unique_student_id", "", staar, {}),
    "workkeys_2017": (2017, "stateid", "", workkeys, {"unknown_school": 15}),
}


@pytest.mark.parametrize("name", ASSESSMENTS)
def test_assessments_from_file_to_results_and_back(district: Organization, ridge: Organization, name: str) -> None:
    year, state, local, counted, known = ASSESSMENTS[name]
    file = f"assessments/{name}.csv"
    rows = samples.rows(file)
    expected = counted(rows)

    unknown = looked(district, file, year=year)
    assert {counts["new"] for counts in unknown.counts.values()} == {0}
    problem = unknown.problems.get(cause="unknown_student")
    assert problem.count <= len(rows)
    assert "Load the roster first" in problem.advice

    loaded(district, roster(year, *[(r.get(state, ""), r.get(local, "")) for r in rows]), "roster.csv", year=year)
    before = everything()
    batch = loaded(district, file, year=year)
    assert new(batch) == {"assessment_result": expected.total()}
    assert Counter(AssessmentResult.objects.values_list("test", "subject")) == expected
    assert set(AssessmentResult.objects.filter(year=year).values_list("organization__name", flat=True)) == {ridge.name}
    assert causes(batch) == known
    assert new(looked(district, file, year=year)) == {}
    undo.undo(batch, by=None)
    assert everything() == before


# --- files of students -------------------------------------------------------------------------------------------
RACES = {"White": "WH", "Black": "BL", "Asian": "AS", "Hispanic": "HI"}


@pytest.mark.parametrize("name", ["student", "student_with_grade", "year"])
def test_delaware(district: Organization, ridge: Organization, name: str) -> None:
    file = f"students/delaware/deid_dems_single_row_per_{name}.csv"
    rows = samples.rows(file)
    by_year: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        by_year[int(row.get("school_year", "2014"))].append((row["fake_student_id"], ""))
    for year, numbers in sorted(by_year.items()):
        loaded(district, roster(year, *numbers), "roster.csv", year=year)
    before = everything()
    batch = loaded(district, file, year=2014)
    assert batch.counts == {
        "demographics": {"new": 0, "changed": len(rows), "gone": 0, "unchanged": 0, "refused": 0}
    }  # fmt: skip
    assert Counter(Enrollment.objects.values_list("year", "race_ethnicity", "sex", "with_disabilities")) == Counter(
        (int(r.get("school_year", "2014")), RACES[r["race_descr"]], r["gender"], r["sped_ind"] == "Y") for r in rows
    )
    (unread,) = [note for note in batch.preview["notes"] if "no place here" in note]
    assert "sped_code" in unread
    assert ("grade" in unread) == (name == "student_with_grade")
    again = looked(district, file, year=2014)
    assert again.counts["demographics"]["unchanged"] == len(rows)
    undo.undo(batch, by=None)
    assert everything() == before


@pytest.mark.long
def test_sdp_test_scores(district: Organization, ridge: Organization) -> None:
    """77,694 rows: no statement may take long, or one of them looks through the file for each of its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '30s'")
    rows = samples.rows(SDP)
    scored = [row for row in rows if row["scaled_score"] != "0"]
    said = Counter((row["sid"], row["school_year"], row["test_subject"]) for row in scored)
    twice = {key for key, count in said.items() if count > 1}
    assert (len(rows), len(scored)) == (77_694, 76_915)
    loaded(district, roster(2005, *[("", sid) for sid in {row["sid"] for row in rows}]), "roster.csv", year=2005)
    before = everything()

    batch = loaded(district, SDP, year=2007)
    # A student who sat the same test twice in a spring has two scores without a date: neither is guessed at.
    doubtful = sum(said[key] for key in twice)
    assert batch.counts["assessment_result"] == {
        "new": len(scored) - doubtful, "changed": 0, "gone": 0, "unchanged": 0, "refused": doubtful,
    }  # fmt: skip
    assert (doubtful, causes(batch)) == (52, {"differs": 52})
    assert batch.preview["notes"] == [
        "Columns of the file that have no place here, and were not read: grade_level, raw_score.",
        "779 rows have nothing to load.",
    ]
    subjects = {"1": "Mathematics", "2": "ELA"}
    assert Counter(AssessmentResult.objects.values_list("year", "subject")) == Counter(
        (int(year), subjects[subject]) for (_sid, year, subject), count in said.items() if count == 1
    )
    again = looked(district, SDP, year=2007)
    assert (again.counts["assessment_result"]["new"], again.counts["assessment_result"]["unchanged"]) == (0, 76_863)
    undo.undo(batch, by=None)
    assert everything() == before


@pytest.mark.long
def test_montucky_district_by_district(district: Organization) -> None:
    """34,321 rows of 45 districts, whose numbers are theirs alone: a district loads its own, the others' are told."""
    rows = samples.rows(MONTUCKY)
    assert len(rows) == len({(row["sch_g7_lea_id"], row["sid"]) for row in rows}) == 34_321
    ours = [row for row in rows if row["sch_g7_lea_id"] == "07"]
    for code in sorted({row["sch_g7_code"] for row in ours}):
        factories.organization(Kind.SCHOOL, district, f"School {code}", state_id=code)
    lines = ["local_number,first_name,last_name,school,grade,entered"]
    lines += [f"{row['sid']},First,Last {row['sid']},{row['sch_g7_code']},07,2017-08-12" for row in ours]
    loaded(district, "\n".join(lines).encode(), "roster.csv", year=2018)
    before = everything()

    batch = loaded(district, MONTUCKY, year=2018)
    scores = [row[f"scale_score_7_{subject}"] for row in ours for subject in ("math", "read")]
    assert batch.counts["demographics"]["changed"] + batch.counts["demographics"]["unchanged"] == len(ours) == 1_309
    assert batch.counts["assessment_result"]["new"] == sum(map(bool, scores))
    assert causes(batch) == {"unknown_school": len(rows) - len(ours)}
    assert any("pct_days_absent_7" in note for note in batch.preview["notes"])
    assert Counter(Enrollment.objects.values_list("organization__state_id", flat=True)) == Counter(
        row["sch_g7_code"] for row in ours
    )
    assert Enrollment.objects.filter(sex="M").count() == sum(row["male"] == "1.0" for row in ours)
    assert Enrollment.objects.filter(with_disabilities=True).count() == sum(row["iep_7"] == "1.0" for row in ours)
    again = looked(district, MONTUCKY, year=2018)
    assert {(counts["new"], counts["changed"]) for counts in again.counts.values()} == {(0, 0)}
    undo.undo(batch, by=None)
    assert everything() == before


# --- the command line --------------------------------------------------------------------------------------------
@pytest.fixture
def _in_this_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's heartbeat has a connection of its own, which cannot see a test's transaction."""
    work = steps.work
    monkeypatch.setattr(steps, "work", lambda batch_id, *, beating=True: work(batch_id, beating=False))


def command(capsys: Any, *args: Any) -> tuple[int, Any]:
    """Exit code and document."""
    try:
        call_command("import_data", *map(str, args), "--organization", "district", "--json")
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("_in_this_transaction")
def test_the_command_reads_a_zip_a_folder_and_a_file(district: Organization, tmp_path: Path, capsys: Any) -> None:
    code, document = command(capsys, SAMPLES / CLASSLINK, "--year", "2019")
    assert (code, document["kind"], document["state"], document["refusal"]) == (0, "oneroster", "previewed", "")
    assert {"counts", "problems", "guard", "notes", "schools", "covers", "completeness", "sha256"} <= set(document)
    assert document["counts"]["enrollment"] == {"new": 139, "changed": 0, "gone": 0, "unchanged": 0, "refused": 0}
    left_out = next(problem for problem in document["problems"] if problem["cause"] == "no_grade")
    assert (left_out["count"], left_out["places"][0]["file"], left_out["places"][0]["line"]) == (1, "users.csv", 181)
    assert not Student.objects.exists()

    folder = samples.unpacked(CLASSLINK, tmp_path / "bundle")
    code, document = command(capsys, folder, "--year", "2019", "--apply")
    assert (code, document["state"], document["file"]) == (0, "applied", "bundle.zip")
    assert Enrollment.objects.count() == 139

    # A third of the students is missing from the next export.
    kept = samples.members(CLASSLINK)["users"]
    students = [one["sourcedId"] for one in kept if one["role"] == "student" and one["grades"]]
    gone = set(students[::3])
    users = folder / "users.csv"
    lines = users.read_text("utf-8-sig").splitlines()
    users.write_text("\n".join(line for line in lines if line.split(",")[0].strip('"') not in gone) + "\n")
    code, document = command(capsys, folder, "--year", "2019", "--apply")
    assert (code, document["state"], document["guard"]["stopped"]) == (3, "previewed", True)
    assert document["counts"]["enrollment"]["gone"] == len(gone) == 47
    number = document["guard"]["number"]
    code, document = command(capsys, folder, "--year", "2019", "--apply", "--confirm", number)
    assert (code, document["state"]) == (0, "applied")
    assert Enrollment.objects.filter(exited=None).count() == 139 - 47

    code, document = command(capsys, SAMPLES / "edfi" / "grand-bend-5.2", "--year", "2019", "--apply")
    assert (code, document["state"], document["refusal"]) == (4, "refused", ED_FI)
    code, document = command(capsys, SAMPLES / "codes" / "ib_groups.csv")
    assert (code, document["refusal"][: len(UNKNOWN)]) == (4, UNKNOWN)
    code, document = command(capsys, SAMPLES / "assessments" / "act_2024.csv", "--kind", "sat")
    assert code == 4
    assert "It looks like: ACT" in document["refusal"]
