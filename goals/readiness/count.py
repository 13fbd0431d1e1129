"""From records to cells: all numerators and denominators of an organization are one matrix product.

With G the students × groups bit matrix and M the students × measures matrix, GᵀM counts everything at once. Float32
products of one organization's students are exact below 2²⁴; sums are int64 (design, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from goals.models.measure import BITS, Basis
from schools.models import Organization

Ints = NDArray[np.int64]

# One row of the binary COPY: every field has a fixed width, so that the whole is one array.
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("l0", ">i4"), ("organization", ">i8"),
        ("l1", ">i4"), ("student", ">i8"),
        ("l2", ">i4"), ("b2", ">i4"), ("groups", "u1", (16,)),
        ("l3", ">i4"), ("b3", ">i4"), ("counted", "u1", (16,)),
        ("l4", ">i4"), ("b4", ">i4"), ("met", "u1", (16,)),
        ("l5", ">i4"), ("earned", ">i2"),
        ("l6", ">i4"), ("attempted", ">i2"),
    ]
)  # fmt: skip
_HEADER = 19
_TALLIES = 2


@dataclass(frozen=True)
class Records:
    """The records of a state, basis and year, ordered by organization."""

    organization: Ints
    student: Ints
    groups: NDArray[np.uint8]
    counted: NDArray[np.uint8]
    met: NDArray[np.uint8]
    tallies: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.organization)


def read(state: Organization, basis: Basis, year: int) -> Records:
    """Read the records by binary COPY."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY (SELECT r.organization_id, r.student_id, r.groups, r.counted, r.met, r.credentials_earned,"
            " r.credentials_attempted FROM goals_readinessrecord r"
            " JOIN schools_organization o ON o.id = r.organization_id"
            " WHERE starts_with(o.path, %s) AND r.basis = %s AND r.year = %s ORDER BY r.organization_id)"
            " TO STDOUT (FORMAT BINARY)",
            [state.path, basis, year],
        ) as copy,
    ):
        data = b"".join(bytes(block) for block in copy)
    rows = np.frombuffer(data, _ROW, count=(len(data) - _HEADER - 2) // _ROW.itemsize, offset=_HEADER)
    return Records(
        organization=rows["organization"].astype(np.int64),
        student=rows["student"].astype(np.int64),
        groups=rows["groups"],
        counted=rows["counted"],
        met=rows["met"],
        tallies=np.stack([rows["earned"], rows["attempted"]], axis=1).astype(np.int64),
    )


def count(records: Records, groups: list[int], measures: list[int]) -> dict[int, Ints]:
    """Cells by organization: an array (groups, measures + 1, 2) of denominators and numerators.

    The last measure is the tally: attempts and events.
    """
    cells = {}
    edges = np.flatnonzero(np.diff(records.organization)) + 1
    starts = np.concatenate([[0], edges]) if len(records) else np.array([], int)
    ends = np.concatenate([edges, [len(records)]]) if len(records) else starts
    for start, end in zip(starts, ends, strict=True):
        cells[int(records.organization[start])] = block(records, slice(start, end), groups, measures)
    return cells


def block(records: Records, which: slice | NDArray[np.int64], groups: list[int], measures: list[int]) -> Ints:
    """The cells of some records taken together."""
    g = _unpacked(records.groups[which], groups)
    m = np.concatenate([_unpacked(records.counted[which], measures), _unpacked(records.met[which], measures)], axis=1)
    product = (g.T @ m).astype(np.int64)
    tallies = (g.T.astype(np.int64) @ records.tallies[which]).reshape(len(groups), _TALLIES)
    cells = np.empty((len(groups), len(measures) + 1, 2), np.int64)
    cells[:, :-1, 0] = product[:, : len(measures)]
    cells[:, :-1, 1] = product[:, len(measures) :]
    cells[:, -1, 0], cells[:, -1, 1] = tallies[:, 1], tallies[:, 0]
    return cells


def _unpacked(bits: NDArray[np.uint8], positions: list[int]) -> NDArray[np.float32]:
    return np.unpackbits(bits, axis=1, count=BITS)[:, positions].astype(np.float32)
