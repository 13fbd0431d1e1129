"""Forms of progress keep what is typed as drafts, as the forms of parts do; there is no row that could be stale."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.http import HttpRequest

from goals.forms_planning.plan import PROGRESS, ProgressForm
from goals.models import ActionStep
from hstw import drafts
from hstw.draft_views import DraftState
from schools.scope import signed_in


def key_of(step: ActionStep) -> str:
    """Under which key progress on a step is kept."""
    return drafts.key_of(PROGRESS, step.pk)


def blank(request: HttpRequest, step: ActionStep) -> tuple[ProgressForm, DraftState]:
    """The form with the status as it is, and with what this person typed and did not save."""
    initial: dict[str, Any] = {"status": step.status}
    form, state = ProgressForm(initial=initial), DraftState(key_of(step), 0, 0, "", False)
    draft = drafts.load(signed_in(request), state.key)
    if draft is not None:
        state.revision = draft.revision
        if ProgressForm(drafts.as_sent(draft), initial=initial).has_changed():
            state.saved_at = draft.saved_at
            form = ProgressForm(initial=initial | drafts.initial_from(draft, form))
    return form, state


def refused(request: HttpRequest, step: ActionStep) -> DraftState:
    """Keep what was sent and could not be saved."""
    key, built_on = key_of(step), request.POST.get("draft-built-on", "")
    sent, fields = dict(request.POST.lists()), drafts.field_names(ProgressForm)
    with suppress(drafts.DraftError):  # the text stays in the page
        built_on = drafts.save(signed_in(request), key, 0, sent, fields=fields, built_on=built_on).revision
    return DraftState(key, 0, 0, built_on, False)
