"""The attack on releases: an adversary with integer bounds gets everything that an audience can see."""

from __future__ import annotations

import dataclasses
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goals.disclosure import worlds as worlds_module
from goals.disclosure.families import TIED, Family
from goals.disclosure.release import shown
from goals.disclosure.suppress import primary, protect
from goals.disclosure.table import Block, Protection, Table
from goals.disclosure.worlds import Worlds
from tests.goals.adversary import Adversary, Seen, Unsafe

ALONE = ((0,), (1,))
READY, COHORT = TIED[0][1], TIED[1][1]
BLOCKS = [
    (Block((0, 1, 2, 3, 4), READY),),
    (Block((0,), ALONE), Block((1, 2, 3), COHORT)),
    (Block((0,), ALONE), Block((1,), ALONE)),
]


def released(table: Table, protection: Protection) -> Seen:
    """The rows of the release, by position."""
    organizations, groups, measures = table.numerators.shape
    family = Family(table, tuple(range(organizations)), tuple(range(groups)), tuple(range(measures)), "")
    return {(o, g, m): (str(state), *rest) for o, m, g, state, *rest in shown(family, protection, 10)}


def attack(table: Table, protection: Protection) -> list[Unsafe]:
    return Adversary(table, released(table, protection)).attack()


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """At most three levels, six groups (all, up to four of a kind, a yes or no) and five linked measures."""
    parent, schools = [-1], []
    for _district in range(draw(st.integers(1, 2))):
        district = len(parent)
        parent.append(0)
        for _school in range(draw(st.integers(1, 3))):
            schools.append(len(parent))
            parent.append(district)
    kinds = draw(st.integers(2, 4))
    groups = kinds + 2
    blocks = draw(st.sampled_from(BLOCKS))
    measures = sum(len(block.measures) for block in blocks)
    # Hypothesis chooses the shape and a seed: one student at a time would be too many choices.
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d, n = np.zeros((len(parent), groups), np.int64), np.zeros((len(parent), groups, measures), np.int64)
    for school in schools:
        size = draw(st.sampled_from([2, 9, 10, 15, 30, 60, 110, 350]))
        of_kind = random.choice(kinds, size, p=random.dirichlet(np.full(kinds, 0.5)))
        yes = random.random(size) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.95]))
        member = np.zeros((size, groups), np.int64)
        member[:, 0], member[:, -1] = 1, yes
        member[np.arange(size), 1 + of_kind] = 1
        met = np.zeros((size, measures), np.int64)
        for block in blocks:
            chances = random.dirichlet(np.full(len(block.atoms), draw(st.sampled_from([0.05, 0.5, 3.0]))))
            met[:, list(block.measures)] = np.array(block.atoms)[random.choice(len(block.atoms), size, p=chances)]
        for organization in (school, parent[school], 0):
            d[organization] += member.sum(axis=0)
            n[organization] += member.T @ met
    dimensions = (tuple(range(1, 1 + kinds)), (groups - 1,))
    return Table(tuple(parent), dimensions, blocks, d, n)


QUICK = settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(tables())
def test_no_hidden_count_comes_out(table: Table) -> None:
    assert attack(table, protect(table)) == []


@pytest.mark.long
@LONG
@given(tables())
def test_no_hidden_count_comes_out_of_many_worlds(table: Table) -> None:
    assert attack(table, protect(table)) == []


def school(sizes: list[int], met: list[int]) -> Table:
    """One school: groups of one dimension with so many students, of whom so many meet the one measure."""
    d = np.array([[sum(sizes), *sizes]])
    n = np.array([[sum(met), *met]])[:, :, None]
    return Table((-1,), (tuple(range(1, 1 + len(sizes))),), (Block((0,), ALONE),), d, n)


def test_without_complementary_suppression_the_attack_finds_the_small_group() -> None:
    table = school([4, 30, 46], [1, 15, 20])
    [size, rate] = attack(table, primary(table, 10))
    assert (size.what, size.group, size.values) == ("size", "1", [4])
    assert (rate.what, rate.group, rate.values) == ("rate", "1", [1])
    assert attack(table, protect(table)) == []


