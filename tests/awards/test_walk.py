"""The walk: whoever is in conflict, has not declared, or has not submitted reaches no byte of what they must not see.

Every address of awards, with the objects of the world, by GET and by POST; every export, search, count and message.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from awards import consensus, feedback, results, scoring
from awards.models import (
    Assignment,
    Claim,
    Conflict,
    ConflictLogLine,
    Edition,
    EditionRole,
    FeedbackLetter,
    Nomination,
    NominationPerson,
    ResultSnapshot,
    Review,
    Reviewer,
    Score,
)
from awards.models.edition import PhaseKind
from awards.urls import urlpatterns
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import CooperativeMember, Organization, User
from tests import factories
from tests.awards import world as w

pytestmark = pytest.mark.django_db
HIDDEN = "Quixotic Lighthouse High"
COMMENT = "Xylophone comment"
FILE = "secret-report"


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


@pytest.fixture
def world() -> w.Judged:
    """Ridge, whose name nobody would guess, with two reviews in, one begun; the others beside it."""
    made = w.judged(readers=4)
    Organization.objects.filter(pk=made.places.ridge.pk).update(name=HIDDEN)
    nomination = made.nominations[0]
    for reader in made.readers[:2]:
        w.review(nomination, reader, [3, 3, 3, 3, 3, 3], comment=f"{COMMENT} of {reader.pk}")
    w.review(nomination, made.readers[2], [2, 3, 3, 3, 3, 3], submit=False)
    for other in made.nominations[1:]:
        for reader in made.readers[:3]:
            w.review(other, reader, [4, 3, 3, 3, 3, 3], comment="Fine.")
    return made


def hidden_words(world: w.Judged) -> list[str]:
    nomination = world.nominations[0]
    return [HIDDEN, f"{w.SECRET} at Cahaba Ridge", str(nomination.public_id), COMMENT, "secret-report"]


def addresses(world: w.Judged) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every address of awards about the hidden nomination and its edition, with something to send."""
    nomination = Nomination.objects.get(pk=world.nominations[0].pk)
    review = Review.objects.filter(assignment__nomination=nomination).first()
    snapshot = ResultSnapshot.objects.first()
    claim, file = nomination.claims.first(), nomination.files.first()
    person = NominationPerson.objects.get_or_create(nomination=nomination, name="Named Person")[0]
    assignment = Assignment.objects.filter(nomination=nomination).first()
    values: dict[str, Any] = {
        "slug": world.edition.slug,
        "order": 1,
        "form": "csv",
        "kind": "figure",
        "year": current_year(),
        "edition": world.edition.slug,
    }
    pks = {"figure": claim, "claim_document": claim, "nomination_file": file, "remove": claim, "unassign": assignment}
    pks |= {"panel_leave": world.readers[3], "person": person}
    for route in urlpatterns:
        name = str(route.name)
        about = nomination
        if str(route.pattern).startswith("reviews/"):
            about = review  # type: ignore[assignment]
        elif "results" in str(route.pattern):
            about = snapshot  # type: ignore[assignment]
        kwargs: dict[str, Any] = {}
        for key in route.pattern.converters:
            if key == "public_id":
                kwargs[key] = getattr(about, "public_id", nomination.public_id)
            elif key == "pk":
                kwargs[key] = pks[name].pk
            else:
                kwargs[key] = "ridge" if key == "slug" and str(route.pattern).startswith("o/") else values[key]
        sent = {"nomination": str(nomination.public_id), "reviewer": str(world.readers[3].pk), "q": "Quix"}
        sent |= {"why": "x", "version": "0", "criterion": "1", "offer": "measure|ACGR4"}
        yield name, reverse(f"awards:{name}", kwargs=kwargs), sent
        if name == "nominations":
            yield name, reverse("awards:nominations", kwargs=kwargs) + "?q=Quixotic", sent
        if name == "nominations_file":
            yield name, reverse("awards:nominations_file", kwargs=kwargs | {"form": "xlsx"}), sent
    scores = Score.objects.filter(review__assignment__nomination=nomination)
    for key in (
        f"awards.nomination:{nomination.pk}",
        f"awards.decision:{nomination.pk}",
        f"awards.letter:{nomination.pk}",
        f"awards.consensus:{nomination.pk}:{world.edition.criteria.all()[0].pk}",
        *(f"awards.score:{score.pk}" for score in scores),
    ):
        yield "draft", reverse("draft", args=[key]), {"draft-user": "0"}
    yield "home", reverse("home"), {}


