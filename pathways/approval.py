"""A pathway is approved when its rules hold or are waived; a waiver is one person's to ask, another's to grant."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pathways import design
from pathways.models import Pathway, Waiver
from pathways.models.pathway import Rule, Status
from schools.models import User


@transaction.atomic
def approve(pathway: Pathway, by: User) -> Pathway:
    """Publish a complete pathway; raises ``ValidationError`` that says what is missing."""
    locked: Pathway = Pathway.objects.select_for_update(of=("self",)).get(pk=pathway.pk)
    if locked.approved:
        return locked
    unmet = design.of(locked).unmet
    if unmet:
        raise ValidationError(
            [
                _("It cannot be approved yet. %(rule)s: %(sentence)s")
                % {"rule": finding.rule.label, "sentence": finding.sentence}
                for finding in unmet
            ]
        )
    locked.status, locked.approved_by, locked.approved_at = Status.APPROVED, by, timezone.now()
    locked.version += 1
    locked.save(update_fields=["status", "approved_by", "approved_at", "version"])
    return locked


@transaction.atomic
def reopen(pathway: Pathway) -> Pathway:
    """Make an approved pathway a draft again, so that it can be changed."""
    locked: Pathway = Pathway.objects.select_for_update(of=("self",)).get(pk=pathway.pk)
    if locked.approved:
        locked.status, locked.approved_by, locked.approved_at = Status.DRAFT, None, None
        locked.version += 1
        locked.save(update_fields=["status", "approved_by", "approved_at", "version"])
    return locked


@transaction.atomic
def propose(pathway: Pathway, rule: str, reason: str, by: User) -> Waiver:
    """Ask that a rule be waived, with the reason; raises ``ValidationError``."""
    Pathway.objects.select_for_update(of=("self",)).get(pk=pathway.pk)
    if rule not in Rule.values:
        raise ValidationError({"rule": _("Choose the rule.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why students are served well without it.")})
    standing = Waiver.objects.filter(pathway=pathway, rule=rule).exclude(granted=False).first()
    if standing is not None:
        words = _("It is waived already.") if standing.granted else _("It has been asked for already.")
        raise ValidationError({"rule": words})
    return Waiver.objects.create(pathway=pathway, rule=rule, reason=reason.strip(), proposed_by=by)


@transaction.atomic
def decide(waiver: Waiver, granted: bool, by: User, answer: str = "") -> Waiver:
    """Grant or refuse a waiver; raises ``ValidationError`` for one's own and for one that is decided already."""
    locked = Waiver.objects.select_for_update(of=("self",)).get(pk=waiver.pk)
    if locked.decided_at is not None:
        raise ValidationError(_("This was decided already."))
    if locked.proposed_by_id == by.pk:
        raise ValidationError(_("You asked for this yourself: somebody else has to decide."))
    locked.decided_by, locked.decided_at = by, timezone.now()
    locked.granted, locked.answer = granted, answer.strip()
    locked.save(update_fields=["decided_by", "decided_at", "granted", "answer"])
    return locked
