"""How two states of a plan differ, in words. Figures, statuses and progress are no changes of the plan."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# What follows the data, or the people at work, by itself.
NOT_TEXT = frozenset({"figures", "status", "progress", "approved"})
LISTS: dict[str, Any] = {
    "team": gettext_lazy("member of the team"),
    "needs": gettext_lazy("need"),
    "causes": gettext_lazy("root cause"),
    "goals": gettext_lazy("goal"),
    "strategies": gettext_lazy("strategy"),
    "actions": gettext_lazy("action step"),
    "money": gettext_lazy("money"),
}
FIELDS: dict[str, Any] = {
    "mission": gettext_lazy("mission"),
    "summary": gettext_lazy("where we stand"),
    "involvement": gettext_lazy("who took part"),
    "common_planning": gettext_lazy("time to plan together"),
    "review_on": gettext_lazy("how we follow up"),
    "title": gettext_lazy("title"),
    "description": gettext_lazy("details"),
    "accountable": gettext_lazy("accountable"),
    "starts": gettext_lazy("start"),
    "due": gettext_lazy("due date"),
    "amount": gettext_lazy("amount"),
    "given": gettext_lazy("allocation"),
    "planned": gettext_lazy("planned"),
    "fund": gettext_lazy("fund"),
    "purpose": gettext_lazy("purpose"),
    "tier": gettext_lazy("evidence tier"),
    "citation": gettext_lazy("citation"),
    "practice": gettext_lazy("key practice"),
    "evidence": gettext_lazy("what shows it"),
    "measure": gettext_lazy("measure"),
    "group": gettext_lazy("student group"),
    "text": gettext_lazy("text"),
    "name": gettext_lazy("name"),
    "part": gettext_lazy("part"),
    "targets": gettext_lazy("yearly targets"),
    "end_year": gettext_lazy("end year"),
    "baseline_year": gettext_lazy("baseline year"),
    "source": gettext_lazy("source of the figures"),
    "needs": gettext_lazy("needs it answers"),
    "answers": gettext_lazy("district goal it answers"),
}
DAYS = frozenset({"starts", "due"})
LONG = 120


def words_only(content: dict[str, Any]) -> str:
    """The text of a plan without what changes by itself: equal for equal plans."""
    return json.dumps(_stripped(content), ensure_ascii=False, sort_keys=True)


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in value.items() if key not in NOT_TEXT}
    if isinstance(value, list):
        return [_stripped(one) for one in value]
    return value


def in_words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Each difference as a sentence, in the order of the plan."""
    return list(_compared(before, after, ""))


def _compared(before: dict[str, Any], after: dict[str, Any], where: str) -> Iterator[str]:
    for key, new in after.items():
        old = before.get(key)
        if key in NOT_TEXT or key in {"id", "left"} or old == new:
            continue
        if _is_parts(new) or _is_parts(old):
            yield from _parts(key, old or [], new or [], where)
            continue
        label = str(FIELDS.get(key, key))
        if isinstance(new, list):
            old, new = _listed(old), _listed(new)
        if key in DAYS:
            old, new = _day(old), _day(new)
        words = {"where": where, "field": label, "old": _short(old), "new": _short(new)}
        if len(str(old)) > LONG or len(str(new)) > LONG:
            yield (_("%(where)s: %(field)s rewritten.") if where else _("Rewritten: %(field)s.")) % words
        elif where:
            yield _("%(where)s: %(field)s changed from “%(old)s” to “%(new)s”.") % words
        else:
            yield _("%(field)s changed from “%(old)s” to “%(new)s”.") % (words | {"field": label.capitalize()})


def _parts(key: str, before: list[Any], after: list[Any], where: str) -> Iterator[str]:
    kind = str(LISTS.get(key, key))
    old = {part["id"]: part for part in before}
    new = {part["id"]: part for part in after}
    for pk, part in new.items():
        words = {"kind": kind.capitalize(), "name": _name(part), "where": where}
        if pk in old:
            yield from _compared(old[pk], part, _("%(kind)s “%(name)s”") % words)
        elif where:
            yield _("%(where)s: added %(kind)s “%(name)s”.") % (words | {"kind": kind})
        else:
            yield _("%(kind)s “%(name)s” added.") % words
    for pk, part in old.items():
        if pk not in new:
            words = {"kind": kind.capitalize(), "name": _name(part)}
            yield _("%(kind)s “%(name)s” removed.") % words
    kept = [pk for pk in old if pk in new]
    if kept != [pk for pk in new if pk in old]:
        yield _("%(kind)s: put in another order.") % {"kind": f"{where}, {kind}" if where else kind.capitalize()}


def _is_parts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "id" in value[0]


def _name(part: dict[str, Any]) -> str:
    return _short(part.get("title") or part.get("text") or part.get("name") or part.get("fund") or "")


def _listed(value: Any) -> str:
    parts = value if isinstance(value, list) else []
    return "; ".join(f"{one['year']} {one['value']}" if isinstance(one, dict) else str(one) for one in parts)


def _day(iso: Any) -> str:
    return str(date_format(dt.date.fromisoformat(iso), "M j, Y")) if iso else ""


def _short(value: Any) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= LONG else text[: LONG - 1] + "…"
