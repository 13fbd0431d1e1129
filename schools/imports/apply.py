"""Write what was compared: before-images first, then changes, new rows and ends, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg import sql

from hstw.statements import run
from hstw.values import SchoolYear
from schools.imports import coverage, identity
from schools.imports.compare import Comparison
from schools.imports.difference import diff, gone, has_corrections, kind_of, owners, written
from schools.imports.places import NewSchool
from schools.imports.stage import StagedTarget, name
from schools.models import ImportBatch, Organization
from schools.models.organization import Kind, unused_slug

# The order in which targets are written: who, then where, then what.
_FIRST = ("student", "enrollment")


def apply(batch: ImportBatch, comparisons: list[Comparison], new_schools: Iterable[NewSchool]) -> None:
    """Write all targets of an import. Nothing else in the product writes evidence from files."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for school in new_schools:
        _add_organization(batch, school)
    for comparison in sorted(comparisons, key=lambda one: _order(one.staged.target.code)):
        staged = comparison.staged
        if staged.target.code == "student":
            _students(batch, staged)
            _tell_cohorts(batch, staged)
        else:
            _changed(batch, staged)
            _new(batch, staged)
            _gone(batch, staged)
        _end_corrections(batch, staged)
        if staged.target.code != "student":
            _tell(batch, staged)
    coverage.record(batch, comparisons)


def _order(code: str) -> tuple[int, str]:
    return (_FIRST.index(code) if code in _FIRST else len(_FIRST), code)


def _add_organization(batch: ImportBatch, school: NewSchool) -> None:
    """A school that the file has and the directory has not, below the district it was loaded for."""
    parent = Organization.objects.get(pk=batch.organization_id)
    facts = dict(school.facts)
    facts.setdefault("postal_state", parent.postal_state)
    facts.setdefault("time_zone", parent.time_zone)
    state = parent if parent.kind == Kind.STATE else parent.in_state
    Organization.objects.add_child(
        parent,
        {
            "id": school.id,
            "kind": school.kind,
            "name": school.name,
            "slug": unused_slug(school.name, parent.postal_state),
            "nces_id": school.nces_id,
            "state_id": school.state_id,
            "in_state": state,
            **facts,
        },
    )


def _columns(columns: Iterable[str], alias: str = "") -> sql.Composed:
    prefix = sql.SQL(f"{alias}.") if alias else sql.SQL("")
    return sql.SQL(", ").join(prefix + sql.Identifier(column) for column in columns)


def _remember(batch: ImportBatch, table: str, which: sql.Composable) -> None:
    """Keep the before-images of the rows ``e`` that ``which`` (a FROM clause and condition) names."""
    run(
        'INSERT INTO schools_importchange (batch_id, "table", key, before, previous_batch_id)'
        " SELECT {batch}, {name}, e.id, to_jsonb(e), e.batch_id FROM {table} e {which}",
        batch=sql.Literal(batch.pk), name=sql.Literal(table), table=sql.Identifier(table), which=which,
    )  # fmt: skip


