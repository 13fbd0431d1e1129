"""The few tags that templates need beyond Django's own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils import formats
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hstw.access import AccessDecision, Action, decide
from hstw.values import SchoolYear

register = template.Library()


@register.simple_tag
def may(user: Any, action: str, thing: Any = None) -> AccessDecision:
    """``{% may user "edit_organization" organization as can_edit %}``: ask the access module."""
    return decide(user, Action(action), thing)


@register.filter
def school_year(year: int) -> str:
    """2026 as ``2025–26``."""
    return SchoolYear(year).label


@register.filter
def moment(when: dt.datetime | None) -> str:
    """A time today as ``10:42 AM``; on another day with its date."""
    if when is None:
        return ""
    when = localtime(when)
    # Translators: times as PHP's date() writes them; the second with the day.
    today, other_day = _("g:i A"), _("M j, g:i A")
    return formats.date_format(when, today if when.date() == localtime().date() else other_day)
