"""The measures that are computed, read from data and checked: whom each counts, and who reaches it.

Who is ready is not decided here: such a measure names a part of the rule set in force (``goals.readiness.rules``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from goals.models.measure import Basis
from goals.models.readiness import RuleSet
from goals.readiness import expressions
from goals.readiness.expressions import BadRule, Node
from goals.readiness.facts import FACTS

COMPUTED = Path(__file__).with_name("computed.toml")
# The parts of a rule set; of one that does not tell college from career only the last two.
PARTS = ("academic", "career", "both", "either", "neither")
# Facts of the class that are not for people to read: they stand behind a label.
_KNOWN = {*FACTS, "in_four", "in_five", "in_six"}


@dataclass(frozen=True)
class Computed:
    """One measure: whom it counts and who meets it; ``rule`` names a part of a rule set instead of ``met``.

    ``evidence``: kinds that must be covered. ``final``: known once the year is over; ``after``: so many years later.
    ``own``: decided by the state's own rule, not by the default that applies everywhere; it is computed where that
    rule is taken over ``denominator``.
    """

    code: str
    basis: Basis
    bit: int
    evidence: tuple[str, ...]
    counted: Node
    met: Node | None
    rule: str = ""
    final: bool = False
    after: int = 0
    own: bool = False
    denominator: str = ""


@cache
def all_computed() -> tuple[Computed, ...]:
    """Every computed measure; raises :class:`~goals.readiness.expressions.BadRule` for one that cannot be meant."""
    from goals.definitions import MEASURES, read

    rows = {row["code"]: row for row in read(MEASURES, "measure")}
    found = []
    for entry in _entries():
        code = entry["code"]
        row = rows.get(code)
        if row is None or "bit" not in row:
            raise BadRule(f"{code} has no row with a bit in measures.toml")
        if ("met" in entry) == ("rule" in entry):
            raise BadRule(f"{code}: either met or rule")
        if "rule" in entry and (entry["rule"] not in PARTS or entry.get("denominator") not in RuleSet.Denominator):
            raise BadRule(f"{code}: a rule is one of {', '.join(PARTS)}, over a denominator that rule sets know")
        found.append(
            Computed(
                code=code,
                basis=Basis(row["basis"]),
                bit=row["bit"],
                evidence=tuple(entry["evidence"]),
                counted=checked(entry["counted"], f"{code}.counted"),
                met=checked(entry["met"], f"{code}.met") if "met" in entry else None,
                rule=entry.get("rule", ""),
                final=entry.get("final", False),
                after=entry.get("after", 0),
                own=entry.get("own", False),
                denominator=entry.get("denominator", ""),
            )
        )
    return tuple(found)


def computed(basis: Basis) -> list[Computed]:
    """The computed measures of one basis."""
    return [one for one in all_computed() if one.basis == basis]


def rule_codes() -> frozenset[str]:
    """The codes of the measures that a rule set decides."""
    return frozenset(one.code for one in all_computed() if one.rule)


def checked(tree: Any, where: str) -> Node:
    """A condition from data whose facts are known; raises :class:`~goals.readiness.expressions.BadRule`."""
    node = expressions.parse(tree, where)
    if unknown := set(node.facts()) - _KNOWN:
        raise BadRule(f"{where}: no fact is called {', '.join(sorted(unknown))}")
    return node


def _entries() -> Iterator[dict[str, Any]]:
    """The entries of the file; one with ``parts`` stands for one of each part, its name in place of ``{}``."""
    for entry in tomllib.loads(COMPUTED.read_text("utf-8"))["computed"]:
        if not entry.pop("parts", False):
            yield entry
            continue
        for part in PARTS:
            yield {**entry, "code": entry["code"].replace("{}", part.upper()), "rule": part}
