"""Load a published directory (federal or Kentucky's) into the tree of organizations, as often as one likes.

``load`` reads the whole file, then writes in one transaction: a file that cannot be read leaves nothing
behind, and the same file loaded twice changes nothing. What the tables of ``schools.directory_layouts``
do not take over is reported with its cause and place, never dropped silently.

Decisions:

- An organization is found by its NCES id, else by its state id within its state. Where the two name
  different organizations the row is refused.
- A blank in the file erases nothing. Names stand as published, capitals included. ``design`` is filled
  where it is blank and the type and grades leave no choice; the time zone is set when an organization is
  created. Both are the organization's own from then on.
- A file of several years gives the facts of the latest year in which the organization is listed, and
  only those: Kentucky gave the number of one school to another after some years. That a school is first
  or last listed in some year is no opening or closing (its technology centers appear in the second year,
  schools come back after up to four years): no date is written, and those missing from the latest year
  are reported.
- Memberships of cooperatives run over the school years listed; one that lasts to the file's end stays
  open. A year in which the district is not listed interrupts nothing; a year listed without a
  cooperative does.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pghistory
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify

from hstw.values import SchoolYear
from schools.directory_layouts import (
    CCD_AGENCY_KINDS,
    CCD_REGULAR_SCHOOL,
    CCD_STATUS,
    CCD_VOCATIONAL_SCHOOL,
    DESIGN_SPANS,
    GRADE_ORDER,
    KENTUCKY_COOPERATIVES,
    KENTUCKY_REGULAR_SCHOOL,
    KENTUCKY_STATE_ROW,
    KENTUCKY_TECHNOLOGY_CENTERS,
    LAYOUTS,
    OTHER_REGION,
    REGION,
    STATES_BY_FIPS,
    STATES_BY_POSTAL,
    Column,
    Layout,
    State,
    Unusable,
    time_zone,
)
from schools.models.membership import CooperativeMember
from schools.models.organization import Design, Kind, Organization, unused_slug

LOCK = 0x48535457_0001  # the advisory lock of directory imports
ROW_REFUSED, VALUE_LEFT_OUT, NOTED = "row refused", "value left out", "noted"
FILLED_WHEN_BLANK = frozenset({"design"})
_FACTS = (
    *("name", "nces_id", "state_id", "street", "city", "county", "postal_state", "zip_code", "phone"),
    *("latitude", "longitude", "design", "grade_low", "grade_high", "opened", "closed"),
)


class DirectoryError(Exception):
    """The file as a whole cannot be loaded; nothing was. The message says what to do."""


# --- what is reported ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """Something that was not taken over, where it stands and why."""

    effect: str
    cause: str
    line: int
    heading: str
    value: str


@dataclass
class Report:
    """What a load did."""

    file: str
    layout: str
    rows: int = 0
    other_states: int = 0
    new_kinds: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    unchanged: int = 0
    members_new: int = 0
    members_changed: int = 0
    members_unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Organizations created, the state and the region above included."""
        return self.new_kinds.total()

    def note(self, effect: str, cause: str, line: int, heading: str, value: str) -> None:
        """Add a problem; one cause, many places."""
        self.problems.append(Problem(effect, cause, line, heading, value))

    def causes(self, places: int = 5) -> list[dict[str, Any]]:
        """By effect and cause, most frequent first, with the first places as ``file:line:column:value``."""
        grouped: dict[tuple[str, str], list[Problem]] = {}
        for problem in self.problems:
            grouped.setdefault((problem.effect, problem.cause), []).append(problem)
        return [
            {
                "effect": effect,
                "cause": cause,
                "count": len(found),
                "places": [f"{self.file}:{p.line}:{p.heading}:{p.value}" for p in found[:places]],
            }
            for (effect, cause), found in sorted(grouped.items(), key=lambda item: -len(item[1]))
        ]

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        counts = {
            name: getattr(self, name)
            for name in (
                *("file", "layout", "rows", "other_states", "new", "changed", "unchanged"),
                *("members_new", "members_changed", "members_unchanged"),
            )
        }
        return counts | {"new_by_kind": dict(self.new_kinds), "problems": self.causes()}


# --- reading -------------------------------------------------------------------------------------------


