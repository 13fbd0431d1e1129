"""What a person owes to their organizations, from the facts of ``schools``: the first thing on their home page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hstw.access import Action
from schools.models import Invitation, Organization, RoleAssignment
from schools.organizations import missing_facts

ROLE_ENDS_WITHIN = dt.timedelta(days=30)
SHOWN = 5


@dataclass(frozen=True)
class Owed:
    """One thing to do: what, why, where, and by when if there is a day."""

    title: str
    why: str
    url: str
    due: dt.date | None = None


def owed_by(user: Any) -> list[Owed]:
    """What ``user`` owes today, the dated first; a constant number of queries."""
    found = [*_second_factor(user), *_roles_ending(user), *_invitations(user), *_missing_facts(user)]
    return by_day(found)


def by_day(found: list[Owed]) -> list[Owed]:
    """Things to do in the order of their days; those without one come last."""
    return sorted(found, key=lambda owed: owed.due or dt.date.max)


def _second_factor(user: Any) -> list[Owed]:
    if not user.works_with_named_students() or user.has_second_factor:
        return []
    if user.authenticator_set.exists():
        return []
    why = (
        _("Your role works with students by name; until then their names stay hidden.")
        if settings.SECOND_FACTOR_REQUIRED
        else _("Your role works with students by name.")
    )
    return [Owed(_("Add a second factor to your account"), why, reverse("mfa_index"))]


def _roles_ending(user: Any) -> list[Owed]:
    """Roles of others, where ``user`` manages people, that end soon: renew them or let them go."""
    today = timezone.localdate()
    ending = (
        RoleAssignment.objects.filter(
            organization__in=Organization.objects.visible_to(user, Action.MANAGE_PEOPLE).order_by().values("pk"),
            ends__range=(today, today + ROLE_ENDS_WITHIN),
        )
        .exclude(user=user)
        .select_related("user", "organization")
        .order_by("ends", "pk")[:SHOWN]
    )
    return [
        Owed(
            _("%(person)s’s role as %(role)s ends") % {"person": row.user, "role": row.get_role_display().lower()},
            _("%(organization)s: renew it, or hand over what they own.") % {"organization": row.organization},
            _people_url(row.organization),
            row.ends,
        )
        for row in ending
    ]


def _invitations(user: Any) -> list[Owed]:
    """Invitations that ``user`` sent and nobody has taken."""
    waiting = Invitation.objects.visible_to(user).open().filter(invited_by=user).select_related("organization")
    return [
        Owed(
            _("%(name)s has not accepted your invitation") % {"name": row.name},
            _("%(organization)s: send it again, or withdraw it.") % {"organization": row.organization},
            _people_url(row.organization),
            row.expires_at.date(),
        )
        for row in waiting.order_by("expires_at", "pk")[:SHOWN]
    ]


def _missing_facts(user: Any) -> list[Owed]:
    """Schools that cannot be compared because their design or grades are not recorded."""
    schools = missing_facts(Organization.objects.visible_to(user, Action.EDIT_ORGANIZATION))
    n = schools.count()
    first = list(schools.order_by("name", "pk")[:1])
    if not first:
        return []
    year = first[0].get_absolute_url().rstrip("/").rpartition("/")[2]
    return [
        Owed(
            ngettext("Complete the facts of %(name)s", "Complete the facts of %(name)s and %(others)s more", n)
            % {"name": first[0].name, "others": n - 1},
            _("Without design and grades a school is compared with nobody."),
            reverse("schools:organization_edit", args=[first[0].slug, year]),
        )
    ]


def _people_url(organization: Organization) -> str:
    return organization.get_absolute_url() + "people/"
