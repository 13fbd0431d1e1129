"""Tests taken, credentials attempted and work experience: evidence that follows from ability and courses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .catalog import CATALOG, ENGLISH, FIRST_CREDENTIAL, MATH, PATHWAYS, SCIENCE
from .evidence import Sheet, keep
from .names import EMPLOYERS
from .population import Bools, Cluster, Floats, Ints, Population
from .simulate import Frame, sigmoid

# Files in which results come.
STATE_TESTS, END_OF_COURSE, PREACT, ACT, SAT, WORKKEYS, AP = (
    "state_tests", "end_of_course", "preact", "act", "sat", "workkeys", "ap_exams",
)  # fmt: skip
STATE_TEST_NAMES = {"AL": "ACAP", "KY": "KSA"}
LEVELS = {
    "AL": ("Level 1", "Level 2", "Level 3", "Level 4"),
    "KY": ("Novice", "Apprentice", "Proficient", "Distinguished"),
}
NO_LEVEL = ""
CERTIFICATES = ("", "Bronze", "Silver", "Gold", "Platinum")
ACT_SUBJECTS = ("English", "Mathematics", "Reading", "Science")
WORKKEYS_SUBJECTS = ("Applied Math", "Graphic Literacy", "Workplace Documents")
WORKKEYS_LEVELS = ("Below Level 3", *(f"Level {level}" for level in range(3, 8)))


class Tests:
    """Hands out positions for (test, subject) pairs and levels, as sheets store them."""

    def __init__(self, postal: str) -> None:
        self.state_test = STATE_TEST_NAMES.get(postal, f"{postal} State Assessment")
        self.state_levels = LEVELS.get(postal, LEVELS["AL"])
        self.names: list[tuple[str, str]] = []
        self.levels: list[str] = [NO_LEVEL]

    def name(self, test: str, subject: str) -> int:
        """The position of a test and subject."""
        if (test, subject) not in self.names:
            self.names.append((test, subject))
        return self.names.index((test, subject))

    def level(self, labels: tuple[str, ...], of: Ints) -> Ints:
        """The positions of performance levels."""
        for label in labels:
            if label not in self.levels:
                self.levels.append(label)
        return np.array([self.levels.index(label) for label in labels])[of]


class Season:
    """The tests of one school year: who was there on the day of each, and took it."""

    def __init__(self, rng: np.random.Generator, frame: Frame, core: Ints, tests: Tests, today: np.datetime64) -> None:
        self.rng, self.frame, self.core, self.tests, self.today = rng, frame, core, tests, today
        self.count = len(frame.students)
        self.took = rng.random(self.count) < 0.975
        self.reading = frame.ability + rng.normal(0, 0.3, self.count)
        self.math = frame.ability + rng.normal(0, 0.3, self.count)

    def sittings(self) -> Iterator[tuple[str, Sheet]]:
        """One sheet per test and subject, with the kind of file it came in."""
        yield from self._grades_3_to_8()
        yield from self._end_of_course()
        yield from self._college_tests(10, PREACT, "PreACT", 0.3, 16.9)
        yield from self._college_tests(11, ACT, "ACT", 0.78, 18.7)
        yield from self._sat()
        yield from self._workkeys()
        yield from self._exams_of_courses()

    def _sheet(
        self,
        who: Bools,
        share: float,
        test: str,
        subject: str,
        scores: Floats | Ints,
        level: Ints | None = None,
    ) -> Sheet:
        """The results of ``who``, on the day at ``share`` of the year; only of those present on it."""
        frame = self.frame
        day = frame.calendar.day(np.array([share]))[0]
        present = who & (frame.entered <= day) & (frame.left >= day) & (day <= self.today) & self.took
        return keep(
            {
                "student": frame.students,
                "school": np.where(frame.moved & (frame.moved_on >= day), frame.school, frame.school_at_end),
                "year": np.full(self.count, frame.year),
                "test": np.full(self.count, self.tests.name(test, subject)),
                "taken_on": np.full(self.count, day),
                "score": np.rint(scores).astype(np.int64) * 100,
                "level": np.zeros(self.count, np.int64) if level is None else level,
            },
            present,
        )

    def _state_level(self, value: Floats, cuts: tuple[float, ...]) -> Ints:
        return self.tests.level(self.tests.state_levels, np.searchsorted(cuts, value, side="right"))

    def _grades_3_to_8(self) -> Iterator[tuple[str, Sheet]]:
        grade = self.frame.grade
        who = (grade >= 3) & (grade <= 8)
        for subject, value, share, among in (
            ("ELA", self.reading, 0.84, who),
            ("Mathematics", self.math - 0.15, 0.86, who),
            ("Science", (self.reading + self.math) / 2, 0.88, who & np.isin(grade, (4, 6, 8))),
        ):
            level = self._state_level(value, (-0.8, 0.05, 0.95))
            score = np.clip(400 + 20 * grade + 35 * value, 300, 700)
            yield STATE_TESTS, self._sheet(among, share, self.tests.state_test, subject, score, level)

    def _end_of_course(self) -> Iterator[tuple[str, Sheet]]:
        for subject, column, taken, value in (
            ("English II", 0, ENGLISH[1], self.reading),
            ("Algebra I", 1, MATH[0], self.math - 0.1),
            ("Biology", 2, SCIENCE[0], self.frame.ability),
        ):
            who = np.isin(self.core[:, column], taken) & (self.frame.grade >= 9)
            level = self._state_level(value, (-0.7, 0.1, 1.0))
            yield END_OF_COURSE, self._sheet(who, 0.92, "EOC", subject, 250 + 25 * value, level)

    def _college_tests(
        self, grade: int, kind: str, test: str, share: float, center: float
    ) -> Iterator[tuple[str, Sheet]]:
        """Four sections and their mean, on the scale of the ACT."""
        who = self.frame.grade == grade
        noise = self.rng.normal(0, 2.0, (self.count, len(ACT_SUBJECTS)))
        sections = np.clip(np.rint(center + 4.6 * self.frame.ability[:, None] + noise), 6, 36)
        for column, subject in enumerate(ACT_SUBJECTS):
            yield kind, self._sheet(who, share, test, subject, sections[:, column])
        yield kind, self._sheet(who, share, test, "Composite", np.floor(sections.mean(axis=1) + 0.5))

    def _sat(self) -> Iterator[tuple[str, Sheet]]:
        """Two sections and their sum, of juniors who choose to: more of the able ones."""
        who = (self.frame.grade == 11) & (self.rng.random(self.count) < sigmoid(0.9 * self.frame.ability - 1.4))
        verbal, quantitative = (
            np.clip(10 * np.rint(49.5 + 8.5 * value + self.rng.normal(0, 3, self.count)), 200, 800)
            for value in (self.reading, self.math)
        )
        yield SAT, self._sheet(who, 0.68, "SAT", "Reading and Writing", verbal)
        yield SAT, self._sheet(who, 0.68, "SAT", "Math", quantitative)
        yield SAT, self._sheet(who, 0.68, "SAT", "Total", verbal + quantitative)

    def _workkeys(self) -> Iterator[tuple[str, Sheet]]:
        """Three tests on a level scale from 3 to 7; the certificate goes by the lowest."""
        who = self.frame.grade == 12
        value = self.frame.ability + 0.3 * self.frame.engagement
        noise = self.rng.normal(0, 0.5, (self.count, len(WORKKEYS_SUBJECTS)))
        level = np.clip(np.floor(4.6 + 0.95 * (value[:, None] + noise)), 2, 7).astype(np.int64)
        for column, subject in enumerate(WORKKEYS_SUBJECTS):
            reached = self.tests.level(WORKKEYS_LEVELS, level[:, column] - 2)
            score = np.clip(64 + 4 * level[:, column], 65, 90)
            yield WORKKEYS, self._sheet(who, 0.2, "WorkKeys", subject, score, reached)
        lowest = level.min(axis=1)
        certificate = self.tests.level(CERTIFICATES, np.clip(lowest - 2, 0, 4))
        yield WORKKEYS, self._sheet(who & (lowest >= 3), 0.2, "WorkKeys", "NCRC", lowest, certificate)

    def _exams_of_courses(self) -> Iterator[tuple[str, Sheet]]:
        """AP and IB exams of those who took the course."""
        for position, course in enumerate(CATALOG.courses):
            if not course.exam:
                continue
            who = (self.core == position).any(axis=1) & (self.rng.random(self.count) < 0.9)
            top = 7 if course.level == "ib" else 5
            value = top / 2 - 0.8 + self.frame.ability + self.rng.normal(0, 0.8, self.count)
            score = np.clip(np.rint(value), 1, top)
            yield AP, self._sheet(who, 0.93, course.level.upper(), course.exam, score)


def credentials(
    rng: np.random.Generator, frame: Frame, cluster: Cluster, people: Population, today: np.datetime64
) -> Sheet:
    """Attempts at the credential of the pathway by those in its second course or later, passed or not."""
    n = len(frame.students)
    tries = (frame.cte_before >= 1) & (frame.pathway >= 0) & (frame.grade >= 10)
    tries &= rng.random(n) < np.where(frame.cte_before >= 2, 0.6, 0.25)
    count = np.array([len(path.credentials) for path in PATHWAYS])
    pathway = np.maximum(frame.pathway, 0)
    which = np.minimum((frame.cte_before >= 3).astype(np.int64), count[pathway] - 1)
    earned_on = frame.calendar.day(rng.uniform(0.55, 0.96, n))
    chance = sigmoid(0.7 + 0.8 * frame.ability + 0.5 * people.career[frame.students])
    sheet: Sheet = {
        "student": frame.students,
        "school": _owner(frame, cluster),
        "year": np.full(n, frame.year),
        "credential": np.array(FIRST_CREDENTIAL)[pathway] + which,
        "earned_on": earned_on,
        "passed": rng.random(n) < chance,
    }
    present = (frame.left >= earned_on) & (frame.entered <= earned_on) & (earned_on <= today)
    return keep(sheet, tries & present)


WORK_KINDS = ("internship", "apprenticeship", "clinical", "cooperative_education", "school_based_enterprise")


def work(rng: np.random.Generator, frame: Frame, cluster: Cluster, today: np.datetime64) -> Sheet:
    """Work-based learning of students in the later courses of a pathway; reported at the year's end."""
    n = len(frame.students)
    chance = np.select([frame.grade == 12, frame.grade == 11], [0.45, 0.15], 0.0)
    does = (frame.cte_before >= 1) & (frame.pathway >= 0) & (rng.random(n) < chance)
    usual = np.array([WORK_KINDS.index(path.work) for path in PATHWAYS])[np.maximum(frame.pathway, 0)]
    kind = np.where(rng.random(n) < 0.7, usual, rng.integers(3, 5, n))
    sheet: Sheet = {
        "student": frame.students,
        "school": _owner(frame, cluster),
        "year": np.full(n, frame.year),
        "kind": kind,
        "employer": np.where(kind == 4, 0, 1 + rng.integers(0, len(EMPLOYERS), n)),
        "hours": rng.integers(4, 40, n) * 10,
        "paid": (kind != 2) & (rng.random(n) < 0.6),
    }
    return keep(sheet, does & frame.stayed & (frame.calendar.last_day <= today))


def _owner(frame: Frame, cluster: Cluster) -> NDArray[np.int64]:
    """Who reports it: the technology center for its students, else the school."""
    center = cluster.center_of[cluster.district_of[frame.school_at_end]]
    return np.where(frame.center, center, frame.school_at_end)
