"""Who is meant: staged rows find their students by state number within the state, then by local number in the district.

Nobody is merged and nobody guessed. Two numbers that name two students refuse the row; a number whose leading zeros
a spreadsheet ate is matched where one student alone can be meant, and the preview says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from schools.imports.problems import Place, Problems
from schools.imports.stage import Staging, name
from schools.models import Organization
from schools.models.imports import Severity
from schools.models.organization import Kind

# The staging table that says for every way a file names a student who it is:
# source_key, state_number, local_number → student_id, is_new, repaired, trouble.
WHO = "who"
# And the one of students named by rows that could not be read.
LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Scope:
    """Where numbers are looked up: the state, and the district if the import is for one or for a school of one."""

    state_id: int | None
    district_id: int | None

    @classmethod
    def of(cls, organization: Organization) -> Scope:
        """The scope of an import for ``organization``."""
        if organization.kind == Kind.STATE:
            return cls(organization.pk, None)
        if organization.kind in {Kind.DISTRICT, Kind.COOPERATIVE}:
            return cls(organization.in_state_id, organization.pk)
        parent = Organization.objects.filter(path=organization.path[: -Organization.steplen]).first()
        district = parent.pk if parent is not None and parent.kind == Kind.DISTRICT else organization.pk
        return cls(organization.in_state_id, district)


# A district's number leads to a student whom the state knows by another number: whoever the row is about, it is not
# for sure that student. (The state's number without its leading zeros is that number.)
_OTHER_STATE_NUMBER = """
    state_number <> '' AND by_state IS NULL AND by_local IS NOT NULL AND (
        SELECT bool_and(ltrim(i.value, '0') <> ltrim(state_number, '0')) FROM schools_studentidentifier i
        WHERE i.student_id = by_local AND i.organization_id = {state} AND i.system = 'state' AND i.ends IS NULL)
"""

# Rows that name one student in several ways are one student: by the state's number where there is one, else by the
# district's. A row with both numbers ties a row that has only the district's to it; where rows tie one district
# number to two of the state's, none can be believed.
_ROSTER = """
CREATE UNLOGGED TABLE {who} AS
WITH named AS (
    SELECT source_key, state_number, local_number, min(row) AS row
    FROM {student} GROUP BY source_key, state_number, local_number
), found AS (
    SELECT n.*, s.student_id AS by_state, l.student_id AS by_local
    FROM named n
    LEFT JOIN schools_studentidentifier s
        ON n.state_number <> '' AND s.organization_id = {state} AND s.system = 'state'
        AND s.value = n.state_number AND s.ends IS NULL
    LEFT JOIN schools_studentidentifier l
        ON n.local_number <> '' AND l.organization_id = {district} AND l.system = 'local'
        AND l.value = n.local_number AND l.ends IS NULL
), ties AS (
    SELECT local_number, min(state_number) AS state_number, count(DISTINCT state_number) AS several
    FROM named WHERE local_number <> '' AND state_number <> '' GROUP BY local_number
), tied AS (
    SELECT f.*, coalesce(nullif(f.state_number, ''), t.state_number) AS state_tie, coalesce(t.several, 0) AS several
    FROM found f LEFT JOIN ties t USING (local_number)
)
SELECT source_key, state_number, local_number, row, coalesce(by_state, by_local) AS student_id, false AS is_new,
    false AS repaired,
    CASE WHEN state_number = '' AND local_number = '' THEN 'no_number'
         WHEN several > 1 THEN 'number_of_several'
         WHEN by_state <> by_local THEN 'numbers_disagree'
         WHEN {other_state_number} THEN 'other_state_number' END AS trouble,
    coalesce('S' || state_tie, 'L' || local_number) AS one
