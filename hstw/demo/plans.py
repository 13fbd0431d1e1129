"""Goals, plans and follow-through of the demonstration world: every state of a plan, some steps due, few overdue."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.timezone import get_current_timezone

from goals.models import (
    ActionStep,
    Allocation,
    BoldGoal,
    BudgetLine,
    Fund,
    GoalStanding,
    KeyPractice,
    Measure,
    Need,
    Plan,
    PlanDecision,
    PlanGoal,
    PlanVersion,
    ProgressNote,
    RootCause,
    Strategy,
    StudentGroup,
    TeamMember,
    YearTarget,
)
from goals.planning import approve, document, outline, status
from hstw.access import Role
from hstw.values import SchoolYear
from schools.models import Organization, RoleAssignment, User

from .geography import District, School
from .keeping import keep
from .people import home
from .plan_texts import (
    DISTRICT_NEED,
    DISTRICT_STRATEGIES,
    DISTRICT_SUMMARY,
    FUNDS,
    GOALS,
    SCHOOL_NEED,
    STRATEGIES,
    SUMMARY,
    TEAM,
    TOGETHER,
)
from .world import World

# Plans are frozen with documents; more of them would only take time.
APPROVED = 3
STATES = ("approved", "submitted", "draft", "returned", "approved", "")
DISTRICT_ROLES = (Role.CTE_DIRECTOR, Role.DISTRICT_PLANNER, Role.DISTRICT_ADMINISTRATOR)
SCHOOL_ROLES = (Role.PRINCIPAL, Role.COUNSELOR, Role.SITE_TEAM)


def load_plans(world: World) -> None:
    """Write goals, plans, money and follow-through, then work out how the goals go."""
    made = _Plans(world)
    for state in world.states:
        for district in state.districts:
            made.district(district)
    made.write()
    made.judge()
    made.freeze()


class _Plans:
    """Collects rows by model, keys handed out by the world's writer."""

    def __init__(self, world: World) -> None:
        self.world, self.year = world, world.last_year
        self.rows: dict[type[Any], list[dict[str, Any]]] = {
            model: []
            for model in (
                *(BoldGoal, YearTarget, Fund, Allocation, Plan, TeamMember, Need, RootCause, PlanGoal, Strategy),
                *(ActionStep, BudgetLine, ProgressNote, PlanDecision),
            )
        }
        self.measures = dict(Measure.objects.values_list("code", "pk"))
        self.everybody = StudentGroup.objects.get(code="ALL").pk
        self.practices = dict(
            KeyPractice.objects.filter(edition__code="hstw-classic").order_by("pk").values_list("code", "pk")
        )
        self.people: dict[tuple[int, str], int] = {}
        for organization, role, user in (
            RoleAssignment.objects.filter(ends=None).order_by("-pk").values_list("organization", "role", "user")
        ):
            self.people[organization, role] = user
        self.number = 0
        self.home = home(world)
        # Plans to approve, with who submits and who decides.
        self.approved: list[tuple[int, int, int]] = []
        self.frozen = 0
        # Whose turn it is to answer for a step of the plan at hand.
        self.turn = 0
        self.links: list[tuple[int, int]] = []

    def put(self, model: type[Any], **row: Any) -> int:
        """One row; its key."""
        pk = self.world.writer.take(model, 1)
        self.rows[model].append({"id": pk, **row})
        return pk

    def moment(self, days: int) -> dt.datetime:
        """Half past nine, so many days before today."""
        day = self.world.today - dt.timedelta(days=days)
        return dt.datetime.combine(day, dt.time(9, 30), get_current_timezone())

    # --- goals -------------------------------------------------------------------------------------------------------
    def goal(self, organization: int, index: int, answers: int | None, shift: int = 0) -> int:
        """A goal on a computed measure, with equal yearly steps to it."""
        code, title, aim = GOALS[index]
        first, last = self.year - 3, self.year + 3
        pk = self.put(
            BoldGoal,
            organization_id=organization,
            title=title,
            measure_id=self.measures[code],
            group_id=self.everybody,
            source="computed",
            publisher="",
            baseline_year=first,
            baseline_value=None,
            baseline_n=None,
            end_year=last,
            answers_id=answers,
            stopped_on=None,
            order=index + 1,
            version=1,
        )
        begin = {"ACGR4": 86, "READY_EITHER": 62, "CHRONIC_ABSENCE": 20}[code] + shift
        for year in range(first + 1, last + 1):
            value = Decimal(begin) + Decimal(aim - begin) * (year - first) / (last - first)
            self.put(YearTarget, goal_id=pk, year=year, value=value.quantize(Decimal("0.1")))
        return pk

    # --- a district and its schools ----------------------------------------------------------------------------------
    def district(self, district: District) -> None:
        """The district's goals and funds, and a plan for each school in another state."""
        above = [self.goal(district.pk, index, None) for index in range(len(GOALS))]
        funds = {
            name: self.put(Fund, organization_id=district.pk, name=name, code=f"{4_000 + 10 * n}")
            for n, (name, _amount) in enumerate(FUNDS)
        }
        for school in district.schools:
            if school.closes is not None or school.design not in {"high", "middle"}:
                continue
            goals = [
                self.goal(school.pk, index, above[index], shift)
                for index, shift in ((0, -4), (1, 4), (2, 0))
                if (school.design == "high" if index < 2 else school.design == "middle" or self.number % 2)
            ]
            self.school(school, goals, funds)
            self.number += 1
        self.whole(district, above, funds)

    def whole(self, district: District, goals: list[int], funds: dict[str, int]) -> None:
        """The district's own plan: approved where the sign-ins work, a draft in every second other."""
        at_home = district is self.home[1]
        if not at_home and district.pk % 2:
            return
        for name, amount in FUNDS:
            given = Decimal(amount * 4 // 10)
            self.put(Allocation, fund_id=funds[name], organization_id=district.pk, year=self.year, amount=given)
        plan = self.plan(district.pk, "draft", DISTRICT_SUMMARY, TOGETHER if at_home else "")
        need = self.need(plan, *DISTRICT_NEED)
        for order, (goal, strategy) in enumerate(zip(goals, DISTRICT_STRATEGIES, strict=True), start=1):
            part = self.put(PlanGoal, plan_id=plan, bold_goal_id=goal, order=order, version=1)
            self.links.append((part, need))
            if at_home or order == 1:
                self.strategy(district.pk, part, 1, strategy, funds, DISTRICT_ROLES)
        if at_home:
            planner = self.people[district.pk, Role.DISTRICT_PLANNER.value]
            self.approved.append((plan, planner, self.people[district.pk, Role.DISTRICT_ADMINISTRATOR.value]))

    def school(self, school: School, goals: list[int], funds: dict[str, int]) -> None:
        """A plan in the state whose turn it is; the home school's is approved and has gone on since."""
        state = STATES[self.number % len(STATES)]
        if school is self.home[2]:
            state = "approved"
        if state == "approved" and self.frozen >= APPROVED:
            state = "draft"
        for n, (name, amount) in enumerate(FUNDS):
            if (n + self.number) % 3 or n == 0:
                given = Decimal(amount // 10)
                self.put(Allocation, fund_id=funds[name], organization_id=school.pk, year=self.year, amount=given)
        if not state:
            return
        at = "draft" if state == "approved" else state
        plan = self.plan(school.pk, at, SUMMARY, "" if state == "draft" else TOGETHER)
        need = self.need(plan, *SCHOOL_NEED)
        for order, goal in enumerate(goals, start=1):
            part = self.put(PlanGoal, plan_id=plan, bold_goal_id=goal, order=order, version=1)
            self.links.append((part, need))
            for place, strategy in enumerate(self.chosen(order, state), start=1):
                self.strategy(school.pk, part, place, strategy, funds, SCHOOL_ROLES)
        principal = self.people[school.pk, Role.PRINCIPAL.value]
        planner = self.people[school.district.pk, Role.DISTRICT_PLANNER.value]
        if state == "approved":
            self.frozen += 1
            self.approved.append((plan, principal, planner))
        elif state != "draft":
            self.decide(plan, principal, "submitted", 6)
        if state == "returned":
            self.decide(plan, planner, "returned", 2, "Cite the study behind “An adviser for every student”.")

    def chosen(self, order: int, state: str) -> Iterator[Any]:
        """The strategies of a goal; a draft has fewer."""
        yield STRATEGIES[(order - 1) % len(STRATEGIES)]
        if state != "draft":
            yield STRATEGIES[order % len(STRATEGIES)]

    def plan(self, organization: int, state: str, summary: str, together: str) -> int:
        """The plan's own texts and its team."""
        self.turn = 0
        plan = self.put(
            Plan,
            organization_id=organization,
            year=self.year,
            state=state,
            mission="Every student leaves us ready for college, a career, or both, and with a plan.",
            summary=summary,
            involvement="The team met four times in spring. Parents and employers were heard in May; students spoke "
            "for themselves in two assemblies.",
            common_planning=together,
            review_on="The team looks at the plan on the first Monday of each month; the board in January and June.",
            version=1,
            changed_at=self.moment(3 + self.number),
        )
        for name, part in TEAM:
            self.put(TeamMember, plan_id=plan, name=name, part=part)
        return plan

    def need(self, plan: int, title: str, evidence: str, measure: str, causes: Any) -> int:
        """A need with its root causes."""
        need = self.put(
            Need,
            plan_id=plan,
            title=title,
            evidence=evidence,
            measure_id=self.measures[measure],
            group_id=None,
            order=1,
            version=1,
        )
        for order, (text, shown_by) in enumerate(causes, start=1):
            shows = self.measures[shown_by] if shown_by else None
            self.put(RootCause, need_id=need, text=text, measure_id=shows, order=order, version=1)
        return need

    def strategy(
        self, place_pk: int, part: int, order: int, chosen: Any, funds: dict[str, int], roles: tuple[Role, ...]
    ) -> None:
        """A strategy and its action steps, due around today, in turn those of people with one of ``roles``."""
        title, practice, tier, citation, steps = chosen
        strategy = self.put(
            Strategy,
            plan_goal_id=part,
            title=title,
            description="",
            practice_id=self.practices[practice],
            tier=tier,
            citation=citation,
            order=order,
            version=1,
        )
        year = SchoolYear(self.year)
        for place, (what, days, fund, amount) in enumerate(steps, start=1):
            due = min(max(self.world.today + dt.timedelta(days=days), year.first_day), year.last_day)
            owner = self.people.get((place_pk, roles[self.turn % len(roles)].value))
            self.turn += 1
            late = days < 0
            done = days < -30
            step = self.put(
                ActionStep,
                strategy_id=strategy,
                title=what,
                description="",
                owner_id=owner,
                owner_name="" if owner else "Head of the department",
                starts=max(year.first_day, due - dt.timedelta(days=60)),
                due=due,
                status="done" if done else "at_risk" if late else ("on_track", "not_started")[place % 2],
                status_at=self.moment(30) if late else None,
                order=place,
                version=1,
            )
            if amount:
                cents = Decimal(amount) + Decimal(place_pk % 7) * Decimal("12.50")
                self.put(BudgetLine, action_id=step, fund_id=funds[fund], amount=cents, purpose="")
            if late:
                self.put(
                    ProgressNote,
                    action_id=step,
                    kind="implementation",
                    text="Two of six are trained; the others begin after the break." if not done else "Agreed for all.",
                    status="done" if done else "at_risk",
                    by_id=owner,
                    made_at=self.moment(30),
                )

    def decide(self, plan: int, by: int, state: str, days: int, reason: str = "") -> None:
        """A step on the plan's way."""
        self.put(PlanDecision, plan_id=plan, state=state, by_id=by, at=self.moment(days), reason=reason)

    # --- into the database -------------------------------------------------------------------------------------------
    def write(self) -> None:
        """Write all rows, and which goals answer which needs."""
        for model, rows in self.rows.items():
            self.world.writer.write_rows(model, rows)
            rows.clear()
        through = PlanGoal.needs.through
        self.world.writer.write_rows(through, [{"plangoal_id": goal, "need_id": need} for goal, need in self.links])

    def judge(self) -> None:
        """Work out how the goals go, as of the world's day: the clock has no part in it."""
        fields = ("goal_id", "viewer", "status", "reason", "year", "made_at")
        at = dt.datetime.combine(self.world.today, dt.time.min, get_current_timezone())
        for state in Organization.objects.filter(kind="state").order_by("pk"):
            goals = BoldGoal.objects.filter(organization__path__startswith=state.path).order_by("pk")
            rows = status.standings(goals, today=self.world.today, made_at=at)
            self.world.writer.write_rows(GoalStanding, [{name: getattr(row, name) for name in fields} for row in rows])

    def freeze(self) -> None:
        """Approve the plans whose turn it is; then the first of them goes on."""
        rng = self.world.random("plans")
        users = User.objects.in_bulk({by for _plan, *people in self.approved for by in people})
        for pk, submitted_by, approved_by in self.approved:
            plan = Plan.objects.select_related("organization").get(pk=pk)
            self.decide(pk, submitted_by, "submitted", 40)
            self.decide(pk, approved_by, "approved", 33)
            found = outline.content(outline.read(plan, None, audience=approve.NETWORK))
            by = users[approved_by]
            approved_at = self.moment(33)
            found["approved"] = {
                "number": 1,
                "by": by.name,
                "at": approved_at.date().isoformat(),
                "remark": "",
                "submitted_by": "",
            }
            text = outline.text_of(found)
            digest = hashlib.sha256(text.encode()).hexdigest()
            name = f"{plan.organization.slug}-{plan.year}-plan-v1"
            kept = [
                keep(
                    self.world, f"{name}.{ending}", made, by.pk, uuid.UUID(bytes=rng.bytes(16), version=4), approved_at
                )
                for ending, made in (
                    ("pdf", document.as_pdf(found, digest)),
                    ("docx", document.as_word(found, digest)),
                )
            ]
            row = {
                "plan_id": pk,
                "number": 1,
                "content": text,
                "sha256": digest,
                "pdf_id": kept[0],
                "word_id": kept[1],
                "approved_by_id": by.pk,
                "approved_at": approved_at,
            }
            self.world.writer.write_rows(PlanVersion, [row])
            Plan.objects.filter(pk=pk).update(state="approved")
            if plan.organization_id == self.home[2].pk:
                steps = ActionStep.objects.filter(strategy__plan_goal__plan=pk, title="Review plans with parents")
                for step in steps.order_by("pk")[:1]:
                    ActionStep.objects.filter(pk=step.pk).update(due=step.due + dt.timedelta(days=14))
        for model in (PlanDecision,):
            self.world.writer.write_rows(model, self.rows[model])
