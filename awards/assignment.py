"""Who reads which nomination: proposed evenly and without conflicts, changed by hand, told by mail."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from awards import conflicts
from awards.matching import NotEnoughReaders, match
from awards.models import Assignment, Edition, EditionRole, Nomination, Reviewer
from hstw.outbox import Letter, queue_many


class AssignmentError(Exception):
    """It cannot be assigned so; the message is for the person."""


@dataclass
class Line:
    """One nomination with its readers, of whom the ``stale`` came into conflict after they were assigned, and with
    those who could be given it (``choices``): no conflict, asked about it, not reading it."""

    nomination: Nomination
    readers: list[Assignment] = field(default_factory=list)
    stale: set[int] = field(default_factory=set)
    choices: list[Reviewer] = field(default_factory=list)


@dataclass
class Standing:
    """The assignments of an edition, as one member of the panel may see them, by keys of reader and nomination;
    ``stale`` are those in conflict, ``lacking`` counts the nominations with too few readers besides."""

    reviewers: list[Reviewer]
    pairs: set[tuple[int, int]]
    stale: set[tuple[int, int]]
    lacking: int

    @property
    def load(self) -> Counter[int]:
        """How many nominations each reader has."""
        return Counter(reader for reader, _nomination in self.pairs)


def reviewers_of(edition: Edition) -> list[Reviewer]:
    """Those who read, in the order of their names."""
    found = edition.panel.serving().filter(role=EditionRole.REVIEWER).select_related("user", "employer", "edition")
    return list(found.order_by("user__name", "pk"))


def standing(edition: Edition, visible: Sequence[Nomination]) -> Standing:
    """Who reads what of the nominations that the asking person may read; a constant number of queries."""
    reviewers = reviewers_of(edition)
    rows = Assignment.objects.filter(nomination__in=visible, ended_at=None).order_by()
    pairs = set(rows.values_list("reviewer", "nomination"))
    serving = {place.pk for place in reviewers}
    stale = set(conflicts.matrix(reviewers, visible, [pair for pair in pairs if pair[0] in serving]))
    reading = Counter(nomination for _reader, nomination in pairs - stale)
    lacking = sum(1 for one in visible if reading[one.pk] < edition.readers)
    return Standing(reviewers, pairs, stale, lacking)


def lines(reviewers: Sequence[Reviewer], nominations: Sequence[Nomination]) -> list[Line]:
    """The readers of each nomination, and who else could read it; a constant number of queries."""
    rules = conflicts.matrix(reviewers, nominations)
    found = {one.pk: Line(one) for one in nominations}
    rows = Assignment.objects.filter(nomination__in=nominations, ended_at=None)
    for row in rows.select_related("reviewer__user", "review").order_by("reviewer__user__name", "pk"):
        line = found[row.nomination_id]
        line.readers.append(row)
        if (row.reviewer_id, row.nomination_id) in rules:
            line.stale.add(row.pk)
    for line in found.values():
        reading = {row.reviewer_id for row in line.readers}
        line.choices = [
            place
            for place in reviewers
            if place.pk not in reading
            and (place.pk, line.nomination.pk) not in rules
            and _asked_about(place, line.nomination)
        ]
    return list(found.values())


def _asked_about(place: Reviewer, nomination: Nomination) -> bool:
    """Whether the reader was asked about conflicts with it."""
    came = nomination.submitted_at
    return place.declared_at is not None and came is not None and came <= place.declared_at


def propose(edition: Edition, visible: Sequence[Nomination], *, by: Any, link: str, seed: int = 1) -> int:
    """Give each of the nominations as many readers as the edition asks for; how many were assigned anew.

    What is assigned stays. Only those who have declared their conflicts read, and only what they were asked about.
    Raises :class:`AssignmentError` with the nominations that cannot get enough readers.
    """
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition.pk)
        now = standing(edition, visible)
        forbidden = {(nomination, reader) for reader, nomination in conflicts.matrix(now.reviewers, visible)}
        forbidden |= {(one.pk, place.pk) for place in now.reviewers for one in visible if not _asked_about(place, one)}
        limits = {place.pk: place.most for place in now.reviewers}
        fixed = {(nomination, reader) for reader, nomination in now.pairs - now.stale if reader in limits}
        try:
            pairs = match(
                [one.pk for one in visible],
                limits,
                forbidden - fixed,
                readers_each=edition.readers,
                fixed=fixed,
                seed=seed,
            )
        except NotEnoughReaders as error:
            raise AssignmentError(_not_enough(edition, visible, error.short)) from error
        made = [
            Assignment(nomination_id=nomination, reviewer_id=reader, assigned_by=by)
            for nomination, reader in sorted(pairs - fixed)
        ]
        Assignment.objects.bulk_create(made)
        _tell(edition, made, now.reviewers, link)
    return len(made)


def _not_enough(edition: Edition, visible: Sequence[Nomination], short: Mapping[int, int]) -> str:
    names = [f"{one.label} {one.organization}" for one in visible if one.pk in short]
    return ngettext(
        "Nothing was assigned: this nomination cannot get %(readers)d readers without a conflict: %(names)s."
        " Name more reviewers, let them declare their conflicts, or let some read more.",
        "Nothing was assigned: these nominations cannot get %(readers)d readers without a conflict: %(names)s."
        " Name more reviewers, let them declare their conflicts, or let some read more.",
        len(names),
    ) % {"readers": edition.readers, "names": ", ".join(names[:8])}


def add(nomination: Nomination, reviewer: Reviewer, *, by: Any, link: str) -> Assignment:
    """Assign by hand. Raises :class:`AssignmentError` for somebody in conflict, or not asked yet, or who has it."""
    if reviewer.edition_id != nomination.edition_id or reviewer.role != EditionRole.REVIEWER or reviewer.left_at:
        raise AssignmentError(_("This person does not read for this edition."))
    if (reviewer.pk, nomination.pk) in conflicts.matrix([reviewer], [nomination]):
        raise AssignmentError(_("%(person)s has a conflict of interest here.") % {"person": reviewer.user})
    if not _asked_about(reviewer, nomination):
        raise AssignmentError(_("%(person)s has not been asked about conflicts here yet.") % {"person": reviewer.user})
    with transaction.atomic():
        assignment, made = Assignment.objects.get_or_create(
            nomination=nomination, reviewer=reviewer, ended_at=None, defaults={"assigned_by": by}
        )
        if not made:
            raise AssignmentError(_("%(person)s reads this nomination already.") % {"person": reviewer.user})
        _tell(nomination.edition, [assignment], [reviewer], link)
    return assignment


def end(assignment: Assignment) -> None:
    """Take a nomination from a reader who has not submitted a review; raises :class:`AssignmentError` otherwise."""
    with transaction.atomic():
        row = Assignment.objects.select_for_update().get(pk=assignment.pk)
        review = getattr(row, "review", None)
        if review is not None and review.submitted_at is not None:
            raise AssignmentError(_("The review is in; it stays."))
        row.ended_at = timezone.now()
        row.save(update_fields=["ended_at"])


def _tell(edition: Edition, made: Sequence[Assignment], reviewers: Sequence[Reviewer], link: str) -> None:
    """One letter to each reader about what is new for them; it names no nomination."""
    by_reader: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in made:
        by_reader[assignment.reviewer_id].append(assignment)
    deadline = next((phase for phase in edition.phases.all() if phase.kind == "review"), None)
    queue_many(
        Letter(
            key=f"awards.assigned:{place.pk}:{_digest(by_reader[place.pk])}",
            to=place.user.email,
            subject=_("%(edition)s: nominations for you to read") % {"edition": edition},
            template="nominations_assigned",
            context={
                "name": place.user.name,
                "edition": edition,
                "n": len(by_reader[place.pk]),
                "deadline": deadline,
                "link": link,
            },
        )
        for place in reviewers
        if place.pk in by_reader
    )


def _digest(rows: Sequence[Assignment]) -> str:
    return hashlib.sha256(" ".join(str(row.pk) for row in rows).encode()).hexdigest()[:16]


@dataclass
class Progress:
    """One nomination with how many of its reviews are in."""

    nomination: Nomination
    readers: int = 0
    done: int = 0


def progress(nominations: Sequence[Nomination]) -> list[Progress]:
    """How far the reading of each is; one query."""
    found = {one.pk: Progress(one) for one in nominations}
    rows = Assignment.objects.filter(nomination__in=list(found), ended_at=None).values_list(
        "nomination", "review__submitted_at"
    )
    for nomination, submitted in rows:
        found[nomination].readers += 1
        found[nomination].done += submitted is not None
    return list(found.values())
