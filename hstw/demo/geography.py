"""Invents the places of the demonstration world: states, districts, schools. Plain values, no database.

The states are SREB's; every district, school and town in them is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .names import PLACE_BEGINNINGS, PLACE_ENDINGS

GRADES = ("KG", *(f"{grade:02d}" for grade in range(1, 13)))


@dataclass
class School:
    """A school to be: grades as numbers, kindergarten is 0; ``closes`` is the last school year it is open."""

    name: str
    design: str
    low: int
    high: int
    shared_time: bool = False
    closes: int | None = None
    successor: str = ""
    offers: frozenset[str] = frozenset()
    pk: int = 0
    district: District = field(init=False, repr=False)

    @property
    def has_grade_9(self) -> bool:
        """Whether students enter high school here."""
        return not self.shared_time and self.low <= 9 <= self.high


@dataclass
class District:
    """A district to be: ``cohort`` students begin school in a year, ``missing`` files were never loaded."""

    name: str
    city: str
    county: str
    cohort: int
    schools: list[School]
    poverty: float = 0.5
    missing: frozenset[str] = frozenset()
    pk: int = 0
    state: State = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for school in self.schools:
            school.district = self


@dataclass
class State:
    """One of SREB's states with its districts."""

    name: str
    postal: str
    fips: str
    time_zone: str
    races: tuple[float, ...]
    districts: list[District] = field(default_factory=list)
    pk: int = 0
    cooperative_pk: int = 0

    def add(self, districts: list[District]) -> State:
        """Put districts into the state."""
        for district in districts:
            district.state = self
            self.districts.append(district)
        return self

    def schools(self) -> Iterator[School]:
        """Every school of the state."""
        for district in self.districts:
            yield from district.schools


# Shares of AM, AS, BL, HI, PI, TR, WH, roughly as the states report them.
_SOUTH = (0.008, 0.015, 0.32, 0.10, 0.001, 0.036, 0.52)
_APPALACHIA = (0.002, 0.02, 0.10, 0.08, 0.001, 0.047, 0.75)
_WEST = (0.01, 0.04, 0.13, 0.48, 0.002, 0.038, 0.30)

STATES = (
    ("Alabama", "AL", "01", "America/Chicago", _SOUTH),
    ("Kentucky", "KY", "21", "America/New_York", _APPALACHIA),
    ("Arkansas", "AR", "05", "America/Chicago", _SOUTH),
    ("Delaware", "DE", "10", "America/New_York", _SOUTH),
    ("Florida", "FL", "12", "America/New_York", _WEST),
    ("Georgia", "GA", "13", "America/New_York", _SOUTH),
    ("Louisiana", "LA", "22", "America/Chicago", _SOUTH),
    ("Maryland", "MD", "24", "America/New_York", _SOUTH),
    ("Mississippi", "MS", "28", "America/Chicago", _SOUTH),
    ("North Carolina", "NC", "37", "America/New_York", _SOUTH),
    ("Oklahoma", "OK", "40", "America/Chicago", _APPALACHIA),
    ("South Carolina", "SC", "45", "America/New_York", _SOUTH),
    ("Tennessee", "TN", "47", "America/Chicago", _APPALACHIA),
    ("Texas", "TX", "48", "America/Chicago", _WEST),
    ("Virginia", "VA", "51", "America/New_York", _SOUTH),
    ("West Virginia", "WV", "54", "America/New_York", _APPALACHIA),
)


def state(position: int) -> State:
    """A fresh state without districts."""
    return State(*STATES[position])


def named_states(first_year: int, *, cohorts: float = 1.0, tiny: bool = False) -> list[State]:
    """Alabama and Kentucky with districts and schools by name: twelve schools, or four for tests."""

    def size(students: int) -> int:
        return max(4, round(students * cohorts))

    ap, ib = frozenset({"ap", "dual"}), frozenset({"ap", "ib", "dual"})
    harrow = District(
        "Harrow Creek County",
        "Harrow Creek",
        "Harrow Creek",
        size(150),
        [
            School("Laurel Fork Elementary School", "elementary", 0, 5),
            School(
                "Old Mill Elementary School",
                "elementary",
                0,
                5,
                closes=first_year + 1,
                successor="Laurel Fork Elementary School",
            ),
            School("Harrow Creek Middle School", "middle", 6, 8),
            School("Harrow Creek High School", "high", 9, 12, offers=ap),
            School("Harrow Creek Career Technology Center", "technology_center", 10, 12, shared_time=True),
        ],
        poverty=0.58,
    )
    marlow = District(
        "Penmarlow City",
        "Penmarlow",
        "Tolliver",
        size(120),
        [
            School("Penmarlow Elementary School", "elementary", 0, 5),
            School("Penmarlow Middle School", "middle", 6, 8),
            School("Penmarlow High School", "high", 9, 12, offers=ib),
        ],
        poverty=0.38,
        missing=frozenset({"postsecondary"}),
    )
    tamarack = District(
        "Tamarack Ridge County",
        "Tamarack Ridge",
        "Tamarack Ridge",
        size(125),
        [
            School("Tamarack Ridge Elementary School", "elementary", 0, 5),
            School("Tamarack Ridge Middle School", "middle", 6, 8),
            School("Tamarack Ridge High School", "high", 9, 12, offers=ap | {"ac"}),
        ],
        poverty=0.55,
    )
    bluestem = District(
        "Bluestem Gap Independent",
        "Bluestem Gap",
        "Ferrow",
        size(9),
        [School("Bluestem Gap School", "high", 0, 12, offers=frozenset({"dual"}))],
        poverty=0.66,
    )
    if tiny:
        harrow = District(
            "Harrow Creek County",
            "Harrow Creek",
            "Harrow Creek",
            size(40),
            [
                School(
                    "Old Mill High School",
                    "high",
                    9,
                    12,
                    closes=first_year,
                    successor="Harrow Creek High School",
                    offers=ap,
                ),
                School("Harrow Creek High School", "high", 0, 12, offers=ib),
                School("Harrow Creek Career Technology Center", "technology_center", 10, 12, shared_time=True),
            ],
            missing=frozenset({"postsecondary"}),
        )
        return [state(0).add([harrow]), state(1).add([bluestem])]
    return [state(0).add([harrow, marlow]), state(1).add([tamarack, bluestem])]


