"""What the preview shows beside the counts: a few rows of each verdict, with names and values before and after."""

from __future__ import annotations

import json
from typing import Any

from psycopg import sql

from hstw.statements import records
from schools.imports.compare import Comparison
from schools.imports.difference import diff, gone, has_corrections
from schools.imports.identity import WHO
from schools.imports.stage import StagedTarget, name

SAMPLES = 5


def samples(comparisons: list[Comparison], new_schools: dict[int, str]) -> dict[str, Any]:
    """By target: the first few ``new``, ``changed`` and ``gone`` rows."""
    students = next((one.staged for one in comparisons if one.staged.target.code == "student"), None)
    return {
        comparison.staged.target.code: {
            "new": _of_rows(comparison.staged, students, "new", new_schools) if comparison.new else [],
            "changed": _of_rows(comparison.staged, students, "changed", new_schools) if comparison.changed else [],
            "gone": _of_gone(comparison.staged) if comparison.gone else [],
        }
        for comparison in comparisons
    }


def _who(staged: StagedTarget, students: StagedTarget | None) -> sql.Composed:
    """The name of the row's student: as the directory of students has it, else as this file has it."""
    if not staged.target.about_student:
        return sql.SQL("''").format()
    known = sql.SQL("(SELECT t.last_name || ', ' || t.first_name FROM schools_student t WHERE t.id = s.student_id)")
    if students is None or not {"last_name", "first_name"} <= set(students.own):
        return sql.SQL("coalesce({}, '')").format(known)
    # Names of the file come from its row; a roster of one student has one.
    ours = sql.SQL(
        "(SELECT t.last_name || ', ' || t.first_name FROM {who} w JOIN {staged} t ON t.row = w.row"
        " WHERE w.student_id = s.student_id LIMIT 1)"
    ).format(who=name(staged.batch_id, WHO), staged=students.table)
    return sql.SQL("coalesce({}, {}, '')").format(known, ours)


def _of_rows(
    staged: StagedTarget, students: StagedTarget | None, verdict: str, new_schools: dict[int, str]
) -> list[dict[str, Any]]:
    own = staged.own
    rows = records(
        "SELECT {who} AS student, o.name AS organization, s.organization_id, s.line, s.file,"
        " to_jsonb(s) AS after, to_jsonb(e) AS before"
        " FROM (SELECT * FROM {diff} WHERE verdict = {verdict} ORDER BY row LIMIT {limit}) s"
        " LEFT JOIN schools_organization o ON o.id = s.organization_id"
        " LEFT JOIN {table} e ON e.id = s.existing_id ORDER BY s.row",
        who=_who(staged, students), diff=diff(staged), table=sql.Identifier(staged.target.table),
        verdict=sql.Literal(verdict), limit=sql.Literal(SAMPLES),
    )  # fmt: skip
    labels = {column.name: str(column.label) for column in staged.target.columns}
    found = []
    for row in rows:
        before, after = json.loads(row["before"] or "null") or {}, json.loads(row["after"])
        values = [
            [column, labels[column], _said(before.get(column)) if verdict == "changed" else None, _said(after[column])]
            for column in own
            if (after[column] not in (None, "") if verdict == "new" else before.get(column) != after[column])
        ]
        found.append(
            {
                "student": row["student"],
                "organization": row["organization"] or new_schools.get(row["organization_id"], ""),
                "line": row["line"],
                "file": row["file"],
                "values": values,
            }
        )
    return found


def _of_gone(staged: StagedTarget) -> list[dict[str, Any]]:
    labels = [(column.name, str(column.label)) for column in staged.target.columns]
    rows = records(
        "SELECT {who} AS student, o.name AS organization, to_jsonb(e) AS before"
        " FROM (SELECT * FROM {gone} ORDER BY id LIMIT {limit}) s"
        " JOIN {table} e ON e.id = s.id LEFT JOIN schools_organization o ON o.id = e.organization_id ORDER BY s.id",
        who=_who(staged, None), gone=gone(staged), table=sql.Identifier(staged.target.table),
        limit=sql.Literal(SAMPLES),
    )  # fmt: skip
    found = []
    for row in rows:
        before = json.loads(row["before"])
        said = [[column, label, _said(before[column]), None] for column, label in labels]
        found.append(
            {
                "student": row["student"],
                "organization": row["organization"] or "",
                "values": [value for value in said if value[2] not in {"", "N"}][:4],
            }
        )
    return found


def _said(value: Any) -> str:
    if value is None:
        return ""
    return {True: "Y", False: "N"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def corrections(comparisons: list[Comparison]) -> dict[str, Any]:
    """Fields put right by hand that this file touches: which stay, which the file's own new value replaces."""
    told: dict[str, Any] = {"kept": 0, "overwritten": 0, "settled": 0, "samples": []}
    for comparison in comparisons:
        staged = comparison.staged
        if not has_corrections(staged):
            continue
        for row in records(
            "SELECT one.value->>'outcome' AS outcome, count(*) AS n FROM {diff} s, jsonb_each(s.corrections) AS one"
            " GROUP BY 1",
            diff=diff(staged),
        ):
            told[row["outcome"]] += row["n"]
        labels = {column.name: str(column.label) for column in staged.target.columns}
        for row in records(
            "SELECT {who} AS student, one.key AS field, one.value->>'file' AS file_value, c.value,"
            " one.value->>'outcome' AS outcome FROM {diff} s, jsonb_each(s.corrections) AS one,"
            " schools_correction c WHERE c.id = (one.value->>'id')::bigint ORDER BY s.row LIMIT {limit}",
            who=_who(staged, None), diff=diff(staged), limit=sql.Literal(20),
        ):  # fmt: skip
            told["samples"].append({**row, "label": labels.get(row.pop("field"), "")})
    return told
