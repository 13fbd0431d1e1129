"""Puts the editions of the framework that ship with the product into the database."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from goals.definitions import BadDefinition, put, tables_ready
from goals.models import FocusArea, FrameworkEdition, FrameworkStatement, KeyPractice

EDITIONS = Path(__file__).with_name("framework.toml")
_STATEMENTS = {"goals": "goal", "conditions": "condition", "principles": "principle"}


@transaction.atomic
def load() -> None:
    """Make the tables say what the file says: by code, as often as wanted. What left the file stays."""
    file = tomllib.loads(EDITIONS.read_text("utf-8"))
    editions, parts = [], []
    for order, row in enumerate(file["edition"]):
        areas = file["areas"].get(row.pop("areas_of", ""), [])
        of_others = file["practices"].get(row.pop("practices_of", ""), [])
        lists = {name: row.pop(name, []) for name in (*_STATEMENTS, "practices")}
        editions.append({**row, "order": order})
        parts.append((areas, lists["practices"] or of_others, lists))
    made = put(FrameworkEdition, editions, by=["code"])
    areas_of: dict[int, dict[str, FocusArea]] = {edition.pk: {} for edition in made}
    rows = [row for edition, (areas, _, _) in zip(made, parts, strict=True) for row in _areas(edition, areas)]
    for area in put(FocusArea, rows, by=["edition", "code"]):
        areas_of[area.edition_id][area.code] = area
    practices, statements = [], []
    for edition, (_, named, lists) in zip(made, parts, strict=True):
        practices += _practices(edition, named, areas_of[edition.pk])
        statements += _statements(edition, lists)
    put(KeyPractice, practices, by=["edition", "code"])
    put(FrameworkStatement, statements, by=["edition", "kind", "number"])


def _areas(edition: FrameworkEdition, areas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**area, "edition": edition, "order": order} for order, area in enumerate(areas)]


def _practices(
    edition: FrameworkEdition, practices: list[dict[str, Any]], areas: dict[str, FocusArea]
) -> list[dict[str, Any]]:
    rows = []
    for number, practice in enumerate(practices, start=1):
        area = practice.get("area") or None
        if area is not None and area not in areas:
            raise BadDefinition(f"{edition.code}: {practice['code']} stands in {area}, which is no area of it.")
        rows.append({**practice, "edition": edition, "number": number, "area": areas[area] if area else None})
    return rows


def _statements(edition: FrameworkEdition, lists: dict[str, list[Any]]) -> list[dict[str, Any]]:
    rows = []
    for name, kind in _STATEMENTS.items():
        for number, statement in enumerate(lists[name], start=1):
            values = {"text": statement} if isinstance(statement, str) else statement
            rows.append({**values, "edition": edition, "kind": kind, "number": number})
    return rows


def load_where_ready(using: str) -> None:
    """As :func:`load`, after ``migrate``: not where the tables are not there yet, or no longer."""
    if tables_ready(using, FrameworkEdition, FrameworkStatement, FocusArea, KeyPractice):
        load()
