"""Put figures, files and people into a nomination that is being written, change them, take them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from awards import sources, uploads
from awards.models import Claim, ClaimPoint, Nomination, NominationFile, NominationPerson
from awards.nominate import NominationError, being_written, years_offered
from awards.sources import Offer

Points = Sequence[tuple[int, Decimal, "int | None"]]


def offers(nomination: Nomination) -> list[tuple[sources.Source, list[Offer]]]:
    """What the record offers of the school and is not in the nomination yet, by source."""
    taken = set(nomination.claims.values_list("source", "source_key"))
    found = []
    for source in sources.all_sources():
        fresh = [
            offer
            for offer in source.offers(nomination.organization, years_offered())
            if (source.code, offer.key) not in taken
        ]
        if fresh:
            found.append((source, fresh))
    return found


def add(nomination: Nomination, source: str, key: str) -> Claim:
    """Take an offer of a source into the nomination, from its first known year to its last.

    Raises :class:`NominationError` for what is not offered, and for what is in it already.
    """
    chosen = sources.source_of(source)
    offer = next(
        (one for one in (chosen.offers(nomination.organization, years_offered()) if chosen else ()) if one.key == key),
        None,
    )
    if offer is None:
        raise NominationError(_("The record does not have this figure for the school."))
    try:
        with transaction.atomic():
            being_written(nomination)
            return Claim.objects.create(
                nomination=nomination,
                order=_next(nomination),
                source=source,
                source_key=key,
                title=offer.label,
                baseline_year=offer.years[0] if offer.years else None,
                current_year=offer.years[-1] if offer.years else None,
            )
    except IntegrityError as error:
        raise NominationError(_("This figure is in the nomination already.")) from error


def change(claim: Claim, fields: Mapping[str, Any]) -> None:
    """Write what a claim says and the years it compares."""
    with transaction.atomic():
        being_written(claim.nomination)
        for name, value in fields.items():
            setattr(claim, name, value)
        claim.save(update_fields=list(fields))


def write_typed(
    nomination: Nomination, claim: Claim | None, fields: Mapping[str, Any], points: Points, document: Any, by: Any
) -> Claim:
    """Write a typed series with its document (an uploaded file; ``None`` keeps the one there is).

    Raises :class:`NominationError` for fewer than two years, without a document, and
    :class:`awards.uploads.BadFile`.
    """
    years = sorted(year for year, _value, _of in points)
    if len(years) < 2:
        raise NominationError(_("Give two years at least: the baseline and the current one."))
    stored = uploads.keep(document, by) if document is not None else (claim.document if claim else None)
    if stored is None:
        raise NominationError(_("A figure of your own needs the document it comes from."))
    with transaction.atomic():
        being_written(nomination)
        claim = claim or Claim(nomination=nomination, order=_next(nomination), source=sources.Typed.code)
        for name, value in fields.items():
            setattr(claim, name, value)
        claim.baseline_year, claim.current_year, claim.document = years[0], years[-1], stored
        claim.save()
        ClaimPoint.objects.filter(claim=claim).delete()
        ClaimPoint.objects.bulk_create(
            ClaimPoint(claim=claim, year=year, value=value, denominator=of) for year, value, of in points
        )
    return claim


def remove(thing: Claim | NominationFile | NominationPerson) -> None:
    """Take something out of a nomination that is being written."""
    with transaction.atomic():
        being_written(thing.nomination)
        thing.delete()


def attach(nomination: Nomination, file: Any, title: str, by: Any) -> NominationFile:
    """Attach a file; raises :class:`awards.uploads.BadFile`."""
    stored = uploads.keep(file, by)
    with transaction.atomic():
        being_written(nomination)
        return NominationFile.objects.create(nomination=nomination, file=stored, title=title)


def name_person(nomination: Nomination, name: str, email: str, part: str) -> NominationPerson:
    """Name somebody who had a part in it: they will not judge it."""
    with transaction.atomic():
        being_written(nomination)
        return NominationPerson.objects.create(nomination=nomination, name=name, email=email, part=part)


def _next(nomination: Nomination) -> int:
    return int(nomination.claims.aggregate(n=Max("order"))["n"] or 0) + 1
