"""When the numbers are made anew: what changed at once, what became known each night, all of it by command."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from goals.models import Cursor, RollupRun, StalePair
from goals.models.measure import Basis
from goals.planning import status
from goals.readiness import rollup
from goals.readiness.amounts import all_measures
from hstw.values import SchoolYear
from schools.models import CooperativeMember, Organization

# A run that has not ended after so long has lost its worker.
LOST_AFTER = dt.timedelta(hours=6)
# A night that was missed is made up for.
NIGHTS = 4


def sweep() -> RollupRun | None:
    """Mark what new evidence can change and count it; ``None`` where nothing waits.

    Two sweeps at once divide the work: each pair is counted by one of them.
    """
    mark_changes()
    _end_lost_runs()
    waiting = rollup.stale()
    if not waiting:
        return None
    pairs = [(pair.organization, Basis(pair.basis), pair.year) for pair in waiting]
    record = rollup.run(pairs, reason="changed evidence", only_stale=True)
    refresh_goals(pairs, record)
    return record


def mark_changes() -> None:
    """Mark what changed evidence and memberships can change; what is counted from here on is counted for it too."""
    while rollup.mark_new():
        pass
    mark_memberships()


def refresh_goals(pairs: list[tuple[Organization, Basis, int]], record: RollupRun) -> None:
    """Work out anew how goals go, where the run changed any figure."""
    if not record.changed:
        return
    for state in {state.pk: state for state, _basis, _year in pairs}.values():
        status.refresh(state, [year for one, _basis, year in pairs if one.pk == state.pk])


def nightly(today: dt.date | None = None) -> RollupRun | None:
    """What changed, and what became known because a school year is over, though no evidence changed."""
    today = today or timezone.localdate()
    mark_memberships(since=timezone.now() - dt.timedelta(days=NIGHTS))
    sweep()
    known = newly_known(today)
    pairs = [
        (state, basis, year)
        for state in rollup.states()
        for basis, year in rollup.pairs_of(state)
        if (basis, year) in known
    ]
    if not pairs:
        return None
    record = rollup.run(pairs, reason="became known", today=today)
    refresh_goals(pairs, record)
    return record


def mark_memberships(since: dt.datetime | None = None) -> None:
    """Mark the states whose cooperatives have gained, lost or redated a member since the last time.

    Their history says so, however it was written. Events of a transaction that was open meanwhile are passed over by
    their number: ``since`` looks at all from a time on once more, each night.
    """
    events = CooperativeMember.pgh_event_model.objects.all()  # type: ignore[attr-defined]  # made by the tracker
    with transaction.atomic():
        cursor, _made = Cursor.objects.select_for_update().get_or_create(name="cooperatives")
        last = events.aggregate(last=Max("pgh_id"))["last"] or 0
        new = events.filter(pgh_created_at__gte=since) if since else events.filter(pgh_id__gt=cursor.position)
        touched = set(new.values_list("cooperative_id", flat=True)) if since or last > cursor.position else set()
        states = Organization.objects.filter(
            pk__in=Organization.objects.filter(pk__in=touched).order_by().values("in_state")
        )
        for state in states:
            rollup.mark_state(state)
        if last > cursor.position:
            cursor.position = last
            cursor.save(update_fields=["position"])


def newly_known(today: dt.date) -> set[tuple[Basis, int]]:
    """The bases and years of which some measure became known in the last :data:`NIGHTS` nights."""
    ended = SchoolYear.on(today) - 1
    if not dt.timedelta(0) < today - SchoolYear(ended).last_day <= dt.timedelta(days=NIGHTS):
        return set()
    return {(one.basis, ended - one.after) for one in all_measures() if one.final or one.after}


def everything() -> list[tuple[Organization, Basis, int]]:
    """Every pair of every state that has evidence."""
    return [(state, basis, year) for state in rollup.states() for basis, year in rollup.pairs_of(state)]


def of_organization(organization: Organization, year: int | None) -> list[tuple[Organization, Basis, int]]:
    """The pairs that hold an organization's numbers: its state's, of one year or of all."""
    state = organization.in_state or organization
    return [(state, basis, one) for basis, one in rollup.pairs_of(state) if year is None or one == year]


def mark_again(run: RollupRun) -> int:
    """Have what failed counted now, instead of when its time comes; returns how many pairs wait for that."""
    now = timezone.now()
    later = StalePair.objects.filter(marked_at__gt=now)
    names = [name for name in run.scope.split(", ") if name]
    return later.filter(organization__name__in=names).update(marked_at=now)


def _end_lost_runs() -> None:
    now = timezone.now()
    RollupRun.objects.filter(state=RollupRun.State.RUNNING, started_at__lt=now - LOST_AFTER).update(
        state=RollupRun.State.FAILED,
        finished_at=now,
        error=_("Its worker has gone. The numbers of before stand; what was not counted is counted again."),
    )
