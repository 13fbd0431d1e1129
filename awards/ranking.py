"""From scores to a ranking: a pure function on plain values, so that a frozen result can be computed again.

``inputs`` holds text, whole numbers and lists only: criteria with weights, reviews with points per criterion, agreed
scores. What comes out holds numbers as text, rounded: the same on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

import numpy as np

from awards import statistics
from awards.totals import Share, total

METHOD = 1
Inputs = Mapping[str, Any]


def compute(inputs: Inputs) -> dict[str, Any]:
    """The ranking and how well readers agreed.

    A reader's total is that of their own scores, with an agreed score in place of theirs where readers met. The raw
    score of a nomination is the mean of its readers' totals; the adjusted one takes out how strict each reader is
    (``statistics.reviewer_effects``). Equal scores share a rank. Agreement is that of the scores given alone.
    """
    criteria = {row["order"]: row for row in inputs["criteria"]}
    agreed = {(row["nomination"], row["order"]): row["points"] for row in inputs["consensus"]}
    labels = [row["label"] for row in inputs["nominations"]]
    readers = sorted({row["reader"] for row in inputs["reviews"]})
    line_of = {label: at for at, label in enumerate(labels)}
    column_of = {reader: at for at, reader in enumerate(readers)}
    alone = np.full((len(labels), len(readers)), np.nan)
    after = alone.copy()

    @cache
    def total_of(points: tuple[tuple[int, int | None], ...]) -> float:
        return _total(dict(points), criteria)

    for row in inputs["reviews"]:
        at = line_of[row["nomination"]], column_of[row["reader"]]
        points = sorted((int(order), given) for order, given in row["points"].items())
        alone[at] = total_of(tuple(points))
        after[at] = total_of(tuple((order, agreed.get((row["nomination"], order), given)) for order, given in points))
    raw = [_mean(line) for line in after]
    effects = statistics.reviewer_effects(after) if len(readers) and len(labels) else None
    adjusted = [None if effects is None or np.isnan(value) else float(value) for value in _adjusted(effects, labels)]
    raw_ranks, adjusted_ranks = ranks(raw), ranks(adjusted)
    least, most = _without_one(after, raw_ranks)
    rows = [
        {
            "label": label,
            "readers": int((~np.isnan(after[at])).sum()),
            "raw": _text(raw[at]),
            "adjusted": _text(adjusted[at]),
            "trimmed": _trimmed(after[at]),
            "raw_rank": raw_ranks[at],
            "adjusted_rank": adjusted_ranks[at],
            "best_rank": least[at],
            "worst_rank": most[at],
            "part": -1 if effects is None else int(effects.parts[at]),
        }
        for at, label in enumerate(labels)
    ]
    rows.sort(key=lambda row: (row["raw_rank"] is None, row["raw_rank"], row["label"]))
    return {
        "method": METHOD,
        "rows": rows,
        "leniency": [
            {"reader": reader, "points": _text(None if effects is None else float(effects.leniency[at]))}
            for at, reader in enumerate(readers)
        ],
        "connected": effects is None or effects.connected,
        "reliability": _reliability(alone),
    }


def _trimmed(scores: statistics.Floats) -> str:
    return _text(_or_none(lambda: statistics.trimmed_mean(scores)))


def _adjusted(effects: statistics.Effects | None, labels: Sequence[str]) -> Any:
    return [np.nan] * len(labels) if effects is None else effects.adjusted


def _total(points: Mapping[int, int | None], criteria: Mapping[int, Mapping[str, Any]]) -> float:
    shares = [
        Share(
            Decimal(criteria[order]["weight"]),
            None if given is None else Decimal(given) / Decimal(criteria[order]["best"]),
        )
        for order, given in points.items()
    ]
    found = total(shares)
    return float("nan") if found is None else float(found)


def ranks(values: Sequence[float | None]) -> list[int | None]:
    """Rank 1 for the highest; equal values (to a hundredth) share a rank, ``None`` has none."""
    return _ranks([_hundredths(value) for value in values])


def _ranks(hundredths: Sequence[int | None]) -> list[int | None]:
    known = sorted((value for value in hundredths if value is not None), reverse=True)
    rank_of: dict[int, int] = {}
    for at, value in enumerate(known, start=1):
        rank_of.setdefault(value, at)
    return [None if value is None else rank_of[value] for value in hundredths]


def _hundredths(value: float | None) -> int | None:
    return None if value is None else int(Decimal(_text(value)).scaleb(2))


def _mean(line: statistics.Floats) -> float | None:
    known = line[~np.isnan(line)]
    return float(known.mean()) if len(known) else None


def _without_one(table: statistics.Floats, whole: Sequence[int | None]) -> tuple[list[Any], list[Any]]:
    """The best and the worst raw rank of each nomination when any one reader is left out."""
    best, worst = list(whole), list(whole)
    all_in = [_hundredths(_mean(line)) for line in table]
    for reader in range(table.shape[1]):
        means = list(all_in)
        # Only what the reader read has another mean without them.
        for line in np.flatnonzero(~np.isnan(table[:, reader])):
            means[line] = _hundredths(_mean(np.delete(table[line], reader)))
        for at, rank in enumerate(_ranks(means)):
            if rank is not None and best[at] is not None:
                best[at], worst[at] = min(best[at] or rank, rank), max(worst[at] or rank, rank)
    return best, worst


def _reliability(table: statistics.Floats) -> dict[str, Any]:
    """How well the readers agreed on totals: alpha with gaps, ICC(1); the two-way forms where all read all."""
    found: dict[str, Any] = {
        "alpha": _coefficient(lambda: statistics.krippendorff_alpha(table, "interval")),
        "icc_1": _coefficient(lambda: statistics.icc_one_way(table)[0]),
        "icc_1k": _coefficient(lambda: statistics.icc_one_way(table)[1]),
    }
    if table.size and not np.isnan(table).any():
        found["icc_a1"] = _coefficient(lambda: statistics.intraclass_correlations(table).icc_a1)
        found["kendall_w"] = _coefficient(lambda: statistics.kendall_w(table))
    return found


def _coefficient(compute: Callable[[], float]) -> str:
    value = _or_none(compute)
    return "" if value is None else _text(value, "0.001")


def _or_none(compute: Callable[[], float]) -> float | None:
    try:
        return compute()
    except statistics.NotEnoughScores:
        return None


@lru_cache(maxsize=10_000)
def _text(value: float | None, unit: str = "0.01") -> str:
    if value is None:
        return ""
    # A binary fraction such as 82.125000000000014 must round like 82.125.
    return str(Decimal(repr(round(value, 9))).quantize(Decimal(unit), ROUND_HALF_UP) + 0)


def by_criterion(inputs: Inputs) -> dict[tuple[str, int], list[int | None]]:
    """The points given on each criterion of each nomination, in the order of readers."""
    found: dict[tuple[str, int], list[int | None]] = defaultdict(list)
    for row in sorted(inputs["reviews"], key=lambda row: str(row["reader"])):
        for order, points in row["points"].items():
            found[row["nomination"], int(order)].append(points)
    return found
