"""What a file would change: staged rows beside the records that are there, all of it set-based.

For every target a table ``…_diff`` is made: each staged row with its student, its owner, the record it meets and a
verdict: ``new``, ``changed``, ``same``, or why it is left out. A second table ``…_gone`` holds the records that a
file which replaces no longer has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from schools.imports import identity
from schools.imports.left_out import LeftOut
from schools.imports.problems import Place, Problems
from schools.imports.stage import StagedTarget, Staging, name
from schools.imports.targets import Check, Target
from schools.models import Organization
from schools.models.imports import Completeness, Severity

WRITTEN = ("new", "changed")
Part = sql.Composable
# A column of a staged row, in the SQL of a target.
_COLUMN = re.compile(r"\bs\.(\w+)")
# Before the cause, where a row was refused for what it would make of the record that it meets.
_MET = "met:"


@dataclass
class Comparison:
    """How many rows of one target are what, and the students of it whose records stay because a row was refused."""

    staged: StagedTarget
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    refused: int = 0
    # Records in scope before the import: what the guard measures against.
    present: int = 0
    years: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, int]:
        """For the batch's ``counts``."""
        return {
            "new": self.new,
            "changed": self.changed,
            "gone": self.gone,
            "unchanged": self.unchanged,
            "refused": self.refused,
        }


def diff(staged: StagedTarget) -> sql.Identifier:
    """The table of staged rows with their verdicts."""
    return name(staged.batch_id, f"{staged.target.code}_diff")


def gone(staged: StagedTarget) -> sql.Identifier:
    """The table of records that the file no longer has: ``id``, ``student_id``, organization, year and kind."""
    return name(staged.batch_id, f"{staged.target.code}_gone")


def kind_of(target: Target, alias: str) -> sql.Composable:
    """The kind of evidence of a row, as SQL: of one in staging, or of a record."""
    if not target.kind_sql:
        return sql.Literal(target.kind)
    return sql.SQL(_COLUMN.sub(rf"{alias}.\1", target.kind_sql))


def owners(target: Target) -> list[str]:
    """Columns of the owner that the key leaves open: a record keeps its key while they change."""
    if target.code == "student" or not target.about_student or target.writes == "update":
        return []
    return [column for column in ("organization_id", "year") if column not in target.key]


def compare(
    staging: Staging,
    organization: Organization,
    problems: Problems,
    *,
    completeness: Completeness,
    hold_gone: bool,
    left_out: Collection[str] = (),
) -> list[Comparison]:
    """Compare every staged target.

    What a replacing file has not stays where rows could not be read: all of it with ``hold_gone``, else what belongs
    to the students whom the unread rows name (``left_out``: numbers or the file's own keys).
    """
    made = []
    identity.remember_left_out(staging, identity.Scope.of(organization), left_out)
    # Students first, then spells: what comes after may belong to a spell of the same file.
    order = sorted(
        staging.targets.values(), key=lambda one: (one.target.code != "student", one.target.code != "enrollment")
    )
    for staged in order:
        comparison = Comparison(staged)
        _make_diff(staged, organization)
        _refuse(staged, problems, staging.targets.get("student"))
        if staged.target.code == "enrollment":
            _overlaps(staged, problems)
            _races(staged, problems)
            _ever(staged, problems)
        _duplicates(staged, problems)
        _meet(staged, organization, completeness)
        _check_met(staged, problems, corrected=_keep_corrections(staged))
        if staged.target.code == "student":
            _leave_out_what_belongs_to_refused(staged)
        _make_gone(staged, organization, completeness, hold_gone)
        _count(comparison, organization)
        made.append(comparison)
    return made


def _run(text: str, **parts: Part) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(**parts))


def _rows(text: str, **parts: Part) -> list[tuple]:  # type: ignore[type-arg]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(**parts))
        return list(cursor.fetchall())


