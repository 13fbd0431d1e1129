"""Adversaries who know more than one release: an earlier one, or the exact figures of a place of their own."""

from __future__ import annotations

import dataclasses
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goals.disclosure import history, insiders, make
from goals.disclosure.families import Family
from goals.disclosure.history import Told
from goals.disclosure.published import unpublished
from goals.disclosure.release import shown
from goals.disclosure.suppress import solve
from goals.disclosure.table import Block, Bools, Ints, Protection, Table
from goals.models import DisclosureSettings
from tests.goals.adversary import Adversary, Seen, Unsafe
from tests.goals.test_disclosure_attack import ALONE, LONG, tables

CHOSEN = DisclosureSettings()
QUICK = settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def family(table: Table) -> Family:
    organizations, groups, measures = table.numerators.shape
    return Family(table, tuple(range(organizations)), tuple(range(groups)), tuple(range(measures)), "")


def rows(table: Table, protection: Protection) -> Seen:
    return {(o, g, m): (str(state), *rest) for o, m, g, state, *rest in shown(family(table), protection, 10)}


def nothing_told(table: Table) -> Told:
    of = family(table)
    return history.told(of, [str(at) for at in of.measures], 3, [])


def release(table: Table, earlier: Told) -> tuple[Told, Bools]:
    of = family(table)
    worlds, kept = make.solve_again(of, earlier, unpublished(of, 3), CHOSEN)
    if worlds.unsafe and earlier.was.any():
        return make.as_told(of, earlier), np.ones(kept.shape, bool)
    return make.tell(of, worlds, earlier, kept), kept


def read(told: Told, table: Table) -> Seen:
    """What a reader sees: the counts behind it may be those of an earlier day."""
    return rows(dataclasses.replace(table, denominators=told.d, numerators=told.n), told.protection)


def attack_both(first: Table, second: Table) -> list[Unsafe]:
    """Of two publications of one table; what comes out that must not.

    The claims. (1) Who has both releases, and knows by how many students each count changed, learns no hidden count
    of a place where nothing changed, but what the first release and the changes tell: each can still take three
    values. (2) Who knows all counts of the first release and reads the second, but for figures that are kept from the
    first, learns of no figure told in the first whose counts changed by one to nine students what they are now: they
    can take three values, and so can all that the second withholds or codes.

    Not claimed: that hidden counts of places that changed are safe from who knows the changes; that net differences
    of ten or more tell nothing; who of the students changed; three releases or more (bits are kept of all earlier
    ones, and the same holds for each, but only two are attacked here). Where no safe protection is found beside the
    first release, the whole table stays as it was told, which tells nothing new.
    """
    told = nothing_told(first)
    earlier, _kept = release(first, told)
    later, kept = release(second, earlier)
    before, now = read(earlier, first), read(later, second)
    for (o, g, m), row in list(now.items()):
        if kept[o, g] and (o, g, m) in before:
            # An earlier figure, to the letter.
            assert row == before[o, g, m]
            now[o, g, m] = ("kept", None, None, None)
    # Who knows by how much a count changed knows what it is: that is not for figures to prevent.
    change = np.maximum(
        np.abs(second.denominators - first.denominators), np.abs(second.numerators - first.numerators).max(axis=2)
    )
    found = [
        one for one in Adversary(first, before, later=(second, now)).attack() if not change[one.organization].any()
    ]
    if found:
        # Who knows of nearly all students of a school knows of the others too, whatever is released later.
        untold: Seen = dict.fromkeys(now, ("kept", None, None, None))
        without = Adversary(first, before, later=(second, untold)).attack()
        found = [one for one in found if one not in without]
    alone = {key: ("complementary", None, None, None) if row[0] == "kept" else row for key, row in now.items()}
    few = [
        (o, g, m)
        for o, g in np.argwhere((change > 0) & (change < 10)).tolist()
        if before.get((o, g, 0), ("small",))[0] not in {"small", "complementary"}
        for m in (None, *range(first.numerators.shape[2]))
        if _moved(first, second, o, g, m)
    ]
    return found + Adversary(second, alone, secret=few).attack()


