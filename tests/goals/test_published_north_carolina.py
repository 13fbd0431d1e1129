"""North Carolina's report card: masked cells become intervals, the extended rate goes to its class's year."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from schools.models import Organization
from schools.models.organization import Kind
from tests import factories
from tests.goals import fakes
from tests.samples import SAMPLES, needs_samples

FOLDER = SAMPLES / "state-north-carolina" / "2019"
pytestmark = pytest.mark.django_db

CODE = "north-carolina-report-card"
COHORTS = "year,agency_code,cgr_type,subgroup,den,pct,masking\n"


@pytest.fixture
def carolina() -> Organization:
    state = factories.organization(Kind.STATE, factories.region(), "North Carolina", postal_state="NC")
    fakes.schools(state, Kind.SCHOOL, [{"state_id": "010303", "name": "ABSS Early College"}])
    return state


def with_directory(carolina: Organization) -> set[str]:
    """The schools of the report card's own directory; their codes."""
    facts = {row["agency_code"]: row["name"] for row in fakes.records(FOLDER / "rcd_location.csv")}
    facts.pop("NATION")
    facts.pop("010303")
    fakes.schools(carolina, Kind.SCHOOL, [{"state_id": code, "name": name} for code, name in facts.items()])
    return {*facts, "010303"}


# --- small fixtures ----------------------------------------------------------------------------------------------
def test_a_cohorts_rate_and_its_masks(carolina: Organization) -> None:
    text = COHORTS + (
        "2019,010303,STD,ALL,212,95.0,\n"
        "2019,010303,STD,FEM,100,95.0,1.0\n"
        "2019,010303,STD,SWD,12,5.0,2.0\n"
        "2019,010303,STD,ELS,,,3.0\n"
        "2019,010303,STD,MIG,,,4\n"
    )
    results = fakes.read(CODE, carolina, fakes.table("rcd_acc_cgr.csv", text)).results()
    found = [(r["group"], r["d"], r["value"], r["mask"], r["interval"]) for r in results]
    assert found == [
        ("ALL", 212, Decimal(95), "", ""),
        ("F", 100, None, "top", "(95, 100]"),
        ("SWD", 12, None, "bottom", "[0, 5)"),
        ("EL", None, None, "small", "[0, 100]"),
        ("MIG", None, None, "insufficient", "[0, 100]"),
    ]
    assert {(r["measure"], r["year"], r["n"]) for r in results} == {("ACGR4", 2019, None)}


def test_the_extended_rate_is_of_the_class_before(carolina: Organization) -> None:
    text = COHORTS + "2019,010303,EXT,ALL,200,97.0,\n"
    (found,) = fakes.read(CODE, carolina, fakes.table("rcd_acc_cgr.csv", text)).results()
    assert (found["measure"], found["year"], found["printed"]) == ("ACGR5", 2018, "2019")


def test_another_kind_of_rate_is_refused(carolina: Organization) -> None:
    text = COHORTS + "2019,010303,SIX,ALL,200,97.0,\n"
    read = fakes.read(CODE, carolina, fakes.table("rcd_acc_cgr.csv", text))
    assert read.problems == {"unknown_kind": 1}
    assert read.results() == []


def test_state_district_and_nation(carolina: Organization) -> None:
    district = factories.organization(Kind.DISTRICT, carolina, state_id="010LEA")
    carolina.refresh_from_db()
    text = COHORTS + (
        "2019,NC-SEA,STD,ALL,100000,86.5,\n2019,010LEA,STD,ALL,1800,85.0,\n2019,NATION,STD,ALL,3000000,85.8,\n"
    )
    read = fakes.read(CODE, carolina, fakes.table("rcd_acc_cgr.csv", text))
    assert [r["organization"] for r in read.results()] == [carolina.pk, district.pk]
    assert read.problems == {}
    assert "1 rows are about others, and were passed over." in read.reading.notes


def test_tallies_shares_and_means(carolina: Organization) -> None:
    text = {
        "cte_concentrators": "year,agency_code,career_cluster,num_concentrators\n2019,010303,HLTH,7\n",
        "cte_credentials": "year,agency_code,num_credentials,num_enrollments,cred_earned_pct\n2019,010303,5,,\n",
        "cte_enrollment": "year,agency_code,stu_enroll,cte_enroll,pct\n2019,010303,222,85,38.29\n",
        "sat": (
            "year,agency_code,category_code,avg_sat_score,pct_sat_participation\n"
            "2019,010303,H,1111.0,0.609\n2019,010303,H,,\n"
        ),
        "ap": "year,agency_code,category_code,pct_ap_pass,pct_ap_participation\n2019,010303,H,0.3333333333,\n",
        "ib": "year,agency_code,category_code,pct_ib_pass,pct_ib_participation\n2019,010303,H,0.5,0.05\n",
    }
    tables = [fakes.table(f"rcd_{name}.csv", content) for name, content in text.items()]
    read = fakes.read(CODE, carolina, *tables)
    found = [(r["measure"], r["group"], r["n"], r["d"], r["value"], r["mask"]) for r in read.results()]
    assert found == [
        ("CTE_CONCENTRATORS", "CC08", 7, None, None, ""),
        ("CTE_CREDENTIALS", "ALL", 5, None, None, ""),
        ("CTE_ENROLLMENT", "ALL", 85, 222, Decimal("38.29"), ""),
        ("SAT_MEAN", "ALL", None, None, Decimal(1111), ""),
        ("SAT_PARTICIPATION", "ALL", None, None, Decimal("60.9"), ""),
        ("AP_PASS", "ALL", None, None, Decimal("33.33333333"), ""),
        ("IB_PASS", "ALL", None, None, Decimal(50), ""),
        ("IB_PARTICIPATION", "ALL", None, None, None, "bottom"),
    ]


