"""North Carolina: the School Report Cards' data set, as of 2019 (tables ``rcd_*``).

Codes of groups, masking and levels: the data set's own list of codes and its data dictionary.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from goals.published import masks
from goals.published.maps import Cell, Publication, Sheet

GROUPS = {
    "ALL": "ALL",
    "AM7": "AM",
    "AIAN": "AM",
    "AS7": "AS",
    "ASPI": "ASPI",
    "BL7": "BL",
    "HI7": "HI",
    "MU7": "TR",
    "PI7": "PI",
    "WH7": "WH",
    "FEM": "F",
    "MALE": "M",
    "EDS": "ECD",
    "NEDS": "NOT_ECD",
    "NOT_EDS": "NOT_ECD",
    "ELS": "EL",
    "SWD": "SWD",
    "NSWD": "NOT_SWD",
    "HMS": "HOM",
    "FCS": "FOS",
    "MIL": "MIL",
    "MIG": "MIG",
    "AIG": "GIFTED",
}

CLUSTERS = {
    "AGNR": "CC01",
    "ARCH": "CC02",
    "AAVC": "CC03",
    "BMA": "CC04",
    "EDUC": "CC05",
    "FINA": "CC06",
    "HLTH": "CC08",
    "HOSP": "CC09",
    "HUMA": "CC10",
    "INFO": "CC11",
    "LAW": "CC12",
    "MANU": "CC13",
    "MRKT": "CC14",
    "STEM": "CC15",
    "TRAN": "CC16",
}


def _masked(measure: str, cohort: str, years_back: int = 0) -> Cell:
    return Cell(
        measure,
        "pct",
        denominator="den",
        read=masks.north_carolina,
        masking="masking",
        when=("cgr_type", cohort),
        years_back=years_back,
    )


def _sheet(*cells: Cell) -> Sheet:
    return Sheet(organization="agency_code", year="year", cells=cells)


GRADUATION = Sheet(
    organization="agency_code",
    year="year",
    group="subgroup",
    groups=GROUPS,
    # The extended rate printed with 2019 is of the class before: on time in 2018, with a fifth year since.
    cells=(_masked("ACGR4", "STD"), _masked("ACGR5", "EXT", years_back=1)),
)
CONCENTRATORS = Sheet(
    organization="agency_code",
    year="year",
    group="career_cluster",
    groups=CLUSTERS,
    cells=(Cell("CTE_CONCENTRATORS", numerator="num_concentrators"),),
)

NORTH_CAROLINA = Publication(
    code="north-carolina-report-card",
    title=_("North Carolina: School Report Cards"),
    source=_("North Carolina Department of Public Instruction, School Report Cards data set, 2019"),
    publisher="north-carolina-dpi",
    state="NC",
    sheets=(
        GRADUATION,
        CONCENTRATORS,
        # The file's columns for attempts and their share are empty in every row.
        _sheet(Cell("CTE_CREDENTIALS", numerator="num_credentials")),
        _sheet(Cell("CTE_ENROLLMENT", "pct", "cte_enroll", "stu_enroll")),
        _sheet(
            Cell("NC_ENDORSEMENT_CAREER", numerator="career_only"),
            Cell("NC_ENDORSEMENT_CAREER_COLLEGE", numerator="career_college_college_unc"),
            Cell("NC_ENDORSEMENT_COLLEGE_UNC", numerator="college_college_unc_only"),
            Cell("NC_ENDORSEMENT_COLLEGE", numerator="college_only"),
            Cell("NC_ENDORSEMENT_LANGUAGES", numerator="global_language"),
        ),
        _sheet(
            Cell("AP_PASS", "pct_ap_pass", times=100),
            Cell("AP_PARTICIPATION", "pct_ap_participation", times=100),
        ),
        _sheet(
            Cell("IB_PASS", "pct_ib_pass", times=100, read=masks.north_carolina_bounds),
            Cell("IB_PARTICIPATION", "pct_ib_participation", times=100, read=masks.north_carolina_bounds),
        ),
        _sheet(
            Cell("SAT_MEAN", "avg_sat_score"),
            Cell("SAT_PARTICIPATION", "pct_sat_participation", times=100),
        ),
    ),
    year_means=_(
        "2019 is the school year 2018–19. The standard graduation rate (STD) is of the class of 2019; the extended one "
        "(EXT) printed with 2019 is of the class of 2018 after five years, and goes into 2017–18."
    ),
    help=_("Any of the tables rcd_acc_cgr, rcd_ap, rcd_cte_…, rcd_ib and rcd_sat, one at a time or together."),
    whole_state=frozenset({"NC-SEA"}),
    beyond=frozenset({"NATION"}),
)
