"""Kentucky's published results: exact counts, cooperatives kept apart, the state's own row as published."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from goals.models import ReportedResult
from schools.imports.problems import FileRefused
from schools.models import Organization
from schools.models.organization import Kind
from tests import factories
from tests.goals import fakes
from tests.samples import SAMPLES, needs_samples

FOLDER = SAMPLES / "state-kentucky"
pytestmark = pytest.mark.django_db

CODE = "kentucky-results"
READINESS = (
    "sch_id,dist_name,year,student_group,n_grads,college_ready,career_ready,ccr_total,ccr_pct,college_ready_pct,"
    "career_ready_pct\n"
)
GRADUATION = "sch_id,dist_name,student_group,year,grad_rate\n"


@pytest.fixture
def kentucky() -> Organization:
    return factories.organization(Kind.STATE, factories.region(), "Kentucky", postal_state="KY", nces_id="21")


def districts_of(kentucky: Organization, path: Path) -> dict[str, int]:
    """The districts named in a file, without the numbers that are cooperatives or the state."""
    named = {row["sch_id"]: row["dist_name"] for row in fakes.records(path)}
    facts = [{"state_id": number, "name": name} for number, name in named.items() if number < "900"]
    return fakes.schools(kentucky, Kind.DISTRICT, facts)


# --- small fixtures ----------------------------------------------------------------------------------------------
def test_a_row_becomes_three_results(kentucky: Organization) -> None:
    adair = factories.organization(Kind.DISTRICT, kentucky, "Adair County", state_id="001")
    text = READINESS + "001,Adair County,2013-2014,All Students,160.0,84.0,31.0,100.0,0.625,0.525,0.19375\n"
    read = fakes.read(CODE, kentucky, fakes.table("ccr.csv", text))
    common = {
        "organization": adair.pk,
        "year": 2014,
        "group": "ALL",
        "publisher": "kentucky-kde",
        "printed": "2013-2014",
        "d": 160,
        "mask": "",
        "interval": "",
        "line": 2,
    }
    assert read.results() == [
        {**common, "measure": "KY_CCR", "n": 100, "value": Decimal("62.5")},
        {**common, "measure": "KY_COLLEGE_READY", "n": 84, "value": Decimal("52.5")},
        {**common, "measure": "KY_CAREER_READY", "n": 31, "value": Decimal("19.375")},
    ]
    assert not read.problems


def test_noise_of_a_computer_is_not_stored(kentucky: Organization) -> None:
    """R writes 41.7 percent as 0.41700000000000004."""
    text = GRADUATION + "999,State,All Students,2013-2014,0.41700000000000004\n"
    read = fakes.read(CODE, kentucky, fakes.table("grad.csv", text))
    assert read.sink.rows[0]["value"] == "41.7"


def test_an_empty_cell_is_withheld_and_not_zero(kentucky: Organization) -> None:
    text = GRADUATION + "999,State,Migrant,2013-2014,\n"
    (found,) = fakes.read(CODE, kentucky, fakes.table("grad.csv", text)).results()
    assert (found["n"], found["d"], found["value"]) == (None, None, None)
    assert (found["mask"], found["interval"]) == ("suppressed", "[0, 100]")


def test_a_cooperative_of_the_directory_is_found(kentucky: Organization) -> None:
    kvec = factories.organization(Kind.COOPERATIVE, kentucky, "KVEC", state_id="904")
    text = GRADUATION + "904,Kentucky Valley Educational Corporation,All Students,2013-2014,0.9\n"
    read = fakes.read(CODE, kentucky, fakes.table("grad.csv", text))
    assert [one["organization"] for one in read.results()] == [kvec.pk]
    assert read.reading.places.new == []


def test_a_missing_cooperative_is_planned_once_as_one(kentucky: Organization) -> None:
    text = GRADUATION + (
        "904,Kentucky Valley Educational Corporation,All Students,2012-2013,0.9\n"
        "904,Kentucky Valley Educational Corporation,All Students,2013-2014,0.91\n"
    )
    read = fakes.read(CODE, kentucky, fakes.table("grad.csv", text))
    (planned,) = read.reading.places.new
    assert (planned.kind, planned.state_id) == ("cooperative", "904")
    assert planned.name == "Kentucky Valley Educational Corporation"
    assert {one["organization"] for one in read.results()} == {planned.id}


def test_a_school_with_a_cooperatives_number_is_not_taken_for_it(kentucky: Organization) -> None:
    district = factories.organization(Kind.DISTRICT, kentucky)
    factories.organization(Kind.SCHOOL, district, state_id="904")
    text = GRADUATION + "904,Kentucky Valley Educational Corporation,All Students,2013-2014,0.9\n"
    read = fakes.read(CODE, kentucky, fakes.table("grad.csv", text))
    assert len(read.reading.places.new) == 1


def test_what_is_not_known_is_a_problem_by_cause_and_the_rest_is_read(kentucky: Organization) -> None:
    factories.organization(Kind.DISTRICT, kentucky, "Adair County", state_id="001")
    text = GRADUATION + (
        "001,Adair County,All Students,2013-2014,0.9\n"
        "777,Nowhere,All Students,2013-2014,0.9\n"
        "777,Nowhere,Male,2013-2014,0.9\n"
        "001,Adair County,Left-handed,2013-2014,0.9\n"
        "001,Adair County,Female,2013-2016,0.9\n"
        "001,Adair County,Male,2013-2014,-7\n"
        "001,Adair County,Hispanic,2013-2014,1.7\n"
    )
    read = fakes.read(CODE, kentucky, fakes.table("grad.csv", text))
    assert [one["line"] for one in read.results()] == [2]
    assert read.problems == {
        "unknown_organization": 2,
        "unknown_group": 1,
        "not_a_year": 1,
        "unknown_mask": 1,
        "out_of_range": 1,
    }
    assert read.reading.problems.rejected_rows == 6


def test_a_rate_that_is_not_its_counts_is_stored_and_pointed_at(kentucky: Organization) -> None:
    text = READINESS + "999,State,2013-2014,All Students,160.0,84.0,31.0,100.0,0.7,0.525,0.19375\n"
    read = fakes.read(CODE, kentucky, fakes.table("ccr.csv", text))
    assert read.results()[0]["value"] == Decimal(70)
    assert read.problems == {"rate_disagrees": 1}
    assert read.reading.problems.rejected_rows == 0


def test_a_number_that_has_another_name_here_is_pointed_at_once(kentucky: Organization) -> None:
    factories.organization(Kind.DISTRICT, kentucky, "Allen County", state_id="001")
    text = GRADUATION + "001,Adair County,Male,2013-2014,0.9\n001,Adair County,Female,2013-2014,0.9\n"
    read = fakes.read(CODE, kentucky, fakes.table("grad.csv", text))
    assert len(read.results()) == 2
    assert read.problems == {"other_name": 1}


def test_another_states_numbers_are_never_looked_up_here() -> None:
    """Districts 001 and 010 are in every state."""
    world = factories.make_world()
    factories.organization(Kind.DISTRICT, world.alabama, "Autauga County", state_id="001")
    text = GRADUATION + "001,Adair County,All Students,2013-2014,0.9\n"
    with pytest.raises(FileRefused, match="about Kentucky, not about Alabama"):
        fakes.read(CODE, world.alabama, fakes.table("grad.csv", text))


def test_tables_that_are_not_results_are_said_to_be_left_aside(kentucky: Organization) -> None:
    tables = (
        fakes.table("grad.csv", GRADUATION + "999,State,All Students,2013-2014,0.875\n"),
        fakes.table("profile.csv", "sch_id,dist_name,coop\n001,Adair County,GRREC\n"),
    )
    read = fakes.read(CODE, kentucky, *tables)
    assert len(read.results()) == 1
    assert any("profile.csv" in note for note in read.reading.notes)


# --- the published files -----------------------------------------------------------------------------------------
@needs_samples
def test_districts_and_cooperatives_of_2014_each_count_every_student_once(kentucky: Organization) -> None:
    """Published figures, counted here too from the file itself: 42,575 graduates and 27,163 ready, twice."""
    path = FOLDER / "ccr_dist_2012-2014.csv.gz"
    districts_of(kentucky, path)
    read = fakes.read(CODE, kentucky, fakes.file(path))
    assert read.problems == {}
    planned = {new.id for new in read.reading.places.new}
    assert sorted(new.state_id for new in read.reading.places.new) == [str(n) for n in range(901, 910)]

    found = [r for r in read.results() if (r["measure"], r["group"], r["year"]) == ("KY_CCR", "ALL", 2014)]
    districts = [r for r in found if r["organization"] not in planned]
    cooperatives = [r for r in found if r["organization"] in planned]
    assert (len(districts), len(cooperatives)) == (168, 9)
    for level in (districts, cooperatives):
        assert sum(r["d"] for r in level if r["d"] is not None) == 42_575
        assert sum(r["n"] for r in level if r["n"] is not None) == 27_163

    in_file = [r for r in fakes.records(path) if (r["student_group"], r["year"]) == ("All Students", "2013-2014")]
    assert sum(float(r["n_grads"] or 0) for r in in_file) == 2 * 42_575  # what a blind sum would say


@needs_samples
def test_a_total_in_the_database_counts_no_student_twice(kentucky: Organization) -> None:
    path = FOLDER / "ccr_dist_2012-2014.csv.gz"
    districts_of(kentucky, path)
    read = fakes.read(CODE, kentucky, fakes.file(path))
    planned = read.reading.places.new
    for new in planned:  # as the engine makes them
        organization = factories.organization(new.kind, kentucky, new.name, state_id=new.state_id)
        for row in read.sink.rows:
            if row["organization_id"] == str(new.id):
                row["organization_id"] = str(organization.pk)
    read.store()
    assert ReportedResult.objects.count() == 3 * 8_755
    ready = ReportedResult.objects.filter(measure__code="KY_CCR", group__code="ALL", year=2014)
    for kind, organizations in (("district", 168), ("cooperative", 9)):
        total = ready.of_level(kind).aggregate(n=Sum("numerator"), d=Sum("denominator"), k=Count("pk"))
        assert total == {"n": 27_163, "d": 42_575, "k": organizations}


@needs_samples
def test_the_states_own_row_stays_as_published(kentucky: Organization) -> None:
    read = fakes.read(CODE, kentucky, fakes.file(FOLDER / "ccr_state_2012-2014.csv"))
    (row,) = [r for r in read.results() if (r["measure"], r["group"], r["year"]) == ("KY_CCR", "ALL", 2014)]
    assert (row["organization"], row["d"], row["n"]) == (kentucky.pk, 43_722, 27_308)
    assert len(read.results()) == 3 * 51
    # One group of one year was withheld.
    assert sum(r["mask"] == "suppressed" for r in read.results()) == 3
    assert read.problems == {}


@needs_samples
@pytest.mark.parametrize("name", ["ccr_sch_2012-2014.csv.gz", "ccr_dist_2012-2014.csv.gz", "ccr_state_2012-2014.csv"])
def test_published_shares_are_their_counts_to_three_places(kentucky: Organization, name: str) -> None:
    path = FOLDER / name
    rows = fakes.records(path)
    named = {r["sch_id"]: r.get("sch_name", r["dist_name"]) for r in rows}
    of_schools = name.startswith("ccr_sch")
    facts = [{"state_id": n, "name": text} for n, text in named.items() if of_schools or n < "900"]
    fakes.schools(kentucky, Kind.SCHOOL if of_schools else Kind.DISTRICT, facts)
    read = fakes.read(CODE, kentucky, fakes.file(path))
    results = [r for r in read.results() if r["measure"] == "KY_CCR"]
    assert len(results) == len(rows)
    counted = [r for r in results if r["d"] is not None]
    assert len(counted) == sum(bool(r["n_grads"]) for r in rows)
    for r in counted:
        share = r["value"] / 100
        assert share == share.quantize(Decimal("0.001"))
        # A share of exactly half a thousandth was rounded either way.
        assert abs(share - Decimal(r["n"]) / r["d"]) <= Decimal("0.0005000001")
    # The others are withheld, with their counts.
    assert {(r["mask"], r["interval"], r["n"], r["value"]) for r in results if r["d"] is None} <= {
        ("suppressed", "[0, 100]", None, None)
    }


@needs_samples
def test_every_school_row_is_either_a_result_or_a_problem(kentucky: Organization) -> None:
    """Only half of the schools are in the directory: the others are named by cause, nothing is lost silently."""
    path = FOLDER / "ccr_sch_2012-2014.csv.gz"
    rows = fakes.records(path)
    numbers = sorted({r["sch_id"] for r in rows})
    here = set(numbers[::2])
    fakes.schools(kentucky, Kind.SCHOOL, [{"state_id": n, "name": n} for n in here])
    read = fakes.read(CODE, kentucky, fakes.file(path))
    absent = sum(r["sch_id"] not in here for r in rows)
    assert read.problems["unknown_organization"] == absent
    assert read.reading.problems.rejected_rows == absent
    assert len(read.results()) == 3 * (len(rows) - absent)


@needs_samples
@pytest.mark.parametrize(
    ("name", "rows", "empty"),
    # zcat … | tail -n +2 | wc -l;  … | grep -c ',$'
    [("grad_dist_2012-2014.csv.gz", 5_310, 2_657), ("grad_state_2012-2014.csv", 30, 0)],
)
def test_graduation_rates(kentucky: Organization, name: str, rows: int, empty: int) -> None:
    path = FOLDER / name
    districts_of(kentucky, path)
    read = fakes.read(CODE, kentucky, fakes.file(path))
    assert read.problems == {}
    results = read.results()
    assert len(results) == rows
    assert sum(r["mask"] == "suppressed" for r in results) == empty
    assert {r["measure"] for r in results} == {"ACGR4"}
    if name.startswith("grad_state"):
        of_all = {r["year"]: r["value"] for r in results if r["group"] == "ALL"}
        assert of_all == {2013: Decimal("86.1"), 2014: Decimal("87.5")}


@needs_samples
def test_numbers_find_their_organizations_in_the_published_directory(kentucky: Organization) -> None:
    """The directory of 2011–12 to 2016–17 and the results of 2011–12 to 2013–14, both as published."""
    from schools.directory import load

    load(FOLDER / "profile_dist.csv")
    read = fakes.read(CODE, Organization.objects.get(kind="state"), fakes.file(FOLDER / "grad_dist_2012-2014.csv.gz"))
    assert "unknown_organization" not in read.problems
    assert read.reading.places.new == []  # the directory has the nine cooperatives
    of_cooperatives = Organization.objects.filter(kind="cooperative").values_list("pk", flat=True)
    assert len({r["organization"] for r in read.results()} & set(of_cooperatives)) == 9