def _moved(first: Table, second: Table, o: int, g: int, m: int | None) -> bool:
    if m is None:
        return bool(first.denominators[o, g] != second.denominators[o, g])
    return bool(first.numerators[o, g, m] != second.numerators[o, g, m])


def plus(one: Table, other: Table) -> Table:
    return dataclasses.replace(
        one, denominators=one.denominators + other.denominators, numerators=one.numerators + other.numerators
    )


@st.composite
def corrected(draw: st.DrawFn) -> tuple[Table, Table]:
    """A table, and the same after some students came to some schools, or left them."""
    first = draw(tables())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    more = dataclasses.replace(
        first, denominators=np.zeros_like(first.denominators), numerators=np.zeros_like(first.numerators)
    )
    inner = set(first.parent)
    [kinds, [last]] = first.dimensions
    for school in (o for o in range(len(first.parent)) if o not in inner):
        for _student in range(draw(st.sampled_from([0, 0, 1, 2, 6, 25]))):
            groups = [0, int(random.choice(kinds)), *([last] if random.random() < 0.3 else [])]
            met = np.zeros(first.numerators.shape[2], np.int64)
            for block in first.blocks:
                met[list(block.measures)] = block.atoms[random.integers(len(block.atoms))]
            for at in first.chain(school):
                more.denominators[at, groups] += 1
                more.numerators[at, groups] += met
    second = plus(first, more)
    return (first, second) if draw(st.booleans()) else (second, first)


@QUICK
@given(corrected())
def test_two_releases_tell_no_hidden_count_and_no_small_difference(pair: tuple[Table, Table]) -> None:
    assert attack_both(*pair) == []


def test_a_school_that_nearly_empties_between_two_releases() -> None:
    """25 of 27 students leave one school: who knows all of them knows counts elsewhere, but none by the second release,
    which stays as the first was."""
    pair = (
        Table(
            parent=(-1, 0, 1, 0, 3, 3),
            dimensions=((1, 2, 3), (4,)),
            blocks=(
                Block(measures=(0,), atoms=((0,), (1,))),
                Block(measures=(1, 2, 3), atoms=((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1))),
            ),
            denominators=np.array(
                [
                    [87, 32, 9, 46, 12],
                    [30, 17, 0, 13, 0],
                    [30, 17, 0, 13, 0],
                    [57, 15, 9, 33, 12],
                    [30, 10, 0, 20, 0],
                    [27, 5, 9, 13, 12],
                ]
            ),
            numerators=np.array(
                [
                    [[17, 22, 67, 80], [4, 11, 26, 30], [3, 5, 6, 8], [10, 6, 35, 42], [7, 4, 6, 10]],
                    [[0, 11, 19, 26], [0, 9, 12, 15], [0, 0, 0, 0], [0, 2, 7, 11], [0, 0, 0, 0]],
                    [[0, 11, 19, 26], [0, 9, 12, 15], [0, 0, 0, 0], [0, 2, 7, 11], [0, 0, 0, 0]],
                    [[17, 11, 48, 54], [4, 2, 14, 15], [3, 5, 6, 8], [10, 4, 28, 31], [7, 4, 6, 10]],
                    [[0, 0, 30, 30], [0, 0, 10, 10], [0, 0, 0, 0], [0, 0, 20, 20], [0, 0, 0, 0]],
                    [[17, 11, 18, 24], [4, 2, 4, 5], [3, 5, 6, 8], [10, 4, 8, 11], [7, 4, 6, 10]],
                ]
            ),
            members={},
        ),
        Table(
            parent=(-1, 0, 1, 0, 3, 3),
            dimensions=((1, 2, 3), (4,)),
            blocks=(
                Block(measures=(0,), atoms=((0,), (1,))),
                Block(measures=(1, 2, 3), atoms=((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1))),
            ),
            denominators=np.array(
                [
                    [62, 28, 0, 34, 0],
                    [30, 17, 0, 13, 0],
                    [30, 17, 0, 13, 0],
                    [32, 11, 0, 21, 0],
                    [30, 10, 0, 20, 0],
                    [2, 1, 0, 1, 0],
                ]
            ),
            numerators=np.array(
                [
                    [[2, 13, 51, 58], [1, 10, 23, 26], [0, 0, 0, 0], [1, 3, 28, 32], [0, 0, 0, 0]],
                    [[0, 11, 19, 26], [0, 9, 12, 15], [0, 0, 0, 0], [0, 2, 7, 11], [0, 0, 0, 0]],
                    [[0, 11, 19, 26], [0, 9, 12, 15], [0, 0, 0, 0], [0, 2, 7, 11], [0, 0, 0, 0]],
                    [[2, 2, 32, 32], [1, 1, 11, 11], [0, 0, 0, 0], [1, 1, 21, 21], [0, 0, 0, 0]],
                    [[0, 0, 30, 30], [0, 0, 10, 10], [0, 0, 0, 0], [0, 0, 20, 20], [0, 0, 0, 0]],
                    [[2, 2, 2, 2], [1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]],
                ]
            ),
            members={},
        ),
    )
    assert attack_both(*pair) == []


