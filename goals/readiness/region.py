"""The region: the sum of its states, of what means the same in all of them.

No student is in two states: identifiers never match across them, so a student who moved is two records of two people,
and a plain sum is right. What a state defines for itself stops at the state (design, section 4): measures of one state,
proficiency on each state's own test, and readiness by a state's own rule. Readiness by the default rule is summed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from goals.models import Measure
from goals.models.measure import Basis
from goals.readiness.computed import computed
from schools.models import Organization
from schools.models.organization import Kind

# Codes that begin so mean something else in each state: levels of its own tests.
OF_EACH_STATE = ("PROFICIENT_",)


def region_of(state: Organization) -> Organization | None:
    """The region that a state is part of."""
    above = state.path[: -Organization.steplen]
    return Organization.objects.filter(path=above, kind=Kind.REGION).first() if above else None


def sum_states(region: Organization, basis: Basis, year: int) -> int:
    """Make the region's cells of a basis and year anew from those of its states; returns how many changed.

    The caller holds the region's lock (``rollup``): whoever has it sees all that the states have committed.
    """
    measures = list(Measure.objects.filter(basis=basis))
    within = Organization.objects.filter(path__startswith=region.path, kind=Kind.STATE)
    with connection.cursor() as cursor:
        sums = (
            "(SELECT measure_id, group_id, sum(numerator)::int AS numerator, sum(denominator)::int AS denominator"
            " FROM goals_measurecell WHERE organization_id = ANY(%(states)s) AND year = %(year)s"
            " AND measure_id = ANY(%(summed)s) GROUP BY 1, 2)"
        )
        there = "organization_id = %(region)s AND year = %(year)s AND measure_id = ANY(%(measures)s)"
        asked: dict[str, Any] = {
            "states": list(within.values_list("pk", flat=True)),
            "year": year,
            "summed": [measure.pk for measure in means_the_same(measures, basis)],
            "region": region.pk,
            "measures": [measure.pk for measure in measures],
        }
        cursor.execute(
            f"SELECT count(*) FROM {sums} n FULL JOIN (SELECT * FROM goals_measurecell WHERE {there}) c"
            " USING (measure_id, group_id)"
            " WHERE (n.numerator, n.denominator) IS DISTINCT FROM (c.numerator, c.denominator)",
            asked,
        )
        changed = int(cursor.fetchone()[0])
        if changed:
            cursor.execute(f"DELETE FROM goals_measurecell WHERE {there}", asked)
            cursor.execute(
                "INSERT INTO goals_measurecell (organization_id, year, measure_id, group_id, numerator, denominator)"
                f" SELECT %(region)s, %(year)s, measure_id, group_id, numerator, denominator FROM {sums} n",
                asked,
            )
        return changed


def means_the_same(measures: Iterable[Measure], basis: Basis) -> list[Measure]:
    """Those of the measures of a basis that may be summed over states."""
    by_a_state = {one.code for one in computed(basis) if one.own}
    return [
        measure
        for measure in measures
        if not measure.state and not measure.code.startswith(OF_EACH_STATE) and measure.code not in by_a_state
    ]
