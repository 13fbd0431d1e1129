"""Published measures that stand beside computed ones though they are not defined alike: declared as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAIRS = Path(__file__).with_name("beside.toml")


@dataclass(frozen=True)
class Pair:
    """A computed measure, a published one, and in what they differ."""

    computed: str
    published: str
    difference: str


@cache
def pairs() -> tuple[Pair, ...]:
    """Every pair that is declared. Raises :class:`ValueError` for a code that no measure has, or no difference."""
    from goals.definitions import MEASURES, read

    known = {row["code"] for row in read(MEASURES, "measure")}
    found = []
    for entry in tomllib.loads(PAIRS.read_text("utf-8"))["pair"]:
        for code in entry["published"]:
            pair = Pair(entry["computed"], code, entry["difference"])
            if not {pair.computed, pair.published} <= known or not pair.difference:
                raise ValueError(f"{PAIRS.name}: {pair} names a measure that there is not, or no difference")
            found.append(pair)
    return tuple(found)
