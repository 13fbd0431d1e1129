"""Vendors' files as they send them: every count and value here was taken from the files by other means.

Files that the repository may not hold are read from the shared samples; each layout also has lines written for it here.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from typing import Any

import pytest

from schools.imports import registry
from schools.imports.problems import FileRefused
from schools.imports.read.table import Contents
from schools.models import Organization
from schools.models.organization import Kind
from tests import factories
from tests.samples import SAMPLES, needs_samples
from tests.schools.imports.fakes import Outcome, read, table

pytestmark = pytest.mark.django_db


@pytest.fixture
def district() -> Organization:
    state = factories.organization(Kind.STATE, factories.region(), "Texas")
    district = factories.organization(Kind.DISTRICT, state, "Grand Bend ISD")
    factories.organization(Kind.SCHOOL, district, "Ridge High", state_id="123456789")
    return district


def sample(name: str) -> str:
    path = SAMPLES / name
    raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    return raw.decode("utf-8-sig")


def lines_of(name: str) -> list[dict[str, str]]:
    """The file by heading, read by the csv module alone."""
    return list(csv.DictReader(sample(name).splitlines()))


def load(code: str, district: Organization, text: str, **options: Any) -> Outcome:
    """Read a file with the layout that detection picks, which must be ``code``."""
    one = table(text)
    contents = Contents({one.name: list(one.headings)}, {})
    assert max(registry.layouts(), key=lambda layout: layout.detects(contents)).code == code
    return read(registry.layout(code), district, one, **options)


def results(outcome: Outcome) -> dict[tuple[str, str, str], str]:
    """Scores by line, test and subject."""
    return {(row["line"], row["test"], row["subject"]): row["score"] for row in outcome.rows("assessment_result")}


def only(outcome: Outcome, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of each result, sorted."""
    return sorted(tuple(row.get(name) for name in columns) for row in outcome.rows("assessment_result"))


# --- ACT ---------------------------------------------------------------------------------------------------------
@needs_samples
def test_act_2024(district: Organization) -> None:
    outcome = load("act", district, sample("assessments/act_2024.csv"))
    assert outcome.problems.all() == []
    rows = outcome.rows("assessment_result")
    # cut -d, -f41,47-51,59,61,67: five students, of whom three wrote the essay.
    assert Counter(row["subject"] for row in rows) == {
        "English": 5, "Mathematics": 5, "Reading": 5, "Science": 5, "Composite": 5, "STEM": 5, "Writing": 3, "ELA": 3,
    }  # fmt: skip
    assert {row["test"] for row in rows} == {"ACT"}
    found = results(outcome)
    first = [found[2, "ACT", subject] for subject in ("English", "Mathematics", "Reading", "Science", "Composite")]
    assert first == ["15", "14", "23", "10", "16"]
    assert [found[n, "ACT", "Composite"] for n in range(2, 7)] == ["16", "21", "28", "19", "17"]
    days = {row["line"]: (row["taken_on"], row["year"]) for row in rows}
    assert days[2] == ("2024-09-01", "2025")
    assert days[6] == ("2025-04-01", "2025")
    assert {row["state_number"] for row in rows} == {"605000", "605001", "605002", "605003", "605004"}
    assert {row["organization_id"] for row in rows} == {None}


ACT = """\
ID_ACT,ID_StateAssign,ID_Local,Test_Dte,Eng,Mth,Rdg,Sci,Composite,Sup_Composite
1,0012,7,92024,20,--,22,18,--,30
2,,8,102024,,,,,,31
3,,,102024,20,20,20,20,20,20
4,0013,9,132024,20,20,20,20,20,20
"""


def test_act_lines(district: Organization) -> None:
    outcome = load("act", district, ACT)
    assert only(outcome, "line", "subject", "score", "taken_on", "state_number", "local_number") == [
        (2, "English", "20", "2024-09-01", "0012", "7"),
        (2, "Reading", "22", "2024-09-01", "0012", "7"),
        (2, "Science", "18", "2024-09-01", "0012", "7"),
    ]
    assert outcome.causes() == {"no_student_number": 1, "not_a_date": 1}
    assert outcome.notes == [
        "Not in the file, and so not read: STEM, Writing, ELA.",
        "Columns of the file that have no place here, and were not read: ID_ACT, Sup_Composite.",
        "1 row has nothing to load.",
    ]


