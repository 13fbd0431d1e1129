"""Submit, return, approve: what is frozen stays byte for byte, and every wrong step is refused in words."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import docx
import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from goals.models import ActionStep, Plan, PlanState, PlanVersion, Strategy
from goals.planning import approve, elements, outline
from hstw import files
from hstw.access import Role
from hstw.models import OutgoingMail
from tests import factories
from tests.goals.planning import make

pytestmark = pytest.mark.django_db
YEAR = make.YEAR


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


def approved(plan: Plan, principal: Any, planner: Any) -> PlanVersion:
    approve.submit(plan, principal)
    return approve.approve(plan, planner, approve.fingerprint(plan), "Well done.")


def test_the_way_from_a_draft_to_a_frozen_version(world: Any, principal: Any, planner: Any, client: Client) -> None:
    plan = make.plan(world.ridge, principal)
    here = ["ridge", YEAR]
    client.force_login(principal)
    page = client.get(reverse("goals:plan_submit", args=here))
    assert page.context["must"] == []
    assert any("$2,300.00 more is planned than was given" in gap.text for gap in page.context["should"])
    assert client.post(reverse("goals:plan_submit", args=here)).status_code == 302
    plan.refresh_from_db()
    assert plan.state == PlanState.SUBMITTED
    assert OutgoingMail.objects.filter(to=planner.email, subject__contains="waits for your decision").count() == 1
    client.force_login(planner)
    page = client.get(reverse("goals:plan_decide", args=here))
    answer = client.post(
        reverse("goals:plan_decide", args=here), {"decision": "approve", "read": page.context["read"], "remark": "Fine"}
    )
    assert answer.status_code == 302
    plan.refresh_from_db()
    version = plan.versions.get()
    assert (plan.state, version.number, version.approved_by) == (PlanState.APPROVED, 1, planner)
    assert version.sha256 == hashlib.sha256(version.content.encode()).hexdigest()
    content = json.loads(version.content)
    assert content["goals"][0]["strategies"][0]["actions"][0]["money"][0]["amount"] == "52300.00"
    assert OutgoingMail.objects.filter(to=principal.email, subject__contains="approved").count() == 1
    for form in ("pdf", "docx"):
        assert client.get(reverse("goals:plan_version_file", args=[*here, 1, form])).status_code == 200
        assert client.get(reverse("goals:plan_draft_file", args=[*here, form])).status_code == 200
    assert client.get(reverse("goals:plan_version", args=[*here, 1])).status_code == 200


def test_the_documents_say_what_was_approved(world: Any, principal: Any, planner: Any) -> None:
    version = approved(make.plan(world.ridge, principal), principal, planner)
    with files.open(version.pdf) as stream:
        reader = PdfReader(io.BytesIO(stream.read()))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    with files.open(version.word) as stream:
        document = docx.Document(io.BytesIO(stream.read()))
    words = "\n".join(one.text for one in document.paragraphs)
    cells = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for said in ("Extra help every day", "Ninth-graders fail algebra", "No extra help before the first test"):
        assert said in text
        assert said in words
    for said in ("Meet every Tuesday", "$52,300.00", "−$2,300.00", "Pat Principal"):
        assert said in text
        assert said in cells
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - an object of the PDF
    assert "Version 1, approved by Dana Planner" in text
    assert version.sha256[:16] in text


def test_edits_after_approval_change_nothing_of_it_and_are_said(world: Any, principal: Any, planner: Any) -> None:
    plan = make.plan(world.ridge, principal)
    version = approved(plan, principal, planner)
    before = [version.content, version.sha256, files.open(version.pdf).read(), files.open(version.word).read()]
    Strategy.objects.update(title="Extra help twice a day")
    step = ActionStep.objects.get()
    step.due = step.due.replace(day=20)
    step.save()
    make.action(step.strategy, title="Train the tutors", order=2)
    plan.refresh_from_db()
    assert approve.changes(plan) == [
        "Strategy “Extra help twice a day”: title changed from “Extra help every day” to “Extra help twice a day”.",
        f"Action step “Meet every Tuesday”: due date changed from “May 15, {YEAR}” to “May 20, {YEAR}”.",
        "Strategy “Extra help twice a day”: added action step “Train the tutors”.",
    ]
    again = PlanVersion.objects.get()
    after = [again.content, again.sha256, files.open(again.pdf).read(), files.open(again.word).read()]
    assert before == after


def test_progress_and_new_figures_are_no_changes_of_the_plan(world: Any, principal: Any, planner: Any) -> None:
    plan = make.plan(world.ridge, principal)
    approved(plan, principal, planner)
    ActionStep.objects.update(status="done")
    assert approve.changes(plan) == []


@pytest.mark.parametrize("how", ["update", "delete"])
def test_the_database_refuses_to_change_a_version(how: str, world: Any, principal: Any, planner: Any) -> None:
    version = approved(make.plan(world.ridge, principal), principal, planner)
    rows = PlanVersion.objects.filter(pk=version.pk)
    change = {"update": lambda: rows.update(sha256="0" * 64), "delete": rows.delete}[how]
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_it_is_submitted_once(world: Any, principal: Any) -> None:
    plan = make.plan(world.ridge, principal)
    approve.submit(plan, principal)
    with pytest.raises(elements.PlanError, match="submitted already"):
        approve.submit(plan, principal)
    assert plan.decisions.count() == 1


def test_what_must_be_there_holds_it_back(world: Any, principal: Any, client: Client) -> None:
    plan = Plan.objects.create(organization=world.ridge, year=YEAR)
    with pytest.raises(elements.PlanError, match="5 things are missing"):
        approve.submit(plan, principal)
    client.force_login(principal)
    page = client.get(reverse("goals:plan_submit", args=["ridge", YEAR]))
    for gap in [*page.context["must"], *page.context["should"]]:
        assert client.get(gap.url.partition("#")[0]).status_code == 200, gap


def test_nobody_approves_what_they_submitted(world: Any) -> None:
    plan = make.plan(world.ridge)
    both = factories.person(Role.DISTRICT_PLANNER, world.cahaba)
    approve.submit(plan, both)
    with pytest.raises(elements.PlanError, match="somebody else"):
        approve.approve(plan, both, approve.fingerprint(plan))


def test_what_changed_since_it_was_read_is_not_approved(world: Any, principal: Any, planner: Any) -> None:
    plan = make.plan(world.ridge, principal)
    approve.submit(plan, principal)
    read = approve.fingerprint(plan)
    Strategy.objects.update(title="Something else")
    with pytest.raises(elements.PlanError, match="changed since you opened it"):
        approve.approve(plan, planner, read)
    assert not PlanVersion.objects.exists()


def test_an_edit_begun_before_it_was_submitted_keeps_its_text(world: Any, principal: Any, client: Client) -> None:
    plan = make.plan(world.ridge, principal)
    strategy = Strategy.objects.get()
    approve.submit(plan, principal)
    client.force_login(principal)
    url = reverse("goals:plan_part", args=["ridge", YEAR, "strategy", strategy.pk])
    answer = client.post(url, {"title": "Written meanwhile", "version": 1, "draft-version": 1})
    assert answer.status_code == 422
    assert "The plan is submitted" in answer.content.decode()
    assert "Written meanwhile" in client.get(url).content.decode()
    assert Strategy.objects.get().title == "Extra help every day"


def test_returning_needs_a_reason_and_reaches_the_school(world: Any, principal: Any, planner: Any) -> None:
    plan = make.plan(world.ridge, principal)
    approve.submit(plan, principal)
    with pytest.raises(elements.PlanError, match="Say what should change"):
        approve.send_back(plan, planner, "  ")
    approve.send_back(plan, planner, "Name the study.")
    plan.refresh_from_db()
    assert plan.state == PlanState.RETURNED
    mail = OutgoingMail.objects.get(to=principal.email)
    assert "Name the study." in mail.text
    approve.submit(plan, principal)
    with pytest.raises(elements.PlanError, match="not waiting"):
        approve.send_back(Plan.objects.get(), planner, "x") or approve.send_back(Plan.objects.get(), planner, "y")


def test_an_approved_plan_is_submitted_again_only_when_it_differs(world: Any, principal: Any, planner: Any) -> None:
    plan = make.plan(world.ridge, principal)
    approved(plan, principal, planner)
    with pytest.raises(elements.PlanError, match="Nothing has changed"):
        approve.submit(plan, principal)
    Strategy.objects.update(title="New")
    approve.submit(plan, principal)
    approve.take_back(plan, principal)
    plan.refresh_from_db()
    assert plan.state == PlanState.APPROVED
    approve.submit(plan, principal)
    approve.approve(plan, planner, approve.fingerprint(plan))
    assert list(plan.versions.values_list("number", flat=True)) == [2, 1]


def test_a_version_holds_what_the_network_may_see(world: Any, principal: Any) -> None:
    plan = make.plan(world.ridge, principal)
    found = outline.content(outline.read(plan, principal))
    own = found["goals"][0]["figures"][0]["text"]
    network = outline.content(outline.read(plan, None, audience="network"))["goals"][0]["figures"][0]["text"]
    assert (own, network) == ("80.0 %", "80.0 %")
