"""What an applied import changed, row by row, as a CSV file that streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from hstw.exports.tables import csv_stream
from hstw.values import SchoolYear
from schools.imports import registry
from schools.models import ImportBatch, ImportChange, Organization, Student

CHUNK = 2_000


def rows(batch: ImportBatch, *, names: bool) -> Iterator[bytes]:
    """Blocks of CSV: each record that the import made, changed, ended or removed.

    With ``names`` the students' names and the values from before; without, keys only.
    """
    heading = [_("what"), _("record"), _("key"), _("school"), _("school year"), _("line of the file"), _("student")]
    if names:
        heading += [_("name"), _("before")]
    return csv_stream(heading, _all(batch, names=names, organizations={}))


def _models(batch: ImportBatch) -> dict[str, tuple[str, type[models.Model]]]:
    """The tables that the import may have touched, each once, with what a record of it is called."""
    found: dict[str, tuple[str, type[models.Model]]] = {}
    for code in batch.counts:
        try:
            target = registry.target(code)
        except KeyError:
            continue
        found.setdefault(target.table, (str(target.label), target.model))
    return found


def _all(batch: ImportBatch, *, names: bool, organizations: dict[int, str]) -> Iterator[list[Any]]:
    for table, (label, model) in _models(batch).items():
        changes = ImportChange.objects.filter(batch=batch, table=table).order_by("key")
        for chunk in _chunks(changes.iterator(chunk_size=CHUNK)):
            now = model._default_manager.in_bulk([change.key for change in chunk])
            facts = [change.before | {"_now": now.get(change.key), "id": change.key} for change in chunk]
            yield from _told(facts, label, names=names, organizations=organizations)
        changed = ImportChange.objects.filter(batch=batch, table=table, key=models.OuterRef("pk"))
        added = model._default_manager.filter(~models.Exists(changed), batch=batch).order_by("pk")
        for new in _chunks(added.values().iterator(chunk_size=CHUNK)):
            yield from _told([row | {"_new": True} for row in new], label, names=names, organizations=organizations)


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _told(
    facts: list[dict[str, Any]], label: str, *, names: bool, organizations: dict[int, str]
) -> Iterator[list[Any]]:
    keys = {row.get("student_id") or (row["id"] if "first_name" in row else None) for row in facts}
    students = Student.objects.in_bulk([key for key in keys if key])
    unknown = {row["organization_id"] for row in facts if row.get("organization_id")} - set(organizations)
    organizations |= dict(Organization.objects.filter(pk__in=unknown).order_by().values_list("pk", "name"))
    for row in facts:
        student = (
            students.get(row.get("student_id") or row["id"]) if "student_id" in row or "first_name" in row else None
        )
        year = row.get("year")
        cells = [
            _what(row),
            label,
            row["id"],
            organizations.get(row.get("organization_id") or 0, ""),
            SchoolYear(year).label if year else "",
            _line(row),
            student.public_id if student else "",
        ]
        if names:
            before = "" if row.get("_new") else "; ".join(f"{k}={v}" for k, v in row.items() if _said(k, v))
            cells += [str(student) if student else "", before]
        yield cells


def _what(row: dict[str, Any]) -> str:
    if row.get("_new"):
        return _("new")
    if row["_now"] is None:
        return _("removed")
    ended = "exited" in row and row["exited"] is None and row["_now"].exited is not None
    return _("ended") if ended else _("changed")


def _line(row: dict[str, Any]) -> Any:
    now = row.get("_now")
    return (now.line if now is not None else row.get("line") if row.get("_new") else None) or ""


def _said(name: str, value: Any) -> bool:
    return value not in {None, ""} and name[0] != "_" and name not in {"id", "batch_id", "line", "student_id"}
