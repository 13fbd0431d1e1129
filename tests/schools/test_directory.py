"""Published directories into the tree. Expected figures were counted in the files by the commands beside them."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import threading
from collections import Counter
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from schools.directory import DirectoryError, Report, load
from schools.directory.states import CENTRAL, EASTERN, MOUNTAIN
from schools.models import Organization
from schools.models.membership import CooperativeMember
from schools.models.organization import Kind
from tests import factories
from tests.samples import SAMPLES, needs_samples

TEXAS = SAMPLES / "federal" / "ccd-tx-districts.csv"
KENTUCKY_DISTRICTS = SAMPLES / "state-kentucky" / "profile_dist.csv"
KENTUCKY_SCHOOLS = SAMPLES / "state-kentucky" / "profile_sch.csv.gz"

pytestmark = pytest.mark.django_db

AGENCY = {
    "SURVYEAR": "2013",
    "LEAID": "0100001",
    "FIPST": "01",
    "STID": "001",
    "NAME": "Cahaba County",
    "PHONE": "2055550100",
    "LSTREE": "1 Main St",
    "LCITY": "Cahaba",
    "LSTATE": "AL",
    "LZIP": "35004",
    "LZIP4": "0012",
    "CONAME": "Shelby County",
    "LATCOD": "33.1",
    "LONCOD": "-86.6",
    "GSLO": "PK",
    "GSHI": "12",
    "TYPE": "1",
    "BOUND": "1",
}
SCHOOL = {
    **{k: v for k, v in AGENCY.items() if k not in {"STID", "NAME", "BOUND"}},
    "NCESSCH": "010000100001",
    "SEASCH": "0010",
    "SCHNAM": "Ridge High",
    "GSLO": "09",
    "STATUS": "1",
}


def write_csv(path: Path, *rows: dict[str, str]) -> Path:
    """A file of these rows."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def agencies(tmp_path: Path) -> Any:
    """Writes a federal agencies' file, each row the default one with other values, and loads it."""

    def load_agencies(*changes: dict[str, str], **options: Any) -> Report:
        return load(write_csv(tmp_path / "agencies.csv", *(AGENCY | change for change in changes)), **options)

    return load_agencies


def causes(report: Report) -> dict[str, int]:
    return {f"{cause['effect']}: {cause['cause']}": cause["count"] for cause in report.causes()}


def parent_of(organization: Organization) -> Organization:
    return Organization.objects.get_parent(organization)


def assert_tree_sound() -> None:
    """Every path stands below its parent, and every parent counts its children."""
    tree = list(Organization.objects.values_list("path", "depth", "numchild"))
    children: Counter[str] = Counter(path[:-5] for path, _, _ in tree)
    assert set(children) <= {"", *(path for path, _, _ in tree)}
    assert [row for row in tree if row[1] * 5 != len(row[0]) or row[2] != children[row[0]]] == []


# --- the federal file of Texas ---------------------------------------------------------------------------


@needs_samples
def test_texas_loads_every_agency_that_is_open_or_was() -> None:
    report = load(TEXAS)
    # tail -n +2 ccd-tx-districts.csv | cut -d, -f2 | sort -u | wc -l → 1265
    # … | awk -F, '$28!=7' | cut -d, -f17 | sort | uniq -c → 1029 of type 1, 20 of 4, 3 of 5, 211 of 7
    assert report.rows == 1265
    assert report.new_kinds == {"region": 1, "state": 1, "district": 1029 + 3 + 211, "cooperative": 20}
    assert Organization.objects.filter(kind=Kind.COOPERATIVE, depth=3).count() == 20
    assert causes(report) == {
        # awk -F, '$28!=7{print $29}' | grep -c '^N$' → 24, and two planned agencies, which also have none
        "noted: GSLO: not reported or not applicable": 26,
        "noted: GSHI: not reported or not applicable": 26,
        "noted: temporarily closed, may reopen within 3 years: recorded as closed until then": 2,
        "row refused: not open yet: planned within two years, no date given": 2,
    }
    assert_tree_sound()


