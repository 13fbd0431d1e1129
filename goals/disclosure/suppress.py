"""What to withhold of a table: small groups, and whatever else until every hidden count has its witnesses.

Greedy: where a hidden count is not safe, the change that is stopped by the least is looked for, and what stops it is
withheld too. Each round withholds more, so that it ends, at the latest when nothing of the table is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

import numpy as np

from goals.disclosure import blockers
from goals.disclosure.looks import Cell
from goals.disclosure.table import Bools, Protection, Table
from goals.disclosure.worlds import WIDE, Seen, Worlds


def primary(table: Table, minimum: int) -> Protection:
    """The cells of fewer students than the minimum; those of nobody too, where anybody is counted at all."""
    d = table.denominators
    cells = np.zeros(d.shape, bool)
    cells[:, 0] = (d[:, 0] > 0) & (d[:, 0] < minimum)
    for dimension in table.dimensions:
        columns = list(dimension)
        # A yes or no is reported for a place as soon as it is anywhere; other dimensions where anybody has a value.
        reported = d[:, columns].any(axis=1) if len(columns) > 1 else np.full(len(d), bool(d[:, columns].any()))
        here = (reported & (d[:, 0] > 0))[:, None]
        cells[:, columns] = here & ((d[:, columns] < minimum) | cells[:, :1])
    return Protection.of(cells, table.numerators.shape[2])


def solve(
    table: Table,
    minimum: int = 10,
    values: int = 3,
    also: Protection | None = None,
    extra: list[list[int]] | None = None,
    settled: Collection[Cell] = (),
    fixed: Collection[tuple[int, int]] = (),
    moved: Bools | None = None,
    always: list[list[int]] | None = None,
) -> Worlds:
    """What to withhold so that each hidden count can take so many values, and the worlds that show it.

    ``also`` is withheld in any case. ``extra``, ``settled``, ``fixed``, ``moved``, ``always``: see :class:`Worlds`.
    """
    found = primary(table, minimum)
    if also is not None:
        found.add(also)
    worlds = Worlds(table, found, minimum, values, extra, settled, fixed, moved, always)
    # Where more is withheld, what was safe stays safe: only counts that are withheld now are looked at again.
    known: dict[Cell, Seen] = {}
    waiting = [(o, g) for o in reversed(range(len(worlds.d))) for g in range(len(worlds.d[o]))]
    while waiting:
        hidden: set[tuple[int, int]] = set()
        for o, g in waiting:
            cells = [cell for cell in of_cell(worlds, o, g) if cell not in known]
            if len(cells) > 1:
                known |= worlds.search_together(o, g, [measure for _o, _g, measure in cells])
            for cell in cells:
                if cell not in known:
                    known[cell] = _secure(worlds, cell, hidden)
        waiting = sorted(hidden, reverse=True)
    _give_back(worlds, also, known)
    return worlds


def protect(table: Table, minimum: int = 10, values: int = 3, also: Protection | None = None) -> Protection:
    """What to withhold so that each hidden count can take so many values."""
    return solve(table, minimum, values, also).protection


def _secure(worlds: Worlds, cell: Cell, hidden: set[tuple[int, int]]) -> Seen:
    """Withhold more until a count is safe, or nothing more is told that could be withheld; ``hidden`` tells where."""
    while not (seen := worlds.search(cell)).safe:
        # Looking farther takes longer, and withholds nothing.
        if worlds.extra is not None and (wide := worlds.search(cell, WIDE)).safe:
            return wide
        found = blockers.cheapest(worlds, cell, seen.values)
        if not found and worlds.extra is not None:
            found = blockers.cheapest(worlds, cell, seen.values, WIDE) or blockers.touched(worlds, cell, seen.values)
        for o, g, measure in found:
            hidden.update(worlds.hide(o, g, measure))
        fixed = any((at, cell[1]) in worlds.fixed for at in worlds.chains[cell[0]])
        if not found and (fixed or not _last_resort(worlds, cell, hidden)):
            worlds.unsafe.append(cell)
            break
    return seen


def _last_resort(worlds: Worlds, cell: Cell, hidden: set[tuple[int, int]]) -> bool:
    """Where withholding single figures gives no count the room it needs; ``False`` where all of this is done.

    It is no longer told that groups are small; then nothing is told of the school; then of what is above it.
    """
    o, g, _measure = cell
    for at in worlds.chains[o]:
        if g < worlds.groups and worlds.is_small(at, g):
            _veil(worlds, at, g)
            return True
    for at in worlds.chains[o]:
        if not worlds.is_hidden(at, 0):
            hidden.update(worlds.hide(at, 0))
            return True
        small = [group for group in range(worlds.groups) if worlds.is_small(at, group)]
        if small:
            for group in small:
                _veil(worlds, at, group)
            return True
    return False


def _veil(worlds: Worlds, o: int, g: int) -> None:
    worlds.protection.veiled[o, g] = True
    worlds.changed(o, g)


def everything(table: Table) -> Protection:
    """Nothing of a table is told, not even which of its groups are small."""
    cells = np.repeat(table.denominators[:, :1] > 0, table.denominators.shape[1], axis=1)
    found = Protection.of(cells, table.numerators.shape[2])
    found.veiled |= cells
    return found


def of_cell(worlds: Worlds, o: int, g: int) -> Iterator[Cell]:
    """The counts of a cell that must be safe."""
    if worlds.d[o][g]:
        for measure in (None, *range(worlds.measures)):
            if must_be(worlds, (o, g, measure)):
                yield o, g, measure


def must_be(worlds: Worlds, cell: Cell) -> bool:
    """Hidden and coded counts must be safe, and the small or all-or-none rest of a yes or no.

    Where there is nobody, nothing can come out about anybody.
    """
    o, g, measure = cell
    d = worlds.d[o][g]
    if not d or cell in worlds.settled:
        return False
    if g >= worlds.groups:
        group = worlds.group_of[g]
        if not (worlds.d[o][group] or worlds.is_hidden(o, group)):
            return False
        return d < worlds.minimum or (measure is not None and worlds.n[o][g][measure] in (0, d))
    if measure is None or worlds.is_hidden(o, g):
        return worlds.is_hidden(o, g)
    return bool(worlds.protection.numerators[o, g, measure]) or worlds.coded[o][g][measure]


def _give_back(worlds: Worlds, also: Protection | None, known: dict[Cell, Seen]) -> None:
    """Tell again what need not be withheld, the costliest first: the greedy search withholds more than it must."""
    d, protection = worlds.d, worlds.protection
    withheld = protection.cells | protection.numerators.any(axis=2)
    if also is not None:
        withheld &= ~(also.cells | also.numerators.any(axis=2))
    candidates = [(worlds.cost(o, g), o, g) for o, g in np.argwhere(withheld).tolist() if d[o][g] >= worlds.minimum]
    if not candidates:
        return
    # By withheld cell, the counts whose witnesses change it; by count, the cells that its witnesses change.
    needs: dict[tuple[int, int], set[Cell]] = defaultdict(set)
    for cell, seen in known.items():
        _note(needs, cell, seen)
    for _cost, o, g in sorted(candidates, reverse=True):
        before = bool(protection.cells[o, g]), protection.numerators[o, g].copy()
        protection.cells[o, g], protection.numerators[o, g] = False, False
        worlds.changed(o, g)
        found = {}
        for cell in sorted({*needs[o, g], *of_cell(worlds, o, g)}, key=str):
            if must_be(worlds, cell):
                found[cell] = worlds.search(cell)
                if not found[cell].safe:
                    protection.cells[o, g], protection.numerators[o, g] = before
                    worlds.changed(o, g)
                    break
        else:
            for cell, seen in found.items():
                _note(needs, cell, seen)


def _note(needs: dict[tuple[int, int], set[Cell]], cell: Cell, seen: Seen) -> None:
    for parts in seen.values.values():
        for organizations, g, _sign in parts:
            for o in organizations:
                needs[o, g].add(cell)