def test_preact_lines(district: Organization) -> None:
    text = (
        "Stu_ID_Num,Test_Dte,Eng,Mth,Rdg,Sci,Composite,STEM,Pred_ACT_Composite_Low\n"
        "000605000,20201007,08,13,14,12,12,13,12\n000605001,20210302,12,--,19,18,--,--,16\n"
    )
    outcome = load("preact", district, text)
    assert len(outcome.rows("assessment_result")) == 9
    assert only(outcome, "local_number", "test", "subject", "score", "taken_on", "year")[:2] == [
        ("000605000", "PreACT", "Composite", "12", "2020-10-07", "2021"),
        ("000605000", "PreACT", "English", "08", "2020-10-07", "2021"),
    ]
    second = [row for row in outcome.rows("assessment_result") if row["line"] == 3]
    assert {row["subject"]: row["score"] for row in second} == {"English": "12", "Reading": "19", "Science": "18"}


# --- AP ----------------------------------------------------------------------------------------------------------
@needs_samples
def test_ap_2324(district: Organization) -> None:
    outcome = load("ap", district, sample("assessments/ap_2324.csv"))
    # By hand from columns 59 to 76 of the six lines; line 6 has the exam code 100001.
    assert only(outcome, "line", "local_number", "subject", "score", "taken_on", "year") == [
        (2, "605000", "World History: Modern", "2", "2024-05-01", "2024"),
        (3, "605005", "Cybersecurity", "2", "2024-05-01", "2024"),
        (4, "605001", "United States History", "5", "2024-05-01", "2024"),
        (5, "605002", "Biology", "3", "2024-05-01", "2024"),
        (5, "605002", "Networking", "3", "2024-05-01", "2024"),
        (5, "605002", "Research", "2", "2024-05-01", "2024"),
        (7, "605004", "Chemistry", "5", "2023-05-01", "2023"),
        (7, "605004", "Chinese Language and Culture", "1", "2022-05-01", "2022"),
        (7, "605004", "Statistics", "1", "2024-05-01", "2024"),
    ]
    (problem,) = outcome.problems.all()
    assert [(place.line, place.column, place.value) for place in problem.places] == [(6, "Exam Code 01", "100001")]


@needs_samples
def test_ap_exam_codes_are_those_of_the_published_list() -> None:
    known = registry.layout("ap").read.spec.rows[0].columns[1].map  # type: ignore[attr-defined]
    listed = {
        line["AP_Exam_Code"].zfill(2): line["AP_Exam_Description"] for line in lines_of("codes/ap_exam_codes.csv")
    }
    subscores = {"69", "76", "77"}
    assert set(known) == set(listed) - subscores
    renamed = {"36": "English Language", "37": "English Literature"}
    assert known == {code: renamed.get(code, name) for code, name in listed.items() if code not in subscores}


AP = "AP Number / AP ID,Student Identifier,Filler,Filler," + ",".join(
    f"Admin Year {n:02d},Exam Code {n:02d},Exam Grade {n:02d}" for n in (1, 2, 3)
)


def test_ap_lines(district: Organization) -> None:
    text = f"{AP}\nx,0077,,,24,68,4,24,69,5,9,7,3\ny,0078,,,24,36,5,24,37,,,,\nz,0079,,,1924,20,5,,,,,,\n"
    outcome = load("ap", district, text)
    assert only(outcome, "local_number", "subject", "score", "taken_on") == [
        ("0077", "Calculus BC", "4", "2024-05-01"),
        ("0077", "United States History", "3", "2009-05-01"),
        ("0078", "English Language", "5", "2024-05-01"),
    ]
    assert outcome.causes() == {"not_a_year": 1}


