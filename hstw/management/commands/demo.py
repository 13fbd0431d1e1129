"""``manage.py demo``: load the demonstration world, and say who can sign in to it."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from awards.models import Reviewer
from hstw.demo import awards
from hstw.demo.build import NotEmpty, build, is_empty
from hstw.demo.people import DOMAIN, PASSWORD, SIGN_INS
from hstw.demo.world import SCALES
from schools.models import RoleAssignment


class Command(BaseCommand):
    """Loads a seeded world of schools and students into an empty database."""

    help = "Loads the demonstration world into an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scale", choices=SCALES, default="small", help="how large (tiny is for tests)")
        parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same world")
        parser.add_argument("--today", type=dt.date.fromisoformat, help="the day to anchor it to (YYYY-MM-DD)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there is a world already")
        parser.add_argument("--sign-ins", action="store_true", help="only list who can sign in")
        parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
        parser.add_argument("--force", action="store_true", help="load in production, too")

    def handle(self, **options: Any) -> None:
        if options["sign_ins"]:
            self.list_sign_ins()
            return
        if settings.PRODUCTION and not options["force"]:
            raise CommandError(
                "This is production: the demonstration world is not for it. With --force it is loaded "
                "all the same; its accounts cannot sign in."
            )
        if options["seed"] < 0:
            raise CommandError("The seed is a number from 0 on.")
        say = (lambda line: None) if options["quiet"] else self.say
        if options["if_empty"] and not is_empty():
            say("The database has a world already; nothing was loaded.")
            return
        try:
            build(
                scale=options["scale"],
                seed=options["seed"],
                today=options["today"] or timezone.localdate(),
                say=say,
            )
        except NotEmpty as reason:
            raise CommandError(str(reason)) from reason

    def say(self, line: str) -> None:
        """One line, at once: a long load is watched."""
        self.stdout.write(line)
        self.stdout.flush()

    def list_sign_ins(self) -> None:
        """Role, person, organization and address of the ten accounts, and their password."""
        held = {
            assignment.user.email: assignment
            for assignment in RoleAssignment.objects.filter(
                user__email__in=[f"{address}@{DOMAIN}" for address in SIGN_INS], user__is_demo=True, ends=None
            ).select_related("user", "organization")
        }
        if not held:
            raise CommandError("There is no demonstration world here. Load it with: manage.py demo")
        rows = [("Role", "Who", "Organization", "Address")]
        for address in SIGN_INS:
            if (assignment := held.get(f"{address}@{DOMAIN}")) is not None:
                rows.append(
                    (
                        str(assignment.get_role_display()),
                        assignment.user.name,
                        assignment.organization.name,
                        assignment.user.email,
                    )
                )
        seats = Reviewer.objects.filter(user__email__in=[f"{address}@{DOMAIN}" for address in awards.SIGN_INS])
        latest = max((seat.edition.year for seat in seats.select_related("edition")), default=0)
        rows += [
            (str(seat.get_role_display()), seat.user.name, seat.edition.name, seat.user.email)
            for seat in seats.select_related("user", "edition").order_by("edition", "pk")
            if seat.edition.year == latest
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        self.stdout.write(f"Password for all: {PASSWORD}")
