"""The people of the bundle: who is a student where (1.2: roles), who is not loaded, and what demographics say.

Whoever may be a student has a number, the place in small arrays: in a district with 200,000 students and eight
classes each nothing larger than that is held in memory (``tests/schools/imports/test_oneroster_size.py`` measures).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schools.imports import targets
from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.columns import FAMILY, HISPANIC, RACES, ROLES, TWO_OR_MORE
from schools.imports.oneroster.orgs import Schools
from schools.imports.oneroster.records import Records, Words
from schools.imports.oneroster.sessions import Calendar
from schools.imports.values import BadValue, Flag, Memo

# What became of somebody's row in users.csv.
UNSEEN, OTHER, STUDENT, REFUSED, ELSEWHERE = range(5)


class People:
    """Numbers for source ids, and what became of each person."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.state = bytearray()
        # The district's number of each student loaded: with it a course record finds its student.
        self.local: dict[int, str] = {}

    def number(self, one: str) -> int:
        """The number of a source id, given on first sight."""
        found = self.numbers.get(one)
        if found is None:
            found = self.numbers[one] = len(self.state)
            self.state.append(UNSEEN)
        return found

    def unseen(self) -> bool:
        """Whether anybody was named of whom users.csv says nothing."""
        return UNSEEN in self.state


@dataclass
class Demographics:
    """Birth date, sex, race and ethnicity by a person's number, and which of them the file brings at all."""

    of: dict[int, tuple[str | None, str | None, str | None]] = field(default_factory=dict)
    births: bool = False
    sexes: bool = False
    races: bool = False


def race_of(flags: Mapping[str, str | None]) -> str | None:
    """The federal category of OneRoster's flags (``domain.md`` 5).

    Hispanic or Latino of any race is HI; two or more races, said or counted, TR; nothing said is nothing.
    """
    if flags.get(HISPANIC) == "true":
        return "HI"
    found = [code for column, code in RACES.items() if flags.get(column) == "true"]
    if flags.get(TWO_OR_MORE) == "true" or len(found) > 1:
        return "TR"
    return found[0] if found else None


def read_demographics(bundle: Bundle, people: People) -> Demographics:
    """Read ``demographics.csv``; a row with a value that cannot be read is left out, the student is not."""
    found = Demographics()
    records = bundle.files.get("demographics")
    if records is None:
        return found
    days, sexes, flags = records.day(), Memo(targets.ENROLLMENT.column("sex").parse), Memo(Flag())
    columns = ("sourcedId", "birthDate", "sex", HISPANIC, TWO_OR_MORE, *RACES)
    for line, gone, cells, row in records.rows(*columns):
        if gone:
            continue
        read = [days[cells[1]], sexes[cells[2]], *(flags[cell] for cell in cells[3:])]
        at = next((at for at, value in enumerate(read, 1) if isinstance(value, BadValue)), None)
        if at is not None:
            records.refuse_value(line, row, read[at - 1], columns[at], cells[at])
            continue
        for at, cell in enumerate(cells[3:], 3):
            if read[at - 1] is not None:
                records.note_case(line, columns[at], cell, read[at - 1])
        race = race_of(dict(zip(columns[3:], read[2:], strict=True)))
        if cells[2].casefold() in {"male", "female", "unspecified", "other"}:
            records.note_case(line, "sex", cells[2], cells[2].casefold())
        found.of[people.number(cells[0])] = (read[0], read[1], race)
        found.births |= read[0] is not None
        found.sexes |= read[1] is not None
        found.races |= race is not None
    return found


@dataclass
class Place:
    """A student's role at a school: from, until (the last day), ended by a delta."""

    school: str
    begins: str = ""
    ends: str = ""
    gone: bool = False


class Roles:
    """Of a 1.2 bundle: where each student is one, and who has another role."""

    def __init__(self) -> None:
        self.students: dict[int, list[Place]] = {}
        self.elsewhere: set[int] = set()
        self._others: dict[str, array[int]] = {}
        self._everybody = array("q")

    def add_other(self, one: str, role: str) -> None:
        """Somebody who is not a student."""
        self._others.setdefault(role, array("q")).append(hash(one))

    def close(self) -> None:
        """Everything is read: put in order."""
        every = [np.frombuffer(numbers, np.int64) for numbers in self._others.values()]
        self._everybody = array("q", np.unique(np.concatenate(every)).tobytes() if every else b"")

    def is_other(self, one: str) -> bool:
        """Whether somebody has a role that is not a student's."""
        number = hash(one)
        at = bisect_left(self._everybody, number)
        return at < len(self._everybody) and self._everybody[at] == number

    def counts(self) -> Counter[str]:
        """How many people have each of the other roles."""
        return Counter({role: len(set(numbers)) for role, numbers in self._others.items()})


