"""Make a release: protect every table of a state and year, and store what is shown of each cell.

What a release shows are whole percents, codes at the top and the bottom, and the band of the group's size; never a
count. That a reader can work out the counts of small groups from percents is taken for granted where it is decided
what to withhold (``worlds``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from goals.disclosure import bands, history
from goals.disclosure.families import Family
from goals.disclosure.make import Made, make
from goals.disclosure.preferences import settings_of
from goals.disclosure.table import Protection
from goals.models import Audience, FigureState, Measure, Release
from goals.models.measure import Basis
from schools.models import Organization

Row = tuple[int, int, int, str, int | None, int | None, int | None]


def protect(
    state: Organization, year: int, audience: Audience = Audience.NETWORK, basis: Basis | None = None
) -> tuple[Release, int]:
    """Make the release of a state and year anew in the caller's transaction; (release, cells written).

    With ``basis``, only its measures. Of the network's release, tables stand as they are whose counts and settings are
    what they were. Releases of one state, year and audience wait for each other.
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
        remember = audience == Audience.PUBLIC
        marks = {} if remember else dict(release.marks)
        left: list[int] = []
        standing: dict[str, str] = {}
        written = 0
        with connection.cursor() as cursor:
            for together in make(state, year, basis, chosen, remember=remember, marks=marks):
                left += together.measures
                standing[together.name] = together.mark
                if not together.made:
                    continue
                _clear(release, together.measures)
                with cursor.copy(
                    "COPY goals_releasedcell (release_id, organization_id, measure_id, group_id, state, low, high,"
                    " size, outside_only, since) FROM STDIN"
                ) as copy:
                    for made in together.made:
                        for row in rows(made, chosen.minimum):
                            copy.write_row((release.pk, *row))
                            written += 1
        of_basis = Measure.objects.filter(**({} if basis is None else {"basis": basis}))
        _clear(release, list(of_basis.exclude(pk__in=left).values_list("pk", flat=True)))
        if not remember:
            # Tables of other bases stand as they are.
            others = set(Measure.objects.exclude(pk__in=of_basis).values_list("code", flat=True))
            kept = {name: mark for name, mark in marks.items() if others.issuperset(name.split())}
            release.marks = kept | standing
            release.save(update_fields=["marks"])
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
            elif family.sums is not None:
                # A mean in whole points: over ten students or more, the sum of scores can still be any of ten.
                points = (2 * int(family.sums[o, g]) + int(d[o, g])) // (2 * int(d[o, g]))
                yield *place, FigureState.SHOWN, points, points, int(size[o, g])
            elif bottom[o, g]:
                yield *place, FigureState.BOTTOM, 0, int(code[o, g]), int(size[o, g])
            elif top[o, g]:
                yield *place, FigureState.TOP, 100 - int(code[o, g]), 100, int(size[o, g])
            else:
                yield *place, FigureState.SHOWN, int(percent[o, g]), int(percent[o, g]), int(size[o, g])


def rows(made: Made, minimum: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a table as they are stored: what is shown, whether to outsiders only, and since when it is kept."""
    family, told = made.family, made.told
    table = replace(family.table, denominators=told.d, numerators=told.n)
    organization = {pk: at for at, pk in enumerate(family.organizations)}
    group = {pk: at for at, pk in enumerate(family.groups)}
    today = history.today()
    for row in shown(replace(family, table=table), told.protection, minimum):
        at = organization[row[0]], group[row[2]]
        since = int(told.since[at])
        yield *row, bool(made.untold[at]), dt.date.fromordinal(since) if 0 < since < today else None


def _clear(release: Release, measures: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM goals_releasedcell WHERE release_id = %s AND measure_id = ANY(%s)", [release.pk, measures]
        )
