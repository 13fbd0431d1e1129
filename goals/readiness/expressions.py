"""Rules as trees of conditions over facts about one student: the same tree in SQL for all, in Python for one.

A tree is data (TOML or JSON)::

    { all = [ { fact = "grade", in = ["11"] }, { any = [ { fact = "act_math", at_least = 22 }, … ] } ] }

- ``all``, ``any``: every, at least one of the conditions below; ``at_least_of = n`` with ``of = [...]``: n of them;
- ``not``: the condition below does not hold;
- ``fact`` with one of ``at_least``, ``at_most``, ``below``, ``is``, ``in``: a comparison; ``fact`` alone: it is true.

A fact that is not known makes its comparison false, in SQL as in Python; ``not`` of it is then true. A ``label`` on
any node is what a person reads when the condition is what made a student ready, or what is still missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from psycopg import sql

_COMPARISONS = {"at_least": ">=", "at_most": "<=", "below": "<", "is": "=", "in": "IN"}
_KEYS = {"all", "any", "at_least_of", "of", "not", "fact", "label", *_COMPARISONS}


class BadRule(ValueError):
    """A tree that cannot be meant: where, and why."""


@dataclass(frozen=True)
class Node:
    """One condition. ``op`` is ``all``, ``any``, ``some`` (``n`` of them), ``not`` or ``fact``."""

    op: Literal["all", "any", "some", "not", "fact"]
    label: str = ""
    of: tuple[Node, ...] = ()
    n: int = 0
    fact: str = ""
    comparison: str = ""
    value: Any = None

    def facts(self) -> Iterator[str]:
        """The facts that the tree asks for, each as often as it does."""
        if self.op == "fact":
            yield self.fact
        for node in self.of:
            yield from node.facts()


@dataclass(frozen=True)
class Line:
    """One condition as it stands for one student: whether it holds, in words, and the value it was decided on.

    ``op`` and ``n`` are those of the condition; ``fact`` is what a comparison asked for.
    """

    holds: bool
    label: str
    value: Any = None
    wanted: str = ""
    below: list[Line] = field(default_factory=list)
    op: str = "fact"
    n: int = 0
    fact: str = ""


def parse(tree: Any, where: str = "rule") -> Node:
    """A tree from data; raises :class:`BadRule` with the place."""
    if not isinstance(tree, dict):
        raise BadRule(f"{where}: a condition is a table, not {tree!r}")
    if unknown := set(tree) - _KEYS:
        raise BadRule(f"{where}: unknown {', '.join(sorted(unknown))}")
    label = tree.get("label", "")
    ops = [key for key in ("all", "any", "of", "not", "fact") if key in tree]
    if len(ops) != 1:
        raise BadRule(f"{where}: exactly one of all, any, at_least_of with of, not, fact")
    op = ops[0]
    if op == "fact":
        return _comparison(tree, where, label)
    if op == "not":
        return Node("not", label, (parse(tree["not"], f"{where}.not"),))
    if not isinstance(tree[op], list) or not tree[op]:
        raise BadRule(f"{where}.{op}: a list of at least one condition")
    below = tuple(parse(one, f"{where}.{op}[{i}]") for i, one in enumerate(tree[op]))
    if op == "of":
        n = tree.get("at_least_of")
        if not isinstance(n, int) or not 1 <= n <= len(below):
            raise BadRule(f"{where}: at_least_of is a number from 1 to {len(below)}")
        return Node("some", label, below, n)
    return Node("all" if op == "all" else "any", label, below)


def _comparison(tree: Mapping[str, Any], where: str, label: str) -> Node:
    given = [key for key in _COMPARISONS if key in tree]
    if len(given) > 1:
        raise BadRule(f"{where}: one comparison, not {', '.join(given)}")
    if not given:
        return Node("fact", label, fact=tree["fact"], comparison="is", value=True)
    value = tree[given[0]]
    if given[0] == "in" and (not isinstance(value, list) or not value):
        raise BadRule(f"{where}.in: a list of at least one value")
    if given[0] in {"at_least", "at_most", "below"} and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise BadRule(f"{where}.{given[0]}: a number")
    return Node("fact", label, fact=tree["fact"], comparison=given[0], value=value)


def to_sql(node: Node, alias: str = "f") -> sql.Composable:
    """The tree as a SQL expression over columns of ``alias`` that is true or false, never null."""
    if node.op == "fact":
        column = sql.SQL(".").join([sql.Identifier(alias), sql.Identifier(node.fact)])
        if node.comparison == "in":
            values: sql.Composable = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, node.value)))
        else:
            values = sql.Literal(node.value)
        compared = sql.SQL("{} {} {}").format(column, sql.SQL(_COMPARISONS[node.comparison]), values)
        return sql.SQL("coalesce({}, false)").format(compared)
    parts = [to_sql(one, alias) for one in node.of]
    if node.op == "not":
        return sql.SQL("(NOT {})").format(parts[0])
    if node.op == "some":
        total = sql.SQL(" + ").join([sql.SQL("({})::int").format(part) for part in parts])
        return sql.SQL("(({}) >= {})").format(total, sql.Literal(node.n))
    return sql.SQL("({})").format(sql.SQL(" AND " if node.op == "all" else " OR ").join(parts))


def evaluate(node: Node, facts: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> Line:
    """The tree for one student, with every condition's outcome; ``labels`` names facts where a node does not."""
    if node.op == "fact":
        value = facts.get(node.fact)
        holds = value is not None and _holds(node, value)
        return Line(holds, node.label or (labels or {}).get(node.fact, node.fact), value, _wanted(node), fact=node.fact)
    below = [evaluate(one, facts, labels) for one in node.of]
    count = sum(line.holds for line in below)
    holds = {"all": count == len(below), "any": count > 0, "some": count >= node.n, "not": not below[0].holds}[node.op]
    wanted = f"{node.n} of {len(below)}" if node.op == "some" else ""
    return Line(holds, node.label, None, wanted, below, op=node.op, n=node.n)


def _holds(node: Node, value: Any) -> bool:
    if isinstance(value, float | Decimal) and not isinstance(node.value, list | str):
        value, wanted = Decimal(str(value)), Decimal(str(node.value))
    else:
        wanted = node.value
    if node.comparison == "in":
        return value in node.value
    if node.comparison == "is":
        return bool(value == wanted)
    if node.comparison == "at_least":
        return bool(value >= wanted)
    if node.comparison == "at_most":
        return bool(value <= wanted)
    return bool(value < wanted)


def _wanted(node: Node) -> str:
    if node.comparison == "in":
        return ", ".join(map(str, node.value))
    if node.value is True:
        return ""
    return f"{ {'at_least': '≥ ', 'at_most': '≤ ', 'below': '< ', 'is': ''}[node.comparison] }{node.value}".strip()
