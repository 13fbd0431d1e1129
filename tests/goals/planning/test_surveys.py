"""Surveys: who reads what they found, how they are recorded by file and by hand, and the figures that follow."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from goals.models import BoldGoal, GoalStanding, KeyPractice, Measure, StudentGroup, SurveyAdministration, TypedFigure
from goals.planning import series, status
from hstw.access import Role
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db
YEAR = make.YEAR
HEADINGS = ("school", "school_year", "survey_of", "date_closed", "invited", "answered", "practice", "index", "source")
# The last whole school year, and a day of its spring.
LAST = YEAR - 1
SPRING = dt.date(LAST, 3, 13)
RIDGE, LABEL = "010000100001", f"{LAST - 1}-{LAST % 100:02d}"


@pytest.fixture
def world() -> factories.World:
    return factories.make_world()


@pytest.fixture
def planner(world: factories.World) -> Any:
    return factories.person(Role.DISTRICT_PLANNER, world.cahaba)


def line(*, school: str = RIDGE, **cells: Any) -> list[Any]:
    """A row of a file: students of Ridge, last spring, on high expectations."""
    said = {
        "school": school,
        "school_year": LABEL,
        "survey_of": "students",
        "date_closed": SPRING.isoformat(),
        "invited": "612",
        "answered": "540",
        "practice": "High expectations",
        "index": "41.5",
        "source": "",
        **cells,
    }
    return [said[name] for name in HEADINGS]


def as_csv(*rows: Sequence[Any], headings: Sequence[str] = HEADINGS) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([headings, *rows])
    return out.getvalue().encode()


def as_xlsx(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in (HEADINGS, *rows):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def look(client: Client, data: bytes, *, at: str = "cahaba", name: str = "surveys.csv") -> Any:
    """Show what a file would do."""
    return client.post(reverse("goals:survey_load", args=[at, YEAR]), {"file": SimpleUploadedFile(name, data)})


def states(page: Any) -> list[str]:
    return [one.state.value for one in page.context["outcomes"]]


def wrong(page: Any) -> dict[str, list[int]]:
    return {text: lines for text, lines, _n in page.context["wrong"]}


def load(client: Client, data: bytes, *, at: str = "cahaba") -> Any:
    page = look(client, data, at=at)
    return client.post(reverse("goals:survey_load", args=[at, YEAR]), {"told": page.context["token"]})


def rows_of(organization: Any) -> list[tuple[Any, ...]]:
    """All that is recorded there."""
    return [
        (
            *(one.kind, one.given_on, one.invited, one.answered, one.source),
            dict(one.indices.values_list("practice__code", "percent")),
        )
        for one in SurveyAdministration.objects.filter(organization=organization).order_by("kind", "given_on")
    ]


def given(
    organization: Any, *percents: str, kind: str = "student", day: dt.date = SPRING, answered: int = 80
) -> SurveyAdministration:
    """A survey with indices of the first practices."""
    row = SurveyAdministration.objects.create(
        organization=organization, kind=kind, given_on=day, invited=answered + 20, answered=answered
    )
    practices = KeyPractice.objects.filter(edition__code="hstw-classic").order_by("number")
    for practice, percent in zip(practices, percents, strict=False):
        row.indices.create(practice=practice, percent=Decimal(percent))
    return row


# --- from a file -----------------------------------------------------------------------------------------------------
def test_a_file_is_looked_at_first_then_recorded_and_again_changes_nothing(
    world: Any, planner: Any, client: Client
) -> None:
    client.force_login(planner)
    file = as_csv(
        line(source="District survey"),
        line(practice="9", index="38 %", source="District survey"),
        line(survey_of="teachers", invited="44", answered="40", practice="10 · Culture of continuous improvement"),
        line(school="Cahaba Valley High School", practice="", index=""),
    )
    page = look(client, file)
    assert page.status_code == 200
    assert states(page) == ["new", "new", "new"]
    assert not SurveyAdministration.objects.exists()
    done = client.post(reverse("goals:survey_load", args=["cahaba", YEAR]), {"told": page.context["token"]})
    assert done.status_code == 302
    assert rows_of(world.ridge) == [
        (
            *("student", SPRING, 612, 540, "District survey"),
            {"high-expectations": Decimal("41.5"), "extra-help": Decimal("38.0")},
        ),
        ("teacher", SPRING, 44, 40, "", {"continuous-improvement": Decimal("41.5")}),
    ]
    assert rows_of(world.valley) == [("student", SPRING, 612, 540, "", {})]
    before = list(SurveyAdministration.objects.order_by("pk").values_list("pk", flat=True))
    again = look(client, file)
    assert states(again) == ["same", "same", "same"]
    assert again.context["token"] == ""
    assert "there is nothing to apply" in again.content.decode()
    assert list(SurveyAdministration.objects.order_by("pk").values_list("pk", flat=True)) == before


def test_a_changed_file_says_what_was_and_what_would_be_and_keeps_the_rest(
    world: Any, planner: Any, client: Client
) -> None:
    client.force_login(planner)
    load(client, as_csv(line(source="Vendor"), line(practice="Guidance", index="20")))
    page = look(client, as_csv(line(answered="552", index="43.26")))
    assert states(page) == ["changed"]
    assert page.context["outcomes"][0].changes == ["answered 540 → 552", "High expectations 41.5 % → 43.3 %"]
    client.post(reverse("goals:survey_load", args=["cahaba", YEAR]), {"told": page.context["token"]})
    assert rows_of(world.ridge) == [
        (
            *("student", SPRING, 612, 552, "Vendor"),
            {"high-expectations": Decimal("43.3"), "guidance": Decimal("20.0")},
        )
    ]


def test_a_workbook_is_read_whatever_its_name_says(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    book = as_xlsx(line(school=10000100001, invited=612, answered=540, index=41.5, date_closed=SPRING))
    assert states(look(client, book, name="surveys.xlsx")) == ["new"]
    assert states(look(client, book, name="surveys.csv")) == ["new"]
    assert states(look(client, as_csv(line()), name="surveys.xlsx")) == ["new"]


def test_the_templates_are_read_back(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    files = {
        form: client.get(reverse("goals:survey_template", args=["cahaba", YEAR, form])) for form in ("csv", "xlsx")
    }
    text = b"".join(files["csv"]).decode("utf-8-sig")  # type: ignore[arg-type]
    assert [len(row) for row in csv.reader(io.StringIO(text))] == [9, 9, 9]
    for form, data in (("csv", text.encode()), ("xlsx", b"".join(files["xlsx"]))):  # type: ignore[arg-type]
        page = look(client, data, name=f"surveys.{form}")
        assert states(page) == ["new"], form
        one = page.context["outcomes"][0].told
        assert (one.organization, one.kind, one.closed) == (world.ridge.pk, "student", dt.date(2026, 3, 13))
        assert (one.invited, one.answered, sorted(one.indices.values())) == (
            612,
            540,
            [Decimal("38.0"), Decimal("41.5")],
        )
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert [row[1].value for row in book["Practices"].iter_rows(min_row=2)][8] == "Extra help"
    assert client.get(reverse("goals:survey_template", args=["cahaba", YEAR, "exe"])).status_code == 404


def test_a_vendors_headings_are_understood(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    headings = (
        "School Name",
        "NCES ID",
        "Year",
        "Survey",
        "Close Date",
        "Sent",
        "Responses",
        "Key Practice",
        "Percent",
    )
    row = ("Ridge HS", RIDGE, str(LAST), "Teacher", f"3/13/{LAST}", "1,044", "40", "guidance", "12.25")
    page = look(client, as_csv(row, headings=headings))
    told = page.context["outcomes"][0].told
    assert (told.organization, told.kind, told.closed, told.invited) == (world.ridge.pk, "teacher", SPRING, 1044)
    assert list(told.indices.values()) == [Decimal("12.3")]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"school": "Harbor High School"}, "Cahaba County has no school “Harbor High School”"),
        ({"school": "999"}, "Only its own surveys can be loaded here"),
        ({"school": ""}, "school: It is blank"),
        ({"answered": "613"}, "More have answered than were invited"),
        ({"answered": "-1"}, "answered: Not between 0 and 1000000"),
        ({"invited": ""}, "invited: It is blank on all rows of this survey"),
        ({"index": "100.1"}, "index: Not between 0 and 100"),
        ({"index": "-3"}, "index: Not between 0 and 100"),
        ({"index": "=1+40"}, "index: Not a number"),
        ({"index": "NaN"}, "index: Not a number"),
        ({"index": "0.415"}, "Write 41.5 for 41.5 percent"),
        ({"practice": ""}, "of which practice is the index"),
        ({"practice": "=HYPERLINK(1)"}, "is no key practice"),
        ({"survey_of": "dogs"}, "survey_of: Not one of the values"),
        ({"survey_of": "NA"}, "survey_of: It is blank"),
        ({"date_closed": "13/3/2026"}, "date_closed: The day stands before the month"),
        ({"date_closed": f"{LAST - 1}-03-13"}, "not in the school year of the row"),
        ({"date_closed": "2098-09-13", "school_year": "2099"}, "has not closed yet"),
        ({"date_closed": "1910-03-13", "school_year": "1950"}, "far off"),
        ({"school_year": "soon"}, "school_year: Not a school year"),
        ({"source": "x" * 201}, "source: Longer than 200 characters"),
    ],
)
def test_a_wrong_row_is_told_with_its_line_and_nothing_can_be_applied(
    cells: dict[str, str], said: str, world: Any, planner: Any, client: Client
) -> None:
    client.force_login(planner)
    good = line(school="Cahaba Valley High School")
    page = look(client, as_csv(good, line(**cells)))
    assert page.status_code == 422
    found = {text: lines for text, lines in wrong(page).items() if said in text}
    assert list(found.values()) == [[3]], wrong(page)
    assert said.replace("'", "&#x27;") in page.content.decode()
    assert page.context["token"] == ""
    assert not SurveyAdministration.objects.exists()


def test_rows_of_a_survey_have_to_agree(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    page = look(client, as_csv(line(), line(invited="600", practice="2"), line(invited="", answered="", index="3")))
    assert wrong(page) == {
        "invited: It is not the same on all rows of this survey.": [3],
        "practice: This survey has an index of it on another row already.": [4],
    }


def test_wrong_files_are_refused_in_words(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    for data, said in (
        (as_csv(["Ridge", "4"], headings=["Campus", "Mean"]), "These columns are missing: school, school_year"),
        (as_csv(), "a heading line and nothing below it"),
        (b"", "empty"),
        (b"%PDF-1.7 " + b"x" * 100, "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old Excel"),
        (b"PK\x03\x04" + b"broken" * 50, "damaged"),
        (b"<html><body><table></table></body></html>", "web page"),
    ):
        page = look(client, data, name="surveys.xlsx")
        assert page.status_code == 422, said
        assert said in " ".join(page.context["form"].errors["file"]), said
    assert not SurveyAdministration.objects.exists()


def test_a_formula_without_a_result_is_no_blank(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    page = look(client, as_xlsx(line(), line(practice="2", index="=AVERAGE(H2:H2)")), name="surveys.xlsx")
    ((text, lines),) = wrong(page).items()
    assert "A formula without a result" in text
    assert lines == [3]


def test_a_row_cut_off_refuses_the_file(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    page = look(client, as_csv(line(), line(practice="2")[:5]))
    ((text, lines),) = wrong(page).items()
    assert "Fewer cells than the heading line" in text
    assert lines == [3]


def test_too_many_rows_and_too_much_to_unpack_are_refused(
    world: Any, planner: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from goals.planning import survey_file

    client.force_login(planner)
    book = as_xlsx(line())
    with monkeypatch.context() as small:
        small.setattr(survey_file, "LIMITS", survey_file.Limits(unpacked_bytes=2_000, members=200))
        assert "unpacks to more than" in look(client, book, name="a.xlsx").context["form"].errors["file"][0]
    monkeypatch.setattr(survey_file, "MAX_ROWS", 1)
    refused = look(client, as_csv(line(), line(practice="2")))
    assert "more than 1 rows" in refused.context["form"].errors["file"][0]


def test_who_loads_loads_their_own_organizations_only(world: Any, client: Client) -> None:
    principal = factories.person(Role.PRINCIPAL, world.ridge)
    client.force_login(principal)
    page = look(client, as_csv(line(school="Cahaba Valley High School")), at="ridge")
    assert list(wrong(page).values()) == [[2]]
    assert states(look(client, as_csv(line(school="")), at="ridge")) == ["new"]
    for at in ("cahaba", "valley"):
        assert look(client, as_csv(line()), at=at).status_code == 403
    for role in (Role.COUNSELOR, Role.SITE_TEAM, Role.BOARD_VIEWER):
        client.force_login(factories.person(role, world.ridge))
        assert look(client, as_csv(line()), at="ridge").status_code == 403
    client.force_login(factories.person(Role.STATE_COORDINATOR, world.alabama))
    both = as_csv(line(), line(school="Harbor High School"))
    assert states(look(client, both, at="alabama")) == ["new", "new"]
    link = reverse("goals:survey_load", args=["alabama", YEAR])
    portfolio = reverse("goals:portfolio", args=["alabama", YEAR])
    assert link in client.get(portfolio).content.decode()
    client.force_login(factories.person(Role.BOARD_VIEWER, world.alabama))
    assert link not in client.get(portfolio).content.decode()


def test_what_was_looked_at_cannot_be_altered_lent_or_overtaken(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    url = reverse("goals:survey_load", args=["cahaba", YEAR])
    token = look(client, as_csv(line())).context["token"]
    client.post(url, {"told": token[:-3] + "abc"})
    client.post(reverse("goals:survey_load", args=["ridge", YEAR]), {"told": token})
    other = Client()
    other.force_login(factories.person(Role.DISTRICT_PLANNER, world.cahaba))
    other.post(url, {"told": token})
    assert not SurveyAdministration.objects.exists()
    given(world.ridge, "30.0", answered=70)
    overtaken = client.post(url, {"told": token})
    assert overtaken.status_code == 409
    assert "Something was recorded since you looked" in overtaken.content.decode()
    assert states(overtaken) == ["changed"]
    assert rows_of(world.ridge)[0][3] == 70
    client.post(url, {"told": overtaken.context["token"]})
    assert rows_of(world.ridge)[0][3] == 540


def test_a_larger_file_asks_no_more(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)

    def queries(file: bytes) -> int:
        with CaptureQueriesContext(connection) as looked:
            page = look(client, file)
        with CaptureQueriesContext(connection) as applied:
            client.post(reverse("goals:survey_load", args=["cahaba", YEAR]), {"told": page.context["token"]})
        return len(looked) + len(applied)

    few = queries(as_csv(line(date_closed=f"{LAST}-03-01")))
    for number in range(8):
        factories.organization("school", world.cahaba, f"School {number}", design="high")
    rows = [line(school=f"School {school}", practice=str(practice)) for school in range(8) for practice in range(1, 11)]
    assert queries(as_csv(*rows)) <= few
    assert SurveyAdministration.objects.count() == 9


# --- by hand ---------------------------------------------------------------------------------------------------------
def test_by_hand_the_same_survey_is_recorded_once_and_not_before_it_closed(
    world: Any, planner: Any, client: Client
) -> None:
    client.force_login(planner)
    given(world.ridge, "40.0")
    url = reverse("goals:survey_new", args=["ridge", YEAR])
    sent = {"kind": "student", "given_on": SPRING.isoformat(), "invited": 100, "answered": 80}
    assert "recorded already" in client.post(url, sent).content.decode()
    assert "has not closed yet" in client.post(url, sent | {"given_on": "2098-01-05"}).content.decode()
    assert client.post(url, sent | {"kind": "teacher"}).status_code == 302
    assert SurveyAdministration.objects.count() == 2


# --- the measure -----------------------------------------------------------------------------------------------------
def survey_goal(organization: Any, **fields: Any) -> BoldGoal:
    """From last spring's survey to 50 in four years; no baseline is typed."""
    fields = {"code": "SURVEY_STUDENTS", "baseline_year": LAST - 1, "target": Decimal(50), **fields}
    return make.goal(organization, baseline_value=None, baseline_n=None, **fields)


