"""How facts of schools are said."""

from __future__ import annotations

from django import template

from schools.models.organization import Grade

register = template.Library()


@register.filter
def grade(code: str) -> str:
    """A grade's code as people say it: ``09`` as 9, ``KG`` as K."""
    return str(Grade(code).label) if code in Grade.values else code


@register.filter
def time_zone(name: str) -> str:
    """``America/New_York`` as “New York”."""
    return name.rpartition("/")[2].replace("_", " ")
