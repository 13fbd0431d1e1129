"""``manage.py administrator``: make the first person of an installation, or let a locked-out one in again."""

from __future__ import annotations

import getpass
from typing import Any

import pghistory
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from schools import people
from schools.models import Organization, User
from schools.models.organization import Kind


class Command(BaseCommand):
    """Give somebody the role of system administrator."""

    help = "Make a person system administrator: creates the account if the address is new, and asks for its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="needed for a new account")
        parser.add_argument("--region", default="SREB", help="the region to administer; created if missing")

    def handle(self, *args: Any, **options: Any) -> None:
        with pghistory.context(command="administrator"):
            user = User.objects.filter(email__iexact=options["email"]).first()
            password = None
            if user is None:
                if not options["name"]:
                    raise CommandError("This address is new here: give the person's --name too.")
                password = self.ask_password(User(email=options["email"], name=options["name"]))
            try:
                person = people.make_administrator(
                    email=options["email"],
                    name=options["name"],
                    password=password,
                    region=self.region(options["region"]),
                )
            except (people.PeopleError, ValidationError) as error:
                raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"{person.email} is system administrator of {options['region']}.")

    def region(self, name: str) -> Organization:
        """The root of that name."""
        found = Organization.objects.filter(kind=Kind.REGION, name=name).first()
        return found or people.add_region(name)

    def ask_password(self, user: User) -> str:
        """Twice, without showing it; refused where it is too easy."""
        first = getpass.getpass("Password: ")
        if first != getpass.getpass("Again: "):
            raise CommandError("The two passwords differ; nothing was changed.")
        try:
            validate_password(first, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return first
