"""The question every view asks before it acts: may this person do this to this thing?

The view has fetched the thing through ``visible_to(user)`` first, so that what one may not know about answers
404; here what one may know but not do answers 403, with the reason in words the person can read.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from hstw.access import AccessDecision, Action, Actor, Thing, decide


def require(user: Actor, action: Action, thing: Thing | None = None) -> AccessDecision:
    """Go on where ``user`` may do ``action``; otherwise raise ``PermissionDenied`` with the reason."""
    decision = decide(user, action, thing)
    if not decision:
        raise PermissionDenied(decision.reason)
    return decision
