"""Those below side by side, their trends, two student groups over the years, and the network's goals."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from structlog.testing import capture_logs

from goals import board, checkpoints, compare
from goals.figures import Figure, FigureState
from goals.models import Measure, MeasureCell, Release, ReleasedCell, StudentGroup
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import CooperativeMember, EvidenceCoverage, NetworkMembership, Organization
from tests import factories
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db
YEAR = int(current_year()) - 1
CODE = "CHRONIC_ABSENCE"


@pytest.fixture
def world() -> World:
    return make_world()


def put(place: Organization, n: int, d: int, year: int = YEAR, code: str = CODE, group: str = "ALL") -> None:
    MeasureCell.objects.create(
        organization=place,
        year=year,
        measure=Measure.objects.get(code=code),
        group=StudentGroup.objects.get(code=group),
        numerator=n,
        denominator=d,
    )


def cover(place: Organization) -> None:
    for kind in ("enrollment", "attendance", "demographics", "diplomas"):
        EvidenceCoverage.objects.create(organization=place, year=YEAR, kind=kind)


def release(
    state: Organization, rows: list[tuple[Organization, str, int | None, int | None]], code: str = CODE
) -> None:
    made = Release.objects.create(organization=state, year=YEAR, audience="network")
    ReleasedCell.objects.bulk_create(
        ReleasedCell(
            release=made,
            organization=place,
            measure=Measure.objects.get(code=code),
            group=StudentGroup.objects.get(code="ALL"),
            state=said,
            low=low,
            high=high,
            size=None if low is None else 41,
        )
        for place, said, low, high in rows
    )


def get(client: Client, role: str, on: Organization, slug: str, query: str = "", name: str = "compare") -> Any:
    client.force_login(factories.person(role, on))
    return client.get(reverse(f"goals:{name}", args=[slug, YEAR]) + query)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def names(answer: Any) -> list[str]:
    return [line.organization.name for line in answer.context["page_obj"]]


def absence(world: World) -> None:
    """Of Ridge's 100 students 10 are chronically absent (20 the year before), of Valley's 50 25, of the district 35."""
    cover(world.cahaba)
    put(world.ridge, 10, 100)
    put(world.ridge, 20, 100, YEAR - 1)
    put(world.valley, 25, 50)
    put(world.cahaba, 35, 150)


# --- side by side ----------------------------------------------------------------------------------------------------
def test_who_needs_it_most_comes_first_with_what_changed(world: World, client: Client) -> None:
    absence(world)
    page = get(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "cahaba", f"?measure={CODE}")
    lines = page.context["page_obj"].object_list
    # Of absence more is worse.
    assert [(line.organization.name, line.figure.text, line.change) for line in lines] == [
        ("Cahaba Valley High School", "50.0 %", None),
        ("Cahaba Ridge High School", "10.0 %", Decimal("-10.0")),
    ]
    assert page.context["found"].figure.text == "23.3 %"
    assert "Exact: do not share" in text_of(page)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=name", ["Cahaba Ridge High School", "Cahaba Valley High School"]),
        ("sort=-name", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
        ("sort=figure", ["Cahaba Ridge High School", "Cahaba Valley High School"]),
        ("sort=change", ["Cahaba Ridge High School", "Cahaba Valley High School"]),
        ("sort=nonsense", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
        ("q=vall", ["Cahaba Valley High School"]),
        ("goal=ahead", ["Cahaba Ridge High School"]),
        ("goal=behind", ["Cahaba Valley High School"]),
        ("network=msw", ["Cahaba Ridge High School"]),
        ("network=any", ["Cahaba Ridge High School"]),
        ("network=hstw", []),
        ("design=middle", []),
        ("grade=09", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
        ("grade=08", []),
        (
            "grade=nonsense&design=x&network=y&goal=z&of=region",
            ["Cahaba Valley High School", "Cahaba Ridge High School"],
        ),
    ],
)
def test_the_address_says_what_is_shown(query: str, expected: list[str], world: World, client: Client) -> None:
    absence(world)
    NetworkMembership.objects.create(organization=world.ridge, network="msw", starts="2020-07-01")
    NetworkMembership.objects.create(organization=world.valley, network="hstw", starts="2009-07-01", ends="2019-06-30")
    page = get(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "cahaba", f"?measure={CODE}&{query}")
    assert names(page) == expected
    if not expected:
        assert "Nothing matches" in text_of(page)


def test_against_the_goal(world: World, client: Client) -> None:
    cover(world.cahaba)
    put(world.ridge, 96, 100, code="ACGR4")
    put(world.valley, 94, 100, code="ACGR4")
    put(world.cahaba, 190, 200, code="ACGR4")
    for goal, expected in (("reached", ["Cahaba Ridge High School"]), ("short", ["Cahaba Valley High School"])):
        page = get(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "cahaba", f"?measure=ACGR4&goal={goal}")
        assert names(page) == expected
    page = get(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "cahaba")
    assert page.context["found"].sentence == "From 94.0 % to 96.0 %. 1 of 2 is at SREB's goal of 95 %."


@pytest.mark.parametrize(
    ("state", "percent", "answer"),
    [
        (FigureState.SHOWN, 95, True),
        (FigureState.SHOWN, 94, False),
        (FigureState.TOP, 95, True),  # at least 95
        (FigureState.TOP, 90, None),  # at least 90: perhaps 95
        (FigureState.BOTTOM, 10, False),  # at most 10
        (FigureState.SMALL, None, None),
        (FigureState.COMPLEMENTARY, None, None),
    ],
)
def test_a_coded_figure_reaches_only_what_its_bound_says(
    state: FigureState, percent: int | None, answer: bool | None
) -> None:
    measure = Measure.objects.get(code="ACGR4")
    figure = Figure(1, YEAR, "ACGR4", "ALL", state, percent=None if percent is None else Decimal(percent))
    assert compare.reaches(measure, figure, Decimal(95)) is answer


def test_who_does_not_answer_for_them_sees_the_release_each_state_by_its_words(world: World, client: Client) -> None:
    absence(world)
    third = factories.organization("school", world.cahaba, "Cahaba Small School")
    fourth = factories.organization("school", world.cahaba, "Cahaba Withheld School")
    release(
        world.alabama,
        [
            (world.cahaba, "shown", 23, 23),
            (world.ridge, "bottom", 0, 10),
            (world.valley, "shown", 50, 50),
            (third, "small", None, None),
            (fourth, "complementary", None, None),
        ],
    )
    page = get(client, Role.BOARD_VIEWER, world.cahaba, "cahaba", f"?measure={CODE}&sort=figure")
    said = text_of(page)
    assert [line.figure.text for line in page.context["page_obj"]] == [
        "≤ 10 %",
        "50 %",
        "fewer than 10 students",
        "withheld to protect another group",
    ]
    assert "50.0 %" not in said
    assert "Exact: do not share" not in said
    assert "2 more have no figure." in page.context["found"].sentence


def test_a_principal_compares_with_the_schools_of_the_district(world: World, client: Client) -> None:
    absence(world)
    release(world.alabama, [(world.valley, "shown", 50, 50)])
    page = get(client, Role.PRINCIPAL, world.ridge, "ridge", f"?measure={CODE}&sort=name")
    assert [(line.organization.name, line.here, line.figure.exact) for line in page.context["page_obj"]] == [
        ("Cahaba Ridge High School", True, True),
        ("Cahaba Valley High School", False, False),
    ]
    assert "50.0 %" not in text_of(page)


def test_a_state_compares_districts_schools_and_cooperatives(world: World, client: Client) -> None:
    absence(world)
    put(world.cooperative, 35, 150)
    for of, expected in (
        ("", ["Cahaba County"]),
        ("school", ["Cahaba Valley High School", "Cahaba Ridge High School"]),
        ("cooperative", ["Black Belt Cooperative"]),
    ):
        page = get(client, Role.STATE_COORDINATOR, world.alabama, "alabama", f"?measure={CODE}&of={of}")
        assert [name for name in names(page) if "Tombigbee" not in name and "Harbor" not in name] == expected


def test_a_cooperative_compares_its_members_of_the_year(world: World, client: Client) -> None:
    absence(world)
    put(world.tombigbee, 1, 10)
    CooperativeMember.objects.create(cooperative=world.cooperative, member=world.cahaba, starts="2020-07-01")
    CooperativeMember.objects.create(
        cooperative=world.cooperative, member=world.tombigbee, starts="2015-07-01", ends=f"{YEAR - 1}-06-30"
    )
    page = get(client, Role.STATE_COORDINATOR, world.alabama, "black-belt", f"?measure={CODE}")
    assert names(page) == ["Cahaba County"]
    page = get(client, Role.STATE_COORDINATOR, world.alabama, "black-belt", f"?measure={CODE}&of=school&sort=name")
    assert names(page) == ["Cahaba Ridge High School", "Cahaba Valley High School"]


def test_a_cooperative_has_a_dashboard_and_lists_nobody_by_name(world: World, client: Client) -> None:
    put(world.cooperative, 35, 150)
    CooperativeMember.objects.create(cooperative=world.cooperative, member=world.cahaba, starts="2020-07-01")
    cover(world.ridge)
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cooperative))
    page = client.get(reverse("goals:dashboard", args=["black-belt", YEAR]))
    assert page.context["board"].rows[CODE].shown.text == "23.3 %"
    # What its members have loaded is loaded for it.
    assert page.context["board"].rows["CHRONIC_ABSENCE"].figure.missing == ()
    assert "ninth-graders" not in text_of(page)
    assert client.get(reverse("goals:measure_students", args=["black-belt", YEAR, CODE])).status_code == 404


def test_nothing_loaded_leads_to_the_upload(world: World, client: Client) -> None:
    page = get(client, Role.PRINCIPAL, world.ridge, "ridge", f"?measure={CODE}")
    assert "No numbers yet" in text_of(page)
    links = {one["label"]: one["url"] for one in page.context["uploads"]}
    assert "?kind=" in links["Attendance"]


def test_a_year_of_which_nothing_is_known_shows_the_latest(world: World, client: Client) -> None:
    absence(world)
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    page = client.get(reverse("goals:compare", args=["cahaba", YEAR + 1]) + f"?measure={CODE}")
    assert page.context["found"].shown_year == YEAR
    assert "the latest known" in text_of(page)


def many(world: World, count: int) -> None:
    measure, group = Measure.objects.get(code=CODE), StudentGroup.objects.get(code="ALL")
    for n in range(count):
        school = factories.organization("school", world.cahaba, f"School {n:04d}")
        MeasureCell.objects.create(
            organization=school, year=YEAR, measure=measure, group=group, numerator=n % 100, denominator=100
        )


@pytest.mark.parametrize(
    ("name", "query"),
    [("compare", ""), ("compare", "&by=group"), ("compare", "&q=school&goal=behind&sort=change"), ("trends", "")],
)
def test_queries_do_not_grow_with_schools(name: str, query: str, world: World, client: Client) -> None:
    absence(world)
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    url = reverse(f"goals:{name}", args=["alabama", YEAR]) + f"?measure={CODE}&of=school{query}"
    many(world, 5)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    many(world, 60)
    with CaptureQueriesContext(connection) as more:
        page = client.get(url)
    assert page.status_code == 200
    assert len(more) == len(few)
    assert len(page.context["page_obj"]) <= 25


def test_the_files_have_what_is_shown_and_are_recorded(world: World, client: Client) -> None:
    absence(world)
    client.force_login(factories.person(Role.DISTRICT_ADMINISTRATOR, world.cahaba))
    with capture_logs() as logs:
        answer = client.get(reverse("goals:compare_file", args=["cahaba", YEAR, "csv"]) + f"?measure={CODE}&q=ridge")
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
        book = client.get(reverse("goals:compare_file", args=["cahaba", YEAR, "xlsx"]) + f"?measure={CODE}")
        sheets = openpyxl.load_workbook(io.BytesIO(b"".join(book.streaming_content)))
    assert [line.split(",")[0] for line in lines] == ["Name", "Cahaba Ridge High School"]
    assert "10.0 %,0.1,Shown,100 students,10,100,-10.0" in lines[1]
    rows = list(sheets["Figures"].iter_rows(min_row=2, values_only=True))
    assert [(row[0], row[6]) for row in rows] == [("Cahaba Valley High School", 0.5), ("Cahaba Ridge High School", 0.1)]
    about = {row[0]: row[1] for row in sheets["About"].iter_rows(min_row=2, values_only=True)}
    assert about["Exact figures"].endswith("Do not share.")
    recorded = [(log["what"], log["exact"]) for log in logs if log["event"] == "figures downloaded"]
    assert recorded == [(f"{CODE}.csv", True), (f"{CODE}.xlsx", True)]
    assert client.get(reverse("goals:compare_file", args=["cahaba", YEAR, "exe"])).status_code == 404


# --- small trends, student groups ------------------------------------------------------------------------------------
def test_trends_share_one_scale(world: World, client: Client) -> None:
    absence(world)
    page = get(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "cahaba", f"?measure={CODE}&sort=name", "trends")
    ridge, valley = page.context["page_obj"].object_list
    # From 10 to 50 percent over 60 units of height: a point is 1.5 of them.
    assert [dot.y for dot in ridge.trend.dots] == [51.0, 66.0]
    assert [dot.y for dot in valley.trend.dots] == [6.0]
    assert ridge.sentence.startswith("Down from 20.0 %")


def test_the_gap_between_two_groups_over_the_years(world: World, client: Client) -> None:
    absence(world)
    for year, n in ((YEAR - 1, 12), (YEAR, 9)):
        put(world.cahaba, n, 20, year, group="SWD")
    put(world.cahaba, 40, 160, YEAR - 1)
    put(world.valley, 9, 15, group="SWD")
    page = get(client, Role.DISTRICT_ADMINISTRATOR, world.cahaba, "cahaba", f"?measure={CODE}&by=group")
    gaps = page.context["gaps"]
    # Without a choice, the group furthest behind: 45 to 23.3 percent, and 60 to 25 the year before.
    assert gaps.one.code == "SWD"
    assert [year.points for year in gaps.years][-2:] == [Decimal("35.0"), Decimal("21.7")]
    assert "35 points behind" in gaps.sentence
    assert "21.7 points behind" in gaps.sentence
    assert [(line.organization.slug, line.points) for line in page.context["page_obj"]] == [
        ("valley", Decimal("10.0")),
    ]
    # Nobody of the group is at Ridge.
    assert page.context["found"].left_out == 1


# --- the network -----------------------------------------------------------------------------------------------------
def test_the_network_stands_where_its_states_do(world: World, client: Client) -> None:
    for state in (world.alabama, world.kentucky):
        cover(state)
    release(
        world.alabama,
        [(world.alabama, "shown", 88, 88), (world.ridge, "shown", 95, 95), (world.valley, "shown", 80, 80)],
        "ACGR4",
    )
    release(world.kentucky, [(world.kentucky, "top", 95, 100), (world.derby, "small", None, None)], "ACGR4")
    page = get(client, Role.SREB_STAFF, world.region, world.region.slug, name="dashboard")
    goals = page.context["goals"]
    [on_time] = [one for one in goals.standings if one.goal.key == "on-time"]
    assert (on_time.figure, on_time.schools, on_time.schools_there) == (None, 2, 1)
    at = goals.standings.index(on_time)
    assert [(line.state.name, line.standings[at].reached, line.standings[at].short) for line in goals.states] == [
        ("Alabama", False, Decimal(7)),
        ("Kentucky", True, None),
    ]
    said = text_of(page)
    assert "7 points to go" in said
    assert "1 of 2 schools at the goal" in said
    link = reverse("goals:compare", args=[world.region.slug, YEAR]) + "?measure=ACGR4&of=school&goal=reached"
    assert names(client.get(link)) == ["Cahaba Ridge High School"]


def test_a_region_without_figures_says_so(world: World, client: Client) -> None:
    page = get(client, Role.SREB_STAFF, world.region, world.region.slug, name="dashboard")
    assert "No numbers yet" in text_of(page)


def test_a_state_sees_its_own_standing(world: World, client: Client) -> None:
    cover(world.alabama)
    put(world.alabama, 90, 100, code="ACGR4")
    put(world.ridge, 96, 100, code="ACGR4")
    page = get(client, Role.STATE_COORDINATOR, world.alabama, "alabama", name="dashboard")
    assert "1 of 1 school at the goal" in text_of(page)
    assert "5 points to go" in text_of(page)


def test_queries_of_the_network_do_not_grow(world: World, client: Client) -> None:
    client.force_login(factories.person(Role.SREB_STAFF, world.region))
    url = reverse("goals:dashboard", args=[world.region.slug, YEAR])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    many(world, 40)
    with CaptureQueriesContext(connection) as more:
        client.get(url)
    assert len(more) == len(few)


# --- what is declared ------------------------------------------------------------------------------------------------
def test_a_checkpoint_shows_what_there_is() -> None:
    [eleven] = [one for one in checkpoints.CHECKPOINTS if one.key == "grade-11"]
    assert [code for code, _label in eleven.shown({"ACT_MATH_11", "ACT_READING_11"})] == ["ACT_READING_11"]
    assert eleven.shown(set()) == []
    assert [one.key for one in checkpoints.CHECKPOINTS] == [
        *("grade-5", "grade-8", "grade-9", "grade-10", "grade-11", "graduation", "after", "age-25"),
    ]


def test_every_computed_measure_has_a_place_on_the_dashboard() -> None:
    """In exactly one area, and not in the last one, which is for what nobody placed; Perkins' by themselves."""
    codes = board.measures_shown()
    found = {area.key: placed for area, placed in checkpoints.by_area(codes)}
    placed = [code for codes in found.values() for code in codes]
    assert sorted(placed) == sorted(codes)
    assert "more" not in found, f"name an area in goals/checkpoints.py for {found.get('more')}"
    assert sorted(found["perkins"]) == sorted(code for code in codes if code.startswith("PERKINS_"))
    assert sorted(found["by-the-state"]) == sorted(code for code in codes if code.startswith("STATE_READY_"))
    names = Measure.objects.filter(code__in=codes).values_list("name", flat=True)
    assert [name for name in names if len(name) > 80] == []


def test_every_measure_has_one_area() -> None:
    codes = ["ACGR4", "NOBODY_KNOWS_IT", "READY_CAREER", "PERKINS_1S1", "CREDENTIAL_EARNED"]
    found = {area.key: codes for area, codes in checkpoints.by_area(codes)}
    assert found == {
        "on-time": ["ACGR4"],
        "career": ["READY_CAREER", "CREDENTIAL_EARNED"],
        "perkins": ["PERKINS_1S1"],
        "more": ["NOBODY_KNOWS_IT"],
    }
