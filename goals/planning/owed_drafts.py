"""What somebody has typed on “What I owe” and not yet saved: kept by page, shown wherever the step is shown next.

A page of steps has one draft, under the keys of its steps. Steps move between pages as days pass and others are done;
so what was typed is looked up step by step, in all such drafts of the person, the latest first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from goals.models import ActionStep
from goals.planning.owed import people_of
from hstw import drafts
from hstw.access import Action, decide
from hstw.drafts import Subject, UnknownKey
from hstw.models import Draft
from schools.models import User

PREFIX = "goals.owed"
# A key that a person sends is not believed: more steps than any page has are none.
MOST = 20


@dataclass
class Typed:
    """What is kept for some steps: the text by field name, since when, and the revision of the page's own draft."""

    texts: dict[str, str] = field(default_factory=dict)
    saved_at: dt.datetime | None = None
    revision: str = ""

    def of(self, name: str, pk: int) -> str:
        """What was typed into one field of a step."""
        return self.texts.get(f"{name}-{pk}", "")


def key_of(steps: Iterable[int]) -> str:
    """The key of the draft of a page with these steps."""
    return drafts.key_of(PREFIX, "-".join(map(str, sorted(steps))))


def names_of(steps: Iterable[int]) -> frozenset[str]:
    """The fields of a page with these steps."""
    return frozenset(f"{name}-{pk}" for pk in steps for name in ("status", "note"))


def typed(user: User, steps: Iterable[int]) -> Typed:
    """What the person typed about these steps and did not save."""
    steps = list(steps)
    wanted, own = names_of(steps), key_of(steps)
    found = Typed()
    for draft in _of(user).order_by("saved_at"):
        here = {name: (values or [""])[0] for name, values in draft.data.items() if name in wanted}
        found.texts |= here
        if any(here.values()):
            found.saved_at = draft.saved_at
        if draft.key == own:
            found.revision = draft.revision
    if not any(found.texts.values()):
        found.saved_at = None
    return found


@transaction.atomic
def forget(user: User, steps: Iterable[int], built_on: str | None = None) -> None:
    """Throw away what was typed about these steps: submitted (``built_on``: what the page knew), or discarded."""
    steps = list(steps)
    wanted, own = names_of(steps), key_of(steps)
    if built_on is None:
        drafts.discard(user, own)
    else:
        drafts.discard_submitted(user, own, built_on)
    for draft in _of(user).exclude(key=own).select_for_update():
        rest = {name: values for name, values in draft.data.items() if name not in wanted}
        if len(rest) == len(draft.data):
            continue
        if any(value for values in rest.values() for value in values):
            draft.data = rest
            draft.save(update_fields=["data"])
        else:
            draft.delete()


def _of(user: User) -> Any:
    return Draft.objects.filter(user=user, key__startswith=f"{PREFIX}:")


def _find(user: Any, rest: str) -> Subject:
    keys = rest.split("-")
    if len(keys) > MOST or not all(key.isdecimal() and len(key) < 18 for key in keys):
        raise UnknownKey(rest)
    rows = ActionStep.objects.visible_to(user, Action.UPDATE_ACTION).filter(pk__in=keys, owner__in=people_of(user))
    steps = list(rows.select_related("strategy__plan_goal__plan__organization__in_state").order_by("pk"))
    if not steps:
        raise UnknownKey(rest)
    return Subject(None, decide(user, Action.UPDATE_ACTION, steps[0]), names_of(step.pk for step in steps))


drafts.register(PREFIX, _find)
