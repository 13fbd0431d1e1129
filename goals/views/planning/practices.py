"""Practices: the team's self-assessment, surveys given, and visits."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from goals.forms_planning.practice import FindingForm, RoundForm, VisitForm
from goals.models import Finding, FrameworkEdition, KeyPractice, Level, SurveyAdministration, TeamAssessment, Visit
from goals.planning import assess, elements, kept, rating_drafts, surveys
from goals.views.planning import frame
from hstw import draft_views, drafts, small_drafts
from hstw.access import Action, decide
from hstw.draft_views import DraftState
from schools.scope import signed_in

PAGE_SIZE = 20


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Rounds of self-assessment, what was agreed on over the years, surveys and visits, and the framework itself."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    user = signed_in(request)
    years, agreed = assess.over_years(organization)
    rounds = list(
        TeamAssessment.objects.filter(organization=organization)
        .select_related("edition")
        .prefetch_related("members")
        .order_by("-year", "-pk")[:PAGE_SIZE]
    )
    for one in rounds:
        one.open = assess.is_open(one)  # type: ignore[attr-defined]
        one.mine = any(member.pk == user.pk for member in one.members.all())  # type: ignore[attr-defined]
    given = SurveyAdministration.objects.filter(organization=organization).select_related("organization")
    page_obj = Paginator(given, PAGE_SIZE).get_page(request.GET.get("page"))
    surveys.shown(user, page_obj)
    may_lead = bool(decide(user, Action.LEAD_ASSESSMENT, organization))
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/practices.html",
        tab="practices",
        rounds=rounds,
        years=years,
        agreed=agreed,
        page_obj=page_obj,
        visits=Visit.objects.filter(organization=organization).prefetch_related("findings__area")[:PAGE_SIZE],
        editions=FrameworkEdition.objects.filter(pk__in=elements.editions_for(organization, school_year))
        .prefetch_related("practices__area", "areas", "statements")
        .order_by("order"),
        may_load=may_lead,
        may_lead=may_lead and organization.kind in frame.KINDS,
    )


@require_http_methods(["GET", "POST"])
@login_required
def round_new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """A new round."""
    organization, school_year = frame.place(request, slug, year, Action.LEAD_ASSESSMENT)
    row = TeamAssessment(organization=organization, year=int(school_year), by=signed_in(request))
    form = RoundForm(request.POST or None, instance=row, organization=organization, year=school_year)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Begun. Each member finds it under “What I owe”."))
        return redirect("goals:practices", slug, school_year)
    return _form(request, organization, school_year, form, _("A new self-assessment"))


def _form(request: HttpRequest, organization: Any, year: Any, form: Any, heading: str, **more: Any) -> HttpResponse:
    return frame.show(
        request,
        organization,
        year,
        "goals/plans/simple_form.html",
        status=422 if form.errors else 200,
        tab="practices",
        form=form,
        heading=heading,
        **more,
    )


def _round(request: HttpRequest, slug: str, year: int, pk: int, action: Action) -> tuple[Any, Any, TeamAssessment]:
    organization, school_year = frame.place(request, slug, year, action)
    rows = TeamAssessment.objects.select_related("edition", "organization__in_state")
    return organization, school_year, get_object_or_404(rows, pk=pk, organization=organization)


@require_http_methods(["GET", "POST"])
@login_required
def rate(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """One's own ratings: nobody else sees them before all are in."""
    organization, school_year, one = _round(request, slug, year, pk, Action.VIEW_PLAN)
    user = signed_in(request)
    if not one.members.filter(pk=user.pk).exists():
        raise PermissionDenied(_("You are not a member of this round."))
    practices, key = assess.practices_of(one), rating_drafts.key_of(one)
    if request.method == "POST" and "discard" in request.POST:
        drafts.discard(user, key)
        return redirect("goals:practice_rate", slug, school_year, pk)
    if request.method == "POST":
        return _rated(request, one, practices, key)
    draft = drafts.load(user, key)
    taken = assess.is_open(one)
    rows, changed = rating_drafts.shown(one, user, practices, draft if taken else None)
    saved_at = draft.saved_at if draft is not None and changed else None
    response = frame.show(
        request,
        organization,
        school_year,
        "goals/plans/rate.html",
        tab="practices",
        round=one,
        open=taken,
        rows=rows,
        draft=DraftState(key, 0, 0, draft.revision if draft else "", False, saved_at),
        levels=[(str(value), label) for value, label in Level.choices],
    )
    # Going back shows what is kept now, not what the browser remembers.
    response["Cache-Control"] = "no-store"
    return response


