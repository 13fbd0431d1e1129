"""Awards in the demonstration world: the edition of the year before, announced, and this year's, under review."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection

from awards import editions, eligibility, feedback, nominate, results, scoring, snapshots
from awards.models import (
    Assignment,
    Award,
    AwardDecision,
    Band,
    Citation,
    Claim,
    Conflict,
    ConflictLogLine,
    Edition,
    EditionRole,
    FeedbackLetter,
    Nomination,
    Phase,
    ResultSnapshot,
    Review,
    Reviewer,
    Score,
    ScoreConsensus,
)
from awards.models.conflict import Rule
from awards.models.edition import PhaseKind
from awards.totals import total
from goals.disclosure import release
from goals.models import Audience
from hstw.access import Role
from schools.models import Organization, RoleAssignment, User

from .people import DOMAIN, PASSWORD
from .world import World

MOST = 5
# Addresses of the panel for trying out, with their position.
SIGN_INS: dict[str, tuple[EditionRole, str, str]] = {
    "awards": (EditionRole.COORDINATOR, "Avery Whitlock", "Award coordinator, SREB"),
    "chair": (EditionRole.CHAIR, "Morgan Delacroix", "Retired superintendent"),
    "reviewer": (EditionRole.REVIEWER, "Rowan Castellanos", "Career pathways researcher"),
    "reviewer2": (EditionRole.REVIEWER, "Imani Brooks", "Principal of a school that won before"),
    "reviewer3": (EditionRole.REVIEWER, "Sasha Petrov", "Director of a technology center"),
    "reviewer4": (EditionRole.REVIEWER, "Linh Tran", "Professor of education"),
}
_PRACTICES = ("Career pathways", "Teachers working together", "Guidance", "Extra help", "High expectations")
_HEADLINES = (
    "From a handful of pathways to programs that lead to jobs",
    "Teachers plan together, and fewer students fail in grade 9",
    "Every student has an adviser and a plan",
    "Extra help in the school day, open to everybody",
    "The same standards in every class",
)
_TEXTS = {
    "context": "Our self-assessment showed that many students were motivated for college and work, while the figures"
    " told us that too few left ready for either. The gap was widest where students had the least choice of courses and"
    " the least time with an adviser. The site team chose one practice and asked what would tell us that it works.",
    "actions": "Teams of teachers meet twice a week in common planning time and look at student work. The district's"
    " director of career and technical education and advisory councils of employers review each program every year."
    " As early as the middle grades, students and families work out a plan, and an adviser goes through it with them"
    " each fall. New teachers are coached for two years.",
    "success": "More students finish on time, more leave ready for college or a career, and more have earned a"
    " credential that employers ask for; the figures below show it over the years. Students say in surveys that"
    " adults know what they want to do next and help them get there. We look at the figures by group each quarter.",
    "sustaining": "Common planning time is in the master schedule, coaching is paid from the district's Title II funds,"
    " and the data review stands in the plan of the school and of the district.",
    "presenting": "A session for teams of four: the protocol for looking at student work, the calendar of a year, what"
    " it cost, and two mistakes we would not make again.",
}
_COMMENTS = (
    "Advisory councils are heard and programs grew out of need. Results by student group would make it stronger.",
    "Clear chain from need to action; the figures follow in time. How far it reached beyond the first teams is open.",
    "Baseline and current figures with their numbers of students are given; a comparison with the state is missing.",
    "Well secured in schedule and budget. The training of new teachers is a model for others.",
)


@dataclass
class _Panel:
    edition: Edition
    leading: list[Reviewer] = field(default_factory=list)
    readers: list[Reviewer] = field(default_factory=list)


def load_awards(world: World) -> None:
    """Write both editions; keys and ids follow from the seed alone."""
    _restart_keys()
    people = _people(world)
    award = Award.objects.get()
    schools = _schools(world)
    _publish(world, schools)
    rng = world.random("awards")
    before = _edition(world, award, world.last_year - 1, dt.timedelta(days=365))
    _judge(world, _panel(before, people, world), schools[1:4], rng, finished=True)
    now = _edition(world, award, world.last_year, dt.timedelta(0))
    _judge(world, _panel(now, people, world), schools, rng, finished=False)


def _restart_keys() -> None:
    """The next keys are those after the highest there is, whatever was rolled back before."""
    models = (Edition, Phase, Reviewer, Nomination, Claim, Conflict, ConflictLogLine, Assignment, Review, Score)
    models += (Citation, ScoreConsensus, AwardDecision, ResultSnapshot, FeedbackLetter)  # type: ignore[assignment]
    tables = [model._meta.db_table for model in models] + ["awards_criterion", "awards_band"]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), coalesce(max(id), 0) + 1, false) FROM {quote(table)}",  # noqa: S608
                [table],
            )


def _people(world: World) -> dict[str, User]:
    password = make_password(PASSWORD, salt=f"demonstration{world.seed:08d}")
    joined = dt.datetime(world.last_year - 2, 8, 3, 9, 30, tzinfo=ZoneInfo("America/New_York"))
    rows = [
        {
            "id": world.writer.take(User, 1),
            "password": password,
            "last_login": None,
            "email": f"{address}@{DOMAIN}",
            "name": name,
            "title": title,
            "is_active": True,
            "is_demo": True,
            "date_joined": joined,
        }
        for address, (_role, name, title) in SIGN_INS.items()
    ]
    world.writer.write_rows(User, rows)
    world.writer.write_rows(
        EmailAddress, [{"email": row["email"], "verified": True, "primary": True, "user_id": row["id"]} for row in rows]
    )
    found = {user.email.partition("@")[0]: user for user in User.objects.filter(pk__in=[row["id"] for row in rows])}
    return {address: found[address] for address in SIGN_INS}


def _schools(world: World) -> list[Organization]:
    """Schools that can be nominated, the one of the ten sign-ins first, then from every state in turn."""
    home = RoleAssignment.objects.get(user__email=f"principal@{DOMAIN}", role=Role.PRINCIPAL).organization
    trial = Edition(designs=["middle", "high", "technology_center"], membership_years=2, asks_surveys=False)
    with_principal = RoleAssignment.objects.filter(role=Role.PRINCIPAL, ends=None).values("organization")
    rows = Organization.objects.filter(kind="school", closed=None, pk__in=with_principal, design__in=trial.designs)
    by_state: dict[str, list[Organization]] = {}
    for school in rows.select_related("in_state").order_by("path")[:60]:
        if school.pk != home.pk and _may_be_nominated(trial, school, world):
            by_state.setdefault(school.postal_state, []).append(school)
    chosen = [home]
    while len(chosen) < MOST and any(by_state.values()):
        for state in sorted(by_state, reverse=True):
            if by_state[state] and len(chosen) < MOST:
                chosen.append(by_state[state].pop(0))
    return [Organization.objects.select_related("in_state").get(pk=school.pk) for school in chosen]


def _may_be_nominated(trial: Edition, school: Organization, world: World) -> bool:
    return eligibility.is_member(school, eligibility.years_before(world.today, 1), trial.membership_years)


def _publish(world: World, schools: Iterable[Organization]) -> None:
    """Readers and the public read the public release: the measured years of the schools' states have one."""
    states = {school.in_state_id: school.in_state for school in schools}
    for key in sorted(key for key in states if key is not None):
        for year in range(world.first_year, world.last_year):
            state = states[key]
            assert state is not None
            made, _cells = release.protect(state, year, Audience.PUBLIC)
            made.published_at = _at(world, -100)
            made.save(update_fields=["published_at"])