def _students(batch: ImportBatch, staged: StagedTarget) -> None:
    """New students with their numbers; known ones get the names that the file has, and numbers they lacked."""
    own = staged.own
    who = name(batch.pk, identity.WHO)
    parts = {"diff": diff(staged), "batch": sql.Literal(batch.pk), "who": who}
    changed = sql.SQL("JOIN {} s ON s.existing_id = e.id AND s.verdict = 'changed'").format(diff(staged))
    # Students are shared within a state: whoever writes them takes them in the same order, so that none blocks another.
    run("SELECT FROM schools_student e {which} ORDER BY e.id FOR NO KEY UPDATE OF e", which=changed)
    _remember(batch, "schools_student", changed)
    if own:
        run(
            "UPDATE schools_student e SET {set}, batch_id = {batch}, line = s.line FROM {diff} s"
            " WHERE s.existing_id = e.id AND s.verdict = 'changed'",
            set=_assignments(own), **parts,
        )  # fmt: skip
    missing = [column for column in ("first_name", "middle_name", "last_name") if column not in own]
    run(
        "INSERT INTO schools_student (id, public_id, {own}{missing}batch_id, line)"
        " SELECT s.student_id, gen_random_uuid(), {values}{blanks}{batch}, s.line FROM {diff} s"
        " WHERE s.verdict = 'new'",
        own=_columns(own) + sql.SQL(", "),
        missing=sql.SQL("").join(sql.SQL("{}, ").format(sql.Identifier(column)) for column in missing),
        values=_columns(own, "s") + sql.SQL(", "),
        blanks=sql.SQL("'', ") * len(missing),
        **parts,
    )
    scope = identity.Scope.of(batch.organization)
    for system, organization, column in (
        ("state", scope.state_id, "state_number"),
        ("local", scope.district_id, "local_number"),
    ):
        if organization is None or column not in staged.columns:
            continue
        run(
            "INSERT INTO schools_studentidentifier (student_id, system, organization_id, value, starts, batch_id, line)"
            " SELECT DISTINCT ON (w.{column}) w.student_id, {system}, {organization}, w.{column}, {day}, {batch},"
            " t.line FROM {who} w JOIN {staged} t ON t.row = w.row"
            " WHERE w.trouble IS NULL AND NOT w.repaired AND w.{column} <> ''"
            " AND w.student_id IN (SELECT student_id FROM {diff}"
            " WHERE verdict = 'new' OR existing_id IS NOT NULL AND verdict IN ('changed', 'same'))"
            # A number that somebody else took meanwhile breaks its constraint, and the import is compared again.
            " AND NOT EXISTS (SELECT FROM schools_studentidentifier i WHERE i.organization_id = {organization}"
            " AND i.system = {system} AND i.value = w.{column} AND i.ends IS NULL AND i.student_id = w.student_id)"
            " ORDER BY w.{column}, w.row",
            column=sql.Identifier(column), system=sql.Literal(system), organization=sql.Literal(organization),
            day=sql.Literal(_first_day(batch)), staged=staged.table, **parts,
        )  # fmt: skip


def _first_day(batch: ImportBatch) -> dt.date:
    """Since when a number is known to hold: the first day of the school year loaded."""
    return SchoolYear(batch.year).first_day if batch.year else timezone.localdate()


def _assignments(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} = s.{}").format(sql.Identifier(column), sql.Identifier(column)) for column in columns
    )


def _changed(batch: ImportBatch, staged: StagedTarget) -> None:
    table = staged.target.table
    _remember(batch, table, sql.SQL("JOIN {} s ON s.existing_id = e.id AND s.verdict = 'changed'").format(diff(staged)))
    if columns := written(staged):
        run(
            "UPDATE {table} e SET {set}, batch_id = {batch}, line = s.line FROM {diff} s"
            " WHERE s.existing_id = e.id AND s.verdict = 'changed'",
            table=sql.Identifier(table), set=_assignments(columns), batch=sql.Literal(batch.pk), diff=diff(staged),
        )  # fmt: skip


def _new(batch: ImportBatch, staged: StagedTarget) -> None:
    """New rows; what the file does not bring gets what the model holds where nothing is said."""
    if staged.target.writes == "update":
        return
    columns = ["organization_id", "year", *(["student_id"] if staged.target.about_student else []), *staged.own]
    given = {*columns, "batch_id", "line", "id"}
    defaults: list[tuple[str, Any]] = []
    for field in staged.target.model._meta.concrete_fields:
        if field.column in given or field.null or field.generated:
            continue
        default = field.get_default()
        defaults.append((str(field.column), "" if default is None else default))
    run(
        "INSERT INTO {table} ({columns}, {extra}batch_id, line)"
        " SELECT {values}, {blanks}{batch}, s.line FROM {diff} s WHERE s.verdict = 'new' ORDER BY s.row",
        table=sql.Identifier(staged.target.table), columns=_columns(columns), values=_columns(columns, "s"),
        extra=sql.SQL("").join([sql.SQL("{}, ").format(sql.Identifier(column)) for column, _ in defaults]),
        blanks=sql.SQL("").join([sql.SQL("{}, ").format(sql.Literal(value)) for _, value in defaults]),
        batch=sql.Literal(batch.pk), diff=diff(staged),
    )  # fmt: skip


