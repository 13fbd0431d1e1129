"""``manage.py backup FILE``: database and uploaded files in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hstw.backups import BackupError, backup


class Command(BaseCommand):
    """Write a backup, complete or not at all."""

    help = "Back up the database and the uploaded files into one file (a tar, readable by its owner only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace the file if it exists")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = backup(options["file"], force=options["force"])
        except BackupError as error:
            raise CommandError(str(error)) from None
        rows = sum(table["rows"] for table in manifest["tables"].values())
        files = len(manifest["members"]) - 1
        self.stdout.write(
            f"{options['file']}: {len(manifest['tables'])} tables with {rows} rows, {files} uploaded files"
        )