FROM tied
""".replace("{other_state_number}", _OTHER_STATE_NUMBER)

# A number without its leading zeros, where one student alone has it.
_REPAIR = """
UPDATE {who} w SET student_id = r.student_id, repaired = true FROM (
    SELECT source_key, state_number, local_number, min(student_id) AS student_id FROM (
        SELECT w.source_key, w.state_number, w.local_number, i.student_id
        FROM {who} w JOIN schools_studentidentifier i ON i.ends IS NULL AND i.value LIKE '0%'
            AND i.system = 'state' AND i.organization_id = {state} AND ltrim(i.value, '0') = w.state_number
        WHERE w.student_id IS NULL AND w.trouble IS NULL AND w.state_number ~ '^[1-9]'
        UNION ALL
        SELECT w.source_key, w.state_number, w.local_number, i.student_id
        FROM {who} w JOIN schools_studentidentifier i ON i.ends IS NULL AND i.value LIKE '0%'
            AND i.system = 'local' AND i.organization_id = {district} AND ltrim(i.value, '0') = w.local_number
        WHERE w.student_id IS NULL AND w.trouble IS NULL AND w.local_number ~ '^[1-9]'
    ) AS alike GROUP BY 1, 2, 3 HAVING count(DISTINCT student_id) = 1
) r WHERE w.source_key = r.source_key AND w.state_number = r.state_number AND w.local_number = r.local_number
"""

# One of a student's rows names somebody known: so do the others.
_SAME = """
UPDATE {who} w SET student_id = known.student_id FROM (
    SELECT one, min(student_id) AS student_id FROM {who} WHERE student_id IS NOT NULL AND trouble IS NULL
    GROUP BY one HAVING count(DISTINCT student_id) = 1
) known WHERE w.one = known.one AND w.student_id IS NULL AND w.trouble IS NULL
"""

_NEW = """
WITH fresh AS (
    SELECT one, nextval(pg_get_serial_sequence('schools_student', 'id')) AS id
    FROM (SELECT DISTINCT one FROM {who} WHERE student_id IS NULL AND trouble IS NULL ORDER BY one) AS ones
)
UPDATE {who} w SET student_id = fresh.id, is_new = true FROM fresh
WHERE w.one = fresh.one AND w.student_id IS NULL AND w.trouble IS NULL
"""

# How the other targets name students: what the roster of this file says first, then the numbers known.
_OTHERS = """
INSERT INTO {who} (source_key, state_number, local_number, row, student_id, is_new, repaired, trouble)
WITH refs AS ({refs}),
found AS (
    SELECT r.source_key, r.state_number, r.local_number,
        k.student_id AS by_source, k.trouble AS source_trouble,
        coalesce(ws.student_id, s.student_id) AS by_state, coalesce(wl.student_id, l.student_id) AS by_local,
        coalesce(k.is_new, ws.is_new, wl.is_new, false) AS is_new
    FROM refs r
    LEFT JOIN (SELECT source_key, min(student_id) AS student_id, bool_or(is_new) AS is_new, min(trouble) AS trouble
               FROM {who} WHERE source_key <> '' GROUP BY 1) k
        ON r.source_key <> '' AND k.source_key = r.source_key
    LEFT JOIN (SELECT state_number, min(student_id) AS student_id, bool_or(is_new) AS is_new
               FROM {who} WHERE state_number <> '' AND trouble IS NULL GROUP BY 1) ws
        ON r.state_number <> '' AND ws.state_number = r.state_number
    LEFT JOIN (SELECT local_number, min(student_id) AS student_id, bool_or(is_new) AS is_new
               FROM {who} WHERE local_number <> '' AND trouble IS NULL GROUP BY 1) wl
        ON r.local_number <> '' AND wl.local_number = r.local_number
    LEFT JOIN schools_studentidentifier s
        ON r.state_number <> '' AND s.organization_id = {state} AND s.system = 'state'
        AND s.value = r.state_number AND s.ends IS NULL
    LEFT JOIN schools_studentidentifier l
        ON r.local_number <> '' AND l.organization_id = {district} AND l.system = 'local'
        AND l.value = r.local_number AND l.ends IS NULL
)
SELECT source_key, state_number, local_number, 0, coalesce(by_source, by_state, by_local), is_new, false,
    CASE WHEN source_trouble IS NOT NULL THEN 'student_refused'
         WHEN source_key = '' AND state_number = '' AND local_number = '' THEN 'no_number'
         WHEN by_state <> by_local THEN 'numbers_disagree'
         WHEN {other_state_number} THEN 'other_state_number' END
