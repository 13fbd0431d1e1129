"""The sign-in library's forms, in this product's words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as library
from django.utils.translation import gettext_lazy as _


class _Plain:
    """Labels say what the fields are; placeholders that repeat them are left out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)


LABELS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "remember": _("Keep me signed in on this computer"),
    "oldpassword": _("Current password"),
    "password": _("Password"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
}


class LoginForm(_Plain, library.LoginForm):  # type: ignore[misc]
    """Sign in."""


class AddEmailForm(_Plain, library.AddEmailForm):  # type: ignore[misc]
    """Change the address."""


class ChangePasswordForm(_Plain, library.ChangePasswordForm):  # type: ignore[misc]
    """Change the password."""


class ResetPasswordForm(_Plain, library.ResetPasswordForm):  # type: ignore[misc]
    """Ask for a link to set a new password."""


class ResetPasswordKeyForm(_Plain, library.ResetPasswordKeyForm):  # type: ignore[misc]
    """Set a new password."""


class ReauthenticateForm(_Plain, library.ReauthenticateForm):  # type: ignore[misc]
    """Give the password once more."""
