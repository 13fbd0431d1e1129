"""What the directory files look like: tables that a reader who knows the files, and not Python, can check.

Sources: the Common Core of Data's own record layouts (``ccd-tx-districts.txt`` among the samples) and the
headings and values of Kentucky's directory of 2011–12 to 2016–17.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schools.directory.codes import CCD_MISSING
from schools.directory.values import (
    ccd_grade,
    digits,
    first_calendar_year,
    kentucky_grade,
    latitude,
    longitude,
    text,
    year_pair,
)


@dataclass(frozen=True)
class Column:
    """One heading of a file, what it becomes, and how one of its values is read."""

    heading: str
    field: str
    read: Callable[[str], Any] = text
    required: bool = False  # a row without a usable value is refused


@dataclass(frozen=True)
class Layout:
    """One kind of file. ``key`` names the fields that may occur together only once in a file."""

    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    missing: frozenset[str]
    state: str = ""  # a file of one state: its postal code

    @property
    def headings(self) -> list[str]:
        """What a file must have to be of this layout."""
        return [column.heading for column in self.columns]


# Shared by agencies and schools. The location address is used, not the mailing address (two Texas
# agencies have theirs in Michigan).
_CCD_PLACE = (
    Column("PHONE", "phone"),
    Column("LSTREE", "street"),
    Column("LCITY", "city"),
    Column("LSTATE", "postal_state"),
    Column("LZIP", "zip_code"),
    Column("LZIP4", "zip_extension"),
    Column("CONAME", "county"),
    Column("LATCOD", "latitude", latitude),
    Column("LONCOD", "longitude", longitude),
    Column("GSLO", "grade_low", ccd_grade),
    Column("GSHI", "grade_high", ccd_grade),
    Column("TYPE", "type", required=True),
)

LAYOUTS = {
    "ccd-districts": Layout(
        "Common Core of Data, agencies",
        (
            Column("SURVYEAR", "year", first_calendar_year, required=True),
            Column("LEAID", "nces_id", digits(7), required=True),
            Column("FIPST", "fips", digits(2), required=True),
            Column("STID", "state_id"),
            Column("NAME", "name", required=True),
            *_CCD_PLACE,
            Column("BOUND", "status", required=True),
        ),
        key=("nces_id",),
        missing=CCD_MISSING,
    ),
    "ccd-schools": Layout(
        "Common Core of Data, schools",
        (
            Column("SURVYEAR", "year", first_calendar_year, required=True),
            Column("NCESSCH", "nces_id", digits(12), required=True),
            Column("FIPST", "fips", digits(2), required=True),
            Column("LEAID", "district", digits(7), required=True),
            Column("SEASCH", "state_id"),
            Column("SCHNAM", "name", required=True),
            *_CCD_PLACE,
            Column("STATUS", "status", required=True),
        ),
        key=("nces_id",),
        missing=CCD_MISSING,
    ),
    "kentucky-schools": Layout(
        "Kentucky's directory, schools by year",
        (
            Column("sch_id", "state_id", digits(6), required=True),
            Column("nces_id", "nces_id", digits(12)),
            Column("sch_name", "name", required=True),
            Column("long", "longitude", longitude),
            Column("lat", "latitude", latitude),
            Column("year", "year", year_pair, required=True),
            Column("sch_type", "type", required=True),
            Column("grade_low", "grade_low", kentucky_grade),
            Column("grade_high", "grade_high", kentucky_grade),
        ),
        key=("state_id", "year"),
        missing=frozenset({""}),
        state="KY",
    ),
    "kentucky-districts": Layout(
        "Kentucky's directory, districts by year",
        (
            Column("sch_id", "state_id", digits(3), required=True),
            Column("dist_name", "name", required=True),
            Column("coop", "cooperative"),
            Column("long", "longitude", longitude),
            Column("lat", "latitude", latitude),
            Column("year", "year", year_pair, required=True),
        ),
        key=("state_id", "year"),
        missing=frozenset({""}),
        state="KY",
    ),
}
