"""The inside of a pathway: its courses by grade, and putting them there, moving and removing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _

from pathways import rules
from pathways.models import Course, CoursePrerequisite, Pathway, PathwayCourse, Waiver
from pathways.models.catalog import HIGH_SCHOOL
from pathways.models.pathway import Part
from schools.models.organization import Grade

UP, DOWN = "up", "down"
MOST_COURSES = 80


@dataclass
class Placed:
    """A course of the design, with what it needs."""

    row: PathwayCourse
    requires: list[str]

    @property
    def course(self) -> Course:
        """The course itself."""
        return self.row.course


@dataclass
class Column:
    """A grade: its courses by part, in order, and their credits."""

    grade: str
    pathway: list[Placed] = field(default_factory=list)
    core: list[Placed] = field(default_factory=list)
    elective: list[Placed] = field(default_factory=list)

    @property
    def label(self) -> str:
        """As people say it."""
        return str(Grade(self.grade).label)

    @property
    def credits(self) -> Decimal:
        """Credits of the grade together."""
        rows = [*self.pathway, *self.core, *self.elective]
        return sum((placed.course.credits for placed in rows), Decimal(0))

    @property
    def parts(self) -> list[tuple[str, str, list[Placed]]]:
        """Part, its words and its courses, in the order in which they are drawn."""
        return [
            (Part.PATHWAY.value, _("Pathway"), self.pathway),
            (Part.CORE.value, _("Core"), self.core),
            (Part.ELECTIVE.value, _("Electives"), self.elective),
        ]


@dataclass
class Design:
    """A pathway drawn by grade, and what the rules say of it."""

    pathway: Pathway
    columns: list[Column]
    findings: tuple[rules.Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether every rule holds or is waived."""
        return rules.complete(self.findings)

    @property
    def courses(self) -> int:
        """How many courses it has."""
        return sum(len(rows) for column in self.columns for _part, _words, rows in column.parts)

    @property
    def pathway_courses(self) -> int:
        """How many of them are its own."""
        return sum(len(column.pathway) for column in self.columns)

    @property
    def unmet(self) -> list[rules.Finding]:
        """The rules that neither hold nor are waived."""
        return [finding for finding in self.findings if not finding.satisfied]


def of(pathway: Pathway) -> Design:
    """The design of one pathway; three queries."""
    return of_many([pathway])[pathway.pk]


def of_many(pathways: Iterable[Pathway]) -> dict[int, Design]:
    """The designs of pathways, by key; three queries however many."""
    wanted = list(pathways)
    rows = list(
        PathwayCourse.objects.filter(pathway__in=wanted)
        .select_related("course")
        .order_by("grade", "part", "position", "pk")
    )
    needs: dict[int, list[tuple[int, str]]] = {}
    for need in (
        CoursePrerequisite.objects.filter(course__in={row.course_id for row in rows})
        .select_related("requires")
        .order_by("requires__title", "pk")
    ):
        needs.setdefault(need.course_id, []).append((need.requires_id, need.requires.title))
    waived: dict[int, set[str]] = {}
    for pathway, rule in Waiver.objects.filter(pathway__in=wanted, granted=True).values_list("pathway", "rule"):
        waived.setdefault(pathway, set()).add(rule)
    mine: dict[int, list[PathwayCourse]] = {}
    for row in rows:
        mine.setdefault(row.pathway_id, []).append(row)
    return {
        pathway.pk: Design(
            pathway,
            _columns(mine.get(pathway.pk, []), needs),
            rules.check(
                [_planned(row, needs) for row in mine.get(pathway.pk, [])], frozenset(waived.get(pathway.pk, ()))
            ),
        )
        for pathway in wanted
    }


def _planned(row: PathwayCourse, needs: dict[int, list[tuple[int, str]]]) -> rules.Planned:
    course = row.course
    return rules.Planned(
        course=course.pk,
        title=course.title,
        grade=row.grade,
        part=row.part,
        position=row.position,
        subject=course.subject,
        level=course.level,
        credits=course.credits,
        requires=tuple(needs.get(course.pk, ())),
    )


def _columns(rows: list[PathwayCourse], needs: dict[int, list[tuple[int, str]]]) -> list[Column]:
    """Grades 9 to 12, and earlier ones that have a course."""
    grades = sorted({*HIGH_SCHOOL, *(row.grade for row in rows)})
    columns = {grade: Column(grade) for grade in grades}
    for row in rows:
        placed = Placed(row, [title for _key, title in needs.get(row.course_id, ())])
        getattr(columns[row.grade], row.part).append(placed)
    return list(columns.values())


