"""From reviews to a result: the ranking as it stands, the decision, the frozen result and its announcement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from awards import consensus, ranking, snapshots
from awards.consensus import Marks
from awards.models import AwardDecision, Edition, Nomination, ResultSnapshot, ScoreConsensus
from awards.models.result import Outcome
from awards.scoring import best_points

FORMAT = 1


class ResultError(Exception):
    """It cannot be done; the message is for the person."""


def inputs(edition: Edition, visible: Sequence[Nomination], counted: Sequence[Marks]) -> dict[str, Any]:
    """Everything that the ranking is computed from, of the nominations given and the marks that count; readers are
    numbered, not named.

    A constant number of queries.
    """
    best = best_points(edition.pk)
    criteria = list(edition.criteria.all())
    order_of = {criterion.pk: criterion.order for criterion in criteria}
    label_of = {one.pk: one.label for one in visible}
    number = {pk: at for at, pk in enumerate(sorted({one.reader for one in counted}), start=1)}
    agreed = ScoreConsensus.objects.filter(nomination__in=visible).select_related("band")
    return {
        "criteria": [
            {"order": one.order, "name": one.name, "weight": str(one.weight), "best": best[one.pk] or 1}
            for one in criteria
        ],
        "nominations": [
            {"label": one.label, "school": one.organization.name, "checksum": one.checksum} for one in visible
        ],
        "reviews": [
            {
                "nomination": label_of[one.nomination],
                "reader": f"R{number[one.reader]:03d}",
                "points": {str(order_of[criterion]): points for criterion, points in one.points.items()},
            }
            for one in counted
        ],
        "consensus": [
            {"nomination": label_of[one.nomination_id], "order": order_of[one.criterion_id], "points": one.band.points}
            for one in agreed
        ],
    }


@dataclass
class Row:
    """One nomination in the ranking, with what was decided."""

    nomination: Nomination
    figures: Mapping[str, Any]
    decision: AwardDecision | None = None
    open_criteria: int = 0

    @property
    def moved(self) -> int:
        """By how many ranks taking out strictness moves it up (positive) or down."""
        raw, adjusted = self.figures["raw_rank"], self.figures["adjusted_rank"]
        return 0 if raw is None or adjusted is None else raw - adjusted


@dataclass
class Ranking:
    """The page: rows in raw order, agreement, and what still stands in the way of freezing it; ``computed`` from
    ``given``, as a frozen result keeps both."""

    rows: list[Row]
    given: Mapping[str, Any]
    computed: Mapping[str, Any]
    missing: list[str] = field(default_factory=list)

    @property
    def reliability(self) -> Mapping[str, str]:
        """How well the readers agreed."""
        found: Mapping[str, str] = self.computed["reliability"]
        return found

    @property
    def connected(self) -> bool:
        """Whether readers share nominations, so that adjusted scores can be compared."""
        return bool(self.computed["connected"])


def rank(edition: Edition, visible: Sequence[Nomination]) -> Ranking:
    """The ranking as it stands, of the nominations that the asking person may read. Constant number of queries."""
    counted = list(consensus.marks(visible).values())
    given = inputs(edition, visible, counted)
    computed = ranking.compute(given)
    by_label = {one.label: one for one in visible}
    decisions = {one.nomination_id: one for one in AwardDecision.objects.filter(nomination__in=visible)}
    spreads = {one.nomination.pk: one for one in consensus.spreads(edition, visible, counted)}
    rows = [
        Row(
            by_label[figures["label"]],
            figures,
            decisions.get(by_label[figures["label"]].pk),
            len(spreads[by_label[figures["label"]].pk].open),
        )
        for figures in computed["rows"]
    ]
    return Ranking(rows, given, computed, _missing(edition, rows))


def _missing(edition: Edition, rows: Sequence[Row]) -> list[str]:
    lacks = []
    if not rows:
        lacks.append(_("There is no nomination."))
    few = [row.nomination.label for row in rows if row.figures["readers"] < edition.readers]
    if few:
        lacks.append(
            _("Fewer than %(n)d reviews are in of: %(which)s.") % {"n": edition.readers, "which": ", ".join(few[:10])}
        )
    apart = [row.nomination.label for row in rows if row.open_criteria]
    if apart:
        lacks.append(_("Readers still have to agree on: %(which)s.") % {"which": ", ".join(apart[:10])})
    undecided = [row.nomination.label for row in rows if row.decision is None]
    if undecided:
        lacks.append(_("Not decided yet: %(which)s.") % {"which": ", ".join(undecided[:10])})
    return lacks


def announced(edition: Edition) -> ResultSnapshot | None:
    """The result that was announced."""
    return edition.results.published().first()


def decide(
    nomination: Nomination, *, outcome: str, rationale: str, citation: str, by: Any, version: int = 0
) -> AwardDecision:
    """Write down what was decided. ``version`` is that of the decision the person saw, 0 where there was none.

    Raises :class:`ResultError` without a reason, for a winner without what it is honored for, after the announcement,
    and where somebody else decided meanwhile.
    """
    if outcome not in Outcome.values:
        raise ResultError(_("Choose what was decided."))
    if not rationale.strip():
        raise ResultError(_("Say why it was decided so."))
    if outcome == Outcome.WINNER and not citation.strip():
        raise ResultError(_("Say what the school is honored for: it stands on the public page."))
    if announced(nomination.edition) is not None:
        raise ResultError(_("The result was announced; it stands."))
    try:
        with transaction.atomic():
            row = AwardDecision.objects.select_for_update().filter(nomination=nomination).first()
            if (row.version if row else 0) != version:
                raise ResultError(_("Somebody decided on this nomination meanwhile. Look at it first."))
            row = row or AwardDecision(nomination=nomination, version=0)
            row.outcome, row.rationale, row.citation = outcome, rationale.strip(), citation.strip()
            row.decided_by, row.decided_at = by, timezone.now()
            row.version += 1
            row.save()
    except IntegrityError as error:
        raise ResultError(_("Somebody decided on this nomination meanwhile. Look at it first.")) from error
    return row


def freeze(edition: Edition, visible: Sequence[Nomination], *, by: Any) -> ResultSnapshot:
    """Freeze the result as it stands. ``visible`` must be every submitted nomination: somebody with a conflict of
    interest does not freeze a result.

    Raises :class:`ResultError` with what is missing.
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if announced(edition) is not None:
            raise ResultError(_("The result was announced; it stands."))
        if Nomination.objects.submitted().filter(edition=edition).count() != len(visible):
            raise ResultError(_("The result is frozen by somebody on the panel who has no conflict of interest in it."))
        found = rank(edition, visible)
        if found.missing:
            raise ResultError(" ".join(found.missing))
        content = {
            "format": FORMAT,
            "edition": {"slug": edition.slug, "name": edition.name, "year": edition.year},
            "rule": {
                "readers": edition.readers,
                "spread_bands": edition.spread_bands,
                "spread_total": edition.spread_total,
            },
            "inputs": found.given,
            "computed": found.computed,
            "decisions": [
                {
                    "label": row.nomination.label,
                    "outcome": row.decision.outcome,
                    "rationale": row.decision.rationale,
                    "citation": row.decision.citation,
                }
                for row in found.rows
                if row.decision is not None
            ],
        }
        return ResultSnapshot.objects.create(
            edition=edition,
            content=content,
            checksum=snapshots.checksum(content),
            public=_public(edition, found.rows),
            made_by=by,
        )


