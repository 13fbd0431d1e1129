"""Readiness rules: who is ready, by whose rule, over whom, from which year on.

A rule set is data, from a file of ``rule_sets`` or a row of its own (``goals.readiness.publish``); what is in force is
read from the rows alone. The default applies everywhere, beside a state's own rule: figures by the default can be set
side by side and summed over states, figures by a state's own rule end at its border.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from goals.models import RuleSet
from goals.models.measure import Basis
from goals.readiness import on_track
from goals.readiness.computed import PARTS, Computed, all_computed, checked
from goals.readiness.expressions import BadRule, Node

# Facts of one school year; rules judge by what happened over a life.
_OF_A_YEAR = frozenset(
    {
        *("days_enrolled", "days_absent", "absent_share", "first_time_9", "credits", "core_fs"),
        *("courses_open", "courses", "advanced", "plan_on_file"),
    }
)
_NEEDED = {"code", "name", "state", "denominator", "source", "tree"}
_KEYS = _NEEDED | {"first_year", "last_year", "text", "verified", "not_evaluated"}


@dataclass(frozen=True)
class Rules:
    """A rule set as conditions: ``parts`` by name, of which a rule without college and career has two alone.

    ``not_evaluated``: what the source names and no evidence can tell, each with the reason.
    """

    code: str
    name: str
    state: str
    first_year: int | None
    last_year: int | None
    denominator: str
    source: str
    text: str
    verified: bool
    not_evaluated: tuple[tuple[str, str], ...]
    parts: Mapping[str, Node]

    @property
    def of_whom(self) -> str:
        """The denominator in words."""
        return str(RuleSet.Denominator(self.denominator).label)

    @property
    def basis(self) -> Basis:
        """The basis on which the measures of the rule are computed."""
        return basis_of(self.denominator, own=bool(self.state))


class RuleBook:
    """The rule sets that are published, read once: which one holds for a state and year, and what it decides."""

    def __init__(self, rules: Iterable[Rules], set_by_states: Mapping[str, Node] | None = None) -> None:
        self._on_track = set_by_states or {}
        self._of: dict[str, list[Rules]] = {}
        for one in sorted(rules, key=_begins):
            self._of.setdefault(one.state, []).append(one)

    def _in_force(self, state: str, year: int) -> Rules | None:
        begun = [one for one in self._of.get(state, []) if _begins(one) <= year]
        # The latest to begin takes the place of those before; it may have ended without another.
        return begun[-1] if begun and (begun[-1].last_year is None or year <= begun[-1].last_year) else None

    def own(self, state: str, year: int) -> Rules | None:
        """The rule that a state has of its own in a year."""
        return self._in_force(state, year) if state else None

    def default(self, year: int) -> Rules | None:
        """The rule that applies everywhere."""
        return self._in_force("", year)

    def for_state(self, state: str, year: int) -> Rules:
        """The rule by which a state's students are judged: its own, else the default."""
        found = self.own(state, year) or self.default(year)
        if found is None:
            raise BadRule(f"no readiness rule holds for {state or 'the network'} in {year}")
        return found

    def of(self, measure: Computed, state: str, year: int) -> Rules | None:
        """The rule that decides a measure; ``None`` where no rule does, or the measure does not apply there and then.

        It applies where the rule has the part that it names, and is taken over the measure's denominator.
        """
        if not measure.rule:
            return None
        found = self.own(state, year) if measure.own else self.default(year)
        if found is None or found.denominator != measure.denominator or measure.rule not in found.parts:
            return None
        return found

    def decides(self, measure: Computed, state: str, year: int) -> Node | None:
        """The condition that decides a measure; ``None`` where it does not apply."""
        if measure.code == on_track.CODE and state in self._on_track:
            return self._on_track[state]
        if measure.met is not None:
            return measure.met
        found = self.of(measure, state, year)
        return None if found is None else found.parts[measure.rule]

    def applies(self, measure: Computed, state: str, year: int) -> bool:
        """Whether a measure is one of this state and year at all, as far as rules say."""
        return self.decides(measure, state, year) is not None

    def shown(self, state: str, year: int) -> list[str]:
        """The codes of the computed measures that apply to a state and year, as far as rules say."""
        return [one.code for one in all_computed() if self.applies(one, state, year)]

    def has(self, state: str, denominator: str, year: int) -> bool:
        """Whether a state's own rule of a year is taken over this denominator."""
        found = self.own(state, year)
        return found is not None and found.denominator == denominator


def rule_book() -> RuleBook:
    """The rule sets in the database and what states have set, in two queries; whoever asks more than once keeps it."""
    return RuleBook((of_row(row) for row in RuleSet.objects.all()), on_track.own_rules())


def rules_for(state: str, year: int) -> Rules:
    """The rule set by which a state's students are judged in a year: its own, else the default."""
    return rule_book().for_state(state, year)