@needs_samples
def test_texas_twice_changes_nothing() -> None:
    load(TEXAS)
    before = list(Organization.objects.values())
    report = load(TEXAS)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 1263)
    assert list(Organization.objects.values()) == before


@needs_samples
def test_el_paso_as_published() -> None:
    # grep -n 'EL PASO ISD' → line 532
    load(TEXAS)
    found = Organization.objects.get(nces_id="4818300")
    assert (found.name, found.state_id, found.kind) == ("EL PASO ISD", "071902", "district")
    assert (found.street, found.city, found.county) == ("6531 BOEING DR", "EL PASO", "EL PASO COUNTY")
    assert (found.postal_state, found.zip_code, found.phone) == ("TX", "79925-0100", "9157793781")
    assert (found.latitude, found.longitude) == (Decimal("31.795080"), Decimal("-106.397571"))
    assert (found.grade_low, found.grade_high, found.design) == ("PK", "12", "")
    assert (found.opened, found.closed, found.time_zone) == (None, None, MOUNTAIN)
    assert (found.slug, found.in_state.name) == ("el-paso-isd-tx", "Texas")


@needs_samples
def test_status_codes_open_and_close_on_the_first_day_of_the_files_year() -> None:
    load(TEXAS)
    day = dt.date(2013, 7, 1)
    texas = Organization.objects.filter(in_state__name="Texas")
    # cut -d, -f28 | sort | uniq -c → status 2: 9, status 6: 2, status 3: 7
    assert texas.filter(closed=day).count() == 9 + 2
    assert texas.filter(opened=day).count() == 7
    assert texas.exclude(closed=day).filter(closed__isnull=False).count() == 0
    assert Organization.objects.get(nces_id="4800051").closed == day  # HOUSTON CAN, status 2


@needs_samples
def test_mountain_time_in_el_paso_and_hudspeth_only() -> None:
    load(TEXAS)
    # awk -F, '($20=="EL PASO COUNTY"||$20=="HUDSPETH COUNTY") && $28!=7' | wc -l → 19
    zones = Organization.objects.filter(in_state__name="Texas")
    assert zones.filter(time_zone=MOUNTAIN).count() == 19
    assert zones.exclude(time_zone=MOUNTAIN).exclude(time_zone=CENTRAL).count() == 0


# --- Kentucky's files of six years -----------------------------------------------------------------------


@pytest.fixture
def kentucky() -> tuple[Report, Report]:
    return load(KENTUCKY_DISTRICTS), load(KENTUCKY_SCHOOLS)


@needs_samples
def test_kentucky_counts(kentucky: tuple[Report, Report]) -> None:
    districts, schools = kentucky
    # tail -n +2 profile_dist.csv | cut -d, -f1 | sort -u | wc -l → 178; nine abbreviations in column coop
    assert districts.new_kinds == {"region": 1, "state": 1, "district": 178, "cooperative": 9}
    # zcat profile_sch.csv.gz | tail -n +2 | cut -d, -f1 | sort -u | wc -l → 1554
    # … | cut -d, -f1,2 | awk -F, '$2!=""' | cut -c1-3 | sort -u | wc -l → 177 districts get their NCES id
    assert schools.new_kinds == {"school": 1554}
    assert schools.changed == 177
    assert_tree_sound()


@needs_samples
def test_kentucky_twice_changes_nothing(kentucky: tuple[Report, Report]) -> None:
    before = list(Organization.objects.values())
    districts, schools = load(KENTUCKY_DISTRICTS), load(KENTUCKY_SCHOOLS)
    assert (districts.new, districts.changed, districts.unchanged) == (0, 0, 178 + 9)
    assert (districts.members_new, districts.members_changed, districts.members_unchanged) == (0, 0, 175)
    assert (schools.new, schools.changed, schools.unchanged) == (0, 0, 1554 + 177)
    assert list(Organization.objects.values()) == before


