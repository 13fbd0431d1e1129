"""Which school year the bundle is of, and the terms of that year."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from hstw.values import SchoolYear
from schools.imports.oneroster.bundle import Bundle
from schools.imports.oneroster.columns import SESSION_TYPES
from schools.imports.oneroster.records import Records, Words
from schools.imports.problems import FileRefused, Place
from schools.imports.values import BadValue, Memo, Year
from schools.models.imports import Severity

TERM_LIMIT = 20


@dataclass(frozen=True)
class Session:
    """One academic session; days are ISO text. ``said`` is its schoolYear, ``dated`` the year of its dates."""

    line: int
    title: str
    type: str
    parent: str
    starts: str
    ends: str
    said: int | None
    dated: int


@dataclass
class Calendar:
    """The sessions of the bundle, and where the loaded year begins and ends (``ends`` as the bundle gives it)."""

    year: SchoolYear
    starts: str
    ends: str
    sessions: dict[str, Session] = field(default_factory=dict)

    def of(self, ids: Sequence[str]) -> tuple[str, str, bool]:
        """A class's term, the day it ends, and whether it is in the loaded year; raises ``KeyError``."""
        found = [(self.sessions[one].starts, one) for one in ids]
        if not found:
            return "", self.ends, True
        inside = [one for _starts, one in sorted(found) if self.sessions[one].dated == self.year]
        ends = max((self.sessions[one].ends for one in inside), default=self.ends)
        return self._name(inside), min(ends, self.ends), bool(inside)

    def _name(self, ids: Sequence[str]) -> str:
        """A term in at most 20 characters: it is part of what names a course record."""
        if len(ids) <= 1:
            return "".join(_short(self.sessions[one].title, one) for one in ids)
        names = [_short(self.sessions[one].title, one) for one in ids]
        parents = {self.sessions[one].parent for one in ids}
        whole = next(iter(parents)) if len(parents) == 1 else ""
        joined = ",".join(names)
        if len(joined) <= TERM_LIMIT:
            return joined
        children = [one for one, session in self.sessions.items() if session.parent == whole]
        if whole in self.sessions and len(children) == len(ids):
            return _short(self.sessions[whole].title, whole)
        return _short(f"{names[0]}–{names[-1]}", joined)


def _short(title: str, one: str) -> str:
    """The title, else the id, else the title's beginning with a mark made of the id, so that no two become one."""
    for text in (title, one):
        if text and len(text) <= TERM_LIMIT:
            return text
    mark = hashlib.sha256(one.encode()).hexdigest()[:5]
    return f"{(title or one)[: TERM_LIMIT - 6].strip()} {mark}"


def year_of(starts: dt.date, ends: dt.date) -> int:
    """The school year in which the middle of a session lies: one that begins in the last days of June is the next."""
    return int(SchoolYear.on(starts + (ends - starts) / 2))


def read_sessions(bundle: Bundle) -> Calendar:
    """Read the sessions and settle the year: the person's choice must be what their dates say.

    The standard's ``schoolYear`` is the year in which it ends; vendors write the one in which it begins. So a
    ``schoolYear`` that disagrees with the session's own dates is noted where the dates agree with the year chosen at
    upload; otherwise :class:`~schools.imports.problems.FileRefused` asks for the year that the dates say.
    """
    year = bundle.reading.year
    records = bundle.files.get("academicSessions")
    sessions = _read(records) if records else {}
    if records is None or not sessions:
        bundle.reading.problems.note(
            "no_sessions",
            _("The bundle says nothing of its school year; loaded for the year chosen"),
            Place(records.file if records else "academicSessions.csv", 0),
            advice=_("Check the year: %(year)s.") % {"year": year.label},
            severity=Severity.NOTED,
        )
    else:
        _settle(records, list(sessions.values()), year)
    inside = [one for one in sessions.values() if one.dated == year]
    whole = _whole(inside)
    starts = min((one.starts for one in whole), default="")
    ends = max((one.ends for one in whole), default=year.last_day.isoformat())
    for one in inside:
        if records is not None and (one.starts < starts or one.ends > ends):
            text = _("A session that reaches beyond its school year; the school year's dates were taken")
            records.note(one.line, "beyond_year", text, "endDate", f"{one.starts}, {one.ends}")
    return Calendar(year, starts, ends, sessions)


