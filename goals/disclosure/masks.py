"""Small changes of a cell as bits: which of them every released figure of the cell would leave as it is.

A bit stands for a number of students (1, -1, 2, -2, …) and a type: students of one kind who come (``-``: go), or who
are of one kind instead of another. A cell tolerates a change when the students are there to go, the number that
results is one that the cell could have, and every figure told of it stays what it is. A change of many cells is
possible where the ``and`` of their bits leaves one type for every block of measures: so worlds are tried by the
million, without looking at a figure again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from goals.disclosure import bands
from goals.disclosure.table import Block, Bools, Ints, Protection, Table

# Shown cells of up to so many students are taken as known to the last: percents of several measures tell the number.
KNOWN_UP_TO = 100
_ENDLESS = 10**9


@dataclass(frozen=True)
class Type:
    """What becomes of a cell per step: students more, students of each kind of the block, and numerators."""

    block: int
    size: int
    kinds: tuple[int, ...]
    met: tuple[int, ...]


class Vocabulary:
    """The types of change of some blocks, and masks that pick out bits by what they do.

    ``steps``: 1, -1, 2, -2, … below the number of values that a count must take. Bit ``type * len(steps) + step``.
    """

    def __init__(self, blocks: tuple[Block, ...], values: int) -> None:
        self.blocks = blocks
        self.steps = [sign * k for k in range(1, values) for sign in (1, -1)]
        self.types: list[Type] = []
        for b, block in enumerate(blocks):
            many = len(block.atoms)
            for at in range(many):
                self._add(b, block, 1, tuple(int(one == at) for one in range(many)))
            for no, yes in combinations(range(many), 2):
                self._add(b, block, 0, tuple((one == yes) - (one == no) for one in range(many)))
        count, width = len(self.steps), len(self.types)
        every = range(len(blocks))
        self.all = (1 << (count * width)) - 1
        self.even = sum(1 << (count * t + s) for t in range(width) for s in range(0, count, 2))
        # By step, and block: students who come.
        self.come = [
            [self._come(step, [t for t, one in enumerate(self.types) if one.size and one.block == b]) for b in every]
            for step in self.steps
        ]
        self.any_come = [sum(per_block) for per_block in self.come]
        self.comes = sum(self.any_come)
        # By measure: its block; by step, those who come and meet it; by change of the numerator, exchanges.
        self.block_of = {measure: b for b, block in enumerate(blocks) for measure in block.measures}
        self.come_met: dict[int, list[int]] = {}
        self.exchanged: dict[int, dict[int, int]] = {}
        # By measure: pairs of exchanged kinds as (without, with, sign of the exchange): bits of their types.
        self.pairs: dict[int, list[tuple[int, int, int, int]]] = {}
        for measure, b in self.block_of.items():
            at = blocks[b].measures.index(measure)
            meeting = [t for t, one in enumerate(self.types) if one.block == b and one.size and one.met[at]]
            self.come_met[measure] = [self._come(step, meeting) for step in self.steps]
            self.exchanged[measure] = dict.fromkeys(self.steps, 0)
            for t, one in enumerate(self.types):
                if one.block == b and not one.size and one.met[at]:
                    for step in self.steps:
                        self.exchanged[measure][one.met[at] * step] |= self.bit(t, step)
            self.pairs[measure] = self._pairs(b, at)

    def _add(self, b: int, block: Block, size: int, kinds: tuple[int, ...]) -> None:
        met = tuple(
            sum(count for count, atom in zip(kinds, block.atoms, strict=True) if atom[at])
            for at in range(len(block.measures))
        )
        self.types.append(Type(b, size, kinds, met))

    def _come(self, step: int, types: list[int]) -> int:
        return sum(self.bit(t, step) for t in types)

    def _pairs(self, b: int, at: int) -> list[tuple[int, int, int, int]]:
        """Exchanges that change a numerator: (type of the kind without it, with it, of the exchange, its sign)."""
        single = {one.kinds: t for t, one in enumerate(self.types) if one.block == b}
        found = []
        for t, one in enumerate(self.types):
            if one.block == b and not one.size and one.met[at]:
                sign = one.met[at]
                plus = tuple(int(count * sign > 0) for count in one.kinds)
                minus = tuple(int(count * sign < 0) for count in one.kinds)
                found.append((single[minus], single[plus], t, sign))
        return found

    def bit(self, kind: int, step: int) -> int:
        """The bit of a type at a number of students; 0 where there is none."""
        return 1 << (len(self.steps) * kind + self.steps.index(step))

    def reverse(self, mask: int) -> int:
        """The same changes the other way round: bit k of the result is bit -k."""
        return ((mask & self.even) << 1) | ((mask >> 1) & self.even)

    def sizes(self, mask: int) -> list[int]:
        """How many students may come: for each step, whether every block has a kind for them."""
        return [
            step
            for s, step in enumerate(self.steps)
            if mask & self.any_come[s] and all(mask & bits for bits in self.come[s])
        ]

    def values(self, mask: int, measure: int | None) -> list[int]:
        """By how much a count may change: that of students, or of those who meet a measure."""
        if not mask:
            return []
        if measure is None:
            return self.sizes(mask)
        found = [change for change, bits in self.exchanged[measure].items() if mask & bits]
        met = self.come_met[measure]
        for s, step in enumerate(self.steps):
            if mask & met[s] and step not in found and all(mask & bits for bits in self.come[s]):
                found.append(step)
        return found


class Tolerance:
    """The bits of every cell of a table, and of the rests of yes-or-no groups after all others (organizations, groups).

    ``kinds``: the students are there. ``small``, ``veiled``, ``shown``: the sizes that are possible where it is told
    that the group is small, where nothing is told, and where it is shown. ``looks``: by measure, the figure stays.
    """

    def __init__(self, table: Table, vocabulary: Vocabulary, minimum: int) -> None:
        rests = [dimension[0] for dimension in table.dimensions if len(dimension) == 1]
        self.groups = table.denominators.shape[1]
        d, n = table.denominators, table.numerators
        d = np.concatenate([d, d[:, :1] - d[:, rests]], axis=1) if rests else d
        n = np.concatenate([n, n[:, :1] - n[:, rests]], axis=1) if rests else n
        self.d, self.n = d, n
        steps = np.array(vocabulary.steps)
        size = np.array([one.size for one in vocabulary.types])[:, None] * steps[None, :]
        counts = [block.counts(d, n) for block in vocabulary.blocks]
        after = d[:, :, None, None] + size
        kinds = np.ones((*d.shape, *size.shape), bool)
        for t, one in enumerate(vocabulary.types):
            for at, change in enumerate(one.kinds):
                if change:
                    kinds[:, :, t] &= counts[one.block][:, :, at, None] + change * steps >= 0
        least = np.zeros(d.shape[1], np.int64)
        least[0] = 1
        moved = size != 0
        least = least[None, :, None, None]
        self.kinds = _packed(kinds)
        self.small = _packed(~moved | (after >= least) & (after < minimum))
        self.veiled = _packed(~moved | (after >= least))
        low, high = _shown_sizes(d, minimum)
        self.shown = _packed(~moved | (after >= low[:, :, None, None]) & (after <= high[:, :, None, None]))
        self.looks = [self._looks(vocabulary, measure, steps, after) for measure in range(table.numerators.shape[2])]
        self.vocabulary = vocabulary
        self.minimum = minimum

    def _looks(self, vocabulary: Vocabulary, measure: int, steps: Ints, after: Ints) -> list[list[int]]:
        same = np.ones(after.shape, bool)
        b = vocabulary.block_of[measure]
        at = vocabulary.blocks[b].measures.index(measure)
        n, d = self.n[:, :, measure], self.d
        now = look(n, d)
        for t, one in enumerate(vocabulary.types):
            if one.block == b and (one.size or one.met[at]):
                for s, step in enumerate(steps.tolist()):
                    same[:, :, t, s] = look(n + one.met[at] * step, d + one.size * step) == now
        return _packed(same)

    def of(self, o: int, g: int, protection: Protection) -> int:
        """What a cell tolerates under a protection."""
        if g >= self.groups:
            return self.kinds[o][g] & self.veiled[o][g]
        if protection.cells[o, g]:
            small = self.d[o, g] < self.minimum and not protection.veiled[o, g]
            return self.kinds[o][g] & (self.small if small else self.veiled)[o][g]
        mask = self.kinds[o][g] & self.shown[o][g]
        for measure, bits in enumerate(self.looks):
            if not protection.numerators[o, g, measure]:
                mask &= bits[o][g]
        return mask


def look(numerator: Ints, denominator: Ints) -> Ints:
    """What is released of rates that are shown, as one number for band, code and percent; -1 where too small."""
    safe = np.maximum(denominator, bands.BANDS[0][0])
    said = 1 + bands.whole_percent(np.clip(numerator, 0, None), safe)
    said[bands.is_bottom(numerator, safe)] = 0
    said[bands.is_top(numerator, safe)] = 102
    return np.where(denominator < bands.BANDS[0][0], -1, bands.band(safe) * 1000 + said)


def _shown_sizes(d: Ints, minimum: int) -> tuple[Ints, Ints]:
    """The sizes that shown cells could have, for all that their figures tell."""
    starts = [start for start, _code in bands.BANDS]
    ends = np.array([*(start - 1 for start in starts[1:]), _ENDLESS])
    at = np.searchsorted(starts, np.maximum(d, starts[0]), "right") - 1
    known = d <= KNOWN_UP_TO
    return np.where(known, d, np.maximum(np.array(starts)[at], minimum)), np.where(known, d, ends[at])


def _packed(bits: Bools) -> list[list[int]]:
    """(organizations, groups, types, steps) as whole numbers by organization and group."""
    rows = np.packbits(bits.reshape(*bits.shape[:2], -1), axis=-1, bitorder="little")
    return [[int.from_bytes(cell.tobytes(), "little") for cell in row] for row in rows]
