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

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from goals.disclosure.looks import Cell, Looks

# Schools below a cell that are tried; other schools as the place of the reverse, of the same parent and of others.
_NEAR, _SIBLINGS, _FAR = 6, 8, 4
WIDE = (60, 60, 60)

# Organizations in which students of a group are added (1) or missing (-1).
Part = tuple[tuple[int, ...], int, int]


@dataclass
class Seen:
    """By how much a count may change, each with the cells that were changed in a world where it does."""

    values: dict[int, tuple[Part, ...]]
    safe: bool


class Worlds(Looks):
    """The worlds that look the same as a table of which so much is withheld."""

    # Whether worlds are told that are not possible yet: to see what would have to be withheld.
    anyway = False

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
        here, there = self.apart(leaf, other), self.apart(other, leaf)
        for partner in partners:
            yield (here, g, 1), (there, g, -1), (here, partner, -1), (there, partner, 1)

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

    def _students(self, leaf: int, other: int | None, g: int, measure: int | None) -> Iterator[tuple[Part, ...]]:
        """Students of ``g`` and of one group of each other dimension: who come, or whose results are exchanged."""
        vocabulary = self.vocabulary
        here = self.chains[leaf] if other is None else self.apart(leaf, other)
        there = () if other is None else self.apart(other, leaf)
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
        yield from self.same_looking(cell, limits)

    def same_looking(self, cell: Cell, limits: tuple[int, int, int]) -> Iterator[tuple[list[int], tuple[Part, ...]]]:
        """The same, by the masks that are in force."""
        o, g, measure = cell
        for parts in self.worlds(o, g, measure, limits):
            if mask := self.mask(parts):
                yield self.vocabulary.values(mask, measure), parts
        if measure is not None:
            for value, parts in self._turned(o, g, measure, limits):
                yield [value], parts

    @contextmanager
    def nothing_told(self, cell: Cell) -> Iterator[None]:
        """Meanwhile worlds are those that would look the same if nothing of the table were told."""
        self.look_at(cell[0], cell[1])
        told = self.up, self.down
        self.up, self.down = self.bare()
        self._full.clear()
        try:
            yield
        finally:
            self.up, self.down = told
            self._full.clear()

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
                here = self.chains[leaf] if other is None else self.apart(leaf, other)
                there = () if other is None else self.apart(other, leaf)
                # Without a group of each dimension in which they may meet it, there is no such world.
                if not (groups := self._profile(leaf, here, there, g, exchanges)):
                    continue
                rest = [one for one in groups if one != g]
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

    def allows(self, mask: int, measure: int | None, value: int) -> bool:
        """Whether a change by so many is among the bits: of the number of students, or of a numerator."""
        vocabulary = self.vocabulary
        if measure is not None:
            if mask & vocabulary.exchanged[measure][value]:
                return True
            if not mask & vocabulary.come_met[measure][vocabulary.steps.index(value)]:
                return False
        return all(mask & bits for bits in vocabulary.come[vocabulary.steps.index(value)])
