"""A nomination from the record: begin it with figures filled in, see what is missing, sign, submit, withdraw."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import editions, eligibility, snapshots, sources
from awards.models import Claim, Edition, Nomination
from awards.models.edition import PhaseKind
from awards.models.nomination import NominationState
from awards.sources import Both, Said
from hstw import drafts
from hstw.navigation import current_year
from schools.models import Organization

FORMAT = 1
STORY = ("headline", "practice", "context", "actions", "success", "sustaining", "presenting")
YEARS_BACK = 6
LEAST_WORDS = 30
LEAST_CLAIMS = 2
# The first figures of a nomination, where the record knows them in two years (peers, opening 1).
FIRST = {
    "measure": ("ACGR4", "READY_EITHER", "CREDENTIAL_EARNED"),
    "pathways": ("ALL",),
    "credentials": ("ALL",),
}
PARTS: dict[str, Any] = {
    "context": gettext_lazy("Where the school started"),
    "actions": gettext_lazy("What was done"),
    "success": gettext_lazy("What students gained"),
    "sustaining": gettext_lazy("How it goes on"),
    "presenting": gettext_lazy("What it would present"),
}


class NominationError(Exception):
    """It cannot be done; the message is for the person."""


class NotComplete(NominationError):
    """What is missing before it can be submitted; ``items`` names it."""

    def __init__(self, items: list[Item]) -> None:
        super().__init__(_("Not complete yet: %(items)s.") % {"items": "; ".join(str(item.label) for item in items)})
        self.items = items


@dataclass(frozen=True)
class Item:
    """One line of the completeness list; ``where`` is the part of the page that has it."""

    code: str
    label: str
    done: bool
    where: str
    needed: bool = True


def years_offered() -> list[int]:
    """The school years that claims can be about, the current one last."""
    return list(range(current_year() - YEARS_BACK, current_year() + 1))


def begin(edition: Edition, school: Organization, by: Any) -> Nomination:
    """Start the nomination of a school, with the first figures of its record; the one there is, where it has one.

    Raises :class:`NominationError` outside of the time for nominations and for a school that is not eligible.
    """
    if not editions.phase_on(edition, PhaseKind.NOMINATION):
        raise NominationError(_("Nominations for %(edition)s are not open now.") % {"edition": edition})
    against = [one for one in eligibility.check(edition, school) if one.met is False]
    if against:
        raise NominationError(
            _("%(school)s cannot be nominated: %(why)s")
            % {"school": school, "why": " ".join(f"{one.label}: {one.words}" for one in against)}
        )
    live = Nomination.objects.exclude(state=NominationState.WITHDRAWN)
    try:
        with transaction.atomic():
            nomination = Nomination.objects.create(edition=edition, organization=school, started_by=by)
            first_claims(nomination, school)
    except IntegrityError:
        return live.get(edition=edition, organization=school)
    return nomination


def first_claims(nomination: Nomination, school: Organization) -> None:
    """Take in the first figures of the record, from the first year in which each is known to the last."""
    years, found = years_offered(), []
    for code, keys in FIRST.items():
        source = sources.source_of(code)
        offers = {} if source is None else {one.key: one for one in source.offers(school, years)}
        found += [(code, offers[key]) for key in keys if key in offers]
    for order, (code, offer) in enumerate(found, start=1):
        Claim.objects.create(
            nomination=nomination,
            order=order,
            source=code,
            source_key=offer.key,
            title=offer.label,
            baseline_year=offer.years[0],
            current_year=offer.years[-1],
        )


def document(nomination: Nomination) -> dict[str, Any]:
    """The nomination as it stands now, exact figures and public ones, in the form that is frozen on submit."""
    school, edition = nomination.organization, nomination.edition
    claims = list(nomination.claims.select_related("document"))
    said = sources.said(claims, school)
    nothing = Both(Said(), Said())
    return {
        "format": FORMAT,
        "edition": {"slug": edition.slug, "name": edition.name, "year": edition.year},
        "school": _school(school),
        "headline": nomination.headline,
        "practice": nomination.practice,
        "parts": [{"key": key, "title": str(title), "text": getattr(nomination, key)} for key, title in PARTS.items()],
        "claims": [
            _claim(claim, f"claim-{number}", said.get(claim.pk, nothing))
            for number, claim in enumerate(claims, start=1)
        ],
        "files": [
            {"title": one.title, "name": one.file.name, "size": one.file.size, "sha256": one.file.sha256, "id": one.pk}
            for one in nomination.files.select_related("file")
        ],
        "people": [{"name": one.name, "part": one.part} for one in nomination.people.all()],
        "eligibility": [
            {"label": str(one.label), "met": one.met, "words": one.words} for one in eligibility.check(edition, school)
        ],
    }


def _school(school: Organization) -> dict[str, Any]:
    above = Organization.objects.filter(path__in=[school.path[: 2 * school.steplen], school.path[: 3 * school.steplen]])
    names = {one.kind: one.name for one in above if one.pk != school.pk}
    return {
        "name": school.name,
        "slug": school.slug,
        "district": names.get("district", ""),
        "state": names.get("state", ""),
        "place": school.place,
        "design": str(school.get_design_display()) if school.design else "",
        "grades": school.grade_span,
    }


def _claim(claim: Claim, key: str, both: Both) -> dict[str, Any]:
    source = sources.source_of(claim.source)
    return {
        "key": key,
        "id": claim.pk,
        "title": claim.title,
        "says": claim.says,
        "source": claim.source,
        "source_key": claim.source_key,
        "source_label": str(source.label) if source else "",
        "unit": claim.unit,
        "population": "" if claim.whole_population else claim.population,
        "baseline_year": claim.baseline_year,
        "current_year": claim.current_year,
        "exact": _said(both.exact),
        "public": _said(both.public),
        "document": None
        if claim.document is None
        else {"name": claim.document.name, "size": claim.document.size, "sha256": claim.document.sha256},
    }


def _said(said: Said) -> dict[str, Any]:
    points = [point.as_json() for point in said.points]
    return {"points": points, "words": said.words, "counted": said.counted, "empty": said.empty}


def known_years(claim: Mapping[str, Any]) -> int:
    """In how many years the school knows the figure."""
    return sum(1 for point in claim["exact"]["points"] if point["known"])


def completeness(nomination: Nomination, found: Mapping[str, Any]) -> list[Item]:
    """What a reader will look for, and whether it is there; ``found`` is the nomination's :func:`document`."""
    words = {part["key"]: len(part["text"].split()) for part in found["parts"]}
    claims = found["claims"]
    items = [
        Item("headline", _("A headline in one sentence"), bool(found["headline"].strip()), "story"),
        Item("practice", _("The key practice or focus area"), bool(found["practice"].strip()), "story"),
    ]
    needed = {"context", "actions", "success"}
    items += [
        Item(
            key,
            _("“%(part)s”, at least %(n)d words (now %(now)d)") % {"part": title, "n": LEAST_WORDS, "now": words[key]},
            words[key] >= LEAST_WORDS,
            "story",
            key in needed,
        )
        for key, title in PARTS.items()
    ]
    with_two = [claim for claim in claims if known_years(claim) > 1]
    items.append(
        Item(
            "claims",
            _("At least %(n)d figures with a baseline and a current value") % {"n": LEAST_CLAIMS},
            len(with_two) >= LEAST_CLAIMS,
            "figures",
        )
    )
    uncounted = [claim for claim in claims if claim["exact"]["counted"]]
    if uncounted:
        items.append(Item("denominators", _("Of how many: some counts do not say it"), False, "figures", needed=False))
    if any(one["met"] is None for one in found["eligibility"]):
        items.append(
            Item("proof", _("A file for what the record cannot tell (surveys)"), bool(found["files"]), "files")
        )
    return items


