"""Who can do what to an organization, and why: the access table turned round and asked of the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from hstw.access import NEEDS_NAMED_ASSIGNMENT, TABLE, AccessDecision, Action, Reach, decide
from schools.models import Organization, RoleAssignment, User
from schools.models.membership import PeopleQuerySet
from schools.models.organization import lineage


@dataclass(frozen=True)
class Reached:
    """One role through which one person may do the action, and the reason in words."""

    assignment: RoleAssignment
    reason: str

    @property
    def person(self) -> User:
        return self.assignment.user


def assignments_for(action: Action, organization: Organization) -> PeopleQuerySet:
    """The roles in force today through which ``action`` may be done to ``organization``, nearest first.

    The same answer as asking :func:`hstw.access.decide` of everybody, in one query.
    """
    here = Q(organization__path__in=lineage(organization.path))
    state = organization.access_scope().state_path
    in_state = here | Q(organization__path__startswith=state) if state else here
    through = Q(pk__in=[])
    for role, reach in TABLE[action].items():
        within = {Reach.OWN: here, Reach.STATE: in_state, Reach.ALL: Q()}[reach] & Q(role=role)
        if action == Action.VIEW_NAMED_STUDENTS and role in NEEDS_NAMED_ASSIGNMENT:
            within &= Q(names_students=True)
        through |= within
    return (
        RoleAssignment.objects.on(timezone.localdate())
        .filter(through, user__is_active=True)
        .select_related("user", "organization__in_state")
        .order_by("-organization__path", "role", "user__name", "pk")
    )


def with_reasons(assignments: Any, action: Action, organization: Organization) -> list[Reached]:
    """Each role with the reason it gives; no query."""
    found = []
    for assignment in assignments:
        # The reason of this role alone, as it stands once the person has given their second factor.
        user = assignment.user
        user._grants = [assignment.grant()]
        user.has_second_factor = True
        found.append(Reached(assignment, decide(user, action, organization).reason))
    return found


def people_per_action(organization: Organization) -> dict[Action, int]:
    """How many people may do each action to ``organization``."""
    return {
        action: assignments_for(action, organization).order_by().values("user").distinct().count() for action in Action
    }


def my_decisions(user: User, organization: Organization) -> list[tuple[Action, AccessDecision]]:
    """For the asking person: every action, yes or no, and why."""
    return [(action, decide(user, action, organization)) for action in Action]
