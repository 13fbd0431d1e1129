"""OneRoster CSV 1.1 and 1.2 (and 1.0 headings in a 1.1 bundle): who is a student where, and in which classes.

What becomes of a bundle::

    manifest ──▶ bulk or delta      orgs ──▶ schools      academicSessions ──▶ the year and its terms
    users (1.2: + roles, demographics) ──▶ student, enrollment
    enrollments + classes + courses (+ results of final grades) ──▶ course record

Needed are ``orgs`` and ``users`` (1.2: ``roles``); ``academicSessions`` for term names and entry dates. Class
enrollments become course records where ``courses``, ``classes`` and ``enrollments`` are all there.

**A bulk bundle** replaces what is there for the year. **A delta** adds and deletes what it names, and cannot be read
on its own: sourcedIds are not kept from one load to the next, so a delta has to bring every row that its rows name —
the schools in ``orgs``, everybody in ``users`` (and ``roles``), the classes and their courses, and the sessions. Rows
that name something else are left out and said.

Decisions:

* Grades come from ``users``; where one has none, from the student's classes (else their courses), if all that are for
  a single grade are for the same one. Otherwise the student is refused.
* A day of entry that is known already stays (:mod:`~schools.imports.oneroster.known`).
* ``level`` is opened only where some title clearly names one; the others are then general, and the preview says so.
* Whoever has the role student in one place and another elsewhere is a student.

Memory grows with the number of students (some 500 bytes each) and of class enrollments (some 50 bytes each).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from schools.imports.oneroster.bundle import detects, open_bundle
from schools.imports.oneroster.classes import read_classes
from schools.imports.oneroster.course_records import put_course_records
from schools.imports.oneroster.enrollments import Writer, put_students
from schools.imports.oneroster.known import Known
from schools.imports.oneroster.marks import read_marks
from schools.imports.oneroster.orgs import read_orgs
from schools.imports.oneroster.people import People, note_unknown, read_demographics, read_roles
from schools.imports.oneroster.sessions import read_sessions
from schools.imports.oneroster.spells import read_spells
from schools.imports.oneroster.students import Reader
from schools.imports.registry import Layout, Reading
from schools.models.imports import Completeness


def read(reading: Reading) -> None:
    """Read a bundle into the sink; raises :class:`~schools.imports.problems.FileRefused`."""
    bundle = open_bundle(reading)
    calendar = read_sessions(bundle)
    schools = read_orgs(bundle)
    classes = read_classes(bundle, schools, calendar)
    people = People()
    facts = read_demographics(bundle, people)
    roles = read_roles(bundle, people, schools, calendar)
    spells = read_spells(bundle, people, classes, schools, calendar)
    known = Known(reading, set(schools.of.values()))
    put_students(Reader(bundle, people, roles, schools, spells), Writer(bundle, calendar, spells, facts, known))
    for name, column in (("demographics", "sourcedId"), ("roles", "userSourcedId")):
        if name in bundle.files:
            note_unknown(bundle.files[name], column, people)
    marks = read_marks(bundle, people, classes)
    if classes.complete:
        put_course_records(bundle, people, classes, schools, spells, marks)


ONEROSTER = Layout(
    code="oneroster",
    title=_("OneRoster CSV"),
    source=_("1EdTech OneRoster 1.1 and 1.2, from the student information system"),
    completeness=Completeness.REPLACES,
    targets=("student", "enrollment", "course_record"),
    detects=detects,
    read=read,
    help=_(
        "The zip with orgs.csv, users.csv, academicSessions.csv, courses.csv, classes.csv and enrollments.csv as the "
        "student information system exports it, bulk or delta. A delta has to bring every row that its rows name."
    ),
    year_means=_(
        "The standard names a school year by the year in which it ends; some systems write the year in which it "
        "begins. The sessions' dates decide."
    ),
)
