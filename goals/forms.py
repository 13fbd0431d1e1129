"""How the lists of “Readiness” are narrowed, and how a school year is closed."""

from __future__ import annotations

from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from goals import board, checkpoints
from goals.below import Asked
from goals.compare import SORTS
from goals.models import DisclosureSettings, Measure, OnTrackSettings, StudentGroup
from goals.models.preferences import CoreSubject
from goals.readiness.derive import GROUPS
from goals.students import words_of
from schools.models.membership import Network
from schools.models.organization import Design, Grade, Kind


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


class OnTrackForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """When a ninth-grader of a state is on track."""

    class Meta:
        model = OnTrackSettings
        fields = ("credits", "failures", "core")

    core = forms.MultipleChoiceField(
        label=_("Core courses"),
        choices=CoreSubject.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("An F in one of these counts."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class ProtectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """How a state's small groups are protected."""

    class Meta:
        model = DisclosureSettings
        fields = ("minimum", "accountability")
        help_texts: ClassVar[dict[str, Any]] = {
            "minimum": _("A group of fewer students is not shown; never below 10."),
            "accountability": _("A group of fewer students is shown, but nobody is judged by it."),
        }

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


class CompareFilter(forms.Form):
    """What is compared and how it is narrowed, all of it in the address. What is not a choice narrows nothing."""

    measure = forms.ChoiceField(label=_("Measure"), required=False)
    group = forms.ChoiceField(label=_("Student group"), required=False)
    than = forms.ChoiceField(label=_("Compared with"), required=False)
    of = forms.ChoiceField(label=_("Compare"), required=False)
    q = forms.CharField(label=_("Name or place"), required=False, max_length=100)
    design = forms.ChoiceField(label=_("Design"), required=False, choices=[("", _("All designs")), *Design.choices])
    grade = forms.ChoiceField(label=_("Has grade"), required=False)
    network = forms.ChoiceField(label=_("Network"), required=False)
    goal = forms.ChoiceField(label=_("Show"), required=False)
    by = forms.ChoiceField(required=False, choices=[("", ""), ("group", "")], widget=forms.HiddenInput)
    sort = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)

    #: What most people never need stands folded.
    FOLDED = ("q", "design", "grade", "network", "goal")

    def __init__(self, data: Any, *, kinds: list[str]) -> None:
        super().__init__(data)
        names = dict(Measure.objects.filter(code__in=board.measures_shown()).values_list("code", "name"))
        self.measures = names
        self._choices("measure", [
            (area.name, [(code, names[code]) for code in codes]) for area, codes in checkpoints.by_area(names)
        ])  # fmt: skip
        codes = [code for code, _condition in GROUPS.values()]
        groups = list(StudentGroup.objects.filter(code__in=codes).values_list("code", "name"))
        self._choices("group", groups)
        self._choices("than", groups)
        self._choices("of", [(kind, _PLURALS[Kind(kind)]) for kind in kinds])
        self._choices("grade", [("", _("Any")), *((grade.value, str(grade.label)) for grade in Grade)])
        self._choices("network", [("", _("Everybody")), ("any", _("Members of any network")), *Network.choices])
        self._choices(
            "goal",
            [
                *(("", _("All")), ("reached", _("At SREB's goal")), ("short", _("Below SREB's goal"))),
                *(("ahead", _("As good as the whole, or better")), ("behind", _("Behind the whole"))),
            ],
        )
        self.full_clean()
        # What is shown is what was understood.
        self.data = self.asked_for = {name: value for name in self.fields if (value := self.cleaned_data.get(name, ""))}
        for name, start in (("measure", _default(names)), ("group", "ALL"), ("than", "ALL"), ("of", kinds[:1])):
            first = start[0] if isinstance(start, list) and start else start or ""
            self.data = {name: first, **self.data}
        if self.data["of"] != Kind.SCHOOL:
            for name in ("design", "grade", "network"):
                del self.fields[name]
        if self.data.get("by") != "group":
            del self.fields["than"]
        else:
            del self.fields["goal"]
        if len(kinds) < 2:
            self.fields["of"].widget = forms.HiddenInput()
        for field in self.fields.values():
            if isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "form-select"

    def _choices(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def asked(self) -> Asked:
        """What to compare."""
        data = self.data
        by_group = data.get("by") == "group"
        sort = data.get("sort", "")
        return Asked(
            measure=data["measure"],
            group=data["group"],
            than=data["than"] if by_group else "",
            kind=data["of"],
            sort=sort if sort.removeprefix("-") in SORTS else "",
            **{name: data.get(name, "") for name in self.FOLDED if name in self.fields},
        )

    @property
    def shown(self) -> list[Any]:
        """The fields that stand open."""
        return [field for field in self.visible_fields() if field.name not in self.FOLDED]

    @property
    def folded(self) -> list[Any]:
        """The fields that narrow."""
        return [field for field in self.visible_fields() if field.name in self.FOLDED]

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out by them."""
        return any(self.data.get(name) for name in self.FOLDED)


_PLURALS: dict[str, Any] = {
    Kind.STATE: _("States"),
    Kind.DISTRICT: _("Districts"),
    Kind.COOPERATIVE: _("Cooperatives"),
    Kind.SCHOOL: _("Schools"),
}


def _default(names: dict[str, str]) -> str:
    """What is compared where nothing is chosen: graduation on time, as everybody knows it."""
    return "ACGR4" if "ACGR4" in names else next(iter(names), "")
