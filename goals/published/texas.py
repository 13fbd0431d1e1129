"""Texas: longitudinal rates of the Texas Academic Performance Reports, one row per organization and wide.

A heading is a code: level (S state, R region, D district, C campus), group, measure, ``C`` and the years of the
cohort's window, the two digits of the class, and N, D or R for numerator, denominator and rate: ``SA0C418D`` is
the state, all students, class of 2018 after four years, denominator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from django.utils.translation import gettext_lazy as _

from goals.published import masks
from goals.published.maps import Cell, Cooperative, Publication, Sheet

GROUPS = {
    "A": "ALL",
    "B": "BL",
    "I": "AM",
    "3": "AS",
    "H": "HI",
    "4": "PI",
    "W": "WH",
    "2": "TR",
    "S": "SWD",
    "R": "TX_AT_RISK",
    "E": "ECD",
    "F": "F",
    "M": "M",
    "L": "EL",
}
MEASURES = {
    "G": "TX_LONG_GRADUATED",
    "E": "TX_LONG_GED",
    "N": "TX_LONG_CONTINUED",
    "D": "TX_LONG_DROPPED",
    "3": "TX_LONG_GRAD_GED",
    "2": "TX_LONG_NOT_DROPPED",
}
_RATE = re.compile(r"^([SRDC])([AB3H4W2SREFMLI])([GEND32])C([456])([0-9]{2})R$")

# Numbers that Texas gave the education service centers of its 20 regions, by region (Common Core of Data, STID).
_CENTERS = (
    "108950",
    "178950",
    "235950",
    "101950",
    "181950",
    "236950",
    "092950",
    "225950",
    "243950",
    "057950",
    "220950",
    "161950",
    "227950",
    "221950",
    "226950",
    "188950",
    "152950",
    "165950",
    "071950",
    "015950",
)


def _cells(level: str) -> Callable[[Sequence[str]], Sequence[Cell]]:
    def of(headings: Sequence[str]) -> Sequence[Cell]:
        there = set(headings)
        cells = []
        for heading in headings:
            found = _RATE.match(heading)
            if not found or found[1] != level:
                continue
            _level, group, measure, window, year = found.groups()
            numerator, denominator = heading[:-1] + "N", f"{level}{group}0C{window}{year}D"
            cells.append(
                Cell(
                    f"{MEASURES[measure]}_{window}",
                    heading,
                    numerator if numerator in there else "",
                    denominator if denominator in there else "",
                    read=masks.texas,
                    group=GROUPS[group],
                    year=f"20{year}",
                )
            )
        return cells

    return of


def _region(number: int, center: str) -> Cooperative:
    return Cooperative(
        center,
        f"Region {number} Education Service Center",
        (f"REG {number} EDUCATION SERVICE CENTER", f"ESC Region {number}", f"{number:02d}"),
    )


TEXAS = Publication(
    code="texas-longitudinal",
    title=_("Texas: longitudinal graduation and dropout rates"),
    source=_("Texas Education Agency, Texas Academic Performance Reports, 2018-19"),
    publisher="texas-tea",
    state="TX",
    sheets=tuple(
        Sheet(cells=_cells(level), organization=heading)
        for level, heading in (("S", ""), ("R", "REGION"), ("D", "DISTRICT"), ("C", "CAMPUS"))
    ),
    year_means=_(
        "The two digits of a heading are the class: 18 is the class of 2018, on time in 2017–18. Rates after five and "
        "six years stay with their class."
    ),
    help=_(
        "State, region, district or campus file of longitudinal rates. Regions are kept apart from districts: their "
        "students are their districts' students."
    ),
    cooperatives={f"{number:02d}": _region(number, center) for number, center in enumerate(_CENTERS, 1)},
)
