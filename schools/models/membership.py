"""Dated facts that join people to organizations and organizations to each other and to their standing."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, Grant, Role, Scope, within
from hstw.history import tracked

from .organization import Organization, lineage
from .periods import Period, PeriodQuerySet, Row, apart, ends_after_start


class BelongingQuerySet(PeriodQuerySet[Row]):
    """Dated rows that belong to an organization."""

    action = Action.VIEW_ORGANIZATION

    def visible_to(self, user: Any) -> Self:
        """Those of organizations where ``user`` may do this QuerySet's action."""
        return self.filter(within(user, self.action))


class PeopleQuerySet(BelongingQuerySet["RoleAssignment"]):
    """Role assignments are about people: not for everyone who may see the directory."""

    action = Action.VIEW_PEOPLE


@tracked()
class RoleAssignment(Period):
    """A role that a person holds on an organization for a period."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="role_assignments", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=24, choices=Role)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="role_assignments")
    names_students = models.BooleanField(
        _("sees students by name"),
        default=False,
        help_text=_("For site-team members who work with students by name; they need a second factor."),
    )

    objects = PeopleQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["organization__path", "role", "starts", "pk"]
        constraints = [
            ends_after_start("role_ends_after_start"),
            models.CheckConstraint(name="role_known", condition=Q(role__in=Role.values)),
            *(
                apart(
                    f"role_{role.value}_once",
                    "user",
                    "organization",
                    condition=Q(role=role.value),
                    message=_("This person holds this role here in that period already."),
                )
                for role in Role
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}, {self.organization}"

    def access_scope(self) -> Scope:
        """The organization's."""
        return self.organization.access_scope()

    def grant(self) -> Grant:
        """This assignment as :func:`hstw.access.decide` reads it."""
        here = self.organization
        return Grant(Role(self.role), here.access_scope(), here.name, here.slug, self.names_students)


class Network(models.TextChoices):
    """SREB's networks, by the names they have had (``domain.md`` 1.1)."""

    HSTW = "hstw", _("High Schools That Work")
    MMGW = "mmgw", _("Making Middle Grades Work")
    TCTW = "tctw", _("Technology Centers That Work")
    MSW = "msw", _("Making Schools Work")


@tracked()
class NetworkMembership(Period):
    """Membership of a network; awards ask for active membership in consecutive years."""

    class Route(models.TextChoices):
        STATE_NETWORK = "state_network", _("Through the state network")
        CONTRACT = "contract", _("By contract with SREB")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="network_memberships")
    network = models.CharField(_("network"), max_length=4, choices=Network)
    route = models.CharField(_("joined"), max_length=13, choices=Route, default=Route.STATE_NETWORK)

    objects = BelongingQuerySet.as_manager()

    class Meta:
        verbose_name = _("network membership")
        verbose_name_plural = _("network memberships")
        ordering = ["-starts", "network", "pk"]
        constraints = [
            ends_after_start("membership_ends_after_start"),
            *(
                apart(
                    f"membership_{network.value}_once",
                    "organization",
                    condition=Q(network=network.value),
                    message=_("This membership overlaps one that is recorded already."),
                )
                for network in Network
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.get_network_display()}"

    def access_scope(self) -> Scope:
        """The organization's."""
        return self.organization.access_scope()


class Support(models.TextChoices):
    """Federal support labels under ESSA (``domain.md`` 3.10)."""

    CSI = "csi", _("Comprehensive support and improvement (CSI)")
    TSI = "tsi", _("Targeted support and improvement (TSI)")
    ATSI = "atsi", _("Additional targeted support and improvement (ATSI)")


@tracked()
class SupportDesignation(Period):
    """A federal support designation of a school, with the reason the state gave."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="support_designations")
    kind = models.CharField(_("designation"), max_length=4, choices=Support)
    reason = models.CharField(
        _("reason"),
        max_length=300,
        blank=True,
        help_text=_("For example the student group or the graduation rate."),
    )

    objects = BelongingQuerySet.as_manager()

    class Meta:
        verbose_name = _("federal designation")
        verbose_name_plural = _("federal designations")
        ordering = ["-starts", "kind", "pk"]
        constraints = [
            ends_after_start("designation_ends_after_start"),
            *(
                apart(
                    f"designation_{kind.value}_once",
                    "organization",
                    condition=Q(kind=kind.value),
                    message=_("This designation overlaps one that is recorded already."),
                )
                for kind in Support
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.kind.upper()}"

    def access_scope(self) -> Scope:
        """The organization's."""
        return self.organization.access_scope()

    @property
    def short(self) -> str:
        """The abbreviation that the field uses: CSI, TSI, ATSI."""
        return self.kind.upper()


class CooperativeMemberQuerySet(PeriodQuerySet["CooperativeMember"]):
    """Memberships of cooperatives."""

    def visible_to(self, user: Any) -> Self:
        """Those whose member is in the directory that ``user`` sees."""
        members = Organization.objects.visible_to(user)
        return self.filter(member__in=members.order_by().values("pk"))


@tracked()
class CooperativeMember(Period):
    """A district's membership of a cooperative; memberships overlap between cooperatives and change."""

    cooperative = models.ForeignKey(Organization, models.CASCADE, related_name="cooperative_members")
    member = models.ForeignKey(Organization, models.CASCADE, related_name="cooperatives")

    objects = CooperativeMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a cooperative")
        verbose_name_plural = _("members of cooperatives")
        ordering = ["cooperative__name", "member__name", "starts", "pk"]
        constraints = [
            ends_after_start("cooperative_member_ends_after_start"),
            apart("cooperative_member_once", "cooperative", "member"),
        ]

    def __str__(self) -> str:
        return f"{self.member} in {self.cooperative}"


def roles_on(organization: Organization, day: dt.date | None = None) -> PeopleQuerySet:
    """The roles in force that reach ``organization`` from itself or from above, nearest first."""
    return (
        RoleAssignment.objects.on(day or timezone.localdate())
        .filter(organization__path__in=lineage(organization.path), user__is_active=True)
        .select_related("user", "organization__in_state")
        .order_by("-organization__path", "role", "user__name", "pk")
    )
