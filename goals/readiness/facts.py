"""What is known of each student on each basis: one row of facts per student and organization, made by SQL.

Rules (``expressions``) ask for facts by name and for nothing else, so that what counts all and what explains one
student read the same row. :data:`FACTS` names them for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from goals.models.measure import Basis
from goals.models.preferences import CoreSubject
from goals.readiness import cooperatives
from goals.readiness.looks_at import NOT_OF_A_STATE, NOT_OF_A_STATE_PREFIXES
from schools.models import (
    AssessmentResult,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    Organization,
    Student,
    WorkExperience,
)
from schools.models.organization import Kind

_EVIDENCE = (Student, Enrollment, CourseRecord, AssessmentResult, CredentialEarned, WorkExperience, Diploma)
# Labels of facts, for explanations. Scores are the best that the student has had by the end of the year.
FACTS: dict[str, Any] = {
    "grade": _("Grade"),
    "exit_code": _("Exit"),
    "days_enrolled": _("Days enrolled"),
    "days_absent": _("Days absent"),
    "absent_share": _("Share of days absent, in percent"),
    "first_time_9": _("First year in grade 9"),
    "credits": _("Credits earned in the year"),
    "core_fs": _("Semester F's in English, math, science and social science"),
    "failed": _("Courses in English or mathematics failed in the year"),
    "courses_open": _("Courses without a mark yet"),
    "courses": _("Courses with a mark"),
    "plan_on_file": _("Program of study in force"),
    "advanced": _("AP, IB, Advanced Career or dual enrollment courses"),
    "dual_taken": _("Dual enrollment courses"),
    "dual_marked": _("Dual enrollment courses with a mark"),
    "dual_passed": _("Dual enrollment courses with credit"),
    "credits_so_far": _("Credits earned in high school so far"),
    "begun_so_far": _("CTE, AP, IB, Advanced Career or dual enrollment courses passed so far"),
    "program_so_far": _("Courses passed in one CTE program so far"),
    "ela_tested": _("Tested in English language arts"),
    "ela_proficient": _("Proficient in English language arts"),
    "math_tested": _("Tested in mathematics"),
    "math_proficient": _("Proficient in mathematics"),
    "science_tested": _("Tested in science"),
    "science_proficient": _("Proficient in science"),
    "hs_ela_tested": _("Tested by the state in English language arts in high school"),
    "hs_ela_proficient": _("Proficient in English language arts in high school"),
    "hs_math_tested": _("Tested by the state in mathematics in high school"),
    "hs_math_proficient": _("Proficient in mathematics in high school"),
    "hs_science_tested": _("Tested by the state in science in high school"),
    "hs_science_proficient": _("Proficient in science in high school"),
    "act_english": _("ACT English"),
    "act_math": _("ACT mathematics"),
    "act_reading": _("ACT reading"),
    "act_science": _("ACT science"),
    "act_composite": _("ACT composite"),
    "sat_ebrw": _("SAT reading and writing"),
    "sat_math": _("SAT mathematics"),
    "sat_total": _("SAT total"),
    "ap_passed": _("AP exams with 3 or more"),
    "ap_taken": _("AP exams taken"),
    "ib_passed": _("IB exams with 4 or more"),
    "ib_taken": _("IB exams taken"),
    "exams_passed": _("AP exams with 3 or more, and IB exams with 4 or more"),
    "exams_taken": _("AP and IB exams taken"),
    "dual_credits": _("Dual enrollment credits earned"),
    "cte_dual_credits": _("Dual enrollment credits earned in CTE courses"),
    "epsos": _("Early postsecondary opportunities"),
    "ncrc": _("WorkKeys certificate: 3 bronze, 4 silver, 5 gold, 6 platinum"),
    "afqt": _("ASVAB qualification score"),
    "credentials": _("Credentials earned"),
    "credential_attempts": _("Credentials attempted"),
    "wbl": _("Work-based learning experiences"),
    "wbl_hours": _("Hours of work-based learning"),
    "apprenticeship": _("Youth apprenticeship"),
    "cte_courses": _("Courses passed in one CTE program"),
    "cte_credits": _("Credits in one CTE program"),
    "math_science_exam_courses": _("AP or IB courses passed in mathematics or science"),
    "humanities_exam_courses": _("AP or IB courses passed in English or social studies"),
    "non_traditional": _("In a program for a field that is non-traditional for the student's gender"),
    "english_credits": _("Credits in English"),
    "math_credits": _("Credits in mathematics"),
    "science_credits": _("Credits in science"),
    "social_credits": _("Credits in social studies"),
    "graduated": _("Regular or state-defined alternate diploma"),
    "regular_diploma": _("Regular diploma"),
    "diploma_year": _("School year of the diploma"),
    "removed": _("Removed from the cohort, with a document"),
    "enlisted": _("Entered the military"),
    "enrolled_after": _("Enrolled in college or training in the academic year after"),
    "placed": _("In college, training, service or work in the second quarter after leaving"),
    "degree_by_25": _("Credential or degree within seven years of on-time graduation"),
}

# Core courses of the ninth-grade on-track indicator: English, mathematics, science and social science.
ADVANCED_LEVELS = ("ap", "ib", "ac", "dual")


def _in(values: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


# A mark that says failed, where a course carries no credit (grades before high school): an F, or below 60 of 100.
# Numbers below ten are marks of other scales.
_FAILED = (
    "(c.mark IN ('F', 'F+', 'F-', 'WF')"
    " OR CASE WHEN c.mark ~ '^[0-9][0-9][0-9]?([.][0-9]+)?$' THEN c.mark::numeric < 60 ELSE false END"
    " OR (c.credits_attempted > 0 AND c.credits_earned = 0 AND c.mark NOT IN ('', 'W', 'I')))"
)

# Attributes of a student's year; how several spells become one: ever within the year, race and sex of the latest.
_FLAGS = (
    "economically_disadvantaged", "english_learner", "with_disabilities", "homeless", "foster_care",
    "military_connected", "migrant", "single_parent", "non_traditional",
)  # fmt: skip
_LATEST = "(array_agg(e.{0} ORDER BY e.entered DESC, e.id DESC) FILTER (WHERE e.{0} <> ''))[1] AS {0}"
_OF_SPELLS = ", ".join(
    [_LATEST.format("race_ethnicity"), _LATEST.format("sex"), *[f"bool_or(e.{flag}) AS {flag}" for flag in _FLAGS]]
)


@dataclass(frozen=True)
class Ask:
    """For whom facts are wanted: a basis and year of the schools below a path; ``student_ids`` alone where given."""

    basis: Basis
    year: int
    path: str
    student_ids: tuple[int, ...] | None = None


def _run(text: str, **parts: sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(text).format(**parts))


def make(ask: Ask) -> None:
    """Make the temporary table ``facts``: (student_id, organization_id, …), for this transaction.

    Schools come first; an organization above has a row for each student with rows at several of those below it.
    """
    _run("DROP TABLE IF EXISTS units, facts")
    some: sql.Composable = sql.SQL("")
    if ask.student_ids is not None:
        ids = sql.SQL(", ").join(map(sql.Literal, ask.student_ids)) if ask.student_ids else sql.SQL("NULL")
        some = sql.SQL("AND e.student_id IN ({})").format(ids)
    parts: dict[str, sql.Composable] = {
        "year": sql.Literal(ask.year),
        "path": sql.Literal(ask.path),
        "some": some,
    }
    wary = ask.student_ids is None and _taken_for_empty()
    if wary:
        _run("SET LOCAL enable_nestloop TO off")
    if ask.basis == Basis.YEAR:
        _units_of_the_year(ask, parts)
        _facts_of_the_year(parts)
    elif ask.basis == Basis.CLASS:
        _units_of_the_class(parts)
        _facts_of_a_life(parts)
    elif ask.basis == Basis.SENIOR:
        _units_of_seniors(parts)
        _facts_of_a_life(parts)
    else:
        _units_of_leavers(parts)
        _facts_of_a_life(parts)
    if wary:
        _run("SET LOCAL enable_nestloop TO DEFAULT")


def _taken_for_empty() -> bool:
    """Whether the server counted the rows of some evidence when there were none, and has not counted them since.

    It would go through all of a table for each student then: minutes for what takes a second.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_class WHERE oid = ANY(%s::regclass[]) AND reltuples = 0 AND relpages > 0)",
            [[model._meta.db_table for model in _EVIDENCE]],
        )
        return bool(cursor.fetchone()[0])