@dataclass
class Row:
    """One line of the file, its values read by the layout's columns; blank values are absent."""

    line: int
    values: dict[str, Any]


def _content(path: Path, encoding: str) -> str:
    """The file's text; packed files are unpacked, a byte order mark is dropped."""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DirectoryError(f"{path.name} is cut off or damaged: it cannot be unpacked to its end.") from None
    except OSError as error:
        raise DirectoryError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    if not data.strip():
        raise DirectoryError(f"{path.name} is empty.")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DirectoryError(
            f"{path.name}, line {line}: byte 0x{data[error.start]:02x} is not {encoding} text. "
            "If the file is in Latin 1 (ISO 8859-1), say --encoding latin-1."
        ) from None


def _records(name: str, content: str) -> Iterator[tuple[int, list[str]]]:
    """Lines of the file with the number on which each begins; comma or tab, by the heading line."""
    heading = content.split("\n", 1)[0]
    delimiter = "\t" if heading.count("\t") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DirectoryError(f"{name}, line {line}: quotation marks do not match ({error}).") from None
        if record:
            yield line, record


def _recognized(name: str, headings: list[str], wanted: str | None) -> tuple[str, Layout]:
    """The layout asked for, or the one whose headings are all there."""
    missing = {
        key: [heading for heading in layout.headings if heading not in headings]
        for key, layout in LAYOUTS.items()
        if wanted in (None, key)
    }
    nearest = min(missing, key=lambda key: len(missing[key]))
    if missing[nearest]:
        raise DirectoryError(
            f"{name} lacks {', '.join(missing[nearest])}, column{'s' if len(missing[nearest]) > 1 else ''} "
            f"of {nearest} ({LAYOUTS[nearest].title})."
        )
    doubled = sorted({h for h in LAYOUTS[nearest].headings if headings.count(h) > 1})
    if doubled:
        raise DirectoryError(f"{name} has the column {doubled[0]} twice.")
    return nearest, LAYOUTS[nearest]


class _Refused(Exception):
    """This row is not loaded; it has been reported."""


class _Reader:
    """Reads rows by a layout; reports what it leaves out."""

    def __init__(self, layout: Layout, headings: list[str], report: Report) -> None:
        self.layout, self.report = layout, report
        self.places = {column.field: headings.index(column.heading) for column in layout.columns}
        self.by_field = {column.field: column for column in layout.columns}
        self.width = len(headings)
        # The database's own limits; a value that does not fit is reported like any other.
        self.limits = {name: getattr(Organization._meta.get_field(name), "max_length", None) for name in _FACTS}

    def raw(self, record: list[str], name: str) -> str:
        return record[self.places[name]].strip()

    def refuse(self, line: int, cause: str, name: str, value: str) -> _Refused:
        self.report.note(ROW_REFUSED, cause, line, self.by_field[name].heading, value)
        return _Refused()

    def value(self, line: int, column: Column, raw: str) -> Any:
        """One value, None where it is missing or left out."""
        if raw in self.layout.missing:
            if column.required:
                raise self.refuse(line, f"no {column.heading}", column.field, raw)
            if raw and column.field in {"grade_low", "grade_high"}:
                self.report.note(NOTED, f"{column.heading}: not reported or not applicable", line, column.heading, raw)
            return None
        try:
            found = column.read(raw)
            limit = self.limits.get(column.field)
            if limit and isinstance(found, str) and len(found) > limit:
                raise Unusable(f"longer than {limit} characters")
            if isinstance(found, str) and "\x00" in found:
                raise Unusable("a character that is no text (NUL)")
        except Unusable as reason:
            if column.required:
                raise self.refuse(line, f"{column.heading}: {reason}", column.field, raw) from None
            self.report.note(VALUE_LEFT_OUT, f"{column.heading}: {reason}", line, column.heading, raw)
            return None
        return found

    def row(self, line: int, record: list[str], names: tuple[str, ...] | None = None) -> Row:
        """All values, or those named."""
        columns = [c for c in self.layout.columns if names is None or c.field in names]
        values = {c.field: self.value(line, c, self.raw(record, c.field)) for c in columns}
        return Row(line, {name: value for name, value in values.items() if value not in (None, "")})


# --- from rows to organizations ------------------------------------------------------------------------


