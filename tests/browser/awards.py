"""What the pages of awards are looked at with: an edition under review, one announced, one being set up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from awards import conflicts, results
from awards.models import Edition, EditionRole, Nomination, ResultSnapshot, Review
from awards.models.edition import PhaseKind
from hstw.access import Role
from schools.models import User
from tests import factories
from tests.awards import world as w


@dataclass
class FilledAwards:
    """The editions, a nomination of each kind, and a review that is half done."""

    edition: Edition
    finished: Edition
    next_year: Edition
    nomination: Nomination
    draft: Nomination
    review: Review
    result: ResultSnapshot


def fill_awards(places: factories.World, people: dict[str, User]) -> FilledAwards:
    """Make it; the people of the panel come into ``people``."""
    for key, name in (("award_coordinator", "Corin Coordinator"), ("award_reviewer", "Riley Reader")):
        people[key] = factories.person(name=name, email=f"{key}@browser.example")
    people["award_writer"] = factories.person(
        Role.PRINCIPAL, places.valley, name="Wynn Writer", email="award_writer@browser.example"
    )
    finished, result = _finished(places, people)
    edition = w.edition(2031)
    coordinator = w.place(edition, EditionRole.COORDINATOR, people["award_coordinator"])
    readers = [w.place(edition, EditionRole.REVIEWER, people["award_reviewer"])]
    readers += [w.place(edition, EditionRole.REVIEWER) for _ in range(3)]
    nomination, other = w.submitted(edition, places.derby), w.submitted(edition, places.harbor)
    w.shift(edition, PhaseKind.REVIEW)
    edition = Edition.objects.get(pk=edition.pk)
    w.review(
        nomination, readers[1], [3, 4, 3, 3, 2, 4], comment="Clear need, clear actions; results by group are missing."
    )
    w.review(nomination, readers[2], [1, 1, 2, None, 2, 3], comment="How far the actions reached stays open.")
    review = w.review(nomination, readers[0], [3, 3, 3, 3, 3, 3], submit=False)
    review.scores.filter(criterion__order__gte=4).update(band=None, comment="")
    w.assign(other, readers[0])
    asked = list(conflicts.asked_about(coordinator))
    conflicts.declare(
        coordinator, [], why="", employer=None, seen=[one.pk for one in asked], by=people["award_coordinator"]
    )
    # A second edition takes nominations at the same time, so that one is being written.
    writing = w.edition(2033)
    draft = w.draft(writing, places.valley, people["award_writer"])
    next_year = w.edition(2035, opened=False)
    w.place(next_year, EditionRole.COORDINATOR, people["award_coordinator"])
    return FilledAwards(edition, finished, next_year, nomination, draft, review, result)


def _finished(places: factories.World, people: dict[str, User]) -> tuple[Edition, ResultSnapshot]:
    edition = w.edition(2029)
    w.place(edition, EditionRole.COORDINATOR, people["award_coordinator"])
    readers = [w.place(edition, EditionRole.REVIEWER) for _ in range(3)]
    nomination = w.submitted(edition, places.harbor)
    w.shift(edition, PhaseKind.REVIEW)
    for reader in readers:
        w.review(nomination, reader, [3, 3, 3, 3, 3, 3])
    lead = people["award_coordinator"]
    results.decide(nomination, outcome="winner", rationale="Best.", citation="Honored for its pathways.", by=lead)
    visible = list(Nomination.objects.filter(edition=edition).select_related("edition", "organization"))
    snapshot = results.announce(results.freeze(Edition.objects.get(pk=edition.pk), visible, by=lead))
    w.shift(edition, None)
    assert snapshot.published_at is not None
    assert snapshot.published_at - timezone.now() < dt.timedelta(minutes=5)
    return edition, snapshot
