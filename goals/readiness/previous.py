"""What a figure was before it was replaced: kept where a rollup puts new cells in place of old ones."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from goals.published import PUBLICATIONS
from schools.models import Organization

# Imports of a state among which the last one of an organization is looked for.
_RECENT = 500
# What authorities publish changes no figure that is counted here.
PUBLISHED = [one.code for one in PUBLICATIONS]


def remember(state: Organization, measures: Sequence[int], year: int) -> None:
    """Keep the figures of all students that are about to be replaced by other ones (the table ``new_cells``).

    Several runs after one load count as one change: what stood before the first of them is kept.
    A figure that was not known before has not changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH asked AS (SELECT id FROM goals_studentgroup WHERE code = %(all)s),"
            " was AS (SELECT c.organization_id, c.measure_id, c.numerator, c.denominator FROM goals_measurecell c"
            "   JOIN schools_organization o ON o.id = c.organization_id WHERE starts_with(o.path, %(path)s)"
            "   AND c.year = %(year)s AND c.measure_id = ANY(%(measures)s) AND c.group_id IN (SELECT id FROM asked)),"
            " becomes AS (SELECT organization_id, measure_id, numerator, denominator FROM new_cells"
            "   WHERE group_id IN (SELECT id FROM asked)),"
            " changed AS (SELECT organization_id, measure_id, w.numerator, w.denominator"
            "   FROM was w LEFT JOIN becomes b USING (organization_id, measure_id)"
            "   WHERE (w.numerator, w.denominator) IS DISTINCT FROM (b.numerator, b.denominator)),"
            " loads AS (SELECT b.id, b.applied_at, p.path FROM schools_importbatch b"
            "   JOIN schools_organization p ON p.id = b.organization_id"
            "   WHERE b.applied_at IS NOT NULL AND b.undone_at IS NULL AND b.kind <> ALL(%(published)s)"
            "   AND starts_with(p.path, %(path)s)"
            "   ORDER BY b.applied_at DESC LIMIT %(recent)s),"
            " places AS (SELECT DISTINCT organization_id FROM changed),"
            " last AS (SELECT p.organization_id, (SELECT l.id FROM loads l"
            "   WHERE starts_with(l.path, o.path) OR starts_with(o.path, l.path)"
            "   ORDER BY l.applied_at DESC LIMIT 1) AS load_id"
            "   FROM places p JOIN schools_organization o ON o.id = p.organization_id)"
            " INSERT INTO goals_previouscell (organization_id, year, measure_id, numerator, denominator, load_id,"
            "   changed_at)"
            " SELECT c.organization_id, %(year)s, c.measure_id, c.numerator, c.denominator, l.load_id, now()"
            " FROM changed c JOIN last l USING (organization_id)"
            " ON CONFLICT (organization_id, year, measure_id) DO UPDATE SET numerator = EXCLUDED.numerator,"
            "   denominator = EXCLUDED.denominator, load_id = EXCLUDED.load_id, changed_at = EXCLUDED.changed_at"
            " WHERE goals_previouscell.load_id IS DISTINCT FROM EXCLUDED.load_id",
            {
                "all": "ALL",
                "path": state.path,
                "year": year,
                "measures": list(measures),
                "recent": _RECENT,
                "published": PUBLISHED,
            },
        )
