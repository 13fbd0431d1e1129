"""From cells to the tables that are protected: one per family of measures that count the same students."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import Case, IntegerField, Q, When

from goals.disclosure.table import Atom, Block, Ints, Table
from goals.models import Measure, StudentGroup
from goals.models.measure import Basis, Dimension, MeasureKind
from goals.readiness.computed import Computed, all_computed
from hstw.values import SchoolYear
from schools.models import CooperativeMember, Organization
from schools.models.organization import Kind

# Measures whose numerators are tied together, with the kinds of students there can be. Ready for both is part of
# each, either is one or both, neither is the rest; who has graduated in four years has so in five.
_READY: tuple[Atom, ...] = ((0, 0, 0, 0, 1), (1, 0, 0, 1, 0), (0, 1, 0, 1, 0), (1, 1, 1, 1, 0))
_PARTS = ("ACADEMIC", "CAREER", "BOTH", "EITHER", "NEITHER")
TIED: tuple[tuple[tuple[str, ...], tuple[Atom, ...]], ...] = (
    (tuple(f"READY_{part}" for part in _PARTS), _READY),
    (("ACGR4", "ACGR5", "ACGR6"), ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1))),
    *(
        (tuple(f"STATE_READY_{part}_{of}" for part in _PARTS), _READY)
        for of in ("GRADUATES", "COHORT", "ON_TIME", "SENIORS")
    ),
)
_ALONE: tuple[Atom, ...] = ((0,), (1,))
# By the measure whose numerator it is, the measures that have it as their denominator (``nested``).
NESTED: dict[str, frozenset[str]] = {
    "CTE_CONCENTRATOR": frozenset({"PERKINS_5S1", "PERKINS_5S2", "PERKINS_5S3"}),
    "AP_TAKEN": frozenset({"AP_SUCCESS"}),
    "IB_TAKEN": frozenset({"IB_SUCCESS"}),
    "DUAL_ENROLLED": frozenset({"DUAL_SUCCESS"}),
}
# By the measure of all, the same of a part of them.
WITHIN: dict[str, frozenset[str]] = {"ACGR4": frozenset({"PERKINS_1S1"}), "ACGR5": frozenset({"PERKINS_1S2"})}


@dataclass(frozen=True)
class Family:
    """A table, and whose its rows, columns and layers are (ids of organizations, groups, measures).

    ``events``: counts of events, not of students: how many students stand behind them is not known.
    """

    table: Table
    organizations: tuple[int, ...]
    groups: tuple[int, ...]
    measures: tuple[int, ...]
    population: str
    events: bool = False
    # Sums of scores, and how many students have one: ``sums`` are the scores (organizations, groups). In the table
    # half of the students stand for those who meet it: what is withheld depends on the numbers of students alone.
    sums: Ints | None = None


def families(state: Organization, year: int, basis: Basis | None = None) -> list[Family]:
    """The tables of a state and year, all or those of one basis; measures that count the same students together."""
    rules = [one for one in all_computed() if basis in {None, one.basis}]
    rows = {row.code: row for row in Measure.objects.all()}
    populations: dict[str, list[Computed]] = {}
    for rule in rules:
        if rows[rule.code].kind == MeasureKind.STUDENT_RATE:
            populations.setdefault(f"{rule.basis} {rule.counted!r}", []).append(rule)
    cells = _Cells(state, year)
    found = []
    for population, measures in populations.items():
        # Where evidence is loaded for some schools only, measures of one population differ in their denominators.
        alike: dict[bytes, list[str]] = {}
        for measure in measures:
            if (d := cells.denominators(rows[measure.code].pk)).any():
                alike.setdefault(d.tobytes(), []).append(measure.code)
        for codes in alike.values():
            # Where nobody meets the one, it is said of the other that there are few, as where there are some.
            outer = {rows[of].pk for of, parts in NESTED.items() if not parts.isdisjoint(codes) and of in rows}
            found.append(cells.family([rows[code] for code in codes], population, none_of=outer))
    for row in rows.values():
        if row.kind == MeasureKind.MEAN and basis in {None, row.basis} and cells.denominators(row.pk).any():
            found.append(cells.family([row], row.code, mean=True))
    events = [row for row in rows.values() if row.kind == MeasureKind.TALLY and not row.state]
    for row in events:
        if basis in {None, row.basis} and cells.denominators(row.pk).any():
            found.append(cells.family([row], row.code, events=True))
    return found


class _Cells:
    """The exact cells of a state and year, as arrays over its organizations and groups."""

    def __init__(self, state: Organization, year: int) -> None:
        # Cooperatives last: what stands beside the tree comes after it.
        nodes = list(
            Organization.objects.filter(path__startswith=state.path)
            .annotate(beside=Case(When(kind=Kind.COOPERATIVE, then=1), default=0, output_field=IntegerField()))
            .order_by("beside", "path")
            .values_list("pk", "path", "shared_time")
        )
        self.cooperatives = set(
            Organization.objects.filter(path__startswith=state.path, kind=Kind.COOPERATIVE).values_list("pk", flat=True)
        )
        self.members = _members(self.cooperatives, year)
        self.nodes = nodes
        self.row = {pk: at for at, (pk, _path, _shared) in enumerate(nodes)}
        groups = list(StudentGroup.objects.filter(bit__isnull=False).order_by("bit"))
        groups.sort(key=lambda group: group.dimension != Dimension.ALL)
        self.groups = groups
        column = {group.pk: at for at, group in enumerate(groups)}
        self.values: dict[int, tuple[Ints, Ints]] = {}
        shape = (len(nodes), len(groups))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.organization_id, c.measure_id, c.group_id, c.denominator, c.numerator"
                " FROM goals_measurecell c JOIN schools_organization o ON o.id = c.organization_id"
                " WHERE starts_with(o.path, %s) AND c.year = %s",
                [state.path, year],
            )
            for organization, measure, group, d, n in cursor:
                if organization not in self.row or group not in column:
                    continue
                if measure not in self.values:
                    self.values[measure] = (np.zeros(shape, np.int64), np.zeros(shape, np.int64))
                at = self.row[organization], column[group]
                self.values[measure][0][at], self.values[measure][1][at] = d, n
        self.none = np.zeros(shape, np.int64)

    def denominators(self, measure: int) -> Ints:
        return self.values[measure][0] if measure in self.values else self.none

    def family(
        self,
        measures: list[Measure],
        population: str,
        *,
        events: bool = False,
        mean: bool = False,
        none_of: Collection[int] = (),
    ) -> Family:
        """The table of measures with the same denominators, over the organizations where anybody is counted.

        And where nobody meets a measure of ``none_of``, who are those who are counted.
        """
        d = self.denominators(measures[0].pk)
        n = np.stack([self.values[measure.pk][1] for measure in measures], axis=2)
        sums = n[:, :, 0] if mean else None
        if mean:
            n = (d // 2)[:, :, None]
        counted = d[:, 0] > 0
        for of in none_of:
            if of in self.values:
                many, met = self.values[of]
                counted |= (many[:, 0] > 0) & (met[:, 0] == 0)
        kept = np.flatnonzero(counted).tolist()
        at = {self.nodes[row][1]: position for position, row in enumerate(kept)}
        step = Organization.steplen
        # A shared-time center's students are counted at their own schools: nothing above it is a sum of it.
        parent = tuple(
            -1
            if self.nodes[row][2] or self.nodes[row][0] in self.cooperatives
            else at.get(self.nodes[row][1][:-step], -1)
            for row in kept
        )
        position = {self.nodes[row][0]: position for position, row in enumerate(kept)}
        members = {
            position[pk]: found
            for pk in self.cooperatives & position.keys()
            if (found := tuple(position[one] for one in self.members.get(pk, ()) if one in position))
        }
        blocks = _blocks([one.code for one in measures])
        table = Table(parent, self._dimensions(), blocks, d[kept], n[kept], members)
        return Family(
            table,
            tuple(self.nodes[row][0] for row in kept),
            tuple(group.pk for group in self.groups),
            tuple(measure.pk for measure in measures),
            population,
            events,
            sums[kept] if sums is not None else None,
        )

    def _dimensions(self) -> tuple[tuple[int, ...], ...]:
        found: dict[str, list[int]] = {}
        for at, group in enumerate(self.groups):
            if group.dimension != Dimension.ALL:
                found.setdefault(group.dimension, []).append(at)
        return tuple(tuple(one) for one in found.values())


def _members(cooperatives: Iterable[int], year: int) -> dict[int, list[int]]:
    """By cooperative, its members at the end of a school year: those it is summed from."""
    day = SchoolYear(year).last_day
    found: dict[int, list[int]] = defaultdict(list)
    rows = CooperativeMember.objects.filter(
        Q(ends=None) | Q(ends__gte=day), starts__lte=day, cooperative__in=list(cooperatives)
    )
    for cooperative, member in rows.values_list("cooperative_id", "member_id"):
        found[cooperative].append(member)
    return found


def _blocks(codes: list[str]) -> tuple[Block, ...]:
    """Measures tied together, as far as they are here, and the others one by one."""
    left, found = list(codes), []
    for tied, atoms in TIED:
        here = [at for at, code in enumerate(tied) if code in left]
        if len(here) < 2:
            continue
        kinds = _distinct(tuple(atom[at] for at in here) for atom in atoms)
        # Fewer measures than kinds need do not say how many there are of each; more than they need do.
        if np.linalg.matrix_rank([[1, *kind] for kind in kinds]) == len(kinds):
            found.append(Block(tuple(codes.index(tied[at]) for at in here), kinds))
            left = [code for code in left if code not in tied]
    found += [Block((codes.index(code),), _ALONE) for code in left]
    return tuple(found)


def _distinct(atoms: Iterable[Atom]) -> tuple[Atom, ...]:
    return tuple(dict.fromkeys(atoms))
