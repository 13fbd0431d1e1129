"""What the record offers a nomination beside figures: pathways, credentials, steps of the plan, goals, surveys."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from awards import claims, eligibility, feedback, nominate, record, snapshots, sources
from awards.models import Edition, FeedbackLetter, Nomination, ResultSnapshot
from awards.models.edition import PhaseKind
from goals.models import ActionStep, GoalStanding, KeyPractice, SurveyAdministration
from goals.planning import approve, status
from hstw.access import Role
from hstw.navigation import current_year
from pathways import proofs
from pathways.models import Pathway
from tests import factories
from tests.awards import world as w
from tests.goals.planning import make
from tests.pathways import made

pytestmark = pytest.mark.django_db
YEAR = int(current_year())
THEN, NOW = YEAR - 3, YEAR - 1


@pytest.fixture
def world() -> factories.World:
    return factories.make_world()


def grow(world: factories.World) -> None:
    """Three pathways, later eight; four credentials, later twelve, and one that does not count."""
    for number in range(8):
        first = THEN if number < 3 else NOW
        made.pathway(world.ridge, f"Pathway no. {number + 1}", first_year=first, last_year=NOW, status="approved")
    made.pathway(world.ridge, "Only a draft", first_year=THEN)
    earn(world, THEN, 4)
    earn(world, NOW, 12)
    made.earned(world.ridge, "CNA", dt.date(NOW, 3, 1), passed=False)


def earn(world: factories.World, year: int, count: int, *, verified: bool = True) -> None:
    rows = [made.earned(world.ridge, "CNA", dt.date(year, 3, 1)) for _number in range(count)]
    if verified:
        proofs.verify(rows, factories.person())


def draft(world: factories.World) -> Nomination:
    w.member(world.ridge)
    return nominate.begin(w.edition(), world.ridge, factories.person(Role.PRINCIPAL, world.ridge))


def said(nomination: Nomination, code: str) -> sources.Both:
    claim = nomination.claims.get(source=code)
    return sources.said([claim], nomination.organization)[claim.pk]


def texts(one: sources.Said) -> dict[int, str]:
    return {point.year: point.text for point in one.points}


# --- pathways and credentials ----------------------------------------------------------------------------------------
def test_a_nomination_begins_with_pathways_and_credentials_of_the_record(world: factories.World) -> None:
    grow(world)
    nomination = draft(world)
    pathways, credentials = said(nomination, "pathways"), said(nomination, "credentials")
    assert texts(pathways.exact) == texts(pathways.public) == {THEN: "3", THEN + 1: "3", NOW: "8"}
    assert "Pathway no. 8" in pathways.public.words
    assert "Only a draft" not in pathways.public.words
    assert texts(credentials.exact) == {THEN: "4", THEN + 1: "not recorded", NOW: "12"}
    assert credentials.exact.counted
    claim = nomination.claims.get(source="pathways")
    assert (claim.baseline_year, claim.current_year) == (THEN, NOW)


def test_readers_are_not_told_fewer_than_ten_credentials(world: factories.World) -> None:
    grow(world)
    told = said(draft(world), "credentials").public
    assert texts(told) == {THEN: "fewer than 10", THEN + 1: "not recorded", NOW: "12"}
    small = next(point for point in told.points if point.year == THEN)
    assert (small.known, small.value, small.of) == (False, "", "")


@pytest.mark.parametrize(("count", "told"), [(9, "fewer than 10"), (10, "10")])
def test_ten_credentials_are_told_and_nine_are_not(count: int, told: str, world: factories.World) -> None:
    earn(world, THEN, 20)
    earn(world, NOW, count)
    both = said(draft(world), "credentials")
    assert texts(both.public)[NOW] == told
    assert texts(both.exact)[NOW] == str(count)


def test_the_public_is_told_only_of_credentials_whose_proof_was_seen(world: factories.World) -> None:
    earn(world, THEN, 20)
    earn(world, NOW, 30)
    earn(world, NOW, 120, verified=False)
    both = said(draft(world), "credentials")
    assert texts(both.public) == {THEN: "20", THEN + 1: "not recorded", NOW: "30"}
    assert texts(both.exact) == {THEN: "20", THEN + 1: "not recorded", NOW: "150"}
    year = f"{NOW - 1}–{NOW % 100:02d}"
    assert both.exact.words == f"Not verified yet, and left out for readers and the public: 120 in {year}."
    assert both.public.words == ""


def test_what_the_public_release_withholds_is_not_told_from_the_ledger(
    world: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from goals.figures import Figure, FigureState

    earn(world, THEN, 20)
    earn(world, NOW, 30)
    nomination = draft(world)

    def released(*args: Any, **options: Any) -> dict[Any, Figure]:
        assert options["audience"] == "public"
        key = (world.ridge.pk, NOW, "CREDENTIALS_TALLY", "ALL")
        before = (world.ridge.pk, THEN, "CREDENTIALS_TALLY", "ALL")
        return {
            key: Figure(*key, FigureState.COMPLEMENTARY),
            before: Figure(*before, FigureState.SHOWN, minimum=25),
        }

    monkeypatch.setattr(record, "figures", released)
    both = said(nomination, "credentials")
    assert texts(both.public) == {
        THEN: "fewer than 25",
        THEN + 1: "not recorded",
        NOW: "withheld to protect students",
    }
    assert texts(both.exact)[NOW] == "30"


def test_pathways_and_credentials_are_frozen_on_submit(world: factories.World) -> None:
    grow(world)
    edition = w.edition()
    nomination = w.submitted(edition, world.ridge)
    before = snapshots.checksum(nomination.frozen)
    claim = nomination.claims.get(source="credentials")
    assert nominate.changed_since(nomination, exact=True) == set()
    earn(world, NOW, 1)
    Pathway.objects.filter(name="Pathway no. 8").delete()
    nomination.refresh_from_db()
    keys = {one["source"]: one["key"] for one in nomination.frozen["claims"]}
    assert nominate.changed_since(nomination, exact=True) == {keys["credentials"], keys["pathways"]}
    assert nominate.changed_since(nomination, exact=False) == {keys["credentials"], keys["pathways"]}
    assert snapshots.checksum(nomination.frozen) == before
    claim.refresh_from_db()
    assert claim.frozen["exact"]["points"][-1]["text"] == "12"


def test_a_reader_never_gets_the_exact_small_count(world: factories.World) -> None:
    earn(world, THEN, 7)
    earn(world, NOW, 77)
    edition = w.edition()
    nomination = w.submitted(edition, world.ridge)
    reader = w.place(edition, "reviewer")
    w.shift(edition, PhaseKind.REVIEW)
    review = w.review(nomination, reader, [3] * 6, submit=False)
    client = Client()
    client.force_login(reader.user)
    page = client.get(reverse("awards:score", args=[review.public_id, 1])).content.decode()
    assert "fewer than 10" in page
    assert "77 in" in page
    assert "From 7 in" not in page
    assert reverse("pathways:ledger", args=["ridge", NOW]) not in page
    client.force_login(nomination.started_by)  # type: ignore[arg-type]
    own = client.get(nomination.get_absolute_url()).content.decode()
    assert "From 7 in" in own
    assert reverse("pathways:ledger", args=["ridge", NOW]) in own


# --- the plan and its goals ------------------------------------------------------------------------------------------
def approved(world: factories.World) -> ActionStep:
    principal = factories.person(Role.PRINCIPAL, world.ridge, name="Pat Principal")
    planner = factories.person(Role.DISTRICT_PLANNER, world.cahaba)
    plan = make.plan(world.ridge, principal)
    step = ActionStep.objects.get()
    make.action(step.strategy, title="Not begun", order=2)
    approve.submit(plan, principal)
    approve.approve(plan, planner, approve.fingerprint(plan), "")
    make.action(step.strategy, title="Added after approval", order=3, status="done")
    return step


def offered(nomination: Nomination, code: str) -> dict[str, str]:
    found = {source.code: rows for source, rows in claims.offers(nomination)}
    return {one.label: one.key for one in found.get(code, [])}


def test_steps_of_the_approved_plan_are_claimed_as_approved_and_as_far_as_they_are(world: factories.World) -> None:
    step = approved(world)
    nomination = draft(world)
    assert offered(nomination, "action") == {}
    ActionStep.objects.filter(pk=step.pk).update(status="done", title="Renamed afterwards")
    assert offered(nomination, "action") == {"Meet every Tuesday": str(step.pk)}
    claim = claims.add(nomination, "action", str(step.pk))
    assert (claim.title, claim.baseline_year) == ("Meet every Tuesday", None)
    both = said(nomination, "action")
    assert both.exact == both.public
    assert both.public.words.startswith("Done. Planned from August 15,")
    assert "“Extra help every day”" in both.public.words
    assert "Pat Principal" not in both.public.words
    shown = nominate.document(nomination)
    assert shown["claims"][-1]["public"]["words"] == both.public.words
    client = Client()
    client.force_login(nomination.started_by)  # type: ignore[arg-type]
    page = client.get(reverse("awards:figures", args=[nomination.public_id])).content.decode()
    assert reverse("goals:action", args=["ridge", YEAR, step.pk]) in page
    assert client.get(reverse("awards:figure", args=[nomination.public_id, claim.pk])).status_code == 200
    with pytest.raises(nominate.NominationError, match="does not have"):
        claims.add(nomination, "action", str(ActionStep.objects.get(title="Added after approval").pk))


def test_another_schools_steps_and_goals_are_not_offered(world: factories.World) -> None:
    step = approved(world)
    ActionStep.objects.filter(pk=step.pk).update(status="done")
    w.member(world.harbor)
    other = nominate.begin(w.edition(), world.harbor, factories.person(Role.PRINCIPAL, world.harbor))
    assert offered(other, "action") == {}
    assert offered(other, "goal") == {}
    assert sources.source_of("action").say(world.harbor, [str(step.pk)], []) == {}  # type: ignore[union-attr]
    goal = step.strategy.plan_goal.bold_goal
    assert sources.source_of("goal").say(world.harbor, [str(goal.pk)], []) == {}  # type: ignore[union-attr]


def test_a_goal_says_to_readers_only_what_the_public_release_allows(world: factories.World) -> None:
    goal = make.goal(world.ridge)
    nomination = draft(world)
    claims.add(nomination, "goal", str(goal.pk))
    assert said(nomination, "goal").public.words.startswith("No data. To be reached in")
    for viewer, words in (("own", "84.1 % of 9"), ("network", "between"), ("public", "Only a range may be told")):
        GoalStanding.objects.create(goal=goal, viewer=viewer, status="on_track", reason=words)
    both = said(nomination, "goal")
    assert both.exact.words.startswith("On track: 84.1 % of 9 To be reached in")
    assert both.public.words.startswith("On track: Only a range may be told")
    status.override(goal, "at_risk", "6 of 7 students moved away", factories.person(Role.PRINCIPAL, world.ridge))
    both = said(nomination, "goal")
    assert both.exact.words.startswith("At risk: 6 of 7 students")
    assert both.public.words.startswith("On track: Only a range may be told")
    goal.stopped_on = timezone.localdate()
    goal.save()
    nomination.claims.filter(source="goal").delete()
    assert offered(nomination, "goal") == {}


def test_queries_do_not_grow_with_what_is_claimed(world: factories.World) -> None:
    grow(world)
    step = approved(world)
    ActionStep.objects.filter(pk=step.pk).update(status="done")
    nomination = draft(world)
    claims.add(nomination, "goal", offered(nomination, "goal")["More are ready"])
    claims.add(nomination, "action", str(step.pk))
    counted = []
    for more in range(2):
        for number in range(3 * more):
            goal = make.goal(
                world.ridge,
                title=f"Goal {number}",
                code="ACGR4",
                source="computed",
                publisher="",
                baseline_value=None,
                baseline_n=None,
                end_year=YEAR + 1 + number,
            )
            claims.add(nomination, "goal", str(goal.pk))
        with CaptureQueriesContext(connection) as queries:
            nominate.document(nomination)
        counted.append(len(queries))
    assert counted[0] == counted[1]


# --- practices and surveys -------------------------------------------------------------------------------------------
def test_the_practice_is_chosen_from_the_framework(world: factories.World) -> None:
    nomination = draft(world)
    Nomination.objects.filter(pk=nomination.pk).update(practice="Our own words")
    client = Client()
    client.force_login(nomination.started_by)  # type: ignore[arg-type]
    url = reverse("awards:story", args=[nomination.public_id])
    page = client.get(url)
    text = page.content.decode()
    assert "Making Schools Work: high school" in text
    assert '<option value="Guidance">' in text
    assert '<option value="Aligned curriculum">' in text
    assert '<option value="Our own words" selected>' in text
    sent = {"headline": "H", "context": "", "actions": "", "success": "", "sustaining": "", "presenting": ""}
    sent |= {"version": page.context["draft"].version}
    answer = client.post(url, sent | {"practice": "Invented practice"})
    assert "Select a valid choice" in answer.content.decode()
    assert client.post(url, sent | {"practice": "Aligned curriculum"}).status_code == 302
    nomination.refresh_from_db()
    assert nomination.practice == "Aligned curriculum"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], None),
        ([("student", "2030-03-01"), ("teacher", "2029-01-16")], True),
        ([("student", "2030-03-01")], False),
        ([("student", "2030-03-01"), ("teacher", "2029-01-14")], False),
        ([("student", "2030-03-01"), ("family", "2030-03-01")], False),
        ([("student", "2030-03-01"), ("teacher", "2031-01-16")], False),
    ],
)
def test_surveys_of_both_within_two_years(
    given: list[tuple[str, str]], expected: bool | None, world: factories.World
) -> None:
    for kind, day in given:
        SurveyAdministration.objects.create(organization=world.ridge, kind=kind, given_on=day, invited=100, answered=80)
    assert record.surveys_given(world.ridge, dt.date(2031, 1, 15)) is expected


def test_the_index_of_surveys_can_be_claimed(world: factories.World) -> None:
    practice = KeyPractice.objects.get(edition__code="hstw-classic", number=1)
    for year, answered, percent in ((THEN, 96, "31.5"), (THEN + 1, 9, "62.5"), (NOW, 120, "44.5")):
        row = SurveyAdministration.objects.create(
            organization=world.ridge, kind="student", given_on=dt.date(year, 3, 1), invited=200, answered=answered
        )
        row.indices.create(practice=practice, percent=Decimal(percent))
    nomination = draft(world)
    assert offered(nomination, "survey") == {"Survey index: students": "SURVEY_STUDENTS"}
    claims.add(nomination, "survey", "SURVEY_STUDENTS")
    both = said(nomination, "survey")
    assert texts(both.exact) == {THEN: "31.5", THEN + 1: "62.5", NOW: "44.5"}
    assert [point.of for point in both.exact.points] == ["96 answers", "9 answers", "120 answers"]
    assert texts(both.public) == {THEN: "32", THEN + 1: "fewer than 10 answered", NOW: "45"}
    assert not any(point.of for point in both.public.points)
    assert [point.known for point in both.public.points] == [True, False, True]
    client = Client()
    client.force_login(nomination.started_by)  # type: ignore[arg-type]
    assert "Survey index: students" in client.get(nomination.get_absolute_url()).content.decode()


def test_the_edition_asks_the_record_for_surveys(world: factories.World) -> None:
    edition = w.edition()
    Edition.objects.filter(pk=edition.pk).update(asks_surveys=True)
    edition = Edition.objects.get(pk=edition.pk)

    def met() -> bool | None:
        return next(one for one in eligibility.check(edition, world.ridge) if one.code == "surveys").met

    assert met() is None
    day = eligibility.closing_day(edition)
    for kind in ("student", "teacher"):
        SurveyAdministration.objects.create(
            organization=world.ridge, kind=kind, given_on=day, invited=100, answered=Decimal(80)
        )
    assert met() is True


# --- the letter ------------------------------------------------------------------------------------------------------
def test_the_school_downloads_its_letter_once_it_is_released() -> None:
    world = w.judged(schools=2)
    nomination = world.nominations[0]
    w.review(nomination, world.readers[0], [3, 3, 3, 3, 3, 3], comment="#strong[A chain] from need to action.")
    url = reverse("awards:letter_file", args=[nomination.public_id])
    school = Client()
    school.force_login(nomination.started_by)  # type: ignore[arg-type]
    assert school.get(url).status_code == 404
    ResultSnapshot.objects.create(
        edition=world.edition,
        content={},
        public={"winners": []},
        checksum="a" * 64,
        made_by=world.chair.user,
        published_at=timezone.now(),
    )
    first = world.edition.criteria.all()[0]
    told = "#strong[A chain] from need to action.\n\nA second paragraph."
    letter = feedback.release(nomination, {first.pk: told}, "Come to Nashville.", by=world.chair.user)
    answer = school.get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert "attachment" in answer["Content-Disposition"]
    reader = PdfReader(io.BytesIO(answer.content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for words in (nomination.organization.name, first.name, "#strong[A chain] from need to action.", nomination.label):
        assert words in text
    band = first.bands.get(points=3)
    for words in (band.label, "A second paragraph.", "Come to Nashville.", letter.checksum[:16]):
        assert words in text
    assert not [one for one in world.readers if one.user.name in text]
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - an object of the PDF
    assert str(root["/Lang"]).startswith("en")
    assert feedback.as_pdf(FeedbackLetter.objects.get()) == answer.content
    page = school.get(reverse("awards:letter", args=[nomination.public_id])).content.decode()
    assert url in page
    stranger = Client()
    stranger.force_login(factories.person(Role.PRINCIPAL, world.places.harbor))
    assert stranger.get(url).status_code == 404
    reader_of_it = Client()
    reader_of_it.force_login(world.readers[0].user)
    assert reader_of_it.get(url).status_code == 404
