"""An import from beginning to end: begun by a person, read and applied by a worker, never half and never twice.

States are rows (``ImportBatch.state``); a message to a worker carries the key only. What a worker does is in
``steps``.
"""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hstw.models import StoredFile
from hstw.values import SchoolYear
from schools.imports import lease, stage
from schools.models import ImportBatch, Organization, User
from schools.models.imports import ImportState

log = structlog.get_logger(__name__)


class NotNow(Exception):
    """An import that cannot be applied as it stands; the message is for the person."""


def begin(
    *,
    organization: Organization,
    year: SchoolYear,
    stored: StoredFile,
    kind: str | None,
    by: User | None,
    complete: bool | None = None,
    wake: bool = True,
) -> ImportBatch:
    """Hand a stored file to the workers; ``kind`` is a layout's code or ``None`` to find out from the file.

    ``complete`` says, where the layout leaves it open, that the file has everything there is.
    """
    batch = ImportBatch.objects.create(
        organization=organization,
        year=int(year),
        kind=kind or "",
        state=ImportState.WAITING,
        source=stored.name,
        file=stored,
        sha256=stored.sha256,
        loaded_by=by,
        preview={"complete": complete},
    )
    if wake:
        transaction.on_commit(lambda: send(batch.pk), robust=True)
    return batch


def confirm(batch: ImportBatch, *, by: User) -> None:
    """A second person agrees to a mass change; raises :class:`NotNow` for the one who brought the file."""
    if batch.loaded_by_id == by.pk:
        raise NotNow(_("A second person has to agree: not the one who brought the file."))
    ImportBatch.objects.filter(pk=batch.pk, state=ImportState.PREVIEWED).update(confirmed_by=by)
    batch.refresh_from_db()


def apply(batch: ImportBatch, *, by: User | None, typed: str = "", wake: bool = True) -> None:
    """Have a previewed import applied; raises :class:`NotNow`.

    Where the guard stopped it, ``typed`` must be its number, or a second person has agreed.
    """
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if batch.state != ImportState.PREVIEWED:
            raise NotNow(
                _("This import is not waiting to be applied: %(state)s.") % {"state": batch.get_state_display()}
            )
        if batch.guard.get("stopped") and batch.confirmed_by_id is None:
            wanted = str(batch.guard["number"])
            if typed.strip().replace(",", "") != wanted:
                raise NotNow(_("To go on, type the number %(n)s, or ask a second person to agree.") % {"n": wanted})
            batch.confirmed_by = by
        batch.state = ImportState.APPLYING
        batch.applied_by = by
        batch.attempts = 0
        batch.leased_until, batch.worker, batch.cancel_requested_at = None, "", None
        batch.phase, batch.rows_done, batch.rows_total = "", 0, None
        batch.save()
        if wake:
            transaction.on_commit(lambda: send(batch.pk), robust=True)


def cancel(batch: ImportBatch, *, by: User | None) -> None:
    """Stop an import: at once where nobody is at it, else as soon as its worker hears of it."""
    now = timezone.now()
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if batch.at_work and batch.leased_until is not None and batch.leased_until > now:
            batch.cancel_requested_at = now
            batch.save(update_fields=["cancel_requested_at"])
        elif batch.at_work or batch.state == ImportState.PREVIEWED:
            batch.state, batch.cancel_requested_at = ImportState.CANCELLED, now
            batch.save(update_fields=["state", "cancel_requested_at"])
            stage.drop(batch.pk)
    log.info("import cancelled", batch=batch.pk, by=by.pk if by else None)


def send(batch_id: int) -> None:
    """Wake a worker; where the queue does not answer, the sweep finds the row within a minute."""
    current_app.send_task("schools.tasks.run_import", args=[batch_id], queue="bulk", retry=False)


def sweep() -> list[int]:
    """Wake workers for imports whose own has gone; returns their keys."""
    found = lease.abandoned()
    for batch_id in found:
        send(batch_id)
    return found
