"""Each constraint and trigger of the app, proved by violating it; none was forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from awards import results
from awards.models import (
    Assignment,
    Award,
    AwardDecision,
    Band,
    Citation,
    Claim,
    ClaimPoint,
    Conflict,
    ConflictLogLine,
    Criterion,
    Edition,
    FeedbackLetter,
    Nomination,
    NominationPerson,
    Phase,
    ResultSnapshot,
    Review,
    Reviewer,
    Score,
    ScoreConsensus,
)
from tests import factories
from tests.awards import world as w

pytestmark = pytest.mark.django_db
SUM = "a" * 64


def _draft(world: w.Judged) -> Nomination:
    return Nomination.objects.create(edition=world.edition, organization=world.places.valley)


def _edition(**fields: Any) -> Callable[[w.Judged], Any]:
    return lambda world: Edition.objects.filter(pk=world.edition.pk).update(**fields)


def _band(world: w.Judged) -> Band:
    return Band.objects.filter(criterion__edition=world.edition).first()  # type: ignore[return-value]


def _decision(world: w.Judged, **fields: Any) -> AwardDecision:
    facts = {"outcome": "finalist", "rationale": "x", "decided_by": world.chair.user, **fields}
    return AwardDecision.objects.create(nomination=world.nominations[0], **facts)


def _result(world: w.Judged, **fields: Any) -> ResultSnapshot:
    facts = {"content": {}, "public": {}, "checksum": SUM, "made_by": world.chair.user, **fields}
    return ResultSnapshot.objects.create(edition=world.edition, **facts)


def _letter(world: w.Judged, **fields: Any) -> FeedbackLetter:
    facts = {"content": {}, "checksum": SUM, "released_by": world.chair.user, **fields}
    return FeedbackLetter.objects.create(nomination=world.nominations[0], **facts)


def _claim(world: w.Judged, **fields: Any) -> Claim:
    facts = {"source": "measure", "source_key": "ACGR4", "title": "T", "baseline_year": 2019, "current_year": 2020}
    return Claim.objects.create(nomination=_draft(world), **{**facts, **fields})


def _reviewed(world: w.Judged) -> Review:
    return w.review(world.nominations[0], world.readers[0], [3, 3, 3, 3, 3, 3])


def _begun(world: w.Judged) -> Review:
    return w.review(world.nominations[0], world.readers[0], [3, 3, 3, 3, 3, 3], submit=False)


def _twice(make: Callable[[w.Judged], Any]) -> Callable[[w.Judged], Any]:
    def violate(world: w.Judged) -> None:
        make(world)
        make(world)

    return violate


VIOLATIONS: dict[str, Callable[[w.Judged], Any]] = {
    "edition_year_once": lambda world: Edition.objects.create(
        award=Award.objects.get(),
        year=2031,
        slug="x",
        name="x",
        about="x",
        time_zone="America/New_York",
        designs=["high"],
    ),
    "edition_three_readers": _edition(readers=2),
    "edition_spread_total_of_100": _edition(spread_total=101),
    "edition_some_school": _edition(designs=[]),
    "edition_past_never_opened": _edition(past=True),
    "phase_once": lambda world: Phase.objects.create(
        edition=world.edition, kind="review", opens_at=timezone.now(), closes_at=timezone.now() + dt.timedelta(1)
    ),
    "phase_kind_known": lambda world: Phase.objects.filter(edition=world.edition, kind="review").update(kind="party"),
    "phase_closes_after_opening": lambda world: Phase.objects.filter(edition=world.edition).update(
        closes_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    ),
    "criterion_weight_of_100": lambda world: Criterion.objects.create(
        edition=world.edition, order=9, name="x", weight=Decimal(0)
    ),
    "band_points_once": lambda world: Band.objects.create(
        criterion=_band(world).criterion, points=_band(world).points, label="x", about="x"
    ),
    "band_points_to_ten": lambda world: Band.objects.create(
        criterion=_band(world).criterion, points=11, label="x", about="x"
    ),
    "rubric_stands": lambda world: Criterion.objects.filter(edition=world.edition).update(name="Other"),
    "reviewer_once": lambda world: Reviewer.objects.create(
        edition=world.edition, user=world.chair.user, role="reviewer"
    ),
    "reviewer_role_known": lambda world: w.place(world.edition, "king"),
    "nomination_once": _twice(_draft),
    "nomination_number_once": lambda world: w.fast(
        world.edition, world.places.valley, Nomination.objects.get(number__isnull=False).number or 0
    ),
    "nomination_draft_or_frozen": lambda world: Nomination.objects.filter(pk=_draft(world).pk).update(number=77),
    "frozen_stays": lambda world: Nomination.objects.filter(number__isnull=False).update(frozen={}),
    "submitted_stays": lambda world: Nomination.objects.filter(number__isnull=False)[0].delete(),
    "claim_once": lambda world: [
        Claim.objects.create(nomination=_claim(world).nomination, source="measure", source_key="ACGR4", title="T")
    ],
    "claim_baseline_before_current": lambda world: _claim(world, baseline_year=2020),
    "claim_typed_has_document": lambda world: _claim(world, source="typed"),
    "claim_part_says_of_whom": lambda world: _claim(world, whole_population=False),
    "claim_point_once": lambda world: [
        ClaimPoint.objects.create(claim=claim, year=2020, value=1) for claim in [_claim(world)] * 2
    ],
    "claim_point_not_negative": lambda world: ClaimPoint.objects.create(claim=_claim(world), year=2020, value=-1),
    "named_person_has_name": lambda world: NominationPerson.objects.create(nomination=_draft(world), name=""),
    "conflict_once": _twice(
        lambda world: Conflict.objects.create(
            reviewer=world.chair, nomination=world.nominations[0], recorded_by=world.chair.user
        )
    ),
    "conflict_log_known": lambda world: ConflictLogLine.objects.create(reviewer=world.chair, what="x"),
    "assignment_once": _twice(
        lambda world: Assignment.objects.create(reviewer=world.readers[0], nomination=world.nominations[0])
    ),
    "review_total_with_submit": lambda world: Review.objects.filter(pk=_begun(world).pk).update(total=5),
    "submitted_is_locked": lambda world: Review.objects.filter(pk=_reviewed(world).pk).update(total=5),
    "score_once": lambda world: Score.objects.create(
        review=(review := _begun(world)), criterion=w.score_of(review, 1).criterion
    ),
    "score_band_or_not_applicable": lambda world: Score.objects.filter(review=_begun(world)).update(
        not_applicable=True
    ),
    "review_is_locked": lambda world: Score.objects.filter(review=_reviewed(world)).update(comment="Other"),
    "citation_names_its_part": lambda world: Citation.objects.create(score=w.score_of(_begun(world), 1), part=""),
    "consensus_once": _twice(
        lambda world: ScoreConsensus.objects.create(
            nomination=world.nominations[0],
            criterion=_band(world).criterion,
            band=_band(world),
            rationale="x",
            recorded_by=world.chair.user,
        )
    ),
    "consensus_says_how": lambda world: ScoreConsensus.objects.create(
        nomination=world.nominations[0],
        criterion=_band(world).criterion,
        band=_band(world),
        recorded_by=world.chair.user,
    ),
    "decision_outcome_known": lambda world: _decision(world, outcome="maybe"),
    "decision_says_why": lambda world: _decision(world, rationale=""),
    "decision_winner_is_cited": lambda world: _decision(world, outcome="winner"),
    "result_announced_once": lambda world: [_result(world, published_at=timezone.now()) for _ in range(2)],
    "result_has_checksum": lambda world: _result(world, checksum="none"),
    "result_stays": lambda world: ResultSnapshot.objects.filter(pk=_result(world).pk).update(content={"x": 1}),
    "result_is_kept": lambda world: _result(world).delete(),
    "letter_has_checksum": lambda world: _letter(world, checksum="none"),
    "letter_stays": lambda world: FeedbackLetter.objects.filter(pk=_letter(world).pk).update(content={"x": 1}),
}
# Proved at the end of the transaction, or by a statement that the test below runs.
PROTECTED = {"frozen_stays", "submitted_stays", "submitted_is_locked", "result_stays", "result_is_kept", "letter_stays"}
OTHERS = {"criterion_order_once", "review_keeps_all"}


@pytest.mark.parametrize("name", sorted(VIOLATIONS))
def test_the_database_refuses(name: str) -> None:
    world = w.judged(schools=1)
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        VIOLATIONS[name](world)
    said = str(refused.value)
    # A protected row says only that it cannot be changed or deleted.
    assert name in said or (name in PROTECTED and said.startswith("pgtrigger: Cannot"))


def test_the_order_of_criteria_is_proved_when_the_transaction_ends() -> None:
    world = w.judged(schools=1)
    Criterion.objects.create(edition=world.edition, order=1, name="x", weight=1)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="criterion_order_once"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_scores_of_a_submitted_review_are_kept() -> None:
    world = w.judged(schools=1)
    review = _reviewed(world)
    for rows in (Citation.objects.filter(score__review=review), Score.objects.filter(review=review)):
        with pytest.raises(DatabaseError, match="review_is_locked"), transaction.atomic():
            rows._raw_delete(rows.db)
    assert results.announced(world.edition) is None


def test_none_was_forgotten() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " WHERE t.relname LIKE 'awards\\_%%' AND c.contype IN ('c', 'x', 'u') AND conname NOT LIKE '%%\\_check'"
            " AND conname NOT LIKE 'awards\\_%%' AND t.relname NOT LIKE '%%event'"
            " UNION SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
            " JOIN pg_class t ON t.oid = x.indrelid WHERE t.relname LIKE 'awards\\_%%' AND x.indisunique"
            " AND NOT x.indisprimary AND i.relname NOT LIKE 'awards\\_%%' AND t.relname NOT LIKE '%%event'"
        )
        named = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT tgname FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid WHERE t.relname LIKE 'awards\\_%%'"
            " AND NOT tgisinternal AND tgname LIKE 'pgtrigger\\_%%'"
        )
        triggers = {row[0].removeprefix("pgtrigger_").rpartition("_")[0] for row in cursor.fetchall()}
    ours = {name for name in triggers if name not in {"insert_insert", "update_update", "delete_delete"}}
    assert named | ours == set(VIOLATIONS) | OTHERS


def test_a_school_can_be_nominated_again_after_withdrawing() -> None:
    world = w.judged(schools=1)
    Nomination.objects.filter(number__isnull=False).update(state="withdrawn", withdrawn_at=timezone.now())
    Nomination.objects.create(edition=world.edition, organization=world.places.ridge)
    assert factories.person().pk
