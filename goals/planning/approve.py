"""A plan on its way: what is still missing, submit, take back, return, approve; and what has changed since."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals.models import Plan, PlanDecision, PlanState, PlanVersion
from goals.planning import differs, document, outline
from goals.planning.elements import PlanError, accountable
from goals.planning.outline import Outline
from hstw import files, outbox
from hstw.access import TABLE, Action
from hstw.models import StoredFile
from schools.models import RoleAssignment, User
from schools.models.organization import Kind, lineage

NETWORK = "network"


@dataclass(frozen=True)
class Missing:
    """Something that the plan lacks: what, where to mend it, and whether it can be submitted without."""

    text: str
    url: str
    must: bool = True


def missing(found: Outline) -> list[Missing]:
    """What a complete plan still lacks, in the order of the plan; what must be there comes with ``must``."""
    plan = found.plan
    here = (plan.organization.slug, plan.year)
    text = reverse("goals:plan_text", args=here)

    def add(kind: str, parent: int) -> str:
        return reverse("goals:plan_add", args=[*here, kind, parent])

    def part(kind: str, pk: int) -> str:
        return reverse("goals:plan_part", args=[*here, kind, pk])

    gaps: list[Missing] = []
    for name, words in (
        ("summary", _("Say where you stand.")),
        ("involvement", _("Say who took part in making the plan.")),
    ):
        if not getattr(plan, name).strip():
            gaps.append(Missing(words, f"{text}#id_{name}"))
    for name, words in (
        ("mission", _("The mission is blank.")),
        ("common_planning", _("Time to plan together is blank.")),
        ("review_on", _("Say when the plan will be looked at.")),
    ):
        if not getattr(plan, name).strip():
            gaps.append(Missing(words, f"{text}#id_{name}", must=False))
    if not found.team:
        gaps.append(Missing(_("Name the planning team."), add("member", plan.pk)))
    if not found.needs:
        gaps.append(Missing(_("Name at least one need."), add("need", plan.pk)))
    if not found.goals:
        gaps.append(Missing(_("Choose at least one goal."), add("goal", plan.pk)))
    for need in found.needs:
        if not need.causes.all():
            words = _("The need “%(need)s” has no root cause.") % {"need": need}
            gaps.append(Missing(words, add("cause", need.pk), must=False))
        if not need.plan_goals.all():
            gaps.append(
                Missing(_("No goal answers the need “%(need)s”.") % {"need": need}, part("need", need.pk), False)
            )
    gaps += _missing_in_goals(found, add, part)
    for row in found.money.over:
        words = _("%(fund)s: $%(amount)s more is planned than was given.") % {
            "fund": row.fund,
            "amount": f"{-row.left:,.2f}",
        }
        gaps.append(Missing(words, reverse("goals:money", args=here), must=False))
    return gaps


def _missing_in_goals(found: Outline, add: Any, part: Any) -> list[Missing]:
    gaps = []
    present = set(accountable(found.plan.organization).values_list("pk", flat=True))
    for goal in found.goals:
        if not goal.needs.all():
            gaps.append(
                Missing(_("The goal “%(goal)s” answers no need.") % {"goal": goal}, part("goal", goal.pk), False)
            )
        if not goal.strategies.all():
            gaps.append(Missing(_("The goal “%(goal)s” has no strategy.") % {"goal": goal}, add("strategy", goal.pk)))
    for strategy in found.strategies:
        words = {"strategy": strategy}
        if not strategy.actions.all():
            gaps.append(Missing(_("“%(strategy)s” has no action step.") % words, add("action", strategy.pk)))
        if strategy.tier is None:
            gaps.append(
                Missing(_("“%(strategy)s” has no evidence tier.") % words, part("strategy", strategy.pk), must=False)
            )
        if strategy.practice is None:
            gaps.append(
                Missing(_("“%(strategy)s” names no key practice.") % words, part("strategy", strategy.pk), must=False)
            )
    for action in found.actions:
        if action.owner_id is not None and action.owner_id not in present:
            text = _("%(person)s, accountable for “%(action)s”, holds no role here any more.")
            gaps.append(Missing(text % {"person": action.accountable, "action": action}, part("action", action.pk)))
    return gaps


def fingerprint(plan: Plan) -> str:
    """What the plan says now, as one value: a decision is made upon what was read."""
    now = Plan.objects.select_related("organization__in_state").get(pk=plan.pk)
    found = outline.content(outline.read(now, None, audience=NETWORK))
    return hashlib.sha256(differs.words_only(found).encode()).hexdigest()


def _held(plan: Plan, states: set[str], words: str) -> Plan:
    held = Plan.objects.select_related("organization__in_state").select_for_update(of=("self",)).get(pk=plan.pk)
    if held.state not in states:
        raise PlanError(words)
    return held


@transaction.atomic
def submit(plan: Plan, by: User) -> None:
    """Hand the plan in; raises :class:`PlanError` where something must still be mended, or it was handed in already."""
    open_states = {PlanState.DRAFT.value, PlanState.RETURNED.value, PlanState.APPROVED.value}
    held = _held(plan, open_states, _("The plan has been submitted already."))
    lacking = [gap for gap in missing(outline.read(held, None, audience=NETWORK)) if gap.must]
    if lacking:
        n = len(lacking)
        raise PlanError(
            ngettext("%(n)s thing is missing: %(first)s", "%(n)s things are missing, first: %(first)s", n)
            % {"n": n, "first": lacking[0].text}
        )
    if held.state == PlanState.APPROVED and not changes(held):
        raise PlanError(_("Nothing has changed since the plan was approved."))
    _decide(held, PlanState.SUBMITTED, by)
    _tell(held, Action.APPROVE_PLAN, _("A plan waits for your decision"), by)


@transaction.atomic
def take_back(plan: Plan, by: User) -> None:
    """Make a submitted plan a draft again; its last approved version, if any, stays what it is."""
    held = _held(plan, {PlanState.SUBMITTED.value}, _("The plan has been decided on already."))
    last = held.decisions.exclude(state=PlanState.SUBMITTED).first()
    held.state = PlanState.APPROVED if last and last.state == PlanState.APPROVED else PlanState.DRAFT
    held.version += 1
    held.save(update_fields=["state", "version"])


@transaction.atomic
def send_back(plan: Plan, by: User, reason: str) -> None:
    """Return a submitted plan, with what should change."""
    if not reason.strip():
        raise PlanError(_("Say what should change: the school reads it."))
    held = _held(plan, {PlanState.SUBMITTED.value}, _("The plan is not waiting for a decision any more."))
    _decide(held, PlanState.RETURNED, by, reason.strip())
    _tell(held, Action.SUBMIT_PLAN, _("Your plan was returned"), by, reason.strip())


@transaction.atomic
def approve(plan: Plan, by: User, read: str, remark: str = "") -> PlanVersion:
    """Approve what was read (its :func:`fingerprint`), and freeze it: data, checksum, PDF and Word document.

    Raises :class:`PlanError` where the plan is not waiting any more, changed since it was read, or was handed in by the
    same person.
    """
    held = _held(plan, {PlanState.SUBMITTED.value}, _("The plan is not waiting for a decision any more."))
    handed_in = held.decisions.filter(state=PlanState.SUBMITTED).first()
    if handed_in is not None and handed_in.by_id == by.pk:
        raise PlanError(_("You submitted this plan: somebody else approves it."))
    if read != fingerprint(held):
        raise PlanError(_("The plan has changed since you opened it. Read it again, then decide."))
    now = timezone.now()
    number = (held.versions.values_list("number", flat=True).first() or 0) + 1
    found = outline.content(outline.read(held, None, audience=NETWORK))
    found["approved"] = {
        "number": number,
        "by": str(by),
        "at": timezone.localtime(now).date().isoformat(),
        "remark": remark.strip(),
        "submitted_by": str(handed_in.by) if handed_in and handed_in.by else "",
    }
    text = outline.text_of(found)
    digest = hashlib.sha256(text.encode()).hexdigest()
    name = f"{held.organization.slug}-{held.year}-plan-v{number}"
    kept: list[StoredFile] = [
        files.store(io.BytesIO(made), f"{name}.{ending}", by)
        for ending, made in (("pdf", document.as_pdf(found, digest)), ("docx", document.as_word(found, digest)))
    ]
    version = PlanVersion.objects.create(
        plan=held,
        number=number,
        content=text,
        sha256=digest,
        pdf=kept[0],
        word=kept[1],
        approved_by=by,
        approved_at=now,
    )
    _decide(held, PlanState.APPROVED, by, remark.strip())
    _tell(held, Action.SUBMIT_PLAN, _("Your plan was approved"), by, remark.strip())
    return version


def _decide(plan: Plan, state: PlanState, by: User, reason: str = "") -> None:
    plan.state = state
    plan.version += 1
    plan.save(update_fields=["state", "version"])
    PlanDecision.objects.create(plan=plan, state=state, by=by, reason=reason)


def latest(plan: Plan) -> PlanVersion | None:
    """The version approved last."""
    return PlanVersion.objects.filter(plan=plan).select_related("approved_by", "pdf", "word").first()


def changes(plan: Plan, found: Outline | None = None) -> list[str]:
    """What differs between the live plan and the version approved last, in words; nothing without one."""
    version = latest(plan)
    if version is None:
        return []
    now = outline.content(found or outline.read(plan, None, audience=NETWORK))
    return differs.in_words(json.loads(version.content), now)


def _tell(plan: Plan, action: Action, subject: str, by: User, remark: str = "") -> None:
    """Write to those who have to act next: the nearest who may, never the one who acted."""
    organization = plan.organization
    above = lineage(organization.path)[2:]
    if action == Action.APPROVE_PLAN and organization.kind == Kind.SCHOOL:
        above = [path for path in above if path != organization.path]
    roles = (
        RoleAssignment.objects.on(timezone.localdate())
        .filter(organization__path__in=above, role__in=TABLE[action], user__is_active=True)
        .select_related("user")
    )
    if action == Action.SUBMIT_PLAN:
        roles = roles.filter(organization=organization)
    people = {role.user_id: role.user for role in roles if role.user_id != by.pk}
    letters = [
        outbox.Letter(
            key=f"plan:{plan.pk}:{plan.version}:{person.pk}",
            to=person.email,
            subject=f"{subject}: {plan}",
            template="plan",
            context={
                "person": person,
                "plan": plan,
                "by": by,
                "subject": subject,
                "remark": remark,
                "link": _link(plan),
            },
        )
        for person in people.values()
    ]
    outbox.queue_many(letters)


def _link(plan: Plan) -> str:
    return f"{settings.SITE_URL}{plan.get_absolute_url()}"
