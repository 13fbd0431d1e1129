"""Students and their enrollments are put: one student, and an enrollment for each school, with its dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.known import Known
from schools.imports.oneroster.output import Output
from schools.imports.oneroster.people import Demographics, Place
from schools.imports.oneroster.sessions import Calendar
from schools.imports.oneroster.spells import OPEN, Spells
from schools.imports.oneroster.students import COLUMNS, Reader, Student, state_numbers

_AT_ONCE = 2_000


class Writer:
    """Puts students and their enrollments."""

    def __init__(self, bundle: Bundle, calendar: Calendar, spells: Spells, facts: Demographics, known: Known) -> None:
        self.calendar, self.spells, self.facts, self.known = calendar, spells, facts, known
        self.records = users = bundle.files["users"]
        self.delta, self.today = bundle.delta, timezone.localdate().isoformat()
        files, sink = bundle.files, bundle.reading.sink
        self.has_state = any(
            state_numbers(ids) for _line, _gone, (ids,), _row in users.rows("userIds", quiet=True) if ids
        )
        self.ends = any(files[name].has("endDate") for name in ("enrollments", "roles") if name in files)
        numbers = ("source_key", "local_number", *(["state_number"] if self.has_state else []))
        self.students = Output(
            sink,
            "student",
            (
                *numbers,
                "organization_id",
                "year",
                "first_name",
                *(["middle_name"] if users.has("middleName") else []),
                "last_name",
                *(["birth_date"] if facts.births else []),
            ),
            users.file,
        )
        self.enrollments = Output(
            sink,
            "enrollment",
            (
                *numbers,
                "organization_id",
                "year",
                "grade",
                "entered",
                *(["exited"] if self.ends else []),
                *(["sex"] if facts.sexes else []),
                *(["race_ethnicity"] if facts.races else []),
                *(["deleted"] if self.delta else []),
            ),
            users.file,
        )

    def put(self, students: Sequence[Student]) -> None:
        """Put some students and their enrollments; whoever a delta takes out is not put as a student again."""
        entered = self.known.entered([one.local_number for one in students])
        for one in students:
            birth, sex, race = self.facts.of.get(one.person, (None, None, None))
            first, middle, last = one.names
            numbers = (one.source_key, one.local_number, *([one.state_number] if self.has_state else []))
            year = str(self.calendar.year)
            if not one.gone:
                values = [*numbers, one.places[0].school, year, first]
                values += [middle] if self.records.has("middleName") else []
                values += [last, *([birth] if self.facts.births else [])]
                self.students.add(one.line, *values)
            for place in one.places:
                gone = one.gone or place.gone
                begins, ends = self._dates(one, place, entered.get((one.local_number, place.school)), gone)
                values = [*numbers, place.school, year, one.grade, begins]
                values += [ends] if self.ends else []
                values += [sex] if self.facts.sexes else []
                values += [race] if self.facts.races else []
                values += ["true" if gone else None] if self.delta else []
                self.enrollments.add(one.line, *values)

    def _dates(self, student: Student, place: Place, known: str | None, gone: bool) -> tuple[str, str | None]:
        """The first day, and the last where the student has left.

        In this order: the date known here, the first class, the role, the year's sessions, July 1.
        """
        calendar, first_day = self.calendar, self.calendar.year.first_day.isoformat()
        first, last, early = self.spells.at(student.person, place.school) or ("", OPEN, False)
        begins = place.begins if place.begins >= first_day else calendar.starts if place.begins else ""
        entered = known or first or begins or calendar.starts
        if not entered:
            text = _("No day of entry; July 1 stands in")
            self.records.note(student.line, "no_entry_date", text, "", "", _("Export enrollments.csv with beginDate."))
            entered = first_day
        exited = None
        if place.ends and place.ends < self.today and place.ends < calendar.ends:
            exited = place.ends
        elif early and last <= self.today and last < calendar.ends:
            exited = (dt.date.fromisoformat(last) - dt.timedelta(days=1)).isoformat()
        if exited is not None and exited < entered:
            text = _("The last day is before the day of entry; taken as still enrolled")
            self.records.note(student.line, "exit_before_entry", text, "", f"{entered}, {exited}")
            exited = None
        return entered, None if gone else exited

    def close(self) -> None:
        """Put what is left."""
        self.students.flush()
        self.enrollments.flush()


def put_students(reader: Reader, writer: Writer) -> None:
    """Read ``users.csv`` through."""
    waiting: list[Student] = []
    for row in reader.records.rows(*COLUMNS):
        student = reader.read(row)
        if student is None:
            continue
        waiting.append(student)
        if len(waiting) >= _AT_ONCE:
            writer.put(waiting)
            waiting = []
    writer.put(waiting)
    writer.close()
    reader.tell()
