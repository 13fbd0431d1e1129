"""Real Celery workers on the test's own database and queue, and the ways to break them."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from hstw import files
from hstw.embedded import PROJECT
from hstw.values import SchoolYear
from schools.imports import locks, run, steps
from schools.models import ImportBatch
from schools.models.imports import ImportState

YEAR = SchoolYear(2026)
HEADINGS = "local_number,state_number,first_name,last_name,school,grade,entered"
LARGE = 60_000


def roster(*numbers: str, school: str = "Cahaba Ridge High School", state: str = "", last: str = "Last") -> bytes:
    """A roster of these district numbers; ``state`` before a number makes the state's."""
    rows = [f"{n},{state + n if state else ''},First {n},{last} {n},{school},09,2025-08-12" for n in numbers]
    return "\n".join([HEADINGS, *rows, ""]).encode()


def numbers(count: int, start: int = 0) -> list[str]:
    """District numbers, with leading zeros as districts write them."""
    return [f"{n:06d}" for n in range(start, start + count)]


def begin(organization: Any, data: bytes, *, wake: bool = False, by: Any = None) -> ImportBatch:
    """An import that waits for a worker; ``wake`` calls one."""
    stored = files.store(io.BytesIO(data), "roster.csv", by)
    return run.begin(organization=organization, year=YEAR, stored=stored, kind=None, by=by, wake=wake)


def looked(organization: Any, data: bytes) -> ImportBatch:
    """An import read in this process."""
    batch = begin(organization, data)
    steps.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.PREVIEWED, batch.refusal
    return batch


def applied(organization: Any, data: bytes) -> ImportBatch:
    """An import read and applied in this process."""
    batch = looked(organization, data)
    run.apply(batch, by=None, typed=str(batch.guard.get("number", "")), wake=False)
    steps.work(batch.pk)
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED, batch.refusal
    return batch


def eventually(holds: Callable[[], Any], seconds: float = 60) -> float:
    """Wait for it; returns how long that took, and fails where it does not come."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.05)
    return time.monotonic() - began


def state_of(batch: ImportBatch) -> str:
    """The state in the database now."""
    return ImportBatch.objects.values_list("state", flat=True).get(pk=batch.pk)


def reached(batch: ImportBatch, *states: str, seconds: float = 30) -> float:
    """Wait for an import to come to one of the states, and for its worker to have left it."""

    def there() -> bool:
        state, worker = ImportBatch.objects.values_list("state", "worker").get(pk=batch.pk)
        return state in states and not worker

    try:
        return eventually(there, seconds)
    finally:
        batch.refresh_from_db()


def database_url() -> str:
    """The test's database, as the application's role."""
    known = connection.settings_dict
    role = settings.DATABASE_APPLICATION["USER"]
    return f"postgres://{role}@:{known['PORT']}/{known['HOST']}/{known['NAME']}"


class Worker:
    """A process of Celery that takes both queues, one task at a time."""

    def __init__(self) -> None:
        self.log = tempfile.NamedTemporaryFile(prefix="worker-", suffix=".log")  # noqa: SIM115
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "HSTW_DATABASE_ROLE": "app",
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        }
        command = "-m celery -A hstw worker -Q bulk,quick --pool solo --without-mingle --without-gossip -l INFO"
        self.process = subprocess.Popen(
            [sys.executable, *command.split()],
            cwd=PROJECT,
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def said(self) -> str:
        """What it wrote."""
        return Path(self.log.name).read_text()

    def ready(self, seconds: float = 60) -> Worker:
        """Wait until it takes tasks."""
        eventually(lambda: "ready." in self.said() or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.said()
        return self

    def kill(self) -> None:
        """As the power does."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def worker() -> Iterator[Worker]:
    """A worker that is gone after the block."""
    one = Worker()
    try:
        yield one.ready()
    finally:
        one.kill()
        one.log.close()


@contextlib.contextmanager
def elsewhere(statement: str, *values: Any) -> Iterator[Callable[[], None]]:
    """A statement in a transaction of somebody else's, which lasts to the end of the block, or of what it gives."""
    known = connection.settings_dict
    with psycopg.connect(host=known["HOST"], port=known["PORT"], dbname=known["NAME"], user=known["USER"]) as other:
        other.execute(statement, values)
        yield other.rollback
        other.rollback()


def importing(organization: Any) -> contextlib.AbstractContextManager[Callable[[], None]]:
    """As if another import were being applied to the organization."""
    *above, own = locks._chain(organization)
    shared = "".join(f"pg_advisory_xact_lock_shared({locks._SPACE}, {key}), " for key in above)
    return elsewhere(f"SELECT {shared}pg_advisory_xact_lock({locks._SPACE}, {own})")


def at_the_last_table() -> contextlib.AbstractContextManager[Callable[[], None]]:
    """Whoever applies an import has to stop before the last of its writing."""
    return elsewhere("LOCK TABLE schools_evidencecoverage IN EXCLUSIVE MODE")


def waits() -> bool:
    """Whether somebody waits for a lock in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return bool(cursor.fetchone()[0])


def busy() -> bool:
    """Whether a session of this database, beside this one, is in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend')"
        )
        return bool(cursor.fetchone()[0])


class Beside(threading.Thread):
    """A call in a thread with a connection of its own; ``result()`` waits, and raises what it raised."""

    def __init__(self, call: Callable[..., Any], *values: Any, **options: Any) -> None:
        super().__init__(daemon=True)
        self._call = lambda: call(*values, **options)
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Call it."""
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error
        finally:
            connection.close()

    def result(self, seconds: float = 60) -> Any:
        """What it gave."""
        self.join(seconds)
        assert not self.is_alive(), "it does not end"
        if self._error is not None:
            raise self._error
        return self._result


def staged() -> list[str]:
    """Staging tables that are there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'staging' ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]