def _open(pathway: Pathway) -> Pathway:
    """The pathway, locked, if it may be changed; raises ``ValidationError`` where it is approved."""
    locked: Pathway = Pathway.objects.select_for_update(of=("self",)).get(pk=pathway.pk)
    if locked.approved:
        raise ValidationError(_("This pathway is approved. Reopen it to change it."))
    return locked


def _fits(course: Course, grade: str) -> None:
    if not course.grade_low <= grade <= course.grade_high:
        raise ValidationError(
            _("%(course)s is for grades %(grades)s, not for grade %(grade)s.")
            % {"course": course.title, "grades": course.grades, "grade": Grade(grade).label}
        )


@transaction.atomic
def add(pathway: Pathway, course: Course, grade: str, part: str) -> PathwayCourse:
    """Put a course at the end of a grade and part; raises ``ValidationError``."""
    _open(pathway)
    _fits(course, grade)
    if PathwayCourse.objects.filter(pathway=pathway, course=course).exists():
        raise ValidationError(_("%(course)s is in this pathway already.") % {"course": course.title})
    rows = PathwayCourse.objects.filter(pathway=pathway)
    if rows.count() >= MOST_COURSES:
        raise ValidationError(_("A pathway has at most %(n)s courses.") % {"n": MOST_COURSES})
    last = rows.filter(grade=grade, part=part).aggregate(last=Max("position"))["last"] or 0
    return PathwayCourse.objects.create(pathway=pathway, course=course, grade=grade, part=part, position=last + 1)


@transaction.atomic
def add_many(pathway: Pathway, courses: Iterable[Course], part: str) -> int:
    """Put courses in, each in the first grade of high school that it is for; those there already stay. How many."""
    _open(pathway)
    there = set(PathwayCourse.objects.filter(pathway=pathway).values_list("course", flat=True))
    new = [course for course in courses if course.pk not in there]
    for course in new:
        add(pathway, course, min(max(course.grade_low, HIGH_SCHOOL[0]), course.grade_high), part)
    return len(new)


@transaction.atomic
def copy_core(pathway: Pathway, source: Pathway) -> int:
    """Put the core courses of another pathway in, each where it stands there; those there already stay. How many."""
    _open(pathway)
    there = set(PathwayCourse.objects.filter(pathway=pathway).values_list("course", flat=True))
    rows = PathwayCourse.objects.filter(pathway=source, part=Part.CORE).select_related("course")
    new = [row for row in rows.order_by("grade", "position") if row.course_id not in there]
    for row in new:
        add(pathway, row.course, row.grade, Part.CORE)
    return len(new)


@transaction.atomic
def move(row: PathwayCourse, *, grade: str = "", part: str = "", position: int | None = None) -> PathwayCourse:
    """Put a course of the design elsewhere: in another grade or part, at a place from 1 on (default: the end).

    Raises ``ValidationError``.
    """
    _open(row.pathway)
    row = PathwayCourse.objects.select_related("course", "pathway").get(pk=row.pk)
    grade, part = grade or row.grade, part or row.part
    if part not in Part.values:
        raise ValidationError(_("Choose pathway course, core or elective."))
    if grade not in Grade.values:
        raise ValidationError(_("Choose a grade."))
    _fits(row.course, grade)
    others = list(
        PathwayCourse.objects.filter(pathway=row.pathway, grade=grade, part=part)
        .exclude(pk=row.pk)
        .order_by("position", "pk")
    )
    at = len(others) if position is None else max(0, min(position - 1, len(others)))
    row.grade, row.part = grade, part
    others.insert(at, row)
    for number, one in enumerate(others, start=1):
        one.position = number
    PathwayCourse.objects.bulk_update(others, ["grade", "part", "position"])
    return row


def step(row: PathwayCourse, direction: str) -> PathwayCourse:
    """One place up or down within its grade and part; at the end nothing changes."""
    before = PathwayCourse.objects.filter(
        pathway=row.pathway_id, grade=row.grade, part=row.part, position__lt=row.position
    ).count()
    return move(row, position=before if direction == UP and before else before + (2 if direction == DOWN else 1))


@transaction.atomic
def remove(row: PathwayCourse) -> None:
    """Take a course out of the design."""
    _open(row.pathway)
    row.delete()


def sources_of_core(pathway: Pathway, user: object) -> list[Pathway]:
    """Pathways at the same place, or of the district, whose core could be copied."""
    return list(
        Pathway.objects.visible_to(user)
        .offered_to(pathway.organization)
        .exclude(pk=pathway.pk)
        .filter(courses__part=Part.CORE)
        .annotate(core=Count("courses"))
        .order_by("name", "pk")[:50]
    )
