"""Invents students: who they are before anything happens to them. Arrays, one place per student."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .geography import School, State

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Full evidence begins in the first measured year; four years before it the simulation starts, so that every
# high-school student of a measured year was seen entering grade 9.
HISTORY_YEARS = 4
HIGHEST_AT_START = 9


@dataclass
class Cluster:
    """Neighboring districts of one state, simulated together: students move among them, not out of them."""

    state: State
    schools: list[School]

    def __post_init__(self) -> None:
        districts = list({id(school.district): school.district for school in self.schools}.values())
        self.districts = districts
        where = {id(district): position for position, district in enumerate(districts)}
        self.district_of = np.array([where[id(school.district)] for school in self.schools])
        self.low = np.array([school.low for school in self.schools])
        self.high = np.array([school.high for school in self.schools])
        self.pk = np.array([school.pk for school in self.schools])
        self.district_pk = np.array([district.pk for district in districts])
        self.closes = np.array([school.closes or 9999 for school in self.schools])
        by_name = {(id(school.district), school.name): at for at, school in enumerate(self.schools)}
        self.successor = np.array([by_name.get((id(school.district), school.successor), -1) for school in self.schools])
        centers = [at for at, school in enumerate(self.schools) if school.shared_time]
        own = {int(self.district_of[at]): at for at in centers}
        nearest = centers[0] if centers else -1
        self.center_of = np.array([own.get(position, nearest) for position in range(len(districts))])

    def offering(self, what: str) -> Bools:
        """Which schools offer ``what``."""
        return np.array([what in school.offers for school in self.schools])

    def seats(self, year: int) -> tuple[Ints, Ints]:
        """Per district and grade: the schools open that year, padded, and how many they are."""
        found: list[list[list[int]]] = [[[] for _ in range(13)] for _ in self.districts]
        for at, school in enumerate(self.schools):
            if not school.shared_time and year <= self.closes[at]:
                for grade in range(school.low, school.high + 1):
                    found[self.district_of[at]][grade].append(at)
        most = max(len(cell) for row in found for cell in row)
        table = np.full((len(found), 13, most), -1)
        for row, grades in enumerate(found):
            for grade, cell in enumerate(grades):
                table[row, grade, : len(cell)] = cell
        return table, np.array([[len(cell) for cell in row] for row in found])


@dataclass
class Population:
    """Students of a cluster. ``ability``, ``engagement`` and ``career`` are what everything else hangs on."""

    entry_year: Ints
    entry_grade: Ints
    entry_district: Ints
    midyear: Bools
    luck: Floats
    female: Bools
    race: Ints
    poor: Bools
    english_until: Ints
    disabled: Bools
    foster: Bools
    military: Bools
    migrant: Bools
    parent: Bools
    ability: Floats
    engagement: Floats
    career: Floats
    born: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.entry_year)


def populate(rng: np.random.Generator, cluster: Cluster, first_year: int, last_year: int) -> Population:
    """Everybody who will ever enroll in the cluster's schools until ``last_year``."""
    start = first_year - HISTORY_YEARS
    years, grades, districts, midyear = [], [], [], []

    def arrive(year: int, grade: Ints, district: int, late: Bools) -> None:
        years.append(np.full(len(grade), year))
        grades.append(grade)
        districts.append(np.full(len(grade), district))
        midyear.append(late)

    for position, district in enumerate(cluster.districts):
        here = np.repeat(np.arange(HIGHEST_AT_START + 1), district.cohort)
        arrive(start, here, position, np.zeros(len(here), np.bool_))
        for year in range(start + 1, last_year + 1):
            young = np.zeros(max(1, round(district.cohort * rng.normal(1, 0.04))), np.int64)
            arrive(year, young, position, rng.random(len(young)) < 0.01)
            highest = min(11, HIGHEST_AT_START + year - start)
            newcomers = rng.integers(0, highest + 1, rng.poisson(district.cohort * 13 * 0.03))
            arrive(year, newcomers, position, rng.random(len(newcomers)) < 0.4)
    entry_district = np.concatenate(districts)
    return _describe(
        rng, cluster, np.concatenate(years), np.concatenate(grades), entry_district, np.concatenate(midyear)
    )


def _describe(
    rng: np.random.Generator,
    cluster: Cluster,
    entry_year: Ints,
    entry_grade: Ints,
    entry_district: Ints,
    midyear: Bools,
) -> Population:
    """Give them groups, birth dates and the latent traits, which groups shift modestly."""
    n = len(entry_year)
    race_share = np.array(cluster.state.races)
    race = rng.choice(7, n, p=race_share / race_share.sum())
    poverty = np.array([district.poverty for district in cluster.districts])[entry_district]
    poor = rng.random(n) < np.clip(poverty + np.where(np.isin(race, (2, 3)), 0.08, -0.04), 0, 1)
    learns_english = rng.random(n) < np.where(race == 3, 0.42, np.where(race == 1, 0.25, 0.008))
    disabled = rng.random(n) < 0.135
    ability = (
        rng.normal(0.1, 0.93, n)
        - 0.32 * poor
        - 0.3 * learns_english
        - 0.6 * disabled
        + rng.normal(0, 0.12, len(cluster.districts))[entry_district]
    )
    engagement = 0.5 * ability + rng.normal(0.08, 0.85, n) - 0.18 * poor
    kindergarten = entry_year - entry_grade
    older = rng.random(n) < np.where(entry_grade > 0, 0.05, 0.03)
    september = (kindergarten - 7 - older - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 245
    return Population(
        entry_year=entry_year,
        entry_grade=entry_grade,
        entry_district=entry_district,
        midyear=midyear,
        luck=rng.random(n),
        female=rng.random(n) < 0.49,
        race=race,
        poor=poor,
        english_until=np.where(learns_english, entry_grade + rng.integers(1, 7, n), -1),
        disabled=disabled,
        foster=rng.random(n) < 0.008,
        military=rng.random(n) < 0.03,
        migrant=rng.random(n) < 0.005,
        parent=rng.random(n) < 0.012,
        ability=ability,
        engagement=engagement,
        career=rng.normal(0.1, 1, n) - 0.15 * ability,
        born=september + rng.integers(0, 365, n).astype("timedelta64[D]"),
    )
