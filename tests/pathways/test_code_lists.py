"""Code lists: what is in them, that loading again changes nothing, that damage is refused.

Expected figures were counted in the sample files by the commands beside them.
"""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from pathways import codes
from pathways.code_lists import LISTS, CodeListError, load, load_shipped
from pathways.code_lists.write import Difference
from pathways.models import (
    ApExam,
    CareerCluster,
    CipCode,
    CipOccupation,
    CodeListLoad,
    Descriptor,
    IbGroup,
    Occupation,
    OnetOccupation,
    ScedCourse,
)
from pathways.models.codes import SubjectArea
from tests.samples import SAMPLES, needs_samples

LISTS_OF_SAMPLES, DESCRIPTORS = SAMPLES / "codes", SAMPLES / "edfi" / "descriptors-5.2"
SHIPPED = {name for name, wanted in LISTS.items() if wanted.shipped}


@pytest.fixture(scope="module")
def shipped(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """All shipped lists, loaded once for the tests that only read them."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_shipped()
        yield
        transaction.set_rollback(True)


def table(path: Path) -> list[dict[str, str]]:
    """A sample by the csv module."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def single(text: str) -> str:
    """Text with its inner blanks single, as the lists keep it."""
    return " ".join(text.split())


def command(*arguments: str, **options: Any) -> str:
    """What ``manage.py load_codes`` says."""
    said = StringIO()
    call_command("load_codes", *arguments, stdout=said, stderr=said, **options)
    return said.getvalue()


def contents() -> dict[str, list[Any]]:
    """Every row of every list, and what is said of the loads, with the row's own version in the database."""
    found = {}
    with connection.cursor() as cursor:
        for model in (CodeListLoad, *(wanted.model for wanted in LISTS.values())):
            cursor.execute(f'SELECT ctid::text, * FROM "{model._meta.db_table}" ORDER BY 2, 3')
            found[model.__name__] = cursor.fetchall()
    return found


# --- what is shipped -------------------------------------------------------------------------------------------


def test_what_is_shipped_has_the_codes_of_its_edition(shipped: None) -> None:
    # zcat cip_2020.csv.gz | python3 -c 'import csv, sys, collections; print(collections.Counter(
    #     len(row["CIPCode"]) for row in csv.DictReader(sys.stdin)))'  →  {7: 2325, 5: 473, 2: 50}
    lengths = [len(code) for code in CipCode.objects.values_list("code", flat=True)]
    assert [lengths.count(length) for length in (2, 5, 7)] == [50, 473, 2325]
    assert ScedCourse.objects.count() == 1_785
    assert Occupation.objects.count() == 1_447
    assert OnetOccupation.objects.count() == 1_016
    assert ApExam.objects.count() == 50
    assert IbGroup.objects.count() == 10
    # cat *.xml | grep -c '<CodeValue>'  →  391
    assert Descriptor.objects.count() == 391
    assert Descriptor.objects.values("namespace").distinct().count() == 27
    assert CareerCluster.objects.filter(framework="classic16").count() == 16
    assert CareerCluster.objects.filter(framework="2024").count() == 14


def test_occupations_stand_at_their_level(shipped: None) -> None:
    # cut -d, -f1 soc_2018_definitions.csv | grep -xE 'Major|Minor|Broad|Detailed' | sort | uniq -c
    expected = {"major": 23, "minor": 98, "broad": 459, "detailed": 867}
    assert {level: Occupation.objects.filter(level=level).count() for level in expected} == expected


def test_only_clear_licences_are_shipped() -> None:
    assert set(LISTS) - SHIPPED == {"crosswalk"}
    notice = (Path(__file__).parents[2] / "NOTICE").read_text()
    data = Path(__file__).parents[2] / "pathways" / "data"
    assert [path.name for path in data.iterdir() if path.name not in notice] == []
    assert sum(path.stat().st_size for path in data.iterdir()) < 500_000


def test_codes_keep_their_leading_zeros(shipped: None) -> None:
    assert CipCode.objects.get(code="01.0102").title == "Agribusiness/Agricultural Business Operations"
    assert ScedCourse.objects.get(code="02056").subject_area == "02"
    assert ApExam.objects.get(code="07").title == "United States History"
    assert CareerCluster.objects.get(code="classic16:08").title == "Health Science"


def test_a_program_that_the_edition_moved_or_deleted_has_ended_and_says_where_it_went(shipped: None) -> None:
    # grep -c of Action "Moved from" (149) and "Deleted" (12)
    ended = CipCode.objects.exclude(ended_in="")
    assert set(ended.values_list("ended_in", flat=True)) == {"2020"}
    assert ended.count() == 161
    assert CipCode.objects.in_force().count() == 2_848 - 161
    viticulture = CipCode.objects.get(code="01.0309")
    assert (viticulture.title, viticulture.replaced_by) == ("Viticulture and Enology", "01.1004")
    assert CipCode.objects.in_force().filter(code="01.1004").exists()
    assert CipCode.objects.get(code="45.14").replaced_by == "45.1103"


def test_every_course_has_a_known_subject_area(shipped: None) -> None:
    areas = set(ScedCourse.objects.values_list("subject_area", flat=True))
    assert areas == set(SubjectArea.values)
    for code, title in ScedCourse.objects.filter(code__endswith="999").values_list("code", "title"):
        # Two areas are written otherwise in their own course.
        assert title.removesuffix(" 1199") in {
            f"{SubjectArea(code[:2]).label}—Other",
            "Visual and Performing Art—Other",
        }


def test_three_clusters_of_2024_are_cross_cutting(shipped: None) -> None:
    assert set(CareerCluster.objects.filter(cross_cutting=True).values_list("title", flat=True)) == {
        "Digital Technology",
        "Management & Entrepreneurship",
        "Marketing & Sales",
    }


def test_each_load_says_where_it_is_from_and_under_which_licence(shipped: None) -> None:
    loads = CodeListLoad.objects.all()
    assert {one.list for one in loads} == SHIPPED
    assert all(one.shipped and one.edition and one.source and one.licence and len(one.sha256) == 64 for one in loads)
    assert "CC BY 4.0" in CodeListLoad.objects.get(list="onet").credit
    assert CodeListLoad.objects.get(list="cip").codes == 2_848


def test_the_product_ships_what_the_published_files_say(shipped: None) -> None:
    if not LISTS_OF_SAMPLES.exists():
        pytest.skip(f"no sample files in {SAMPLES}; set HSTW_SAMPLES to their directory")
    cip = {
        row["CIPCode"]: single(row["CIPTitle"]).removesuffix(".") for row in table(LISTS_OF_SAMPLES / "cip_2020.csv.gz")
    }
    assert codes.titles("cip", cip) == cip
    sced = table(LISTS_OF_SAMPLES / "sced_v12_courses.csv")
    assert set(ScedCourse.objects.values_list("code", "title", "description")) == {
        tuple(single(cell) for cell in row.values()) for row in sced
    }
    soc = table(LISTS_OF_SAMPLES / "soc_2018_definitions.csv")
    assert set(Occupation.objects.values_list("code", "title", "definition")) == {
        (row["SOC Code"], single(row["SOC Title"]), single(row["SOC Definition"])) for row in soc
    }
    onet = table(LISTS_OF_SAMPLES / "onet_soc_2019_occupations.csv")
    assert set(OnetOccupation.objects.values_list("code", "title", "soc_code")) == {
        (row["O*NET-SOC 2019 Code"], single(row["O*NET-SOC 2019 Title"]), row["2018 SOC Code"]) for row in onet
    }
    described = {
        tuple(single(part.text or "") for part in (one[3], one[0], one[1]))
        for path in DESCRIPTORS.glob("*.xml")
        for one in ElementTree.parse(path).getroot()
    }
    assert set(Descriptor.objects.values_list("namespace", "code_value", "title")) == described


# --- loading ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_all_lists_load_in_under_two_seconds_and_again_without_a_change() -> None:
    begun = time.monotonic()
    assert all(loaded.difference.new == loaded.codes for loaded in load_shipped())
    assert time.monotonic() - begun < 2
    before = contents()
    assert {loaded.difference for loaded in load_shipped()} == {Difference(new=0, changed=0, ended=0)}
    assert contents() == before


@needs_samples
@pytest.mark.django_db
def test_the_published_files_load_and_change_nothing_of_what_is_shipped() -> None:
    load_shipped()
    before = {name: rows for name, rows in contents().items() if name not in {"CodeListLoad", "CipOccupation"}}
    said = command(path=LISTS_OF_SAMPLES)
    assert "1,705 codes, 1,705 new" in said
    assert {name: rows for name, rows in contents().items() if name in before} == before
    assert command("descriptors", path=DESCRIPTORS) == "Ed-Fi descriptors: 391 codes, nothing new\n"
    assert {name: rows for name, rows in contents().items() if name in before} == before
    assert not CodeListLoad.objects.get(list="cip").shipped


@needs_samples
@pytest.mark.django_db
def test_the_crosswalk_has_each_pair_once() -> None:
    rows = table(LISTS_OF_SAMPLES / "cip_soc_crosswalk.csv")
    assert len(rows) == 2_230
    pairs = {(row["2020 CIP Code"], row["2018 SOC Code"]) for row in rows}
    load("crosswalk", LISTS_OF_SAMPLES / "cip_soc_crosswalk.csv")
    assert set(CipOccupation.objects.values_list("cip_code", "soc_code")) == pairs
    assert codes.occupations(["01.0102"])["01.0102"][0] == (
        "11-9013",
        "Farmers, Ranchers, and Other Agricultural Managers",
    )
    # 11-2032 stands there under its title of 2010, too; 13-1028 is a group that the SOC list does not have.
    load("soc")
    assert ("11-2032", "Public Relations Managers") in codes.occupations(["09.0909"])["09.0909"]
    assert ("13-1028", "Buyers and Purchasing Agents") in codes.occupations(["12.0510"])["12.0510"]
    none = {cip for cip, soc in pairs if soc == "99-9999"} - {cip for cip, soc in pairs if soc != "99-9999"}
    assert none
    assert codes.occupations(none) == {}


# --- small files of our own ------------------------------------------------------------------------------------


def small(folder: Path, text: str, name: str = "ap.csv") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


AP = "AP_Exam_Code,AP_Exam_Description,edfi_descriptor\n"
FIRST = AP + "7,United States History,uri://ed-fi.org/A#History\n20,Biology,uri://ed-fi.org/A#Science\n"


@pytest.mark.django_db
def test_a_code_that_vanishes_has_ended_and_one_that_returns_is_in_force(tmp_path: Path) -> None:
    load("ap", small(tmp_path, FIRST), edition="1")
    load("ap", small(tmp_path, AP + "07,U.S. History,uri://ed-fi.org/A#History\n"), edition="2")
    assert ApExam.objects.get(code="20").ended_in == "2"
    assert ApExam.objects.get(code="20").title == "Biology"
    assert ApExam.objects.get(code="07").title == "U.S. History"
    assert codes.ap_title("20") == "Biology"
    assert list(ApExam.objects.in_force()) == [ApExam.objects.get(code="07")]
    load("ap", small(tmp_path, FIRST), edition="3")
    assert ApExam.objects.get(code="20").ended_in == ""


@pytest.mark.django_db
def test_a_load_counts_what_is_new_changed_and_ended(tmp_path: Path) -> None:
    load("ap", small(tmp_path, FIRST), edition="1")
    wrote = load("ap", small(tmp_path, AP + "7,U.S. History,x#History\n25,Chemistry,N/A\n"), edition="2").difference
    assert (wrote.new, wrote.changed, wrote.ended) == (1, 1, 1)


@pytest.mark.django_db
def test_an_edition_does_not_lose_its_codes(tmp_path: Path) -> None:
    load("ap", small(tmp_path, FIRST))
    before = contents()
    with pytest.raises(CodeListError, match=r"lacks 1 of 2 codes of AP exams.*cut off"):
        load("ap", small(tmp_path, AP + "7,United States History,x#History\n"))
    assert contents() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ap.csv is empty"),
        (AP, "no code of AP exams in it"),
        ("Code,Name\n7,History\n", "lacks AP_Exam_Code, AP_Exam_Description, edfi_descriptor"),
        (FIRST + "2.0E+1,Biology,N/A\n", "line 4: “2.0E\\+1” is not an AP exam's code"),
        (FIRST + "25,,N/A\n", "line 4: no title"),
        (FIRST + "25,Chemistry\n", "line 4: 2 values where the heading line has 3"),
        (FIRST + "07,History,N/A\n", "line 4: 07 is in the file twice"),
        (FIRST + f"25,{'long ' * 70},N/A\n", "line 4: title of more than 300 characters"),
        (FIRST + '25,"Chemistry,N/A\n', "line 4: quotation marks do not match"),
    ],
)
@pytest.mark.django_db
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CodeListError, match=said):
        load("ap", small(tmp_path, text))
    assert not ApExam.objects.exists()
    assert not CodeListLoad.objects.exists()


