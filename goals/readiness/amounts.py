"""What is counted in events, or averaged: columns of readiness records beside the bits, declared in computed.toml.

A tally has the events in its numerator and the attempts in its denominator; a mean the sum of scores, and how many
there are. Another one is a row there, a row in measures.toml, and a column of ``ReadinessRecord`` or two.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from goals.models import ReadinessRecord
from goals.models.measure import Basis, MeasureKind
from goals.readiness import computed, expressions
from goals.readiness.computed import Computed
from goals.readiness.expressions import BadRule, Node


@dataclass(frozen=True)
class Column:
    """A column of readiness records, and the fact that is put there."""

    name: str
    fact: str


@dataclass(frozen=True)
class Amount:
    """A tally, or a mean: without a ``denominator`` those who have a score are counted.

    ``evidence`` and ``counted`` as for :class:`~goals.readiness.computed.Computed`: who is not counted adds nothing.
    """

    code: str
    basis: Basis
    evidence: tuple[str, ...]
    numerator: Column
    denominator: Column | None
    counted: Node | None = None
    final: bool = False
    after: int = 0


@cache
def all_amounts() -> tuple[Amount, ...]:
    """Every tally and mean that is computed; raises :class:`BadRule` for one that cannot be meant."""
    from goals.definitions import MEASURES, read

    rows = {row["code"]: row for row in read(MEASURES, "measure")}
    columns = {field.name: field.null for field in ReadinessRecord._meta.concrete_fields}
    found = []
    for entry in tomllib.loads(computed.COMPUTED.read_text("utf-8"))["amount"]:
        code = entry["code"]
        row = rows.get(code)
        if row is None or row["kind"] not in {MeasureKind.TALLY, MeasureKind.MEAN}:
            raise BadRule(f"{code} has no row of a tally or a mean in measures.toml")
        numerator = Column(**entry["numerator"])
        denominator = Column(**entry["denominator"]) if "denominator" in entry else None
        if (denominator is None) != (row["kind"] == MeasureKind.MEAN):
            raise BadRule(f"{code}: a tally has a denominator, a mean has none")
        for column in (numerator, denominator):
            # A score that is not there is null; events that are not there are none.
            if column is not None and columns.get(column.name) is not (denominator is None):
                raise BadRule(f"{code}: records have no column {column.name} of that sort")
        found.append(
            Amount(
                code=code,
                basis=Basis(row["basis"]),
                evidence=tuple(entry["evidence"]),
                numerator=numerator,
                denominator=denominator,
                counted=expressions.parse(entry["counted"], f"{code}.counted") if "counted" in entry else None,
                final=entry.get("final", False),
                after=entry.get("after", 0),
            )
        )
    return tuple(found)


def amounts(basis: Basis) -> list[Amount]:
    """Those of one basis, in the order in which they stand in cells."""
    return [one for one in all_amounts() if one.basis == basis]


def all_measures() -> tuple[Computed | Amount, ...]:
    """Everything that is computed from students' records: shares of students, tallies and means."""
    return (*computed.all_computed(), *all_amounts())
