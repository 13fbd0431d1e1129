"""Set up an edition: from the data files or a former one; check it, open it."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from awards.models import Award, Band, Criterion, Edition, EditionRole, Nomination, Phase, Reviewer
from awards.models.edition import PhaseKind
from hstw import drafts

DATA = Path(__file__).with_name("data")
WHOLE = Decimal(100)


class EditionError(Exception):
    """An edition cannot be as asked; the message is for the person."""


def open_file(name: str) -> dict[str, Any]:
    """A data file of this app."""
    return tomllib.loads((DATA / name).read_text("utf-8"))


def load_where_ready(using: str = "default") -> None:
    """Put the award and its past editions into the database, once their tables exist."""
    tables = set(connections[using].introspection.table_names())
    if {Award._meta.db_table, Edition._meta.db_table} <= tables:
        load()


def load() -> None:
    """The award and the editions that were held, as the data file has them; what is there is brought up to date."""
    data = open_file("editions.toml")
    award, _made = Award.objects.update_or_create(
        slug=data["award"]["slug"],
        defaults={key: _flowing(data["award"][key]) for key in ("name", "sponsor", "about")},
    )
    for row in data["edition"]:
        Edition.objects.update_or_create(
            award=award,
            year=row["year"],
            defaults={
                "slug": f"{award.slug}-{row['year']}",
                "name": row["name"],
                "about": row["about"].strip(),
                "source": row["source"],
                "held": row["held"],
                "rubric_note": data["rubric_note"],
                "designs": row["designs"],
                "membership_years": row["membership_years"],
                "asks_surveys": row["asks_surveys"],
                "time_zone": "America/New_York",
                "past": True,
            },
        )


def _flowing(text: str) -> str:
    return " ".join(text.split())


def new(award: Award, year: int, *, time_zone: str, like: Edition | None = None) -> Edition:
    """A new edition with the rules and rubric of a former one, or with the default rubric; not open yet.

    Raises :class:`EditionError` where the year has one.
    """
    if Edition.objects.filter(award=award, year=year).exists():
        raise EditionError(_("%(award)s has an edition of %(year)d already.") % {"award": award, "year": year})
    before = like or Edition.objects.filter(award=award).order_by("-year").first()
    default = open_file("rubric.toml")
    with transaction.atomic():
        edition = Edition.objects.create(
            award=award,
            year=year,
            slug=f"{award.slug}-{year}",
            name=_("%(award)s %(year)d") % {"award": award.name, "year": year},
            about=before.about if before else award.about,
            source=before.source if before else "",
            rubric_note=before.rubric_note if before and before.criteria.exists() else default["note"],
            designs=before.designs if before else ["middle", "high", "technology_center"],
            membership_years=before.membership_years if before else 2,
            asks_surveys=before.asks_surveys if before else True,
            readers=before.readers if before else 3,
            time_zone=time_zone,
        )
        if before and before.criteria.exists():
            _copy_rubric(before, edition)
        else:
            _write_rubric(default, edition)
    return edition


def _write_rubric(rubric: Mapping[str, Any], edition: Edition) -> None:
    for order, row in enumerate(rubric["criterion"], start=1):
        criterion = Criterion.objects.create(
            edition=edition,
            order=order,
            name=row["name"],
            about=_flowing(row["about"]),
            weight=Decimal(row["weight"]),
            may_not_apply=row.get("may_not_apply", False),
        )
        Band.objects.bulk_create(
            Band(criterion=criterion, points=points, label=label, about=_flowing(row["bands"][points]))
            for points, label in enumerate(rubric["labels"])
        )


def _copy_rubric(before: Edition, edition: Edition) -> None:
    for criterion in before.criteria.prefetch_related("bands"):
        bands = list(criterion.bands.all())
        criterion.pk, criterion.edition = None, edition
        criterion._state.adding = True
        criterion.save()
        Band.objects.bulk_create(
            Band(criterion=criterion, points=band.points, label=band.label, about=band.about) for band in bands
        )


def weights_problem(weights: Sequence[Decimal]) -> str:
    """What is wrong with weights that do not add up to 100; blank where they do."""
    total = sum(weights, Decimal(0))
    if total == WHOLE:
        return ""
    off = abs(WHOLE - total)
    words = (
        _("The weights add up to %(total)s, not 100: %(off)s too few.")
        if total < WHOLE
        else _("The weights add up to %(total)s, not 100: %(off)s too many.")
    )
    return words % {"total": f"{total.normalize():f}", "off": f"{off.normalize():f}"}


def set_phases(edition: Edition, times: Mapping[str, tuple[dt.datetime, dt.datetime]]) -> None:
    """Write when each phase opens and closes. Raises :class:`EditionError` for phases that would not follow each
    other; a deadline may be moved while the edition is open."""
    if problem := phases_problem(times):
        raise EditionError(problem)
    with transaction.atomic():
        for kind, (opens, closes) in times.items():
            Phase.objects.update_or_create(
                edition=edition, kind=kind, defaults={"opens_at": opens, "closes_at": closes}
            )


def phases_problem(times: Mapping[str, tuple[dt.datetime, dt.datetime]]) -> str:
    """What is wrong with the order of phases; blank where each closes after it opens and opens after the one before."""
    before: PhaseKind | None = None
    for kind in PhaseKind:
        if kind not in times:
            continue
        opens, closes = times[kind]
        if closes <= opens:
            return _("%(phase)s would close before it opens.") % {"phase": kind.label}
        if before is not None and opens < times[before][1]:
            return _("%(phase)s would open before %(before)s closes.") % {
                "phase": kind.label,
                "before": str(before.label).lower(),
            }
        before = kind
    return ""


def set_rubric(edition: Edition, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write names, texts, weights and bands of criteria: each row has the criterion's ``pk`` and what changes.

    Raises :class:`EditionError` where the edition is open or the weights do not add up.
    """
    if edition.is_open:
        raise EditionError(_("The edition is open: schools write and readers score by this rubric, so it stands."))
    if problem := weights_problem([row["weight"] for row in rows]):
        raise EditionError(problem)
    with transaction.atomic():
        for row in rows:
            Criterion.objects.filter(pk=row["pk"], edition=edition).update(
                name=row["name"], about=row["about"], weight=row["weight"], may_not_apply=row["may_not_apply"]
            )
            for pk, text in row["bands"].items():
                Band.objects.filter(pk=pk, criterion=row["pk"], criterion__edition=edition).update(about=text)


