"""An edition with many nominations, written at once."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from awards.models import Assignment, AwardDecision, Citation, Edition, EditionRole, Review, Score
from awards.models.edition import PhaseKind
from awards.totals import Share, total
from schools.models import Organization
from tests import factories
from tests.awards import world as w

READERS = 5


def judged(year: int, count: int, district: Organization) -> Edition:
    """An edition in which five readers have read each of ``count`` nominations; every second one is decided."""
    made = w.edition(year)
    lead = w.place(made, EditionRole.COORDINATOR)
    readers = [w.place(made, EditionRole.REVIEWER, most=1000) for _ in range(READERS)]
    w.shift(made, PhaseKind.REVIEW)
    rows = [w.fast(made, factories.organization("school", district), number) for number in range(1, count + 1)]
    assignments = Assignment.objects.bulk_create(
        Assignment(nomination=row, reviewer=reader, assigned_by=lead.user) for row in rows for reader in readers
    )
    _read(made, assignments)
    AwardDecision.objects.bulk_create(
        AwardDecision(nomination=row, outcome="finalist", rationale="Strong.", decided_by=lead.user)
        for row in rows[::2]
    )
    return Edition.objects.get(pk=made.pk)


def _read(made: Edition, assignments: list[Assignment]) -> None:
    """Reviews of all of them, some beyond the rule of consensus, written at once."""
    criteria = list(made.criteria.prefetch_related("bands"))
    bands = {criterion.pk: {band.points: band for band in criterion.bands.all()} for criterion in criteria}
    reviews = Review.objects.bulk_create(Review(assignment=row) for row in assignments)
    scores = []
    for n, review in enumerate(reviews):
        for criterion in criteria:
            points = 1 + (n * 7 + criterion.order * 3) % 4
            scores.append(Score(review=review, criterion=criterion, band=bands[criterion.pk][points], comment="So."))
    Score.objects.bulk_create(scores)
    Citation.objects.bulk_create(Citation(score=score, part="actions") for score in scores)
    for n, review in enumerate(reviews):
        mine = scores[n * len(criteria) : (n + 1) * len(criteria)]
        review.total = total(Share(one.criterion.weight, one.band.points * w.QUARTER) for one in mine if one.band)
        review.submitted_at = timezone.now() - dt.timedelta(days=1)
    Review.objects.bulk_update(reviews, ["total", "submitted_at"])