@needs_samples
def test_a_schools_latest_year_stands(kentucky: tuple[Report, Report]) -> None:
    # zcat profile_sch.csv.gz | grep ^015905: two names, two NCES ids, blank grades and coordinates in between
    found = Organization.objects.get(kind=Kind.SCHOOL, state_id="015905")
    assert found.name == "Ballard County Career and Technology Ctr"
    assert (found.nces_id, found.grade_span, found.design) == ("210021002404", "9–12", "technology_center")
    assert (found.latitude, found.longitude) == (Decimal("37.068839"), Decimal("-88.985905"))
    assert (parent_of(found).name, found.time_zone) == ("Ballard County", CENTRAL)


@needs_samples
def test_a_number_given_to_another_school_does_not_inherit(kentucky: tuple[Report, Report]) -> None:
    # grep ^165055: Woodson Academy in 2011–12, Booker T Washington Elementary, without NCES id, in 2016–17;
    # grep ^165275: Woodson Academy from 2012–13 with the NCES id it had
    assert Organization.objects.get(state_id="165055").nces_id == ""
    assert Organization.objects.get(state_id="165055").name == "Booker T Washington Elementary School"
    assert Organization.objects.get(nces_id="210186002323").state_id == "165275"


@needs_samples
def test_the_end_of_a_listing_is_reported_and_closes_nothing(kentucky: tuple[Report, Report]) -> None:
    _, schools = kentucky
    # zcat … last year by number, those before 2016-2017: awk → 119
    cause = "noted: not listed in 2016–17, the file's latest year; not recorded as closed"
    assert causes(schools)[cause] == 119
    assert not Organization.objects.exclude(opened=None, closed=None).exists()


@needs_samples
def test_memberships_are_dated_by_school_years(kentucky: tuple[Report, Report]) -> None:
    # awk -F, '$3!=""' profile_dist.csv | cut -d, -f1,3 | sort -u | wc -l → 175
    assert CooperativeMember.objects.count() == 175
    jefferson = CooperativeMember.objects.get(member__state_id="275", member__kind=Kind.DISTRICT)
    assert (jefferson.cooperative.state_id, jefferson.starts, jefferson.ends) == (
        "909",
        dt.date(2011, 7, 1),
        None,
    )
    # grep ^602: no cooperative in 2011–12, then JEFF CO
    blind = CooperativeMember.objects.get(member__state_id="602")
    assert blind.starts == dt.date(2012, 7, 1)
    assert not CooperativeMember.objects.filter(member__state_id__in=["436", "610", "777"]).exists()


@needs_samples
def test_what_is_no_number_is_left_out_with_its_place(kentucky: tuple[Report, Report]) -> None:
    districts, _ = kentucky
    places = [place for cause in districts.causes() for place in cause["places"]]
    assert "profile_dist.csv:299:long:inf" in places
    assert Organization.objects.get(state_id="436").longitude is None


# --- rules, on small files -------------------------------------------------------------------------------


def kentucky_file(path: Path, *rows: tuple[str, str, str, str]) -> Path:
    """District number, name, cooperative and year."""
    lines = [f"{number},{name},{coop},-85.3,37.1,{year},100" for number, name, coop, year in rows]
    path.write_text("\n".join(["sch_id,dist_name,coop,long,lat,year,enroll", *lines]) + "\n")
    return path


def test_a_change_of_cooperative_ends_one_membership_and_begins_another(tmp_path: Path) -> None:
    rows = [("001", "Adair County", coop, f"{y}-{y + 1}") for y, coop in [(2011, "GRREC"), (2012, "OVEC")]]
    load(kentucky_file(tmp_path / "d.csv", *rows))
    periods = CooperativeMember.objects.order_by("starts").values_list("cooperative__state_id", "starts", "ends")
    assert list(periods) == [
        ("902", dt.date(2011, 7, 1), dt.date(2012, 6, 30)),
        ("906", dt.date(2012, 7, 1), None),
    ]


