"""States, their regions and their time zones: tables to be checked by who knows the country, not Python."""

from __future__ import annotations

from dataclasses import dataclass


def words(listed: str) -> list[str]:
    return listed.split("|")


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
REGION_STATES = frozenset(words("AL|AR|DE|FL|GA|KY|LA|MD|MS|NC|OK|SC|TN|TX|VA|WV"))
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
    "FL": dict.fromkeys(words("bay|calhoun|escambia|holmes|jackson|okaloosa|santa rosa|walton|washington"), CENTRAL),
    # The 41 western counties.
    "KY": dict.fromkeys(
        words(
            "adair|allen|ballard|barren|breckinridge|butler|caldwell|calloway|carlisle|christian|clinton|crittenden"
            "|cumberland|daviess|edmonson|fulton|graves|grayson|green|hancock|hart|henderson|hickman|hopkins"
            "|livingston|logan|lyon|mccracken|mclean|marshall|metcalfe|monroe|muhlenberg|ohio|russell|simpson|todd"
            "|trigg|union|warren|webster"
        ),
        CENTRAL,
    ),
    # East Tennessee, without Bledsoe, Cumberland and Marion.
    "TN": dict.fromkeys(
        words(
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
    for place in words(
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
