"""How money, lateness and comments of plans are said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone

from goals.models import FINISHED, ActionStep
from goals.planning import document, kept
from goals.planning.outline import Outline
from hstw import small_drafts

register = template.Library()


@register.filter
def dollars(amount: Decimal | None) -> str:
    """An amount as it is said: ``$50,000.00``; a dash for none."""
    return "—" if amount is None else document.dollars(f"{amount:.2f}")


@register.filter
def amount_of(action: ActionStep) -> str:
    """All that an action step takes; a dash where it says no amount. Its lines are prefetched."""
    lines = list(action.lines.all())
    return dollars(sum((line.amount for line in lines), Decimal(0))) if lines else "—"


@register.filter
def overdue(action: ActionStep) -> bool:
    """Whether it should have been finished."""
    return action.status not in FINISHED and action.due < timezone.localdate()


@register.simple_tag
def remarks(outline: Outline, kind: str, pk: Any) -> dict[str, Any]:
    """The comments at a part of the plan."""
    about = f"{kind}:{pk}" if kind else ""
    found = outline.comments.get(about, [])
    return {"comments": found, "about": about, "open": sum(one.settled_at is None for one in found)}


@register.simple_tag(takes_context=True)
def typed_comment(context: dict[str, Any], about: str) -> small_drafts.SmallDraft:
    """What the person has typed and not sent as a comment at a part of the page's plan."""
    key = kept.comment_key(context["plan"], about)
    found: small_drafts.SmallDraft = context["kept_comments"].get(key) or small_drafts.blank(key)
    return found


@register.simple_tag
def nothing(totals: dict[str, int]) -> int:
    """How many schools have no plan."""
    return totals.get("", 0)