def _at(world: World, days: int, hour: int = 10) -> dt.datetime:
    """A moment so many days from today."""
    return dt.datetime.combine(world.today + dt.timedelta(days=days), dt.time(hour), ZoneInfo("America/New_York"))


def _edition(world: World, award: Award, year: int, earlier: dt.timedelta) -> Edition:
    edition = editions.new(award, year, time_zone="America/New_York")
    if not edition.membership_years:
        edition.membership_years = 2
        edition.about = (
            "Active member of the network for two consecutive years.\n"
            "Evidence of actions that changed school and classroom practice for at least one key practice.\n"
            "Evidence that students succeeded because of the changes.\nThe school presents at the conference."
        )
        edition.source = "As the editions from 2018 to 2023 have in common"
    edition.asks_surveys = False
    edition.save()
    last = dt.time(23, 59)
    zone = ZoneInfo("America/New_York")
    for kind, opens, closes in (
        (PhaseKind.NOMINATION, -70, -21),
        (PhaseKind.REVIEW, -20, 14),
        (PhaseKind.CONSENSUS, 15, 29),
        (PhaseKind.DECISION, 30, 50),
    ):
        Phase.objects.create(
            edition=edition,
            kind=kind,
            opens_at=_at(world, opens, 8) - earlier,
            closes_at=dt.datetime.combine(world.today + dt.timedelta(days=closes), last, zone) - earlier,
        )
    Edition.objects.filter(pk=edition.pk).update(opened_at=_at(world, -75) - earlier)
    return Edition.objects.get(pk=edition.pk)


