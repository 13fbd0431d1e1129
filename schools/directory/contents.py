"""A whole file, understood: what it says about organizations and memberships."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from hstw.values import SchoolYear
from schools.directory.states import State

FACTS = (
    *("name", "nces_id", "state_id", "street", "city", "county", "postal_state", "zip_code", "phone"),
    *("latitude", "longitude", "design", "grade_low", "grade_high", "opened", "closed"),
)


@dataclass
class Entry:
    """An organization as the file has it."""

    line: int
    kind: str
    state: State
    facts: dict[str, Any]
    district: tuple[str, str] | None = None  # of a school: the field and value that name its district
    zone: str = ""


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
