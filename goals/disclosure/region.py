"""The region's figures: sums over states, released only where they could not help to tell anything of a state.

Whatever is hidden in a state is safe because there are worlds that look the same, in which the counts of the state
differ by fewer students than a hidden count must have values (``worlds``). So a figure of the region harms nothing if
it stays what it is when any of its counts changes by so many: then all those worlds look the same still, whatever is
released beside it, then or later. No solver is needed, and nothing has to be known of the states' releases.
"""

from __future__ import annotations

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from goals.disclosure import bands
from goals.disclosure.masks import KNOWN_UP_TO, look
from goals.disclosure.preferences import settings_of
from goals.disclosure.table import Bools, Ints
from goals.models import Audience, FigureState, MeasureCell, Release
from goals.models.measure import MeasureKind
from schools.models import Organization
from schools.models.organization import Kind


def harmless(numerator: Ints, denominator: Ints, values: int) -> Bools:
    """Whether each figure is what it is for all counts that differ by fewer than ``values``, and the size unknown."""
    now = look(numerator, denominator)
    found: Bools = denominator - values >= KNOWN_UP_TO
    for more in range(1 - values, values):
        for met in range(1 - values, values):
            found &= look(numerator + met, denominator + more) == now
    return found


def protect_region(
    region: Organization, year: int, audience: Audience = Audience.NETWORK, by: object = None
) -> tuple[Release, int]:
    """Make the release of a region and year anew in the caller's transaction; (release, figures written).

    The strictest settings of its states hold. Counts of events and means are not told above the states.
    """
    states = Organization.objects.filter(path__startswith=region.path, kind=Kind.STATE)
    chosen = settings_of(states).values()
    minimum = max((one.minimum for one in chosen), default=10)
    values = max((one.least_values for one in chosen), default=3)
    cells = list(
        MeasureCell.objects.filter(
            organization=region, year=year, denominator__gt=0, measure__kind=MeasureKind.STUDENT_RATE
        ).values_list("measure_id", "group_id", "numerator", "denominator")
    )
    with transaction.atomic():
        Release.objects.bulk_create(
            [Release(organization=region, year=year, audience=audience)],
            update_conflicts=True,
            unique_fields=["organization", "year", "audience"],
            update_fields=["made_at"],
        )
        release = Release.objects.get(organization=region, year=year, audience=audience)
        if audience == Audience.PUBLIC:
            release.published_at, release.by = timezone.now(), by  # type: ignore[assignment]
            release.save(update_fields=["published_at", "by"])
        release.cells.all().delete()
        if cells:
            _write(release, region, np.array(cells), minimum, values)
        return release, len(cells)


def _write(release: Release, region: Organization, cells: Ints, minimum: int, values: int) -> None:
    n, d = cells[:, 2], cells[:, 3]
    told = harmless(n, d, values)
    safe = np.maximum(d, bands.BANDS[0][0])
    bottom, top = bands.is_bottom(n, safe), bands.is_top(n, safe)
    percent, code, size = bands.whole_percent(n, safe), bands.code(safe), bands.band(safe)
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY goals_releasedcell (release_id, organization_id, measure_id, group_id, state, low, high, size,"
            " outside_only) FROM STDIN"
        ) as copy,
    ):
        for at, (measure, group) in enumerate(cells[:, :2].tolist()):
            low: int | None
            high: int | None
            if not told[at]:
                state = FigureState.SMALL if d[at] < minimum else FigureState.COMPLEMENTARY
                low = high = None
            elif bottom[at]:
                state, low, high = FigureState.BOTTOM, 0, int(code[at])
            elif top[at]:
                state, low, high = FigureState.TOP, 100 - int(code[at]), 100
            else:
                state, low, high = FigureState.SHOWN, int(percent[at]), int(percent[at])
            band = int(size[at]) if told[at] else None
            copy.write_row((release.pk, region.pk, measure, group, state, low, high, band, False))
