"""Forms of the pathway designer."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.utils.translation import gettext_lazy as _

from hstw import drafts, small_drafts
from hstw.access import Action
from pathways import find
from pathways.forms.base import OwnedForm, Suggested, helper, register, school_years, side_by_side
from pathways.models import CareerCluster, CipCode, Course, CredentialType, Pathway, WorkBasedLearning
from pathways.models.catalog import GRADE_CHOICES, HIGH_SCHOOL, Subject
from pathways.models.codes import Framework
from pathways.models.pathway import Award, Part, PathwayQuerySet, Rule, Status, WorkKind
from schools.models import Organization

NEW = "pathways.pathway-of"
HIGH_SCHOOL_FIRST = sorted(GRADE_CHOICES, key=lambda choice: (choice[0] not in HIGH_SCHOOL, choice[0]))


class PathwayForm(OwnedForm):
    """The facts of a pathway; its courses are placed on the designer's page."""

    program = forms.CharField(
        label=_("Program (CIP)"),
        max_length=200,
        required=False,
        widget=Suggested("pathways:program_codes"),
        help_text=_("A code such as 51.3902, or words of its title."),
    )
    first_year = forms.TypedChoiceField(label=_("First offered in"), coerce=int)
    last_year = forms.TypedChoiceField(label=_("Last offered in"), coerce=int, empty_value=None, required=False)

    class Meta:
        model = Pathway
        fields = [
            "name",
            "cluster",
            "program",
            "first_year",
            "last_year",
            "description",
            "award",
            "institution",
            "labor_market",
        ]
        widgets = {
            "description": forms.Textarea({"rows": 4}),
            "labor_market": forms.Textarea({"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = school_years(self.instance.first_year, self.instance.last_year)
        self.fields["first_year"].choices = years  # type: ignore[attr-defined]
        self.fields["last_year"].choices = [("", _("Still offered")), *years]  # type: ignore[attr-defined]
        self.fields["award"].choices = [("", _("Not decided yet")), *Award.choices]  # type: ignore[attr-defined]
        self.fields["cluster"].choices = _clusters()  # type: ignore[attr-defined]
        self.fields["cluster"].label = _("Career cluster")
        if self.instance.program is not None:
            self.show_as("program", find.shown(self.instance.program), kwargs)
        self.helper = helper(
            Fieldset(_("What it is"), "name", side_by_side("cluster", "program"), "description"),
            Fieldset(_("When it is offered"), side_by_side("first_year", "last_year")),
            Fieldset(_("Where it leads"), side_by_side("award", "institution"), "labor_market"),
        )

    def clean_program(self) -> CipCode | None:
        """The program that was typed."""
        return find.program(self.cleaned_data["program"])


def _clusters() -> list[Any]:
    """Clusters in force, by framework."""
    rows: list[Any] = list(CareerCluster.objects.filter(ended_in="").order_by("cross_cutting", "framework", "title"))
    groups = [
        (framework.label, [(row.pk, row.title) for row in rows if row.framework == framework])
        for framework in Framework
    ]
    return [("", _("Not chosen yet")), *((name, found) for name, found in groups if found)]


register(PathwayForm, Action.EDIT_PATHWAYS, NEW)


class AddCourseForm(forms.Form):
    """One course into a grade."""

    course = forms.CharField(
        label=_("Course"), max_length=200, widget=Suggested("pathways:course_codes"), help_text=_("Code or title.")
    )
    grade = forms.ChoiceField(label=_("Grade"), choices=HIGH_SCHOOL_FIRST)
    part = forms.ChoiceField(label=_("As"), choices=Part)

    def __init__(self, *args: Any, organization: Organization, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.year = organization, year
        widget: Any = self.fields["course"].widget
        widget.organization = organization

    def clean_course(self) -> Course:
        """The course that was typed."""
        return find.course(self.organization, self.year, self.cleaned_data["course"])


class AddManyForm(forms.Form):
    """Several courses of a subject at once, each in the first grade that it is for."""

    courses = forms.ModelMultipleChoiceField(
        queryset=Course.objects.none(),
        label=_("Courses"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one course.")},
    )
    part = forms.ChoiceField(label=_("As"), choices=[(Part.CORE, Part.CORE.label), *Part.choices], initial=Part.CORE)

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["courses"].queryset = offered  # type: ignore[attr-defined]
        self.fields["part"].choices = Part.choices  # type: ignore[attr-defined]


class CopyCoreForm(forms.Form):
    """The core of another pathway."""

    source = forms.ModelChoiceField(queryset=Pathway.objects.none(), label=_("From"), empty_label=_("Choose…"))

    def __init__(self, *args: Any, sources: list[Pathway], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["source"]
        field.queryset = Pathway.objects.filter(pk__in=[row.pk for row in sources])


class SubjectForm(forms.Form):
    """Which courses of the catalog are offered to choose from."""

    subject = forms.ChoiceField(label=_("Subject"), choices=Subject, required=False)


class AddCredentialForm(forms.Form):
    """A credential to be earned on the way."""

    credential = forms.CharField(
        label=_("Credential"),
        max_length=200,
        widget=Suggested("pathways:credential_codes"),
        help_text=_("Code or name."),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        widget: Any = self.fields["credential"].widget
        widget.organization = organization

    def clean_credential(self) -> CredentialType:
        """The credential that was typed."""
        return find.credential_type(self.organization, self.cleaned_data["credential"])


class WorkForm(OwnedForm):
    """Work-based learning in a grade."""

    owner = "pathway"
    kind = forms.ChoiceField(label=_("Kind"), choices=WorkKind)
    grade = forms.ChoiceField(label=_("Grade"), choices=HIGH_SCHOOL_FIRST)

    class Meta:
        model = WorkBasedLearning
        fields = ["kind", "grade", "hours"]


class WaiverForm(forms.Form):
    """Why a rule need not hold."""

    rule = forms.ChoiceField(label=_("Rule"), choices=Rule)
    reason = forms.CharField(
        label=_("Why students are served well without it"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )


WAIVER = "pathways.waiver"
small_drafts.register(WAIVER, Pathway, Action.PROPOSE_WAIVERS, drafts.field_names(WaiverForm))


class AnswerForm(forms.Form):
    """A decision on a waiver."""

    answer = forms.CharField(label=_("Answer"), max_length=300, required=False)


class PortfolioFilter(forms.Form):
    """Which pathways of a portfolio are listed."""

    status = forms.ChoiceField(label=_("Status"), choices=[("", _("All")), *Status.choices], required=False)

    def narrowed(self, rows: PathwayQuerySet) -> PathwayQuerySet:
        """Those asked for; what cannot be understood asks for nothing."""
        status = self.cleaned_data.get("status") if self.is_valid() else ""
        return rows.filter(status=status) if status else rows