def beside() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Pages beside those of awards on which something of a nomination could stand; schools are named there."""
    for route in ("goals:owed", "schools:organizations"):
        yield route, reverse(route), {}
    for place in ("ridge", "cahaba"):
        for route in ("schools:organization", "schools:organization_history", "goals:plan", "goals:dashboard"):
            yield route, reverse(route, args=[place, current_year()]), {}


def body(answer: Any) -> str:
    """What an answer holds, streamed or not."""
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode(errors="replace")


def seen(client: Client, url: str, sent: dict[str, str]) -> Iterator[str]:
    """Everything that comes back of an address, by GET and by POST, after its redirects."""
    for answer in (client.get(url, follow=True), client.post(url, sent, follow=True)):
        yield body(answer).replace(url, "")
        yield str([value for key, value in answer.headers.items() if key != "Content-Security-Policy"])


# Whoever posts may end an assignment or publish: each of these is asked in a world where nothing else is changed.
CHANGING = {"panel_leave", "freeze", "announce", "edition_open"}


def holds_nothing(world: w.Judged, user: User, words: list[str], but: str = "") -> None:
    """Nothing that ``user`` can ask for holds any of ``words``; the page ``but`` may name the school."""
    client = client_of(user)
    for name, url, sent in addresses(world):
        if name in CHANGING:
            continue
        for text in seen(client, url, sent):
            found = [word for word in words if word in text and not (name == but and word == HIDDEN)]
            assert not found, (name, url, found)


TIES = [
    "declared",
    "role in the district",
    "former role",
    "cooperative",
    "employer",
    "mail",
    "state",
    "named",
    "mailed",
]

RULES = dict.fromkeys(TIES, "same_district") | {"declared": "declared", "state": "state_coordinator"}
RULES |= {"employer": "employer", "mail": "employer", "named": "named", "mailed": "named"}


def tie(kind: str, world: w.Judged, reader: Reviewer) -> None:
    """Bind somebody of the panel to Ridge."""
    places, user = world.places, reader.user
    if kind == "declared":
        Conflict.objects.create(reviewer=reader, nomination=world.nominations[0], recorded_by=user)
    elif kind == "role in the district":
        factories.assign(user, Role.BOARD_VIEWER, places.cahaba)
    elif kind == "former role":
        ended = timezone.localdate() - dt.timedelta(days=4 * 365)
        factories.assign(user, Role.COUNSELOR, places.valley, ends=ended)
    elif kind == "cooperative":
        CooperativeMember.objects.get_or_create(
            cooperative=places.cooperative, member=places.cahaba, starts=dt.date(2020, 1, 1)
        )
        factories.assign(user, Role.CTE_DIRECTOR, places.cooperative)
    elif kind == "employer":
        Reviewer.objects.filter(pk=reader.pk).update(employer=places.valley)
    elif kind == "mail":
        Organization.objects.filter(pk=places.cahaba.pk).update(website="https://www.cahaba-schools.example/home")
        User.objects.filter(pk=user.pk).update(email=f"person-{user.pk}@staff.cahaba-schools.example")
    elif kind == "state":
        factories.assign(user, Role.STATE_COORDINATOR, places.alabama)
    elif kind == "named":
        NominationPerson.objects.create(nomination=world.nominations[0], name=user.name.upper())
    elif kind == "mailed":
        NominationPerson.objects.create(nomination=world.nominations[0], name="Somebody", email=user.email.upper())


@pytest.mark.parametrize("role", [EditionRole.REVIEWER, EditionRole.COORDINATOR])
def test_who_is_in_conflict_reaches_no_byte(role: str, world: w.Judged) -> None:
    reader = world.coordinator if role == EditionRole.COORDINATOR else world.readers[2]
    tie("declared", world, reader)
    holds_nothing(world, User.objects.get(pk=reader.user_id), hidden_words(world))
    line = ConflictLogLine.objects.filter(reviewer=reader, nomination=world.nominations[0], what="refused").first()
    assert line is not None
    assert line.rule == "declared"


@pytest.mark.parametrize("kind", TIES)
def test_each_tie_shuts_out_and_is_logged_with_its_rule(kind: str, world: w.Judged) -> None:
    nomination = world.nominations[0]
    for reader in (world.readers[2], world.coordinator):
        tie(kind, world, reader)
        user = User.objects.get(pk=reader.user_id)
        assert not Nomination.objects.visible_to(user).filter(pk=nomination.pk).exists()
        assert Nomination.objects.visible_to(user).filter(organization=world.places.derby).exists()
        assert client_of(user).get(nomination.get_absolute_url()).status_code == 404
        line = ConflictLogLine.objects.get(reviewer=reader, what="refused")
        assert line.nomination == nomination
        assert line.rule == RULES[kind]


def test_the_walk_would_notice(world: w.Judged) -> None:
    """Somebody without a conflict does see these words, page after page: the walk looks where they stand."""
    client = client_of(world.coordinator.user)
    names = {
        name
        for name, url, _sent in addresses(world)
        if any(word in body(client.get(url, follow=True)) for word in hidden_words(world))
    }
    assert {"nominations", "assignments", "consensus", "ranking", "agree", "decision", "nomination"} <= names


def test_a_frozen_result_is_not_for_who_is_in_conflict(world: w.Judged) -> None:
    snapshot = ResultSnapshot.objects.create(
        edition=world.edition,
        content={"inputs": {"nominations": [{"label": "2031-001", "school": HIDDEN}]}},
        public={"winners": []},
        checksum="a" * 64,
        made_by=world.chair.user,
    )
    tie("declared", world, world.coordinator)
    holds_nothing(world, User.objects.get(pk=world.coordinator.user_id), [HIDDEN, snapshot.checksum])
    assert client_of(world.chair.user).get(reverse("awards:result_file", args=[snapshot.public_id])).status_code == 200


# What an answer holds beyond what it says: keys of this session, of this request, of this moment.
FLEETING = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": *"[^"]*"|nonce-[^\s\'";]+')


def said_to(world: w.Judged, user: User, methods: tuple[str, ...] = ("get", "post")) -> dict[tuple[str, str, str], str]:
    """Every answer that ``user`` gets of every address, by GET and by POST, each in a world that nothing changed."""
    found = {}
    client = client_of(user)
    cookies = client.cookies.output()
    for name, url, sent in [*addresses(world), *beside()]:
        for method in methods:
            with transaction.atomic():
                client.cookies.clear()
                client.cookies.load(cookies.replace("Set-Cookie: ", ""))
                answer = client.get(url, follow=True) if method == "get" else client.post(url, sent, follow=True)
                found[name, url, method] = f"{answer.status_code} {plain(answer)}"
                transaction.set_rollback(True)
    return found


def plain(answer: Any) -> str:
    """What an answer says, without what is another at each request."""
    if "spreadsheet" in answer.headers.get("Content-Type", ""):
        book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        return str([list(sheet.values) for sheet in book])
    return FLEETING.sub("", body(answer))


def go_on_with(world: w.Judged) -> None:
    """Much happens to what Ridge's district sent in: scores, agreement, a decision, and one more nomination."""
    nomination, chair = world.nominations[0], world.chair.user
    scoring.submit(Review.objects.get(assignment__reviewer=world.readers[2], assignment__nomination=nomination))
    w.review(nomination, world.readers[3], [0, 0, 0, 0, 0, 0], comment=COMMENT)
    criterion = w.criteria(world.edition)[0]
    consensus.record(nomination, criterion, criterion.bands.get(points=2), "They met.", by=chair)
    results.decide(nomination, outcome="winner", rationale="Best.", citation="For it.", by=chair)
    Conflict.objects.create(reviewer=world.readers[1], nomination=nomination, recorded_by=world.readers[1].user)
    ConflictLogLine.objects.create(reviewer=world.readers[1], nomination=nomination, what="declared", rule="declared")
    one_more = w.fast(world.edition, world.places.valley, 4)
    for reader in (world.readers[0], world.readers[1]):
        w.review(one_more, reader, [1, 4, 1, 4, 1, 4])
    w.assign(one_more, world.readers[3])


