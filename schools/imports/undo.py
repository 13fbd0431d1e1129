"""Undo an applied import: values, keys and the previous import and line come back, and the rollups are told.

It is refused, naming them, when a later import or a correction by hand touched the same rows. Logs and sequences are
outside the identity (design, section 7).
"""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import ForeignKey, ManyToManyRel, Model
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg import errors, sql

from schools.imports import locks, registry
from schools.imports.targets import Target
from schools.models import (
    Correction,
    EvidenceCoverage,
    ImportBatch,
    ImportChange,
    Organization,
    Student,
    StudentIdentifier,
    User,
)
from schools.models.imports import ImportState

# How often it is begun anew where it met an import of another district.
TRIES = 4


class UndoRefused(Exception):
    """Why an import cannot be undone, each reason for the person."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def undo(batch: ImportBatch, *, by: User | None) -> None:
    """Put back what the import changed; raises :class:`UndoRefused`."""
    for tries_left in reversed(range(TRIES)):
        try:
            _undo(batch, by)
            return
        except OperationalError as error:
            # Another district's import went for the same students in another order, and was let through.
            if not tries_left or not isinstance(error.__cause__, errors.DeadlockDetected):
                raise


def _undo(batch: ImportBatch, by: User | None) -> None:
    with transaction.atomic():
        locks.hold(batch.organization)
        batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        # Districts share their state's students: one that is changing them now is waited for, and then named.
        _rows("SELECT id FROM schools_student WHERE batch_id = %s ORDER BY id FOR UPDATE", [batch.pk])
        if reasons := reasons_against(batch):
            raise UndoRefused(reasons)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        _tell(batch)
        for model in _tables(batch):
            _restore(batch, model)
        _restore_coverage(batch)
        Correction.objects.filter(ended_by_batch=batch).update(ended_at=None, ended_by_batch=None)
        _remove_organizations(batch)
        batch.state = ImportState.UNDONE
        batch.undone_at = timezone.now()
        batch.undone_by = by
        batch.save(update_fields=["state", "undone_at", "undone_by"])
        batch.changes.all().delete()


def reasons_against(batch: ImportBatch) -> list[str]:
    """Why it cannot be undone; empty where it can."""
    if batch.state != ImportState.APPLIED:
        return [_("Only an applied import can be undone.")]
    if batch.before_images_until is None or batch.before_images_until < timezone.now():
        return [_("The values from before this import are kept for a limited time, and that time is over.")]
    reasons = []
    for other in _later_imports(batch):
        reasons.append(
            _("“%(file)s” of %(day)s changed rows of this import since. Undo that one first.")
            % {"file": other.source, "day": f"{timezone.localtime(other.applied_at or other.loaded_at):%b %-d, %Y}"}
        )
    if corrected := _corrected(batch):
        reasons.append(
            ngettext(
                "%(n)d field of its rows was corrected by hand since.",
                "%(n)d fields of its rows were corrected by hand since.",
                corrected,
            )
            % {"n": corrected}
        )
    reasons += _used_since(batch)
    return reasons


def _tables(batch: ImportBatch) -> list[type[Model]]:
    """The models that the import may have written, evidence before the students it is about."""
    codes = [code for code in batch.counts if code != "student"]
    models: dict[str, type[Model]] = {}
    for code in codes:
        target: Target = registry.target(code)
        models[target.table] = target.model
    if "student" in batch.counts:
        models[StudentIdentifier._meta.db_table] = StudentIdentifier
        models[Student._meta.db_table] = Student
    return list(models.values())


def _rows(text: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return list(cursor.fetchall())


def _later_imports(batch: ImportBatch) -> list[ImportBatch]:
    """Imports that found rows of this one and changed or removed them, or made what stands where its were before."""
    found = {
        pk
        for (pk,) in _rows(
            "SELECT DISTINCT batch_id FROM schools_importchange WHERE previous_batch_id = %s AND batch_id <> %s",
            [batch.pk, batch.pk],
        )
    }
    for code in batch.counts:
        target = registry.target(code)
        if target.gone == "never":
            continue
        same = " AND ".join(f"e.{column} IS NOT DISTINCT FROM b.{column}" for column in target.key)
        found |= {
            pk
            for (pk,) in _rows(
                f"SELECT DISTINCT e.batch_id FROM schools_importchange c,"
                f" jsonb_populate_record(NULL::{target.table}, c.before) b JOIN {target.table} e ON {same}"
                f' WHERE c.batch_id = %s AND c."table" = %s AND e.id <> c.key AND e.batch_id <> %s',
                [batch.pk, target.table, batch.pk],
            )
        }
    return list(ImportBatch.objects.filter(pk__in=found, state=ImportState.APPLIED).order_by("pk"))


def _corrected(batch: ImportBatch) -> int:
    """Corrections in force that undo would lose: of its rows, and those made since it ended an earlier one."""
    [(total,)] = _rows(
        "SELECT count(*) FROM schools_correction ours JOIN schools_correction since"
        ' USING ("table", key, field) WHERE ours.ended_by_batch_id = %s AND since.ended_at IS NULL',
        [batch.pk],
    )
    for model in _tables(batch):
        table = model._meta.db_table
        [(count,)] = _rows(
            f'SELECT count(*) FROM schools_correction c JOIN {table} e ON e.id = c.key WHERE c."table" = %s'
            " AND e.batch_id = %s AND c.at > %s AND c.ended_at IS NULL"
            " AND NOT EXISTS (SELECT FROM schools_correction ours WHERE ours.ended_by_batch_id = e.batch_id"
            ' AND ours.key = c.key AND ours."table" = c."table" AND ours.field = c.field)',
            [table, batch.pk, batch.applied_at],
        )
        total += count
    return int(total)


def _used_since(batch: ImportBatch) -> list[str]:
    """Students and schools that this import made and that something else refers to by now."""
    reasons = []
    if "student" in batch.counts:
        ours = f"SELECT s.id FROM {Student._meta.db_table} s WHERE s.batch_id = %s AND NOT EXISTS (SELECT FROM"
        ours += " schools_importchange c WHERE c.batch_id = %s AND c.\"table\" = 'schools_student' AND c.key = s.id)"
        for model, column in _referring_to(Student):
            other = " AND batch_id IS DISTINCT FROM %s" if _has_batch(model) else ""
            parameters = [batch.pk, batch.pk, *([batch.pk] if other else [])]
            [(count,)] = _rows(
                f"SELECT count(DISTINCT {column}) FROM {model._meta.db_table} WHERE {column} IN ({ours}){other}",
                parameters,
            )
            if count:
                reasons.append(
                    ngettext(
                        "%(n)d student it added has %(what)s from elsewhere.",
                        "%(n)d students it added have %(what)s from elsewhere.",
                        count,
                    )
                    % {"n": count, "what": model._meta.verbose_name_plural}
                )
    schools = [row["id"] for row in batch.preview.get("schools", [])]
    if schools:
        for model, column in _referring_to(Organization):
            if model in {EvidenceCoverage} or model._meta.label in {"schools.EvidenceChange"}:
                continue
            other = " AND batch_id IS DISTINCT FROM %s" if _has_batch(model) else ""
            [(count,)] = _rows(
                f"SELECT count(*) FROM {model._meta.db_table} WHERE {column} = ANY(%s){other}",
                [schools, *([batch.pk] if other else [])],
            )
            if count:
                reasons.append(_("A school it added is in use: %(what)s.") % {"what": model._meta.verbose_name_plural})
    return reasons


def _referring_to(model: type[Model]) -> list[tuple[type[Model], str]]:
    """Every table of the product with a foreign key to ``model``."""
    found = []
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or isinstance(relation, ManyToManyRel):
            continue
        field, related = relation.field, relation.related_model
        # History keeps what was; it does not hold on to it.
        if isinstance(field, ForeignKey) and not related.__name__.endswith("Event") and related._meta.managed:
            found.append((related, field.column))
    return found


def _has_batch(model: type[Model]) -> bool:
    return any(field.column == "batch_id" for field in model._meta.concrete_fields)


def _restore(batch: ImportBatch, model: type[Model]) -> None:
    """Take the import's rows away and put the before-images back, keys included."""
    table = sql.Identifier(model._meta.db_table)
    columns: sql.Composable = sql.SQL(", ").join(
        sql.Identifier(str(field.column)) for field in model._meta.concrete_fields if not field.generated
    )
    parts = {
        "table": table,
        "name": sql.Literal(model._meta.db_table),
        "batch": sql.Literal(batch.pk),
        "columns": columns,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DELETE FROM {table} WHERE batch_id = {batch}").format(**parts))
        cursor.execute(
            sql.SQL(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM (SELECT b.* FROM schools_importchange c,"
                " jsonb_populate_record(NULL::{table}, c.before) b"
                ' WHERE c.batch_id = {batch} AND c."table" = {name}) AS before'
            ).format(**parts)
        )


def _restore_coverage(batch: ImportBatch) -> None:
    """What was covered before is covered again; what a later import covers too stays.

    That later import then remembers what was there before this one, as if this one had never been.
    """
    EvidenceCoverage.objects.filter(batch=batch).delete()
    with connection.cursor() as cursor:
        later = "later.\"table\" = 'schools_evidencecoverage' AND (later.before->>'batch_id')::bigint = %s"
        cursor.execute(
            "UPDATE schools_importchange later SET before = ours.before FROM schools_importchange ours"
            " WHERE ours.batch_id = %s AND ours.\"table\" = 'schools_evidencecoverage' AND ours.key = later.key"
            f" AND {later}",
            [batch.pk, batch.pk],
        )
        cursor.execute(f"DELETE FROM schools_importchange later WHERE {later}", [batch.pk])
        cursor.execute(
            "INSERT INTO schools_evidencecoverage (id, organization_id, year, kind, through_date, batch_id)"
            " SELECT b.id, b.organization_id, b.year, b.kind, b.through_date, b.batch_id FROM schools_importchange c,"
            " jsonb_populate_record(NULL::schools_evidencecoverage, c.before) b"
            " WHERE c.batch_id = %s AND c.\"table\" = 'schools_evidencecoverage' ON CONFLICT DO NOTHING",
            [batch.pk],
        )


def _remove_organizations(batch: ImportBatch) -> None:
    keys = [row["id"] for row in batch.preview.get("schools", [])]
    for organization in Organization.objects.filter(pk__in=keys):
        organization.delete()


def _tell(batch: ImportBatch) -> None:
    """The rollups learn that all this changed once more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO schools_evidencechange (batch_id, student_id, organization_id, year, kind, at)"
            " SELECT batch_id, student_id, organization_id, year, kind, now() FROM schools_evidencechange"
            " WHERE batch_id = %s",
            [batch.pk],
        )


def expire() -> int:
    """Forget before-images whose time is over; returns how many."""
    count, _per_model = ImportChange.objects.filter(batch__before_images_until__lt=timezone.now()).delete()
    return count
