"""Forms of the course catalog, the list of credentials and the graduation requirements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hstw.access import Action
from hstw.navigation import current_year
from pathways import find, prerequisites
from pathways.forms.base import OwnedForm, helper, register, school_years, side_by_side
from pathways.models import Course, CredentialListing, CredentialType
from pathways.models.catalog import REQUIRED_OF, Subject

NEW_COURSE = "pathways.course-of"
NEW_CREDENTIAL = "pathways.credential-of"


class CourseForm(OwnedForm):
    """A course of the catalog, with what comes before it."""

    before = forms.CharField(
        label=_("Courses that come before it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One a line: code or title."),
    )
    last_year = forms.TypedChoiceField(label=_("Last offered in"), coerce=int, empty_value=None, required=False)

    class Meta:
        model = Course
        fields = [
            "code",
            "title",
            "subject",
            "level",
            "credits",
            "grade_low",
            "grade_high",
            "sced_code",
            "state_code",
            "last_year",
            "before",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = school_years(self.instance.last_year)
        self.fields["last_year"].choices = [("", _("Still offered")), *years]  # type: ignore[attr-defined]
        if self.instance.pk:
            rows = self.instance.requires.order_by("title", "pk")
            self.show_as("before", "\n".join(find.shown(row) for row in rows), kwargs)
        self.helper = helper(
            Fieldset(_("What it is"), side_by_side("code", "title"), side_by_side("subject", "level", "credits")),
            Fieldset(_("When it is taken"), side_by_side("grade_low", "grade_high", "last_year"), "before"),
            Fieldset(_("Other codes"), side_by_side("sced_code", "state_code")),
        )

    def clean_before(self) -> list[Course]:
        """The courses that were named, each once; a circle is refused, naming it."""
        found: dict[int, Course] = {}
        for text in self.cleaned_data["before"].splitlines():
            if text.strip():
                row = find.course(self.instance.organization, current_year(), text.strip())
                found[row.pk] = row
        prerequisites.refuse_circle(self.instance, found.values())
        return list(found.values())


register(CourseForm, Action.EDIT_CATALOG, NEW_COURSE)


class CourseFilter(forms.Form):
    """Search and narrow a catalog."""

    q = forms.CharField(label=_("Code or title"), required=False, max_length=100)
    subject = forms.ChoiceField(label=_("Subject"), required=False, choices=[("", _("All subjects")), *Subject.choices])

    def narrowed(self, rows: Any) -> Any:
        """Those asked for."""
        asked = self.cleaned_data if self.is_valid() else {}
        rows = rows.search(asked.get("q") or "")
        return rows.filter(subject=asked["subject"]) if asked.get("subject") else rows


class CredentialTypeForm(OwnedForm):
    """A kind of credential, with the years in which it stands on the list."""

    first_year = forms.TypedChoiceField(label=_("On the list from"), coerce=int, empty_value=None, required=False)
    last_year = forms.TypedChoiceField(label=_("Until"), coerce=int, empty_value=None, required=False)

    class Meta:
        model = CredentialType
        fields = ["code", "name", "issuer"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listing = self.instance.listings.order_by("-first_year").first() if self.instance.pk else None
        years = school_years(*(getattr(self.listing, name, None) for name in ("first_year", "last_year")))
        self.fields["first_year"].choices = [("", _("Not on the list")), *years]  # type: ignore[attr-defined]
        self.fields["last_year"].choices = [("", _("Still on it")), *years]  # type: ignore[attr-defined]
        if self.listing is not None:
            self.show_as("first_year", self.listing.first_year, kwargs)
            self.show_as("last_year", self.listing.last_year or "", kwargs)
        self.helper = helper(
            Fieldset(_("What it is"), side_by_side("code", "issuer"), "name"),
            Fieldset(_("On the list"), side_by_side("first_year", "last_year")),
        )

    def clean(self) -> dict[str, Any]:
        """The years in order, and apart from earlier ones."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("first_year"), data.get("last_year")
        if last and not first:
            self.add_error("first_year", _("Say from which year it is on the list."))
        elif first and last and last < first:
            self.add_error("last_year", _("The last year is before the first."))
        elif first and self.instance.pk:
            others = self.instance.listings.exclude(pk=getattr(self.listing, "pk", None))
            if any(row.first_year <= (last or 9999) and (row.last_year or 9999) >= first for row in others):
                self.add_error("first_year", _("It is on the list in some of these years already."))
        return data

    def save_listing(self) -> None:
        """Keep the years with the row that was saved."""
        first = self.cleaned_data.get("first_year")
        if not first:
            if self.listing is not None:
                self.listing.delete()
            return
        listing = self.listing or CredentialListing(credential_type=self.instance)
        listing.first_year, listing.last_year = first, self.cleaned_data.get("last_year")
        listing.save()


register(CredentialTypeForm, Action.EDIT_CATALOG, NEW_CREDENTIAL)


class RequirementsForm(forms.Form):
    """Credits that students need to graduate: by subject, and all together. Blank: the recommended curriculum."""

    def __init__(self, *args: Any, own: dict[str, Decimal], above: dict[str, Decimal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for subject, label in REQUIRED_OF:
            default = above.get(subject)
            self.fields[subject] = forms.DecimalField(
                label=label,
                required=False,
                min_value=0,
                max_value=40,
                max_digits=4,
                decimal_places=2,
                initial=own.get(subject),
                help_text=_("Blank: %(n)s, as above.") % {"n": default.normalize() if default else 0}
                if default is not None
                else _("Blank: none asked for."),
            )

    def clean(self) -> dict[str, Any]:
        """All together are at least what the subjects ask for."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        total = data.get("total")
        subjects = sum((value for name, value in data.items() if name != "total" and value), Decimal(0))
        if total is not None and total < subjects:
            raise ValidationError(
                {"total": _("The subjects alone ask for %(n)s credits.") % {"n": subjects.normalize()}}
            )
        return data