@pytest.mark.parametrize("role", [EditionRole.REVIEWER, EditionRole.COORDINATOR])
def test_what_happens_to_it_changes_no_answer(role: str, world: w.Judged) -> None:
    """Not a count, not a page of a list, not a message, not a refusal is another for who is in conflict with it."""
    reader = world.readers[3] if role == EditionRole.REVIEWER else world.coordinator
    if role == EditionRole.REVIEWER:
        w.assign(world.nominations[1], reader)
    tie("role in the district", world, reader)
    user = User.objects.get(pk=reader.user_id)
    before = said_to(world, user)
    go_on_with(world)
    after = said_to(world, user)
    assert [key for key, text in before.items() if key in after and after[key] != text] == []
    # Of what is new the addresses were not there before: they are as if there were nothing.
    assert {after[key][:3] for key in after.keys() - before.keys()} <= {"404", "405"}


def test_who_is_in_no_conflict_is_told_of_it(world: w.Judged) -> None:
    """The walk above looks where it would show."""
    before = said_to(world, world.chair.user, ("get",))
    go_on_with(world)
    after = said_to(world, world.chair.user, ("get",))
    changed = {key[0] for key, text in before.items() if after.get(key) != text}
    told = {"nominations", "nominations_file", "consensus", "ranking", "agree", "decision", "conflict_log", "conflicts"}
    assert told <= changed


