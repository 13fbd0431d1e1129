"""Forms of “What I owe”: who helps, and how often mail comes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.forms_planning.plan import PersonChoice, day_input
from goals.models import Delegation, DigestChoice
from hstw.access import TABLE, Action
from schools.models import RoleAssignment, User


class DelegateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody who says for you how your action steps go: a colleague with a role where you hold one."""

    delegate = PersonChoice(label=gettext_lazy("Delegate"), queryset=User.objects.none())

    class Meta:
        model = Delegation
        fields = ["delegate", "ends"]
        widgets = {"ends": day_input()}

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, instance=Delegation(principal=user))
        today = timezone.localdate()
        mine = RoleAssignment.objects.on(today).filter(user=user).values("organization")
        near = RoleAssignment.objects.on(today).filter(organization__in=mine, role__in=TABLE[Action.UPDATE_ACTION])
        people = User.objects.filter(pk__in=near.values("user"), is_active=True).exclude(pk=user.pk)
        taken = Delegation.objects.filter(principal=user).values("delegate")
        self.fields["delegate"].queryset = people.exclude(pk__in=taken).order_by("name", "pk")  # type: ignore[attr-defined]

    def clean_ends(self) -> Any:
        """A day that is still to come, or none."""
        day = self.cleaned_data["ends"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_("This day is over."))
        return day


class RhythmForm(forms.ModelForm):  # type: ignore[type-arg]
    """How often mail comes."""

    class Meta:
        model = DigestChoice
        fields = ["rhythm"]
