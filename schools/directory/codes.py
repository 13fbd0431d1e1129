"""What the codes in the directory files mean, by the files' own record layouts."""

from __future__ import annotations

from dataclasses import dataclass

from schools.models.organization import Design, Grade, Kind

# “M”: expected, not reported; “N”: not applicable; -1, -2 the same for numbers; -9: below the quality
# standard.
CCD_MISSING = frozenset({"", "M", "N", "-1", "-2", "-9"})

# Agency types. Regional service agencies and supervisory unions serve several districts and stand beside
# them.
CCD_AGENCY_KINDS = {
    "1": Kind.DISTRICT,  # regular local district
    "2": Kind.DISTRICT,  # component of a supervisory union
    "3": Kind.COOPERATIVE,  # supervisory union
    "4": Kind.COOPERATIVE,  # regional education service agency
    "5": Kind.DISTRICT,  # state-operated
    "6": Kind.DISTRICT,  # federally operated
    "7": Kind.DISTRICT,  # independent charter
    "8": Kind.DISTRICT,  # other
}


@dataclass(frozen=True)
class Status:
    """What an operational status says about the first and last day; dates are July 1 of the file's year."""

    opens: bool = False
    closes: bool = False
    operates: bool = True
    note: str = ""


# BOUND of an agency, STATUS of a school. The files give a year and no day: the school year of the file
# is the first one in which a new agency works and a closed one does not.
CCD_STATUS = {
    "1": Status(),
    "2": Status(closes=True),
    "3": Status(opens=True),
    "4": Status(),  # existed before, not reported then: says nothing about its first day
    "5": Status(),  # changed boundaries or (school) changed agency
    "6": Status(closes=True, note="temporarily closed, may reopen within 3 years: recorded as closed until then"),
    "7": Status(operates=False),
    "8": Status(),  # closed in an earlier file, reopened
}

# School types of the federal files that decide the design; LEVEL is not used, the grades say it more
# exactly.
CCD_REGULAR_SCHOOL, CCD_VOCATIONAL_SCHOOL = "1", "3"

# Kentucky: A1 regular school; A2 district-operated and C2 state-operated technology center. Alternative
# programs (A5, A6), special schools (A3, D1), preschools (A4) and academies (B1) follow no design of
# their own.
KENTUCKY_REGULAR_SCHOOL, KENTUCKY_TECHNOLOGY_CENTERS = "A1", frozenset({"A2", "C2"})

# The directory names cooperatives by abbreviation; numbers and names are those of Kentucky's result
# files.
KENTUCKY_COOPERATIVES = {
    "CKEC": ("901", "Central Kentucky Educational Cooperative"),
    "GRREC": ("902", "Green River Regional Educational Cooperative"),
    "KEDC": ("903", "Kentucky Educational Development Corporation"),
    "KVEC": ("904", "Kentucky Valley Educational Corporation"),
    "NKCES": ("905", "Northern Kentucky Cooperative for Educational Services"),
    "OVEC": ("906", "Ohio Valley Educational Cooperative"),
    "SESC": ("907", "Southeast/Southcentral Education Cooperative"),
    "WKEC": ("908", "West Kentucky Educational Cooperative"),
    "JEFF CO": ("909", "Jefferson County Exceptional Child Education Services"),
}

KENTUCKY_STATE_ROW = "999"
KENTUCKY_GRADES = {"Preschool": Grade.PK, "Entry": Grade.KG} | {str(n): f"{n:02d}" for n in range(1, 13)}

# Grades that lie wholly within one design's span; a school that crosses a border has none until somebody
# says.
DESIGN_SPANS = {
    Design.ELEMENTARY: (Grade.PK, Grade.G05),
    Design.MIDDLE: (Grade.G06, Grade.G08),
    Design.HIGH: (Grade.G09, Grade.G12),
}

GRADE_ORDER = [grade.value for grade in Grade]
