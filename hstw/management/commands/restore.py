"""``manage.py restore FILE``: bring a backup back and compare it with what was backed up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from hstw.backups import BackupError, restore


class Command(BaseCommand):
    """Restore into an empty database, or replace one after the operator has typed its name."""

    help = "Restore a backup and check every table against it. Stop the web server and the workers first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="replace what the database holds")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["replace"]:
            self._confirm(str(connection.settings_dict["NAME"]))
        try:
            differences = restore(options["file"], replace=options["replace"])
        except BackupError as error:
            raise CommandError(str(error)) from None
        if differences:
            raise CommandError("The restored data differ from the backup:\n  " + "\n  ".join(differences))
        self.stdout.write("Restored: every table has the rows and the checksum of the backup.")
        self.stdout.write("If this version is newer than the backup, run `manage.py migrate` now.")

    def _confirm(self, database: str) -> None:
        self.stdout.write(f"Everything in the database {database!r} and its uploaded files will be replaced.")
        try:
            typed = input(f"Type {database} to go on: ")
        except EOFError:
            typed = ""
        if typed.strip() != database:
            raise CommandError("Not confirmed. Nothing was restored.")
