"""The rows of a file of surveys, read cell by cell: surveys as the file tells them, and all that stands against it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from goals.models import KeyPractice, SurveyAdministration
from goals.planning.survey_file import Row, Wrong
from goals.planning.surveys import Asked, wrong_day
from hstw.values import SchoolYear
from schools.imports import values
from schools.imports.places import Places
from schools.models import Organization
from schools.models.organization import Kind

# Whose surveys are recorded: those who make plans.
KINDS = (Kind.DISTRICT, Kind.SCHOOL)
_TENTH = Decimal("0.1")
_NUMBERED = re.compile(r"^([0-9]{1,2})(?:\s*[.·:)-]\s*|\s+)(?=\D)")
_PARSERS: dict[str, values.Parser] = {
    "school_year": values.Year(),
    "survey_of": values.Choice(
        SurveyAdministration.Kind,
        {
            **dict.fromkeys(("students", "student survey"), "student"),
            **dict.fromkeys(("teachers", "teacher survey", "faculty", "staff"), "teacher"),
            **dict.fromkeys(("families", "parents", "parent", "family survey"), "family"),
            "cte self-study": "cte",
        },
    ),
    "date_closed": values.Day(),
    "invited": values.Integer(0, 1_000_000),
    "answered": values.Integer(0, 1_000_000),
    "index": values.Decimal(0, 100),
    "source": values.Text(200),
}
_NEEDED = ("school_year", "survey_of", "date_closed")


@dataclass
class Told:
    """A survey as a file tells it; ``indices`` by the practice's key. What the file does not say stays as it is."""

    organization: int
    kind: str
    closed: dt.date
    line: int
    invited: int | None = None
    answered: int | None = None
    source: str = ""
    indices: dict[int, Decimal] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str, dt.date]:
        """What makes it the same survey as one that is recorded."""
        return self.organization, self.kind, self.closed

    def as_json(self) -> list[Any]:
        """To wait, signed, in the page that shows what would change."""
        indices = [[practice, str(percent)] for practice, percent in self.indices.items()]
        closed = self.closed.isoformat()
        return [self.organization, self.kind, closed, self.line, self.invited, self.answered, self.source, indices]

    @classmethod
    def from_json(cls, row: list[Any]) -> Told:
        """As :meth:`as_json` wrote it."""
        organization, kind, closed, line, invited, answered, source, indices = row
        percents = {practice: Decimal(percent) for practice, percent in indices}
        return cls(organization, kind, dt.date.fromisoformat(closed), line, invited, answered, source, percents)


def check(rows: list[Row], organization: Organization, wrong: Wrong, *, today: dt.date | None = None) -> list[Told]:
    """The surveys that the rows tell, of the organization and all below; what is wrong goes to ``wrong``."""
    reader = _Reader(organization, wrong, today or timezone.localdate())
    for row in rows:
        reader.take(row)
    reader.finish()
    return list(reader.told.values())