@dataclass
class Entry:
    """An organization as the file has it."""

    line: int
    kind: str
    state: State
    facts: dict[str, Any]
    district: tuple[str, str] | None = None  # of a school: the field and value that name its district
    zone: str = ""


def _spelled_out(reader: _Reader, row: Row) -> dict[str, Any]:
    """The columns that are facts of an organization, made consistent with each other."""
    facts = {name: value for name, value in row.values.items() if name in _FACTS}
    if "zip_extension" in row.values and "zip_code" in facts:
        facts["zip_code"] = f"{facts['zip_code']}-{row.values['zip_extension']}"
    if ("latitude" in facts) != ("longitude" in facts):
        facts.pop("latitude", None)
        facts.pop("longitude", None)
    low, high = facts.get("grade_low"), facts.get("grade_high")
    if low and high and GRADE_ORDER.index(low) > GRADE_ORDER.index(high):
        heading = reader.by_field["grade_low"].heading
        cause = "the lowest grade is above the highest"
        reader.report.note(VALUE_LEFT_OUT, cause, row.line, heading, f"{low}–{high}")
        del facts["grade_low"], facts["grade_high"]
    return facts


def _design(facts: dict[str, Any], *, regular: bool, technology_center: bool) -> dict[str, str]:
    """The design, where type and grades leave no choice."""
    if technology_center:
        return {"design": Design.TECHNOLOGY_CENTER.value}
    low, high = facts.get("grade_low"), facts.get("grade_high")
    if regular and low and high:
        for design, (first, last) in DESIGN_SPANS.items():
            if GRADE_ORDER.index(first) <= GRADE_ORDER.index(low) and GRADE_ORDER.index(high) <= GRADE_ORDER.index(
                last
            ):
                return {"design": design.value}
    return {}


def _ccd_entry(reader: _Reader, row: Row) -> Entry:
    """A row of a federal file: an agency, or a school below its agency."""
    values = row.values
    state = STATES_BY_FIPS.get(values["fips"])
    if state is None:
        raise reader.refuse(row.line, "FIPST: no state has this code", "fips", values["fips"])
    if not values["nces_id"].startswith(state.fips):
        heading = reader.by_field["nces_id"].heading
        raise reader.refuse(row.line, f"{heading}: does not begin with the state's code", "nces_id", values["nces_id"])
    status = CCD_STATUS.get(values["status"])
    if status is None:
        raise reader.refuse(row.line, "a status the record layout does not have", "status", values["status"])
    if not status.operates:
        raise reader.refuse(
            row.line, "not open yet: planned within two years, no date given", "status", values["status"]
        )
    facts = _spelled_out(reader, row)
    facts.setdefault("postal_state", state.postal)
    facts["closed"] = values["year"].first_day if status.closes else None
    if status.opens:
        facts["opened"] = values["year"].first_day
    if status.note:
        reader.report.note(NOTED, status.note, row.line, reader.by_field["status"].heading, facts["name"])
    if "district" in values:
        kind: str | None = Kind.SCHOOL
        facts |= _design(
            facts,
            regular=values["type"] == CCD_REGULAR_SCHOOL,
            technology_center=values["type"] == CCD_VOCATIONAL_SCHOOL,
        )
    else:
        kind = CCD_AGENCY_KINDS.get(values["type"])
    if kind is None:
        raise reader.refuse(row.line, "TYPE: a code the record layout does not have", "type", values["type"])
    district = ("nces_id", values["district"]) if "district" in values else None
    return Entry(row.line, kind, state, facts, district, time_zone(state, county=facts.get("county", "")))


def _kentucky_entry(reader: _Reader, row: Row, number: str) -> Entry:
    """The latest row of a number in Kentucky's directory."""
    state = STATES_BY_POSTAL["KY"]
    facts = _spelled_out(reader, row) | {"postal_state": "KY"}
    if len(number) == 6:
        kind = row.values["type"]
        facts |= _design(
            facts,
            regular=kind == KENTUCKY_REGULAR_SCHOOL,
            technology_center=kind in KENTUCKY_TECHNOLOGY_CENTERS,
        )
        return Entry(row.line, Kind.SCHOOL, state, facts, ("state_id", number[:3]))
    if number == KENTUCKY_STATE_ROW:
        del facts["name"]  # “State”
        return Entry(row.line, Kind.STATE, state, facts)
    if number in {cooperative for cooperative, _ in KENTUCKY_COOPERATIVES.values()}:
        return Entry(row.line, Kind.COOPERATIVE, state, facts, zone=state.time_zone)
    return Entry(row.line, Kind.DISTRICT, state, facts, zone=time_zone(state, district=facts["name"]))