# --- basis “year”: enrolled that year -------------------------------------------------------------------------------
def _units_of_the_year(ask: Ask, parts: dict[str, sql.Composable]) -> None:
    """A row per student and school, and per student and organization above where the schools differ below it."""
    step = sql.Literal(Organization.steplen)
    _run(
        "CREATE TEMP TABLE units ON COMMIT DROP AS"
        " SELECT e.student_id, e.organization_id, max(o.path) AS path, "
        "(array_agg(e.grade ORDER BY e.entered DESC, e.id DESC))[1] AS grade,"
        "(array_agg(e.exit_code ORDER BY e.entered DESC, e.id DESC))[1] AS exit_code,"
        " sum(e.days_enrolled)::int AS days_enrolled, sum(e.days_absent)::int AS days_absent, " + _OF_SPELLS +
        " FROM schools_enrollment e JOIN schools_organization o ON o.id = e.organization_id"
        " WHERE e.year = {year} AND starts_with(o.path, {path}) AND o.kind = {school} {some} GROUP BY 1, 2",
        school=sql.Literal(Kind.SCHOOL), **parts,
    )  # fmt: skip
    # A shared-time center serves students of other schools: it never makes a student one of several schools.
    _run(
        "CREATE TEMP TABLE several ON COMMIT DROP AS"
        " SELECT DISTINCT u.student_id, a.id AS organization_id, a.path, a.path AS below"
        " FROM units u JOIN schools_organization s ON s.id = u.organization_id AND NOT s.shared_time"
        " JOIN schools_organization a ON starts_with(u.path, a.path) AND a.kind <> {school}"
        " AND starts_with(a.path, {path})"
        " GROUP BY u.student_id, a.id, a.path"
        " HAVING count(DISTINCT left(u.path, length(a.path) + {step})) > 1",
        school=sql.Literal(Kind.SCHOOL), step=step, **parts,
    )  # fmt: skip
    cooperatives.add_several(ask.path, ask.year)
    _run(
        "INSERT INTO units SELECT e.student_id, v.organization_id, max(v.path),"
        "(array_agg(e.grade ORDER BY e.entered DESC, e.id DESC))[1],"
        "(array_agg(e.exit_code ORDER BY e.entered DESC, e.id DESC))[1],"
        " sum(e.days_enrolled)::int, sum(e.days_absent)::int, " + _OF_SPELLS +
        " FROM several v JOIN schools_enrollment e ON e.student_id = v.student_id AND e.year = {year}"
        " JOIN schools_organization o ON o.id = e.organization_id AND NOT o.shared_time"
        "   AND starts_with(o.path, v.below)"
        " GROUP BY 1, 2",
        **parts,
    )  # fmt: skip
    _run("DROP TABLE several")