FROM found
""".replace("{other_state_number}", _OTHER_STATE_NUMBER)

_UNKNOWN = "UPDATE {who} SET trouble = 'unknown_student' WHERE student_id IS NULL AND trouble IS NULL"


def remember_left_out(staging: Staging, scope: Scope, names: Collection[str]) -> None:
    """Find the students named by rows that could not be read; those found before stay (a comparison made again)."""
    left = name(staging.batch_id, LEFT_OUT)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE UNLOGGED TABLE IF NOT EXISTS {} (student_id bigint)").format(left))
        if names:
            cursor.execute(
                sql.SQL(
                    "INSERT INTO {left} SELECT i.student_id FROM schools_studentidentifier i"
                    " WHERE i.value = ANY(%(names)s) AND i.organization_id IN ({state}, {district})"
                    " UNION SELECT w.student_id FROM {who} w WHERE w.student_id IS NOT NULL"
                    " AND (w.source_key = ANY(%(names)s) OR w.local_number = ANY(%(names)s)"
                    " OR w.state_number = ANY(%(names)s))"
                ).format(
                    left=left,
                    who=name(staging.batch_id, WHO),
                    state=sql.Literal(scope.state_id or 0),
                    district=sql.Literal(scope.district_id or 0),
                ),
                {"names": list(names)},
            )


def words(trouble: str) -> tuple[str, str]:
    """A trouble and what to do, for the person."""
    return {
        "no_number": (
            _("No student number"),
            _("Each row needs the state's or the district's number of the student."),
        ),
        "numbers_disagree": (
            _("The two numbers name two different students"),
            _("Look both numbers up, and correct the wrong one in the file."),
        ),
        "other_state_number": (
            _("The district's number is that of a student whom the state knows by another number"),
            _("Check both numbers: the file may give one student's number to another."),
        ),
        "number_of_several": (
            _("The file gives one district number to students with different state numbers"),
            _("Each district number belongs to one student. Correct the wrong one, and load the file again."),
        ),
        "unknown_student": (
            _("No student has this number"),
            _("Load the roster first, or check the number: leading zeros matter."),
        ),
        "student_refused": (
            _("The student's own row was left out"),
            _("Mend the student's row; what belongs to it then comes in too."),
        ),
    }[trouble]


def identify(staging: Staging, scope: Scope, problems: Problems) -> None:
    """Make the table of who is meant, and say which numbers were repaired.

    Students that the roster brings and nobody knows are given their keys here, so that what belongs to them can
    refer to them before they exist.
    """
    parts = {
        "who": name(staging.batch_id, WHO),
        "state": sql.Literal(scope.state_id or 0),
        "district": sql.Literal(scope.district_id or 0),
    }
    others = [staged for staged in staging.targets.values() if staged.target.about_student]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {who}").format(**parts))
        if "student" in staging.targets:
            cursor.execute(sql.SQL("ANALYZE {}").format(staging.targets["student"].table))
            cursor.execute(sql.SQL(_ROSTER).format(student=staging.targets["student"].table, **parts))
            # Or the planner takes it for a small table, and compares every row with every other.
            cursor.execute(sql.SQL("ANALYZE {who}").format(**parts))
            cursor.execute(sql.SQL(_REPAIR).format(**parts))
            cursor.execute(sql.SQL(_SAME).format(**parts))
            cursor.execute(sql.SQL(_NEW).format(**parts))
        else:
            cursor.execute(
                sql.SQL(
                    "CREATE UNLOGGED TABLE {who} (source_key text, state_number text, local_number text, row bigint,"
                    " student_id bigint, is_new boolean, repaired boolean, trouble text, one text)"
                ).format(**parts)
            )
        refs = [
            sql.SQL("SELECT source_key, state_number, local_number FROM {}").format(staged.table)
            for staged in others
            if staged.target.code != "student"
        ]
        if refs:
            distinct = sql.SQL("{} EXCEPT SELECT source_key, state_number, local_number FROM {}").format(
                sql.SQL("({})").format(sql.SQL(" UNION ").join(refs)), parts["who"]
            )
            cursor.execute(sql.SQL("ANALYZE {who}").format(**parts))
            cursor.execute(sql.SQL(_OTHERS).format(refs=distinct, **parts))
            cursor.execute(sql.SQL(_REPAIR).format(**parts))
        cursor.execute(sql.SQL(_UNKNOWN).format(**parts))
        cursor.execute(sql.SQL("ANALYZE {who}").format(**parts))
        cursor.execute(
            sql.SQL(
                "SELECT count(*), min(nullif(local_number, '')), min(nullif(state_number, ''))"
                " FROM {who} WHERE repaired"
            ).format(**parts)
        )
        count, local, state = cursor.fetchone()
    if count:
        problems.note(
            "lost_zeros",
            _("Student numbers that had lost their leading zeros were matched"),
            Place("", 0, "", local or state or ""),
            advice=_("Format the column as text before saving, so that numbers keep their zeros."),
            severity=Severity.NOTED,
            count=count,
        )