def values(goal: BoldGoal, user: Any = None, audience: str | None = None) -> dict[int, tuple[Any, ...]]:
    found = series.of_goals(user, [goal], audience=audience)[goal.pk]
    return {one.year: (one.value, one.text, one.n) for one in found}


def test_the_index_is_the_mean_over_the_practices_of_the_survey_that_closed_last(world: Any, planner: Any) -> None:
    goal = survey_goal(world.ridge)
    given(world.ridge, "10.0", "20.0", day=dt.date(LAST - 2, 11, 4))
    given(world.ridge, "31.0", "40.0", "41.5", day=SPRING)
    given(world.ridge, "90.0", day=SPRING - dt.timedelta(days=90))
    given(world.ridge, day=SPRING + dt.timedelta(days=30))  # without an index
    given(world.ridge, "77.0", kind="teacher", day=SPRING)
    given(world.valley, "88.0", day=SPRING)
    # (31.0 + 40.0 + 41.5) / 3 = 37.5
    assert values(goal, planner) == {
        LAST - 1: (Decimal("15.0"), "15", 80),
        LAST: (Decimal("37.5"), "37.5", 80),
        YEAR: (None, "no survey recorded", None),
    }
    teachers = survey_goal(world.ridge, code="SURVEY_TEACHERS")
    assert values(teachers, planner)[LAST] == (Decimal("77.0"), "77", 80)


