"""Autosave and stale writes: what a person typed is kept, and nobody's text is overwritten unseen.

A *draft* is what one person has typed into one form about one thing and not yet submitted. It remembers the
version of the thing that the person was looking at (``base_version``) and which browser tab saved it last
(``revision``). A *stale write* is a submit upon a version that is no longer the current one: it is refused, and
the page shows both texts (``hstw.draft_views``). ``docs/decisions/0002`` says why it is done so.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import models, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from hstw.access import AccessDecision, Action, decide
from hstw.models import Draft

SIZE_LIMIT = 256 * 1024
_REVISION = re.compile(r"[0-9a-f-]{8,40}:[0-9]{1,9}")

Data = Mapping[str, list[str]]


class DraftError(Exception):
    """A draft was not saved; the message is for the person."""


class TooLarge(DraftError):
    """More text than a draft holds."""


class SavedInAnotherTab(DraftError):
    """The same person saved this draft in another tab meanwhile; ``draft`` is that one."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(_("You saved other text for this form in another tab."))
        self.draft = draft


class UnknownKey(LookupError):
    """No form keeps drafts under this key, or the thing does not exist for this person."""


class StaleWrite(Exception):
    """Somebody saved the thing since ``yours`` was read; ``theirs`` is what stands there now."""

    def __init__(self, theirs: models.Model, yours: models.Model) -> None:
        super().__init__(_("Somebody saved this while you were writing."))
        self.theirs = theirs
        self.yours = yours


@dataclass(frozen=True, slots=True)
class Subject:
    """What a draft is about: the thing (``None`` while it is new), whether this person may edit it, and which
    fields its form sends."""

    thing: models.Model | None
    decision: AccessDecision
    fields: frozenset[str]


Find = Callable[[Any, str], Subject]
_REGISTRY: dict[str, Find] = {}


def register(prefix: str, find: Find) -> None:
    """Let forms keep drafts under ``prefix:…``. ``find(user, rest_of_the_key)`` gives the :class:`Subject` or
    raises :class:`UnknownKey`. Without registration there is no draft: only what one may edit can have one."""
    _REGISTRY[prefix] = find


def register_model(model: type[models.Model], action: Action, form_class: type[forms.BaseForm]) -> None:
    """Let ``form_class`` keep drafts about existing rows of ``model``, for whoever may do ``action``.

    A row that the person may not even see is unknown to them.
    """
    fields = field_names(form_class)

    def find(user: Any, rest: str) -> Subject:
        if not rest.isdecimal():
            raise UnknownKey(rest)
        rows: Any = model._default_manager.all()
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(user)
        thing = rows.filter(pk=rest).first()
        if thing is None:
            raise UnknownKey(rest)
        return Subject(thing, decide(user, action, thing), fields)

    register(model._meta.label_lower, find)


def key_of(thing: models.Model | str, *rest: object) -> str:
    """``schools.organization:42``; for what is not a row yet a name and what it hangs on:
    ``key_of("schools.organization-below", 42)``."""
    if isinstance(thing, models.Model):
        return f"{thing._meta.label_lower}:{thing.pk}"
    return ":".join([thing, *map(str, rest)])


def subject_of(user: Any, key: str) -> Subject:
    """What ``key`` is about, as this person may know it; :class:`UnknownKey` otherwise."""
    prefix, _colon, rest = key.partition(":")
    if prefix not in _REGISTRY:
        raise UnknownKey(key)
    return _REGISTRY[prefix](user, rest)


def field_names(form_class: type[forms.BaseForm]) -> frozenset[str]:
    """The names under which a form (without prefix) sends its fields. Files and passwords are never kept."""
    return frozenset(
        name
        for field_name, field in form_class.base_fields.items()  # type: ignore[attr-defined]
        if not isinstance(field.widget, forms.FileInput | forms.PasswordInput)
        for name in _sent_as(field_name, field)
    )


def _sent_as(name: str, field: forms.Field) -> Iterable[str]:
    if isinstance(field.widget, forms.MultiWidget):
        return [name + suffix for suffix in field.widget.widgets_names]  # type: ignore[attr-defined]
    return [name]


def version_of(thing: models.Model | None) -> int:
    """The version that stands in the row's ``version``; 0 for what is new."""
    return getattr(thing, "version", 0) if thing is not None and thing.pk is not None else 0