def _make_diff(staged: StagedTarget, organization: Organization) -> None:
    """The staged rows with student, owner and year."""
    _run("DROP TABLE IF EXISTS {diff}", diff=diff(staged))
    deleted = sql.SQL("coalesce(s.deleted, false)") if "deleted" in staged.columns else sql.SQL("false")
    own = sql.SQL("").join(sql.SQL("s.{}, ").format(sql.Identifier(column)) for column in staged.own)
    if not staged.target.about_student:
        _run(
            "CREATE UNLOGGED TABLE {diff} AS SELECT s.row, s.file, s.line, {own} NULL::bigint AS student_id,"
            " coalesce(s.organization_id, {here}) AS organization_id, s.year, {deleted} AS deleted,"
            " false AS is_new, NULL::bigint AS existing_id, NULL::text AS verdict FROM {staged} s",
            diff=diff(staged), own=own, here=sql.Literal(organization.pk), deleted=deleted, staged=staged.table,
        )  # fmt: skip
    else:
        # Where the file names no school: the one the student was last enrolled at in that year, else the organization
        # that the file is for.
        _run(
            "CREATE UNLOGGED TABLE {diff} AS SELECT s.row, s.file, s.line, {own} w.student_id,"
            " coalesce(s.organization_id, e.organization_id, {here}) AS organization_id, s.year, {deleted} AS deleted,"
            " w.is_new, NULL::bigint AS existing_id, w.trouble AS verdict"
            " FROM {staged} s LEFT JOIN {who} w USING (source_key, state_number, local_number)"
            " LEFT JOIN LATERAL (SELECT e.organization_id FROM schools_enrollment e"
            "   JOIN schools_organization o ON o.id = e.organization_id"
            "   WHERE s.organization_id IS NULL AND e.student_id = w.student_id AND e.year = s.year"
            "   AND starts_with(o.path, {path}) ORDER BY e.entered DESC, e.id DESC LIMIT 1) e ON true",
            diff=diff(staged), own=own, here=sql.Literal(organization.pk), deleted=deleted, staged=staged.table,
            who=name(staged.batch_id, identity.WHO), path=sql.Literal(organization.path),
        )  # fmt: skip
    _analyze(staged)


def _referred(check: Check) -> set[str]:
    return set(_COLUMN.findall(check.bad))


def _analyze(staged: StagedTarget) -> None:
    """Tell the planner what has been filled in.

    A column that was empty when it last looked is empty to it still: it then looks through one whole table for each
    row of another, which takes minutes where seconds are enough.
    """
    _run("ANALYZE {diff}", diff=diff(staged))


def _refuse(staged: StagedTarget, problems: Problems, students: StagedTarget | None) -> None:
    """Rows whose student is not known, and rows that break a rule over several columns."""
    for check in staged.target.checks:
        if _referred(check) <= set(staged.own):
            _run(
                "UPDATE {diff} s SET verdict = {cause} WHERE verdict IS NULL AND NOT deleted AND ({bad})",
                diff=diff(staged), cause=sql.Literal(check.cause), bad=sql.SQL(check.bad),
            )  # fmt: skip
    said = {check.cause: (check.text, check.advice, check.column) for check in staged.target.checks}
    told = diff(students) if students is not None and students is not staged else None
    for (cause,) in _rows(
        "SELECT DISTINCT verdict FROM {diff} WHERE verdict IS NOT NULL ORDER BY 1", diff=diff(staged)
    ):
        text, advice, column = said.get(cause) or (*identity.words(cause), "")
        LeftOut(staged, diff(staged), problems, told).tell(cause, text, advice, column=column)


def _check_met(staged: StagedTarget, problems: Problems, *, corrected: bool) -> None:
    """Rules over several columns once more, for the record as it would be.

    The file may lack a column that a rule is about, and a value put right by hand may stay beside new ones.
    """
    columns = {column.name: column for column in staged.target.columns}

    def value(match: re.Match[str]) -> str:
        column = match[1]
        if column in staged.own or column not in columns:
            return match[0]
        kept = f"(SELECT x.{column} FROM {staged.target.table} x WHERE x.id = s.existing_id)"
        return f"coalesce({kept}, '')" if columns[column].pg == "text" else kept

    for check in staged.target.checks:
        referred = _referred(check)
        if not referred & set(staged.own) or (referred <= set(staged.own) and not corrected):
            continue
        _run(
            "UPDATE {diff} s SET verdict = {verdict} WHERE verdict IN ('new', 'changed') AND ({bad})",
            diff=diff(staged), verdict=sql.Literal(_MET + check.cause), bad=sql.SQL(_COLUMN.sub(value, check.bad)),
        )  # fmt: skip
        _left_out(staged, problems).tell(
            _MET + check.cause, check.text, check.advice, column=check.column, cause=check.cause
        )


