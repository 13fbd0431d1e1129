"""What evidence is covered once a file is loaded: for whom, of which kind, until when.

A file that replaces covers the whole organization it is loaded for: what it has not, is not. A file that adds covers
the schools it names: a school that none of its rows is about stays “not reported”, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy
from psycopg import sql

from hstw.values import SchoolYear
from schools.imports.compare import Comparison
from schools.imports.difference import diff, kind_of
from schools.imports.stage import StagedTarget
from schools.models import ImportBatch
from schools.models.imports import Completeness

LABELS = {
    "enrollment": gettext_lazy("Enrollment"),
    "demographics": gettext_lazy("Student groups"),
    "attendance": gettext_lazy("Attendance"),
    "courses": gettext_lazy("Courses"),
    "credentials": gettext_lazy("Credentials"),
    "work_experience": gettext_lazy("Work-based learning"),
    "diplomas": gettext_lazy("Diplomas"),
    "cohort_removals": gettext_lazy("Cohort removals"),
    "programs_of_study": gettext_lazy("Programs of study"),
    "postsecondary": gettext_lazy("After high school"),
    "published": gettext_lazy("Published results"),
}
_GOOD = "s.verdict IN ('new', 'changed', 'same')"


@dataclass(frozen=True)
class Covered:
    """One organization, school year and kind of evidence, and the day it reaches to."""

    organization_id: int
    year: int
    kind: str
    through: Any


def covered(batch: ImportBatch, comparisons: list[Comparison]) -> list[Covered]:
    """What the import would cover."""
    found: dict[tuple[int, int, str], Covered] = {}
    for comparison in comparisons:
        staged = comparison.staged
        if staged.target.code == "student":
            continue
        for organization, year, kind, last in _by_organization(batch, staged):
            for kind_said in [kind, *_kinds_within(staged)]:
                day = last or min(timezone.localdate(), SchoolYear(year).last_day)
                found[organization, year, kind_said] = Covered(organization, year, kind_said, day)
    return list(found.values())


def _by_organization(batch: ImportBatch, staged: StagedTarget) -> list[tuple[int, int, str, Any]]:
    target = staged.target
    whole = batch.completeness == Completeness.REPLACES
    dated = target.dated_by if target.dated_by in staged.own else ""
    last = sql.SQL("max(s.{})").format(sql.Identifier(dated)) if dated else sql.SQL("NULL::date")
    where = sql.Literal(batch.organization_id) if whole else sql.SQL("s.organization_id")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT {where} AS organization_id, s.year, {kind} AS kind, {last} FROM {diff} s WHERE "
                + _GOOD
                + " GROUP BY 1, 2, 3"
            ).format(where=where, kind=kind_of(target, "s"), last=last, diff=diff(staged))
        )
        return list(cursor.fetchall())


def _kinds_within(staged: StagedTarget) -> list[str]:
    """Kinds that come inside another, when the file brings their columns: attendance inside a roster."""
    return sorted(
        {column.evidence for column in staged.target.columns if column.evidence and column.name in staged.columns}
    )


def record(batch: ImportBatch, comparisons: list[Comparison]) -> None:
    """Write it down, with what was there before, so that an undo can put it back."""
    rows = covered(batch, comparisons)
    if not rows:
        return
    with connection.cursor() as cursor:
        values = sql.SQL(", ").join(
            sql.SQL("({}, {}, {}, {}::date)").format(
                sql.Literal(row.organization_id),
                sql.Literal(row.year),
                sql.Literal(row.kind),
                sql.Literal(row.through),
            )
            for row in rows
        )
        cursor.execute(
            sql.SQL(
                'INSERT INTO schools_importchange (batch_id, "table", key, before, previous_batch_id)'
                " SELECT {batch}, 'schools_evidencecoverage', c.id, to_jsonb(c), NULL FROM schools_evidencecoverage c"
                " JOIN (VALUES {values}) v (organization_id, year, kind, through_date)"
                " USING (organization_id, year, kind)"
            ).format(batch=sql.Literal(batch.pk), values=values)
        )
        cursor.execute(
            sql.SQL(
                "INSERT INTO schools_evidencecoverage (organization_id, year, kind, through_date, batch_id)"
                " SELECT v.organization_id, v.year, v.kind, v.through_date, {batch}"
                " FROM (VALUES {values}) v (organization_id, year, kind, through_date)"
                " ON CONFLICT (organization_id, year, kind) DO UPDATE SET batch_id = EXCLUDED.batch_id,"
                " through_date = greatest(EXCLUDED.through_date, schools_evidencecoverage.through_date)"
            ).format(batch=sql.Literal(batch.pk), values=values)
        )


def label(kind: str) -> str:
    """A kind of evidence in words: ``assessment:ACT`` is ACT."""
    head, _colon, rest = kind.partition(":")
    return rest or str(LABELS.get(head, head))
