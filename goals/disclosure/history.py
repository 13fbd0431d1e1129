"""What the public was told before: a later release of a state and year is protected together with the earlier ones.

Whoever reads a release may have kept an earlier one. So there is one memory per state and year of what was published.
The network's release is made anew by each rollup, without memory: with it whole tables of a large state would stand
still from the first night on, and its readers are bound by their agreement not to set nights against each other
(``docs/decisions``). The rules:

- What was withheld stays withheld while its counts are what they were, or differ by fewer students than the minimum.
- A figure that was told stays as it was told (with its day) while its counts differ by fewer students than the
  minimum; so does whatever would tell the difference together with others. It is made anew once so many changed.
- Hidden counts of places where nothing changed are safe in all releases at once: a world counts as a witness only
  where the same students, changed in the counts of then and of now alike, would have left every figure of every
  release as it was. Of each cell it is kept which small changes its figures would not have shown so far (``masks``);
  a new release can only take from these. Where a place has changed, its counts are safe in the release of now,
  whatever is known of then: nobody knows from figures what changed there, and by how much.
- Where no protection is found that is safe together with what was told, the whole table stays as it was told.

Counts may differ by fewer students than there were changes, where some came and some went: net differences are what a
reader of counts could work out, and they are what is protected. The exact counts behind what was told are kept to
compare with; they are as confidential as cells.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goals.disclosure.families import Family
from goals.disclosure.masks import Vocabulary
from goals.disclosure.table import Bools, Ints, Protection
from goals.disclosure.worlds import Worlds
from goals.models import Measure, ReleasedTable
from schools.models import Organization


@dataclass
class Told:
    """What was told of a family so far, in its order: by organization and group.

    ``was``: there was a figure, or it was withheld. ``d`` and ``n`` are the counts behind what was told, ``since`` the
    ordinal of its day. ``extra``: the bits that are left to each cell, with the rests of a yes or no.
    """

    was: Bools
    d: Ints
    n: Ints
    protection: Protection
    since: Ints
    extra: list[list[int]]
    # Of which measures anything was told or withheld (organizations, groups, measures): a family can gain one.
    of: Bools

    def few(self, family: Family, minimum: int) -> Bools:
        """Where counts differ from those told by no student, or by fewer than the minimum."""
        d, n = family.table.denominators, family.table.numerators
        most: Ints = np.maximum(np.abs(d - self.d), np.abs(n - self.n).max(axis=2, initial=0))
        found: Bools = self.was & (most < minimum)
        return found

    def differ(self, family: Family) -> Bools:
        """Where counts are not those told."""
        found: Bools = (family.table.denominators != self.d) | (family.table.numerators != self.n).any(axis=2)
        return found


def _type_keys(vocabulary: Vocabulary, measures: list[str]) -> list[str]:
    """The types of change by what they mean, whatever the order of the measures."""
    keys = []
    for one in vocabulary.types:
        block = vocabulary.blocks[one.block]
        names = [measures[at] for at in block.measures]
        kinds = sorted((atom, count) for atom, count in zip(block.atoms, one.kinds, strict=True) if count)
        keys.append(json.dumps([names, kinds]))
    return keys


def _columns(family: Family) -> list[int]:
    """Groups, and the rests of yes-or-no groups as negative ids."""
    rests = [dimension[0] for dimension in family.table.dimensions if len(dimension) == 1]
    return [*family.groups, *(-family.groups[at] for at in rests)]


def save(state: Organization, year: int, family: Family, worlds: Worlds, told: Told) -> None:
    """Keep what was told: ``told`` is what a reader has now (counts, what was withheld, days)."""
    codes = dict(Measure.objects.filter(pk__in=family.measures).values_list("pk", "code"))
    measures = [codes[pk] for pk in family.measures]
    width = (worlds.vocabulary.all.bit_length() + 7) // 8
    bits = np.frombuffer(
        b"".join(mask.to_bytes(width, "little") for row in worlds.left for mask in row), np.uint8
    ).reshape(len(worlds.left), -1, width)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        organizations=np.array(family.organizations),
        columns=np.array(_columns(family)),
        measures=np.array(measures),
        steps=np.array(worlds.vocabulary.steps),
        types=np.array(_type_keys(worlds.vocabulary, measures)),
        bits=bits,
        d=told.d,
        n=told.n,
        since=told.since,
        cells=told.protection.cells,
        numerators=told.protection.numerators,
        veiled=told.protection.veiled,
    )
    name = " ".join(measures)
    for old in ReleasedTable.objects.filter(organization=state, year=year).exclude(name=name).only("pk", "name"):
        if set(old.name.split()) <= set(measures):
            old.delete()
    ReleasedTable.objects.update_or_create(organization=state, year=year, name=name, defaults={"data": file.getvalue()})


Arrays = dict[str, NDArray[Any]]


def read(state: Organization, year: int) -> dict[str, Arrays]:
    """Everything told of a state and year so far: by name."""
    found = {}
    for row in ReleasedTable.objects.filter(organization=state, year=year).order_by("pk"):
        with np.load(io.BytesIO(bytes(row.data)), allow_pickle=False) as file:
            found[row.name] = {key: file[key] for key in file.files}
    return found


def told(family: Family, measures: list[str], values: int, earlier: Iterable[Arrays]) -> Told:
    """What was told of a family so far, from all tables that have one of its measures (by code)."""
    shape = family.table.numerators.shape
    vocabulary = Vocabulary(family.table.blocks, values)
    columns = _columns(family)
    extra = [[vocabulary.all] * len(columns) for _o in range(shape[0])]
    found = Told(
        np.zeros(shape[:2], bool),
        family.table.denominators.copy(),
        family.table.numerators.copy(),
        Protection.of(np.zeros(shape[:2], bool), shape[2]),
        np.zeros(shape[:2], np.int64),
        extra,
        np.zeros(shape, bool),
    )
    keys = _type_keys(vocabulary, measures)
    for one in earlier:
        theirs = one["measures"].tolist()
        if shared := [(measures.index(code), theirs.index(code)) for code in theirs if code in measures]:
            _add(found, one, shared, family, columns)
            _leave(extra, one, vocabulary, keys, family, columns)
    return found


def _positions(ours: list[int], theirs: list[int]) -> tuple[list[int], list[int]]:
    at = {pk: position for position, pk in enumerate(theirs)}
    pairs = [(position, at[pk]) for position, pk in enumerate(ours) if pk in at]
    return [one for one, _two in pairs], [two for _one, two in pairs]


def _add(found: Told, one: Arrays, shared: list[tuple[int, int]], family: Family, columns: list[int]) -> None:
    groups = len(family.groups)
    rows, old_rows = _positions(list(family.organizations), one["organizations"].tolist())
    of, old_of = _positions(columns[:groups], one["columns"].tolist())
    if not rows or not of:
        return
    here, there = np.ix_(rows, of), np.ix_(old_rows, old_of)
    cells = one["cells"][there].astype(bool)
    found.was[here] |= (one["d"][there] > 0) | cells
    # Of groups of a place that had figures it was told, too, that there was nobody.
    anybody = np.repeat(one["d"][old_rows, :1] > 0, len(of), axis=1)
    found.d[here] = np.where(anybody, one["d"][there], found.d[here])
    found.since[here] = np.maximum(found.since[here], one["since"][there])
    # What one table withheld, no other told.
    found.protection.cells[here] |= cells
    found.protection.veiled[here] |= one["veiled"][there].astype(bool)
    for ours, theirs in shared:
        found.of[:, :, ours][here] |= (one["d"][there] > 0) | cells
        n = found.n[:, :, ours]
        n[here] = np.where(anybody, one["n"][:, :, theirs][there], n[here])
        found.protection.numerators[:, :, ours][here] |= one["numerators"][:, :, theirs][there].astype(bool)


def _leave(
    extra: list[list[int]], one: Arrays, vocabulary: Vocabulary, keys: list[str], family: Family, columns: list[int]
) -> None:
    """Take from the bits what an earlier release would have shown.

    Types that it knew nothing of are left only where it told nothing.
    """
    steps, types = one["steps"].tolist(), one["types"].tolist()
    their_steps = len(steps)
    place = np.array(
        [
            types.index(key) * their_steps + steps.index(step) if key in types and step in steps else -1
            for key in keys
            for step in vocabulary.steps
        ]
    )
    rows, old_rows = _positions(list(family.organizations), one["organizations"].tolist())
    of, old_of = _positions(columns, one["columns"].tolist())
    bits = np.unpackbits(one["bits"].astype(np.uint8), axis=-1, bitorder="little")
    hidden = np.ones(bits.shape[:2], bool)
    hidden[:, : one["cells"].shape[1]] = one["cells"]
    left = np.where(place >= 0, bits[:, :, place], hidden[:, :, None])
    packed = np.packbits(left, axis=-1, bitorder="little")
    for o, old_o in zip(rows, old_rows, strict=True):
        if one["d"][old_o, 0]:
            for g, old_g in zip(of, old_of, strict=True):
                extra[o][g] &= int.from_bytes(packed[old_o, old_g].tobytes(), "little")


def today() -> int:
    """The day of a release, as it is kept."""
    return dt.date.today().toordinal()
