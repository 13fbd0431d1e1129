"""Closed school years: certified figures stay, byte for byte; what is counted later stands beside them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from goals import closing, disclosure
from goals.figures import FigureState, figures
from goals.models import CertifiedCell, CertifiedMeasure, MeasureCell, StalePair
from goals.models.measure import Basis
from goals.readiness import rollup
from hstw.access import Role
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools.models import Enrollment, EvidenceCoverage, YearClose
from tests import factories
from tests.factories import World, enrollment, make_world

pytestmark = pytest.mark.django_db
NOW = int(current_year())
YEAR = SchoolYear(NOW - 1)
CODE = "CHRONIC_ABSENCE"


@pytest.fixture
def world() -> World:
    """Ridge: 5 of 40 chronically absent (12.5 %); Valley: 30 of 60 (50.0 %)."""
    made = make_world()
    for kind in ("enrollment", "attendance", "demographics"):
        EvidenceCoverage.objects.create(organization=made.cahaba, year=YEAR, kind=kind)
    for school, students, absent in ((made.ridge, 40, 5), (made.valley, 60, 30)):
        for n in range(students):
            enrollment(school, YEAR, days_enrolled=100, days_absent=20 if n < absent else 1, sex="FM"[n % 2])
    count(made)
    return made


def count(world: World) -> None:
    for basis in Basis:
        rollup.roll_up(world.alabama, basis, YEAR)


def one_more(world: World) -> None:
    """A sixth of the 40 at Ridge is found to have been absent, and everything is counted anew."""
    row = Enrollment.objects.filter(organization=world.ridge, year=YEAR, days_absent=1).order_by("pk")[0]
    Enrollment.objects.filter(pk=row.pk).update(days_absent=50)
    count(world)


def seen(user: Any, world: World, group: str = "ALL", code: str = CODE) -> Any:
    return figures(user, [world.ridge], [YEAR], [code], [group])[world.ridge.pk, YEAR, code, group]


def stored(*tables: str) -> list[str]:
    """Every byte of these tables as the database writes it."""
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found += [row[0] for row in cursor.fetchall()]
        return found


def test_certified_cells_stay_and_revised_ones_stand_beside(world: World) -> None:
    closing.close(world.alabama, YEAR, None)
    before = stored("goals_certifiedcell", "goals_certifiedmeasure")
    assert len(before) > 10
    one_more(world)
    assert stored("goals_certifiedcell", "goals_certifiedmeasure") == before
    figure = seen(factories.person(Role.PRINCIPAL, world.ridge), world)
    assert (figure.text, figure.numerator, figure.denominator) == ("12.5 %", 5, 40)
    assert (figure.revised.text, figure.revised.numerator) == ("15.0 %", 6)
    assert figure.full_text == "certified 12.5 % · revised 15.0 %"
    assert figure.certified == timezone.localdate()


def test_what_did_not_change_has_nothing_beside_it(world: World) -> None:
    user = factories.person(Role.PRINCIPAL, world.ridge)
    assert seen(user, world).certified is None
    closing.close(world.alabama, YEAR, None)
    figure = seen(user, world)
    assert (figure.revised, figure.full_text) == (None, "12.5 %")
    assert figure.certified is not None


def test_the_database_refuses_to_change_a_certified_figure(world: World) -> None:
    closing.close(world.alabama, YEAR, None)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        CertifiedCell.objects.update(numerator=0)


@pytest.mark.parametrize("role", [Role.BOARD_VIEWER, Role.SREB_STAFF])
def test_who_reads_releases_reads_the_certified_one_alone(role: str, world: World) -> None:
    user = factories.person(role, factories.place_of(role, world))
    before = seen(user, world)
    assert before.text == "13 %"
    closing.close(world.alabama, YEAR, None)
    one_more(world)
    figure = seen(user, world)
    assert (figure.text, figure.revised, figure.full_text) == ("13 %", None, "13 %")


def test_the_public_reads_what_was_published_and_the_certified_release_once_that_is(world: World) -> None:
    nobody = AnonymousUser()
    disclosure.publish(world.alabama, YEAR, None)
    one_more(world)
    closing.close(world.alabama, YEAR, None)
    assert (seen(nobody, world).text, seen(nobody, world).certified) == ("13 %", None)
    # Counted once more: seven of forty, 17.5 %. Published now are the certified fifteen.
    one_more(world)
    disclosure.publish(world.alabama, YEAR, None)
    assert (seen(nobody, world).text, seen(nobody, world).certified) == ("15 %", timezone.localdate())


def test_what_was_certified_as_not_reported_stays_so(world: World) -> None:
    Enrollment.objects.filter(organization=world.ridge).update(days_enrolled=None, days_absent=None)
    count(world)
    closing.close(world.alabama, YEAR, None)
    Enrollment.objects.filter(organization=world.ridge).update(days_enrolled=100, days_absent=0)
    count(world)
    figure = seen(factories.person(Role.PRINCIPAL, world.ridge), world)
    assert (figure.state, figure.revised.text) == (FigureState.NOT_REPORTED, "0.0 %")
    assert figure.full_text == "certified not reported · revised 0.0 %"
    other = seen(factories.person(Role.BOARD_VIEWER, world.valley), world)
    assert (other.state, other.revised) == (FigureState.NOT_REPORTED, None)


def test_a_figure_that_is_no_longer_counted_stands_with_that_said(world: World) -> None:
    closing.close(world.alabama, YEAR, None)
    Enrollment.objects.filter(organization=world.ridge).update(days_enrolled=None, days_absent=None)
    count(world)
    figure = seen(factories.person(Role.PRINCIPAL, world.ridge), world)
    assert figure.full_text == "certified 12.5 % · revised not reported"


def test_what_cannot_be_known_yet_is_not_certified(world: World) -> None:
    made = closing.close(world.alabama, YEAR, None)
    codes = set(CertifiedMeasure.objects.filter(close=made).values_list("measure__code", flat=True))
    assert {CODE, "ACGR4", "DROPOUT_RATE"} <= codes
    assert not {"ACGR5", "ACGR6", "POSTSECONDARY"} & codes


def test_the_rule_set_that_decided_is_kept(world: World) -> None:
    made = closing.close(world.alabama, YEAR, None)
    rules = dict(CertifiedMeasure.objects.filter(close=made).values_list("measure__code", "rules"))
    assert rules["READY_EITHER"]
    assert rules[CODE] == ""


# --- what stands against it, and reopening ---------------------------------------------------------------------------
def test_a_year_that_runs_is_not_closed(world: World) -> None:
    with pytest.raises(closing.CannotClose, match="is not over"):
        closing.close(world.alabama, SchoolYear(NOW), None)


def test_a_year_is_closed_once(world: World) -> None:
    closing.close(world.alabama, YEAR, None)
    with pytest.raises(closing.CannotClose, match="closed already"):
        closing.close(world.alabama, YEAR, None)


def test_evidence_that_is_still_being_counted_is_waited_for(world: World) -> None:
    StalePair.objects.create(organization=world.alabama, basis=Basis.YEAR, year=YEAR)
    with pytest.raises(closing.CannotClose, match="still being counted"):
        closing.close(world.alabama, YEAR, None)
    assert not CertifiedCell.objects.exists()


def test_reopened_the_new_figures_stand_and_the_certified_ones_are_kept(world: World) -> None:
    made = closing.close(world.alabama, YEAR, None)
    one_more(world)
    admin = factories.person(Role.SYSTEM_ADMINISTRATOR, world.region)
    with pytest.raises(closing.CannotClose, match="Say why"):
        closing.reopen(made, admin, "  ")
    closing.reopen(made, admin, "Attendance of Ridge was wrong")
    user = factories.person(Role.PRINCIPAL, world.ridge)
    assert (seen(user, world).text, seen(user, world).certified) == ("15.0 %", None)
    kept = CertifiedCell.objects.get(close=made, organization=world.ridge, measure__code=CODE, group__code="ALL")
    assert (kept.numerator, kept.denominator) == (5, 40)
    again = closing.close(world.alabama, YEAR, admin)
    assert seen(user, world).text == "15.0 %"
    assert YearClose.objects.filter(organization=world.alabama, year=YEAR).count() == 2
    assert again.by == admin
    with pytest.raises(closing.CannotClose, match="open already"):
        closing.reopen(made, admin, "twice")


def test_another_states_year_stays_open(world: World) -> None:
    closing.close(world.alabama, YEAR, None)
    MeasureCell.objects.filter(organization=world.valley).update(organization=world.derby)
    [figure] = figures(factories.person(Role.PRINCIPAL, world.derby), [world.derby], [YEAR], [CODE]).values()
    assert (figure.text, figure.certified) == ("50.0 %", None)


def test_figures_of_closed_years_cost_the_same_however_many(world: World) -> None:
    user = factories.person(Role.STATE_COORDINATOR, world.alabama)
    user.grants()
    closing.close(world.alabama, YEAR, None)
    with CaptureQueriesContext(connection) as few:
        figures(user, [world.ridge], [YEAR - 1, YEAR], [CODE])
    with CaptureQueriesContext(connection) as many:
        figures(user, [world.ridge, world.valley, world.cahaba], [YEAR - 1, YEAR], [CODE], ["ALL", "F", "M"])
    assert len(many) == len(few)


# --- the pages -------------------------------------------------------------------------------------------------------
def test_a_coordinator_closes_the_year(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama, name="Casey"))
    url = reverse("goals:closing", args=["alabama", YEAR])
    page = client.get(url).content.decode()
    assert "Not loaded, or not for every school" in page
    assert "Diplomas" in page
    assert "Tick it to close the year" in client.post(url, {"note": "Report card"}).content.decode()
    assert not YearClose.objects.exists()
    assert client.post(url, {"note": "Report card", "sure": "on"}).status_code == 302
    page = client.get(url).content.decode()
    assert "Report card" in page
    assert "Casey" in page
    made = YearClose.objects.get()
    assert reverse("goals:closing_reopen", args=["alabama", YEAR, made.pk]) not in page


def test_an_administrator_reopens_it_with_a_reason(world: World, client: Client) -> None:
    made = closing.close(world.alabama, YEAR, None)
    client.force_login(factories.person(Role.SYSTEM_ADMINISTRATOR, world.region))
    url = reverse("goals:closing_reopen", args=["alabama", YEAR, made.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 200
    made.refresh_from_db()
    assert made.reopened_at is None
    assert client.post(url, {"reason": "Wrong file"}).status_code == 302
    made.refresh_from_db()
    assert made.reason == "Wrong file"
    assert "Wrong file" in client.get(reverse("goals:closing", args=["alabama", YEAR])).content.decode()


def test_the_history_of_a_closing_is_kept(world: World) -> None:
    made = closing.close(world.alabama, YEAR, None)
    closing.reopen(made, None, "Wrong file")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgh_label, reason FROM schools_yearcloseevent ORDER BY pgh_id")
        assert cursor.fetchall() == [("insert", ""), ("update", "Wrong file")]


def test_the_page_costs_the_same_however_many_schools(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    url = reverse("goals:closing", args=["alabama", YEAR])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for n in range(10):
        enrollment(factories.organization("school", world.cahaba, f"School {n}"), YEAR)
    YearClose.objects.create(organization=world.alabama, year=YEAR - 1, closed_at=timezone.now() - dt.timedelta(9))
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)