@dataclass
class Membership:
    """A run of school years in which a district belonged to one cooperative."""

    line: int
    cooperative: str  # its number
    district: str
    first: SchoolYear
    last: SchoolYear
    lasts: bool  # to the latest year in which the district is listed

    @property
    def starts(self) -> dt.date:
        return self.first.first_day

    @property
    def ends(self) -> dt.date | None:
        return None if self.lasts else self.last.last_day


@dataclass
class Contents:
    """A file, understood: organizations and memberships."""

    layout: str
    entries: list[Entry] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)


def _check_once(name: str, layout: Layout, seen: dict[Any, int], key: Any, line: int) -> None:
    if key in seen:
        headings = "/".join(c.heading for c in layout.columns if c.field in layout.key)
        raise DirectoryError(
            f"{name}: lines {seen[key]} and {line} have the same {headings} "
            f"({' '.join(str(part) for part in key)}). Remove one of them."
        )
    seen[key] = line


def read(
    path: Path, *, layout: str | None = None, state: str | None = None, encoding: str = "utf-8"
) -> tuple[Contents, Report]:
    """Understand a file without touching the database. Raises ``DirectoryError``."""
    records = _records(path.name, _content(path, encoding))
    _, headings = next(records)
    headings = [heading.strip() for heading in headings]
    key, chosen = _recognized(path.name, headings, layout)
    if state and state not in STATES_BY_POSTAL:
        raise DirectoryError(f"{state} is no state's postal code.")
    if state and chosen.state and state != chosen.state:
        raise DirectoryError(f"{path.name} is a file of {chosen.state}, not of {state}.")
    report = Report(path.name, key)
    reader = _Reader(chosen, headings, report)
    contents = Contents(key)
    seen: dict[Any, int] = {}
    yearly: dict[str, list[tuple[SchoolYear, int, list[str]]]] = {}
    for line, record in records:
        report.rows += 1
        try:
            if len(record) != reader.width:
                cause = f"the heading line has {reader.width} values"
                report.note(ROW_REFUSED, cause, line, "", f"{len(record)} values")
                continue
            keys = reader.row(line, record, (*chosen.key, "fips"))
            _check_once(path.name, chosen, seen, tuple(keys.values[name] for name in chosen.key), line)
            if chosen.state:
                yearly.setdefault(keys.values["state_id"], []).append((keys.values["year"], line, record))
                continue
            found = STATES_BY_FIPS.get(keys.values["fips"])
            if state and (found is None or found.postal != state):
                report.other_states += 1
                continue
            contents.entries.append(_ccd_entry(reader, reader.row(line, record)))
        except _Refused:
            continue
    if not report.rows:
        raise DirectoryError(f"{path.name} has a heading line and nothing below it.")
    _read_years(reader, contents, yearly)
    return contents, report


def _read_years(
    reader: _Reader, contents: Contents, yearly: dict[str, list[tuple[SchoolYear, int, list[str]]]]
) -> None:
    """Take the latest year of every number; note those that the file's latest year lacks."""
    final = max((year for rows in yearly.values() for year, _, _ in rows), default=None)
    for number, rows in yearly.items():
        rows.sort(key=lambda row: row[0])
        year, line, record = rows[-1]
        try:
            entry = _kentucky_entry(reader, reader.row(line, record), number)
        except _Refused:
            continue
        contents.entries.append(entry)
        if year != final and final is not None:
            cause = f"not listed in {final.label}, the file's latest year; not recorded as closed"
            heading, name = reader.by_field["year"].heading, reader.raw(record, "name")
            reader.report.note(NOTED, cause, line, heading, f"{number} {name}, last in {year.label}")
        if "cooperative" in reader.places:
            contents.memberships.extend(_memberships(reader, number, rows))
    if contents.layout == "kentucky-schools":
        _give_districts_their_nces_ids(reader, contents)


