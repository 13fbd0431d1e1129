"""One reader scores one nomination: begin, score a criterion, see the total, submit and lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from awards import editions, nominate
from awards.models import Assignment, Citation, Criterion, Review, Score
from awards.models.edition import PhaseKind
from awards.totals import Share, total
from hstw import drafts

QUOTE_SHOWN = 600


class ScoringError(Exception):
    """It cannot be scored so; the message is for the person."""


def best_points(edition_id: int) -> dict[int, int]:
    """The points of the highest band of each criterion of an edition, by the criterion's key."""
    rows = Criterion.objects.filter(edition=edition_id).annotate(best=Max("bands__points")).values_list("pk", "best")
    return dict(rows)


def shares_of(scores: Sequence[Score], best: Mapping[int, int]) -> list[Share]:
    """The shares of scores that were given; each score with its criterion and band."""
    return [
        Share(
            score.criterion.weight,
            None if score.band is None else Decimal(score.band.points) / Decimal(best[score.criterion_id] or 1),
        )
        for score in scores
        if score.given
    ]


def begin(assignment: Assignment) -> Review:
    """The review of an assignment, with an empty score for each criterion; the one there is, where it was begun."""
    with transaction.atomic():
        Assignment.objects.select_for_update().get(pk=assignment.pk)
        review, made = Review.objects.get_or_create(assignment=assignment)
        if made:
            criteria = Criterion.objects.filter(edition=assignment.nomination.edition_id)
            Score.objects.bulk_create(Score(review=review, criterion=criterion) for criterion in criteria)
    return review


def parts_of(document: Mapping[str, Any]) -> dict[str, str]:
    """What can be cited of a nomination: the keys of its parts with their titles."""
    found = {part["key"]: part["title"] for part in document["parts"] if part["text"].strip()}
    return found | {claim["key"]: _("Figure: %(title)s") % {"title": claim["title"]} for claim in document["claims"]}


def cites(document: Mapping[str, Any], part: str, quote: str) -> bool:
    """Whether ``quote`` stands in that part; blank lines and spaces do not matter."""
    text = next((one["text"] for one in document["parts"] if one["key"] == part), None)
    if text is None:
        claim = next((one for one in document["claims"] if one["key"] == part), None)
        if claim is None:
            return False
        text = f"{claim['title']} {claim['says']}"
    return _flat(quote) in _flat(text)


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()


def save_score(score: Score, version: int, *, part: str, quote: str, remove: Iterable[int]) -> None:
    """Write a judged criterion, with a citation to add and some to remove.

    Raises :class:`ScoringError` once the review is in or out of its time, and :class:`hstw.drafts.StaleWrite`.
    """
    with transaction.atomic():
        _open_review(score.review_id)
        if score.not_applicable and not score.criterion.may_not_apply:
            raise ScoringError(_("This criterion applies to every school."))
        drafts.save_if_current(score, version, fields=["band", "not_applicable", "comment", "shared"])
        Citation.objects.filter(score=score, pk__in=list(remove)).delete()
        if part:
            Citation.objects.create(score=score, part=part, quote=" ".join(quote.split())[:QUOTE_SHOWN])


def _open_review(pk: int) -> Review:
    review = Review.objects.select_for_update(of=("self",)).select_related("assignment__nomination__edition").get(pk=pk)
    if review.submitted_at is not None:
        raise ScoringError(_("This review was submitted; its scores stand."))
    if review.assignment.ended_at is not None:
        raise ScoringError(_("This nomination is no longer yours to read."))
    if not editions.phase_on(review.assignment.nomination.edition, PhaseKind.REVIEW):
        raise ScoringError(_("Scores are taken during the independent review only."))
    return review


@dataclass(frozen=True)
class Lack:
    """What a criterion lacks before the review can be submitted."""

    score: Score
    words: str


def lacking(scores: Sequence[Score]) -> list[Lack]:
    """Each criterion that is not judged, or without its reason or its evidence; scores with their citations."""
    found = []
    for score in scores:
        if not score.given:
            found.append(Lack(score, _("no band yet")))
        elif not score.comment.strip():
            found.append(Lack(score, _("no reason yet")))
        elif score.band is not None and not score.citations.all():
            found.append(Lack(score, _("no evidence cited yet")))
    return found


def scores_of(review: Review) -> list[Score]:
    """A review's scores in the order of the rubric, with what pages need of each; three queries."""
    found = review.scores.select_related("criterion", "band").prefetch_related("citations", "criterion__bands")
    return list(found.order_by("criterion__order"))


def submit(review: Review) -> Review:
    """Lock it with its total. Raises :class:`ScoringError` where something is missing, or it is in already."""
    with transaction.atomic():
        review = _open_review(review.pk)
        scores = scores_of(review)
        if lacks := lacking(scores):
            raise ScoringError(
                _("Not submitted yet: %(lacks)s.")
                % {"lacks": "; ".join(f"{lack.score.criterion.name}: {lack.words}" for lack in lacks)}
            )
        review.total = total(shares_of(scores, best_points(review.assignment.nomination.edition_id)))
        if review.total is None:
            raise ScoringError(_("At least one criterion must apply."))
        review.submitted_at = timezone.now()
        review.version += 1
        review.save()
    return review


def document_of(review: Review) -> dict[str, Any]:
    """What a reader reads: the nomination as it was frozen."""
    return nominate.content_of(review.assignment.nomination)
