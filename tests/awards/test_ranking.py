"""The ranking: totals, agreed scores, ranks; and that a frozen result comes out again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from awards import ranking
from awards.totals import Share, total


def inputs(reviews: dict[tuple[str, str], list[int | None]], agreed: list[tuple[str, int, int]] = ()) -> dict[str, Any]:  # type: ignore[assignment]
    labels = sorted({label for label, _reader in reviews})
    return {
        "criteria": [{"order": n, "name": f"C{n}", "weight": w, "best": 4} for n, w in ((1, "75"), (2, "25"))],
        "nominations": [{"label": label, "school": label, "checksum": ""} for label in labels],
        "reviews": [
            {"nomination": label, "reader": reader, "points": {str(n): p for n, p in enumerate(points, start=1)}}
            for (label, reader), points in reviews.items()
        ],
        "consensus": [{"nomination": label, "order": order, "points": points} for label, order, points in agreed],
    }


def test_what_does_not_apply_is_left_out_above_and_below() -> None:
    half, whole = Decimal("0.5"), Decimal(1)
    assert total([Share(Decimal(30), half), Share(Decimal(70), whole)]) == Decimal("85.00")
    assert total([Share(Decimal(30), half), Share(Decimal(70), None)]) == Decimal("50.00")
    assert total([Share(Decimal(30), None)]) is None
    assert total([Share(Decimal(1), whole), Share(Decimal(2), Decimal(0))]) == Decimal("33.33")


def test_raw_is_the_mean_of_totals_with_agreed_scores_in_place() -> None:
    # Reader 1: 75·4/4 + 25·2/4 = 87.5; reader 2: 75·1/4 + 25·2/4 = 31.25. Agreed on 3: 68.75 each.
    given = {("a", "R1"): [4, 2], ("a", "R2"): [1, 2], ("b", "R1"): [2, 2], ("b", "R2"): [2, None]}
    row = ranking.compute(inputs(given))["rows"][0]
    assert (row["label"], row["raw"], row["raw_rank"]) == ("a", "59.38", 1)
    row = ranking.compute(inputs(given, [("a", 1, 3)]))["rows"][0]
    assert (row["raw"], row["trimmed"], row["readers"]) == ("68.75", "68.75", 2)


def test_agreement_is_that_of_the_scores_given_alone() -> None:
    given = {("a", "R1"): [4, 4], ("a", "R2"): [0, 0], ("b", "R1"): [4, 4], ("b", "R2"): [0, 0]}
    alone = ranking.compute(inputs(given))["reliability"]
    met = ranking.compute(inputs(given, [("a", 1, 2), ("a", 2, 2), ("b", 1, 2), ("b", 2, 2)]))["reliability"]
    assert alone == met
    assert float(alone["alpha"]) < 0


def test_a_strict_reader_is_taken_out() -> None:
    # R3 gives two bands less than the others; whoever had R3 is moved up.
    given = {("a", "R1"): [3, 3], ("a", "R2"): [3, 3], ("b", "R2"): [4, 4], ("b", "R3"): [2, 2]}
    rows = {row["label"]: row for row in ranking.compute(inputs(given))["rows"]}
    assert (rows["a"]["raw"], rows["b"]["raw"]) == ("75.00", "75.00")
    assert (rows["a"]["raw_rank"], rows["b"]["raw_rank"]) == (1, 1)
    # Leniencies x, x and x - 50 with one, two and one score: their sum is zero for x = 12.5.
    assert (rows["a"]["adjusted"], rows["b"]["adjusted"]) == ("62.50", "87.50")
    assert rows["b"]["adjusted_rank"] == 1


def test_a_reader_who_decides_the_rank_shows_in_its_range() -> None:
    given = {("a", "R1"): [4, 4], ("a", "R2"): [2, 2], ("b", "R2"): [3, 3], ("b", "R3"): [3, 3], ("a", "R3"): [4, 4]}
    rows = {row["label"]: row for row in ranking.compute(inputs(given))["rows"]}
    assert (rows["a"]["raw_rank"], rows["a"]["best_rank"], rows["a"]["worst_rank"]) == (1, 1, 1)
    given[("a", "R2")] = [0, 0]
    rows = {row["label"]: row for row in ranking.compute(inputs(given))["rows"]}
    assert (rows["a"]["raw_rank"], rows["a"]["best_rank"], rows["a"]["worst_rank"]) == (2, 1, 2)


@pytest.mark.parametrize("reviews", [{}, {("a", "R1"): [None, None]}, {("a", "R1"): [3, 3]}])
def test_little_is_no_reason_to_fail(reviews: dict[tuple[str, str], list[int | None]]) -> None:
    found = ranking.compute(inputs(reviews))
    assert found["reliability"]["alpha"] == ""
    assert found["connected"]
