"""Forms about partners and what they have promised."""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Fieldset
from django import forms
from django.utils.translation import gettext_lazy as _

from hstw import drafts
from hstw.access import Action, decide
from pathways.forms.base import OwnedForm, day, helper, register, side_by_side
from pathways.models import Commitment, Partner, Pathway

NEW = "pathways.partner-of"


class PartnerForm(OwnedForm):
    """A partner, and who to call."""

    class Meta:
        model = Partner
        fields = ["name", "kind", "contact_name", "contact_email", "contact_phone", "note"]
        widgets = {"note": forms.Textarea({"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            Fieldset(_("Partner"), "name", "kind"),
            Fieldset(_("Who to call"), "contact_name", side_by_side("contact_email", "contact_phone"), "note"),
        )


register(PartnerForm, Action.EDIT_PATHWAYS, NEW)


class CommitmentForm(OwnedForm):
    """What a partner has promised, and until when."""

    owner = "partner"

    class Meta:
        model = Commitment
        fields = ["what", "pathway", "starts", "renewal", "ended"]
        widgets = {"starts": day(), "renewal": day(), "ended": day()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organization = self.instance.partner.organization
        field: Any = self.fields["pathway"]
        # A district's partner can stand behind the pathway of one of its schools.
        field.queryset = Pathway.objects.filter(organization__path__startswith=organization.path).order_by("name", "pk")
        field.empty_label = _("All pathways")
        self.fields["ended"].help_text = _("Only where the partner has stopped.")
        self.helper = helper("what", "pathway", side_by_side("starts", "renewal", "ended"))


drafts.register_model(Commitment, Action.EDIT_PATHWAYS, CommitmentForm)
NEW_COMMITMENT = "pathways.commitment-of"


def _about_partner(user: Any, rest: str) -> drafts.Subject:
    partner = Partner.objects.visible_to(user).filter(pk=rest).first() if rest.isdecimal() else None
    if partner is None:
        raise drafts.UnknownKey(rest)
    return drafts.Subject(None, decide(user, Action.EDIT_PATHWAYS, partner), drafts.field_names(CommitmentForm))


drafts.register(NEW_COMMITMENT, _about_partner)
