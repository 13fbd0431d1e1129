"""Kentucky: college and career readiness, and graduation, by school, district and state, to 2016-17.

The district file has the nine educational cooperatives among the districts, numbers 901 to 909: each student stands
in it twice. Number 999 is the state.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from goals.published import masks
from goals.published.maps import Cell, Cooperative, Publication, Sheet
from schools.directory.codes import KENTUCKY_COOPERATIVES, KENTUCKY_STATE_ROW

GROUPS = {
    "All Students": "ALL",
    "Male": "M",
    "Female": "F",
    "White (Non-Hispanic)": "WH",
    "African American": "BL",
    "Hispanic": "HI",
    "Asian": "AS",
    "American Indian or Alaska Native": "AM",
    "Native Hawaiian or Other Pacific Islander": "PI",
    "Two or more races": "TR",
    "Migrant": "MIG",
    "Limited English Proficiency": "EL",
    "Free/Reduced-Price Meals": "ECD",
    "Disability-With IEP (Total)": "SWD",
    "Disability-With IEP (not including Alternate)": "SWD_NO_ALT",
    "Disability-Alternate Only": "SWD_ALT",
    "Gap Group (non-duplicated)": "KY_GAP",
    "GAP": "KY_GAP",
}

# Kentucky gave the number of one school to another after some years.
_NAMES = ("sch_name", "dist_name")

READINESS = Sheet(
    organization="sch_id",
    year="year",
    group="student_group",
    groups=GROUPS,
    names=_NAMES,
    cells=(
        Cell("KY_CCR", "ccr_pct", "ccr_total", "n_grads", times=100, read=masks.kentucky),
        Cell("KY_COLLEGE_READY", "college_ready_pct", "college_ready", "n_grads", times=100, read=masks.kentucky),
        Cell("KY_CAREER_READY", "career_ready_pct", "career_ready", "n_grads", times=100, read=masks.kentucky),
    ),
)

GRADUATION = Sheet(
    organization="sch_id",
    year="year",
    group="student_group",
    groups=GROUPS,
    names=_NAMES,
    cells=(Cell("ACGR4", "grad_rate", times=100, read=masks.kentucky),),
)

KENTUCKY = Publication(
    code="kentucky-results",
    title=_("Kentucky: college and career readiness, graduation"),
    source=_("Kentucky Department of Education, School Report Card data sets, to 2016-17"),
    publisher="kentucky-kde",
    state="KY",
    sheets=(READINESS, GRADUATION),
    year_means=_(
        "2013-2014 is the school year 2013–14. Readiness is of that year's graduates; the graduation rate is of the "
        "class whose on-time year it is."
    ),
    help=_(
        "School, district and state files, one at a time or together. The educational cooperatives in the district "
        "file are kept apart from the districts: their students are their members' students."
    ),
    whole_state=frozenset({KENTUCKY_STATE_ROW}),
    cooperatives={
        number: Cooperative(number, name, (abbreviation,))
        for abbreviation, (number, name) in KENTUCKY_COOPERATIVES.items()
    },
)
