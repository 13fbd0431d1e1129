"""Other worlds that look the same: what makes a hidden count safe.

A hidden count is safe where it takes enough values in worlds that differ from ours by a few students and in which
every released figure is what it is in ours. Such a world is a witness: it proves, and is never wrong in the direction
that would hurt. Not finding one says nothing; then more is withheld, until there is one.

Worlds are made at one school and all that it is part of, a few students at a time:

- students of one group stand in another of the same dimension (a yes or no counts as two groups), or what they meet
  is exchanged between the two;
- students are added or missing, in one group of each dimension, or meet what they do not in ours;
- students of another group stand in this one, and meet what they do not in ours, or the other way round;
- any of these, and the reverse at another school, so that what is above both stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from goals.disclosure.masks import Tolerance, Vocabulary, look
from goals.disclosure.table import Bools, Protection, Table

# Schools below a cell that are tried; other schools as the place of the reverse, of the same parent and of others.
_NEAR, _SIBLINGS, _FAR = 6, 8, 4
# The same where something has to be withheld: there it matters what, not whether.
_FEW = (3, 4, 3)
WIDE = (60, 60, 60)

# An organization and a group; with a measure, or None for the number of students itself.
Cell = tuple[int, int, int | None]
# Organizations in which students of a group are added (1) or missing (-1).
Part = tuple[tuple[int, ...], int, int]


@dataclass
class Seen:
    """By how much a count may change, each with the cells that were changed in a world where it does."""

    values: dict[int, tuple[Part, ...]]
    safe: bool


class Worlds:
    """A table, what is withheld of it, and the worlds that look the same.

    ``extra``: bits that are left to each cell by what was told before (organizations × groups with rests).
    ``settled``: counts that need not be safe, for they are known. ``fixed``: cells that others publish; what comes out
    of them is not withheld for. ``moved``: cells whose counts are not those told before: ``extra`` is not for them.
    ``always``: bits that are left by what is told beside, whatever moved.
    """

    def __init__(
        self,
        table: Table,
        protection: Protection,
        minimum: int,
        values: int,
        extra: list[list[int]] | None = None,
        settled: Collection[Cell] = (),
        fixed: Collection[tuple[int, int]] = (),
        moved: Bools | None = None,
        always: list[list[int]] | None = None,
    ) -> None:
        self.settled, self.fixed = settled, fixed
        # Counts for which withholding all there is was not enough.
        self.unsafe: list[Cell] = []
        self.table, self.protection, self.minimum, self.needed = table, protection, minimum, values - 1
        self.vocabulary = Vocabulary(table.blocks, values)
        self.tolerance = Tolerance(table, self.vocabulary, minimum)
        self.extra = extra
        self.groups, self.measures = int(table.numerators.shape[1]), int(table.numerators.shape[2])
        self.d: list[list[int]] = self.tolerance.d.tolist()
        self.n: list[list[list[int]]] = self.tolerance.n.tolist()
        coded = look(self.tolerance.n, self.tolerance.d[:, :, None]) % 1000
        self.coded: list[list[list[bool]]] = ((coded == 0) | (coded == 102)).tolist()
        self.dimensions: list[tuple[int, ...]] = []
        # By rest, the group of which it is one.
        self.group_of: dict[int, int] = {}
        for dimension in table.dimensions:
            if len(dimension) == 1:
                rest = self.groups + len(self.group_of)
                self.group_of[rest] = dimension[0]
                dimension = (*dimension, rest)
            self.dimensions.append(dimension)
        self.dimension_of = {group: dimension for dimension in self.dimensions for group in dimension}
        self.chains = [tuple(table.chain(o)) for o in range(len(self.d))]
        above = {at for o, chain in enumerate(self.chains) for at in chain if at != o}
        self.is_leaf = [o not in above for o in range(len(self.d))]
        self.is_top = [len(chain) == 1 and not leaf for chain, leaf in zip(self.chains, self.is_leaf, strict=True)]
        self.leaves_below: dict[int, list[int]] = defaultdict(list)
        for o, chain in enumerate(self.chains):
            if self.is_leaf[o]:
                for at in chain:
                    self.leaves_below[at].append(o)
        self.reported = [[any(row[g] for g in dim if g < self.groups) for dim in self.dimensions] for row in self.d]
        # Whether worlds are told that are not possible yet: to see what would have to be withheld.
        self.anyway = False
        self.loose = [[self._is_loose(o, g) for g in range(len(row))] for o, row in enumerate(self.d)]
        # Bits of a school's cell and all above it, until one of them changes.
        self._full: dict[tuple[int, int], int] = {}
        self._apart: dict[tuple[int, int], tuple[int, ...]] = {}
        self.differs: list[list[bool]] | None = None
        if moved is not None and extra is not None and moved.any():
            self.differs = [[*row, *(row[at] or row[0] for at in self.group_of.values())] for row in moved.tolist()]
        self.leave(always)

    def leave(self, always: list[list[int]] | None) -> None:
        """What is told beside leaves these bits to the cells; everything that is known of worlds is made anew."""
        self.always = always
        now = [[self._own(o, g) for g in range(len(row))] for o, row in enumerate(self.d)]
        self._now = now, self._reversed(now)
        self._ever = self._now
        if self.extra is not None:
            ever = [[a & b for a, b in zip(*row, strict=True)] for row in zip(now, self.extra, strict=True)]
            self._ever = ever, self._reversed(ever)
        self.up, self.down = self._ever
        self._full.clear()

    def _own(self, o: int, g: int) -> int:
        mask = self.tolerance.of(o, g, self.protection)
        return mask if self.always is None else mask & self.always[o][g]

    def _reversed(self, masks: list[list[int]]) -> list[list[int]]:
        return [[self.vocabulary.reverse(mask) for mask in row] for row in masks]

    def look_at(self, o: int, g: int) -> None:
        """Try worlds for a cell: those that look the same in all releases, or in this one where its counts moved."""
        if self.differs is not None:
            wanted = self._now if self.differs[o][g] else self._ever
            if wanted[0] is not self.up:
                self.up, self.down = wanted
                self._full.clear()

    @property
    def left(self) -> list[list[int]]:
        """The bits that are left to each cell by this release and those before."""
        return self._ever[0]

    # --- what is withheld ------------------------------------------------------------------------------------------
    def hide(self, o: int, g: int, measure: int | None = None) -> list[tuple[int, int]]:
        """Withhold a cell, or its numerator of one measure; of all students, the groups that make them up too.

        Returns the cells of which more is withheld now.
        """
        if measure is not None:
            self.protection.numerators[o, g, measure] = True
        # A cell of which no rate is told tells no size.
        if measure is None or self.protection.numerators[o, g].all():
            self.protection.cells[o, g] = True
        self.changed(o, g)
        found = [(o, g)]
        if g:
            return found
        for at, dimension in enumerate(self.dimensions):
            if self.reported[o][at]:
                for group in dimension:
                    if group < self.groups:
                        found += self.hide(o, group, measure)
        return found

    def changed(self, o: int, g: int) -> None:
        """More or less is withheld of a cell than before."""
        mask = self._own(o, g)
        self._now[0][o][g], self._now[1][o][g] = mask, self.vocabulary.reverse(mask)
        if self.extra is not None:
            mask &= self.extra[o][g]
            self._ever[0][o][g], self._ever[1][o][g] = mask, self.vocabulary.reverse(mask)
        self.loose[o][g] = self._is_loose(o, g)
        for leaf in self.leaves_below[o]:
            self._full.pop((leaf, g), None)

    def is_small(self, o: int, g: int) -> bool:
        """Whether it is told of a withheld cell that it is small."""
        return bool(self.protection.cells[o, g] and self.d[o][g] < self.minimum and not self.protection.veiled[o, g])

    def is_hidden(self, o: int, g: int) -> bool:
        """Whether nothing is told of a cell."""
        return g >= self.groups or bool(self.protection.cells[o, g])

    def cost(self, o: int, g: int, measure: int | None = None) -> float:
        """What it costs readers to lose a cell: the larger, and the higher up, the more."""
        if g >= self.groups:
            return 0.0
        above = 1.0 if self.is_leaf[o] else 40.0 if self.is_top[o] else 8.0
        cost = above * (1 + min(self.d[o][g] / 50, 10.0)) * (8 if g == 0 else 1)
        return cost if measure is None else cost / self.measures

    # --- worlds ----------------------------------------------------------------------------------------------------
    def worlds(self, o: int, g: int, measure: int | None, limits: tuple[int, int, int]) -> Iterator[tuple[Part, ...]]:
        """Changes that touch a cell, the nearest first, as parts of which each has one sign."""
        near, siblings, far = limits
        leaves = self.near(o, g, near)
        partners = self.partners(o, g)
        for leaf in leaves:
            yield from self.moved(leaf, None, g, partners)
            yield from self._students(leaf, None, g, measure)
        for leaf in leaves:
            for other in self._others(o, g, leaf, siblings, far):
                yield from self.moved(leaf, other, g, partners)
                yield from self._students(leaf, other, g, measure)

    def near(self, o: int, g: int, near: int = _NEAR) -> list[int]:
        """Schools below an organization: where the group is withheld first, then where it is large."""
        leaves = self.leaves_below[o]
        if len(leaves) > near:
            leaves = sorted(leaves, key=lambda one: (not self.loose[one][g], -self.d[one][g]))[:near]
        return leaves

    def moved(self, leaf: int, other: int | None, g: int, partners: list[int]) -> Iterator[tuple[Part, ...]]:
        """Students of other groups of the dimension stand in this one; with another school, the reverse there."""
        if other is None:
            chain = self.chains[leaf]
            for partner in partners:
                yield (chain, g, 1), (chain, partner, -1)
            return
        here, there = self._without(leaf, other), self._without(other, leaf)
        for partner in partners:
            yield (here, g, 1), (there, g, -1), (here, partner, -1), (there, partner, 1)

    def _is_loose(self, o: int, g: int) -> bool:
        return g >= self.groups or bool(self.protection.cells[o, g] or self.protection.numerators[o, g].any())

    def partners(self, o: int, g: int) -> list[int]:
        """The other groups of the dimension: withheld ones first, then the large."""
        others = [one for one in self.dimension_of.get(g, ()) if one != g]
        if len(others) > 1:
            others.sort(key=lambda one: (not self.loose[o][one], -self.d[o][one]))
        return others

    def _others(self, o: int, g: int, leaf: int, siblings: int, far: int) -> Iterator[int]:
        """Other schools: of the same parent first, then of those above; never below the cell itself."""
        within = set(self.leaves_below[o])
        for above in self.chains[leaf][1:]:
            found = [one for one in self.leaves_below[above] if one not in within]
            within.update(found)
            found.sort(key=lambda one: (not self.loose[one][g], -self.d[one][g]))
            yield from found[: siblings if above == self.chains[leaf][1] else far]

    def _without(self, one: int, other: int) -> tuple[int, ...]:
        if (one, other) not in self._apart:
            above = set(self.chains[other])
            self._apart[one, other] = tuple(at for at in self.chains[one] if at not in above)
        return self._apart[one, other]

    def _students(self, leaf: int, other: int | None, g: int, measure: int | None) -> Iterator[tuple[Part, ...]]:
        """Students of ``g`` and of one group of each other dimension: who come, or whose results are exchanged."""
        vocabulary = self.vocabulary
        here = self.chains[leaf] if other is None else self._without(leaf, other)
        there = () if other is None else self._without(other, leaf)
        wanted = [vocabulary.comes]
        if measure is not None:
            wanted.insert(0, sum(vocabulary.exchanged[measure].values()))
        for bits in wanted:
            if groups := self._profile(leaf, here, there, g, bits):
                yield tuple((here, one, 1) for one in groups) + tuple((there, one, -1) for one in groups if there)

    def _profile(self, leaf: int, here: tuple[int, ...], there: tuple[int, ...], g: int, bits: int) -> list[int]:
        """One group of each dimension, so that the most changes of the wanted kind stay possible."""
        groups = [0]
        for at, dimension in enumerate(self.dimensions):
            if g in dimension:
                groups.append(g)
            elif not self.reported[leaf][at]:
                groups += [one for one in dimension if one >= self.groups]
        mask = bits
        for group in groups:
            mask &= self._both(here, there, group)
        for at, dimension in enumerate(self.dimensions):
            if g in dimension or not self.reported[leaf][at]:
                continue
            if not mask and not self.anyway:
                return []
            best, most = dimension[0], (-1, False, 0)
            # The rest of a yes or no comes last, and mostly leaves everything possible.
            for one in reversed(dimension):
                left = mask & self._both(here, there, one)
                if left == mask:
                    best = one
                    break
                key = left.bit_count(), self.loose[leaf][one], self.d[leaf][one]
                if key > most:
                    best, most = one, key
            groups.append(best)
            mask &= self._both(here, there, best)
        return groups if mask or self.anyway else []

    def _both(self, here: tuple[int, ...], there: tuple[int, ...], g: int) -> int:
        if not there:
            key = here[0], g
            if (mask := self._full.get(key, -1)) < 0:
                mask = self.vocabulary.all
                for at in here:
                    mask &= self.up[at][g]
                self._full[key] = mask
            return mask
        mask = self.vocabulary.all
        for at in here:
            mask &= self.up[at][g]
        for at in there:
            mask &= self.down[at][g]
        return mask

    def mask(self, parts: Iterable[Part]) -> int:
        """Which changes a world allows in all its parts."""
        mask = self.vocabulary.all
        for organizations, g, sign in parts:
            cells = self.up if sign > 0 else self.down
            for at in organizations:
                mask &= cells[at][g]
                if not mask:
                    return 0
        return mask

    # --- witnesses -------------------------------------------------------------------------------------------------
    def search(self, cell: Cell, limits: tuple[int, int, int] = (_NEAR, _SIBLINGS, _FAR)) -> Seen:
        """The values that a count takes in worlds that look the same, until they are enough."""
        seen: dict[int, tuple[Part, ...]] = {}
        for values, parts in self.witnesses(cell, limits):
            for value in values:
                seen.setdefault(value, parts)
            if len(seen) >= self.needed:
                return Seen(seen, True)
        return Seen(seen, False)

    def witnesses(
        self, cell: Cell, limits: tuple[int, int, int] = (_NEAR, _SIBLINGS, _FAR)
    ) -> Iterator[tuple[list[int], tuple[Part, ...]]]:
        """Worlds that look the same, each with the changes of a count that are possible in it."""
        self.look_at(cell[0], cell[1])
        yield from self._witnesses(cell, limits)

    def _witnesses(self, cell: Cell, limits: tuple[int, int, int]) -> Iterator[tuple[list[int], tuple[Part, ...]]]:
        o, g, measure = cell
        for parts in self.worlds(o, g, measure, limits):
            if mask := self.mask(parts):
                yield self.vocabulary.values(mask, measure), parts
        if measure is not None:
            for value, parts in self._turned(o, g, measure, limits):
                yield [value], parts

    def search_together(self, o: int, g: int, measures: list[int | None]) -> dict[Cell, Seen]:
        """The counts of one cell that students of another group make safe: looked at once for all of them."""
        found: dict[Cell, Seen] = {}
        self.look_at(o, g)
        partners = self.partners(o, g)
        waiting: dict[int | None, dict[int, tuple[Part, ...]]] = {measure: {} for measure in measures}
        for leaf in self.near(o, g, _NEAR) if partners else ():
            for other in (None, *self._others(o, g, leaf, _SIBLINGS, _FAR)):
                for parts in self.moved(leaf, other, g, partners):
                    if not (mask := self.mask(parts)):
                        continue
                    for measure in list(waiting):
                        seen = waiting[measure]
                        for value in self.vocabulary.values(mask, measure):
                            seen.setdefault(value, parts)
                        if len(seen) >= self.needed:
                            found[o, g, measure] = Seen(waiting.pop(measure), True)
                    if not waiting:
                        return found
        return found

    def _turned(
        self, o: int, g: int, measure: int, limits: tuple[int, int, int]
    ) -> Iterator[tuple[int, tuple[Part, ...]]]:
        """Students of another group stand in this one, and besides meet a measure, or meet it no longer."""
        near, siblings, far = limits
        vocabulary = self.vocabulary
        exchanges = sum(vocabulary.exchanged[measure].values())
        for leaf in self.leaves_below[o][:near]:
            for other in (None, *self._others(o, g, leaf, siblings, far)):
                here = self.chains[leaf] if other is None else self._without(leaf, other)
                there = () if other is None else self._without(other, leaf)
                rest = [one for one in self._profile(leaf, here, there, g, exchanges) if one != g]
                if not (by_rest := self._all(here, there, rest) & exchanges):
                    continue
                own = self._both(here, there, g)
                for partner in self.partners(o, g):
                    theirs = self._both(there, here, partner)
                    parts = tuple(
                        part
                        for orgs, sign in ((here, 1), (there, -1))
                        for part in ((orgs, g, sign), (orgs, partner, -sign), *((orgs, one, sign) for one in rest))
                        if orgs
                    )
                    for value in self._turns(own, theirs, by_rest, measure):
                        yield value, parts

    def _all(self, here: tuple[int, ...], there: tuple[int, ...], groups: list[int]) -> int:
        mask = self.vocabulary.all
        for one in groups:
            mask &= self._both(here, there, one)
        return mask

    def _turns(self, own: int, theirs: int, rest: int, measure: int) -> Iterator[int]:
        """Changes of a numerator where k students come into the group, of the kind that they were not in the other.

        ``theirs`` are the bits of the other group for students who leave, by the step of those who come.
        """
        vocabulary = self.vocabulary
        b = vocabulary.block_of[measure]
        for s, step in enumerate(vocabulary.steps):
            if any(not own & theirs & bits for at, bits in enumerate(vocabulary.come[s]) if at != b):
                continue
            for without, with_it, exchange, sign in vocabulary.pairs[measure]:
                # They come and meet it, and did not before; or they come without it, and met it before.
                up = rest & vocabulary.bit(exchange, sign * step)
                if up and own & vocabulary.bit(with_it, step) and theirs & vocabulary.bit(without, step):
                    yield step

    # --- what would have to be withheld ----------------------------------------------------------------------------
    def cheapest(self, cell: Cell, seen: Iterable[int], limits: tuple[int, int, int] = _FEW) -> list[Cell]:
        """The cheapest to withhold so that a count takes one value more; nothing where that is not possible."""
        o, g, measure = cell
        had = set(seen)
        best: list[Cell] = []
        least = float("inf")
        self.look_at(o, g)
        self.anyway = True
        for parts in self.worlds(o, g, measure, limits):
            base = self.vocabulary.all
            told = []
            for organizations, group, sign in parts:
                for at in organizations:
                    if self.is_hidden(at, group):
                        base &= (self.up if sign > 0 else self.down)[at][group]
                    else:
                        base &= self._signed(self._if_hidden(at, group), sign)
                        told.append((self.cost(at, group), at, group, sign))
                if not base:
                    break
            if not base:
                continue
            told.sort(reverse=True)
            for value in self.vocabulary.values(base, measure):
                if value in had:
                    continue
                found = self._blockers(base, told, measure, value, least)
                if found is not None:
                    least, best = found
        self.anyway = False
        return best

    def touched_if_hidden(self, cell: Cell, seen: Iterable[int]) -> list[Cell]:
        """All told cells of some world in which a count takes one value more, would they be withheld."""
        self.look_at(cell[0], cell[1])
        had, told = set(seen), (self.up, self.down)
        self.up = [
            [
                mask if self.is_hidden(o, g) else self._if_hidden(o, g, ever=told[0] is self._ever[0])
                for g, mask in enumerate(row)
            ]
            for o, row in enumerate(told[0])
        ]
        self.down = self._reversed(self.up)
        self._full.clear()
        found: list[Cell] = []
        for values, parts in self._witnesses(cell, WIDE):
            if not had.issuperset(values):
                touched = {(o, g) for organizations, g, _sign in parts for o in organizations}
                found = [(o, g, None) for o, g in sorted(touched) if not self.is_hidden(o, g)]
                break
        self.up, self.down = told
        self._full.clear()
        return found

    def _signed(self, mask: int, sign: int) -> int:
        return mask if sign > 0 else self.vocabulary.reverse(mask)

    def _if_hidden(self, o: int, g: int, *, ever: bool | None = None) -> int:
        mask = self.tolerance.kinds[o][g] & self.tolerance.veiled[o][g]
        if self.always is not None:
            mask &= self.always[o][g]
        if ever is None:
            ever = self.up is self._ever[0]
        return mask & self.extra[o][g] if self.extra is not None and ever else mask

    def _blockers(
        self, mask: int, told: list[tuple[float, int, int, int]], measure: int | None, value: int, most: float
    ) -> tuple[float, list[Cell]] | None:
        """What of the told cells, the costliest first, has to be withheld: ``None`` where it costs too much."""
        cost = 0.0
        found: list[Cell] = []
        for own, o, g, sign in told:
            cells = self.up if sign > 0 else self.down
            if self.allows(after := mask & cells[o][g], measure, value):
                mask = after
                continue
            sizes = self._signed(self.tolerance.shown[o][g], sign)
            if not self.allows(mask & sizes, measure, value):
                cost += own
                found.append((o, g, None))
            else:
                mask &= sizes
                for at in range(self.measures):
                    if self.protection.numerators[o, g, at]:
                        continue
                    if self.allows(after := mask & self._signed(self.tolerance.looks[at][o][g], sign), measure, value):
                        mask = after
                    else:
                        cost += own / self.measures
                        found.append((o, g, at))
            if cost >= most:
                return None
        return cost, found

    def allows(self, mask: int, measure: int | None, value: int) -> bool:
        vocabulary = self.vocabulary
        if measure is not None:
            if mask & vocabulary.exchanged[measure][value]:
                return True
            if not mask & vocabulary.come_met[measure][vocabulary.steps.index(value)]:
                return False
        return all(mask & bits for bits in vocabulary.come[vocabulary.steps.index(value)])