def read_roles(bundle: Bundle, people: People, schools: Schools, calendar: Calendar) -> Roles | None:
    """Read ``roles.csv``; ``None`` for a 1.1 bundle, which has it all in ``users.csv``.

    A role that ended before the loaded year, or begins after it, places nobody in a school.
    """
    records = bundle.files.get("roles")
    if records is None:
        return None
    roles, words, days = Roles(), Memo(Words(ROLES)), records.day()
    first, last = calendar.year.first_day.isoformat(), calendar.year.last_day.isoformat()
    columns = ("userSourcedId", "role", "orgSourcedId", "beginDate", "endDate")
    for line, gone, cells, row in records.rows(*columns):
        user, written, org, begins, ends = cells
        read = {"role": words[written], "beginDate": days[begins], "endDate": days[ends]}
        bad = next(((column, value) for column, value in read.items() if isinstance(value, BadValue)), None)
        if bad:
            records.refuse_value(line, row, bad[1], bad[0], cells[columns.index(bad[0])])
            continue
        role, begins, ends = read["role"], read["beginDate"] or "", read["endDate"] or ""
        if role is None or not user:
            text = _("No role") if role is None else _("No user")
            records.refuse(line, row, "no_role", text, "role" if role is None else "userSourcedId")
            continue
        records.note_case(line, "role", written, role)
        if role != "student":
            roles.add_other(user, role)
        elif org not in schools.known:
            text = _("A student at an organization that is not in orgs.csv")
            records.refuse(line, row, "unknown_school", text, "orgSourcedId", org)
        else:
            person = people.number(user)
            places = roles.students.setdefault(person, [])
            if org in schools.elsewhere:
                roles.elsewhere.add(person)
            elif org in schools.of and not (ends and ends < first) and not begins > last:
                _join(places, Place(schools.of[org], begins, ends, gone))
    roles.close()
    return roles


def _join(places: list[Place], new: Place) -> None:
    """Add a role, or widen the one that is there at the same school: an open end is the latest of all."""
    for place in places:
        if place.school == new.school and place.gone == new.gone:
            place.begins = min(place.begins, new.begins) if place.begins and new.begins else ""
            place.ends = max(place.ends, new.ends) if place.ends and new.ends else ""
            return
    places.append(new)


def tell_others(bundle: Bundle, counts: Counter[str]) -> None:
    """Say how many people were not loaded, by role."""
    for role, number in sorted(counts.items()):
        if role in FAMILY:
            text = ngettext(
                "%(n)d %(role)s was not loaded: families are not kept here.",
                "%(n)d people with the role %(role)s were not loaded: families are not kept here.",
                number,
            )
        elif role == "teacher":
            text = ngettext(
                "%(n)d teacher was not loaded: people are invited, under People & settings.",
                "%(n)d teachers were not loaded: people are invited, under People & settings.",
                number,
            )
        else:
            text = ngettext(
                "%(n)d person with the role %(role)s was not loaded: people are invited, under People & settings.",
                "%(n)d people with the role %(role)s were not loaded: people are invited, under People & settings.",
                number,
            )
        bundle.note(text % {"n": number, "role": role})


def note_unknown(records: Records, column: str, people: People, every: Sequence[str] = ("student",)) -> None:
    """Name the rows of a file that speak of people who are not in users.csv."""
    if not people.unseen():
        return
    has_role = records.has("role")
    for line, _gone, (one, role), _row in records.rows(column, "role", quiet=True):
        number = people.numbers.get(one)
        if number is not None and people.state[number] == UNSEEN and (not has_role or role.casefold() in every):
            text = _("Somebody who is not in users.csv, or was left out there")
            records.note(line, "unknown_user", text, column, one, _("A delta needs everybody whom its rows name."))