# The core subjects that the state has set, else the four of the published indicator.
_CORE = (
    "coalesce((SELECT g.core FROM goals_ontracksettings g JOIN schools_organization o ON o.id = g.organization_id"
    " WHERE o.path = {path}), ARRAY[" + ", ".join(f"'{one}'" for one in CoreSubject.values) + "])"
)


def _facts_of_the_year(parts: dict[str, sql.Composable]) -> None:
    """Courses, tests and events of that school year, wherever the student was."""
    _run("ANALYZE units")
    _run(
        "CREATE TEMP TABLE facts ON COMMIT DROP AS"
        " WITH who AS (SELECT DISTINCT student_id FROM units),"
        " courses AS (SELECT c.student_id, sum(c.credits_earned) AS credits,"
        "   sum(CASE WHEN c.subject = ANY(" + _CORE + ") AND c.credits_attempted > 0"
        "     AND c.credits_earned = 0 AND c.mark NOT IN ('', 'W', 'I')"
        # A full-year course is two semesters.
        "     THEN CASE WHEN c.term IN ('S1', 'S2', 'Fall', 'Spring') THEN 1 ELSE 2 END ELSE 0 END)::int AS core_fs,"
        "   count(*) FILTER (WHERE c.mark = '' AND c.credits_attempted > 0)::int AS courses_open,"
        "   count(*) FILTER (WHERE c.mark <> '')::int AS courses,"
        "   count(*) FILTER (WHERE c.subject IN ('ela', 'math') AND " + _FAILED + ")::int AS failed,"
        "   count(*) FILTER (WHERE c.level = 'dual')::int AS dual_taken,"
        "   count(*) FILTER (WHERE c.level = 'dual' AND c.mark <> '')::int AS dual_marked,"
        "   count(*) FILTER (WHERE c.level = 'dual' AND c.mark <> '' AND c.credits_earned > 0)::int AS dual_passed,"
        "   count(*) FILTER (WHERE c.level IN " + _in(ADVANCED_LEVELS) + ")::int AS advanced"
        "   FROM schools_courserecord c JOIN who USING (student_id) WHERE c.year = {year} GROUP BY 1),"
        " tests AS (SELECT a.student_id, " + _TESTS +
        "   FROM schools_assessmentresult a JOIN who USING (student_id) WHERE a.year = {year} GROUP BY 1),"
        " earned AS (SELECT k.student_id, count(*) FILTER (WHERE k.passed)::int AS credentials,"
        "   count(*)::int AS credential_attempts FROM schools_credentialearned k JOIN who USING (student_id)"
        "   WHERE k.year = {year} GROUP BY 1),"
        " worked AS (SELECT w.student_id, count(*)::int AS wbl, sum(w.hours)::int AS wbl_hours"
        "   FROM schools_workexperience w JOIN who USING (student_id) WHERE w.year = {year} GROUP BY 1),"
        # The checkpoints at the end of grades 10 and 11 add up what went before, from grade 9 on. A program is the
        # CIP family and series (four digits): 51.39.
        " passed AS (SELECT c.student_id, CASE WHEN c.cip_code <> '' THEN left(c.cip_code, 5) END AS program,"
        "   sum(c.credits_earned) AS credits, count(*) AS courses,"
        "   count(*) FILTER (WHERE c.cip_code <> '' OR c.level IN " + _in(ADVANCED_LEVELS) + ") AS begun"
        "   FROM schools_courserecord c JOIN schools_student s ON s.id = c.student_id WHERE c.credits_earned > 0"
        "   AND c.student_id IN (SELECT student_id FROM units WHERE grade IN ('10', '11'))"
        "   AND c.year BETWEEN coalesce(s.grade_9_year, {year} - 2) AND {year} GROUP BY 1, 2),"
        " so_far AS (SELECT student_id, sum(credits) AS credits_so_far, sum(begun)::int AS begun_so_far,"
        "   max(courses) FILTER (WHERE program IS NOT NULL)::int AS program_so_far FROM passed GROUP BY 1)"
        " SELECT u.*, round(100.0 * u.days_absent / nullif(u.days_enrolled, 0), 6) AS absent_share,"
        " (u.grade = '09' AND s.grade_9_year = {year}) AS first_time_9,"
        " c.credits, c.core_fs, coalesce(c.courses_open, 0) AS courses_open, coalesce(c.courses, 0) AS courses,"
        " coalesce(c.advanced, 0) AS advanced, coalesce(c.failed, 0) AS failed,"
        " EXISTS (SELECT FROM pathways_programofstudy p WHERE p.student_id = u.student_id"
        "   AND p.begun < make_date({year}, 7, 1) AND (p.ended IS NULL OR p.ended >= make_date({year} - 1, 7, 1)))"
        "   AS plan_on_file,"
        " coalesce(c.dual_taken, 0) AS dual_taken, coalesce(c.dual_marked, 0) AS dual_marked,"
        " coalesce(c.dual_passed, 0) AS dual_passed,"
        " b.credits_so_far, coalesce(b.begun_so_far, 0) AS begun_so_far,"
        " coalesce(b.program_so_far, 0) AS program_so_far,"
        " t.*, coalesce(t.ap_taken, 0) + coalesce(t.ib_taken, 0) AS exams_taken,"
        " coalesce(t.ap_passed, 0) + coalesce(t.ib_passed, 0) AS exams_passed,"
        " coalesce(k.credentials, 0) AS credentials,"
        " coalesce(k.credential_attempts, 0) AS credential_attempts, coalesce(w.wbl, 0) AS wbl,"
        " coalesce(w.wbl_hours, 0) AS wbl_hours"
        " FROM units u JOIN schools_student s ON s.id = u.student_id"
        " LEFT JOIN courses c ON c.student_id = u.student_id"
        " LEFT JOIN (SELECT student_id AS tested_id, " + ", ".join(_TEST_NAMES) + " FROM tests) t"
        "   ON t.tested_id = u.student_id"
        " LEFT JOIN earned k ON k.student_id = u.student_id LEFT JOIN worked w ON w.student_id = u.student_id"
        " LEFT JOIN so_far b ON b.student_id = u.student_id",
        **parts,
    )  # fmt: skip


