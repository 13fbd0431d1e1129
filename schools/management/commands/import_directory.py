"""``manage.py import_directory FILE``: load a published directory of districts or schools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schools.directory import LAYOUTS, DirectoryError, Report, load
from schools.models.organization import Kind


class Command(BaseCommand):
    """Load a file; say what is new, what changed, what was refused and why."""

    help = "Load a directory of districts or schools. Load districts before schools, older files before newer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a .csv or tab-separated file, also packed as .gz")
        parser.add_argument(
            "--layout", choices=sorted(LAYOUTS), help="what the file is; by default known by its headings"
        )
        parser.add_argument("--state", type=str.upper, help="load only this state (two letters)")
        parser.add_argument("--encoding", default="utf-8", choices=["utf-8", "latin-1", "cp1252"])
        parser.add_argument("--dry-run", action="store_true", help="report, but write nothing")
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = load(
                options["file"],
                layout=options["layout"],
                state=options["state"],
                encoding=options["encoding"],
                dry_run=options["dry_run"],
            )
        except DirectoryError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
        else:
            self._tell(report, dry_run=options["dry_run"])

    def _tell(self, report: Report, *, dry_run: bool) -> None:
        self.stdout.write(f"{report.file}: {LAYOUTS[report.layout].title} ({report.layout}), {report.rows} rows")
        if report.other_states:
            self.stdout.write(f"{report.other_states} rows of other states skipped")
        self.stdout.write(f"Organizations: {report.new} new, {report.changed} changed, {report.unchanged} unchanged")
        if report.new:
            kinds = (f"{Kind(kind).label} {count}" for kind, count in sorted(report.new_kinds.items()))
            self.stdout.write("    new: " + ", ".join(kinds))
        if report.members_new or report.members_changed or report.members_unchanged:
            self.stdout.write(
                f"Memberships of cooperatives: {report.members_new} new, {report.members_changed} changed, "
                f"{report.members_unchanged} unchanged"
            )
        for cause in report.causes():
            self.stdout.write(f"{cause['count']} × {cause['effect']}: {cause['cause']}")
            for place in cause["places"]:
                self.stdout.write(f"    {place}")
            if cause["count"] > len(cause["places"]):
                self.stdout.write(f"    … and {cause['count'] - len(cause['places'])} more")
        if dry_run:
            self.stdout.write("Nothing was written (--dry-run).")
