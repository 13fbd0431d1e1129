"""Who reads what: enough readers, none in conflict, the load as even as it can be, whenever that is possible."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from awards.matching import NotEnoughReaders, match


def feasible(nominations: int, limits: list[int], forbidden: set[tuple[int, int]], each: int, cap: int) -> bool:
    """Whether there is any assignment, said by a linear program (its vertices are whole numbers)."""
    pairs = [(n, r) for n in range(nominations) for r in range(len(limits)) if (n, r) not in forbidden]
    if not pairs:
        return nominations == 0
    enough = [[1 if n == one else 0 for n, _r in pairs] for one in range(nominations)]
    loads = [[1 if r == who else 0 for _n, r in pairs] for who in range(len(limits))]
    found = linprog(
        [0] * len(pairs),
        A_ub=loads,
        b_ub=[min(limit, cap) for limit in limits],
        A_eq=enough,
        b_eq=[each] * nominations,
        bounds=(0, 1),
    )
    return bool(found.status == 0)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_finds_the_most_even_assignment_or_says_there_is_none(data: st.DataObject) -> None:
    nominations = data.draw(st.integers(1, 7))
    limits = data.draw(st.lists(st.integers(0, 7), min_size=1, max_size=6))
    every = [(n, r) for n in range(nominations) for r in range(len(limits))]
    forbidden = set(data.draw(st.lists(st.sampled_from(every), max_size=15)))
    each = data.draw(st.integers(1, 3))
    seed = data.draw(st.integers(0, 5))
    possible = feasible(nominations, limits, forbidden, each, max(limits))
    try:
        found = match(range(nominations), dict(enumerate(limits)), forbidden, readers_each=each, seed=seed)
    except NotEnoughReaders:
        assert not possible
        return
    assert possible
    assert not found & forbidden
    assert all(sum(1 for n, _r in found if n == one) == each for one in range(nominations))
    loads = [sum(1 for _n, r in found if r == who) for who in range(len(limits))]
    assert all(load <= limit for load, limit in zip(loads, limits, strict=True))
    assert not feasible(nominations, limits, forbidden, each, max(loads) - 1)
    assert found == match(range(nominations), dict(enumerate(limits)), forbidden, readers_each=each, seed=seed)


def test_what_is_fixed_stays() -> None:
    fixed = {(0, 0), (1, 0), (0, 1)}
    found = match([0, 1, 2], dict.fromkeys(range(4), 9), {(2, 0)}, readers_each=3, fixed=fixed)
    assert fixed <= found
    assert len(found) == 9


def test_without_conflicts_loads_differ_by_one_at_most() -> None:
    found = match(range(20), dict.fromkeys(range(7), 20), set(), readers_each=3)
    loads = [sum(1 for _n, r in found if r == who) for who in range(7)]
    assert (min(loads), max(loads)) == (8, 9)


def test_readers_differ_between_nominations() -> None:
    found = match(range(12), dict.fromkeys(range(6), 12), set(), readers_each=3)
    panels = {tuple(sorted(r for n, r in found if n == one)) for one in range(12)}
    together = {pair for panel in panels for pair in combinations(panel, 2)}
    assert len(together) > 6, "reviewers are joined by nominations that they share"


def test_who_lacks_readers_is_named() -> None:
    with pytest.raises(NotEnoughReaders) as error:
        match([1, 2], {1: 5, 2: 5}, {(1, 1)}, readers_each=2)
    assert error.value.short == {1: 1}
