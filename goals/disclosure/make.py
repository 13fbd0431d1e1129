"""What is told of every table of a state and year, in the light of all that was told before and elsewhere."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import structlog
from django.conf import settings

from goals.disclosure import history, nested
from goals.disclosure.families import Family, families
from goals.disclosure.history import Told
from goals.disclosure.insiders import untold
from goals.disclosure.looks import Cell
from goals.disclosure.masks import look
from goals.disclosure.published import Published, published
from goals.disclosure.suppress import everything, solve
from goals.disclosure.table import Bools, Protection
from goals.disclosure.worlds import Worlds
from goals.models import DisclosureSettings, Measure
from goals.models.measure import Basis
from schools.models import Organization

log = structlog.get_logger(__name__)


# Changes with every change of what is withheld or told for the same counts: then every table is made anew.
EDITION = 2


@dataclass
class Made:
    """A table with what is told of it: the counts behind, what is withheld, since when; and what insiders miss."""

    family: Family
    told: Told
    untold: Bools


@dataclass
class Together:
    """Tables that are protected together: the ids of their measures, and a mark of all that they are made of.

    ``made`` is empty where the mark is one that the caller has.
    """

    measures: list[int]
    name: str
    mark: str
    made: list[Made]


def make(
    state: Organization,
    year: int,
    basis: Basis | None,
    chosen: DisclosureSettings,
    *,
    remember: bool,
    marks: Mapping[str, str] | None = None,
) -> Iterator[Together]:
    """The tables of a state and year; with ``remember`` protected together with what was told before, and kept.

    ``marks``: by name, of what there is already; it is not made again.

    Tables of one population tell the same number of students wherever their denominators are equal: what is withheld
    of one is withheld of the other.
    """
    before = history.read(state, year) if remember else {}
    codes = dict(Measure.objects.values_list("pk", "code"))
    for alike in nested.clusters(families(state, year, basis), codes):
        linked = [published(family, year, chosen.least_values) for family in alike]
        measures = sorted({pk for family in alike for pk in family.measures})
        name, mark = " ".join(codes[pk] for pk in measures), mark_of(alike, linked, chosen)
        found = Together(measures, name, mark, [])
        if not marks or marks.get(name) != mark:
            found.made += _made(state, year, alike, linked, chosen, codes, before if remember else None)
        yield found


def mark_of(alike: list[Family], linked: list[Published], chosen: DisclosureSettings) -> str:
    """A mark of everything on which it depends what is told of some tables, without memory of what was told before."""
    found = hashlib.sha256()
    found.update(repr((EDITION, chosen.minimum, chosen.least_values, settings.HSTW_PROTECT_ORGANIZATIONS)).encode())
    for family, beside in zip(alike, linked, strict=True):
        table = family.table
        found.update(repr((family.organizations, family.groups, family.measures, family.events)).encode())
        found.update(repr((table.parent, table.dimensions, table.blocks, sorted(table.members.items()))).encode())
        for counts in (table.denominators, table.numerators, family.sums, beside.withheld):
            found.update(b"-" if counts is None else counts.tobytes())
        found.update(repr((beside.extra, sorted(beside.settled, key=repr), sorted(beside.fixed))).encode())
    return found.hexdigest()


def _made(
    state: Organization,
    year: int,
    alike: list[Family],
    linked: list[Published],
    chosen: DisclosureSettings,
    codes: dict[int, str],
    before: dict[str, history.Arrays] | None,
) -> Iterator[Made]:
    if alike[0].events or max(len(one.organizations) for one in alike) > settings.HSTW_PROTECT_ORGANIZATIONS:
        # How many students stand behind events is not known; and very large tables have not been measured.
        for family in alike:
            yield Made(family, nothing(family), np.zeros(family.table.denominators.shape, bool))
        return
    # Looking at nested populations as one takes too long for large states: there nothing is told of the inner ones.
    if len(alike[0].organizations) > nested.UP_TO:
        inner = {link.inner for link in nested.links(alike, codes) if link.same}
        for at in sorted(inner):
            yield Made(alike[at], nothing(alike[at]), np.zeros(alike[at].table.denominators.shape, bool))
        linked = [beside for at, beside in enumerate(linked) if at not in inner]
        alike = [family for at, family in enumerate(alike) if at not in inner]
    known = [
        history.told(family, [codes[pk] for pk in family.measures], chosen.least_values, (before or {}).values())
        for family in alike
    ]
    found = solve_together(alike, known, linked, chosen, nested.links(alike, codes))
    stay = {at for at, (worlds, _kept) in enumerate(found) if worlds.unsafe and known[at].was.any()}
    # Nor is one of two that are nested made anew where the other stays.
    for link in nested.links(alike, codes):
        stay |= {at for at in (link.outer, link.inner) if stay & {link.outer, link.inner} and known[at].was.any()}
    for at, (family, earlier, (worlds, kept)) in enumerate(zip(alike, known, found, strict=True)):
        if at in stay:
            log.warning("figures stay as they were told", state=state.pk, year=year, counts=len(worlds.unsafe))
            yield Made(family, as_told(family, earlier), np.ones(kept.shape, bool))
            continue
        told = tell(family, worlds, earlier, kept)
        if before is not None:
            history.save(state, year, family, worlds, told)
        yield Made(family, told, untold(worlds))


def solve_together(
    alike: list[Family],
    known: list[Told],
    linked: list[Published],
    chosen: DisclosureSettings,
    links: list[nested.Link],
) -> list[tuple[Worlds, Bools]]:
    """What to withhold of tables that tell something of each other: of one population, or nested (``nested``).

    Each table alone first; then those that are nested in the light of the others; then again whatever has to withhold
    more for another, until nothing has. What is withheld stays so: so the witnesses of the others hold.
    """
    values = chosen.least_values
    extra = [_both(earlier.extra, beside.extra) for earlier, beside in zip(known, linked, strict=True)]
    inner = {link.inner for link in links}
    solved: list[Worlds | None] = [None] * len(alike)
    kept: list[Bools] = [np.zeros(0, bool)] * len(alike)
    for at in sorted(range(len(alike)), key=lambda at: at in inner):
        beside = linked[at]
        if at in inner:
            beside = nested.limits(at, alike, solved, extra, links, values).added_to(beside)
        solved[at], kept[at] = solve_again(alike[at], known[at], beside, chosen)
    found = [(worlds, keep) for worlds, keep in zip(solved, kept, strict=True) if worlds is not None]
    alone = [0 if at in inner else len(worlds.unsafe) for at, (worlds, _kept) in enumerate(found)]
    nested.make_room(alike, [worlds for worlds, _kept in found], extra, links, values)
    before = [copy.deepcopy(worlds.protection) for worlds, _kept in found]
    nested_in = {at for link in links for at in (link.outer, link.inner)}
    first = True
    while True:
        more = shared(alike, [worlds.protection for worlds, _kept in found])
        changed = False
        for at, family in enumerate(alike):
            also = found[at][0].protection
            beside = linked[at]
            if at in nested_in:
                limits = nested.limits(at, alike, [worlds for worlds, _kept in found], extra, links, values)
                beside = limits.added_to(beside)
                if (limits.hidden & ~also.cells).any():
                    more.setdefault(at, also)
            if at in more or (first and at in nested_in):
                if at in more:
                    more[at].add(also)
                found[at] = solve_again(family, known[at], beside, chosen, more.get(at, also))
                changed = True
        first = False
        # Where the outer table is not safe beside the inner one, nothing of the inner one is told: of the places in
        # question first, then at all.
        for link in links if not changed else ():
            outer, inner_worlds = found[link.outer][0], found[link.inner][0]
            if len(outer.unsafe) > alone[link.outer]:
                none = everything(alike[link.inner].table)
                places = {at for o, _g, _m in outer.unsafe for at in outer.chains[o] if not outer.is_top[at]}
                wanted = [there for here, there in nested.rows(alike[link.outer], alike[link.inner]) if here in places]
                veiled = inner_worlds.protection.veiled
                if not (none.veiled[wanted] & ~veiled[wanted]).any():
                    wanted = list(range(len(veiled)))
                    log.warning("nothing is told of a nested population", measures=alike[link.inner].measures)
                if (none.veiled[wanted] & ~veiled[wanted]).any():
                    inner_worlds.protection.cells[wanted] |= none.cells[wanted]
                    veiled[wanted] |= none.veiled[wanted]
                    # Of the outer table no more is withheld than before it was looked at together with this one.
                    outer.protection = copy.deepcopy(before[link.outer])
                    changed = first = True
        if not changed:
            return found


def _both(one: list[list[int]], other: list[list[int]]) -> list[list[int]]:
    return [[a & b for a, b in zip(*row, strict=True)] for row in zip(one, other, strict=True)]


def solve_again(
    family: Family, earlier: Told, linked: Published, chosen: DisclosureSettings, also: Protection | None = None
) -> tuple[Worlds, Bools]:
    """What to withhold of a table after what was told before, and of which cells the earlier figure is kept.

    First, figures that must not change (their counts differ by few students) are taken as withheld, so that nothing
    else tells the difference; then all that is withheld must be safe in the earlier releases and this one at once.
    """
    table = family.table
    few = earlier.few(family, chosen.minimum)
    start = Protection.of(np.array(linked.withheld.all(axis=2)), table.numerators.shape[2])
    start.numerators |= linked.withheld
    if also is not None:
        start.add(also)
    before = earlier.protection
    start.cells |= before.cells & few
    start.numerators |= before.numerators & few[:, :, None]
    start.veiled |= before.veiled & few
    still = few & earlier.differ(family)
    start.cells |= still
    start.veiled |= still & ~before.cells
    told = earlier.was & ~before.cells
    settled = set(linked.settled)
    if still.any():
        start = solve(table, chosen.minimum, chosen.least_values, start, linked.extra, settled, linked.fixed).protection
    if not earlier.was.any():
        worlds = solve(table, chosen.minimum, chosen.least_values, start, linked.extra, settled, linked.fixed)
        return worlds, np.zeros(few.shape, bool)
    kept = start.cells & told & few
    # Where anything changed at a place, no reader can know in which of its groups.
    moved = np.zeros(few.shape, bool)
    moved[:] = earlier.differ(family).any(axis=1, keepdims=True)
    settled |= _settled(kept, earlier)
    worlds = solve(
        table,
        chosen.minimum,
        chosen.least_values,
        start,
        earlier.extra,
        settled,
        linked.fixed,
        moved,
        always=linked.extra,
    )
    # What had to be withheld beside what was told, once more, tells nothing new as it was told.
    now = worlds.protection
    kept |= told & few & (now.cells | (now.numerators & ~before.numerators).any(axis=2))
    return worlds, kept


def _settled(kept: Bools, earlier: Told) -> set[Cell]:
    """Of figures that are kept, the number of students is no secret, nor is a rate that is not coded."""
    coded = look(earlier.n, earlier.d[:, :, None]) % 1000
    found: set[Cell] = set()
    for o, g in np.argwhere(kept).tolist():
        found.add((o, g, None))
        for m in range(earlier.n.shape[2]):
            if coded[o, g, m] not in (0, 102) and not earlier.protection.numerators[o, g, m]:
                found.add((o, g, m))
    return found


def tell(family: Family, worlds: Worlds, earlier: Told, kept: Bools) -> Told:
    """What a reader has after this release: new figures, and those that are kept."""
    today = history.today()
    now = worlds.protection
    table = family.table
    before = earlier.protection
    protection = Protection(
        np.where(kept, before.cells, now.cells),
        # A measure that the family gained since has no earlier figure, and a new one would tell the difference.
        np.where(kept[:, :, None], before.numerators | ~earlier.of, now.numerators),
        np.where(kept, before.veiled, now.veiled),
    )
    return Told(
        now.cells | (table.denominators > 0) | kept,
        np.where(kept, earlier.d, table.denominators),
        np.where(kept[:, :, None], earlier.n, table.numerators),
        protection,
        np.where(kept & (earlier.since > 0), earlier.since, today),
        worlds.left,
        np.ones(table.numerators.shape, bool),
    )


def as_told(family: Family, earlier: Told) -> Told:
    """Everything stays as it was told, and what was not told then is not told now: so no reader learns anything.

    For tables where no protection of the counts of now was found that is safe together with what was told.
    """
    new = ~earlier.was & (family.table.denominators > 0)
    protection = Protection(
        earlier.protection.cells | new,
        earlier.protection.numerators | ~earlier.of,
        earlier.protection.veiled | new,
    )
    return Told(earlier.was, earlier.d, earlier.n, protection, earlier.since, earlier.extra, earlier.of)


def nothing(family: Family) -> Told:
    """Nothing is told of a table."""
    table = family.table
    none = np.zeros(table.denominators.shape, np.int64)
    was = np.zeros(table.denominators.shape, bool)
    return Told(
        was, table.denominators, table.numerators, everything(table), none, [], np.zeros(table.numerators.shape, bool)
    )


def shared(alike: list[Family], protections: list[Protection]) -> dict[int, Protection]:
    """By table: what others of the same population withhold of the same students and it does not yet."""
    more: dict[int, Protection] = {}
    for at, family in enumerate(alike):
        cells = protections[at].cells.copy()
        row = {pk: position for position, pk in enumerate(family.organizations)}
        for other, theirs in zip(alike, protections, strict=True):
            pairs = [(row[pk], their) for their, pk in enumerate(other.organizations) if pk in row]
            ours, their_rows = [one for one, _two in pairs], [two for _one, two in pairs]
            same = family.table.denominators[ours] == other.table.denominators[their_rows]
            cells[ours] |= same & theirs.cells[their_rows]
        if (cells & ~protections[at].cells).any():
            more[at] = Protection(cells, protections[at].numerators, protections[at].veiled)
    return more
