"""Turns simulated years into evidence as schools report it: enrollment, courses, exits, what came after.

A sheet is a set of columns of one length. ``student`` and ``school`` are positions within the cluster;
``batch`` says which kind of file the row came in. Nothing that lies after today is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import catalog
from .calendar import Calendar
from .catalog import CATALOG, PATHWAYS
from .population import Bools, Cluster, Ints, Population
from .simulate import (
    COMPLETED,
    DROPPED,
    GRADUATED,
    LEAVING,
    PASSING,
    Frame,
)

Sheet = dict[str, NDArray[Any]]
NEVER = np.datetime64("NaT")

EXIT_CODES = (
    "", "end_of_year", "graduated", "transfer_within", "transfer_out", "dropped_out", "other_completer",
    "emigrated", "died",
)  # fmt: skip
_EXIT_OF_FATE = np.array([1, 1, 4, 3, 7, 8, 5, 2, 6])
_TRANSFER_WITHIN = EXIT_CODES.index("transfer_within")


def keep(sheet: Sheet, which: Bools) -> Sheet:
    """The rows of ``sheet`` where ``which`` holds."""
    return {name: values[which] for name, values in sheet.items()}


def enrollments(frame: Frame, people: Population, today: np.datetime64) -> Sheet:
    """One spell per student, two for those who changed schools in the course of the year."""
    calendar, n = frame.calendar, len(frame.students)
    first_end = np.where(frame.moved, frame.moved_on, frame.left)
    next_day = np.busday_offset(frame.moved_on, 1, roll="forward", holidays=calendar.holidays())
    second = np.flatnonzero(frame.moved)
    row = np.concatenate([np.arange(n), second])
    is_second = np.arange(len(row)) >= n
    entered = np.where(is_second, next_day[row], frame.entered[row])
    exited = np.where(is_second, frame.left[row], first_end[row])
    code = np.where(frame.moved[row] & ~is_second, _TRANSFER_WITHIN, _EXIT_OF_FATE[frame.fate[row]])
    ended = exited <= today
    days = calendar.school_days(entered, np.minimum(exited, today)) * (entered <= today)
    who = frame.students[row]
    grade = frame.grade[row]
    concentrates = (frame.cte_before >= 1) & (frame.pathway >= 0)
    rare = _is_rare(frame.pathway, people.female[frame.students])
    sheet: Sheet = {
        "student": who,
        "school": np.where(is_second, frame.school_at_end[row], frame.school[row]),
        "year": np.full(len(row), frame.year),
        "grade": grade,
        "entered": entered,
        "exited": np.where(ended, exited, NEVER),
        "exit_code": np.where(ended, code, 0),
        "days_enrolled": days,
        "days_absent": np.minimum(np.rint(days * frame.absence[row]).astype(np.int64), days),
        "race": people.race[who],
        "sex": people.female[who].astype(np.int64),
        "poor": frame.poor[row],
        "english": people.english_until[who] >= grade,
        "disabled": people.disabled[who],
        "homeless": frame.poor[row] & (people.luck[who] * 1000 % 1 < 0.04),
        "foster": people.foster[who],
        "military": people.military[who],
        "migrant": people.migrant[who],
        "parent": people.parent[who] & (grade >= 10),
        "non_traditional": (concentrates & rare)[row],
    }
    return keep(sheet, entered <= today)


def _is_rare(pathway: Ints, female: Bools) -> Bools:
    """Whether the student's sex is under-represented in the pathway's occupation."""
    code = np.array([{"": 0, "F": 1, "M": 2}[path.rare] for path in PATHWAYS])[pathway]
    return np.asarray((pathway >= 0) & (code == np.where(female, 1, 2)))


def removals(frame: Frame, today: np.datetime64) -> Sheet:
    """Those who left high school for another, the country or this life; one in ten without its document."""
    sheet: Sheet = {
        "student": frame.students,
        "school": frame.school_at_end,
        "year": np.full(len(frame.students), frame.year),
        "reason": _EXIT_OF_FATE[frame.fate],
        "removed_on": frame.left,
        "documented": (frame.students * 7919 + frame.year) % 10 > 0,
    }
    return keep(sheet, np.isin(frame.fate, LEAVING) & (frame.grade >= 9) & (frame.left <= today))


DIPLOMAS = ("regular", "alternate", "equivalent", "certificate")


def diplomas(rng: np.random.Generator, frame: Frame, people: Population, today: np.datetime64) -> Sheet:
    """Diplomas on graduation day; other ways of completing, and equivalencies that dropouts took later."""
    n = len(frame.students)
    kind = np.full(n, -1)
    kind[frame.fate == GRADUATED] = 0
    completed = frame.fate == COMPLETED
    disabled = people.disabled[frame.students]
    kind[completed] = np.where(disabled, np.where(rng.random(n) < 0.4, 1, 3), 2)[completed]
    later = (frame.fate == DROPPED) & (rng.random(n) < 0.1)
    kind[later] = 2
    awarded = np.where(later, frame.left + rng.integers(120, 400, n), frame.calendar.graduation)
    year = np.where(later, _school_year(awarded), frame.year)
    sheet: Sheet = {
        "student": frame.students,
        "school": frame.school_at_end,
        "year": year,
        "kind": kind,
        "awarded_on": awarded,
    }
    return keep(sheet, (kind >= 0) & (awarded <= today))


def _school_year(days: NDArray[np.datetime64]) -> Ints:
    """The school year of each day."""
    months = days.astype("datetime64[M]").astype(np.int64)
    return 1970 + (months + 6) // 12


OUTCOMES = ("college_4yr", "college_2yr", "training", "employment", "military", "")


def outcomes(rng: np.random.Generator, frame: Frame, today: np.datetime64) -> Sheet:
    """What graduates began in the summer or fall after; reported half a year later."""
    n = len(frame.students)
    ability = frame.ability
    scores = np.stack(
        [
            -0.2 + 1.1 * ability,
            0.3 + 0.1 * ability,
            -0.9 - 0.2 * ability + 0.4 * (frame.cte_before >= 3),
            0.1 - 0.4 * ability,
            np.full(n, -1.8),
            -0.5 - 0.5 * ability,
        ],
        axis=1,
    )
    kind = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    school_starts = Calendar(frame.year + 1).first_day
    starts = np.where(kind < 2, school_starts + 7, school_starts + rng.integers(-60, 90, n))
    finishes = starts + 300
    done = (kind == 2) & (rng.random(n) < 0.7) & (finishes <= today)
    sheet: Sheet = {
        "student": frame.students,
        "school": frame.school_at_end,
        "year": _school_year(starts),
        "kind": kind,
        "institution": rng.integers(0, 1000, n),
        "starts": starts,
        "ends": np.where(done, finishes, NEVER),
        "finished": done,
    }
    known = (frame.fate == GRADUATED) & (kind < 5) & (starts + 180 <= today)
    return keep(sheet, known)


def courses(
    rng: np.random.Generator, frame: Frame, cluster: Cluster, people: Population, today: np.datetime64
) -> tuple[Sheet, Ints]:
    """Every course of the year with its mark, and the core courses taken: exams go with them."""
    n = len(frame.students)
    core = _core_courses(rng, frame, cluster, people)
    extra = np.full((n, 4), -1)
    for grade, (first, second, third) in catalog.ELECTIVES.items():
        extra[frame.grade == grade, :3] = first, second, third
    takes = frame.pathway >= 0
    # A career and technical course takes an elective's place; a block at the center takes two.
    extra[takes, 2] = -1
    extra[frame.center, 1] = -1
    home, center = np.array(catalog.CTE_HOME), np.array(catalog.CTE_CENTER)
    step = np.minimum(frame.cte_before, 3)
    extra[takes, 3] = np.where(
        frame.center[takes],
        center[frame.pathway[takes], step[takes]],
        home[frame.pathway[takes], step[takes]],
    )
    pe = (frame.grade >= 6) & (frame.grade <= 8)
    extra[pe, 0] = np.array([catalog.ELEMENTARY[grade][4] for grade in (6, 7, 8)])[frame.grade[pe] - 6]
    chosen = np.concatenate([core, extra], axis=1)

    hardness = np.array([course.hardness for course in CATALOG.courses])
    level = 0.75 * frame.ability + 0.45 * frame.engagement
    marks = 79.5 + 8.5 * (level[:, None] - hardness[chosen]) + rng.normal(0, 5, chosen.shape)
    marks = np.clip(np.rint(marks), 35, 100).astype(np.int64)
    marks[:, :4] = np.clip(frame.core_marks, 35, 100)
    marks[:, 7] = frame.cte_mark
    row, column = np.nonzero(chosen >= 0)
    return _course_sheet(frame, cluster, chosen[row, column], marks[row, column], row, column, today), core


def _course_sheet(
    frame: Frame, cluster: Cluster, course: Ints, mark: Ints, row: Ints, column: Ints, today: np.datetime64
) -> Sheet:
    """Rows of courses: the mark once the term is over, W for those who had left by then."""
    calendar = frame.calendar
    credits = np.array([entry.credits for entry in CATALOG.courses])[course]
    fall = np.array([entry.term == catalog.FALL for entry in CATALOG.courses])[course]
    ends = np.where(fall, calendar.midyear, calendar.last_day)
    withdrew = frame.left[row] < ends
    settled = np.where(withdrew, frame.left[row], ends) <= today
    center = frame.center[row] & (column == 7)
    at_center = cluster.center_of[cluster.district_of[frame.school_at_end[row]]]
    # 0 to 100 is a mark, 101 is W, 102 is a course still going on.
    shown = np.where(settled, np.where(withdrew, 101, mark), 102)
    sheet: Sheet = {
        "student": frame.students[row],
        "school": np.where(center, at_center, frame.school_at_end[row]),
        "year": np.full(len(row), frame.year),
        "course": course,
        "mark": shown,
        "attempted": credits,
        "earned": np.where((shown >= PASSING) & (shown <= 100), credits, 0),
    }
    return keep(sheet, frame.entered[row] <= today)


def _core_courses(rng: np.random.Generator, frame: Frame, cluster: Cluster, people: Population) -> Ints:
    """English, mathematics, science, social studies: by grade, and by what a student is ready for."""
    n, grade = len(frame.students), frame.grade
    core = np.full((n, 4), -1)
    for g in range(3, 9):
        core[grade == g] = catalog.ELEMENTARY[g][:4]
    ability = people.ability[frame.students]
    ahead = ability > 0.95
    core[(grade == 8) & ahead, 1] = catalog.ALGEBRA_IN_GRADE_8
    high = grade >= 9
    honors = (frame.ability > 0.55).astype(np.int64)
    for column, sequence in enumerate(catalog.CORE):
        step = np.clip(grade - 9 + (ahead if column == 1 else 0), 0, len(sequence) - 1)
        options = np.array(sequence)
        core[high, column] = options[step, honors][high]
    offers_ap, offers_ib, offers_dual = (cluster.offering(what)[frame.school_at_end] for what in ("ap", "ib", "dual"))
    reaches = frame.ability + rng.normal(0, 0.4, (4, n))
    for (g, column), course in catalog.ADVANCED.items():
        ready = (grade == g) & offers_ap & (reaches[column] > 0.95) & (ahead if column == 1 else True)
        core[ready, column] = course
    senior = grade >= 11
    core[senior & offers_ib & (reaches[0] > 1.0), 0] = catalog.IB_ENGLISH
    core[senior & offers_ib & (reaches[3] > 1.0), 3] = catalog.IB_HISTORY
    dual = (grade == 12) & offers_dual & (reaches[0] > 0.35) & (reaches[0] <= 0.95)
    core[dual, 0] = catalog.DUAL_ENGLISH
    return core
