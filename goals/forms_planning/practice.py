"""Forms about self-assessments, surveys and visits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.forms_planning.plan import day_input, text_area
from goals.models import FocusArea, KeyPractice, PracticeIndex, SurveyAdministration, TeamAssessment, Visit
from goals.models.practice import Finding
from goals.planning import elements, survey_load, surveys
from goals.planning.survey_file import MAX_BYTES
from schools.models import Organization


class RoundForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new round of self-assessment."""

    class Meta:
        model = TeamAssessment
        fields = ["edition", "closes_on", "members"]
        widgets = {"closes_on": day_input(), "members": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, organization: Organization, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        editions = elements.editions_for(organization, year).annotate(n=Count("practices")).filter(n__gt=0)
        # The longest list of practices first: the classic ten, where the current list is not known in full.
        self.fields["edition"].queryset = editions.order_by("-complete", "-n", "order")  # type: ignore[attr-defined]
        self.fields["edition"].empty_label = None  # type: ignore[attr-defined]
        self.fields["members"].queryset = elements.accountable(organization)  # type: ignore[attr-defined]
        self.fields["members"].label = _("Who rates")

    def clean_closes_on(self) -> Any:
        """A day that is still to come."""
        day = self.cleaned_data["closes_on"]
        if day <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day that is still to come."))
        return day


class SurveyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A survey, with the index of each practice."""

    class Meta:
        model = SurveyAdministration
        fields = ["kind", "given_on", "invited", "answered", "source"]
        widgets = {"given_on": day_input()}

    def __init__(self, *args: Any, practices: list[KeyPractice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.practices = practices
        known = dict(self.instance.indices.values_list("practice", "percent")) if self.instance.pk else {}
        for practice in practices:
            self.fields[f"index_{practice.pk}"] = forms.DecimalField(
                label=_("%(practice)s, percent intensive") % {"practice": practice.name},
                min_value=Decimal(0),
                max_value=Decimal(100),
                max_digits=4,
                decimal_places=1,
                required=False,
                initial=known.get(practice.pk),
            )

    def clean_given_on(self) -> Any:
        """A day that has been."""
        day = self.cleaned_data["given_on"]
        if why := surveys.wrong_day(day, timezone.localdate()):
            raise forms.ValidationError(why)
        return day

    def clean(self) -> dict[str, Any]:
        """The same survey is recorded once."""
        data = super().clean() or {}
        kind, day = data.get("kind"), data.get("given_on")
        same = self.instance.organization.surveys.exclude(pk=self.instance.pk)
        if kind and day and same.filter(kind=kind, given_on=day).exists():
            self.add_error("given_on", _("A survey of that day is recorded already: change that one."))
        return data

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        """Write the survey and its indices, and work out the goals that stand on them."""
        survey = super().save(commit)
        for practice in self.practices:
            value = self.cleaned_data.get(f"index_{practice.pk}")
            if value is None:
                PracticeIndex.objects.filter(survey=survey, practice=practice).delete()
            else:
                PracticeIndex.objects.update_or_create(survey=survey, practice=practice, defaults={"percent": value})
        survey_load.refresh([survey.organization_id])
        return survey


class SurveyFileForm(forms.Form):
    """A file of surveys."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or Excel (XLSX), at most 10,000 rows and 5 MB. You see first what it would do."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
    )

    def clean_file(self) -> Any:
        """Small enough to be read at once."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES >> 20})
        return file


class VisitForm(forms.ModelForm):  # type: ignore[type-arg]
    """A visit."""

    class Meta:
        model = Visit
        fields = ["kind", "starts", "ends", "led_by"]
        widgets = {"starts": day_input(), "ends": day_input()}


class FindingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A finding of a visit."""

    class Meta:
        model = Finding
        fields = ["area", "promising", "text", "recommendation"]
        widgets = {"text": text_area(3), "recommendation": text_area(2)}
        labels = {"promising": gettext_lazy("A promising practice, not a problem")}

    def __init__(self, *args: Any, organization: Organization, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = FocusArea.objects.filter(edition__in=elements.editions_for(organization, year))
        self.fields["area"].queryset = areas.select_related("edition")  # type: ignore[attr-defined]
