"""What the directory files look like: tables that a reader who knows the files, and not Python, can check.

Sources: the Common Core of Data's own record layouts (``ccd-tx-districts.txt`` among the samples) and the
headings and values of Kentucky's directory of 2011–12 to 2016–17. How the tables are used stands in
``schools.directory``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from hstw.values import SchoolYear
from schools.models.organization import Design, Grade, Kind


class Unusable(Exception):
    """A value that is not taken over; the message is the cause, the same for all values of its sort."""


def _words(listed: str) -> list[str]:
    return listed.split("|")


# --- states --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """A state as the federal files know it."""

    fips: str
    postal: str
    name: str
    time_zone: str
    in_region: bool


EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
REGION = "SREB"
OTHER_REGION = "Other states"
# The sixteen member states of the Southern Regional Education Board.
REGION_STATES = frozenset(_words("AL|AR|DE|FL|GA|KY|LA|MD|MS|NC|OK|SC|TN|TX|VA|WV"))

# FIPS code, postal code, name, the time zone of most of the state.
_STATES = f"""
01 AL {CENTRAL} Alabama
02 AK America/Anchorage Alaska
04 AZ America/Phoenix Arizona
05 AR {CENTRAL} Arkansas
06 CA {PACIFIC} California
08 CO {MOUNTAIN} Colorado
09 CT {EASTERN} Connecticut
10 DE {EASTERN} Delaware
11 DC {EASTERN} District of Columbia
12 FL {EASTERN} Florida
13 GA {EASTERN} Georgia
15 HI Pacific/Honolulu Hawaii
16 ID America/Boise Idaho
17 IL {CENTRAL} Illinois
18 IN {EASTERN} Indiana
19 IA {CENTRAL} Iowa
20 KS {CENTRAL} Kansas
21 KY {EASTERN} Kentucky
22 LA {CENTRAL} Louisiana
23 ME {EASTERN} Maine
24 MD {EASTERN} Maryland
25 MA {EASTERN} Massachusetts
26 MI {EASTERN} Michigan
27 MN {CENTRAL} Minnesota
28 MS {CENTRAL} Mississippi
29 MO {CENTRAL} Missouri
30 MT {MOUNTAIN} Montana
31 NE {CENTRAL} Nebraska
32 NV {PACIFIC} Nevada
33 NH {EASTERN} New Hampshire
34 NJ {EASTERN} New Jersey
35 NM {MOUNTAIN} New Mexico
36 NY {EASTERN} New York
37 NC {EASTERN} North Carolina
38 ND {CENTRAL} North Dakota
39 OH {EASTERN} Ohio
40 OK {CENTRAL} Oklahoma
41 OR {PACIFIC} Oregon
42 PA {EASTERN} Pennsylvania
44 RI {EASTERN} Rhode Island
45 SC {EASTERN} South Carolina
46 SD {CENTRAL} South Dakota
47 TN {CENTRAL} Tennessee
48 TX {CENTRAL} Texas
49 UT {MOUNTAIN} Utah
50 VT {EASTERN} Vermont
51 VA {EASTERN} Virginia
53 WA {PACIFIC} Washington
54 WV {EASTERN} West Virginia
55 WI {CENTRAL} Wisconsin
56 WY {MOUNTAIN} Wyoming
60 AS Pacific/Pago_Pago American Samoa
66 GU Pacific/Guam Guam
69 MP Pacific/Guam Northern Mariana Islands
72 PR America/Puerto_Rico Puerto Rico
78 VI America/St_Thomas U.S. Virgin Islands
"""


def _states() -> dict[str, State]:
    found = {}
    for line in _STATES.strip().splitlines():
        fips, postal, zone, name = line.split(" ", 3)
        found[fips] = State(fips, postal, name, zone, postal in REGION_STATES)
    return found


STATES_BY_FIPS = _states()
STATES_BY_POSTAL = {state.postal: state for state in STATES_BY_FIPS.values()}

# Counties of the region's states that keep another time than most of their state. Elsewhere split
# counties are not listed: the zone stands on each organization and can be edited there, and no import
# changes it again.
COUNTY_TIME_ZONES: dict[str, dict[str, str]] = {
    # El Paso and Hudspeth keep Mountain time; the rest of Texas, Culberson included, keeps Central time.
    "TX": dict.fromkeys(["el paso", "hudspeth"], MOUNTAIN),
    # West of the Apalachicola river.
    "FL": dict.fromkeys(_words("bay|calhoun|escambia|holmes|jackson|okaloosa|santa rosa|walton|washington"), CENTRAL),
    # The 41 western counties.
    "KY": dict.fromkeys(
        _words(
            "adair|allen|ballard|barren|breckinridge|butler|caldwell|calloway|carlisle|christian|clinton|crittenden"
            "|cumberland|daviess|edmonson|fulton|graves|grayson|green|hancock|hart|henderson|hickman|hopkins"
            "|livingston|logan|lyon|mccracken|mclean|marshall|metcalfe|monroe|muhlenberg|ohio|russell|simpson|todd"
            "|trigg|union|warren|webster"
        ),
        CENTRAL,
    ),
    # East Tennessee, without Bledsoe, Cumberland and Marion.
    "TN": dict.fromkeys(
        _words(
            "anderson|blount|bradley|campbell|carter|claiborne|cocke|grainger|greene|hamblen|hamilton|hancock|hawkins"
            "|jefferson|johnson|knox|loudon|mcminn|meigs|monroe|morgan|polk|rhea|roane|scott|sevier|sullivan|unicoi"
            "|union|washington"
        ),
        EASTERN,
    ),
}
# Kentucky's file names no county: a county district carries its county's name, and these independent
# districts lie in a county with Central time.
KENTUCKY_CENTRAL_INDEPENDENTS = frozenset(
    f"{place} independent"
    for place in _words(
        "bowling green|caverna|cloverport|dawson springs|fulton|glasgow|mayfield|murray|owensboro|paducah|russellville"
    )
)


def time_zone(state: State, *, county: str = "", district: str = "") -> str:
    """The time zone of a place: its county's where that differs from the state's."""
    zones = COUNTY_TIME_ZONES.get(state.postal, {})
    if district.casefold() in KENTUCKY_CENTRAL_INDEPENDENTS and state.postal == "KY":
        return CENTRAL
    named = county or (district if district.endswith(" County") else "")
    return zones.get(named.casefold().removesuffix(" county"), state.time_zone)


# --- codes ---------------------------------------------------------------------------------------------

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

_KENTUCKY_GRADES = {"Preschool": Grade.PK, "Entry": Grade.KG} | {str(n): f"{n:02d}" for n in range(1, 13)}

# Grades that lie wholly within one design's span; a school that crosses a border has none until somebody
# says.
DESIGN_SPANS = {
    Design.ELEMENTARY: (Grade.PK, Grade.G05),
    Design.MIDDLE: (Grade.G06, Grade.G08),
    Design.HIGH: (Grade.G09, Grade.G12),
}
GRADE_ORDER = [grade.value for grade in Grade]


# --- reading one value ---------------------------------------------------------------------------------


def text(value: str) -> str:
    """As published, without spaces around it."""
    return value


def digits(length: int) -> Callable[[str], str]:
    """An id of exactly so many digits, kept as text with its leading zeros."""

    def read(value: str) -> str:
        if value.isascii() and value.isdigit():
            if len(value) == length:
                return value
            if len(value) < length:
                raise Unusable(f"fewer than {length} digits: leading zeros lost, as spreadsheets do?")
        raise Unusable(f"not {length} digits")

    return read


def ccd_grade(value: str) -> str:
    """PK, KG or 01–12; ungraded, adult education and grade 13 have no place in a span."""
    if value in Grade.values:
        return value
    raise Unusable("a grade outside PK–12 (ungraded, adult or 13)")


def kentucky_grade(value: str) -> str:
    """Kentucky's words; “Primary” is an ungraded block and “Adult Ed” lies outside."""
    if value in _KENTUCKY_GRADES:
        return str(_KENTUCKY_GRADES[value])
    raise Unusable("a grade outside PK–12 (ungraded primary or adult)")


