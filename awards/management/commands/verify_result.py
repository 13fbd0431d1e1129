"""``manage.py verify_result FILE``: whether an exported result is whole and its ranking comes out again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from awards import results


class Command(BaseCommand):
    """Computes the ranking of an exported result anew, from its own scores; asks nothing of the database."""

    help = "Checks an exported result of an award edition: its checksum, and its ranking computed anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, **options: Any) -> None:
        try:
            verdict = results.verify(json.loads(options["file"].read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"This is no exported result: {error}") from error
        if not verdict.whole:
            raise CommandError("The content is not what its checksum says: the file was altered.")
        if not verdict.same:
            raise CommandError("Computed anew, the ranking is another one.")
        self.stdout.write("The file is whole, and its ranking comes out the same.")
