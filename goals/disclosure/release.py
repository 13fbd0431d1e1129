"""Make a release: protect every table of a state and year, and store what is shown of each cell.

What a release shows are whole percents, codes at the top and the bottom, and the band of the group's size; never a
count. That a reader can work out the counts of small groups from percents is taken for granted where it is decided
what to withhold (``worlds``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from goals.disclosure import bands
from goals.disclosure.families import Family, families
from goals.disclosure.preferences import settings_of
from goals.disclosure.suppress import everything
from goals.disclosure.suppress import protect as protect_table
from goals.disclosure.table import Protection
from goals.models import Audience, DisclosureSettings, FigureState, Release
from goals.models.measure import Basis
from schools.models import Organization

Row = tuple[int, int, int, str, int | None, int | None, int | None]


def protect(
    state: Organization, year: int, audience: Audience = Audience.NETWORK, basis: Basis | None = None
) -> tuple[Release, int]:
    """Make the release of a state and year anew in the caller's transaction; (release, cells written).

    With ``basis``, only its measures. Releases of one state, year and audience wait for each other.
    """
    chosen = settings_of([state])[state.pk]
    with transaction.atomic():
        Release.objects.bulk_create(
            [Release(organization=state, year=year, audience=audience)],
            update_conflicts=True,
            unique_fields=["organization", "year", "audience"],
            update_fields=["made_at"],
        )
        release = Release.objects.get(organization=state, year=year, audience=audience)
        _clear(release, basis)
        written = 0
        with connection.cursor() as cursor:
            for family, protection in protected(families(state, year, basis), chosen):
                with cursor.copy(
                    "COPY goals_releasedcell (release_id, organization_id, measure_id, group_id, state, low, high,"
                    " size) FROM STDIN"
                ) as copy:
                    for row in shown(family, protection, chosen.minimum):
                        copy.write_row((release.pk, *row))
                        written += 1
        return release, written


def publish(state: Organization, year: int, by: Any) -> Release:
    """Release the figures of a state and year to the public: the only way in which public figures change."""
    with transaction.atomic():
        release, _written = protect(state, year, Audience.PUBLIC)
        release.published_at, release.by = timezone.now(), by
        release.save(update_fields=["published_at", "by"])
        return release


def has_release(state: Organization, year: int, basis: Basis) -> bool:
    """Whether the network has figures of the measures of a basis."""
    return Release.objects.filter(
        organization=state, year=year, audience=Audience.NETWORK, cells__measure__basis=basis
    ).exists()


def protected(found: list[Family], chosen: DisclosureSettings) -> Iterator[tuple[Family, Protection]]:
    """Each table with what is withheld of it.

    Tables of one population tell the same number of students wherever their denominators are equal: what is withheld
    of one is withheld of the other.
    """
    by_population: dict[str, list[Family]] = {}
    for family in found:
        by_population.setdefault(family.population, []).append(family)
    for alike in by_population.values():
        if alike[0].events or max(len(one.organizations) for one in alike) > settings.HSTW_PROTECT_ORGANIZATIONS:
            # How many students stand behind events is not known; and of so many organizations it takes too long to
            # find out what is safe: nothing is told.
            yield from ((family, everything(family.table)) for family in alike)
            continue
        protections = [protect_table(family.table, chosen.minimum, chosen.least_values) for family in alike]
        while len(alike) > 1 and (more := _shared(alike, protections)):
            for at, also in more.items():
                protections[at] = protect_table(alike[at].table, chosen.minimum, chosen.least_values, also)
        yield from zip(alike, protections, strict=True)


def _shared(alike: list[Family], protections: list[Protection]) -> dict[int, Protection]:
    """By table: what others of the same population withhold of the same students and it does not yet."""
    more: dict[int, Protection] = {}
    for at, family in enumerate(alike):
        cells = protections[at].cells.copy()
        row = {pk: position for position, pk in enumerate(family.organizations)}
        for other, theirs in zip(alike, protections, strict=True):
            pairs = [(row[pk], their) for their, pk in enumerate(other.organizations) if pk in row]
            ours, their_rows = [one for one, _two in pairs], [two for _one, two in pairs]
            same = family.table.denominators[ours] == other.table.denominators[their_rows]
            cells[ours] |= same & theirs.cells[their_rows]
        if (cells & ~protections[at].cells).any():
            more[at] = Protection(cells, protections[at].numerators, protections[at].veiled)
    return more


def shown(family: Family, protection: Protection, minimum: int) -> Iterator[Row]:
    """What a release says of each cell: (organization, measure, group, state, low, high, size)."""
    d = family.table.denominators
    safe = np.maximum(d, bands.BANDS[0][0])
    size, code = bands.band(safe), bands.code(safe)
    for m, measure in enumerate(family.measures):
        n = family.table.numerators[:, :, m]
        percent = bands.whole_percent(n, safe)
        top, bottom = bands.is_top(n, safe), bands.is_bottom(n, safe)
        withheld = protection.cells | protection.numerators[:, :, m]
        for o, g in np.argwhere(withheld | (d > 0)).tolist():
            place = family.organizations[o], measure, family.groups[g]
            if withheld[o, g]:
                small = d[o, g] < minimum and protection.cells[o, g] and not protection.veiled[o, g]
                yield *place, FigureState.SMALL if small else FigureState.COMPLEMENTARY, None, None, None
            elif bottom[o, g]:
                yield *place, FigureState.BOTTOM, 0, int(code[o, g]), int(size[o, g])
            elif top[o, g]:
                yield *place, FigureState.TOP, 100 - int(code[o, g]), 100, int(size[o, g])
            else:
                yield *place, FigureState.SHOWN, int(percent[o, g]), int(percent[o, g]), int(size[o, g])


def _clear(release: Release, basis: Basis | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM goals_releasedcell c USING goals_measure m WHERE m.id = c.measure_id AND c.release_id = %s"
            " AND (%s::text IS NULL OR m.basis = %s)",
            [release.pk, basis, basis],
        )
