"""What makes a pathway complete, in sentences: enough pathway courses, a college-ready core, prerequisites in order.

From SREB's description of pathways (“District Partnerships”): four or more rigorous career pathway courses, or at least
three AC, AP or IB courses in STEM or in the humanities, taught in conjunction with a college-ready core; the core's
credits are those of the recommended curriculum (English 4, mathematics 4, science 3, social studies 3).
Pure functions: a design in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pathways.models.catalog import Subject
from pathways.models.pathway import Part, Rule
from schools.models.evidence import CourseLevel
from schools.models.organization import Grade

PATHWAY_COURSES = 4
ADVANCED_COURSES = 3
RECOMMENDED: dict[str, Decimal] = {
    Subject.ENGLISH: Decimal(4),
    Subject.MATH: Decimal(4),
    Subject.SCIENCE: Decimal(3),
    Subject.SOCIAL_STUDIES: Decimal(3),
}
ADVANCED = frozenset({CourseLevel.AC, CourseLevel.AP, CourseLevel.IB})
STEM, HUMANITIES = "stem", "humanities"
_FIELDS = {
    Subject.MATH: STEM,
    Subject.SCIENCE: STEM,
    Subject.COMPUTING: STEM,
    Subject.ENGLISH: HUMANITIES,
    Subject.SOCIAL_STUDIES: HUMANITIES,
    Subject.LANGUAGE: HUMANITIES,
    Subject.ARTS: HUMANITIES,
}
# A course of a semester can be followed by another in the same grade.
_SEMESTER = Decimal("0.5")


@dataclass(frozen=True)
class Planned:
    """A course where a design has it; ``requires`` are the courses before it, by key, with their titles."""

    course: int
    title: str
    grade: str
    part: str
    position: int = 1
    subject: str = Subject.CTE
    level: str = CourseLevel.GENERAL
    credits: Decimal = Decimal(1)
    requires: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Finding:
    """Whether one rule holds, and what it says: a sentence, and what is wrong piece by piece."""

    rule: Rule
    holds: bool
    sentence: str
    details: tuple[str, ...] = ()
    waived: bool = False

    @property
    def satisfied(self) -> bool:
        """Holds, or need not."""
        return self.holds or self.waived


def check(courses: Sequence[Planned], waived: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """One finding for each rule, in their order; ``waived`` are the rules with a granted waiver."""
    return (
        _enough_courses(courses, Rule.COURSES in waived),
        _core(courses, Rule.CORE in waived),
        _in_order(courses, Rule.ORDER in waived),
    )


def complete(findings: Iterable[Finding]) -> bool:
    """Whether every rule holds or is waived."""
    return all(finding.satisfied for finding in findings)


def field_of(course: Planned) -> str:
    """STEM or the humanities, for a course that counts as advanced there; blank for any other.

    Advanced Career courses are STEM courses by design, whatever subject a catalog puts them under.
    """
    if course.level not in ADVANCED:
        return ""
    return STEM if course.level == CourseLevel.AC else _FIELDS.get(Subject(course.subject), "")


def _enough_courses(courses: Sequence[Planned], waived: bool) -> Finding:
    own = [course for course in courses if course.part == Part.PATHWAY]
    fields = [field_of(course) for course in own]
    stem, humanities = fields.count(STEM), fields.count(HUMANITIES)
    advanced = max(stem, humanities)
    if advanced >= ADVANCED_COURSES and len(own) < PATHWAY_COURSES:
        where = _("STEM") if stem >= humanities else _("the humanities")
        return Finding(
            Rule.COURSES, True, _("%(n)s AC/AP/IB courses in %(where)s.") % {"n": advanced, "where": where}, (), waived
        )
    if len(own) >= PATHWAY_COURSES:
        return Finding(Rule.COURSES, True, _("%(n)s pathway courses.") % {"n": len(own)}, (), waived)
    missing, short = PATHWAY_COURSES - len(own), ADVANCED_COURSES - advanced
    more = ngettext("%(n)s more course", "%(n)s more courses", missing) % {"n": missing}
    if advanced:
        where = _("STEM") if stem >= humanities else _("the humanities")
        other = ngettext(
            "%(n)s more AC/AP/IB course in %(where)s", "%(n)s more AC/AP/IB courses in %(where)s", short
        ) % {"n": short, "where": where}
        sentence = _("Needs %(more)s, or %(other)s.") % {"more": more, "other": other}
    else:
        sentence = _("Needs %(more)s, or %(n)s AC/AP/IB courses in STEM or the humanities.") % {
            "more": more,
            "n": ADVANCED_COURSES,
        }
    return Finding(Rule.COURSES, False, sentence, (), waived)


def credits_by_subject(courses: Iterable[Planned]) -> dict[str, Decimal]:
    """Credits of a design by subject, whatever part a course has in it: AP Biology is science in a STEM pathway too."""
    found: dict[str, Decimal] = {}
    for course in courses:
        found[course.subject] = found.get(course.subject, Decimal(0)) + course.credits
    return found


def shortfalls(have: Mapping[str, Decimal], wanted: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What is missing of ``wanted``, by subject; empty where nothing is."""
    return {
        subject: credits - have.get(subject, Decimal(0))
        for subject, credits in wanted.items()
        if have.get(subject, Decimal(0)) < credits
    }


def said(credits: Decimal) -> str:
    """Credits as people write them: ``1``, ``0.5``."""
    return f"{credits.normalize() + 0:f}"


def _core(courses: Sequence[Planned], waived: bool) -> Finding:
    missing = shortfalls(credits_by_subject(courses), RECOMMENDED)
    if not missing:
        words = _("English 4, mathematics 4, science 3, social studies 3 credits or more.")
        return Finding(Rule.CORE, True, words, (), waived)
    parts = [
        _("%(n)s of %(subject)s") % {"n": said(credits), "subject": Subject(subject).label}
        for subject, credits in missing.items()
    ]
    total = sum(missing.values(), Decimal(0))
    sentence = ngettext(
        "Needs %(n)s more credit of core courses.",
        "Needs %(n)s more credits of core courses.",
        1 if total == 1 else 2,
    ) % {"n": said(total)}
    return Finding(Rule.CORE, False, sentence, tuple(parts), waived)


def _in_order(courses: Sequence[Planned], waived: bool) -> Finding:
    placed = {course.course: course for course in courses}
    problems = []
    asked = 0
    for course in courses:
        for key, title in course.requires:
            asked += 1
            before = placed.get(key)
            names = {"course": course.title, "before": title}
            if before is None:
                problems.append(_("%(course)s needs %(before)s first, which is not in this pathway.") % names)
            elif not _comes_before(before, course):
                names |= {"grade": str(Grade(before.grade).label)}
                problems.append(
                    _("%(course)s needs %(before)s first, which stands in grade %(grade)s, not before it.") % names
                )
    if problems:
        sentence = ngettext(
            "%(n)s course stands before its prerequisite.",
            "%(n)s courses stand before their prerequisites.",
            len(problems),
        ) % {"n": len(problems)}
        return Finding(Rule.ORDER, False, sentence, tuple(problems), waived)
    words = _("Every course comes after what it needs.") if asked else _("No course here has a prerequisite.")
    return Finding(Rule.ORDER, True, words, (), waived)


def _comes_before(before: Planned, course: Planned) -> bool:
    """Taken in an earlier grade, or in the first half of the same one."""
    if before.grade != course.grade:
        return before.grade < course.grade
    semesters = before.credits <= _SEMESTER and course.credits <= _SEMESTER
    return semesters and before.part == course.part and before.position < course.position
