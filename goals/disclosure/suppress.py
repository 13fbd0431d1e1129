"""What to withhold of a table: small groups, and whatever else until every hidden count has its witnesses.

Greedy: where a hidden count is not safe, the change that is stopped by the least is looked for, and what stops it is
withheld too. Each round withholds more, so that it ends, at the latest when nothing of the table is told.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from goals.disclosure.looks import Cell, shown_as
from goals.disclosure.table import Protection, Table
from goals.disclosure.worlds import Worlds


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


def protect(table: Table, minimum: int = 10, values: int = 3, also: Protection | None = None) -> Protection:
    """What to withhold so that each hidden count can take so many values; ``also`` is withheld in any case."""
    found = primary(table, minimum)
    if also is not None:
        found.cells |= also.cells
        found.numerators |= also.numerators
        found.veiled |= also.veiled
    worlds = Worlds(table, found, minimum, values)
    # What is withheld for one count may itself need more: until a whole round withholds nothing.
    before = -1
    while before != (before := int(found.cells.sum() + found.numerators.sum() + found.veiled.sum())):
        for cell in _to_protect(worlds):
            _secure(worlds, cell)
    _give_back(worlds, also)
    return found


def _secure(worlds: Worlds, cell: Cell) -> None:
    """Withhold more until a count is safe, or nothing more is told that could be withheld."""
    while True:
        stopped = worlds.search(cell)
        if worlds.is_safe(cell):
            return
        if stopped is not None:
            for o, g, measure in stopped.blockers:
                worlds.hide(o, g, measure)
        elif not _last_resort(worlds, cell):
            return


def _last_resort(worlds: Worlds, cell: Cell) -> bool:
    """Where withholding single figures gives no count the room it needs; ``False`` where all of this is done.

    It is no longer told that groups are small; then nothing is told of the school; then of what is above it.
    """
    o, g, _measure = cell
    for at in worlds.chains[o]:
        if g < worlds.groups and worlds.is_small(at, g):
            worlds.veil(at, g)
            return True
    for at in worlds.chains[o]:
        if not worlds.hidden[at][0]:
            worlds.hide(at, 0)
            return True
        small = [group for group in range(worlds.groups) if worlds.is_small(at, group)]
        if small:
            for group in small:
                worlds.veil(at, group)
            return True
    return False


def everything(table: Table) -> Protection:
    """Nothing of a table is told, not even which of its groups are small."""
    cells = np.repeat(table.denominators[:, :1] > 0, table.denominators.shape[1], axis=1)
    found = Protection.of(cells, table.numerators.shape[2])
    found.veiled |= cells
    return found


def _to_protect(worlds: Worlds) -> Iterator[Cell]:
    """The counts that must be safe, from the schools up."""
    for o in reversed(range(len(worlds.d))):
        for g in range(len(worlds.d[o])):
            for measure in (None, *range(worlds.measures)):
                if _must_be(worlds, (o, g, measure)):
                    yield o, g, measure


def _must_be(worlds: Worlds, cell: Cell) -> bool:
    """Hidden and coded counts must be safe, and the small or all-or-none rest of a yes or no.

    Where there is nobody, nothing can come out about anybody.
    """
    o, g, measure = cell
    d = worlds.d[o][g]
    if not d:
        return False
    if g >= worlds.groups:
        group = worlds.group_of[g]
        if not (worlds.d[o][group] or worlds.hidden[o][group]):
            return False
        return d < worlds.minimum or (measure is not None and worlds.n[o][g][measure] in (0, d))
    if worlds.hidden[o][g] or measure is None:
        return worlds.hidden[o][g]
    return worlds.withheld[o][g][measure] or shown_as(worlds.n[o][g][measure], d)[1] != 0


def _give_back(worlds: Worlds, also: Protection | None) -> None:
    """Tell again what need not be withheld, the costliest first: the greedy search withholds more than it must."""
    d, minimum = worlds.d, worlds.minimum
    candidates = [
        (worlds.cost(o, g), o, g)
        for o in range(len(d))
        for g in range(worlds.groups)
        if d[o][g] >= minimum
        and (worlds.hidden[o][g] or any(worlds.withheld[o][g]))
        and not (also is not None and (also.cells[o, g] or also.numerators[o, g].any()))
    ]
    for _cost, o, g in sorted(candidates, reverse=True):
        before = worlds.tell(o, g)
        gone = worlds.forget(o, g)
        concerned = {cell for cell, _value, _number in gone} | {(o, g, measure) for measure in range(worlds.measures)}
        if not all(_found_safe(worlds, cell) for cell in concerned if _must_be(worlds, cell)):
            worlds.untell(o, g, before)
            worlds.recall(gone)


def _found_safe(worlds: Worlds, cell: Cell) -> bool:
    worlds.search(cell, only_free=True)
    return worlds.is_safe(cell)
