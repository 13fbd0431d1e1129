"""``manage.py import_undo BATCH``: take an applied import back."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from schools.imports import undo
from schools.models import ImportBatch


class Command(BaseCommand):
    """Undo an import, or say what stands against it."""

    help = "Undo an applied import, by its number or id (see import_log)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", help="the number or the id of the import")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = ImportBatch.objects.filter(_named(options["batch"])).first()
        if batch is None:
            raise CommandError(f"No import is called {options['batch']}.")
        try:
            undo.undo(batch, by=None)
        except undo.UndoRefused as refused:
            raise CommandError("\n".join(refused.reasons)) from None
        self.stdout.write(f"Import {batch.pk} ({batch.source}) is undone.")


def _named(text: str) -> Q:
    if text.isdigit():
        return Q(pk=int(text))
    try:
        return Q(public_id=uuid.UUID(text))
    except ValueError:
        raise CommandError(f"{text} is neither the number nor the id of an import.") from None
