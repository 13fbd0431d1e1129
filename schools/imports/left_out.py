"""Tells which staged rows were left out, or met something else than they meant: once per cause, and for download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from schools.imports.problems import FIRST_PLACES, Place, Problems
from schools.imports.stage import StagedTarget
from schools.models.imports import Severity

# Rows are fetched for download in parts, so that a file of bad rows alone stays out of memory.
PART = 5_000

_PLACES = """
WITH lines AS (
    SELECT file, line, min(row) AS row FROM {diff} s WHERE verdict = {verdict} {but} GROUP BY file, line
),
shown AS (SELECT * FROM lines ORDER BY row LIMIT {places})
SELECT (SELECT count(*) FROM lines), s.file, s.line, {number} FROM shown s LEFT JOIN {staged} t USING (row) ORDER BY row
"""

_ROWS = """
SELECT s.row, s.file, s.line, {number}, {own} FROM (
    SELECT * FROM {diff} s WHERE verdict = {verdict} {but} AND row > {after} ORDER BY row LIMIT {part}
) s LEFT JOIN {staged} t USING (row) ORDER BY row
"""


@dataclass(frozen=True)
class LeftOut:
    """The verdicts of one target, told to ``problems``; ``diff`` is the table of rows with their verdicts.

    A line that gives a student and an enrollment is told once: ``told`` is the table of what came before.
    """

    staged: StagedTarget
    diff: sql.Identifier
    problems: Problems
    told: sql.Identifier | None = None

    def tell(
        self,
        verdict: str,
        text: Any,
        advice: Any,
        *,
        severity: Severity = Severity.REFUSED,
        column: str = "",
        cause: str = "",
    ) -> None:
        """Count the lines of a verdict, name the first; refused ones are kept for download, as they were understood.

        ``cause`` is what the problem is called where the verdict has a name of its own.

        A line of a file may give several records, eight test results for example: it is counted once.
        """
        rows = self._select(_PLACES, verdict, places=sql.Literal(FIRST_PLACES))
        for position, (count, file, line, number) in enumerate(rows):
            self.problems.note(
                cause or verdict,
                text,
                Place(file, line, column, number or ""),
                advice=advice,
                severity=severity,
                count=1 if position else count - len(rows) + 1,
            )
        if rows and severity == Severity.REFUSED:
            self._keep(verdict, text)

    def _keep(self, verdict: str, text: Any) -> None:
        own = self.staged.own
        columns: sql.Composable = sql.SQL(", ").join(
            sql.SQL("s.{}::text").format(sql.Identifier(column)) for column in own
        )
        headings, after = [_("student"), *own], 0
        while rows := self._select(
            _ROWS, verdict, own=columns if own else sql.SQL("NULL"), after=sql.Literal(after), part=sql.Literal(PART)
        ):
            for _row, file, line, number, *cells in rows:
                self.problems.reject(file, line, text, headings, [number or "", *[cell or "" for cell in cells]])
            after = rows[-1][0]

    def _select(self, text: str, verdict: str, **parts: sql.Composable) -> list[tuple[Any, ...]]:
        number = "coalesce(nullif(t.state_number, ''), nullif(t.local_number, ''), t.source_key)"
        but = "AND NOT EXISTS (SELECT FROM {} d WHERE d.verdict = s.verdict AND d.file = s.file AND d.line = s.line)"
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL(text).format(
                    diff=self.diff,
                    but=sql.SQL(but).format(self.told) if self.told else sql.SQL(""),
                    staged=self.staged.table,
                    verdict=sql.Literal(verdict),
                    number=sql.SQL(number if self.staged.target.about_student else "''"),
                    **parts,
                )
            )
            return list(cursor.fetchall())
