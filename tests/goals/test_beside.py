"""What authorities published, beside what is counted here, and on pages of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from goals import reported
from goals.models import Measure, MeasureCell, ReportedResult, StudentGroup
from goals.published.beside import pairs
from goals.readiness.computed import all_computed
from goals.reported import Published
from hstw.access import Role
from hstw.values import SchoolYear
from schools.models import ImportBatch, Organization
from tests import factories
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db
YEAR = SchoolYear(2024)


@pytest.fixture
def world() -> World:
    return make_world()


def publish(organization: Organization, code: str = "ACGR4", year: int = YEAR, group: str = "ALL", **facts: Any) -> Any:
    facts.setdefault("publisher", "kentucky-kde")
    if not {"value", "mask", "numerator"} & set(facts):
        facts["value"] = Decimal("87.54")
    made = ReportedResult.objects.create(
        organization=organization,
        year=year,
        measure=Measure.objects.get(code=code),
        group=StudentGroup.objects.get(code=group),
        **facts,
    )
    made.refresh_from_db()
    return made


def count(organization: Organization, code: str, numerator: int, denominator: int) -> None:
    MeasureCell.objects.create(
        organization=organization, year=YEAR, measure=Measure.objects.get(code=code),
        group=StudentGroup.objects.get(code="ALL"), numerator=numerator, denominator=denominator,
    )  # fmt: skip


def open_as(client: Client, role: str, on: Organization, *args: Any, name: str = "measure") -> Any:
    client.force_login(factories.person(role, on))
    return client.get(reverse(f"goals:{name}", args=args))


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# --- how a published figure is said ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "facts", "text", "mask"),
    [
        ("ACGR4", {"value": Decimal("87.54")}, "87.5 %", ""),
        ("ACGR4", {"value": Decimal("87.55")}, "87.6 %", ""),
        ("ACGR4", {"numerator": 7, "denominator": 8}, "87.5 %", ""),
        ("ACGR4", {"mask": "top", "low": 95, "high": 100, "low_open": True}, "> 95 %", "At or near the top"),
        ("ACGR4", {"mask": "top", "low": 95, "high": 100}, "≥ 95 %", "At or near the top"),
        ("ACGR4", {"mask": "bottom", "low": 0, "high": 5, "high_open": True}, "< 5 %", "At or near the bottom"),
        ("ACGR4", {"mask": "range", "low": 21, "high": 39}, "21–39 %", "Published as a range"),
        ("ACGR4", {"mask": "small"}, "Too few students", "Too few students"),
        ("ACGR4", {"mask": "small", "low": 0, "high": 100}, "Too few students", "Too few students"),
        ("ACGR4", {"mask": "suppressed"}, "Withheld", "Withheld"),
        ("SAT_MEAN", {"value": Decimal("1050.4")}, "1,050.4", ""),
        ("AP_TAKERS", {"numerator": 1200}, "1,200", ""),
    ],
)
def test_what_was_published_is_said_as_it_was(
    code: str, facts: dict[str, Any], text: str, mask: str, world: World
) -> None:
    one = Published(publish(world.derby, code, **facts))
    assert (one.text, one.mask_text) == (text, mask)
    assert (one.value is None) == bool(mask)


# --- beside ----------------------------------------------------------------------------------------------------------
def test_every_declared_pair_is_of_a_computed_and_a_published_measure() -> None:
    computed = {one.code for one in all_computed()}
    assert pairs()
    for pair in pairs():
        assert pair.computed in computed
        assert pair.published not in computed


def test_the_same_and_another_definition_stand_beside_told_apart(world: World) -> None:
    publish(world.derby, "KY_CCR", value=Decimal("62.3"))
    publish(world.derby, "ACGR4", value=Decimal("91.0"))
    user = factories.person(Role.PRINCIPAL, world.derby)
    found = reported.beside(user, [world.derby], [YEAR], ["READY_EITHER", "ACGR4", "CHRONIC_ABSENCE"])
    [ready] = found[world.derby.pk, YEAR, "READY_EITHER", "ALL"]
    assert (ready.text, ready.measure.code) == ("62.3 %", "KY_CCR")
    assert "Kentucky's own" in ready.difference
    [graduated] = found[world.derby.pk, YEAR, "ACGR4", "ALL"]
    assert (graduated.text, graduated.difference) == ("91.0 %", "")
    assert graduated.authority == "Kentucky Department of Education, School Report Card data sets, to 2016-17"
    assert len(found) == 2


def test_who_may_not_open_the_organization_sees_nothing_of_it(world: World) -> None:
    publish(world.derby)
    user = factories.person(Role.PRINCIPAL, world.ridge)
    assert reported.beside(user, [world.derby], [YEAR], ["ACGR4"]) == {}


def test_the_page_and_the_dashboard_show_it_with_authority_and_file(world: World, client: Client) -> None:
    batch = ImportBatch.objects.create(organization=world.kentucky, year=YEAR, kind="kentucky", source="grad.csv")
    publish(world.derby, value=Decimal("91.0"), batch=batch)
    count(world.derby, "ACGR4", 45, 50)
    page = open_as(client, Role.PRINCIPAL, world.derby, world.derby.slug, YEAR, "ACGR4")
    said = text_of(page)
    for words in ("90.0 %", "91.0 %", "As published", "Kentucky Department of Education", "grad.csv"):
        assert words in said, words
    dashboard = open_as(client, Role.PRINCIPAL, world.derby, world.derby.slug, YEAR, name="dashboard")
    assert "published 91.0 %" in text_of(dashboard)


# --- what is only published ------------------------------------------------------------------------------------------
def test_a_measure_that_is_only_published_has_a_page(world: World, client: Client) -> None:
    for year, value in ((2022, "60.0"), (2023, "61.0"), (2024, "64.5")):
        publish(world.derby, "KY_CCR", year, value=Decimal(value))
        publish(world.bluegrass, "KY_CCR", year, value=Decimal("50.0"))
    publish(world.derby, "KY_CCR", group="BL", mask="small")
    page = open_as(client, Role.BOARD_VIEWER, world.derby, world.derby.slug, YEAR, "KY_CCR")
    said = text_of(page)
    assert "64.5 %" in said
    assert "From 60.0 % in 2021–22 to 64.5 % in 2023–24." in said
    assert "Too few students" in said
    assert "50.0 %" not in said
    above = open_as(client, Role.DISTRICT_ADMINISTRATOR, world.bluegrass, world.bluegrass.slug, YEAR, "KY_CCR")
    assert [one.text for one in above.context["page_obj"]] == ["64.5 %"]


def test_where_only_those_below_published_the_page_lists_them(world: World, client: Client) -> None:
    publish(world.derby, "KY_CCR")
    page = open_as(client, Role.DISTRICT_ADMINISTRATOR, world.bluegrass, world.bluegrass.slug, YEAR, "KY_CCR")
    assert "Nothing was published of it as a whole" in text_of(page)
    assert [one.result.organization.name for one in page.context["page_obj"]] == [world.derby.name]


def test_nothing_published_is_no_page(world: World, client: Client) -> None:
    publish(world.derby, "KY_CCR")
    assert open_as(client, Role.PRINCIPAL, world.ridge, "ridge", YEAR, "KY_CCR").status_code == 404


@pytest.mark.parametrize("code", ["KY_CCR", "ACGR4"])
def test_pages_cost_the_same_however_much_was_published(code: str, world: World, client: Client) -> None:
    place = world.bluegrass
    count(place, "ACGR4", 45, 50)
    publish(world.derby, code)
    publish(place, code)
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, place))
    url = reverse("goals:measure", args=[place.slug, YEAR, code])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(30):
        school = factories.organization("school", place, f"School {n}")
        publish(school, code)
        for group in ("BL", "WH", "F"):
            publish(school, code, group=group)
    for group in ("BL", "WH", "F"):
        publish(place, code, group=group)
        publish(place, code, 2023, group=group)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)
