"""Writes the organizations of the demonstration world and their networks, designations, cooperatives."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.utils.text import slugify

from schools.models import CooperativeMember, NetworkMembership, Organization, SupportDesignation
from schools.models.membership import Network, Support
from schools.models.organization import Design, Kind

from .geography import GRADES, District, School, State
from .world import World

_STREETS = ("Main Street", "College Avenue", "Depot Street", "Church Street", "Industrial Parkway")
_TEXTS = (
    *("nces_id", "state_id", "street", "city", "county", "postal_state", "zip_code", "phone", "website"),
    *("design", "grade_low", "grade_high"),
)
_UNKNOWN = ("latitude", "longitude", "opened", "closed", "successor_id", "in_state_id")
_REQUIRED: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, ""),
    **dict.fromkeys(_UNKNOWN),
    "time_zone": "America/New_York",
    "shared_time": False,
    "version": 1,
    "numchild": 0,
}


class _Tree:
    """Collects organizations in tree order, with the paths that treebeard would give them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: list[dict[str, Any]] = []
        self.by_pk: dict[int, dict[str, Any]] = {}
        self.slugs: Counter[str] = Counter()

    def add(self, parent: int | None, kind: Kind, name: str, **fields: Any) -> int:
        """Add the next child of ``parent``; its primary key."""
        above = self.by_pk.get(parent) if parent is not None else None
        depth, position = 1, 1
        if above is not None:
            above["numchild"] += 1
            depth, position = above["depth"] + 1, above["numchild"]
        pk = self.world.writer.take(Organization, 1)
        row = {
            "id": pk,
            "path": Organization._get_path(above["path"] if above else None, depth, position),
            "depth": depth,
            **_REQUIRED,
            "kind": kind.value,
            "name": name,
            "slug": self._slug(f"{name} {fields.get('postal_state', '')}"),
            **fields,
        }
        self.rows.append(row)
        self.by_pk[pk] = row
        return pk

    def _slug(self, text: str) -> str:
        base = slugify(text)[:72]
        self.slugs[base] += 1
        return base if self.slugs[base] == 1 else f"{base}-{self.slugs[base]}"


def load_organizations(world: World) -> None:
    """Write the tree: region, states, districts and schools, a cooperative in each state."""
    tree = _Tree(world)
    world.region_pk = tree.add(
        None, Kind.REGION, "Southern Regional Education Board", city="Atlanta", postal_state="GA"
    )
    for state in world.states:
        _add_state(tree, world, state)
    world.writer.write_rows(Organization, tree.rows)


def _add_state(tree: _Tree, world: World, state: State) -> None:
    place: dict[str, Any] = {"postal_state": state.postal, "time_zone": state.time_zone}
    state.pk = tree.add(world.region_pk, Kind.STATE, state.name, nces_id=state.fips, state_id=state.fips, **place)
    for number, district in enumerate(state.districts, start=1):
        # Numbers from 90000 on are not given to districts that exist.
        nces_id = f"{state.fips}{90000 + number}"
        state_id = f"{800 + number}"
        place |= {
            "in_state_id": state.pk,
            "city": district.city,
            "county": district.county,
            "zip_code": f"{int(state.fips) * 1000 + number:05d}",
        }
        district.pk = tree.add(
            state.pk,
            Kind.DISTRICT,
            district.name + (" Schools" if state.postal != "KY" else ""),
            nces_id=nces_id,
            state_id=state_id,
            street=f"{100 + number} {_STREETS[number % len(_STREETS)]}",
            phone=f"({200 + int(state.fips)}) 555-01{number % 100:02d}",
            website=f"https://{slugify(district.name)}.example",
            **place,
        )
        _add_schools(tree, world, district, nces_id, state_id, place)
    state.cooperative_pk = tree.add(
        state.pk,
        Kind.COOPERATIVE,
        _cooperative_name(state),
        state_id="950",
        **(place | {"city": state.districts[0].city, "county": state.districts[0].county}),
    )


def _cooperative_name(state: State) -> str:
    return f"{state.districts[0].city} Valley Education Cooperative"


