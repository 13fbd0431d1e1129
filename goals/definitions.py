"""Puts the measures and student groups that ship with the product into the database."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.db import connections, models, transaction

from goals.models import Measure, StudentGroup

GROUPS = Path(__file__).with_name("groups.toml")
MEASURES = Path(__file__).with_name("measures.toml")

M = TypeVar("M", bound=models.Model)


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
    groups = [{**row, "order": order} for order, row in enumerate(read(GROUPS, "group"))]
    for place, row in enumerate(groups):
        rest_of = row.get("remainder_of")
        if rest_of is not None and rest_of not in {one["code"] for one in groups[:place] if "remainder_of" not in one}:
            raise BadDefinition(f"{row['code']} is the rest of {rest_of}, which does not stand before it.")
    made = put(StudentGroup, [row for row in groups if "remainder_of" not in row], by=["code"])
    whole = {group.code: group for group in made}
    rests = [{**row, "remainder_of": whole[row["remainder_of"]]} for row in groups if "remainder_of" in row]
    put(StudentGroup, rests, by=["code"])
    put(Measure, [{**row, "order": order} for order, row in enumerate(read(MEASURES, "measure"))], by=["code"])


def put(model: type[M], rows: Sequence[Mapping[str, Any]], *, by: list[str]) -> list[M]:
    """Insert or update rows in one statement, found again `by` these fields; raises TypeError for an unknown key.

    A key that a row leaves out gets the model's default. The rows come back with their ids.
    """
    values = [field.name for field in model._meta.concrete_fields if not field.primary_key and field.name not in by]
    return model._default_manager.bulk_create(
        [model(**row) for row in rows], update_conflicts=True, unique_fields=by, update_fields=values
    )


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
