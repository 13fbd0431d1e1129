"""Forms of the pages of “Data”."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hstw import files
from hstw.navigation import offered_years
from hstw.values import SchoolYear
from schools.imports import corrections, values
from schools.imports.corrections import Field
from schools.imports.registry import Layout
from schools.models import Correction, Organization
from schools.models.evidence import Evidence
from schools.models.imports import Completeness, ImportBatchQuerySet, ImportState
from schools.models.organization import Kind


def grouped(layouts: list[Layout]) -> list[tuple[Any, list[Layout]]]:
    """Our own templates, then the files of others, each group with its name."""
    ours = [layout for layout in layouts if layout.template]
    return [(_("Our templates"), ours), (_("Files of others"), [layout for layout in layouts if not layout.template])]


class ImportForm(forms.Form):
    """A file, what it is, and for which school year."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.zip,.gz"}),
    )
    kind = forms.ChoiceField(label=_("Kind of file"), required=False)
    year = forms.TypedChoiceField(
        label=_("School year"),
        coerce=SchoolYear,
        help_text=_("For rows that do not say their own school year."),
    )
    complete = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        layouts: list[Layout],
        year: SchoolYear,
        organization: Organization,
        stopped: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "CSV, Excel, or a ZIP or GZ of them, up to %(size)s. Nothing changes before you have seen what would."
        ) % {"size": files.size_label(settings.HSTW_UPLOAD_LIMIT)}
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", _("Find out from the file")),
            *((name, [(layout.code, layout.title) for layout in group]) for name, group in grouped(layouts) if group),
        ]
        years = sorted({*offered_years(), year}, reverse=True)
        self.fields["year"].choices = [(str(one), one.label) for one in years]  # type: ignore[attr-defined]
        self.initial["year"] = str(year)
        if self.initial.get("kind") not in {layout.code for layout in layouts}:
            self.initial["kind"] = ""
        if stopped:
            # Stopped before it was kept: the file, and the fields behind it, never reached the form.
            advice = _("Compress it as ZIP or GZ, or split it by school.")
            self.fields["file"].error_messages["required"] = f"{stopped} {advice}"
            self.data = {"kind": self.initial["kind"], "year": self.initial["year"]}
        if any(layout.completeness == Completeness.ADDS for layout in layouts):
            school = organization.kind == Kind.SCHOOL
            self.fields["complete"].label = (
                _("This file is complete for the whole school")
                if school
                else _("This file is complete for the whole %(kind)s")
                % {"kind": organization.get_kind_display().lower()}
            )
            self.fields["complete"].help_text = _(
                "Only tick it for a file with everything: records that are not in it will be shown as gone. "
                "Files that only add stay harmless without it."
            )
        else:
            del self.fields["complete"]

    def clean(self) -> dict[str, Any]:
        """Without the choice nothing is said."""
        data = super().clean() or {}
        data.setdefault("complete", False)
        return data


class LogFilter(forms.Form):
    """Narrows the log of imports."""

    kind = forms.ChoiceField(label=_("Kind of file"), required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Any")), *((s.value, s.label) for s in ImportState)]
    )

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("Any")), *(kind for kind in kinds if kind[0])]  # type: ignore[attr-defined]

    def narrow(self, imports: ImportBatchQuerySet) -> ImportBatchQuerySet:
        """Those asked for; a choice that there is not narrows nothing."""
        self.is_valid()
        chosen = {name: value for name, value in getattr(self, "cleaned_data", {}).items() if value}
        return imports.filter(**chosen)


class StudentFilter(forms.Form):
    """Narrows a list of students."""

    q = forms.CharField(label=_("Name or number"), required=False, max_length=100)
    grade = forms.ChoiceField(label=_("Grade"), required=False)

    def __init__(self, *args: Any, grades: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [("", _("All")), *grades]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, str]:
        """What to look for."""
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        return {"text": data.get("q") or "", "grade": data.get("grade") or ""}


class CorrectionForm(forms.Form):
    """A value put right by hand, and why."""

    value = forms.CharField(required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=Correction._meta.get_field("reason").max_length,
        help_text=_("For those who read the record later: what proves it, who said so."),
    )

    def __init__(self, *args: Any, row: Evidence, field: Field, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = field.label
        self.fields["value"] = _value_field(row, field, label[:1].upper() + label[1:])
        self.order_fields(["value", "reason"])


def _value_field(row: Evidence, field: Field, label: str) -> forms.Field:
    """A field that asks for the value as its column is: a choice, a date, or text."""
    column = corrections.target_of(type(row)).column(field.name)
    value = getattr(row, field.name)
    if isinstance(column.parse, values.Flag):
        said = "" if value is None else "Y" if value else "N"
        flags: list[tuple[str, Any]] = [("Y", _("Yes")), ("N", _("No"))]
        if row._meta.get_field(field.name).null:
            flags.insert(0, ("", _("Not reported")))
        return forms.ChoiceField(label=label, choices=flags, required=False, initial=said)
    if isinstance(column.parse, values.Choice):
        labels = dict(getattr(row._meta.get_field(field.name), "flatchoices", ()))
        choices: list[tuple[str, Any]] = [(value, str(labels.get(value, value))) for value in column.parse.values]
        if not column.required:
            choices.insert(0, ("", "—"))
        return forms.ChoiceField(label=label, choices=choices, required=column.required, initial=value)
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}) if column.pg == "date" else forms.TextInput()
    initial = "" if value is None else value
    return forms.CharField(label=label, required=column.required, widget=widget, initial=initial, help_text=field.help)
