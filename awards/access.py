"""Who may do what in an edition: the one table edition role × action.

Like ``hstw.access`` for organizations, and with the same answer: a decision that carries its reason. Which nominations
and reviews somebody may read is in the QuerySets' ``visible_to``; here is what may be done.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards.models import Edition, EditionRole, Reviewer
from awards.models.panel import places_of
from hstw.access import AccessDecision, Action, decide


class EditionAction(TextChoices):
    """What can be done in an edition; the label completes “may …”."""

    SET_UP = "set_up", gettext_lazy("set up the edition")
    NAME_PANEL = "name_panel", gettext_lazy("name the panel")
    DECLARE = "declare", gettext_lazy("declare conflicts of interest")
    ASSIGN = "assign", gettext_lazy("assign readers")
    SCORE = "score", gettext_lazy("score nominations")
    AGREE = "agree", gettext_lazy("record what readers agreed on")
    DECIDE = "decide", gettext_lazy("see the ranking and decide")
    PUBLISH = "publish", gettext_lazy("freeze and announce the result")
    VIEW_LOG = "view_log", gettext_lazy("read the conflict log")


_R = EditionRole
TABLE: dict[EditionAction, frozenset[EditionRole]] = {
    EditionAction.SET_UP: frozenset({_R.COORDINATOR}),
    EditionAction.NAME_PANEL: frozenset({_R.COORDINATOR}),
    EditionAction.DECLARE: frozenset(EditionRole),
    EditionAction.ASSIGN: frozenset({_R.COORDINATOR}),
    EditionAction.SCORE: frozenset({_R.REVIEWER}),
    EditionAction.AGREE: frozenset({_R.CHAIR, _R.COORDINATOR}),
    EditionAction.DECIDE: frozenset({_R.CHAIR, _R.COORDINATOR}),
    EditionAction.PUBLISH: frozenset({_R.CHAIR, _R.COORDINATOR}),
    EditionAction.VIEW_LOG: frozenset({_R.CHAIR, _R.COORDINATOR}),
}

# Whoever sets up editions may do this in any, without a place on its panel: none of it shows a nomination.
BY_RUNNING_AWARDS = frozenset({EditionAction.SET_UP, EditionAction.NAME_PANEL})


def place_in(user: Any, edition: Edition) -> Reviewer | None:
    """The place that ``user`` holds on the panel of ``edition``."""
    return next((place for place in places_of(user) if place.edition_id == edition.pk), None)


def may(user: Any, action: EditionAction, edition: Edition) -> AccessDecision:
    """Whether ``user`` may do ``action`` in ``edition``, and why."""
    if not user.is_authenticated:
        return AccessDecision(False, _("You are not signed in."))
    place = place_in(user, edition)
    if place is not None and EditionRole(place.role) in TABLE[action]:
        return AccessDecision(
            True,
            _("As %(role)s of %(edition)s: may %(action)s.")
            % {"role": str(place.get_role_display()).lower(), "edition": edition.name, "action": action.label},
        )
    if action in BY_RUNNING_AWARDS and (by_role := decide(user, Action.RUN_AWARDS)):
        return by_role
    return AccessDecision(
        False,
        _("To %(action)s one must be on the panel of this edition as: %(roles)s.")
        % {
            "action": action.label,
            "roles": ", ".join(str(role.label).lower() for role in EditionRole if role in TABLE[action]),
        },
    )


def require(user: Any, action: EditionAction, edition: Edition) -> AccessDecision:
    """Go on where ``user`` may; otherwise raise ``PermissionDenied`` with the reason."""
    decision = may(user, action, edition)
    if not decision:
        raise PermissionDenied(decision.reason)
    return decision
