"""Forms of a nomination: its story, its figures, its files, its signature."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import uploads
from awards.models import Claim, Nomination
from awards.models.nomination import ClaimUnit, NominationState
from awards.nominate import STORY, years_offered
from awards.record import practices_of
from hstw import drafts
from hstw.access import AccessDecision, Action, decide
from hstw.values import SchoolYear

TYPED_ROWS = 6
TYPED = "awards.typed"


class StoryForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the school tells."""

    class Meta:
        model = Nomination
        fields = list(STORY)
        widgets = {
            name: forms.Textarea(attrs={"rows": 7})
            for name in ("context", "actions", "success", "sustaining", "presenting")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if found := practices_of(self.instance.organization):
            self.fields["practice"] = self._practice(found)

    def _practice(self, found: list[tuple[str, list[str]]]) -> forms.ChoiceField:
        """The practices of the framework; what was written before the framework had it stays a choice."""
        plain, kept = self.fields["practice"], self.instance.practice
        choices: list[Any] = [("", "—"), *((edition, [(name, name) for name in names]) for edition, names in found)]
        if kept and not any(kept in names for _edition, names in found):
            choices.insert(1, (kept, kept))
        return forms.ChoiceField(label=plain.label, help_text=plain.help_text, choices=choices, required=False)


class ClaimForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a figure of the record shows, and between which years."""

    class Meta:
        model = Claim
        fields = ["title", "says", "baseline_year", "current_year"]
        widgets = {"says": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.baseline_year is None:
            del self.fields["baseline_year"], self.fields["current_year"]
            return
        offered = years_offered()
        first, last = min(offered[0], self.instance.baseline_year), max(offered[-1], self.instance.current_year)
        for name in ("baseline_year", "current_year"):
            self.fields[name] = forms.TypedChoiceField(
                label=self.fields[name].label,
                coerce=int,
                choices=[(year, SchoolYear(year).label) for year in range(first, last + 1)],
            )


class TypedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A figure of the school's own: what it counts, year by year, with its document."""

    file = forms.FileField(
        label=gettext_lazy("The document it comes from"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": uploads.ACCEPT}),
        help_text=gettext_lazy("A PDF, Word, Excel or PowerPoint file, or a picture, up to 25 MB."),
    )

    class Meta:
        model = Claim
        fields = ["title", "unit", "says", "whole_population", "population"]
        widgets = {"says": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, stopped: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopped = stopped
        self.fields["unit"].required = True
        known = list(self.instance.points.order_by("year")) if self.instance.pk else []
        choices = [
            ("", "—"),
            *((year, SchoolYear(year).label) for year in reversed(range(2005, years_offered()[-1] + 1))),
        ]
        for number in range(TYPED_ROWS):
            point = known[number] if number < len(known) else None
            self.fields[f"year{number}"] = forms.TypedChoiceField(
                label=_("School year"),
                choices=choices,
                coerce=int,
                empty_value=None,
                required=False,
                initial=point.year if point else "",
            )
            self.fields[f"value{number}"] = forms.DecimalField(
                label=_("Value"),
                min_value=Decimal(0),
                max_digits=12,
                decimal_places=2,
                required=False,
                initial=point.value.normalize() if point else None,
            )
            self.fields[f"of{number}"] = forms.IntegerField(
                label=_("Of how many"), min_value=1, required=False, initial=point.denominator if point else None
            )

    def lines(self) -> list[list[Any]]:
        """The years as rows of fields, for the page."""
        return [[self[f"{name}{number}"] for name in ("year", "value", "of")] for number in range(TYPED_ROWS)]

    def clean(self) -> dict[str, Any]:
        """A year has a value, each year once; a part of the students is named; there is a document."""
        data = super().clean() or self.cleaned_data
        self.points: list[tuple[int, Decimal, int | None]] = []
        for number in range(TYPED_ROWS):
            year, value = data.get(f"year{number}"), data.get(f"value{number}")
            of = data.get(f"of{number}")
            if (year is None) != (value is None) and f"value{number}" not in self.errors:
                self.add_error(f"value{number}", _("A school year and its value belong together."))
            elif year is not None and value is not None:
                if year in {one[0] for one in self.points}:
                    self.add_error(f"year{number}", _("This year is there twice."))
                if data.get("unit") == ClaimUnit.PERCENT and value > 100:
                    self.add_error(f"value{number}", _("A percentage is at most 100."))
                self.points.append((year, value, of))
        if not data.get("whole_population") and not (data.get("population") or "").strip():
            self.add_error("population", _("Say of which students."))
        if self.stopped:
            self.add_error("file", self.stopped)
        elif data.get("file"):
            try:
                uploads.check(data["file"])
            except uploads.BadFile as error:
                self.add_error("file", str(error))
        elif self.instance.document_id is None and "file" not in self.errors:
            self.add_error("file", _("A figure of your own needs the document it comes from."))
        if len(self.points) < 2 and not self.errors:
            self.add_error("year0", _("Give two years at least: the baseline and the current one."))
        return data

    def _post_clean(self) -> None:
        # The row's own constraints speak of its years and document, which the verb sets.
        self.instance.title = self.cleaned_data.get("title", "")

    def facts(self) -> dict[str, Any]:
        """What goes into the claim itself."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class FileForm(forms.Form):
    """A file to attach."""

    title = forms.CharField(label=gettext_lazy("What it is"), max_length=160)
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.ClearableFileInput(attrs={"accept": uploads.ACCEPT}),
        help_text=gettext_lazy("A PDF, Word, Excel or PowerPoint file, or a picture, up to 25 MB."),
    )

    def __init__(self, *args: Any, stopped: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stopped = stopped

    def clean(self) -> dict[str, Any]:
        """The file is what its name says."""
        data = super().clean() or {}
        if self.stopped:
            self.errors.pop("file", None)
            self.add_error("file", self.stopped)
        elif data.get("file"):
            try:
                uploads.check(data["file"])
            except uploads.BadFile as error:
                self.add_error("file", str(error))
        return data


class PersonForm(forms.Form):
    """Somebody who had a part in it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=160)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    part = forms.CharField(label=gettext_lazy("Part they had"), max_length=160, required=False)


class SignForm(forms.Form):
    """The principal's signature."""

    seen = forms.CharField(widget=forms.HiddenInput)
    sign = forms.BooleanField(
        label=gettext_lazy("I have read this nomination, and it is true to the best of my knowledge."),
        error_messages={"required": gettext_lazy("Tick this to sign.")},
    )


class WithdrawForm(forms.Form):
    """Why a nomination is taken back."""

    why = forms.CharField(
        label=gettext_lazy("Why is it taken back?"),
        max_length=300,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )


def _story(user: Any, rest: str) -> drafts.Subject:
    row = Nomination.objects.visible_to(user).filter(pk=rest).first() if rest.isdecimal() else None
    if row is None:
        raise drafts.UnknownKey(rest)
    return drafts.Subject(row, _may_write(user, row), drafts.field_names(StoryForm))


def _claim(user: Any, rest: str) -> drafts.Subject:
    row = (
        Nomination.objects.visible_to(user).filter(claims=int(rest)).first()
        if rest.isdecimal() and len(rest) < 18
        else None
    )
    if row is None:
        raise drafts.UnknownKey(rest)
    return drafts.Subject(None, _may_write(user, row), drafts.field_names(ClaimForm))


def _typed(user: Any, rest: str) -> drafts.Subject:
    """A figure of the school's own, there or still to come: ``nomination:claim``, or ``nomination:0``."""
    pk, _colon, claim = rest.partition(":")
    if not (claim.isdecimal() and len(claim) < 18):
        raise drafts.UnknownKey(rest)
    row = Nomination.objects.visible_to(user).filter(pk=pk).first() if pk.isdecimal() and len(pk) < 18 else None
    if row is None or (int(claim) and not row.claims.filter(pk=claim).exists()):
        raise drafts.UnknownKey(rest)
    years = {f"{name}{number}" for name in ("year", "value", "of") for number in range(TYPED_ROWS)}
    return drafts.Subject(None, _may_write(user, row), drafts.field_names(TypedForm) | years)


def _may_write(user: Any, row: Nomination) -> AccessDecision:
    decision = decide(user, Action.NOMINATE, row)
    if decision and row.state != NominationState.DRAFT:
        return AccessDecision(False, _("This nomination was submitted; what was frozen stands."))
    return decision


drafts.register("awards.nomination", _story)
drafts.register("awards.claim", _claim)
drafts.register(TYPED, _typed)
