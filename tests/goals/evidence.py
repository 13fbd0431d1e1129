"""Students made of what they have done, for tests of rules: each helper writes what a file would have brought."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

from schools.models import (
    AssessmentResult,
    CourseRecord,
    CredentialEarned,
    Diploma,
    EvidenceCoverage,
    Organization,
    PostsecondaryOutcome,
    Student,
    WorkExperience,
)
from tests.factories import enrollment, student

# What is done to a student of a school and year.
Deed = Callable[[Student, Organization, int], object]
_days = itertools.count(1)


def covered(organization: Organization, *years: int) -> None:
    """Everything that measures of readiness need is loaded: tests of two years, credentials of all four."""
    for year in years:
        for kind, back in (("enrollment", 1), ("diplomas", 1), ("assessment:ACT", 2), ("credentials", 4)):
            for at in range(year - back + 1, year + 1):
                EvidenceCoverage.objects.get_or_create(organization=organization, year=at, kind=kind)


def senior(school: Organization, year: int, *deeds: Deed, diploma: int | None = 0, **spell: Any) -> Student:
    """In grade 12 that year and on time; with a regular diploma of it, of the year given, or (``None``) without."""
    who = student(grade_9_year=spell.pop("grade_9_year", year - 3))
    enrollment(school, year, spell.pop("grade", "12"), student=who, days_enrolled=spell.pop("days", 175), **spell)
    for deed in deeds:
        deed(who, school, year)
    if diploma is not None:
        awarded = diploma or year
        Diploma.objects.create(
            student=who, organization=school, year=awarded, kind="regular", awarded_on=dt.date(awarded, 5, 22)
        )
    return who


def test(name: str, **scores: float | str) -> Deed:
    """Scores by subject; text is a level."""

    def write(who: Student, school: Organization, year: int) -> None:
        for subject, score in scores.items():
            AssessmentResult.objects.create(
                student=who, organization=school, year=year, test=name, subject=subject.replace("_", " "),
                taken_on=dt.date(year - 1, 9, 1) + dt.timedelta(days=next(_days) % 200),
                **({"performance_level": score} if isinstance(score, str) else {"score": score}),
            )  # fmt: skip

    return write


test.__test__ = False  # type: ignore[attr-defined]  # a helper, whatever it is called


def act(**scores: float) -> Deed:
    """An ACT: ``English=18, Mathematics=22``."""
    return test("ACT", **scores)


def sat(ebrw: float, math: float) -> Deed:
    """A SAT, with its total."""
    return test("SAT", Reading_and_Writing=ebrw, Math=math, Total=ebrw + math)


def ap(score: float, subject: str = "Psychology") -> Deed:
    """An AP exam."""
    return test("AP", **{subject: score})


def ib(score: float, subject: str = "History") -> Deed:
    """An IB exam."""
    return test("IB", **{subject: score})


def workkeys(level: str) -> Deed:
    """A National Career Readiness Certificate."""
    return test("WorkKeys", NCRC=level)


def afqt(score: float) -> Deed:
    """An ASVAB qualification score."""
    return test("ASVAB", AFQT=score)


def course(level: str = "general", credits: str = "0.50", subject: str = "ela", cip: str = "", times: int = 1) -> Deed:
    """Courses passed, each for so many credits."""

    def write(who: Student, school: Organization, year: int) -> None:
        for _n in range(times):
            CourseRecord.objects.create(
                student=who, organization=school, year=year, course_code=f"C{next(_days)}", term="S1", title="Course",
                subject=subject, level=level, cip_code=cip, mark="B", credits_attempted=max(credits, "1.00"),
                credits_earned=credits,
            )  # fmt: skip

    return write


def cte(times: int) -> Deed:
    """Courses passed in one program."""
    return course(cip="51.3902", subject="cte", times=times)


def credential(*, passed: bool = True) -> Deed:
    """An industry credential attempted."""

    def write(who: Student, school: Organization, year: int) -> object:
        return CredentialEarned.objects.create(
            student=who, organization=school, year=year, credential_code="WELD", passed=passed,
            earned_on=dt.date(year - 1, 9, 1) + dt.timedelta(days=next(_days) % 200),
        )  # fmt: skip

    return write


def work(kind: str = "internship", hours: int = 40) -> Deed:
    """Work-based learning."""

    def write(who: Student, school: Organization, year: int) -> object:
        return WorkExperience.objects.create(
            student=who, organization=school, year=year, kind=kind, employer=f"Employer {next(_days)}", hours=hours
        )

    return write


def service(month: int, later: int = 0) -> Deed:
    """In the military from this month of the calendar year of graduation, or so many years later."""

    def write(who: Student, school: Organization, year: int) -> object:
        return PostsecondaryOutcome.objects.create(
            student=who, organization=school, year=year, kind="military", starts=dt.date(year + later, month, 15)
        )

    return write