def _read(records: Records) -> dict[str, Session]:
    days, years, kinds = records.day(), Memo(Year()), Memo(Words(SESSION_TYPES))
    sessions: dict[str, Session] = {}
    columns = ("sourcedId", "title", "type", "parentSourcedId", "startDate", "endDate", "schoolYear")
    for line, _gone, cells, row in records.rows(*columns):
        one, title, kind, parent, starts, ends, said = cells
        read = {"startDate": days[starts], "endDate": days[ends], "schoolYear": years[said], "type": kinds[kind]}
        bad = next(((column, value) for column, value in read.items() if isinstance(value, BadValue)), None)
        if bad:
            records.refuse_value(line, row, bad[1], bad[0], cells[columns.index(bad[0])])
            continue
        if not read["startDate"] or not read["endDate"]:
            text = _("A session without a date")
            records.refuse(line, row, "no_date", text, "startDate", "", _("Fill in startDate and endDate."))
            continue
        first, last = dt.date.fromisoformat(read["startDate"]), dt.date.fromisoformat(read["endDate"])
        if last < first:
            text = _("The session ends before it begins")
            records.refuse(line, row, "ends_before_start", text, "endDate", ends, _("Check which date is right."))
            continue
        records.note_case(line, "type", kind, read["type"])
        said_year = int(read["schoolYear"]) if read["schoolYear"] else None
        sessions[one] = Session(
            line,
            title,
            read["type"] or "",
            parent,
            first.isoformat(),
            last.isoformat(),
            said_year,
            year_of(first, last),
        )
    return sessions


def _whole(sessions: list[Session]) -> list[Session]:
    """Those that are whole school years; all where none is."""
    return [one for one in sessions if one.type == "schoolYear"] or sessions


def _settle(records: Records, sessions: list[Session], year: SchoolYear) -> None:
    """Note or refuse where schoolYear, dates and the chosen year disagree."""
    dated = sorted({one.dated for one in sessions})
    if year not in dated:
        labels = ", ".join(SchoolYear(one).label for one in dated)
        said = _whole([one for one in sessions if one.said == year])
        if said:
            raise FileRefused(
                _("The sessions' schoolYear says %(said)d, but their dates, %(first)s to %(last)s, are of %(years)s.")
                % {
                    "said": year,
                    "first": min(one.starts for one in said),
                    "last": max(one.ends for one in said),
                    "years": labels,
                },
                _("Choose %(years)s at upload if the dates are right; else correct them and export again.")
                % {"years": labels},
            )
        raise FileRefused(
            _("The bundle is of %(years)s by its sessions' dates, and %(year)s was chosen.")
            % {"years": labels, "year": year.label},
            _("Choose %(years)s at upload, or load the bundle of the year you chose.") % {"years": labels},
        )
    for told in sorted({one.said for one in sessions if one.dated == year and one.said not in {None, year}} - {None}):
        those = [one for one in sessions if one.dated == year and one.said == told]
        whole = _whole(those)
        text = _(
            "The sessions' schoolYear says %(said)d, their dates, %(first)s to %(last)s, are school year %(year)s; "
            "loaded as %(year)s"
        ) % {
            "said": told,
            "first": min(one.starts for one in whole),
            "last": max(one.ends for one in whole),
            "year": year.label,
        }
        for one in those:
            records.note(
                one.line,
                "school_year",
                text,
                "schoolYear",
                str(told),
                _("The standard names a school year by the year in which it ends."),
            )
