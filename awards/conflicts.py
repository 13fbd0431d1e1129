"""Conflicts before content: ask, record, explain and log. What is enforced is in the QuerySets (``awards.models``)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from awards.models import Conflict, ConflictLogLine, Edition, Nomination, NominationPerson, Reviewer
from awards.models.conflict import Rule, in_conflict, ties_of
from awards.models.panel import places_of


def asked_about(place: Reviewer) -> Any:
    """The nominations a member of the panel is asked about: all that came in, without those that a rule shuts out
    already, and without what is in them: the schools' names alone."""
    return (
        Nomination.objects.submitted()
        .filter(edition=place.edition_id)
        .exclude(in_conflict(place))
        .for_lists()
        .select_related("edition")
        .order_by("organization__name", "pk")
    )


def has_new(place: Reviewer) -> bool:
    """Whether nominations came in that the person has not been asked about."""
    came = asked_about(place)
    return bool((came if place.declared_at is None else came.filter(submitted_at__gt=place.declared_at)).exists())


def declare(
    place: Reviewer, conflicts: Collection[int], *, why: str, employer: Any, seen: Collection[int], by: Any
) -> None:
    """Record what somebody says of the nominations they were ``seen`` asked about (by their keys).

    Nominations that came in while they were reading the list are asked about again: the moment of declaring is that of
    the last one they saw. A conflict once declared stays.
    """
    with transaction.atomic():
        place = Reviewer.objects.select_for_update(of=("self",)).select_related("user", "employer").get(pk=place.pk)
        shown = list(asked_about(place).filter(pk__in=seen))
        unseen = asked_about(place).exclude(pk__in=seen).order_by("submitted_at").first()
        made = [one for one in shown if one.pk in set(conflicts)]
        Conflict.objects.bulk_create(
            [Conflict(reviewer=place, nomination=one, why=why[:300], recorded_by=by) for one in made],
            ignore_conflicts=True,
        )
        now = timezone.now()
        place.employer = employer
        # Up to the moment before the first one they did not see.
        place.declared_at = now if unseen is None else _just_before(unseen.submitted_at)
        place.save(update_fields=["employer", "declared_at"])
        what = ConflictLogLine.What
        lines = [
            ConflictLogLine(reviewer=place, nomination=one, what=what.DECLARED, rule=Rule.DECLARED) for one in made
        ]
        ConflictLogLine.objects.bulk_create([*lines, ConflictLogLine(reviewer=place, what=what.NONE_DECLARED)])


def _just_before(moment: Any) -> Any:
    return moment - dt.timedelta(microseconds=1)


Pairs = dict[tuple[int, int], Rule]


def matrix(
    places: Sequence[Reviewer], nominations: Sequence[Nomination], pairs: Iterable[tuple[int, int]] | None = None
) -> Pairs:
    """Who is in conflict with what, and by which rule: by keys of places and nominations; six queries at most.

    ``pairs`` of such keys asks about those alone; else each place is asked about each nomination.
    """
    ties = ties_of(places)
    declared = set(Conflict.objects.filter(nomination__in=nominations).values_list("reviewer__user", "nomination"))
    named: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    people = NominationPerson.objects.filter(nomination__in=nominations).values_list("nomination", "email", "name")
    for pk, email, name in people:
        named[pk][0].add(email.casefold())
        named[pk][1].add(name.casefold())
    place_of = {one.pk: one for one in places}
    nomination_of = {one.pk: one for one in nominations}
    found: Pairs = {}
    for pair in pairs if pairs is not None else itertools.product(place_of, nomination_of):
        place, nomination = place_of[pair[0]], nomination_of[pair[1]]
        mine = ties[place.pk]
        emails, names = named.get(nomination.pk, (set(), set()))
        rule: Rule | None
        if (place.user_id, nomination.pk) in declared:
            rule = Rule.DECLARED
        elif (
            place.user_id in {nomination.started_by_id, nomination.signed_by_id}
            or mine.email.casefold() in emails
            or mine.name.casefold() in names
        ):
            rule = Rule.NAMED
        else:
            rule = mine.rule(nomination.organization.path)
        if rule is not None:
            found[pair] = rule
    return found


def note_refusal(user: Any, nominations: Iterable[Nomination], where: str) -> None:
    """Write down that somebody on a panel asked for what a conflict shuts out; others leave no line."""
    places = {place.edition_id: place for place in places_of(user)}
    for nomination in nominations:
        place = places.get(nomination.edition_id)
        if place is None:
            continue
        rule = matrix([place], [nomination]).get((place.pk, nomination.pk))
        if rule is not None:
            ConflictLogLine.objects.create(
                reviewer=place,
                nomination=nomination,
                what=ConflictLogLine.What.REFUSED,
                rule=rule,
                where=where[:200],
            )


def log_of(edition: Edition, user: Any) -> Any:
    """The log's lines that ``user`` may read: none that names a nomination they may know nothing of."""
    readable = Nomination.objects.on_panels_of(user).order_by().values("pk")
    return (
        ConflictLogLine.objects.filter(Q(nomination=None) | Q(nomination__in=readable), reviewer__edition=edition)
        .select_related("reviewer__user", "nomination__organization", "nomination__edition")
        .order_by("-at", "-pk")
    )


def in_words(rule: str) -> str:
    """A rule as a sentence says it."""
    return str(Rule(rule).label) if rule else _("no rule")
