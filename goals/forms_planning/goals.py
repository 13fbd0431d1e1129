"""Forms about bold goals and typed figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import BoldGoal, Measure, Source, Status, StudentGroup, TypedFigure
from goals.models.measure import Direction, Unit
from goals.planning import library, surveys
from goals.readiness.amounts import all_measures
from goals.readiness.derive import GROUPS
from hstw import drafts
from hstw.access import Action, decide
from hstw.drafts import Subject, UnknownKey
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import Organization

YEARS_BACK, YEARS_AHEAD = 8, 12


def _years(first: int, last: int) -> list[tuple[int, str]]:
    return [(year, SchoolYear(year).label) for year in range(last, first - 1, -1)]


class GoalForm(forms.ModelForm):  # type: ignore[type-arg]
    """A bold goal: the measure, of whom, from where to where, by when."""

    baseline_year = forms.TypedChoiceField(label=gettext_lazy("Baseline year"), coerce=int)
    end_year = forms.TypedChoiceField(label=gettext_lazy("To be reached in"), coerce=int)
    target = forms.DecimalField(
        label=gettext_lazy("The goal"),
        min_value=Decimal(0),
        max_digits=9,
        decimal_places=2,
        help_text=gettext_lazy("What is to be reached in the end year, in the unit of the measure."),
    )

    class Meta:
        model = BoldGoal
        fields = [
            "title",
            "measure",
            "group",
            "source",
            "publisher",
            "baseline_year",
            "baseline_value",
            "baseline_n",
            "end_year",
            "target",
            "answers",
        ]
        field_classes: dict[str, Any] = {}
        help_texts = {
            "baseline_value": gettext_lazy("Only for figures typed in: otherwise, and of a survey, it is looked up."),
            "baseline_n": gettext_lazy("Only for figures typed in: how many students stand behind it."),
        }

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        now = int(current_year())
        state = organization.postal_state or (organization.in_state.postal_state if organization.in_state else "")
        measures = Measure.objects.exclude(direction=Direction.NEITHER).filter(state__in={"", state})
        self.fields["measure"].queryset = measures.order_by("order")  # type: ignore[attr-defined]
        self.fields["group"].queryset = StudentGroup.objects.filter(state__in={"", state})  # type: ignore[attr-defined]
        if self.instance.pk is None:
            self.fields["group"].initial = StudentGroup.objects.filter(code="ALL").first()
        self.fields["group"].empty_label = None  # type: ignore[attr-defined]
        first = min(now - YEARS_BACK, self.instance.baseline_year or now)
        last = max(now + YEARS_AHEAD, self.instance.end_year or now)
        self.fields["baseline_year"].choices = _years(first, now)  # type: ignore[attr-defined]
        self.fields["end_year"].choices = _years(now - 1, last)  # type: ignore[attr-defined]
        if self.instance.pk is None:
            # As the library proposes it: from the last whole year, five years ahead.
            self.initial["baseline_year"] = self.initial.get("baseline_year") or now - 1
            self.initial["end_year"] = self.initial.get("end_year") or now + 4
        self.fields["source"].choices = Source.choices  # type: ignore[attr-defined]
        above = library.district_goals(organization)
        if above.exists():
            self.fields["answers"].queryset = above  # type: ignore[attr-defined]
            self.fields["answers"].empty_label = _("None of them")  # type: ignore[attr-defined]
        else:
            del self.fields["answers"]
        if self.instance.pk is not None and "target" not in self.initial:
            goal = self.instance.targets.filter(year=self.instance.end_year).first()
            self.initial["target"] = goal.value if goal else None

    def clean(self) -> dict[str, Any]:
        """A source fits its measure, years are in order, a rate stays within 100."""
        data = super().clean() or {}
        measure, source = data.get("measure"), data.get("source")
        if measure and source == Source.COMPUTED and measure.code not in {one.code for one in all_measures()}:
            self.add_error("source", _("This measure is not counted here: its figures are published or typed in."))
        group = data.get("group")
        if source == Source.COMPUTED and group and group.code not in {code for code, _condition in GROUPS.values()}:
            self.add_error("group", _("This group is not counted here: choose another, or published figures."))
        if source in {Source.PUBLISHED, Source.TYPED} and not data.get("publisher", "").strip():
            self.add_error("publisher", _("Say who published the figures, or where they stand."))
        if source == Source.TYPED and data.get("baseline_value") is None and not self._surveyed(data):
            self.add_error("baseline_value", _("Type the baseline in: no file says it."))
        if source != Source.TYPED:
            data["baseline_value"] = data["baseline_n"] = None
        begins, ends = data.get("baseline_year"), data.get("end_year")
        if begins and ends and ends <= begins:
            self.add_error("end_year", _("The end year is not after the baseline year."))
        if measure and measure.unit == Unit.PERCENT:
            for name in ("target", "baseline_value"):
                if (value := data.get(name)) is not None and value > 100:
                    self.add_error(name, _("A share is at most 100 percent."))
        return data

    def _surveyed(self, data: dict[str, Any]) -> bool:
        """Whether a survey of the baseline year says the baseline."""
        measure, group = data.get("measure"), data.get("group")
        if measure is None or group is None or group.code != "ALL":
            return False
        return surveys.is_recorded(self.organization, measure.code, data.get("baseline_year"))


class OverrideForm(forms.Form):
    """A status set by hand."""

    status = forms.ChoiceField(
        label=gettext_lazy("Status"), choices=[choice for choice in Status.choices if choice[0] != Status.NO_DATA]
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Shown beside the status. It ends when figures are loaded next."),
        error_messages={"required": gettext_lazy("Say why: the reason is shown beside the status.")},
    )


class TypedFigureForm(forms.ModelForm):  # type: ignore[type-arg]
    """A figure typed in."""

    year = forms.TypedChoiceField(label=gettext_lazy("School year"), coerce=int)

    class Meta:
        model = TypedFigure
        fields = ["measure", "group", "year", "value", "n", "source"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = int(current_year())
        self.fields["year"].choices = _years(now - YEARS_BACK, now)  # type: ignore[attr-defined]
        self.fields["measure"].queryset = Measure.objects.filter(state="").order_by("-order")  # type: ignore[attr-defined]
        self.fields["group"].empty_label = None  # type: ignore[attr-defined]
        if self.instance.group_id is None:
            self.fields["group"].initial = StudentGroup.objects.filter(code="ALL").first()

    def clean(self) -> dict[str, Any]:
        """A share is at most 100 percent; a figure is typed once, and what a survey says never."""
        data = super().clean() or {}
        place = {name: data.get(name) for name in ("measure", "group", "year")}
        others = self.instance.organization.typed_figures.exclude(pk=self.instance.pk)
        if all(place.values()) and others.filter(**place).exists():
            self.add_error("year", _("There is a figure of this year already: change that one."))
        measure, value = data.get("measure"), data.get("value")
        if measure and value is not None and measure.unit == Unit.PERCENT and value > 100:
            self.add_error("value", _("A share is at most 100 percent."))
        if measure and surveys.is_recorded(self.instance.organization, measure.code, data.get("year")):
            self.add_error("measure", _("The survey of that year is recorded under Practices, and is the figure."))
        return data


def _find_new(user: Any, rest: str) -> Subject:
    organizations = Organization.objects.visible_to(user)
    organization = organizations.filter(pk=rest).select_related("in_state").first() if rest.isdecimal() else None
    if organization is None:
        raise UnknownKey(rest)
    return Subject(None, decide(user, Action.EDIT_GOALS, organization), drafts.field_names(GoalForm))


drafts.register_model(BoldGoal, Action.EDIT_GOALS, GoalForm)
drafts.register("goals.new-bold-goal", _find_new)
