"""The team looks at its own practice: each member rates alone, the spread is shown once all are in, consensus stays."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from goals.models import KeyPractice, Level, PracticeConsensus, PracticeRating, TeamAssessment
from schools.models import Organization, User


class AssessmentError(ValueError):
    """Something that the round does not allow; the message is for the person."""


@dataclass
class Spread:
    """What the team thinks of one practice: how many chose each level, in order, and what it agreed on."""

    practice: KeyPractice
    counts: list[tuple[Level, int]]
    evidence: list[PracticeRating] = field(default_factory=list)
    consensus: PracticeConsensus | None = None

    @property
    def rated(self) -> int:
        """How many rated it."""
        return sum(n for _level, n in self.counts)

    @property
    def apart(self) -> int:
        """How many steps lie between the lowest and the highest rating."""
        chosen = [level for level, n in self.counts if n]
        return max(chosen) - min(chosen) if chosen else 0


def practices_of(assessment: TeamAssessment) -> list[KeyPractice]:
    """The practices of the round's edition."""
    return list(KeyPractice.objects.filter(edition=assessment.edition).select_related("area").order_by("number"))


def who_is_in(assessment: TeamAssessment) -> tuple[list[User], list[User]]:
    """The members who have rated every practice, and those who have not."""
    needed = KeyPractice.objects.filter(edition=assessment.edition).count()
    counts = Counter(assessment.ratings.values_list("user", flat=True))
    members = list(assessment.members.order_by("name", "pk"))
    done = [one for one in members if needed and counts[one.pk] >= needed]
    return done, [one for one in members if one not in done]


def is_open(assessment: TeamAssessment, today: dt.date | None = None) -> bool:
    """Whether ratings are still taken, and so not shown: until all are in, or the day has come."""
    if (today or timezone.localdate()) >= assessment.closes_on:
        return False
    return bool(who_is_in(assessment)[1])


@transaction.atomic
def rate(assessment: TeamAssessment, user: User, levels: Mapping[int, tuple[str, str]]) -> int:
    """Keep a member's ratings: by practice, the level and what they have seen. Raises :class:`AssessmentError`.

    Once the ratings are shown nobody changes theirs any more: they stay beside the consensus.
    """
    held = TeamAssessment.objects.select_for_update().get(pk=assessment.pk)
    if not held.members.filter(pk=user.pk).exists():
        raise AssessmentError(_("You are not a member of this round."))
    if not is_open(held):
        raise AssessmentError(_("The ratings are shown already: they stay as they are."))
    practices = {one.pk: one for one in practices_of(held)}
    kept = 0
    for pk, (level, evidence) in levels.items():
        if pk in practices and level.isdecimal() and int(level) in Level.values:
            PracticeRating.objects.update_or_create(
                assessment=held,
                practice=practices[pk],
                user=user,
                defaults={"level": int(level), "evidence": evidence.strip()[:2_000]},
            )
            kept += 1
    return kept


def spread(assessment: TeamAssessment) -> list[Spread]:
    """What the team thinks, practice by practice. Raises :class:`AssessmentError` while ratings are still taken."""
    if is_open(assessment):
        raise AssessmentError(_("Ratings are shown once all are in, or the day has come."))
    ratings: dict[int, list[PracticeRating]] = defaultdict(list)
    for rating in assessment.ratings.select_related("user").order_by("level", "user__name"):
        ratings[rating.practice_id].append(rating)
    agreed = {one.practice_id: one for one in assessment.consensus.select_related("by")}
    found = []
    for practice in practices_of(assessment):
        here = ratings[practice.pk]
        counts = Counter(rating.level for rating in here)
        found.append(
            Spread(
                practice,
                [(level, counts[level.value]) for level in Level],
                [rating for rating in here if rating.evidence],
                agreed.get(practice.pk),
            )
        )
    return found


def agree(assessment: TeamAssessment, practice: int, level: str, note: str, by: User) -> PracticeConsensus:
    """Record what the team agreed on. Raises :class:`AssessmentError` while ratings are still taken."""
    if is_open(assessment):
        raise AssessmentError(_("Ratings are shown once all are in, or the day has come."))
    one = KeyPractice.objects.filter(edition=assessment.edition, pk=practice).first()
    if one is None or not level.isdecimal() or int(level) not in Level.values:
        raise AssessmentError(_("Choose a level."))
    row, _made = PracticeConsensus.objects.update_or_create(
        assessment=assessment,
        practice=one,
        defaults={"level": int(level), "note": note.strip()[:2_000], "by": by},
    )
    return row


def over_years(organization: Organization) -> tuple[list[int], list[tuple[str, list[Any]]]]:
    """What was agreed on over the years: the years, and for each practice the level in each; ``None`` where none."""
    rows = PracticeConsensus.objects.filter(assessment__organization=organization).select_related(
        "practice__edition", "assessment"
    )
    by_practice: dict[str, dict[int, Any]] = defaultdict(dict)
    order: dict[str, tuple[int, int]] = {}
    for row in rows:
        name = row.practice.name
        by_practice[name][row.assessment.year] = row
        order.setdefault(name, (row.practice.edition.order, row.practice.number))
    years = sorted({year for found in by_practice.values() for year in found})
    names: Sequence[str] = sorted(by_practice, key=lambda name: order[name])
    return years, [(name, [by_practice[name].get(year) for year in years]) for name in names]
