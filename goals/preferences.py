"""A state sets how its measures are counted and its small groups protected; what follows from that is counted anew."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from goals import disclosure
from goals.models import Audience, DisclosureSettings, OnTrackSettings, Release
from goals.readiness import rollup
from schools.models import Organization


def on_track_of(state: Organization) -> OnTrackSettings:
    """The state's own settings, else the published ones, not saved."""
    return OnTrackSettings.objects.filter(organization=state).first() or OnTrackSettings(organization=state)


def protection_of(state: Organization) -> DisclosureSettings:
    """How the state's small groups are protected."""
    return disclosure.settings_of([state])[state.pk]


@transaction.atomic
def save(
    state: Organization,
    keep: Callable[[], None],
    *,
    counting: bool,
    protecting: bool,
) -> None:
    """Save settings by ``keep``, and have every figure that rests on them made anew by the next rollup.

    ``counting``, ``protecting``: which of the two changed. Where protection changed, nothing that was protected
    otherwise is shown in the meantime to people of the network; what was published stays as it was published.
    """
    keep()
    if protecting:
        Release.objects.filter(organization=state, audience=Audience.NETWORK).delete()
    if counting or protecting:
        rollup.mark_state(state)