# --- SAT and PSAT ------------------------------------------------------------------------------------------------
@needs_samples
def test_psat_10(district: Organization) -> None:
    outcome = load("psat", district, sample("assessments/psat10.csv"))
    assert outcome.problems.all() == []
    rows = outcome.rows("assessment_result")
    assert {(row["test"], row["taken_on"], row["year"]) for row in rows} == {("PSAT 10", "2022-04-13", "2022")}
    found = results(outcome)
    assert [found[n, "PSAT 10", "Total"] for n in range(2, 7)] == ["710", "840", "800", "870", "660"]
    assert [found[n, "PSAT 10", "Reading and Writing"] for n in range(2, 7)] == ["300", "490", "500", "470", "310"]
    assert [found[n, "PSAT 10", "Math"] for n in range(2, 7)] == ["410", "350", "300", "400", "350"]
    levels = Counter((row["subject"], row["performance_level"]) for row in rows)
    assert levels == {
        ("Total", None): 5,
        ("Reading and Writing", "Met benchmark"): 3,
        ("Reading and Writing", "Below benchmark"): 2,
        ("Math", "Below benchmark"): 5,
    }
    assert [row["state_number"] for row in rows if row["subject"] == "Math"] == [str(n) for n in range(604926, 604931)]


PSAT = "STATE_STUDENT_ID,DISTRICT_STUDENT_ID,LATEST_PSAT_DATE,LATEST_PSAT_TOTAL,LATEST_PSAT_EBRW,\
LATEST_PSAT_MATH_SECTION,EBRW_CCR_BENCHMARK,MATH_CCR_BENCHMARK"


def test_the_psat_of_the_fall_is_the_nmsqt_and_without_a_selection_index_it_is_the_8_9(district: Organization) -> None:
    line = "77,,10/12/2022,760,400,360,N,\n"
    fall = load("psat", district, f"{PSAT},SELECTION_INDEX\n{line[:-1]},\n")
    assert only(fall, "test", "subject", "score", "performance_level", "year") == [
        ("PSAT/NMSQT", "Math", "360", None, "2023"),
        ("PSAT/NMSQT", "Reading and Writing", "400", "Below benchmark", "2023"),
        ("PSAT/NMSQT", "Total", "760", None, "2023"),
    ]
    younger = load("psat_89", district, f"{PSAT}\n{line}")
    assert {row["test"] for row in younger.rows("assessment_result")} == {"PSAT 8/9"}
    assert len(younger.rows("assessment_result")) == 3


def test_sat_lines(district: Organization) -> None:
    text = (
        "SECONDARY_ID,LATEST_SAT_DATE,LATEST_SAT_TOTAL,LATEST_SAT_EBRW,LATEST_SAT_MATH_SECTION,EBRW_CCR_BENCHMARK,"
        "MATH_CCR_BENCHMARK,ADMIN2_SAT_DATE,ADMIN2_SAT_TOTAL,ADMIN2_SAT_EBRW,ADMIN2_SAT_MATH_SECTION\n"
        "604926,2022-10-12,1310,670,640,Y,Y,4/13/2022,1200,600,600\n604927,10/12/2022,930,450,480,N,N,,,,\n"
    )
    outcome = load("sat", district, text)
    assert outcome.problems.all() == []
    assert only(outcome, "local_number", "taken_on", "subject", "score", "performance_level") == [
        ("604926", "2022-04-13", "Math", "600", None),
        ("604926", "2022-04-13", "Reading and Writing", "600", None),
        ("604926", "2022-04-13", "Total", "1200", None),
        ("604926", "2022-10-12", "Math", "640", "Met benchmark"),
        ("604926", "2022-10-12", "Reading and Writing", "670", "Met benchmark"),
        ("604926", "2022-10-12", "Total", "1310", None),
        ("604927", "2022-10-12", "Math", "480", "Below benchmark"),
        ("604927", "2022-10-12", "Reading and Writing", "450", "Below benchmark"),
        ("604927", "2022-10-12", "Total", "930", None),
    ]


