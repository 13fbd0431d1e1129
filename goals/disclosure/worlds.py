"""Other worlds that look the same: what makes a hidden count safe.

A hidden count is safe where it takes enough values in worlds that differ from ours by a few students and in which
every released figure is what it is in ours. Such a world is a witness: it proves, and is never wrong in the direction
that would hurt. Not finding one says nothing; then more is withheld, until there is one.

Worlds are made by four changes, at one school and all above it, k students at a time:

- students of one group stand in another of the same dimension (a yes or no counts as two groups);
- the same, and the reverse at another school, so that what is above both stays as it is;
- students are added or missing, in one group of each dimension;
- the same, and the reverse at another school.

The students keep what they meet, or only what they meet is exchanged, or both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from goals.disclosure.looks import Cell, Change, Found, Looks, Part
from goals.disclosure.table import Protection, Table

# Schools below a cell that are tried; other schools as the place of the reverse, of the same district and of others.
_NEAR, _FAR = 8, 6
# Of changes made of two, so many of each are tried.
_BOTH = 5
# Schools below a cell where students of different groups are tried for an exchange of what is met.
_WAYS = 3
# So many changes are weighed against the cheapest so far.
_ENOUGH = 400
# Less than it costs to withhold anything.
_FREE = 1e-9
Steps = dict[tuple[int, int], int]


class Worlds(Looks):
    """Searches for worlds that look the same, and remembers the values that counts take in them."""

    def __init__(self, table: Table, protection: Protection, minimum: int, values: int) -> None:
        super().__init__(table, protection, minimum)
        self.values = values
        self.multiples = [sign * k for k in range(1, values) for sign in (1, -1)]
        # By count, the values it takes, each with the number of a world; by world, what it has shown.
        self.seen: dict[Cell, dict[int, int]] = defaultdict(dict)
        self.found: list[tuple[Change, Found]] = []
        self.showed: list[list[tuple[Cell, int]]] = []
        self.touching: dict[tuple[int, int], list[int]] = defaultdict(list)

    # --- changes ---------------------------------------------------------------------------------------------------
    def changes(self, cell: Cell) -> Iterator[Change]:
        """Changes that would give a count a new value, the simplest first."""
        o, g, measure = cell
        simple: list[Steps] = []
        rates = []
        if measure is not None:
            rates = [one for leaf in self.leaves_below[o][:_WAYS] for one in self._exchanged(leaf, g, measure)]
        for steps in rates:
            for k in self.multiples:
                yield Change(tuple((*key, 0, sign) for key, sign in steps.items()), 0, k)
        for steps in self._steps(o, g):
            if (o, g) not in steps:
                continue
            if len(simple) < _BOTH:
                simple.append(steps)
            size = tuple((*key, sign, 0) for key, sign in steps.items())
            rate = tuple((*key, 0, sign) for key, sign in steps.items())
            for k in self.multiples:
                if measure is not None:
                    yield Change(rate, 0, k)
                yield Change(size, k, 0)
        if measure is None:
            return
        # Students come or go, and what is met is exchanged besides: where too few meet a measure, or too many.
        for steps in simple:
            for other in rates + simple:
                parts = _together(steps, other)
                for k in self.multiples:
                    yield Change(parts, k, k)
                    yield Change(parts, k, -k)

    def _steps(self, o: int, g: int) -> Iterator[Steps]:
        """Changes that touch a cell, the nearest first: by cell, +1 or -1."""
        below = self.leaves_below[o][:_NEAR]
        for leaf in below:
            others = list(self._others(o, leaf))
            for partner in self._partners(leaf, g):
                one = self._exchange(leaf, g, partner)
                yield one
                for other in others:
                    yield _less(one, self._exchange(other, g, partner))
        for leaf in below:
            one = self._added(leaf, g)
            yield one
            for other in self._others(o, leaf):
                yield _less(one, self._added(other, g, one))

    def _partners(self, o: int, g: int) -> Iterable[int]:
        """The other groups of the dimension: withheld ones first, then the large."""
        others = [one for one in self.dimension_of.get(g, ()) if one != g]
        return sorted(others, key=lambda one: (not self.is_hidden(o, one), -self.d[o][one]))

    def _others(self, o: int, leaf: int) -> Iterator[int]:
        """Other schools: of the same parent first, then of those above; never below the cell itself."""
        within = set(self.leaves_below[o])
        for above in self.chains[leaf][1:]:
            found = [one for one in self.leaves_below[above] if one not in within]
            within.update(found)
            found.sort(key=lambda one: -sum(self.hidden[one]))
            yield from found[: _NEAR if above == self.table.parent[leaf] else _FAR]

    def _exchange(self, o: int, to: int, source: int) -> Steps:
        steps: Steps = {}
        for at in self.chains[o]:
            steps[at, to] = 1
            steps[at, source] = -1
        return steps

    def _added(self, o: int, g: int, like: Steps | None = None) -> Steps:
        """One student more at a school, in ``g`` and in one group of each other dimension; or in those of another."""
        if like is not None:
            there = {one for _at, one in like}
            return self._student(o, g, lambda one: (one in there, 0))
        return self._student(o, g, lambda one: (sum(self.loose(at, one) for at in self.chains[o]), self.d[o][one]))

    def _exchanged(self, o: int, g: int, measure: int) -> Iterator[Steps]:
        """A student of ``g`` and of one group of each other dimension: where rates may move, where many meet a
        measure, and where many do not."""

        def freedom(one: int) -> int:
            return sum(
                self.is_hidden(at, one) or self.withheld[at][one][measure] or self.now[at][one][measure][1] != 0
                for at in self.chains[o]
            )

        yield self._student(o, g, lambda one: (freedom(one), self.n[o][one][measure]))
        yield self._student(o, g, lambda one: (self.n[o][one][measure], freedom(one)))
        yield self._student(o, g, lambda one: (freedom(one), self.d[o][one] - self.n[o][one][measure]))

    def _student(self, o: int, g: int, best: Callable[[int], tuple[int, int]]) -> Steps:
        groups = {0}
        for at, dimension in enumerate(self.dimensions):
            if not self.reported[o][at]:
                groups.update(one for one in dimension if one >= self.groups)
            elif g in dimension:
                groups.add(g)
            else:
                groups.add(max(dimension, key=best))
        return {(at, one): 1 for at in self.chains[o] for one in groups}

    # --- witnesses -------------------------------------------------------------------------------------------------
    def is_safe(self, cell: Cell) -> bool:
        """Whether a count was seen to take enough values, its own among them."""
        return len(self.seen[cell]) >= self.values - 1

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
            most = _FREE if only_free else float("inf")
            if best is not None:
                looked += 1
                most = best.cost if looked <= _ENOUGH else _FREE
            found = self.look(change, cell[2], most)
            if found is None:
                continue
            if found.blockers:
                best = found
                continue
            self._remember(change, found)
            if self.is_safe(cell):
                return None
        return best

    def _remember(self, change: Change, found: Found) -> None:
        """The values that counts take in a world that looks the same."""
        number = len(self.found)
        showed: list[tuple[Cell, int]] = []
        for o, g, step, exchanged in change.parts:
            self.touching[o, g].append(number)
            if change.k * step:
                showed.append(((o, g, None), self.d[o][g] + change.k * step))
            for b, kinds in found.chosen:
                _needs, _more, met = self.deltas(b, kinds, change.k * step, change.j * exchanged)
                for measure, more in zip(self.table.blocks[b].measures, met, strict=True):
                    if more:
                        showed.append(((o, g, measure), self.n[o][g][measure] + more))
        new = [(cell, value) for cell, value in showed if value not in self.seen[cell]]
        for cell, value in new:
            self.seen[cell][value] = number
        self.found.append((change, found))
        self.showed.append(new)

    def forget(self, o: int, g: int) -> list[tuple[Cell, int, int]]:
        """Drop what was seen in worlds that do not look the same any more, now that more of a cell is told."""
        gone = []
        for number in self.touching[o, g]:
            if self.holds_in(*self.found[number], o, g):
                continue
            for cell, value in self.showed[number]:
                if self.seen[cell].get(value) == number:
                    del self.seen[cell][value]
                    gone.append((cell, value, number))
        return gone

    def recall(self, gone: list[tuple[Cell, int, int]]) -> None:
        """Take back :meth:`forget`, when no more is told after all."""
        for cell, value, number in gone:
            self.seen[cell].setdefault(value, number)


def _together(size: Steps, rate: Steps) -> tuple[Part, ...]:
    return tuple((*key, size.get(key, 0), rate.get(key, 0)) for key in size | rate)


def _less(one: Steps, other: Steps) -> Steps:
    total = dict(one)
    for key, sign in other.items():
        total[key] = total.get(key, 0) - sign
        if not total[key]:
            del total[key]
    return total
