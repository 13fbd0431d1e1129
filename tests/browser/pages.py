"""Every page of the product as somebody sees it: who opens it, at which address, and what proves that it is filled.

``tests/browser/test_pages.py`` fails on a route of the URL table that is missing here, and on a page whose proof is
not on it: an empty page passes every check without having been looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from hstw.access import Role
from hstw.navigation import current_year
from tests.browser.world import LONG_NAME, FilledWorld


@dataclass(frozen=True)
class Seen:
    """One page: the role that opens it (``None``: a visitor), its address, and a text that it must show."""

    role: str | None
    kwargs: Callable[[FilledWorld], dict[str, Any]]
    proof: str
    query: str = ""


def _nothing(world: FilledWorld) -> dict[str, Any]:
    return {}


def _ridge(world: FilledWorld, **more: Any) -> dict[str, Any]:
    return {"slug": "ridge", "year": current_year(), **more}


def of_ridge(role: str, proof: str, **more: Any) -> Seen:
    """A page of Cahaba Ridge High School."""
    return Seen(role, lambda world: _ridge(world, **more), proof)


PAGES: dict[str, Seen] = {
    "home": Seen(Role.PRINCIPAL, _nothing, "Lee Leaver"),
    "styleguide": Seen(Role.SYSTEM_ADMINISTRATOR, _nothing, "Off track"),
    "schools:organizations": Seen(Role.STATE_COORDINATOR, _nothing, LONG_NAME, "?kind=school"),
    "schools:organization": of_ridge(Role.STATE_COORDINATOR, "Students with disabilities"),
    "schools:organization_edit": of_ridge(Role.PRINCIPAL, "100 Ridge Road"),
    "schools:organization_add": Seen(
        Role.DISTRICT_ADMINISTRATOR, lambda world: {"slug": "cahaba", "year": current_year()}, "School"
    ),
    "schools:organization_history": of_ridge(Role.PRINCIPAL, "Street"),
    "schools:standing_add": of_ridge(Role.STATE_COORDINATOR, "Making Schools Work", kind="membership"),
    "schools:standing_edit": Seen(
        Role.STATE_COORDINATOR,
        lambda world: _ridge(world, kind="membership", pk=world.membership.pk),
        "Making Schools Work",
    ),
    "account_login": Seen(None, _nothing, "Sign in"),
    "account_reset_password": Seen(None, _nothing, "password"),
    "account_change_password": Seen(Role.PRINCIPAL, _nothing, "assword"),
    "account_email": Seen(Role.PRINCIPAL, _nothing, "principal@browser.example"),
    "mfa_index": Seen(Role.PRINCIPAL, _nothing, "uthenticator"),
    "usersessions_list": Seen(Role.PRINCIPAL, _nothing, "127.0.0.1"),
}

# Routes that show no page of their own: they answer with a redirect, with data, or only to a form's submission.
NO_PAGE = {
    "schools:organization_now",
    "healthz",
    "readyz",
    "metrics",
}


def address(name: str, world: FilledWorld) -> str:
    """The page's address in this world."""
    seen = PAGES[name]
    return reverse(name, kwargs=seen.kwargs(world)) + seen.query
