"""The mass-change guard: a file that replaces and would end or change too large a share is held until it is confirmed.

Whole classes have been switched off elsewhere by one bad export; here a person must say the number first, or a
second person must agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from schools.imports.compare import Comparison
from schools.models.imports import Completeness

# So few that a share says nothing: three of ten in a small group are no mass change.
FEW = 5


def measure(comparisons: Iterable[Comparison], completeness: Completeness) -> dict[str, Any]:
    """What the guard found: ``{}`` where nothing stops the import, else the number to be confirmed and of how many.

    The target with the largest share speaks.
    """
    if completeness != Completeness.REPLACES:
        return {}
    limit = settings.HSTW_IMPORT_GUARD_SHARE
    worst: dict[str, Any] = {}
    for comparison in comparisons:
        touched = comparison.gone + comparison.changed
        if touched < FEW or not comparison.present:
            continue
        share = touched / comparison.present
        if share > limit and share > worst.get("share", 0):
            worst = {
                "stopped": True,
                "number": touched,
                "of": comparison.present,
                "share": share,
                "limit": limit,
                "gone": comparison.gone,
                "changed": comparison.changed,
                "what": _("%(things)s would be ended, removed or changed")
                % {"things": comparison.staged.target.plural},
            }
    return worst
