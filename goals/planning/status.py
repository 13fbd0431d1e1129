"""How a goal goes, with the reason in words; worked out anew after each load.

The rule, for a measure of which more is better (mirrored where less is better), with *v* the latest known figure, of
year *y*; *t(y)* the target of that year (between two targets, and between baseline and first target, a straight line);
*T* the target of the end year *Y*:

* **Done**: v reaches T.
* **On track**: v reaches t(y), before the end year.
* **At risk**: v is below t(y), but at most one point (one unit) below, or the last gain a year is at least what is
  needed a year from now on, (T − v) / (Y − y).
* **Off track**: neither; or the end year is over.
* **No data**: no figure after the baseline year, or only one that is too old or hidden. It is never green.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from goals.figures import OWN, entitled
from goals.models import BoldGoal, GoalStanding, Measure, Status, StatusOverride, TypedFigure, Viewer, YearTarget
from goals.models.measure import Direction
from goals.planning import series as all_series
from goals.planning.series import Series, Value, gain_said, said
from hstw.values import SchoolYear
from schools.models import Organization, User

NEAR = Decimal(1)
# A figure so many years older than the latest that could be known says nothing of today.
TOO_OLD = 2


@dataclass(frozen=True)
class Standing:
    """A status, why, and of which year's figure."""

    status: Status
    reason: str
    year: int | None = None


def target_of(year: int, targets: Mapping[int, Decimal], baseline: tuple[int, Decimal | None]) -> Decimal | None:
    """The target of a year: its own, or on the straight line between its neighbors; ``None`` before the baseline."""
    points = dict(targets)
    if baseline[1] is not None:
        points.setdefault(baseline[0], baseline[1])
    if year in points:
        return points[year]
    before = max((one for one in points if one < year), default=None)
    after = min((one for one in points if one > year), default=None)
    if before is None or after is None:
        return None if before is None else points[before]
    return points[before] + (points[after] - points[before]) * (year - before) / (after - before)


def judge(
    measure: Measure,
    values: Series,
    targets: Mapping[int, Decimal],
    *,
    baseline_year: int,
    end_year: int,
    this_year: int,
) -> Standing:
    """The status of a series against its targets (the rule above). ``targets`` holds the end year's."""
    goal = targets.get(end_year)
    known = [value for value in values if value.value is not None]
    if goal is None:
        return Standing(Status.NO_DATA, _("The target of the end year is missing."))
    if not known:
        why = values[-1].text if values else _("not reported")
        return Standing(Status.NO_DATA, _("No figure yet: %(why)s.") % {"why": why})
    latest = known[-1]
    if latest.year <= baseline_year:
        return Standing(Status.NO_DATA, _("No figure after the baseline of %(year)s.") % {"year": latest.label})
    if latest.year < this_year - measure.lag_years - TOO_OLD:
        return Standing(Status.NO_DATA, _("The last figure is of %(year)s.") % {"year": latest.label}, latest.year)
    if latest.bound:
        return _by_bound(measure, latest, goal, target_of(latest.year, targets, (baseline_year, None)))
    baseline = next((one.value for one in known if one.year == baseline_year and not one.bound), None)
    return _by_value(measure, known, goal, end_year, target_of(latest.year, targets, (baseline_year, baseline)))


