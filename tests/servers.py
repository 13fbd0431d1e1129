"""A pytest plugin: one PostgreSQL and one Valkey for a test run, apart from those of `make run`.

Loaded with `-p tests.servers`, so that the addresses stand in the environment before settings are read.
The process that controls the run starts the servers; its parallel workers inherit the addresses, and
each has a key prefix of its own.
"""

import os
from contextlib import ExitStack

import pytest

from hstw import embedded

WORKER = os.environ.get("PYTEST_XDIST_WORKER")

# The first process decides; a worker must not put a test home into the test home.
os.environ["HSTW_HOME"] = os.environ.setdefault("HSTW_TEST_HOME", str(embedded.home() / "test"))
os.environ["HSTW_KEY_PREFIX"] = f"test-{WORKER or 'main'}:"
# Test databases are created, which the application's role may not.
os.environ.setdefault("HSTW_DATABASE_ROLE", "owner")

_running = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if WORKER or config.option.collectonly or config.option.help:
        return
    try:
        # Nothing here is worth keeping after a power cut.
        _running.enter_context(embedded.servers(durable=False))
    except embedded.EmbeddedError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_unconfigure(config: pytest.Config) -> None:
    _running.close()
