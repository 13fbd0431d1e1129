"""Programs of study: what a student has taken and means to take, held against pathway, core and graduation credits.

Everything is worked out when it is looked at, for one student or for a school at once, by the same function. Credits
of courses that go on count as if they will be earned; a planned course that a record shows as taken counts once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, Q, Sum, TextChoices, When
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hstw.values import SchoolYear
from pathways import requirements
from pathways.models import Course, Pathway, PathwayCourse, PlannedCourse, ProgramOfStudy, ProgramReview
from pathways.models.catalog import HIGH_SCHOOL, TOTAL, Subject
from pathways.models.pathway import Part
from pathways.rules import RECOMMENDED, said, shortfalls
from schools.models import CourseRecord, Enrollment, EvidenceChange, EvidenceCoverage, Organization, Student, User
from schools.models.evidence import ExitCode

ONE_CREDIT = Decimal(1)
# The kind of evidence that programs are, where figures are counted from them.
EVIDENCE = "programs_of_study"
_GOES_ON = Q(credits_earned=None) | Q(credits_earned=0, mark="")
_STAYED = Q(exited=None) | Q(exit_code__in=[ExitCode.END_OF_YEAR, ExitCode.GRADUATED])


class Standing(TextChoices):
    """Where a student's program stands; the first that fits, in this order."""

    NONE = "none", gettext_lazy("No program yet")
    NO_PATHWAY = "no_pathway", gettext_lazy("No pathway chosen")
    OFF = "off", gettext_lazy("Off pathway")
    SHORT = "short", gettext_lazy("Misses credits")
    ONE_CREDIT = "one_credit", gettext_lazy("Misses one credit")
    REVIEW = "review", gettext_lazy("Review due")
    ON_TRACK = "on_track", gettext_lazy("On track")


@dataclass(frozen=True)
class Check:
    """What a program lacks: pathway courses neither taken nor planned, credits by subject, this year's review."""

    standing: Standing
    not_planned: tuple[str, ...] = ()
    core: Mapping[str, Decimal] = field(default_factory=dict)
    graduation: Mapping[str, Decimal] = field(default_factory=dict)
    reviewed: bool = True

    @property
    def why(self) -> str:
        """In a sentence or two; blank where nothing is missing."""
        parts = []
        if self.not_planned:
            parts.append(_("Not planned: %(courses)s.") % {"courses": ", ".join(self.not_planned)})
        if self.graduation:
            parts.append(_("To graduate: %(credits)s.") % {"credits": in_words(self.graduation)})
        if self.core and dict(self.core) != {key: n for key, n in self.graduation.items() if key != TOTAL}:
            parts.append(_("For the recommended core: %(credits)s.") % {"credits": in_words(self.core)})
        if not self.reviewed and self.standing not in {Standing.NONE, Standing.NO_PATHWAY}:
            parts.append(_("Not reviewed this school year."))
        return " ".join(parts)


def in_words(missing: Mapping[str, Decimal]) -> str:
    """``1 more credit of Science, 0.5 of English``."""
    labels = dict(Subject.choices) | {TOTAL: _("all subjects together")}
    return ", ".join(
        _("%(n)s more of %(subject)s") % {"n": said(credits), "subject": labels[subject]}
        for subject, credits in missing.items()
    )


@dataclass(frozen=True)
class Row:
    """A student of the list: grade, program if there is one, and what is missing."""

    student: Student
    grade: str
    program: ProgramOfStudy | None
    check: Check


@dataclass
class Taken:
    """What a student's course records say: credits by subject, and the courses taken or going on.

    A catalog's course is known by its code or, where a file has other codes, by its title; ``names`` are both.
    """

    credits: dict[str, Decimal] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def has(self, course: Course) -> bool:
        """Whether the course is passed or going on."""
        return course.code.upper() in self.names or course.title.upper() in self.names


def roster(organization: Organization, year: int) -> dict[int, str]:
    """The high school students of an organization in a year who have not left, with their grade; one query."""
    rows = (
        Enrollment.objects.filter(
            _STAYED, organization__path__startswith=organization.path, year=year, grade__in=HIGH_SCHOOL
        )
        .order_by("entered", "pk")
        .values_list("student", "grade")
    )
    return dict(rows)


