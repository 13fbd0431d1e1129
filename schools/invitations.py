"""Invite people: one or many at once; send again, withdraw, accept.

An invitation is worth what its sender may give at the moment it is taken, not at the moment it was written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hstw import links, outbox
from hstw.access import Role, may_appoint
from hstw.models import OutgoingMail
from schools.models import Invitation, Organization, RoleAssignment, User
from schools.models.invitation import expiry
from schools.people import PLACES, PeopleError
from schools.sign_in import prove_address

PURPOSE = "invitation"

# How a path of this site becomes an address that works in a mail.
Address = Callable[[str], str]


class InvitationError(PeopleError):
    """An invitation that cannot be sent or taken; the message is for the person."""


class SignInFirst(InvitationError):
    """The invited person has an account: they take the invitation signed in to it."""


@dataclass(frozen=True)
class Offer:
    """A role to be offered to somebody."""

    name: str
    email: str
    organization: Organization
    role: Role
    title: str = ""
    names_students: bool = False
    ends: dt.date | None = None


def problems(by: User, offers: list[Offer]) -> list[list[str]]:
    """What stands against each offer, in words; an empty list where nothing does. Five queries for any number."""
    emails = {offer.email.lower() for offer in offers}
    people = {user.email.lower(): user for user in User.objects.annotate(at=Lower("email")).filter(at__in=emails)}
    today = timezone.localdate()
    held = set(
        RoleAssignment.objects.on(today)
        .filter(user__in=people.values())
        .values_list("user", "organization", "role")
        .order_by()
    )
    invited = set(
        Invitation.objects.open()
        .annotate(at=Lower("email"))
        .filter(at__in=emails)
        .values_list("at", "organization", "role")
    )
    allowed: dict[int, frozenset[Role]] = {}
    seen: set[tuple[str, int, str]] = set()
    found = []
    for offer in offers:
        place, email = offer.organization, offer.email.lower()
        if place.pk not in allowed:
            allowed[place.pk] = may_appoint(by, place)
        user = people.get(email)
        key = (email, place.pk, offer.role.value)
        wrong = []
        try:
            validate_email(offer.email)
        except ValidationError:
            wrong.append(_("The e-mail address is not one."))
        if offer.role not in allowed[place.pk]:
            wrong.append(_("You may not invite anyone to this role there."))
        elif place.kind not in PLACES[offer.role]:
            wrong.append(_("This role does not belong to this kind of organization."))
        if offer.ends is not None and offer.ends < today:
            wrong.append(_("The role would have ended already."))
        if user is not None and not user.is_active:
            wrong.append(_("The account with this address has been closed."))
        if user is not None and (user.pk, place.pk, offer.role.value) in held:
            wrong.append(_("This person holds this role already."))
        if key in invited:
            wrong.append(_("This person has been invited to this role already."))
        if key in seen:
            wrong.append(_("The same invitation stands further up."))
        seen.add(key)
        found.append(wrong)
    return found


@transaction.atomic
def invite(*, by: User, offers: list[Offer], address: Address) -> list[Invitation]:
    """Write the invitations and queue their mails; all or none.

    Raises :class:`InvitationError` with the first thing that stands against one of them.
    """
    for offer, wrong in zip(offers, problems(by, offers), strict=True):
        if wrong:
            raise InvitationError(f"{offer.email}: {wrong[0]}")
    _withdraw_expired(offers)
    invitations = Invitation.objects.bulk_create(
        Invitation(
            email=offer.email.lower(),
            name=offer.name,
            title=offer.title,
            organization=offer.organization,
            role=offer.role,
            names_students=offer.names_students and offer.role == Role.SITE_TEAM,
            ends=offer.ends,
            invited_by=by,
        )
        for offer in offers
    )
    _mail(invitations, serial=1, by=by, address=address)
    return invitations


@transaction.atomic
def resend(invitation: Invitation, *, by: User, address: Address) -> None:
    """Send the mail again, with a new link and the whole time to take it; ``by`` becomes its sender."""
    invitation = _locked(invitation)
    _still_offered(invitation)
    _may_offer(by, invitation)
    invitation.expires_at = expiry()
    invitation.invited_by = by
    invitation.save(update_fields=["expires_at", "invited_by"])
    sent = OutgoingMail.objects.filter(key__startswith=_key(invitation, "")).count()
    _mail([invitation], serial=sent + 1, by=by, address=address)


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    """Take an invitation back; its link says so from now on."""
    invitation = _locked(invitation)
    _still_offered(invitation)
    _may_offer(by, invitation)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])


def token(invitation: Invitation) -> str:
    """What the link carries."""
    return links.sign(PURPOSE, str(invitation.public_id))


def find(signed: str) -> Invitation:
    """The invitation of a link; raises :class:`hstw.links.BrokenLink` or :class:`hstw.links.ExpiredLink`."""
    public_id = links.read(PURPOSE, signed, valid_for=dt.timedelta(days=settings.INVITATION_DAYS))
    try:
        rows = Invitation.objects.select_related("organization__in_state", "invited_by")
        invitation: Invitation = rows.get(public_id=public_id)
    except Invitation.DoesNotExist as error:
        raise links.BrokenLink from error
    return invitation


def check(invitation: Invitation) -> None:
    """Raise :class:`InvitationError`, saying why, where the invitation cannot be taken now."""
    _still_offered(invitation)
    if invitation.expires_at <= timezone.now():
        raise InvitationError(_("This invitation has expired. Ask for a new one."))
    if invitation.ends is not None and invitation.ends < timezone.localdate():
        raise InvitationError(_("The role you were invited to has ended."))
    sender = User.objects.get(pk=invitation.invited_by_id)
    if not sender.is_active or Role(invitation.role) not in may_appoint(sender, invitation.organization):
        raise InvitationError(
            _("%(person)s, who invited you, can no longer give this role. Ask for a new invitation.")
            % {"person": sender}
        )


def account_of(invitation: Invitation) -> User | None:
    """The account that the invited address has already."""
    account: User | None = User.objects.filter(email__iexact=invitation.email).first()
    return account


@transaction.atomic
def accept(
    invitation: Invitation, *, signed_in: User | None = None, name: str = "", password: str | None = None
) -> User:
    """Take an invitation: a new account, or the role added to the one that the address has.

    Taking it twice as the same person changes nothing. Raises :class:`SignInFirst` where the address has an
    account that is not ``signed_in``, :class:`InvitationError` where it cannot be taken.
    """
    # All of this address, so that two invitations taken at once do not make two accounts.
    locked = Invitation.objects.select_for_update(of=("self",)).filter(email=invitation.email).order_by("pk")
    invitation = next(row for row in locked.select_related("organization__in_state") if row.pk == invitation.pk)
    user = account_of(invitation)
    if user is not None and signed_in != user:
        if invitation.accepted_at is None:
            check(invitation)
        raise SignInFirst(_("Sign in as %(email)s to take this invitation.") % {"email": invitation.email})
    if user is not None and invitation.accepted_by_id == user.pk:
        return user
    check(invitation)
    if user is None:
        user = User.objects.create_user(
            invitation.email, password, name=name or invitation.name, title=invitation.title
        )
    prove_address(user)
    _add_role(invitation, user)
    invitation.accepted_at = timezone.now()
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    return user


def _add_role(invitation: Invitation, user: User) -> None:
    """The role from today; where it is held, or will be, in that time, what is held is kept."""
    today = timezone.localdate()
    later = RoleAssignment.objects.filter(
        user=user, organization=invitation.organization, role=invitation.role, ends=None
    ) | RoleAssignment.objects.filter(
        user=user, organization=invitation.organization, role=invitation.role, ends__gte=today
    )
    if later.exists():
        return
    RoleAssignment.objects.create(
        user=user,
        organization=invitation.organization,
        role=invitation.role,
        names_students=invitation.names_students,
        starts=today,
        ends=invitation.ends,
    )
    user.__dict__.pop("_grants", None)


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("organization__in_state")
    locked: Invitation = rows.get(pk=invitation.pk)
    return locked


def _may_offer(by: User, invitation: Invitation) -> None:
    if Role(invitation.role) not in may_appoint(by, invitation.organization):
        raise InvitationError(_("You may not invite anyone to this role there."))


def _still_offered(invitation: Invitation) -> None:
    if invitation.accepted_at is not None:
        raise InvitationError(_("This invitation has been used."))
    if invitation.withdrawn_at is not None:
        raise InvitationError(_("This invitation has been withdrawn."))


def _withdraw_expired(offers: list[Offer]) -> None:
    """An offer made anew takes the place of one that ran out."""
    wanted = {(offer.email.lower(), offer.organization.pk, offer.role.value) for offer in offers}
    lapsed = (
        Invitation.objects.annotate(at=Lower("email"))
        .filter(
            at__in={email for email, _place, _role in wanted},
            accepted_at=None,
            withdrawn_at=None,
            expires_at__lte=timezone.now(),
        )
        .values_list("pk", "at", "organization", "role")
    )
    gone = [pk for pk, *key in lapsed if tuple(key) in wanted]
    Invitation.objects.filter(pk__in=gone).update(withdrawn_at=timezone.now())


def _key(invitation: Invitation, serial: int | str) -> str:
    return f"invitation-{invitation.public_id}-{serial}"


def _mail(invitations: Iterable[Invitation], *, serial: int, by: User, address: Address) -> None:
    outbox.queue_many(
        outbox.Letter(
            key=_key(invitation, serial),
            to=invitation.email,
            subject=_("%(person)s invites you to %(organization)s")
            % {"person": by, "organization": invitation.organization},
            template="invitation",
            context={
                "invitation": invitation,
                "sender": by,
                "link": address(reverse("schools:invitation_accept", args=[token(invitation)])),
            },
        )
        for invitation in invitations
    )
