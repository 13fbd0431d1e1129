"""Forms about organizations and their standing."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.utils.translation import gettext_lazy as _

from hstw import drafts
from hstw.access import Action
from schools.models import CooperativeMember, NetworkMembership, Organization, SupportDesignation
from schools.models.membership import Network, Support
from schools.models.organization import Design, Kind


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _side_by_side(*names: str) -> Row:
    return Row(*(Column(name, css_class="col-sm") for name in names))


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    """The facts of an organization."""

    website = forms.URLField(label=_("Web site"), required=False, assume_scheme="https")

    class Meta:
        model = Organization
        fields = [
            "name",
            "design",
            "grade_low",
            "grade_high",
            "shared_time",
            "nces_id",
            "state_id",
            "street",
            "city",
            "county",
            "postal_state",
            "zip_code",
            "phone",
            "website",
            "time_zone",
            "opened",
            "closed",
            "successor",
        ]
        widgets = {"opened": _day(), "closed": _day()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if zone.startswith("America/"))
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            choices=[(zone, zone.removeprefix("America/").replace("_", " ")) for zone in zones],
        )
        if self.instance.kind != Kind.SCHOOL:
            for name in ("design", "grade_low", "grade_high", "shared_time"):
                del self.fields[name]
        # A successor is one of the same kind in the same state, named by its id: lists of schools are long.
        self.fields["successor"] = forms.ModelChoiceField(
            queryset=Organization.objects.filter(kind=self.instance.kind, in_state=self.instance.in_state),
            to_field_name="slug",
            required=False,
            widget=forms.TextInput,
            label=_("Successor"),
            help_text=_("The address of its page, for example “cahaba-ridge-high-school-al”, if another took over."),
        )
        if self.instance.successor_id:
            self.initial["successor"] = self.instance.successor.slug
        self.helper = self._layout()

    def _layout(self) -> FormHelper:
        """Short facts side by side, in the order in which people look them up."""
        parts: list[Any] = [Fieldset(_("What it is"), "name")]
        if "design" in self.fields:
            parts[0].append("design")
            parts[0].append(_side_by_side("grade_low", "grade_high"))
            parts[0].append("shared_time")
        parts += [
            Fieldset(_("Numbers"), _side_by_side("nces_id", "state_id")),
            Fieldset(
                _("Where it is"),
                "street",
                _side_by_side("city", "county"),
                _side_by_side("postal_state", "zip_code", "time_zone"),
                _side_by_side("phone", "website"),
            ),
            Fieldset(_("Opened and closed"), _side_by_side("opened", "closed"), "successor"),
        ]
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        helper.layout = Layout(*parts)
        return helper


drafts.register_model(Organization, Action.EDIT_ORGANIZATION, OrganizationForm)


class NewOrganizationForm(forms.Form):
    """What is needed to add one; the rest is edited on its page."""

    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), widget=forms.RadioSelect)
    design = forms.ChoiceField(
        label=_("School improvement design"),
        choices=[("", _("Not a school, or not known yet")), *Design.choices],
        required=False,
    )
    nces_id = forms.CharField(label=_("NCES id"), max_length=12, required=False)
    state_id = forms.CharField(label=_("State id"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)

    def __init__(self, *args: Any, kinds: list[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kind"]
        field.choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        if len(kinds) == 1:
            # Nothing to choose: the page's title says below what it will stand.
            field.initial = kinds[0].value
            field.widget = forms.HiddenInput()
            if kinds == [Kind.SCHOOL]:
                self.fields["design"].choices = [("", _("Not known yet")), *Design.choices]  # type: ignore[attr-defined]


class StandingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A dated fact of an organization that the view has set; its overlaps are checked with the form's own fields."""

    owner = "organization"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        facts = [name for name in self.fields if name not in {"starts", "ends"}]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*facts, _side_by_side("starts", "ends"))

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # django-stubs lacks it
        return excluded - {self.owner}


class NetworkMembershipForm(StandingForm):
    """A membership of one of SREB's networks."""

    class Meta:
        model = NetworkMembership
        fields = ["network", "route", "starts", "ends"]
        widgets = {"starts": _day(), "ends": _day(), "network": forms.RadioSelect, "route": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["network"].choices = Network.choices  # type: ignore[attr-defined]


class SupportDesignationForm(StandingForm):
    """A federal support designation."""

    class Meta:
        model = SupportDesignation
        fields = ["kind", "reason", "starts", "ends"]
        widgets = {"starts": _day(), "ends": _day(), "kind": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = Support.choices  # type: ignore[attr-defined]


class CooperativeMemberForm(StandingForm):
    """A district's membership of a cooperative."""

    owner = "cooperative"

    class Meta:
        model = CooperativeMember
        fields = ["member", "starts", "ends"]
        widgets = {"starts": _day(), "ends": _day()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = Organization.objects.filter(  # type: ignore[attr-defined]
            kind=Kind.DISTRICT, in_state=self.instance.cooperative.in_state
        ).order_by("name")
        self.fields["member"].label = _("District")


class OrganizationFilter(django_filters.FilterSet):
    """Search and narrow the directory."""

    q = django_filters.CharFilter(method="search", label=_("Name, id or place"))
    kind = django_filters.ChoiceFilter(choices=Kind, label=_("Kind"), empty_label=_("All kinds"))
    design = django_filters.ChoiceFilter(choices=Design, label=_("Design"), empty_label=_("All designs"))
    closed = django_filters.ChoiceFilter(
        method="with_closed",
        choices=[("yes", _("Closed too"))],
        label=_("Closed"),
        empty_label=_("Open only"),
    )

    class Meta:
        model = Organization
        fields = ["q", "kind", "design", "closed"]

    def search(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.search(value)

    def with_closed(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def filter_queryset(self, queryset: Any) -> Any:
        if self.form.cleaned_data.get("closed") != "yes":
            queryset = queryset.filter(closed=None)
        return super().filter_queryset(queryset)
