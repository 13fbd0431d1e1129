"""What can be done with people's roles: give, change, end, hand over, close an account.

Every verb asks for the person who does it (``by``) and refuses, in words that person can read, what the access
module does not allow them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hstw.access import Role, may_appoint
from schools.models import Invitation, Organization, RoleAssignment, User
from schools.models.organization import Kind, lineage, unused_slug

# On which kinds of organization a role makes sense; elsewhere it would reach further than it is meant to.
PLACES: dict[Role, frozenset[Kind]] = {
    Role.SYSTEM_ADMINISTRATOR: frozenset({Kind.REGION}),
    Role.SREB_STAFF: frozenset({Kind.REGION, Kind.STATE}),
    Role.STATE_COORDINATOR: frozenset({Kind.STATE}),
    Role.DISTRICT_ADMINISTRATOR: frozenset({Kind.DISTRICT, Kind.COOPERATIVE}),
    Role.DISTRICT_PLANNER: frozenset({Kind.DISTRICT, Kind.COOPERATIVE}),
    Role.PRINCIPAL: frozenset({Kind.SCHOOL}),
    Role.SITE_TEAM: frozenset({Kind.SCHOOL}),
    Role.COUNSELOR: frozenset({Kind.SCHOOL, Kind.DISTRICT}),
    Role.CTE_DIRECTOR: frozenset({Kind.SCHOOL, Kind.DISTRICT, Kind.COOPERATIVE}),
    Role.BOARD_VIEWER: frozenset(Kind),
}


class PeopleError(ValueError):
    """A change to people's roles that is not allowed; the message is for the person."""


def roles_to_give(by: User, organization: Organization) -> list[Role]:
    """The roles that ``by`` may give there, in the order of the table."""
    allowed = may_appoint(by, organization)
    return [role for role in Role if role in allowed and organization.kind in PLACES[role]]


def may_change(by: User, assignment: RoleAssignment) -> bool:
    """Whether ``by`` could have given this role, and so may change or end it."""
    return Role(assignment.role) in may_appoint(by, assignment.organization)


@transaction.atomic
def assign_role(
    *,
    by: User,
    user: User,
    role: Role,
    organization: Organization,
    starts: dt.date,
    ends: dt.date | None = None,
    names_students: bool = False,
) -> RoleAssignment:
    """Give a role; raises :class:`PeopleError` where ``by`` may not or the person holds it in that period."""
    if role not in roles_to_give(by, organization):
        raise PeopleError(
            _("You may not make anyone %(role)s of %(organization)s.")
            % {"role": role.label, "organization": organization}
        )
    if not user.is_active:
        raise PeopleError(_("The account of %(person)s is closed.") % {"person": user})
    assignment = RoleAssignment(
        user=user,
        role=role,
        organization=organization,
        starts=starts,
        ends=ends,
        names_students=names_students and role == Role.SITE_TEAM,
    )
    _save(assignment)
    return assignment


@transaction.atomic
def change_role(
    *, by: User, assignment: RoleAssignment, ends: dt.date | None, names_students: bool | None = None
) -> RoleAssignment:
    """Set or clear the last day of a role, and whether it includes students' names."""
    assignment = _held(by, assignment)
    if assignment.ends != ends:
        _keep_one_system_administrator(assignment, ends)
    assignment.ends = ends
    if names_students is not None:
        assignment.names_students = names_students and assignment.role == Role.SITE_TEAM
    _save(assignment)
    return assignment


@transaction.atomic
def end_role(*, by: User, assignment: RoleAssignment, last_day: dt.date) -> None:
    """End a role with ``last_day``; one that would not have begun by then is removed (the history keeps it)."""
    assignment = _held(by, assignment)
    _end(assignment, last_day)


def _end(assignment: RoleAssignment, last_day: dt.date) -> None:
    if assignment.ends is not None and assignment.ends <= last_day:
        return
    _keep_one_system_administrator(assignment, last_day)
    if assignment.starts > last_day:
        assignment.delete()
        return
    assignment.ends = last_day
    _save(assignment)


def _held(by: User, assignment: RoleAssignment) -> RoleAssignment:
    """The row as it stands now, locked, if ``by`` may change it."""
    if not may_change(by, assignment):
        raise PeopleError(
            _("You may not change who is %(role)s of %(organization)s.")
            % {"role": assignment.get_role_display(), "organization": assignment.organization}
        )
    rows = RoleAssignment.objects.select_related("user", "organization__in_state").select_for_update(of=("self",))
    row: RoleAssignment = rows.get(pk=assignment.pk)
    return row


def _save(assignment: RoleAssignment) -> None:
    """Save within the rules of dated facts, and forget what the person was known to hold."""
    try:
        assignment.full_clean()
    except ValidationError as error:
        raise PeopleError(" ".join(error.messages)) from error
    assignment.save()
    assignment.user.__dict__.pop("_grants", None)


def _keep_one_system_administrator(assignment: RoleAssignment, ends: dt.date | None) -> None:
    """The system always has somebody who can give roles to others."""
    if assignment.role != Role.SYSTEM_ADMINISTRATOR or ends is None:
        return
    others = RoleAssignment.objects.filter(
        Q(ends=None) | Q(ends__gt=ends), role=Role.SYSTEM_ADMINISTRATOR, user__is_active=True
    ).exclude(pk=assignment.pk)
    if not others.exists():
        raise PeopleError(_("This is the last system administrator. Appoint another one first."))


