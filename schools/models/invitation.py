"""Invitations: a role offered to an e-mail address, open until it is taken, withdrawn or expired."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.access import Action, Role, Scope
from hstw.history import tracked

from .membership import BelongingQuerySet
from .organization import Organization


def expiry() -> dt.datetime:
    """The moment at which an invitation written now runs out."""
    return timezone.now() + dt.timedelta(days=settings.INVITATION_DAYS)


class InvitationQuerySet(BelongingQuerySet["Invitation"]):
    """Invitations: for those who manage people."""

    action = Action.MANAGE_PEOPLE

    def open(self) -> Self:
        """Neither taken, nor withdrawn, nor expired."""
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


@tracked()
class Invitation(models.Model):
    """An offer of a role, sent by e-mail with a signed link."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("position"), max_length=200, blank=True)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=24, choices=Role)
    names_students = models.BooleanField(_("sees students by name"), default=False)
    ends = models.DateField(_("role ends"), null=True, blank=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations_sent")
    invited_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=expiry)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-invited_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="invitation_role_known", condition=Q(role__in=Role.values)),
            models.UniqueConstraint(
                Lower("email"),
                "organization",
                "role",
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
                violation_error_message=_("This person has been invited to this role already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}, {self.organization}"

    def access_scope(self) -> Scope:
        """The organization's."""
        return self.organization.access_scope()

    @property
    def is_open(self) -> bool:
        """Whether it can still be taken."""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()