def test_a_later_file_ends_a_membership_that_was_open(tmp_path: Path) -> None:
    first = ("001", "Adair County", "GRREC", "2011-2012")
    load(kentucky_file(tmp_path / "d.csv", first))
    report = load(kentucky_file(tmp_path / "d.csv", first, ("001", "Adair County", "", "2012-2013")))
    assert report.members_changed == 1
    assert CooperativeMember.objects.get().ends == dt.date(2012, 6, 30)


def test_a_membership_recorded_with_an_earlier_start_keeps_it(tmp_path: Path) -> None:
    file = kentucky_file(tmp_path / "d.csv", ("001", "Adair County", "GRREC", "2011-2012"))
    load(file)
    CooperativeMember.objects.update(starts=dt.date(1999, 7, 1))
    assert load(file).members_unchanged == 1
    assert CooperativeMember.objects.get().starts == dt.date(1999, 7, 1)


def test_the_states_own_row_updates_the_state(tmp_path: Path) -> None:
    load(kentucky_file(tmp_path / "d.csv", ("999", "State", "", "2011-2012")))
    state = Organization.objects.get(kind=Kind.STATE)
    assert (state.name, state.state_id, state.latitude) == ("Kentucky", "999", Decimal("37.1"))


def test_a_cooperatives_own_row_names_it(tmp_path: Path) -> None:
    rows = [("902", "Green River Cooperative", "", "2011-2012"), ("001", "Adair", "GRREC", "2011-2012")]
    load(kentucky_file(tmp_path / "d.csv", *rows))
    cooperative = Organization.objects.get(kind=Kind.COOPERATIVE)
    assert (cooperative.name, cooperative.cooperative_members.count()) == ("Green River Cooperative", 1)


def test_an_unknown_cooperative_is_reported(tmp_path: Path) -> None:
    report = load(kentucky_file(tmp_path / "d.csv", ("001", "Adair", "XYZ", "2011-2012")))
    assert causes(report) == {"value left out: coop: no cooperative has this abbreviation": 1}


def test_states_of_the_region_and_others_have_different_roots(agencies: Any) -> None:
    agencies({}, {"LEAID": "3900001", "FIPST": "39", "LSTATE": "OH", "STID": "002"})
    parents = {o.name: parent_of(o).name for o in Organization.objects.filter(kind=Kind.STATE)}
    assert parents == {"Alabama": "SREB", "Ohio": "Other states"}


def test_an_existing_state_is_used(agencies: Any) -> None:
    world = factories.make_world()
    agencies({"LEAID": "0100002"})
    assert parent_of(Organization.objects.get(nces_id="0100002")) == world.alabama
    assert_tree_sound()