def standings(organization: Organization, year: int) -> dict[int, tuple[str, ProgramOfStudy | None, Check]]:
    """Grade, program and check of every student of a school; a constant number of queries."""
    grades = roster(organization, year)
    programs = {
        program.student_id: program
        for program in ProgramOfStudy.objects.current()
        .filter(organization=organization, student__in=list(grades))
        .select_related("pathway", "adviser")
    }
    checks = check(organization, year, programs.values())
    nothing = Check(Standing.NONE)
    return {
        student: (grade, programs.get(student), checks[programs[student].pk] if student in programs else nothing)
        for student, grade in grades.items()
    }


def check(organization: Organization, year: int, programs: Iterable[ProgramOfStudy]) -> dict[int, Check]:
    """The check of each program, by its key; a constant number of queries."""
    wanted = list(programs)
    taken = taken_by(program.student_id for program in wanted)
    planned: dict[int, list[Course]] = {}
    for row in PlannedCourse.objects.filter(program__in=wanted).select_related("course"):
        planned.setdefault(row.program_id, []).append(row.course)
    own: dict[int, list[Course]] = {}
    for placed in (
        PathwayCourse.objects.filter(pathway__in={program.pathway_id for program in wanted}, part=Part.PATHWAY)
        .select_related("course")
        .order_by("grade", "position", "pk")
    ):
        own.setdefault(placed.pathway_id, []).append(placed.course)
    first, last = SchoolYear(year).first_day, SchoolYear(year).last_day
    reviewed = set(
        ProgramReview.objects.filter(program__in=wanted, held_on__range=(first, last)).values_list("program", flat=True)
    )
    needed = requirements.of(organization)
    return {
        program.pk: _check(
            program,
            taken.get(program.student_id, Taken()),
            planned.get(program.pk, []),
            own.get(program.pathway_id or 0, []),
            needed,
            program.pk in reviewed,
        )
        for program in wanted
    }


def _check(
    program: ProgramOfStudy,
    taken: Taken,
    planned: list[Course],
    own: list[Course],
    needed: Mapping[str, Decimal],
    reviewed: bool,
) -> Check:
    """One program held against its pathway, the recommended core and the credits to graduate."""
    open_courses = [course for course in planned if not taken.has(course)]
    have = dict(taken.credits)
    for course in open_courses:
        have[course.subject] = have.get(course.subject, Decimal(0)) + course.credits
    have[TOTAL] = sum((credits for subject, credits in have.items() if subject != TOTAL), Decimal(0))
    sure = {course.pk for course in planned}
    not_planned = tuple(course.title for course in own if course.pk not in sure and not taken.has(course))
    core, graduation = shortfalls(have, RECOMMENDED), shortfalls(have, needed)
    # A credit that a subject lacks is also missing in all together: the larger of the two says how much is missing.
    subjects = sum((credits for subject, credits in graduation.items() if subject != TOTAL), Decimal(0))
    missing = max(subjects, graduation.get(TOTAL, Decimal(0)))
    if program.pathway_id is None:
        standing = Standing.NO_PATHWAY
    elif not_planned:
        standing = Standing.OFF
    elif missing > ONE_CREDIT:
        standing = Standing.SHORT
    elif missing:
        standing = Standing.ONE_CREDIT
    elif not reviewed:
        standing = Standing.REVIEW
    else:
        standing = Standing.ON_TRACK
    return Check(standing, not_planned, core, graduation, reviewed)