# Levels that count as proficient, by what states call them. Tests that have levels of another meaning (WorkKeys, MAP
# Growth) are not state tests.
_STATE_TEST = f"a.performance_level <> '' AND a.test NOT IN {_in(NOT_OF_A_STATE)}" + "".join(
    f" AND NOT starts_with(a.test, '{prefix}')" for prefix in NOT_OF_A_STATE_PREFIXES
)
_PROFICIENT = "a.performance_level IN " + _in(
    (
        *("Level 3", "Level 4", "Proficient", "Distinguished", "Advanced"),
        *("Meets", "Masters", "Meets Grade Level", "Masters Grade Level"),
    )
)
# Once in high school many states test at the end of a course (ESEA 1111(b)(2)(B)).
_SUBJECTS = {
    "ela": _in(("ELA", "Reading", "Reading Language Arts", "English Language Arts", "English I", "English II")),
    "math": _in(("Mathematics", "Math", "Algebra I", "Geometry", "Algebra II")),
    "science": _in(("Science", "Biology")),
}
# In high school: from the first year in grade 9 on.
_IN_HIGH_SCHOOL = "a.year >= coalesce(s.grade_9_year, {year} - 3)"


def _best(name: str, test: str, subjects: str) -> str:
    return f"max(a.score) FILTER (WHERE a.test = '{test}' AND a.subject IN {subjects}) AS {name}"