def test_one_state_of_many(agencies: Any) -> None:
    report = agencies({}, {"LEAID": "3900001", "FIPST": "39", "STID": "002"}, state="AL")
    assert (report.other_states, report.new_kinds["district"]) == (1, 1)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"LEAID": "100001"}, "LEAID: fewer than 7 digits: leading zeros lost, as spreadsheets do?"),
        ({"LEAID": "01000011"}, "LEAID: not 7 digits"),
        ({"LEAID": "9900001", "FIPST": "99"}, "FIPST: no state has this code"),
        ({"LEAID": "0200001"}, "LEAID: does not begin with the state's code"),
        ({"NAME": "M"}, "no NAME"),
        ({"NAME": "x" * 201}, "NAME: longer than 200 characters"),
        ({"TYPE": "9"}, "TYPE: a code the record layout does not have"),
        ({"BOUND": "9"}, "a status the record layout does not have"),
        ({"BOUND": "7"}, "not open yet: planned within two years, no date given"),
        ({"SURVYEAR": "13"}, "SURVYEAR: not a school year"),
    ],
)
def test_rows_are_refused_with_a_cause(agencies: Any, change: dict[str, str], cause: str) -> None:
    report = agencies(change)
    assert causes(report)[f"row refused: {cause}"] == 1
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "blank", "cause"),
    [
        ({"LONCOD": "86.6"}, "latitude", None, "LONCOD: no longitude in the United States (a sign lost?)"),
        ({"LATCOD": "north"}, "longitude", None, "LATCOD: not a number of degrees"),
        ({"GSLO": "UG"}, "grade_low", "", "GSLO: a grade outside PK–12 (ungraded, adult or 13)"),
        ({"GSLO": "09", "GSHI": "08"}, "grade_high", "", "the lowest grade is above the highest"),
        ({"LZIP": "12345678901"}, "zip_code", "", "LZIP: longer than 10 characters"),
    ],
)
def test_values_are_left_out_with_a_cause(
    agencies: Any, change: dict[str, str], field: str, blank: Any, cause: str
) -> None:
    report = agencies(change)
    assert causes(report) == {f"value left out: {cause}": 1}
    assert getattr(Organization.objects.get(kind=Kind.DISTRICT), field) == blank


@pytest.mark.parametrize("code", ["", "M", "N", "-1", "-2", "-9", "0"])
def test_missing_codes_are_no_coordinates(agencies: Any, code: str) -> None:
    agencies({"LATCOD": code})
    assert Organization.objects.get(kind=Kind.DISTRICT).latitude is None


def test_a_blank_erases_nothing(agencies: Any) -> None:
    agencies({})
    report = agencies({"PHONE": "M", "LCITY": ""})
    assert report.changed == 0
    assert Organization.objects.get(kind=Kind.DISTRICT).phone == "2055550100"


def test_a_changed_fact_counts_once_and_refuses_stale_edits(agencies: Any) -> None:
    agencies({})
    assert agencies({"NAME": "Cahaba City", "PHONE": "1"}).changed == 1
    district = Organization.objects.get(kind=Kind.DISTRICT)
    assert (district.name, district.version, district.slug) == ("Cahaba City", 2, "cahaba-county-al")


def test_a_reopened_agency_is_open(agencies: Any) -> None:
    agencies({"BOUND": "2"})
    agencies({"BOUND": "8", "SURVYEAR": "2014"})
    assert Organization.objects.get(kind=Kind.DISTRICT).closed is None


def test_a_recorded_successor_keeps_the_closing(agencies: Any) -> None:
    agencies({"BOUND": "2"}, {"LEAID": "0100002", "STID": "002"})
    old, heir = Organization.objects.filter(kind=Kind.DISTRICT)
    old.successor = heir
    old.save()
    report = agencies({})
    old.refresh_from_db()
    assert old.closed == dt.date(2013, 7, 1)
    assert (
        causes(report)["value left out: listed as open, but recorded here as closed with a successor: left closed"] == 1
    )


def test_ids_may_be_exchanged_within_a_load(agencies: Any) -> None:
    agencies({}, {"LEAID": "0100002", "STID": "002", "NAME": "Other"})
    report = agencies({"STID": "002"}, {"LEAID": "0100002", "STID": "001", "NAME": "Other"})
    assert report.changed == 2
    assert Organization.objects.get(nces_id="0100001").state_id == "002"


def test_same_names_get_different_addresses(agencies: Any) -> None:
    agencies({}, {"LEAID": "0100002", "STID": "002"})
    slugs = Organization.objects.filter(kind=Kind.DISTRICT).values_list("slug", flat=True)
    assert list(slugs) == ["cahaba-county-al", "cahaba-county-al-2"]


