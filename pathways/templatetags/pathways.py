"""How facts of pathways are looked up and said in templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def item(found: Mapping[Any, Any], key: Any) -> Any:
    """What a mapping has under a key that is known only while the page is made."""
    return found.get(key)
