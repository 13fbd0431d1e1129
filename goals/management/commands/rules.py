"""``manage.py rules``: the readiness rules in force, and how the next one is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from goals.models import RuleSet
from goals.readiness import publish, rules
from goals.readiness.expressions import BadRule
from hstw.values import SchoolYear


class Command(BaseCommand):
    """Lists rule sets; checks or publishes one from a file."""

    help = "List the readiness rules, or check or publish one from a TOML file."

    def add_arguments(self, parser: CommandParser) -> None:
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument("--check", metavar="FILE", type=Path, help="say whether a rule could be published")
        chosen.add_argument("--publish", metavar="FILE", type=Path, help="publish it; its years are counted again")

    def handle(self, **options: Any) -> None:
        path = options["publish"] or options["check"]
        if path is None:
            for row in RuleSet.objects.all():
                self.stdout.write(f"{row.state or 'all'}  {row.code}  {_years(row)}  {row.denominator}  {row.name}")
            return
        try:
            with transaction.atomic():
                data = publish.read(path)
                publish.try_out(rules.check(data, path.name))
                row, made = publish.publish(data, path.name)
                if options["check"]:
                    transaction.set_rollback(True)
        except (BadRule, OSError) as error:
            raise CommandError(str(error)) from error
        if options["check"]:
            self.stdout.write(f"{path.name}: can be published as {row.code}, {_years(row)}.")
        else:
            said = "published" if made else "was published before; its words are as in the file"
            self.stdout.write(f"{row.code} {said}, {_years(row)}. Its years are counted with the next run.")


def _years(row: RuleSet) -> str:
    first = SchoolYear(row.first_year).label if row.first_year else ""
    last = SchoolYear(row.last_year).label if row.last_year else ""
    if first and last:
        return first if first == last else f"{first} to {last}"
    return f"from {first} on" if first else f"to {last}" if last else "every year"
