"""How teams of the demonstration world look at their own practice: ratings and consensus, surveys, visits."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Count
from django.utils.timezone import get_current_timezone

from goals.models import (
    Finding,
    FocusArea,
    FrameworkEdition,
    KeyPractice,
    PracticeConsensus,
    PracticeIndex,
    PracticeRating,
    SurveyAdministration,
    TeamAssessment,
    Visit,
)
from hstw.access import Role
from schools.models import Enrollment, RoleAssignment

from .geography import School
from .people import home
from .practice_texts import AGREED, FINDINGS, LATER, SEEN
from .world import World

CLASSIC, CURRENT = "hstw-classic", "msw-high"
TEAM = (Role.PRINCIPAL, Role.COUNSELOR, Role.SITE_TEAM)
STUDENTS_A_TEACHER = 15


def load_practice(world: World) -> None:
    """Two years of self-assessments, surveys and visits of the high schools; one round at home is still open."""
    made = _Practice(world)
    for number, school in enumerate(made.schools):
        made.rounds(school)
        made.surveys(school)
        if number % 3 == 0 or school is made.home:
            made.visits(school)
    made.write()


def day_in(year: int, month: int, day: int) -> dt.date:
    """A day of a school year, by month and day."""
    return dt.date(year - 1 if month >= 7 else year, month, day)


class _Practice:
    """Collects rows by model, keys handed out by the world's writer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.home = home(world)[2]
        self.schools = [school for school in world.schools() if school.design == "high" and school.closes is None]
        self.classic = FrameworkEdition.objects.get(code=CLASSIC).pk
        self.practices = list(KeyPractice.objects.filter(edition=self.classic).order_by("number"))
        self.areas = dict(FocusArea.objects.filter(edition__code=CURRENT).values_list("code", "pk"))
        self.team: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for organization, role, user in (
            RoleAssignment.objects.filter(ends=None, role__in=TEAM, organization__in=[one.pk for one in self.schools])
            .order_by("pk")
            .values_list("organization", "role", "user")
        ):
            self.team[organization].append((user, role))
        # Of the last full year: before the first measured one not everybody is there.
        self.students: dict[int, int] = dict(
            Enrollment.objects.filter(organization__in=[one.pk for one in self.schools], year=world.last_year - 1)
            .values_list("organization")
            .annotate(n=Count("student", distinct=True))
        )
        self.rows: dict[type[Any], list[dict[str, Any]]] = {
            model: []
            for model in (
                *(TeamAssessment, TeamAssessment.members.through, PracticeRating, PracticeConsensus),
                *(SurveyAdministration, PracticeIndex, Visit, Finding),
            )
        }

    def put(self, model: type[Any], **row: Any) -> int:
        """One row; its key."""
        pk = self.world.writer.take(model, 1)
        self.rows[model].append({"id": pk, **row})
        return pk

    def write(self) -> None:
        """Write all rows."""
        for model, rows in self.rows.items():
            self.world.writer.write_rows(model, rows)

    # --- self-assessments --------------------------------------------------------------------------------------------
    def rounds(self, school: School) -> None:
        """The last two years' rounds with what was agreed on, and, at home, this year's: some are in, some are not."""
        rng = self.world.random("practice", school.pk)
        members = self.team[school.pk]
        if not members:
            return
        levels = rng.integers(1, 4, len(self.practices))
        for year in (self.world.last_year - 2, self.world.last_year - 1):
            closed = day_in(year, 4, 20)
            one = self.round(school, year, closed, members)
            astray = rng.integers(-1, 2, (len(members), len(self.practices)))
            # What is agreed on is what some of them think.
            astray[:2] = 0
            rated = np.clip(levels + astray, 1, 4)
            for place, (user, _role) in enumerate(members):
                words = self._words(rng, place, len(members))
                self.ratings(one, user, rated[place], closed - dt.timedelta(days=12 - place), words)
            self.agree(one, members, levels, np.ptp(rated, axis=0), closed + dt.timedelta(days=3))
            # Year by year a few practices are one step further.
            levels = np.clip(levels + (rng.random(len(levels)) < 0.35), 1, 4)
        if school is self.home:
            self.open_round(school, members, levels, rng)

    def open_round(
        self, school: School, members: Sequence[tuple[int, str]], levels: Any, rng: np.random.Generator
    ) -> None:
        """This year's round: counselors and part of the team have rated, the others still owe it."""
        today = self.world.today
        one = self.round(school, self.world.last_year, today + dt.timedelta(days=16), members)
        # The first of them is the one of the sign-ins, who finds it under “What I owe”.
        done = [user for user, role in members if role != Role.PRINCIPAL][1:]
        for place, user in enumerate(done):
            own = np.clip(levels + rng.integers(-1, 2, len(self.practices)), 1, 4)
            words = self._words(rng, place, len(done))
            self.ratings(one, user, own, today - dt.timedelta(days=2 + place), words)

    def round(self, school: School, year: int, closes: dt.date, members: Sequence[tuple[int, str]]) -> int:
        """A round and who rates in it."""
        one = self.put(
            TeamAssessment,
            organization_id=school.pk,
            year=year,
            edition_id=self.classic,
            closes_on=closes,
            by_id=self._leader(members),
        )
        for user in dict.fromkeys(user for user, _role in members):
            self.put(TeamAssessment.members.through, teamassessment_id=one, user_id=user)
        return one

    def ratings(self, one: int, user: int, levels: Any, on: dt.date, words: Sequence[str]) -> None:
        """One member's ratings, with what they have seen for some of them."""
        for practice, level, says in zip(self.practices, levels.tolist(), words, strict=True):
            self.put(
                PracticeRating,
                assessment_id=one,
                practice_id=practice.pk,
                user_id=user,
                level=level,
                evidence=says,
                made_at=moment(on),
            )

    def _words(self, rng: np.random.Generator, place: int, members: int) -> list[str]:
        """What a member says: no two of a round say the same."""
        return [
            SEEN[practice.code] if number % members == place and rng.random() < 0.8 else ""
            for number, practice in enumerate(self.practices)
        ]

    def agree(self, one: int, members: Sequence[tuple[int, str]], levels: Any, apart: Any, on: dt.date) -> None:
        """What the team agreed on, from which its members' ratings stray, with a note where they were apart."""
        for practice, level, distance in zip(self.practices, levels.tolist(), apart.tolist(), strict=True):
            self.put(
                PracticeConsensus,
                assessment_id=one,
                practice_id=practice.pk,
                level=level,
                note=AGREED.get(practice.code, "") if distance > 1 else "",
                by_id=self._leader(members),
                made_at=moment(on),
            )

    @staticmethod
    def _leader(members: Sequence[tuple[int, str]]) -> int:
        return next((user for user, role in members if role == Role.PRINCIPAL), members[0][0])

    # --- surveys -----------------------------------------------------------------------------------------------------
    def surveys(self, school: School) -> None:
        """Students and teachers in spring, two years; each practice a little stronger the second time."""
        rng = self.world.random("surveys", school.pk)
        base = rng.uniform(18, 55, len(self.practices))
        for year in (self.world.last_year - 2, self.world.last_year - 1):
            students = max(0, self.students.get(school.pk, 0) - int(rng.integers(0, 25)))
            teachers = max(4, students // STUDENTS_A_TEACHER)
            for kind, invited, least, most, shift in (
                ("student", students, 0.62, 0.91, 0.0),
                ("teacher", teachers, 0.7, 1.0, 9.0),
            ):
                if not invited:
                    continue
                survey = self.put(
                    SurveyAdministration,
                    organization_id=school.pk,
                    kind=kind,
                    given_on=day_in(year, 3, 9 if kind == "student" else 12),
                    invited=invited,
                    answered=int(invited * rng.uniform(least, most)),
                    source="District survey of students" if kind == "student" else "District survey of teachers",
                )
                drawn = np.clip(base + shift + rng.normal(0, 4, len(base)), 2, 96)
                for practice, percent in zip(self.practices, drawn.tolist(), strict=True):
                    rounded = Decimal(percent).quantize(Decimal("0.1"))
                    self.put(PracticeIndex, survey_id=survey, practice_id=practice.pk, percent=rounded)
            base = base + rng.uniform(0, 6, len(base))

    # --- visits ------------------------------------------------------------------------------------------------------
    def visits(self, school: School) -> None:
        """A review last spring; at home somebody came again, this fall if that is over."""
        for kind, first, days, by, found in self._visits_of(school):
            visit = self.put(
                Visit,
                organization_id=school.pk,
                kind=kind,
                starts=first,
                ends=first + dt.timedelta(days=days - 1),
                led_by=by,
            )
            for area, promising, text, recommendation in found:
                self.put(
                    Finding,
                    visit_id=visit,
                    area_id=self.areas[area],
                    promising=promising,
                    text=text,
                    recommendation=recommendation,
                )

    def _visits_of(self, school: School) -> Iterator[tuple[str, dt.date, int, str, Sequence[Any]]]:
        # A Tuesday of February, and one of October.
        spring = _tuesday(day_in(self.world.last_year - 1, 2, 10))
        yield "review", spring, 3, "School improvement coach, SREB", FINDINGS
        fall = _tuesday(day_in(self.world.last_year, 10, 13))
        if school is self.home and fall < self.world.today:
            yield "assistance", fall, 1, "School improvement coach, SREB", LATER


def _tuesday(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=(1 - day.weekday()) % 7)


def moment(day: dt.date) -> dt.datetime:
    """Half past three of a day, when school is over."""
    return dt.datetime.combine(day, dt.time(15, 30), get_current_timezone())