def test_schools_stand_below_their_district_and_follow_it(agencies: Any, tmp_path: Path) -> None:
    agencies({}, {"LEAID": "0100002", "STID": "002", "NAME": "Tombigbee City"})
    load(write_csv(tmp_path / "schools.csv", SCHOOL))
    school = Organization.objects.get(kind=Kind.SCHOOL)
    assert (parent_of(school).name, school.design, school.state_id) == ("Cahaba County", "high", "0010")
    report = load(write_csv(tmp_path / "schools.csv", SCHOOL | {"LEAID": "0100002"}))
    assert report.changed == 1
    assert parent_of(Organization.objects.get(kind=Kind.SCHOOL)).name == "Tombigbee City"
    assert_tree_sound()


def test_a_school_of_an_unknown_district_is_refused(tmp_path: Path) -> None:
    report = load(write_csv(tmp_path / "schools.csv", SCHOOL))
    assert causes(report) == {"row refused: its district is not in the directory: load the districts' file first": 1}
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("low", "high", "kind", "design"),
    [
        ("09", "12", "1", "high"),
        ("06", "08", "1", "middle"),
        ("PK", "05", "1", "elementary"),
        ("KG", "08", "1", ""),
        ("07", "12", "1", ""),
        ("09", "12", "3", "technology_center"),
        ("09", "12", "4", ""),
    ],
)
def test_the_design_is_filled_only_where_nothing_else_is_possible(
    agencies: Any, tmp_path: Path, low: str, high: str, kind: str, design: str
) -> None:
    agencies({})
    load(write_csv(tmp_path / "s.csv", SCHOOL | {"GSLO": low, "GSHI": high, "TYPE": kind}))
    assert Organization.objects.get(kind=Kind.SCHOOL).design == design


def test_a_chosen_design_stays(agencies: Any, tmp_path: Path) -> None:
    agencies({})
    file = write_csv(tmp_path / "s.csv", SCHOOL)
    load(file)
    Organization.objects.filter(kind=Kind.SCHOOL).update(design="technology_center")
    assert load(file).changed == 0


def test_history_names_the_command(agencies: Any) -> None:
    agencies({})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT context.metadata->>'command', context.metadata->>'file' FROM pghistory_context context"
            " JOIN schools_organizationevent event ON event.pgh_context_id = context.id"
            " WHERE event.nces_id = '0100001'"
        )
        assert cursor.fetchall() == [("import_directory", "agencies.csv")]


def test_a_dry_run_writes_nothing(agencies: Any) -> None:
    report = agencies({}, dry_run=True)
    assert report.new_kinds["district"] == 1
    assert not Organization.objects.exists()


# --- broken files ----------------------------------------------------------------------------------------


def refused(path: Path, **options: Any) -> str:
    """The message with which the whole file is refused; nothing is loaded."""
    with pytest.raises(DirectoryError) as caught:
        load(path, **options)
    assert not Organization.objects.exists()
    return str(caught.value)


