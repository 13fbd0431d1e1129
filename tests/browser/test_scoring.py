"""A whole review with the keyboard alone, from the reviewer's home to the lock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from awards.models import EditionRole, Review
from awards.models.edition import PhaseKind
from tests import factories
from tests.awards import world as w
from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_keyboard import focused, press_until
from tests.browser.world import FilledWorld

# By the criterion's place: how many bands up from the lowest; the fourth may not apply, and here does not.
BANDS = (4, 3, 3, None, 3, 3)
# Weights of the default rubric: 10 all of it, 25 + 30 + 10 + 10 three quarters, 15 left out above and below.
TOTAL = Decimal("77.94")
SLOW = 15_000
FOCUS_IS_SEEN = """() => {
    const box = document.activeElement.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 12)];
    const there = document.elementFromPoint(x, y);
    return !!there && (document.activeElement.contains(there) || there.contains(document.activeElement));
}"""


def named(page: Page, name: str) -> bool:
    """Whether the focus is on the field of this name, and in sight."""
    if page.evaluate("document.activeElement.name") != name:
        return False
    assert page.evaluate(FOCUS_IS_SEEN), f"the focus is on {name}, and something lies over it"
    return True


def reaches_the_bands(page: Page, number: int) -> None:
    """Past the navigation and the nomination, however long it is, by two links; from then on one stays at the bands."""
    if number > 1:
        press_until(page, lambda: named(page, "choice"), at_most=1)
        return
    press_until(page, lambda: focused(page) == "Skip to the content", at_most=1)
    page.keyboard.press("Enter")
    press_until(page, lambda: focused(page) == "Skip to the bands", at_most=1)
    page.keyboard.press("Enter")
    press_until(page, lambda: named(page, "choice"), at_most=1)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_review_is_scored_and_locked_by_keyboard_alone(
    viewport: dict[str, int], world: FilledWorld, signed_in: Callable[..., Page]
) -> None:
    school = factories.organization("school", world.places.bluegrass, "Keyboard Hill High School", design="high")
    edition = w.edition(2051 if viewport is WIDE else 2053)
    reader = w.place(edition, EditionRole.REVIEWER, factories.person(name="Keyla Board"))
    nomination = w.submitted(edition, school)
    w.shift(edition, PhaseKind.REVIEW)
    w.assign(nomination, reader)
    page = signed_in(reader.user, viewport=viewport)
    page.goto("/")
    press_until(page, lambda: focused(page) == "Read and score one nomination")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What you have to read")).to_be_visible()
    press_until(page, lambda: focused(page).startswith("Read and score"))
    page.keyboard.press("Enter")

    for number, band in enumerate(BANDS, start=1):
        expect(page.get_by_text(f"Criterion {number} of 6")).to_be_visible(timeout=SLOW)
        reaches_the_bands(page, number)
        if band is None:
            page.keyboard.press("ArrowUp")  # from the first to the last: does not apply
        else:
            for _ in range(band):
                page.keyboard.press("ArrowDown")
        press_until(page, lambda: named(page, "comment"), at_most=1)
        page.keyboard.type(f"Reason {number}.")
        if number == 2:
            # This one is not for the school.
            press_until(page, lambda: named(page, "shared"), at_most=1)
            page.keyboard.press("Space")
        if band is not None:
            press_until(page, lambda: named(page, "cite_part"), at_most=4)
            page.keyboard.type("What was done")
            press_until(page, lambda: named(page, "cite_quote"), at_most=1)
            page.keyboard.type("Advisory councils review each pathway every year")
        press_until(page, lambda: focused(page) == "Save and next", at_most=8)
        page.keyboard.press("Enter")

    expect(page.get_by_text("Once submitted, your scores are locked.")).to_be_visible()
    press_until(page, lambda: focused(page) == "Submit and lock")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Submitted with 77.9 of 100. Your scores are locked.")).to_be_visible()
    review = Review.objects.get(assignment__reviewer=reader)
    assert review.submitted_at is not None
    assert review.total == TOTAL
    scores = list(review.scores.order_by("criterion__order").select_related("band"))
    assert [None if one.band is None else one.band.points for one in scores] == list(BANDS)
    assert [one.not_applicable for one in scores] == [False, False, False, True, False, False]
    assert [one.comment for one in scores] == [f"Reason {number}." for number in range(1, 7)]
    assert [one.shared for one in scores] == [True, False, True, True, True, True]
    cited = [[(cite.part, cite.quote) for cite in one.citations.all()] for one in scores]
    passage = [("actions", "Advisory councils review each pathway every year")]
    assert cited == [passage, passage, passage, [], passage, passage]