def _memberships(reader: _Reader, district: str, rows: list[tuple[SchoolYear, int, list[str]]]) -> Iterator[Membership]:
    """Runs of equal cooperatives over the years in which a district is listed."""
    run: Membership | None = None
    for year, line, record in rows:
        short = reader.raw(record, "cooperative")
        if short and short not in KENTUCKY_COOPERATIVES:
            cause = "coop: no cooperative has this abbreviation"
            reader.report.note(VALUE_LEFT_OUT, cause, line, "coop", short)
            short = ""
        number = KENTUCKY_COOPERATIVES[short][0] if short else ""
        if run is not None and run.cooperative == number:
            run.last = year
            continue
        if run is not None:
            run.lasts = False
            # It ended some time before this year; a year not listed in between is counted to the old
            # one.
            run.last = SchoolYear(year - 1)
            yield run
        run = Membership(line, number, district, year, year, True) if number else None
    if run is not None:
        yield run


def _give_districts_their_nces_ids(reader: _Reader, contents: Contents) -> None:
    """Kentucky's district file has no NCES ids; the first seven digits of its schools' are the district's."""
    found: dict[str, tuple[set[str], int]] = {}
    for entry in contents.entries:
        if entry.district and "nces_id" in entry.facts:
            ids, _ = found.setdefault(entry.district[1], (set(), entry.line))
            ids.add(entry.facts["nces_id"][:7])
    for number, (ids, line) in found.items():
        if len(ids) == 1:
            facts = {"state_id": number, "nces_id": ids.pop()}
            contents.entries.append(Entry(line, Kind.DISTRICT, STATES_BY_POSTAL["KY"], facts))
        else:
            cause = "nces_id: the schools of one district begin with different district ids"
            reader.report.note(VALUE_LEFT_OUT, cause, line, "nces_id", f"{number} {' '.join(sorted(ids))}")


# --- writing -------------------------------------------------------------------------------------------


def load(
    path: Path,
    *,
    layout: str | None = None,
    state: str | None = None,
    encoding: str = "utf-8",
    dry_run: bool = False,
) -> Report:
    """Load a directory file: all of it or, with an error, nothing. Raises ``DirectoryError``.

    Takes an advisory lock for the length of the transaction, so that two loads run one after the other.
    """
    contents, report = read(path, layout=layout, state=state, encoding=encoding)
    try:
        with (
            pghistory.context(command="import_directory", file=path.name, layout=contents.layout),
            transaction.atomic(),
        ):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            writer = _Writer(contents, report)
            writer.write()
            if not (writer.new or writer.met):
                report.new_kinds.clear()  # every row was refused: no state stays behind for nothing
                transaction.set_rollback(True)
            if dry_run:
                transaction.set_rollback(True)
    except IntegrityError as error:
        detail = str(error).splitlines()[0]
        raise DirectoryError(
            f"Nothing was loaded: somebody changed the directory at the same time ({detail}). Start again."
        ) from error
    return report


def state_organization(state: State) -> tuple[Organization, list[str]]:
    """The organization of a state below its region, and the kinds of what had to be created for it."""
    found = Organization.objects.filter(kind=Kind.STATE)
    for same in ({"nces_id": state.fips}, {"postal_state": state.postal}, {"name": state.name}):
        if organization := found.filter(**same).first():
            return organization, []
    created = [Kind.STATE.value]
    name = REGION if state.in_region else OTHER_REGION
    region = Organization.objects.filter(kind=Kind.REGION, name=name).first()
    if region is None:
        region = Organization.objects.add_root({"kind": Kind.REGION, "name": name, "slug": unused_slug(name)})
        created.append(Kind.REGION.value)
    facts = {
        "kind": Kind.STATE,
        "name": state.name,
        "slug": unused_slug(state.name),
        "nces_id": state.fips,
        "postal_state": state.postal,
        "time_zone": state.time_zone,
    }
    organization = Organization.objects.add_child(region, facts)
    return organization, created


