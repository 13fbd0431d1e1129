"""What the pages of “Goals & plan” are looked at with: goals on and off track, a plan in each state, work on it."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

from django.utils import timezone

from goals.models import (
    ActionEvidence,
    ActionStep,
    FrameworkEdition,
    KeyPractice,
    Plan,
    PlanComment,
    PracticeIndex,
    SurveyAdministration,
    TeamAssessment,
    TypedFigure,
    Visit,
)
from goals.planning import approve, assess, elements, follow_up, status
from hstw import files
from hstw.access import Role
from schools.models import User
from tests import factories
from tests.goals.planning import make

LONG = "Teachers of ninth grade agree on common assignments, and look at students’ work together every other week"


def fill_plans(places: factories.World, people: dict[str, User]) -> dict[str, Any]:
    """Make it; what addresses need, by name."""
    year = make.YEAR
    principal, planner = people[Role.PRINCIPAL], people[Role.DISTRICT_PLANNER]
    above = make.goal(places.cahaba, title="95 % of students graduate on time")
    plan = make.plan(places.ridge, principal)
    Plan.objects.filter(pk=plan.pk).update(mission="Every student leaves with a plan.", common_planning="Tuesdays.")
    goal = plan.plan_goals.get().bold_goal
    goal.answers = above
    goal.save()
    step = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    today = timezone.localdate()
    make.action(step.strategy, principal, title=LONG, order=2, starts=today - dt.timedelta(60), due=today)
    for number in range(12):
        due = today + dt.timedelta(days=number - 4)
        make.action(
            step.strategy, principal, title=f"Step {number}", order=number + 3, starts=today - dt.timedelta(60), due=due
        )
    follow_up.update(step, principal, status="at_risk", implementation="Two of six came.", effectiveness="Too early.")
    ActionEvidence.objects.create(action=step, file=files.store(io.BytesIO(b"%PDF-1.7"), "minutes.pdf", None))
    approve.submit(plan, principal)
    approve.approve(plan, planner, approve.fingerprint(plan), "Thank you.")
    elements.move(plan, "action", step.pk, by=1)
    PlanComment.objects.create(plan=plan, about=f"strategy:{step.strategy_id}", text="Which grades?", by=planner)
    waiting = make.plan(places.valley)
    approve.submit(waiting, factories.person(Role.PRINCIPAL, places.valley, name="Val Principal"))
    for back, value in ((1, "81.5"), (0, "82.0")):
        status.type_in(
            TypedFigure(
                organization=places.ridge,
                measure=goal.measure,
                group=goal.group,
                year=year - back,
                value=Decimal(value),
                n=210,
                source="District records",
            )
        )
    status.refresh(places.alabama)
    done, still = (_round(places, one, people) for one in (year - 1, year))
    practices = KeyPractice.objects.filter(edition=done.edition)
    for number, member in enumerate(done.members.order_by("pk")):
        assess.PracticeRating.objects.bulk_create(
            assess.PracticeRating(
                assessment=done,
                practice=one,
                user=member,
                level=1 + (number * 2 + one.number) % 4,
                evidence="Seen twice",
            )
            for one in practices
        )
    assess.agree(done, practices[0].pk, "2", "One of us sees more.", principal)
    survey = SurveyAdministration.objects.create(
        organization=places.ridge, kind="student", given_on=dt.date(year - 1, 10, 5), invited=600, answered=512
    )
    PracticeIndex.objects.bulk_create(
        PracticeIndex(survey=survey, practice=one, percent=Decimal(30 + one.number)) for one in practices
    )
    visit = Visit.objects.create(
        organization=places.ridge, kind="review", starts=dt.date(year - 1, 9, 8), ends=dt.date(year - 1, 9, 10)
    )
    area = FrameworkEdition.objects.get(code="msw-high").areas.first()
    visit.findings.create(area=area, text="Tasks are at grade level in two of three classes.", promising=True)
    return {
        "plan": plan,
        "goal": goal,
        "step": step,
        "done": done,
        "still": still,
        "survey": survey,
        "visit": visit,
        "need": plan.needs.get(),
    }


def _round(places: factories.World, year: int, people: dict[str, User]) -> TeamAssessment:
    row = TeamAssessment.objects.create(
        organization=places.ridge,
        year=year,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        closes_on=dt.date(2020, 1, 1) if year < make.YEAR else dt.date(2099, 1, 1),
    )
    row.members.set([people[Role.PRINCIPAL], people[Role.SITE_TEAM], people[Role.COUNSELOR]])
    return row
