"""Many nominations: a page asks the database as often of 500 as of 5."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from awards.models import Edition, Nomination, Review, Reviewer
from awards.nominate import free_number
from schools.models import User
from tests import factories
from tests.awards import world as w
from tests.awards.many import judged

pytestmark = pytest.mark.django_db
OF_EDITION = {
    "coordinator": ("nominations", "assignments", "consensus", "ranking", "conflicts", "conflict_log"),
    "reviewer": ("reviews", "conflicts"),
}


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


def test_numbers_are_drawn_by_lot_and_grow_longer_where_half_are_taken() -> None:
    edition, school = w.edition(2045), factories.make_world().ridge
    assert 1000 <= free_number(edition) <= 9999

    def taken(numbers: range) -> None:
        Nomination.objects.bulk_create(
            Nomination(
                edition=edition, organization=school, state="withdrawn", withdrawn_at=timezone.now(), number=number
            )
            for number in numbers
        )

    taken(range(1000, 5500))
    assert 5500 <= free_number(edition) <= 9999
    taken(range(5500, 5501))
    assert 10_000 <= free_number(edition) <= 99_999
