"""Forms about invitations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from hstw.access import Role
from schools.forms.people import day_input
from schools.invitation_file import MAX_BYTES
from schools.invitations import Offer
from schools.models import Organization, User


class InvitationForm(forms.Form):
    """One person, one role."""

    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    title = forms.CharField(label=_("Position"), max_length=200, required=False)
    role = forms.ChoiceField(label=_("Role"))
    names_students = forms.BooleanField(
        label=_("Sees students by name"),
        required=False,
        help_text=_("Only for site-team members who work with students by name; they need a second factor."),
    )
    ends = forms.DateField(
        label=_("Role ends"), widget=day_input(), required=False, help_text=_("The last day counts.")
    )

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        if Role.SITE_TEAM not in roles:
            del self.fields["names_students"]

    def offer(self, organization: Organization) -> Offer:
        """What was filled in."""
        data = self.cleaned_data
        return Offer(
            data["name"],
            data["email"],
            organization,
            Role(data["role"]),
            data["title"],
            data.get("names_students", False),
            data["ends"],
        )


class InvitationFileForm(forms.Form):
    """A file with many people."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, at most 2,000 rows and 2 MB. Nothing is sent before you have seen the preview."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
    )

    def clean_file(self) -> Any:
        """Refused by its size before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB."))
        return file


class NewAccountForm(forms.Form):
    """What somebody new chooses: the name shown to others, and a password."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        """The password is held against the name and address too."""
        data = super().clean() or {}
        if "password" in data:
            try:
                validate_password(data["password"], User(email=self._email, name=data.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
