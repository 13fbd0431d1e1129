"""Conflicts of interest: which nominations a member of a panel may know nothing of.

Some are declared and stored; the others follow from facts and are worked out in every query, so that a role given
this morning shuts out from this morning on (domain reference, 2.3: same district, employer, state coordinator of the
state, named in the nomination; a role counts for five years after it ended).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Role
from hstw.history import tracked
from schools.models import CooperativeMember, Organization, RoleAssignment
from schools.models.organization import Kind

from .nomination import Nomination, NominationPerson
from .panel import Reviewer

ROLE_COUNTS_FOR = dt.timedelta(days=5 * 365 + 1)
# Mail of these says nothing of whom one works for.
FREE_MAIL = frozenset(
    {"gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "aol.com", "proton.me", "live.com", "me.com"}
)


class Rule(models.TextChoices):
    """Why somebody is in conflict with a nomination."""

    DECLARED = "declared", _("declared")
    SAME_DISTRICT = "same_district", _("holds, or held in the last five years, a role in the school's district")
    EMPLOYER = "employer", _("works for the school or its district")
    STATE_COORDINATOR = "state_coordinator", _("coordinates the school's state, or did in the last five years")
    NAMED = "named", _("is named in the nomination, or wrote or signed it")


@tracked()
class Conflict(models.Model):
    """A conflict that a member of the panel declared, or that was recorded for them. It is never taken back: a doubt
    once had stays."""

    reviewer = models.ForeignKey(Reviewer, models.PROTECT, related_name="conflicts")
    nomination = models.ForeignKey(Nomination, models.PROTECT, related_name="conflicts")
    why = models.CharField(_("why"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("conflict of interest")
        verbose_name_plural = _("conflicts of interest")
        ordering: ClassVar[list[str]] = ["recorded_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["reviewer", "nomination"], name="conflict_once")]

    def __str__(self) -> str:
        return f"{self.reviewer_id} × {self.nomination_id}"


class ConflictLogLine(models.Model):
    """A line of the log: a conflict was declared, or something was refused because of one. Written, never changed."""

    class What(models.TextChoices):
        DECLARED = "declared", _("Declared a conflict")
        NONE_DECLARED = "none", _("Declared to have no other conflict")
        REFUSED = "refused", _("Was refused")

    reviewer = models.ForeignKey(Reviewer, models.PROTECT, related_name="log_lines")
    nomination = models.ForeignKey(Nomination, models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=8, choices=What)
    rule = models.CharField(max_length=17, choices=Rule, blank=True)
    where = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("line of the conflict log")
        verbose_name_plural = _("lines of the conflict log")
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(name="conflict_log_known", condition=Q(what__in=["declared", "none", "refused"])),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"


@dataclass
class Ties:
    """What binds one person: path prefixes of districts (or of schools without one), employers and states."""

    user_id: int
    email: str
    name: str
    districts: set[str] = field(default_factory=set)
    employers: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)

    def rule(self, path: str) -> Rule | None:
        """The rule by which these ties touch a school at ``path``; ``None`` where they do not."""
        if path.startswith(tuple(self.employers)):
            return Rule.EMPLOYER
        if path.startswith(tuple(self.districts)):
            return Rule.SAME_DISTRICT
        return Rule.STATE_COORDINATOR if path.startswith(tuple(self.states)) else None


def in_conflict(place: Reviewer) -> Q:
    """The nominations of the place's edition with which it is in conflict, as a condition."""
    user = place.user
    if not hasattr(user, "_award_ties"):
        user._award_ties = ties_of([place])[place.pk]  # type: ignore[attr-defined]
    ties: Ties = user._award_ties  # type: ignore[attr-defined]
    if place.employer is not None and (unit := _unit(place.employer)):
        ties.employers.add(unit)
    declared = Conflict.objects.filter(reviewer__user=place.user_id, nomination=OuterRef("pk"))
    named = NominationPerson.objects.filter(nomination=OuterRef("pk")).filter(
        Q(email__iexact=ties.email) | Q(name__iexact=ties.name)
    )
    found = Q(Exists(declared)) | Q(Exists(named)) | Q(started_by=ties.user_id) | Q(signed_by=ties.user_id)
    for path in sorted(ties.districts | ties.employers | ties.states):
        found |= Q(organization__path__startswith=path)
    # Of a nullable column “not (unknown)” would hide everything: said of the rows instead.
    return Q(pk__in=Nomination.objects.filter(found, edition=place.edition_id).order_by().values("pk"))


def ties_of(places: Sequence[Reviewer]) -> dict[int, Ties]:
    """The ties of members of panels, by the key of their place; three queries, however many."""
    found = {place.pk: Ties(place.user_id, place.user.email, place.user.name) for place in places}
    by_user: dict[int, list[Ties]] = defaultdict(list)
    for ties in found.values():
        by_user[ties.user_id].append(ties)
    since = timezone.localdate() - ROLE_COUNTS_FOR
    roles = RoleAssignment.objects.filter(Q(ends=None) | Q(ends__gte=since), user__in=list(by_user)).select_related(
        "organization"
    )
    cooperatives: dict[int, list[Ties]] = defaultdict(list)
    for role in roles:
        for ties in by_user[role.user_id]:
            if role.organization.kind == Kind.STATE:
                if role.role == Role.STATE_COORDINATOR:
                    ties.states.add(role.organization.path)
            elif role.organization.kind == Kind.COOPERATIVE:
                cooperatives[role.organization_id].append(ties)
            elif unit := _unit(role.organization):
                ties.districts.add(unit)
    if cooperatives:
        members = CooperativeMember.objects.filter(Q(ends=None) | Q(ends__gte=since), cooperative__in=cooperatives)
        for cooperative, path in members.values_list("cooperative", "member__path"):
            for ties in cooperatives[cooperative]:
                ties.districts.add(path)
    employers = _employers_by_mail({ties.email.rpartition("@")[2].lower() for ties in found.values()})
    for place in places:
        ties = found[place.pk]
        ties.employers |= employers.get(ties.email.rpartition("@")[2].lower(), set())
        if place.employer is not None and (unit := _unit(place.employer)):
            ties.employers.add(unit)
    return found


def _unit(organization: Organization) -> str:
    """What counts as one employer: the district, or a school that has none, or a state's own office; none above."""
    step = Organization.steplen
    return organization.path[: 3 * step] if len(organization.path) >= 2 * step else ""


def _employers_by_mail(domains: Iterable[str]) -> dict[str, set[str]]:
    """By mail domain: whose web site stands under the same domain."""
    asked = {domain for domain in domains if domain not in FREE_MAIL and domain.count(".") >= 1}
    if not asked:
        return {}
    within = Q()
    for domain in asked:
        within |= Q(website__icontains=".".join(domain.split(".")[-2:]))
    found: dict[str, set[str]] = defaultdict(set)
    rows = Organization.objects.filter(within, kind__in=[Kind.DISTRICT, Kind.SCHOOL]).order_by()
    for organization in rows.only("path", "website", "kind"):
        host = (urlsplit(organization.website).hostname or "").removeprefix("www.")
        for domain in asked:
            if host and (host == domain or host.endswith(f".{domain}") or domain.endswith(f".{host}")):
                found[domain].add(_unit(organization))
    return found