@dataclass(frozen=True)
class Owned:
    """One sort of thing that people own: how to find it, and how to give it to somebody else.

    ``find(user, organization)`` answers what ``user`` owns there and below; ``give(by, rows, to)`` hands it over
    and may raise :class:`PeopleError`.
    """

    label: Any
    find: Callable[[User, Organization], QuerySet[Any]]
    give: Callable[[User, QuerySet[Any], User], None]


_owned: list[Owned] = []


def register(label: Any, find: Callable[..., QuerySet[Any]], give: Callable[..., None]) -> None:
    """Let a sort of owned thing take part in :func:`hand_over`; each app calls this once, when it is ready."""
    _owned.append(Owned(label, find, give))


def owned_by(user: User, organization: Organization) -> list[tuple[Owned, QuerySet[Any]]]:
    """What ``user`` owns on ``organization`` and below, by sort; sorts of which there is nothing are left out."""
    found = [(owned, owned.find(user, organization)) for owned in _owned]
    return [(owned, rows) for owned, rows in found if rows.exists()]


def roles_here(user: User, organization: Organization) -> QuerySet[RoleAssignment]:
    """The roles that ``user`` holds, or will hold, on ``organization`` and below."""
    return (
        _to_end(user)
        .filter(organization__path__startswith=organization.path)
        .order_by("organization__path", "role", "starts")
    )


def successors(by: User, leaver: User, organization: Organization) -> QuerySet[User]:
    """Who can take over: active people with a role on ``organization``, above or below, whom ``by`` may see."""
    near = RoleAssignment.objects.on(timezone.localdate()).filter(
        Q(organization__path__startswith=organization.path) | Q(organization__path__in=lineage(organization.path)[:-1])
    )
    found: QuerySet[User] = User.objects.visible_to(by).filter(pk__in=near.values("user"), is_active=True)
    return found.exclude(pk=leaver.pk)


@transaction.atomic
def hand_over(
    *,
    by: User,
    leaver: User,
    to: User | None,
    organization: Organization,
    last_day: dt.date,
    close_account: bool = False,
) -> None:
    """Give all that ``leaver`` owns on ``organization`` and below to ``to``, and end their roles there.

    All or nothing: raises :class:`PeopleError` where ``by`` may not change one of the roles, where something is
    owned and nobody is named to take it, or where that person may not have it.
    """
    owned = owned_by(leaver, organization)
    if owned and (to is None or to == leaver or not to.is_active):
        raise PeopleError(_("Choose somebody who takes over what %(person)s owns here.") % {"person": leaver})
    for kind, rows in owned:
        assert to is not None
        kind.give(by, rows, to)
    if close_account:
        deactivate(by=by, user=leaver)
    for assignment in roles_here(leaver, organization):
        end_role(by=by, assignment=assignment, last_day=last_day)


def may_deactivate(by: User, user: User) -> bool:
    """Whether ``by`` may close this account: all its roles must be theirs to end."""
    roles = list(_to_end(user))
    return by != user and bool(roles) and all(may_change(by, assignment) for assignment in roles)


def _to_end(user: User) -> QuerySet[RoleAssignment]:
    """The roles that are held today or later."""
    return RoleAssignment.objects.filter(Q(ends=None) | Q(ends__gte=timezone.localdate()), user=user).select_related(
        "user", "organization__in_state"
    )


@transaction.atomic
def deactivate(*, by: User, user: User) -> None:
    """Close an account: roles end today, sign-in is refused from now on, open sessions end."""
    if not may_deactivate(by, user):
        raise PeopleError(_("You may not close the account of %(person)s.") % {"person": user})
    for assignment in _to_end(user):
        end_role(by=by, assignment=assignment, last_day=timezone.localdate())
    user.is_active = False
    user.save(update_fields=["is_active"])
    for session in UserSession.objects.filter(user=user):
        session.end()


def _open_invitations(user: User, organization: Organization) -> QuerySet[Invitation]:
    return Invitation.objects.open().filter(invited_by=user, organization__path__startswith=organization.path)


def _give_invitations(by: User, rows: QuerySet[Invitation], to: User) -> None:
    """An invitation is as good as its sender's right to appoint: the new sender must have it too."""
    for invitation in rows.select_related("organization__in_state"):
        if Role(invitation.role) not in may_appoint(to, invitation.organization):
            raise PeopleError(
                _("%(person)s may not invite a %(role)s to %(organization)s: withdraw that invitation first.")
                % {
                    "person": to,
                    "role": invitation.get_role_display(),
                    "organization": invitation.organization,
                }
            )
    rows.update(invited_by=to)


register(gettext_lazy("open invitations"), _open_invitations, _give_invitations)


def add_region(name: str) -> Organization:
    """A new root of the tree."""
    region: Organization = Organization.objects.add_root({"kind": Kind.REGION, "name": name, "slug": unused_slug(name)})
    return region


@transaction.atomic
def make_administrator(*, email: str, name: str, password: str | None, region: Organization) -> User:
    """Make somebody system administrator of ``region``, from the command line: nobody there has to allow it.

    A known address keeps its account and password; a closed account is opened again.
    """
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User(email=User.objects.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.full_clean()
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    elif not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
    today = timezone.localdate()
    held = RoleAssignment.objects.on(today).filter(
        user=user, role=Role.SYSTEM_ADMINISTRATOR, organization=region, ends=None
    )
    if not held.exists():
        _save(RoleAssignment(user=user, role=Role.SYSTEM_ADMINISTRATOR, organization=region, starts=today))
    return user
