"""Production starts only when it is set up safely, and says in one line what is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings

GOOD_KEY = "n7Qw-2kV9_xZr4TgYb8Lm1Pc6Sd3Fh5Jj0Kk-aEuIoRtWzXvBqNy"


def check(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """``manage.py check --deploy`` in production with a good environment, but for ``changes``."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "HSTW_HOME") if name in os.environ}
    environment |= {
        "HSTW_ENV": "production",
        "SECRET_KEY": GOOD_KEY,
        "ALLOWED_HOSTS": "hstw.example.org",
        # check asks nothing of the servers, and nothing is started for it
        "DATABASE_URL": "postgres://hstw_app@localhost/hstw",
        "REDIS_URL": "redis://localhost:6379/0",
    }
    for name, value in changes.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_good_environment_passes_every_check() -> None:
    done = check()
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "SECRET_KEY is not set"),
        ("", "SECRET_KEY is not set"),
        ("short", "SECRET_KEY is too short or a default"),
        ("x" * 49, "SECRET_KEY is too short or a default"),
        ("django-insecure-" + GOOD_KEY, "SECRET_KEY is too short or a default"),
        ("change-me-" + GOOD_KEY, "SECRET_KEY is too short or a default"),
    ],
)
def test_without_a_key_of_its_own_production_refuses_in_one_line(key: str | None, words: str) -> None:
    done = check(SECRET_KEY=key)
    assert done.returncode != 0
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_environment_is_refused() -> None:
    done = check(HSTW_ENV="foo")
    assert done.returncode != 0
    assert done.stderr.strip() == "HSTW_ENV is 'foo'; it must be local or production."


def test_production_needs_to_know_its_hosts() -> None:
    assert "security.W020" in check(ALLOWED_HOSTS=None).stderr


@pytest.mark.parametrize("environment", ["local", "production"])
def test_debug_is_never_on(environment: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from hstw import settings; print(settings.DEBUG)"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"HSTW_ENV": environment, "DEBUG": "1", "DJANGO_DEBUG": "1", "SECRET_KEY": GOOD_KEY},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "False\n"


def test_the_secret_key_is_in_no_message() -> None:
    key = "short-but-s3cret"
    assert key not in (done := check(SECRET_KEY=key)).stderr + done.stdout
