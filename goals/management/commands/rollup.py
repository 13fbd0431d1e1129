"""``manage.py rollup``: count readiness anew, all of it or what changed, and say how far it is."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from goals import runs
from goals.models import RollupRun
from goals.readiness import rollup
from schools.organizations import by_any_id


class Command(BaseCommand):
    """Counts and reports each state, basis and year."""

    help = "Count readiness: what changed (the default), everything, or an organization's state."

    def add_arguments(self, parser: CommandParser) -> None:
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument("--all", action="store_true", help="everything, from the evidence")
        chosen.add_argument("--stale", action="store_true", help="what changed since it was counted (default)")
        chosen.add_argument(
            "--organization", metavar="ID", help="address, NCES id or state id; its whole state is counted with it"
        )
        parser.add_argument("--year", type=int, help="with --organization: this school year alone (2026 is 2025–26)")

    def handle(self, **options: Any) -> None:
        if options["year"] and not options["organization"]:
            raise CommandError("--year belongs to --organization.")
        if options["organization"]:
            organization = by_any_id(options["organization"])
            if organization is None:
                raise CommandError(f"No organization, or several, are known as {options['organization']}.")
            pairs = runs.of_organization(organization, options["year"])
        elif options["all"]:
            pairs = runs.everything()
        else:
            self.tell(runs.sweep())
            return
        if not pairs:
            raise CommandError("There is no evidence of that.")
        runs.mark_changes()
        done = rollup.run(pairs, reason="by command", say=self.say)
        runs.refresh_goals(pairs, done)
        self.tell(done)

    def say(self, line: str) -> None:
        """One line, at once."""
        self.stdout.write(line)
        self.stdout.flush()

    def tell(self, run: RollupRun | None) -> None:
        """How it ended."""
        if run is None:
            self.say("Nothing has changed.")
            return
        if run.error:
            raise CommandError(run.error)
        took = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
        self.say(f"{run.records:,} records, {run.cells:,} figures, {run.changed:,} changed, in {took:.1f} s")