# What a district of so many schools consists of: all grades, elementary, middle, secondary (7 to 12), high,
# technology center.
_COMPOSITION = {
    1: "A",
    2: "ES",
    3: "EMH",
    4: "EEMH",
    5: "EEMHT",
    6: "EEEMHT",
    7: "EEEMMHT",
    8: "EEEMMHHT",
}


def generated_states(
    rng: np.random.Generator,
    first_year: int,
    districts_by_state: list[int],
    schools: int,
    students_per_school: int,
) -> list[State]:
    """States with as many districts as asked for and exactly ``schools`` schools in all, named at random."""
    sizes = rng.choice([2, 3, 4, 5, 6, 7, 8], sum(districts_by_state), p=[0.04, 0.12, 0.2, 0.3, 0.2, 0.1, 0.04])
    sizes[1::17] = 1
    while (excess := int(sizes.sum()) - schools) != 0:
        at = rng.integers(len(sizes))
        step = -1 if excess > 0 else 1
        if sizes[at] != 1 and 2 <= sizes[at] + step <= 8:
            sizes[at] += step
    places = _places(rng)
    remaining = iter(sizes)
    states = []
    for position, count in enumerate(districts_by_state):
        districts = []
        for number in range(count):
            size = int(next(remaining))
            missing = frozenset({"postsecondary"}) if number == 1 else frozenset()
            districts.append(_district(rng, places, size, students_per_school, missing))
        _close_one(districts, first_year)
        states.append(state(position).add(districts))
    return states


def _close_one(districts: list[District], first_year: int) -> None:
    """In each state one elementary school with a sister closes after the first year."""
    for district in districts:
        elementary = [school for school in district.schools if school.design == "elementary"]
        if len(elementary) >= 2:
            elementary[1].closes, elementary[1].successor = first_year, elementary[0].name
            return


def _places(rng: np.random.Generator) -> Iterator[str]:
    """Town names, none twice."""
    pairs = [
        f"{beginning}{ending}"
        for beginning in PLACE_BEGINNINGS
        for ending in PLACE_ENDINGS
        if beginning[-1].lower() != ending[0]
    ]
    for position in rng.permutation(len(pairs)):
        yield pairs[position]


def _district(
    rng: np.random.Generator,
    places: Iterator[str],
    size: int,
    students_per_school: int,
    missing: frozenset[str],
) -> District:
    """One district with its schools; those after the first of a kind are named after places of their own."""
    place = next(places)
    county = size >= 4
    letters = _COMPOSITION[size]
    schools = []
    for position, letter in enumerate(letters):
        own = place if letters.index(letter) == position else next(places)
        schools.append(_school(rng, letter, own, 6 if size == 2 else 5))
    cohort = size * students_per_school / 13 * rng.uniform(0.8, 1.2) if size > 1 else rng.integers(7, 14)
    name = f"{place} County" if county else f"{place} City"
    return District(
        name,
        place,
        place if county else next(places),
        max(6, round(cohort)),
        schools,
        poverty=float(rng.uniform(0.3, 0.75)),
        missing=missing,
    )


def _school(rng: np.random.Generator, letter: str, place: str, elementary_high: int) -> School:
    """A school of a composition's letter, named after ``place``."""
    if letter == "A":
        return School(f"{place} School", "high", 0, 12, offers=frozenset({"dual"}))
    if letter == "E":
        return School(f"{place} Elementary School", "elementary", 0, elementary_high)
    if letter == "M":
        return School(f"{place} Middle School", "middle", 6, 8)
    if letter == "T":
        return School(f"{place} Career Technology Center", "technology_center", 10, 12, shared_time=True)
    offers = frozenset({"ap", "dual", "ac"} | ({"ib"} if rng.random() < 0.12 else set()))
    return School(f"{place} High School", "high", 9 if letter == "H" else 7, 12, offers=offers)