def test_latin_1_is_named_with_its_line_and_read_when_said(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", AGENCY | {"NAME": "CAÑON"})
    file.write_bytes(file.read_text().encode("latin-1"))
    assert "a.csv, line 2: byte 0xd1 is not utf-8 text" in refused(file)
    load(file, encoding="latin-1")
    assert Organization.objects.get(kind=Kind.DISTRICT).name == "CAÑON"


def test_a_byte_order_mark_is_no_part_of_the_heading(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", AGENCY)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load(file).new_kinds["district"] == 1


def test_tabs_are_understood_as_the_federal_files_have_them(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\t".join(AGENCY) + "\r\n" + "\t".join(AGENCY.values()) + "\r\n")
    assert load(file).new_kinds["district"] == 1


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    row = {name: value for name, value in AGENCY.items() if name != "BOUND"}
    message = refused(write_csv(tmp_path / "a.csv", row))
    assert message == "a.csv lacks BOUND, column of ccd-districts (Common Core of Data, agencies)."


def test_the_wrong_layout_is_named(tmp_path: Path) -> None:
    assert "a.csv lacks NCESSCH" in refused(write_csv(tmp_path / "a.csv", AGENCY), layout="ccd-schools")


def test_a_doubled_column_is_named(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", AGENCY)
    heading, row = file.read_text().splitlines()
    file.write_text(f"{heading},NAME\n{row},Other\n")
    assert refused(file) == "a.csv has the column NAME twice."


def test_a_doubled_id_is_named_with_both_lines(tmp_path: Path) -> None:
    message = refused(write_csv(tmp_path / "a.csv", AGENCY, AGENCY | {"NAME": "Other"}))
    assert message == "a.csv: lines 2 and 3 have the same LEAID (0100001). Remove one of them."


def test_a_truncated_gz_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(write_csv(tmp_path / "a.csv", AGENCY).read_bytes())
    (tmp_path / "a.csv.gz").write_bytes(packed[:-20])
    assert "is cut off or damaged" in refused(tmp_path / "a.csv.gz")


def test_a_damaged_gz_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(write_csv(tmp_path / "a.csv", AGENCY).read_bytes()))
    packed[-6] ^= 0xFF
    (tmp_path / "a.csv.gz").write_bytes(packed)
    assert "is cut off or damaged" in refused(tmp_path / "a.csv.gz")


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert refused(tmp_path / "a.csv") == "a.csv is empty."


def test_a_file_of_headings_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(AGENCY) + "\n")
    assert refused(tmp_path / "a.csv") == "a.csv has a heading line and nothing below it."


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.csv") == "no.csv cannot be read: No such file or directory."


def test_quotes_and_commas_in_names(tmp_path: Path) -> None:
    name = 'Alphonso "Life, Support" Center\'s'
    load(write_csv(tmp_path / "a.csv", AGENCY | {"NAME": name}))
    assert Organization.objects.get(kind=Kind.DISTRICT).name == name


def test_an_unclosed_quotation_mark_is_named_with_its_line(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", AGENCY, AGENCY | {"LEAID": "0100002"})
    file.write_text(file.read_text().replace("0100002", '"0100002'))
    assert "a.csv, line 3: quotation marks do not match" in refused(file)


def test_a_short_row_is_refused_with_its_line(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", AGENCY)
    file.write_text(file.read_text() + "2013,0100002,01\n")
    report = load(file)
    assert report.new_kinds["district"] == 1
    assert report.causes()[0]["places"] == ["a.csv:3::3 values"]


def test_the_command_reports_as_json(tmp_path: Path) -> None:
    out = StringIO()
    file = write_csv(tmp_path / "a.csv", AGENCY | {"GSLO": "UG"})
    call_command("import_directory", str(file), "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["new"], found["problems"][0]["places"]) == (3, ["a.csv:2:GSLO:UG"])


def test_the_command_fails_with_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"^no\.csv cannot be read"):
        call_command("import_directory", str(tmp_path / "no.csv"))


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_run_one_after_the_other(tmp_path: Path) -> None:
    rows = [AGENCY | {"LEAID": f"01{n:05d}", "STID": str(n)} for n in range(1, 60)]
    file = write_csv(tmp_path / "a.csv", *rows)
    reports: list[Report] = []

    def work() -> None:
        try:
            reports.append(load(file))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.new for report in reports) == [0, 0, 61]
    assert_tree_sound()


def test_kentucky_towns_know_their_time(tmp_path: Path) -> None:
    names = {"001": "Adair County", "016": "Barbourville Independent", "042": "Bowling Green Independent"}
    load(kentucky_file(tmp_path / "d.csv", *((n, name, "", "2011-2012") for n, name in names.items())))
    zones = dict(Organization.objects.filter(kind=Kind.DISTRICT).values_list("state_id", "time_zone"))
    assert zones == {"001": CENTRAL, "016": EASTERN, "042": CENTRAL}