# --- the published files -----------------------------------------------------------------------------------------
@needs_samples
def test_masked_cohort_rates_of_2019_are_intervals(carolina: Organization) -> None:
    """Counted with csv: 3,557 cells masked 1, 100 masked 2, and 56 true values of 95.0 among 8,945 others."""
    path = FOLDER / "rcd_acc_cgr.csv"
    known = with_directory(carolina)
    rows = fakes.records(path)
    here = [r for r in rows if r["agency_code"] in known]
    read = fakes.read(CODE, carolina, fakes.file(path))
    results = read.results()
    assert len(rows) == 12_602
    assert read.problems == {"unknown_organization": len(rows) - len(here)}
    assert len(results) == len(here)

    masked = Counter((r["mask"], r["interval"], r["value"] is None) for r in results)
    by_code = Counter(r["masking"] for r in here)
    assert masked == {
        ("", "", False): by_code[""],
        ("top", "(95, 100]", True): by_code["1.0"],
        ("bottom", "[0, 5)", True): by_code["2.0"],
    }
    exact_95 = sum(r["pct"] == "95.0" and not r["masking"] for r in here)
    assert exact_95 > 50
    assert sum(r["value"] == 95 for r in results) == exact_95
    # Denominators are shown beside masks, and sums of them are the file's.
    assert sum(r["d"] for r in results) == sum(int(r["den"]) for r in here)
    assert Counter((r["measure"], r["year"]) for r in results) == {
        ("ACGR4", 2019): sum(r["cgr_type"] == "STD" for r in here),
        ("ACGR5", 2018): sum(r["cgr_type"] == "EXT" for r in here),
    }


@needs_samples
def test_all_cells_of_the_file_counted_where_every_school_is_known(carolina: Organization) -> None:
    path = FOLDER / "rcd_acc_cgr.csv"
    rows = fakes.records(path)
    codes = {r["agency_code"] for r in rows} - {"010303"}
    fakes.schools(carolina, Kind.SCHOOL, [{"state_id": code, "name": code} for code in codes])
    read = fakes.read(CODE, carolina, fakes.file(path))
    assert read.problems == {}
    assert Counter(r["mask"] for r in read.results()) == {"": 8_945, "top": 3_557, "bottom": 100}
    assert any("3,557" in note and "100" in note for note in read.reading.notes)
    read.store()  # every row fits the database's constraints


@needs_samples
def test_tables_of_2019_together(carolina: Organization) -> None:
    known = with_directory(carolina)
    names = ["ap", "ib", "sat", "cte_concentrators", "cte_credentials", "cte_enrollment", "cte_endorsement", "location"]
    read = fakes.read(CODE, carolina, *(fakes.file(FOLDER / f"rcd_{name}.csv") for name in names))
    results = read.results()

    def cells(name: str, *columns: str) -> list[str]:
        rows = [r for r in fakes.records(FOLDER / f"rcd_{name}.csv") if r["agency_code"] in known]
        return [r[column] for r in rows for column in columns if r[column]]

    expected = {
        "AP_PASS": cells("ap", "pct_ap_pass"),
        "AP_PARTICIPATION": cells("ap", "pct_ap_participation"),
        "IB_PASS": cells("ib", "pct_ib_pass"),
        "IB_PARTICIPATION": cells("ib", "pct_ib_participation"),
        "SAT_MEAN": cells("sat", "avg_sat_score"),
        "SAT_PARTICIPATION": cells("sat", "pct_sat_participation"),
        "CTE_CONCENTRATORS": cells("cte_concentrators", "num_concentrators"),
        "CTE_CREDENTIALS": cells("cte_credentials", "num_credentials"),
        "CTE_ENROLLMENT": cells("cte_enrollment", "pct"),
        "NC_ENDORSEMENT_CAREER": cells("cte_endorsement", "career_only"),
        "NC_ENDORSEMENT_CAREER_COLLEGE": cells("cte_endorsement", "career_college_college_unc"),
        "NC_ENDORSEMENT_COLLEGE_UNC": cells("cte_endorsement", "college_college_unc_only"),
        "NC_ENDORSEMENT_COLLEGE": cells("cte_endorsement", "college_only"),
        "NC_ENDORSEMENT_LANGUAGES": cells("cte_endorsement", "global_language"),
    }
    assert Counter(r["measure"] for r in results) == {code: len(found) for code, found in expected.items()}
    for tally in ("CTE_CONCENTRATORS", "CTE_CREDENTIALS", "NC_ENDORSEMENT_COLLEGE_UNC"):
        assert sum(r["n"] for r in results if r["measure"] == tally) == sum(float(x) for x in expected[tally])
    # IB: exactly 0.95 and 0.05 are bounds.
    masked = Counter((r["measure"], r["mask"]) for r in results if r["mask"])
    assert masked == {("IB_PASS", "top"): 6, ("IB_PARTICIPATION", "bottom"): 16}
    # A mean is no percentage.
    assert max(r["value"] for r in results if r["measure"] == "SAT_MEAN") > 1_200
    assert set(read.problems) == {"unknown_organization"}
    assert any("rcd_location.csv" in note for note in read.reading.notes)
    read.store()
