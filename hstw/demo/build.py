"""Builds the demonstration world in one transaction: killed at any moment, it leaves nothing behind."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from django.db import connection, transaction

from schools.models import Organization, User

from . import phases
from .world import SCALES, Progress, World, duration

_LOCK = 7_365_001  # any number that nothing else locks


class NotEmpty(Exception):
    """The database holds an organization or a person already; a world is never mixed into another."""


def is_empty() -> bool:
    """Whether there is neither an organization nor a person; a load is all or nothing, never half."""
    return not Organization.objects.exists() and not User.objects.exists()


def build(*, scale: str, seed: int, today: dt.date, say: Callable[[str], None]) -> World:
    """Write a whole world into an empty database; raises :class:`NotEmpty` for any other.

    The same scale, seed and day give the same rows, primary keys included.
    """
    world = World(SCALES[scale], seed, today, Progress(say))
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if not is_empty():
            raise NotEmpty("The database is not empty: the demonstration world needs one of its own.")
        # Keys are checked after each COPY, not kept in memory until the end.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name, load in phases():
            before, begun = world.writer.total, time.monotonic()
            say(f"{name} …")
            load(world)
            rows = world.writer.total - before
            say(f"{name}: {rows:,} rows in {duration(time.monotonic() - begun)}")
        world.writer.set_sequences()
    say(f"{world.writer.total:,} rows in {duration(time.monotonic() - started)}")
    return world
