"""Federal graduation rates: masks as ranges, NCES ids, rows of other states passed over."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schools.imports import registry
from schools.imports.read.table import Contents
from tests import factories
from tests.factories import World
from tests.goals import fakes

pytestmark = pytest.mark.django_db

CODE = "federal-graduation"
SCHOOLS = (
    "STNAM,FIPST,LEAID,LEANM,NCESSCH,SCHNAM,ALL_COHORT_1819,ALL_RATE_1819,MAS_COHORT_1819,MAS_RATE_1819,"
    "CWD_COHORT_1819,CWD_RATE_1819,FCS_COHORT_1819,FCS_RATE_1819,DATE_CUR\n"
)
DISTRICTS = SCHOOLS.replace("NCESSCH,SCHNAM,", "")


@pytest.fixture
def world() -> World:
    """Cahaba Ridge is 010000100001 in district 0100001 of Alabama."""
    return factories.make_world()


def test_rates_and_ranges_of_a_school(world: World) -> None:
    text = SCHOOLS + "ALABAMA,01,0100001,Cahaba County,010000100001,Ridge,412,87,8,LT50,25,21-39,2,PS,30SEP20\n"
    results = fakes.read(CODE, world.alabama, fakes.table("acgr.csv", text)).results()
    assert {(r["organization"], r["year"], r["measure"], r["printed"]) for r in results} == {
        (world.ridge.pk, 2019, "ACGR4", "2018-19")
    }
    assert [(r["group"], r["n"], r["d"], r["value"], r["mask"], r["interval"]) for r in results] == [
        ("ALL", None, 412, Decimal(87), "", ""),
        ("ASPI", None, 8, None, "bottom", "[0, 50)"),
        ("SWD", None, 25, None, "range", "[21, 39]"),
        ("FOS", None, 2, None, "suppressed", "[0, 100]"),
    ]


def test_no_group_no_row(world: World) -> None:
    text = SCHOOLS + "ALABAMA,1,100001,Cahaba County,010000100001,Ridge,150,GE95,.,.,,,.,.,30SEP20\n"
    (found,) = fakes.read(CODE, world.alabama, fakes.table("acgr.csv", text)).results()
    assert (found["d"], found["mask"], found["interval"]) == (150, "top", "[95, 100]")


def test_a_file_of_districts(world: World) -> None:
    text = DISTRICTS + "ALABAMA,01,0100001,Cahaba County,900,91,.,.,.,.,.,.,30SEP20\n"
    (found,) = fakes.read(CODE, world.alabama, fakes.table("acgr.csv", text)).results()
    assert (found["organization"], found["value"]) == (world.cahaba.pk, Decimal(91))


def test_an_unknown_schools_rate_is_not_given_to_its_district(world: World) -> None:
    text = SCHOOLS + "ALABAMA,01,0100001,Cahaba County,010000199999,New,412,87,.,.,.,.,.,.,30SEP20\n"
    read = fakes.read(CODE, world.alabama, fakes.table("acgr.csv", text))
    assert read.results() == []
    assert read.problems == {"unknown_organization": 1}


def test_ids_that_a_spreadsheet_destroyed(world: World) -> None:
    """A zero lost can be put back where one school is meant; digits lost cannot."""
    text = SCHOOLS + (
        "ALABAMA,1,100001,Cahaba County,10000100001,Ridge,412,87,.,.,.,.,.,.,x\n"
        "ALABAMA,1,100001,Cahaba County,1.00001E+10,Ridge,412,87,.,.,.,.,.,.,x\n"
        "ALABAMA,1,100001,Cahaba County,010000100001,Ridge,412,May-09,.,.,.,.,.,.,x\n"
    )
    read = fakes.read(CODE, world.alabama, fakes.table("acgr.csv", text))
    assert [(r["organization"], r["line"]) for r in read.results()] == [(world.ridge.pk, 2)]
    assert read.reading.places.repaired == 1
    assert read.problems == {"scientific_number": 1, "not_a_rate": 1}


def test_rows_of_other_states_are_passed_over_not_problems(world: World) -> None:
    text = DISTRICTS + (
        "ALABAMA,01,0100001,Cahaba County,900,91,.,.,.,.,.,.,x\n"
        "OHIO,39,3900001,Somewhere,900,88,.,.,.,.,.,.,x\n"
        "KENTUCKY,21,2100001,Bluegrass,900,88,.,.,.,.,.,.,x\n"
    )
    of_alabama = fakes.read(CODE, world.alabama, fakes.table("acgr.csv", text))
    assert (len(of_alabama.results()), of_alabama.problems) == (1, {})
    assert "2 rows are about others, and were passed over." in of_alabama.reading.notes
    # For the whole region Kentucky's row counts: its district is not in the directory by that id.
    of_region = fakes.read(CODE, world.region, fakes.table("acgr.csv", text))
    assert (len(of_region.results()), of_region.problems) == (1, {"unknown_organization": 1})


def test_each_publication_says_how_its_year_maps_and_who_may_load_it() -> None:
    ours = [one for one in registry.layouts() if "reported_result" in one.targets]
    assert {one.code for one in ours} == {
        "kentucky-results",
        "north-carolina-report-card",
        "texas-longitudinal",
        "georgia-schools",
        "federal-graduation",
    }
    for layout in ours:
        assert layout.year_means
        assert layout.needs == "import_published"
        assert layout.completeness == "adds"
        assert "state" in layout.kinds
        assert not layout.kinds & {"district", "school"}


def test_a_roster_is_none_of_them() -> None:
    contents = Contents({"users.csv": ["sourcedId", "status", "givenName"], "data.csv": ["year", "school_name"]}, {})
    ours = [one for one in registry.layouts() if "reported_result" in one.targets]
    assert [one.detects(contents) for one in ours] == [0] * 5
