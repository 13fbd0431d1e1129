"""The classes of the bundle with their courses: what a student's record of one is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from schools.imports import values
from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.orgs import Schools
from schools.imports.oneroster.records import Records
from schools.imports.oneroster.sessions import Calendar
from schools.imports.values import BadValue, Memo
from schools.models.organization import Grade

CODE_LIMIT, SECTION_LIMIT, TITLE_LIMIT = 60, 40, 120
# SCED: subject areas 01–25 of secondary courses, 51–75 of those before.
_SCED = re.compile(r"^(0[1-9]|1[0-9]|2[0-5]|5[1-9]|6[0-9]|7[0-5])[0-9]{3}$")
# Only what can mean nothing else: “Pre-AP Biology” and “Physics HP” stay general.
_LEVELS = (
    (re.compile(r"^AP\s|\bAdvanced Placement\b"), "ap"),
    (re.compile(r"^IB\s|\bInternational Baccalaureate\b"), "ib"),
    (re.compile(r"\bDual (Enrollment|Credit)\b", re.IGNORECASE), "dual"),
    (re.compile(r"\bHonors\b", re.IGNORECASE), "honors"),
)


@dataclass(frozen=True)
class Course:
    """One course of the catalog."""

    code: str
    title: str
    grade: str
    sced: frozenset[str]


@dataclass(frozen=True, slots=True)
class Class:
    """One class: ``record`` numbers what its students' course records are called, so that two classes may share it.

    ``school`` is blank where the class's organization is no school that is loaded; ``inside`` says whether it is
    held in the loaded year, ``ends`` when its term does.
    """

    record: int
    school: str
    code: str
    section: str
    term: str
    title: str
    sced: str
    level: str
    grade: str
    ends: str
    inside: bool


@dataclass
class Classes:
    """The classes by id, and what the bundle says of them at all. ``complete``: course records can be made."""

    of: dict[str, Class] = field(default_factory=dict)
    complete: bool = False

    @property
    def has_sced(self) -> bool:
        """Whether any class has a SCED code."""
        return any(one.sced for one in self.of.values())

    @property
    def has_level(self) -> bool:
        """Whether any title names a level."""
        return any(one.level for one in self.of.values())


def read_classes(bundle: Bundle, schools: Schools, calendar: Calendar) -> Classes:
    """Read courses and classes. Course records need both, and ``enrollments.csv``: else they are not loaded."""
    files = bundle.files
    lacking = [name for name in ("courses", "classes", "enrollments") if name not in files]
    if lacking:
        bundle.note(
            _("Course records were not loaded: the bundle has no %(files)s.")
            % {"files": ", ".join(f"{name}.csv" for name in lacking)}
        )
    if "classes" not in files or "courses" not in files:
        return Classes()
    courses = _courses(bundle, files["courses"])
    found = Classes(complete=not lacking)
    records: dict[tuple[str, ...], int] = {}
    columns = ("sourcedId", "title", "courseSourcedId", "schoolSourcedId", "termSourcedIds", "classCode", "grades")
    for line, _gone, cells, row in files["classes"].rows(*columns, "subjectCodes"):
        one, title, of, school, terms, code, grades, subjects = cells
        made = _class(files["classes"], line, row, (one, title, code), courses, of, calendar, terms)
        if made is None:
            continue
        if school not in schools.known:
            text = _("A class at an organization that is not in orgs.csv")
            files["classes"].refuse(line, row, "unknown_school", text, "schoolSourcedId", school)
            continue
        course, section, term, ends, inside = made
        key = (schools.of.get(school, ""), course.code, section, term)
        name = (course.title or title)[:TITLE_LIMIT]
        found.of[one] = Class(
            record=records.setdefault(key, len(records)),
            school=schools.of.get(school, ""),
            code=course.code,
            section=section,
            term=term,
            title=name,
            sced=_only(_sced(subjects)) or _only(course.sced),
            level=level_of(course.title) or level_of(title),
            grade=grade_of(grades) if grades else course.grade,
            ends=ends,
            inside=inside,
        )
    _tell(bundle, found)
    return found


def _tell(bundle: Bundle, classes: Classes) -> None:
    if classes.has_level:
        bundle.note(
            _("Course levels are read from titles that name one (AP, IB, honors, dual enrollment); others are general.")
        )
    if classes.has_sced:
        bundle.note(_("SCED codes were read from subjectCodes, and from courseCode where all of its numbers are such."))


def _class(
    records: Records,
    line: int,
    row: Any,
    written: tuple[str, str, str],
    courses: dict[str, Course],
    of: str,
    calendar: Calendar,
    terms: str,
) -> tuple[Course, str, str, str, bool] | None:
    """A class's course, section, term, the day the term ends, whether that is in the year; ``None``: refused."""
    one, title, code = written
    course = courses.get(of)
    if course is None:
        text = _("A class of a course that is not in courses.csv")
        advice = _("Its students' course records are left out. A delta needs the courses that its classes name.")
        records.refuse(line, row, "unknown_course", text, "courseSourcedId", of, advice)
        return None
    if not (course.title or title):
        records.refuse(line, row, "no_title", _("Neither the class nor its course has a title"), "title")
        return None
    section = code if code and len(code) <= SECTION_LIMIT else one
    if len(section) > SECTION_LIMIT:
        text = _("No section in at most 40 characters")
        records.refuse(line, row, "too_long", text, "classCode", section, _("Give the class a short classCode."))
        return None
    try:
        term, ends, inside = calendar.of([part for part in (piece.strip() for piece in terms.split(",")) if part])
    except KeyError as unknown:
        text = _("A class in a session that is not in academicSessions.csv")
        records.refuse(line, row, "unknown_session", text, "termSourcedIds", str(unknown.args[0]))
        return None
    return course, section, term, ends, inside


