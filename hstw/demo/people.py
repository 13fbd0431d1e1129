"""Writes the staff of the demonstration world: every role, ten of them with addresses one can remember."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.timezone import get_current_timezone

from hstw.access import Role
from schools.models import Invitation, RoleAssignment, User

from .geography import District, School, State
from .names import FEMALE, LAST, MALE
from .world import World

PASSWORD = "demo-pacesetter-2026"  # noqa: S105 - meant to be known; production refuses these accounts
DOMAIN = "demo.example"

# Addresses for trying out, with the position that the person holds.
SIGN_INS: dict[str, tuple[Role, str]] = {
    "admin": (Role.SYSTEM_ADMINISTRATOR, "System administrator"),
    "sreb": (Role.SREB_STAFF, "Director of School Improvement"),
    "state": (Role.STATE_COORDINATOR, "State coordinator"),
    "district": (Role.DISTRICT_ADMINISTRATOR, "Superintendent"),
    "planner": (Role.DISTRICT_PLANNER, "Director of planning"),
    "principal": (Role.PRINCIPAL, "Principal"),
    "team": (Role.SITE_TEAM, "Mathematics teacher"),
    "counselor": (Role.COUNSELOR, "School counselor"),
    "cte": (Role.CTE_DIRECTOR, "Director of career and technical education"),
    "board": (Role.BOARD_VIEWER, "Member of the board of education"),
}


class Post(NamedTuple):
    """A role to be filled: where, and under which address; ``named`` sees students by name."""

    address: str
    role: Role
    organization: int
    title: str
    named: bool = False


def load_people(world: World) -> None:
    """Write users with verified addresses and the roles they hold, then three invitations."""
    rng = world.random("people")
    posts = list(_posts(world))
    # One hash for all: it is one password, and hashing is meant to be slow.
    password = make_password(PASSWORD, salt=f"demonstration{world.seed:08d}")
    joined = _moment(dt.date(world.last_year - 3, 8, 3))
    users: dict[str, dict[str, Any]] = {}
    roles = []
    for number, post in enumerate(posts):
        if post.address not in users:
            first = (FEMALE, MALE)[rng.integers(2)]
            users[post.address] = {
                "id": world.writer.take(User, 1),
                "password": password,
                "last_login": None,
                "email": f"{post.address}@{DOMAIN}",
                "name": f"{first[rng.integers(len(first))]} {LAST[rng.integers(len(LAST))]}",
                "title": post.title,
                "is_active": True,
                "is_demo": True,
                "date_joined": joined,
            }
        roles.append(
            {
                "user_id": users[post.address]["id"],
                "role": post.role.value,
                "organization_id": post.organization,
                "names_students": post.named,
                "starts": dt.date(world.last_year - 1 - number % 5, 7, 1),
                "ends": None,
            }
        )
        if post.role == Role.DISTRICT_ADMINISTRATOR:
            world.loaders[post.organization] = users[post.address]["id"]
    world.writer.write_rows(User, list(users.values()))
    world.writer.write_rows(
        EmailAddress,
        [{"email": user["email"], "verified": True, "primary": True, "user_id": user["id"]} for user in users.values()],
    )
    world.writer.write_rows(RoleAssignment, [*roles, *_former(world, users)])
    _load_invitations(world, users)


def _moment(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9, 30), get_current_timezone())


def home(world: World) -> tuple[State, District, School]:
    """Where the ten sign-ins work: the first district with a high school and a technology center."""
    for state in world.states:
        for district in state.districts:
            if any(school.shared_time for school in district.schools):
                high = next(school for school in district.schools if school.has_grade_9 and school.closes is None)
                return state, district, high
    raise ValueError("The demonstration world has no district with a technology center.")


def _posts(world: World) -> Iterator[Post]:
    """Every role of every organization: first the ten, then everybody else."""
    state, district, high = home(world)
    place = {
        Role.SYSTEM_ADMINISTRATOR: world.region_pk,
        Role.SREB_STAFF: world.region_pk,
        Role.STATE_COORDINATOR: state.pk,
        Role.DISTRICT_ADMINISTRATOR: district.pk,
        Role.DISTRICT_PLANNER: district.pk,
        Role.CTE_DIRECTOR: district.pk,
        Role.BOARD_VIEWER: district.pk,
    }
    taken = set()
    for address, (role, title) in SIGN_INS.items():
        organization = place.get(role, high.pk)
        taken.add((role, organization))
        yield Post(address, role, organization, title, role == Role.SITE_TEAM)
    for post in _other_posts(world):
        if (post.role, post.organization) not in taken or post.role == Role.SITE_TEAM:
            yield post


def _other_posts(world: World) -> Iterator[Post]:
    yield Post("coach.region", Role.SREB_STAFF, world.region_pk, "School improvement coach")
    for state in world.states:
        code = state.postal.lower()
        yield Post(f"coordinator.{code}", Role.STATE_COORDINATOR, state.pk, "State coordinator")
        for role, title in (
            (Role.DISTRICT_ADMINISTRATOR, "Executive director"),
            (Role.DISTRICT_PLANNER, "Improvement specialist"),
            (Role.CTE_DIRECTOR, "Career pathways consultant"),
        ):
            yield Post(f"cooperative.{_short(role)}.{code}", role, state.cooperative_pk, title)
        for number, district in enumerate(state.districts, start=1):
            yield from _district_posts(district, f"{code}{number:02d}")


def _district_posts(district: District, code: str) -> Iterator[Post]:
    for role, title in (
        (Role.DISTRICT_ADMINISTRATOR, "Superintendent"),
        (Role.DISTRICT_PLANNER, "Director of federal programs"),
        (Role.CTE_DIRECTOR, "CTE director"),
        (Role.BOARD_VIEWER, "Member of the board of education"),
    ):
        yield Post(f"{_short(role)}.{code}", role, district.pk, title)
    for position, school in enumerate(district.schools, start=1):
        if school.closes is not None:
            continue
        spot = f"{code}.{position}"
        title = "Director" if school.shared_time else "Principal"
        yield Post(f"principal.{spot}", Role.PRINCIPAL, school.pk, title)
        yield Post(f"counselor.{spot}", Role.COUNSELOR, school.pk, "School counselor")
        yield Post(f"team1.{spot}", Role.SITE_TEAM, school.pk, "Instructional coach", named=True)
        yield Post(f"team2.{spot}", Role.SITE_TEAM, school.pk, "Science teacher")
        if school.shared_time:
            yield Post(f"cte.{spot}", Role.CTE_DIRECTOR, school.pk, "CTE coordinator")


def _short(role: Role) -> str:
    return {
        Role.DISTRICT_ADMINISTRATOR: "superintendent",
        Role.DISTRICT_PLANNER: "planner",
        Role.CTE_DIRECTOR: "cte",
        Role.BOARD_VIEWER: "board",
    }[role]


def _former(world: World, users: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """A role that has ended: the superintendent was the high school's principal before."""
    _state, _district, high = home(world)
    return [
        {
            "user_id": users["district"]["id"],
            "role": Role.PRINCIPAL.value,
            "organization_id": high.pk,
            "names_students": False,
            "starts": dt.date(world.last_year - 9, 7, 1),
            "ends": dt.date(world.last_year - 5, 6, 30),
        }
    ]