def test_averages_leave_out_what_one_may_not_know(world: w.Judged) -> None:
    whole = client_of(world.chair.user).get(reverse("awards:ranking", args=[world.edition.slug])).context["ranking"]
    tie("declared", world, world.coordinator)
    part = client_of(world.coordinator.user).get(reverse("awards:ranking", args=[world.edition.slug]))
    assert len(whole.rows) == 3
    assert len(part.context["ranking"].rows) == 2
    assert part.context["ranking"].reliability != whole.reliability
    user = User.objects.get(pk=world.coordinator.user_id)
    visible = list(Nomination.objects.on_panels_of(user).submitted().filter(edition=world.edition))
    with pytest.raises(results.ResultError, match="no conflict of interest"):
        results.freeze(world.edition, visible, by=user)


@pytest.mark.parametrize("role", [EditionRole.REVIEWER, EditionRole.COORDINATOR, EditionRole.CHAIR])
def test_who_has_not_declared_sees_the_names_to_be_asked_about_and_no_more(role: str, world: w.Judged) -> None:
    reader = w.place(world.edition, role, declared_at=None)
    w.assign(world.nominations[0], reader)
    client = client_of(reader.user)
    words = [word for word in hidden_words(world) if word != HIDDEN]
    for name, url, sent in addresses(world):
        if name in CHANGING:
            continue
        for text in seen(client, url, sent):
            assert not [word for word in words if word in text], (name, url)
            assert HIDDEN not in text or "With which schools do you have a conflict" in text, name


def test_what_comes_in_later_is_asked_about_first(world: w.Judged) -> None:
    later = w.place(world.edition, EditionRole.REVIEWER, declared_at=timezone.now() - dt.timedelta(days=1))
    w.assign(world.nominations[0], later)
    assert not Nomination.objects.visible_to(later.user).exists()
    url = reverse("awards:conflicts", args=[world.edition.slug])
    client = client_of(later.user)
    client.post(url, {"seen": [one.pk for one in world.nominations], "sure": "on"})
    assert Nomination.objects.visible_to(User.objects.get(pk=later.user_id)).count() == 1


def test_what_was_not_on_the_list_is_not_declared(world: w.Judged) -> None:
    """A nomination that came in while somebody read the list is hidden until they are asked about it."""
    later = w.place(world.edition, EditionRole.CHAIR, declared_at=None)
    url = reverse("awards:conflicts", args=[world.edition.slug])
    client_of(later.user).post(url, {"seen": [one.pk for one in world.nominations[:2]], "sure": "on"})
    user = User.objects.get(pk=later.user_id)
    assert set(Nomination.objects.visible_to(user)) == set(world.nominations[:2])


