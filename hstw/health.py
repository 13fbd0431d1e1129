"""Whether what this process stands on answers."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)

OK, SILENT, BEHIND = "ok", "does not answer", "waits for migrate"

# What this process has seen applied stays applied: the plan is worked out until it is empty, then never again.
_schema_seen_complete = False


def state() -> dict[str, str]:
    """The database, its schema and the queue, each ``ok`` or what is wrong with it."""
    database = _answers(_ask_database)
    return {
        "database": database,
        "schema": _schema() if database == OK else SILENT,
        "queue": _answers(_ask_queue),
    }


def _schema() -> str:
    """Whether every migration of this version is applied.

    New processes are not ready before ``migrate`` has run; old ones stay ready while newer ones are applied.
    """
    global _schema_seen_complete
    if not _schema_seen_complete:
        try:
            executor = MigrationExecutor(connection)
            _schema_seen_complete = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        except Exception as error:
            log.warning("the migrations cannot be read: %s", type(error).__name__)
            return SILENT
    return OK if _schema_seen_complete else BEHIND


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_queue() -> None:
    cache.get("readyz")


def _answers(ask: Callable[[], None]) -> str:
    try:
        ask()
    except Exception as error:
        log.warning("%s failed: %s", ask.__name__.removeprefix("_ask_"), type(error).__name__)
        return SILENT
    return OK
