"""The people of an organization: who holds which role, giving and ending roles, and who can see what and why."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from hstw.access import Action, Role, decide
from hstw.history import events_of
from hstw.values import SchoolYear
from schools import people as verbs
from schools import reach
from schools.forms.people import HandOverForm, RoleChangeForm, RoleForm
from schools.models import Organization, RoleAssignment, User
from schools.models.membership import roles_on
from schools.scope import context_of, organization_for, signed_in

PAGE_SIZE = 50


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Who holds which role here, and from above."""
    organization, school_year = organization_for(request, slug, year, Action.VIEW_PEOPLE)
    day = min(timezone.localdate(), school_year.last_day)
    found = Paginator(roles_on(organization, max(day, school_year.first_day)), PAGE_SIZE).get_page(_page(request))
    return _show(request, organization, school_year, "schools/people.html", page_obj=found)


@require_safe
@login_required
def ended(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Roles held here that ended in the school year."""
    organization, school_year = organization_for(request, slug, year, Action.VIEW_PEOPLE)
    rows = (
        RoleAssignment.objects.filter(
            organization=organization,
            ends__gte=school_year.first_day,
            ends__lte=min(school_year.last_day, timezone.localdate()),
        )
        .select_related("user", "organization")
        .order_by("-ends", "user__name", "pk")
    )
    found = Paginator(rows, PAGE_SIZE).get_page(_page(request))
    return _show(request, organization, school_year, "schools/people_ended.html", page_obj=found)


@require_http_methods(["GET", "POST"])
@login_required
def add(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Give a role to somebody who has an account."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    by = signed_in(request)
    form = RoleForm(
        request.POST or None,
        roles=verbs.roles_to_give(by, organization),
        people=User.objects.visible_to(by),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            assignment = verbs.assign_role(
                by=by,
                user=form.person,
                role=Role(data["role"]),
                organization=organization,
                starts=data["starts"],
                ends=data["ends"],
                names_students=data.get("names_students", False),
            )
        except verbs.PeopleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(person)s has the role now.") % {"person": assignment.user})
            return redirect("schools:people", slug=slug, year=year)
    return _show(request, organization, school_year, "schools/people_role_add.html", form=form)


@require_http_methods(["GET", "POST"])
@login_required
def role(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Change the last day of a role, or end it today."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    by = signed_in(request)
    assignment = get_object_or_404(
        RoleAssignment.objects.select_related("user", "organization__in_state"), pk=pk, organization=organization
    )
    form = RoleChangeForm(request.POST or None, assignment=assignment)
    if request.method == "POST" and ("end" in request.POST or form.is_valid()):
        try:
            if "end" in request.POST:
                verbs.end_role(by=by, assignment=assignment, last_day=timezone.localdate())
            else:
                verbs.change_role(by=by, assignment=assignment, **form.cleaned_data)
        except verbs.PeopleError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Saved. The history keeps what was before."))
            return redirect("schools:people", slug=slug, year=year)
    return _show(
        request,
        organization,
        school_year,
        "schools/people_role.html",
        form=form,
        assignment=assignment,
        may_change=verbs.may_change(by, assignment),
        events=events_of(assignment, page=request.GET.get("page")),
    )


@require_http_methods(["GET", "POST"])
@login_required
def hand_over(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Let somebody take over what a leaver owns here and below, and end the leaver's roles."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    by = signed_in(request)
    leaver = get_object_or_404(User.objects.visible_to(by), pk=pk)
    roles = list(verbs.roles_here(leaver, organization))
    owned = [(kind.label, rows.count()) for kind, rows in verbs.owned_by(leaver, organization)]
    if not roles and not owned:
        raise Http404
    form = HandOverForm(
        request.POST or None,
        people=verbs.successors(by, leaver, organization),
        owns=bool(owned),
        may_close=verbs.may_deactivate(by, leaver),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            verbs.hand_over(
                by=by,
                leaver=leaver,
                to=data.get("to"),
                organization=organization,
                last_day=data["last_day"],
                close_account=data.get("close_account", False),
            )
        except verbs.PeopleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Handed over. The history keeps what was before."))
            return redirect("schools:people", slug=slug, year=year)
    return _show(
        request,
        organization,
        school_year,
        "schools/people_hand_over.html",
        form=form,
        leaver=leaver,
        roles=roles,
        owned=owned,
    )


@require_safe
@login_required
def access(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Who can see this, why; and why the asking person can or cannot."""
    organization, school_year = organization_for(request, slug, year, Action.VIEW_ACCESS)
    counts = reach.people_per_action(organization)
    rows = [
        {"action": action, "decision": decision, "people": counts[action]}
        for action, decision in reach.my_decisions(signed_in(request), organization)
    ]
    return _show(request, organization, school_year, "schools/people_access.html", rows=rows)


@require_safe
@login_required
def access_to(request: HttpRequest, slug: str, year: int, action: str) -> HttpResponse:
    """The people who may do one action here, each with the reason."""
    organization, school_year = organization_for(request, slug, year, Action.VIEW_ACCESS)
    if action not in Action.values:
        raise Http404
    wanted = Action(action)
    found = Paginator(reach.assignments_for(wanted, organization), PAGE_SIZE).get_page(_page(request))
    return _show(
        request,
        organization,
        school_year,
        "schools/people_access_to.html",
        action=wanted,
        page_obj=found,
        rows=reach.with_reasons(found, wanted, organization),
    )


def _page(request: HttpRequest) -> str | None:
    return request.GET.get("page")


def _show(
    request: HttpRequest, organization: Organization, year: SchoolYear, template: str, **context: Any
) -> HttpResponse:
    return render(
        request,
        template,
        {
            **context_of(request, organization, year),
            "can_manage": decide(signed_in(request), Action.MANAGE_PEOPLE, organization),
            **context,
        },
    )