# --- MAP Growth --------------------------------------------------------------------------------------------------
@needs_samples
def test_map_growth(district: Organization) -> None:
    outcome = load("map_growth", district, sample("assessments/map_growth.csv"))
    # The seventh row is one cell short, and a screener besides: six remain.
    assert only(outcome, "line", "subject", "score", "performance_level", "taken_on", "year") == [
        (2, "Science", "208", "Avg", "2021-09-16", "2022"),
        (3, "Mathematics", "233", "LoAvg", "2021-09-16", "2022"),
        (4, "Science", "208", "Avg", "2021-09-16", "2022"),
        (5, "Mathematics", "233", "LoAvg", "2021-09-16", "2022"),
        (6, "Science", "208", "Avg", "2021-09-16", "2022"),
        (7, "Mathematics", "233", "LoAvg", "2021-09-16", "2022"),
    ]
    first = outcome.rows("assessment_result")[0]
    assert (first["state_number"], first["local_number"], first["test"]) == ("604821", "605000", "MAP Growth")
    # None of its schools is in this district's directory: noted, and left to the students' enrollments.
    (problem,) = outcome.problems.all()
    assert (problem.cause, problem.severity, problem.count) == ("unknown_school", "noted", 6)


def test_map_growth_lines(district: Organization) -> None:
    text = (
        "TermName,School_StateID,StudentID,Subject,GrowthMeasureYN,TestName,TestStartDate,TestRITScore\n"
        "Fall 2021,123456789,7,Reading,TRUE,Growth: Reading,09/16/2021,208\n"
        "Fall 2021,123456789,7,Reading,FALSE,Screening: Reading,09/20/2021,165\n"
        "Fall 2021,123456789,8,Reading,true,Growth: Reading,09/16/2021,\n"
    )
    outcome = load("map_growth", district, text)
    ridge = str(Organization.objects.get(name="Ridge High").pk)
    assert only(outcome, "local_number", "score", "organization_id") == [("7", "208", ridge)]


# --- STAAR -------------------------------------------------------------------------------------------------------
@needs_samples
def test_staar_summative(district: Organization) -> None:
    outcome = load("staar", district, sample("assessments/staar_summative.csv"))
    assert outcome.problems.all() == []
    rows = outcome.rows("assessment_result")
    ridge = str(Organization.objects.get(name="Ridge High").pk)
    assert {(row["test"], row["taken_on"], row["year"], row["organization_id"]) for row in rows} == {
        ("STAAR", "2023-05-01", "2023", ridge)
    }
    found = results(outcome)
    assert len(found) == len(rows) == 20
    reading = [found[n, "STAAR", "Reading Language Arts"] for n in range(2, 12)]
    assert reading == ["1444", "1345", "1047", "1213", "1359"] * 2
    assert [found[n, "STAAR", "Mathematics"] for n in range(2, 7)] == ["1423", "1360", "1309", "1272", "1327"]
    levels = Counter((row["subject"], row["performance_level"]) for row in rows)
    # The file's approaches flags: 1 1 0 0 1 in reading and 1 1 0 0 0 in mathematics, twice; nobody meets or masters.
    assert levels == {
        ("Reading Language Arts", "Approaches Grade Level"): 6,
        ("Reading Language Arts", "Did Not Meet Grade Level"): 4,
        ("Mathematics", "Approaches Grade Level"): 4,
        ("Mathematics", "Did Not Meet Grade Level"): 6,
    }
    assert [row["state_number"] for row in rows if row["subject"] == "Mathematics"] == [
        "320", "321", "322", "323", "324", "330", "331", "332", "335", "336",
    ]  # fmt: skip


def test_staar_lines(district: Organization) -> None:
    stems = ("reading_language_arts", "mathematics", "science")
    headings = "administration_date,county_district_campus_number,tx_unique_student_id,local_student_id," + ",".join(
        f"score_code_{stem},{stem}_scale_score,meets_grade_level_in_{stem},approaches_grade_level_in_{stem},"
        f"masters_grade_level_in_{stem}"
        for stem in stems
    )
    text = f"{headings}\n523,123456789,320,11,S,1444,1,1,0,A,,,,,S,4000,1,1,1\n"
    outcome = load("staar", district, text)
    assert only(outcome, "subject", "score", "performance_level", "taken_on") == [
        ("Reading Language Arts", "1444", "Meets Grade Level", "2023-05-01"),
        ("Science", "4000", "Masters Grade Level", "2023-05-01"),
    ]


