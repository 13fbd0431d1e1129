"""How an import is told: how far it is, what it would change or has changed, in words and counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hstw.access import Action
from schools.imports import registry
from schools.models import ImportBatch, User
from schools.models.imports import ImportState

# A rate measured over less than this says nothing yet.
SETTLED = dt.timedelta(seconds=3)
_COUNTED = ("new", "changed", "gone", "unchanged", "refused")


@dataclass(frozen=True)
class Progress:
    """How far a worker is: the share done where the whole is known, rows per second, the time left in words."""

    phase: str
    done: int
    total: int | None
    percent: int | None
    rate: int | None
    left: str


@dataclass(frozen=True)
class Outcome:
    """What a file does to one target."""

    code: str
    label: str
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    refused: int = 0
    ends: bool = False


@dataclass(frozen=True)
class Sample:
    """One record of a preview: whose, where it stands in the file, what it says."""

    student: str
    organization: str
    place: str
    values: list[tuple[str, Any, Any]]


def progress(batch: ImportBatch, *, now: dt.datetime | None = None) -> Progress:
    """How far the worker is."""
    phase = batch.phase or str(ImportState(batch.state).label)
    percent = None
    if batch.rows_total:
        percent = min(100, batch.rows_done * 100 // batch.rows_total)
    rate, left = None, ""
    if batch.phase_started_at is not None and batch.rows_done:
        spent = (now or timezone.now()) - batch.phase_started_at
        if spent >= SETTLED:
            rate = max(1, int(batch.rows_done / spent.total_seconds()))
            if batch.rows_total:
                left = time_left((batch.rows_total - batch.rows_done) / rate)
    return Progress(phase, batch.rows_done, batch.rows_total, percent, rate, left)


def time_left(seconds: float) -> str:
    """About how long it takes, as people say it: never to the second."""
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 55:
        return _("less than a minute left")
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(n)d hour left", "about %(n)d hours left", hours) % {"n": hours}


def outcomes(batch: ImportBatch) -> list[Outcome]:
    """What the file does, target by target, in the order of the file's layout."""
    return [_outcome(code, counts) for code, counts in batch.counts.items()]


def _outcome(code: str, counts: dict[str, int]) -> Outcome:
    new, changed, gone, unchanged, refused = (int(counts.get(key) or 0) for key in _COUNTED)
    try:
        target = registry.target(code)
    except KeyError:
        return Outcome(code, code.replace("_", " "), new, changed, gone, unchanged, refused)
    return Outcome(code, str(target.plural), new, changed, gone, unchanged, refused, ends=target.gone == "end")


def total(rows: list[Outcome]) -> Outcome:
    """All targets together."""
    new, changed, gone, unchanged, refused = (sum(getattr(row, key) for row in rows) for key in _COUNTED)
    return Outcome("", "", new, changed, gone, unchanged, refused)


def summary(batch: ImportBatch) -> str:
    """What it changed, in one line: “5 new, 2 changed”."""
    whole = total(outcomes(batch))
    parts = []
    if whole.new:
        parts.append(ngettext("%(n)s new", "%(n)s new", whole.new) % {"n": f"{whole.new:,}"})
    if whole.changed:
        parts.append(ngettext("%(n)s changed", "%(n)s changed", whole.changed) % {"n": f"{whole.changed:,}"})
    if whole.gone:
        parts.append(ngettext("%(n)s gone", "%(n)s gone", whole.gone) % {"n": f"{whole.gone:,}"})
    return ", ".join(parts) or (_("nothing to change") if batch.counts else "—")


def changes_nothing(batch: ImportBatch) -> bool:
    """Whether applying it would leave everything as it is."""
    whole = total(outcomes(batch))
    return not (whole.new or whole.changed or whole.gone)


def title_of(kind: str) -> str:
    """A kind of file in words."""
    if not kind:
        return _("Not known yet")
    try:
        return str(registry.layout(kind).title)
    except KeyError:
        return kind.replace("_", " ")


def needs(batch: ImportBatch) -> Action:
    """What a person must be allowed to do in order to apply, confirm, cancel or undo it."""
    try:
        return registry.layout(batch.kind).needs
    except KeyError:
        return Action.IMPORT_STUDENTS


def samples(batch: ImportBatch) -> list[tuple[str, list[tuple[str, list[Sample]]]]]:
    """The records that the preview keeps to look at: by target, then what would happen to them."""
    words = {"new": _("New"), "changed": _("Changed"), "gone": _("Gone from the file")}
    found = []
    for code, by_outcome in (batch.preview.get("samples") or {}).items():
        label = _outcome(code, {}).label
        groups = [(words[key], [_sample(row) for row in by_outcome[key]]) for key in words if by_outcome.get(key)]
        if groups:
            found.append((label[:1].upper() + label[1:], groups))
    return found


def _sample(row: dict[str, Any]) -> Sample:
    place = ""
    if row.get("line"):
        place = _("line %(line)s") % {"line": row["line"]}
        if row.get("file"):
            place = _("%(file)s, line %(line)s") % {"file": row["file"], "line": row["line"]}
    values = [(label, before, after) for _name, label, before, after in row.get("values") or []]
    return Sample(row.get("student") or "", row.get("organization") or "", place, values)


def covers(batch: ImportBatch) -> list[dict[str, Any]]:
    """What is covered once it is applied, with days as dates."""
    rows = batch.preview.get("covers") or []
    return [row | {"through": dt.date.fromisoformat(row["through"]) if row.get("through") else None} for row in rows]


def needs_second(batch: ImportBatch, person: User) -> bool:
    """Whether this person is the second one that the guard may ask: not the one who brought the file."""
    return bool(batch.guard.get("stopped")) and batch.confirmed_by_id is None and batch.loaded_by_id != person.pk
