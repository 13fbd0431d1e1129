"""Many nominations: a page asks the database as often of 500 as of 5."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from awards.models import Assignment, AwardDecision, Citation, Edition, EditionRole, Nomination, Review, Reviewer, Score
from awards.models.edition import PhaseKind
from awards.totals import Share, total
from schools.models import Organization, User
from tests import factories
from tests.awards import world as w

pytestmark = pytest.mark.django_db
READERS = 5
OF_EDITION = {
    "coordinator": ("nominations", "assignments", "consensus", "ranking", "conflicts", "conflict_log"),
    "reviewer": ("reviews", "conflicts"),
}


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


def asked(user: User, url: str) -> int:
    """How many statements a page takes, once everything that is kept between requests is there."""
    client = Client()
    client.force_login(user)
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def numbers(made: Edition) -> dict[str, int]:
    """The statements of each page of an edition, by page and who asks."""
    found = {}
    for role, names in OF_EDITION.items():
        user = made.panel.filter(role=role).order_by("pk")[0].user
        for name in names:
            found[f"{name}, {role}"] = asked(user, reverse(f"awards:{name}", args=[made.slug]))
    lead = Reviewer.objects.get(edition=made, role="coordinator").user
    for number, decided in ((1, "decided"), (2, "open")):
        nomination = Nomination.objects.get(edition=made, number=number)
        for name in ("decision", "agree", "nomination"):
            found[f"{name}, {decided}"] = asked(lead, reverse(f"awards:{name}", args=[nomination.public_id]))
    review = Review.objects.filter(assignment__nomination__edition=made).order_by("pk")[0]
    found["review"] = asked(review.assignment.reviewer.user, reverse("awards:review_submit", args=[review.public_id]))
    return found


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.long)])
def test_pages_ask_as_often_of_many_nominations_as_of_5(count: int) -> None:
    """With 30 a list has a second page already; with 500 nothing may have crept in that grows slowly."""
    district = factories.make_world().bluegrass
    few, many = (numbers(judged(year, n, district)) for year, n in ((2041, 5), (2043, count)))
    assert many == few
    assert max(many.values()) < 40
