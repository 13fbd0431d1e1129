"""Results that an authority published of the same measure: everybody can lay them beside ours.

A published figure is a fact that no other world may contradict. Where the authority masked it, ours is withheld too:
together they would tell more than either. What is published exactly is no secret any more, so it needs no protection;
but what it tells of others does, and so it counts as known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from goals.disclosure.families import Family
from goals.disclosure.looks import Cell
from goals.disclosure.masks import Vocabulary
from goals.disclosure.table import Bools
from goals.models import ReportedResult
from goals.models.reported import Mask

# What an authority withheld, in full or in part; what does not apply or was not asked for tells nothing.
_MASKED = {Mask.TOP, Mask.BOTTOM, Mask.RANGE, Mask.SMALL, Mask.SUPPRESSED}

# Published rates have one decimal, or more.
_ROUNDED = 0.0501


@dataclass
class Published:
    """What published results mean for a table: what is withheld (organizations, groups, measures), and what is known.

    ``extra``: the bits that they leave to each cell. ``settled``: counts that they tell. ``fixed``: their cells; what
    comes out of them alone, no withholding of ours could keep.
    """

    withheld: Bools
    extra: list[list[int]]
    settled: set[Cell] = field(default_factory=set)
    fixed: set[tuple[int, int]] = field(default_factory=set)


def unpublished(family: Family, values: int) -> Published:
    """Where no authority published anything."""
    table = family.table
    rests = sum(len(dimension) == 1 for dimension in table.dimensions)
    everything = Vocabulary(table.blocks, values).all
    return Published(
        np.zeros(table.numerators.shape, bool),
        [[everything] * (len(family.groups) + rests) for _o in family.organizations],
    )


def published(family: Family, year: int, values: int) -> Published:
    """The published results of a table's measures, organizations, groups and year."""
    vocabulary = Vocabulary(family.table.blocks, values)
    found = unpublished(family, values)
    row = {pk: at for at, pk in enumerate(family.organizations)}
    column = {pk: at for at, pk in enumerate(family.groups)}
    layer = {pk: at for at, pk in enumerate(family.measures)}
    by_cell: dict[tuple[int, int, int], list[ReportedResult]] = defaultdict(list)
    results = ReportedResult.objects.filter(
        year=year, measure__in=family.measures, organization__in=family.organizations, group__in=family.groups
    )
    for result in results.only("organization", "group", "measure", "mask", "denominator", "value", "low", "high"):
        by_cell[row[result.organization_id], column[result.group_id], layer[result.measure_id]].append(result)
    for (o, g, m), of in by_cell.items():
        for one in of:
            _take(found, vocabulary, o, g, m, one, family)
    return found


def _take(
    found: Published, vocabulary: Vocabulary, o: int, g: int, m: int, result: ReportedResult, family: Family
) -> None:
    d, n = int(family.table.denominators[o, g]), int(family.table.numerators[o, g, m])
    if result.mask in _MASKED:
        found.withheld[o, g, m] = d > 0
        if result.low is not None and result.high is not None:
            low, high = float(result.low), float(result.high)
            # Ours may be counted otherwise: where it does not lie within, theirs says nothing about it.
            if d and low <= 100 * n / d <= high:
                found.extra[o][g] &= _within(vocabulary, m, d, n, low, high)
    elif result.mask in {"", Mask.COUNTS} and result.value is not None and d:
        # Theirs may be counted otherwise: then it tells nothing about ours.
        if abs(100 * n / d - float(result.value)) > _ROUNDED:
            return
        found.fixed.add((o, g))
        found.extra[o][g] &= _within(vocabulary, m, None, 0, 0, 0)
        found.settled.add((o, g, m))
        if result.denominator is not None:
            found.settled.add((o, g, None))


def _within(vocabulary: Vocabulary, m: int, d: int | None, n: int, low: float, high: float) -> int:
    """The changes after which a rate still lies between two; without a denominator, those that leave it alone."""
    mask = 0
    b = vocabulary.block_of[m]
    at = vocabulary.blocks[b].measures.index(m)
    for t, one in enumerate(vocabulary.types):
        met = one.met[at] if one.block == b else 0
        for step in vocabulary.steps:
            if d is None:
                stays = not one.size and not met
            elif one.block != b:
                # The number of students alone tells nothing: the kind in the block of the measure decides.
                stays = True
            else:
                after = d + one.size * step
                stays = after > 0 and low <= 100 * (n + met * step) / after <= high
            if stays:
                mask |= vocabulary.bit(t, step)
    return mask
