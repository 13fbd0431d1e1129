"""From class enrollments: since when, and until when, a student is at a school; and the grade the classes are for."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.classes import Classes
from schools.imports.oneroster.orgs import Schools
from schools.imports.oneroster.people import People
from schools.imports.oneroster.sessions import Calendar
from schools.imports.values import BadValue

OPEN = "9999"
SEVERAL = "several"


@dataclass
class Spells:
    """By person and school: the first day in a class, the day after the last, and whether that was before its term's

    end. By person: the one grade that all single-grade classes are for.

    ``keys`` are the course records that rows speak of, to find those of which several do.
    """

    of: dict[int, tuple[str, str, bool]] = field(default_factory=dict)
    grades: dict[int, str] = field(default_factory=dict)
    keys: array[int] = field(default_factory=lambda: array("q"))
    _schools: dict[str, int] = field(default_factory=dict)

    def key(self, person: int, school: str) -> int:
        """Person and school in one small number."""
        return person << 20 | self._schools.setdefault(school, len(self._schools))

    def at(self, person: int, school: str) -> tuple[str, str, bool] | None:
        """The spell of a person at a school, where any class tells of one."""
        return self.of.get(self.key(person, school))

    def grade(self, person: int) -> str:
        """The grade that a person's classes are for; blank where they are for several, or none says."""
        found = self.grades.get(person, "")
        return "" if found == SEVERAL else found

    def add(self, person: int, school: str, begins: str, ends: str, early: bool) -> None:
        """One class enrollment: ``ends`` is :data:`OPEN` while it lasts."""
        key = self.key(person, school)
        found = self.of.get(key)
        if found is None:
            self.of[key] = (begins, ends, early)
            return
        first, last, was_early = found
        first = min(first, begins) if first and begins else first or begins
        if ends > last:
            last, was_early = ends, early
        elif ends == last:
            was_early = was_early and early
        self.of[key] = (first, last, was_early)

    def add_grade(self, person: int, grade: str) -> None:
        """One class that is for a single grade."""
        if self.grades.setdefault(person, grade) != grade:
            self.grades[person] = SEVERAL

    def twice(self) -> dict[int, bool]:
        """Course records of which several rows speak (a class left and entered again): is one of them not deleted?"""
        if not self.keys:
            return {}
        in_order = np.sort(np.frombuffer(self.keys, np.int64))
        # In order, a row that is not deleted stands last.
        same = np.flatnonzero(in_order[1:] >> 1 == in_order[:-1] >> 1)
        return {int(in_order[at] >> 1): bool(in_order[at + 1] & 1) for at in same}


def record_key(person: int, record: int) -> int:
    """A person's record of a class in one number."""
    return person << 31 | record


def read_spells(bundle: Bundle, people: People, classes: Classes, schools: Schools, calendar: Calendar) -> Spells:
    """Read ``enrollments.csv`` for its dates; rows that the reading of course records refuses say nothing here.

    ``endDate`` is exclusive. A day before July 1 of the loaded year counts as the first day of its sessions; rows of
    other years are passed over. Whoever ends a class together with its term has not left: what counts is whether
    the last classes ended before their terms did.
    """
    spells = Spells()
    records = bundle.files.get("enrollments")
    if records is None:
        return spells
    days = records.day()
    first, last = calendar.year.first_day.isoformat(), calendar.year.last_day.isoformat()
    columns = ("userSourcedId", "classSourcedId", "schoolSourcedId", "role", "beginDate", "endDate")
    for _line, gone, (user, of, org, role, begin, end), _row in records.rows(*columns, quiet=True):
        if (role != "student" and role.casefold() != "student") or not user:
            continue
        person, found = people.number(user), classes.of.get(of)
        if found is not None:
            spells.keys.append(record_key(person, found.record) << 1 | (not gone))
        begins, ends = days[begin], days[end]
        if gone or isinstance(begins, BadValue) or isinstance(ends, BadValue):
            continue
        school = (found.school if found else "") or schools.of.get(org, "")
        if not school or (found and not found.inside) or (begins and ends and ends <= begins):
            continue
        if (ends and ends <= first) or (begins and begins > last):
            continue
        if begins and begins < first:
            begins = calendar.starts or first
        term_ends = found.ends if found else calendar.ends
        spells.add(person, school, begins or "", ends or OPEN, bool(ends) and str(ends) < term_ends)
        if found and found.grade:
            spells.add_grade(person, found.grade)
    return spells
