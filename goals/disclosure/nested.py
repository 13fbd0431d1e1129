"""Measures of different populations that tell something about each other: who meets the one is counted by the other.

The concentrators among the graduates are a numerator, and the denominator of what concentrators earn. So a figure of
either population is told only as far as both together leave every hidden count its values:

- Where the outer numerator is withheld or coded, nothing is told of the inner population, not even that it is empty.
- A world of the outer table that changes the numerator is one of the inner too, with students who come and meet
  nothing; it counts only where the inner figures stay what they are.
- A world of the inner table that changes its size is one of the outer, where as many students of the same population
  meet the measure or do not; it counts only where the outer figures stay what they are.
- How many there are in the inner population is what the outer figure says: where that is told, and not coded, it is no
  secret of the inner one. Their results are.

Protections only grow from one table to the other and back, and what looks the same still does when more is withheld:
so the worlds that were found stay witnesses, and it ends. Each world changes both tables, and so proves for both.

``WITHIN`` are other pairs: the inner population is a part of the outer and meets the same. Of these it is only seen to
that the rest (the outer without the inner) is no small group and no exact all or none, and that the inner figure is
not told where the outer is withheld or coded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from goals.disclosure.families import NESTED, WITHIN, Family
from goals.disclosure.looks import Cell
from goals.disclosure.masks import Vocabulary, look
from goals.disclosure.published import Published
from goals.disclosure.suppress import of_cell
from goals.disclosure.table import Bools, Ints, Protection
from goals.disclosure.worlds import Worlds

# Organizations of a state up to which nested populations are looked at as one (measured with 16).
UP_TO = 60
# Worlds of a count that are weighed against each other.
_TRIED = 60


@dataclass(frozen=True)
class Link:
    """Positions of two families among those protected together, and the layer of the outer one that is meant."""

    outer: int
    layer: int
    inner: int
    # Whether the numerator is the denominator; else the inner population is a part that meets the same.
    same: bool
    inner_layers: tuple[int, ...]

    def of_the_same(self, other: Link) -> bool:
        """Whether both mean one numerator."""
        return self.same and other.same and (self.outer, self.layer) == (other.outer, other.layer)


def links(together: list[Family], codes: dict[int, str]) -> list[Link]:
    """What of some families is nested in what: by the codes of measures (by id)."""
    found = []
    named = [[codes[pk] for pk in family.measures] for family in together]
    for pairs, same in ((NESTED, True), (WITHIN, False)):
        for of, parts in pairs.items():
            for outer, names in enumerate(named):
                for inner, theirs in enumerate(named):
                    if of in names and (layers := tuple(at for at, code in enumerate(theirs) if code in parts)):
                        found.append(Link(outer, names.index(of), inner, same, layers))
    return found


def clusters(together: list[Family], codes: dict[int, str]) -> list[list[Family]]:
    """Families that are protected together: of one population, and of populations nested in each other."""
    root: dict[str, str] = {family.population: family.population for family in together}

    def find(one: str) -> str:
        while root[one] != one:
            one = root[one]
        return one

    for link in links(together, codes):
        root[find(together[link.inner].population)] = find(together[link.outer].population)
    found: dict[str, list[Family]] = {}
    for family in together:
        found.setdefault(find(family.population), []).append(family)
    return list(found.values())


def rows(outer: Family, inner: Family) -> list[tuple[int, int]]:
    """The rows of the same places: (of the outer table, of the inner)."""
    at = {pk: position for position, pk in enumerate(outer.organizations)}
    return [(at[pk], row) for row, pk in enumerate(inner.organizations) if pk in at]


def withheld(link: Link, outer: Family, inner: Family, protection: Protection) -> Bools:
    """Where nothing of the inner table may be told, for what is not told of the outer (organizations, groups)."""
    table, part = outer.table, inner.table
    d, n = table.denominators, table.numerators[:, :, link.layer]
    said: Ints = look(n, d) % 1000
    hidden = protection.cells | protection.numerators[:, :, link.layer] | (d > 0) & ((said == 0) | (said == 102))
    found = np.zeros(part.denominators.shape, bool)
    for here, there in rows(outer, inner):
        found[there] = hidden[here]
        if not link.same:
            rest = d[here] - part.denominators[there]
            for layer in link.inner_layers:
                met = n[here] - part.numerators[there, :, layer]
                found[there] |= (rest > 0) & ((rest < 10) | (met <= 0) | (met >= rest))
            found[there] &= part.denominators[there] > 0
    return found


def settled(link: Link, outer: Family, inner: Family) -> set[Cell]:
    """The sizes of the inner table that are the outer numerators: where those are a secret, they are kept there."""
    found: set[Cell] = set()
    numerators = outer.table.numerators[:, :, link.layer]
    groups = numerators.shape[1]
    rests = [dimension[0] for dimension in inner.table.dimensions if len(dimension) == 1]
    for here, there in rows(outer, inner):
        same = numerators[here] == inner.table.denominators[there]
        found |= {(there, g, None) for g in range(groups) if same[g]}
        found |= {(there, groups + at, None) for at, group in enumerate(rests) if same[0] and same[group]}
    return found


Extra = list[list[int]]


@dataclass
class Limits:
    """What the other tables of a cluster mean for one: bits left to its cells, what is withheld, which sizes are known.

    ``extra`` are the bits of the table itself, to be narrowed.
    """

    vocabulary: Vocabulary
    extra: Extra
    hidden: Bools
    settled: set[Cell]

    def by(self, other: Worlds, theirs: Extra, layer: int | None, of: int | None, pairs: list[tuple[int, int]]) -> None:
        """Leave the changes that the figures of another table would not show.

        ``layer``: the numerator of this table whose changes are changes of the other's size; ``None`` where it is
        the size of this one. ``of``: the numerator of the other that changes; ``None`` where its size does, by
        students who meet nothing. ``pairs``: rows of the same places, (of the other, of this).
        """
        picks = _by_change(self.vocabulary, layer)
        for there, here in pairs:
            for g, mask in enumerate(theirs[there]):
                mask &= other.tolerance.of(there, g, other.protection)
                allowed = _come(other, mask) if of is None else _exchanged(other, mask, of)
                for change, bits in picks.items():
                    if change not in allowed:
                        self.extra[here][g] &= ~bits

    def added_to(self, linked: Published) -> Published:
        """What others tell of the table, with this."""
        return replace(
            linked,
            withheld=linked.withheld | self.hidden[:, :, None],
            extra=[[a & b for a, b in zip(*row, strict=True)] for row in zip(linked.extra, self.extra, strict=True)],
            settled=linked.settled | self.settled,
        )


def limits(
    at: int, together: list[Family], solved: list[Worlds | None], extra: list[Extra], found: list[Link], values: int
) -> Limits:
    """What the tables solved so far mean for the one at ``at``."""
    own = together[at]
    vocabulary = Vocabulary(own.table.blocks, values)
    result = Limits(
        vocabulary,
        [[vocabulary.all] * len(row) for row in extra[at]],
        np.zeros(own.table.denominators.shape, bool),
        set(),
    )
    for link in found:
        outer, inner = solved[link.outer], solved[link.inner]
        if link.inner == at and outer is not None:
            family = together[link.outer]
            result.hidden |= withheld(link, family, own, outer.protection)
            if link.same:
                result.settled |= settled(link, family, own)
                result.by(outer, extra[link.outer], None, link.layer, rows(family, own))
        if not link.same:
            continue
        if link.outer == at and inner is not None:
            result.by(inner, extra[link.inner], link.layer, None, rows(together[link.inner], own))
        for beside in found:
            # Another table of the same numerator: what changes the size of one does of the other.
            other = solved[beside.inner]
            if at != beside.inner and link.inner == at and other is not None and beside.of_the_same(link):
                result.by(other, extra[beside.inner], None, None, rows(together[beside.inner], own))
    return result


def make_room(together: list[Family], solved: list[Worlds], extra: list[Extra], found: list[Link], values: int) -> None:
    """Withhold of inner tables what would show the worlds that hidden counts of outer ones need, the cheapest first.

    More would otherwise be withheld of the outer table, which is the larger.
    """
    for at in sorted({link.outer for link in found if link.same}):
        outer = solved[at]
        before = outer.always
        narrowed = limits(at, together, list(solved), extra, found, values).extra
        own = before if before is not None else [[outer.vocabulary.all] * len(row) for row in extra[at]]
        outer.leave([[a & b for a, b in zip(*row, strict=True)] for row in zip(own, narrowed, strict=True)])
        cells = [cell for o, row in enumerate(outer.d) for g in range(len(row)) for cell in of_cell(outer, o, g)]
        unsafe = [(cell, set(seen.values)) for cell in cells if not (seen := outer.search(cell)).safe]
        outer.leave(before)
        inner = [
            (solved[link.inner], dict(rows(together[at], together[link.inner])))
            for link in found
            if link.same and link.outer == at
        ]
        for cell, values_left in unsafe:
            _room_for(outer, cell, values_left, inner)


def _room_for(outer: Worlds, cell: Cell, left: set[int], inner: list[tuple[Worlds, dict[int, int]]]) -> None:
    """Withhold of the inner tables what a count needs to take enough values."""
    best: dict[int, tuple[float, int, list[tuple[Worlds, int, int]]]] = {}
    for tried, (changes, parts) in enumerate(outer.witnesses(cell)):
        told = [
            (part, row[o], g)
            for part, row in inner
            for organizations, g, _sign in parts
            for o in organizations
            if o in row and g < part.groups and not part.protection.veiled[row[o], g]
        ]
        cost = sum(part.cost(o, g) for part, o, g in told if not part.is_hidden(o, g))
        for change in changes:
            if change not in best or cost < best[change][0]:
                best[change] = cost, tried, told
        if tried >= _TRIED:
            break
    for change, (_cost, _at, told) in sorted(best.items(), key=lambda item: item[1][:2]):
        if len(left) >= outer.needed:
            return
        if change in left:
            continue
        left.add(change)
        for part, o, g in told:
            part.protection.veiled[o, g] = True
            part.hide(o, g)


def _come(worlds: Worlds, mask: int) -> set[int]:
    """How many students who meet nothing may come (or go) without any figure showing it."""
    vocabulary = worlds.vocabulary
    nothing = [t for t, one in enumerate(vocabulary.types) if one.size and not any(one.met)]
    blocks = range(len(vocabulary.blocks))
    per_block = [[t for t in nothing if vocabulary.types[t].block == b] for b in blocks]
    return {
        step
        for step in vocabulary.steps
        if all(any(mask & vocabulary.bit(t, step) for t in kinds) for kinds in per_block)
    }


def _exchanged(worlds: Worlds, mask: int, layer: int) -> set[int]:
    """By how much a numerator may change, of the same students, without any figure showing it."""
    return {step for step, bits in worlds.vocabulary.exchanged[layer].items() if mask & bits}


def _by_change(vocabulary: Vocabulary, layer: int | None) -> dict[int, int]:
    """The bits that change a numerator, or (``None``) the number of students, by how much."""
    found: dict[int, int] = {}
    for t, one in enumerate(vocabulary.types):
        if layer is None:
            per_step = one.size
        elif one.block == vocabulary.block_of[layer]:
            per_step = one.met[vocabulary.blocks[one.block].measures.index(layer)]
        else:
            continue
        for step in vocabulary.steps:
            if per_step:
                found[per_step * step] = found.get(per_step * step, 0) | vocabulary.bit(t, step)
    return found
