"""How facts of pathways are looked up and said in templates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import ngettext

from pathways.rules import said

register = template.Library()


@register.filter
def item(found: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping has under a key that is known only while the page is made."""
    return found.get(key)


@register.filter
def credits(n: Decimal) -> str:
    """``1 credit``, ``0.5 credits``."""
    return ngettext("%(n)s credit", "%(n)s credits", 1 if n == 1 else 2) % {"n": said(n)}
