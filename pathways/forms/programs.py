"""Forms of a student's program of study."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw import drafts
from hstw.access import Action, Role, decide
from hstw.navigation import current_year
from pathways import find, programs
from pathways.forms.base import OwnedForm, Suggested, day, helper
from pathways.forms.pathways import HIGH_SCHOOL_FIRST
from pathways.models import Course, Pathway, ProgramOfStudy
from schools.models import Organization, Student, User

NEW = "pathways.program-of"
ADVISERS = (Role.COUNSELOR, Role.PRINCIPAL, Role.CTE_DIRECTOR, Role.SITE_TEAM)


class ProgramForm(OwnedForm):
    """The chosen pathway, who advises, and what the student wants."""

    class Meta:
        model = ProgramOfStudy
        fields = ["pathway", "adviser", "goal"]
        widgets = {"goal": forms.Textarea({"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organization = self.instance.organization
        fields: dict[str, Any] = dict(self.fields)
        offered = [row.pk for row in programs.pathways_for(organization, current_year())]
        fields["pathway"].queryset = Pathway.objects.filter(pk__in=[*offered, self.instance.pathway_id]).order_by(
            "name", "pk"
        )
        fields["pathway"].empty_label = _("Not chosen yet")
        fields["adviser"].queryset = (
            User.objects.filter(pk__in=_on_duty(organization).values("user"), is_active=True)
            | User.objects.filter(pk=self.instance.adviser_id)
        ).order_by("name", "pk")
        fields["adviser"].empty_label = _("Nobody yet")
        self.helper = helper("pathway", "adviser", "goal")

    def save(self, commit: bool = True) -> Any:
        """Save it, and say so to whoever counts programs."""
        row = super().save(commit)
        programs.tell(row)
        return row


def _on_duty(organization: Organization) -> Any:
    from schools.models import RoleAssignment

    return RoleAssignment.objects.on(timezone.localdate()).filter(organization=organization, role__in=ADVISERS)


drafts.register_model(ProgramOfStudy, Action.ADVISE_STUDENTS, ProgramForm)


def _to_come(user: Any, rest: str) -> drafts.Subject:
    """A program still to be begun: of a student whom the person sees by name."""
    place, _colon, student = rest.partition(":")
    organization = Organization.objects.visible_to(user).filter(pk=place).first() if place.isdecimal() else None
    known = student.isdecimal() and Student.objects.visible_to(user).filter(pk=student).exists()
    if organization is None or not known:
        raise drafts.UnknownKey(rest)
    return drafts.Subject(None, decide(user, Action.ADVISE_STUDENTS, organization), drafts.field_names(ProgramForm))


drafts.register(NEW, _to_come)


class PlanForm(forms.Form):
    """A course to be taken in a grade."""

    course = forms.CharField(
        label=_("Course"), max_length=200, widget=Suggested("pathways:course_codes"), help_text=_("Code or title.")
    )
    grade = forms.ChoiceField(label=_("Grade"), choices=HIGH_SCHOOL_FIRST)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        widget: Any = self.fields["course"].widget
        widget.organization = organization

    def clean_course(self) -> Course:
        """The course that was typed."""
        return find.course(self.organization, current_year(), self.cleaned_data["course"])


class ReviewForm(forms.Form):
    """That the program was looked at with the student."""

    held_on = forms.DateField(label=_("Held on"), widget=day())
    with_family = forms.BooleanField(label=_("A parent or guardian took part"), required=False)
    note = forms.CharField(
        label=_("What was agreed"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def clean_held_on(self) -> Any:
        """A day that is over, or today."""
        held_on = self.cleaned_data["held_on"]
        if held_on > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."))
        return held_on


class ProgramFilter(forms.Form):
    """Which students are listed."""

    standing = forms.ChoiceField(
        label=_("Shown"), required=False, choices=[("", _("All students")), *programs.Standing.choices]
    )
    grade = forms.ChoiceField(
        label=_("Grade"),
        required=False,
        choices=[("", _("All grades")), *[c for c in HIGH_SCHOOL_FIRST if c[0] > "08"]],
    )
    mine = forms.BooleanField(label=_("Whom I advise"), required=False)

    def asked(self) -> dict[str, Any]:
        """What was asked for; what cannot be understood asks for nothing."""
        data = self.cleaned_data if self.is_valid() else {}
        return {
            "standing": data.get("standing") or "",
            "grade": data.get("grade") or "",
            "mine": bool(data.get("mine")),
        }
