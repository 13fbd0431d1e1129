"""What somebody has typed and not yet submitted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """The unsubmitted contents of one form, of one person, about one thing.

    ``key`` names form and thing (``schools.organization:42``); ``base_version`` is the version of the thing that
    the person was looking at when they began to type. ``data`` is what a form sends, field by field:
    ``{"name": ["Hueytown"], "days": ["1", "2"]}``. ``revision`` is ``<tab>:<number>``: which browser tab saved
    last, and its how-many-eth save it was; two tabs of one person are told apart by it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    key = models.CharField(max_length=120)
    base_version = models.PositiveIntegerField(default=0)
    revision = models.CharField(max_length=60, blank=True)
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="draft_once")]

    def __str__(self) -> str:
        return self.key