def basis_of(denominator: str, *, own: bool) -> Basis:
    """The basis of the measures that are taken over a denominator; :class:`BadRule` where there are none."""
    found = {one.basis for one in all_computed() if one.rule and one.own == own and one.denominator == denominator}
    if not found:
        raise BadRule(f"no measure is taken over {denominator!r} by {'a state' if own else 'the default'}")
    return found.pop()


def check(data: Mapping[str, Any], where: str) -> Rules:
    """A rule set from data; raises :class:`BadRule` with the place for one that cannot be meant."""
    if unknown := set(data) - _KEYS:
        raise BadRule(f"{where}: unknown {', '.join(sorted(unknown))}")
    if missing := sorted(key for key in _NEEDED if key not in data or (key != "state" and not data[key])):
        raise BadRule(f"{where}: {', '.join(missing)} missing")
    if (state := data["state"]) and not (len(state) == 2 and state.isascii() and state.isupper()):
        raise BadRule(f"{where}.state: two capital letters, or blank for the default, not {state!r}")
    first, last = data.get("first_year"), data.get("last_year")
    for name, year in (("first_year", first), ("last_year", last)):
        if year is not None and (not isinstance(year, int) or not 1990 <= year <= 2100):
            raise BadRule(f"{where}.{name}: a school year, by the year in which it ends, not {year!r}")
    if first is not None and last is not None and last < first:
        raise BadRule(f"{where}: ends in {last}, before it begins in {first}")
    if (denominator := data["denominator"]) not in RuleSet.Denominator:
        known = ", ".join(RuleSet.Denominator.values)
        raise BadRule(f"{where}.denominator: one of {known}, not {denominator!r}")
    try:
        basis_of(denominator, own=bool(state))
    except BadRule as error:
        raise BadRule(f"{where}.denominator: {error}") from error
    return Rules(
        code=data["code"],
        name=data["name"],
        state=state,
        first_year=first,
        last_year=last,
        denominator=denominator,
        source=data["source"],
        text=data.get("text", "").strip(),
        verified=data.get("verified", False),
        not_evaluated=_not_evaluated(data.get("not_evaluated", []), where),
        parts=_parts(data["tree"], where),
    )


def check_together(rules: Iterable[Rules]) -> None:
    """That of each state one rule at most holds in any year; raises :class:`BadRule` naming the two that do."""
    by_state: dict[str, list[Rules]] = {}
    for one in sorted(rules, key=_begins):
        by_state.setdefault(one.state, []).append(one)
    for found in by_state.values():
        for before, after in itertools.pairwise(found):
            if _begins(before) == _begins(after):
                raise BadRule(f"{before.code} and {after.code} begin in the same year {after.first_year or '(none)'}")
            if before.last_year is not None and before.last_year >= _begins(after):
                raise BadRule(f"{before.code} holds to {before.last_year}, {after.code} from {after.first_year}")


def data_of(row: RuleSet) -> dict[str, Any]:
    """A row as a file would have it."""
    return {
        "code": row.code,
        "name": row.name,
        "state": row.state,
        "first_year": row.first_year,
        "last_year": row.last_year,
        "denominator": row.denominator,
        "source": row.source,
        "text": row.text,
        "verified": row.verified,
        "not_evaluated": row.not_evaluated,
        "tree": row.tree,
    }


def of_row(row: RuleSet) -> Rules:
    """A published rule set as conditions."""
    return _parsed(json.dumps(data_of(row), sort_keys=True))


@lru_cache(maxsize=256)
def _parsed(content: str) -> Rules:
    # By content, so that what a process keeps can never be older than the row.
    data = json.loads(content)
    return check(data, data["code"])


def _begins(rules: Rules) -> int:
    return 0 if rules.first_year is None else rules.first_year


def _parts(tree: Any, where: str) -> dict[str, Node]:
    if not isinstance(tree, dict) or set(tree) not in ({"academic", "career"}, {"ready"}):
        raise BadRule(f"{where}: a tree has academic and career, or ready alone")
    parts = {}
    for name, condition in tree.items():
        parts[name] = checked(condition, f"{where}.{name}")
        if wrong := _OF_A_YEAR & set(parts[name].facts()):
            raise BadRule(f"{where}.{name}: {', '.join(sorted(wrong))} is known of single years only")
    if "ready" in parts:
        either = parts.pop("ready")
    else:
        parts["both"] = Node("all", of=(parts["academic"], parts["career"]))
        either = Node("any", of=(parts["academic"], parts["career"]))
    parts |= {"either": either, "neither": Node("not", of=(either,))}
    return {name: parts[name] for name in PARTS if name in parts}


def _not_evaluated(found: Any, where: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(found, list) or not all(isinstance(one, dict) and set(one) == {"what", "why"} for one in found):
        raise BadRule(f"{where}.not_evaluated: a list of tables with what and why")
    return tuple((one["what"], one["why"]) for one in found)