def _by_value(measure: Measure, known: Series, goal: Decimal, end_year: int, target: Decimal | None) -> Standing:
    latest = known[-1]
    assert latest.value is not None
    sign = -1 if measure.direction == Direction.LOWER else 1
    words = {"value": latest.text, "year": latest.label, "goal": said(measure, goal)}
    if sign * (latest.value - goal) >= 0:
        return Standing(Status.DONE, _("%(value)s in %(year)s reaches the goal of %(goal)s.") % words, latest.year)
    if latest.year >= end_year:
        short = gain_said(measure, abs(goal - latest.value)).removeprefix("+")
        words["short"] = short
        return Standing(
            Status.OFF_TRACK,
            _("Ended at %(value)s in %(year)s, %(short)s short of %(goal)s.") % words,
            latest.year,
        )
    need = (goal - latest.value) / (end_year - latest.year)
    gain = _last_gain(known)
    words["need"], words["gain"] = gain_said(measure, need), "" if gain is None else gain_said(measure, gain)
    pace = (
        _("needs %(need)s a year, gained %(gain)s") % words if gain is not None else _("needs %(need)s a year") % words
    )
    words["pace"] = pace
    if target is not None:
        words["target"] = said(measure, target)
        if sign * (latest.value - target) >= 0:
            text = _("%(value)s in %(year)s reaches the year's target of %(target)s; %(pace)s.") % words
            return Standing(Status.ON_TRACK, text, latest.year)
        text = _("%(value)s in %(year)s misses the year's target of %(target)s; %(pace)s.") % words
        near = abs(latest.value - target) <= NEAR
    else:
        text, near = _("%(value)s in %(year)s; %(pace)s.") % words, False
    keeps_pace = gain is not None and sign * (gain - need) >= 0
    if target is None and keeps_pace:
        return Standing(Status.ON_TRACK, text, latest.year)
    return Standing(Status.AT_RISK if near or keeps_pace else Status.OFF_TRACK, text, latest.year)


def _by_bound(measure: Measure, latest: Value, goal: Decimal, target: Decimal | None) -> Standing:
    """A figure of which only a bound may be told: judged where the bound decides, and no data where it does not."""
    assert latest.value is not None
    higher = measure.direction != Direction.LOWER
    good = (latest.bound == "least") == higher
    words = {"value": latest.text, "year": latest.label, "goal": said(measure, goal)}
    sign = 1 if higher else -1
    if good and sign * (latest.value - goal) >= 0:
        return Standing(Status.DONE, _("%(value)s in %(year)s reaches the goal of %(goal)s.") % words, latest.year)
    aim = goal if target is None else target
    words["target"] = said(measure, aim)
    if good and sign * (latest.value - aim) >= 0:
        text = _("%(value)s in %(year)s reaches the year's target of %(target)s.") % words
        return Standing(Status.ON_TRACK, text, latest.year)
    if not good and sign * (latest.value - aim) < 0:
        text = _("%(value)s in %(year)s misses the year's target of %(target)s.") % words
        return Standing(Status.OFF_TRACK, text, latest.year)
    text = _("Only a range may be told: %(value)s in %(year)s.") % words
    return Standing(Status.NO_DATA, text, latest.year)


def _last_gain(known: Series) -> Decimal | None:
    """What was gained a year between the last two known figures."""
    exact = [value for value in known if not value.bound]
    if len(exact) < 2:
        return None
    before, last = exact[-2:]
    assert before.value is not None
    assert last.value is not None
    return (last.value - before.value) / (last.year - before.year)


def refresh(state: Organization, years: Iterable[int] | None = None, *, today: dt.date | None = None) -> int:
    """Work out anew how the goals of a state and all below go, after figures of ``years`` (all) were swapped.

    Statuses that people set by hand end with it. Returns how many goals were looked at. To be called after a rollup has
    committed: it reads the releases that the rollup made.
    """
    goals = BoldGoal.objects.filter(organization__path__startswith=state.path, stopped_on=None)
    years = None if years is None else list(years)
    if years is not None:
        if not years:
            return 0
        goals = goals.filter(baseline_year__lte=max(years))
    return refresh_goals(goals, today=today)


def refresh_goals(goals: Any, *, today: dt.date | None = None, end_overrides: bool = True) -> int:
    """As :func:`refresh`, for a QuerySet of goals."""
    now = timezone.now()
    rows = standings(goals, today=today or timezone.localdate(), made_at=now)
    if not rows:
        return 0
    found = {row.goal_id for row in rows}
    with transaction.atomic():
        GoalStanding.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["goal", "viewer"],
            update_fields=["status", "reason", "year", "made_at"],
            batch_size=1_000,
        )
        if end_overrides:
            StatusOverride.objects.filter(goal__in=found, ended_at=None, made_at__lte=now).update(ended_at=now)
    return len(found)


