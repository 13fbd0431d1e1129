"""Mail about what people owe: one digest with one link, daily or weekly, that tapers and never compares people."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals.models import FINISHED, ActionStep, Delegation, DigestChoice
from goals.planning.owed import FRESH
from hstw import outbox
from hstw.access import TABLE, Action, Role
from schools.models import User

# Days from the due date on which a daily digest speaks of a step: ever more seldom, then no more.
DAILY = frozenset({-14, -3, 0, 1, 3, 7, 14, 28})
# What a weekly digest speaks of.
WEEKLY = range(-14, 43)
MONDAY, SATURDAY = 0, 5


def send_digests(today: dt.date | None = None) -> int:
    """Queue the digests of a day; returns how many. Called again the same day, it queues none twice."""
    today = today or timezone.localdate()
    if today.weekday() >= SATURDAY:
        return 0
    steps = (
        ActionStep.objects.filter(owner__is_active=True, due__range=_span(today))
        .exclude(status__in=FINISHED)
        .exclude(status_at__gt=timezone.now() - FRESH)
        .select_related("owner", "strategy__plan_goal__plan__organization")
        .order_by("due", "pk")
    )
    by_owner: dict[int, list[ActionStep]] = defaultdict(list)
    for step in steps:
        by_owner[step.owner_id or 0].append(step)
    mine: dict[int, list[ActionStep]] = defaultdict(list, {pk: list(found) for pk, found in by_owner.items()})
    held = Delegation.objects.filter(Q(ends=None) | Q(ends__gte=today), principal__in=by_owner)
    for principal, delegate in held.values_list("principal", "delegate"):
        mine[delegate] += by_owner[principal]
    rhythms = dict(DigestChoice.objects.filter(user__in=mine).values_list("user", "rhythm"))
    people = User.objects.filter(pk__in=mine, is_active=True).order_by("pk")
    letters = []
    for person in people:
        rhythm = rhythms.get(person.pk, DigestChoice.Rhythm.WEEKLY)
        chosen = _spoken_of(person, mine[person.pk], rhythm, today)
        if chosen:
            letters.append(_letter(person, chosen, today))
    outbox.queue_many(letters)
    return len(letters)


def _span(today: dt.date) -> tuple[dt.date, dt.date]:
    """The due dates that any digest may speak of."""
    return today - dt.timedelta(days=WEEKLY.stop), today - dt.timedelta(days=WEEKLY.start)


def _spoken_of(person: User, steps: list[ActionStep], rhythm: str, today: dt.date) -> list[ActionStep]:
    """The steps that a digest speaks of today; none for somebody whose role has gone, or who wants none."""
    if rhythm == DigestChoice.Rhythm.NEVER or (rhythm == DigestChoice.Rhythm.WEEKLY and today.weekday() != MONDAY):
        return []
    days = DAILY if rhythm == DigestChoice.Rhythm.DAILY else WEEKLY
    wanted = [step for step in steps if (today - step.due).days in days]
    if not wanted or not person.holds(*(Role(role) for role in TABLE[Action.UPDATE_ACTION])):
        return []
    return sorted(wanted, key=lambda step: (step.due, step.pk))


def _letter(person: User, steps: list[ActionStep], today: dt.date) -> outbox.Letter:
    n = len(steps)
    return outbox.Letter(
        key=f"digest:{person.pk}:{today.isoformat()}",
        to=person.email,
        subject=ngettext("%(n)s action step is waiting for a word from you", "%(n)s action steps are waiting", n)
        % {"n": n},
        template="digest",
        context={
            "person": person,
            "steps": steps,
            "today": today,
            "link": settings.SITE_URL + reverse("goals:owed"),
            "closing": _("Once you have said how they go, no mail about them comes for a week."),
        },
    )