def _left_out(staged: StagedTarget, problems: Problems) -> LeftOut:
    return LeftOut(staged, diff(staged), problems)


def _leave_out_what_belongs_to_refused(staged: StagedTarget) -> None:
    """A new student who is not added has no enrollments either: what names him is refused with him."""
    _run(
        "UPDATE {who} w SET trouble = 'student_refused' WHERE w.is_new AND w.trouble IS NULL"
        " AND NOT EXISTS (SELECT FROM {diff} s WHERE s.student_id = w.student_id AND s.verdict = 'new')",
        who=name(staged.batch_id, identity.WHO), diff=diff(staged),
    )  # fmt: skip


def _overlaps(staged: StagedTarget, problems: Problems) -> None:
    """Two spells of one student at one school cannot overlap: the later one is left out, and both lines are named."""
    if "exited" not in staged.own:
        return
    _run(
        "UPDATE {diff} s SET verdict = 'overlapping_spells' WHERE s.verdict IS NULL AND EXISTS ("
        " SELECT FROM {diff} o WHERE o.verdict IS NULL AND o.student_id = s.student_id"
        " AND o.organization_id = s.organization_id AND o.year = s.year AND o.row <> s.row"
        " AND (o.entered, o.row) < (s.entered, s.row) AND o.entered <> s.entered"
        " AND coalesce(o.exited, 'infinity') >= s.entered)",
        diff=diff(staged),
    )
    _left_out(staged, problems).tell(
        "overlapping_spells",
        _("Two enrollments at one school overlap"),
        _("End the first before the second begins; one of the two rows may be a repeat."),
    )


def _races(staged: StagedTarget, problems: Problems) -> None:
    """One race and ethnicity per student and year (``domain.md`` 5): where spells differ, the latest spell counts."""
    if "race_ethnicity" not in staged.own:
        return
    rows = _rows(
        "SELECT count(*), min(line), min(file) FROM (SELECT student_id, year, min(line) AS line, min(file) AS file"
        " FROM {diff} WHERE verdict IS NULL AND race_ethnicity <> '' GROUP BY 1, 2"
        " HAVING count(DISTINCT race_ethnicity) > 1) AS several",
        diff=diff(staged),
    )
    count, line, file = rows[0]
    if count:
        problems.note(
            "several_races",
            _("Students with more than one race and ethnicity in a year"),
            Place(file, line, "race_ethnicity"),
            advice=_("A student counts in one category a year: that of the latest enrollment."),
            severity=Severity.NOTED,
            count=count,
        )


def _ever(staged: StagedTarget, problems: Problems) -> None:
    """A student who is in a group in one spell of a year and not in another is in it for the year: said, and kept.

    Source: groups are reported as ever within the year (ESEA report cards; Perkins V consolidated annual report).
    """
    types = {column.name: column.pg for column in staged.target.columns}
    for flag in [column for column in staged.own if types[column] == "boolean"]:
        [(count, line, file)] = _rows(
            "SELECT count(*), min(line), min(file) FROM (SELECT min(line) AS line, min(file) AS file FROM {diff}"
            " WHERE verdict IS NULL GROUP BY student_id, year"
            " HAVING bool_or({flag}) AND NOT bool_and({flag})) AS several",
            diff=diff(staged), flag=sql.Identifier(flag),
        )  # fmt: skip
        if count:
            problems.note(
                "in_and_out_of_a_group",
                _("Students in a group in one enrollment of a year, and not in another"),
                Place(file, line, flag),
                advice=_("They count in the group for that year: once in the year is in."),
                severity=Severity.NOTED,
                count=count,
            )


def _key(staged: StagedTarget) -> list[str]:
    return list(staged.target.key)


