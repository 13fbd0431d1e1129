"""A real server, a real browser, one committed world per worker.

Browser tests run apart from the others (`make test` does so): nothing is rolled back between them, so each makes the
people and organizations that it changes.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from schools.models import User
from tests import factories
from tests.browser.world import FilledWorld, fill

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 760}
OUTPUT = Path(__file__).parents[1] / "output"
# A machine that tests beside other work is slow, not wrong.
expect.set_options(timeout=15_000)
HOW_TO_GET_ONE = "no Chromium found: install one (Debian: apt install chromium) or name it in CHROMIUM"


def chromium() -> str | None:
    """The browser to drive: the one named in ``CHROMIUM``, else Debian's."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser; where none is installed, say in one line how to get one."""
    for item in items:
        if "/browser/" not in str(item.path):
            continue
        item.add_marker(pytest.mark.browser)
        if chromium() is None and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=HOW_TO_GET_ONE))


@pytest.fixture(scope="session")
def _database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Everything that browser tests write is committed."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def world(_database: None) -> FilledWorld:
    """One filled world for the session: read it, but change only what a test made itself."""
    return fill()


@pytest.fixture(scope="session")
def live(_database: None) -> Iterator[str]:
    """The base address of the running product."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # Playwright's sync interface runs an event loop in this thread, at which Django's ORM would take fright.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as running:
        yield running


def launch(playwright: Playwright, **options: Any) -> Browser:
    """Start Chromium; as root it cannot use its own sandbox."""
    arguments = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return playwright.chromium.launch(executable_path=chromium(), args=arguments, **options)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = launch(playwright)
    yield running
    running.close()


@pytest.fixture
def new_context(browser: Browser, live: str) -> Iterator[Callable[..., BrowserContext]]:
    """Make separate browser profiles; every page of theirs fails the test on a violation of the security policy."""
    contexts: list[BrowserContext] = []
    violations: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"viewport": WIDE, "base_url": live, "reduced_motion": "reduce"} | options)
        context.set_default_timeout(15_000)
        # The first page of a session takes long: every template is read then.
        context.set_default_navigation_timeout(60_000)
        context.on(
            "console",
            lambda message: violations.append(message.text) if "Content Security Policy" in message.text else None,
        )
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert violations == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """One page in a profile of its own."""
    return new_context().new_page()


def sign_in(context: BrowserContext, live: str, user: User) -> None:
    """Open a session for ``user`` without walking through the form; the form has tests of its own."""
    client = Client()
    client.force_login(user)
    session = client.session
    # As the sign-in form leaves it: the library's account pages ask who has proved themselves lately.
    methods: list[dict[str, Any]] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    if user.authenticator_set.exists():
        methods.append({"method": "mfa", "type": "totp", "at": time.time(), "reauthenticated": True})
    session["account_authentication_methods"] = methods
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    morsel = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": morsel.value, "url": live}])


@pytest.fixture
def signed_in(new_context: Callable[..., BrowserContext], live: str) -> Callable[..., Page]:
    """A page of somebody who is signed in: ``signed_in(user)`` or ``signed_in(role=…, on=…)``."""

    def make(user: User | None = None, *, role: str | None = None, on: Any = None, **options: Any) -> Page:
        context = new_context(**options)
        sign_in(context, live, user or factories.person(role, on))
        return context.new_page()

    return make


@pytest.fixture
def own_browser(
    playwright: Playwright, live: str, tmp_path: Path
) -> Iterator[Callable[[User], tuple[BrowserContext, Page]]]:
    """A browser with a profile on disk, as a person has it; opened again, it finds what it kept."""
    opened: list[BrowserContext] = []

    def make(user: User) -> tuple[BrowserContext, Page]:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=chromium(),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
            base_url=live,
        )
        context.set_default_timeout(15_000)
        context.set_default_navigation_timeout(60_000)
        opened.append(context)
        sign_in(context, live, user)
        return context, context.new_page()

    yield make
    for context in opened:
        # One that was killed cannot be closed.
        if context.browser is None or context.browser.is_connected():
            context.close()


def kill(profile: Path) -> None:
    """SIGKILL to the browser that works in ``profile``, which this test started."""
    ours = psutil.Process().children(recursive=True)
    victims = [process for process in ours if any(str(profile) in part for part in process.cmdline())]
    assert victims
    for process in victims:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(victims, timeout=10)
