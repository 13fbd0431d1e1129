"""What people owe, digests that taper, portfolios, and the team's look at its own practice."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from goals.models import (
    ActionStep,
    Delegation,
    DigestChoice,
    FocusArea,
    FrameworkEdition,
    KeyPractice,
    Plan,
    PracticeConsensus,
    PracticeRating,
    Strategy,
    TeamAssessment,
)
from goals.planning import approve, assess, hand_over, owed, remind
from hstw.access import Role
from hstw.models import OutgoingMail
from schools import people
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db
YEAR = make.YEAR


@pytest.fixture
def world() -> factories.World:
    return factories.make_world()


@pytest.fixture
def principal(world: factories.World) -> Any:
    return factories.person(Role.PRINCIPAL, world.ridge, name="Pat Principal")


def steps(plan: Plan, owner: Any, *days: int, today: dt.date | None = None) -> list[ActionStep]:
    today = today or timezone.localdate()
    strategy = Strategy.objects.filter(plan_goal__plan=plan).first()
    assert strategy is not None
    return [
        make.action(
            strategy,
            owner,
            title=f"Due in {day}",
            starts=today - dt.timedelta(days=90),
            due=today + dt.timedelta(days=day),
            order=n + 2,
        )
        for n, day in enumerate(days)
    ]


def test_late_and_soon_are_owed_and_said_on_one_page(world: Any, principal: Any, client: Client) -> None:
    plan = make.plan(world.ridge)
    late, soon, _far = steps(plan, principal, -5, 10, 60)
    client.force_login(principal)
    page = client.get(reverse("goals:owed"))
    assert [(one.step.pk, one.due_text) for one in page.context["asked"]] == [
        (late.pk, "5 days late"),
        (soon.pk, "in 10 days"),
    ]
    sent = {"save": "1", f"status-{late.pk}": "done", f"note-{late.pk}": "It took longer", f"note-{soon.pk}": "Begun"}
    client.post(reverse("goals:owed"), sent)
    late.refresh_from_db()
    soon.refresh_from_db()
    assert (late.status, late.notes.get().text) == ("done", "It took longer")
    assert (soon.status, soon.notes.get().text) == ("not_started", "Begun")
    assert len(client.get(reverse("goals:owed")).context["asked"]) == 1


def test_nobody_says_how_the_steps_of_others_go(world: Any, principal: Any, client: Client) -> None:
    (step,) = steps(make.plan(world.ridge), principal, 3)
    foreign = factories.person(Role.PRINCIPAL, world.valley)
    colleague = factories.person(Role.COUNSELOR, world.ridge)
    for user in (foreign, colleague):
        assert owed.update_many(user, {f"status-{step.pk}": "done"}) == 0
    step.refresh_from_db()
    assert step.status == "not_started"


def test_a_delegate_owes_it_too(world: Any, principal: Any, client: Client) -> None:
    (step,) = steps(make.plan(world.ridge), principal, 3)
    colleague = factories.person(Role.COUNSELOR, world.ridge, name="Chris Counselor")
    stranger = factories.person(Role.COUNSELOR, world.valley)
    client.force_login(principal)
    assert client.post(reverse("goals:owed"), {"delegate": stranger.pk}).status_code == 422
    assert client.post(reverse("goals:owed"), {"delegate": colleague.pk}).status_code == 302
    client.force_login(colleague)
    page = client.get(reverse("goals:owed"))
    assert [one.whose for one in page.context["asked"]] == ["Pat Principal"]
    client.post(reverse("goals:owed"), {"save": "1", f"status-{step.pk}": "on_track"})
    step.refresh_from_db()
    assert step.status == "on_track"


def test_who_leaves_hands_their_steps_over(world: Any, principal: Any) -> None:
    leaver = factories.person(Role.COUNSELOR, world.ridge)
    open_step, done = steps(make.plan(world.ridge), leaver, 3, 4)
    ActionStep.objects.filter(pk=done.pk).update(status="done")
    assert list(hand_over.steps_of(leaver, world.cahaba)) == [open_step]
    stranger = factories.person(Role.COUNSELOR, world.derby)
    with pytest.raises(people.PeopleError, match="holds no role"):
        hand_over.give(principal, hand_over.steps_of(leaver, world.ridge), stranger)
    hand_over.give(principal, hand_over.steps_of(leaver, world.ridge), principal)
    open_step.refresh_from_db()
    done.refresh_from_db()
    assert (open_step.owner, done.owner) == (principal, leaver)


def test_the_home_page_leads_there(world: Any, principal: Any, client: Client) -> None:
    steps(make.plan(world.ridge), principal, -1)
    client.force_login(principal)
    assert "Due in -1" in client.get(reverse("home")).content.decode()
    planner = factories.person(Role.DISTRICT_PLANNER, world.cahaba)
    approve.submit(Plan.objects.get(), principal)
    client.force_login(planner)
    assert "Decide on the plan of Cahaba Ridge High School" in client.get(reverse("home")).content.decode()


MONDAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("rhythm", "day", "due", "written"),
    [
        ("weekly", MONDAY, 10, True),
        ("weekly", MONDAY, -20, True),
        ("weekly", MONDAY, -50, False),  # it tapers off after six weeks
        ("weekly", MONDAY, 20, False),
        ("weekly", MONDAY + dt.timedelta(days=1), 1, False),
        ("daily", MONDAY + dt.timedelta(days=1), 3, True),
        ("daily", MONDAY + dt.timedelta(days=1), 2, False),
        ("daily", MONDAY + dt.timedelta(days=1), -7, True),
        ("daily", MONDAY + dt.timedelta(days=1), -8, False),
        ("daily", MONDAY + dt.timedelta(days=5), 0, False),  # a Saturday
        ("never", MONDAY, 0, False),
    ],
)
def test_digests_taper(rhythm: str, day: dt.date, due: int, written: bool, world: Any, principal: Any) -> None:
    DigestChoice.objects.create(user=principal, rhythm=rhythm)
    steps(make.plan(world.ridge), principal, due, today=day)
    assert remind.send_digests(day) == int(written)
    assert remind.send_digests(day) == int(written)
    mails = OutgoingMail.objects.filter(to=principal.email)
    assert mails.count() == int(written)
    if written:
        assert mails[0].text.count("http") == 1
        assert "/owed/" in mails[0].text


def test_who_has_just_answered_is_not_asked_again(world: Any, principal: Any) -> None:
    (step,) = steps(make.plan(world.ridge), principal, 3, today=MONDAY)
    owed.follow_up.update(step, principal, status="on_track")
    assert remind.send_digests(MONDAY) == 0
    helper = factories.person(Role.COUNSELOR, world.ridge)
    Delegation.objects.create(principal=principal, delegate=helper)
    ActionStep.objects.update(status_at=None)
    assert remind.send_digests(MONDAY) == 2


def test_the_portfolio_counts_sorts_and_exports(world: Any, principal: Any, client: Client) -> None:
    plan = make.plan(world.ridge)
    done, _late = steps(plan, principal, -30, -3)
    ActionStep.objects.filter(pk=done.pk).update(status="done")
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    here = ["cahaba", YEAR]
    page = client.get(reverse("goals:portfolio", args=here) + "?sort=-late")
    assert [(row.school.name, row.school.steps, row.school.done, row.school.late) for row in page.context["rows"]] == [
        ("Cahaba Ridge High School", 3, 1, 1),
        ("Cahaba Valley High School", 0, 0, 0),
    ]
    assert page.context["totals"]["draft"] == 1
    text = b"".join(client.get(reverse("goals:portfolio_file", args=[*here, "csv"]))).decode("utf-8-sig")  # type: ignore[arg-type]
    assert [row["Plan"] for row in csv.DictReader(io.StringIO(text))] == ["Draft", "No plan"]
    assert client.get(reverse("goals:portfolio_file", args=[*here, "xlsx"])).status_code == 200
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("goals:portfolio", args=here))
    for _ in range(10):
        make.plan(factories.organization("school", world.cahaba, design="high"))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("goals:portfolio", args=here))
    assert len(many) <= len(few)
    assert "goals and plans" in client.get(reverse("goals:board_page", args=here)).content.decode()


# --- practices -------------------------------------------------------------------------------------------------------
def a_round(world: Any, *members: Any, closes: dt.date | None = None) -> TeamAssessment:
    made = TeamAssessment.objects.create(
        organization=world.ridge,
        year=YEAR,
        edition=FrameworkEdition.objects.get(code="hstw-classic"),
        closes_on=closes or timezone.localdate() + dt.timedelta(days=7),
    )
    made.members.set(members)
    return made


def all_at(level: int) -> dict[int, tuple[str, str]]:
    practices = KeyPractice.objects.filter(edition__code="hstw-classic")
    return {one.pk: (str(level), "Seen in two classes") for one in practices}


def test_nobody_sees_ratings_before_all_are_in(world: Any, principal: Any, client: Client) -> None:
    team = [factories.person(Role.SITE_TEAM, world.ridge) for _ in range(3)]
    one = a_round(world, *team)
    for member in team[:2]:
        assess.rate(one, member, all_at(2))
    client.force_login(principal)
    here = reverse("goals:practice_round", args=["ridge", YEAR, one.pk])
    page = client.get(here)
    assert page.context["spreads"] == []
    assert "Seen in two classes" not in page.content.decode()
    with pytest.raises(assess.AssessmentError):
        assess.spread(one)
    practice = KeyPractice.objects.filter(edition=one.edition).first()
    assert practice is not None
    with pytest.raises(assess.AssessmentError):
        assess.agree(one, practice.pk, "2", "", principal)
    assess.rate(one, team[2], all_at(4))
    page = client.get(here)
    first, _typed = page.context["spreads"][0]
    assert [n for _level, n in first.counts] == [0, 2, 0, 1]
    assert first.apart == 2
    client.post(here, {"practice": practice.pk, "level": "2", "note": "One of us sees more"})
    assert PracticeConsensus.objects.get().level == 2
    assert sorted(PracticeRating.objects.filter(practice=practice).values_list("level", flat=True)) == [2, 2, 4]
    with pytest.raises(assess.AssessmentError, match="stay as they are"):
        assess.rate(one, team[2], all_at(1))
    years, rows = assess.over_years(world.ridge)
    assert years == [YEAR]
    assert rows[0][1][0].level == 2


def test_when_the_day_has_come_the_spread_is_shown(world: Any, principal: Any) -> None:
    one = a_round(world, principal, closes=timezone.localdate())
    assert not assess.is_open(one)
    assert len(assess.spread(one)) == 10


def test_only_members_rate_and_see_only_their_own(world: Any, client: Client) -> None:
    member, other = (factories.person(Role.SITE_TEAM, world.ridge) for _ in range(2))
    one = a_round(world, member, other)
    here = reverse("goals:practice_rate", args=["ridge", YEAR, one.pk])
    assess.rate(one, other, all_at(3))
    client.force_login(member)
    page = client.get(here)
    assert "Seen in two classes" not in page.content.decode()
    sent = {f"level-{pk}": level for pk, (level, _seen) in all_at(1).items()}
    assert client.post(here, sent).status_code == 302
    assert PracticeRating.objects.filter(user=member).count() == 10
    outsider = factories.person(Role.SITE_TEAM, world.ridge)
    client.force_login(outsider)
    assert client.get(here).status_code == 403
    with pytest.raises(assess.AssessmentError):
        assess.rate(one, outsider, all_at(1))


def test_surveys_and_visits_are_recorded_by_hand(world: Any, principal: Any, client: Client) -> None:
    client.force_login(principal)
    here = ["ridge", YEAR]
    practice = KeyPractice.objects.filter(edition__code="hstw-classic").first()
    assert practice is not None
    sent = {"kind": "student", "given_on": "2026-03-02", "invited": 100, "answered": 120}
    refused = client.post(reverse("goals:survey_new", args=here), sent)
    assert "More have answered than were invited" in refused.content.decode()
    sent |= {"answered": 80, f"index_{practice.pk}": "41.5"}
    assert client.post(reverse("goals:survey_new", args=here), sent).status_code == 302
    assert str(world.ridge.surveys.get().indices.get().percent) == "41.5"
    visit = {"kind": "review", "starts": "2026-03-04", "ends": "2026-03-02"}
    assert "before the first" in client.post(reverse("goals:visit_new", args=here), visit).content.decode()
    client.post(reverse("goals:visit_new", args=here), visit | {"ends": "2026-03-06"})
    row = world.ridge.visits.get()
    area = FocusArea.objects.filter(edition__code="msw-high").first()
    assert area is not None
    client.post(reverse("goals:visit", args=[*here, row.pk]), {"area": area.pk, "text": "Tasks are at grade level"})
    page = client.get(reverse("goals:practices", args=here)).content.decode()
    assert "Tasks are at grade level" in page
    assert "80 of 100" in page


# --- the framework ---------------------------------------------------------------------------------------------------
def test_the_classic_practices_are_ten_and_the_current_areas_five() -> None:
    classic = FrameworkEdition.objects.get(code="hstw-classic")
    assert classic.practices.count() == 10
    assert classic.practices.get(number=9).name == "Extra help"
    for edition in FrameworkEdition.objects.filter(code__startswith="msw-"):
        assert edition.areas.count() == 5
        assert not edition.complete
    assert {one.design for one in FrameworkEdition.objects.all()} == {
        "high",
        "middle",
        "elementary",
        "technology_center",
    }
    goals = FrameworkEdition.objects.get(code="msw-high").statements.values_list("percent", flat=True)
    assert list(goals) == [90, 95, 80, 60]


def test_loading_the_framework_again_changes_nothing() -> None:
    from goals import framework

    def rows() -> list[Any]:
        return list(KeyPractice.objects.order_by("pk").values_list("pk", "code", "number", "area"))

    before = rows()
    framework.load()
    assert rows() == before