@pytest.mark.django_db
def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = LISTS["sced"].path
    assert whole is not None
    (tmp_path / "sced.csv.gz").write_bytes(whole.read_bytes()[:60_000])
    with pytest.raises(CodeListError, match="cut off or damaged"):
        load("sced", tmp_path)


DESCRIPTOR = """<InterchangeDescriptors xmlns="http://ed-fi.org/5.2.0"><TermDescriptor><CodeValue>Semester</CodeValue>
<ShortDescription>A semester</ShortDescription><Namespace>uri://ed-fi.org/TermDescriptor</Namespace></TermDescriptor>
</InterchangeDescriptors>"""


@pytest.mark.django_db
def test_descriptors_are_read_from_ed_fi_files(tmp_path: Path) -> None:
    small(tmp_path, DESCRIPTOR, "TermDescriptor.xml")
    load("descriptors", tmp_path)
    assert Descriptor.objects.get().code == "uri://ed-fi.org/TermDescriptor#Semester"
    assert Descriptor.objects.get().title == "A semester"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DESCRIPTOR[:200], "cut off or damaged"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + DESCRIPTOR, "declares a document type"),
        ("<Other><A><B>c</B></A></Other>", "number 1 in it is no Ed-Fi descriptor"),
        (DESCRIPTOR.replace("uri://", ""), "begins with uri://"),
    ],
)
@pytest.mark.django_db
def test_damaged_ed_fi_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    small(tmp_path, text, "TermDescriptor.xml")
    with pytest.raises(CodeListError, match=said):
        load("descriptors", tmp_path)


