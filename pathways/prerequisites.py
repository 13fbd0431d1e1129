"""Which courses come before a course: set as a whole, never in a circle."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from pathways.models import Course, CoursePrerequisite

# The one that the trigger takes: whoever looks for a circle and whoever makes one wait for each other.
_LOCK = 7_365_002


@transaction.atomic
def set_for(course: Course, requires: Iterable[Course]) -> None:
    """Make ``requires`` what is taken before ``course``; raises ``ValidationError`` that names the circle."""
    wanted = {row.pk: row for row in requires}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    refuse_circle(course, wanted.values())
    CoursePrerequisite.objects.filter(course=course).exclude(requires__in=wanted).delete()
    there = set(CoursePrerequisite.objects.filter(course=course).values_list("requires", flat=True))
    CoursePrerequisite.objects.bulk_create(
        CoursePrerequisite(course=course, requires=row) for key, row in wanted.items() if key not in there
    )


def refuse_circle(course: Course, requires: Iterable[Course]) -> None:
    """Raise ``ValidationError`` that names the circle, where ``course`` would come before itself."""
    for row in requires:
        circle = _way(row, course) if course.pk else []
        if circle:
            raise ValidationError(
                _("This would go in a circle: %(circle)s.") % {"circle": " → ".join([*circle, circle[0]])}
            )


def _way(start: Course, end: Course) -> list[str]:
    """The titles from ``end`` to ``start`` along prerequisites that exist; empty where none leads there."""
    if start.pk == end.pk:
        return [end.title]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE way(course_id, keys) AS (
                SELECT %s::bigint, ARRAY[%s::bigint]
                UNION ALL
                SELECT p.requires_id, w.keys || p.requires_id
                FROM pathways_courseprerequisite p JOIN way w ON p.course_id = w.course_id
                WHERE NOT p.requires_id = ANY(w.keys)
            )
            SELECT keys FROM way WHERE course_id = %s ORDER BY cardinality(keys) LIMIT 1
            """,
            [start.pk, start.pk, end.pk],
        )
        row = cursor.fetchone()
    if row is None:
        return []
    titles = dict(Course.objects.filter(pk__in=row[0]).values_list("pk", "title"))
    return [titles[key] for key in reversed(row[0])]
