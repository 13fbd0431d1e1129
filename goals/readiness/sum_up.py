"""Up the tree: the sum of the schools, corrected for students with records at more than one of them.

For each organization above, the students who have a record of their own there are those who count below it more than
once: what they contributed below is taken away, what they are at this organization is put in its place. A cooperative
is summed from its members in the same way; no part of it counts for its state, whose districts do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from goals.readiness import cooperatives
from goals.readiness.count import Ints, Records, block
from schools.models import Organization
from schools.models.organization import Kind


def sum_up(
    records: Records, cells: dict[int, Ints], state: Organization, groups: list[int], measures: list[int], year: int
) -> dict[int, Ints]:
    """Cells of every organization from the state down; ``cells`` are those counted from records alone."""
    nodes = list(
        Organization.objects.filter(path__startswith=state.path)
        .exclude(kind=Kind.COOPERATIVE)
        .values_list("pk", "path", "kind", "shared_time")
    )
    path_of = {pk: path for pk, path, _kind, _shared in nodes}
    result = {pk: cells[pk] for pk, _path, kind, _shared in nodes if kind == Kind.SCHOOL and pk in cells}
    step = Organization.steplen
    shared = {pk for pk, _path, _kind, is_shared in nodes if is_shared}
    children: dict[str, list[int]] = {}
    for pk, path, _kind, is_shared in nodes:
        # A shared-time center's students are counted at their own schools.
        if not is_shared:
            children.setdefault(path[:-step], []).append(pk)
    at = _rows_by_organization(records)
    # Only records of schools and of what lies between them and an organization stand for its students.
    where = {pk: path for pk, path in path_of.items() if pk not in shared}

    def corrected(pk: int, below: list[Ints], part_of: Callable[[str], str]) -> Ints:
        total: Ints = np.sum(below, axis=0)
        if pk not in at:
            return total
        counted = _counted_below(records, at[pk], where, part_of)
        return total + cells[pk] - block(records, counted, groups, measures)

    for pk, path, kind, _shared in sorted(nodes, key=lambda node: -len(node[1])):
        if kind == Kind.SCHOOL:
            continue
        below = [result[child] for child in children.get(path, []) if child in result]
        if below:
            result[pk] = corrected(pk, below, _child_of(path))
    for pk, members in cooperatives.members(state, year).items():
        below = [result[member] for member, _path in members if member in result]
        if below:
            result[pk] = corrected(pk, below, _member_of([path for _member, path in members]))
    return result


def _child_of(parent: str) -> Callable[[str], str]:
    """Below which child of ``parent`` a path lies; blank for what does not lie below it."""
    end = len(parent) + Organization.steplen
    return lambda path: path[:end] if path.startswith(parent) and path != parent else ""


def _member_of(members: list[str]) -> Callable[[str], str]:
    """In which of the members, none of which is within another, a path lies; blank for what is in none."""
    return lambda path: next((member for member in members if path.startswith(member)), "")


def _rows_by_organization(records: Records) -> dict[int, Ints]:
    order = np.arange(len(records))
    edges = np.flatnonzero(np.diff(records.organization)) + 1
    return {int(records.organization[rows[0]]): rows for rows in np.split(order, edges) if len(rows)}


def _counted_below(records: Records, own: Ints, where: dict[int, str], part_of: Callable[[str], str]) -> Ints:
    """Rows that stand for the students of ``own`` in the parts below: the highest record of each in each part."""
    candidates = np.flatnonzero(np.isin(records.student, records.student[own]))
    best: dict[tuple[int, str], tuple[int, int]] = {}
    for row in candidates.tolist():
        path = where.get(int(records.organization[row]), "")
        part = part_of(path)
        if not part:
            continue
        key = (int(records.student[row]), part)
        if key not in best or len(path) < best[key][0]:
            best[key] = (len(path), row)
    return np.array(sorted(row for _length, row in best.values()), dtype=np.int64)