def test_an_all_or_none_result_does_not_come_out_by_subtraction() -> None:
    """All 20 of a group met it: at or above 80 %, but the others and the sum would say 20 exactly."""
    table = school([20, 30, 40], [20, 12, 18])
    nothing = Protection.of(np.zeros((1, 4), bool), 1)
    assert [(one.what, one.group, one.values) for one in attack(table, nothing)] == [("rate", "1", [20])]
    assert attack(table, protect(table)) == []


def test_the_small_rest_of_a_yes_or_no_does_not_come_out() -> None:
    table = dataclasses.replace(school([46], [20]), denominators=np.array([[50, 46]]))
    table = dataclasses.replace(table, numerators=np.array([[[21], [20]]]))
    nothing = primary(table, 10)
    assert not nothing.cells.any()
    assert {one.what for one in attack(table, nothing)} == {"rest size", "rest rate"}
    found = protect(table)
    assert found.cells[0, 1]
    assert attack(table, found) == []


def test_a_hidden_school_does_not_come_out_of_its_district() -> None:
    """District 60 = 4 + 56: without more withheld the small school is what is left."""
    table = Table((-1, 0, 0), (), (Block((0,), ALONE),), np.array([[60], [4], [56]]), np.array([[[30]], [[1]], [[29]]]))
    assert [one.organization for one in attack(table, primary(table, 10))] == [1, 1]
    assert attack(table, protect(table)) == []


def test_what_two_groups_exchange_is_seen_in_all_students() -> None:
    """350 students of whom two are of a small group: the figures of all of them do not bear that both met “neither”."""
    # Neither; academic ready; technical ready; both (and so either).
    d = np.array([[459, 68, 391], [92, 49, 43], [2, 2, 0], [30, 4, 26], [60, 43, 17], [367, 19, 348], [350, 2, 348],
                  [2, 2, 0], [15, 15, 0]])  # fmt: skip
    kinds = {2: [[2, 0, 0, 0], [0, 0, 0, 0]], 3: [[4, 0, 0, 0], [26, 0, 0, 0]], 4: [[0, 22, 1, 20], [0, 8, 0, 9]]}
    kinds |= {6: [[0, 0, 2, 0], [31, 16, 287, 14]], 7: [[0, 0, 2, 0], [0, 0, 0, 0]], 8: [[7, 2, 4, 2], [0, 0, 0, 0]]}
    n = np.zeros((9, 3, 5), np.int64)
    parent = (-1, 0, 1, 1, 1, 0, 5, 5, 5)
    for school, groups in kinds.items():
        for at in (school, parent[school], 0):
            for g, counts in enumerate(groups, start=1):
                met = np.array(counts) @ np.array(BLOCKS[0][0].atoms)
                n[at, g] += met
                n[at, 0] += met
    table = Table(parent, ((1, 2),), BLOCKS[0], d, n)
    assert attack(table, protect(table)) == []


@pytest.mark.parametrize(
    "broken",
    [
        # Takes sums up the tree for unknown; takes small cells for safe; forgets the codes.
        mock.patch.object(Table, "chain", lambda self, organization: [organization]),
        mock.patch.object(Worlds, "search", return_value=worlds_module.Seen({}, True)),
        mock.patch("goals.disclosure.looks.look", side_effect=lambda n, d: np.ones_like(n)),
    ],
    ids=["no tree", "no check", "no rates"],
)
def test_a_broken_protection_is_caught(broken: mock._patch) -> None:  # type: ignore[type-arg]
    """Two districts of two schools, one group small in one of them; and a school where all of a group met it."""
    d = np.array([[200, 55, 145], [120, 34, 86], [80, 21, 59], [60, 4, 56], [60, 30, 30], [40, 10, 30], [40, 11, 29]])
    n = np.array([[90, 15, 75], [50, 9, 41], [40, 6, 34], [25, 0, 25], [25, 9, 16], [20, 3, 17], [20, 3, 17]])
    tree = Table((-1, 0, 0, 1, 1, 2, 2), ((1, 2),), (Block((0,), ALONE),), d, n[:, :, None])
    alone = school([20, 30, 40], [20, 12, 18])
    with broken:
        found = [(table, protect(table)) for table in (tree, alone)]
    assert [one for table, protection in found for one in attack(table, protection)]
    assert [one for table in (tree, alone) for one in attack(table, protect(table))] == []
