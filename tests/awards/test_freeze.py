"""What is frozen stays: figures that change, a school that withdraws, scores and rules touched afterwards."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from awards import assignment, claims, editions, eligibility, nominate, results, scoring, snapshots, uploads
from awards.models import Assignment, Edition, EditionRole, Nomination, Review, Reviewer, Score
from awards.models.edition import PhaseKind
from goals.models import Audience, Measure, MeasureCell, Release, ReleasedCell, StudentGroup
from hstw.access import Role
from schools.models import NetworkMembership
from tests import factories
from tests.awards import world as w

pytestmark = pytest.mark.django_db


def put(school: Any, year: int, numerator: int, denominator: int) -> None:
    """An exact figure of the record, and the public release of it."""
    measure, group = Measure.objects.get(code="ACGR4"), StudentGroup.objects.get(code="ALL")
    MeasureCell.objects.update_or_create(
        organization=school,
        year=year,
        measure=measure,
        group=group,
        defaults={"numerator": numerator, "denominator": denominator},
    )
    release, _made = Release.objects.get_or_create(organization=school.in_state, year=year, audience=Audience.PUBLIC)
    percent = round(100 * numerator / denominator)
    ReleasedCell.objects.filter(release=release, organization_id=school.pk).delete()
    ReleasedCell.objects.create(
        release=release,
        organization=school,
        measure=measure,
        group=group,
        state="shown",
        low=percent,
        high=percent,
        size=41,
    )


def claim_of(nomination: Nomination) -> dict[str, Any]:
    assert nomination.frozen is not None
    return next(one for one in nomination.frozen["claims"] if one["source"] == "measure")


@pytest.fixture
def school() -> Any:
    found = factories.make_world().ridge
    now = nominate.years_offered()[-1]
    put(found, now - 3, 40, 50)
    put(found, now - 1, 45, 50)
    return found


def test_a_nomination_begins_with_the_figures_of_the_record(school: Any) -> None:
    nomination = w.draft(w.edition(), school)
    claim = next(one for one in nominate.document(nomination)["claims"] if one["source"] == "measure")
    assert [point["text"] for point in claim["exact"]["points"] if point["known"]] == ["80.0 %", "90.0 %"]
    assert [point["of"] for point in claim["exact"]["points"] if point["known"]] == ["50 students", "50 students"]
    assert [point["text"] for point in claim["public"]["points"] if point["known"]] == ["80 %", "90 %"]
    client = Client()
    client.force_login(nomination.started_by)
    page = client.get(nomination.get_absolute_url()).content.decode()
    assert reverse("goals:measure", args=["ridge", claim["current_year"], "ACGR4"]) in page


def test_figures_that_change_later_change_nothing_and_are_told(school: Any) -> None:
    edition = w.edition()
    nomination = w.submitted(edition, school)
    frozen, checksum = claim_of(nomination), nomination.checksum
    assert nominate.changed_since(nomination, exact=True) == set()
    put(school, nominate.years_offered()[-1] - 1, 41, 50)
    nomination.refresh_from_db()
    assert claim_of(nomination) == frozen
    assert nomination.checksum == checksum == snapshots.checksum(nomination.frozen)
    assert nominate.is_unaltered(nomination)
    assert nominate.changed_since(nomination, exact=True) == nominate.changed_since(nomination, exact=False) != set()
    client = Client()
    client.force_login(nomination.started_by)
    page = client.get(nomination.get_absolute_url()).content.decode()
    assert "Data changed since" in page
    assert "90.0 %" in page
    assert "82.0 %" not in page


def test_readers_get_the_public_release_and_never_a_count(school: Any) -> None:
    nomination = w.submitted(w.edition(), school)
    reader = w.place(nomination.edition, EditionRole.REVIEWER)
    w.assign(nomination, reader)
    client = Client()
    client.force_login(reader.user)
    page = client.get(nomination.get_absolute_url()).content.decode()
    assert "From 80 % in" in page
    assert "80.0 %" not in page
    assert "50 students" not in page


def test_small_typed_numbers_of_students_are_not_told_to_readers() -> None:
    world = factories.make_world()
    nomination = w.draft(w.edition(), world.ridge)
    by = nomination.started_by
    facts = {"title": "Credentials", "unit": "credentials", "says": ""}
    claims.write_typed(nomination, None, facts, [(2019, Decimal(4), None), (2020, Decimal(30), None)], w.upload(), by)
    claim = nominate.document(nomination)["claims"][-1]
    assert [point["text"] for point in claim["exact"]["points"]] == ["4", "30"]
    assert [point["text"] for point in claim["public"]["points"]] == ["fewer than 10", "30"]


@pytest.fixture
def decided() -> w.Judged:
    """Three nominations read by three, all decided."""
    world = w.judged()
    for n, nomination in enumerate(world.nominations):
        for m, reader in enumerate(world.readers):
            w.review(nomination, reader, [3, 3, 3, None if m else 2, 2 + (n + m) % 2, 3])
        outcome = "winner" if n == 0 else "not_selected"
        results.decide(nomination, outcome=outcome, rationale="Why.", citation="For it.", by=world.chair.user)
    return world


def visible(world: w.Judged) -> list[Nomination]:
    return list(Nomination.objects.filter(edition=world.edition).select_related("edition", "organization"))


def test_what_is_announced_stays_whatever_happens(decided: w.Judged) -> None:
    snapshot = results.announce(results.freeze(decided.edition, visible(decided), by=decided.chair.user))
    before = results.export(snapshot)
    public = Client().get(reverse("awards:winners", args=[decided.edition.slug])).content
    nominate.withdraw(decided.nominations[0], why="We changed our mind.")
    decided.places.ridge.name = "Renamed High"
    decided.places.ridge.save()
    factories.assign(decided.readers[0].user, Role.PRINCIPAL, decided.places.ridge)
    snapshot.refresh_from_db()
    assert results.export(snapshot) == before
    assert Client().get(reverse("awards:winners", args=[decided.edition.slug])).content == public
    with pytest.raises(results.ResultError, match="announced"):
        results.decide(decided.nominations[1], outcome="winner", rationale="x", citation="x", by=decided.chair.user)
    with pytest.raises(results.ResultError, match="announced"):
        results.freeze(decided.edition, visible(decided), by=decided.chair.user)


def test_the_file_reproduces_the_result_and_tells_what_was_altered(decided: w.Judged, tmp_path: Path) -> None:
    file = json.loads(results.export(results.freeze(decided.edition, visible(decided), by=decided.chair.user)))
    assert results.verify(file) == results.Verdict(whole=True, same=True)
    file["content"]["inputs"]["reviews"][0]["points"]["1"] = 0
    assert results.verify(file) == results.Verdict(whole=False, same=False)
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(file))
    with pytest.raises(CommandError, match="altered"):
        call_command("verify_result", altered)
    text = json.dumps(file)
    assert not [reader for reader in decided.readers if reader.user.email in text or reader.user.name in text]


def test_it_is_frozen_only_when_everything_is_in() -> None:
    world = w.judged(schools=1)
    with pytest.raises(results.ResultError, match=r"Fewer than 3 reviews.*Not decided yet: 2031-\d{4}"):
        results.freeze(world.edition, visible(world), by=world.chair.user)


def test_consensus_keeps_what_each_gave_alone() -> None:
    from awards import consensus

    world = w.judged(schools=1)
    nomination = world.nominations[0]
    for points, reader in zip((4, 1, 3), world.readers, strict=True):
        w.review(nomination, reader, [points, 3, 3, 3, 3, 3])
    [spread] = consensus.spreads(world.edition, world.nominations)
    first = w.criteria(world.edition)[0]
    assert spread.open == [first.pk]
    consensus.record(nomination, first, first.bands.get(points=3), "Met.", by=world.chair.user)
    assert consensus.spreads(world.edition, world.nominations)[0].open == []
    given = Score.objects.filter(criterion=first).order_by("review__assignment__reviewer")
    assert [score.band.points for score in given if score.band] == [4, 1, 3]
    with pytest.raises(consensus.ConsensusError, match="meanwhile"):
        consensus.record(nomination, first, first.bands.get(points=2), "Other.", by=world.chair.user)


# --- bad input -------------------------------------------------------------------------------------------------------
def test_submitted_twice_it_is_submitted_once() -> None:
    nomination = w.draft(w.edition(), factories.make_world().ridge)
    seen = snapshots.checksum(nominate.document(nomination))
    first = nominate.submit(nomination, by=nomination.started_by, seen=seen)
    with pytest.raises(nominate.NominationError, match="already"):
        nominate.submit(nomination, by=nomination.started_by, seen=seen)
    assert Nomination.objects.get().checksum == first.checksum


def test_what_changed_since_it_was_read_is_not_signed() -> None:
    nomination = w.draft(w.edition(), factories.make_world().ridge)
    seen = snapshots.checksum(nominate.document(nomination))
    Nomination.objects.update(headline="Other")
    with pytest.raises(nominate.NominationError, match="Read it once more"):
        nominate.submit(nomination, by=nomination.started_by, seen=seen)


def test_after_the_deadline_nothing_is_submitted_and_nothing_lost() -> None:
    edition = w.edition()
    nomination = w.draft(edition, factories.make_world().ridge)
    w.shift(edition, PhaseKind.REVIEW)
    with pytest.raises(nominate.NominationError, match="over"):
        nominate.submit(nomination, by=nomination.started_by, seen="")
    nomination.refresh_from_db()
    assert nomination.state == "draft"
    assert nomination.actions


def test_what_is_missing_is_named() -> None:
    world = factories.make_world()
    w.member(world.ridge)
    nomination = nominate.begin(w.edition(), world.ridge, factories.person())
    with pytest.raises(nominate.NotComplete) as error:
        nominate.submit(nomination, by=factories.person(), seen=snapshots.checksum(nominate.document(nomination)))
    assert {item.code for item in error.value.items} >= {
        "headline",
        "practice",
        "context",
        "actions",
        "success",
        "claims",
    }


def test_reviews_are_submitted_whole_and_once() -> None:
    world = w.judged(schools=1)
    found = w.review(world.nominations[0], world.readers[0], [3, 3, 3, 3, 3, 3], submit=False)
    Score.objects.filter(review=found, criterion__order=2).update(comment="")
    with pytest.raises(scoring.ScoringError, match="Actions that changed practice: no reason yet"):
        scoring.submit(found)
    Score.objects.filter(review=found).update(comment="x")
    scoring.submit(found)
    with pytest.raises(scoring.ScoringError, match="its scores stand"):
        scoring.submit(found)
    score = w.score_of(found, 1)
    with pytest.raises(scoring.ScoringError, match="its scores stand"):
        scoring.save_score(score, score.version, part="", quote="", remove=[])
    with pytest.raises(DatabaseError), transaction.atomic():
        Review.objects.filter(pk=found.pk).update(submitted_at=timezone.now())


def test_a_passage_that_is_not_there_is_refused_and_nothing_is_lost() -> None:
    world = w.judged(schools=1)
    found = w.review(world.nominations[0], world.readers[0], [3, 3, 3, 3, 3, 3], submit=False)
    client = Client()
    client.force_login(world.readers[0].user)
    url = reverse("awards:score", args=[found.public_id, 1])
    sent = {"version": w.score_of(found, 1).version, "choice": "", "comment": "<script>alert(1)</script> my reason"}
    answer = client.post(url, sent | {"cite_part": "actions", "cite_quote": "never said"})
    page = answer.content.decode()
    assert "These words are not in that part" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; my reason" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("report.pdf", b"MZ\x90 a program", "not what its name says"),
        ("report.docx", b"PK\x03\x04 no archive", "not what its name says"),
        ("report.exe", b"MZ", "Attach a PDF"),
        ("report.pdf", b"", "not what its name says"),
    ],
)
def test_files_are_what_their_names_say(name: str, content: bytes, words: str) -> None:
    with pytest.raises(uploads.BadFile, match=words):
        uploads.check(SimpleUploadedFile(name, content))


def test_a_file_that_is_too_large_is_refused() -> None:
    file = SimpleUploadedFile("report.pdf", w.PDF)
    file.size = uploads.MOST_BYTES + 1
    with pytest.raises(uploads.BadFile, match="larger than 25 MB"):
        uploads.check(file)


@pytest.mark.parametrize(
    ("weights", "words"),
    [(["60", "35"], "95, not 100: 5 too few"), (["60", "40.5"], "100.5, not 100: 0.5 too many"), (["60", "40"], "")],
)
def test_weights_add_up(weights: list[str], words: str) -> None:
    assert words in editions.weights_problem([Decimal(weight) for weight in weights])
    assert bool(words) == bool(editions.weights_problem([Decimal(weight) for weight in weights]))


def test_dates_in_the_wrong_order_are_refused_in_place() -> None:
    world = factories.make_world()
    edition = w.edition(opened=False)
    client = Client()
    client.force_login(factories.person(Role.SREB_STAFF, world.region))
    url = reverse("awards:dates", args=[edition.slug])
    sent = {field.name: field.value() for field in client.get(url).context["form"]}
    sent["review_closes"] = "2001-01-01T10:00"
    page = client.post(url, sent).content.decode()
    assert "Independent review would close before it opens." in page
    assert "2001-01-01T10:00" in page
    assert Edition.objects.get(pk=edition.pk).phases.get(kind="review").closes_at.year > 2001


def test_an_edition_opens_only_when_it_is_whole() -> None:
    edition = w.edition(opened=False)
    edition.phases.filter(kind="decision").delete()
    edition.criteria.filter(order=1).update(weight=5)
    with pytest.raises(editions.EditionError, match=r"95, not 100.*Decision.*Nobody coordinates"):
        editions.open_edition(edition)


@pytest.mark.parametrize(
    ("starts", "ends", "met"),
    [("2015-07-01", None, True), ("2025-07-01", None, False), ("2015-07-01", "2020-06-30", False), (None, None, False)],
)
def test_membership_is_computed_from_the_record(starts: str | None, ends: str | None, met: bool) -> None:
    world = factories.make_world()
    edition = w.edition()
    Edition.objects.filter(pk=edition.pk).update(membership_years=2)
    if starts:
        NetworkMembership.objects.create(organization=world.ridge, network="msw", starts=starts, ends=ends)
    found = {one.code: one.met for one in eligibility.check(Edition.objects.get(pk=edition.pk), world.ridge)}
    assert found["membership"] is met
    assert found["kind"] is True


def test_membership_that_went_on_under_another_name_has_no_gap() -> None:
    world = factories.make_world()
    NetworkMembership.objects.create(organization=world.ridge, network="hstw", starts="2010-07-01", ends="2026-01-31")
    NetworkMembership.objects.create(organization=world.ridge, network="msw", starts="2026-02-01")
    assert eligibility.is_member(world.ridge, timezone.localdate(), 10)


# --- many ------------------------------------------------------------------------------------------------------------
def test_query_counts_do_not_grow_with_nominations() -> None:
    world = factories.make_world()
    counted = []
    for year, count in ((2041, 2), (2043, 6)):
        made = w.edition(year)
        lead = w.place(made, EditionRole.COORDINATOR)
        readers = [w.place(made, EditionRole.REVIEWER) for _ in range(4)]
        w.shift(made, PhaseKind.REVIEW)
        for n in range(1, count + 1):
            nomination = w.fast(made, factories.organization("school", world.bluegrass), n)
            for reader in readers[:3]:
                w.review(nomination, reader, [3, 3, 3, 3, 3, 2 + n % 3])
        numbers = {}
        for person, names in (
            (lead.user, ("nominations", "assignments", "consensus", "ranking", "conflict_log")),
            (readers[0].user, ("reviews", "conflicts")),
        ):
            client = Client()
            client.force_login(person)
            for name in names:
                url = reverse(f"awards:{name}", args=[made.slug])
                client.get(url)
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(url).status_code == 200
                numbers[name] = len(queries)
        counted.append(numbers)
    assert counted[0] == counted[1]
    assert max(counted[0].values()) < 40


def test_readers_are_assigned_without_conflicts_and_told_once() -> None:
    world = w.judged(readers=5)
    factories.assign(world.readers[0].user, Role.COUNSELOR, world.places.cahaba)
    made = assignment.propose(world.edition, world.nominations, by=world.coordinator.user, link="https://x.example/")
    assert made == 9
    assert not Assignment.objects.filter(reviewer=world.readers[0], nomination=world.nominations[0]).exists()
    assert (
        assignment.propose(world.edition, world.nominations, by=world.coordinator.user, link="https://x.example/") == 0
    )
    with pytest.raises(assignment.AssignmentError, match="conflict"):
        assignment.add(world.nominations[0], world.readers[0], by=world.coordinator.user, link="")
    Reviewer.objects.filter(pk__in=[one.pk for one in world.readers[1:4]]).update(left_at=timezone.now())
    Assignment.objects.all().delete()
    with pytest.raises(assignment.AssignmentError, match="Nothing was assigned"):
        assignment.propose(world.edition, world.nominations, by=world.coordinator.user, link="")
