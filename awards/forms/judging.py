"""Forms of those who judge: conflicts, scores, what was agreed, decisions, letters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import feedback, scoring
from awards.access import EditionAction, may
from awards.models import AwardDecision, Band, Criterion, FeedbackLetter, Nomination, Score, ScoreConsensus
from awards.models.result import Outcome
from hstw import drafts
from hstw.access import AccessDecision
from schools.models import Organization
from schools.models.organization import Kind

NOT_APPLICABLE = "na"


class DeclareForm(forms.Form):
    """With which schools somebody has a conflict, and whom they work for."""

    employer = forms.CharField(
        label=gettext_lazy("Whom do you work for?"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("The name of your school, district or state, if it is one. Leave it blank otherwise."),
    )
    why = forms.CharField(
        label=gettext_lazy("What binds you to the schools you ticked?"), max_length=300, required=False
    )
    sure = forms.BooleanField(
        label=gettext_lazy("I have no other conflict with a school on this list."),
        error_messages={"required": gettext_lazy("Tick this once your answer is complete.")},
    )

    def __init__(self, *args: Any, asked: list[Nomination], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["conflicts"] = forms.TypedMultipleChoiceField(
            coerce=int,
            required=False,
            choices=[(one.pk, one.organization.name) for one in asked],
            widget=forms.CheckboxSelectMultiple,
        )

    def clean_employer(self) -> Organization | None:
        """The organization of that name; one of several is asked for more exactly."""
        text = str(self.cleaned_data["employer"]).strip()
        if not text:
            return None
        kinds = [Kind.STATE, Kind.DISTRICT, Kind.SCHOOL, Kind.COOPERATIVE]
        exact = list(Organization.objects.filter(name__iexact=text, kind__in=kinds)[:2])
        found = exact or list(Organization.objects.search(text).filter(kind__in=kinds)[:6])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(
                _("No school, district or state is called so. Leave it blank if it is neither.")
            )
        names = ", ".join(f"{one.name} ({one.place or one.get_kind_display()})" for one in found[:5])
        raise forms.ValidationError(_("Several are called so: %(names)s. Write the whole name.") % {"names": names})

    def clean(self) -> dict[str, Any]:
        """Who ticks a school says why."""
        data = super().clean() or {}
        if data.get("conflicts") and not data.get("why", "").strip():
            self.add_error("why", _("Say in a few words what binds you."))
        return data


class ScoreForm(forms.ModelForm):  # type: ignore[type-arg]
    """A band or “does not apply”, why, and where in the nomination it shows."""

    choice = forms.ChoiceField(label=gettext_lazy("Band"), widget=forms.RadioSelect, required=False, choices=[])
    cite_part = forms.ChoiceField(label=gettext_lazy("Evidence: part of the nomination"), required=False, choices=[])
    cite_quote = forms.CharField(
        label=gettext_lazy("Passage"),
        max_length=scoring.QUOTE_SHOWN,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Word for word. Blank: the whole part."),
    )
    remove = forms.MultipleChoiceField(
        label=gettext_lazy("Remove"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )

    class Meta:
        model = Score
        fields = ["comment", "shared"]
        widgets = {"comment": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, document: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document = document
        criterion = self.instance.criterion
        self.bands = {str(band.pk): band for band in sorted(criterion.bands.all(), key=lambda band: band.points)}
        choices = [(key, f"{band.points} {band.label}") for key, band in self.bands.items()]
        if criterion.may_not_apply:
            choices.append((NOT_APPLICABLE, _("Does not apply")))
        choice: Any = self.fields["choice"]
        choice.choices = choices
        part: Any = self.fields["cite_part"]
        part.choices = [("", "—"), *scoring.parts_of(document).items()]
        self.cited = list(self.instance.citations.all())
        remove: Any = self.fields["remove"]
        remove.choices = [(str(one.pk), str(one)) for one in self.cited]
        given = NOT_APPLICABLE if self.instance.not_applicable else str(self.instance.band_id or "")
        self.initial.setdefault("choice", given)

    def clean(self) -> dict[str, Any]:
        """A passage stands in the part it is said to be in."""
        data = super().clean() or self.cleaned_data
        part, quote = data.get("cite_part", ""), data.get("cite_quote", "")
        if quote and not part:
            self.add_error("cite_part", _("Say in which part the passage stands."))
        elif quote and not scoring.cites(self.document, part, quote):
            self.add_error(
                "cite_quote", _("These words are not in that part of the nomination. Copy them as they are.")
            )
        choice = data.get("choice") or ""
        self.instance.not_applicable = choice == NOT_APPLICABLE
        self.instance.band = self.bands.get(choice)
        return data


class ConsensusForm(forms.ModelForm):  # type: ignore[type-arg]
    """The band that readers agreed on, and how."""

    band = forms.ModelChoiceField(
        Band.objects.none(), label=gettext_lazy("Agreed band"), widget=forms.RadioSelect, empty_label=None
    )

    class Meta:
        model = ScoreConsensus
        fields = ["band", "rationale"]
        widgets = {"rationale": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, criterion: Criterion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        band: Any = self.fields["band"]
        band.queryset = criterion.bands.order_by("points")


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """What was decided, and why."""

    class Meta:
        model = AwardDecision
        fields = ["outcome", "rationale", "citation"]
        widgets = {
            "outcome": forms.RadioSelect,
            "rationale": forms.Textarea(attrs={"rows": 5}),
            "citation": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outcome: Any = self.fields["outcome"]
        outcome.choices = Outcome.choices

    def clean(self) -> dict[str, Any]:
        """A winner is honored for something."""
        data = super().clean() or self.cleaned_data
        if data.get("outcome") == Outcome.WINNER and not data.get("citation", "").strip():
            self.add_error("citation", _("Say what the school is honored for: it stands on the public page."))
        return data

    def _post_clean(self) -> None:
        # The verb writes; what the row demands is asked above in words.
        for name in self._meta.fields or ():
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])


def letter_form(nomination: Nomination) -> type[Any]:
    """The form of a letter: a text per criterion, beginning with the comments that may be shared."""
    shared = feedback.shared_comments(nomination)
    criteria = list(nomination.edition.criteria.all())
    fields: dict[str, Any] = {
        f"c{one.pk}": forms.CharField(
            label=one.name,
            required=False,
            initial="\n\n".join(shared.get(one.pk, [])),
            widget=forms.Textarea(attrs={"rows": 5}),
        )
        for one in criteria
    }
    fields["closing"] = forms.CharField(label=_("At the end"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def texts(self: Any) -> dict[int, str]:
        """What was written, by criterion."""
        return {one.pk: self.cleaned_data[f"c{one.pk}"] for one in criteria}

    meta = type("Meta", (), {"model": FeedbackLetter, "fields": []})
    body = {**fields, "texts": texts, "Meta": meta, "__module__": __name__}
    metaclass: Any = type(forms.ModelForm)
    made: type[Any] = metaclass("LetterForm", (forms.ModelForm,), body)
    return made


def _of_score(user: Any, rest: str) -> drafts.Subject:
    row = (
        Score.objects.filter(pk=rest, review__assignment__reviewer__user=user).select_related("review").first()
        if rest.isdecimal()
        else None
    )
    if row is None or not type(row.review).objects.visible_to(user).filter(pk=row.review_id).exists():
        raise drafts.UnknownKey(rest)
    decision = AccessDecision(row.review.submitted_at is None, _("This review was submitted; its scores stand."))
    return drafts.Subject(row, decision, drafts.field_names(ScoreForm))


def _on_panel(user: Any, pk: str) -> Nomination:
    row = (
        Nomination.objects.on_panels_of(user).select_related("edition").filter(pk=pk).first()
        if pk.isdecimal()
        else None
    )
    if row is None:
        raise drafts.UnknownKey(pk)
    return row


def _agreed(user: Any, rest: str) -> drafts.Subject:
    pk, _colon, criterion = rest.partition(":")
    row = _on_panel(user, pk)
    if not criterion.isdecimal():
        raise drafts.UnknownKey(rest)
    thing = ScoreConsensus.objects.filter(nomination=row, criterion=int(criterion)).first()
    return drafts.Subject(thing, may(user, EditionAction.AGREE, row.edition), drafts.field_names(ConsensusForm))


def _decision(user: Any, rest: str) -> drafts.Subject:
    row = _on_panel(user, rest)
    thing = AwardDecision.objects.filter(nomination=row).first()
    return drafts.Subject(thing, may(user, EditionAction.DECIDE, row.edition), drafts.field_names(DecisionForm))


def _letter(user: Any, rest: str) -> drafts.Subject:
    row = _on_panel(user, rest)
    return drafts.Subject(None, may(user, EditionAction.PUBLISH, row.edition), drafts.field_names(letter_form(row)))


drafts.register("awards.score", _of_score)
drafts.register("awards.consensus", _agreed)
drafts.register("awards.decision", _decision)
drafts.register("awards.letter", _letter)
