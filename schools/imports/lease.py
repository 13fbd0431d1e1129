"""Who is at work on an import: a lease in the database, a heartbeat beside the work, and a way to be stopped.

A worker that is killed leaves a lease that runs out; the sweep finds it within a minute. The heartbeat has a
connection of its own, since the work is one long transaction.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
from types import TracebackType
from typing import Self

import structlog
from django.db import Error, connection
from django.db.models import Q
from django.utils import timezone

from schools.models import ImportBatch
from schools.models.imports import AT_WORK, ImportState

log = structlog.get_logger(__name__)

LEASE = dt.timedelta(seconds=25)
BEAT_SECONDS = 1.0
ATTEMPTS = 5
# What others write while a worker is at it; whoever saves the row for the worker leaves these alone.
FIELDS = frozenset(
    {
        *("worker", "leased_until", "attempts", "cancel_requested_at"),
        *("phase", "phase_started_at", "rows_done", "rows_total"),
    }
)


class Cancelled(Exception):
    """Somebody asked for the import to be stopped."""


class Lost(Exception):
    """The lease ran out meanwhile: another worker has the import, or it has ended. What was done is thrown away."""


def me() -> str:
    """What this worker is called in the row."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


def take(batch_id: int) -> ImportBatch | None:
    """Take an import that nobody is at; ``None`` where somebody is, or nothing is to be done."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    taken = ImportBatch.objects.filter(free, pk=batch_id, state__in=AT_WORK).update(
        worker=me(), leased_until=now + LEASE
    )
    if not taken:
        return None
    batch = ImportBatch.objects.select_related("organization__in_state", "file", "loaded_by").get(pk=batch_id)
    batch.attempts += 1
    batch.save(update_fields=["attempts"])
    return batch


def check_ours(batch: ImportBatch, state: ImportState) -> None:
    """Hold the row until the transaction ends, right before the step's result is saved.

    Raises :class:`Lost` where this worker has it no more, and :class:`Cancelled` where it is to be stopped. The row is
    held at the end only: the heartbeat, and whoever wants to stop the import, must get at it while the work goes on.
    """
    row = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if row.worker != me() or row.state != state:
        raise Lost
    if row.cancel_requested_at is not None:
        raise Cancelled


def give_back(batch: ImportBatch) -> None:
    """The work is done, or given up."""
    ImportBatch.objects.filter(pk=batch.pk, worker=me()).update(leased_until=None, worker="")


def abandoned() -> list[int]:
    """Imports at work whose worker has gone, or that no worker has heard of."""
    now = timezone.now()
    lost = Q(leased_until__lt=now) | Q(leased_until=None)
    return list(ImportBatch.objects.at_work().filter(lost).order_by("pk").values_list("pk", flat=True))


class Heartbeat:
    """Keeps the lease and the progress of an import fresh while a transaction works; use as a context manager.

    ``beating=False`` (a command that runs alone, a test in a transaction) keeps progress in memory only.
    """

    def __init__(self, batch: ImportBatch, *, beating: bool = True) -> None:
        self.batch_id = batch.pk
        self.worker = me()
        self.phase = ""
        self.phase_started_at = timezone.now()
        self.rows_done = 0
        self.rows_total: int | None = None
        self._cancelled = threading.Event()
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True) if beating else None
        self._working = connection.connection if beating else None

    def __enter__(self) -> Self:
        if self._thread is not None:
            connection.ensure_connection()
            self._working = connection.connection
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def enter(self, phase: str, total: int | None = None) -> None:
        """A new phase begins."""
        self.phase, self.rows_done, self.rows_total = phase, 0, total
        self.phase_started_at = timezone.now()
        self.check()

    def say(self, rows: int) -> None:
        """So many rows have been read; raises as :meth:`check` does."""
        self.rows_done = rows
        self.check()

    def check(self) -> None:
        """Raise :class:`Cancelled` where somebody asked to stop, :class:`Lost` where another worker has it."""
        if self._lost.is_set():
            raise Lost
        if self._cancelled.is_set():
            raise Cancelled

    def _beat(self) -> None:
        try:
            while not self._over.is_set():
                try:
                    self._once()
                except Error:
                    # One beat of many: the lease outlasts it, and the next has a connection of its own again.
                    log.warning("an import's heartbeat did not reach the database", batch=self.batch_id, exc_info=True)
                    connection.close()
                self._over.wait(BEAT_SECONDS)
        finally:
            connection.close()  # this thread's own

    def _once(self) -> None:
        ours = ImportBatch.objects.filter(pk=self.batch_id, worker=self.worker, state__in=AT_WORK)
        kept = ours.update(
            leased_until=timezone.now() + LEASE,
            phase=self.phase,
            phase_started_at=self.phase_started_at,
            rows_done=self.rows_done,
            rows_total=self.rows_total,
        )
        if not kept:
            self._lost.set()
        elif ours.filter(cancel_requested_at__isnull=False).exists():
            self._cancelled.set()
        else:
            return
        # A statement under way is stopped in the server, at every beat anew: one that comes between two statements
        # stops neither. ``check`` sees the mark.
        if self._working is not None and not self._over.is_set():
            self._working.cancel_safe(timeout=5)
