"""Class enrollments of students become course records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.classes import Class, Classes
from schools.imports.oneroster.columns import ROLES
from schools.imports.oneroster.marks import Marks
from schools.imports.oneroster.orgs import Schools
from schools.imports.oneroster.output import Output
from schools.imports.oneroster.people import ELSEWHERE, OTHER, REFUSED, STUDENT, UNSEEN, People
from schools.imports.oneroster.records import Records, Words
from schools.imports.oneroster.spells import Spells, record_key
from schools.imports.values import BadValue, Memo

COLUMNS = ("userSourcedId", "classSourcedId", "schoolSourcedId", "role", "beginDate", "endDate")
_OTHER_YEAR, _OTHER_SCHOOL, _TEACHES = "other_year", "other_school", "teaches"


class Reader:
    """Reads ``enrollments.csv`` for the classes of the students that were loaded."""

    def __init__(self, bundle: Bundle, people: People, classes: Classes, schools: Schools) -> None:
        self.people, self.classes, self.schools = people, classes, schools
        self.records: Records = bundle.files["enrollments"]
        self.days, self._roles = self.records.day(), Memo(Words(ROLES))
        self.passed: Counter[str] = Counter()

    def read(self, line: int, cells: Sequence[str], row: Sequence[str]) -> tuple[int, Class] | None:
        """The student and the class of a row; ``None`` where there is no course record to make."""
        user, of, org, written, begin, end = cells
        records = self.records

        def refuse(cause: str, text: Any, column: str, value: str, advice: Any = "") -> None:
            records.refuse(line, row, cause, text, column, value, advice)

        role, begins, ends = self._roles[written], self.days[begin], self.days[end]
        for at, value in ((3, role), (4, begins), (5, ends)):
            if isinstance(value, BadValue):
                records.refuse_value(line, row, value, COLUMNS[at], cells[at])
                return None
        records.note_case(line, "role", written, role)
        person = self.people.numbers.get(user)
        state = UNSEEN if person is None else self.people.state[person]
        if role != "student":
            if role is None:
                refuse("no_role", _("No role"), "role", "")
            elif state in {STUDENT, REFUSED}:
                text = _("A student by users.csv or roles.csv, here with another role; no course record")
                records.note(line, "other_role", text, "role", written)
            return None
        if person is None or state != STUDENT:
            self._refuse_person(refuse, user, state)
            return None
        found = self.classes.of.get(of)
        if found is None:
            advice = _("Its row may have been left out. A delta needs the classes and courses that its rows name.")
            refuse("unknown_class", _("A class that is not in classes.csv"), "classSourcedId", of, advice)
            return None
        if begins and ends and ends < begins:
            refuse("ends_before_start", _("It ends before it begins"), "endDate", end, _("Check which date is right."))
            return None
        if begins and ends and ends == begins:
            text = _("It ends on the day it begins: no day in the class; no course record")
            records.note(line, "no_day", text, "endDate", end)
            return None
        if org not in self.schools.known:
            text = _("A school that is not in orgs.csv; the school of the class was taken")
            records.note(line, "unknown_school", text, "schoolSourcedId", org)
        elif found.school and self.schools.of.get(org, found.school) != found.school:
            text = _("Another school than that of the class; the school of the class was taken")
            records.note(line, "school_of_class", text, "schoolSourcedId", org)
        if not found.inside or not found.school:
            self.passed[_OTHER_SCHOOL if found.inside else _OTHER_YEAR] += 1
            return None
        return person, found

    def _refuse_person(self, refuse: Any, user: str, state: int) -> None:
        if state == ELSEWHERE:
            self.passed[_OTHER_SCHOOL] += 1
        elif state == REFUSED:
            text = _("A class of a student who was left out")
            refuse("student_left_out", text, "userSourcedId", user, _("See why the student's own row was left out."))
        elif state == OTHER:
            text = _("In the class as a student, but not a student by users.csv or roles.csv")
            refuse("not_a_student", text, "userSourcedId", user, _("Correct the role in one of the files."))
        else:
            text = _("Somebody who is not in users.csv, or was left out there")
            refuse("unknown_user", text, "userSourcedId", user, _("A delta needs everybody whom its rows name."))

    def tell(self, bundle: Bundle) -> None:
        """Say what was passed over."""
        number = self.passed[_OTHER_YEAR]
        if number:
            text = ngettext(
                "%(n)d class enrollment of other school years was not loaded.",
                "%(n)d class enrollments of other school years were not loaded.",
                number,
            )
            bundle.note(text % {"n": number})
        number = self.passed[_OTHER_SCHOOL]
        if number:
            text = ngettext(
                "%(n)d class enrollment at other schools was not loaded.",
                "%(n)d class enrollments at other schools were not loaded.",
                number,
            )
            bundle.note(text % {"n": number})


def put_course_records(
    bundle: Bundle, people: People, classes: Classes, schools: Schools, spells: Spells, marks: Marks
) -> None:
    """Put a course record for every student in every class; in a delta, deletions as such.

    Level, SCED code and mark are opened only where the bundle has some; credits never: OneRoster knows none.
    """
    has_sced, has_level, has_mark = classes.has_sced, classes.has_level, bool(marks)
    output = Output(
        bundle.reading.sink,
        "course_record",
        (
            "source_key",
            "local_number",
            "organization_id",
            "year",
            "course_code",
            "section",
            "term",
            "title",
            *(["sced_code"] if has_sced else []),
            *(["level"] if has_level else []),
            *(["mark"] if has_mark else []),
            *(["deleted"] if bundle.delta else []),
        ),
        bundle.files["enrollments"].file,
    )
    year = str(bundle.reading.year)
    twice, done = spells.twice(), set[int]()
    reader = Reader(bundle, people, classes, schools)
    for line, gone, cells, row in reader.records.rows(*COLUMNS):
        read = reader.read(line, cells, row)
        if read is None:
            continue
        person, of = read
        key = record_key(person, of.record)
        if key in twice:
            if key in done or (gone and twice[key]):
                text = _("The same class again for the same student; one course record")
                reader.records.note(line, "class_twice", text, "classSourcedId", cells[1])
                continue
            done.add(key)
        values: list[str | None] = [cells[0], people.local[person], of.school, year, of.code]
        values += [of.section, of.term or None, of.title]
        values += [of.sced or None] if has_sced else []
        values += [of.level or "general"] if has_level else []
        values += [marks.of(person, of.record)] if has_mark else []
        values += ["true" if gone else None] if bundle.delta else []
        output.add(line, *values)
    output.flush()
    reader.tell(bundle)
