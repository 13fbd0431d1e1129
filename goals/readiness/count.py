"""From records to cells: all numerators and denominators of an organization are one matrix product.

With G the students × groups bit matrix and M the students × measures matrix, GᵀM counts everything at once. Float32
products of one organization's students are exact below 2²⁴; sums are int64 (design, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from goals.models.measure import BITS, Basis
from goals.readiness.amounts import Amount, amounts
from schools.models import Organization

Ints = NDArray[np.int64]

# One row of the binary COPY: every field has a fixed width, so that the whole is one array.
_FIELDS: list[tuple[Any, ...]] = [
    ("fields", ">i2"),
    ("l0", ">i4"), ("organization", ">i8"),
    ("l1", ">i4"), ("student", ">i8"),
    ("l2", ">i4"), ("b2", ">i4"), ("groups", "u1", (16,)),
    ("l3", ">i4"), ("b3", ">i4"), ("counted", "u1", (16,)),
    ("l4", ">i4"), ("b4", ">i4"), ("met", "u1", (16,)),
]  # fmt: skip
_AMOUNT = [("length", ">i4"), ("value", ">i2")]
_HEADER = 19


@dataclass(frozen=True)
class Records:
    """The records of a state, basis and year, ordered by organization."""

    organization: Ints
    student: Ints
    groups: NDArray[np.uint8]
    counted: NDArray[np.uint8]
    met: NDArray[np.uint8]
    # Tallies and means of the basis, in the order of ``amounts``: denominator and numerator of each.
    amounts: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.organization)


def _values(one: Amount) -> str:
    """Denominator and numerator of a tally or mean, as columns of the COPY that are never null."""
    numerator = f'r."{one.numerator.name}"'
    if one.denominator is None:
        return f"({numerator} IS NOT NULL)::int::int2, coalesce({numerator}, 0)::int2"
    return f'r."{one.denominator.name}", {numerator}'


def read(state: Organization, basis: Basis, year: int) -> Records:
    """Read the records by binary COPY."""
    declared = amounts(basis)
    values = "".join(f", {_values(one)}" for one in declared)
    layout = np.dtype([*_FIELDS, ("amounts", _AMOUNT, (2 * len(declared),))])
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY (SELECT r.organization_id, r.student_id, r.groups, r.counted, r.met{values}"
            " FROM goals_readinessrecord r"
            " JOIN schools_organization o ON o.id = r.organization_id"
            " WHERE starts_with(o.path, %s) AND r.basis = %s AND r.year = %s ORDER BY r.organization_id)"
            " TO STDOUT (FORMAT BINARY)",
            [state.path, basis, year],
        ) as copy,
    ):
        data = b"".join(bytes(block) for block in copy)
    rows = np.frombuffer(data, layout, count=(len(data) - _HEADER - 2) // layout.itemsize, offset=_HEADER)
    return Records(
        organization=rows["organization"].astype(np.int64),
        student=rows["student"].astype(np.int64),
        groups=rows["groups"],
        counted=rows["counted"],
        met=rows["met"],
        amounts=rows["amounts"]["value"].astype(np.float64),
    )


def count(records: Records, groups: list[int], measures: list[int]) -> dict[int, Ints]:
    """Cells by organization: an array (groups, measures + amounts, 2) of denominators and numerators."""
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
    cells = np.empty((len(groups), len(measures) + records.amounts.shape[1] // 2, 2), np.int64)
    cells[:, : len(measures), 0] = product[:, : len(measures)]
    cells[:, : len(measures), 1] = product[:, len(measures) :]
    # Sums of scores outgrow what float32 holds exactly.
    sums = g.T.astype(np.float64) @ records.amounts[which]
    cells[:, len(measures) :] = sums.reshape(len(groups), -1, 2).astype(np.int64)
    return cells


def _unpacked(bits: NDArray[np.uint8], positions: list[int]) -> NDArray[np.float32]:
    return np.unpackbits(bits, axis=1, count=BITS)[:, positions].astype(np.float32)