def test_staar_end_of_course_lines(district: Organization) -> None:
    text = (
        "administration_date,county_district_campus_number,tx_unique_student_id,local_student_id,end_of_course_code,"
        "score_code,scale_score,meets_grade_level,approaches_grade_level_at_the_students_standard,masters_grade_level\n"
        "1224,123456789,320,11,A1,S,3900,0,1,0\n1224,123456789,321,12,US,S,4500,1,1,1\n"
        "1224,123456789,322,13,BI,A,,,,\n1224,123456789,323,14,ZZ,S,4500,1,1,1\n"
    )
    outcome = load("staar_eoc", district, text)
    assert only(outcome, "test", "subject", "score", "performance_level", "taken_on", "year") == [
        ("STAAR EOC", "Algebra I", "3900", "Approaches Grade Level", "2024-12-01", "2025"),
        ("STAAR EOC", "U.S. History", "4500", "Masters Grade Level", "2024-12-01", "2025"),
    ]
    assert outcome.causes() == {"not_in_list": 1}


# --- ASVAB -------------------------------------------------------------------------------------------------------
@needs_samples
def test_asvab(district: Organization) -> None:
    outcome = load("asvab", district, sample("assessments/asvab.csv"))
    assert outcome.problems.all() == []
    assert len(outcome.rows("assessment_result")) == 5 * 12
    found = results(outcome)
    assert [found[n, "ASVAB", "AFQT"] for n in range(2, 7)] == ["45", "90", "21", "53", "18"]
    assert [found[n, "ASVAB", "Mechanical Comprehension"] for n in range(2, 7)] == ["87", "88", "18", "55", "19"]
    assert only(outcome, "line", "local_number", "taken_on", "year")[::12] == [
        (2, "605000", "2023-11-21", "2024"),
        (3, "605001", "2023-11-22", "2024"),
        (4, "605002", "2023-11-01", "2024"),
        (5, "605003", "2023-11-22", "2024"),
        (6, "605004", "2023-11-21", "2024"),
    ]


ASVAB = "MEPS,Test Date,Student Full Name,Test Version,AFQT"


def test_asvab_lines(district: Organization) -> None:
    outcome = load(
        "asvab", district, f"{ASVAB},local_number\nFORT,11/1/2023,A B,05E,45,007\nFORT,11/1/2023,C D,05E,,8\n"
    )
    assert only(outcome, "local_number", "subject", "score") == [("007", "AFQT", "45")]


def test_an_asvab_file_without_student_numbers_is_refused(district: Organization) -> None:
    with pytest.raises(FileRefused, match="state_number or local_number"):
        load("asvab", district, f"{ASVAB}\nFORT,11/1/2023,A B,05E,45\n")


# --- WorkKeys ----------------------------------------------------------------------------------------------------
@needs_samples
def test_workkeys_2017(district: Organization) -> None:
    outcome = load("workkeys_2017", district, sample("assessments/workkeys_2017.csv"))
    rows = outcome.rows("assessment_result")
    assert Counter(row["subject"] for row in rows) == {
        "Applied Math": 15, "Graphic Literacy": 15, "Workplace Documents": 15, "NCRC": 8,
    }  # fmt: skip
    # ACT's own word on who earned the certificate: “1B” is Bronze.
    file = lines_of("assessments/workkeys_2017.csv")
    earned = {line["stateid"] for line in file if line["cert"] == "1B"}
    certificates = [row for row in rows if row["subject"] == "NCRC"]
    assert {row["state_number"] for row in certificates} == earned
    assert {line["cert"] for line in file} == {"1B", ""}
    assert {(row["score"], row["performance_level"]) for row in certificates} == {("3", "Bronze")}
    twelfth = {row["subject"]: (row["score"], row["performance_level"]) for row in rows if row["line"] == 13}
    assert twelfth == {
        "Applied Math": ("72", "Level 3"),
        "Graphic Literacy": ("73", "Level 3"),
        "Workplace Documents": ("80", "Level 5"),
        "NCRC": ("3", "Bronze"),
    }
    assert Counter(row["performance_level"] for row in rows if row["subject"] == "Applied Math") == {
        "Below Level 3": 5, "Level 3": 10,
    }  # fmt: skip
    assert {(row["taken_on"], row["year"]) for row in rows} == {("2017-03-01", "2017")}