def complete(items: Iterable[Item]) -> bool:
    """Whether nothing is missing that is needed to submit it."""
    return all(item.done for item in items if item.needed)


def sealed(nomination: Nomination, found: Mapping[str, Any]) -> dict[str, Any]:
    """The document that is frozen: ``found``, with its number, signature and moment."""
    signer, moment = nomination.signed_by, nomination.submitted_at
    assert signer is not None
    assert moment is not None
    return {
        **found,
        "number": nomination.label,
        "signed_by": signer.name,
        "signed_as": signer.title,
        "submitted_at": moment.isoformat(),
    }


def save_story(nomination: Nomination, version: int) -> None:
    """Write the texts of a nomination that is still being written.

    Raises :class:`NominationError` once it is submitted, and :class:`hstw.drafts.StaleWrite`.
    """
    with transaction.atomic():
        being_written(nomination)
        drafts.save_if_current(nomination, version, fields=STORY)


def being_written(nomination: Nomination) -> None:
    """Go on where the nomination is still being written, and lock it; :class:`NominationError` otherwise."""
    state = Nomination.objects.select_for_update().values_list("state", flat=True).get(pk=nomination.pk)
    if state != NominationState.DRAFT:
        raise NominationError(_("This nomination was submitted; what was frozen stands."))


