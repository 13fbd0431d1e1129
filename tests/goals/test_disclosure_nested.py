"""Populations nested in each other: who takes an exam is a numerator, and whom another measure counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goals.disclosure import history, make, nested
from goals.disclosure.families import Family
from goals.disclosure.history import Told
from goals.disclosure.published import unpublished
from goals.disclosure.release import shown
from goals.disclosure.suppress import protect
from goals.disclosure.table import Block, Protection, Table
from goals.models import DisclosureSettings
from tests.goals.adversary import Adversary, Seen, Unsafe

ALONE = ((0,), (1,))
CHOSEN = DisclosureSettings()
QUICK = settings(max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
TAKEN = nested.Link(outer=0, layer=0, inner=1, same=True, inner_layers=(0,))


def family(table: Table, first: int = 0) -> Family:
    organizations, groups, measures = table.numerators.shape
    of = tuple(range(first, first + measures))
    return Family(table, tuple(range(organizations)), tuple(range(groups)), of, str(first))


def nothing_told(of: Family) -> Told:
    return history.told(of, [str(at) for at in of.measures], 3, [])


def together(outer: Table, inner: Table, link: nested.Link = TAKEN) -> tuple[Protection, Protection]:
    both = [family(outer), family(inner, 1)]
    found = make.solve_together(
        both, [nothing_told(one) for one in both], [unpublished(one, 3) for one in both], CHOSEN, [link]
    )
    return found[0][0].protection, found[1][0].protection


def read(table: Table, protection: Protection) -> Seen:
    return {(o, g, m): (str(state), *rest) for o, m, g, state, *rest in shown(family(table), protection, 10)}


def attack(outer: Table, inner: Table, protections: tuple[Protection, Protection]) -> list[Unsafe]:
    of, part = protections
    return Adversary(outer, read(outer, of)).join(Adversary(inner, read(inner, part), least=0), 0).attack()


def one(students: int, taken: int, passed: int) -> tuple[Table, Table]:
    """One school, all students alone."""
    blocks = (Block((0,), ALONE),)
    return (
        Table((-1,), (), blocks, np.array([[students]]), np.array([[[taken]]])),
        Table((-1,), (), blocks, np.array([[taken]]), np.array([[[passed]]])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Table, Table]:
    """A district or two of schools, groups of one kind and a yes or no; some took the exam, some of these passed."""
    parent, schools = [-1], []
    for _district in range(draw(st.integers(1, 2))):
        district = len(parent)
        parent.append(0)
        for _school in range(draw(st.integers(1, 3))):
            schools.append(len(parent))
            parent.append(district)
    kinds = draw(st.integers(2, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = len(parent), kinds + 2
    counts = np.zeros((3, *shape), np.int64)
    for school in schools:
        size = draw(st.sampled_from([9, 15, 30, 60, 110, 350]))
        member = np.zeros((size, kinds + 2), np.int64)
        member[:, 0], member[:, -1] = 1, random.random(size) < draw(st.sampled_from([0.1, 0.5]))
        member[np.arange(size), 1 + random.choice(kinds, size, p=random.dirichlet(np.full(kinds, 0.8)))] = 1
        taken = random.random(size) < draw(st.sampled_from([0.0, 0.05, 0.3, 0.6, 0.98]))
        passed = taken & (random.random(size) < draw(st.sampled_from([0.0, 0.3, 0.6, 1.0])))
        for at in (school, parent[school], 0):
            for layer, who in enumerate((np.ones(size, bool), taken, passed)):
                counts[layer, at] += member[who].sum(axis=0)
    dimensions, blocks = (tuple(range(1, 1 + kinds)), (kinds + 1,)), (Block((0,), ALONE),)
    tree = tuple(parent)
    return (
        Table(tree, dimensions, blocks, counts[0], counts[1][:, :, None]),
        Table(tree, dimensions, blocks, counts[1], counts[2][:, :, None]),
    )


def test_a_coded_numerator_is_not_told_as_a_denominator() -> None:
    """49 of 50 took it: at or above 95 %. That 33 % of 41 to 100 students passed would say 49."""
    outer, inner = one(50, 49, 16)
    apart = protect(outer), protect(inner)
    assert [(found.what, found.values) for found in attack(outer, inner, apart)] == [("rate", [49])]
    of, part = together(outer, inner)
    assert not of.cells.any()
    assert part.cells.all()
    assert attack(outer, inner, (of, part)) == []


def test_nobody_is_not_told_by_silence() -> None:
    """None of 50 took it: at or below 5 %. Of nobody no other figure may say so."""
    outer, inner = one(50, 0, 0)
    _of, part = together(outer, inner)
    assert part.cells.all()
    assert read(inner, part)[0, 0, 0][0] == "small"


def test_what_is_not_coded_is_told_of_both() -> None:
    """30 of 50 took it, 16 of them passed: 60 % and 53 %."""
    outer, inner = one(50, 30, 16)
    of, part = together(outer, inner)
    assert (read(outer, of)[0, 0, 0], read(inner, part)[0, 0, 0]) == (("shown", 60, 60, 41), ("shown", 53, 53, 21))


@pytest.mark.parametrize(
    ("all_of", "part_of", "told"),
    [
        # (cohort, graduates) and of its concentrators: the rest are (60, 40), (8, 5), (30, 30), (30, 0).
        ((100, 70), (40, 30), True),
        ((48, 35), (40, 30), False),
        ((70, 60), (40, 30), False),
        ((70, 30), (40, 30), False),
        # 98 of 100: coded.
        ((100, 98), (40, 39), False),
        # All are concentrators: the same figure twice.
        ((40, 30), (40, 30), True),
    ],
)
def test_a_part_is_not_told_where_the_rest_is_small_or_all_or_none(
    all_of: tuple[int, int], part_of: tuple[int, int], told: bool
) -> None:
    blocks = (Block((0,), ALONE),)
    outer, inner = (Table((-1,), (), blocks, np.array([[d]]), np.array([[[n]]])) for d, n in (all_of, part_of))
    _of, part = together(outer, inner, dataclasses.replace(TAKEN, same=False))
    assert bool(part.cells.any()) != told


@QUICK
@given(worlds())
def test_no_hidden_count_comes_out_of_two_populations(pair: tuple[Table, Table]) -> None:
    assert attack(*pair, together(*pair)) == []


@pytest.mark.long
@LONG
@given(worlds())
def test_no_hidden_count_comes_out_of_two_populations_of_many_worlds(pair: tuple[Table, Table]) -> None:
    assert attack(*pair, together(*pair)) == []
