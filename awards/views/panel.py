"""For the panel: conflicts first, then nominations, readers and the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from awards import access, assignment, conflicts, pages
from awards.access import EditionAction
from awards.forms.judging import DeclareForm
from awards.models import Assignment, Edition, EditionRole, Nomination, Reviewer
from awards.views import frame
from hstw.exports import answers, tables
from schools.scope import signed_in

PAGE_SIZE = 25


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def declare(request: HttpRequest, slug: str) -> HttpResponse:
    """With which schools somebody has a conflict: asked before anything else is shown."""
    edition = frame.edition_for(request, slug, EditionAction.DECLARE)
    place = access.place_in(request.user, edition)
    assert place is not None
    asked = list(conflicts.asked_about(place))
    form = DeclareForm(
        request.POST or None, asked=asked, initial={"employer": place.employer.name if place.employer else ""}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        seen = [int(pk) for pk in request.POST.getlist("seen") if pk.isdecimal()]
        conflicts.declare(
            place, data["conflicts"], why=data["why"], employer=data["employer"], seen=seen, by=signed_in(request)
        )
        messages.success(request, _("Thank you. What you have a conflict with stays hidden from you."))
        return redirect(
            "awards:reviews" if place.role == EditionRole.REVIEWER else "awards:nominations", slug=edition.slug
        )
    above = {one.pk: pages.deadline(one.submitted_at, edition) for one in asked if one.submitted_at}
    return frame.show(
        request,
        edition,
        "awards/declare.html",
        form=form,
        asked=asked,
        place=place,
        submitted=above,
        new=place.declared_at is not None and conflicts.has_new(place),
    )


@require_safe
@login_required
def log(request: HttpRequest, slug: str) -> HttpResponse:
    """What was declared, and what was refused by which rule."""
    edition = frame.edition_for(request, slug, EditionAction.VIEW_LOG)
    lines = conflicts.log_of(edition, request.user)
    return frame.show(
        request,
        edition,
        "awards/conflict_log.html",
        page_obj=Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page")),
    )


def _asked(request: HttpRequest, slug: str) -> tuple[Edition, Any, str]:
    """The edition, the nominations that the person reads by their place, and what is searched for."""
    edition = frame.edition_for(request, slug)
    access.require(request.user, EditionAction.VIEW_LOG, edition)
    text = request.GET.get("q", "")[:100]
    rows = Nomination.objects.on_panels_of(request.user).filter(edition=edition).search(text)
    return edition, rows.select_related("organization__in_state", "edition", "decision").order_by("number"), text


@never_cache
@require_safe
@login_required
def nominations(request: HttpRequest, slug: str) -> HttpResponse:
    """Every nomination of an edition, searched and paged."""
    edition, rows, text = _asked(request, slug)
    page_obj = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return frame.show(
        request,
        edition,
        "awards/nominations.html",
        page_obj=page_obj,
        lines=assignment.progress(list(page_obj.object_list)),
        q=text,
        place=access.place_in(request.user, edition),
    )


@never_cache
@require_safe
@login_required
def nominations_file(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """The same list as a file, all of it."""
    edition, rows, _text = _asked(request, slug)
    headings = [_("Number"), _("School"), _("District"), _("Place"), _("State"), _("Headline"), _("Reviews in")]
    lines = list(_lines(assignment.progress(list(rows))))
    return answers.table(form, f"{edition.slug}-nominations", tables.Sheet(_("Nominations"), headings, lines))


def _lines(found: list[assignment.Progress]) -> Iterator[list[Any]]:
    for one in found:
        school = (one.nomination.frozen or {}).get("school", {})
        yield [
            one.nomination.label,
            school.get("name", ""),
            school.get("district", ""),
            school.get("place", ""),
            one.nomination.get_state_display(),
            one.nomination.headline,
            one.done,
        ]


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def assignments(request: HttpRequest, slug: str) -> HttpResponse:
    """Who reads what; proposed evenly, changed by hand."""
    edition = frame.edition_for(request, slug, EditionAction.ASSIGN)
    found = frame.visible(request, edition)
    if request.method == "POST":
        link = frame.absolute(request, "awards:reviews", edition.slug)
        try:
            n = assignment.propose(edition, found, by=signed_in(request), link=link)
        except assignment.AssignmentError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Assigned: %(n)d. Readers are told by mail.") % {"n": n})
        return redirect("awards:assignments", slug=edition.slug)
    standing = assignment.standing(edition, found)
    load = standing.load
    page_obj = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return frame.show(
        request,
        edition,
        "awards/assignments.html",
        lacking=standing.lacking,
        people=[(place, load[place.pk]) for place in standing.reviewers],
        page_obj=page_obj,
        lines=assignment.lines(standing.reviewers, list(page_obj.object_list)),
        place=access.place_in(request.user, edition),
    )


@require_POST
@login_required
def assign(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a nomination to a reader by hand."""
    edition = frame.edition_for(request, slug, EditionAction.ASSIGN)
    rows = Nomination.objects.on_panels_of(request.user).submitted().filter(edition=edition)
    nomination = get_object_or_404(rows, public_id=_uuid(request.POST.get("nomination", "")))
    reviewer = get_object_or_404(
        Reviewer.objects.serving().filter(edition=edition).select_related("user", "employer"),
        pk=_number(request.POST.get("reviewer", "")),
    )
    try:
        assignment.add(
            nomination, reviewer, by=signed_in(request), link=frame.absolute(request, "awards:reviews", edition.slug)
        )
    except assignment.AssignmentError as error:
        messages.error(request, str(error))
    return _back(request, edition)


@require_POST
@login_required
def unassign(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a nomination from a reader."""
    edition = frame.edition_for(request, slug, EditionAction.ASSIGN)
    readable = Nomination.objects.on_panels_of(request.user).filter(edition=edition).order_by().values("pk")
    row = get_object_or_404(Assignment.objects.filter(nomination__in=readable, ended_at=None), pk=pk)
    try:
        assignment.end(row)
    except assignment.AssignmentError as error:
        messages.error(request, str(error))
    return _back(request, edition)


def _back(request: HttpRequest, edition: Edition) -> HttpResponse:
    page = request.POST.get("page", "")
    answer = redirect("awards:assignments", slug=edition.slug)
    if page.isdecimal():
        answer["Location"] += f"?page={page}"
    return answer


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


def _uuid(text: str) -> Any:
    import uuid

    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error
