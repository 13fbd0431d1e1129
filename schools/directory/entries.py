"""From a row of a file to an organization as the file has it."""

from __future__ import annotations

from typing import Any

from schools.directory.codes import (
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
)
from schools.directory.contents import FACTS, Entry
from schools.directory.report import NOTED, VALUE_LEFT_OUT
from schools.directory.rows import Reader, Row
from schools.directory.states import STATES_BY_FIPS, STATES_BY_POSTAL, time_zone
from schools.models.organization import Design, Kind


def _spelled_out(reader: Reader, row: Row) -> dict[str, Any]:
    """The columns that are facts of an organization, made consistent with each other."""
    facts = {name: value for name, value in row.values.items() if name in FACTS}
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


def ccd_entry(reader: Reader, row: Row) -> Entry:
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


def kentucky_entry(reader: Reader, row: Row, number: str) -> Entry:
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
