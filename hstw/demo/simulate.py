"""Lives a cluster's students through the school years: where they are, how they do, how they leave.

Each year is simulated as a whole; what lies after today is cut off when it is written down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .calendar import Calendar
from .catalog import ADVANCED_CAREER, PATHWAYS
from .population import HISTORY_YEARS, Bools, Cluster, Floats, Ints, Population

Days = NDArray[np.datetime64]

# How a student's year ends.
PROMOTED, RETAINED, LEFT_STATE, LEFT_DISTRICTS, EMIGRATED, DIED, DROPPED, GRADUATED, COMPLETED = range(9)
LEAVING = (LEFT_STATE, LEFT_DISTRICTS, EMIGRATED, DIED)
PASSING = 60
LONGEST_HIGH_SCHOOL = 6


@dataclass
class Frame:
    """One school year of the students enrolled in it; every array has one place per such student."""

    calendar: Calendar
    students: Ints
    grade: Ints
    school: Ints
    school_at_end: Ints
    moved: Bools
    moved_on: Days
    entered: Days
    left: Days
    fate: Ints
    absence: Floats
    ability: Floats
    engagement: Floats
    core_marks: Ints
    poor: Bools
    pathway: Ints
    center: Bools
    cte_before: Ints
    cte_mark: Ints

    @property
    def year(self) -> int:
        """The school year."""
        return self.calendar.year

    def of(self, which: Bools) -> Frame:
        """The same year of some of its students."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "calendar"}
        return Frame(calendar=self.calendar, **{name: values[which] for name, values in arrays.items()})

    @property
    def stayed(self) -> Bools:
        """Whether the student was there on the last day."""
        return np.asarray(self.left == self.calendar.last_day)


def sigmoid(x: Floats) -> Floats:
    """Log-odds to a probability."""
    return 1 / (1 + np.exp(-x))