def taken_by(students: Iterable[int]) -> dict[int, Taken]:
    """Credits and course codes of students, from all their records; two queries.

    A course that goes on counts with the credits attempted: it has none earned yet, or, as some files have it, 0 and no
    mark. One that was failed has earned 0 and has a mark.
    """
    wanted = list(students)
    records = CourseRecord.objects.filter(student__in=wanted).order_by()
    found: dict[int, Taken] = {}
    counted = Case(When(_GOES_ON, then=F("credits_attempted")), default=F("credits_earned"))
    credits = records.values("student", "subject").annotate(n=Sum(counted))
    for row in credits:
        if row["n"]:
            subject = row["subject"] if row["subject"] in Subject.values else Subject.OTHER.value
            kept = found.setdefault(row["student"], Taken()).credits
            kept[subject] = kept.get(subject, Decimal(0)) + row["n"]
    # A failed course has to be taken again: its code does not say that it is done.
    passed = records.filter(_GOES_ON | Q(credits_earned__gt=0))
    code = Case(When(course_code="", then=F("sced_code")), default=F("course_code"))
    by_student = passed.values("student").annotate(
        codes=ArrayAgg(Upper(code), distinct=True), titles=ArrayAgg(Upper("title"), distinct=True)
    )
    for student, codes, titles in by_student.values_list("student", "codes", "titles"):
        found.setdefault(student, Taken()).names = frozenset([*codes, *titles])
    return found


def tell(program: ProgramOfStudy) -> None:
    """Write down that a school's programs are kept here, and whose was begun or looked at: figures count them."""
    year = SchoolYear.on(timezone.localdate())
    EvidenceCoverage.objects.get_or_create(organization=program.organization, year=int(year), kind=EVIDENCE)
    EvidenceChange.objects.create(
        student_id=program.student_id, organization=program.organization, year=int(year), kind=EVIDENCE
    )


@transaction.atomic
def plan_pathway(program: ProgramOfStudy, grade: str) -> int:
    """Plan every course of the pathway that is neither taken nor planned, from ``grade`` on; how many.

    A course whose grade is over goes to the present one. Raises ``ValidationError`` without a pathway.
    """
    if program.pathway_id is None:
        raise ValidationError(_("Choose a pathway first."))
    taken = taken_by([program.student_id]).get(program.student_id, Taken())
    there = set(PlannedCourse.objects.filter(program=program).values_list("course", flat=True))
    rows = PathwayCourse.objects.filter(pathway=program.pathway_id).select_related("course")
    new = [
        PlannedCourse(program=program, course=row.course, grade=max(row.grade, grade))
        for row in rows.order_by("grade", "position", "pk")
        if row.course_id not in there and not taken.has(row.course)
    ]
    PlannedCourse.objects.bulk_create(new)
    return len(new)


@transaction.atomic
def plan(program: ProgramOfStudy, course: Course, grade: str) -> PlannedCourse:
    """Plan a course in a grade; raises ``ValidationError``."""
    ProgramOfStudy.objects.select_for_update(of=("self",)).get(pk=program.pk)
    if not course.grade_low <= grade <= course.grade_high:
        words = _("%(course)s is for grades %(grades)s.")
        raise ValidationError(words % {"course": course.title, "grades": course.grades})
    if PlannedCourse.objects.filter(program=program, course=course).exists():
        raise ValidationError(_("%(course)s is planned already.") % {"course": course.title})
    row: PlannedCourse = PlannedCourse.objects.create(program=program, course=course, grade=grade)
    return row


@transaction.atomic
def review(program: ProgramOfStudy, held_on: dt.date, by: User, *, with_family: bool, note: str) -> ProgramReview:
    """Write down that the program was looked at with the student; raises ``ValidationError``."""
    ProgramOfStudy.objects.select_for_update(of=("self",)).get(pk=program.pk)
    if ProgramReview.objects.filter(program=program, held_on=held_on).exists():
        raise ValidationError({"held_on": _("A review of that day is recorded already.")})
    row: ProgramReview = ProgramReview.objects.create(
        program=program, held_on=held_on, by=by, with_family=with_family, note=note.strip()
    )
    tell(program)
    return row


def pathways_for(organization: Organization, year: int) -> list[Pathway]:
    """Approved pathways that a student of the organization can choose: its own and its district's."""
    rows = Pathway.objects.offered_to(organization).in_year(year).filter(status="approved")
    return list(rows.order_by("name", "pk"))
