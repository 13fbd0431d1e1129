"""What a school is told: the band of each criterion and the comments that readers agreed to share, without names.

The letter is a page and a tagged PDF, both made from the frozen :func:`letter_content`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from awards import consensus, results, snapshots
from awards.models import Criterion, FeedbackLetter, Nomination, ScoreConsensus
from hstw.exports.pdf import pdf

FORMAT = 1


class FeedbackError(Exception):
    """It cannot be released so; the message is for the person."""


def shared_comments(nomination: Nomination) -> dict[int, list[str]]:
    """By criterion: the comments of reviews that count which their writers let the school read."""
    found: dict[int, list[str]] = {}
    for review in consensus.counted_reviews(nomination):
        for score in review.scores.all():
            if score.shared and score.comment.strip():
                found.setdefault(score.criterion_id, []).append(score.comment.strip())
    # In an order that does not tell which comments are of one reader.
    return {criterion: sorted(comments) for criterion, comments in found.items()}


def bands(nomination: Nomination) -> dict[int, str]:
    """By criterion: the agreed band, else the middle one of the readers' (the lower of two)."""
    agreed = ScoreConsensus.objects.filter(nomination=nomination).select_related("band")
    found = {one.criterion_id: one.band.label for one in agreed}
    given: dict[int, list[tuple[int, str]]] = {}
    for review in consensus.counted_reviews(nomination):
        for score in review.scores.all():
            if score.band is not None:
                given.setdefault(score.criterion_id, []).append((score.band.points, score.band.label))
    for criterion, each in given.items():
        found.setdefault(criterion, sorted(each)[(len(each) - 1) // 2][1])
    return found


def letter_content(nomination: Nomination, texts: Mapping[int, str], closing: str) -> dict[str, Any]:
    """The letter: ``texts`` says by criterion what is told, as the coordinator edited it."""
    label = bands(nomination)
    frozen = nomination.frozen or {}
    decision = getattr(nomination, "decision", None)
    criteria: Sequence[Criterion] = list(nomination.edition.criteria.all())
    return {
        "format": FORMAT,
        "edition": {"name": nomination.edition.name, "year": nomination.edition.year},
        "number": nomination.label,
        "school": frozen.get("school", {}),
        "outcome": str(decision.get_outcome_display()) if decision else "",
        "criteria": [
            {"name": one.name, "band": label.get(one.pk, _("Does not apply")), "text": texts.get(one.pk, "").strip()}
            for one in criteria
        ],
        "closing": closing.strip(),
    }


def release(nomination: Nomination, texts: Mapping[int, str], closing: str, *, by: Any) -> FeedbackLetter:
    """Freeze the letter and let the school read it. Raises :class:`FeedbackError` before the announcement, and where
    it was released already."""
    if results.announced(nomination.edition) is None:
        raise FeedbackError(_("Letters go out once the result was announced."))
    content = letter_content(nomination, texts, closing)
    try:
        with transaction.atomic():
            return FeedbackLetter.objects.create(
                nomination=nomination, content=content, checksum=snapshots.checksum(content), released_by=by
            )
    except IntegrityError as error:
        raise FeedbackError(_("This letter was released already.")) from error


def as_pdf(letter: FeedbackLetter) -> bytes:
    """A released letter as PDF/UA-1, by ``templates/pdf/letter.typ``: the same letter gives the same bytes."""
    content = letter.content
    school = content["school"].get("name", "")
    edition = content["edition"]["name"]
    day = date_format(letter.released_at.astimezone(letter.nomination.edition.zone), "F j, Y")
    place = ", ".join(part for part in (content["school"].get("district"), content["school"].get("state")) if part)
    return pdf(
        "letter",
        {
            "title": _("Feedback for %(school)s") % {"school": school},
            "subtitle": edition,
            "language": (get_language() or "en").partition("-")[0],
            "footer": f"{edition} · {content['number']} · {_('checksum')} {letter.checksum[:16]}",
            "letter": content,
            "facts": [
                [_("School"), f"{school}, {place}" if place else school],
                [_("Nomination"), content["number"]],
                [_("Date"), day],
                *([[_("Decision"), content["outcome"]]] if content["outcome"] else []),
            ],
            "words": {
                "criteria": _("Criterion by criterion"),
                "closing": _("In closing"),
                "nothing": _("No comment."),
                "about": about_bands(),
            },
        },
    )


def about_bands() -> str:
    """What stands below every letter."""
    return _("Bands are what readers agreed on, or the middle of what they gave alone. Readers are not named.")
