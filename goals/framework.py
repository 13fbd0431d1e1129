"""Puts the editions of the framework that ship with the product into the database."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.db import connections, transaction

from goals.definitions import BadDefinition
from goals.models import FocusArea, FrameworkEdition, FrameworkStatement, KeyPractice

EDITIONS = Path(__file__).with_name("framework.toml")
_STATEMENTS = {"goals": "goal", "conditions": "condition", "principles": "principle"}


@transaction.atomic
def load() -> None:
    """Make the tables say what the file says: by code, as often as wanted. What left the file stays."""
    file = tomllib.loads(EDITIONS.read_text("utf-8"))
    for order, row in enumerate(file["edition"]):
        lists = {name: row.pop(name, []) for name in (*_STATEMENTS, "practices")}
        areas = file["areas"].get(row.pop("areas_of", ""), [])
        lists["practices"] = lists["practices"] or file["practices"].get(row.pop("practices_of", ""), [])
        row.pop("practices_of", None)
        values = {"last_year": None, "complete": True, "note": "", **row, "order": order}
        edition, _made = FrameworkEdition.objects.update_or_create(code=values.pop("code"), defaults=values)
        by_code = _put_areas(edition, areas)
        _put_practices(edition, lists["practices"], by_code)
        _put_statements(edition, lists)


def _put_areas(edition: FrameworkEdition, areas: list[dict[str, Any]]) -> dict[str, FocusArea]:
    found = {}
    for order, area in enumerate(areas):
        values = {"meaning": "", **area, "order": order}
        code = values.pop("code")
        found[code], _made = FocusArea.objects.update_or_create(edition=edition, code=code, defaults=values)
    return found


def _put_practices(edition: FrameworkEdition, practices: list[dict[str, Any]], areas: dict[str, FocusArea]) -> None:
    for number, practice in enumerate(practices, start=1):
        values = {"meaning": "", "measured_by": "", **practice, "number": number}
        code, area = values.pop("code"), values.pop("area", "")
        if area and area not in areas:
            raise BadDefinition(f"{edition.code}: {code} stands in {area}, which is no area of it.")
        KeyPractice.objects.update_or_create(
            edition=edition, code=code, defaults=values | {"area": areas.get(area) if area else None}
        )


def _put_statements(edition: FrameworkEdition, lists: dict[str, list[Any]]) -> None:
    for name, kind in _STATEMENTS.items():
        for number, statement in enumerate(lists[name], start=1):
            values = {"text": statement} if isinstance(statement, str) else statement
            FrameworkStatement.objects.update_or_create(
                edition=edition, kind=kind, number=number, defaults={"percent": None, **values}
            )


def load_where_ready(using: str) -> None:
    """As :func:`load`, after ``migrate``: not where the tables are not there yet, or no longer."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    if {model._meta.db_table for model in (FrameworkEdition, FrameworkStatement, FocusArea, KeyPractice)} <= present:
        load()