def _same(left: str, right: str, columns: Iterable[str], staged: StagedTarget) -> Part:
    """Equality of key columns; null dates are equal to each other."""
    nullable = {column.name for column in staged.target.columns if column.blank is None and not column.required}
    terms = []
    for column in columns:
        text = "coalesce({}.{}, '-infinity') = coalesce({}.{}, '-infinity')" if column in nullable else "{}.{} = {}.{}"
        terms.append(
            sql.SQL(text).format(
                sql.Identifier(left), sql.Identifier(column), sql.Identifier(right), sql.Identifier(column)
            )
        )
    return sql.SQL(" AND ").join(terms)


def _duplicates(staged: StagedTarget, problems: Problems) -> None:
    """A record that the file has twice: the same text once more is passed over, differing texts are both left out."""
    key = _key(staged)
    keys = sql.SQL(", ").join(map(sql.Identifier, key))
    _run("DROP TABLE IF EXISTS {twice}", twice=_twice(staged))
    _run(
        "CREATE UNLOGGED TABLE {twice} AS SELECT {keys}, min(row) AS first FROM {diff}"
        " WHERE verdict IS NULL GROUP BY {keys} HAVING count(*) > 1",
        twice=_twice(staged), keys=keys, diff=diff(staged),
    )  # fmt: skip
    if not _rows("SELECT EXISTS (SELECT FROM {twice})", twice=_twice(staged))[0][0]:
        return
    values = [column for column in staged.own if column not in key]
    same = sql.SQL("({}) IS NOT DISTINCT FROM ({})").format(
        _row("f", [*values, "deleted"]), _row("s", [*values, "deleted"])
    )
    _run(
        "UPDATE {diff} s SET verdict = 'differs' FROM {twice} t, {diff} f WHERE s.verdict IS NULL AND {key}"
        " AND f.row = t.first AND s.row <> t.first AND NOT ({same})",
        diff=diff(staged), twice=_twice(staged), key=_same("s", "t", key, staged), same=same,
    )  # fmt: skip
    # Of rows that differ none can be believed, the first included.
    _run(
        "UPDATE {diff} s SET verdict = 'differs' FROM {diff} d"
        " WHERE d.verdict = 'differs' AND s.verdict IS NULL AND {key}",
        diff=diff(staged), key=_same("s", "d", key, staged),
    )  # fmt: skip
    _run(
        "UPDATE {diff} s SET verdict = 'repeat' FROM {twice} t WHERE s.verdict IS NULL AND {key} AND s.row <> t.first",
        diff=diff(staged), twice=_twice(staged), key=_same("s", "t", key, staged),
    )  # fmt: skip
    left_out = _left_out(staged, problems)
    left_out.tell(
        "differs",
        f"{staged.target.label}: " + _("Rows for the same record say different things"),
        _("Keep the right one. Records are told apart by: %(key)s.") % {"key": ", ".join(_spoken(staged))},
    )
    # A roster has a row per enrollment: that it names a student again is how it is meant.
    if staged.target.code != "student":
        text = f"{staged.target.label}: " + _("The same row again")
        left_out.tell("repeat", text, _("Counted once."), severity=Severity.NOTED)


def _spoken(staged: StagedTarget) -> list[str]:
    """The key in the words of the file."""
    words = {"student_id": _("student"), "organization_id": _("school"), "year": _("school year")}
    labels = {column.name: str(column.label) for column in staged.target.columns}
    return [str(words.get(column) or labels.get(column, column)) for column in _key(staged)]


def _twice(staged: StagedTarget) -> sql.Identifier:
    return name(staged.batch_id, f"{staged.target.code}_twice")


def _row(alias: str, columns: Iterable[str]) -> Part:
    """``ROW(alias.a, alias.b, …)``: of one column too."""
    return sql.SQL("ROW({})").format(
        sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(c)) for c in columns)
    )


def _table(staged: StagedTarget) -> sql.Identifier:
    return sql.Identifier(staged.target.table)


def _values(staged: StagedTarget) -> list[str]:
    """What is compared and written: the file's columns, those of a loose key included, and the owner."""
    loose = {"entered"} if staged.target.code == "enrollment" else set()
    own = [column for column in staged.own if column not in _key(staged) or column in loose]
    return [*own, *owners(staged.target)]


