"""Where a line over the years breaks: the definition changed, or the test beneath it; before and after do not compare.

Years are told apart by the rule set in force for measures that a rule decides, by the first and last year of a
measure, and by what is known of tests (``test_changes.toml``).
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from goals.models import Measure
from goals.readiness.computed import all_computed
from goals.readiness.rules import RuleBook, rule_book
from hstw.values import SchoolYear

TEST_CHANGES = Path(__file__).with_name("test_changes.toml")


@dataclass(frozen=True)
class TestChange:
    """From ``year`` on a state's test (of every state where ``state`` is blank) is another one."""

    year: int
    state: str
    measures: tuple[str, ...]
    what: str
    verified: bool


@cache
def test_changes() -> tuple[TestChange, ...]:
    """The changes of tests that are known."""
    found = tomllib.loads(TEST_CHANGES.read_text("utf-8"))["change"]
    return tuple(
        TestChange(one["year"], one["state"], tuple(one["measures"]), one["what"], one.get("verified", False))
        for one in found
    )


def breaks(measure: Measure, state: str, years: Sequence[int], book: RuleBook | None = None) -> dict[int, str]:
    """The years of a trend that cannot be set against the year before, each with the reason in words.

    ``state``: two-letter code, blank above the states. ``book``: the rules, where the caller has them; otherwise they
    are read, in one query, for measures that a rule decides.
    """
    found: dict[int, str] = {}
    pairs = list(itertools.pairwise(sorted(years)))
    for before, year in pairs:
        for change in test_changes():
            if before < change.year <= year and measure.code in change.measures and change.state in {"", state}:
                found[year] = _("The test changed in %(year)s (%(what)s)") % {
                    "year": SchoolYear(change.year).label,
                    "what": change.what,
                }
        for begins in (measure.first_year, measure.last_year + 1 if measure.last_year else None):
            if begins is not None and before < begins <= year:
                found[year] = _changed(begins)
    spec = {one.code: one for one in all_computed()}.get(measure.code)
    if spec is not None and spec.rule:
        book = book or rule_book()
        for before, year in pairs:
            then, now = book.of(spec, state, before), book.of(spec, state, year)
            if then is not None and now is not None and then.code != now.code:
                found[year] = _changed(year)
    return found


def _changed(year: int) -> str:
    return _("Definition changed in %(year)s") % {"year": SchoolYear(year).label}
