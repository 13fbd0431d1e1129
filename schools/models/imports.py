"""Where evidence came from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .organization import Organization


class ImportBatch(models.Model):
    """One load of evidence: which file, for whom, by whom, when."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="import_batches")
    kind = models.CharField(_("kind of evidence"), max_length=40)
    source = models.CharField(_("file"), max_length=200)
    loaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    loaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-loaded_at", "-pk"]

    def __str__(self) -> str:
        return self.source
