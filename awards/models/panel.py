"""Who runs and judges an edition."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hstw.history import tracked
from schools.models import Organization

from .edition import Edition


class EditionRole(models.TextChoices):
    """What a person is to an edition."""

    COORDINATOR = "coordinator", _("Award coordinator")
    CHAIR = "chair", _("Chair")
    REVIEWER = "reviewer", _("Reviewer")


class ReviewerQuerySet(models.QuerySet["Reviewer"]):
    """People of panels."""

    def serving(self) -> Self:
        """Those who have not left."""
        return self.filter(left_at=None)


@tracked()
class Reviewer(models.Model):
    """A person's place on the panel of an edition, as reviewer, chair or coordinator.

    ``declared_at``: when they last said with whom they have a conflict. Nominations submitted later are shown to them
    only once they have been asked again. ``most``: how many nominations they can read at most.
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="panel")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="panel_places", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=11, choices=EditionRole)
    employer = models.ForeignKey(
        Organization,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("works for"),
        help_text=_("A school, district or state, where it is one of them."),
    )
    most = models.PositiveSmallIntegerField(_("nominations at most"), default=20)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    declared_at = models.DateTimeField(_("conflicts declared"), null=True, blank=True, editable=False)
    left_at = models.DateTimeField(_("left"), null=True, blank=True, editable=False)

    objects = ReviewerQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a panel")
        verbose_name_plural = _("members of panels")
        ordering: ClassVar[list[str]] = ["role", "user__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "user"],
                condition=Q(left_at=None),
                name="reviewer_once",
                violation_error_message=_("This person is on the panel already."),
            ),
            models.CheckConstraint(name="reviewer_role_known", condition=Q(role__in=EditionRole.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}, {self.edition}"


def places_of(user: Any) -> list[Reviewer]:
    """The places on panels that ``user`` holds; read once per instance, so once per request."""
    if not user.is_authenticated:
        return []
    if not hasattr(user, "_panel_places"):
        user._panel_places = list(
            Reviewer.objects.serving().filter(user=user).select_related("edition", "employer").order_by("pk")
        )
    found: list[Reviewer] = user._panel_places
    return found