@pytest.mark.parametrize(
    ("levels", "certificate"),
    [
        (("3", "4", "5"), ("3", "Bronze")),
        (("4", "4", "7"), ("4", "Silver")),
        (("5", "6", "5"), ("5", "Gold")),
        (("6", "6", "7"), ("6", "Platinum")),
        (("7", "7", "7"), ("7", "Platinum")),
        (("0", "7", "7"), None),
        (("5", "", "5"), None),
        (("5", "5", "-"), None),
    ],
)
def test_the_certificate_goes_by_the_lowest_of_three_levels(
    district: Organization, levels: tuple[str, str, str], certificate: tuple[str, str] | None
) -> None:
    cells = ",".join(f"{level},{'' if level in {'', '-'} else 75}" for level in levels)
    text = f"stateid,schoolid,testdate,mathlev,mathss,infolev,infoss,readlev,readss\n1,,3/1/2017,{cells}\n"
    rows = load("workkeys_2017", district, text).rows("assessment_result")
    found = [(row["score"], row["performance_level"]) for row in rows if row["subject"] == "NCRC"]
    assert found == ([certificate] if certificate else [])
    assert len(rows) - len(found) == len([level for level in levels if level.isdigit()])


def test_workkeys_lines(district: Organization) -> None:
    text = (
        "Examinee ID,Manifest Name,Test Date,Level Score,Scale Score,Certificate Level\n"
        "7,WorkKeys Applied Math,3/29/2022 9:18,4,78,Silver\n"
        "7,WorkKeys Graphic Literacy,3/29/2022 10:44,5,80,Silver\n"
        "7,WorkKeys Workplace Documents - Text To Speech,3/30/2022 7:49,5,82,Silver\n"
        "8,WorkKeys Applied Math,4/1/2022 0:00,< 3,69,\n"
        "9,WorkKeys Business Writing,4/1/2022 0:00,3,69,\n"
    )
    outcome = load("workkeys", district, text)
    assert only(outcome, "local_number", "subject", "score", "performance_level", "taken_on") == [
        ("7", "Applied Math", "78", "Level 4", "2022-03-29"),
        ("7", "Graphic Literacy", "80", "Level 5", "2022-03-29"),
        ("7", "NCRC", "4", "Silver", "2022-03-29"),
        ("7", "Workplace Documents", "82", "Level 5", "2022-03-30"),
        ("8", "Applied Math", "69", "Below Level 3", "2022-04-01"),
    ]
    assert outcome.causes() == {"not_in_list": 1}


# --- students ----------------------------------------------------------------------------------------------------
@needs_samples
@pytest.mark.parametrize("name", ["single_row_per_year", "single_row_per_student", "single_row_per_student_with_grade"])
def test_delaware(district: Organization, name: str) -> None:
    path = f"students/delaware/deid_dems_{name}.csv"
    file = lines_of(path)
    outcome = load("delaware", district, sample(path), year=2015)
    assert outcome.problems.all() == []
    rows = outcome.rows("demographics")
    assert len(rows) == len(file) == (74 if name == "single_row_per_year" else 11)
    races = {"White": "WH", "Black": "BL", "Asian": "AS"}
    flags = {"Y": "true", "N": "false", "": None}
    for row, line in zip(rows, file, strict=True):
        assert row["state_number"] == line["fake_student_id"]
        assert row["year"] == line.get("school_year", "2015")
        assert (row["sex"], row["race_ethnicity"]) == (line["gender"], races[line["race_descr"]])
        assert row["with_disabilities"] == flags[line["sped_ind"]]
        assert row["economically_disadvantaged"] == flags[line["low_income_ind"]]
        assert row["english_learner"] == flags[line["ell_status"]]
        assert (row["migrant"], row["homeless"]) == ("false", "false")
    assert set(outcome.sink.columns("demographics")) == {
        "sex", "race_ethnicity", "migrant", "homeless", "with_disabilities", "economically_disadvantaged",
        "english_learner", "organization_id", "year", "state_number",
    }  # fmt: skip


