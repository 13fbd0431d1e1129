"""Find the record that each staged row means, whether it says anything new, and keep what was put right by hand."""

from __future__ import annotations

from psycopg import sql

from hstw.statements import rows, run
from schools.imports.difference import analyze, diff, key_of, owners, row_of, same, table_of, written
from schools.imports.stage import StagedTarget, name
from schools.models import Organization
from schools.models.imports import Completeness


def meet(staged: StagedTarget, organization: Organization, completeness: Completeness) -> None:
    """Find the record that each row means, and whether it says anything new."""
    target = staged.target
    if target.code == "student":
        run("UPDATE {diff} SET existing_id = student_id WHERE verdict IS NULL AND NOT is_new", diff=diff(staged))
    elif target.writes == "update":
        _spread(staged, organization)
    else:
        run(
            "UPDATE {diff} s SET existing_id = e.id FROM {table} e WHERE s.verdict IS NULL AND NOT s.is_new AND {key}",
            diff=diff(staged), table=table_of(staged), key=same("s", "e", key_of(staged), staged),
        )  # fmt: skip
        if target.code == "enrollment":
            _meet_by_spell(staged)
        analyze(staged)
        if target.about_student:
            # A record of the same student that another organization loaded is theirs: it is left alone.
            run(
                "UPDATE {diff} s SET verdict = 'elsewhere' FROM {table} e, schools_organization o"
                " WHERE s.existing_id = e.id AND o.id = e.organization_id AND NOT starts_with(o.path, {path})",
                diff=diff(staged), table=table_of(staged), path=sql.Literal(organization.path),
            )  # fmt: skip
            _keep_owner(staged)
    run(
        "UPDATE {diff} SET verdict = CASE WHEN deleted THEN 'same' WHEN {update} THEN 'not_there' ELSE 'new' END"
        " WHERE verdict IS NULL AND existing_id IS NULL",
        diff=diff(staged), update=sql.Literal(target.writes == "update"),
    )  # fmt: skip
    values = written(staged)
    if completeness == Completeness.ADDS:
        _leave_what_is_not_said(staged, values)
    if values:
        run(
            "UPDATE {diff} s SET verdict = CASE WHEN {ours} IS DISTINCT FROM {theirs} THEN 'changed' ELSE 'same' END"
            " FROM {table} e WHERE s.existing_id = e.id AND s.verdict IS NULL AND NOT s.deleted",
            diff=diff(staged), table=table_of(staged), ours=row_of("s", values), theirs=row_of("e", values),
        )  # fmt: skip
    run("UPDATE {diff} SET verdict = 'same' WHERE verdict IS NULL AND NOT deleted", diff=diff(staged))
    run("UPDATE {diff} SET verdict = 'deleted' WHERE verdict IS NULL", diff=diff(staged))
    analyze(staged)


def _leave_what_is_not_said(staged: StagedTarget, values: list[str]) -> None:
    """A file that adds changes what it says; a blank in it says nothing, and what is there stays."""
    said = [column for column in values if column in staged.own]
    if not said:
        return
    filled = sql.SQL(", ").join(
        sql.SQL("{column} = coalesce(nullif(s.{column}, {blank}), e.{column})").format(
            column=sql.Identifier(column),
            blank=sql.Literal("") if staged.target.column(column).blank == "" else sql.SQL("NULL"),
        )
        for column in said
    )
    run(
        "UPDATE {diff} s SET {filled} FROM {table} e"
        " WHERE s.existing_id = e.id AND s.verdict IS NULL AND NOT s.deleted",
        diff=diff(staged), filled=filled, table=table_of(staged),
    )  # fmt: skip


def _keep_owner(staged: StagedTarget) -> None:
    """A record goes to another school where the file names it, to another year where its own date says so."""
    if "organization_id" in owners(staged.target):
        run(
            "UPDATE {diff} s SET organization_id = e.organization_id FROM {table} e, {staged} t"
            " WHERE s.existing_id = e.id AND s.verdict IS NULL AND t.row = s.row AND t.organization_id IS NULL",
            diff=diff(staged), table=table_of(staged), staged=staged.table,
        )  # fmt: skip
    if "year" in owners(staged.target):
        dated = staged.target.dated_by
        moved = "AND s.{dated} IS NOT DISTINCT FROM e.{dated}" if dated in staged.own else ""
        run(
            "UPDATE {diff} s SET year = e.year FROM {table} e WHERE s.existing_id = e.id AND s.verdict IS NULL "
            + moved,
            diff=diff(staged), table=table_of(staged), dated=sql.Identifier(dated),
        )  # fmt: skip


