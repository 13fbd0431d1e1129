"""How rules come into force: checked, never edited in place, and without touching the years before them."""

from __future__ import annotations

import copy
import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from goals.models import MeasureCell, RuleSet, StalePair
from goals.models.measure import Basis
from goals.readiness import publish, rollup, rules
from goals.readiness.expressions import BadRule
from tests.factories import World, make_world
from tests.goals.evidence import act, ap, covered, credential, senior

pytestmark = pytest.mark.django_db
# A state without a shipped rule.
RULE: dict[str, Any] = {
    "code": "zz-1",
    "name": "Z ready",
    "state": "ZZ",
    "first_year": 2024,
    "denominator": "graduates",
    "source": "The state board of Z, 2023",
    "tree": {"ready": {"any": [{"fact": "ap_passed", "at_least": 1, "label": "AP"}]}},
}
LATER = dt.date(2027, 9, 1)


@pytest.fixture
def world() -> World:
    return make_world()


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RULE), **fields}


# --- what is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"tree": {"ready": {"fact": "act_maths", "at_least": 22}}}, "f.toml.ready: no fact is called act_maths"),
        ({"tree": {"ready": {"all": []}}}, r"f\.toml\.ready\.all: a list of at least one"),
        (
            {"tree": {"ready": {"any": [{"fact": "ncrc", "at_least": "4"}]}}},
            r"f\.toml\.ready\.any\[0\].at_least: a num",
        ),
        ({"tree": {"ready": {"at_least_of": 3, "of": [{"fact": "graduated"}]}}}, "at_least_of is a number from 1 to 1"),
        ({"tree": {"ready": {"fact": "graduated"}, "career": {"fact": "graduated"}}}, "academic and career, or ready"),
        ({"tree": {"ready": {"fact": "absent_share", "below": 10}}}, "absent_share is known of single years only"),
        ({"denominator": "everybody"}, r"f\.toml\.denominator: one of cohort, .*, not 'everybody'"),
        ({"state": "", "denominator": "cohort"}, "no measure is taken over 'cohort' by the default"),
        ({"state": "Zeeland"}, r"f\.toml\.state: two capital letters"),
        ({"first_year": "2024-25"}, r"f\.toml\.first_year: a school year"),
        ({"last_year": 2023}, "ends in 2023, before it begins in 2024"),
        ({"source": ""}, "source missing"),
        ({"thresholds": 1}, "unknown thresholds"),
        ({"not_evaluated": ["OnRamps"]}, "a list of tables with what and why"),
        # Overlaps with what is published.
        ({"state": "AL", "first_year": 2026}, "al-ccr-10 and zz-1 begin in the same year|zz-1 and al-ccr-10 begin"),
        ({"state": "AL", "first_year": 2025}, "al-ccr-6 holds to 2025, zz-1 from 2025"),
        ({"state": "TX", "first_year": 2023, "last_year": 2025}, "tx-ccmr-2024 holds to 2024, zz-1 from 2023"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadRule, match=complaint):
        publish.publish(changed(**fields), "f.toml")
    assert not RuleSet.objects.filter(code="zz-1").exists()


def test_one_bad_file_keeps_all_of_them_out(tmp_path: Path) -> None:
    for name, code, fact in (("a.toml", "a", "graduated"), ("b.toml", "b", "graduate")):
        tree = f'[tree.ready]\nfact = "{fact}"\n'
        (tmp_path / name).write_text(
            f'code = "{code}"\nname = "N"\nstate = "{code.upper() * 2}"\ndenominator = "cohort"\nsource = "S"\n{tree}'
        )
    with pytest.raises(BadRule, match=r"b\.toml\.ready: no fact is called graduate"):
        publish.load_shipped(tmp_path)
    assert not RuleSet.objects.filter(code__in=["a", "b"]).exists()
    (tmp_path / "b.toml").write_text("code = ")
    with pytest.raises(BadRule, match=r"b\.toml: "):
        publish.load_shipped(tmp_path)


def test_the_database_is_asked_whether_it_can_answer() -> None:
    with pytest.raises(BadRule, match="zz-1: operator does not exist"):
        publish.try_out(rules.check(changed(tree={"ready": {"fact": "exit_code", "at_least": 3}}), "f.toml"))
    publish.try_out(rules.check(RULE, "f.toml"))