@pytest.mark.long
@LONG
@given(corrected())
def test_two_releases_of_many_worlds_tell_nothing(pair: tuple[Table, Table]) -> None:
    assert attack_both(*pair) == []


def two_districts() -> Table:
    """Two districts of two schools, one group small in one of them."""
    d = np.array([[200, 55, 145], [120, 34, 86], [80, 21, 59], [60, 4, 56], [60, 30, 30], [40, 10, 30], [40, 11, 29]])
    n = np.array([[90, 15, 75], [50, 9, 41], [40, 6, 34], [25, 0, 25], [25, 9, 16], [20, 3, 17], [20, 3, 17]])
    return Table((-1, 0, 0, 1, 1, 2, 2), ((1, 2),), (Block((0,), ALONE),), d, n[:, :, None])


def test_one_student_who_comes_does_not_change_a_figure() -> None:
    """48 with 17, then 49 with 18: the percents 35 and 37 would say that the one who came met it."""
    first = Table((-1,), (), (Block((0,), ALONE),), np.array([[48]]), np.array([[[17]]]))
    second = dataclasses.replace(first, denominators=np.array([[49]]), numerators=np.array([[[18]]]))
    earlier, _none = release(first, nothing_told(first))
    later, kept = release(second, earlier)
    assert kept.all()
    assert (later.d.item(), later.n.item()) == (48, 17)
    third = dataclasses.replace(first, denominators=np.array([[58]]), numerators=np.array([[[20]]]))
    newest, kept = release(third, later)
    assert not kept.any()
    assert (newest.d.item(), newest.n.item()) == (58, 20)


def test_what_stays_as_it_is_does_not_come_out_of_sums() -> None:
    """One student comes to a school, thirteen to its neighbor: the district's new figure would tell the one."""
    first = two_districts()
    more = np.zeros_like(first.denominators)
    more[[3, 1, 0], 0] += 1
    more[[4, 1, 0], 0] += 13
    more[[3, 1, 0], 2] += 1
    more[[4, 1, 0], 2] += 13
    second = plus(first, dataclasses.replace(first, denominators=more, numerators=np.zeros_like(first.numerators)))
    assert attack_both(first, second) == []


