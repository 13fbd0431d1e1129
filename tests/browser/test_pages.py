"""Every page, filled with data, at both widths, light and dark: accessible, within its width, and worth looking at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.access.test_walk import every_url
from tests.browser.conftest import NARROW, OUTPUT, WIDE
from tests.browser.pages import NO_PAGE, PAGES, address
from tests.browser.world import FilledWorld

# Of a thousand rows alike, twenty are looked into: the rules read every node, for minutes.
WITHOUT_REPETITION = {"include": [["html"]], "exclude": [[".table-tall tbody tr:nth-child(n+21)"]]}
NARROWEST = {"width": 320, "height": 640}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}}
# In the dark only colors differ.
COLORS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def test_every_route_is_looked_at() -> None:
    names = {name for name, _ in every_url()}
    looked_at = {name.partition("#")[0] for name in PAGES}
    assert names - looked_at - NO_PAGE == set()
    assert (looked_at | NO_PAGE) - names == set()


def open_page(name: str, world: FilledWorld, signed_in: Callable[..., Page], new_context: Callable[..., Any]) -> Page:
    """The page ``name``, opened by the person who is declared to see it."""
    seen = PAGES[name]
    page = new_context().new_page() if seen.role is None else signed_in(world.people[seen.role])
    there = address(name, world)
    response = page.goto(there)
    assert response is not None
    assert response.status == seen.status
    # A redirect to another page, say to sign in once more, must not pass for the page itself.
    assert urlsplit(page.url).path == urlsplit(there).path
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
        for scheme, rules in (("light", RULES), ("dark", COLORS)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(
                path=folder / f"{name.replace(':', '-').replace('#', '-')}-{width}-{scheme}.png", full_page=True
            )
            result = Axe().run(page, context=WITHOUT_REPETITION, options=rules)
            found += [
                f"{width} {scheme}: {violation['id']}: {node['html'][:160]}"
                for violation in result.response["violations"]
                for node in violation["nodes"]
            ]
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    if (width_needed := page.evaluate("document.documentElement.scrollWidth")) > NARROWEST["width"]:
        found.append(f"scrolls sideways: {width_needed} of {NARROWEST['width']} px")
    assert found == []