_TEST_COLUMNS: dict[str, str] = {
    **{
        f"{code}_tested": f"bool_or({_STATE_TEST} AND a.subject IN {subjects}) AS {code}_tested"
        for code, subjects in _SUBJECTS.items()
    },
    **{
        f"{code}_proficient": f"bool_or({_STATE_TEST} AND a.subject IN {subjects} AND {_PROFICIENT})"
        f" AS {code}_proficient"
        for code, subjects in _SUBJECTS.items()
    },
    "act_english": _best("act_english", "ACT", "('English')"),
    "act_math": _best("act_math", "ACT", "('Mathematics')"),
    "act_reading": _best("act_reading", "ACT", "('Reading')"),
    "act_science": _best("act_science", "ACT", "('Science')"),
    "act_composite": _best("act_composite", "ACT", "('Composite')"),
    "sat_ebrw": _best("sat_ebrw", "SAT", "('Evidence-Based Reading and Writing', 'Reading and Writing')"),
    "sat_math": _best("sat_math", "SAT", "('Math', 'Mathematics')"),
    "sat_total": _best("sat_total", "SAT", "('Total')"),
    "ap_taken": "count(*) FILTER (WHERE a.test = 'AP' AND a.score IS NOT NULL)::int AS ap_taken",
    "ap_passed": "count(*) FILTER (WHERE a.test = 'AP' AND a.score >= 3)::int AS ap_passed",
    "ib_taken": "count(*) FILTER (WHERE a.test = 'IB' AND a.score IS NOT NULL)::int AS ib_taken",
    "ib_passed": "count(*) FILTER (WHERE a.test = 'IB' AND a.score >= 4)::int AS ib_passed",
    "ncrc": "max(array_position(ARRAY['', '', 'Bronze', 'Silver', 'Gold', 'Platinum'], a.performance_level))"
    " FILTER (WHERE a.test = 'WorkKeys' AND a.subject = 'NCRC') AS ncrc",
    "afqt": _best("afqt", "ASVAB", "('AFQT')"),
}
_TEST_NAMES = list(_TEST_COLUMNS)
_TESTS = ", ".join(_TEST_COLUMNS.values())
_OF_HIGH_SCHOOL: dict[str, str] = {
    f"hs_{code}_{what}": f"bool_or({_STATE_TEST} AND a.subject IN {subjects} AND {_IN_HIGH_SCHOOL}{more})"
    f" AS hs_{code}_{what}"
    for code, subjects in _SUBJECTS.items()
    for what, more in (("tested", ""), ("proficient", f" AND {_PROFICIENT}"))
}


# --- bases “class” and “leaver”: attributed to the last school --------------------------------------------------------
def _units_of_the_class(parts: dict[str, sql.Composable]) -> None:
    """The cohort by first entry to grade 9 (34 CFR 200.34), each at the last school of grades 9 to 12 in the state.

    Groups are those a student was ever in while in high school; race and sex are the latest.
    """
    _run(
        "CREATE TEMP TABLE units ON COMMIT DROP AS"
        " SELECT e.student_id,"
        " (array_agg(e.organization_id ORDER BY e.year DESC, e.entered DESC, e.id DESC))[1] AS organization_id,"
        " (array_agg(o.path ORDER BY e.year DESC, e.entered DESC, e.id DESC))[1] AS path,"
        " (array_agg(e.grade ORDER BY e.year DESC, e.entered DESC, e.id DESC))[1] AS grade,"
        " (array_agg(e.exit_code ORDER BY e.year DESC, e.entered DESC, e.id DESC))[1] AS exit_code, " + _OF_SPELLS +
        " FROM schools_student s JOIN schools_enrollment e ON e.student_id = s.id"
        " JOIN schools_organization o ON o.id = e.organization_id AND NOT o.shared_time"
        " WHERE s.grade_9_year = {year} - 3 AND e.grade IN ('09', '10', '11', '12')"
        " AND starts_with(o.path, {path}) {some} GROUP BY 1",
        **parts,
    )  # fmt: skip


def _units_of_leavers(parts: dict[str, sql.Composable]) -> None:
    """Those who completed or left high school in the year, at the last school of that year."""
    _run(
        "CREATE TEMP TABLE units ON COMMIT DROP AS"
        " SELECT e.student_id,"
        " (array_agg(e.organization_id ORDER BY e.entered DESC, e.id DESC))[1] AS organization_id,"
        " (array_agg(o.path ORDER BY e.entered DESC, e.id DESC))[1] AS path,"
        " (array_agg(e.grade ORDER BY e.entered DESC, e.id DESC))[1] AS grade,"
        " (array_agg(e.exit_code ORDER BY e.entered DESC, e.id DESC))[1] AS exit_code, " + _OF_SPELLS +
        " FROM schools_enrollment e JOIN schools_organization o ON o.id = e.organization_id AND NOT o.shared_time"
        " WHERE e.year = {year} AND e.grade IN ('09', '10', '11', '12') AND starts_with(o.path, {path}) {some}"
        " GROUP BY 1"
        " HAVING (array_agg(e.exit_code ORDER BY e.entered DESC, e.id DESC))[1]"
        "   IN ('graduated', 'dropped_out', 'other_completer')"
        " OR EXISTS (SELECT FROM schools_diploma d WHERE d.student_id = e.student_id AND d.year = {year}"
        "   AND d.kind IN ('regular', 'alternate'))",
        **parts,
    )  # fmt: skip


