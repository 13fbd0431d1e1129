"""What a state sets for itself: worked out by hand, by the page and by the rule."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from goals.models import Audience, DisclosureSettings, MeasureCell, OnTrackSettings, Release, StalePair
from goals.models.measure import Basis
from goals.readiness import explain, region, rollup
from goals.readiness.rules import rule_book
from hstw.access import Role
from schools.models import CourseRecord, EvidenceCoverage, Organization, Student
from tests import factories
from tests.factories import World, enrollment, make_world, student

pytestmark = pytest.mark.django_db
YEAR = 2024


@pytest.fixture
def world() -> World:
    """Five first-time ninth-graders in Ridge: credits, and semester F's by subject."""
    world = make_world()
    for kind in ("enrollment", "courses"):
        EvidenceCoverage.objects.create(organization=world.cahaba, year=YEAR, kind=kind)
    return world


def ninth_grader(school: Organization, credits: str, *failed: str) -> Student:
    who = student(grade_9_year=YEAR)
    enrollment(school, YEAR, "09", student=who)
    facts: dict[str, Any] = {"student": who, "organization": school, "year": YEAR, "term": "S1"}
    CourseRecord.objects.create(
        **facts, course_code="1", mark="B", subject="other", credits_attempted=Decimal(credits),
        credits_earned=Decimal(credits),
    )  # fmt: skip
    for n, subject in enumerate(failed):
        CourseRecord.objects.create(
            **facts, course_code=f"F{n}", mark="F", subject=subject, credits_attempted=Decimal("0.5"), credits_earned=0
        )
    return who


def on_track(school: Organization) -> tuple[int, int]:
    cell = MeasureCell.objects.get(organization=school, measure__code="ON_TRACK_9", group__code="ALL", year=YEAR)
    return cell.numerator, cell.denominator


def test_a_states_own_thresholds_and_core_subjects_decide(world: World) -> None:
    """Published: 5 credits, one F in the four subjects. Alabama here: 6 credits, two F's in English and math alone."""
    ninth_grader(world.ridge, "6", "science", "science", "science")  # off by the published rule, on by Alabama's
    ninth_grader(world.ridge, "5", "ela")  # on by the published rule, off by Alabama's: credits
    ninth_grader(world.ridge, "6", "ela", "math")  # off, on
    ninth_grader(world.ridge, "6", "ela", "math", "math")  # off, off
    ninth_grader(world.ridge, "6")  # on, on
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert on_track(world.ridge) == (2, 5)
    OnTrackSettings.objects.create(organization=world.alabama, credits=6, failures=2, core=["ela", "math"])
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert on_track(world.ridge) == (3, 5)


def test_the_explanation_says_the_states_own_numbers(world: World) -> None:
    who = ninth_grader(world.ridge, "5.5", "ela")
    OnTrackSettings.objects.create(
        organization=world.alabama, credits=Decimal("6.50"), failures=0, core=["math", "ela"]
    )
    line = explain.explain(who.pk, world.ridge, "ON_TRACK_9", YEAR)
    assert line is not None
    assert [(one.label, one.holds) for one in line.below] == [
        ("At least 6.5 full-year credits", False),
        ("At most 0 semester F's in a core course (English, Mathematics)", False),
    ]
    assert "core_fs" in {one.fact for one in line.below}
    # Another state goes by the published rule.
    spec = explain.spec_of("ON_TRACK_9")
    decides = rule_book().decides(spec, "KY", YEAR)
    assert decides == spec.met


def test_what_states_count_differently_is_not_summed(world: World) -> None:
    ninth_grader(world.ridge, "6")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert on_track(world.region) == (1, 1)
    OnTrackSettings.objects.create(organization=world.alabama, credits=6)
    region.sum_states(world.region, Basis.YEAR, YEAR)
    assert not MeasureCell.objects.filter(organization=world.region, measure__code="ON_TRACK_9").exists()


@pytest.mark.parametrize(
    "fields", [{"credits": 0}, {"credits": 13}, {"failures": 13}, {"core": []}, {"core": ["ela", "dance"]}]
)
def test_what_cannot_be_meant_is_not_stored(world: World, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        OnTrackSettings.objects.create(organization=world.alabama, **fields)


DATA = {
    "on_track-credits": "6",
    "on_track-failures": "2",
    "on_track-core": ["ela", "math"],
    "protection-minimum": "15",
    "protection-accountability": "30",
}


def posted(world: World, client: Client, **changed: Any) -> Any:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    return client.post(reverse("goals:settings", args=["alabama", YEAR]), DATA | changed)


def test_saving_counts_anew_and_hides_what_was_protected_otherwise(world: World, client: Client) -> None:
    ninth_grader(world.ridge, "6")
    rollup.roll_up(world.alabama, Basis.YEAR, YEAR)
    assert Release.objects.filter(organization=world.alabama, audience=Audience.NETWORK).exists()
    assert posted(world, client).status_code == 302
    chosen = OnTrackSettings.objects.get()
    assert (chosen.credits, chosen.failures, chosen.core) == (6, 2, ["ela", "math"])
    protection = DisclosureSettings.objects.get()
    assert (protection.minimum, protection.accountability, protection.least_values) == (15, 30, 3)
    assert not Release.objects.filter(organization=world.alabama, audience=Audience.NETWORK).exists()
    assert StalePair.objects.filter(organization=world.alabama, basis=Basis.YEAR, year=YEAR).exists()


def test_what_is_as_it_was_is_not_stored(world: World, client: Client) -> None:
    same = {
        "on_track-credits": "5",
        "on_track-failures": "1",
        "on_track-core": ["ela", "math", "science", "social_studies"],
        "protection-minimum": "10",
        "protection-accountability": "20",
    }
    assert posted(world, client, **same).status_code == 302
    assert not OnTrackSettings.objects.exists()
    assert not DisclosureSettings.objects.exists()
    assert not StalePair.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("protection-minimum", "9", "greater than or equal to 10"),
        ("on_track-credits", "-1", "greater than or equal to 0.5"),
        ("on_track-core", [], "required"),
    ],
)
def test_a_wrong_value_is_said_in_place_and_nothing_is_saved(
    world: World, client: Client, field: str, value: Any, said: str
) -> None:
    answer = posted(world, client, **{field: value})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not OnTrackSettings.objects.exists()
    assert not DisclosureSettings.objects.exists()
