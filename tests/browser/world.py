"""The world that pages are looked at in: every list has rows, some names are long, one list has several pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from hstw.access import Role
from hstw.navigation import current_year
from schools.models import (
    CooperativeMember,
    Invitation,
    NetworkMembership,
    Organization,
    RoleAssignment,
    SupportDesignation,
    User,
)
from tests import factories
from tests.browser.awards import FilledAwards, fill_awards
from tests.browser.data import FilledData, fill_data
from tests.browser.pathways import FilledPathways, fill_pathways
from tests.browser.planning import fill_plans
from tests.browser.readiness import fill_readiness

LONG_NAME = "The Honorable Wilhelmina Featherstonehaugh-Montgomery Memorial Career and Technical High School"


@dataclass
class FilledWorld:
    """The small world with something on every page, and somebody in each role."""

    places: factories.World
    people: dict[str, User]
    membership: NetworkMembership
    invitation: Invitation
    leaving: RoleAssignment
    key: Authenticator
    data: FilledData
    pathways: FilledPathways
    awards: FilledAwards
    plans: dict[str, Any]


def fill() -> FilledWorld:
    """Make it; once per database."""
    places = factories.make_world()
    people = {role.value: factories.person(role, factories.place_of(role, places)) for role in Role}
    for role, name in zip(Role, NAMES, strict=True):
        User.objects.filter(pk=people[role.value].pk).update(name=name, email=f"{role.value}@browser.example")
        people[role.value].refresh_from_db()
    year = current_year()
    for number in range(60):
        factories.organization(
            "school",
            places.tombigbee,
            LONG_NAME if number == 0 else f"Tombigbee School {number:02d}",
            design="middle",
            grade_low="06",
            grade_high="08",
            city="Demopolis",
            postal_state="AL",
            slug=f"tombigbee-{number:02d}",
        )
    membership = NetworkMembership.objects.create(organization=places.ridge, network="msw", starts=dt.date(2019, 7, 1))
    NetworkMembership.objects.create(
        organization=places.ridge, network="hstw", starts=dt.date(2009, 7, 1), ends=dt.date(2019, 6, 30)
    )
    SupportDesignation.objects.create(
        organization=places.ridge, kind="atsi", reason="Students with disabilities", starts=dt.date(2024, 7, 1)
    )
    CooperativeMember.objects.create(cooperative=places.cooperative, member=places.cahaba, starts=dt.date(2020, 7, 1))
    for grade, students in (("09", 12), ("10", 11), ("11", 10), ("12", 3)):
        for _ in range(students):
            factories.enrollment(places.ridge, year, grade)
    Organization.objects.filter(pk=places.ridge.pk).update(street="100 Ridge Road", phone="205-555-0100")
    invitation = Invitation.objects.create(
        email="new.teacher@browser.example",
        name="Nia Teacher",
        organization=places.ridge,
        role=Role.SITE_TEAM,
        invited_by=people[Role.PRINCIPAL],
    )
    lee = factories.person(name="Lee Leaver", email="lee@browser.example")
    soon = timezone.localdate() + dt.timedelta(days=10)
    leaving = factories.assign(lee, Role.COUNSELOR, places.ridge, ends=soon)
    fern = factories.person(name="Fern Former", email="fern@browser.example")
    factories.assign(fern, Role.COUNSELOR, places.ridge, ends=year.first_day + dt.timedelta(days=3))
    people["second_factor"] = careful = factories.person(Role.PRINCIPAL, places.valley, name="Mo Factor")
    TOTP.activate(careful, generate_totp_secret())
    RecoveryCodes.activate(careful)
    key = Authenticator.objects.create(
        user=careful, type=Authenticator.Type.WEBAUTHN, data={"name": "Blue key", "credential": {}}
    )
    for person in people.values():
        # The sign-in library adds a second factor only for those whose address is known to be theirs.
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    data = fill_data(places, people)
    fill_readiness(places, data.imports["evidence"])
    pathways, awards = fill_pathways(places, people), fill_awards(places, people)
    plans = fill_plans(places, people)
    return FilledWorld(places, people, membership, invitation, leaving, key, data, pathways, awards, plans)


NAMES = [
    "Ada Admin",
    "Sam Southern",
    "Casey Coordinator",
    "Dana District",
    "Parker Planner",
    "Pat Principal",
    "Toni Team",
    "Chris Counselor",
    "Terry Tech",
    "Blair Board",
]
