"""The students of ``users.csv``: each row is read whole, or left out and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schools.imports import targets
from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.columns import ROLES
from schools.imports.oneroster.orgs import Schools
from schools.imports.oneroster.people import (
    ELSEWHERE,
    OTHER,
    REFUSED,
    STUDENT,
    People,
    Place,
    Roles,
    tell_others,
)
from schools.imports.oneroster.records import Records, Row, Words
from schools.imports.oneroster.spells import Spells
from schools.imports.values import BadValue, Identifier, Memo

COLUMNS = (
    "sourcedId",
    "role",
    "orgSourcedIds",
    "userIds",
    "givenName",
    "middleName",
    "familyName",
    "identifier",
    "grades",
    "enabledUser",
)
_NAMES = (("givenName", "first_name"), ("middleName", "middle_name"), ("familyName", "last_name"))


@dataclass
class Student:
    """A student's row, read."""

    line: int
    person: int
    source_key: str
    local_number: str
    state_number: str | None
    names: tuple[str | None, str | None, str | None]
    grade: str | None
    gone: bool
    places: list[Place]


def state_numbers(cell: str) -> list[str]:
    """The numbers in a list like ``{State ID:190441},{LDAP:mluz}`` whose type speaks of the state."""
    found = []
    for entry in cell.split(","):
        kind, colon, number = entry.strip().strip("{}").partition(":")
        if colon and "state" in kind.casefold() and number.strip() and number.strip() not in found:
            found.append(number.strip())
    return found


class Refused(Exception):
    """This row is not loaded; it has been said."""