def _add_schools(
    tree: _Tree, world: World, district: District, nces_id: str, state_id: str, place: dict[str, Any]
) -> None:
    for number, school in enumerate(district.schools, start=1):
        school.pk = tree.add(
            district.pk,
            Kind.SCHOOL,
            school.name,
            nces_id=f"{nces_id}{number:05d}",
            state_id=f"{state_id}{number * 10:03d}",
            street=f"{number * 120} {_STREETS[(number + 2) % len(_STREETS)]}",
            phone=f"(205) 555-{1000 + number:04d}",
            design=school.design,
            grade_low=GRADES[school.low],
            grade_high=GRADES[school.high],
            shared_time=school.shared_time,
            opened=dt.date(1950 + (district.pk * 7 + number * 5) % 55, 8, 1),
            **place,
        )
    by_name = {school.name: school.pk for school in district.schools}
    for school in district.schools:
        if school.closes is not None:
            row = tree.by_pk[school.pk]
            row["closed"] = dt.date(school.closes, 6, 30)
            row["successor_id"] = by_name[school.successor]


_NETWORK = {
    Design.HIGH: Network.HSTW,
    Design.MIDDLE: Network.MMGW,
    Design.TECHNOLOGY_CENTER: Network.TCTW,
}


def load_standing(world: World) -> None:
    """Write network memberships, federal designations and the members of the cooperatives."""
    memberships: list[dict[str, Any]] = []
    designations: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    rng = world.random("standing")
    for position, school in enumerate(world.schools()):
        memberships.extend(_memberships(school, position, rng.random(), world.today))
        designations.extend(_designations(school, position, world.last_year))
    for state in world.states:
        members.extend(_members(state, state.cooperative_pk, world.last_year))
    world.writer.write_rows(NetworkMembership, memberships)
    world.writer.write_rows(SupportDesignation, designations)
    world.writer.write_rows(CooperativeMember, members)


def _memberships(school: School, position: int, chance: float, today: dt.date) -> list[dict[str, Any]]:
    """The older network until 2019, Making Schools Work since; some joined late, a few left."""
    end = dt.date(school.closes, 6, 30) if school.closes else None
    if chance > 0.75 and position > 8:
        return []
    rows: list[tuple[Network, dt.date, dt.date | None]] = []
    network = _NETWORK.get(Design(school.design))
    if network is not None and chance < 0.6:
        rows.append((network, dt.date(2008 + position % 9, 7, 1), dt.date(2019, 6, 30)))
    starts = dt.date(2019, 7, 1) if chance < 0.6 else dt.date(today.year - 2, 7, 1)
    if chance > 0.7 and end is None and position > 8:
        end = dt.date(today.year - 1, 6, 30)
    if end is None or end > starts:
        rows.append((Network.MSW, starts, end))
    return [
        {
            "organization_id": school.pk,
            "network": row_network.value,
            "route": "contract" if position % 6 == 5 else "state_network",
            "starts": row_starts,
            "ends": row_ends,
        }
        for row_network, row_starts, row_ends in rows
    ]


def _designations(school: School, position: int, year: int) -> list[dict[str, Any]]:
    """One school in eight carries a federal label; some had one and left it."""
    if school.shared_time or school.closes:
        return []
    choices = {
        0: (Support.TSI, "Students with disabilities: achievement", year - 1, None),
        2: (Support.ATSI, "English learners: achievement and growth", year - 2, None),
        3: (Support.CSI, "Graduation rate below 67 percent", year - 6, year - 2),
        10: (Support.CSI, "Lowest 5 percent of Title I schools", year - 1, None),
    }
    kind, reason, first, last = choices.get(position % 12, (None, "", 0, None))
    if kind is None or (kind == Support.CSI and last and school.high != 12):
        return []
    return [
        {
            "organization_id": school.pk,
            "kind": kind.value,
            "reason": reason,
            "starts": dt.date(first - 1, 12, 1),
            "ends": dt.date(last, 6, 30) if last else None,
        }
    ]


def _members(state: State, cooperative: int, year: int) -> list[dict[str, Any]]:
    """Two districts in three are members; every fifth of them left some years ago and came back."""
    rows: list[dict[str, Any]] = []
    for position, district in enumerate(state.districts):
        if position % 3 == 2:
            continue
        spells: list[tuple[dt.date, dt.date | None]] = [(dt.date(year - 9, 7, 1), None)]
        if position % 5 == 1:
            spells = [(dt.date(year - 9, 7, 1), dt.date(year - 4, 6, 30)), (dt.date(year - 2, 7, 1), None)]
        rows.extend(
            {"cooperative_id": cooperative, "member_id": district.pk, "starts": starts, "ends": ends}
            for starts, ends in spells
        )
    return rows
