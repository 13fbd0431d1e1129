"""Writing a plan: bad input, stale writes, money to the cent, moving parts, evidence, and pages that stay cheap."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from goals.models import (
    ActionEvidence,
    ActionStep,
    Allocation,
    BudgetLine,
    Fund,
    KeyPractice,
    Need,
    Plan,
    PlanComment,
    Strategy,
    TypedFigure,
    YearTarget,
)
from goals.planning import elements, money, status
from hstw.access import Role
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db
YEAR = make.YEAR


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


@pytest.fixture
def principal(world: factories.World, client: Client) -> Any:
    user = factories.person(Role.PRINCIPAL, world.ridge, name="Pat Principal")
    client.force_login(user)
    return user


def url(name: str, *more: Any) -> str:
    return reverse(f"goals:{name}", args=["ridge", YEAR, *more])


STEP = {
    "title": "Train the tutors",
    "owner_name": "Head of the department",
    "starts": f"{YEAR - 1}-09-01",
    "due": f"{YEAR}-03-01",
}


def test_a_plan_is_begun_and_grows_part_by_part(world: Any, principal: Any, client: Client) -> None:
    assert "No plan for this year yet" in client.get(url("plan")).content.decode()
    client.post(url("plan"))
    client.post(url("plan"))
    plan = Plan.objects.get()
    client.post(url("plan_add", "need", plan.pk), {"title": "Too few read well"})
    need = Need.objects.get()
    client.post(url("plan_add", "cause", need.pk), {"text": "Nobody reads in science"})
    goal = make.goal(world.ridge)
    client.post(url("plan_add", "goal", plan.pk), {"bold_goal": goal.pk, "needs": [need.pk]})
    part = plan.plan_goals.get()
    assert list(part.needs.all()) == [need]
    practice = KeyPractice.objects.get(edition__code="hstw-classic", code="extra-help")
    client.post(url("plan_add", "strategy", part.pk), {"title": "Reading across", "practice": practice.pk, "tier": 4})
    fund = Fund.objects.create(organization=world.cahaba, name="Title I")
    sent = {**STEP, "owner": principal.pk, "owner_name": "", "fund": fund.pk, "amount": "1200.50"}
    answer = client.post(url("plan_add", "action", Strategy.objects.get().pk), sent)
    assert answer.status_code == 302, answer.context["form"].errors
    step = ActionStep.objects.get()
    assert (step.owner, step.order, step.lines.get().amount) == (principal, 1, Decimal("1200.50"))
    page = client.get(url("plan")).content.decode()
    for said in ("Too few read well", "Nobody reads in science", "Reading across", "Train the tutors", "$1,200.50"):
        assert said in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"due": f"{YEAR - 1}-08-01"}, "due before it starts"),
        ({"due": f"{YEAR + 1}-03-01"}, "The plan is of"),
        ({"starts": f"{YEAR - 2}-03-01"}, "The plan is of"),
        ({"owner_name": ""}, "Exactly one is accountable"),
        ({"owner": "999999", "owner_name": ""}, "holds no role here any more"),
        ({"amount": "5"}, "both fund and amount"),
        ({"title": ""}, "required"),
        ({"starts": "soon"}, "valid date"),
    ],
)
def test_bad_steps_are_refused_in_place(
    wrong: dict[str, str], said: str, world: Any, principal: Any, client: Client
) -> None:
    make.plan(world.ridge, principal)
    answer = client.post(url("plan_add", "action", Strategy.objects.get().pk), {**STEP, **wrong})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert ActionStep.objects.count() == 1


def test_an_owner_who_has_gone_is_named_in_the_checklist(world: Any, principal: Any, client: Client) -> None:
    leaver = factories.person(name="Lee Leaver")
    role = factories.assign(leaver, Role.COUNSELOR, world.ridge)
    make.plan(world.ridge, leaver)
    assert client.get(url("plan_submit")).context["must"] == []
    role.ends = dt.date(2020, 1, 1)
    role.save()
    assert [gap.text for gap in client.get(url("plan_submit")).context["must"]] == [
        "Lee Leaver, accountable for “Meet every Tuesday”, holds no role here any more."
    ]


def test_pasted_scripts_stay_text(world: Any, principal: Any, client: Client) -> None:
    plan = make.plan(world.ridge, principal)
    client.post(url("plan_add", "need", plan.pk), {"title": "<script>alert(1)</script>"})
    page = client.get(url("plan")).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_stale_write_is_refused_and_both_texts_are_shown(world: Any, principal: Any, client: Client) -> None:
    make.plan(world.ridge, principal)
    strategy = Strategy.objects.get()
    sent = {"title": "Mine", "tier": 2, "citation": "Smith and Lee (2019)", "version": 1, "draft-version": 1}
    where = url("plan_part", "strategy", strategy.pk)
    assert client.post(where, {**sent, "title": "Theirs"}).status_code == 302
    answer = client.post(where, sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Theirs" in page
    assert "Mine" in page
    assert Strategy.objects.get().title == "Theirs"


def test_parts_are_moved_and_only_within_their_list(world: Any, principal: Any, client: Client) -> None:
    plan = make.plan(world.ridge, principal)
    strategy = Strategy.objects.get()
    for order, title in enumerate(("B", "C"), start=2):
        make.action(strategy, title=title, order=order)
    step = ActionStep.objects.get(title="C")

    def titles() -> list[str]:
        return list(ActionStep.objects.order_by("order").values_list("title", flat=True))

    client.post(url("plan_move"), {"move": f"action:{step.pk}:-1"})
    assert titles() == ["Meet every Tuesday", "C", "B"]
    client.post(url("plan_move"), {"move": f"action:{step.pk}:to:0"})
    assert titles() == ["C", "Meet every Tuesday", "B"]
    client.post(url("plan_move"), {"move": f"action:{step.pk}:-1"})
    assert titles() == ["C", "Meet every Tuesday", "B"]
    for nonsense in ("", "action", "plan:1:1", f"action:{step.pk}:x", "action:x:1"):
        assert client.post(url("plan_move"), {"move": nonsense}).status_code == 404, nonsense
    other = make.plan(world.valley)
    with pytest.raises(elements.PlanError):
        elements.move(other, "action", step.pk, by=1)
    assert client.get(url("plan_part", "need", other.needs.get().pk)).status_code == 404
    assert plan.pk != other.pk


def test_what_was_worked_on_is_stopped_not_removed(world: Any, principal: Any, client: Client) -> None:
    make.plan(world.ridge, principal)
    step = ActionStep.objects.get()
    client.post(url("action", step.pk), {"status": "at_risk", "implementation": "Two came", "effectiveness": ""})
    step.refresh_from_db()
    assert (step.status, step.notes.get().text, step.notes.get().status) == ("at_risk", "Two came", "at_risk")
    client.post(url("plan_remove", "strategy", step.strategy_id))
    assert Strategy.objects.exists()
    need = Need.objects.get()
    client.post(url("plan_remove", "need", need.pk))
    assert not Need.objects.exists()


def test_money_adds_up_to_the_cent_everywhere(world: Any, principal: Any, client: Client) -> None:
    plan = make.plan(world.ridge, principal)
    found = money.of_plan(plan)
    assert [(row.given, row.planned, row.left) for row in found.rows] == [
        (Decimal("50000.00"), Decimal("52300.00"), Decimal("-2300.00"))
    ]
    step = ActionStep.objects.get()
    for name in ("plan", "money"):
        assert "−$2,300.00" in client.get(url(name)).content.decode(), name
    assert "$2,300.00 more is planned than was given" in client.get(url("plan_submit")).content.decode()
    assert "−$2,300.00 over, in the whole plan" in client.get(url("action", step.pk)).content.decode()
    for n in range(3):
        BudgetLine.objects.create(action=step, fund=Fund.objects.get(), amount=Decimal("0.10") + n)
    text = b"".join(client.get(url("money_file", "csv"))).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sum(Decimal(row["Amount"]) for row in rows) == money.of_plan(plan).planned == Decimal("52303.30")
    ActionStep.objects.update(status="stopped")
    assert money.of_plan(plan).planned == 0


@pytest.mark.parametrize("amount", ["-5", "0", "1.005", "many"])
def test_no_amount_but_money(amount: str, world: Any, principal: Any, client: Client) -> None:
    make.plan(world.ridge, principal)
    step = ActionStep.objects.get()
    answer = client.post(url("action_money", step.pk), {"fund": Fund.objects.get().pk, "amount": amount})
    assert answer.status_code == 422
    assert BudgetLine.objects.count() == 1


def test_allocations_are_recorded_by_the_district(world: Any, client: Client) -> None:
    client.force_login(factories.person(Role.DISTRICT_PLANNER, world.cahaba))
    assert client.get(url("money")).status_code == 200
    make.plan(world.ridge)
    assert client.post(url("money"), {"name": "Grant", "amount": "-1"}).status_code == 422
    assert client.post(url("money"), {"name": "", "fund": "", "amount": "1"}).status_code == 422
    client.post(url("money"), {"name": "Grant", "amount": "100.00"})
    client.post(url("money"), {"fund": Fund.objects.get(name="Grant").pk, "amount": "90.00"})
    assert Allocation.objects.get(fund__name="Grant").amount == Decimal("90.00")
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    assert client.post(url("money"), {"name": "Mine", "amount": "1"}).status_code == 403


def docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("minutes.pdf", b"%PDF-1.7 minutes", ""),
        ("minutes.docx", docx(), ""),
        ("notes.txt", b"We met.", ""),
        ("minutes.pdf", b"MZ\x90\x00", "not what its name says"),
        ("sheet.xlsx", docx(), "not what its name says"),
        ("page.html", b"<script>", "Files can be"),
        ("empty.pdf", b"", "empty"),
        ("notes.txt", b"a\0b", "not the text"),
    ],
)
def test_evidence_is_what_its_name_says(
    name: str, body: bytes, said: str, world: Any, principal: Any, client: Client
) -> None:
    make.plan(world.ridge, principal)
    step = ActionStep.objects.get()
    answer = client.post(url("action_file", step.pk), {"file": SimpleUploadedFile(name, body), "what": "Minutes"})
    if said:
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not ActionEvidence.objects.exists()
        return
    row = ActionEvidence.objects.get()
    got = client.get(url("evidence", step.pk, row.pk))
    assert b"".join(got) == body  # type: ignore[arg-type]
    assert got["Content-Disposition"].startswith("attachment")
    client.post(url("action_file", step.pk), {"remove": row.pk})
    assert not ActionEvidence.objects.exists()


def test_comments_stand_at_their_part_and_are_settled(world: Any, principal: Any, client: Client) -> None:
    make.plan(world.ridge, principal)
    strategy = Strategy.objects.get()
    client.post(url("plan_comment"), {"about": f"strategy:{strategy.pk}", "text": "Which grades?"})
    assert "Which grades?" in client.get(url("plan")).content.decode()
    comment = PlanComment.objects.get()
    client.post(url("plan_comment"), {"about": comment.about, "settle": comment.pk})
    comment.refresh_from_db()
    assert comment.settled_by == principal
    assert client.post(url("plan_comment"), {"about": "strategy:999999", "text": "x"}).status_code == 404


def count(client: Client, *addresses: str) -> list[int]:
    found = []
    for address in addresses:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        found.append(len(queries))
    return found


def test_the_number_of_queries_does_not_grow_with_the_plan(world: Any, principal: Any, client: Client) -> None:
    small = make.large(world.ridge, principal, 1, 1, 2)
    client.force_login(principal)
    names = ("plan", "plan_submit", "money", "goals")
    few = count(client, *map(url, names))
    Plan.objects.filter(pk=small.pk).delete()
    # 10 goals, 40 strategies, 300 action steps.
    make.large(world.ridge, principal, 10, 4, 7)
    for strategy in Strategy.objects.order_by("pk")[:20]:
        make.action(strategy, title="One more", order=9)
    assert (ActionStep.objects.count(), Strategy.objects.count()) == (300, 40)
    many = count(client, *map(url, names))
    # One query more: pages of a list that has several.
    assert all(after <= before + 1 for before, after in zip(few, many, strict=True)), (few, many)


# --- the database refuses what the forms refuse ----------------------------------------------------------------------
def _violations(world: Any) -> dict[str, Any]:
    plan = make.plan(world.ridge)
    strategy, step = Strategy.objects.get(), ActionStep.objects.get()
    goal = plan.plan_goals.get().bold_goal
    fund = Fund.objects.get()
    steps = ActionStep.objects.filter(pk=step.pk)
    return {
        "plan_once": lambda: Plan.objects.create(organization=world.ridge, year=YEAR),
        "plan_goal_once": lambda: plan.plan_goals.create(bold_goal=goal),
        "need_has_words": lambda: plan.needs.create(title=""),
        "strategy_tier_known": lambda: Strategy.objects.filter(pk=strategy.pk).update(tier=5),
        "strategy_proved_is_cited": lambda: Strategy.objects.filter(pk=strategy.pk).update(citation=""),
        "action_one_accountable": lambda: steps.update(owner_name=""),
        "action_due_after_start": lambda: steps.update(due=dt.date(2000, 1, 1)),
        "action_status_known": lambda: steps.update(status="perhaps"),
        "plan_state_known": lambda: Plan.objects.update(state="perhaps"),
        "line_positive": lambda: BudgetLine.objects.update(amount=0),
        "allocation_not_negative": lambda: Allocation.objects.update(amount=-1),
        "allocation_once": lambda: Allocation.objects.create(fund=fund, organization=world.ridge, year=YEAR, amount=1),
        "fund_once": lambda: Fund.objects.create(organization=world.ridge, name="Perkins V"),
        "fund_named": lambda: Fund.objects.update(name=""),
        "target_once": lambda: YearTarget.objects.create(goal=goal, year=goal.end_year, value=1),
        "target_not_negative": lambda: YearTarget.objects.update(value=-1),
        "goal_ends_after_baseline": lambda: type(goal).objects.update(end_year=goal.baseline_year),
        "goal_source_known": lambda: type(goal).objects.update(source="guessed"),
        "goal_source_named": lambda: type(goal).objects.update(publisher=""),
        "goal_baseline_not_negative": lambda: type(goal).objects.update(baseline_value=-1),
        "goal_not_its_own_answer": lambda: type(goal).objects.update(answers=goal),
        "override_has_reason": lambda: goal.overrides.create(status="on_track", reason=""),
        "override_status_known": lambda: goal.overrides.create(status="no_data", reason="x"),
        "typed_not_negative": lambda: TypedFigure.objects.create(
            organization=world.ridge, measure=goal.measure, group=goal.group, year=YEAR, value=-1, source="x"
        ),
        "typed_source_named": lambda: TypedFigure.objects.create(
            organization=world.ridge, measure=goal.measure, group=goal.group, year=YEAR, value=1, source=""
        ),
        "comment_has_words": lambda: plan.comments.create(text=""),
        "decision_return_has_reason": lambda: plan.decisions.create(state="returned"),
        "decision_state_known": lambda: plan.decisions.create(state="draft"),
        "team_member_once": lambda: plan.team.create(name="Pat Principal", part="Principal"),
        "note_kind_known": lambda: step.notes.create(kind="x", text="x", status="done"),
        "note_status_known": lambda: step.notes.create(kind="implementation", text="x", status="x"),
    }


def test_the_database_refuses_each(world: Any) -> None:
    for name, violate in _violations(world).items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            violate()


def test_statuses_are_read_without_a_person(world: Any) -> None:
    goal = make.goal(world.ridge)
    goals = type(goal).objects.select_related("organization").prefetch_related(*status.prefetches())
    assert status.shown(None, goals)[goal.pk].status == "no_data"
