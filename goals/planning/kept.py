"""Under which keys the small forms of planning keep what is typed: comments, decisions, agreed ratings, findings."""

from __future__ import annotations

from goals.models import Plan, TeamAssessment, Visit
from hstw import drafts, small_drafts
from hstw.access import Action
from hstw.small_drafts import SmallDraft
from schools.models import User

COMMENT, DECISION, AGREED, FINDING = "goals.comment", "goals.plan-decision", "goals.agreed", "goals.finding"


def comment_key(plan: Plan, about: str) -> str:
    """The key of a comment at a part of a plan (``goal:42``), or at the whole of it."""
    return drafts.key_of(COMMENT, plan.pk, *filter(None, [about]))


def comments(user: User, plan: Plan) -> dict[str, SmallDraft]:
    """What somebody has typed and not yet sent as comments on a plan, by key; one query."""
    return small_drafts.below(user, comment_key(plan, ""))


small_drafts.register(COMMENT, Plan, Action.COMMENT_PLAN, ["text"])
small_drafts.register(DECISION, Plan, Action.APPROVE_PLAN, ["remark"])
small_drafts.register(AGREED, TeamAssessment, Action.LEAD_ASSESSMENT, ["level", "note"])
small_drafts.register(FINDING, Visit, Action.LEAD_ASSESSMENT, ["area", "promising", "text", "recommendation"])