def load(user: Any, key: str) -> Draft | None:
    """This person's draft under ``key``; nobody else's can be read."""
    return Draft.objects.filter(user=user, key=key).first()


def new_revision() -> str:
    """The revision of a save that no browser tab numbered (a form sent without scripts)."""
    return f"{uuid.uuid4().hex}:1"


def save(
    user: Any,
    key: str,
    base_version: int,
    data: Data,
    *,
    fields: frozenset[str],
    built_on: str = "",
    revision: str = "",
) -> Draft:
    """Keep ``data``, of which only ``fields`` are taken, as this person's draft under ``key``.

    ``built_on`` names the revisions that the page knows, ``revision`` is the one this save makes. A draft that another
    tab saved meanwhile is not overwritten: :class:`SavedInAnotherTab`. A save that a later one of the same tab
    overtook changes nothing. Raises :class:`TooLarge` above 256 KB.
    """
    # A field that sent nothing (an unticked box) is kept as empty; one that the form gains later is not there.
    kept = {name: list(data.get(name, ())) for name in sorted(fields)}
    if len(json.dumps(kept)) > SIZE_LIMIT:
        raise TooLarge(_("This is more text than can be kept as a draft. Save it in parts."))
    revision = revision if _REVISION.fullmatch(revision) else new_revision()
    with transaction.atomic():
        draft, created = Draft.objects.select_for_update().get_or_create(
            user=user, key=key, defaults={"base_version": base_version, "data": kept, "revision": revision}
        )
        if created:
            return draft
        tab, number = _tab(revision)
        last_tab, last_number = _tab(draft.revision)
        if tab == last_tab and number <= last_number:
            return draft
        if tab != last_tab and not _knows(built_on, draft.revision):
            raise SavedInAnotherTab(draft)
        draft.base_version, draft.data, draft.revision = base_version, kept, revision
        draft.save()
    return draft


def _tab(revision: str) -> tuple[str, int]:
    tab, _colon, number = revision.rpartition(":")
    return tab, int(number) if number.isdecimal() else 0


def _knows(built_on: str, revision: str) -> bool:
    """Whether a page that names the revisions ``built_on`` has seen ``revision``, or a later one of its tab."""
    tab, number = _tab(revision)
    return any(tab == seen_tab and number <= seen for seen_tab, seen in map(_tab, built_on.split()))


def discard(user: Any, key: str) -> None:
    """Throw this person's draft under ``key`` away, because they said so."""
    Draft.objects.filter(user=user, key=key).delete()


def discard_submitted(user: Any, key: str, built_on: str) -> None:
    """Throw away the draft that was submitted just now, ``built_on`` naming the revisions that its page knew.
    What another tab saved meanwhile stays: nobody has submitted that."""
    draft = Draft.objects.filter(user=user, key=key).select_for_update().first()
    if draft is not None and _knows(built_on, draft.revision):
        draft.delete()


def as_sent(draft: Draft) -> QueryDict:
    """A draft's text as a form receives it."""
    sent = QueryDict(mutable=True)
    for name, values in draft.data.items():
        if values:
            sent.setlist(name, values)
    return sent


def initial_from(draft: Draft, form: forms.BaseForm) -> dict[str, Any]:
    """A draft's text as ``initial`` values, so that the form shows it as it was typed, finished or not."""
    sent = as_sent(draft)
    return {
        name: field.widget.value_from_datadict(sent, {}, form.add_prefix(name))
        for name, field in form.fields.items()
        if not field.disabled and any(sent_name in draft.data for sent_name in _sent_as(name, field))
    }


def save_if_current(instance: Any, version: int, *, fields: Iterable[str]) -> None:
    """Write ``fields`` of ``instance`` and the next version, if ``version`` is still the row's.

    The row is locked while its version is compared, so that of two simultaneous writers the second waits, then
    reads the first one's version and is refused: :class:`StaleWrite`. One UPDATE, so one event in the history;
    only ``fields`` are written, since ``instance`` may have been read before somebody moved the row in its tree.
    """
    with transaction.atomic():
        theirs = type(instance)._base_manager.select_for_update(of=("self",)).get(pk=instance.pk)
        if theirs.version != version:
            raise StaleWrite(theirs, instance)
        instance.version = version + 1
        instance.save(update_fields=[*fields, "version"])