def _load_invitations(world: World, users: dict[str, dict[str, Any]]) -> None:
    """One invitation still open, one that ran out, one that was accepted."""
    _state, district, high = home(world)
    rng = world.random("invitations")
    principal, superintendent = users["principal"]["id"], users["district"]["id"]
    rows = []
    for address, name, title, role, place, by, age, accepted in (
        ("new.teacher", "Jordan Fields", "English teacher", Role.SITE_TEAM, high.pk, principal, 4, None),
        ("late.counselor", "Robin Vance", "Counselor", Role.COUNSELOR, high.pk, principal, 40, None),
        ("planner", "", "Planner", Role.DISTRICT_PLANNER, district.pk, superintendent, 400, "planner"),
    ):
        invited = _moment(world.today - dt.timedelta(days=age))
        rows.append(
            {
                "public_id": uuid.UUID(bytes=rng.bytes(16), version=4),
                "email": f"{address}@{DOMAIN}",
                "name": name or users[address]["name"],
                "title": title,
                "organization_id": place,
                "role": role.value,
                "names_students": False,
                "ends": None,
                "invited_by_id": by,
                "invited_at": invited,
                "expires_at": invited + dt.timedelta(days=settings.INVITATION_DAYS),
                "accepted_at": invited + dt.timedelta(days=2) if accepted else None,
                "accepted_by_id": users[accepted]["id"] if accepted else None,
                "withdrawn_at": None,
            }
        )
    world.writer.write_rows(Invitation, rows)