class _Reader:
    """Reads row after row; a row with anything wrong is told in full and adds nothing."""

    def __init__(self, organization: Organization, wrong: Wrong, today: dt.date) -> None:
        self.organization, self.wrong, self.today = organization, wrong, today
        self.places = Places(organization, KINDS)
        below = Organization.objects.filter(path__startswith=organization.path, kind__in=KINDS)
        self.designs: dict[int, str] = dict(below.values_list("pk", "design"))
        self.asked = Asked()
        self.known: dict[tuple[str, int], dict[str, KeyPractice]] = {}
        self.told: dict[tuple[int, str, dt.date], Told] = {}
        # Of each survey its lines, and its indices as they are written.
        self.lines: dict[tuple[int, str, dt.date], list[int]] = {}
        self.shares: dict[tuple[int, str, dt.date], list[Decimal]] = {}

    def take(self, row: Row) -> None:
        """One row."""
        before = self.wrong.total
        said = {name: self._cell(row, name) for name in _PARSERS}
        pk = self._school(row)
        day = self._day(row, said["date_closed"], said["school_year"])
        for name in _NEEDED:
            if row.cells[name] in values.NOTHING:
                self._note(row, name, _("It is blank."))
        practice = self._practice(row, pk, day)
        if row.cells["index"] and not row.cells["practice"]:
            self._note(row, "practice", _("It is blank: of which practice is the index?"))
        if self.wrong.total > before or pk is None or day is None:
            return
        key = (pk, said["survey_of"] or "", day)
        survey = self.told.setdefault(key, Told(*key, row.line))
        self.lines.setdefault(key, []).append(row.line)
        for name in ("invited", "answered"):
            number = None if said[name] is None else int(said[name] or 0)
            if number is not None and getattr(survey, name) not in {None, number}:
                self._note(row, name, _("It is not the same on all rows of this survey."))
            elif number is not None:
                setattr(survey, name, number)
        survey.source = said["source"] or survey.source
        if survey.invited is not None and survey.answered is not None and survey.answered > survey.invited:
            self._note(row, "answered", _("More have answered than were invited."))
        if practice is not None and said["index"] is not None:
            if practice.pk in survey.indices:
                self._note(row, "practice", _("This survey has an index of it on another row already."))
            survey.indices[practice.pk] = Decimal(said["index"]).quantize(_TENTH, ROUND_HALF_UP)
            self.shares.setdefault(key, []).append(Decimal(said["index"]))

    def finish(self) -> None:
        """What only shows once all rows of a survey are read."""
        for key, survey in self.told.items():
            for name in ("invited", "answered"):
                if getattr(survey, name) is None:
                    self._note_at(survey.line, name, _("It is blank on all rows of this survey."))
            shares = self.shares.get(key, [])
            if any(shares) and max(shares) <= 1:
                for line in self.lines[key]:
                    text = _("All indices of this survey are 1 or less: shares of one? Write 41.5 for 41.5 percent.")
                    self._note_at(line, "index", text)

    def _cell(self, row: Row, name: str) -> str | None:
        text = row.cells.get(name, "")
        if name == "index":
            text = text.removesuffix("%").rstrip()
        try:
            return _PARSERS[name](text)
        except values.BadValue as bad:
            self._note(row, name, f"{bad.text}. {bad.advice}")
            return None

    def _school(self, row: Row) -> int | None:
        named = [text for text in row.school if text]
        if not named and self.organization.kind == Kind.SCHOOL:
            return self.organization.pk
        try:
            found = self.places.find(*named)
        except values.BadValue as bad:
            self._note(row, "school", f"{bad.text}. {bad.advice}")
            return None
        if found is None:
            words = {"organization": self.organization.name, "school": named[0][:80] if named else ""}
            self._note(
                row,
                "school",
                _("%(organization)s has no school “%(school)s”. Only its own surveys can be loaded here.") % words
                if named
                else _("It is blank. Fill in the NCES id, state id or name on each row."),
            )
        return found

    def _day(self, row: Row, closed: str | None, year: str | None) -> dt.date | None:
        if closed is None:
            return None
        day = dt.date.fromisoformat(closed)
        if why := wrong_day(day, self.today):
            self._note(row, "date_closed", why)
            return None
        if year is not None and int(SchoolYear.on(day)) != int(year):
            self._note(
                row,
                "date_closed",
                _("It is not in the school year of the row, which runs from July 1 to June 30."),
            )
        return day

    def _practice(self, row: Row, pk: int | None, day: dt.date | None) -> KeyPractice | None:
        text = row.cells["practice"]
        if not text or pk is None or day is None:
            return None
        place = (self.designs[pk], int(SchoolYear.on(day)))
        if place not in self.known:
            practices = self.asked.of(*place)
            self.known[place] = {
                word: one
                for one in practices
                for word in (values.bare(one.name), values.bare(one.code), str(one.number))
            }
        known = self.known[place]
        found = known.get(values.bare(text)) or known.get(values.bare(_NUMBERED.sub("", text)))
        if found is None:
            self._note(
                row,
                "practice",
                _("“%(practice)s” is no key practice of the school's framework that year.") % {"practice": text[:80]},
            )
        return found

    def _note(self, row: Row, column: str, text: Any) -> None:
        self._note_at(row.line, column, text)

    def _note_at(self, line: int, column: str, text: Any) -> None:
        self.wrong.note(f"{column}: {text}".strip(), line)
