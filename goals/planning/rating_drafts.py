"""What a member has typed into their ratings and not yet kept: theirs alone, shown when they come back.

A draft is under the key of its round and, as every draft, of its person: nobody else can read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from goals.models import KeyPractice, PracticeRating, TeamAssessment
from goals.planning import assess
from hstw import drafts
from hstw.access import AccessDecision
from hstw.drafts import Subject, UnknownKey
from hstw.models import Draft
from schools.models import User

PREFIX = "goals.rating"


@dataclass
class Shown:
    """A practice as the member's form shows it."""

    practice: KeyPractice
    level: str
    seen: str


def key_of(assessment: TeamAssessment) -> str:
    """The key of a member's draft about a round."""
    return drafts.key_of(PREFIX, assessment.pk)


def names_of(practices: Iterable[KeyPractice]) -> frozenset[str]:
    """The fields of the form."""
    return frozenset(f"{name}-{one.pk}" for one in practices for name in ("level", "seen"))


def shown(
    assessment: TeamAssessment, user: User, practices: list[KeyPractice], draft: Draft | None
) -> tuple[list[Shown], bool]:
    """The ratings that are kept, with what was typed since in their place; and whether anything was."""
    kept = {one.practice_id: one for one in PracticeRating.objects.filter(assessment=assessment, user=user)}
    before = [_kept(one, kept.get(one.pk)) for one in practices]
    data: Mapping[str, Any] = draft.data if draft is not None else {}
    after = [
        Shown(
            one.practice,
            # A choice cannot be taken back, so that none is none yet.
            _typed(data, f"level-{one.practice.pk}") or one.level,
            _typed(data, f"seen-{one.practice.pk}", one.seen),
        )
        for one in before
    ]
    return after, after != before


def _kept(practice: KeyPractice, rating: PracticeRating | None) -> Shown:
    return Shown(practice, "", "") if rating is None else Shown(practice, str(rating.level), _lines(rating.evidence))


def _typed(data: Mapping[str, Any], name: str, otherwise: str = "") -> str:
    """What a draft holds for a field."""
    return _lines(str((data[name] or [""])[0])) if name in data else otherwise


def _lines(text: str) -> str:
    """A text as its field shows it: a form that is sent ends lines otherwise than the script does."""
    return text.replace("\r\n", "\n").strip()


def _find(user: Any, rest: str) -> Subject:
    rows = TeamAssessment.objects.visible_to(user).filter(members=user)
    one = rows.filter(pk=rest).first() if rest.isdecimal() and len(rest) < 18 else None
    if one is None:
        raise UnknownKey(rest)
    taken = assess.is_open(one)
    reason = "" if taken else _("The ratings are shown already: they stay as they are.")
    return Subject(None, AccessDecision(taken, reason), names_of(assess.practices_of(one)))


drafts.register(PREFIX, _find)