def save_facts(edition: Edition, version: int, fields: Sequence[str]) -> None:
    """Write the facts of an edition that is not open; :class:`hstw.drafts.StaleWrite` where somebody else did."""
    drafts.save_if_current(edition, version, fields=fields)


def missing(edition: Edition) -> list[str]:
    """What an edition still lacks before it can be opened, in words."""
    found = []
    criteria = list(edition.criteria.prefetch_related("bands"))
    if not criteria:
        found.append(_("It has no criteria."))
    elif problem := weights_problem([criterion.weight for criterion in criteria]):
        found.append(problem)
    found += [
        _("“%(name)s” needs two bands at least.") % {"name": criterion.name}
        for criterion in criteria
        if len(criterion.bands.all()) < 2
    ]
    phases = {phase.kind: (phase.opens_at, phase.closes_at) for phase in edition.phases.all()}
    lacking = [str(kind.label) for kind in PhaseKind if kind not in phases]
    if lacking:
        found.append(_("These phases have no dates yet: %(phases)s.") % {"phases": ", ".join(lacking)})
    elif problem := phases_problem(phases):
        found.append(problem)
    if not edition.panel.serving().filter(role=EditionRole.COORDINATOR).exists():
        found.append(_("Nobody coordinates it yet."))
    return found


def open_edition(edition: Edition) -> None:
    """Open it: from now on its rubric stands, and schools can be nominated in its phase.

    Raises :class:`EditionError` with what it lacks; opened twice, nothing happens.
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.past:
            raise EditionError(_("This edition was held before; it is here for reference."))
        if edition.is_open:
            return
        if lacks := missing(edition):
            raise EditionError(" ".join(lacks))
        edition.opened_at = timezone.now()
        edition.save(update_fields=["opened_at"])


def phase_on(edition: Edition, kind: PhaseKind, now: dt.datetime | None = None) -> bool:
    """Whether the edition is open and the phase is on."""
    return edition.is_open and any(phase.kind == kind and phase.is_on(now) for phase in edition.phases.all())


def has_nominations(edition: Edition) -> bool:
    """Whether any school has begun one."""
    return Nomination.objects.filter(edition=edition).exists()


def leave_panel(edition: Edition, pk: int) -> None:
    """Take somebody off the panel; what they scored stays.

    Raises :class:`EditionError` for the last coordinator of an edition that is open.
    """
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition.pk)
        place = Reviewer.objects.serving().filter(edition=edition, pk=pk).first()
        if place is None:
            return
        others = Reviewer.objects.serving().filter(edition=edition, role=EditionRole.COORDINATOR).exclude(pk=pk)
        if place.role == EditionRole.COORDINATOR and edition.is_open and not others.exists():
            raise EditionError(_("Name another award coordinator first."))
        place.left_at = timezone.now()
        place.save(update_fields=["left_at"])
