"""The world of the awards' tests: an edition, its panel, a school that can be nominated, and how far it has come."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from awards import claims, editions, nominate, scoring, snapshots
from awards.models import Assignment, Award, Criterion, Edition, EditionRole, Nomination, Review, Reviewer, Score
from awards.models.edition import PhaseKind
from hstw.access import Role
from schools.models import NetworkMembership, Organization, User
from tests import factories

PDF = b"%PDF-1.7\n1 0 obj\n"
WORDS = (
    "In every class teachers and students worked on it together, week after week, and looked at what came of it. " * 3
)
SECRET = "Zanzibar"
# A band of the default rubric as a part of the whole: its bands count from 0 to 4.
QUARTER = Decimal("0.25")


def edition(year: int = 2031, *, opened: bool = True, phase: PhaseKind | None = PhaseKind.NOMINATION) -> Edition:
    """An edition with the default rubric, in which ``phase`` is on (``None``: all are over)."""
    made = editions.new(Award.objects.get(), year, time_zone="America/Chicago")
    shift(made, phase)
    if opened:
        Edition.objects.filter(pk=made.pk).update(opened_at=timezone.now() - dt.timedelta(days=60))
    return Edition.objects.get(pk=made.pk)


def shift(made: Edition, phase: PhaseKind | None) -> None:
    """Move the dates so that ``phase`` is on today."""
    kinds = list(PhaseKind)
    at = kinds.index(phase) if phase is not None else len(kinds)
    start = timezone.now() - dt.timedelta(days=10 + 30 * at)
    editions.set_phases(
        made,
        {
            kind.value: (start + dt.timedelta(days=30 * n), start + dt.timedelta(days=30 * n + 29))
            for n, kind in enumerate(kinds)
        },
    )


def place(made: Edition, role: str, user: User | None = None, **fields: Any) -> Reviewer:
    """Somebody on the panel who has declared no conflict."""
    fields.setdefault("declared_at", timezone.now() + dt.timedelta(days=1))
    return Reviewer.objects.create(edition=made, user=user or factories.person(), role=role, **fields)


def member(school: Organization) -> None:
    """A member of the network for years."""
    NetworkMembership.objects.create(organization=school, network="msw", starts=dt.date(2015, 7, 1))


def upload(name: str = "report.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    """A file as a form receives it."""
    return SimpleUploadedFile(name, content)


def draft(made: Edition, school: Organization, by: User | None = None) -> Nomination:
    """A nomination that could be submitted, with two figures of its own."""
    if not school.network_memberships.exists():
        member(school)
    by = by or factories.person(Role.PRINCIPAL, school)
    nomination = nominate.begin(made, school, by)
    for title, first, last in (("Credentials earned", 12, 162), ("Pathways offered", 3, 8)):
        claims.write_typed(
            nomination,
            None,
            {"title": title, "unit": "credentials" if first > 9 else "pathways", "says": f"{title} grew."},
            [(2016, Decimal(first), None), (2019, Decimal(last), None)],
            upload(),
            by,
        )
    claims.attach(nomination, upload("surveys.pdf"), "Survey report", by)
    Nomination.objects.filter(pk=nomination.pk).update(
        headline=f"{SECRET} at {school.name}",
        practice="Career pathways",
        context=f"{SECRET} context. {WORDS}",
        actions=f"Advisory councils review each pathway every year. {WORDS}",
        success=WORDS,
    )
    return Nomination.objects.select_related("organization__in_state", "edition").get(pk=nomination.pk)


def submitted(made: Edition, school: Organization) -> Nomination:
    """A nomination that its principal signed."""
    nomination = draft(made, school)
    return nominate.submit(nomination, by=nomination.started_by, seen=snapshots.checksum(nominate.document(nomination)))


def fast(made: Edition, school: Organization, number: int) -> Nomination:
    """A submitted nomination without the way to it, for tests of many."""
    frozen = {
        "format": 1,
        "school": {
            "name": school.name,
            "district": "",
            "state": "",
            "place": "",
            "design": "",
            "grades": "",
            "slug": "",
        },
        "headline": f"Headline {number}",
        "practice": "Guidance",
        "parts": [{"key": "actions", "title": "What was done", "text": WORDS}],
        "claims": [],
        "files": [],
        "people": [],
        "eligibility": [],
        "signed_by": "P",
    }
    return Nomination.objects.create(
        edition=made,
        organization=school,
        state="submitted",
        number=number,
        headline=f"Headline {number}",
        signed_by=factories.person(),
        submitted_at=timezone.now() - dt.timedelta(days=40),
        frozen=frozen,
        checksum=snapshots.checksum(frozen),
    )


def assign(nomination: Nomination, reviewer: Reviewer) -> Assignment:
    """That somebody reads a nomination."""
    return Assignment.objects.create(nomination=nomination, reviewer=reviewer)


def review(
    nomination: Nomination,
    reviewer: Reviewer,
    points: list[int | None],
    *,
    submit: bool = True,
    comment: str = "Because.",
) -> Review:
    """A review with these points, criterion by criterion; ``None`` where it does not apply."""
    row = Assignment.objects.filter(nomination=nomination, reviewer=reviewer).first() or assign(nomination, reviewer)
    found = scoring.begin(row)
    for score, given in zip(scoring.scores_of(found), points, strict=True):
        score.not_applicable = given is None
        score.band = None if given is None else next(b for b in score.criterion.bands.all() if b.points == given)
        score.comment = comment
        scoring.save_score(score, score.version, part="actions" if given is not None else "", quote="", remove=[])
    return scoring.submit(found) if submit else found


@dataclass
class Judged:
    """An edition with its panel and nominations of four schools."""

    places: factories.World
    edition: Edition
    coordinator: Reviewer
    chair: Reviewer
    readers: list[Reviewer]
    nominations: list[Nomination] = field(default_factory=list)


def judged(*, readers: int = 3, schools: int = 3) -> Judged:
    """Schools of both states nominated, the review on, nobody assigned yet."""
    places = factories.make_world()
    made = edition()
    found = Judged(
        places,
        made,
        place(made, EditionRole.COORDINATOR),
        place(made, EditionRole.CHAIR),
        [place(made, EditionRole.REVIEWER) for _ in range(readers)],
    )
    every = [places.ridge, places.harbor, places.derby, places.valley]
    found.nominations = [submitted(made, school) for school in every[:schools]]
    shift(made, PhaseKind.REVIEW)
    found.edition = Edition.objects.get(pk=made.pk)
    return found


def criteria(made: Edition) -> list[Criterion]:
    """The criteria in order."""
    return list(made.criteria.all())


def stream(content: bytes = PDF) -> io.BytesIO:
    """Bytes as a file."""
    return io.BytesIO(content)


def score_of(found: Review, order: int) -> Score:
    """A review's score of one criterion."""
    return found.scores.select_related("criterion").get(criterion__order=order)
