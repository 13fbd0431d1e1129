"""Who changed what, when: kept by triggers in the database, read on the object's page.

What people edit is tracked (organizations, roles, planning, scoring, corrections by hand); imported evidence is
not: its history is the batch, the line and the before-images (design, section 7).

The triggers write one row per changed object into the model's event table: after an insert or update the new
values, after a delete the last ones. A request's context (``pghistory.middleware``) says who; a command names
itself with ``pghistory.context(command="import_directory")``.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pghistory
from django.contrib.auth import get_user_model
from django.core.paginator import Page, Paginator
from django.db import models
from django.utils import formats
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg import sql

Model = TypeVar("Model", bound=type[models.Model])

# Kept in the rows because stale writes are found by them; of no interest to a reader.
_NOT_SHOWN = frozenset({"version"})
_KINDS = {
    "insert": gettext_lazy("Added"),
    "update": gettext_lazy("Changed"),
    "delete": gettext_lazy("Removed"),
}


def tracked(*, exclude: list[str] | None = None) -> Callable[[Model], Model]:
    """Track inserts, updates and deletes of a model by statement-level triggers.

    Statement level: one trigger call however many rows a statement touches.
    """
    options: dict[str, Any] = {"exclude": exclude} if exclude else {}
    track: Callable[[Model], Model] = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        level=pghistory.Statement,
        **options,
    )
    return track


def composed_as_text(connection: Any, **_: Any) -> None:
    """Let statements put together with ``psycopg.sql`` be text before the history's own wrapper reads them.

    That wrapper, which tells the triggers who is at work, takes every statement for a string.
    """
    if _as_text not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _as_text)


def _as_text(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if isinstance(statement, sql.Composable):
        statement = statement.as_string(context["connection"].connection)
    return execute(statement, params, many, context)


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after, in the words of the page. ``before`` is ``None`` where nothing is known."""

    field: str
    label: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one object by one person (or none: the system)."""

    when: dt.datetime
    who: str
    kind: str
    label: str
    changes: Sequence[Change]
    user_id: int | None = None


def is_tracked(model: type[models.Model]) -> bool:
    """Whether changes of this model are recorded."""
    return hasattr(model, "pgh_event_models")


def events_of(instance: models.Model, *, page: int | str | None = 1, per_page: int = 20) -> Page[Any]:
    """What happened to ``instance``, newest first: a page whose ``object_list`` holds :class:`Event`.

    The number of queries does not grow with the number of events: names of people and of related objects are
    read at once. A page number that does not exist gives the nearest one.
    """
    rows = _rows(type(instance), instance.pk)
    found = Paginator(rows, per_page).get_page(page)
    start = found.start_index() - 1 if found.paginator.count else 0
    # One row more than is shown: what stood there before the oldest event of the page.
    found.object_list = _events(list(rows[start : start + per_page + 1]), per_page)
    return found


def last_event(instance: models.Model) -> Event | None:
    """The latest change of ``instance``; ``None`` where its model has no history."""
    if not is_tracked(type(instance)):
        return None
    found = _events(list(_rows(type(instance), instance.pk)[:2]), 1)
    return found[0] if found else None


def last_changes(instance: models.Model, fields: Iterable[str], *, look_back: int = 50) -> dict[str, Event]:
    """For each of ``fields`` the latest event that changed it, within the last ``look_back`` events."""
    wanted = set(fields)
    found: dict[str, Event] = {}
    if not is_tracked(type(instance)):
        return {}
    for event in _events(list(_rows(type(instance), instance.pk)[: look_back + 1]), look_back):
        for change in event.changes:
            if change.field in wanted:
                found.setdefault(change.field, event)
    return found


def values_at_version(instance: models.Model, version: int) -> dict[str, Any] | None:
    """The tracked fields of ``instance`` as they stood at ``version``, by attribute name; ``None`` if unknown."""
    if not is_tracked(type(instance)):
        return None
    row = _rows(type(instance), instance.pk).filter(version=version).first()
    if row is None:
        return None
    return {field.attname: getattr(row, field.attname) for field in _fields(type(row))}


def _rows(model: type[models.Model], pk: Any) -> models.QuerySet[Any]:
    """The event rows of one object, newest first, each with its context."""
    event_model: type[models.Model] = model.pgh_event_model  # type: ignore[attr-defined]
    return event_model._base_manager.filter(pgh_obj_id=pk).select_related("pgh_context").order_by("-pgh_id")


def _fields(event_model: Any) -> list[models.Field[Any, Any]]:
    """The model's own fields that are in the event table, in the model's order."""
    kept = {field.name for field in event_model._meta.fields}
    return [
        field for field in event_model.pgh_tracked_model._meta.fields if field.name in kept and not field.primary_key
    ]


def _events(rows: list[Any], limit: int) -> list[Event]:
    """Event rows, newest first, in words; a row beyond ``limit`` only tells what stood before."""
    if not rows:
        return []
    fields = [field for field in _fields(type(rows[0])) if field.name not in _NOT_SHOWN]
    people = _names(get_user_model(), {_user_id(row) for row in rows})
    targets = {
        field.name: _names(field.related_model, {getattr(row, field.attname) for row in rows})
        for field in fields
        if isinstance(field, models.ForeignKey) and isinstance(field.related_model, type)
    }
    older: list[Any] = [*rows[1:], None]
    return [
        Event(
            when=row.pgh_created_at,
            who=_who(row, people),
            kind=row.pgh_label,
            label=str(_KINDS.get(row.pgh_label, row.pgh_label)),
            changes=tuple(_changes(row, before, fields, targets)),
            user_id=_user_id(row),
        )
        for row, before in zip(rows[:limit], older, strict=False)
    ]


def _changes(
    row: Any, before: Any | None, fields: list[models.Field[Any, Any]], targets: dict[str, dict[Any, str]]
) -> Iterable[Change]:
    """The fields in which ``row`` differs from the row before it."""
    if row.pgh_label == "delete":
        return
    for field in fields:
        new = getattr(row, field.attname)
        names = targets.get(field.name, {})
        label = capfirst(str(field.verbose_name))
        if row.pgh_label == "insert":
            if new not in (None, ""):
                yield Change(field.name, label, "", _in_words(field, new, names))
        elif before is None:
            # Tracking began after the object existed: the event says what it became, not what it was.
            yield Change(field.name, label, None, _in_words(field, new, names))
        elif (old := getattr(before, field.attname)) != new:
            yield Change(field.name, label, _in_words(field, old, names), _in_words(field, new, names))


def _in_words(field: models.Field[Any, Any], value: Any, names: dict[Any, str]) -> str:
    """A value as the page says it: choice labels, names of related objects, dates in the reader's format."""
    if value is None or value == "":
        return ""
    if isinstance(field, models.ForeignKey):
        return names.get(value) or _("no longer there (%(id)s)") % {"id": value}
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dt.datetime):
        return formats.date_format(localtime(value), "DATETIME_FORMAT")
    if isinstance(value, dt.date):
        return formats.date_format(value, "DATE_FORMAT")
    return str(value)


def _names(model: Any, keys: set[Any]) -> dict[Any, str]:
    """What the objects are called, by key; in one query."""
    keys = keys - {None}
    if not keys:
        return {}
    return {key: str(found) for key, found in model._base_manager.in_bulk(keys).items()}


def _user_id(row: Any) -> int | None:
    metadata = row.pgh_context.metadata if row.pgh_context else {}
    return metadata.get("user")


def _who(row: Any, people: dict[Any, str]) -> str:
    metadata = defaultdict(str, row.pgh_context.metadata if row.pgh_context else {})
    if metadata["user"]:
        return people.get(metadata["user"]) or _("a person who is no longer here")
    if metadata["command"]:
        return str(metadata["command"])
    return _("the system")