def test_nobody_sees_scores_of_others_before_the_own_are_in(world: w.Judged) -> None:
    """Their words, their totals, that they differ: nothing, on any page."""
    third = world.readers[2]
    words = [f"{COMMENT} of {reader.pk}" for reader in world.readers[:2]]
    public_ids = [
        str(one.public_id)
        for one in Review.objects.exclude(assignment__reviewer=third).filter(submitted_at__isnull=False)
    ]
    words += [
        one for one in public_ids if Review.objects.get(public_id=one).assignment.nomination == world.nominations[0]
    ]
    client = client_of(third.user)
    for name, url, _sent in addresses(world):
        text = body(client.get(url, follow=True)).replace(url, "")
        assert not [word for word in words if word in text], (name, url)
    mine = Review.objects.get(assignment__reviewer=third, assignment__nomination=world.nominations[0])
    client.post(reverse("awards:review_submit", args=[mine.public_id]))
    text = client.get(reverse("awards:review_submit", args=[mine.public_id])).content.decode()
    assert all(f"{COMMENT} of {reader.pk}" in text for reader in world.readers[:2])


def test_a_reviewer_reads_only_what_is_assigned(world: w.Judged) -> None:
    # Everybody on the panel is asked about every school by its name: that page, and nothing else of it.
    holds_nothing(world, world.readers[3].user, hidden_words(world), but="conflicts")


@pytest.mark.parametrize("role", [Role.SREB_STAFF, Role.SYSTEM_ADMINISTRATOR, Role.BOARD_VIEWER])
def test_other_roles_do_not_open_nominations(role: Role, world: w.Judged) -> None:
    user = factories.person(role, factories.place_of(role, world.places))
    words = [word for word in hidden_words(world) if word != HIDDEN]
    holds_nothing(world, user, words)


def test_a_visitor_learns_nothing(world: w.Judged) -> None:
    client = Client()
    for name, url, sent in addresses(world):
        for text in seen(client, url, sent):
            assert not [word for word in [HIDDEN, w.SECRET, COMMENT] if word in text], name


def test_a_school_reads_its_own_and_never_a_review(world: w.Judged) -> None:
    principal = world.nominations[0].started_by
    client = client_of(principal)
    shown = client.get(world.nominations[0].get_absolute_url()).content.decode()
    assert w.SECRET in shown
    for name, url, _sent in addresses(world):
        text = body(client.get(url, follow=True))
        assert COMMENT not in text, name
        assert not [reader for reader in world.readers if reader.user.email in text], name
    assert client.get(reverse("awards:letter", args=[world.nominations[0].public_id])).status_code == 404


def test_a_neighbor_does_not_read_the_nomination_of_another_district(world: w.Judged) -> None:
    holds_nothing(
        world, factories.person(Role.PRINCIPAL, world.places.harbor), [w.SECRET + " at Cahaba Ridge", COMMENT]
    )


def test_an_unshared_comment_has_no_address(world: w.Judged) -> None:
    """Nor does it get into the letter, whoever asks for it on the school's side."""
    nomination = world.nominations[0]
    other = w.place(world.edition, EditionRole.REVIEWER)
    found = w.review(nomination, other, [3] * 6, submit=False, comment="Whispered doubt")
    Score.objects.filter(review=found).update(shared=False)
    scoring.submit(found)
    assert "Whispered doubt" not in json.dumps(feedback.shared_comments(nomination))
    ResultSnapshot.objects.create(
        edition=world.edition,
        content={},
        public={"winners": []},
        checksum="a" * 64,
        made_by=world.chair.user,
        published_at=timezone.now(),
    )
    feedback.release(nomination, {}, "", by=world.chair.user)
    assert FeedbackLetter.objects.count() == 1
    holds_nothing(world, nomination.started_by, ["Whispered doubt"])  # type: ignore[arg-type]


def test_a_review_of_who_came_into_conflict_counts_no_more(world: w.Judged) -> None:
    before = results.rank(world.edition, world.nominations)
    tie("role in the district", world, world.readers[0])
    after = results.rank(world.edition, world.nominations)
    readers = [{row.nomination.pk: row.figures["readers"] for row in one.rows} for one in (before, after)]
    assert readers[0][world.nominations[0].pk] == 2
    assert readers[1][world.nominations[0].pk] == 1
    assert "Fewer than 3" in " ".join(after.missing)


def test_every_route_of_awards_is_walked(world: w.Judged) -> None:
    assert {name for name, _url, _sent in addresses(world)} >= {route.name for route in urlpatterns}
    assert Claim.objects.exists()
    assert Edition.objects.get(pk=world.edition.pk).phases.get(kind=PhaseKind.REVIEW).is_on()
    assert re.match(r"^[0-9a-f-]{36}$", str(world.nominations[0].public_id))