def _courses(bundle: Bundle, records: Records) -> dict[str, Course]:
    columns = ("sourcedId", "title", "courseCode", "grades", "subjectCodes")
    numbers = {code for _line, _gone, (code,), _row in records.rows("courseCode", quiet=True) if code.isdigit()}
    # A district's own numbers look like SCED codes one by one, hardly ever all of them.
    coded = bool(numbers) and all(_SCED.match(number) for number in numbers)
    courses: dict[str, Course] = {}
    for line, _gone, (one, title, code, grades, subjects), row in records.rows(*columns):
        name = code or one
        if len(name) > CODE_LIMIT:
            text = _("Longer than %(limit)d characters") % {"limit": CODE_LIMIT}
            records.refuse(line, row, "too_long", text, "courseCode" if code else "sourcedId", name)
            continue
        if len(title) > TITLE_LIMIT:
            records.note(line, "title_cut", _("A long title was cut to 120 characters"), "title", title)
        sced = _sced(subjects) or (_sced(code) if coded else frozenset())
        courses[one] = Course(name, " ".join(title.split()), grade_of(grades), sced)
    return courses


def _sced(codes: str) -> frozenset[str]:
    return frozenset(code for code in (part.strip() for part in codes.split(",")) if _SCED.match(code))


def _only(codes: Iterable[str]) -> str:
    """The one code; blank where there is none, or more than one."""
    found = list(codes)
    return found[0] if len(found) == 1 else ""


def level_of(title: str) -> str:
    """The level that a title clearly names; blank for none."""
    return next((level for pattern, level in _LEVELS if pattern.search(title)), "")


_grade: Callable[[str], str | None] = values.Choice(Grade, values.GRADES)
_grades: Memo = Memo(_grade)


def grade_of(grades: str) -> str:
    """The grade where a list of grades has just one that we know; blank otherwise."""
    written = {part.strip() for part in grades.split(",") if part.strip()}
    found = _grades[written.pop()] if len(written) == 1 else None
    return "" if found is None or isinstance(found, BadValue) else str(found)