def _facts_of_a_life(parts: dict[str, sql.Composable]) -> None:
    """All that happened by the end of the year; for the class by the end of its sixth year, diplomas dated."""
    _run("ANALYZE units")
    _facts_for_rules(parts)
    _run(
        "CREATE TEMP TABLE facts ON COMMIT DROP AS"
        " WITH courses AS (SELECT c.student_id,"
        "   sum(c.credits_earned) FILTER (WHERE c.level = 'dual') AS dual_credits,"
        "   sum(c.credits_earned) FILTER (WHERE c.subject = 'ela') AS english_credits,"
        "   sum(c.credits_earned) FILTER (WHERE c.subject = 'math') AS math_credits,"
        "   sum(c.credits_earned) FILTER (WHERE c.subject = 'science') AS science_credits,"
        "   sum(c.credits_earned) FILTER (WHERE c.subject = 'social_studies') AS social_credits,"
        "   sum(c.credits_earned) FILTER (WHERE c.level = 'dual' AND c.cip_code <> '') AS cte_dual_credits,"
        "   count(*) FILTER (WHERE c.level IN ('ap', 'ib') AND c.credits_earned > 0"
        "     AND c.subject IN ('math', 'science'))::int AS math_science_exam_courses,"
        "   count(*) FILTER (WHERE c.level IN ('ap', 'ib') AND c.credits_earned > 0"
        "     AND c.subject IN ('ela', 'social_studies'))::int AS humanities_exam_courses,"
        "   count(*) FILTER (WHERE c.level IN ('ap', 'ib', 'dual'))::int AS epsos"
        "   FROM schools_courserecord c JOIN units u ON u.student_id = c.student_id WHERE c.year <= {year}"
        "   GROUP BY 1),"
        # A program is the CIP family and series (four digits): 51.39.
        " programs AS (SELECT student_id, max(n)::int AS cte_courses, max(credits) AS cte_credits"
        "   FROM (SELECT c.student_id, left(c.cip_code, 5), count(*) AS n, sum(c.credits_earned) AS credits"
        "   FROM schools_courserecord c JOIN units u ON u.student_id = c.student_id"
        "   WHERE c.year <= {year} AND c.cip_code <> '' AND c.credits_earned > 0 GROUP BY 1, 2) p GROUP BY 1),"
        " tests AS (SELECT a.student_id, " + ", ".join((_TESTS, *_OF_HIGH_SCHOOL.values())) +
        "   FROM schools_assessmentresult a JOIN units u ON u.student_id = a.student_id"
        "   JOIN schools_student s ON s.id = a.student_id WHERE a.year <= {year} GROUP BY 1),"
        " earned AS (SELECT k.student_id, count(*) FILTER (WHERE k.passed)::int AS credentials,"
        "   count(*)::int AS credential_attempts FROM schools_credentialearned k"
        "   JOIN units u ON u.student_id = k.student_id WHERE k.year <= {year} GROUP BY 1),"
        " worked AS (SELECT w.student_id, count(*)::int AS wbl, sum(w.hours)::int AS wbl_hours,"
        "   bool_or(w.kind = 'apprenticeship') AS apprenticeship FROM schools_workexperience w"
        "   JOIN units u ON u.student_id = w.student_id WHERE w.year <= {year} GROUP BY 1),"
        " finished AS (SELECT d.student_id, min(d.year) FILTER (WHERE d.kind IN ('regular', 'alternate'))"
        "   AS diploma_year, bool_or(d.kind = 'regular') AS regular_diploma FROM schools_diploma d"
        "   JOIN units u ON u.student_id = d.student_id GROUP BY 1),"
        # Without its document a removal leaves the student in the cohort.
        " taken_out AS (SELECT DISTINCT r.student_id FROM schools_cohortremoval r"
        "   JOIN units u ON u.student_id = r.student_id WHERE r.document <> ''"
        "   AND r.reason IN ('transfer_within', 'transfer_out', 'emigrated', 'died')),"
        # The academic year after: from the July after the year to the June that follows (34 CFR 200.36).
        " went_on AS (SELECT p.student_id,"
        "   bool_or(p.kind IN ('college_4yr', 'college_2yr', 'training')"
        "     AND p.starts BETWEEN make_date({year}, 6, 1) AND make_date({year} + 1, 6, 30)) AS enrolled_after,"
        # Who leaves in spring or summer is looked for from October to December (Perkins V, 3S1).
        "   bool_or(p.starts <= make_date({year}, 12, 31) AND coalesce(p.ends, 'infinity') >= make_date({year}, 10, 1))"
        "     AS placed,"
        "   bool_or(p.credential_level <> '' AND coalesce(p.ends, p.starts) <= make_date({year} + 7, 6, 30))"
        "     AS degree_by_25,"
        "   bool_or(p.kind = 'military') AS enlisted FROM schools_postsecondaryoutcome p"
        "   JOIN units u ON u.student_id = p.student_id GROUP BY 1)"
        " SELECT u.*, coalesce(c.dual_credits, 0) AS dual_credits, coalesce(c.english_credits, 0) AS english_credits,"
        " coalesce(c.math_credits, 0) AS math_credits, coalesce(c.science_credits, 0) AS science_credits,"
        " coalesce(c.social_credits, 0) AS social_credits, coalesce(c.epsos, 0) AS epsos,"
        " coalesce(c.cte_dual_credits, 0) AS cte_dual_credits,"
        " coalesce(c.math_science_exam_courses, 0) AS math_science_exam_courses,"
        " coalesce(c.humanities_exam_courses, 0) AS humanities_exam_courses,"
        " coalesce(g.cte_courses, 0) AS cte_courses, coalesce(g.cte_credits, 0) AS cte_credits, t.*,"
        " coalesce(k.credentials, 0) AS credentials,"
        " coalesce(k.credential_attempts, 0) AS credential_attempts, coalesce(w.wbl, 0) AS wbl,"
        " coalesce(w.wbl_hours, 0) AS wbl_hours, coalesce(w.apprenticeship, false) AS apprenticeship,"
        " f.diploma_year, coalesce(f.diploma_year <= {year}, false) AS graduated,"
        " coalesce(f.regular_diploma, false) AS regular_diploma, (x.student_id IS NOT NULL) AS removed,"
        " coalesce(p.enrolled_after, false) AS enrolled_after, coalesce(p.enlisted, false) AS enlisted,"
        " coalesce(p.placed, false) AS placed, coalesce(p.degree_by_25, false) AS degree_by_25,"
        " (f.diploma_year IS NOT NULL AND f.diploma_year <= {year}) AS in_four,"
        " (f.diploma_year IS NOT NULL AND f.diploma_year <= {year} + 1) AS in_five,"
        " (f.diploma_year IS NOT NULL AND f.diploma_year <= {year} + 2) AS in_six, " + _RULED +
        " FROM units u LEFT JOIN courses c ON c.student_id = u.student_id"
        " LEFT JOIN programs g ON g.student_id = u.student_id"
        " LEFT JOIN (SELECT student_id AS tested_id, " + ", ".join((*_TEST_NAMES, *_OF_HIGH_SCHOOL)) + " FROM tests) t"
        "   ON t.tested_id = u.student_id"
        " LEFT JOIN earned k ON k.student_id = u.student_id LEFT JOIN worked w ON w.student_id = u.student_id"
        " LEFT JOIN finished f ON f.student_id = u.student_id LEFT JOIN taken_out x ON x.student_id = u.student_id"
        " LEFT JOIN went_on p ON p.student_id = u.student_id LEFT JOIN ruled r ON r.student_id = u.student_id",
        **parts,
    )  # fmt: skip


