"""How each state wants its small groups protected."""

from __future__ import annotations

from collections.abc import Iterable

from goals.models import DisclosureSettings
from schools.models import Organization


def settings_of(states: Iterable[Organization]) -> dict[int, DisclosureSettings]:
    """The settings of each state, by its id: its own, else the defaults. One query."""
    states = list(states)
    own = {one.organization_id: one for one in DisclosureSettings.objects.filter(organization__in=states)}
    return {state.pk: own.get(state.pk) or DisclosureSettings(organization=state) for state in states}
