"""What holds between the enrollments of one file: spells that overlap, and what a student is in a year."""

from __future__ import annotations

from django.utils.translation import gettext as _
from psycopg import sql

from hstw.statements import rows, run
from schools.imports.difference import diff
from schools.imports.left_out import LeftOut
from schools.imports.problems import Place, Problems
from schools.imports.stage import StagedTarget
from schools.models.imports import Severity


def check_spells(staged: StagedTarget, problems: Problems) -> None:
    """Leave out what cannot be, and say how a student counts whose spells of a year differ."""
    _overlaps(staged, problems)
    _races(staged, problems)
    _ever(staged, problems)


def _overlaps(staged: StagedTarget, problems: Problems) -> None:
    """Two spells of one student at one school cannot overlap: the later one is left out, and both lines are named."""
    if "exited" not in staged.own:
        return
    run(
        "UPDATE {diff} s SET verdict = 'overlapping_spells' WHERE s.verdict IS NULL AND EXISTS ("
        " SELECT FROM {diff} o WHERE o.verdict IS NULL AND o.student_id = s.student_id"
        " AND o.organization_id = s.organization_id AND o.year = s.year AND o.row <> s.row"
        " AND (o.entered, o.row) < (s.entered, s.row) AND o.entered <> s.entered"
        " AND coalesce(o.exited, 'infinity') >= s.entered)",
        diff=diff(staged),
    )
    LeftOut(staged, diff(staged), problems).tell(
        "overlapping_spells",
        _("Two enrollments at one school overlap"),
        _("End the first before the second begins; one of the two rows may be a repeat."),
    )


def _races(staged: StagedTarget, problems: Problems) -> None:
    """One race and ethnicity per student and year (``domain.md`` 5): where spells differ, the latest spell counts."""
    if "race_ethnicity" not in staged.own:
        return
    [(count, line, file)] = rows(
        "SELECT count(*), min(line), min(file) FROM (SELECT student_id, year, min(line) AS line, min(file) AS file"
        " FROM {diff} WHERE verdict IS NULL AND race_ethnicity <> '' GROUP BY 1, 2"
        " HAVING count(DISTINCT race_ethnicity) > 1) AS several",
        diff=diff(staged),
    )
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
        [(count, line, file)] = rows(
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
