"""What can be imported: each target is a table of the model with the columns that a file may bring.

A target is data. Staging tables, the comparison, the codebook and the blank templates are all made from it; apps
above ``schools`` add their own through :func:`schools.imports.registry.register_target`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.db import models
from django.utils.translation import gettext_lazy as _

from schools.imports import values
from schools.imports.values import Parser
from schools.models import (
    AssessmentResult,
    CohortRemoval,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    PostsecondaryOutcome,
    Student,
    WorkExperience,
)
from schools.models.evidence import CourseLevel, ExitCode, RaceEthnicity
from schools.models.organization import Grade

# How a missing record is understood where a file replaces what is there.
Gone = Literal["end", "delete", "never"]
# Whether a row may make a record, or only change one that is there.
Writes = Literal["upsert", "update"]


@dataclass(frozen=True)
class Column:
    """One column that a file may bring: its name in the model and in our template, and how it is read.

    ``pg`` is its type in staging. ``evidence`` names the kind of evidence that is covered once a file brings the
    column (attendance comes inside a roster, for example); blank goes with the target's own kind. ``blank`` is the
    value that stands for “nothing said” in the model: ``""`` for text, ``None`` elsewhere.
    """

    name: str
    label: Any
    parse: Parser
    pg: str = "text"
    required: bool = False
    evidence: str = ""
    help: Any = ""
    example: str = ""

    @property
    def blank(self) -> str | None:
        """What the model holds where nothing is said."""
        return "" if self.pg == "text" else None


@dataclass(frozen=True)
class Target:
    """A table to import into.

    ``key`` are the model's columns that name one record (of which ``student_id``, ``organization_id`` and ``year``
    are staged for every row). ``update`` targets change every record that the key names and never make one.
    ``kind`` is the kind of evidence covered; a callable builds it in SQL from staged columns (one per test).
    """

    code: str
    label: Any
    plural: Any
    model: type[models.Model]
    kind: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    gone: Gone = "never"
    writes: Writes = "upsert"
    about_student: bool = True
    # Column whose latest date says through when the evidence reaches; the day of loading where there is none.
    dated_by: str = ""
    # SQL over the staged row that gives the kind of evidence, where it depends on the row.
    kind_sql: str = ""
    # Checks over a whole staged row: (SQL that is true for a bad row, cause, text, advice).
    checks: tuple[Check, ...] = ()

    def column(self, name: str) -> Column:
        """The column of this name; raises ``KeyError``."""
        return next(column for column in self.columns if column.name == name)

    @property
    def table(self) -> str:
        """The model's table."""
        return self.model._meta.db_table


@dataclass(frozen=True)
class Check:
    """A rule over several columns of a row: rows for which ``bad`` (SQL on the staged row ``s``) holds are refused."""

    needs: tuple[str, ...]
    bad: str
    cause: str
    text: Any
    advice: Any = ""
    column: str = ""


def text(limit: int) -> Parser:
    """Text of at most ``limit`` characters."""
    return values.Text(limit)


_FLAG_HELP = _("Y or N; blank where it is not known.")


def _flag(name: str, label: Any) -> Column:
    return Column(name, label, values.Flag(), "boolean", evidence="demographics", help=_FLAG_HELP, example="N")


STUDENT = Target(
    code="student",
    label=_("student"),
    plural=_("students"),
    model=Student,
    kind="student",
    key=("student_id",),
    columns=(
        Column("first_name", _("first name"), text(100), required=True, example="Maria"),
        Column("middle_name", _("middle name"), text(100), example="Luz"),
        Column("last_name", _("last name"), text(100), required=True, example="Alvarez"),
        Column("birth_date", _("birth date"), values.Day(), "date", example="2010-03-14"),
        Column(
            "grade_9_year",
            _("first year in grade 9"),
            values.Year(),
            "smallint",
            help=_("The school year, by the year in which it ends, in which the student first entered grade 9."),
            example="2025",
        ),
    ),
)

