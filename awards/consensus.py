"""Readers too far apart meet and agree; what each of them thought alone stays as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from awards import conflicts
from awards.models import Band, Criterion, Edition, Nomination, Review, Reviewer, Score, ScoreConsensus


class ConsensusError(Exception):
    """It cannot be recorded so; the message is for the person."""


@dataclass(slots=True)
class Marks:
    """What one reader gave one nomination: points by criterion (``None``: it does not apply), out of 100 in total."""

    nomination: int
    reader: int
    total: float
    points: dict[int, int | None] = field(default_factory=dict)


@dataclass
class Spread:
    """How far a nomination's readers are apart: bands on each criterion, points in total."""

    nomination: Nomination
    marks: list[Marks] = field(default_factory=list)
    bands: dict[int, int] = field(default_factory=dict)
    points: float = 0
    beyond: list[int] = field(default_factory=list)
    agreed: set[int] = field(default_factory=set)
    total_beyond: bool = False

    @property
    def given(self) -> dict[int, list[int]]:
        """By criterion: the points given, of those for whom it applies."""
        found: dict[int, list[int]] = defaultdict(list)
        for one in self.marks:
            for criterion, points in one.points.items():
                if points is not None:
                    found[criterion].append(points)
        return found

    @property
    def open(self) -> list[int]:
        """The criteria that still have to be agreed on."""
        return [criterion for criterion in self.beyond if criterion not in self.agreed]


def marks(visible: Sequence[Nomination]) -> dict[int, Marks]:
    """By review: the marks that count: submitted, of standing assignments, by readers who are not in conflict.

    A conflict that became known after a review came in takes it out of every sum. Constant number of queries.
    """
    reviews = Review.objects.submitted().filter(assignment__nomination__in=visible)
    rows = list(
        reviews.order_by("assignment__nomination", "assignment__reviewer").values_list(
            "pk", "assignment__nomination", "assignment__reviewer", "total"
        )
    )
    readers = Reviewer.objects.filter(pk__in={reader for _pk, _nomination, reader, _total in rows})
    pairs = [(reader, nomination) for _pk, nomination, reader, _total in rows]
    rules = conflicts.matrix(list(readers.select_related("user", "employer")), visible, pairs)
    found = {
        pk: Marks(nomination, reader, float(total))
        for pk, nomination, reader, total in rows
        if total is not None and (reader, nomination) not in rules
    }
    scores = Score.objects.filter(review__in=reviews.order_by().values("pk")).order_by()
    for review, criterion, points in scores.values_list("review", "criterion", "band__points"):
        if review in found:
            found[review].points[criterion] = points
    return found


def counted_reviews(nomination: Nomination) -> list[Review]:
    """The reviews of one nomination that count (:func:`marks`), with who wrote them and all that they say."""
    return list(
        Review.objects.filter(pk__in=marks([nomination]))
        .select_related("assignment__reviewer__user")
        .prefetch_related("scores__band", "scores__criterion")
        .order_by("assignment__reviewer")
    )


def spreads(edition: Edition, visible: Sequence[Nomination], counted: Iterable[Marks] | None = None) -> list[Spread]:
    """How far apart the readers of each nomination are, and where that is beyond the edition's rule.

    Where the totals are too far apart and no criterion is, the criterion on which they differ most is to be agreed.
    ``counted`` are the :func:`marks` of the same nominations, where they are known already.
    """
    found = {one.pk: Spread(one) for one in visible}
    for one in marks(visible).values() if counted is None else counted:
        found[one.nomination].marks.append(one)
    for nomination, criterion in ScoreConsensus.objects.filter(nomination__in=visible).values_list(
        "nomination", "criterion"
    ):
        found[nomination].agreed.add(criterion)
    for spread in found.values():
        _measure(spread, edition)
    return list(found.values())


def _measure(spread: Spread, edition: Edition) -> None:
    spread.bands = {criterion: max(points) - min(points) for criterion, points in spread.given.items()}
    totals = [one.total for one in spread.marks]
    spread.points = round(max(totals) - min(totals), 2) if totals else 0
    spread.total_beyond = spread.points > edition.spread_total
    spread.beyond = [criterion for criterion, apart in spread.bands.items() if apart > edition.spread_bands]
    if spread.total_beyond and not spread.beyond and spread.bands:
        spread.beyond = [max(spread.bands, key=lambda criterion: (spread.bands[criterion], -criterion))]


def record(
    nomination: Nomination, criterion: Criterion, band: Band, rationale: str, *, by: Any, version: int = 0
) -> ScoreConsensus:
    """Write down what was agreed. ``version`` is that of the agreed score the person saw, 0 where there was none.

    Raises :class:`ConsensusError` before two reviews are in, for a band of another criterion, without a reason, and
    where somebody recorded another meanwhile.
    """
    if criterion.edition_id != nomination.edition_id or band.criterion_id != criterion.pk:
        raise ConsensusError(_("This band belongs to another criterion."))
    if not rationale.strip():
        raise ConsensusError(_("Say how it was agreed."))
    scores = Score.objects.filter(
        criterion=criterion, review__assignment__nomination=nomination, review__submitted_at__isnull=False
    )
    if scores.count() < 2:
        raise ConsensusError(_("There is nothing to agree on before two reviews are in."))
    if nomination.edition.results.published().exists():
        raise ConsensusError(_("The result was announced; it stands."))
    try:
        with transaction.atomic():
            row = ScoreConsensus.objects.select_for_update().filter(nomination=nomination, criterion=criterion).first()
            if (row.version if row else 0) != version:
                raise ConsensusError(_("Somebody recorded an agreed score meanwhile. Look at it first."))
            row = row or ScoreConsensus(nomination=nomination, criterion=criterion, version=0)
            row.band, row.rationale = band, rationale.strip()
            row.recorded_by, row.recorded_at = by, timezone.now()
            row.version += 1
            row.save()
    except IntegrityError as error:
        raise ConsensusError(_("Somebody recorded an agreed score meanwhile. Look at it first.")) from error
    return row
