"""``manage.py measures``: the figures of an organization as an audience may see them."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from goals import board
from goals.figures import OWN, Figure, FigureState, figures
from goals.models import Audience, Measure, StudentGroup
from goals.readiness.computed import all_computed
from goals.readiness.rules import rule_book
from hstw.values import SchoolYear
from schools.models import Organization
from schools.organizations import by_any_id


class Command(BaseCommand):
    """Print figures with their states."""

    help = "Print the figures of an organization as an audience may see them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="ID", required=True, help="address, NCES id or state id")
        parser.add_argument("--year", type=int, help="school year, by the year in which it ends; the current one")
        parser.add_argument("--group", metavar="CODE", help="one student group; all of them where left out")
        parser.add_argument("--measure", metavar="CODE", help="one measure; all computed ones where left out")
        parser.add_argument(
            "--as",
            dest="audience",
            choices=[*Audience.values, OWN],
            default=Audience.PUBLIC.value,
            help="public (default), network, or own: exact, not to be shared",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = by_any_id(options["organization"])
        if organization is None:
            raise CommandError(f"No organization, or more than one, has the id {options['organization']}.")
        groups = list(StudentGroup.objects.filter(bit__isnull=False).values_list("code", flat=True))
        if options["group"]:
            groups = _known(StudentGroup, options["group"], "student group")
        measures = _known(Measure, options["measure"], "measure") if options["measure"] else None
        year = SchoolYear(options["year"] or SchoolYear.on(timezone.localdate()))
        with transaction.atomic():
            if not connection.in_atomic_block or len(connection.savepoint_ids) == 0:
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            seen = figures(None, [organization], [year], measures, groups, audience=options["audience"])
        found = list(seen.values())
        if options["json"]:
            document = {
                "organization": {"id": organization.pk, "name": organization.name, "nces_id": organization.nces_id},
                "year": int(year),
                "audience": options["audience"],
                "figures": [_entry(one) for one in found],
                "rules": _rules(organization, year, {one.measure for one in found}),
            }
            self.stdout.write(json.dumps(document, indent=2))
            return
        for one in found:
            missing = f" ({', '.join(one.missing)})" if one.missing else ""
            self.stdout.write(f"{one.measure}  {one.group}  {one.text}{missing}  {one.size_text}".rstrip())


def _known(model: Any, code: str, what: str) -> list[str]:
    if not model.objects.filter(code=code).exists():
        raise CommandError(f"There is no {what} {code}.")
    return [code]


def _rules(organization: Organization, year: int, codes: set[str]) -> dict[str, dict[str, Any]]:
    """By measure, the rule set that decides it, over whom, and what of it is not evaluated."""
    book, postal = rule_book(), board.state_code(organization)
    found = {one.code: book.of(one, postal, year) for one in all_computed() if one.code in codes}
    return {
        code: {
            "code": rules.code,
            "name": rules.name,
            "denominator": rules.denominator,
            "taken_over": rules.of_whom,
            "source": rules.source,
            "verified": rules.verified,
            "not_evaluated": [what for what, _why in rules.not_evaluated],
        }
        for code, rules in found.items()
        if rules is not None
    }


def _entry(one: Figure) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "measure": one.measure,
        "group": one.group,
        "state": str(one.state),
        "percent": None if one.percent is None else float(one.percent),
        "text": one.text,
        "size": one.size_text or None,
    }
    if one.mean is not None:
        entry["mean"] = float(one.mean)
    if one.exact:
        entry |= {"numerator": one.numerator, "denominator": one.denominator, "do_not_share": True}
    if one.certified is not None:
        entry |= {"certified": one.certified.isoformat(), "revised": _entry(one.revised) if one.revised else None}
    if one.state == FigureState.NOT_REPORTED:
        entry |= {"missing": list(one.missing), "due": one.due.isoformat() if one.due else None}
    return entry
