"""Bad input to plans: each is refused in place with clear words, nothing typed is lost, nothing half is saved."""

from __future__ import annotations

import datetime as dt
import html
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from goals.models import (
    ActionEvidence,
    ActionStep,
    BudgetLine,
    Fund,
    Need,
    Plan,
    PlanVersion,
    ProgressNote,
    Strategy,
    TeamMember,
)
from goals.planning import approve, document, outline
from hstw.access import Role
from hstw.models import OutgoingMail
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db
YEAR = make.YEAR
STEP = {
    "title": "Train the tutors",
    "description": "Six of them, in the library",
    "owner_name": "Head of the department",
    "starts": f"{YEAR - 1}-09-01",
    "due": f"{YEAR}-03-01",
}
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> factories.World:
    settings.MEDIA_ROOT = tmp_path
    return factories.make_world()


@pytest.fixture
def principal(world: factories.World) -> Any:
    return factories.person(Role.PRINCIPAL, world.ridge, name="Pat Principal")


@pytest.fixture
def planner(world: factories.World) -> Any:
    return factories.person(Role.DISTRICT_PLANNER, world.cahaba, name="Dana Planner")


@pytest.fixture
def plan(world: factories.World, principal: Any, client: Client) -> Plan:
    client.force_login(principal)
    return make.plan(world.ridge, principal)


def url(name: str, *args: Any) -> str:
    return reverse(f"goals:{name}", args=["ridge", YEAR, *args])


def text_of(answer: Any) -> str:
    """A page as it is read."""
    return html.unescape(answer.content.decode())


# --- dates, years, owners, money -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"starts": f"{YEAR}-03-02"}, "due", "It would be due before it starts."),
        (
            {"due": f"{YEAR}-07-01"},
            "due",
            f"The plan is of {YEAR - 1}–{YEAR % 100}: Jul 1, {YEAR - 1} to Jun 30, {YEAR}.",
        ),
        (
            {"starts": f"{YEAR - 1}-06-30"},
            "starts",
            f"The plan is of {YEAR - 1}–{YEAR % 100}: Jul 1, {YEAR - 1} to Jun 30, {YEAR}.",
        ),
        ({"starts": f"{YEAR}-02-30"}, "starts", "Enter a valid date."),
        ({"owner_name": ""}, "owner", "Exactly one is accountable: choose a person, or type a name below."),
        ({"amount": "-1"}, "amount", "An amount is more than nothing."),
    ],
)
def test_a_new_step_is_refused_at_its_field_and_nothing_is_lost(
    wrong: dict[str, str], field: str, said: str, plan: Plan, client: Client
) -> None:
    where = url("plan_add", "action", Strategy.objects.get().pk)
    refused = client.post(where, {**STEP, **wrong})
    assert refused.status_code == 422
    assert refused.context["form"].errors[field] == [said]
    assert said in text_of(refused)
    assert ActionStep.objects.count() == 1
    # Here, and when the page is opened again.
    for page in (refused, client.get(where)):
        for typed in (STEP["title"], STEP["description"], wrong.get("owner_name", STEP["owner_name"])):
            assert typed in text_of(page)


def test_the_last_and_the_first_day_are_of_the_year(plan: Plan, client: Client) -> None:
    sent = {**STEP, "starts": f"{YEAR - 1}-07-01", "due": f"{YEAR}-06-30"}
    assert client.post(url("plan_add", "action", Strategy.objects.get().pk), sent).status_code == 302


def test_who_left_is_not_made_accountable_and_the_rest_of_the_step_is_kept(
    world: Any, plan: Plan, client: Client
) -> None:
    """Somebody opened the form while Lee was still there."""
    leaver = factories.person(name="Lee Leaver")
    role = factories.assign(leaver, Role.COUNSELOR, world.ridge)
    where = url("plan_add", "action", Strategy.objects.get().pk)
    assert "Lee Leaver" in text_of(client.get(where))
    role.ends = dt.date(2020, 1, 1)
    role.save()
    refused = client.post(where, {**STEP, "owner": leaver.pk, "owner_name": ""})
    assert refused.context["form"].errors["owner"] == ["This person holds no role here any more. Choose somebody else."]
    assert STEP["description"] in text_of(client.get(where))
    assert not ActionStep.objects.filter(owner=leaver).exists()


