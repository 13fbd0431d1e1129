"""Forms about plans and their parts; each checks what the database would refuse, in words, at its field."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import (
    ActionStatus,
    ActionStep,
    BoldGoal,
    BudgetLine,
    Fund,
    KeyPractice,
    Measure,
    Need,
    Plan,
    PlanGoal,
    RootCause,
    Strategy,
    TeamMember,
)
from goals.models.money import CENT
from goals.planning import elements, money
from hstw import drafts
from hstw.access import Action, decide
from hstw.drafts import Subject, UnknownKey
from hstw.values import SchoolYear


def day_input() -> forms.DateInput:
    """A date as browsers pick it."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def text_area(rows: int) -> forms.Textarea:
    """Room for several lines."""
    return forms.Textarea(attrs={"rows": rows})


class PartForm(forms.ModelForm):  # type: ignore[type-arg]
    """A part of a plan. Nothing of it is saved while the plan is submitted; what was typed is kept."""

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.prepare()

    def prepare(self) -> None:
        """Choices that depend on the plan."""

    def clean(self) -> dict[str, Any]:
        """Refuse while the plan is submitted."""
        data = super().clean() or {}
        state = Plan.objects.filter(pk=self.plan.pk).values_list("state", flat=True).first()
        self.plan.state = state or self.plan.state
        if why := elements.locked(self.plan):
            raise forms.ValidationError(why)
        return data


class PlanTextForm(PartForm):
    """The texts of the plan as a whole."""

    class Meta:
        model = Plan
        fields = ["mission", "summary", "involvement", "common_planning", "review_on"]
        widgets = {
            "mission": text_area(2),
            "summary": text_area(8),
            "involvement": text_area(5),
            "common_planning": text_area(4),
            "review_on": text_area(3),
        }


class MemberForm(PartForm):
    """A member of the planning team."""

    class Meta:
        model = TeamMember
        fields = ["name", "part"]


def _choose_measure(field: forms.ModelChoiceField[Measure], label: Any) -> None:
    field.queryset = Measure.objects.filter(state="").order_by("order")
    field.empty_label = label


class NeedForm(PartForm):
    """A need."""

    class Meta:
        model = Need
        fields = ["title", "evidence", "measure", "group"]
        widgets = {"evidence": text_area(5)}

    def prepare(self) -> None:
        _choose_measure(self.fields["measure"], _("No measure shows it"))  # type: ignore[arg-type]
        self.fields["group"].empty_label = _("All, or no group in particular")  # type: ignore[attr-defined]


class CauseForm(PartForm):
    """A root cause."""

    class Meta:
        model = RootCause
        fields = ["text", "measure"]
        widgets = {"text": text_area(4)}

    def prepare(self) -> None:
        _choose_measure(self.fields["measure"], _("No measure shows it"))  # type: ignore[arg-type]


class PlanGoalForm(PartForm):
    """A goal of the plan."""

    class Meta:
        model = PlanGoal
        fields = ["bold_goal", "needs"]
        widgets = {"needs": forms.CheckboxSelectMultiple}

    def prepare(self) -> None:
        goals = BoldGoal.objects.filter(organization=self.plan.organization, stopped_on=None)
        taken = PlanGoal.objects.filter(plan=self.plan).exclude(pk=self.instance.pk).values("bold_goal")
        self.fields["bold_goal"].queryset = goals.exclude(pk__in=taken)  # type: ignore[attr-defined]
        self.fields["bold_goal"].help_text = _("Goals are set on the page “Goals”; each can be in the plan once.")
        self.fields["needs"].queryset = Need.objects.filter(plan=self.plan)  # type: ignore[attr-defined]


class PracticeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Key practices with the name of their edition."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.number} · {obj.name} ({obj.edition.name})"


