"""A form that stands among other things on its page keeps what is typed, as a page's own form does (``draft_views``).

What such a form sends is added or decided: there is no row of which it could hold an older version. ::

    small_drafts.register("goals.comment", Plan, Action.COMMENT_PLAN, {"text"})

    typed = small_drafts.of(user, key)                # for the template: ``typed.draft``, ``typed.texts``
    if small_drafts.discarded(request, key): ...      # “Discard” was pressed: show the page again
    return small_drafts.submitted(request, redirect(...), key)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from hstw import drafts
from hstw.access import Action, decide
from hstw.draft_views import SUBMITTED_COOKIE, DraftState
from hstw.models import Draft

# The key of the row that it is about, and what the form is about within it.
_REST = re.compile(r"(\d{1,17})(:[a-z0-9]{1,17}){0,2}")


@dataclass
class SmallDraft:
    """What somebody typed into a form and has not sent: ``texts`` by the names of its fields."""

    draft: DraftState
    texts: dict[str, str] = field(default_factory=dict)
    kept: Draft | None = None

    def initial(self, form: forms.BaseForm) -> dict[str, Any]:
        """The same as a form's initial values."""
        return {} if self.kept is None else drafts.initial_from(self.kept, form)


def register(prefix: str, model: type[Any], action: Action, fields: Iterable[str]) -> None:
    """Let a form keep drafts under ``prefix:<row>`` and ``prefix:<row>:<part>``, for whoever may do ``action`` with
    the row of ``model``. A row that the person may not even see is unknown to them."""
    names = frozenset(fields)

    def find(user: Any, rest: str) -> drafts.Subject:
        known = _REST.fullmatch(rest)
        row = model.objects.visible_to(user).filter(pk=known[1]).first() if known else None
        if row is None:
            raise drafts.UnknownKey(rest)
        return drafts.Subject(None, decide(user, action, row), names)

    drafts.register(prefix, find)


def of(user: Any, key: str) -> SmallDraft:
    """What the person has typed under ``key``."""
    kept = drafts.load(user, key)
    return blank(key) if kept is None else _shown(kept)


def below(user: Any, key: str) -> dict[str, SmallDraft]:
    """What the person has typed under ``key`` and its parts, by key; one query."""
    own = Draft.objects.filter(user=user)
    return {one.key: _shown(one) for one in own.filter(key=key) | own.filter(key__startswith=f"{key}:")}


def blank(key: str) -> SmallDraft:
    """Nothing was typed."""
    return SmallDraft(DraftState(key, 0, 0, "", False))


def _shown(kept: Draft) -> SmallDraft:
    texts = {name: values[0] for name, values in kept.data.items() if values}
    saved_at = kept.saved_at if any(text.strip() for text in texts.values()) else None
    return SmallDraft(DraftState(kept.key, 0, 0, kept.revision, False, saved_at), texts, kept)


def discarded(request: HttpRequest, key: str) -> bool:
    """Throw the draft away where the person said so."""
    if "discard" not in request.POST:
        return False
    drafts.discard(request.user, key)
    return True


def refused(request: HttpRequest, key: str) -> SmallDraft:
    """Keep what was sent and could not be done; the page shows it again."""
    fields = drafts.subject_of(request.user, key).fields
    sent, built_on = dict(request.POST.lists()), request.POST.get("draft-built-on", "")
    with suppress(drafts.DraftError):  # another tab's text is not overwritten; this one stays in the page
        built_on = drafts.save(request.user, key, 0, sent, fields=fields, built_on=built_on).revision
    texts = {name: request.POST.get(name, "") for name in fields}
    return SmallDraft(DraftState(key, 0, 0, built_on, False), texts)


def submitted(request: HttpRequest, response: HttpResponse, key: str) -> HttpResponse:
    """Throw away what was sent just now, here and in the browser."""
    with transaction.atomic():
        drafts.discard_submitted(request.user, key, request.POST.get("draft-built-on", ""))
    return forgotten(request, response, key)


def forgotten(request: HttpRequest, response: HttpResponse, key: str) -> HttpResponse:
    """Let the browser forget its own copy of what was submitted."""
    response.set_cookie(SUBMITTED_COOKIE, key, max_age=300, secure=request.is_secure(), samesite="Lax")
    return response
