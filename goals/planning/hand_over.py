"""Unfinished action steps go to somebody else when whoever answers for them leaves."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import FINISHED, ActionStep
from goals.planning.elements import accountable
from schools import people
from schools.models import Organization, User


def steps_of(user: User, organization: Organization) -> QuerySet[ActionStep]:
    """The unfinished action steps of ``user`` there and below."""
    rows: QuerySet[ActionStep] = ActionStep.objects.filter(
        owner=user, strategy__plan_goal__plan__organization__path__startswith=organization.path
    ).exclude(status__in=FINISHED)
    return rows


def give(by: User, rows: QuerySet[ActionStep], to: User) -> None:
    """Make ``to`` accountable. Raises :class:`schools.people.PeopleError` where they hold no role that fits."""
    organizations = Organization.objects.filter(plans__plan_goals__strategies__actions__in=rows).distinct()
    for organization in organizations:
        if not accountable(organization).filter(pk=to.pk).exists():
            raise people.PeopleError(
                _("%(person)s holds no role at %(organization)s that answers for action steps.")
                % {"person": to, "organization": organization}
            )
    ActionStep.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(owner=to)


def register() -> None:
    """Take part in handing over; called once, when the app is ready."""
    people.register(gettext_lazy("unfinished action steps"), steps_of, give)
