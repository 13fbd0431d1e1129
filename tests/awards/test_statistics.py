"""Agreement of reviewers: against published values, worked examples, and what must hold of every table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awards import statistics
from awards.statistics import NotEnoughScores
from tests import samples

# Krippendorff (2011), “Computing Krippendorff's Alpha-Reliability”, example D: 4 observers, 12 units, gaps.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = [list(unit) for unit in zip(*OBSERVERS, strict=True)]

# Shrout & Fleiss (1979), table 2: 6 targets, 4 judges; their table 4 gives the coefficients.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def read(name: str) -> list[list[str]]:
    return [list(row.values())[1:] for row in samples.rows(f"reviews/{name}")]


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_the_published_example_with_gaps(level: Any, alpha: float) -> None:
    assert statistics.krippendorff_alpha(UNITS, level) == pytest.approx(alpha, abs=0.0005)


def test_intraclass_correlations_of_shrout_and_fleiss() -> None:
    found = statistics.intraclass_correlations(SHROUT_FLEISS)
    assert [round(one, 2) for one in (found.icc_1, found.icc_a1, found.icc_c1)] == [0.17, 0.29, 0.71]
    assert [round(one, 2) for one in (found.icc_1k, found.icc_ak, found.icc_ck)] == [0.44, 0.62, 0.91]
    assert found.k == 4


@samples.needs_samples
def test_anxiety_agrees_with_the_published_values() -> None:
    scores = [[float(score) for score in row] for row in read("irr_anxiety.csv")]
    assert statistics.intraclass_correlations(scores).icc_a1 == pytest.approx(0.198, abs=0.0005)
    assert statistics.kendall_w(scores) == pytest.approx(0.540, abs=0.0005)


@samples.needs_samples
def test_diagnoses_agree_with_the_published_value() -> None:
    assert statistics.fleiss_kappa(read("irr_diagnoses.csv")) == pytest.approx(0.430, abs=0.0005)


def test_one_way_without_gaps_is_the_named_form() -> None:
    found = statistics.intraclass_correlations(SHROUT_FLEISS)
    assert statistics.icc_one_way(SHROUT_FLEISS) == pytest.approx((found.icc_1, found.icc_1k))


def test_one_way_with_gaps_worked_by_hand() -> None:
    # Groups 1 3 | 5 7 9 | 8: the last has one score. Means 2 and 7, grand 5; between (2·9 + 3·4)/1 = 30,
    # within (2 + 8)/(5 - 2) = 10/3, k0 = (5 - 13/5)/1 = 2.4; ICC(1) = (30 - 10/3)/(30 + 1.4·10/3) = 80/104.
    table = [[1, 3, np.nan], [5, 7, 9], [np.nan, np.nan, 8]]
    one, many = statistics.icc_one_way(table)
    assert one == pytest.approx(80 / 104)
    assert many == pytest.approx((30 - 10 / 3) / 30)


def test_ranks_share_ties() -> None:
    assert statistics.average_ranks([10, 20, 10, 30]).tolist() == [1.5, 3, 1.5, 4]


def test_leniency_worked_by_hand() -> None:
    # 60, 70, 80 plus 0, 10 or 5 by reviewer. Of a reviewer of the average leniency, 5, they would have 65, 75, 85.
    table = [[60, 70, np.nan], [70, np.nan, 75], [np.nan, 90, 85]]
    found = statistics.reviewer_effects(table)
    assert found.leniency == pytest.approx([-5, 5, 0])
    assert found.adjusted == pytest.approx([65, 75, 85])
    assert found.connected


def test_a_design_in_two_parts_says_so() -> None:
    table = [[60, 70, np.nan, np.nan], [np.nan, np.nan, 50, 90], [np.nan] * 4]
    found = statistics.reviewer_effects(table)
    assert not found.connected
    assert found.parts.tolist() == [0, 1, -1]
    assert found.adjusted[:2] == pytest.approx([65, 70])
    assert np.isnan(found.adjusted[2])


@given(
    st.lists(st.integers(0, 100), min_size=2, max_size=8),
    st.lists(st.integers(-20, 20), min_size=2, max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_additive_model_finds_what_made_the_scores(truth: list[int], leniency: list[int], random: Any) -> None:
    n, m = len(truth), len(leniency)
    table = np.array(truth, float)[:, None] + np.array(leniency, float)[None, :]
    # A chain joins everybody; of the rest some are missing.
    for row in range(n):
        for column in range(m):
            if column != 0 and row != 0 and random.random() < 0.5:
                table[row, column] = np.nan
    found = statistics.reviewer_effects(table)
    assert found.connected
    average = np.average(leniency, weights=(~np.isnan(table)).sum(axis=0))
    assert found.leniency == pytest.approx(np.array(leniency) - average, abs=1e-6)
    assert found.adjusted == pytest.approx(np.array(truth) + average, abs=1e-6)


def test_a_complete_design_adjusts_nothing() -> None:
    table = np.array(SHROUT_FLEISS, float)
    assert statistics.reviewer_effects(table).adjusted == pytest.approx(table.mean(axis=1))


@pytest.mark.parametrize(
    ("scores", "trim", "mean"),
    [([10, 50, 60, 100], 1, 55), ([40, 50, 90], 1, 50), ([40, 50], 1, 45), ([7, np.nan, 9, 11], 0, 9)],
)
def test_trimmed_means(scores: list[float], trim: int, mean: float) -> None:
    assert statistics.trimmed_mean(scores, trim) == pytest.approx(mean)


@pytest.mark.parametrize(
    "compute",
    [
        lambda: statistics.krippendorff_alpha([[1, None], [2, None]]),
        lambda: statistics.krippendorff_alpha([[1, 1], [1, 1]]),
        lambda: statistics.krippendorff_alpha([[1, 2]]),
        lambda: statistics.intraclass_correlations([[1, 2]]),
        lambda: statistics.intraclass_correlations([[1, np.nan], [1, 2]]),
        lambda: statistics.intraclass_correlations([[3, 3], [3, 3]]),
        lambda: statistics.icc_one_way([[1, np.nan], [2, np.nan]]),
        lambda: statistics.kendall_w([[1, 1], [1, 1]]),
        lambda: statistics.fleiss_kappa([["a", "b"], ["a"]]),
        lambda: statistics.trimmed_mean([np.nan]),
    ],
)
def test_what_cannot_be_computed_is_refused(compute: Any) -> None:
    with pytest.raises(NotEnoughScores):
        compute()
