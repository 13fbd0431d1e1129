"""``manage.py import_log``: which files were loaded, for whom, by whom, and what they changed."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from schools.imports import report
from schools.models import ImportBatch
from schools.organizations import by_any_id


class Command(BaseCommand):
    """List imports, the newest first."""

    help = "List imports, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="ID", help="only of this organization and what lies below it")
        parser.add_argument("--limit", type=int, default=50)
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        batches = ImportBatch.objects.select_related("organization", "loaded_by").prefetch_related("problems")
        if options["organization"]:
            organization = by_any_id(options["organization"])
            if organization is None:
                raise CommandError(f"No organization, or more than one, has the id {options['organization']}.")
            batches = batches.filter(organization__path__startswith=organization.path)
        found = list(batches[: max(options["limit"], 0)])
        if options["json"]:
            self.stdout.write(json.dumps([_entry(batch) for batch in found], indent=2, default=str))
            return
        for batch in found:
            when = timezone.localtime(batch.loaded_at)
            changed = ", ".join(
                f"{code} +{counts['new']} ~{counts['changed']} -{counts['gone']}"
                for code, counts in batch.counts.items()
            )
            self.stdout.write(
                f"{batch.pk}  {when:%Y-%m-%d %H:%M}  {batch.get_state_display()}  {batch.organization.name}"
                f"  {batch.kind}  {batch.source}  {batch.loaded_by or '—'}  {changed}".rstrip()
            )
        if not found:
            self.stdout.write("No imports.")


def _entry(batch: ImportBatch) -> dict[str, Any]:
    return {
        **report.document(batch),
        "loaded_at": batch.loaded_at,
        "loaded_by": batch.loaded_by.email if batch.loaded_by else None,
        "applied_at": batch.applied_at,
        "undone_at": batch.undone_at,
    }