def _meet(staged: StagedTarget, organization: Organization, completeness: Completeness) -> None:
    """Find the record that each row means, and whether it says anything new."""
    target = staged.target
    if target.code == "student":
        _run("UPDATE {diff} SET existing_id = student_id WHERE verdict IS NULL AND NOT is_new", diff=diff(staged))
    elif target.writes == "update":
        _spread(staged, organization)
    else:
        _run(
            "UPDATE {diff} s SET existing_id = e.id FROM {table} e WHERE s.verdict IS NULL AND NOT s.is_new AND {key}",
            diff=diff(staged), table=_table(staged), key=_same("s", "e", _key(staged), staged),
        )  # fmt: skip
        if target.code == "enrollment":
            _meet_by_spell(staged)
        _analyze(staged)
        if target.about_student:
            # A record of the same student that another organization loaded is theirs: it is left alone.
            _run(
                "UPDATE {diff} s SET verdict = 'elsewhere' FROM {table} e, schools_organization o"
                " WHERE s.existing_id = e.id AND o.id = e.organization_id AND NOT starts_with(o.path, {path})",
                diff=diff(staged), table=_table(staged), path=sql.Literal(organization.path),
            )  # fmt: skip
            _keep_owner(staged)
    _run(
        "UPDATE {diff} SET verdict = CASE WHEN deleted THEN 'same' WHEN {update} THEN 'not_there' ELSE 'new' END"
        " WHERE verdict IS NULL AND existing_id IS NULL",
        diff=diff(staged), update=sql.Literal(target.writes == "update"),
    )  # fmt: skip
    values = _values(staged)
    if completeness == Completeness.ADDS:
        _leave_what_is_not_said(staged, values)
    if values:
        _run(
            "UPDATE {diff} s SET verdict = CASE WHEN {ours} IS DISTINCT FROM {theirs} THEN 'changed' ELSE 'same' END"
            " FROM {table} e WHERE s.existing_id = e.id AND s.verdict IS NULL AND NOT s.deleted",
            diff=diff(staged), table=_table(staged), ours=_row("s", values), theirs=_row("e", values),
        )  # fmt: skip
    _run("UPDATE {diff} SET verdict = 'same' WHERE verdict IS NULL AND NOT deleted", diff=diff(staged))
    _run("UPDATE {diff} SET verdict = 'deleted' WHERE verdict IS NULL", diff=diff(staged))
    _analyze(staged)


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
    _run(
        "UPDATE {diff} s SET {filled} FROM {table} e"
        " WHERE s.existing_id = e.id AND s.verdict IS NULL AND NOT s.deleted",
        diff=diff(staged), filled=filled, table=_table(staged),
    )  # fmt: skip


def _keep_owner(staged: StagedTarget) -> None:
    """A record goes to another school where the file names it, to another year where its own date says so."""
    if "organization_id" in owners(staged.target):
        _run(
            "UPDATE {diff} s SET organization_id = e.organization_id FROM {table} e, {staged} t"
            " WHERE s.existing_id = e.id AND s.verdict IS NULL AND t.row = s.row AND t.organization_id IS NULL",
            diff=diff(staged), table=_table(staged), staged=staged.table,
        )  # fmt: skip
    if "year" in owners(staged.target):
        dated = staged.target.dated_by
        moved = "AND s.{dated} IS NOT DISTINCT FROM e.{dated}" if dated in staged.own else ""
        _run(
            "UPDATE {diff} s SET year = e.year FROM {table} e WHERE s.existing_id = e.id AND s.verdict IS NULL "
            + moved,
            diff=diff(staged), table=_table(staged), dated=sql.Identifier(dated),
        )  # fmt: skip


