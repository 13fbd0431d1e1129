"""People who know the exact figures of one school or district, and read what is released of other places.

To an insider what is withheld at the own place is known. So the counts of other places must be safe by worlds that
change nothing there: at least two others stay hidden in each line. Where there are none, the figures of what is above
both (the total) are withheld from insiders below it; everybody else reads them.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from goals.disclosure.looks import Cell
from goals.disclosure.suppress import of_cell
from goals.disclosure.table import Bools
from goals.disclosure.worlds import Part, Worlds

# Worlds of one change of a count that are weighed against each other.
_TRIED = 20


def untold(worlds: Worlds) -> Bools:
    """The cells that are not told to people with exact figures of a place below (organizations, groups)."""
    found = np.zeros(worlds.protection.cells.shape, bool)
    for o in range(len(worlds.d)):
        # Nobody knows one of several tops and reads the other: what stands beside the tree is made of the same places.
        for g in range(len(worlds.d[o])):
            cells = list(of_cell(worlds, o, g))
            if not cells:
                continue
            sure = _sure(worlds, o, g, [measure for _o, _g, measure in cells])
            for cell in cells:
                if cell[2] not in sure:
                    _secure(worlds, cell, found)
    return found


def _places(worlds: Worlds, o: int, parts: tuple[Part, ...]) -> frozenset[int]:
    """The organizations from which a world could be known not to be ours: those changed that ``o`` is no part of."""
    touched = {at for organizations, _g, _sign in parts for at in organizations}
    own = set(worlds.chains[o])
    return frozenset(at for at in touched if at not in own and o not in worlds.chains[at])


def _sure(worlds: Worlds, o: int, g: int, measures: list[int | None]) -> set[int | None]:
    """The counts of a cell that are safe by changes at one school that is the cell, or below it."""
    worlds.look_at(o, g)
    partners = worlds.partners(o, g)
    seen: dict[int | None, set[int]] = {measure: set() for measure in measures}
    for leaf in worlds.near(o, g):
        for parts in worlds.moved(leaf, None, g, partners):
            if mask := worlds.mask(parts):
                for measure, values in seen.items():
                    if len(values) < worlds.needed:
                        values.update(worlds.vocabulary.values(mask, measure))
    return {measure for measure, values in seen.items() if len(values) >= worlds.needed}


def _secure(worlds: Worlds, cell: Cell, found: Bools) -> None:
    # By change of the count, the worlds in which it happens, each with its places.
    by_value: dict[int, list[tuple[frozenset[int], tuple[Part, ...]]]] = defaultdict(list)
    common: dict[int, frozenset[int]] = {}
    for values, parts in worlds.witnesses(cell):
        where = _places(worlds, cell[0], parts)
        for value in values:
            by_value[value].append((where, parts))
            common[value] = common.get(value, where) & where
        if sum(not one for one in common.values()) >= worlds.needed:
            return
    for insider in sorted(set().union(*common.values())):
        left = {value for value, known in by_value.items() if any(insider not in where for where, _parts in known)}
        options = [
            _above(worlds, cell, value, parts, insider, found)
            for value, known in by_value.items()
            if value not in left
            for _where, parts in known[:_TRIED]
        ]
        for _cost, value, cells in sorted(options):
            if len(left) >= worlds.needed:
                break
            if value not in left:
                left.add(value)
                for o, g in cells:
                    found[o, g] = True


def _above(
    worlds: Worlds, cell: Cell, value: int, parts: tuple[Part, ...], insider: int, found: Bools
) -> tuple[float, int, list[tuple[int, int]]]:
    """What is above both, to withhold from insiders: then the change without its reverse there looks the same."""
    touched = {at for organizations, _g, _sign in parts for at in organizations}
    here = [part for part in parts if not any(insider in (at, *worlds.chains[at]) for at in part[0])]
    here = [part for part in here if set(part[0]) & {*worlds.chains[cell[0]], *worlds.leaves_below[cell[0]]}]
    above = {o for part in here for at in part[0] for o in worlds.chains[at]} - touched
    mask = worlds.mask(here)
    cells = sorted(((worlds.cost(o, part[1]), o, part) for part in here for o in above), reverse=True)
    cost, withheld = 0.0, []
    for own, o, (_organizations, g, sign) in cells:
        after = mask & (worlds.up if sign > 0 else worlds.down)[o][g]
        if g >= worlds.groups or found[o, g]:
            continue
        if worlds.allows(after, cell[2], value):
            mask = after
        else:
            withheld.append((o, g))
            cost += 0 if worlds.is_hidden(o, g) else own
    return cost, value, withheld
