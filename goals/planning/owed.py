"""What a person owes to plans: action steps that are due, plans to decide on or to mend, practices to rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals.models import FINISHED, ActionStatus, ActionStep, Delegation, Plan, PlanDecision, PlanState, TeamAssessment
from goals.planning import follow_up
from hstw.access import Action
from schools.models import User
from schools.owed import SHOWN, Owed

# Due within so many days, or late: the rest of the plan can wait.
SOON = dt.timedelta(days=30)
# Somebody who has just said how it goes is not asked again.
FRESH = dt.timedelta(days=7)


@dataclass
class Asked:
    """An action step that is asked about: ``late`` by how many days; ``whose`` where it is done for somebody else."""

    step: ActionStep
    late: int
    whose: str = ""
    # What was typed and not saved.
    status: str = ""
    note: str = ""

    @property
    def due_text(self) -> str:
        """How late, or how soon."""
        if self.late > 0:
            return ngettext("%(n)s day late", "%(n)s days late", self.late) % {"n": self.late}
        if self.late == 0:
            return _("due today")
        return ngettext("in %(n)s day", "in %(n)s days", -self.late) % {"n": -self.late}


def people_of(user: User, today: dt.date | None = None) -> list[int]:
    """Whose work a person does: their own, and that of those who named them as delegate."""
    today = today or timezone.localdate()
    held = Delegation.objects.filter(Q(ends=None) | Q(ends__gte=today), delegate=user)
    return [user.pk, *held.values_list("principal", flat=True)]


def steps_of(user: User, today: dt.date | None = None) -> QuerySet[ActionStep]:
    """The unfinished action steps of a person that are late or due soon, the longest late first."""
    today = today or timezone.localdate()
    rows: QuerySet[ActionStep] = (
        ActionStep.objects.visible_to(user, Action.UPDATE_ACTION)
        .filter(owner__in=people_of(user, today), due__lte=today + SOON)
        .exclude(status__in=FINISHED)
        .select_related("owner", "strategy__plan_goal__plan__organization")
        .order_by("due", "pk")
    )
    return rows


def asked(user: User, steps: Any, today: dt.date | None = None) -> list[Asked]:
    """Steps with how late they are."""
    today = today or timezone.localdate()
    return [Asked(step, (today - step.due).days, "" if step.owner_id == user.pk else str(step.owner)) for step in steps]


@transaction.atomic
def update_many(user: User, sent: Mapping[str, str]) -> int:
    """Save what one page says of many steps: ``status-<key>`` and ``note-<key>``; returns how many were said.

    A step with a note and no status keeps its status. What is not this person's to say is passed over.
    """
    keys = {name.partition("-")[2] for name, value in sent.items() if value.strip() and "-" in name}
    wanted = [int(key) for key in keys if key.isdecimal() and len(key) < 18]
    rows = ActionStep.objects.visible_to(user, Action.UPDATE_ACTION).filter(pk__in=wanted, owner__in=people_of(user))
    said = 0
    for step in rows.select_related("strategy__plan_goal__plan"):
        status = sent.get(f"status-{step.pk}", "") or step.status
        if status not in ActionStatus.values:
            continue
        follow_up.update(step, user, status=status, implementation=sent.get(f"note-{step.pk}", "")[:8_000])
        said += 1
    return said


def owed_by(user: User) -> list[Owed]:
    """What the home page shows of plans; a constant number of queries."""
    return sorted([*_actions(user), *others(user)], key=lambda one: one.due or dt.date.max)


def others(user: User) -> list[Owed]:
    """What is owed beside action steps: decisions, plans to mend, ratings."""
    return [*_decisions(user), *_returned(user), *_ratings(user)]


def _actions(user: User) -> list[Owed]:
    rows = list(steps_of(user)[: SHOWN + 1])
    found = [
        Owed(step.title, f"{step.strategy.plan_goal.plan}: {one.due_text}", reverse("goals:owed"), step.due)
        for one in asked(user, rows[:SHOWN])
        for step in [one.step]
    ]
    if len(rows) > SHOWN:
        found.append(Owed(_("More action steps are due"), _("See all that you owe."), reverse("goals:owed")))
    return found


def _decisions(user: User) -> list[Owed]:
    waiting = Plan.objects.visible_to(user, Action.APPROVE_PLAN).filter(state=PlanState.SUBMITTED)
    return [
        Owed(
            _("Decide on the plan of %(organization)s") % {"organization": plan.organization},
            _("It was submitted and rests until you approve or return it."),
            reverse("goals:plan_decide", args=[plan.organization.slug, plan.year]),
        )
        for plan in waiting.exclude(decisions__in=_last_by(user)).select_related("organization").order_by("pk")[:SHOWN]
    ]


def _last_by(user: User) -> Any:
    """Submissions by the person: not theirs to decide on."""
    return PlanDecision.objects.filter(by=user, state=PlanState.SUBMITTED).values("pk")


def _returned(user: User) -> list[Owed]:
    back = Plan.objects.visible_to(user, Action.SUBMIT_PLAN).filter(
        state=PlanState.RETURNED, organization__role_assignments__user=user
    )
    return [
        Owed(
            _("Mend the plan of %(organization)s") % {"organization": plan.organization},
            _("It was returned with a reason."),
            plan.get_absolute_url(),
        )
        for plan in back.select_related("organization").distinct().order_by("pk")[:SHOWN]
    ]


def _ratings(user: User) -> list[Owed]:
    today = timezone.localdate()
    rounds = TeamAssessment.objects.visible_to(user).filter(members=user, closes_on__gt=today)
    rounds = rounds.exclude(ratings__user=user).select_related("organization").order_by("closes_on")
    return [
        Owed(
            _("Rate the key practices of %(organization)s") % {"organization": one.organization},
            _("Nobody sees your ratings before all are in, or the day has come."),
            reverse("goals:practice_rate", args=[one.organization.slug, one.year, one.pk]),
            one.closes_on,
        )
        for one in rounds[:SHOWN]
    ]
