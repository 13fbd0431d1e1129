"""From a goal to a plan to an approved PDF, as principal and district do it; six things owed by keyboard alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from goals.models import ActionStep, BoldGoal, Plan
from hstw.access import Role
from tests import factories
from tests.browser.conftest import NARROW
from tests.browser.world import FilledWorld
from tests.goals.planning import make

YEAR = make.YEAR


def test_goal_plan_submit_approve_pdf(world: FilledWorld, signed_in: Callable[..., Page], tmp_path: Path) -> None:
    school = factories.organization("school", world.places.cahaba, "Thread High School", design="high")
    principal = factories.person(Role.PRINCIPAL, school, name="Thea Thread")
    page = signed_in(principal)
    here = f"/o/{school.slug}/{YEAR}"
    page.goto(f"{here}/goals/")
    page.get_by_role("link", name="Ready for ninth grade").click()
    page.get_by_label("Source of the figures").fill("District records")
    page.locator("#id_baseline_value").fill("70")
    page.locator("#id_baseline_n").fill("200")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="90 % of students enter ninth grade")).to_be_visible()
    goal = BoldGoal.objects.get(organization=school)

    page.goto(f"{here}/plan/")
    page.get_by_role("button", name="Begin the plan").click()
    page.get_by_role("link", name="Edit the texts").click()
    page.locator("#id_summary").fill("Seven of ten come ready.")
    page.locator("#id_involvement").fill("Parents met in May.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add to the planning team").click()
    page.locator("#id_name").fill("Morgan Wells")
    page.locator("#id_part").fill("Parent")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add a need").click()
    page.locator("#id_title").fill("Three of ten need help in grade 8")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add a goal").click()
    page.locator("#id_bold_goal").select_option(str(goal.pk))
    page.get_by_label("Three of ten need help in grade 8").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add a strategy").click()
    page.locator("#id_title").fill("Summer bridge")
    page.locator("#id_tier").select_option("4")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Add an action step").click()
    page.locator("#id_title").fill("Invite eighth-graders")
    page.locator("#id_owner").select_option(str(principal.pk))
    page.locator("#id_starts").fill(f"{YEAR - 1}-09-01")
    page.locator("#id_due").fill(f"{YEAR}-04-01")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Check and submit").click()
    page.get_by_role("button", name="Submit the plan").click()
    expect(page.get_by_text("Submitted by Thea Thread")).to_be_visible()

    office = signed_in(role=Role.DISTRICT_PLANNER, on=world.places.cahaba)
    office.goto(f"{here}/plan/")
    office.get_by_role("link", name="Read and decide").click()
    office.get_by_role("button", name="Approve").click()
    office.get_by_role("link", name="Approved version 1").click()
    with office.expect_download() as download:
        office.get_by_role("link", name="Download the PDF").click()
    target = tmp_path / "plan.pdf"
    download.value.save_as(target)
    text = " ".join(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(target.read_bytes())).pages).split())
    for said in (
        "Thread High School",
        "Summer bridge",
        "Invite eighth-graders",
        "Thea Thread",
        "Version 1, approved by",
    ):
        assert said in text
    page.goto(f"{here}/plan/")
    page.get_by_role("link", name="Edit Summer bridge").click()
    page.locator("#id_title").fill("Summer bridge, six weeks")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This plan differs from version 1")).to_be_visible()


def test_six_things_owed_take_at_most_forty_keys(world: FilledWorld, signed_in: Callable[..., Page]) -> None:
    school = factories.organization("school", world.places.cahaba, "Keys High School", design="high")
    principal = factories.person(Role.PRINCIPAL, school)
    plan = make.large(school, principal, 1, 1, 1)
    first = ActionStep.objects.get(strategy__plan_goal__plan=plan)
    ActionStep.objects.filter(pk=first.pk).delete()
    today = timezone.localdate()
    for number in range(6):
        make.action(first.strategy, principal, title=f"Owed {number}", starts=today, due=today, order=number)
    page = signed_in(principal, viewport=NARROW)
    page.goto("/owed/")
    keys: list[str] = []

    def press(*names: str) -> None:
        for name in names:
            page.keyboard.press(name)
            keys.append(name)

    press("Tab", "Enter")  # skip to the content
    for number in range(6):
        press("Tab", "Space")
        if number == 0:
            press("ArrowRight")  # done
        press("Tab")
    press("Tab", "Enter")
    expect(page.get_by_text("6 action steps saved.")).to_be_visible()
    assert len(keys) <= 40
    found = list(ActionStep.objects.filter(title__startswith="Owed").order_by("title").values_list("status", flat=True))
    assert found == ["done", *["on_track"] * 5]


def test_a_step_is_moved_without_a_mouse_and_without_scripts(world: FilledWorld, signed_in: Callable[..., Any]) -> None:
    school = factories.organization("school", world.places.cahaba, "Order High School", design="high")
    plan = make.large(school, factories.person(), 1, 1, 3)
    page = signed_in(role=Role.PRINCIPAL, on=school, java_script_enabled=False)
    page.goto(f"/o/{school.slug}/{YEAR}/plan/")
    page.get_by_role("button", name="Move Step 0.0.2 up").click()
    titles = ActionStep.objects.filter(strategy__plan_goal__plan=plan).order_by("order").values_list("title", flat=True)
    assert list(titles) == ["Step 0.0.0", "Step 0.0.2", "Step 0.0.1"]
    assert Plan.objects.get(pk=plan.pk).changed_at > plan.changed_at
