"""Published results of the samples from upload to undo, through the engine; counted from the files by other means."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Sum

from goals.models import ReportedResult
from schools.directory import load
from schools.imports import undo
from schools.models import Organization
from schools.models.organization import Kind
from tests import factories, samples
from tests.goals import fakes
from tests.samples import SAMPLES, causes, loaded, looked, needs_samples, new
from tests.schools.imports.engine import everything

pytestmark = [needs_samples, pytest.mark.django_db]

KENTUCKY = SAMPLES / "state-kentucky"
CAROLINA = "state-north-carolina/2019"
# By the number of measures in a row: readiness has three, graduation one.
READINESS = ["ccr_state_2012-2014.csv", "ccr_dist_2012-2014.csv.gz", "ccr_sch_2012-2014.csv.gz"]
GRADUATION = ["grad_state_2012-2014.csv", "grad_dist_2012-2014.csv.gz", "grad_sch_2012-2014.csv.gz"]


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def kentucky() -> Organization:
    """The state with the districts, cooperatives and schools of its own directory."""
    factories.region()
    load(KENTUCKY / "profile_dist.csv")
    load(KENTUCKY / "profile_sch.csv.gz")
    return Organization.objects.get(kind=Kind.STATE)


def test_kentucky_from_its_directory_and_back(kentucky: Organization) -> None:
    """All six files in one zip; every organization that they name is in the directory of the state."""
    rows = {name: samples.rows(f"state-kentucky/{name}") for name in (*READINESS, *GRADUATION)}
    measured = sum(3 * len(rows[name]) for name in READINESS) + sum(len(rows[name]) for name in GRADUATION)
    before = everything()
    batch = loaded(kentucky, samples.zipped_as_text("state-kentucky", *rows), "kentucky.zip", year=2014)
    assert (batch.kind, batch.completeness, batch.preview["schools"]) == ("kentucky-results", "adds", [])
    assert new(batch) == {"reported_result": measured}
    assert set(causes(batch)) == {"other_name"}
    assert dict(ReportedResult.objects.values_list("measure__code").annotate(n=Count("pk"))) == {
        **dict.fromkeys(["KY_CCR", "KY_COLLEGE_READY", "KY_CAREER_READY"], sum(len(rows[name]) for name in READINESS)),
        "ACGR4": sum(len(rows[name]) for name in GRADUATION),
    }
    # An empty cell is withheld, not zero.
    empty = sum(row["ccr_pct"] == "" for name in READINESS for row in rows[name])
    assert ReportedResult.objects.filter(measure__code="KY_CCR", mask="suppressed", value=None).count() == empty > 1_000

    ready = ReportedResult.objects.filter(measure__code="KY_CCR", group__code="ALL", year=2014)
    for kind, organizations in (("district", 168), ("cooperative", 9)):
        total = ready.of_level(kind).aggregate(n=Sum("numerator"), d=Sum("denominator"), k=Count("pk"))
        assert total == {"n": 27_163, "d": 42_575, "k": organizations}
    state = ready.of_level("state").get()
    assert (state.numerator, state.denominator) == (27_308, 43_722)

    counted = ReportedResult.objects.filter(measure__code="KY_CCR").exclude(denominator=None)
    assert counted.count() == sum(row["n_grads"] != "" for name in READINESS for row in rows[name])
    for numerator, denominator, value in counted.values_list("numerator", "denominator", "value"):
        share = value / 100
        assert share == share.quantize(Decimal("0.001"))
        # Half a thousandth was rounded either way.
        assert abs(share - Decimal(numerator) / denominator) <= Decimal("0.0005000001")

    again = looked(kentucky, samples.zipped_as_text("state-kentucky", *rows), "kentucky.zip", year=2014)
    assert new(again) == {}
    assert again.counts["reported_result"]["unchanged"] == measured
    undo.undo(batch, by=None)
    assert everything() == before


def test_cooperatives_that_the_directory_has_not_are_added_and_taken_back() -> None:
    state = factories.organization(Kind.STATE, factories.region(), "Kentucky", postal_state="KY", nces_id="21")
    rows = samples.rows("state-kentucky/ccr_dist_2012-2014.csv.gz")
    named = {row["sch_id"]: row["dist_name"] for row in rows if row["sch_id"] < "900"}
    fakes.schools(state, Kind.DISTRICT, [{"state_id": number, "name": name} for number, name in named.items()])
    state.refresh_from_db()
    before = everything()
    batch = loaded(state, "state-kentucky/ccr_dist_2012-2014.csv.gz", year=2014)
    assert sorted(one["state_id"] for one in batch.preview["schools"]) == [str(n) for n in range(901, 910)]
    assert new(batch) == {"reported_result": 3 * len(rows)}
    added = Organization.objects.filter(kind=Kind.COOPERATIVE)
    assert added.count() == 9
    assert {one.in_state_id for one in added} == {state.pk}
    undo.undo(batch, by=None)
    assert not Organization.objects.filter(kind=Kind.COOPERATIVE).exists()
    assert everything() == before


def test_north_carolina_as_one_zip() -> None:
    state = factories.organization(Kind.STATE, factories.region(), "North Carolina", postal_state="NC")
    tables = {path.stem: samples.rows(f"{CAROLINA}/{path.name}") for path in (SAMPLES / CAROLINA).glob("*.csv")}
    here = {r["agency_code"]: r["name"] for r in tables["rcd_location"] if r["agency_code"] != "NATION"}
    fakes.schools(state, Kind.SCHOOL, [{"state_id": code, "name": name} for code, name in here.items()])
    state.refresh_from_db()
    before = everything()
    batch = loaded(state, samples.zipped(CAROLINA), "report-card.zip", year=2019)

    known = {"NC-SEA", *here}
    values = {
        "rcd_acc_cgr": ["den"],
        "rcd_ap": ["pct_ap_pass", "pct_ap_participation"],
        "rcd_ib": ["pct_ib_pass", "pct_ib_participation"],
        "rcd_sat": ["avg_sat_score", "pct_sat_participation"],
        "rcd_cte_concentrators": ["num_concentrators"],
        "rcd_cte_credentials": ["num_credentials"],
        "rcd_cte_enrollment": ["pct"],
        "rcd_cte_endorsement": [
            "career_only", "career_college_college_unc", "college_college_unc_only", "college_only", "global_language",
        ],
    }  # fmt: skip
    assert {*values, "rcd_location"} == set(tables)
    expected = sum(
        row[column] != "" for name, columns in values.items() for row in tables[name] for column in columns
        if row["agency_code"] in known
    )  # fmt: skip
    unknown = sum(
        row["agency_code"] not in {*known, "NATION"} and any(row[column] for column in columns)
        for name, columns in values.items() for row in tables[name]
    )  # fmt: skip
    assert (new(batch), causes(batch)) == ({"reported_result": expected}, {"unknown_organization": unknown})
    masks = Counter(r["masking"] for r in tables["rcd_acc_cgr"] if r["agency_code"] in known)
    cohorts = ReportedResult.objects.filter(measure__code__startswith="ACGR")
    assert dict(cohorts.values_list("mask").annotate(n=Count("pk"))) == {
        "": masks[""], "top": masks["1.0"], "bottom": masks["2.0"],
    }  # fmt: skip
    assert not cohorts.exclude(mask="").exclude(value=None).exists()
    assert any("rcd_location" in note for note in batch.preview["notes"])
    assert new(looked(state, samples.zipped(CAROLINA), "report-card.zip", year=2019)) == {}
    undo.undo(batch, by=None)
    assert everything() == before


def test_texas_with_its_regions() -> None:
    state = factories.organization(Kind.STATE, factories.region(), "Texas", postal_state="TX", nces_id="48")
    names = [f"state-texas/tapr-2019-longitudinal-{level}.csv" for level in ("state", "region")]
    rates = [
        (text, row[f"{heading[:-1]}N"])
        for name in names for row in samples.rows(name) for heading, text in row.items()
        if heading.endswith("R") and text != "."
    ]  # fmt: skip
    before = everything()
    batch = loaded(state, samples.zipped(*names), "tapr.zip", year=2018)
    assert (len(batch.preview["schools"]), causes(batch)) == (20, {})
    assert new(batch) == {"reported_result": len(rates)}
    assert dict(ReportedResult.objects.values_list("mask").annotate(n=Count("pk"))) == {
        "": sum(rate != "-1" and count != "-3" for rate, count in rates),
        "small": sum(rate == "-1" for rate, _count in rates),
        "counts": sum(count == "-3" for _rate, count in rates),
    }
    graduates = ReportedResult.objects.filter(measure__code="TX_LONG_GRADUATED_4", group__code="ALL", year=2018)
    for kind in ("state", "cooperative"):
        assert graduates.of_level(kind).aggregate(n=Sum("numerator")) == {"n": 335_500}
    undo.undo(batch, by=None)
    assert everything() == before


def test_georgia_by_names_in_the_year_chosen() -> None:
    state = factories.organization(Kind.STATE, factories.region(), "Georgia", postal_state="GA", nces_id="13")
    rows = samples.rows("state-georgia/gosa_merged.csv")
    names = {row["school_name"] for row in rows} - {"All Georgia Schools"}
    fakes.schools(state, Kind.SCHOOL, [{"name": name} for name in names])
    state.refresh_from_db()
    before = everything()
    batch = loaded(state, "state-georgia/gosa_merged.csv", year=2022)
    # More exams passed than taken: 19 of 11 and 25 of 18.
    assert causes(batch) == {"numerator_beyond_denominator": 2}
    rows = [row for row in rows if not float(row["ap_tests_3plus"] or 0) > float(row["ap_tests_administered"] or 0) > 0]
    for measure, column in {"ACGR4": "graduation_rate", "ACT_MEAN_COMPOSITE": "act_composite_avg"}.items():
        stored = ReportedResult.objects.filter(measure__code=measure).exclude(value=None)
        assert Counter(stored.values_list("value", flat=True)) == Counter(Decimal(r[column]) for r in rows if r[column])
    assert set(ReportedResult.objects.values_list("year", "publisher_year", "mask")) == {(2022, "", "")}
    assert new(looked(state, "state-georgia/gosa_merged.csv", year=2022)) == {}
    undo.undo(batch, by=None)
    assert everything() == before


def test_another_states_file_is_refused() -> None:
    state = factories.organization(Kind.STATE, factories.region(), "Texas", postal_state="TX", nces_id="48")
    batch = looked(state, "state-kentucky/ccr_state_2012-2014.csv", year=2014)
    assert batch.state == "refused"
    assert "Kentucky" in batch.refusal
    district = factories.organization(Kind.DISTRICT, state, "Cayuga ISD")
    batch = looked(district, "state-texas/tapr-2019-longitudinal-state.csv", year=2018)
    assert "is not loaded for a district" in batch.refusal
