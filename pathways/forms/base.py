"""What the forms about what an organization offers share: drafts, checks that include the owner, fields by name."""

from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Row
from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hstw import drafts
from hstw.access import Action, decide
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import Organization

YEARS_AHEAD, FIRST_OFFERED = 2, 2000


def day() -> forms.DateInput:
    """A day, by the browser's own calendar."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def side_by_side(*names: str) -> Row:
    """Short fields on one line where there is room."""
    return Row(*(Column(name, css_class="col-sm") for name in names))


def helper(*parts: Any) -> FormHelper:
    """A layout for a form whose tag stands in the template."""
    from crispy_forms.layout import Layout

    made = FormHelper()
    made.form_tag = False
    made.disable_csrf = True
    made.layout = Layout(*parts)
    return made


def school_years(*more: int | None) -> list[tuple[int, str]]:
    """School years to choose from, the newest first; ``more`` are stored ones that must be among them."""
    newest = current_year() + YEARS_AHEAD
    years = {*range(FIRST_OFFERED, newest + 1), *(year for year in more if year)}
    return [(year, SchoolYear(year).label) for year in sorted(years, reverse=True)]


class OwnedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form about a row whose owner the view has set: what must be unique there is checked in place."""

    owner = "organization"

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # django-stubs lacks it
        return excluded - {self.owner}

    def show_as(self, name: str, text: str, given: dict[str, Any]) -> None:
        """Begin a field that names a row with its words, unless a draft brought other text."""
        if name not in (given.get("initial") or {}):
            self.initial[name] = text


class Suggested(forms.TextInput):
    """A line of text with suggestions from ``address`` while one types; without scripts it is a line of text."""

    def __init__(self, route: str, **attrs: Any) -> None:
        super().__init__({"autocomplete": "off", **attrs})
        self.route = route
        self.organization: Organization | None = None

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """Where the suggestions come from."""
        attrs = super().build_attrs(base_attrs, extra_attrs)
        place = [self.organization.slug, current_year()] if self.organization is not None else []
        return attrs | {"data-suggest": reverse(self.route, args=place)}


def register(form_class: Any, action: Action, new: str) -> None:
    """Let the form keep drafts about existing rows, and, under ``new:<organization>``, about one still to come."""
    drafts.register_model(form_class.Meta.model, action, form_class)
    register_new(form_class, action, new)


def register_new(form_class: Any, action: Action, new: str) -> None:
    """Let the form keep drafts about a row still to come."""
    fields = drafts.field_names(form_class)

    def find(user: Any, rest: str) -> drafts.Subject:
        organization = Organization.objects.visible_to(user).filter(pk=rest).first() if rest.isdecimal() else None
        if organization is None:
            raise drafts.UnknownKey(rest)
        return drafts.Subject(None, decide(user, action, organization), fields)

    drafts.register(new, find)


BLANK = [("", _("Choose…"))]
