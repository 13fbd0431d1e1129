"""A school's nomination: begin, read, write, attach, sign, withdraw."""

from __future__ import annotations

import uuid
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

from awards import eligibility, nominate, pages, snapshots
from awards.access import place_in
from awards.forms.nominations import SignForm, StoryForm, WithdrawForm
from awards.models import Edition, Nomination
from awards.models.nomination import NominationState
from awards.views import frame
from hstw import draft_views, files
from hstw.access import Action, decide
from hstw.models import StoredFile
from hstw.navigation import in_section
from schools import organizations
from schools.models.organization import Kind
from schools.scope import organization_for, signed_in

PAGE_SIZE = 25


@require_safe
@login_required
def of_organization(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Awards of a school: what it can be nominated for, and its nominations; of a district, those of its schools."""
    organization, school_year = organization_for(request, slug, year, Action.VIEW_NOMINATIONS)
    in_section(request, "awards")
    user = signed_in(request)
    rows = (
        Nomination.objects.visible_to(user)
        .filter(organization__path__startswith=organization.path)
        .select_related("organization", "edition")
        .order_by("-edition__year", "organization__name", "pk")
    )
    chances = []
    if organization.kind == Kind.SCHOOL:
        taken = set(rows.exclude(state=NominationState.WITHDRAWN).values_list("edition", flat=True))
        chances = [
            (edition, eligibility.check(edition, organization), pages.phases_of(edition)[0])
            for edition in pages.open_for_nominations()
            if edition.pk not in taken
        ]
    return frame.show(
        request,
        None,
        "awards/of_organization.html",
        organization=organization,
        year=school_year,
        above=organizations.ancestors(organization, user),
        chances=[
            {"edition": edition, "requirements": found, "eligible": eligibility.eligible(found), "phase": phase}
            for edition, found, phase in chances
        ],
        may_nominate=bool(decide(user, Action.NOMINATE, organization)),
        page_obj=Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
    )


@require_POST
@login_required
def begin(request: HttpRequest, slug: str, year: int, edition: str) -> HttpResponse:
    """Start a nomination from the record."""
    organization, _year = organization_for(request, slug, year, Action.NOMINATE)
    found = get_object_or_404(Edition, slug=edition, opened_at__isnull=False)
    try:
        nomination = nominate.begin(found, organization, signed_in(request))
    except nominate.NominationError as error:
        messages.error(request, str(error))
        return redirect("awards:of_organization", slug=slug, year=year)
    return redirect(nomination)


@never_cache
@require_safe
@login_required
def page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A nomination as the person may read it; while it is written, with what is missing."""
    nomination = frame.nomination_for(request, public_id)
    shown = pages.reading(request.user, nomination)
    user = signed_in(request)
    if shown.own:
        frame.at_school(request, nomination)
    draft = nomination.state == NominationState.DRAFT
    items = nominate.completeness(nomination, shown.document) if draft and shown.own else []
    return frame.show(
        request,
        nomination.edition,
        "awards/nomination.html",
        nomination=nomination,
        shown=shown,
        items=items,
        complete=bool(items) and nominate.complete(items),
        can_write=draft and bool(decide(user, Action.NOMINATE, nomination)),
        can_sign=draft and bool(decide(user, Action.SIGN_NOMINATION, nomination)),
        can_withdraw=nomination.state == NominationState.SUBMITTED
        and shown.own
        and bool(decide(user, Action.SIGN_NOMINATION, nomination)),
        withdraw_form=WithdrawForm(),
        letter=getattr(nomination, "letter", None) if shown.own else None,
        place=place_in(user, nomination.edition),
        submitted=pages.deadline(nomination.submitted_at, nomination.edition) if nomination.submitted_at else "",
    )


@require_http_methods(["GET", "POST"])
@login_required
def story(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the school tells; kept while it is typed."""
    nomination = frame.own_nomination(request, public_id)
    frame.at_school(request, nomination)
    if nomination.state != NominationState.DRAFT:
        return stands(request, nomination)

    def save(form: Any, version: int) -> None:
        nominate.save_story(form.instance, version)

    try:
        return draft_views.edit(
            request,
            form_class=StoryForm,
            instance=nomination,
            template="awards/story.html",
            key=f"awards.nomination:{nomination.pk}",
            save=save,
            context={
                "nomination": nomination,
                **frame.context_of(request, nomination.edition),
            },
        )
    except nominate.NominationError as error:
        messages.error(request, str(error))
        return redirect(nomination)


def stands(request: HttpRequest, nomination: Nomination) -> HttpResponse:
    """Back to what was submitted, which does not change."""
    messages.info(request, _("This nomination was submitted; what was frozen stands."))
    return redirect(nomination)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def sign(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Read it once more, sign and submit."""
    nomination = frame.own_nomination(request, public_id, Action.SIGN_NOMINATION)
    frame.at_school(request, nomination)
    if nomination.state != NominationState.DRAFT:
        return stands(request, nomination)
    form = SignForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            done = nominate.submit(nomination, by=signed_in(request), seen=form.cleaned_data["seen"])
        except nominate.NominationError as error:
            problem = str(error)
        else:
            messages.success(
                request,
                _("Submitted as %(label)s. What readers see is frozen from now on.") % {"label": done.label},
            )
            return _to_page(request, done)
    shown = pages.reading(request.user, nomination)
    items = nominate.completeness(nomination, shown.document)
    return frame.show(
        request,
        nomination.edition,
        "awards/sign.html",
        nomination=nomination,
        shown=shown,
        items=items,
        complete=nominate.complete(items),
        form=SignForm(initial={"seen": snapshots.checksum(shown.document)}) if problem or not form.is_bound else form,
        seen=snapshots.checksum(shown.document),
        problem=problem,
    )


def _to_page(request: HttpRequest, nomination: Nomination) -> HttpResponse:
    """To the nomination, or, for somebody who judges in the same edition, to their school's awards."""
    if Nomination.objects.visible_to(request.user).filter(pk=nomination.pk).exists():
        return redirect(nomination)
    return redirect("awards:home")


@require_POST
@login_required
def withdraw(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a nomination back."""
    nomination = frame.own_nomination(request, public_id, Action.SIGN_NOMINATION)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Not withdrawn: say why it is taken back."))
        return redirect(nomination)
    try:
        nominate.withdraw(nomination, why=form.cleaned_data["why"])
    except nominate.NominationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The nomination was withdrawn."))
    return _to_page(request, nomination)


@never_cache
@require_safe
@login_required
def file(request: HttpRequest, public_id: uuid.UUID, pk: int) -> HttpResponseBase:
    """A file of a nomination, for whoever may read the nomination."""
    nomination = frame.nomination_for(request, public_id)
    row = get_object_or_404(nomination.files.select_related("file"), pk=pk)
    return _download(row.file)


@never_cache
@require_safe
@login_required
def claim_document(request: HttpRequest, public_id: uuid.UUID, pk: int) -> HttpResponseBase:
    """The document behind a figure of the school's own."""
    nomination = frame.nomination_for(request, public_id)
    claim = get_object_or_404(nomination.claims.select_related("document"), pk=pk, document__isnull=False)
    return _download(claim.document)


def _download(stored: StoredFile | None) -> HttpResponseBase:
    if stored is None:
        raise Http404
    try:
        return files.download(stored)
    except FileNotFoundError as error:
        raise Http404 from error
