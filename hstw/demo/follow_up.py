"""What people of the demonstration world said at their plans, and the files with which they show what was done."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from goals.models import ActionEvidence, ActionStep, Need, Plan, PlanComment, Strategy
from hstw.access import Role
from hstw.exports.word import Paragraph, word
from schools.models import RoleAssignment

from .keeping import keep
from .people import home
from .practice import moment
from .practice_texts import COMMENTS, FILES
from .world import World

ROLES = {
    "planner": Role.DISTRICT_PLANNER,
    "principal": Role.PRINCIPAL,
    "counselor": Role.COUNSELOR,
    "team": Role.SITE_TEAM,
}


def load_follow_up(world: World) -> None:
    """Write comments at the plans of schools, and evidence where the sign-ins work."""
    _comments(world)
    _evidence(world)


def _comments(world: World) -> None:
    """Each plan has the first remarks; the one at home has all."""
    people = {
        (organization, role): user
        for organization, role, user in RoleAssignment.objects.filter(ends=None, role__in=ROLES.values())
        .order_by("-pk")
        .values_list("organization", "role", "user")
    }
    parts = _first_parts(world)
    high = home(world)[2]
    districts = {school.pk: school.district.pk for school in world.schools()}
    rows = []
    plans = Plan.objects.filter(year=world.last_year, organization__in=districts).exclude(state="draft")
    for plan, school in plans.order_by("pk").values_list("pk", "organization"):

        def who(name: str, school: int = school) -> int | None:
            return people.get((districts[school] if name == "planner" else school, ROLES[name].value))

        for number, (kind, by, text, settled_by) in enumerate(COMMENTS if school == high.pk else COMMENTS[:2]):
            part = parts[kind].get(plan) if kind else None
            if kind and part is None:
                continue
            made = moment(world.today - dt.timedelta(days=45 - 3 * number))
            rows.append(
                {
                    "plan_id": plan,
                    "about": f"{kind}:{part}" if kind else "",
                    "text": text,
                    "by_id": who(by),
                    "made_at": made,
                    "settled_at": made + dt.timedelta(days=2) if settled_by else None,
                    "settled_by_id": who(settled_by) if settled_by else None,
                }
            )
    world.writer.write_rows(PlanComment, rows)


def _first_parts(world: World) -> dict[str, dict[int, int]]:
    """By kind: the first part of each plan."""
    found: dict[str, dict[int, int]] = {}
    for kind, model, field in (
        ("need", Need, "plan"),
        ("strategy", Strategy, "plan_goal__plan"),
        ("action", ActionStep, "strategy__plan_goal__plan"),
    ):
        rows: Any = model._default_manager.filter(**{f"{field}__year": world.last_year}).order_by("-pk")
        found[kind] = dict(rows.values_list(field, "pk"))
    return found


def _evidence(world: World) -> None:
    """Minutes and agendas at the first step of each title, in the plans of the home district and school."""
    _state, district, high = home(world)
    rng = world.random("evidence")
    steps = ActionStep.objects.filter(
        strategy__plan_goal__plan__organization__in=[district.pk, high.pk], title__in=[title for title, *_ in FILES]
    )
    first = {title: (pk, owner) for title, pk, owner in steps.order_by("-pk").values_list("title", "pk", "owner")}
    rows = []
    for number, (title, name, what, lines) in enumerate(FILES):
        if title not in first:
            continue
        step, owner = first[title]
        made = word(name.removesuffix(".docx"), [Paragraph(line) for line in lines])
        at = moment(world.today - dt.timedelta(days=28 - number))
        stored = keep(world, name, made, owner, uuid.UUID(bytes=rng.bytes(16), version=4), at)
        rows.append({"action_id": step, "file_id": stored, "what": what, "by_id": owner, "made_at": at})
    world.writer.write_rows(ActionEvidence, rows)
