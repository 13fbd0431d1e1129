"""The network's bold goals to choose from, each with its possible denominators, and how yearly targets come about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from goals.models import BoldGoal, Measure, Source, StudentGroup, YearTarget
from goals.planning import series, status
from hstw.navigation import current_year
from schools.models import Organization


@dataclass(frozen=True)
class Suggestion:
    """A bold goal of the network (domain reference 1.2); ``measures`` are its possible series, by what they count."""

    code: str
    title: Any
    percent: Decimal
    measures: tuple[tuple[str, str], ...]
    why: Any


LIBRARY: tuple[Suggestion, ...] = (
    Suggestion(
        "ready-for-9",
        _("90 % of students enter ninth grade ready for high school"),
        Decimal(90),
        (("READY_FOR_9", Source.TYPED),),
        _("SREB names no formula: say which rule your district uses."),
    ),
    Suggestion(
        "on-time",
        _("95 % of students graduate on time"),
        Decimal(95),
        (("ACGR4", Source.COMPUTED), ("ACGR4", Source.PUBLISHED)),
        _("Of the adjusted cohort, dropouts included. A new district has no cohort yet and takes the published rate."),
    ),
    Suggestion(
        "ready",
        _("80 % graduate ready for college, a career or both"),
        Decimal(80),
        (
            ("READY_EITHER", Source.COMPUTED),
            ("READY_OF_CLASS", Source.TYPED),
            ("STATE_READY_EITHER_COHORT", Source.COMPUTED),
        ),
        _("Choose of whom: of the year's graduates, or of the ninth-grade class with those who did not graduate."),
    ),
    Suggestion(
        "by-25",
        _("60 % hold a credential or degree of value by age 25"),
        Decimal(60),
        (("CREDENTIAL_BY_25", Source.COMPUTED), ("CREDENTIAL_BY_25", Source.TYPED)),
        _("Known about seven years after graduation, from the National Student Clearinghouse or the state."),
    ),
)


def offered() -> list[tuple[Suggestion, list[tuple[Measure, str]]]]:
    """The library with the measures of each suggestion."""
    codes = {code for suggestion in LIBRARY for code, _source in suggestion.measures}
    measures = Measure.objects.in_bulk(codes, field_name="code")
    return [
        (suggestion, [(measures[code], str(Source(source).label)) for code, source in suggestion.measures])
        for suggestion in LIBRARY
    ]


def initial(suggestion: Suggestion, number: int) -> dict[str, Any]:
    """How the form of a new goal is filled in for a suggestion and one of its measures."""
    code, source = suggestion.measures[min(number, len(suggestion.measures) - 1)]
    year = int(current_year())
    return {
        "title": str(suggestion.title),
        "measure": Measure.objects.get(code=code).pk,
        "group": StudentGroup.objects.get(code="ALL").pk,
        "source": source,
        "baseline_year": year - 1,
        "end_year": year + 4,
        "target": suggestion.percent,
    }


def baseline_of(goal: BoldGoal) -> Decimal | None:
    """The figure of the baseline year as the network may see it: the steps made from it are shown to everybody."""
    values = series.of_goals(None, [goal], audience="network")[goal.pk]
    return next((value.value for value in values if value.year == goal.baseline_year and not value.bound), None)


def steps(baseline: tuple[int, Decimal | None], end: tuple[int, Decimal]) -> dict[int, Decimal]:
    """Equal yearly steps from the baseline to the goal, one decimal each; the goal alone where there is no baseline."""
    (first, start), (last, goal) = baseline, end
    found = {last: goal}
    if start is not None:
        for year in range(first + 1, last):
            step = start + (goal - start) * (year - first) / (last - first)
            found[year] = step.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return found


@transaction.atomic
def set_targets(goal: BoldGoal, targets: dict[int, Decimal]) -> None:
    """Make these the targets of the goal; those of other years go."""
    YearTarget.objects.filter(goal=goal).exclude(year__in=targets).delete()
    for year, value in targets.items():
        YearTarget.objects.update_or_create(goal=goal, year=year, defaults={"value": value})
    status.refresh_goals(BoldGoal.objects.filter(pk=goal.pk), end_overrides=False)


def district_goals(organization: Organization) -> Any:
    """The goals of the districts above a school that its own goals can answer."""
    step = organization.steplen
    above = [organization.path[:end] for end in range(step, len(organization.path), step)]
    return BoldGoal.objects.filter(
        organization__path__in=above, organization__kind="district", stopped_on=None
    ).select_related("organization")


def answering(above: BoldGoal) -> dict[str, Any]:
    """How the form of a school's goal is filled in that answers a district's: the same measure, group and end."""
    target = above.targets.filter(year=above.end_year).first()
    return {
        "title": above.title,
        "measure": above.measure_id,
        "group": above.group_id,
        "source": above.source,
        "publisher": above.publisher,
        "baseline_year": above.baseline_year,
        "end_year": above.end_year,
        "target": target.value if target else None,
        "answers": above.pk,
    }
