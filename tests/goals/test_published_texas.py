"""Texas's longitudinal rates: codes in headings, three kinds of mask, regions beside the districts."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal

import pytest

from schools.models import Organization
from schools.models.organization import Kind
from tests import factories
from tests.goals import fakes
from tests.samples import SAMPLES, needs_samples

STATE = SAMPLES / "state-texas" / "tapr-2019-longitudinal-state.csv"
REGION = SAMPLES / "state-texas" / "tapr-2019-longitudinal-region.csv"
DIRECTORY = SAMPLES / "federal" / "ccd-tx-districts.csv"
pytestmark = pytest.mark.django_db

CODE = "texas-longitudinal"


@pytest.fixture
def texas() -> Organization:
    return factories.organization(Kind.STATE, factories.region(), "Texas", postal_state="TX", nces_id="48")


# --- small fixtures ----------------------------------------------------------------------------------------------
def test_a_heading_says_level_group_measure_class_and_part(texas: Organization) -> None:
    text = "SEGC517N,SE0C517D,SEGC517R\n158000,180000,87.8\n"
    (found,) = fakes.read(CODE, texas, fakes.table("state.csv", text)).results()
    assert found == {
        "organization": texas.pk,
        "year": 2017,
        "measure": "TX_LONG_GRADUATED_5",
        "group": "ECD",
        "publisher": "texas-tea",
        "printed": "2017",
        "n": 158_000,
        "d": 180_000,
        "value": Decimal("87.8"),
        "mask": "",
        "interval": "",
        "line": 2,
    }


def test_every_mask_is_what_it_is(texas: Organization) -> None:
    text = (
        "REGION,RAGC418N,RA0C418D,RAGC418R,RIGC418N,RI0C418D,RIGC418R,R4GC418N,R40C418D,R4GC418R,"
        "RBGC418N,RB0C418D,RBGC418R,RWGC418N,RW0C418D,RWGC418R\n"
        '"01",26985,29600,91.2,-3,-3,84.6,-1,-1,-1,.,.,.,3,2,-2\n'
    )
    results = fakes.read(CODE, texas, fakes.table("region.csv", text)).results()
    assert [(r["group"], r["n"], r["d"], r["value"], r["mask"], r["interval"]) for r in results] == [
        ("ALL", 26_985, 29_600, Decimal("91.2"), "", ""),
        ("AM", None, None, Decimal("84.6"), "counts", ""),
        ("PI", None, None, None, "small", "[0, 100]"),
        # Nobody: no row. More counted than there are: hidden by the publisher, not repaired.
        ("WH", None, 2, None, "low_quality", "[0, 100]"),
    ]


def test_a_region_is_a_cooperative_of_the_directory_or_a_new_one(texas: Organization) -> None:
    ten = factories.organization(Kind.COOPERATIVE, texas, "REG 10 EDUCATION SERVICE CENTER", state_id="057950")
    text = "REGION,RAGC418R\n10,90.1\n'09,91.5\n"
    read = fakes.read(CODE, texas, fakes.table("region.csv", text))
    (planned,) = read.reading.places.new
    assert [r["organization"] for r in read.results()] == [ten.pk, planned.id]
    assert (planned.kind, planned.state_id) == ("cooperative", "243950")
    assert planned.name == "Region 9 Education Service Center"


def test_districts_and_campuses_by_number_with_or_without_zeros(texas: Organization) -> None:
    cayuga = factories.organization(Kind.DISTRICT, texas, "CAYUGA ISD", state_id="001902")
    high = factories.organization(Kind.SCHOOL, cayuga, "CAYUGA H S", state_id="001902001")
    of_districts = fakes.table("district.csv", "DISTRICT,DAGC418R\n'001902,95\n1902,94\n")
    read = fakes.read(CODE, texas, of_districts, fakes.table("campus.csv", "CAMPUS,CAGC418R\n001902001,93\n"))
    assert [r["organization"] for r in read.results()] == [cayuga.pk, cayuga.pk, high.pk]
    assert read.reading.places.repaired > 0


# --- the published files -----------------------------------------------------------------------------------------
@needs_samples
def test_the_class_of_2018_in_the_state(texas: Organization) -> None:
    read = fakes.read(CODE, texas, fakes.file(STATE))
    results = read.results()
    # 14 groups, 6 measures, 6 windows of classes.
    assert len(results) == 14 * 6 * 6
    assert read.problems == {}
    of_all = {r["measure"]: (r["n"], r["d"], r["value"]) for r in results if (r["group"], r["year"]) == ("ALL", 2018)}
    assert of_all == {
        "TX_LONG_GRADUATED_4": (335_500, 372_919, Decimal(90)),
        "TX_LONG_GED_4": (1_657, 372_919, Decimal("0.4")),
        "TX_LONG_CONTINUED_4": (14_350, 372_919, Decimal("3.8")),
        "TX_LONG_DROPPED_4": (21_412, 372_919, Decimal("5.7")),
        "TX_LONG_GRAD_GED_4": (337_157, 372_919, Decimal("90.4")),
        "TX_LONG_NOT_DROPPED_4": (351_507, 372_919, Decimal("94.3")),
    }
    # Extended rates stay with their class: 2017 after five years, 2016 after six.
    graduated = {
        (r["measure"][-1], r["year"]): r["value"]
        for r in results
        if "GRADUATED" in r["measure"] and r["group"] == "ALL"
    }
    assert graduated == {
        ("4", 2018): Decimal(90),
        ("4", 2017): Decimal("89.7"),
        ("5", 2017): Decimal(92),
        ("5", 2016): Decimal("91.6"),
        ("6", 2016): Decimal("92.1"),
        ("6", 2015): Decimal("91.8"),
    }
    # What becomes of a class adds up to it: only then are the letters of the headings read rightly.
    for group in {r["group"] for r in results}:
        class_of = {r["measure"]: r for r in results if r["group"] == group and r["year"] == 2018}
        four = ["GRADUATED", "GED", "CONTINUED", "DROPPED"]
        assert sum(class_of[f"TX_LONG_{one}_4"]["n"] for one in four) == class_of["TX_LONG_GED_4"]["d"]
    read.store()


@needs_samples
def test_masks_in_the_regions(texas: Organization) -> None:
    """Counted in the file: 252 rates masked, 252 shown without their counts, 12 of nobody, 9,564 complete."""
    with REGION.open(newline="") as file:
        rows = list(csv.DictReader(file))
    cells = Counter(text if text in {"-1", "."} else "shown" for r in rows for h, text in r.items() if h[-1:] == "R")
    assert (cells["-1"], cells["."], cells["shown"]) == (252, 12, 9_816)
    withheld = sum(text == "-3" for r in rows for h, text in r.items() if h[-1:] == "N" and h != "REGION")
    assert withheld == 252

    read = fakes.read(CODE, texas, fakes.file(REGION))
    results = read.results()
    assert read.problems == {}
    assert Counter(r["mask"] for r in results) == {"": 9_564, "counts": 252, "small": 252}
    assert not any((r["n"] or 0) < 0 or (r["d"] or 0) < 0 or (r["value"] or 0) < 0 for r in results)
    assert len(read.reading.places.new) == 20
    (first,) = [new.id for new in read.reading.places.new if new.name.startswith("Region 1 ")]
    (edinburg,) = [
        r
        for r in results
        if (r["organization"], r["group"], r["year"], r["measure"]) == (first, "ALL", 2018, "TX_LONG_GRADUATED_4")
    ]
    assert (edinburg["n"], edinburg["d"], edinburg["value"]) == (26_985, 29_600, Decimal("91.2"))


@needs_samples
def test_regions_sum_to_the_state_and_so_stand_beside_districts(texas: Organization) -> None:
    """Their students are their districts' students: as districts they would count everybody again."""
    results = fakes.read(CODE, texas, fakes.file(REGION)).results()
    graduated = [r for r in results if (r["measure"], r["group"], r["year"]) == ("TX_LONG_GRADUATED_4", "ALL", 2018)]
    assert sum(r["n"] for r in graduated) == 335_500


@needs_samples
def test_regions_are_found_in_the_federal_directory(texas: Organization) -> None:
    from schools.directory import load

    load(DIRECTORY)
    texas.refresh_from_db()
    read = fakes.read(CODE, texas, fakes.file(REGION))
    assert read.reading.places.new == []
    organizations = {r["organization"] for r in read.results()}
    assert set(Organization.objects.filter(pk__in=organizations).values_list("kind", flat=True)) == {"cooperative"}
    assert len(organizations) == 20
