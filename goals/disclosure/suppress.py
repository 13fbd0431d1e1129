"""What to withhold of a table: small groups, and whatever else until every hidden count has its witnesses.

Greedy: where a hidden count is not safe, the change that is stopped by the least is looked for, and what stops it is
withheld too. Each round withholds more, so that it ends; at the very end nothing of the table is told.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from goals.disclosure.table import Protection, Table
from goals.disclosure.worlds import Cell, Worlds, shown_as


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
    return Protection(cells, np.zeros(table.numerators.shape, bool))


def protect(table: Table, minimum: int = 10, values: int = 3, also: Protection | None = None) -> Protection:
    """What to withhold so that each hidden count can take so many values; ``also`` is withheld in any case."""
    found = primary(table, minimum)
    if also is not None:
        found.cells |= also.cells
        found.numerators |= also.numerators
    worlds = Worlds(table, found, minimum, values)
    # What is withheld for one count may itself need more: until a whole round withholds nothing.
    before = -1
    while before != (before := int(found.cells.sum() + found.numerators.sum())):
        for cell in _to_protect(worlds):
            if not _secure(worlds, cell):
                return everything(table)
    return found


def _secure(worlds: Worlds, cell: Cell) -> bool:
    """Withhold more until a count is safe; ``False`` where nothing helps."""
    while True:
        stopped = worlds.search(cell)
        if worlds.is_safe(cell):
            return True
        if stopped is None:
            return False
        for o, g, measure in stopped.blockers:
            _withhold(worlds, o, g, measure)


def everything(table: Table) -> Protection:
    """Nothing of a table is told, not even which of its groups are small."""
    cells = np.repeat(table.denominators[:, :1] > 0, table.denominators.shape[1], axis=1)
    return Protection(cells, np.zeros(table.numerators.shape, bool), everything=True)


def _to_protect(worlds: Worlds) -> Iterator[Cell]:
    """What must be safe: hidden cells and numerators, coded ones, and the small or all-or-none rest of a yes or no."""
    for o in reversed(range(len(worlds.d))):
        if not worlds.d[o][0]:
            continue
        for g in range(worlds.groups):
            # Where there is nobody, nothing can come out about anybody.
            if not worlds.d[o][g]:
                continue
            hidden = worlds.hidden[o][g]
            if hidden:
                yield o, g, None
            for m in range(worlds.measures):
                if hidden or worlds.withheld[o][g][m] or shown_as(worlds.n[o][g][m], worlds.d[o][g])[1]:
                    yield o, g, m
        for group, rest in worlds.rest.items():
            d = worlds.d[o][rest]
            if not d or not (worlds.d[o][group] or worlds.hidden[o][group]):
                continue
            small = d < worlds.minimum
            if small:
                yield o, rest, None
            for m in range(worlds.measures):
                if small or worlds.n[o][rest][m] in (0, d):
                    yield o, rest, m


def _withhold(worlds: Worlds, o: int, g: int, measure: int | None) -> None:
    worlds.hide(o, g, measure)
    if g:
        return
    # All students are the sum of the groups of each dimension: they are withheld with them.
    for at, dimension in enumerate(worlds.dimensions):
        if worlds.reported[o][at]:
            for group in dimension:
                if group < worlds.groups:
                    worlds.hide(o, group, measure)
