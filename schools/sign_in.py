"""How people sign in: allauth with this project's conditions.

People come by invitation. Whoever signs in, by password, passkey, identity provider or a new password,
passes :func:`may_sign_in`.
"""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from hstw import outbox
from schools.models import User

_PROOFS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def may_sign_in(user: User) -> bool:
    """Active people; demonstration accounts only where they are allowed."""
    return user.is_active and (settings.DEMO_SIGN_IN_ALLOWED or not user.is_demo)


def needs_second_factor(user: User) -> bool:
    """Whether this person's work is with named students and no second factor has been set up."""
    return user.works_with_named_students() and not is_mfa_enabled(user, _PROOFS)


class Backend(AuthenticationBackend):
    """Sign-in by e-mail and password; also what every request reads the signed-in person through."""

    def user_can_authenticate(self, user: Any) -> bool:
        return may_sign_in(user)


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation: nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Every way of signing in comes through here, also those that ask no backend."""
        if not may_sign_in(user):
            clear_login(request)
            response: HttpResponse = self.respond_user_inactive(request, user)
            return response
        return None

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Remind those who will meet students' names of the second factor that opens them."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if needs_second_factor(user):
            messages.warning(
                request,
                format_html(
                    '{} <a href="{}">{}</a>',
                    _("Your role works with students by name: add a second factor to see the names."),
                    reverse("mfa_index"),
                    _("Add an authenticator or a passkey"),
                ),
            )
        return response

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        if may_sign_in(user):
            super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, so that a slow mail server neither delays an answer nor tells by its delay."""
        request = self.request
        message = self.render_mail(template_prefix, email, {"request": request, "email": email, **context})
        html = ""
        if isinstance(message, EmailMultiAlternatives) and message.alternatives:
            html = str(message.alternatives[0][0])
        outbox.queue_text(f"account-{uuid.uuid4()}", email, str(message.subject), str(message.body), html=html)

    def reauthenticate(self, user: Any, password: str) -> bool:
        """By the person's own address, whether or not allauth keeps a row for it."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An identity provider signs in people who are known here; it does not make new ones.

    Each time anew by the address that the provider vouches for: no provider's account is tied to a person.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """The person with an address that the provider has verified and may vouch for."""
        domains = settings.IDENTITY_PROVIDER_DOMAINS.get(sociallogin.account.provider, ())
        for address in sociallogin.email_addresses:
            # Some providers send the text "false", which is true.
            if address.verified is not True:
                continue
            if domains and address.email.rpartition("@")[2].lower() not in domains:
                continue
            user = User.objects.filter(email__iexact=address.email).first()
            if user is not None:
                prove_address(user)
                return user, user.email
        return None

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse, on a page that says why, whoever is not known here by a verified address."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT or not sociallogin.is_existing:
            addresses = [address for address in sociallogin.email_addresses if address.email]
            page = render(
                request,
                "schools/people_not_known.html",
                {
                    "provider": sociallogin.provider.name,
                    "email": addresses[0].email if addresses else "",
                    "verified": any(address.verified is True for address in addresses),
                },
                status=403,
            )
            raise ImmediateHttpResponse(page)


def prove_address(user: User) -> None:
    """Write down that the person's address is theirs: an invitation or an identity provider has shown it."""
    with transaction.atomic():
        EmailAddress.objects.filter(user=user, primary=True).exclude(email__iexact=user.email).delete()
        EmailAddress.objects.update_or_create(
            user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
        )


def _count_new_authenticator(request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Setting up an authenticator shows that it is at hand: the session has its second factor from now on."""
    if authenticator.type in _PROOFS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


def _forget_removed_authenticator(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """What an authenticator opened closes with it, here and in the person's other sessions."""
    left = set(Authenticator.objects.filter(user=user).values_list("pk", flat=True))
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record for record in records if record.get("method") != "mfa" or record.get("id") in left
    ]
    end_other_sessions(request, user)


def connect_signals() -> None:
    """allauth offers no other hook for these two moments."""
    authenticator_added.connect(_count_new_authenticator, dispatch_uid="schools.count_new_authenticator")
    authenticator_removed.connect(_forget_removed_authenticator, dispatch_uid="schools.forget_removed_authenticator")