@pytest.mark.parametrize(
    "broken",
    [
        mock.patch.object(Told, "few", lambda self, family, minimum: np.zeros(self.was.shape, bool)),
        mock.patch.object(Told, "differ", lambda self, family: np.zeros(self.was.shape, bool)),
    ],
    ids=["nothing stays", "no differences"],
)
def test_a_broken_memory_is_caught(broken: mock._patch) -> None:  # type: ignore[type-arg]
    first = two_districts()
    more = np.zeros_like(first.denominators)
    for group in (0, 2):
        more[[5, 2, 0], group] += 3
    second = plus(first, dataclasses.replace(first, denominators=more, numerators=more[:, :, None].copy()))
    with broken:
        found = attack_both(first, second)
    assert found
    assert attack_both(first, second) == []


@st.composite
def with_cooperative(draw: st.DrawFn) -> Table:
    """A table, and beside its tree a cooperative of some of its schools and of none of their districts."""
    table = draw(tables())
    schools = [o for o in range(len(table.parent)) if o not in set(table.parent)]
    members = [school for school in schools if draw(st.booleans())] or schools[:1]

    def more(counts: Ints) -> Ints:
        return np.concatenate([counts, counts[members].sum(axis=0, keepdims=True)])

    return dataclasses.replace(
        table,
        parent=(*table.parent, -1),
        denominators=more(table.denominators),
        numerators=more(table.numerators),
        members={len(table.parent): tuple(members)},
    )


def attack_sums(table: Table) -> list[Unsafe]:
    return Adversary(table, rows(table, solve(table).protection)).attack()


@QUICK
@given(with_cooperative())
def test_a_cooperative_tells_nothing_of_its_members(table: Table) -> None:
    assert attack_sums(table) == []


@pytest.mark.long
@LONG
@given(with_cooperative())
def test_a_cooperative_tells_nothing_of_its_members_in_many_worlds(table: Table) -> None:
    assert attack_sums(table) == []


def test_a_cooperative_that_is_forgotten_is_caught() -> None:
    """Schools of 4, 30 and 40; the cooperative is the first and the last, 44: told, it says that the first has four."""
    d, n = np.array([[74], [4], [30], [40], [44]]), np.array([[[30]], [[1]], [[13]], [[16]], [[17]]])
    table = Table((-1, 0, 0, 0, -1), (), (Block((0,), ALONE),), d, n, {4: (1, 3)})
    forgotten = solve(dataclasses.replace(table, members={})).protection
    assert Adversary(table, rows(table, forgotten)).attack()
    assert attack_sums(table) == []


# --- insiders --------------------------------------------------------------------------------------------------------
def attack_from_inside(table: Table, place: int, *, told_all: bool = False) -> list[Unsafe]:
    """By somebody who knows a place exactly, and all places below it."""
    worlds = solve(table)
    untold = insiders.untold(worlds)
    seen = rows(table, worlds.protection)
    above = set(table.chain(place)[1:])
    if not told_all:
        for o, g, m in list(seen):
            if o in above and untold[o, g]:
                seen[o, g, m] = ("complementary", None, None, None)
    below = {o for o in range(len(table.parent)) if place in table.chain(o)}
    return Adversary(table, seen, exact=below).attack()


@QUICK
@given(tables(), st.integers(0, 5))
def test_who_knows_a_place_learns_nothing_of_others(table: Table, place: int) -> None:
    assert attack_from_inside(table, 1 + place % (len(table.parent) - 1)) == []


@pytest.mark.long
@LONG
@given(tables(), st.integers(0, 5))
def test_who_knows_a_place_learns_nothing_of_many_others(table: Table, place: int) -> None:
    assert attack_from_inside(table, 1 + place % (len(table.parent) - 1)) == []


def test_the_total_is_withheld_from_one_of_two() -> None:
    """Two schools of 4 and 5 in a district of 69: each could take the other from the total."""
    d, n = np.array([[69], [4], [5], [60]]), np.array([[[30]], [[1]], [[2]], [[27]]])
    table = Table((-1, 0, 0, 0), (), (Block((0,), ALONE),), d, n)
    assert {one.organization for one in attack_from_inside(table, 1, told_all=True)} == {2}
    assert attack_from_inside(table, 1) == []
    assert insiders.untold(solve(table))[0, 0]
