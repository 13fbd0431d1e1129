"""The pathway designer with the keyboard alone, and with the mouse: what stands on the page stands in the database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from hstw.access import Role
from hstw.navigation import current_year
from pathways.models import PathwayCourse
from tests import factories
from tests.browser.test_keyboard import press_until
from tests.browser.world import FilledWorld
from tests.pathways import made


@pytest.fixture
def draft(world: FilledWorld) -> made.Pathway:
    """A pathway of a school of its own, with two courses in grade 9."""
    school = factories.organization("school", world.places.cahaba, design="high", grade_low="09", grade_high="12")
    row = made.pathway(school)
    for title in ("Drafting I", "Drafting II"):
        made.place(row, made.course(world.places.cahaba, title))
    return row


def order(row: made.Pathway, grade: str = "09") -> list[str]:
    """Titles as they stand in the database."""
    rows = PathwayCourse.objects.filter(pathway=row, grade=grade, part="pathway").order_by("position")
    return [one.course.title for one in rows.select_related("course")]


def opened(row: made.Pathway, signed_in: Callable[..., Page]) -> Page:
    """The designer, opened by the school's counselor."""
    page = signed_in(role=Role.COUNSELOR, on=row.organization)
    page.goto(f"/o/{row.organization.slug}/{current_year()}/pathways/{row.pk}/courses/")
    return page


def focus_is(page: Page, key: str) -> bool:
    """Whether the focus is on the element of this id or name."""
    return bool(page.evaluate("(key) => [document.activeElement.id, document.activeElement.name].includes(key)", key))


def test_a_course_is_added_moved_and_placed_by_keyboard_alone(
    draft: made.Pathway, world: FilledWorld, signed_in: Callable[..., Page]
) -> None:
    added = made.course(world.places.cahaba, "Drafting Studio")
    page = opened(draft, signed_in)
    press_until(page, lambda: focus_is(page, "course"))
    page.keyboard.type(added.code)
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Drafting Studio: added to grade 9.")
    assert order(draft) == ["Drafting I", "Drafting II", "Drafting Studio"]
    row = PathwayCourse.objects.get(pathway=draft, course=added)
    press_until(page, lambda: focus_is(page, f"up-{row.pk}"), at_most=120)
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("now number 2 of grade 9")
    # The focus stays where it was, so that the next press moves it on.
    assert focus_is(page, f"up-{row.pk}")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("now number 1 of grade 9")
    press_until(page, lambda: focus_is(page, f"more-{row.pk}"))
    page.keyboard.press("Enter")
    press_until(page, lambda: focus_is(page, f"grade-of-{row.pk}"))
    page.keyboard.press("ArrowDown")
    press_until(page, lambda: focus_is(page, f"move-{row.pk}"))
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("now in grade 10, pathway course")
    assert order(draft, "10") == ["Drafting Studio"]


def test_a_course_is_dragged_to_another_grade(draft: made.Pathway, signed_in: Callable[..., Page]) -> None:
    page = opened(draft, signed_in)
    row = PathwayCourse.objects.get(pathway=draft, course__title="Drafting II")
    page.locator(f"#course-{row.pk} .course-title").drag_to(page.locator('[data-grade="11"][data-part="pathway"]'))
    expect(page.locator(".said")).to_contain_text("now in grade 11")
    assert order(draft, "11") == ["Drafting II"]


def test_without_scripts_the_designer_works(
    draft: made.Pathway, new_context: Callable[..., object], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(role=Role.COUNSELOR, on=draft.organization, java_script_enabled=False)
    page.goto(f"/o/{draft.organization.slug}/{current_year()}/pathways/{draft.pk}/courses/")
    row = PathwayCourse.objects.get(pathway=draft, course__title="Drafting II")
    page.locator(f"#up-{row.pk}").click()
    expect(page.get_by_text("Drafting II: now number 1 of grade 9.")).to_be_visible()
    assert order(draft) == ["Drafting II", "Drafting I"]
