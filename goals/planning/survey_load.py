"""Surveys of a file beside those recorded: what would be new or change, and writing it, all or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from goals.models import BoldGoal, KeyPractice, PracticeIndex, Source, SurveyAdministration
from goals.planning import status, surveys
from goals.planning.survey_check import Told
from schools.models import Organization, User


class State(models.TextChoices):
    """What loading would do to a survey."""

    NEW = "new", gettext_lazy("New")
    CHANGED = "changed", gettext_lazy("Changed")
    SAME = "same", gettext_lazy("As recorded")
    HELD = "held", gettext_lazy("Left as it is")


class Overtaken(ValueError):
    """Something was recorded since the person looked; the message is for them."""


@dataclass
class Outcome:
    """One survey of the file: what would become of it, in words, and the row that is recorded."""

    told: Told
    organization: Organization
    state: State
    recorded: SurveyAdministration | None = None
    changes: list[str] = field(default_factory=list)
    kept: dict[int, Decimal] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Whose survey it is."""
        return str(SurveyAdministration.Kind(self.told.kind).label)


def compare(user: User, told: Sequence[Told]) -> list[Outcome]:
    """What loading would do, survey by survey: what changes first. A fixed number of queries.

    What few answered is not for everybody who records surveys: one that is recorded, of which the person may not see
    the results, is left as it is, and nothing of it is told.
    """
    organizations = Organization.objects.in_bulk({one.organization for one in told})
    recorded = _recorded(told)
    reading = surveys.read_by(user, recorded.values())
    indices: dict[int, dict[int, Decimal]] = {one.pk: {} for one in recorded.values()}
    for survey, practice, percent in PracticeIndex.objects.filter(survey__in=indices).values_list(
        "survey", "practice", "percent"
    ):
        indices[survey][practice] = percent
    names = dict(
        KeyPractice.objects.filter(pk__in={pk for one in told for pk in one.indices}).values_list("pk", "name")
    )
    found = []
    for one in told:
        row = recorded.get(one.key)
        outcome = Outcome(one, organizations[one.organization], State.NEW, row)
        if row is not None:
            outcome.kept = indices[row.pk]
            hidden = reading[row.pk].hidden
            outcome.changes = [] if hidden else _changes(one, row, outcome.kept, names)
            outcome.state = State.HELD if hidden else State.CHANGED if outcome.changes else State.SAME
        found.append(outcome)
    order = list(State)
    return sorted(found, key=lambda one: (order.index(one.state), one.organization.name, one.told.closed))


def _recorded(told: Sequence[Told]) -> dict[tuple[int, str, Any], SurveyAdministration]:
    rows = SurveyAdministration.objects.filter(
        organization__in={one.organization for one in told},
        kind__in={one.kind for one in told},
        given_on__in={one.closed for one in told},
    ).select_related("organization")
    wanted = {one.key for one in told}
    by_key = {(row.organization_id, row.kind, row.given_on): row for row in rows}
    return {key: row for key, row in by_key.items() if key in wanted}


def _changes(told: Told, row: SurveyAdministration, kept: dict[int, Decimal], names: dict[int, str]) -> list[str]:
    """What the file says otherwise than the record, in words: what was, and what would be."""
    found = []
    for label, before, after in (
        (_("invited"), row.invited, told.invited),
        (_("answered"), row.answered, told.answered),
    ):
        if after is not None and after != before:
            found.append(f"{label} {before:,} → {after:,}")
    if told.source and told.source != row.source:
        found.append(f"{_('source')} {row.source or '—'} → {told.source}")
    for pk, percent in told.indices.items():
        if kept.get(pk) != percent:
            before_text = f"{kept[pk]} %" if pk in kept else "—"
            found.append(f"{names[pk]} {before_text} → {percent} %")
    return found


def mark_of(outcomes: Iterable[Outcome]) -> str:
    """A mark of what is recorded now beside the file: another one where anything of it has changed since.

    It goes through the person's hands, so nothing of a survey that is not for them is in it.
    """
    rows = []
    for one in outcomes:
        row, told = one.recorded, one.state not in {State.NEW, State.HELD}
        facts = [row.invited, row.answered, row.source] if row is not None and told else []
        kept = sorted((pk, str(percent)) for pk, percent in one.kept.items()) if told else []
        rows.append([*map(str, one.told.key), one.state, facts, kept])
    return hashlib.sha256(json.dumps(sorted(rows, key=str)).encode()).hexdigest()


def apply(user: User, told: Sequence[Told], mark: str) -> list[Outcome]:
    """Write what was looked at; says what was done. Raises :class:`Overtaken` where the record is another now."""
    overtaken = _("Something was recorded since you looked. Nothing was loaded; please look again.")
    try:
        with transaction.atomic():
            outcomes = _write(user, told, mark)
    except IntegrityError as error:  # by hand, in the same moment
        raise Overtaken(overtaken) from error
    if outcomes is None:
        raise Overtaken(overtaken)
    return outcomes


def _write(user: User, told: Sequence[Told], mark: str) -> list[Outcome] | None:
    """Write everything; ``None``, and nothing, where the record is another than the one looked at."""
    # Held in one order, so that two who load at once wait for each other, and a survey is made once.
    places = Organization.objects.filter(pk__in={one.organization for one in told}).order_by("pk")
    list(places.select_for_update(no_key=True))
    outcomes = compare(user, told)
    if mark_of(outcomes) != mark:
        return None
    written = [one for one in outcomes if one.state in {State.NEW, State.CHANGED}]
    fresh = [one for one in written if one.recorded is None]
    made = SurveyAdministration.objects.bulk_create(_row(one.told) for one in fresh)
    for outcome, row in zip(fresh, made, strict=True):
        outcome.recorded = row
    changed = [_changed(one) for one in written if one.state == State.CHANGED]
    SurveyAdministration.objects.bulk_update(changed, ["invited", "answered", "source"])
    PracticeIndex.objects.bulk_create(
        [
            PracticeIndex(survey=one.recorded, practice_id=practice, percent=percent)
            for one in written
            for practice, percent in one.told.indices.items()
        ],
        update_conflicts=True,
        unique_fields=["survey", "practice"],
        update_fields=["percent"],
    )
    refresh(one.organization.pk for one in written)
    return outcomes


def _row(told: Told) -> SurveyAdministration:
    return SurveyAdministration(
        organization_id=told.organization,
        kind=told.kind,
        given_on=told.closed,
        invited=told.invited or 0,
        answered=told.answered or 0,
        source=told.source,
    )


def _changed(outcome: Outcome) -> SurveyAdministration:
    row, told = outcome.recorded, outcome.told
    assert row is not None
    row.invited = row.invited if told.invited is None else told.invited
    row.answered = row.answered if told.answered is None else told.answered
    row.source = told.source or row.source
    return row


def refresh(organizations: Iterable[int]) -> None:
    """Work out anew the goals that stand on surveys of these organizations: after one was recorded or changed."""
    goals = BoldGoal.objects.filter(
        organization__in=list(organizations),
        measure__code__in=surveys.MEASURES,
        source=Source.TYPED,
        stopped_on=None,
    )
    status.refresh_goals(goals)
