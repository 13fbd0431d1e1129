"""What the pages of “Readiness” are looked at with: three years of evidence, counted; seniors, some one step short."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from goals import closing
from goals.models import Measure, ReportedResult, RollupRun, StalePair, StudentGroup
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import (
    AssessmentResult,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    EvidenceCoverage,
    ImportBatch,
    Organization,
    Student,
)
from tests import factories

KINDS = ("enrollment", "attendance", "demographics", "courses", "assessment:ACT", "credentials", "diplomas")
RACES = ("BL", "WH", "HI", "AS")
LONG_LAST_NAME = "Featherstonehaugh-Montgomery"


def fill_readiness(places: factories.World, batch: ImportBatch) -> None:
    """Make it, for Ridge and Valley; work-based learning is never loaded."""
    now = current_year()
    # What graduates are looked back at over: their four years.
    EvidenceCoverage.objects.create(organization=places.cahaba, year=now - 4, kind="assessment:ACT", batch=batch)
    for year in (now - 6, now - 5, now - 4):
        for kind in ("courses", "credentials"):
            EvidenceCoverage.objects.create(
                organization=places.cahaba, year=year, kind=kind, through_date=dt.date(year, 6, 3), batch=batch
            )
    for year in (now - 3, now - 2, now - 1):
        for kind in KINDS:
            EvidenceCoverage.objects.create(
                organization=places.cahaba, year=year, kind=kind, through_date=dt.date(year, 6, 3), batch=batch
            )
        for n in range(24):
            _ninth_grader(places.ridge, year, n)
            _graduate(places.ridge, year, n)
        for n in range(6):
            _ninth_grader(places.valley, year, n)
            _graduate(places.valley, year, n)
    EvidenceCoverage.objects.create(
        organization=places.ridge, year=now, kind="attendance", through_date=dt.date(now - 1, 11, 18), batch=batch
    )
    for n in range(30):
        _senior(places.ridge, now, n)
    for year in range(now - 3, now + 1):
        for basis in Basis:
            rollup.roll_up(places.alabama, basis, year)
    _close(places, now - 2)
    _publish(places, now, batch)
    _runs(places)


def _somebody(n: int, year: int, **fields: int) -> Student:
    last = LONG_LAST_NAME if n == 0 else f"Student{n:02d}"
    return factories.student(first_name="Wilhelmina" if n == 0 else f"Given{year % 100}", last_name=last, **fields)


def _about(n: int) -> dict[str, object]:
    return {"race_ethnicity": RACES[n % 4], "sex": "FM"[n % 2], "with_disabilities": n % 8 == 3}


def _ninth_grader(school: Organization, year: int, n: int) -> None:
    who = _somebody(n, year, grade_9_year=year)
    absent = 25 if n % 5 == 0 else 6
    factories.enrollment(school, year, "09", student=who, days_enrolled=176, days_absent=absent, **_about(n))
    CourseRecord.objects.create(
        student=who,
        organization=school,
        year=year,
        subject="math",
        term="FY",
        title="All courses of the year",
        course_code="ALL",
        mark="C",
        credits_attempted="7.00",
        credits_earned="4.50" if n % 6 == 1 else "6.00",
    )


def _graduate(school: Organization, year: int, n: int) -> None:
    who = _somebody(n, year, grade_9_year=year - 3)
    leaves = "dropped_out" if n % 9 == 4 else "graduated"
    day = dt.date(year, 5, 22)
    factories.enrollment(
        school,
        year,
        "12",
        student=who,
        days_enrolled=176,
        days_absent=12,
        exit_code=leaves,
        exited=day,
        **_about(n),
    )
    common = {"student": who, "organization": school, "year": year}
    if leaves == "graduated":
        Diploma.objects.create(**common, kind="regular", awarded_on=day)
    for subject, score in (("English", 18), ("Mathematics", 24 - n % 6), ("Reading", 23)):
        AssessmentResult.objects.create(**common, test="ACT", subject=subject, taken_on=day, score=score)
    if n % 3 == 0:
        CredentialEarned.objects.create(**common, credential_code="CNA", issuer="Board", earned_on=day)


def _senior(school: Organization, year: int, n: int) -> None:
    who = _somebody(n, year, grade_9_year=year - 3)
    factories.enrollment(school, year, "12", student=who, **_about(n))
    common = {"student": who, "organization": school, "year": year}
    day = dt.date(year - 1, 10, 7)
    # By Alabama's rule one benchmark is enough: every second senior misses that in mathematics by a point.
    for subject, score in (("English", 16), ("Mathematics", 21 if n % 2 else 25), ("Reading", 19)):
        AssessmentResult.objects.create(**common, test="ACT", subject=subject, taken_on=day, score=score)


def _close(places: factories.World, year: int) -> None:
    """Closed the year before last; then five students turn out to have been absent more often."""
    closing.close(places.alabama, SchoolYear(year), None, "Went into the state's report card of the fall")
    rows = Enrollment.objects.filter(organization=places.ridge, year=year, days_absent=6).order_by("pk")
    Enrollment.objects.filter(pk__in=[row.pk for row in rows[:5]]).update(days_absent=40)
    rollup.roll_up(places.alabama, Basis.YEAR, year)


def _publish(places: factories.World, now: int, batch: ImportBatch) -> None:
    """What authorities published: graduation of the same class, and a measure that is not counted here."""
    everybody = StudentGroup.objects.get(code="ALL")
    about = {"group": everybody, "publisher": "federal-edfacts", "batch": batch}
    exact = {"numerator": 21, "denominator": 24, "value": Decimal("87.5")}
    top = {"mask": "top", "low": 90, "high": 100}
    for place, facts in ((places.ridge, exact), (places.valley, top), (places.cahaba, exact)):
        measure = Measure.objects.get(code="ACGR4")
        ReportedResult.objects.create(organization=place, measure=measure, year=now - 1, **about, **facts)
        measure = Measure.objects.get(code="AP_PARTICIPATION")
        for back, value in ((1, "31.2"), (2, "28.4"), (3, "30.0")):
            figure = facts if back == 1 and "mask" in facts else {"value": Decimal(value)}
            ReportedResult.objects.create(organization=place, measure=measure, year=now - back, **about, **figure)
    group = StudentGroup.objects.get(code="BL")
    masked = {**about, "group": group, "mask": "small"}
    ReportedResult.objects.create(
        organization=places.ridge, measure=Measure.objects.get(code="AP_PARTICIPATION"), year=now - 1, **masked
    )


def _runs(places: factories.World) -> None:
    now = timezone.now()
    for n in range(30):
        RollupRun.objects.create(
            reason="changed evidence",
            scope="Alabama",
            state="done",
            started_at=now - dt.timedelta(minutes=n + 1),
            finished_at=now - dt.timedelta(minutes=n + 1, seconds=-7),
            pairs=9,
            records=3_706,
            cells=1_091,
            changed=n,
        )
    RollupRun.objects.create(
        reason="by command",
        scope="Alabama, Kentucky",
        state="failed",
        started_at=now,
        finished_at=now,
        error='Kentucky class 2026: OperationalError\n  File "/srv/goals/readiness/rollup.py", line 31, in roll_up',
    )
    StalePair.objects.create(
        organization=places.kentucky, basis="class", year=2026, marked_at=now + dt.timedelta(minutes=9)
    )