def test_the_step_of_somebody_who_left_is_edited_once_somebody_else_is_chosen(
    world: Any, principal: Any, plan: Plan, client: Client
) -> None:
    leaver = factories.person(name="Lee Leaver")
    factories.assign(leaver, Role.COUNSELOR, world.ridge, ends=dt.date(2020, 1, 1), starts=dt.date(2019, 1, 1))
    step = ActionStep.objects.get()
    ActionStep.objects.filter(pk=step.pk).update(owner=leaver, owner_name="")
    where = url("plan_part", "action", step.pk)
    sent = {**STEP, "owner": leaver.pk, "owner_name": "", "version": step.version, "draft-version": step.version}
    refused = client.post(where, sent)
    assert refused.status_code == 422
    assert "holds no role here any more" in text_of(refused)
    assert STEP["description"] in text_of(client.get(where))
    assert client.post(where, {**sent, "owner": principal.pk}).status_code == 302
    step.refresh_from_db()
    assert (step.owner, step.description) == (principal, STEP["description"])


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("-5", "An amount is more than nothing."),
        ("0", "An amount is more than nothing."),
        ("1.005", "no more than 2 decimal places"),
        ("many", "Enter a number."),
        ("", "This field is required."),
    ],
)
def test_what_is_no_money_is_refused_beside_what_was_typed(amount: str, said: str, plan: Plan, client: Client) -> None:
    step = ActionStep.objects.get()
    sent = {"fund": Fund.objects.get().pk, "amount": amount, "purpose": "Books for the tutors"}
    refused = client.post(url("action_money", step.pk), sent)
    assert refused.status_code == 422
    assert said in text_of(refused)
    assert "Books for the tutors" in text_of(refused)
    assert BudgetLine.objects.count() == 1


def test_a_negative_allocation_is_refused_in_words(world: Any, planner: Any, plan: Plan, client: Client) -> None:
    client.force_login(planner)
    refused = client.post(url("money"), {"name": "Grant of the foundation", "amount": "-1"})
    assert refused.status_code == 422
    assert "An amount is not negative." in text_of(refused)
    assert "Grant of the foundation" in text_of(refused)
    assert not Fund.objects.filter(name="Grant of the foundation").exists()


# --- twice, and at the same time -------------------------------------------------------------------------------------


def test_a_plan_that_is_submitted_twice_is_submitted_once(
    world: Any, principal: Any, planner: Any, plan: Plan, client: Client
) -> None:
    client.post(url("plan_submit"))
    again = client.post(url("plan_submit"), follow=True)
    assert "The plan has been submitted already." in text_of(again)
    assert plan.decisions.count() == 1
    assert OutgoingMail.objects.filter(to=planner.email).count() == 1


def test_a_plan_that_is_approved_twice_has_one_version(
    world: Any, principal: Any, planner: Any, plan: Plan, client: Client
) -> None:
    approve.submit(plan, principal)
    client.force_login(planner)
    sent = {"decision": "approve", "remark": "Well done.", "read": client.get(url("plan_decide")).context["read"]}
    assert client.post(url("plan_decide"), sent).status_code == 302
    again = client.post(url("plan_decide"), sent)
    assert again.status_code == 409
    assert "The plan is not waiting for a decision any more." in text_of(again)
    assert PlanVersion.objects.count() == 1
    assert OutgoingMail.objects.filter(to=principal.email).count() == 1


def test_progress_that_is_sent_twice_is_said_once(plan: Plan, client: Client) -> None:
    step = ActionStep.objects.get()
    sent = {"status": "on_track", "implementation": "Two of six came.", "effectiveness": ""}
    for _time in range(2):
        assert client.post(url("action", step.pk), sent).status_code == 302
    assert ProgressNote.objects.count() == 1
    # The same words about another status are news.
    client.post(url("action", step.pk), {**sent, "status": "done"})
    assert ProgressNote.objects.count() == 2


def test_a_plan_that_changed_while_it_was_read_is_not_approved_and_the_remark_stays(
    world: Any, principal: Any, planner: Any, plan: Plan, client: Client
) -> None:
    approve.submit(plan, principal)
    client.force_login(planner)
    read = client.get(url("plan_decide")).context["read"]
    approve.take_back(plan, principal)
    Strategy.objects.update(title="Something else altogether")
    approve.submit(plan, principal)
    sent = {"decision": "approve", "remark": "Name the tutors, please.", "read": read}
    refused = client.post(url("plan_decide"), sent)
    assert refused.status_code == 409
    assert "The plan has changed since you opened it. Read it again, then decide." in text_of(refused)
    assert "Name the tutors, please." in text_of(refused)
    assert "Something else altogether" in text_of(refused)
    assert not PlanVersion.objects.exists()


