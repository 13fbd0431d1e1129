"""Understands a whole file without touching the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hstw.values import SchoolYear
from schools.directory.contents import Contents
from schools.directory.entries import ccd_entry
from schools.directory.layouts import Layout
from schools.directory.report import ROW_REFUSED, DirectoryError, Report
from schools.directory.rows import Reader, Refused, content, numbered_records, recognized
from schools.directory.states import STATES_BY_FIPS, STATES_BY_POSTAL
from schools.directory.years import read_years


def read(
    path: Path, *, layout: str | None = None, state: str | None = None, encoding: str = "utf-8"
) -> tuple[Contents, Report]:
    """Understand a file without touching the database. Raises ``DirectoryError``."""
    records = numbered_records(path.name, content(path, encoding))
    _, headings = next(records)
    headings = [heading.strip() for heading in headings]
    key, chosen = recognized(path.name, headings, layout)
    if state and state not in STATES_BY_POSTAL:
        raise DirectoryError(f"{state} is no state's postal code.")
    if state and chosen.state and state != chosen.state:
        raise DirectoryError(f"{path.name} is a file of {chosen.state}, not of {state}.")
    report = Report(path.name, key)
    reader = Reader(chosen, headings, report)
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
            contents.entries.append(ccd_entry(reader, reader.row(line, record)))
        except Refused:
            continue
    if not report.rows:
        raise DirectoryError(f"{path.name} has a heading line and nothing below it.")
    read_years(reader, contents, yearly)
    return contents, report


def _check_once(name: str, layout: Layout, seen: dict[Any, int], key: Any, line: int) -> None:
    if key in seen:
        headings = "/".join(c.heading for c in layout.columns if c.field in layout.key)
        raise DirectoryError(
            f"{name}: lines {seen[key]} and {line} have the same {headings} "
            f"({' '.join(str(part) for part in key)}). Remove one of them."
        )
    seen[key] = line
