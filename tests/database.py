"""One migrated database for all test runs, copied by each worker: migrating an empty one takes most of a minute."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.utils import CursorWrapper

PREFIX = "template_hstw_"
PROJECT = Path(__file__).resolve().parents[1]
LOCK = 0x68737477  # "hstw": one worker makes the template, the others wait for it


def template() -> str:
    """The name of a database with every migration applied, made now if no earlier run made it.

    Call it connected as the owner. Its name changes with the migrations; one made for others is removed.
    """
    name = PREFIX + _fingerprint()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        there = {row[0] for row in cursor.fetchall()}
        for old in there - {name}:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
        if name not in there:
            _make(cursor, name)
    return name


def _fingerprint() -> str:
    """Changes with every migration of every app, and with what ours are written with."""
    digest = sha256()
    folders = sorted(Path(config.path) / "migrations" for config in apps.get_app_configs())
    for file in [*(file for folder in folders for file in sorted(folder.glob("*.py"))), PROJECT / "hstw/migrating.py"]:
        digest.update(f"{file.parent.parent.name}/{file.name}".encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _make(cursor: CursorWrapper, name: str) -> None:
    # Under a name of its own until it is whole, so that a run that was stopped leaves no half of one.
    making = sql.Identifier(f"{name}_making")
    cursor.execute(sql.SQL("CREATE DATABASE {}").format(making))
    with _connected_to(f"{name}_making"):
        call_command("migrate", verbosity=0, interactive=False)
    cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(making, sql.Identifier(name)))


@contextmanager
def _connected_to(database: str) -> Iterator[None]:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
