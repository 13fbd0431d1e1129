"""The federal government's four-year graduation rates (EDFacts), files of schools and of districts.

Columns: ``ALL_COHORT_1819`` and ``ALL_RATE_1819``, then the same two per group. Federal groups still have Asians
and Pacific Islanders together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from goals.published import masks
from goals.published.maps import Cell, Publication, Sheet

GROUPS = {
    "ALL": "ALL",
    "MAM": "AM",
    "MAS": "ASPI",
    "MBL": "BL",
    "MHI": "HI",
    "MTR": "TR",
    "MWH": "WH",
    "CWD": "SWD",
    "ECD": "ECD",
    "LEP": "EL",
    "HOM": "HOM",
    "FCS": "FOS",
}
_RATE = re.compile(r"^([A-Z]{3})_RATE_([0-9]{2})([0-9]{2})$")


def _cells(headings: Sequence[str]) -> Sequence[Cell]:
    there = set(headings)
    cells = []
    for heading in headings:
        found = _RATE.match(heading)
        if not found or found[1] not in GROUPS:
            continue
        cohort = heading.replace("_RATE_", "_COHORT_")
        cells.append(
            Cell(
                "ACGR4",
                heading,
                denominator=cohort if cohort in there else "",
                read=masks.federal,
                group=GROUPS[found[1]],
                year=f"20{found[2]}-{found[3]}",
            )
        )
    return cells


FEDERAL = Publication(
    code="federal-graduation",
    title=_("Federal graduation rates (EDFacts)"),
    source=_("US Department of Education, EDFacts, adjusted cohort graduation rates"),
    publisher="federal-edfacts",
    sheets=(
        Sheet(cells=_cells, organization="NCESSCH", fips="FIPST"),
        Sheet(cells=_cells, organization="LEAID", fips="FIPST", has_not=frozenset({"NCESSCH"})),
    ),
    kinds=frozenset({"state", "region"}),
    finds=("district", "cooperative", "school"),
    year_means=_("1819 in a heading is the class of 2018–19."),
    help=_(
        "File of schools or of districts, whole or cut to one state; rows of other states are passed over. "
        "NCES ids that a spreadsheet has turned into powers of ten are lost: use the file as published."
    ),
)