ENROLLMENT = Target(
    code="enrollment",
    label=_("enrollment"),
    plural=_("enrollments"),
    model=Enrollment,
    kind="enrollment",
    key=("student_id", "organization_id", "year", "entered"),
    gone="end",
    columns=(
        Column("grade", _("grade"), values.Choice(Grade, values.GRADES), required=True, example="09"),
        Column("entered", _("entered"), values.Day(), "date", required=True, example="2025-08-12"),
        Column("exited", _("exited"), values.Day(), "date", help=_("The last day; blank while enrolled.")),
        Column("exit_code", _("exit code"), values.Choice(ExitCode, values.EXITS), help=_("How the spell ended.")),
        Column("days_enrolled", _("days enrolled"), values.Integer(0, 366), "smallint", evidence="attendance"),
        Column("days_absent", _("days absent"), values.Integer(0, 366), "smallint", evidence="attendance"),
        Column(
            "race_ethnicity",
            _("race and ethnicity"),
            values.Choice(RaceEthnicity, values.RACES),
            evidence="demographics",
            help=_("One of the seven federal categories; Hispanic or Latino of any race is HI."),
            example="HI",
        ),
        Column("sex", _("sex"), values.Choice({"F": "F", "M": "M", "X": "X"}, values.SEXES), evidence="demographics"),
        _flag("economically_disadvantaged", _("economically disadvantaged")),
        _flag("english_learner", _("English learner")),
        _flag("with_disabilities", _("with disabilities")),
        _flag("homeless", _("homeless")),
        _flag("foster_care", _("in foster care")),
        _flag("military_connected", _("parent in the military")),
        _flag("migrant", _("migrant")),
        _flag("single_parent", _("single parent")),
        _flag("non_traditional", _("preparing for a non-traditional field")),
    ),
    checks=(
        Check(
            ("exited", "entered"),
            "s.exited < s.entered",
            "exit_before_entry",
            _("The exit is before the entry"),
            _("Check which of the two dates is right; a spell ends on or after the day it begins."),
            "exited",
        ),
        Check(
            ("days_absent", "days_enrolled"),
            "s.days_absent > s.days_enrolled",
            "absent_beyond_enrolled",
            _("More days absent than days enrolled"),
            _("Days absent are counted within the days enrolled of the same spell (federal chronic-absence file)."),
            "days_absent",
        ),
        Check(
            ("days_absent",),
            "s.days_absent IS NOT NULL AND s.days_enrolled IS NULL",
            "absent_without_enrolled",
            _("Days absent without days enrolled"),
            _("A share of days absent needs both; fill in the days enrolled."),
            "days_enrolled",
        ),
    ),
)

ATTENDANCE = Target(
    code="attendance",
    label=_("attendance"),
    plural=_("attendance"),
    model=Enrollment,
    kind="attendance",
    key=("student_id", "organization_id", "year"),
    writes="update",
    columns=(
        Column("days_enrolled", _("days enrolled"), values.Integer(0, 366), "smallint", required=True, example="176"),
        Column("days_absent", _("days absent"), values.Integer(0, 366), "smallint", required=True, example="9"),
    ),
    checks=(ENROLLMENT.checks[1],),
)

DEMOGRAPHICS = Target(
    code="demographics",
    label=_("attributes of a student's year"),
    plural=_("attributes of students' years"),
    model=Enrollment,
    kind="demographics",
    key=("student_id", "year"),
    writes="update",
    columns=tuple(column for column in ENROLLMENT.columns if column.evidence == "demographics"),
)