def standings(goals: Any, *, today: dt.date, made_at: dt.datetime) -> list[GoalStanding]:
    """How a QuerySet of goals goes, as each audience may read it; rows that are not written yet."""
    found = list(goals.select_related("organization", "measure", "group").prefetch_related("targets"))
    if not found:
        return []
    this_year = SchoolYear.on(today)
    rows = []
    for viewer, audience in ((Viewer.OWN, OWN), (Viewer.NETWORK, "network"), (Viewer.PUBLIC, "public")):
        values = all_series.of_goals(None, found, audience=audience, through=this_year)
        for goal in found:
            standing = standing_of(goal, values[goal.pk], this_year)
            rows.append(
                GoalStanding(
                    goal=goal,
                    viewer=viewer,
                    status=standing.status,
                    reason=standing.reason[:300],
                    year=standing.year,
                    made_at=made_at,
                )
            )
    return rows


def standing_of(goal: BoldGoal, values: Series, this_year: int) -> Standing:
    """The status of one goal from its series; its targets are prefetched."""
    return judge(
        goal.measure,
        values,
        {target.year: target.value for target in goal.targets.all()},
        baseline_year=goal.baseline_year,
        end_year=goal.end_year,
        this_year=this_year,
    )


@dataclass(frozen=True)
class Shown:
    """A goal's status as one person reads it; ``override`` is the one set by hand, whose reason replaces the other."""

    status: str
    reason: str
    override: StatusOverride | None = None
    computed: GoalStanding | None = None


def prefetches() -> list[Prefetch[Any]]:
    """What :func:`shown` reads of goals: give it to ``prefetch_related``."""
    return [
        Prefetch("standings", GoalStanding.objects.order_by("pk")),
        Prefetch(
            "overrides", StatusOverride.objects.filter(ended_at=None).select_related("by"), to_attr="open_overrides"
        ),
        Prefetch("targets", YearTarget.objects.order_by("year")),
    ]


def shown(user: Any, goals: Iterable[BoldGoal]) -> dict[int, Shown]:
    """The status of each goal as ``user`` (nobody: the network) may read it; goals come with :func:`prefetches`."""
    goals = list(goals)
    exact = entitled(user, [goal.organization for goal in goals]) if user is not None else set()
    found = {}
    for goal in goals:
        viewer = Viewer.OWN if goal.organization_id in exact else Viewer.NETWORK
        row = next((one for one in goal.standings.all() if one.viewer == viewer), None)
        override: StatusOverride | None = next(iter(goal.open_overrides), None)  # type: ignore[attr-defined]
        if override is not None:
            found[goal.pk] = Shown(override.status, override.reason, override, row)
        elif row is None:
            found[goal.pk] = Shown(Status.NO_DATA, _("Not worked out yet."))
        else:
            found[goal.pk] = Shown(row.status, row.reason, None, row)
    return found


class StatusError(ValueError):
    """A status that cannot be set by hand; the message is for the person."""


@transaction.atomic
def override(goal: BoldGoal, status: str, reason: str, by: User) -> StatusOverride:
    """Set a status by hand until figures are loaded next; raises :class:`StatusError` without a reason."""
    if not reason.strip():
        raise StatusError(_("Say why: the reason is shown beside the status."))
    if status not in Status.values or status == Status.NO_DATA:
        raise StatusError(_("Choose a status."))
    BoldGoal.objects.select_for_update().get(pk=goal.pk)
    goal.overrides.filter(ended_at=None).update(ended_at=timezone.now())
    made: StatusOverride = goal.overrides.create(status=status, reason=reason.strip(), by=by)
    return made


def end_override(goal: BoldGoal) -> None:
    """Let the figures speak again."""
    goal.overrides.filter(ended_at=None).update(ended_at=timezone.now())


def type_in(row: TypedFigure) -> None:
    """Write a typed figure and work out the goals that stand on its series."""
    with transaction.atomic():
        row.save()
        refresh_goals(
            BoldGoal.objects.filter(
                Q(source="typed"),
                organization=row.organization,
                measure=row.measure,
                group=row.group,
                stopped_on=None,
            )
        )
