"""Passkeys in a real browser, under the strict policy: added on the page, then used instead of a password."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from hstw.access import Role
from tests import factories
from tests.browser.world import FilledWorld


def with_authenticator(page: Page) -> Any:
    """Give the browser a built-in authenticator that knows its owner, as a phone or laptop has."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return tools


def test_a_passkey_is_added_and_signs_in_without_a_password(page: Page, world: FilledWorld) -> None:
    user = factories.person(Role.BOARD_VIEWER, world.people[Role.BOARD_VIEWER].role_assignments.get().organization)
    with_authenticator(page)

    page.goto("/account/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")

    page.goto("/account/2fa/webauthn/add/")
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/webauthn/add/")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile(r"/account/2fa/(recovery-codes/)?$"))

    page.context.clear_cookies()
    page.goto("/account/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/")
    expect(page.locator("body")).not_to_contain_text("Sign in with a passkey")
    assert user.authenticator_set.filter(type="webauthn", last_used_at__isnull=False).exists()