def _public(edition: Edition, rows: Sequence[Row]) -> dict[str, Any]:
    """What the public page reads: the winners, with what the public release says of their figures."""
    winners = [row for row in rows if row.decision is not None and row.decision.outcome == Outcome.WINNER]
    chosen = Nomination.objects.filter(pk__in=[row.nomination.pk for row in winners])
    frozen = dict(chosen.values_list("pk", "frozen"))
    return {
        "format": FORMAT,
        "edition": {"slug": edition.slug, "name": edition.name, "year": edition.year, "award": edition.award.name},
        "winners": sorted(
            (
                _winner(frozen[row.nomination.pk] or {}, row.decision.citation if row.decision else "")
                for row in winners
            ),
            key=lambda one: str(one["school"]["name"]),
        ),
    }


def _winner(frozen: Mapping[str, Any], citation: str) -> dict[str, Any]:
    return {
        "school": {key: frozen["school"][key] for key in ("name", "district", "state", "place", "design")},
        "headline": frozen["headline"],
        "practice": frozen["practice"],
        "citation": citation,
        "figures": [
            {
                "title": claim["title"],
                "population": claim["population"],
                "source_label": claim["source_label"],
                "points": claim["public"]["points"],
                "words": claim["public"]["words"],
            }
            for claim in frozen["claims"]
            if _tells(claim["public"])
        ],
    }


def _tells(said: Mapping[str, Any]) -> bool:
    """Whether the public learns something of it: a goal of which nothing is known yet is left out."""
    return any(point["known"] for point in said["points"]) or bool(said["words"] and not said.get("empty"))


def announce(snapshot: ResultSnapshot) -> ResultSnapshot:
    """Make the result public. Raises :class:`ResultError` where another was announced."""
    try:
        with transaction.atomic():
            row = ResultSnapshot.objects.select_for_update().get(pk=snapshot.pk)
            if row.published_at is None:
                row.published_at = timezone.now()
                row.save(update_fields=["published_at"])
    except IntegrityError as error:
        raise ResultError(_("Another result of this edition was announced.")) from error
    return row


def export(snapshot: ResultSnapshot) -> str:
    """The file that reproduces a result: its content and the checksum, as canonical JSON."""
    return snapshots.canonical({"checksum": snapshot.checksum, "content": snapshot.content})


@dataclass(frozen=True)
class Verdict:
    """Whether a file is whole, and whether its ranking comes out again when it is computed anew."""

    whole: bool
    same: bool


def verify(file: Mapping[str, Any]) -> Verdict:
    """Check an exported result: its checksum, and its ranking against one computed from its own inputs."""
    content = file["content"]
    return Verdict(
        snapshots.checksum(content) == file["checksum"],
        ranking.compute(content["inputs"]) == content["computed"],
    )
