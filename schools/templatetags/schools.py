"""How facts of schools are said."""

from __future__ import annotations

from django import template

from schools.models.organization import Grade

register = template.Library()
LONG_NAME = 44


@register.filter
def grade(code: str) -> str:
    """A grade's code as people say it: ``09`` as 9, ``KG`` as K."""
    return str(Grade(code).label) if code in Grade.values else code


@register.filter
def file_name(name: str) -> str:
    """A file's name where room is short: a long one keeps its beginning and its end."""
    return name if len(name) <= LONG_NAME else f"{name[: LONG_NAME - 18]}…{name[-17:]}"


@register.filter
def time_zone(name: str) -> str:
    """``America/New_York`` as “New York”."""
    return name.rpartition("/")[2].replace("_", " ")
