"""How a readiness rule comes into force: checked, kept as a row, and everything it decides marked to be counted again.

A rule set is never edited in place: figures rest on it. What the next year brings gets a code of its own, and holds
from its first year on; the years before keep their rule, and so their results to the last digit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from goals import definitions
from goals.models import MeasureCell, RuleSet, StalePair
from goals.models.measure import Basis
from goals.readiness import facts, rollup
from goals.readiness.computed import rule_codes
from goals.readiness.expressions import BadRule, to_sql
from goals.readiness.rules import Rules, check, check_together, data_of, of_row, rule_book
from schools.models import Organization
from schools.models.organization import Kind

RULE_SETS = Path(__file__).with_name("rule_sets")
# What decides; the rest is words about it, which may be put right.
_DECIDES = ("state", "first_year", "last_year", "denominator")


def read(path: Path) -> dict[str, Any]:
    """A rule set from a TOML file; raises :class:`BadRule` for what is not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadRule(f"{path.name}: {error}") from error


@transaction.atomic
def load_shipped(folder: Path = RULE_SETS) -> None:
    """Publish the rule sets that come with the product; raises :class:`BadRule` for one that cannot be meant.

    All are checked before any is kept. Rows without a file stay: a state's own later rule may be one.
    """
    files = {path.name: read(path) for path in sorted(folder.glob("*.toml"))}
    shipped = [check(data, name) for name, data in files.items()]
    codes = [one.code for one in shipped]
    if twice := {code for code in codes if codes.count(code) > 1}:
        raise BadRule(f"{', '.join(sorted(twice))}: two files have this code")
    check_together(shipped)
    for name, data in files.items():
        publish(data, name)


@transaction.atomic
def publish(data: Mapping[str, Any], where: str) -> tuple[RuleSet, bool]:
    """Keep a rule set as a row: the row, and whether it is new.

    The years it holds for are marked to be counted again. Of a row with the same code the words may change; raises
    :class:`BadRule` where what decides differs and figures rest on it, and for a rule that cannot be meant.
    """
    rules = check(data, where)
    row = RuleSet.objects.select_for_update().filter(code=rules.code).first()
    changed = row is None or _deciding(data_of(row)) != _deciding(data)
    if row is not None and changed and _rests_on(of_row(row)):
        raise BadRule(
            f"{where}: {rules.code} is published with other conditions, and figures rest on it."
            " A rule set is never edited: publish it under a new code, with its first year."
        )
    others = [of_row(one) for one in RuleSet.objects.exclude(code=rules.code)]
    try:
        check_together([*others, rules])
    except BadRule as error:
        raise BadRule(f"{where}: {error}") from error
    values = {key: value for key, value in data.items() if key != "code"}
    values |= {key: data.get(key) for key in ("first_year", "last_year")}
    values |= {"text": rules.text, "verified": rules.verified, "not_evaluated": data.get("not_evaluated", [])}
    found, made = RuleSet.objects.update_or_create(code=rules.code, defaults=values)
    if changed:
        _mark(rules)
    return found, made


def try_out(rules: Rules, path: str = "") -> None:
    """Ask the database whether it can answer every condition; raises :class:`BadRule` with its complaint.

    A number compared with text, or a fact that another basis has, is found here and not in a night's run.
    """
    conditions = sql.SQL(", ").join(to_sql(node) for node in rules.parts.values())
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            facts.make(facts.Ask(rules.basis, rules.first_year or 2000, path, ()))
            cursor.execute(sql.SQL("SELECT {} FROM facts f").format(conditions))
    except Exception as error:
        raise BadRule(f"{rules.code}: {str(error).splitlines()[0]}") from error


def _deciding(data: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(data.get(key) for key in _DECIDES), _without_labels(data["tree"]))


def _without_labels(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _without_labels(value) for key, value in tree.items() if key != "label"}
    return [_without_labels(one) for one in tree] if isinstance(tree, list) else tree


def _states(rules: Rules) -> list[Organization]:
    found = Organization.objects.filter(kind=Kind.STATE)
    return list(found.filter(postal_state=rules.state) if rules.state else found)


def _rests_on(rules: Rules) -> bool:
    """Whether any figure was counted by a rule set."""
    cells = MeasureCell.objects.filter(
        measure__code__in=rule_codes(),
        measure__basis=rules.basis,
        measure__code__startswith="STATE_" if rules.state else "READY_",
        year__range=(rules.first_year or 0, rules.last_year or 9999),
        organization__in=_states(rules),
    )
    return cells.exists()


def _mark(rules: Rules) -> None:
    """Mark what a rule decides, and what the rule before it decided over somebody else."""
    book = rule_book()
    for state in _states(rules):
        years = {year for _basis, year in rollup.pairs_of(state)}
        for year in years:
            held = book.own(state.postal_state, year) if rules.state else book.default(year)
            if held == rules:
                for basis in (Basis.CLASS, Basis.LEAVER, Basis.SENIOR):
                    StalePair.objects.get_or_create(organization=state, basis=basis, year=year)


def load_where_ready(using: str) -> None:
    """As :func:`load_shipped`, after ``migrate``: not where the tables are not there yet, or no longer."""
    if definitions.tables_ready(using, RuleSet, StalePair, MeasureCell, Organization):
        load_shipped()
