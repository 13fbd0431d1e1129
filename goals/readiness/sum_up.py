"""Up the tree: the sum of the schools, corrected for students with records at more than one of them.

For each organization above, the students who have a record of their own there are those who count below it more than
once: what they contributed below is taken away, what they are at this organization is put in its place.
"""

from __future__ import annotations

import numpy as np

from goals.readiness.count import Ints, Records, block
from schools.models import Organization
from schools.models.organization import Kind


def sum_up(
    records: Records, cells: dict[int, Ints], state: Organization, groups: list[int], measures: list[int]
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
    for pk, path, kind, _shared in sorted(nodes, key=lambda node: -len(node[1])):
        if kind == Kind.SCHOOL:
            continue
        below = [result[child] for child in children.get(path, []) if child in result]
        if not below:
            continue
        total = np.sum(below, axis=0)
        if pk in at:
            total = (
                total
                + cells[pk]
                - block(records, _counted_below(records, at[pk], path, path_of, shared), groups, measures)
            )
        result[pk] = total
    return result


def _rows_by_organization(records: Records) -> dict[int, Ints]:
    order = np.arange(len(records))
    edges = np.flatnonzero(np.diff(records.organization)) + 1
    return {int(records.organization[rows[0]]): rows for rows in np.split(order, edges) if len(rows)}


def _counted_below(records: Records, own: Ints, path: str, path_of: dict[int, str], shared: set[int]) -> Ints:
    """Rows that stand for the students of ``own`` in the children: the highest record of each in each child."""
    step = Organization.steplen
    students = set(records.student[own].tolist())
    candidates = np.flatnonzero(np.isin(records.student, records.student[own]))
    best: dict[tuple[int, str], tuple[int, int]] = {}
    for row in candidates.tolist():
        organization = int(records.organization[row])
        where = path_of.get(organization, "")
        if not where.startswith(path) or where == path or organization in shared:
            continue
        student = int(records.student[row])
        if student not in students:
            continue
        key = (student, where[: len(path) + step])
        if key not in best or len(where) < best[key][0]:
            best[key] = (len(where), row)
    return np.array(sorted(row for _length, row in best.values()), dtype=np.int64)