def test_a_survey_is_the_figure_whatever_was_typed_and_changes_with_it(world: Any, planner: Any) -> None:
    goal = survey_goal(world.ridge)
    TypedFigure.objects.create(
        organization=world.ridge, measure=goal.measure, group=goal.group, year=LAST, value=12, n=90, source="Vendor"
    )
    assert values(goal, planner)[LAST][0] == 12
    survey = given(world.ridge, "40.0")
    assert values(goal, planner)[LAST][0] == 40
    survey.indices.update(percent=Decimal("44.0"))
    assert values(goal, planner)[LAST][0] == 44


def test_what_a_survey_says_is_not_typed(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    measure, group = Measure.objects.get(code="SURVEY_TEACHERS"), StudentGroup.objects.get(code="ALL")
    sent = {"measure": measure.pk, "group": group.pk, "year": LAST, "value": "40", "n": "30", "source": "Vendor"}
    url = reverse("goals:typed", args=["ridge", YEAR])
    given(world.ridge, "40.0", kind="teacher")
    assert "recorded under Practices, and is the figure" in client.post(url, sent).content.decode()
    assert client.post(url, sent | {"year": LAST - 1}).status_code == 302
    assert TypedFigure.objects.get().year == LAST - 1


def test_a_figure_is_typed_once(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    measure, group = Measure.objects.get(code="PATHWAYS_OFFERED"), StudentGroup.objects.get(code="ALL")
    sent = {"measure": measure.pk, "group": group.pk, "year": LAST, "value": "4", "source": "Course catalog"}
    url = reverse("goals:typed", args=["ridge", YEAR])
    assert client.post(url, sent).status_code == 302
    again = client.post(url, sent | {"value": "5"})
    assert again.status_code == 422
    assert "There is a figure of this year already" in again.content.decode()
    change = f"{url}?change={TypedFigure.objects.get().pk}"
    assert client.post(change, sent | {"value": "5"}).status_code == 302
    assert TypedFigure.objects.get().value == 5


def test_an_index_of_few_answers_is_for_those_who_may_see_exact_figures(world: Any, planner: Any) -> None:
    goal = survey_goal(world.ridge)
    given(world.ridge, "37.5", answered=10, day=SPRING - dt.timedelta(days=365))
    given(world.ridge, "62.5", answered=9)
    board = factories.person(Role.BOARD_VIEWER, world.cahaba)
    few = "fewer than 10 answers, or how many is not said"
    for seen in (values(goal, board), values(goal, audience="public"), values(goal, audience="network")):
        assert seen[LAST] == (None, few, None)
        assert seen[LAST - 1] == (Decimal(38), "38", None)
    assert values(goal, planner)[LAST] == (Decimal("62.5"), "62.5", 9)
    status.refresh(world.alabama)
    assert "62" not in GoalStanding.objects.get(goal=goal, viewer="public").reason
    assert "62.5" in GoalStanding.objects.get(goal=goal, viewer="own").reason


def test_a_states_own_smallest_group_counts(world: Any, client: Client) -> None:
    from goals.models import DisclosureSettings

    DisclosureSettings.objects.create(organization=world.alabama, minimum=20)
    survey = given(world.ridge, "62.5", answered=19)
    client.force_login(factories.person(Role.BOARD_VIEWER, world.cahaba))
    page = client.get(reverse("goals:survey", args=["ridge", YEAR, survey.pk])).content.decode()
    assert "Fewer than 20 answered" in page


@pytest.mark.parametrize("way", ["file", "hand"])
def test_goals_are_worked_out_anew_either_way_in(way: str, world: Any, planner: Any, client: Client) -> None:
    goal = survey_goal(world.ridge)
    given(world.ridge, "30.0", day=SPRING - dt.timedelta(days=365))
    client.force_login(planner)
    if way == "file":
        load(client, as_csv(line(index="51")))
    else:
        practice = KeyPractice.objects.get(edition__code="hstw-classic", number=1)
        sent = {"kind": "student", "given_on": SPRING.isoformat(), "invited": 612, "answered": 540}
        client.post(reverse("goals:survey_new", args=["ridge", YEAR]), sent | {f"index_{practice.pk}": "51"})
    standing = GoalStanding.objects.get(goal=goal, viewer="public")
    assert (standing.status, standing.reason) == ("done", f"51 in {LAST - 1}–{LAST % 100} reaches the goal of 50.")


def test_a_goal_takes_its_baseline_from_the_survey(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    sent = {
        "title": "Students see high expectations everywhere",
        "measure": Measure.objects.get(code="SURVEY_STUDENTS").pk,
        "group": StudentGroup.objects.get(code="ALL").pk,
        "source": "typed",
        "publisher": "Surveys recorded here",
        "baseline_year": LAST,
        "end_year": LAST + 2,
        "target": "50",
    }
    url = reverse("goals:goal_new", args=["ridge", YEAR])
    assert "Type the baseline in" in client.post(url, sent).content.decode()
    given(world.ridge, "40.0")
    assert client.post(url, sent).status_code == 302
    goal = BoldGoal.objects.get()
    assert dict(goal.targets.values_list("year", "value")) == {LAST + 1: Decimal("45.00"), LAST + 2: Decimal("50.00")}


# --- reading ---------------------------------------------------------------------------------------------------------
def test_everybody_who_reads_the_plan_reads_what_surveys_found(world: Any, client: Client) -> None:
    many = given(world.ridge, "41.5", "30.2", answered=80)
    few = given(world.ridge, "62.5", "12.5", kind="teacher", answered=8)
    lists = reverse("goals:practices", args=["ridge", YEAR])
    pages = {one.pk: reverse("goals:survey", args=["ridge", YEAR, one.pk]) for one in (many, few)}

    client.force_login(factories.person(Role.COUNSELOR, world.ridge))
    assert "62.5 %" in client.get(pages[few.pk]).content.decode()
    assert "41.5 %" in client.get(pages[many.pk]).content.decode()
    # (41.5 + 30.2) / 2 = 35.85; (62.5 + 12.5) / 2 = 37.5
    assert re.findall(r"[\d.]+ %(?=</td>)", client.get(lists).content.decode()) == ["35.9 %", "37.5 %"]

    client.force_login(factories.person(Role.BOARD_VIEWER, world.cahaba))
    seen = client.get(pages[many.pk]).content.decode()
    assert "42 %" in seen
    assert "41.5" not in seen
    assert "80 of 100 (80 %)" in seen
    hidden = client.get(pages[few.pk]).content.decode()
    assert "Fewer than 10 answered" in hidden
    for word in ("62.5", "63 %", "12.5", "13 %", "37.5", "38 %", "8 of 28"):
        assert word not in hidden, word
    listed = client.get(lists).content.decode()
    assert "fewer than 10 answered" in listed
    assert "38 %" not in listed
    assert "8 of 28" not in listed

    client.force_login(factories.person(Role.PRINCIPAL, world.valley))
    assert client.get(pages[many.pk]).status_code == 403
    assert client.get(reverse("goals:survey", args=["valley", YEAR, many.pk])).status_code == 404


def test_a_survey_and_its_measure_read_the_same(world: Any, client: Client) -> None:
    """(37.4 + 37.5 + 37.5) / 3 = 37.47: 37.5 as a figure, and 38 without decimals on both pages."""
    goal = survey_goal(world.ridge)
    given(world.ridge, "37.4", "37.5", "37.5")
    board = factories.person(Role.BOARD_VIEWER, world.cahaba)
    client.force_login(board)
    assert values(goal, board)[LAST][1] == "38"
    page = client.get(reverse("goals:practices", args=["ridge", YEAR])).content.decode()
    assert re.findall(r"[\d.]+ %(?=</td>)", page) == ["38 %"]


def test_who_may_not_see_exact_figures_changes_no_survey_that_few_answered(world: Any, client: Client) -> None:
    """A coach records surveys; neither the form nor a file tells them, or lets them guess, what few have said."""
    coach = factories.person(Role.SREB_STAFF, world.region)
    survey = given(world.ridge, "62.5", answered=8)
    client.force_login(coach)
    refused = client.get(reverse("goals:survey_edit", args=["ridge", YEAR, survey.pk]))
    assert refused.status_code == 403
    assert "62.5" not in refused.content.decode()
    for index in ("62.5", "10"):
        other = line(school="Cahaba Valley High School")
        page = look(client, as_csv(line(invited="28", answered="8", index=index), other))
        assert states(page) == ["new", "held"]
        assert "62.5" not in page.content.decode()
    client.post(reverse("goals:survey_load", args=["cahaba", YEAR]), {"told": page.context["token"]})
    assert survey.indices.get().percent == Decimal("62.5")
    assert world.valley.surveys.count() == 1


def test_more_surveys_ask_no_more(world: Any, planner: Any, client: Client) -> None:
    client.force_login(planner)
    url = reverse("goals:practices", args=["ridge", YEAR])
    given(world.ridge, "40.0")
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(1, 30):
        given(world.ridge, "40.0", "41.0", day=SPRING - dt.timedelta(days=number))
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(url).context["page_obj"]) == 20
    assert len(many) <= len(few) + 1  # the pages are counted
