"""Money: funds and allocations against what the plan spends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from goals.forms_planning.money import AllocationForm
from goals.models import Allocation, Plan
from goals.planning import money
from goals.views.planning import frame
from hstw.access import Action, decide
from hstw.exports import answers, tables
from hstw.require import require
from schools.scope import signed_in

PAGE_SIZE = 50


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """What was given of each fund, what is planned, what is over; every line leads to its action step."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    user = signed_in(request)
    may_manage = bool(decide(user, Action.MANAGE_FUNDS, organization)) and organization.kind in frame.KINDS
    form = AllocationForm(organization=organization, year=school_year)
    if request.method == "POST":
        require(user, Action.MANAGE_FUNDS, organization)
        remove = request.POST.get("remove", "")
        if remove:
            rows = Allocation.objects.filter(organization=organization, year=school_year)
            for row in rows.filter(pk=remove if remove.isdecimal() and len(remove) < 18 else 0):
                row.delete()
            messages.success(request, _("Removed. The history keeps it."))
            return redirect("goals:money", slug, school_year)
        form = AllocationForm(request.POST, organization=organization, year=school_year)
        if form.is_valid():
            form.save()
            messages.success(request, _("Saved."))
            return redirect("goals:money", slug, school_year)
    plan = Plan.objects.filter(organization=organization, year=school_year).first()
    lines: Any = money.lines_of(plan) if plan else []
    found = money.of_plan(plan or Plan(organization=organization, year=int(school_year)))
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/money.html",
        status=422 if form.errors else 200,
        tab="money",
        plan=plan,
        money=found,
        page_obj=Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page")),
        unfunded=money.unfunded(plan) if plan else 0,
        may_manage=may_manage,
        form=form,
    )


@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """Every line, and the funds, as a file: they add up to the cent to the page."""
    organization, school_year, plan = frame.plan_of(request, slug, year)
    headings = [_("Goal"), _("Strategy"), _("Action step"), _("Status"), _("Fund"), _("For"), _("Amount")]
    funds = [_("Fund"), _("Given"), _("Planned"), _("Left")]
    sheets = [
        tables.Sheet(_("Lines"), headings, _rows(plan), {_("Amount"): "number"}),
        tables.Sheet(_("Funds"), funds, _funds(plan), dict.fromkeys(funds[1:], "number")),
    ]
    return answers.table(form, f"{organization.slug}-{school_year}-money", *sheets)


def _funds(plan: Plan) -> Iterator[list[Any]]:
    for row in money.of_plan(plan).rows:
        yield [row.fund.name, row.given, row.planned, row.left]


def _rows(plan: Plan) -> Iterator[list[Any]]:
    for line in money.lines_of(plan).iterator():
        step = line.action
        yield [
            step.strategy.plan_goal.bold_goal.title,
            step.strategy.title,
            step.title,
            step.get_status_display(),
            line.fund.name,
            line.purpose,
            line.amount,
        ]
