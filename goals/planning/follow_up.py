"""How action steps go: status and notes, money, files that show it."""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import IO, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from goals.models import ActionEvidence, ActionStatus, ActionStep, BudgetLine, ProgressNote
from goals.planning import elements
from hstw import files
from schools.models import User

# What evidence can be: how such a file begins. Names are not believed.
SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "pptx": (b"PK\x03\x04",),
}
_INSIDE = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
_TEXT = frozenset({"txt", "csv"})
# The same words again within this time come from a second press of the button.
TWICE = dt.timedelta(minutes=2)


class BadFile(ValueError):
    """A file that is not what its name says, or of a kind that is not taken; the message is for the person."""


@transaction.atomic
def update(
    step: ActionStep, by: User, *, status: str, implementation: str = "", effectiveness: str = ""
) -> list[ProgressNote]:
    """Say how an action step goes. The status is that of whoever speaks last; each note keeps the one of its time.

    What somebody said just now, word for word, is a form sent twice: it is not said again.
    """
    if status not in ActionStatus.values:
        raise ValueError(status)
    held = ActionStep.objects.select_for_update().get(pk=step.pk)
    held.status, held.status_at = status, timezone.now()
    held.save(update_fields=["status", "status_at"])
    notes = [
        ProgressNote(action=held, kind=kind, text=text.strip(), status=status, by=by)
        for kind, text in (
            (ProgressNote.Kind.IMPLEMENTATION, implementation),
            (ProgressNote.Kind.EFFECTIVENESS, effectiveness),
        )
        if text.strip()
    ]
    recent = held.notes.filter(by=by, made_at__gte=held.status_at - TWICE)
    just_said = set(recent.values_list("kind", "text", "status"))
    notes = [note for note in notes if (note.kind, note.text, note.status) not in just_said]
    elements.touch(step.plan_of())
    return ProgressNote.objects.bulk_create(notes)


@transaction.atomic
def add_line(line: BudgetLine) -> None:
    """Give an action step money; refused while the plan is submitted."""
    plan = elements.open_for_change(line.action.plan_of())
    line.save()
    elements.touch(plan)


@transaction.atomic
def remove_line(step: ActionStep, pk: int) -> None:
    """Take a line away; refused while the plan is submitted."""
    plan = elements.open_for_change(step.plan_of())
    BudgetLine.objects.filter(action=step, pk=pk).delete()
    elements.touch(plan)


@transaction.atomic
def attach(step: ActionStep, upload: IO[bytes], name: str, what: str, by: User) -> ActionEvidence:
    """Keep a file as evidence. Raises :class:`BadFile`, or :class:`hstw.files.FileTooLarge`."""
    _check(upload, name)
    stored = files.store(upload, name, by)
    return ActionEvidence.objects.create(action=step, file=stored, what=what.strip()[:200], by=by)


@transaction.atomic
def detach(step: ActionStep, pk: int) -> None:
    """Remove a file for good."""
    found: Any = ActionEvidence.objects.filter(action=step, pk=pk).select_related("file").first()
    if found is not None:
        stored = found.file
        found.delete()
        files.delete(stored)


def _check(upload: IO[bytes], name: str) -> None:
    ending = name.rpartition(".")[2].lower()
    head = upload.read(4096)
    upload.seek(0)
    if not head:
        raise BadFile(_("The file is empty."))
    if ending in _TEXT:
        if b"\0" in head:
            raise BadFile(_("The file is not the text that its name says."))
        return
    if ending not in SIGNATURES:
        raise BadFile(_("Files can be PDF, Word, Excel, PowerPoint, PNG, JPEG or text."))
    wrong = BadFile(_("The file is not what its name says (%(ending)s).") % {"ending": ending})
    if not head.startswith(SIGNATURES[ending]):
        raise wrong
    if ending in _INSIDE:
        try:
            with zipfile.ZipFile(upload) as archive:
                inside = any(entry.startswith(_INSIDE[ending]) for entry in archive.namelist())
        except zipfile.BadZipFile as error:
            raise wrong from error
        upload.seek(0)
        if not inside:
            raise wrong
