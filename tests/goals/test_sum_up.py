"""Sums up the tree equal a direct count of students; explanations agree with the set-based rules."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goals.models import MeasureCell, RuleSet
from goals.models.measure import Basis
from goals.readiness import explain, expressions, facts, rollup
from goals.readiness.computed import all_computed, computed
from goals.readiness.rules import of_row
from schools.models import CooperativeMember, Enrollment, EvidenceCoverage, Student
from schools.models.organization import Kind
from tests.factories import make_world, organization

pytestmark = pytest.mark.django_db
YEAR = 2024
SPELL = st.fixed_dictionaries(
    {
        "student": st.integers(0, 5),
        "school": st.sampled_from(["ridge", "valley", "harbor", "delta"]),
        "enrolled": st.integers(5, 60),
        "absent": st.integers(0, 5),
        "el": st.booleans(),
    }
)
often = pytest.mark.parametrize("examples", [8, pytest.param(400, marks=pytest.mark.long)])


@contextlib.contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@often
def test_every_level_counts_each_student_once(examples: int) -> None:
    """Counted anew by hand at every level: days of all spells below it together, and ten percent of them.

    Two cooperatives share a district; neither is the whole state.
    """
    world = make_world()
    mobile = organization(Kind.DISTRICT, world.alabama, "Mobile")
    schools = {name: getattr(world, name) for name in ("ridge", "valley", "harbor")}
    schools["delta"] = organization(Kind.SCHOOL, mobile, "Delta High School")
    gulf = organization(Kind.COOPERATIVE, world.alabama, "Gulf Cooperative")
    for cooperative, district in (
        *((world.cooperative, world.cahaba), (world.cooperative, world.tombigbee)),
        *((gulf, world.tombigbee), (gulf, mobile)),
    ):
        CooperativeMember.objects.create(cooperative=cooperative, member=district, starts=dt.date(2020, 7, 1))
    EvidenceCoverage.objects.create(organization=world.alabama, year=YEAR, kind="enrollment")
    EvidenceCoverage.objects.create(organization=world.alabama, year=YEAR, kind="attendance")

    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(spells=st.lists(SPELL, max_size=14))
    def check(spells: list[dict[str, Any]]) -> None:
        with rolled_back():
            students = [Student.objects.create(first_name="A", last_name=str(n)) for n in range(6)]
            Enrollment.objects.bulk_create(
                Enrollment(
                    student=students[one["student"]],
                    organization=schools[one["school"]],
                    year=YEAR,
                    grade="09",
                    entered=dt.date(2023, 8, 1) + dt.timedelta(days=n),
                    days_enrolled=one["enrolled"],
                    days_absent=one["absent"],
                    english_learner=one["el"],
                )
                for n, one in enumerate(spells)
            )
            rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
            below = {
                world.ridge: {"ridge"},
                world.valley: {"valley"},
                world.harbor: {"harbor"},
                world.cahaba: {"ridge", "valley"},
                world.tombigbee: {"harbor"},
                mobile: {"delta"},
                world.alabama: {"ridge", "valley", "harbor", "delta"},
                world.cooperative: {"ridge", "valley", "harbor"},
                gulf: {"harbor", "delta"},
            }
            for place, names in below.items():
                for group in ("ALL", "EL"):
                    days: dict[int, list[int]] = {}
                    learners = set()
                    for one in spells:
                        if one["school"] in names:
                            total = days.setdefault(one["student"], [0, 0])
                            total[0] += one["enrolled"]
                            total[1] += one["absent"]
                            if one["el"]:
                                learners.add(one["student"])
                    counted = [
                        total for who, total in days.items() if total[0] >= 10 and (group == "ALL" or who in learners)
                    ]
                    expected = (sum(absent * 10 >= enrolled for enrolled, absent in counted), len(counted))
                    found = MeasureCell.objects.filter(
                        organization=place, year=YEAR, measure__code="CHRONIC_ABSENCE", group__code=group
                    ).values_list("numerator", "denominator")
                    assert list(found) == ([expected] if expected[1] else [])

    check()


FACT = st.one_of(st.none(), st.integers(0, 40), st.booleans())


@pytest.mark.parametrize("examples", [60, pytest.param(400, marks=pytest.mark.long)])
def test_the_same_tree_answers_alike_in_sql_and_in_python(examples: int) -> None:
    """For every rule the product ships, over random facts, unknown ones among them."""
    nodes = []
    for measure in all_computed():
        nodes += [measure.counted] if measure.met is None else [measure.counted, measure.met]
    for row in RuleSet.objects.all():
        nodes += of_row(row).parts.values()
    assert RuleSet.objects.count() == 10
    wanted = sorted({name for node in nodes for name in node.facts()})
    kinds = {name: _kind(name, nodes) for name in wanted}
    texts = st.sampled_from(["09", "11", "12", "dropped_out", ""])

    def values(name: str) -> st.SearchStrategy[Any]:
        if kinds[name] != "numeric":
            return st.none() | (st.booleans() if kinds[name] == "boolean" else texts)
        # Below, at and above what is asked, by whichever rule: numbers at random would hardly ever meet it.
        asked = sorted({Decimal(str(value)) for value in _values(name, nodes)})
        return st.none() | st.sampled_from([max(at + step, Decimal(0)) for at in asked for step in (-1, 0, 1)])

    @settings(max_examples=examples, deadline=None)
    @given(row=st.fixed_dictionaries({name: values(name) for name in wanted}))
    def check(row: dict[str, Any]) -> None:
        from psycopg import sql

        columns = sql.SQL(", ").join(
            sql.SQL("{}::{} AS {}").format(sql.Literal(row[name]), sql.SQL(kinds[name]), sql.Identifier(name))
            for name in wanted
        )
        asked = sql.SQL(", ").join(expressions.to_sql(node) for node in nodes)
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT {} FROM (SELECT {}) f").format(asked, columns))
            answers = list(cursor.fetchone())
        lines = [expressions.evaluate(node, row, facts.FACTS) for node in nodes]
        assert answers == [line.holds for line in lines]
        for line in lines:
            # Whichever way it went, there is something to read, and a way of one step is one step.
            assert explain.what_made_it(line) if line.holds else explain.what_is_missing(line, row)
            assert (explain.steps(line) == 0) == line.holds
            way = explain.one_step_short(line, row)
            assert way is None or (explain.steps(way) == 1 and explain.started(way, row) and not line.holds)
        seen.update(at for at, answer in enumerate(answers) if answer)
        missed.update(at for at, answer in enumerate(answers) if not answer)

    seen: set[int] = set()
    missed: set[int] = set()
    check()
    # Nearly every condition has gone either way, so that agreement says something.
    assert len(seen & missed) > 0.8 * len(nodes)


def _values(name: str, nodes: list[expressions.Node]) -> Iterator[Any]:
    """What a fact is compared with, in all the conditions."""
    for node in nodes:
        if node.op == "fact" and node.fact == name:
            yield from node.value if isinstance(node.value, list) else [node.value]
        yield from _values(name, list(node.of))


def _kind(name: str, nodes: list[expressions.Node]) -> str:
    found = list(_values(name, nodes))
    if all(isinstance(value, bool) for value in found):
        return "boolean"
    return "text" if any(isinstance(value, str) for value in found) else "numeric"


def test_facts_of_one_student_are_what_the_set_has() -> None:
    world = make_world()
    for n in range(4):
        who = Student.objects.create(first_name="A", last_name=str(n), grade_9_year=YEAR)
        Enrollment.objects.create(
            student=who, organization=world.ridge, year=YEAR, grade="09", entered=dt.date(2023, 8, 1),
            days_enrolled=100, days_absent=n * 5,
        )  # fmt: skip
    facts.make(facts.Ask(Basis.YEAR, YEAR, world.alabama.path))
    with connection.cursor() as cursor:
        cursor.execute("SELECT student_id, absent_share FROM facts ORDER BY student_id")
        everybody = dict(cursor.fetchall())
    assert sorted(everybody.values()) == [Decimal(n) for n in (0, 5, 10, 15)]
    for student_id, share in everybody.items():
        [row] = facts.rows(facts.Ask(Basis.YEAR, YEAR, world.alabama.path, (student_id,)))
        assert row["absent_share"] == share
        line = expressions.evaluate(next(m for m in computed(Basis.YEAR) if m.code == "CHRONIC_ABSENCE").met, row)  # type: ignore[arg-type]
        assert line.holds == (share >= 10)