def _meet_by_spell(staged: StagedTarget) -> None:
    """A spell whose first day was put right is still that spell, where school and year have one on either side.

    Not where one was over before the other began: the student was away, and came back.
    """
    left_before = "AND s.exited < e.entered" if "exited" in staged.own else "AND false"
    run(
        "UPDATE {diff} s SET existing_id = e.id FROM ("
        "   SELECT student_id, organization_id, year, min(row) AS row FROM {diff} WHERE verdict IS NULL"
        "   GROUP BY 1, 2, 3 HAVING count(*) = 1) one, ("
        "   SELECT e.student_id, e.organization_id, e.year, min(e.id) AS id,"
        "   min(e.entered) AS entered, min(e.exited) AS exited FROM schools_enrollment e"
        "   WHERE e.student_id IN (SELECT student_id FROM {diff} WHERE verdict IS NULL AND existing_id IS NULL)"
        "   GROUP BY 1, 2, 3 HAVING count(*) = 1) e"
        " WHERE s.row = one.row AND s.existing_id IS NULL AND NOT s.is_new"
        " AND e.student_id = s.student_id AND e.organization_id = s.organization_id AND e.year = s.year"
        " AND (e.exited < s.entered) IS NOT TRUE AND (true " + left_before + ") IS NOT TRUE",
        diff=diff(staged),
    )


def _spread(staged: StagedTarget, organization: Organization) -> None:
    """A row that changes every record its key names, spells of one year for example, becomes one row for each."""
    columns = sql.SQL(", ").join(
        map(sql.Identifier, ["file", "line", *staged.own, "student_id", "organization_id", "year", "deleted", "is_new"])
    )
    copied = sql.SQL(", ").join(
        sql.SQL("s.{}").format(sql.Identifier(c)) for c in ["file", "line", *staged.own, "student_id"]
    )
    run(
        "CREATE UNLOGGED TABLE {spread} AS SELECT s.row, e.id AS existing_id, e.organization_id,"
        " row_number() OVER (PARTITION BY s.row ORDER BY e.id) AS nth"
        " FROM {diff} s JOIN {table} e ON {key} JOIN schools_organization o ON o.id = e.organization_id"
        " WHERE s.verdict IS NULL AND starts_with(o.path, {path})",
        spread=_spread_table(staged), diff=diff(staged), table=table_of(staged),
        key=same("s", "e", key_of(staged), staged), path=sql.Literal(organization.path),
    )  # fmt: skip
    run(
        "INSERT INTO {diff} (row, {columns}, existing_id) SELECT s.row, {copied}, p.organization_id, s.year, s.deleted,"
        " s.is_new, p.existing_id FROM {diff} s JOIN {spread} p ON p.row = s.row AND p.nth > 1",
        diff=diff(staged), columns=columns, copied=copied, spread=_spread_table(staged),
    )  # fmt: skip
    run(
        "UPDATE {diff} s SET existing_id = p.existing_id, organization_id = p.organization_id FROM {spread} p"
        " WHERE p.row = s.row AND p.nth = 1 AND s.existing_id IS NULL AND s.verdict IS NULL",
        diff=diff(staged), spread=_spread_table(staged),
    )  # fmt: skip
    run("DROP TABLE {spread}", spread=_spread_table(staged))


def _spread_table(staged: StagedTarget) -> sql.Identifier:
    return name(staged.batch_id, f"{staged.target.code}_spread")


def keep_corrections(staged: StagedTarget) -> bool:
    """A field put right by hand stays unless the file's own value changed since; see ``schools.models.Correction``.

    Answers whether there is any.
    """
    table = sql.Literal(staged.target.table)
    fields = rows(
        "SELECT DISTINCT c.field FROM schools_correction c JOIN {diff} s ON s.existing_id = c.key"
        " WHERE c.\"table\" = {table} AND c.ended_at IS NULL AND s.verdict IN ('changed', 'same')",
        diff=diff(staged), table=table,
    )  # fmt: skip
    kept = [field for (field,) in fields if field in staged.own]
    if not kept:
        return False
    run("ALTER TABLE {diff} ADD COLUMN IF NOT EXISTS corrections jsonb", diff=diff(staged))
    for column in kept:
        run(
            "UPDATE {diff} s SET {column} = CASE WHEN s.{column}::text IS NOT DISTINCT FROM c.file_value"
            " THEN e.{column} ELSE s.{column} END,"
            " corrections = coalesce(s.corrections, '{{}}') || jsonb_build_object({field}, jsonb_build_object("
            "   'id', c.id, 'file', s.{column}::text, 'outcome',"
            "   CASE WHEN s.{column}::text IS NOT DISTINCT FROM c.file_value THEN 'kept'"
            "        WHEN s.{column}::text IS NOT DISTINCT FROM c.value THEN 'settled' ELSE 'overwritten' END))"
            " FROM schools_correction c, {model} e WHERE c.key = s.existing_id AND e.id = s.existing_id"
            " AND c.\"table\" = {table} AND c.field = {field} AND c.ended_at IS NULL"
            " AND s.verdict IN ('changed', 'same')",
            diff=diff(staged), column=sql.Identifier(column), field=sql.Literal(column), table=table,
            model=table_of(staged),
        )  # fmt: skip
    values = written(staged)
    run(
        "UPDATE {diff} s SET verdict = 'same' FROM {table} e WHERE s.existing_id = e.id AND s.verdict = 'changed'"
        " AND s.corrections IS NOT NULL AND {ours} IS NOT DISTINCT FROM {theirs}",
        diff=diff(staged), table=table_of(staged), ours=row_of("s", values), theirs=row_of("e", values),
    )  # fmt: skip
    return True
