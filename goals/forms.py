"""How the lists of “Readiness” are narrowed, and how a school year is closed."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from goals.models import Measure, StudentGroup
from goals.readiness.derive import GROUPS
from goals.students import words_of
from schools.models.organization import Grade


class CloseForm(forms.Form):
    """Closing a school year: said with a tick, so that it is not done by a slip."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("For example which publication these results went into. Everybody who reads the list sees it."),
    )
    sure = forms.BooleanField(
        label=_("I certify these results"), error_messages={"required": _("Tick it to close the year.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class ReopenForm(forms.Form):
    """Reopening a school year: never without a reason."""

    reason = forms.CharField(
        label=_("Why it is reopened"), max_length=200, help_text=_("It is kept with the closing, with your name.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class CountedFilter(forms.Form):
    """Students behind a number: met it or not, in which group, in which grade. What is not a choice narrows nothing."""

    met = forms.ChoiceField(label=_("Show"), required=False)
    group = forms.ChoiceField(label=_("Student group"), required=False)
    grade = forms.ChoiceField(label=_("Grade"), required=False)

    def __init__(self, data: Any, *, measure: Measure) -> None:
        super().__init__(data)
        reached, not_reached = words_of(measure)
        self.fields["met"].choices = [("", _("Everybody counted")), ("yes", reached), ("no", not_reached)]  # type: ignore[attr-defined]
        codes = [code for code, _condition in GROUPS.values() if code != "ALL"]
        names = StudentGroup.objects.filter(code__in=codes).values_list("code", "name")
        self.fields["group"].choices = [("", _("All students")), *names]  # type: ignore[attr-defined]
        grades = [(grade.value, str(grade.label)) for grade in Grade]
        self.fields["grade"].choices = [("", _("All grades")), *grades]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select"

    def asked(self) -> dict[str, Any]:
        """What to narrow by."""
        self.is_valid()
        chosen = self.cleaned_data
        return {
            "met": {"yes": True, "no": False}.get(chosen.get("met", "")),
            "group": chosen.get("group", ""),
            "grade": chosen.get("grade", ""),
        }