def test_two_rows_of_a_state_never_begin_together() -> None:
    row = RuleSet.objects.get(code="tn-ready-graduate")
    row.pk, row.code = None, "tn-other"
    with pytest.raises(IntegrityError, match="rule_set_begins_once"):
        row.save()


# --- which holds -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "year", "code"),
    [
        ("AL", 2010, "al-ccr-6"),
        ("AL", 2025, "al-ccr-6"),
        ("AL", 2026, "al-ccr-10"),
        ("AL", 2031, "al-ccr-10"),
        ("KY", 2022, "ky-postsecondary-2subjects"),
        ("KY", 2023, "ky-postsecondary-sb25"),
        ("TX", 2024, "tx-ccmr-2024"),
        ("TX", 2025, "tx-ccmr-2025"),
        ("TX", 2026, "tx-ccmr-2026"),
        ("TN", 2020, "tn-ready-graduate"),
        ("SC", 2020, "sc-ccr"),
        ("ND", 2024, "sreb-default"),
        ("", 2024, "sreb-default"),
    ],
)
def test_the_states_own_rule_holds_else_the_default(state: str, year: int, code: str) -> None:
    assert rules.rules_for(state, year).code == code


def test_a_rule_without_an_end_holds_until_the_next_begins() -> None:
    publish.publish(RULE, "f.toml")
    publish.publish(changed(code="zz-2", first_year=2026, last_year=2027), "f.toml")
    held = {year: rules.rules_for("ZZ", year).code for year in range(2023, 2029)}
    assert held == {
        2023: "sreb-default", 2024: "zz-1", 2025: "zz-1", 2026: "zz-2", 2027: "zz-2", 2028: "sreb-default",
    }  # fmt: skip


