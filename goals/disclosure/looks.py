"""A table, what is withheld of it, and which changes of each cell a reader could not see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from goals.disclosure.masks import Tolerance, Vocabulary, look
from goals.disclosure.table import Bools, Protection, Table

# An organization and a group; with a measure, or None for the number of students itself.
Cell = tuple[int, int, int | None]


class Looks:
    """A table and what is withheld of it; by cell, the changes after which it looks the same, as bits.

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
        self.loose = [[self._is_loose(o, g) for g in range(len(row))] for o, row in enumerate(self.d)]
        # Bits of a school's cell and all above it, until one of them changes.
        self._full: dict[tuple[int, int], int] = {}
        self._apart: dict[tuple[int, int], tuple[int, ...]] = {}
        # Bits of every cell if nothing of the table were told, of all releases (True) and of this one.
        self._bare: dict[bool, tuple[list[list[int]], list[list[int]]]] = {}
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
        self._bare.clear()

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

    def bare(self) -> tuple[list[list[int]], list[list[int]]]:
        """The bits of every cell if nothing of the table were told, upwards and downwards."""
        ever = self.up is self._ever[0]
        if ever not in self._bare:
            up = [[self._if_bare(o, g, ever) for g in range(len(row))] for o, row in enumerate(self.d)]
            self._bare[ever] = up, self._reversed(up)
        return self._bare[ever]

    def if_hidden(self, o: int, g: int) -> int:
        """The bits that a cell would have, were it withheld."""
        return self._if_hidden(o, g, self.up is self._ever[0])

    def _if_bare(self, o: int, g: int, ever: bool) -> int:
        if self.is_hidden(o, g):
            return (self._ever if ever else self._now)[0][o][g]
        return self._if_hidden(o, g, ever)

    def _if_hidden(self, o: int, g: int, ever: bool) -> int:
        mask = self.tolerance.kinds[o][g] & self.tolerance.veiled[o][g]
        if self.always is not None:
            mask &= self.always[o][g]
        return mask & self.extra[o][g] if self.extra is not None and ever else mask

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
        for ever, (up, down) in self._bare.items():
            up[o][g] = self._if_bare(o, g, ever)
            down[o][g] = self.vocabulary.reverse(up[o][g])
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

    def _is_loose(self, o: int, g: int) -> bool:
        return g >= self.groups or bool(self.protection.cells[o, g] or self.protection.numerators[o, g].any())

    def apart(self, one: int, other: int) -> tuple[int, ...]:
        """An organization and those above it that are not above the other."""
        if (one, other) not in self._apart:
            above = set(self.chains[other])
            self._apart[one, other] = tuple(at for at in self.chains[one] if at not in above)
        return self._apart[one, other]