def test_an_edit_begun_before_the_approval_is_a_change_after_it(
    world: Any, principal: Any, planner: Any, plan: Plan, client: Client
) -> None:
    """Text written while the plan was submitted and approved: kept through both, saved as what differs from it."""
    strategy = Strategy.objects.get()
    where = url("plan_part", "strategy", strategy.pk)
    sent = {"title": "Written meanwhile", "tier": 4, "version": strategy.version, "draft-version": strategy.version}
    approve.submit(plan, principal)
    refused = client.post(where, sent)
    assert refused.status_code == 422
    assert "your text is kept" in text_of(refused)
    version = approve.approve(plan, planner, approve.fingerprint(plan))
    opened = client.get(where)
    assert "Written meanwhile" in text_of(opened)
    assert client.post(where, sent).status_code == 302
    version.refresh_from_db()
    assert "Written meanwhile" not in version.content
    assert "This plan differs from version 1" in text_of(client.get(url("plan")))


def test_what_is_added_while_the_plan_is_decided_on_is_kept(principal: Any, plan: Plan, client: Client) -> None:
    approve.submit(plan, principal)
    where = url("plan_add", "need", plan.pk)
    refused = client.post(where, {"title": "A need that came up late", "evidence": "Marks of October"})
    assert refused.status_code == 422
    assert "The plan is submitted" in text_of(refused)
    assert "A need that came up late" in text_of(refused)
    assert Need.objects.count() == 1


# --- pasted scripts --------------------------------------------------------------------------------------------------


def test_scripts_pasted_anywhere_stay_text_on_every_page_and_in_every_document(
    world: Any, principal: Any, planner: Any, plan: Plan, client: Client
) -> None:
    words = f"{SCRIPT} #let x = 1 $x^2$ {{{{ 7*7 }}}} =HYPERLINK(1)"
    step, strategy, need = ActionStep.objects.get(), Strategy.objects.get(), Need.objects.get()
    Plan.objects.update(mission=words, summary=words, involvement=words, common_planning=words, review_on=words)
    TeamMember.objects.update(name=words[:120])
    Need.objects.update(title=words, evidence=words)
    need.causes.update(text=words)
    Strategy.objects.update(title=words, description=words, citation=words)
    ActionStep.objects.update(title=words, description=words, owner=None, owner_name=words[:120])
    BudgetLine.objects.update(purpose=words)
    Fund.objects.update(name=words[:120])
    plan.plan_goals.get().bold_goal.__class__.objects.update(title=words)
    client.post(url("action", step.pk), {"status": "at_risk", "implementation": words, "effectiveness": words})
    client.post(url("plan_comment"), {"about": f"strategy:{strategy.pk}", "text": words})
    upload = io.BytesIO(b"minutes")
    upload.name = f"{SCRIPT}.txt".replace("/", "")
    client.post(url("action_file", step.pk), {"file": upload, "what": words})
    assert ActionEvidence.objects.count() == 1
    approve.submit(plan, principal)
    version = approve.approve(plan, planner, approve.fingerprint(plan), words)

    pages = {
        "plan": url("plan"),
        "action": url("action", step.pk),
        "strategy": url("plan_part", "strategy", strategy.pk),
        "history": url("plan_history"),
        "money": url("money"),
        "goals": url("goals"),
        "version": url("plan_version", 1),
        "submit": url("plan_submit"),
        "owed": reverse("goals:owed"),
    }
    for name, address in pages.items():
        answer = client.get(address)
        assert answer.status_code == 200, name
        body = answer.content.decode()
        assert "<script>alert" not in body, name
    body = client.get(pages["plan"]).content.decode()
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; #let x = 1 $x^2$ {{ 7*7 }}" in body

    found = outline.content(outline.read(plan, None, audience=approve.NETWORK))
    assert document.as_pdf(found).startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(document.as_word(found))) as archive:
        text = archive.read("word/document.xml").decode()
    assert "<script>" not in text
    assert html.unescape(text).count(SCRIPT) > 10
    assert SCRIPT in version.content
    # A cell that begins with a sign is text to a spreadsheet too.
    BudgetLine.objects.update(purpose="=HYPERLINK(1)")
    csv = b"".join(client.get(url("money_file", "csv"))).decode("utf-8-sig")  # type: ignore[arg-type]
    assert ",=HYPERLINK" not in csv
    assert "HYPERLINK(1)" in csv
