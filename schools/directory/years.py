"""Files of several years, such as Kentucky's: the latest facts, and runs of years as memberships."""

from __future__ import annotations

from collections.abc import Iterator

from hstw.values import SchoolYear
from schools.directory.codes import KENTUCKY_COOPERATIVES
from schools.directory.contents import Contents, Entry, Membership
from schools.directory.entries import kentucky_entry
from schools.directory.report import NOTED, VALUE_LEFT_OUT
from schools.directory.rows import Reader, Refused
from schools.directory.states import STATES_BY_POSTAL
from schools.models.organization import Kind


def read_years(reader: Reader, contents: Contents, yearly: dict[str, list[tuple[SchoolYear, int, list[str]]]]) -> None:
    """Take the latest year of every number; note those that the file's latest year lacks."""
    final = max((year for rows in yearly.values() for year, _, _ in rows), default=None)
    for number, rows in yearly.items():
        rows.sort(key=lambda row: row[0])
        year, line, record = rows[-1]
        try:
            entry = kentucky_entry(reader, reader.row(line, record), number)
        except Refused:
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


def _memberships(reader: Reader, district: str, rows: list[tuple[SchoolYear, int, list[str]]]) -> Iterator[Membership]:
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


def _give_districts_their_nces_ids(reader: Reader, contents: Contents) -> None:
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