DELAWARE = "fake_student_id,gender,race_descr,migrant_ind,homeless_ind,sped_ind,low_income_ind,ell_status"


def test_delaware_lines(district: Organization) -> None:
    outcome = load("delaware", district, f"{DELAWARE}\n0086205,M,Black,N,Y,Y,,N\n86206,M,Purple,N,N,N,N,N\n")
    (row,) = outcome.rows("demographics")
    assert (row["state_number"], row["race_ethnicity"], row["homeless"]) == ("0086205", "BL", "true")
    assert row["economically_disadvantaged"] is None
    assert outcome.causes() == {"not_in_list": 1}


@needs_samples
def test_sdp_test_scores(district: Organization) -> None:
    outcome = load("sdp_test_scores", district, sample("students/sdp/Student_Test_Scores.csv.gz"))
    assert outcome.problems.all() == []
    rows = outcome.rows("assessment_result")
    # 779 scores are 0, which the toolkit calls missing.
    file = [line for line in lines_of("students/sdp/Student_Test_Scores.csv.gz") if line["scaled_score"] != "0"]
    assert len(rows) == len(file) == 77_694 - 779
    assert outcome.notes == [
        "Columns of the file that have no place here, and were not read: grade_level, raw_score.",
        "779 rows have nothing to load.",
    ]
    assert Counter(row["subject"] for row in rows) == {
        "Mathematics": len([line for line in file if line["test_subject"] == "1"]),
        "ELA": len([line for line in file if line["test_subject"] == "2"]),
    }
    assert sum(int(row["score"]) for row in rows) == sum(int(line["scaled_score"]) for line in file)
    assert (rows[0]["local_number"], rows[0]["score"], rows[0]["taken_on"], rows[0]["year"]) == (
        "1", "336", "2005-05-01", "2005",
    )  # fmt: skip


def test_sdp_lines(district: Organization) -> None:
    text = "sid,school_year,grade_level,test_subject,raw_score,scaled_score\n1,2005,9,2,534,356\n1,2005,9,7,1,1\n"
    outcome = load("sdp_test_scores", district, text)
    assert only(outcome, "test", "subject", "score") == [("State Assessment", "ELA", "356")]
    assert outcome.causes() == {"not_in_list": 1}


@needs_samples
def test_montucky_loads_the_district_that_it_is_loaded_for(district: Organization) -> None:
    file = lines_of("students/montucky_current.csv.gz")
    ours = [line for line in file if line["sch_g7_lea_id"] == "07"]
    for code in sorted({line["sch_g7_code"] for line in ours}):
        factories.organization(Kind.SCHOOL, district, f"School {code}", state_id=code)
    outcome = load("montucky", district, sample("students/montucky_current.csv.gz"))
    rows = outcome.rows("demographics")
    assert len(rows) == len(ours) == 1309
    assert outcome.causes() == {"unknown_school": 34_321 - 1309}
    races = {
        "Americ...": "AM", "Asian": "AS", "Black ...": "BL", "Hispan...": "HI", "Native...": "PI", "Demogr...": "TR",
        "White": "WH", "": None,
    }  # fmt: skip
    for row, line in zip(rows, ours, strict=True):
        assert row["local_number"] == line["sid"]
        assert row["race_ethnicity"] == races[line["race_ethnicity"]]
        assert row["sex"] == {"1.0": "M", "0.0": "F", "": None}[line["male"]]
        poor = {"0.0": "false", "1.0": "true", "2.0": "true", "9.0": None}
        assert row["economically_disadvantaged"] == poor[line["frpl_7"]]
        assert row["english_learner"] == {"0.0": "false", "1.0": "true"}[line["ell_7"]]
        assert row["year"] == "2018"
    scores = outcome.rows("assessment_result")
    expected = [line[f"scale_score_7_{subject}"] for line in ours for subject in ("math", "read")]
    assert sorted(row["score"] for row in scores) == sorted(score for score in expected if score)
    assert {(row["taken_on"], row["year"]) for row in scores} == {("2018-05-01", "2018")}