class Reader:
    """Reads the students of ``users.csv``; what becomes of each is kept in ``people``."""

    def __init__(
        self,
        bundle: Bundle,
        people: People,
        roles: Roles | None,
        schools: Schools,
        spells: Spells,
    ) -> None:
        self.bundle, self.people, self.roles, self.schools, self.spells = bundle, people, roles, schools, spells
        self.records: Records = bundle.files["users"]
        self.others: Counter[str] = Counter()
        self.elsewhere = 0
        self._roles = Memo(Words(ROLES))
        self._names = [Memo(targets.STUDENT.column(name).parse) for _heading, name in _NAMES]
        self._grades = Memo(targets.ENROLLMENT.column("grade").parse)
        self._identifier = Identifier()

    def read(self, row: Row) -> Student | None:
        """A row; ``None`` where it is nobody to load here."""
        line, gone, cells, raw = row
        one, role, orgs, ids, given, middle, family, identifier, grades, enabled = cells
        try:
            if not self._is_student(line, raw, one, role):
                self._set(one, OTHER)
                return None
            names = self._read_names(line, raw, (given, middle, family))
            local = self._local(line, raw, one, identifier)
            state = self._state(line, raw, ids)
            places = self._places(line, raw, one, orgs)
            if not places:
                self.elsewhere += 1
                self._set(one, ELSEWHERE)
                return None
            person = self.people.number(one)
            grade = self._grade(line, raw, person, grades, gone)
        except Refused:
            self._set(one, REFUSED)
            return None
        if not identifier:
            text = _("No identifier; the sourcedId stands in as the district's student number")
            advice = _("Export the student number as identifier: other files find the student by it.")
            self.records.note(line, "number_from_id", text, "identifier", one, advice)
        if enabled.casefold() == "false" and not gone:
            self.records.note(line, "disabled", _("The user's account is disabled; loaded all the same"), "enabledUser")
        self.people.state[person] = STUDENT
        self.people.local[person] = local
        return Student(line, person, one, local, state, names, grade, gone, places)

    def _set(self, one: str, state: int) -> None:
        # Of people who are no students only those are kept that some other file names as if they were.
        number = self.people.number(one) if state == REFUSED else self.people.numbers.get(one)
        if number is not None:
            self.people.state[number] = state

    def _is_student(self, line: int, row: Sequence[str], one: str, written: str) -> bool:
        if self.roles is not None:
            number = self.people.numbers.get(one)
            if number is not None and number in self.roles.students:
                return True
            if self.roles.is_other(one):
                return False
            advice = _("Export roles.csv with everybody; a delta needs the roles of those whom users.csv has.")
            self.records.refuse(
                line, row, "no_role", _("Somebody without a role in roles.csv"), "sourcedId", one, advice
            )
            raise Refused
        role = self._roles[written]
        if isinstance(role, BadValue):
            self.records.refuse_value(line, row, role, "role", written)
            raise Refused
        if role is None:
            self.records.refuse(line, row, "no_role", _("No role"), "role")
            raise Refused
        self.records.note_case(line, "role", written, role)
        if role != "student":
            self.others[role] += 1
        return bool(role == "student")

    def _read_names(
        self, line: int, row: Sequence[str], cells: tuple[str, str, str]
    ) -> tuple[str | None, str | None, str | None]:
        read = [memo[cell] for memo, cell in zip(self._names, cells, strict=True)]
        for (heading, _name), value, cell in zip(_NAMES, read, cells, strict=True):
            if isinstance(value, BadValue):
                self.records.refuse_value(line, row, value, heading, cell)
                raise Refused
            if value is None and heading != "middleName":
                self.records.refuse(line, row, "no_name", _("A student without a name"), heading)
                raise Refused
        return read[0], read[1], read[2]

    def _local(self, line: int, row: Sequence[str], one: str, identifier: str) -> str:
        column = "identifier" if identifier else "sourcedId"
        try:
            return self._identifier(identifier or one) or ""
        except BadValue as bad:
            self.records.refuse_value(line, row, bad, column, identifier or one)
            raise Refused from None

    def _state(self, line: int, row: Sequence[str], ids: str) -> str | None:
        found = state_numbers(ids)
        if len(found) > 1:
            text = _("Several state numbers; none was taken")
            self.records.note(
                line, "state_numbers", text, "userIds", ids, _("Export one state number for each student.")
            )
            return None
        try:
            return self._identifier(found[0]) if found else None
        except BadValue as bad:
            self.records.refuse_value(line, row, bad, "userIds", found[0])
            raise Refused from None

    def _places(self, line: int, row: Sequence[str], one: str, orgs: str) -> list[Place]:
        """The schools of a student; none: they are of schools that this import is not for."""
        if self.roles is not None:
            person = self.people.numbers[one]
            # In an order of their own, not that of the file: the first one stands for the student.
            places = sorted(self.roles.students[person], key=lambda place: (place.gone, int(place.school)))
            foreign = person in self.roles.elsewhere
            column, written, unknown = "sourcedId", one, []
        else:
            ids = [part for part in (piece.strip() for piece in orgs.split(",")) if part]
            unknown = [org for org in ids if org not in self.schools.known]
            found = dict.fromkeys(self.schools.of[org] for org in ids if org in self.schools.of)
            places, foreign = [Place(school) for school in found], any(org in self.schools.elsewhere for org in ids)
            column, written = "orgSourcedIds", orgs
        if unknown:
            text = _("A student at an organization that is not in orgs.csv")
            if not places:
                self.records.refuse(line, row, "unknown_school", text, column, unknown[0])
                raise Refused
            self.records.note(line, "unknown_school", text, column, unknown[0])
        if not places and not foreign:
            text = _("A student without a school in the loaded year")
            advice = _("Name the school, not only the district, for each student.")
            self.records.refuse(line, row, "no_school", text, column, written, advice)
            raise Refused
        return places

    def _grade(self, line: int, row: Sequence[str], person: int, grades: str, gone: bool) -> str | None:
        listed = [part for part in (piece.strip() for piece in grades.split(",")) if part]
        if listed:
            grade = self._grades[listed[0]]
            if isinstance(grade, BadValue):
                self.records.refuse_value(line, row, grade, "grades", grades)
                raise Refused
            if len(listed) > 1:
                self.records.note(line, "several_grades", _("Several grades; the first was taken"), "grades", grades)
            if grade:
                return str(grade)
        if gone:
            return None
        if of_classes := self.spells.grade(person):
            text = _("No grade; taken from the student's classes, which are all for one")
            self.records.note(line, "grade_of_classes", text, "grades", of_classes)
            return of_classes
        self.records.refuse(
            line,
            row,
            "no_grade",
            _("A student without a grade"),
            "grades",
            "",
            _("Nobody is enrolled without a grade. Export the grades column of users.csv filled in (KG, 01 to 12)."),
        )
        raise Refused

    def tell(self) -> None:
        """Say who was not loaded."""
        tell_others(self.bundle, self.others if self.roles is None else self.roles.counts())
        if self.elsewhere:
            text = ngettext(
                "%(n)d student of other schools was not loaded.",
                "%(n)d students of other schools were not loaded.",
                self.elsewhere,
            )
            self.bundle.note(text % {"n": self.elsewhere})