def _degrees(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise Unusable("not a number of degrees") from None
    if not number.is_finite():
        raise Unusable("not a number of degrees")
    return number.quantize(Decimal("0.000001"))


def latitude(value: str) -> Decimal | None:
    """Degrees north, from American Samoa to Alaska; zero means that none was derived."""
    number = _degrees(value)
    if not number:
        return None
    if not -15 < number < 72:
        raise Unusable("no latitude in the United States")
    return number


def longitude(value: str) -> Decimal | None:
    """Degrees east, so negative but for Guam and the Marianas; zero means that none was derived."""
    number = _degrees(value)
    if not number:
        return None
    if not (-180 <= number < -64 or 144 < number < 147):
        raise Unusable("no longitude in the United States (a sign lost?)")
    return number


def first_calendar_year(value: str) -> SchoolYear:
    """``2013`` is the school year 2013–14."""
    try:
        return SchoolYear(int(value) + 1)
    except ValueError:
        raise Unusable("not a school year") from None


def year_pair(value: str) -> SchoolYear:
    """``2013-2014``."""
    first, dash, last = value.partition("-")
    try:
        year = SchoolYear(int(last))
    except ValueError:
        raise Unusable("not a school year") from None
    if not dash or first != str(int(last) - 1):
        raise Unusable("not a school year")
    return year


# --- layouts -------------------------------------------------------------------------------------------


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
