"""How each state wants its small groups protected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from goals.models import DisclosureSettings
from schools.models import Organization


def settings_of(states: Iterable[Organization]) -> dict[int, DisclosureSettings]:
    """The settings of each state, by its id: its own, else the defaults. One query."""
    states = list(states)
    own = {one.organization_id: one for one in DisclosureSettings.objects.filter(organization__in=states)}
    return {state.pk: own.get(state.pk) or DisclosureSettings(organization=state) for state in states}


def minimum_of(organizations: Sequence[Organization]) -> dict[int, int]:
    """The smallest group that the state of each organization shows, above the states the default. Two queries."""
    states = Organization.objects.filter(path__in={one.path[: 2 * one.steplen] for one in organizations})
    by_path = {state.path: state for state in states}
    settings = settings_of(by_path.values())
    default = DisclosureSettings().minimum
    found = {}
    for one in organizations:
        state = by_path.get(one.path[: 2 * one.steplen])
        found[one.pk] = default if state is None else settings[state.pk].minimum
    return found
