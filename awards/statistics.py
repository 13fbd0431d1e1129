"""How well reviewers agree, and how strict each is: pure functions on a table of scores.

A table has one row per nomination (subject) and one column per reviewer (rater); a score that does not exist is
``nan``. Sources: Shrout & Fleiss 1979 and McGraw & Wong 1996 (intraclass correlations), Krippendorff, *Content
Analysis*, chapter on reliability (alpha), Kendall & Gibbons, *Rank Correlation Methods* (W with ties), Fleiss 1971
(kappa).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Level = Literal["nominal", "ordinal", "interval", "ratio"]


class NotEnoughScores(ValueError):
    """The coefficient is not defined for so few scores, or for scores without any spread."""


# --- intraclass correlations -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class IntraclassCorrelations:
    """The six forms of McGraw & Wong; ``k`` is the number of raters that the mean forms average over.

    Shrout & Fleiss call them ICC(1,1), ICC(2,1), ICC(3,1) and ICC(1,k), ICC(2,k), ICC(3,k).
    """

    icc_1: float
    icc_a1: float
    icc_c1: float
    icc_1k: float
    icc_ak: float
    icc_ck: float
    k: int


def intraclass_correlations(scores: ArrayLike) -> IntraclassCorrelations:
    """All six forms, of a table without gaps (n subjects × k raters, both at least 2).

    Raises :class:`NotEnoughScores` for a smaller table, for gaps, and where nothing varies.
    """
    table = _table(scores)
    n, k = table.shape
    if n < 2 or k < 2 or np.isnan(table).any():
        raise NotEnoughScores("Two subjects and two raters are needed, and every score.")
    grand = table.mean()
    rows = k * float(((table.mean(axis=1) - grand) ** 2).sum())
    columns = n * float(((table.mean(axis=0) - grand) ** 2).sum())
    total = float(((table - grand) ** 2).sum())
    msr, msc = rows / (n - 1), columns / (k - 1)
    msw = (total - rows) / (n * (k - 1))
    mse = max(total - rows - columns, 0.0) / ((n - 1) * (k - 1))
    return IntraclassCorrelations(
        icc_1=_ratio(msr - msw, msr + (k - 1) * msw),
        icc_a1=_ratio(msr - mse, msr + (k - 1) * mse + k * (msc - mse) / n),
        icc_c1=_ratio(msr - mse, msr + (k - 1) * mse),
        icc_1k=_ratio(msr - msw, msr),
        icc_ak=_ratio(msr - mse, msr + (msc - mse) / n),
        icc_ck=_ratio(msr - mse, msr),
        k=k,
    )


def icc_one_way(scores: ArrayLike) -> tuple[float, float]:
    """ICC(1) of a table with gaps, where each subject was scored by its own raters; and ICC(1,k) at the usual k.

    One-way analysis of variance with unequal group sizes (k0 of Snedecor & Cochran). Subjects with one score say
    nothing about agreement and are left out. Raises :class:`NotEnoughScores`.
    """
    groups = [row[~np.isnan(row)] for row in _table(scores)]
    groups = [group for group in groups if len(group) > 1]
    if len(groups) < 2:
        raise NotEnoughScores("Two subjects with two scores each are needed.")
    sizes = np.array([len(group) for group in groups], float)
    total, n = float(sizes.sum()), len(groups)
    grand = float(sum(float(group.sum()) for group in groups)) / total
    between = sum(len(group) * (float(group.mean()) - grand) ** 2 for group in groups) / (n - 1)
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups) / (total - n)
    k0 = (total - float((sizes**2).sum()) / total) / (n - 1)
    return _ratio(between - within, between + (k0 - 1) * within), _ratio(between - within, between)


# --- Krippendorff's alpha ----------------------------------------------------------------------------------------
def krippendorff_alpha(scores: Sequence[Sequence[Any]] | Floats, level: Level = "interval") -> float:
    """Alpha of a table with gaps (``nan`` or ``None``); codes of the nominal level may be any hashable values.

    1 where all agree; raises :class:`NotEnoughScores` where fewer than two units have two values, or only one value
    occurs.
    """
    units = [[value for value in row if not _missing(value)] for row in scores]
    units = [unit for unit in units if len(unit) > 1]
    if len(units) < 2:
        raise NotEnoughScores("Two units with two scores each are needed.")
    values = sorted({value for unit in units for value in unit}, key=lambda value: (str(type(value)), value))
    if len(values) < 2:
        raise NotEnoughScores("Only one value occurs.")
    place = {value: at for at, value in enumerate(values)}
    coincidences = np.zeros((len(values), len(values)))
    for unit in units:
        for one, other in itertools.permutations([place[value] for value in unit], 2):
            coincidences[one, other] += 1 / (len(unit) - 1)
    totals = coincidences.sum(axis=1)
    distance = _distances(values, totals, level)
    observed = float((coincidences * distance).sum())
    expected = float((np.outer(totals, totals) * distance).sum()) / (float(totals.sum()) - 1)
    return 1.0 - observed / expected


def _distances(values: list[Any], totals: Floats, level: Level) -> Floats:
    """The squared difference of each two values, as the level of measurement has it."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "ordinal":
        upto = np.cumsum(totals)
        places = np.arange(len(values))
        between = np.abs(upto[:, None] - upto[None, :]) + totals[np.minimum.outer(places, places)]
        ends = (totals[:, None] + totals[None, :]) / 2
        return np.asarray(np.where(np.eye(len(values)) > 0, 0.0, between - ends) ** 2, float)
    numbers = np.array(values, float)
    difference = numbers[:, None] - numbers[None, :]
    if level == "interval":
        return np.asarray(difference**2, float)
    total = numbers[:, None] + numbers[None, :]
    return np.asarray(np.divide(difference, total, out=np.zeros_like(difference), where=total != 0) ** 2, float)


