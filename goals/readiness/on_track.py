"""The ninth-grade on-track rule as a state has set it: the published thresholds, or its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from goals.models import OnTrackSettings
from goals.models.preferences import CoreSubject
from goals.readiness.expressions import Node

CODE = "ON_TRACK_9"


def own_rules() -> Mapping[str, Node]:
    """By two-letter code of the state: what decides the measure where a state has set it otherwise; one query."""
    rows = OnTrackSettings.objects.select_related("organization")
    return {row.organization.postal_state: rule(row) for row in rows}


def rule(chosen: OnTrackSettings) -> Node:
    """The condition of some settings, with their numbers in its words."""
    credits = _plain(chosen.credits)
    subjects = [str(CoreSubject(one).label) for one in CoreSubject.values if one in chosen.core]
    return Node(
        "all",
        of=(
            Node(
                "fact",
                _("At least %(n)s full-year credits") % {"n": credits},
                fact="credits",
                comparison="at_least",
                value=Decimal(credits),
            ),
            Node(
                "fact",
                _("At most %(n)s semester F's in a core course (%(subjects)s)")
                % {"n": chosen.failures, "subjects": ", ".join(subjects)},
                fact="core_fs",
                comparison="at_most",
                value=chosen.failures,
            ),
        ),
    )


def _plain(number: Decimal) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
