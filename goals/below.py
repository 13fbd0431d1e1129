"""What stands below an organization and can be set side by side, and how it is narrowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from goals.readiness import cooperatives
from hstw.values import SchoolYear
from schools.models import NetworkMembership, Organization
from schools.models.organization import Grade, Kind

# What can be compared below what; the first is what is shown where nothing is chosen.
BELOW: dict[str, tuple[str, ...]] = {
    Kind.REGION: (Kind.STATE, Kind.DISTRICT, Kind.SCHOOL),
    Kind.STATE: (Kind.DISTRICT, Kind.SCHOOL, Kind.COOPERATIVE),
    Kind.COOPERATIVE: (Kind.DISTRICT, Kind.SCHOOL),
    Kind.DISTRICT: (Kind.SCHOOL,),
}


@dataclass(frozen=True)
class Asked:
    """What is compared, and how it is narrowed and sorted; blank narrows nothing. ``than`` is a second group."""

    measure: str
    group: str = "ALL"
    than: str = ""
    kind: str = ""
    q: str = ""
    design: str = ""
    grade: str = ""
    network: str = ""
    goal: str = ""
    sort: str = ""


def base_of(organization: Organization) -> Organization:
    """Below what the comparison stands: a school is compared with those of its district."""
    if organization.kind != Kind.SCHOOL:
        return organization
    return Organization.objects.get(path=organization.path[: -organization.steplen])


def kinds_below(base: Organization) -> list[str]:
    """What of those below can be compared: the kinds that there are; one query."""
    there = set(units_below(base).order_by().values_list("kind", flat=True).distinct())
    offered = BELOW.get(base.kind, ())
    return [kind for kind in offered if kind in there] or list(offered[:1])


def units_below(base: Organization, year: int | None = None) -> Any:
    """All that stands below; for a cooperative its members of the year, and their schools."""
    if base.kind != Kind.COOPERATIVE or base.in_state is None:
        return Organization.objects.filter(path__startswith=base.path).exclude(pk=base.pk)
    at = SchoolYear.on(timezone.localdate()) if year is None else year
    paths = [path for _member, path in cooperatives.members(base.in_state, at).get(base.pk, [])]
    within = Q(pk=None)
    for path in paths:
        within |= Q(path__startswith=path)
    return Organization.objects.filter(within)


def narrowed(units: Any, asked: Asked, year: SchoolYear) -> Any:
    """Those of them that are asked for: by words, design, grade and membership in a network in that year."""
    if asked.q:
        units = units.search(asked.q)
    if asked.design:
        units = units.filter(design=asked.design)
    if asked.grade in Grade.values:
        # Grades have an order that is not that of their codes.
        order = Grade.values
        at = order.index(asked.grade)
        units = units.filter(grade_low__in=order[: at + 1], grade_high__in=order[at:])
    if asked.network:
        in_force = NetworkMembership.objects.filter(Q(ends=None) | Q(ends__gte=year.first_day)).filter(
            organization=OuterRef("pk"), starts__lte=year.last_day
        )
        if asked.network != "any":
            in_force = in_force.filter(network=asked.network)
        units = units.filter(Exists(in_force))
    return units
