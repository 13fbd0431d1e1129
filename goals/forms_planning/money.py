"""The form of funds and allocations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.forms_planning.plan import amount_field
from goals.models import Allocation, Fund
from goals.planning import money
from schools.models import Organization


class AllocationForm(forms.Form):
    """How much of a fund there is here this year: of one that is there, or of a new one."""

    fund = forms.ModelChoiceField(
        label=gettext_lazy("Fund"), queryset=Fund.objects.none(), required=False, empty_label=gettext_lazy("A new fund")
    )
    name = forms.CharField(label=gettext_lazy("Name of a new fund"), max_length=120, required=False)
    amount = forms.DecimalField()

    def __init__(self, *args: Any, organization: Organization, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.year = organization, int(year)
        self.fields["fund"].queryset = money.funds_of(organization)  # type: ignore[attr-defined]
        self.fields["amount"] = amount_field(least=Decimal(0))
        self.fields["amount"].help_text = _("What was there before for this fund and year is replaced.")

    def clean(self) -> dict[str, Any]:
        """One fund, old or new."""
        data = super().clean() or {}
        name = data.get("name", "").strip()
        if bool(data.get("fund")) == bool(name) and "fund" not in self.errors:
            self.add_error("name", _("Choose a fund, or name a new one."))
        elif name and Fund.objects.filter(organization=self.organization, name__iexact=name).exists():
            self.add_error("name", _("There is a fund of this name already: choose it above."))
        return data

    @transaction.atomic
    def save(self) -> Allocation:
        """Write it."""
        data = self.cleaned_data
        fund = data["fund"] or Fund.objects.create(organization=self.organization, name=data["name"].strip())
        row, _made = Allocation.objects.update_or_create(
            fund=fund, organization=self.organization, year=self.year, defaults={"amount": data["amount"]}
        )
        return row
