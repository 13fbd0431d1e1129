"""Put a field of an evidence row right by hand, so that the next file does not undo it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg import sql

from schools.imports import registry
from schools.imports.targets import Column, Target
from schools.imports.values import BadValue, clean
from schools.models import Correction, EvidenceChange, User


@dataclass(frozen=True)
class Field:
    """A field that can be corrected: its value now as text, and the correction in force, if any."""

    name: str
    label: str
    value: str
    help: str
    correction: Correction | None = None


def target_of(model: type[Model]) -> Target:
    """The target whose records are rows of ``model``; raises ``KeyError``."""
    for code in registry.target_codes():
        target = registry.target(code)
        if target.model is model and target.writes == "upsert" and target.code != "student":
            return target
    raise KeyError(model._meta.label)


def _columns(target: Target) -> list[Column]:
    """What names the record stays: only what it says can be corrected."""
    return [column for column in target.columns if column.name not in target.key]


def fields(row: Model) -> list[Field]:
    """The fields of an evidence row that can be corrected."""
    target = target_of(type(row))
    in_force = {
        correction.field: correction
        for correction in Correction.objects.filter(table=target.table, key=row.pk, ended_at=None)
    }
    texts = _texts(target, row.pk)
    return [
        Field(column.name, str(column.label), texts[column.name] or "", str(column.help), in_force.get(column.name))
        for column in _columns(target)
    ]


def _texts(target: Target, pk: Any, *, lock: bool = False) -> dict[str, str | None]:
    """The values of a row as PostgreSQL writes them; ``lock`` holds the row until the transaction ends."""
    names = [column.name for column in _columns(target)]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT {} FROM {} WHERE id = %s{}").format(
                sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names),
                sql.Identifier(target.table),
                sql.SQL(" FOR UPDATE") if lock else sql.SQL(""),
            ),
            [pk],
        )
        return dict(zip(names, cursor.fetchone(), strict=True))


@transaction.atomic
def correct(row: Model, field: str, text: str, *, reason: str, by: User) -> Correction:
    """Set a field of an evidence row by hand, with the reason; raises ``ValidationError``."""
    target = target_of(type(row))
    column = next((one for one in _columns(target) if one.name == field), None)
    if column is None:
        raise ValidationError(_("This field cannot be corrected: it names the record."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, for whoever reads it next year.")})
    try:
        value = column.parse(clean(text))
    except BadValue as bad:
        raise ValidationError({"value": f"{bad.text}. {bad.advice}"}) from bad
    if value is None:
        if column.required:
            raise ValidationError({"value": _("This cannot be blank.")})
        value = column.blank
    before = _texts(target, row.pk, lock=True)[field]
    existing = (
        Correction.objects.select_for_update()
        .filter(table=target.table, key=row.pk, field=field, ended_at=None)
        .first()
    )
    # Kept from the first correction on: the file has said nothing else since.
    file_value = existing.file_value if existing is not None else before
    if existing is not None:
        existing.ended_at = timezone.now()
        existing.save(update_fields=["ended_at"])
    _check(target, row.pk, field, value)
    _write(target, row.pk, field, value)
    correction = Correction.objects.create(
        table=target.table,
        key=row.pk,
        field=field,
        file_value=file_value,
        value=_texts(target, row.pk)[field],
        reason=reason.strip(),
        student_id=getattr(row, "student_id", None),
        organization_id=row.organization_id,  # type: ignore[attr-defined]
        by=by,
    )
    _tell(target, row)
    return correction


@transaction.atomic
def withdraw(correction: Correction, *, by: User) -> None:
    """Take a correction back: the file's own value stands again."""
    correction = Correction.objects.select_for_update().get(pk=correction.pk)
    if correction.ended_at is not None:
        return
    target = next(
        registry.target(code)
        for code in registry.target_codes()
        if registry.target(code).table == correction.table and registry.target(code).writes == "upsert"
    )
    row = target.model._default_manager.filter(pk=correction.key).first()
    correction.ended_at = timezone.now()
    correction.save(update_fields=["ended_at"])
    if row is not None:
        _check(target, row.pk, correction.field, correction.file_value)
        _write(target, row.pk, correction.field, correction.file_value)
        _tell(target, row)


def _write(target: Target, pk: Any, field: str, value: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("UPDATE {} SET {} = %s::{} WHERE id = %s").format(
                sql.Identifier(target.table), sql.Identifier(field), sql.SQL(target.column(field).pg)
            ),
            [value, pk],
        )


def _check(target: Target, pk: Any, field: str, value: str | None) -> None:
    """The rules over several columns hold for a corrected row as they do for one of a file; raises ``ValidationError``.

    Looked at before the row is written: the table has some of the same rules, and would say them without words.
    """
    for check in target.checks:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "SELECT EXISTS (SELECT FROM {table} t,"
                    " LATERAL jsonb_populate_record(t, jsonb_build_object(%s::text, %s::text)) s"
                    " WHERE t.id = %s AND ({bad}))"
                ).format(table=sql.Identifier(target.table), bad=sql.SQL(check.bad)),
                [field, value, pk],
            )
            if cursor.fetchone()[0]:
                raise ValidationError({"value": f"{check.text}. {check.advice}"})


def _tell(target: Target, row: Any) -> None:
    kind = f"assessment:{row.test}" if target.code == "assessment_result" else target.kind
    EvidenceChange.objects.create(
        student_id=getattr(row, "student_id", None), organization_id=row.organization_id, year=row.year, kind=kind
    )