def _meet_by_spell(staged: StagedTarget) -> None:
    """A spell whose first day was put right is still that spell, where school and year have one on either side.

    Not where one was over before the other began: the student was away, and came back.
    """
    left_before = "AND s.exited < e.entered" if "exited" in staged.own else "AND false"
    _run(
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
    _run(
        "CREATE UNLOGGED TABLE {spread} AS SELECT s.row, e.id AS existing_id, e.organization_id,"
        " row_number() OVER (PARTITION BY s.row ORDER BY e.id) AS nth"
        " FROM {diff} s JOIN {table} e ON {key} JOIN schools_organization o ON o.id = e.organization_id"
        " WHERE s.verdict IS NULL AND starts_with(o.path, {path})",
        spread=_spread_table(staged), diff=diff(staged), table=_table(staged),
        key=_same("s", "e", _key(staged), staged), path=sql.Literal(organization.path),
    )  # fmt: skip
    _run(
        "INSERT INTO {diff} (row, {columns}, existing_id) SELECT s.row, {copied}, p.organization_id, s.year, s.deleted,"
        " s.is_new, p.existing_id FROM {diff} s JOIN {spread} p ON p.row = s.row AND p.nth > 1",
        diff=diff(staged), columns=columns, copied=copied, spread=_spread_table(staged),
    )  # fmt: skip
    _run(
        "UPDATE {diff} s SET existing_id = p.existing_id, organization_id = p.organization_id FROM {spread} p"
        " WHERE p.row = s.row AND p.nth = 1 AND s.existing_id IS NULL AND s.verdict IS NULL",
        diff=diff(staged), spread=_spread_table(staged),
    )  # fmt: skip
    _run("DROP TABLE {spread}", spread=_spread_table(staged))


def _spread_table(staged: StagedTarget) -> sql.Identifier:
    return name(staged.batch_id, f"{staged.target.code}_spread")


def _keep_corrections(staged: StagedTarget) -> bool:
    """A field put right by hand stays unless the file's own value changed since; see ``schools.models.Correction``.

    Answers whether there is any.
    """
    table = sql.Literal(staged.target.table)
    fields = _rows(
        "SELECT DISTINCT c.field FROM schools_correction c JOIN {diff} s ON s.existing_id = c.key"
        " WHERE c.\"table\" = {table} AND c.ended_at IS NULL AND s.verdict IN ('changed', 'same')",
        diff=diff(staged), table=table,
    )  # fmt: skip
    kept = [field for (field,) in fields if field in staged.own]
    if not kept:
        return False
    _run("ALTER TABLE {diff} ADD COLUMN IF NOT EXISTS corrections jsonb", diff=diff(staged))
    for column in kept:
        _run(
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
            model=_table(staged),
        )  # fmt: skip
    values = _values(staged)
    _run(
        "UPDATE {diff} s SET verdict = 'same' FROM {table} e WHERE s.existing_id = e.id AND s.verdict = 'changed'"
        " AND s.corrections IS NOT NULL AND {ours} IS NOT DISTINCT FROM {theirs}",
        diff=diff(staged), table=_table(staged), ours=_row("s", values), theirs=_row("e", values),
    )  # fmt: skip
    return True


def _make_gone(staged: StagedTarget, organization: Organization, completeness: Completeness, hold_gone: bool) -> None:
    """Records in scope that the file has not: only where it replaces, never those made by hand.

    A student with a refused row keeps everything: what is missing may be what could not be read.
    """
    _run("DROP TABLE IF EXISTS {gone}", gone=gone(staged))
    target = staged.target
    replaces = completeness == Completeness.REPLACES and target.gone != "never" and not hold_gone
    still = sql.SQL("AND e.exited IS NULL") if target.gone == "end" else sql.SQL("")
    refused = (
        sql.SQL(
            "AND NOT EXISTS (SELECT FROM {d} r WHERE r.student_id = e.student_id"
            " AND r.verdict NOT IN ('new', 'changed', 'same', 'repeat', 'elsewhere', 'deleted'))"
            " AND NOT EXISTS (SELECT FROM {left} l WHERE l.student_id = e.student_id)"
        ).format(d=diff(staged), left=name(staged.batch_id, identity.LEFT_OUT))
        if target.about_student
        else sql.SQL("")
    )
    student = sql.SQL("e.student_id") if target.about_student else sql.SQL("NULL::bigint AS student_id")
    _run(
        "CREATE UNLOGGED TABLE {gone} AS SELECT e.id, {student}, e.organization_id, e.year, {kind} AS kind"
        " FROM {table} e"
        " JOIN schools_organization o ON o.id = e.organization_id WHERE {replaces} AND starts_with(o.path, {path})"
        " AND e.year IN (SELECT DISTINCT year FROM {diff}) AND e.batch_id IS NOT NULL {still} {refused} {same_kind}"
        " AND NOT EXISTS (SELECT FROM {diff} s WHERE s.existing_id = e.id)"
        if target.code != "student" and target.writes == "upsert"
        else "CREATE UNLOGGED TABLE {gone} (id bigint, student_id bigint, organization_id bigint, year smallint,"
        " kind text)",
        gone=gone(staged), student=student, kind=kind_of(target, "e"), same_kind=_same_kind(staged),
        table=_table(staged), replaces=sql.Literal(replaces),
        path=sql.Literal(organization.path), diff=diff(staged), still=still, refused=refused,
    )  # fmt: skip
    if "deleted" in staged.columns and target.gone != "never":
        # An end that is there already is no change.
        open_only = sql.SQL("AND e.exited IS NULL") if target.gone == "end" else sql.SQL("")
        _run(
            "INSERT INTO {gone} SELECT e.id, s.student_id, e.organization_id, e.year, {kind} FROM {diff} s"
            " JOIN {table} e ON e.id = s.existing_id WHERE s.verdict = 'deleted' {open_only}",
            gone=gone(staged), kind=kind_of(target, "e"), diff=diff(staged), table=_table(staged), open_only=open_only,
        )  # fmt: skip


def _same_kind(staged: StagedTarget) -> sql.Composable:
    """A file replaces evidence of its own kinds: one with results of one test says nothing about the other tests."""
    if not staged.target.kind_sql:
        return sql.SQL("")
    return sql.SQL("AND {} IN (SELECT DISTINCT {} FROM {} s)").format(
        kind_of(staged.target, "e"), kind_of(staged.target, "s"), diff(staged)
    )


def _count(comparison: Comparison, organization: Organization) -> None:
    """Count verdicts, and what was there."""
    staged = comparison.staged
    for verdict, count in _rows("SELECT verdict, count(*) FROM {diff} GROUP BY 1", diff=diff(staged)):
        if verdict == "new":
            comparison.new = count
        elif verdict == "changed":
            comparison.changed = count
        elif verdict in {"same", "elsewhere"}:
            comparison.unchanged += count
        elif verdict not in {"repeat", "deleted"}:
            comparison.refused += count
    (comparison.gone,) = _rows("SELECT count(*) FROM {gone}", gone=gone(staged))[0]
    years = _rows("SELECT DISTINCT year FROM {diff} WHERE year IS NOT NULL ORDER BY 1", diff=diff(staged))
    comparison.years = [year for (year,) in years]
    if staged.target.gone == "never" or staged.target.code == "student" or not comparison.years:
        return
    active = sql.SQL("AND e.exited IS NULL") if staged.target.gone == "end" else sql.SQL("")
    (comparison.present,) = _rows(
        "SELECT count(*) FROM {table} e JOIN schools_organization o ON o.id = e.organization_id"
        " WHERE starts_with(o.path, {path}) AND e.year = ANY({years}) {active} {same_kind}",
        same_kind=_same_kind(staged),
        table=_table(staged), path=sql.Literal(organization.path), years=sql.Literal(comparison.years), active=active,
    )[0]  # fmt: skip


def report_left_alone(comparisons: Iterable[Comparison], problems: Problems) -> None:
    """Say which rows met nothing, or a record of somebody else's."""
    for comparison in comparisons:
        left_out = _left_out(comparison.staged, problems)
        label = comparison.staged.target.label
        left_out.tell(
            "elsewhere",
            f"{label}: " + _("Recorded by another district already"),
            _("The other district's record stands; nothing of yours is lost."),
            severity=Severity.NOTED,
        )
        left_out.tell(
            "not_there",
            f"{label}: " + _("The student has no enrollment there in that year"),
            _("Load the roster of the year first."),
        )