def _panel(edition: Edition, people: dict[str, User], world: World) -> _Panel:
    found = _Panel(edition)
    for address, (role, _name, _title) in SIGN_INS.items():
        place = Reviewer.objects.create(
            edition=edition,
            user=people[address],
            role=role,
            most=10,
            joined_at=_at(world, -70),
            declared_at=_at(world, -18),
        )
        (found.readers if role == EditionRole.REVIEWER else found.leading).append(place)
    return found


def _judge(
    world: World, panel: _Panel, schools: Sequence[Organization], rng: np.random.Generator, *, finished: bool
) -> None:
    """Nominations of the schools, some read; where it is finished, decided and announced."""
    rows = [_nomination(world, panel.edition, school, n, rng) for n, school in enumerate(schools)]
    criteria = list(panel.edition.criteria.prefetch_related("bands"))
    for n, nomination in enumerate(rows):
        # Four readers take turns, so that everybody shares nominations with everybody.
        readers = [panel.readers[(n + step) % len(panel.readers)] for step in range(3)]
        for step, reader in enumerate(readers):
            assignment = Assignment.objects.create(
                reviewer=reader,
                nomination=nomination,
                assigned_by=panel.leading[0].user,
                assigned_at=_at(world, -17),
            )
            first = reader.user.email.startswith("reviewer@")
            # One nomination is read by all, with readers apart; of the others some reviews are still to come.
            if finished or n == 1 or ((n + step) % 2 == 0 and not first):
                _review(world, assignment, criteria, rng, apart=not finished and n == 1 and step == 2)
    if not finished:
        _begin(panel, rows, rng)
        return
    _decide(world, panel, rows)


def _nomination(world: World, edition: Edition, school: Organization, n: int, rng: np.random.Generator) -> Nomination:
    principal = (
        RoleAssignment.objects.filter(organization=school, role=Role.PRINCIPAL, ends=None)
        .select_related("user")
        .order_by("pk")[0]
        .user
    )
    submitted = _at(world, -30 + n) - dt.timedelta(days=365 * (world.last_year - edition.year))
    nomination = Nomination.objects.create(
        public_id=_uuid(rng),
        edition=edition,
        organization=school,
        headline=_HEADLINES[n % len(_HEADLINES)],
        practice=_PRACTICES[n % len(_PRACTICES)],
        started_by=principal,
        started_at=submitted - dt.timedelta(days=20),
        **_TEXTS,
    )
    nominate.first_claims(nomination, school)
    Claim.objects.filter(nomination=nomination).update(says="Read it beside the years in which the actions took hold.")
    found = nominate.document(nomination)
    # By lot, and the same at each load.
    nomination.number = 1000 + (7919 * (n + 1)) % 9000
    nomination.state = "submitted"
    nomination.signed_by, nomination.submitted_at = principal, submitted
    nomination.frozen = nominate.sealed(nomination, found)
    nomination.checksum = snapshots.checksum(nomination.frozen)
    nomination.save()
    return nomination


def _uuid(rng: np.random.Generator) -> uuid.UUID:
    return uuid.UUID(bytes=rng.bytes(16), version=4)


def _review(
    world: World, assignment: Assignment, criteria: Sequence[Any], rng: np.random.Generator, *, apart: bool
) -> None:
    """A review with its reasons and evidence; ``apart``: stricter than the others by far."""
    review = Review.objects.create(public_id=_uuid(rng), assignment=assignment, begun_at=_at(world, -12))
    scores = []
    for number, criterion in enumerate(criteria):
        points = int(rng.integers(2, 5)) if not apart else int(rng.integers(0, 2))
        band = next(band for band in criterion.bands.all() if band.points == points)
        score = Score.objects.create(
            review=review, criterion=criterion, band=band, comment=_COMMENTS[(number + points) % len(_COMMENTS)]
        )
        Citation.objects.create(
            score=score, part="actions", quote="Teams of teachers meet twice a week in common planning time"
        )
        scores.append(score)
    best = scoring.best_points(assignment.nomination.edition_id)
    review.total = total(scoring.shares_of(scores, best))
    review.submitted_at = _at(world, -6)
    review.save()