def _gone(batch: ImportBatch, staged: StagedTarget) -> None:
    """What a replacing file no longer has: an enrollment is ended, another record is taken away; both can come back."""
    table = staged.target.table
    parts = {"table": sql.Identifier(table), "gone": gone(staged)}
    _remember(batch, table, sql.SQL("JOIN {} g ON g.id = e.id").format(gone(staged)))
    if staged.target.gone == "end":
        # The last day is not in any file: the day of loading, within the spell and its school year.
        run(
            "UPDATE {table} e SET exited = greatest(e.entered, least({today}, make_date(e.year, 6, 30))),"
            " batch_id = {batch}, line = NULL FROM {gone} g WHERE g.id = e.id",
            today=sql.Literal(timezone.localdate()), batch=sql.Literal(batch.pk), **parts,
        )  # fmt: skip
        # Who said otherwise of the last day said so of a spell that the file still had.
        run(
            "UPDATE schools_correction c SET ended_at = now(), ended_by_batch_id = {batch} FROM {gone} g"
            " WHERE c.key = g.id AND c.\"table\" = {name} AND c.field = 'exited' AND c.ended_at IS NULL",
            batch=sql.Literal(batch.pk), name=sql.Literal(table), gone=gone(staged),
        )  # fmt: skip
    elif staged.target.gone == "delete":
        run("DELETE FROM {table} e USING {gone} g WHERE g.id = e.id", **parts)


def _end_corrections(batch: ImportBatch, staged: StagedTarget) -> None:
    """A correction is over once the file brings a new value, or the corrected one."""
    if not has_corrections(staged):
        return
    run(
        "UPDATE schools_correction c SET ended_at = now(), ended_by_batch_id = {batch} FROM {diff} s,"
        " jsonb_each(s.corrections) AS one WHERE (one.value->>'id')::bigint = c.id"
        " AND one.value->>'outcome' <> 'kept'",
        batch=sql.Literal(batch.pk), diff=diff(staged),
    )  # fmt: skip


def _tell(batch: ImportBatch, staged: StagedTarget) -> None:
    """Write down whose evidence of which year changed, for the rollups."""
    run(
        "INSERT INTO schools_evidencechange (batch_id, student_id, organization_id, year, kind, at)"
        " SELECT DISTINCT {batch}, s.student_id, s.organization_id, s.year, {kind}, now() FROM {diff} s"
        " WHERE s.verdict IN ('new', 'changed')"
        " UNION SELECT {batch}, g.student_id, g.organization_id, g.year, g.kind, now() FROM {gone} g",
        batch=sql.Literal(batch.pk), kind=kind_of(staged.target, "s"), diff=diff(staged), gone=gone(staged),
    )  # fmt: skip
    if owners(staged.target):
        # Where the record was before, something is missing now.
        run(
            "INSERT INTO schools_evidencechange (batch_id, student_id, organization_id, year, kind, at)"
            " SELECT DISTINCT {batch}, s.student_id, b.organization_id, b.year, {kind}, now()"
            " FROM schools_importchange c JOIN {diff} s ON s.existing_id = c.key AND s.verdict = 'changed',"
            " jsonb_populate_record(NULL::{table}, c.before) b WHERE c.batch_id = {batch} AND c.\"table\" = {name}"
            " AND (b.organization_id, b.year) <> (s.organization_id, s.year)",
            batch=sql.Literal(batch.pk), kind=kind_of(staged.target, "s"), diff=diff(staged),
            table=sql.Identifier(staged.target.table), name=sql.Literal(staged.target.table),
        )  # fmt: skip


def _tell_cohorts(batch: ImportBatch, staged: StagedTarget) -> None:
    """The first year in grade 9 fixes a student's cohort: whose has changed counts elsewhere, in every year."""
    if "grade_9_year" not in staged.own:
        return
    run(
        "INSERT INTO schools_evidencechange (batch_id, student_id, organization_id, year, kind, at)"
        " SELECT DISTINCT {batch}, e.student_id, e.organization_id, e.year, {kind}, now()"
        " FROM schools_importchange c JOIN {diff} s ON s.existing_id = c.key AND s.verdict = 'changed'"
        " JOIN schools_enrollment e ON e.student_id = s.student_id"
        " WHERE c.batch_id = {batch} AND c.\"table\" = 'schools_student'"
        " AND (c.before->>'grade_9_year')::smallint IS DISTINCT FROM s.grade_9_year",
        batch=sql.Literal(batch.pk), kind=sql.Literal(staged.target.kind), diff=diff(staged),
    )  # fmt: skip