class _Writer:
    """Compares a file's organizations with the directory's and writes the difference, set by set."""

    def __init__(self, contents: Contents, report: Report) -> None:
        self.contents, self.report = contents, report
        self.layout = LAYOUTS[contents.layout]
        self.heading = {column.field: column.heading for column in self.layout.columns}
        self.states: dict[str, Organization] = {}
        self.by_id: dict[tuple[str, str], Organization] = {}  # kind, NCES id
        self.by_state_id: dict[tuple[int, str, str], Organization] = {}  # state, kind, state id
        self.by_path: dict[str, Organization] = {}
        self.last_step: dict[str, int] = {}  # a parent's path → the last child's step
        self.changed: dict[int, Organization] = {}
        self.new: list[Organization] = []
        self.more_children: dict[str, int] = {}
        self.met: set[int] = set()
        self.giving_up: dict[str, list[int]] = {}  # id field → organizations whose id becomes another
        self.moves: list[tuple[Organization, Organization]] = []

    def write(self) -> None:
        """Districts and cooperatives before schools, which stand below them."""
        self._find_states()
        if self.layout.state == "KY" and "cooperative" in self.heading:
            self._add_named_cooperatives()
        order = {Kind.STATE: 0, Kind.COOPERATIVE: 1, Kind.DISTRICT: 1, Kind.SCHOOL: 2}
        entries = sorted(self.contents.entries, key=lambda e: (order[Kind(e.kind)], e.line))
        self._leave_out_repeated_ids(entries)
        for entry, found in self._matches(entries):
            self._take(entry, found)
        self._save()
        self._write_memberships()
        self.report.changed = len(self.changed)
        self.report.unchanged = len(self.met) - len(self.changed)

    # -- the directory as it stands

    def _find_states(self) -> None:
        for state in {entry.state.fips: entry.state for entry in self.contents.entries}.values():
            self.states[state.fips], created = state_organization(state)
            self.report.new_kinds.update(created)
        self.slugs = set(Organization.objects.order_by().values_list("slug", flat=True))
        within = Organization.objects.filter(in_state__in=self.states.values())
        for organization in [*self.states.values(), *within.select_for_update(of=("self",))]:
            self._index(organization)
        # An NCES id is unique in the whole country: by mistake it may stand in another state.
        wanted = [e.facts["nces_id"] for e in self.contents.entries if "nces_id" in e.facts]
        abroad = Organization.objects.filter(nces_id__in=wanted, in_state__isnull=False)
        for organization in abroad.exclude(in_state__in=self.states.values()):
            self.by_id[organization.kind, organization.nces_id] = organization

    def _index(self, organization: Organization) -> None:
        path = organization.path
        self.by_path[path] = organization
        if organization.nces_id:
            self.by_id[organization.kind, organization.nces_id] = organization
        if organization.state_id and organization.in_state_id:
            key = organization.in_state_id, organization.kind, organization.state_id
            self.by_state_id[key] = organization
        above, step = path[: -Organization.steplen], path[-Organization.steplen :]
        self.last_step[above] = max(self.last_step.get(above, 0), Organization._str2int(step))

    def _add_named_cooperatives(self) -> None:
        """Kentucky's districts name their cooperatives by abbreviation; the file has no rows for them."""
        listed = {e.facts.get("state_id") for e in self.contents.entries if e.kind == Kind.COOPERATIVE}
        named = {membership.cooperative: membership.line for membership in self.contents.memberships[::-1]}
        state = STATES_BY_POSTAL["KY"]
        for number, name in KENTUCKY_COOPERATIVES.values():
            if number in named and number not in listed:
                facts = {"state_id": number, "name": name, "postal_state": "KY"}
                self.contents.entries.append(Entry(named[number], Kind.COOPERATIVE, state, facts, zone=state.time_zone))

    # -- one organization

    def _leave_out_repeated_ids(self, entries: list[Entry]) -> None:
        """Two rows of a file may not end up with the same id; the first keeps it."""
        for name in ("nces_id", "state_id"):
            seen: set[tuple[str, str, str]] = set()
            for entry in entries:
                key = entry.state.fips, entry.kind, entry.facts.get(name, "")
                if key in seen:
                    cause = f"{self.heading[name]}: another row of this file has it"
                    self.report.note(VALUE_LEFT_OUT, cause, entry.line, self.heading[name], key[2])
                    del entry.facts[name]
                elif key[2]:
                    seen.add(key)

    def _matches(self, entries: list[Entry]) -> Iterator[tuple[Entry, Organization | None]]:
        """Each entry with the organization that it means, or None for a new one; refuses contradictions.

        All NCES ids are looked up before any state id: a state gives a number to another school, and then the
        school that had it is the one with its NCES id.
        """
        by_nces = {
            id(entry): self.by_id[entry.kind, entry.facts["nces_id"]]
            for entry in entries
            if (entry.kind, entry.facts.get("nces_id")) in self.by_id
        }
        taken = {found.pk for found in by_nces.values()}
        for entry in entries:
            state = self.states[entry.state.fips]
            if entry.kind == Kind.STATE:
                yield entry, state
                continue
            found = by_nces.get(id(entry))
            own = entry.facts.get("state_id", "")
            by_own = self.by_state_id.get((state.pk, entry.kind, own))
            if found is None:
                yield entry, by_own if by_own is not None and by_own.pk not in taken else None
            elif found.in_state_id != state.pk:
                cause = "the NCES id belongs to an organization of another state"
                self._refuse(entry, cause, "nces_id", found.nces_id)
            elif by_own is not None and by_own is not found and by_own.pk not in taken:
                cause = "its NCES id and its state id belong to two different organizations"
                self._refuse(entry, cause, "state_id", f"{own} {found.nces_id}")
            else:
                yield entry, found

    def _take(self, entry: Entry, found: Organization | None) -> None:
        """Create or update one organization, in memory."""
        parent = self._parent(entry)
        if parent is None:
            return
        if found is None:
            if "name" in entry.facts:
                self._create(entry, parent)
            return
        self.met.add(found.pk)
        moved = entry.kind == Kind.SCHOOL and found.path[: -Organization.steplen] != parent.path
        if moved:
            self.moves.append((found, parent))
        if self._update(found, entry) or moved:
            self.changed[found.pk] = found

    def _refuse(self, entry: Entry, cause: str, name: str, value: str) -> None:
        self.report.note(ROW_REFUSED, cause, entry.line, self.heading.get(name, name), value)

    def _parent(self, entry: Entry) -> Organization | None:
        """Where it stands in the tree: a school below its district, everything else below its state."""
        state = self.states[entry.state.fips]
        if entry.district is None:
            return state
        name, value = entry.district
        if name == "nces_id":
            district = self.by_id.get((Kind.DISTRICT, value))
            if district is None and (Kind.COOPERATIVE, value) in self.by_id:
                return state  # a service agency's own school: the agency stands beside the districts
        else:
            district = self.by_state_id.get((state.pk, Kind.DISTRICT, value))
        if district is None or district.in_state_id != state.pk:
            cause = "its district is not in the directory: load the districts' file first"
            heading = "district" if name == "nces_id" else "state_id"
            self._refuse(entry, cause, heading, value)
            return None
        return district

    def _create(self, entry: Entry, parent: Organization) -> None:
        state = self.states[entry.state.fips]
        step = self.last_step.get(parent.path, 0) + 1
        organization = Organization(
            kind=entry.kind,
            slug=self._slug(entry.facts["name"], entry.state.postal),
            in_state=state,
            path=Organization._get_path(parent.path, parent.depth + 1, step),
            depth=parent.depth + 1,
            numchild=0,
            time_zone=entry.zone or parent.time_zone,
            **entry.facts,
        )
        self.new.append(organization)
        self.more_children[parent.path] = self.more_children.get(parent.path, 0) + 1
        self._index(organization)
        self.report.new_kinds[entry.kind] += 1

    def _slug(self, name: str, postal: str) -> str:
        """As ``unused_slug``, against the set in memory."""
        base = slugify(f"{name} {postal}")[:72] or "organization"
        slug, number = base, 1
        while slug in self.slugs:
            number += 1
            slug = f"{base}-{number}"
        self.slugs.add(slug)
        return slug

    def _update(self, organization: Organization, entry: Entry) -> bool:
        before = {name: getattr(organization, name) for name in _FACTS}
        for name, value in entry.facts.items():
            if not (name in FILLED_WHEN_BLANK and before[name]):
                setattr(organization, name, value)
        self._keep_dates_sound(organization, before, entry)
        if all(getattr(organization, name) == value for name, value in before.items()):
            return False
        for name in ("nces_id", "state_id"):
            if before[name] and before[name] != getattr(organization, name):
                self.giving_up.setdefault(name, []).append(organization.pk)
        self._index(organization)
        return True

    def _keep_dates_sound(self, organization: Organization, before: dict[str, Any], entry: Entry) -> None:
        """What a person recorded about the dates and successor stands where the file contradicts it."""
        opened, closed = organization.opened, organization.closed
        if organization.successor_id and closed is None:
            cause = "listed as open, but recorded here as closed with a successor: left closed"
        elif opened and closed and opened >= closed:
            cause = "the file's first and last day contradict those recorded here: dates left as they are"
        else:
            return
        self.report.note(VALUE_LEFT_OUT, cause, entry.line, self.heading.get("status", ""), organization.name)
        organization.opened, organization.closed = before["opened"], before["closed"]

    # -- all of them

    def _save(self) -> None:
        for organization in self.changed.values():
            organization.version += 1
        # Ids may change hands within a load, and uniqueness is checked row by row: first let go, then
        # take.
        for name, keys in self.giving_up.items():
            Organization.objects.filter(pk__in=keys).update(**{name: ""})
        Organization.objects.bulk_update(self.changed.values(), [*_FACTS, "version"], batch_size=500)
        Organization.objects.bulk_create(self.new, batch_size=500)
        grown = []
        for path, more in self.more_children.items():
            parent = self.by_path[path]
            parent.numchild += more
            grown.append(parent)
        Organization.objects.bulk_update(grown, ["numchild"], batch_size=500)
        for organization, parent in self.moves:
            # Paths change with every move: both ends are read again.
            Organization.objects.move(
                Organization.objects.get(pk=organization.pk),
                Organization.objects.get(pk=parent.pk),
                "last-child",
            )

    def _write_memberships(self) -> None:
        if not self.contents.memberships:
            return
        state = self.states[STATES_BY_POSTAL["KY"].fips]
        pairs: dict[tuple[int, int], list[CooperativeMember]] = {}
        for row in CooperativeMember.objects.filter(cooperative__in_state=state).select_for_update(of=("self",)):
            pairs.setdefault((row.cooperative_id, row.member_id), []).append(row)
        new = []
        for membership in self.contents.memberships:
            cooperative = self.by_state_id.get((state.pk, Kind.COOPERATIVE, membership.cooperative))
            member = self.by_state_id.get((state.pk, Kind.DISTRICT, membership.district))
            if cooperative is None or member is None:
                continue  # its row was refused and reported
            recorded = pairs.setdefault((cooperative.pk, member.pk), [])
            same = [row for row in recorded if _overlap(row, membership)]
            if not same:
                row = CooperativeMember(
                    cooperative=cooperative, member=member, starts=membership.starts, ends=membership.ends
                )
                new.append(row)
                recorded.append(row)
                self.report.members_new += 1
            elif len(same) > 1 or same[0].pk is None:
                cause = "coop: overlaps several memberships recorded here: left as they are"
                self.report.note(
                    VALUE_LEFT_OUT,
                    cause,
                    membership.line,
                    "coop",
                    f"{membership.district} {membership.first.label}",
                )
            else:
                self._extend(same[0], membership)
        CooperativeMember.objects.bulk_create(new, batch_size=500)

    def _extend(self, row: CooperativeMember, membership: Membership) -> None:
        """The file knows an end, and that the start is no later than its first year."""
        starts, ends = min(row.starts, membership.starts), membership.ends
        if membership.lasts:
            # Listed in this year: it cannot have ended before it; an end recorded later stands.
            ends = row.ends if row.ends is None or row.ends >= membership.last.last_day else None
        if (starts, ends) == (row.starts, row.ends):
            self.report.members_unchanged += 1
            return
        row.starts, row.ends = starts, ends
        row.save(update_fields=["starts", "ends"])
        self.report.members_changed += 1


def _overlap(row: CooperativeMember, membership: Membership) -> bool:
    return (row.ends is None or row.ends >= membership.starts) and (
        membership.ends is None or row.starts <= membership.ends
    )
