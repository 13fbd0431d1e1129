"""``manage.py import_data PATH --organization ID``: what the pages under “Data” do, for nightly jobs."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hstw import files
from hstw.models import StoredFile
from hstw.values import SchoolYear
from schools.imports import registry, report, run, steps
from schools.models import ImportBatch
from schools.models.imports import ImportState
from schools.organizations import by_any_id

APPLIED, STOPPED, REFUSED = 0, 3, 4


class Command(BaseCommand):
    """Load a file or folder: find out its kind, show what it would change, apply it."""

    help = (
        "Load a file about students or of published results. Exits with 0 when applied or clean, with 3 when the"
        " guard against mass changes stopped it, with 4 when the file was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file (csv, xlsx, zip, gz) or the folder of a bundle")
        parser.add_argument(
            "--organization", required=True, metavar="ID", help="address on the site, NCES id, or state id"
        )
        parser.add_argument("--kind", help="the kind of file; by default found out from its headings")
        parser.add_argument("--year", type=SchoolYear, help="school year by the year in which it ends; default: now")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--preview", action="store_true", help="show what it would change, change nothing (default)")
        what.add_argument("--apply", action="store_true", help="apply it")
        parser.add_argument(
            "--confirm", metavar="N", default="", help="the number the guard asks for, to apply a mass change"
        )
        parser.add_argument(
            "--complete", action="store_true", help="the file has everything there is: what it lacks is gone"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError(f"{path}: no such file or folder.")
        organization = by_any_id(options["organization"])
        if organization is None:
            raise CommandError(f"No organization, or more than one, has the id {options['organization']}.")
        if options["kind"] and options["kind"] not in {layout.code for layout in registry.layouts()}:
            known = ", ".join(sorted(layout.code for layout in registry.layouts()))
            raise CommandError(f"No kind of file is called {options['kind']}. Known: {known}.")
        batch = run.begin(
            organization=organization,
            year=options["year"] or SchoolYear.on(timezone.localdate()),
            stored=_stored(path),
            kind=options["kind"],
            by=None,
            complete=options["complete"] or None,
            wake=False,
        )
        steps.work(batch.pk)
        batch.refresh_from_db()
        code = self._apply(batch, options["confirm"]) if options["apply"] else _verdict(batch)
        if options["json"]:
            self.stdout.write(json.dumps(report.document(batch), indent=2, ensure_ascii=False, default=str))
        else:
            self.stdout.write("\n".join(report.lines(batch)))
        if batch.state == ImportState.PREVIEWED:
            # Nobody waits for it in a browser: the staged rows are not kept.
            run.cancel(batch, by=None)
        if code:
            raise SystemExit(code)

    def _apply(self, batch: ImportBatch, typed: str) -> int:
        if batch.state != ImportState.PREVIEWED:
            return REFUSED
        try:
            run.apply(batch, by=None, typed=typed, wake=False)
        except run.NotNow:
            return STOPPED
        steps.work(batch.pk)
        batch.refresh_from_db()
        if batch.state == ImportState.PREVIEWED:
            # Somebody changed what it compares with in the meantime: it was compared again, and waits.
            return STOPPED
        return APPLIED if batch.state == ImportState.APPLIED else REFUSED


def _verdict(batch: ImportBatch) -> int:
    if batch.state != ImportState.PREVIEWED:
        return REFUSED
    return STOPPED if batch.guard.get("stopped") else APPLIED


def _stored(path: Path) -> StoredFile:
    """Keep a file as it is, and a folder as a zip: the log offers both for download."""
    if path.is_file():
        return files.store_path(path, path.name, None)
    with tempfile.NamedTemporaryFile(suffix=".zip") as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
            for member in sorted(path.rglob("*")):
                if member.is_symlink():
                    raise CommandError(f"{member} is a link; copy the file itself into the folder.")
                if member.is_file():
                    bundle.write(member, member.relative_to(path))
        packed.flush()
        return files.store_path(Path(packed.name), f"{path.resolve().name}.zip", None)
