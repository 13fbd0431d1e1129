"""Forms of the credential ledger."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from pathways import find
from pathways.forms.base import Suggested, day, helper, side_by_side
from pathways.ledger import Standing
from pathways.models import CredentialType
from schools import students
from schools.models import Organization, Student, User

_NAMED = 6


class LedgerFilter(forms.Form):
    """Which lines are listed."""

    standing = forms.ChoiceField(label=_("Shown"), required=False, choices=[("", _("All")), *Standing.choices])
    credential = forms.CharField(label=_("Credential"), required=False, max_length=40)
    unverified = forms.BooleanField(label=_("Not verified yet"), required=False)

    def asked(self) -> dict[str, Any]:
        """What was asked for; what cannot be understood asks for nothing."""
        data = self.cleaned_data if self.is_valid() else {}
        return {
            "standing": data.get("standing") or "",
            "credential": data.get("credential") or "",
            "unverified": bool(data.get("unverified")),
        }


class EntryForm(forms.Form):
    """One credential by hand."""

    student = forms.CharField(
        label=_("Student"), max_length=120, help_text=_("Number, or last and first name."), strip=True
    )
    credential = forms.CharField(
        label=_("Credential"),
        max_length=200,
        widget=Suggested("pathways:credential_codes"),
        help_text=_("Code or name."),
    )
    earned_on = forms.DateField(label=_("Date"), widget=day())
    passed = forms.TypedChoiceField(
        label=_("Result"),
        choices=[("yes", _("Earned")), ("no", _("Attempted, not passed"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    verified = forms.BooleanField(label=_("I have seen the proof"), required=False)
    file = forms.FileField(
        label=_("Scan of the proof"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
        help_text=_("PDF, PNG or JPEG."),
    )

    def __init__(
        self, *args: Any, organization: Organization, year: int, user: User, stopped: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.year, self.user, self.stopped = organization, year, user, stopped
        widget: Any = self.fields["credential"].widget
        widget.organization = organization
        self.helper = helper(
            "student",
            "credential",
            side_by_side("earned_on", "passed"),
            Fieldset(_("Proof"), "verified", "file"),
        )

    def clean_student(self) -> Student:
        """The one student whom the text names; several are told apart by grade and number."""
        text = self.cleaned_data["student"]
        found = list(students.enrolled(self.user, self.organization, self.year, text=text)[: _NAMED + 1])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(_now("Nobody enrolled here this school year fits “%(text)s”.") % {"text": text})
        names = "; ".join(
            f"{row.student} ({', '.join(filter(None, [row.grades, row.local_number or row.state_number]))})"
            for row in students.rows(found[:_NAMED], self.organization, self.year)
        )
        raise ValidationError(_now("Several fit: %(names)s. Type the number.") % {"names": names})

    def clean_credential(self) -> CredentialType:
        """The credential that was typed."""
        return find.credential_type(self.organization, self.cleaned_data["credential"])

    def clean(self) -> dict[str, Any]:
        """A file that was stopped on its way is told at its field."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.stopped:
            self.add_error("file", self.stopped)
        return data


class ProofForm(forms.Form):
    """What was seen, and the scan."""

    note = forms.CharField(
        label=_("What was seen"), max_length=200, required=False, help_text=_("For example “certificate no. 4711”.")
    )
    file = forms.FileField(
        label=_("Scan of the proof"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
        help_text=_("PDF, PNG or JPEG."),
    )
