"""Other worlds that look the same: what makes a hidden count safe.

A hidden count is safe where it takes enough values in worlds that differ from ours by a few students and in which
every released figure is what it is in ours. Such a world is a witness: it proves, and is never wrong in the direction
that would hurt. Not finding one says nothing; then more is withheld, until there is one.

Worlds are made by four changes, at one organization and all above it, k students at a time:

- students of one group stand in another of the same dimension (a yes or no counts as two groups);
- the same, and the reverse at another organization, so that what is above both stays as it is;
- students are added or missing, in one group of each dimension;
- the same, and the reverse at another organization.

The students keep what they meet, or else only what they meet is exchanged. Shown cells of up to a hundred students
are taken as known to the last student, for whole percents of several measures tell the number; larger ones may move
as far as their percents and bands stay what they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from goals.disclosure.bands import BANDS
from goals.disclosure.table import Protection, Table

_KNOWN_UP_TO = 100
# Other organizations tried as the place of the reverse change.
_NEAR, _FAR = 8, 6
# Of changes made of two, so many of each are tried.
_BOTH = 5
# So many changes are weighed against the cheapest so far.
_ENOUGH = 400
# Less than it costs to withhold anything.
_FREE = 1e-9
Steps = dict[tuple[int, int], int]
Cell = tuple[int, int, int | None]
Kinds = tuple[int | None, int | None, int | None]


class Change:
    """``k`` students more per step of ``size``; of ``rate``, so many (``j``) who meet a measure instead of not."""

    __slots__ = ("cells", "j", "k", "rate", "size")

    def __init__(self, size: Steps, k: int, rate: Steps, j: int) -> None:
        self.size, self.k, self.rate, self.j = size, k, rate, j
        self.cells = size.keys() | rate.keys() if rate and size else size.keys() or rate.keys()


@dataclass(frozen=True)
class Found:
    """What would have to be withheld for a changed world to look the same, and who its students are by block."""

    cost: float
    blockers: set[Cell]
    chosen: list[tuple[int, Kinds]]


def shown_as(numerator: int, denominator: int) -> tuple[int, int, int]:
    """What is released of a shown rate: the band of sizes, the code (-1, 0, 1) and the percent."""
    start, code = next((start, code) for start, code in reversed(BANDS) if denominator >= start)
    if 100 * numerator <= code * denominator:
        return start, -1, code
    if 100 * (denominator - numerator) <= code * denominator:
        return start, 1, 100 - code
    return start, 0, (200 * numerator + denominator) // (2 * denominator)


@dataclass
class Worlds:
    """Searches for witnesses of a table under a protection, and remembers the values that were seen."""

    table: Table
    protection: Protection
    minimum: int
    values: int
    # By count, the values it takes in worlds that look the same, each with the number of such a world.
    seen: dict[Cell, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    found: list[tuple[Change, Found]] = field(default_factory=list)
    touching: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        table = self.table
        self.groups = table.denominators.shape[1]
        self.measures = table.numerators.shape[2]
        # The rest of a yes or no is a group of its own, after all others; it is never shown.
        self.rest: dict[int, int] = {}
        self.dimensions = []
        d: list[list[int]] = table.denominators.tolist()
        n: list[list[list[int]]] = table.numerators.tolist()
        counts: list[list[list[list[int]]]] = [
            block.counts(table.denominators, table.numerators).tolist() for block in table.blocks
        ]
        for dimension in table.dimensions:
            if len(dimension) > 1:
                self.dimensions.append(dimension)
                continue
            [group] = dimension
            rest = self.groups + len(self.rest)
            self.rest[group] = rest
            self.dimensions.append((group, rest))
            for o, row in enumerate(d):
                row.append(row[0] - row[group])
                n[o].append([x - y for x, y in zip(n[o][0], n[o][group], strict=True)])
                for block in counts:
                    block[o].append([x - y for x, y in zip(block[o][0], block[o][group], strict=True)])
        self.d, self.n, self.counts = d, n, counts
        self.group_of = {rest: group for group, rest in self.rest.items()}
        self.dimension_of = {group: dimension for dimension in self.dimensions for group in dimension}
        self.chains = [table.chain(o) for o in range(len(d))]
        self.children: dict[int, list[int]] = defaultdict(list)
        for o, parent in enumerate(table.parent):
            self.children[parent].append(o)
        self.leaves = [o for o in range(len(d)) if not self.children.get(o)]
        self.leaves_below: dict[int, list[int]] = defaultdict(list)
        for leaf in self.leaves:
            for above in self.chains[leaf]:
                self.leaves_below[above].append(leaf)
        self.reported = [[any(row[g] for g in dim if g < self.groups) for dim in self.dimensions] for row in d]
        self.hidden: list[list[bool]] = self.protection.cells.tolist()
        self.withheld: list[list[list[bool]]] = self.protection.numerators.tolist()

    # --- what may change -------------------------------------------------------------------------------------------
    def hide(self, organization: int, group: int, measure: int | None = None) -> None:
        """Withhold a cell, or its numerator of one measure."""
        if measure is not None:
            self.withheld[organization][group][measure] = True
            self.protection.numerators[organization, group, measure] = True
        # A cell of which no rate is told tells no size.
        if measure is None or all(self.withheld[organization][group]):
            self.hidden[organization][group] = True
            self.protection.cells[organization, group] = True

    def tell(self, organization: int, group: int) -> tuple[bool, list[bool]]:
        """Withhold nothing of a cell; returns what was withheld, for :meth:`untell`."""
        before = self.hidden[organization][group], list(self.withheld[organization][group])
        self.untell(organization, group, (False, [False] * self.measures))
        return before

    def untell(self, organization: int, group: int, withheld: tuple[bool, list[bool]]) -> None:
        """Withhold of a cell what was withheld before."""
        self.hidden[organization][group], self.withheld[organization][group] = withheld
        self.protection.cells[organization, group] = withheld[0]
        self.protection.numerators[organization, group] = withheld[1]

    def is_hidden(self, o: int, g: int) -> bool:
        return g >= self.groups or self.hidden[o][g]

    def loose(self, o: int, g: int) -> bool:
        """Whether the number of students of a cell is not known to the last."""
        return g >= self.groups or self.hidden[o][g] or self.d[o][g] > _KNOWN_UP_TO

    def _size_holds(self, o: int, g: int, d: int) -> bool:
        if d < 0:
            return False
        if g >= self.groups:
            return True
        if self.hidden[o][g]:
            if self.protection.everything:
                return d >= (g == 0)
            if self.d[o][g] < self.minimum:
                return (g == 0) <= d < self.minimum
            return d >= self.minimum
        if d == self.d[o][g]:
            return True
        return self.loose(o, g) and d > _KNOWN_UP_TO and _band(d) == _band(self.d[o][g])

    # --- changes ---------------------------------------------------------------------------------------------------
    def moves(self, o: int, g: int) -> Iterator[Steps]:
        """Changes that touch a cell, the nearest first: by cell, +1 or -1."""
        below = self.leaves_below[o]
        for leaf in below[:_NEAR]:
            for partner in self._partners(leaf, g):
                one = self._exchange(leaf, g, partner)
                yield one
                for other in self._others(o, leaf):
                    yield _sum(one, self._exchange(other, partner, g))
        for leaf in below[:_NEAR]:
            one = self._added(leaf, g)
            yield one
            for other in self._others(o, leaf):
                yield _sum(one, self._added(other, g, one), -1)

    def _partners(self, o: int, g: int) -> Iterable[int]:
        dimension = self.dimension_of.get(g, ())
        others = [one for one in dimension if one != g]
        return sorted(others, key=lambda one: (not self.is_hidden(o, one), -self.d[o][one]))

    def _others(self, o: int, leaf: int) -> Iterator[int]:
        """Other schools: of the same parent first, then of those above; never below the cell itself."""
        within = set(self.leaves_below[o])
        for above in self.chains[leaf][1:]:
            found = [one for one in self.leaves_below[above] if one not in within]
            within.update(found)
            found.sort(key=lambda one: sum(not hidden for hidden in self.hidden[one]))
            yield from found[: _NEAR if above == self.table.parent[leaf] else _FAR]

    def _exchange(self, o: int, to: int, source: int) -> Steps:
        steps: Steps = {}
        for at in self.chains[o]:
            steps[at, to] = 1
            steps[at, source] = -1
        return steps

    def _added(self, o: int, g: int, like: Steps | None = None, measure: int | None = None) -> Steps:
        """One student more at a school, in ``g`` and in one group of each other dimension."""
        groups = {0}
        for at, dimension in enumerate(self.dimensions):
            if not self.reported[o][at]:
                groups.update(one for one in dimension if one >= self.groups)
                continue
            if g in dimension:
                groups.add(g)
            elif like is not None:
                groups.update(one for one in dimension if any(key[1] == one for key in like))
            else:
                groups.add(max(dimension, key=lambda one: (self._freedom(o, one, measure), self.d[o][one])))
        return {(at, one): 1 for at in self.chains[o] for one in groups}

    def _freedom(self, o: int, g: int, measure: int | None) -> int:
        """In how many of an organization and those above a group's number may move."""
        if measure is None:
            return sum(self.loose(at, g) for at in self.chains[o])
        return sum(
            self.is_hidden(at, g)
            or self.withheld[at][g][measure]
            or (self.d[at][g] >= self.minimum and shown_as(self.n[at][g][measure], self.d[at][g])[1] != 0)
            for at in self.chains[o]
        )

    # --- witnesses -------------------------------------------------------------------------------------------------
    def look(self, change: Change, measure: int | None, most: float) -> Found | None:
        """What a changed world would show that ours does not, if it costs less than ``most`` to withhold it.

        ``None`` where it costs more, or where there are no such students. Of students who come and go without any
        exchange of what is met, those are taken who meet ``measure``.
        """
        blockers: set[Cell] = set()
        cost = 0.0
        for (o, g), sign in change.size.items():
            after = self.d[o][g] + change.k * sign
            if self.loose(o, g) and self._size_holds(o, g, after):
                continue
            if self.is_hidden(o, g) or after < self.minimum or self.d[o][g] < self.minimum:
                return None
            blockers.add((o, g, None))
            cost += self.cost(o, g, None)
            if cost >= most:
                return None
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
        """Who may come and go, and what may be exchanged, in a block: (kind, no longer, instead)."""
        block = self.table.blocks[b]
        own = measure in block.measures
        everyone: list[int | None] = list(range(len(block.atoms))) if change.size else [None]
        if not own or measure is None:
            yield from ((t, None, None) for t in everyone)
            return
        at = block.measures.index(measure)
        if not change.rate:
            yield from ((t, None, None) for t in everyone if t is not None and block.atoms[t][at])
            return
        for t in everyone:
            for no, without in enumerate(block.atoms):
                for yes, with_it in enumerate(block.atoms):
                    if not without[at] and with_it[at]:
                        yield t, no, yes

    def _more(self, b: int, change: Change, kinds: Kinds, key: tuple[int, int]) -> list[int]:
        more = [0] * len(self.table.blocks[b].atoms)
        t, no, yes = kinds
        if t is not None:
            more[t] += change.k * change.size.get(key, 0)
        if no is not None and yes is not None:
            exchanged = change.j * change.rate.get(key, 0)
            more[yes] += exchanged
            more[no] -= exchanged
        return more

    def _would_show(
        self, b: int, change: Change, kinds: Kinds, blocked: set[Cell], most: float
    ) -> tuple[float, set[Cell]] | None:
        """The numerators of a block that would show the change; ``None`` where there are no such students."""
        found: set[Cell] = set()
        cost = 0.0
        for key in change.cells:
            o, g = key
            more = self._more(b, change, kinds, key)
            if any(count + k < 0 for count, k in zip(self.counts[b][o][g], more, strict=True)):
                return None
            if (o, g, None) in blocked:
                continue
            for measure in self._shows(b, more, o, g):
                found.add((o, g, measure))
                cost += self.cost(o, g, measure)
                if cost >= most:
                    return None
        return cost, found

    def _shows(self, b: int, more: list[int], o: int, g: int) -> list[int]:
        """The measures of a block whose figure in a cell would not be what it is."""
        if self.is_hidden(o, g) or not any(more):
            return []
        block = self.table.blocks[b]
        d = self.d[o][g] + sum(more)
        found = []
        for at, measure in enumerate(block.measures):
            met = sum(k for k, atom in zip(more, block.atoms, strict=True) if atom[at])
            if self.withheld[o][g][measure] or not (met or sum(more)):
                continue
            n = self.n[o][g][measure]
            if shown_as(n + met, d) != shown_as(n, self.d[o][g]):
                found.append(measure)
        return found

    def remember(self, change: Change, found: Found) -> None:
        """The values that counts take in a world that looks the same."""
        number = len(self.found)
        self.found.append((change, found))
        for key in change.cells:
            o, g = key
            self.touching[key].append(number)
            if change.size.get(key):
                self.seen[o, g, None].setdefault(self.d[o][g] + change.k * change.size[key], number)
            for b, kinds in found.chosen:
                block = self.table.blocks[b]
                more = self._more(b, change, kinds, key)
                for at, measure in enumerate(block.measures):
                    met = sum(k for k, atom in zip(more, block.atoms, strict=True) if atom[at])
                    if met:
                        self.seen[o, g, measure].setdefault(self.n[o][g][measure] + met, number)

    def still_holds(self, number: int, o: int, g: int) -> bool:
        """Whether a world found earlier still looks the same in one cell, of which more is told now."""
        change, found = self.found[number]
        key = (o, g)
        size = change.size.get(key)
        if size and not (self.loose(o, g) and self._size_holds(o, g, self.d[o][g] + change.k * size)):
            return False
        return all(self._shows(b, self._more(b, change, kinds, key), o, g) == [] for b, kinds in found.chosen)

    def forget(self, numbers: set[int]) -> dict[Cell, dict[int, int]]:
        """Drop what worlds that do not hold any more have shown; returns it, by count."""
        gone: dict[Cell, dict[int, int]] = {}
        for number in numbers:
            for o, g in self.found[number][0].cells:
                for measure in (None, *range(self.measures)):
                    seen = self.seen.get((o, g, measure))
                    if seen and (values := {value: at for value, at in seen.items() if at in numbers}):
                        gone.setdefault((o, g, measure), {}).update(values)
                        for value in values:
                            del seen[value]
        return gone

    def cost(self, o: int, g: int, measure: int | None) -> float:
        """What it costs readers to lose a cell: the larger, and the higher up, the more."""
        if g >= self.groups:
            return 0.0
        above = 1.0 if not self.children.get(o) else 40.0 if self.table.parent[o] < 0 else 3.0
        cost = above * (1 + min(self.d[o][g] / 50, 10.0)) * (8 if g == 0 else 1)
        return cost if measure is None else cost / self.measures

    def changes(self, cell: Cell) -> Iterator[Change]:
        """Changes that would give a cell a new value, the simplest first."""
        o, g, measure = cell
        simple = [steps for steps in self.moves(o, g) if (o, g) in steps]
        multiples = [sign * k for k in range(1, self.values) for sign in (1, -1)]
        for steps in simple:
            for k in multiples:
                if measure is not None:
                    yield Change({}, 0, steps, k)
                yield Change(steps, k, {}, 0)
        if measure is None:
            return
        # Students come or go, and what is met is exchanged besides: where too few meet a measure, or too many.
        rates = [self._added(leaf, g, measure=measure) for leaf in self.leaves_below[o][:2]] + simple[:_BOTH]
        for steps in simple[:_BOTH]:
            for rate in rates:
                for k in multiples:
                    yield Change(steps, k, rate, k)
                    yield Change(steps, k, rate, -k)

    def is_safe(self, cell: Cell) -> bool:
        """Whether a count was seen to take enough values."""
        o, g, measure = cell
        seen = self.seen[cell]
        seen.pop(self.d[o][g] if measure is None else self.n[o][g][measure], None)
        return len(seen) >= self.values - 1

    def search(self, cell: Cell, *, only_free: bool = False) -> Found | None:
        """Look for worlds in which a count takes other values, until it is safe.

        Where they are too few: the cheapest that some released figure tells from ours, if there is any; with
        ``only_free`` none is looked for.
        """
        if self.is_safe(cell):
            return None
        best: Found | None = None
        looked = 0
        for change in self.changes(cell):
            if best is not None:
                looked += 1
            # Enough has been looked at; a change made of two is tried in any case, for it may cost nothing.
            most = _FREE if only_free else float("inf")
            if best is not None:
                most = best.cost if looked <= _ENOUGH else _FREE
            found = self.look(change, cell[2], most)
            if found is None:
                continue
            if found.blockers:
                best = found
                continue
            self.remember(change, found)
            if self.is_safe(cell):
                return None
        return best


def _band(d: int) -> int:
    return max((start for start, _code in BANDS if d >= start), default=0)


def _sum(one: Steps, other: Steps, times: int = 1) -> Steps:
    total = dict(one)
    for key, sign in other.items():
        total[key] = total.get(key, 0) + times * sign
        if not total[key]:
            del total[key]
    return total