COURSE_RECORD = Target(
    code="course_record",
    label=_("course record"),
    plural=_("course records"),
    model=CourseRecord,
    kind="courses",
    key=("student_id", "organization_id", "year", "term", "course_code", "section"),
    gone="delete",
    columns=(
        Column(
            "course_code",
            _("course code"),
            text(60),
            required=True,
            help=_("The district's own; the SCED code or the title stands in where there is none."),
            example="MAT201",
        ),
        Column("section", _("section"), text(40), example="3"),
        Column("term", _("term"), text(20), example="FY"),
        Column("title", _("course"), text(120), required=True, example="Algebra II"),
        Column("sced_code", _("SCED code"), values.Sced(), help=_("Five digits."), example="02056"),
        Column("subject", _("subject"), text(20), example="math"),
        Column("level", _("level"), values.Choice(CourseLevel, values.LEVELS, "general"), example="honors"),
        Column("cip_code", _("CIP code"), values.Cip(), help=_("The CTE program the course belongs to."), example=""),
        Column("mark", _("mark"), text(5), example="B+"),
        Column("credits_attempted", _("credits attempted"), values.Decimal(0, 20), "numeric(4,2)", example="1.00"),
        Column("credits_earned", _("credits earned"), values.Decimal(0, 20), "numeric(4,2)", example="1.00"),
    ),
    checks=(
        Check(
            ("credits_earned", "credits_attempted"),
            "s.credits_earned > s.credits_attempted",
            "earned_beyond_attempted",
            _("More credits earned than attempted"),
            _("Check both columns; a course earns at most what it offers."),
            "credits_earned",
        ),
        Check(
            ("credits_earned",),
            "s.credits_earned IS NOT NULL AND s.credits_attempted IS NULL",
            "earned_without_attempted",
            _("Credits earned without credits attempted"),
            _("Fill in the credits attempted."),
            "credits_attempted",
        ),
    ),
)

ASSESSMENT_RESULT = Target(
    code="assessment_result",
    label=_("assessment result"),
    plural=_("assessment results"),
    model=AssessmentResult,
    kind="assessment",
    kind_sql="'assessment:' || s.test",
    key=("student_id", "test", "subject", "taken_on"),
    gone="delete",
    dated_by="taken_on",
    columns=(
        # One less than fits: “assessment:” and a test are a kind of evidence, which is of at most 40 characters.
        Column("test", _("test"), text(29), required=True, example="ACT"),
        Column("subject", _("subject"), text(40), required=True, example="Mathematics"),
        Column("taken_on", _("taken on"), values.Day(), "date", required=True, example="2026-03-24"),
        Column("score", _("score"), values.Decimal(-9999, 99999), "numeric(7,2)", example="22"),
        Column("performance_level", _("level"), text(40), example=""),
    ),
    checks=(
        Check(
            ("score", "performance_level"),
            "s.score IS NULL AND s.performance_level = ''",
            "no_result",
            _("Neither a score nor a level"),
            _("Rows without a result are left out; nobody who was not tested counts as tested."),
            "score",
        ),
    ),
)

CREDENTIAL = Target(
    code="credential",
    label=_("credential"),
    plural=_("credentials"),
    model=CredentialEarned,
    kind="credentials",
    key=("student_id", "credential_code", "earned_on"),
    gone="delete",
    dated_by="earned_on",
    columns=(
        Column("credential_code", _("credential"), text(40), required=True, example="CNA"),
        Column("issuer", _("issuer"), text(120), example="State Board of Nursing"),
        Column("earned_on", _("date"), values.Day(), "date", required=True, example="2026-05-04"),
        Column("passed", _("earned"), values.Flag(default=True), "boolean", help=_("N for an attempt that failed.")),
    ),
)

