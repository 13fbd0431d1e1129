"""The simulated students: what happens to them follows from who they are and what happened before."""

from __future__ import annotations

import numpy as np
import pytest

from hstw.demo.calendar import Calendar
from hstw.demo.geography import named_states
from hstw.demo.population import Cluster, populate
from hstw.demo.simulate import DROPPED, GRADUATED, LEAVING, PASSING, Frame, Simulation

FIRST, LAST = 2021, 2026


@pytest.fixture(scope="module")
def lived() -> tuple[Simulation, list[Frame]]:
    """Alabama's schools of the small world, six measured years."""
    rng = np.random.default_rng(1)
    state = named_states(FIRST)[0]
    cluster = Cluster(state, list(state.schools()))
    simulation = Simulation(rng, cluster, populate(rng, cluster, FIRST, LAST), FIRST, LAST)
    return simulation, list(simulation.years())


def fates(frames: list[Frame], simulation: Simulation) -> np.ndarray:
    """How each student's last year ended; -1 for those still there."""
    last = np.full(len(simulation.people), -1)
    for frame in frames:
        ends = np.isin(frame.fate, (GRADUATED, DROPPED, *LEAVING))
        last[frame.students[ends]] = frame.fate[ends]
    return last


def test_students_who_fail_core_courses_in_grade_9_graduate_far_less_often(
    lived: tuple[Simulation, list[Frame]],
) -> None:
    simulation, frames = lived
    last = fates(frames, simulation)
    cohort = (simulation.grade_9_year > 0) & (simulation.grade_9_year + 3 < LAST) & ~np.isin(last, LEAVING)
    failed = simulation.failed_in_9 >= 2
    passed_rate = (last[cohort & ~failed] == GRADUATED).mean()
    failed_rate = (last[cohort & failed] == GRADUATED).mean()
    assert (cohort & failed).sum() > 50
    assert 0.85 < passed_rate < 0.99
    assert failed_rate < passed_rate - 0.2


def test_absence_and_marks_go_opposite_ways(lived: tuple[Simulation, list[Frame]]) -> None:
    frame = lived[1][-1]
    assert np.corrcoef(frame.absence, frame.core_marks.mean(axis=1))[0, 1] < -0.3


def test_about_one_in_six_is_chronically_absent(lived: tuple[Simulation, list[Frame]]) -> None:
    assert 0.1 < (lived[1][-1].absence >= 0.1).mean() < 0.25


def test_poverty_lowers_marks_modestly(lived: tuple[Simulation, list[Frame]]) -> None:
    frame = lived[1][-1]
    marks = frame.core_marks.mean(axis=1)
    assert 1 < marks[~frame.poor].mean() - marks[frame.poor].mean() < 6


def test_nobody_is_at_a_school_that_does_not_have_the_grade_or_has_closed(
    lived: tuple[Simulation, list[Frame]],
) -> None:
    simulation, frames = lived
    cluster = simulation.cluster
    for frame in frames:
        for school in (frame.school, frame.school_at_end):
            assert (cluster.low[school] <= frame.grade).all()
            assert (frame.grade <= cluster.high[school]).all()
            assert (frame.year <= cluster.closes[school]).all()
            assert not np.array([place.shared_time for place in cluster.schools])[school].any()


def test_those_who_fail_most_repeat_grade_9_most(lived: tuple[Simulation, list[Frame]]) -> None:
    simulation, _frames = lived
    ever_9 = simulation.grade_9_year > 0
    many = simulation.failed_in_9 >= 3
    assert simulation.retained[ever_9 & many].mean() > simulation.retained[ever_9 & ~many].mean() + 0.3


def test_a_pathway_goes_from_first_course_to_completion(lived: tuple[Simulation, list[Frame]]) -> None:
    simulation, _frames = lived
    done = simulation.cte_done[simulation.grade_9_year + 3 == LAST]
    assert (done >= 1).mean() > 0.4
    assert (done >= 1).mean() > (done >= 2).mean() > (done >= 3).mean() > 0.02


def test_marks_pass_or_fail_at_sixty(lived: tuple[Simulation, list[Frame]]) -> None:
    ninth = [frame.core_marks[frame.grade == 9] for frame in lived[1]]
    share = (np.concatenate(ninth) < PASSING).mean()
    assert 0.03 < share < 0.15


def test_a_school_year_has_about_180_days() -> None:
    calendar = Calendar(2026)
    days = calendar.school_days(np.array([calendar.first_day]), np.array([calendar.last_day]))
    assert 170 <= days[0] <= 190


def test_a_school_day_is_never_a_holiday() -> None:
    calendar = Calendar(2026)
    days = calendar.day(np.linspace(0, 1, 400))
    assert not np.isin(days, calendar.holidays()).any()
    assert np.is_busday(days).all()
