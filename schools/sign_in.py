"""How people sign in: allauth's backend with this project's conditions."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class Backend(AuthenticationBackend):
    """Sign-in by e-mail and password; demonstration accounts only where they are allowed."""

    def user_can_authenticate(self, user: Any) -> bool:
        if user.is_demo and not settings.DEMO_SIGN_IN_ALLOWED:
            return False
        return super().user_can_authenticate(user)


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation: nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """An identity provider signs in people who are known here; it does not make new ones."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False