class Simulation:
    """The state of a cluster's students between two school years."""

    def __init__(
        self, rng: np.random.Generator, cluster: Cluster, population: Population, first: int, last: int
    ) -> None:
        self.rng, self.cluster, self.people = rng, cluster, population
        self.first, self.last = first, last
        n = len(population)
        self.active = np.zeros(n, np.bool_)
        self.grade = population.entry_grade.copy()
        self.school = np.full(n, -1)
        self.grade_9_year = np.zeros(n, np.int64)
        self.failed_in_9 = np.zeros(n, np.int64)
        self.retained = np.zeros(n, np.bool_)
        self.pathway = np.full(n, -1)
        self.center = np.zeros(n, np.bool_)
        self.cte_done = np.zeros(n, np.int64)
        self.quality = rng.normal(0, 0.15, len(cluster.schools))
        advanced = cluster.offering("ac")
        self.offered = np.array(
            [[rng.random() < (0.75 if school.shared_time else 0.45) for _ in PATHWAYS] for school in cluster.schools]
        )
        self.offered[:, ADVANCED_CAREER] = advanced
        self.offered[:, 0] = True

    def years(self) -> Iterator[Frame]:
        """Live through every year, history included."""
        for year in range(self.first - HISTORY_YEARS, self.last + 1):
            yield self._year(Calendar(year))

    def _year(self, calendar: Calendar) -> Frame:
        rng, people, year = self.rng, self.people, calendar.year
        arriving = people.entry_year == year
        self.active |= arriving
        i = np.flatnonzero(self.active)
        n = len(i)
        new = arriving[i]
        self._seat(i, new, year)
        grade, school = self.grade[i], self.school[i]
        entering_9 = (grade >= 9) & (self.grade_9_year[i] == 0)
        self.grade_9_year[i[entering_9]] = year - (grade[entering_9] - 9)

        late = new & people.midyear[i]
        entered = np.full(n, calendar.first_day)
        entered[late] = calendar.day(rng.uniform(0.1, 0.8, int(late.sum())))
        ability = people.ability[i] + self.quality[school] + rng.normal(0, 0.25, n)
        engagement = people.engagement[i] + rng.normal(0, 0.35, n)
        poor = people.poor[i] ^ (rng.random(n) < 0.03)
        absence = np.exp(-3.0 - 0.5 * engagement + 0.12 * poor + rng.normal(0, 0.42, n))
        core = _marks(rng, ability, engagement, np.where(grade == 9, 0.75, 0.2)[:, None], 4)
        pathway, center, before = self._choose_pathway(i, grade, school)
        cte = _marks(rng, ability, engagement + 0.4 * people.career[i], np.full((n, 1), -0.4), 1)[:, 0]

        fate = self._fate(i, grade, ability, engagement, core, poor, year)
        left = self._last_days(calendar, fate, late)
        moved, moved_on, at_end = self._move(calendar, i, grade, school, late, fate)
        frame = Frame(
            calendar, i, grade, school, at_end, moved, moved_on, entered, left, fate,
            np.clip(absence, 0, 0.9), ability, engagement, core, poor,
            pathway, center, before, cte,
        )  # fmt: skip
        self._carry_over(frame)
        return frame

    def _seat(self, i: Ints, new: Bools, year: int) -> None:
        """Give a school to those who need one: newcomers, the promoted, those whose school has closed."""
        school, grade = self.school[i], self.grade[i]
        seats, counts = self.cluster.seats(year)
        district = np.where(new, self.people.entry_district[i], self.cluster.district_of[school])
        closed = ~new & (year > self.cluster.closes[school])
        heir = self.cluster.successor[school]
        follows = closed & (heir >= 0) & (grade <= self.cluster.high[heir])
        school = np.where(follows, heir, school)
        moving = ~new & (self.rng.random(len(i)) < 0.015)
        district = np.where(moving, self._any_district(len(i)), district)
        seek = new | moving | (closed & ~follows) | (grade > self.cluster.high[school])
        pick = (self.people.luck[i] * counts[district, grade]).astype(np.int64)
        self.school[i] = np.where(seek, seats[district, grade, pick], school)

    def _any_district(self, count: int) -> Ints:
        """Districts to move to: the larger, the likelier."""
        sizes = np.array([district.cohort for district in self.cluster.districts])
        return self.rng.choice(len(sizes), count, p=sizes / sizes.sum())

    def _choose_pathway(self, i: Ints, grade: Ints, school: Ints) -> tuple[Ints, Bools, Ints]:
        """Who takes a career and technical course this year: in which pathway, at the center or at home."""
        rng = self.rng
        undecided = (self.pathway[i] < 0) & (grade >= 9) & (self.cte_done[i] == 0)
        wants = rng.random(len(i)) < sigmoid(self.people.career[i]) * np.where(grade == 9, 0.5, 0.65)
        begins = np.flatnonzero(undecided & wants)
        center_school = self.cluster.center_of[self.cluster.district_of[school]]
        goes = (center_school >= 0) & (grade >= 10) & (rng.random(len(i)) < 0.4)
        where = np.where(goes, center_school, school)
        weights = self.offered[where[begins]] * rng.random((len(begins), len(PATHWAYS)))
        self.pathway[i[begins]] = weights.argmax(axis=1)
        self.center[i[begins]] = goes[begins]
        goes_on = rng.random(len(i)) < 0.8 + 0.06 * self.people.career[i]
        fresh = np.zeros(len(i), np.bool_)
        fresh[begins] = True
        done = self.cte_done[i]
        takes = (grade >= 9) & (self.pathway[i] >= 0) & (fresh | goes_on) & (done < 4)
        center = self.center[i] & (center_school >= 0)
        return np.where(takes, self.pathway[i], -1), center & takes, done.copy()

    def _fate(
        self, i: Ints, grade: Ints, ability: Floats, engagement: Floats, core: Ints, poor: Bools, year: int
    ) -> Ints:
        """How the year ends; later lines overrule earlier ones."""
        rng, n = self.rng, len(i)
        failed = (core < PASSING).sum(axis=1)
        in_9 = np.minimum(np.maximum(self.failed_in_9[i], np.where(grade == 9, failed, 0)), 4)
        chance = rng.random((4, n))
        repeats = np.select(
            [grade == 0, grade < 3, grade < 9, grade < 12],
            [
                0.02,
                0.01,
                np.where(failed >= 3, 0.5, 0.004),
                np.select([failed >= 3, failed == 2], [0.6, 0.2], 0.003),
            ],
            0.0,
        )
        fate = np.where(chance[0] < repeats, RETAINED, PROMOTED)
        graduates = sigmoid(4.4 + 0.8 * ability + 0.8 * engagement - 0.5 * in_9)
        years_in = year - self.grade_9_year[i] + 1
        senior = grade == 12
        fate[senior] = np.where(chance[0] < graduates, GRADUATED, RETAINED)[senior]
        gives_up = senior & (fate == RETAINED) & ((chance[1] < 0.4) | (years_in >= LONGEST_HIGH_SCHOOL))
        fate[gives_up] = np.where(chance[2] < 0.45, COMPLETED, DROPPED)[gives_up]
        early = (grade == 11) & (ability > 0.7) & (in_9 == 0) & (chance[1] < 0.03) & (fate == PROMOTED)
        fate[early] = GRADUATED
        hazard = sigmoid(-5.7 + 0.75 * in_9 + 0.7 * self.retained[i] - 0.8 * engagement - 0.25 * ability + 0.2 * poor)
        fate[(grade >= 9) & (chance[2] < hazard)] = DROPPED
        leaves = chance[3] < np.where(senior, 0.008, 0.022) + 0.008 * poor
        where = rng.choice(LEAVING, n, p=[0.5, 0.445, 0.05, 0.005])
        return np.where(leaves, where, fate)

    def _last_days(self, calendar: Calendar, fate: Ints, late: Bools) -> Days:
        """The last day at school of this year: most leavers and dropouts go in its course."""
        rng, n = self.rng, len(fate)
        left = np.full(n, calendar.last_day)
        early = np.isin(fate, (*LEAVING, DROPPED)) & ~late & (rng.random(n) < 0.65)
        left[early] = calendar.day(rng.uniform(0.06, 0.97, int(early.sum())))
        return left

    def _move(
        self, calendar: Calendar, i: Ints, grade: Ints, school: Ints, late: Bools, fate: Ints
    ) -> tuple[Bools, Days, Ints]:
        """Some change schools in the course of the year, within their district or to a neighbor."""
        rng, n = self.rng, len(i)
        seats, counts = self.cluster.seats(calendar.year)
        district = self._any_district(n)
        pick = (rng.random(n) * counts[district, grade]).astype(np.int64)
        target = seats[district, grade, pick]
        moved = (rng.random(n) < 0.02) & ~late & (fate < LEFT_STATE) & (target != school)
        days = calendar.day(rng.uniform(0.1, 0.85, n))
        return moved, days, np.where(moved, target, school)

    def _carry_over(self, frame: Frame) -> None:
        """What the year leaves behind for the next one."""
        i, fate = frame.students, frame.fate
        self.school[i] = frame.school_at_end
        ninth = (frame.grade == 9) & (self.failed_in_9[i] == 0)
        self.failed_in_9[i[ninth]] = (frame.core_marks[ninth] < PASSING).sum(axis=1)
        self.retained[i] |= (fate == RETAINED) & (frame.grade >= 9)
        passed = (frame.pathway >= 0) & (frame.cte_mark >= PASSING)
        self.cte_done[i[passed]] += 1
        self.grade[i] += fate == PROMOTED
        self.active[i[fate > RETAINED]] = False


def _marks(rng: np.random.Generator, ability: Floats, engagement: Floats, hardness: Floats, columns: int) -> Ints:
    """Marks out of 100 in ``columns`` courses."""
    level = (0.75 * ability + 0.45 * engagement)[:, None] - hardness
    marks = 79.5 + 8.5 * level + rng.normal(0, 5, (len(ability), columns))
    return np.clip(np.rint(marks), 35, 100).astype(np.int64)
