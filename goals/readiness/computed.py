"""The measures that are computed, and the rule sets they may name: read from data, checked, made into conditions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from goals.models.measure import Basis
from goals.readiness import expressions
from goals.readiness.expressions import BadRule, Node
from goals.readiness.facts import FACTS

COMPUTED = Path(__file__).with_name("computed.toml")
RULE_SETS = Path(__file__).with_name("rule_sets")
# Facts of the class that are not for people to read: they stand behind a label.
_KNOWN = {*FACTS, "in_four", "in_five", "in_six"}


@dataclass(frozen=True)
class Computed:
    """One measure: whom it counts and who meets it; ``rule`` names a part of the rule set instead of ``met``.

    ``evidence``: kinds that must be covered. ``final``: known once the year is over; ``after``: so many years later.
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


@dataclass(frozen=True)
class Rules:
    """A rule set as conditions: ``academic`` and ``career``, and what is made of the two."""

    code: str
    name: str
    state: str
    first_year: int | None
    last_year: int | None
    denominator: str
    source: str
    verified: bool
    parts: dict[str, Node]
    tree: dict[str, Any]


@cache
def all_computed() -> tuple[Computed, ...]:
    """Every computed measure; raises :class:`~goals.readiness.expressions.BadRule` for one that cannot be meant."""
    from goals.definitions import MEASURES, read

    rows = {row["code"]: row for row in read(MEASURES, "measure")}
    found = []
    for entry in tomllib.loads(COMPUTED.read_text("utf-8"))["computed"]:
        code = entry["code"]
        row = rows.get(code)
        if row is None or "bit" not in row:
            raise BadRule(f"{code} has no row with a bit in measures.toml")
        if ("met" in entry) == ("rule" in entry):
            raise BadRule(f"{code}: either met or rule")
        found.append(
            Computed(
                code=code,
                basis=Basis(row["basis"]),
                bit=row["bit"],
                evidence=tuple(entry["evidence"]),
                counted=_checked(entry["counted"], f"{code}.counted"),
                met=_checked(entry["met"], f"{code}.met") if "met" in entry else None,
                rule=entry.get("rule", ""),
                final=entry.get("final", False),
                after=entry.get("after", 0),
            )
        )
    return tuple(found)


def computed(basis: Basis) -> list[Computed]:
    """The computed measures of one basis."""
    return [one for one in all_computed() if one.basis == basis]


@cache
def shipped_rules() -> tuple[Rules, ...]:
    """The rule sets that come with the product."""
    return tuple(_rules(path) for path in sorted(RULE_SETS.glob("*.toml")))


def _rules(path: Path) -> Rules:
    data = tomllib.loads(path.read_text("utf-8"))
    tree = data["tree"]
    parts = {name: _checked(one, f"{path.name}.{name}") for name, one in tree.items()}
    if set(parts) not in ({"academic", "career"}, {"ready"}):
        raise BadRule(f"{path.name}: a tree has academic and career, or ready alone")
    if "ready" in parts:
        ready = parts["ready"]
        parts |= {"academic": ready, "career": ready, "both": ready, "either": ready}
    else:
        parts["both"] = Node("all", of=(parts["academic"], parts["career"]))
        parts["either"] = Node("any", of=(parts["academic"], parts["career"]))
    return Rules(
        code=data["code"],
        name=data["name"],
        state=data["state"],
        first_year=data.get("first_year"),
        last_year=data.get("last_year"),
        denominator=data["denominator"],
        source=data["source"],
        verified=data.get("verified", False),
        parts=parts,
        tree=tree,
    )


def rules_for(postal_state: str, year: int) -> Rules:
    """The rule set in force for a state and year: the state's own, else the default."""
    holds = [
        rules
        for rules in shipped_rules()
        if (rules.first_year is None or rules.first_year <= year)
        and (rules.last_year is None or year <= rules.last_year)
    ]
    own = [rules for rules in holds if rules.state and rules.state == postal_state]
    return (own or [rules for rules in holds if not rules.state])[0]


def met(measure: Computed, rules: Rules) -> Node:
    """The condition that decides a measure under a rule set."""
    return measure.met if measure.met is not None else rules.parts[measure.rule]


def _checked(tree: Any, where: str) -> Node:
    node = expressions.parse(tree, where)
    if unknown := set(node.facts()) - _KNOWN:
        raise BadRule(f"{where}: no fact is called {', '.join(sorted(unknown))}")
    return node
