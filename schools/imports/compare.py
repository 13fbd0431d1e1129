"""What a file would change: staged rows beside the records that are there, all of it set-based.

For every target the two tables of ``difference`` are made.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from psycopg import sql

from hstw.statements import rows, run
from schools.imports import identity
from schools.imports.difference import COLUMN, analyze, diff, gone, key_of, kind_of, row_of, same, table_of
from schools.imports.left_out import LeftOut
from schools.imports.meet import keep_corrections, meet
from schools.imports.problems import Problems
from schools.imports.spells import check_spells
from schools.imports.stage import StagedTarget, Staging, name
from schools.imports.targets import Check
from schools.models import Organization
from schools.models.imports import Completeness, Severity

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
            check_spells(staged, problems)
        _duplicates(staged, problems)
        meet(staged, organization, completeness)
        _check_met(staged, problems, corrected=keep_corrections(staged))
        if staged.target.code == "student":
            _leave_out_what_belongs_to_refused(staged)
        _make_gone(staged, organization, completeness, hold_gone)
        _count(comparison, organization)
        made.append(comparison)
    return made


def _make_diff(staged: StagedTarget, organization: Organization) -> None:
    """The staged rows with student, owner and year."""
    run("DROP TABLE IF EXISTS {diff}", diff=diff(staged))
    deleted = sql.SQL("coalesce(s.deleted, false)") if "deleted" in staged.columns else sql.SQL("false")
    own = sql.SQL("").join(sql.SQL("s.{}, ").format(sql.Identifier(column)) for column in staged.own)
    if not staged.target.about_student:
        run(
            "CREATE UNLOGGED TABLE {diff} AS SELECT s.row, s.file, s.line, {own} NULL::bigint AS student_id,"
            " coalesce(s.organization_id, {here}) AS organization_id, s.year, {deleted} AS deleted,"
            " false AS is_new, NULL::bigint AS existing_id, NULL::text AS verdict FROM {staged} s",
            diff=diff(staged), own=own, here=sql.Literal(organization.pk), deleted=deleted, staged=staged.table,
        )  # fmt: skip
    else:
        # Where the file names no school: the one the student was last enrolled at in that year, else the organization
        # that the file is for.
        run(
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
    analyze(staged)


def _referred(check: Check) -> set[str]:
    return set(COLUMN.findall(check.bad))


def _refuse(staged: StagedTarget, problems: Problems, students: StagedTarget | None) -> None:
    """Rows whose student is not known, and rows that break a rule over several columns."""
    for check in staged.target.checks:
        if _referred(check) <= set(staged.own):
            run(
                "UPDATE {diff} s SET verdict = {cause} WHERE verdict IS NULL AND NOT deleted AND ({bad})",
                diff=diff(staged), cause=sql.Literal(check.cause), bad=sql.SQL(check.bad),
            )  # fmt: skip
    said = {check.cause: (check.text, check.advice, check.column) for check in staged.target.checks}
    told = diff(students) if students is not None and students is not staged else None
    for (cause,) in rows("SELECT DISTINCT verdict FROM {diff} WHERE verdict IS NOT NULL ORDER BY 1", diff=diff(staged)):
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
        run(
            "UPDATE {diff} s SET verdict = {verdict} WHERE verdict IN ('new', 'changed') AND ({bad})",
            diff=diff(staged), verdict=sql.Literal(_MET + check.cause), bad=sql.SQL(COLUMN.sub(value, check.bad)),
        )  # fmt: skip
        _left_out(staged, problems).tell(
            _MET + check.cause, check.text, check.advice, column=check.column, cause=check.cause
        )


def _left_out(staged: StagedTarget, problems: Problems) -> LeftOut:
    return LeftOut(staged, diff(staged), problems)


def _leave_out_what_belongs_to_refused(staged: StagedTarget) -> None:
    """A new student who is not added has no enrollments either: what names him is refused with him."""
    run(
        "UPDATE {who} w SET trouble = 'student_refused' WHERE w.is_new AND w.trouble IS NULL"
        " AND NOT EXISTS (SELECT FROM {diff} s WHERE s.student_id = w.student_id AND s.verdict = 'new')",
        who=name(staged.batch_id, identity.WHO), diff=diff(staged),
    )  # fmt: skip


def _duplicates(staged: StagedTarget, problems: Problems) -> None:
    """A record that the file has twice: the same text once more is passed over, differing texts are both left out."""
    key = key_of(staged)
    keys = sql.SQL(", ").join(map(sql.Identifier, key))
    run("DROP TABLE IF EXISTS {twice}", twice=_twice(staged))
    run(
        "CREATE UNLOGGED TABLE {twice} AS SELECT {keys}, min(row) AS first FROM {diff}"
        " WHERE verdict IS NULL GROUP BY {keys} HAVING count(*) > 1",
        twice=_twice(staged), keys=keys, diff=diff(staged),
    )  # fmt: skip
    if not rows("SELECT EXISTS (SELECT FROM {twice})", twice=_twice(staged))[0][0]:
        return
    values = [column for column in staged.own if column not in key]
    alike = sql.SQL("({}) IS NOT DISTINCT FROM ({})").format(
        row_of("f", [*values, "deleted"]), row_of("s", [*values, "deleted"])
    )
    run(
        "UPDATE {diff} s SET verdict = 'differs' FROM {twice} t, {diff} f WHERE s.verdict IS NULL AND {key}"
        " AND f.row = t.first AND s.row <> t.first AND NOT ({same})",
        diff=diff(staged), twice=_twice(staged), key=same("s", "t", key, staged), same=alike,
    )  # fmt: skip
    # Of rows that differ none can be believed, the first included.
    run(
        "UPDATE {diff} s SET verdict = 'differs' FROM {diff} d"
        " WHERE d.verdict = 'differs' AND s.verdict IS NULL AND {key}",
        diff=diff(staged), key=same("s", "d", key, staged),
    )  # fmt: skip
    run(
        "UPDATE {diff} s SET verdict = 'repeat' FROM {twice} t WHERE s.verdict IS NULL AND {key} AND s.row <> t.first",
        diff=diff(staged), twice=_twice(staged), key=same("s", "t", key, staged),
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
    return [str(words.get(column) or labels.get(column, column)) for column in key_of(staged)]


def _twice(staged: StagedTarget) -> sql.Identifier:
    return name(staged.batch_id, f"{staged.target.code}_twice")


def _make_gone(staged: StagedTarget, organization: Organization, completeness: Completeness, hold_gone: bool) -> None:
    """Records in scope that the file has not: only where it replaces, never those made by hand.

    A student with a refused row keeps everything: what is missing may be what could not be read.
    """
    run("DROP TABLE IF EXISTS {gone}", gone=gone(staged))
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
    run(
        "CREATE UNLOGGED TABLE {gone} AS SELECT e.id, {student}, e.organization_id, e.year, {kind} AS kind"
        " FROM {table} e"
        " JOIN schools_organization o ON o.id = e.organization_id WHERE {replaces} AND starts_with(o.path, {path})"
        " AND e.year IN (SELECT DISTINCT year FROM {diff}) AND e.batch_id IS NOT NULL {still} {refused} {same_kind}"
        " AND NOT EXISTS (SELECT FROM {diff} s WHERE s.existing_id = e.id)"
        if target.code != "student" and target.writes == "upsert"
        else "CREATE UNLOGGED TABLE {gone} (id bigint, student_id bigint, organization_id bigint, year smallint,"
        " kind text)",
        gone=gone(staged), student=student, kind=kind_of(target, "e"), same_kind=_same_kind(staged),
        table=table_of(staged), replaces=sql.Literal(replaces),
        path=sql.Literal(organization.path), diff=diff(staged), still=still, refused=refused,
    )  # fmt: skip
    if "deleted" in staged.columns and target.gone != "never":
        # An end that is there already is no change.
        open_only = sql.SQL("AND e.exited IS NULL") if target.gone == "end" else sql.SQL("")
        run(
            "INSERT INTO {gone} SELECT e.id, s.student_id, e.organization_id, e.year, {kind} FROM {diff} s"
            " JOIN {table} e ON e.id = s.existing_id WHERE s.verdict = 'deleted' {open_only}",
            gone=gone(staged), kind=kind_of(target, "e"), diff=diff(staged), table=table_of(staged),
            open_only=open_only,
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
    for verdict, count in rows("SELECT verdict, count(*) FROM {diff} GROUP BY 1", diff=diff(staged)):
        if verdict == "new":
            comparison.new = count
        elif verdict == "changed":
            comparison.changed = count
        elif verdict in {"same", "elsewhere"}:
            comparison.unchanged += count
        elif verdict not in {"repeat", "deleted"}:
            comparison.refused += count
    (comparison.gone,) = rows("SELECT count(*) FROM {gone}", gone=gone(staged))[0]
    years = rows("SELECT DISTINCT year FROM {diff} WHERE year IS NOT NULL ORDER BY 1", diff=diff(staged))
    comparison.years = [year for (year,) in years]
    if staged.target.gone == "never" or staged.target.code == "student" or not comparison.years:
        return
    active = sql.SQL("AND e.exited IS NULL") if staged.target.gone == "end" else sql.SQL("")
    (comparison.present,) = rows(
        "SELECT count(*) FROM {table} e JOIN schools_organization o ON o.id = e.organization_id"
        " WHERE starts_with(o.path, {path}) AND e.year = ANY({years}) {active} {same_kind}",
        same_kind=_same_kind(staged),
        table=table_of(staged), path=sql.Literal(organization.path), years=sql.Literal(comparison.years), active=active,
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
