"""Puts the measures and student groups that ship with the product into the database."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connections, models, transaction

from goals.models import Measure, StudentGroup

GROUPS = Path(__file__).with_name("groups.toml")
MEASURES = Path(__file__).with_name("measures.toml")


class BadDefinition(ValueError):
    """A definition that cannot be meant: which one, and why."""


def read(path: Path, section: str) -> list[dict[str, Any]]:
    """The rows of a file of definitions, in its order.

    A row with a table ``each`` stands for several: the table's keys go into the code in place of ``{}``, its texts
    into every other text. Raises :class:`BadDefinition` for a code given twice.
    """
    rows: list[dict[str, Any]] = []
    for entry in tomllib.loads(path.read_text("utf-8"))[section]:
        rows.extend(_expanded(entry))
    seen: set[str] = set()
    for row in rows:
        if row["code"] in seen:
            raise BadDefinition(f"{path.name} has {row['code']} twice.")
        seen.add(row["code"])
    return rows


def _expanded(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    each = entry.pop("each", None)
    if each is None:
        yield entry
        return
    bits = entry.pop("bits", {})
    for key, word in each.items():
        row = {name: _with(text, word) if isinstance(text, str) else text for name, text in entry.items()}
        row["code"] = entry["code"].replace("{}", key)
        if key in bits:
            row["bit"] = bits[key]
        yield row


def _with(text: str, word: str) -> str:
    """The text with the word in place of ``{}``, with a capital where it begins the text."""
    found = text.replace("{}", word)
    return found[:1].upper() + found[1:] if text.startswith("{}") else found


@transaction.atomic
def load() -> None:
    """Make the tables say what the files say: by code, as often as wanted.

    Codes that left the files stay: results may hang on them.
    """
    codes: dict[str, int] = {}
    for order, row in enumerate(read(GROUPS, "group")):
        parent = row.pop("remainder_of", None)
        if parent is not None and parent not in codes:
            raise BadDefinition(f"{row['code']} is the rest of {parent}, which does not stand before it.")
        codes[row["code"]] = _put(StudentGroup, {**row, "order": order, "remainder_of_id": codes.get(parent or "")})
    for order, row in enumerate(read(MEASURES, "measure")):
        _put(Measure, {**row, "order": order})


def _put(model: type[models.Model], row: dict[str, Any]) -> int:
    """Insert or update by code; a key that the file leaves out gets the model's default. Unknown keys are an error."""
    values = {
        field.attname: field.get_default()
        for field in model._meta.concrete_fields
        if field.name not in {"id", "code"} and (field.has_default() or field.null or field.blank)
    }
    found, _made = model._default_manager.update_or_create(code=row.pop("code"), defaults=values | row)
    return int(found.pk)


def load_where_ready(using: str) -> None:
    """As :func:`load`, after ``migrate``: not where the tables are not there yet, or no longer."""
    if tables_ready(using, StudentGroup, Measure):
        load()


def tables_ready(using: str, *tables: type[models.Model]) -> bool:
    """Whether these tables are there, with every column that the models of today have."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for model in tables:
            table = model._meta.db_table
            if table not in present:
                return False
            there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            if not {field.column for field in model._meta.concrete_fields if field.column} <= there:
                return False
    return True