def rows(ask: Ask) -> list[dict[str, Any]]:
    """The rows of facts themselves, by student, what stands highest first: for some students, not for a state."""
    make(ask)
    with connection.cursor() as cursor:
        cursor.execute("SELECT f.* FROM facts f ORDER BY f.student_id, length(f.path)")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# --- basis “senior”, and facts that only states' rules ask for --------------------------------------------------------
FACTS |= {
    "act_ela": _("ACT English and reading together"),
    "tsia_ela": _("TSIA2 English language arts and reading"),
    "tsia_essay": _("TSIA2 essay"),
    "tsia_math": _("TSIA2 mathematics"),
    "sccrt": _("Level on the South Carolina Career Ready Test"),
    "dual_ela_math": _("Dual enrollment credits in English and mathematics"),
    "dual_quantitative": _("Dual enrollment courses passed in mathematics or science"),
    "dual_verbal": _("Dual enrollment courses passed in other subjects"),
    "ap_quantitative": _("AP exams with 3 or more in mathematics or science"),
    "ap_verbal": _("AP exams with 3 or more in other subjects"),
    "ib_quantitative": _("IB exams with 5 or more in mathematics or science"),
    "ib_verbal": _("IB exams with 5 or more in other subjects"),
    "epsos_all": _("Early postsecondary opportunities, credentials among them"),
    "military": _("In the military by the June after graduation"),
}

# The two kinds of subjects that Kentucky told apart until 2022, by the names that AP and IB exams have.
_QUANTITATIVE = "'(math|calculus|statistics|biolog|chemistry|physics|environmental|computer)'"
_RULED_COLUMNS: dict[str, str] = {
    "act_ela": "max(a.score) FILTER (WHERE a.test = 'ACT' AND a.subject = 'English')"
    " + max(a.score) FILTER (WHERE a.test = 'ACT' AND a.subject = 'Reading') AS act_ela",
    "tsia_ela": _best("tsia_ela", "TSIA2", "('ELAR', 'Reading')"),
    "tsia_essay": _best("tsia_essay", "TSIA2", "('Essay')"),
    "tsia_math": _best("tsia_math", "TSIA2", "('Mathematics', 'Math')"),
    "sccrt": "max(substring(a.performance_level FROM '[0-9]')::int) FILTER (WHERE a.test = 'SCCRT') AS sccrt",
    **{
        f"{test}_{kind}": f"count(*) FILTER (WHERE a.test = '{test.upper()}' AND a.score >= {score}"
        f" AND a.subject {like} {_QUANTITATIVE})::int AS {test}_{kind}"
        for test, score in (("ap", 3), ("ib", 5))
        for kind, like in (("quantitative", "~*"), ("verbal", "!~*"))
    },
}
_RULED = ", ".join(
    [f"r.{name}" for name in ("act_ela", "tsia_ela", "tsia_essay", "tsia_math", "sccrt")]
    + [
        f"coalesce(r.{name}, 0) AS {name}"
        for name in (
            *("dual_ela_math", "dual_quantitative", "dual_verbal"),
            *("ap_quantitative", "ap_verbal", "ib_quantitative", "ib_verbal"),
        )
    ]
    + [
        "coalesce(c.epsos, 0) + coalesce(k.credentials, 0) AS epsos_all",
        "coalesce(r.military, false) AS military",
    ]
)