# --- rank agreement and nominal agreement ------------------------------------------------------------------------
def kendall_w(scores: ArrayLike) -> float:
    """Kendall's coefficient of concordance of a table without gaps, corrected for ties."""
    table = _table(scores)
    n, m = table.shape
    if n < 2 or m < 2 or np.isnan(table).any():
        raise NotEnoughScores("Two subjects and two raters are needed, and every score.")
    ranks = np.column_stack([average_ranks(table[:, column]) for column in range(m)])
    ties = sum(count**3 - count for column in range(m) for count in Counter(table[:, column].tolist()).values())
    sums = ranks.sum(axis=1)
    spread = float(((sums - sums.mean()) ** 2).sum())
    return _ratio(12 * spread, m**2 * (n**3 - n) - m * ties)


def average_ranks(values: ArrayLike) -> Floats:
    """Ranks from 1 for the smallest; those that are equal share the mean of their ranks."""
    numbers = np.asarray(values, float)
    order = np.argsort(numbers, kind="stable")
    ranks = np.empty(len(numbers))
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and numbers[order[end + 1]] == numbers[order[at]]:
            end += 1
        ranks[order[at : end + 1]] = (at + end) / 2 + 1
        at = end + 1
    return ranks


def fleiss_kappa(codes: Sequence[Sequence[Hashable]]) -> float:
    """Fleiss' kappa of units that were each put into a category by the same number of raters."""
    if len(codes) < 2 or len({len(unit) for unit in codes}) != 1 or len(codes[0]) < 2:
        raise NotEnoughScores("Two units are needed, each with the same number of codes, at least two.")
    n, m = len(codes), len(codes[0])
    counts = [Counter(unit) for unit in codes]
    agreement = sum(sum(count * (count - 1) for count in unit.values()) for unit in counts) / (n * m * (m - 1))
    shares = Counter(code for unit in codes for code in unit)
    chance = sum((count / (n * m)) ** 2 for count in shares.values())
    return _ratio(agreement - chance, 1 - chance)


# --- strict and lenient reviewers --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Effects:
    """The additive model score = nomination + reviewer + rest, fitted by least squares.

    ``adjusted`` is each nomination's score as a reviewer of average strictness would give it; ``leniency`` by how much
    each reviewer is above that average (within their part of the design). ``parts`` numbers the parts of the design
    that no reviewer joins: across parts adjusted scores cannot be compared. Rows and columns without scores are nan.
    """

    adjusted: Floats
    leniency: Floats
    parts: NDArray[np.int64]
    connected: bool


def reviewer_effects(scores: ArrayLike) -> Effects:
    """Fit the additive model to a table with gaps.

    The leniencies of a part sum to zero over its scores, so that the mean of all scores stays as it was; a complete
    design adjusts nothing: there everybody was read by the same people.
    """
    table = _table(scores)
    n, m = table.shape
    known = ~np.isnan(table)
    parts, reviewer_parts = _parts(known)
    adjusted, leniency = np.full(n, np.nan), np.full(m, np.nan)
    for part in range(int(parts.max(initial=-1)) + 1):
        rows, columns = np.flatnonzero(parts == part), np.flatnonzero(reviewer_parts == part)
        if len(rows) == 0 or len(columns) == 0:
            continue
        inner, there = np.where(known, table, 0.0)[np.ix_(rows, columns)], known[np.ix_(rows, columns)]
        # Nominations are eliminated: what is left is one equation per reviewer.
        per_row, per_column = there.sum(axis=1), there.sum(axis=0)
        share = there / per_row[:, None]
        matrix = np.diag(per_column.astype(float)) - there.T @ share
        right = inner.sum(axis=0) - share.T @ inner.sum(axis=1)
        found = np.linalg.lstsq(np.vstack([matrix, per_column]), np.append(right, 0.0), rcond=None)[0]
        leniency[columns] = found
        adjusted[rows] = (inner - there * found).sum(axis=1) / per_row
    return Effects(adjusted, leniency, parts, connected=int(parts.max(initial=0)) == 0)


def _parts(known: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the connected parts of the graph of nominations and reviewers; -1 for who has no score."""
    n, m = known.shape
    rows, columns = np.full(n, -1), np.full(m, -1)
    part = 0
    for start in range(n):
        if rows[start] >= 0 or not known[start].any():
            continue
        waiting = [start]
        rows[start] = part
        while waiting:
            for column in np.flatnonzero(known[waiting.pop()] & (columns < 0)):
                columns[column] = part
                for row in np.flatnonzero(known[:, column] & (rows < 0)):
                    rows[row] = part
                    waiting.append(int(row))
        part += 1
    return rows, columns


def trimmed_mean(scores: ArrayLike, trim: int = 1) -> float:
    """The mean of a panel's scores without the ``trim`` highest and lowest; with too few, of all of them."""
    known = np.sort(_known(scores))
    if len(known) == 0:
        raise NotEnoughScores("There is no score.")
    kept = known[trim : len(known) - trim] if len(known) > 2 * trim else known
    return float(kept.mean())


def _known(scores: ArrayLike) -> Floats:
    numbers = np.asarray(scores, float)
    known: Floats = numbers[~np.isnan(numbers)]
    return known


def _table(scores: ArrayLike) -> Floats:
    table = np.asarray(scores, float)
    if table.ndim != 2:
        raise ValueError("A table of subjects × raters is needed.")
    return table


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _ratio(above: float, below: float) -> float:
    if abs(below) < 1e-12:
        raise NotEnoughScores("The scores do not vary.")
    return float(above / below)
