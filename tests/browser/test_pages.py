"""Every page, filled with data, at both widths, light and dark: accessible, within its width, and worth looking at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.access.test_walk import every_url
from tests.browser.conftest import NARROW, OUTPUT, WIDE
from tests.browser.pages import NO_PAGE, PAGES, address
from tests.browser.world import FilledWorld

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}}


def test_every_route_is_looked_at() -> None:
    names = {name for name, _ in every_url()}
    assert names - set(PAGES) - NO_PAGE == set()
    assert (set(PAGES) | NO_PAGE) - names == set()


def open_page(name: str, world: FilledWorld, signed_in: Callable[..., Page], new_context: Callable[..., Any]) -> Page:
    """The page ``name``, opened by the person who is declared to see it."""
    seen = PAGES[name]
    page = new_context().new_page() if seen.role is None else signed_in(world.people[seen.role])
    response = page.goto(address(name, world))
    assert response is not None
    assert response.status == seen.status
    assert seen.proof in page.content()
    return page


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page(name: str, world: FilledWorld, signed_in: Callable[..., Page], new_context: Callable[..., Any]) -> None:
    page = open_page(name, world, signed_in, new_context)
    folder = OUTPUT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    for width, size in (("wide", WIDE), ("narrow", NARROW)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=folder / f"{name.replace(':', '-')}-{width}-{scheme}.png", full_page=True)
            result = Axe().run(page, options=RULES)
            found += [
                f"{width} {scheme}: {violation['id']}: {node['html'][:160]}"
                for violation in result.response["violations"]
                for node in violation["nodes"]
            ]
    assert found == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_scrolls_sideways_at_320(
    name: str, world: FilledWorld, signed_in: Callable[..., Page], new_context: Callable[..., Any]
) -> None:
    page = open_page(name, world, signed_in, new_context)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
