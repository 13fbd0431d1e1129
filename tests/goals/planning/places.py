"""What the addresses of “Goals & plan” lead to: made for whichever organization the access walk stands at."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

from goals.models import (
    ActionEvidence,
    ActionStep,
    FrameworkEdition,
    Plan,
    PlanVersion,
    SurveyAdministration,
    TeamAssessment,
    Visit,
)
from goals.planning import outline
from hstw import files
from schools.models import Organization
from tests import factories
from tests.goals.planning import make


def plan_of(organization: Organization) -> Plan:
    """A plan there with one of everything, and an approved version."""
    found = Plan.objects.filter(organization=organization, year=make.YEAR).first()
    if found is not None:
        return found
    plan = make.plan(organization)
    kept = [files.store(io.BytesIO(b"%PDF-1.7"), name, None) for name in ("plan.pdf", "plan.docx", "minutes.pdf")]
    PlanVersion.objects.create(
        plan=plan,
        number=1,
        content=outline.text_of(outline.content(outline.read(plan, None, audience="network"))),
        sha256="0" * 64,
        pdf=kept[0],
        word=kept[1],
        approved_by=factories.person(),
    )
    ActionEvidence.objects.create(action=step_of(plan), file=kept[2])
    return plan


def step_of(plan: Plan) -> ActionStep:
    """Its action step."""
    return ActionStep.objects.get(strategy__plan_goal__plan=plan)


def in_plan(organization: Organization) -> dict[str, Any]:
    """Nothing more than that there is a plan."""
    plan_of(organization)
    return {}


def need_of(organization: Organization) -> dict[str, Any]:
    """A need of the plan there."""
    return {"kind": "need", "pk": plan_of(organization).needs.get().pk}


def below_plan(organization: Organization) -> dict[str, Any]:
    """Where a need is added."""
    return {"kind": "need", "parent": plan_of(organization).pk}


def goal_of(organization: Organization) -> dict[str, Any]:
    """The goal of the plan there."""
    return {"pk": plan_of(organization).plan_goals.get().bold_goal_id}


def action_of(organization: Organization) -> dict[str, Any]:
    """The action step of the plan there."""
    return {"pk": step_of(plan_of(organization)).pk}


def evidence_of(organization: Organization) -> dict[str, Any]:
    """A file of that action step."""
    step = step_of(plan_of(organization))
    return {"pk": step.pk, "file": step.evidence.get().pk}


def round_of(organization: Organization) -> dict[str, Any]:
    """A self-assessment of the team there, of which nobody is a member."""
    row, _made = TeamAssessment.objects.get_or_create(
        organization=organization,
        year=make.YEAR,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        defaults={"closes_on": dt.date(2099, 1, 1)},
    )
    return {"pk": row.pk}


def survey_of(organization: Organization) -> dict[str, Any]:
    """A survey there."""
    row, _made = SurveyAdministration.objects.get_or_create(
        organization=organization, kind="student", given_on=dt.date(2026, 3, 2), invited=100, answered=80
    )
    return {"pk": row.pk}


def visit_of(organization: Organization) -> dict[str, Any]:
    """A visit there."""
    day = dt.date(2026, 3, 2)
    return {"pk": Visit.objects.create(organization=organization, kind="review", starts=day, ends=day).pk}


WANTED: dict[str, Callable[[Organization], dict[str, Any]]] = {
    **{f"goals:{name}": goal_of for name in ("goal", "goal_edit", "goal_status")},
    **{f"goals:plan_{name}": need_of for name in ("part", "remove")},
    **{
        f"goals:plan_{name}": in_plan
        for name in (
            *("text", "move", "comment", "history", "submit", "decide", "draft_file", "version", "version_file"),
        )
    },
    **{f"goals:{name}": action_of for name in ("action", "action_money", "action_file")},
    "goals:plan_add": below_plan,
    "goals:evidence": evidence_of,
    "goals:money_file": in_plan,
    "goals:practice_round": round_of,
    "goals:practice_rate": round_of,
    "goals:survey": survey_of,
    "goals:survey_edit": survey_of,
    "goals:visit": visit_of,
}
