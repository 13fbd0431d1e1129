"""Makes the things that tests are about: one function per model, and one small world."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from hstw.access import Role
from schools.models import Enrollment, Organization, RoleAssignment, Student, User
from schools.models.organization import Kind

PASSWORD = "correct horse battery staple"
LONG_AGO = dt.date(2015, 7, 1)
_serial = itertools.count(1)


def region(name: str = "SREB") -> Organization:
    """A root of the tree."""
    return Organization.objects.add_root({"kind": Kind.REGION, "name": name, "slug": f"region-{next(_serial)}"})


def organization(kind: str, parent: Organization, name: str = "", **facts: Any) -> Organization:
    """One below ``parent``."""
    n = next(_serial)
    state = None
    if kind not in {Kind.REGION, Kind.STATE}:
        state = parent if parent.kind == Kind.STATE else parent.in_state
    facts.setdefault("slug", f"{kind}-{n}")
    facts |= {"kind": kind, "name": name or f"{Kind(kind).label} {n}", "in_state": state}
    return Organization.objects.add_child(parent, facts)


def person(role: str | None = None, on: Organization | None = None, **fields: Any) -> User:
    """Somebody who can sign in with :data:`PASSWORD`, with a role if one is named."""
    n = next(_serial)
    names_students = fields.pop("names_students", False)
    fields.setdefault("name", f"Person {n}")
    fields.setdefault("email", f"person{n}@example.org")
    user = User.objects.create_user(fields.pop("email"), PASSWORD, **fields)
    if role is not None:
        assign(user, role, on, names_students=names_students)
    return user


def assign(user: User, role: str, on: Organization | None, **fields: Any) -> RoleAssignment:
    """A role held since long ago."""
    fields.setdefault("starts", LONG_AGO)
    return RoleAssignment.objects.create(user=user, role=role, organization=on, **fields)


def student(**fields: Any) -> Student:
    """One student."""
    n = next(_serial)
    return Student.objects.create(**{"first_name": "Student", "last_name": f"Number {n}", **fields})


def enrollment(school: Organization, year: int, grade: str = "09", **fields: Any) -> Enrollment:
    """A year at a school, of a new student unless one is given."""
    fields.setdefault("student", None)
    fields["student"] = fields["student"] or student()
    fields.setdefault("entered", dt.date(year - 1, 8, 15))
    return Enrollment.objects.create(organization=school, year=year, grade=grade, **fields)


@dataclass
class World:
    """SREB with two states: the smallest world in which own, sibling and foreign differ for every role."""

    region: Organization
    alabama: Organization
    kentucky: Organization
    cahaba: Organization
    tombigbee: Organization
    bluegrass: Organization
    ridge: Organization
    valley: Organization
    harbor: Organization
    derby: Organization
    cooperative: Organization


def make_world() -> World:
    """Alabama: Cahaba (Ridge, Valley), Tombigbee (Harbor), a cooperative. Kentucky: Bluegrass (Derby)."""
    sreb = region()
    alabama = organization(Kind.STATE, sreb, "Alabama", slug="alabama", postal_state="AL", nces_id="01")
    kentucky = organization(Kind.STATE, sreb, "Kentucky", slug="kentucky", postal_state="KY", nces_id="21")
    cahaba = organization(Kind.DISTRICT, alabama, "Cahaba County", slug="cahaba", postal_state="AL", nces_id="0100001")
    tombigbee = organization(Kind.DISTRICT, alabama, "Tombigbee City", slug="tombigbee", postal_state="AL")
    bluegrass = organization(Kind.DISTRICT, kentucky, "Bluegrass County", slug="bluegrass", postal_state="KY")
    high = {"design": "high", "grade_low": "09", "grade_high": "12"}
    return World(
        region=sreb,
        alabama=alabama,
        kentucky=kentucky,
        cahaba=cahaba,
        tombigbee=tombigbee,
        bluegrass=bluegrass,
        ridge=organization(
            Kind.SCHOOL,
            cahaba,
            "Cahaba Ridge High School",
            slug="ridge",
            city="Cahaba",
            postal_state="AL",
            nces_id="010000100001",
            **high,
        ),
        valley=organization(Kind.SCHOOL, cahaba, "Cahaba Valley High School", slug="valley", **high),
        harbor=organization(Kind.SCHOOL, tombigbee, "Harbor High School", slug="harbor", **high),
        derby=organization(Kind.SCHOOL, bluegrass, "Derby High School", slug="derby", **high),
        cooperative=organization(Kind.COOPERATIVE, alabama, "Black Belt Cooperative", slug="black-belt"),
    )


def place_of(role: str, world: World) -> Organization:
    """Where in the world somebody with this role belongs."""
    return {
        Role.SYSTEM_ADMINISTRATOR: world.region,
        Role.SREB_STAFF: world.region,
        Role.STATE_COORDINATOR: world.alabama,
        Role.DISTRICT_ADMINISTRATOR: world.cahaba,
        Role.DISTRICT_PLANNER: world.cahaba,
        Role.CTE_DIRECTOR: world.cahaba,
        Role.BOARD_VIEWER: world.cahaba,
    }.get(Role(role), world.ridge)