def test_rules_are_read_in_two_queries_with_what_states_have_set(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        book = rules.rule_book()
        assert {book.for_state(state, year).state for state in ("AL", "KY", "ND") for year in (2022, 2026)}


def test_what_a_process_remembers_is_never_older_than_the_row() -> None:
    assert rules.rules_for("TN", 2024).name == "Tennessee Ready Graduate"
    RuleSet.objects.filter(state="TN").update(name="Another name")
    assert rules.rules_for("TN", 2024).name == "Another name"


# --- never edited in place -------------------------------------------------------------------------------------------
def test_loading_again_changes_nothing() -> None:
    before = list(RuleSet.objects.order_by("pk").values())
    publish.load_shipped()
    assert list(RuleSet.objects.order_by("pk").values()) == before


def test_a_published_rule_that_figures_rest_on_is_not_edited(world: World) -> None:
    covered(world.alabama, 2026)
    senior(world.ridge, 2026, ap(3))
    rollup.roll_up(world.alabama, Basis.CLASS, 2026)
    edited = rules.data_of(RuleSet.objects.get(code="al-ccr-10"))
    edited["tree"]["ready"]["any"][1]["at_least"] = 2
    with pytest.raises(BadRule, match=r"al-ccr-10 is published with other conditions.*publish it under a new code"):
        publish.publish(edited, "alabama_2026.toml")
    # Words may be put right: they decide nothing.
    worded = rules.data_of(RuleSet.objects.get(code="al-ccr-10")) | {"verified": True, "source": "Read again"}
    worded["tree"]["ready"]["any"][1]["label"] = "AP 3 or better"
    StalePair.objects.all().delete()
    row, made = publish.publish(worded, "alabama_2026.toml")
    assert (row.verified, row.source, made) == (True, "Read again", False)
    assert not StalePair.objects.exists()


def test_a_rule_that_nothing_rests_on_yet_may_still_be_worked_on(world: World) -> None:
    """So that a rule can be written in a development database, before its first year is counted."""
    publish.publish(RULE, "f.toml")
    row, made = publish.publish(changed(denominator="cohort"), "f.toml")
    assert (row.denominator, made) == ("cohort", False)


# --- the years before ------------------------------------------------------------------------------------------------
def rows(years: str) -> list[bytes]:
    """Records, cells and released figures of some years, as the database sends them, to the byte."""
    found = []
    for what in (
        f"SELECT * FROM goals_readinessrecord WHERE year {years} ORDER BY organization_id, basis, year, student_id",
        f"SELECT * FROM goals_measurecell WHERE year {years} ORDER BY organization_id, year, measure_id, group_id",
        "SELECT r.year, c.organization_id, c.measure_id, c.group_id, c.state, c.low, c.high FROM goals_releasedcell c"
        f" JOIN goals_release r ON r.id = c.release_id WHERE r.year {years} ORDER BY 1, 2, 3, 4, r.audience",
    ):
        with connection.cursor() as cursor, cursor.copy(f"COPY ({what}) TO STDOUT (FORMAT BINARY)") as copied:
            found.append(b"".join(bytes(part) for part in copied))
    return found


def all_again(world: World) -> None:
    for basis, year in rollup.pairs_of(world.alabama):
        rollup.roll_up(world.alabama, basis, year, today=LATER)


def test_next_years_rule_leaves_the_years_before_as_they_are(world: World) -> None:
    """Alabama from 2026-27 on by a rule of graduates with AP alone; 2024-25 and 2025-26 stay, to the byte."""
    years = (2025, 2026, 2027)
    covered(world.alabama, *years)
    for year in years:
        for deeds in ([ap(3)], [credential()], [act(English=17)], [act(Mathematics=22)]):
            senior(world.ridge, year, *deeds)
        senior(world.ridge, year, ap(4), diploma=None)
    all_again(world)
    before, next_year = rows("<= 2026"), rows("= 2027")
    assert all(len(one) > 1_000 for one in before[:2])
    StalePair.objects.all().delete()

    after = {**changed(), "code": "al-2027", "state": "AL", "first_year": 2027}
    publish.publish(after, "alabama_2027.toml")
    # Later classes have no rosters loaded yet: nobody can be counted in them.
    assert set(StalePair.objects.values_list("year", flat=True)) == {2027}
    all_again(world)
    assert rows("<= 2026") == before
    assert rows("= 2027") != next_year

    def figures(year: int, *codes: str) -> list[tuple[int, int]]:
        cells = MeasureCell.objects.filter(
            organization=world.ridge, year=year, group__code="ALL", measure__code__in=codes
        )
        return list(cells.values_list("numerator", "denominator"))

    # Of five in the class four by one of the ten; of four graduates one by AP.
    both = ("STATE_READY_EITHER_COHORT", "STATE_READY_EITHER_GRADUATES")
    assert [figures(year, *both) for year in years] == [[(4, 5)], [(4, 5)], [(1, 4)]]


# --- from the command line -------------------------------------------------------------------------------------------
FILE = """
code = "zz-1"
name = "Z ready"
state = "ZZ"
first_year = 2027
denominator = "graduates"
source = "The state board of Z"

[tree.ready]
label = "Ready"
fact = "ap_passed"
at_least = 1
"""


def run(*options: str) -> str:
    out = StringIO()
    call_command("rules", *options, stdout=out)
    return out.getvalue()


def test_a_rule_is_checked_and_published_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "z.toml"
    path.write_text(FILE)
    assert "can be published as zz-1, from 2026–27 on" in run("--check", str(path))
    assert not RuleSet.objects.filter(code="zz-1").exists()
    assert "zz-1 published, from 2026–27 on" in run("--publish", str(path))
    listed = run()
    assert "ZZ  zz-1  from 2026–27 on  graduates  Z ready" in listed
    assert "AL  al-ccr-6  to 2024–25  cohort" in listed
    assert "all  sreb-default  every year  graduates" in listed
    path.write_text(FILE.replace("ap_passed", "ap_past"))
    with pytest.raises(CommandError, match=r"z\.toml\.ready: no fact is called ap_past"):
        run("--check", str(path))


def test_measures_name_the_rule_and_its_denominator(world: World) -> None:
    out = StringIO()
    call_command("measures", "--organization", "ridge", "--year", "2026", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert found["rules"]["STATE_READY_EITHER_COHORT"]["code"] == "al-ccr-10"
    assert found["rules"]["STATE_READY_EITHER_COHORT"]["denominator"] == "cohort"
    assert found["rules"]["READY_EITHER"]["code"] == "sreb-default"
    # Measures of the other denominators are not even listed.
    codes = {one["measure"] for one in found["figures"]}
    assert "STATE_READY_EITHER_COHORT" in codes
    assert not {code for code in codes if code.startswith("STATE_READY") and not code.endswith("COHORT")}
