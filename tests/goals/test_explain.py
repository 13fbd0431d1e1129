"""What counts all students and what explains one of them are one tree: they agree, for everybody."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from goals.models.measure import Basis
from goals.readiness import explain, expressions, rollup
from goals.readiness.computed import all_computed
from schools.models import CourseRecord, EvidenceCoverage, Organization
from schools.models.organization import Kind
from tests.factories import enrollment, make_world, student

SAMPLE = 25
# What the states' own rules of this world have: Alabama's is over the class, without college and career apart;
# Kentucky's is over the graduates and those seniors who did not graduate.
OWN_RULES = {"STATE_READY_EITHER_COHORT", "STATE_READY_NEITHER_COHORT"} | {
    f"STATE_READY_{part}_SENIORS" for part in ("ACADEMIC", "CAREER", "BOTH", "EITHER", "NEITHER")
}


@pytest.fixture(scope="module")
def tiny(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The tiny demonstration world with its numbers, loaded once and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("demo", scale="tiny", seed=3, today=dt.date(2026, 11, 20), quiet=True)
        for state in rollup.states():
            for basis, year in rollup.pairs_of(state):
                rollup.roll_up(state, basis, year)
        yield
        transaction.set_rollback(True)


def records(organization: Organization, basis: str, year: int, bit: int) -> dict[int, tuple[bool, bool]]:
    """Counted and met of everybody with a record at exactly this organization, read from the table by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT student_id, get_bit(counted, %s) = 1, get_bit(met, %s) = 1 FROM goals_readinessrecord"
            " WHERE organization_id = %s AND basis = %s AND year = %s",
            [bit, bit, organization.pk, basis, year],
        )
        return {pk: (counted, met) for pk, counted, met in cursor.fetchall()}


@pytest.mark.parametrize("code", [one.code for one in all_computed()])
def test_the_explanation_of_each_student_is_what_was_counted(code: str, tiny: None) -> None:
    spec = explain.spec_of(code)
    chosen = random.Random(code)
    looked_at, counted, reached = 0, 0, 0
    for organization in Organization.objects.exclude(kind__in=[Kind.REGION, Kind.COOPERATIVE]):
        for year in range(2023, 2028):
            found = records(organization, spec.basis, year, spec.bit)
            if not found:
                continue
            asked = chosen.sample(sorted(found), min(SAMPLE, len(found)))
            explained = explain.explain_all(asked, organization, code, year)
            told = {pk: (one.counted, one.met) for pk, one in explained.items()}
            # Where the state's own rule does not have the measure, nobody is explained, and nobody counted.
            assert told or spec.own
            assert {pk: told.get(pk, (False, False)) for pk in asked} == {pk: found[pk] for pk in asked}
            looked_at += len(asked)
            counted += sum(one.counted for one in explained.values())
            reached += sum(one.met for one in explained.values())
    assert looked_at > 50 or spec.basis == Basis.SENIOR
    if spec.own:
        assert (counted > 0) == (code in OWN_RULES)
        return
    # What is known only long after the two years of this world.
    assert counted > 0 or code in {"ACGR6", "POSTSECONDARY", "CREDENTIAL_BY_25"}
    assert reached <= counted


def test_one_student_is_explained_as_among_others(tiny: None) -> None:
    school = Organization.objects.filter(kind=Kind.SCHOOL, grade_high="12", shared_time=False)[0]
    found = records(school, Basis.YEAR, 2026, explain.spec_of("ON_TRACK_9").bit)
    asked = sorted(found)[:8]
    together = explain.explain_all(asked, school, "ON_TRACK_9", 2026)
    for pk in asked:
        assert explain.explain(pk, school, "ON_TRACK_9", 2026) == together[pk].met_line


def test_the_number_of_statements_does_not_grow_with_the_students(tiny: None, django_assert_num_queries: Any) -> None:
    school = Organization.objects.select_related("in_state").filter(kind=Kind.SCHOOL, grade_high="12")[0]
    asked = sorted(records(school, Basis.YEAR, 2026, 0))
    counts = []
    for size in (1, 25):
        with connection.execute_wrapper(lambda run, *about: (counts.append(1), run(*about))[1]):
            explain.explain_all(asked[:size], school, "CHRONIC_ABSENCE", 2026)
        counts.append(0)
    first = counts.index(0)
    assert first == len(counts) - first - 2


@pytest.mark.django_db
def test_what_is_missing_is_said_with_the_value_and_what_is_asked() -> None:
    world = make_world()
    for kind in ("enrollment", "courses"):
        EvidenceCoverage.objects.create(organization=world.ridge, year=2024, kind=kind)
    who = student(grade_9_year=2024)
    enrollment(world.ridge, 2024, "09", student=who)
    CourseRecord.objects.create(
        student=who, organization=world.ridge, year=2024, subject="math", term="S1", title="Sum", course_code="S",
        mark="C", credits_attempted="4.50", credits_earned="4.50",
    )  # fmt: skip
    found = explain.explain_all([who.pk], world.cahaba, "ON_TRACK_9", 2024)[who.pk]
    assert (found.counted, found.met) == (True, False)
    assert explain.what_is_missing(found.met_line) == "At least five full-year credits: 4.5 (≥ 5 asked)"


@pytest.mark.django_db
def test_somebody_who_was_not_there_is_not_explained() -> None:
    world = make_world()
    assert explain.explain(student().pk, world.ridge, "ON_TRACK_9", 2024) is None


# --- the nearest way ------------------------------------------------------------------------------------------------
RULE = expressions.parse(
    {
        "any": [
            {"label": "ACT", "all": [{"fact": "e", "at_least": 18}, {"fact": "m", "at_least": 22}]},
            {"label": "Credential", "fact": "credentials", "at_least": 1},
        ]
    }
)
FACTS = st.fixed_dictionaries(
    {
        "e": st.none() | st.integers(1, 36),
        "m": st.none() | st.integers(1, 36),
        "credentials": st.integers(0, 2),
        "credential_attempts": st.integers(0, 3),
    }
)


@given(FACTS)
def test_one_step_short_is_begun_and_lacks_a_single_condition(row: dict[str, Any]) -> None:
    line = expressions.evaluate(RULE, row)
    way = explain.one_step_short(line, row)
    english, math = (row["e"] or 0) >= 18, (row["m"] or 0) >= 22
    if line.holds:
        assert way is None
    elif english != math:
        assert way is not None
        assert way.label == "ACT"
    elif row["credential_attempts"]:
        assert way is not None
        assert way.label == "Credential"
    else:
        assert way is None


@given(FACTS)
def test_there_is_always_a_line_to_read(row: dict[str, Any]) -> None:
    line = expressions.evaluate(RULE, row, {"e": "English", "m": "Math", "credentials": "Credentials"})
    assert explain.what_made_it(line) if line.holds else explain.what_is_missing(line)
