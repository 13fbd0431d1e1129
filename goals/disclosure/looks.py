"""What a table looks like under a protection, and whether a world a little different looks the same.

A changed world is described by its students: ``k`` more per step of a cell, all of one kind in each block of
measures, and ``j`` who are of another kind instead. Shown cells of up to a hundred students are taken as known to the
last student, for whole percents of several measures tell the number; larger ones may move as far as their percents
and bands stay what they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from goals.disclosure.bands import BANDS
from goals.disclosure.table import Protection, Table

_STARTS = [start for start, _code in BANDS]
_CODES = [code for _start, code in BANDS]
_KNOWN_UP_TO = 100
_ENDLESS = 10**9

# An organization and a group; with a measure, or None for the number of students itself.
Cell = tuple[int, int, int | None]
# The kind of the students who come or go; the kind of those exchanged, and the kind that they become.
Kinds = tuple[int | None, int | None, int | None]
Part = tuple[int, int, int, int]


@dataclass(frozen=True)
class Change:
    """By cell: ``k`` times so many students more, and ``j`` times so many of another kind."""

    parts: tuple[Part, ...]
    k: int
    j: int


@dataclass(frozen=True)
class Found:
    """What would have to be withheld for a changed world to look the same, and who its students are by block."""

    cost: float
    blockers: set[Cell]
    chosen: list[tuple[int, Kinds]]


def shown_as(numerator: int, denominator: int) -> tuple[int, int, int]:
    """What is released of a rate shown: the band of sizes, the code (-1, 0, 1) and the percent."""
    if denominator < _STARTS[0]:
        return 0, 0, 0
    at = bisect_right(_STARTS, denominator) - 1
    code = _CODES[at]
    if 100 * numerator <= code * denominator:
        return at, -1, code
    if 100 * (denominator - numerator) <= code * denominator:
        return at, 1, 100 - code
    return at, 0, (200 * numerator + denominator) // (2 * denominator)


class Looks:
    """A table and what is withheld of it, as lists, for single cells are looked at many times.

    The rest of a yes or no is a group of its own, after all others; it is never shown.
    """

    def __init__(self, table: Table, protection: Protection, minimum: int) -> None:
        self.table, self.protection, self.minimum = table, protection, minimum
        self.groups, self.measures = int(table.numerators.shape[1]), int(table.numerators.shape[2])
        self.d: list[list[int]] = table.denominators.tolist()
        self.n: list[list[list[int]]] = table.numerators.tolist()
        self.counts: list[list[list[list[int]]]] = [
            block.counts(table.denominators, table.numerators).tolist() for block in table.blocks
        ]
        self.dimensions: list[tuple[int, ...]] = []
        # By rest, the group of which it is one.
        self.group_of: dict[int, int] = {}
        for dimension in table.dimensions:
            self.dimensions.append(dimension if len(dimension) > 1 else (*dimension, self._add_rest(*dimension)))
        self.dimension_of = {group: dimension for dimension in self.dimensions for group in dimension}
        self.chains = [table.chain(o) for o in range(len(self.d))]
        with_children = set(table.parent)
        self.is_leaf = [o not in with_children for o in range(len(self.d))]
        self.leaves_below: dict[int, list[int]] = defaultdict(list)
        for o, chain in enumerate(self.chains):
            if self.is_leaf[o]:
                for above in chain:
                    self.leaves_below[above].append(o)
        self.reported = [[any(row[g] for g in dim if g < self.groups) for dim in self.dimensions] for row in self.d]
        self.hidden: list[list[bool]] = self.protection.cells.tolist()
        self.withheld: list[list[list[bool]]] = self.protection.numerators.tolist()
        self.now = [
            [
                [shown_as(n, d) if d >= _STARTS[0] else (0, 0, 0) for n in rates]
                for rates, d in zip(row, of, strict=True)
            ]
            for row, of in zip(self.n, self.d, strict=True)
        ]
        self.size = [[self._size(o, g) for g in range(len(row))] for o, row in enumerate(self.d)]
        self._deltas: dict[tuple[int, Kinds, int, int], tuple[list[tuple[int, int]], int, list[int]]] = {}

    def _add_rest(self, group: int) -> int:
        rest = self.groups + len(self.group_of)
        self.group_of[rest] = group
        for o, row in enumerate(self.d):
            row.append(row[0] - row[group])
            self.n[o].append([x - y for x, y in zip(self.n[o][0], self.n[o][group], strict=True)])
            for block in self.counts:
                block[o].append([x - y for x, y in zip(block[o][0], block[o][group], strict=True)])
        return rest

    # --- what is withheld ------------------------------------------------------------------------------------------
    def hide(self, o: int, g: int, measure: int | None = None) -> None:
        """Withhold a cell, or its numerator of one measure; of all students, the groups that make them up too."""
        if measure is not None:
            self.withheld[o][g][measure] = True
        # A cell of which no rate is told tells no size.
        self._set(o, g, self.hidden[o][g] or measure is None or all(self.withheld[o][g]), self.withheld[o][g])
        if g:
            return
        for at, dimension in enumerate(self.dimensions):
            if self.reported[o][at]:
                for group in dimension:
                    if group < self.groups:
                        self.hide(o, group, measure)

    def tell(self, o: int, g: int) -> tuple[bool, list[bool]]:
        """Withhold nothing of a cell; returns what was withheld, for :meth:`untell`."""
        before = self.hidden[o][g], self.withheld[o][g]
        self._set(o, g, False, [False] * self.measures)
        return before

    def untell(self, o: int, g: int, withheld: tuple[bool, list[bool]]) -> None:
        """Withhold of a cell what was withheld before."""
        self._set(o, g, *withheld)

    def _set(self, o: int, g: int, hidden: bool, withheld: list[bool]) -> None:
        self.hidden[o][g], self.withheld[o][g] = hidden, withheld
        self.protection.cells[o, g], self.protection.numerators[o, g] = hidden, withheld
        self.size[o][g] = self._size(o, g)

    def veil(self, o: int, g: int) -> None:
        """Do not tell that a withheld cell is small."""
        self.protection.veiled[o, g] = True
        self.size[o][g] = self._size(o, g)

    def is_small(self, o: int, g: int) -> bool:
        """Whether it is told of a withheld cell that it is small."""
        return self.hidden[o][g] and self.d[o][g] < self.minimum and not self.protection.veiled[o, g]

    def is_hidden(self, o: int, g: int) -> bool:
        """Whether nothing is told of a cell."""
        return g >= self.groups or self.hidden[o][g]

    def _size(self, o: int, g: int) -> tuple[int, int]:
        """The sizes a cell could have, for all that its own figures tell."""
        d = self.d[o][g]
        if g >= self.groups:
            return 0, _ENDLESS
        if self.hidden[o][g]:
            return int(g == 0), self.minimum - 1 if self.is_small(o, g) else _ENDLESS
        if d <= _KNOWN_UP_TO:
            return d, d
        after = bisect_right(_STARTS, d)
        return max(_STARTS[after - 1], self.minimum), _STARTS[after] - 1 if after < len(_STARTS) else _ENDLESS

    def loose(self, o: int, g: int) -> bool:
        """Whether the number of students of a cell is not known to the last."""
        low, high = self.size[o][g]
        return low < high

    def cost(self, o: int, g: int, measure: int | None = None) -> float:
        """What it costs readers to lose a cell: the larger, and the higher up, the more."""
        if g >= self.groups:
            return 0.0
        above = 1.0 if self.is_leaf[o] else 40.0 if self.table.parent[o] < 0 else 3.0
        cost = above * (1 + min(self.d[o][g] / 50, 10.0)) * (8 if g == 0 else 1)
        return cost if measure is None else cost / self.measures

    # --- changed worlds --------------------------------------------------------------------------------------------
    def look(self, change: Change, measure: int | None, most: float) -> Found | None:
        """What a changed world would show that ours does not, if it costs less than ``most`` to withhold it.

        ``None`` where it costs more, or where there are no such students. Of students who come and go without any
        exchange of what is met, those are taken who meet ``measure``.
        """
        blockers: set[Cell] = set()
        cost = 0.0
        if change.k:
            for o, g, step, _exchanged in change.parts:
                after = self.d[o][g] + change.k * step
                low, high = self.size[o][g]
                if not step or low <= after <= high:
                    continue
                if self.is_hidden(o, g) or after < 0 or self.d[o][g] < self.minimum:
                    return None
                cost += self.cost(o, g)
                if cost >= most:
                    return None
                blockers.add((o, g, None))
        chosen = []
        for b in range(len(self.table.blocks)):
            best: tuple[float, set[Cell], Kinds] | None = None
            for kinds in self._kinds(b, change, measure):
                bound = most - cost if best is None else min(best[0], most - cost)
                more = self._would_show(b, change, kinds, blockers, bound)
                if more is not None and (best is None or more[0] < best[0]):
                    best = (*more, kinds)
                    if not best[0]:
                        break
            if best is None:
                return None
            cost += best[0]
            blockers |= best[1]
            chosen.append((b, best[2]))
        return Found(cost, blockers, chosen)

    def _kinds(self, b: int, change: Change, measure: int | None) -> Iterator[Kinds]:
        """Who may come and go, and what may be exchanged, in a block."""
        block = self.table.blocks[b]
        everyone: list[int | None] = list(range(len(block.atoms))) if change.k else [None]
        if measure is None or measure not in block.measures:
            yield from ((kind, None, None) for kind in everyone)
            return
        at = block.measures.index(measure)
        if not change.j:
            yield from ((kind, None, None) for kind in everyone if kind is not None and block.atoms[kind][at])
            return
        for kind in everyone:
            for no, without in enumerate(block.atoms):
                for yes, with_it in enumerate(block.atoms):
                    if not without[at] and with_it[at]:
                        yield kind, no, yes

    def deltas(self, b: int, kinds: Kinds, more: int, exchanged: int) -> tuple[list[tuple[int, int]], int, list[int]]:
        """What becomes of a cell: the kinds that need so many students, students more, and numerators more."""
        key = (b, kinds, more, exchanged)
        if key not in self._deltas:
            block = self.table.blocks[b]
            by_kind = [0] * len(block.atoms)
            kind, no, yes = kinds
            if kind is not None:
                by_kind[kind] += more
            if no is not None and yes is not None:
                by_kind[yes] += exchanged
                by_kind[no] -= exchanged
            met = [
                sum(count for count, atom in zip(by_kind, block.atoms, strict=True) if atom[at])
                for at in range(len(block.measures))
            ]
            self._deltas[key] = [(at, -count) for at, count in enumerate(by_kind) if count < 0], sum(by_kind), met
        return self._deltas[key]

    def _would_show(
        self, b: int, change: Change, kinds: Kinds, blocked: set[Cell], most: float
    ) -> tuple[float, set[Cell]] | None:
        """The numerators of a block that would show the change; ``None`` where there are no such students."""
        found: set[Cell] = set()
        cost = 0.0
        counts = self.counts[b]
        for o, g, step, exchanged in change.parts:
            needs, more, met = self.deltas(b, kinds, change.k * step, change.j * exchanged)
            for kind, count in needs:
                if counts[o][g][kind] < count:
                    return None
            if g >= self.groups or self.hidden[o][g] or (blocked and (o, g, None) in blocked):
                continue
            for measure in self._shows(b, o, g, more, met):
                found.add((o, g, measure))
                cost += self.cost(o, g, measure)
                if cost >= most:
                    return None
        return cost, found

    def _shows(self, b: int, o: int, g: int, more: int, met: list[int]) -> list[int]:
        """The measures of a block whose figure in a cell that is told would not be what it is."""
        withheld, n, d = self.withheld[o][g], self.n[o][g], self.d[o][g] + more
        return [
            measure
            for measure, change in zip(self.table.blocks[b].measures, met, strict=True)
            if (more or change)
            and not withheld[measure]
            and shown_as(n[measure] + change, d) != self.now[o][g][measure]
        ]

    def holds_in(self, change: Change, found: Found, o: int, g: int) -> bool:
        """Whether a world that looked the same still does in one cell, of which more is told by now."""
        step, exchanged = next((step, exchanged) for at, of, step, exchanged in change.parts if (at, of) == (o, g))
        low, high = self.size[o][g]
        if step and not low <= self.d[o][g] + change.k * step <= high:
            return False
        if self.is_hidden(o, g):
            return True
        for b, kinds in found.chosen:
            _needs, more, met = self.deltas(b, kinds, change.k * step, change.j * exchanged)
            if self._shows(b, o, g, more, met):
                return False
        return True