def submit(nomination: Nomination, *, by: Any, seen: str) -> Nomination:
    """Sign and submit: from now on what is frozen counts. ``by`` is the principal who signs, ``seen`` the checksum of
    the document they signed.

    Raises :class:`NominationError` where it is too late, was submitted already or changed since it was read,
    and :class:`NotComplete`.
    """
    with transaction.atomic():
        # A number is given once.
        edition = Edition.objects.select_for_update().get(pk=nomination.edition_id)
        nomination = (
            Nomination.objects.select_for_update(of=("self",))
            .select_related("organization__in_state", "edition")
            .get(pk=nomination.pk)
        )
        if nomination.state != NominationState.DRAFT:
            raise NominationError(_("This nomination was submitted already."))
        if not editions.phase_on(edition, PhaseKind.NOMINATION):
            raise NominationError(_("The time for nominations is over. Your text is kept; ask the award coordinator."))
        found = document(nomination)
        if snapshots.checksum(found) != seen:
            raise NominationError(_("The nomination changed since you opened this page. Read it once more, then sign."))
        against = [one for one in found["eligibility"] if one["met"] is False]
        if against:
            raise NominationError(" ".join(f"{one['label']}: {one['words']}" for one in against))
        if lacking := [item for item in completeness(nomination, found) if item.needed and not item.done]:
            raise NotComplete(lacking)
        now = timezone.now()
        nomination.number = free_number(edition)
        nomination.state = NominationState.SUBMITTED
        nomination.signed_by, nomination.submitted_at = by, now
        nomination.frozen = sealed(nomination, found)
        nomination.checksum = snapshots.checksum(nomination.frozen)
        nomination.version += 1
        nomination.save()
        for claim in found["claims"]:
            Claim.objects.filter(pk=claim["id"]).update(frozen={"exact": claim["exact"], "public": claim["public"]})
    return nomination


def free_number(edition: Edition) -> int:
    """A number that no nomination of the edition has, drawn by lot: of four digits, of more where half of those are
    taken.

    Numbers in a row would have gaps for whoever may not know of some, and tell how many were handed in before.
    """
    taken = set(Nomination.objects.filter(edition=edition).values_list("number", flat=True))
    lowest = 1000
    while len(taken) > lowest * 9 // 2:
        lowest *= 10
    while (number := lowest + secrets.randbelow(9 * lowest)) in taken:
        continue
    return number


def withdraw(nomination: Nomination, *, why: str) -> None:
    """Take a nomination back. What was frozen, and any result that holds it, stays as it was."""
    with transaction.atomic():
        nomination = Nomination.objects.select_for_update().get(pk=nomination.pk)
        if nomination.state == NominationState.WITHDRAWN:
            raise NominationError(_("This nomination was withdrawn already."))
        nomination.state = NominationState.WITHDRAWN
        nomination.withdrawn_at, nomination.withdrawn_because = timezone.now(), why[:300]
        nomination.save(update_fields=["state", "withdrawn_at", "withdrawn_because"])


def content_of(nomination: Nomination) -> dict[str, Any]:
    """What is read of a nomination: what was frozen, else how it stands."""
    frozen: dict[str, Any] | None = nomination.frozen
    return frozen if frozen is not None else document(nomination)


def changed_since(nomination: Nomination, *, exact: bool) -> set[str]:
    """The keys of those claims whose source says something else now than when it was submitted.

    With ``exact`` as the school's own people see it, else as the public release has it.
    """
    if nomination.frozen is None:
        return set()
    side = "exact" if exact else "public"
    live = {code.code for code in sources.all_sources() if code.live}
    rows = {claim.pk: claim for claim in nomination.claims.all() if claim.source in live}
    now = sources.said(list(rows.values()), nomination.organization)
    changed = set()
    for claim in nomination.frozen["claims"]:
        if claim["id"] not in rows:
            continue
        both = now.get(claim["id"])
        said = None if both is None else _said(both.exact if exact else both.public)
        if said is None or _facts(said) != _facts(claim[side]):
            changed.add(claim["key"])
    return changed


def _facts(said: Mapping[str, Any]) -> Any:
    """What of a said thing is a figure: not how an unknown one is worded, which changes with the calendar."""
    points: Iterable[Mapping[str, Any]] = said["points"]
    return said["words"], [(point["year"], point["known"], point["text"] if point["known"] else "") for point in points]


def is_unaltered(nomination: Nomination) -> bool:
    """Whether what is frozen still has the checksum of when it was submitted."""
    return nomination.frozen is not None and snapshots.checksum(nomination.frozen) == nomination.checksum