WORK_EXPERIENCE = Target(
    code="work_experience",
    label=_("work-based learning"),
    plural=_("work-based learning"),
    model=WorkExperience,
    kind="work_experience",
    key=("student_id", "organization_id", "year", "kind", "employer", "starts"),
    gone="delete",
    dated_by="ends",
    columns=(
        Column("kind", _("kind"), text(30), required=True, example="internship"),
        Column("employer", _("employer"), text(120), example="Hill Memorial Hospital"),
        Column("starts", _("from"), values.Day(), "date", example="2026-01-12"),
        Column("ends", _("until"), values.Day(), "date", example="2026-05-15"),
        Column("hours", _("hours"), values.Integer(0, 5000), "smallint", example="120"),
        Column("paid", _("paid"), values.Flag(), "boolean", example="Y"),
    ),
    checks=(
        Check(
            ("starts", "ends"),
            "s.ends < s.starts",
            "ends_before_start",
            _("It ends before it begins"),
            _("Check which of the two dates is right."),
            "ends",
        ),
    ),
)

DIPLOMA = Target(
    code="diploma",
    label=_("diploma"),
    plural=_("diplomas"),
    model=Diploma,
    kind="diplomas",
    key=("student_id", "kind"),
    gone="delete",
    dated_by="awarded_on",
    columns=(
        Column("kind", _("kind"), values.Choice(Diploma.Kind, values.DIPLOMAS), required=True, example="regular"),
        Column("awarded_on", _("awarded on"), values.Day(), "date", required=True, example="2026-05-22"),
    ),
)

COHORT_REMOVAL = Target(
    code="cohort_removal",
    label=_("cohort removal"),
    plural=_("cohort removals"),
    model=CohortRemoval,
    kind="cohort_removals",
    key=("student_id", "removed_on"),
    gone="delete",
    dated_by="removed_on",
    columns=(
        Column("reason", _("reason"), values.Choice(ExitCode, values.EXITS), required=True, example="transfer_out"),
        Column("removed_on", _("date"), values.Day(), "date", required=True, example="2025-10-03"),
        Column(
            "document",
            _("document"),
            text(200),
            help=_("What proves it; without a document the student stays in the cohort (34 CFR 200.34)."),
            example="records request 2025-118",
        ),
    ),
)

POSTSECONDARY_OUTCOME = Target(
    code="postsecondary_outcome",
    label=_("postsecondary outcome"),
    plural=_("postsecondary outcomes"),
    model=PostsecondaryOutcome,
    kind="postsecondary",
    key=("student_id", "kind", "institution", "starts"),
    gone="delete",
    dated_by="starts",
    columns=(
        Column(
            "kind",
            _("kind"),
            values.Choice(values.OUTCOME_KINDS, values.OUTCOMES),
            required=True,
            example="college_2yr",
        ),
        Column("institution", _("institution"), text(160), example="Lawson State Community College"),
        Column("starts", _("from"), values.Day(), "date", required=True, example="2026-08-17"),
        Column("ends", _("until"), values.Day(), "date"),
        Column("credential_level", _("credential"), text(30), example="certificate"),
    ),
)

BUILT_IN: tuple[Target, ...] = (
    STUDENT,
    ENROLLMENT,
    ATTENDANCE,
    DEMOGRAPHICS,
    COURSE_RECORD,
    ASSESSMENT_RESULT,
    CREDENTIAL,
    WORK_EXPERIENCE,
    DIPLOMA,
    COHORT_REMOVAL,
    POSTSECONDARY_OUTCOME,
)

# What every row about a student may say beside the target's own columns.
ABOUT_STUDENT: tuple[Column, ...] = (
    Column(
        "state_number",
        _("state student number"),
        values.Identifier(),
        help=_("The number the state gave; matched within the state. One of the two numbers is needed."),
        example="1904417263",
    ),
    Column(
        "local_number",
        _("district student number"),
        values.Identifier(),
        help=_("The number the district gave; matched within the district."),
        example="0048213",
    ),
)
OF_ORGANIZATION = Column(
    "school",
    _("school"),
    text(200),
    help=_("NCES id, state id or name of the school; blank in a file of one school."),
    example="010000100001",
)
OF_YEAR = Column(
    "school_year",
    _("school year"),
    values.Year(),
    "smallint",
    help=_("By the year in which it ends; blank for the year chosen at upload."),
    example="2026",
)
