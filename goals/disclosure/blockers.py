"""What would have to be withheld so that a count takes one value more: the told cells that stop a world."""

from __future__ import annotations

from collections.abc import Iterable

from goals.disclosure.looks import Cell
from goals.disclosure.worlds import WIDE, Worlds

# Less is tried than where worlds are looked for: here it matters what is withheld, not whether a count is safe.
_FEW = (3, 4, 3)


def cheapest(worlds: Worlds, cell: Cell, seen: Iterable[int], limits: tuple[int, int, int] = _FEW) -> list[Cell]:
    """The cheapest to withhold so that a count takes one value more; nothing where that is not possible."""
    o, g, measure = cell
    had = set(seen)
    best: list[Cell] = []
    least = float("inf")
    worlds.look_at(o, g)
    worlds.anyway = True
    for parts in worlds.worlds(o, g, measure, limits):
        base = worlds.vocabulary.all
        told = []
        for organizations, group, sign in parts:
            for at in organizations:
                if worlds.is_hidden(at, group):
                    base &= (worlds.up if sign > 0 else worlds.down)[at][group]
                else:
                    base &= _signed(worlds, worlds.if_hidden(at, group), sign)
                    told.append((worlds.cost(at, group), at, group, sign))
            if not base:
                break
        if not base:
            continue
        told.sort(reverse=True)
        for value in worlds.vocabulary.values(base, measure):
            if value in had:
                continue
            found = _blockers(worlds, base, told, measure, value, least)
            if found is not None:
                least, best = found
    worlds.anyway = False
    return best


def touched(worlds: Worlds, cell: Cell, seen: Iterable[int]) -> list[Cell]:
    """All told cells of some world in which a count takes one value more, were nothing told."""
    had = set(seen)
    with worlds.nothing_told(cell):
        for values, parts in worlds.same_looking(cell, WIDE):
            if not had.issuperset(values):
                places = {(o, g) for organizations, g, _sign in parts for o in organizations}
                return [(o, g, None) for o, g in sorted(places) if not worlds.is_hidden(o, g)]
    return []


def _signed(worlds: Worlds, mask: int, sign: int) -> int:
    return mask if sign > 0 else worlds.vocabulary.reverse(mask)


def _blockers(
    worlds: Worlds,
    mask: int,
    told: list[tuple[float, int, int, int]],
    measure: int | None,
    value: int,
    most: float,
) -> tuple[float, list[Cell]] | None:
    """What of the told cells, the costliest first, has to be withheld: ``None`` where it costs too much."""
    cost = 0.0
    found: list[Cell] = []
    for own, o, g, sign in told:
        cells = worlds.up if sign > 0 else worlds.down
        if worlds.allows(after := mask & cells[o][g], measure, value):
            mask = after
            continue
        sizes = _signed(worlds, worlds.tolerance.shown[o][g], sign)
        if not worlds.allows(mask & sizes, measure, value):
            cost += own
            found.append((o, g, None))
        else:
            mask &= sizes
            for at in range(worlds.measures):
                if worlds.protection.numerators[o, g, at]:
                    continue
                looks = _signed(worlds, worlds.tolerance.looks[at][o][g], sign)
                if worlds.allows(after := mask & looks, measure, value):
                    mask = after
                else:
                    cost += own / worlds.measures
                    found.append((o, g, at))
        if cost >= most:
            return None
    return cost, found