class StrategyForm(PartForm):
    """A strategy."""

    practice = PracticeChoice(
        label=gettext_lazy("Key practice"), queryset=KeyPractice.objects.none(), required=False, empty_label="—"
    )

    class Meta:
        model = Strategy
        fields = ["title", "description", "practice", "tier", "citation"]
        widgets = {"description": text_area(4)}

    def prepare(self) -> None:
        self.fields["practice"].queryset = elements.practices_for(  # type: ignore[attr-defined]
            self.plan.organization, self.plan.year
        )

    def clean(self) -> dict[str, Any]:
        """Tiers 1 to 3 rest on a study."""
        data = super().clean()
        if data.get("tier") in {1, 2, 3} and not data.get("citation", "").strip():
            self.add_error("citation", _("Tiers 1 to 3 rest on a study: cite it."))
        return data


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """People with their position."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}, {obj.title}" if obj.title else str(obj)


class ActionForm(PartForm):
    """An action step; a new one can say its money at once."""

    owner = PersonChoice(
        label=gettext_lazy("Accountable"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Somebody without an account"),
        error_messages={
            "invalid_choice": gettext_lazy("This person holds no role here any more. Choose somebody else.")
        },
        help_text=gettext_lazy("One person. They see it under “What I owe”."),
    )

    class Meta:
        model = ActionStep
        fields = ["title", "description", "owner", "owner_name", "starts", "due"]
        widgets = {"description": text_area(3), "starts": day_input(), "due": day_input()}

    def prepare(self) -> None:
        self.fields["owner"].queryset = elements.accountable(self.plan.organization)  # type: ignore[attr-defined]
        if self.instance.pk is None:
            self.fields["fund"] = forms.ModelChoiceField(
                label=_("Fund"),
                queryset=money.funds_of(self.plan.organization),
                required=False,
                empty_label=_("No money"),
            )
            self.fields["amount"] = amount_field(required=False)

    def clean(self) -> dict[str, Any]:
        """One person; dates in order and in the plan's year; money with its fund."""
        data = super().clean()
        if bool(data.get("owner")) == bool(data.get("owner_name", "").strip()) and "owner" not in self.errors:
            self.add_error("owner", _("Exactly one is accountable: choose a person, or type a name below."))
        year = SchoolYear(self.plan.year)
        starts, due = data.get("starts"), data.get("due")
        for name, day in (("starts", starts), ("due", due)):
            if isinstance(day, dt.date) and not year.first_day <= day <= year.last_day:
                self.add_error(
                    name,
                    _("The plan is of %(year)s: %(first)s to %(last)s.")
                    % {
                        "year": year.label,
                        "first": f"{year.first_day:%b %-d, %Y}",
                        "last": f"{year.last_day:%b %-d, %Y}",
                    },
                )
        if starts and due and due < starts:
            self.add_error("due", _("It would be due before it starts."))
        if bool(data.get("fund")) != bool(data.get("amount")):
            self.add_error("amount" if data.get("fund") else "fund", _("Say both fund and amount, or neither."))
        return data


def amount_field(*, required: bool = True, least: Any = CENT) -> forms.DecimalField:
    """Dollars and cents; what is not money is refused in words."""
    return forms.DecimalField(
        label=_("Amount in dollars"),
        min_value=least,
        max_digits=12,
        decimal_places=2,
        required=required,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": str(least), "inputmode": "decimal"}),
        error_messages={
            "min_value": _("An amount is more than nothing.") if least else _("An amount is not negative.")
        },
    )


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    """Money of an action step."""

    class Meta:
        model = BudgetLine
        fields = ["fund", "amount", "purpose"]

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        funds: QuerySet[Fund] = money.funds_of(plan.organization)
        self.fields["fund"].queryset = funds  # type: ignore[attr-defined]
        self.fields["amount"] = amount_field()


PROGRESS = "goals.progress"


class ProgressForm(forms.Form):
    """How an action step goes: a status, and in a line or two why."""

    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=ActionStatus.choices, widget=forms.RadioSelect)
    implementation = forms.CharField(
        label=gettext_lazy("Was it done as planned?"), required=False, max_length=8_000, widget=text_area(2)
    )
    effectiveness = forms.CharField(
        label=gettext_lazy("Did it help students? How do you know?"),
        required=False,
        max_length=8_000,
        widget=text_area(2),
    )


FORMS: dict[str, type[PartForm]] = {
    "member": MemberForm,
    "need": NeedForm,
    "cause": CauseForm,
    "goal": PlanGoalForm,
    "strategy": StrategyForm,
    "action": ActionForm,
}


def _register(kind: str, form_class: type[PartForm]) -> None:
    """Let the form keep drafts, of parts that are there and of new ones below their parent."""
    model, _field, parent_model = elements.KINDS[kind]
    drafts.register_model(model, Action.EDIT_PLAN, form_class)
    fields = drafts.field_names(form_class) | ({"fund", "amount"} if kind == "action" else frozenset())

    def find(user: Any, rest: str) -> Subject:
        rows: Any = parent_model._default_manager.all()
        parent = rows.visible_to(user).filter(pk=rest).first() if rest.isdecimal() else None
        if parent is None:
            raise UnknownKey(rest)
        return Subject(None, decide(user, Action.EDIT_PLAN, parent), fields)

    drafts.register(f"goals.new-{kind}", find)


def _find_progress(user: Any, rest: str) -> Subject:
    """Progress is added to a step, never written over: no version of it can be stale."""
    rows = ActionStep.objects.visible_to(user)
    step = rows.filter(pk=rest).first() if rest.isdecimal() and len(rest) < 18 else None
    if step is None:
        raise UnknownKey(rest)
    return Subject(None, decide(user, Action.UPDATE_ACTION, step), drafts.field_names(ProgressForm))


drafts.register(PROGRESS, _find_progress)
drafts.register_model(Plan, Action.EDIT_PLAN, PlanTextForm)
for _kind, _form in FORMS.items():
    _register(_kind, _form)