def _rated(request: HttpRequest, one: TeamAssessment, practices: list[KeyPractice], key: str) -> HttpResponse:
    """Keep the ratings that were sent; words on a practice that has no rating yet stay a draft."""
    user, here = signed_in(request), (one.organization.slug, one.year)
    sent = {
        practice.pk: (request.POST.get(f"level-{practice.pk}", ""), request.POST.get(f"seen-{practice.pk}", ""))
        for practice in practices
    }
    built_on = request.POST.get("draft-built-on", "")
    try:
        with transaction.atomic():
            assess.rate(one, user, sent)
            drafts.discard_submitted(user, key, built_on)
    except assess.AssessmentError as error:
        messages.error(request, str(error))
        return redirect("goals:practice_rate", *here, one.pk)
    left = sum(not level for level, _seen in sent.values())
    if left:
        if any(seen.strip() and not level for level, seen in sent.values()):
            with suppress(drafts.DraftError):  # another tab's text is not overwritten
                fields = rating_drafts.names_of(practices)
                drafts.save(user, key, 0, dict(request.POST.lists()), fields=fields, built_on=built_on)
        messages.warning(request, _("Kept. %(n)s practices have no rating yet.") % {"n": left})
        response = redirect("goals:practice_rate", *here, one.pk)
    else:
        messages.success(request, _("Kept. Thank you: that is all."))
        response = redirect("goals:practices", *here)
    return small_drafts.forgotten(request, response, key)


@require_http_methods(["GET", "POST"])
@login_required
def spread(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """The spread of the team's ratings, and what it agrees on: for whoever leads the round."""
    organization, school_year, one = _round(request, slug, year, pk, Action.LEAD_ASSESSMENT)
    user, key = signed_in(request), drafts.key_of(kept.AGREED, pk)
    if request.method == "POST":
        practice = request.POST.get("practice", "")
        number = int(practice) if practice.isdecimal() and len(practice) < 18 else 0
        here, part = redirect("goals:practice_round", slug, school_year, pk), f"{key}:{number}"
        if small_drafts.discarded(request, part):
            return here
        try:
            assess.agree(one, number, request.POST.get("level", ""), request.POST.get("note", ""), user)
        except assess.AssessmentError as error:
            messages.error(request, str(error))
            small_drafts.refused(request, part)
            return here
        messages.success(request, _("Recorded."))
        return small_drafts.submitted(request, here, part)
    rating_open = assess.is_open(one)
    typed = small_drafts.below(user, key)
    done, waiting = assess.who_is_in(one)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/spread.html",
        tab="practices",
        round=one,
        open=rating_open,
        done=done,
        waiting=waiting,
        spreads=[
            (each, typed.get(part := f"{key}:{each.practice.pk}") or small_drafts.blank(part))
            for each in ([] if rating_open else assess.spread(one))
        ],
        levels=Level.choices,
    )


@require_http_methods(["GET", "POST"])
@login_required
def visit_new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Record a visit."""
    organization, school_year = frame.place(request, slug, year, Action.LEAD_ASSESSMENT)
    form = VisitForm(request.POST or None, instance=Visit(organization=organization))
    if request.method == "POST" and form.is_valid():
        row = form.save()
        messages.success(request, _("Saved. Now add what was found."))
        return redirect("goals:visit", slug, school_year, row.pk)
    return _form(request, organization, school_year, form, _("A visit"))


@require_http_methods(["GET", "POST"])
@login_required
def visit(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """A visit's findings by focus area, and one more."""
    organization, school_year = frame.place(request, slug, year, Action.LEAD_ASSESSMENT)
    row = get_object_or_404(Visit, pk=pk, organization=organization)
    remove = request.POST.get("remove", "")
    if remove:
        row.findings.filter(pk=remove if remove.isdecimal() and len(remove) < 18 else 0).delete()
        return redirect("goals:visit", slug, school_year, pk)
    return draft_views.edit(
        request,
        form_class=FindingForm,
        instance=Finding(visit=row),
        template="goals/plans/visit.html",
        key=drafts.key_of(kept.FINDING, pk),
        saved_to=request.path,
        form_kwargs={"organization": organization, "year": school_year},
        context={
            **frame.about(request, organization, school_year),
            "tab": "practices",
            "heading": f"{row.get_kind_display()}, {date_format(row.starts, 'M j, Y')}",
            "findings": row.findings.select_related("area"),
            "visit": row,
        },
    )
