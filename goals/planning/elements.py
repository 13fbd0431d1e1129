"""The parts of a plan: start one, add, move and remove parts; nothing of it while the plan is submitted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max, ProtectedError, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from goals.models import (
    ActionStep,
    FrameworkEdition,
    KeyPractice,
    Need,
    Plan,
    PlanGoal,
    PlanState,
    RootCause,
    Strategy,
    TeamMember,
)
from hstw.access import TABLE, Action
from schools.models import Organization, RoleAssignment, User
from schools.models.organization import lineage

# By the name in addresses: the model, the field that leads to its parent, and the parent's model.
KINDS: dict[str, tuple[type[Any], str, type[Any]]] = {
    "member": (TeamMember, "plan", Plan),
    "need": (Need, "plan", Plan),
    "cause": (RootCause, "need", Need),
    "goal": (PlanGoal, "plan", Plan),
    "strategy": (Strategy, "plan_goal", PlanGoal),
    "action": (ActionStep, "strategy", Strategy),
}
MOVABLE = frozenset({"need", "cause", "goal", "strategy", "action"})


class PlanError(ValueError):
    """Something that cannot be done to the plan; the message is for the person."""


def start(organization: Organization, year: int) -> Plan:
    """The plan of that organization and year; a new draft where there is none."""
    plan, _made = Plan.objects.get_or_create(organization=organization, year=year)
    return plan


def parent_of(plan: Plan, kind: str, pk: int) -> Any:
    """The part (or the plan itself) below which one of ``kind`` is added; ``None`` where it is not of this plan."""
    _model, _field, parent_model = KINDS[kind]
    if parent_model is Plan:
        return plan if plan.pk == pk else None
    row = parent_model._default_manager.filter(pk=pk).first()
    return row if row is not None and row.plan_of().pk == plan.pk else None


def part_of(plan: Plan, kind: str, pk: int) -> Any:
    """A part of this plan; ``None`` where it is not."""
    row = KINDS[kind][0]._default_manager.filter(pk=pk).first()
    return row if row is not None and row.plan_of().pk == plan.pk else None


def locked(plan: Plan) -> str:
    """Why nothing can be changed now; blank where it can."""
    if plan.state == PlanState.SUBMITTED:
        return _("The plan is submitted. Take it back first, or wait for the decision; your text is kept.")
    return ""


def open_for_change(plan: Plan) -> Plan:
    """The plan, held to the end of the transaction. Raises :class:`PlanError` where it is submitted."""
    held = Plan.objects.select_for_update().get(pk=plan.pk)
    if why := locked(held):
        raise PlanError(why)
    return held


def touch(plan: Plan) -> None:
    """Note that the plan changed now."""
    Plan.objects.filter(pk=plan.pk).update(changed_at=timezone.now())


def siblings(row: Any, kind: str) -> QuerySet[Any]:
    """The parts among which ``row`` is ordered."""
    model, field, _parent = KINDS[kind]
    rows: QuerySet[Any] = model._default_manager.filter(**{field: getattr(row, field)})
    return rows


def put_last(row: Any, kind: str) -> None:
    """Let a new part stand behind its siblings."""
    if kind in MOVABLE:
        row.order = (siblings(row, kind).aggregate(last=Max("order"))["last"] or 0) + 1


@transaction.atomic
def move(plan: Plan, kind: str, pk: int, *, to: int | None = None, by: int = 0) -> None:
    """Move a part among its siblings: ``by`` places (−1 up, 1 down), or ``to`` a place from 0."""
    open_for_change(plan)
    row = part_of(plan, kind, pk)
    if row is None or kind not in MOVABLE:
        raise PlanError(_("It is no longer there."))
    rows = list(siblings(row, kind).order_by("order", "pk"))
    here = rows.index(row)
    there = max(0, min(len(rows) - 1, here + by if to is None else to))
    rows.insert(there, rows.pop(here))
    for number, one in enumerate(rows, start=1):
        one.order = number
    KINDS[kind][0]._default_manager.bulk_update(rows, ["order"])
    touch(plan)


@transaction.atomic
def remove(plan: Plan, kind: str, pk: int) -> None:
    """Remove a part and what hangs on it; the history keeps it. One with progress notes or files is stopped instead."""
    open_for_change(plan)
    row = part_of(plan, kind, pk)
    if row is None:
        raise PlanError(_("It is no longer there."))
    actions = {
        "action": ActionStep.objects.filter(pk=pk),
        "strategy": ActionStep.objects.filter(strategy=pk),
        "goal": ActionStep.objects.filter(strategy__plan_goal=pk),
    }.get(kind)
    if (
        actions is not None
        and actions.filter(notes__isnull=False).union(actions.filter(evidence__isnull=False)).exists()
    ):
        raise PlanError(_("Work on it has been recorded. Set its action steps to “Stopped” instead of removing it."))
    try:
        row.delete()
    except ProtectedError as error:
        raise PlanError(_("Something else needs it.")) from error
    touch(plan)


def accountable(organization: Organization) -> QuerySet[User]:
    """Who can answer for an action step: people with a role, there, above or below, that lets them say how it goes."""
    above = lineage(organization.path)[2:]
    roles = RoleAssignment.objects.on(timezone.localdate()).filter(role__in=TABLE[Action.UPDATE_ACTION])
    near = roles.filter(organization__path__startswith=organization.path) | roles.filter(organization__path__in=above)
    found: QuerySet[User] = User.objects.filter(pk__in=near.values("user"), is_active=True).order_by("name", "pk")
    return found


def editions_for(organization: Organization, year: int) -> QuerySet[FrameworkEdition]:
    """The editions that a school of its design may use in a year; a district's schools are of all designs."""
    editions = FrameworkEdition.objects.filter(first_year__lte=year)
    if organization.design:
        editions = editions.filter(design=organization.design)
    return editions.filter(last_year=None) | editions.filter(last_year__gte=year)


def practices_for(organization: Organization, year: int) -> QuerySet[KeyPractice]:
    """The key practices of those editions."""
    return KeyPractice.objects.filter(edition__in=editions_for(organization, year)).select_related("edition")