def test_montucky_lines(district: Organization) -> None:
    text = (
        "sid,sch_g7_code,year,frpl_7,ell_7,iep_7,race_ethnicity,male,scale_score_7_math,scale_score_7_read\n"
        "0001,123456789,2018.0,9.0,0.0,1.0,White,1.0,30.91,\n"
    )
    outcome = load("montucky", district, text)
    (row,) = outcome.rows("demographics")
    assert (row["local_number"], row["economically_disadvantaged"], row["with_disabilities"]) == ("0001", None, "true")
    assert only(outcome, "subject", "score") == [("Mathematics", "30.91")]


# --- after high school -------------------------------------------------------------------------------------------
CLEARINGHOUSE = """\
Your Unique Identifier,First Name,Middle Initial,Last Name,Requester Return Field,Record Found Y/N,Search Date,\
College Code/Branch,College Name,College State,2-year / 4-year,Public / Private,Enrollment Begin,Enrollment End,\
Enrollment Status,Graduated?,Graduation Date,Degree Title,College Sequence
0048213_,MARIA,,ALVAREZ,,Y,20260601,001009-00,AUBURN UNIVERSITY,AL,4-year,Public,20240815,20241213,F,N,,,1
0048213_,MARIA,,ALVAREZ,,Y,20260601,001017-00,LAWSON STATE,AL,2-year,Public,,,,Y,20260510,ASSOCIATE IN APPLIED SCIENCE,2
0048214_,JON,,BAKER,,N,20260601,,,,,,,,,,,,
0048215_,LI,,CHEN,,Y,20260601,001020-00,SOME COLLEGE,AL,Less Than 2 Years,Private,20250901,20251015,H,N,,,1
0048216_,DEE,,DIAZ,,Y,20260601,001021-00,OTHER COLLEGE,AL,Abroad,Private,20250901,20251015,H,N,,,1
"""


def test_clearinghouse_lines(district: Organization) -> None:
    outcome = load("clearinghouse", district, CLEARINGHOUSE)
    found = [
        tuple(
            row[name] for name in ("local_number", "kind", "institution", "starts", "ends", "credential_level", "year")
        )
        for row in outcome.rows("postsecondary_outcome")
    ]
    assert found == [
        ("0048213", "college_4yr", "AUBURN UNIVERSITY", "2024-08-15", "2024-12-13", None, "2025"),
        ("0048213", "college_2yr", "LAWSON STATE", "2026-05-10", "2026-05-10", "associate", "2026"),
        ("0048215", "training", "SOME COLLEGE", "2025-09-01", "2025-10-15", None, "2026"),
    ]
    assert outcome.causes() == {"not_in_list": 1}
    assert outcome.notes == [
        "Columns of the file that have no place here, and were not read: First Name, Middle Initial, Last Name, "
        "Requester Return Field, Search Date, College Code/Branch, College State, Public / Private and 2 more.",
        "1 row has nothing to load.",
    ]


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("BACHELOR OF SCIENCE IN NURSING AND HEALTH", "bachelor"),
        ("CERTIFICATE IN WELDING", "certificate"),
        ("MASTER OF ARTS", "master"),
        ("EDUCATION SPECIALIST WITH A VERY LONG NAME", "EDUCATION SPECIALIST WITH A VE"),
        ("", None),
    ],
)
def test_a_degree_is_kept_by_its_level(district: Organization, title: str, level: str | None) -> None:
    lines = CLEARINGHOUSE.splitlines()
    text = f"{lines[0]}\n{lines[2].replace('ASSOCIATE IN APPLIED SCIENCE', title)}\n"
    (row,) = load("clearinghouse", district, text).rows("postsecondary_outcome")
    assert row["credential_level"] == level


def test_underscores_and_blanks_in_headings_are_the_same(district: Organization) -> None:
    lines = CLEARINGHOUSE.splitlines()
    text = "\n".join([lines[0].replace(" ", "_").replace("2-year_/_4-year", "2-year/4-year"), *lines[1:]]) + "\n"
    assert len(load("clearinghouse", district, text).rows("postsecondary_outcome")) == 3