def _facts_for_rules(parts: dict[str, sql.Composable]) -> None:
    """The temporary table ``ruled``: what only rules of states ask for, by the end of the year."""
    _run("DROP TABLE IF EXISTS ruled")
    _run(
        "CREATE TEMP TABLE ruled ON COMMIT DROP AS"
        " WITH who AS (SELECT DISTINCT student_id FROM units),"
        " dual AS (SELECT c.student_id, sum(c.credits_earned) FILTER (WHERE c.subject IN ('ela', 'math'))"
        "     AS dual_ela_math,"
        "   count(*) FILTER (WHERE c.subject IN ('math', 'science'))::int AS dual_quantitative,"
        "   count(*) FILTER (WHERE c.subject NOT IN ('math', 'science'))::int AS dual_verbal"
        "   FROM schools_courserecord c JOIN who USING (student_id)"
        "   WHERE c.year <= {year} AND c.level = 'dual' AND c.credits_earned > 0 GROUP BY 1),"
        " tests AS (SELECT a.student_id, " + ", ".join(_RULED_COLUMNS.values()) +
        "   FROM schools_assessmentresult a JOIN who USING (student_id)"
        "   WHERE a.year <= {year} AND a.test IN ('ACT', 'TSIA2', 'SCCRT', 'AP', 'IB') GROUP BY 1),"
        " served AS (SELECT DISTINCT p.student_id, true AS military FROM schools_postsecondaryoutcome p"
        "   JOIN who USING (student_id) WHERE p.kind = 'military' AND p.starts <= make_date({year} + 1, 6, 30))"
        " SELECT * FROM dual FULL JOIN tests USING (student_id) FULL JOIN served USING (student_id)",
        **parts,
    )  # fmt: skip


def _units_of_seniors(parts: dict[str, sql.Composable]) -> None:
    """The year's graduates, and students in grade 12 at its end without a diploma, at the last school of that year.

    Whoever moved has a row at each organization above too, with the days enrolled there, where these are more: who
    was not at one school for long enough may have been in the district.
    """
    attributes = ("grade", "exit_code", "race_ethnicity", "sex", *_FLAGS)
    diploma = (
        "EXISTS (SELECT FROM schools_diploma d WHERE d.student_id = e.student_id AND d.year {}"
        " AND d.kind IN ('regular', 'alternate'))"
    )
    latest = "(array_agg(e.{} ORDER BY e.entered DESC, e.id DESC))[1]"
    _run(
        "CREATE TEMP TABLE units ON COMMIT DROP AS"
        " WITH spells AS (SELECT e.*, o.path, first_value(e.organization_id) OVER (PARTITION BY e.student_id"
        "     ORDER BY e.entered DESC, e.id DESC) AS last_id FROM schools_enrollment e"
        "   JOIN schools_organization o ON o.id = e.organization_id AND NOT o.shared_time"
        "   WHERE e.year = {year} AND e.grade IN ('09', '10', '11', '12') AND starts_with(o.path, {path}) {some})"
        " SELECT e.student_id, max(e.last_id) AS organization_id, " + latest.format("path") + " AS path, " +
        latest.format("grade") + " AS grade, " + latest.format("exit_code") + " AS exit_code, " + _OF_SPELLS +
        ", sum(e.days_enrolled) FILTER (WHERE e.organization_id = e.last_id)::int AS days_enrolled"
        " FROM spells e GROUP BY 1"
        " HAVING " + diploma.format("= {year}") + " OR (" + latest.format("grade") + " = '12' AND " +
        latest.format("exit_code") + " NOT IN ('transfer_within', 'transfer_out', 'emigrated', 'died')"
        " AND NOT " + diploma.format("<= {year}") + ")",
        **parts,
    )  # fmt: skip
    _run(
        "INSERT INTO units (student_id, organization_id, path, days_enrolled, " + ", ".join(attributes) + ")"
        " WITH below AS (SELECT u.student_id, a.id, a.path, sum(e.days_enrolled)::int AS days FROM units u"
        "   JOIN schools_organization a ON starts_with(u.path, a.path) AND a.path <> u.path"
        "     AND starts_with(a.path, {path})"
        "   JOIN schools_enrollment e ON e.student_id = u.student_id AND e.year = {year}"
        "   JOIN schools_organization o ON o.id = e.organization_id AND NOT o.shared_time"
        "     AND starts_with(o.path, a.path) GROUP BY 1, 2, 3)"
        " SELECT u.student_id, d.id, d.path, d.days, " + ", ".join(f"u.{name}" for name in attributes) +
        " FROM units u JOIN below d ON d.student_id = u.student_id AND d.days > u.days_enrolled",
        **parts,
    )  # fmt: skip