# --- the command and the lookups -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_loads_what_is_shipped_and_keeps_what_came_from_a_path(tmp_path: Path) -> None:
    command("ap", path=small(tmp_path, FIRST))
    said = command()
    assert "AP exams: kept as loaded from ap.csv" in said
    assert "Instructional programs (CIP): 2,848 codes, 2,848 new" in said
    assert ApExam.objects.count() == 2
    command("ap")
    assert ApExam.objects.count() == 50


@pytest.mark.django_db
def test_the_command_lists_what_there_is() -> None:
    command("ap")
    said = command(tell=True)
    assert "ap: AP exams\n    50 codes, edition f8967a1, loaded " in said
    assert "crosswalk: Programs to occupations (CIP–SOC crosswalk)\n    not loaded; load it with --from" in said
    assert "cip: Instructional programs (CIP)\n    not loaded; comes with the product" in said


@pytest.mark.django_db
def test_the_command_says_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no list cips"):
        command("cips")
    with pytest.raises(CommandError, match="does not exist"):
        command("ap", path=tmp_path / "none")
    with pytest.raises(CommandError, match="no file of any list"):
        command(path=tmp_path)
    with pytest.raises(CommandError, match="name it"):
        command(path=small(tmp_path, FIRST))
    with pytest.raises(CommandError, match="1 of the lists was not loaded"):
        command("crosswalk", "ap")
    assert ApExam.objects.count() == 50
    small(tmp_path, FIRST, "ap_exams.csv")
    small(tmp_path, FIRST, "ap_exams_2.csv")
    with pytest.raises(CommandError, match="more than one file of AP exams"):
        command(path=tmp_path)


def test_titles_are_found_in_one_query(shipped: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = codes.titles("cip", ["51.3902", "01.0309", "99.9999", ""])
    assert found == {
        "51.3902": "Nursing Assistant/Aide and Patient Care Assistant/Aide",
        "01.0309": "Viticulture and Enology",
    }
    with django_assert_num_queries(0):
        assert codes.titles("sced", []) == {}
    assert codes.cip_title("51") == "HEALTH PROFESSIONS AND RELATED PROGRAMS"
    assert codes.sced_title("02056") == "Algebra II"
    assert codes.sced_title("99999") == ""
    assert codes.occupation_title("29-1141") == "Registered Nurses"
    assert codes.occupation_title("29-1141.01") == "Acute Care Nurses"
    assert codes.ap_title("7") == "United States History"
    assert codes.credits_for("cip", "onet") == [LISTS["onet"].credit]


def test_every_code_of_the_demonstration_world_is_known(shipped: None) -> None:
    from hstw.demo.catalog import CATALOG

    sced = {course.sced for course in CATALOG.courses}
    cip = {course.cip for course in CATALOG.courses} - {""}
    assert sced - codes.titles("sced", sced).keys() == set()
    assert cip - codes.titles("cip", cip).keys() == set()
