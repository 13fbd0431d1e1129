"""Forms about an edition: its facts, its dates, its rubric, its panel."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import editions
from awards.access import EditionAction, may
from awards.models import Award, Edition, EditionRole
from awards.models.edition import TIME_ZONES, PhaseKind
from hstw import drafts
from schools.models import User
from schools.models.organization import Design

WHEN = "%Y-%m-%dT%H:%M"


class NewEditionForm(forms.Form):
    """Which award, which year."""

    award = forms.ModelChoiceField(Award.objects.all(), label=gettext_lazy("Award"), empty_label=None)
    year = forms.IntegerField(label=gettext_lazy("Year in which it is given"), min_value=2000, max_value=2099)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone of its deadlines"), choices=TIME_ZONES)


class EditionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of an edition, before it opens."""

    designs = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of schools"), choices=Design.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Edition
        fields = [
            "name",
            "about",
            "source",
            "rubric_note",
            "time_zone",
            "designs",
            "membership_years",
            "asks_surveys",
            "readers",
            "spread_bands",
            "spread_total",
        ]


class PhasesForm(forms.Form):
    """When each phase opens and closes, in the time zone of the edition."""

    def __init__(self, *args: Any, edition: Edition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edition = edition
        known = {phase.kind: phase for phase in edition.phases.all()}
        for kind in PhaseKind:
            for name, label in (("opens", _("%(phase)s open")), ("closes", _("%(phase)s close"))):
                phase = known.get(kind)
                moment = getattr(phase, f"{name}_at", None)
                self.fields[f"{kind.value}_{name}"] = forms.DateTimeField(
                    label=label % {"phase": kind.label},
                    input_formats=[WHEN, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
                    initial=moment.astimezone(edition.zone).strftime(WHEN) if moment else None,
                    widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WHEN),
                )

    def clean(self) -> dict[str, Any]:
        """Each phase closes after it opens, and opens after the one before."""
        data = super().clean() or {}
        if len(data) == 2 * len(PhaseKind) and (problem := editions.phases_problem(self.times(data))):
            raise forms.ValidationError(problem)
        return data

    def times(self, data: dict[str, Any]) -> dict[str, tuple[dt.datetime, dt.datetime]]:
        """What was given, as moments in the edition's time zone; a deadline includes its minute."""
        zone = self.edition.zone
        return {
            kind.value: (
                data[f"{kind.value}_opens"].replace(tzinfo=zone),
                data[f"{kind.value}_closes"].replace(tzinfo=zone),
            )
            for kind in PhaseKind
        }


def rubric_form(edition: Edition) -> type[Any]:
    """The form of an edition's rubric: a class of its own, since each has its own criteria."""
    fields: dict[str, Any] = {}
    criteria = list(edition.criteria.prefetch_related("bands"))
    for criterion in criteria:
        at = f"c{criterion.pk}"
        fields[f"{at}-name"] = forms.CharField(label=_("Name"), max_length=120, initial=criterion.name)
        fields[f"{at}-weight"] = forms.DecimalField(
            label=_("Weight"), min_value=0, max_value=100, decimal_places=2, max_digits=5, initial=criterion.weight
        )
        fields[f"{at}-about"] = forms.CharField(
            label=_("What is judged"), required=False, initial=criterion.about, widget=forms.Textarea(attrs={"rows": 2})
        )
        fields[f"{at}-na"] = forms.BooleanField(
            label=_("May not apply to some schools"), required=False, initial=criterion.may_not_apply
        )
        for band in criterion.bands.all():
            fields[f"{at}-b{band.pk}"] = forms.CharField(
                label=f"{band.points} {band.label}",
                max_length=400,
                initial=band.about,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def rows(self: Any) -> list[dict[str, Any]]:
        """What was given, as ``editions.set_rubric`` takes it."""
        data = self.cleaned_data
        return [
            {
                "pk": criterion.pk,
                "name": data[f"c{criterion.pk}-name"],
                "weight": data[f"c{criterion.pk}-weight"],
                "about": data[f"c{criterion.pk}-about"],
                "may_not_apply": data[f"c{criterion.pk}-na"],
                "bands": {band.pk: data[f"c{criterion.pk}-b{band.pk}"] for band in criterion.bands.all()},
            }
            for criterion in criteria
        ]

    def clean(self: Any) -> dict[str, Any]:
        """The weights add up."""
        data: dict[str, Any] = forms.ModelForm.clean(self) or self.cleaned_data
        weights = [data[name] for criterion in criteria if (name := f"c{criterion.pk}-weight") in data]
        if len(weights) == len(criteria) and (problem := editions.weights_problem(weights)):
            raise forms.ValidationError(problem)
        return data

    def groups(self: Any) -> list[list[Any]]:
        """The fields of each criterion, for the page."""
        return [[field for field in self if field.name.startswith(f"c{one.pk}-")] for one in criteria]

    meta = type("Meta", (), {"model": Edition, "fields": []})
    body = {**fields, "rows": rows, "clean": clean, "groups": groups, "Meta": meta, "__module__": __name__}
    metaclass: Any = type(forms.ModelForm)
    made: type[Any] = metaclass("RubricForm", (forms.ModelForm,), body)
    return made


class PanelForm(forms.Form):
    """Somebody for the panel, by the address they sign in with."""

    email = forms.EmailField(label=gettext_lazy("E-mail address they sign in with"))
    role = forms.ChoiceField(label=gettext_lazy("As"), choices=EditionRole.choices, initial=EditionRole.REVIEWER)
    most = forms.IntegerField(label=gettext_lazy("Nominations at most"), min_value=1, max_value=500, initial=20)

    def clean_email(self) -> str:
        """Somebody who can sign in."""
        email = str(self.cleaned_data["email"])
        self.user = User.objects.filter(email__iexact=email, is_active=True).first()
        if self.user is None:
            raise forms.ValidationError(
                _("Nobody signs in with this address yet. Invite them under “People & settings” first.")
            )
        return email


def _edition(user: Any, rest: str) -> Edition:
    edition = Edition.objects.filter(pk=rest).first() if rest.isdecimal() else None
    if edition is None:
        raise drafts.UnknownKey(rest)
    return edition


def _facts(user: Any, rest: str) -> drafts.Subject:
    edition = _edition(user, rest)
    return drafts.Subject(edition, may(user, EditionAction.SET_UP, edition), drafts.field_names(EditionForm))


def _rubric(user: Any, rest: str) -> drafts.Subject:
    edition = _edition(user, rest)
    return drafts.Subject(edition, may(user, EditionAction.SET_UP, edition), drafts.field_names(rubric_form(edition)))


drafts.register("awards.edition", _facts)
drafts.register("awards.rubric", _rubric)
