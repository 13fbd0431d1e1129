"""Drives the steps of an import without a file: rows are put into staging as a reader would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from schools.imports import apply, guard, identity, registry, stage, undo
from schools.imports.compare import Comparison, compare, report_left_alone
from schools.imports.problems import Problems
from schools.imports.stage import Staging
from schools.models import ImportBatch, Organization
from schools.models.imports import Completeness, ImportState

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
YEAR = 2026


class Looked:
    """An import that was read and compared, and waits to be applied."""

    def __init__(self, organization: Organization, rows: Rows, completeness: Completeness) -> None:
        self.problems = Problems()
        self.batch = ImportBatch.objects.create(
            organization=organization,
            year=YEAR,
            kind="test",
            source="test.csv",
            state=ImportState.PREVIEWED,
            completeness=completeness,
        )
        staging = Staging(self.batch.pk)
        for code, records in rows.items():
            columns = list(dict.fromkeys(column for record in records for column in record if column != "line"))
            for always in ("organization_id", "year"):
                if always not in columns:
                    columns.append(always)
            opened = staging.open(code, columns)
            opened.put(
                "test.csv",
                [int(record.get("line", n)) for n, record in enumerate(records, start=2)],
                {
                    column: [_text(record.get(column, YEAR if column == "year" else None)) for record in records]
                    for column in columns
                },
            )
        identity.identify(staging, identity.Scope.of(organization), self.problems)
        self.comparisons: list[Comparison] = compare(
            staging, organization, self.problems, completeness=completeness, hold_gone=False
        )
        report_left_alone(self.comparisons, self.problems)
        self.batch.counts = {one.staged.target.code: one.as_json() for one in self.comparisons}
        self.batch.guard = guard.measure(self.comparisons, completeness)
        self.batch.save()

    def apply(self) -> ImportBatch:
        """Write it."""
        apply.apply(self.batch, self.comparisons, [])
        self.batch.state = ImportState.APPLIED
        self.batch.applied_at = timezone.now()
        self.batch.before_images_until = timezone.now() + dt.timedelta(days=1)
        self.batch.save()
        stage.drop(self.batch.pk)
        return self.batch


def look(organization: Organization, rows: Rows, completeness: Completeness = Completeness.ADDS) -> Looked:
    """Stage and compare."""
    return Looked(organization, rows, completeness)


def load(organization: Organization, rows: Rows, completeness: Completeness = Completeness.ADDS) -> ImportBatch:
    """Stage, compare and apply."""
    return look(organization, rows, completeness).apply()


def undone(batch: ImportBatch) -> None:
    """Undo it."""
    undo.undo(batch, by=None)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


TABLES = sorted(
    {registry.target(code).table for code in registry.target_codes()}
    | {"schools_studentidentifier", "schools_evidencecoverage", "schools_organization"}
)


def everything(*, without: Sequence[str] = ()) -> dict[str, list[str]]:
    """Every row of what an import may write, as PostgreSQL prints it, by table; ``without`` leaves out columns."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT (to_jsonb(t) - %s::text[])::text FROM {table} t ORDER BY 1", [list(without)])
            found[table] = [row[0] for row in cursor.fetchall()]
    return found


__all__ = ["YEAR", "everything", "load", "look", "undone"]