def _begin(panel: _Panel, rows: Sequence[Nomination], rng: np.random.Generator) -> None:
    """The reviewer one can sign in as has begun a review; conflicts were declared."""
    assignment = Assignment.objects.filter(reviewer=panel.readers[0], review=None).order_by("pk").first()
    if assignment is not None:
        review = Review.objects.create(public_id=_uuid(rng), assignment=assignment, begun_at=assignment.assigned_at)
        for criterion in panel.edition.criteria.prefetch_related("bands"):
            score = Score(review=review, criterion=criterion)
            if criterion.order == 1:
                score.band = next(band for band in criterion.bands.all() if band.points == 3)
                score.comment = _COMMENTS[0]
            score.save()
    _declare(panel, rows)


def _declare(panel: _Panel, rows: Sequence[Nomination]) -> None:
    """Everybody on the panel was asked about conflicts; who does not read the last nomination has one with it."""
    last = rows[-1]
    reading = set(Assignment.objects.filter(nomination=last).values_list("reviewer", flat=True))
    bound = next(place for place in panel.readers if place.pk not in reading)
    what = ConflictLogLine.What
    for place in (*panel.leading, *panel.readers):
        moment = place.declared_at
        assert moment is not None
        if place == bound:
            Conflict.objects.create(
                reviewer=place,
                nomination=last,
                why="I coached its site team.",
                recorded_by=place.user,
                recorded_at=moment,
            )
            ConflictLogLine.objects.create(
                reviewer=place, nomination=last, what=what.DECLARED, rule=Rule.DECLARED, at=moment
            )
        ConflictLogLine.objects.create(reviewer=place, what=what.NONE_DECLARED, at=moment)
    # Somebody passed on a link: it was not opened, and the log says so.
    assert bound.declared_at is not None
    ConflictLogLine.objects.create(
        reviewer=bound,
        nomination=last,
        what=what.REFUSED,
        rule=Rule.DECLARED,
        where=last.get_absolute_url(),
        at=bound.declared_at + dt.timedelta(days=2, hours=5),
    )


def _decide(world: World, panel: _Panel, rows: Sequence[Nomination]) -> None:
    """Agreed where readers were apart, decided by rank, frozen, announced."""
    from awards import consensus

    moment = _at(world, -300)
    for spread in consensus.spreads(panel.edition, rows):
        for criterion in spread.open:
            given = sorted(spread.given[criterion])
            ScoreConsensus.objects.create(
                nomination=spread.nomination,
                criterion_id=criterion,
                band=Band.objects.get(criterion=criterion, points=given[len(given) // 2]),
                rationale="The readers met by phone and read the passage on the reach of the actions together.",
                recorded_by=panel.leading[1].user,
                recorded_at=moment,
            )
    for row in results.rank(panel.edition, rows).rows:
        won = row.figures["raw_rank"] == 1
        AwardDecision.objects.create(
            nomination=row.nomination,
            outcome="winner" if won else "finalist",
            rationale="First by raw and by adjusted score." if won else "Strong actions; results are still young.",
            citation="For programs that grew out of need, and students who leave ready for what comes next."
            if won
            else "",
            decided_by=panel.leading[1].user,
            decided_at=moment,
        )
    snapshot = results.freeze(panel.edition, rows, by=panel.leading[0].user)
    ResultSnapshot.objects.filter(pk=snapshot.pk).update(
        public_id=_uuid(world.random("awards result")), made_at=moment, published_at=moment + dt.timedelta(days=10)
    )
    for judged in rows:
        _letter(Nomination.objects.select_related("edition").get(pk=judged.pk), panel, moment + dt.timedelta(days=12))


def _letter(nomination: Nomination, panel: _Panel, moment: dt.datetime) -> None:
    """The school may read its letter: what the readers let it read, and a word of thanks."""
    told = {key: "\n\n".join(dict.fromkeys(each)) for key, each in feedback.shared_comments(nomination).items()}
    content = feedback.letter_content(nomination, told, "Thank you for telling us. We look forward to your session.")
    FeedbackLetter.objects.create(
        nomination=nomination,
        content=content,
        checksum=snapshots.checksum(content),
        released_by=panel.leading[0].user,
        released_at=moment,
    )
