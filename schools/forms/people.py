"""Forms about people's roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Role
from schools.models import RoleAssignment, User


def day_input() -> forms.DateInput:
    """A date as browsers ask for it."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class RoleForm(forms.Form):
    """A role for somebody who is known already."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Of somebody who has an account. Invite everyone else."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"))
    names_students = forms.BooleanField(
        label=_("Sees students by name"),
        required=False,
        help_text=_("Only for site-team members who work with students by name; they need a second factor."),
    )
    starts = forms.DateField(label=_("From"), widget=day_input(), initial=timezone.localdate)
    ends = forms.DateField(label=_("Until"), widget=day_input(), required=False, help_text=_("The last day counts."))

    def __init__(self, *args: Any, roles: list[Role], people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = people
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]
        if Role.SITE_TEAM not in roles:
            del self.fields["names_students"]

    def clean_email(self) -> str:
        """Only those whom the asking person may see are found: others are invited."""
        email: str = self.cleaned_data["email"]
        person = self._people.filter(email__iexact=email).first()
        if person is None:
            raise forms.ValidationError(_("Nobody you can see is known by this address. Invite them instead."))
        self.person = person
        return email


class RoleChangeForm(forms.Form):
    """The last day of a role that is held."""

    ends = forms.DateField(
        label=_("Until"),
        widget=day_input(),
        required=False,
        help_text=_("The last day counts. Leave it blank where no end is planned."),
    )
    names_students = forms.BooleanField(
        label=_("Sees students by name"), required=False, help_text=_("They need a second factor.")
    )

    def __init__(self, *args: Any, assignment: RoleAssignment, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"ends": assignment.ends, "names_students": assignment.names_students})
        super().__init__(*args, **kwargs)
        if assignment.role != Role.SITE_TEAM:
            del self.fields["names_students"]


class HandOverForm(forms.Form):
    """Who takes over from a leaver, and when."""

    to = forms.ModelChoiceField(
        label=_("Takes over"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )
    last_day = forms.DateField(
        label=_("Last day"),
        widget=day_input(),
        initial=timezone.localdate,
        help_text=_("Their roles here end with this day."),
    )
    close_account = forms.BooleanField(
        label=_("Close the account today"),
        required=False,
        help_text=_("All roles end today, and the person can no longer sign in."),
    )

    def __init__(self, *args: Any, people: QuerySet[User], owns: bool, may_close: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if owns:
            self.fields["to"].queryset = people  # type: ignore[attr-defined]
        else:
            del self.fields["to"]
        if not may_close:
            del self.fields["close_account"]
