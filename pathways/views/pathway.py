"""One pathway: drawn by grade with what its rules say; its facts, its approval, its waivers, its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from hstw import draft_views, drafts, small_drafts
from hstw.access import Action, decide
from hstw.history import events_of
from hstw.require import require
from pathways import approval, codes, design, partners
from pathways.forms.pathways import NEW, WAIVER, AnswerForm, PathwayForm, WaiverForm
from pathways.models import CredentialListing, Pathway, Waiver
from pathways.models.pathway import Rule
from pathways.views import frame
from schools.models import Organization
from schools.scope import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """The pathway as it is read and printed; approve it, reopen it, ask for a waiver, decide on one."""
    organization, school_year = frame.pathways_of(request, slug, year)
    pathway = frame.pathway_of(request, organization, pk)
    form: WaiverForm | None = None
    here, key = redirect("pathways:pathway", slug=slug, year=year, pk=pk), drafts.key_of(WAIVER, pk)
    if small_drafts.discarded(request, key):
        return here
    if request.method == "POST":
        form = WaiverForm(request.POST) if request.POST.get("op") == "propose" else None
        if _decided(request, pathway, form):
            return here if form is None else small_drafts.submitted(request, here, key)
    user = signed_in(request)
    typed = small_drafts.of(user, key) if form is None else small_drafts.refused(request, key)
    drawn = design.of(pathway)
    waivers = list(pathway.waivers.select_related("proposed_by", "decided_by"))
    asked = {waiver.rule for waiver in waivers if waiver.granted is not False}
    missing = [finding.rule for finding in drawn.unmet if finding.rule not in asked]
    if form is None:
        form = WaiverForm(initial=typed.initial(WaiverForm()))
    form.fields["rule"].choices = [(rule.value, rule.label) for rule in Rule if rule in missing]  # type: ignore[attr-defined]
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/pathway.html",
        status=422 if form.is_bound else 200,
        pathway=pathway,
        design=drawn,
        credentials=_credentials(pathway, int(school_year)),
        work=pathway.work.all(),
        occupations=_occupations(pathway),
        commitments=partners.visible_to(user).filter(pathway=pathway).select_related("partner__organization"),
        waivers=waivers,
        form=form,
        draft=typed.draft,
        may_edit=decide(user, Action.EDIT_PATHWAYS, pathway),
        may_approve=decide(user, Action.APPROVE_PATHWAYS, pathway),
        may_propose=missing and not pathway.approved and decide(user, Action.PROPOSE_WAIVERS, pathway),
        may_decide=decide(user, Action.DECIDE_WAIVERS, pathway),
        today=timezone.localdate(),
        credits=codes.credits_for("cip") if pathway.program else [],
    )


def _occupations(pathway: Pathway) -> list[tuple[str, str]]:
    """The first few occupations that the pathway's program leads to."""
    if pathway.program is None:
        return []
    return codes.occupations([pathway.program.code]).get(pathway.program.code, [])[:8]


def _credentials(pathway: Pathway, year: int) -> list[dict[str, Any]]:
    """The pathway's credentials, and whether each is on the list of the year."""
    rows = list(pathway.credentials.select_related("credential_type").order_by("credential_type__name"))
    listed = {
        row.credential_type_id
        for row in CredentialListing.objects.filter(credential_type__in=[row.credential_type_id for row in rows])
        if row.first_year <= year and (row.last_year is None or row.last_year >= year)
    }
    return [{"row": row, "type": row.credential_type, "listed": row.credential_type_id in listed} for row in rows]


def _decided(request: HttpRequest, pathway: Pathway, form: WaiverForm | None) -> bool:
    """Do what a button of the page asks; false where a form has to be shown again."""
    user = signed_in(request)
    op = request.POST.get("op", "")
    try:
        if op == "approve":
            require(user, Action.APPROVE_PATHWAYS, pathway)
            approval.approve(pathway, user)
            messages.success(request, _("Approved: the pathway is published."))
        elif op == "reopen":
            require(user, Action.EDIT_PATHWAYS, pathway)
            approval.reopen(pathway)
            messages.success(request, _("Reopened: it is a draft until it is approved again."))
        elif op == "propose" and form is not None:
            require(user, Action.PROPOSE_WAIVERS, pathway)
            if not form.is_valid():
                return False
            try:
                approval.propose(pathway, form.cleaned_data["rule"], form.cleaned_data["reason"], user)
            except ValidationError as error:
                form.add_error(None, error)
                return False
            messages.success(request, _("Asked: a district administrator decides."))
        elif op in {"grant", "refuse"}:
            require(user, Action.DECIDE_WAIVERS, pathway)
            waiver = get_object_or_404(Waiver, pathway=pathway, pk=request.POST.get("waiver") or 0)
            answer = AnswerForm(request.POST)
            words = answer.cleaned_data["answer"] if answer.is_valid() else request.POST.get("answer", "")[:300]
            approval.decide(waiver, op == "grant", user, words)
            messages.success(request, _("Decided."))
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Begin a pathway: its facts first, its courses on the next page."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    return draft_views.edit(
        request,
        form_class=PathwayForm,
        instance=Pathway(organization=organization, first_year=int(school_year)),
        template="pathways/pathway_edit.html",
        context=frame.about(request, organization, school_year) | {"new": True},
        key=drafts.key_of(NEW, organization.pk),
        saved_to=lambda row: _at("pathways:design", organization, school_year, row),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Change the facts of a pathway."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    pathway = frame.pathway_of(request, organization, pk)
    return draft_views.edit(
        request,
        form_class=PathwayForm,
        instance=pathway,
        template="pathways/pathway_edit.html",
        context=frame.about(request, organization, school_year) | {"pathway": pathway},
        saved_to=lambda row: _at("pathways:pathway", organization, school_year, row),
    )


@require_safe
@login_required
def history(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Who changed what in the facts of a pathway."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    pathway = frame.pathway_of(request, organization, pk)
    events = events_of(pathway, page=request.GET.get("page"))
    return frame.show(
        request, organization, school_year, "pathways/pathway_history.html", pathway=pathway, events=events
    )


def _at(route: str, organization: Organization, year: int, pathway: Pathway) -> str:
    return reverse(route, args=[organization.slug, year, pathway.pk])
