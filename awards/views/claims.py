"""Figures, files and people of a nomination that is being written."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from awards import claims, nominate, pages, sources, uploads
from awards.forms.nominations import TYPED, ClaimForm, FileForm, PersonForm, TypedForm
from awards.models import Claim, Nomination
from awards.models.nomination import NominationState
from awards.views import frame
from awards.views.nominations import stands
from hstw import draft_views, drafts, files, small_drafts
from schools.scope import signed_in


def _writing(request: HttpRequest, public_id: uuid.UUID) -> Nomination:
    nomination = frame.own_nomination(request, public_id)
    frame.at_school(request, nomination)
    return nomination


@require_http_methods(["GET", "POST"])
@login_required
def figures(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The figures it rests on, and what the record offers beside them."""
    nomination = _writing(request, public_id)
    if nomination.state != NominationState.DRAFT:
        return stands(request, nomination)
    if request.method == "POST":
        source, _bar, key = request.POST.get("offer", "").partition("|")
        try:
            claim = claims.add(nomination, source, key)
        except nominate.NominationError as error:
            messages.error(request, str(error))
            return redirect("awards:figures", public_id=public_id)
        messages.success(request, _("“%(title)s” is in the nomination. Say what it shows.") % {"title": claim.title})
        return redirect("awards:figure", public_id=public_id, pk=claim.pk)
    return frame.show(
        request,
        nomination.edition,
        "awards/figures.html",
        nomination=nomination,
        shown=pages.reading(request.user, nomination),
        offers=claims.offers(nomination),
    )


@require_http_methods(["GET", "POST"])
@login_required
def figure(request: HttpRequest, public_id: uuid.UUID, pk: int) -> HttpResponse:
    """What one figure shows, between which years; kept while it is typed."""
    nomination = _writing(request, public_id)
    if nomination.state != NominationState.DRAFT:
        return stands(request, nomination)
    claim = get_object_or_404(nomination.claims.select_related("document"), pk=pk)
    if claim.source == sources.Typed.code:
        return _typed(request, nomination, claim)

    def save(form: Any, version: int) -> None:
        claims.change(claim, {name: form.cleaned_data[name] for name in form.fields})

    try:
        return draft_views.edit(
            request,
            form_class=ClaimForm,
            instance=claim,
            template="awards/figure.html",
            key=f"awards.claim:{claim.pk}",
            save=save,
            saved_to=reverse("awards:figures", args=[public_id]),
            context={
                "nomination": nomination,
                **frame.context_of(request, nomination.edition),
                "claim": claim,
            },
        )
    except nominate.NominationError as error:
        messages.error(request, str(error))
        return redirect("awards:figures", public_id=public_id)


@require_http_methods(["GET", "POST"])
@login_required
def typed(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A new figure of the school's own."""
    nomination = _writing(request, public_id)
    if nomination.state != NominationState.DRAFT:
        return stands(request, nomination)
    return _typed(request, nomination, None)


def _typed(request: HttpRequest, nomination: Nomination, claim: Claim | None) -> HttpResponse:
    key = drafts.key_of(TYPED, nomination.pk, claim.pk if claim else 0)
    if small_drafts.discarded(request, key):
        return redirect(request.path)
    instance = claim or Claim(nomination=nomination, source=sources.Typed.code)
    if request.method == "POST":
        form = TypedForm(request.POST, request.FILES, instance=instance, stopped=files.too_large(request))
    else:
        typed = small_drafts.of(request.user, key)
        form = TypedForm(instance=instance, initial=typed.initial(TypedForm(instance=instance)))
    if request.method == "POST" and form.is_valid():
        try:
            claims.write_typed(
                nomination, claim, form.facts(), form.points, form.cleaned_data["file"], signed_in(request)
            )
        except (nominate.NominationError, uploads.BadFile) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            done = redirect("awards:figures", public_id=nomination.public_id)
            return small_drafts.submitted(request, done, key)
    if request.method == "POST":
        typed = small_drafts.refused(request, key)
    return frame.show(
        request,
        nomination.edition,
        "awards/typed.html",
        nomination=nomination,
        claim=claim,
        form=form,
        draft=typed.draft,
    )


@require_http_methods(["GET", "POST"])
@login_required
def attachments(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Files, and people who had a part in it."""
    nomination = _writing(request, public_id)
    if nomination.state != NominationState.DRAFT:
        return stands(request, nomination)
    about_person = request.method == "POST" and "name" in request.POST
    posted = request.method == "POST"
    form = FileForm(
        request.POST if posted and not about_person else None,
        request.FILES if posted and not about_person else None,
        stopped=files.too_large(request) if posted else "",
    )
    person = PersonForm(request.POST if about_person else None)
    chosen = person if about_person else form
    if posted and chosen.is_valid():
        data = chosen.cleaned_data
        try:
            if about_person:
                claims.name_person(nomination, data["name"], data["email"], data["part"])
            else:
                claims.attach(nomination, data["file"], data["title"], signed_in(request))
        except (nominate.NominationError, uploads.BadFile) as error:
            chosen.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("awards:attachments", public_id=public_id)
    return frame.show(
        request,
        nomination.edition,
        "awards/attachments.html",
        nomination=nomination,
        form=form,
        person=person,
        files=nomination.files.select_related("file"),
        people=nomination.people.all(),
    )


@require_POST
@login_required
def remove(request: HttpRequest, public_id: uuid.UUID, kind: str, pk: int) -> HttpResponse:
    """Take a figure, a file or a person out again."""
    nomination = _writing(request, public_id)
    rows: Any = {"figure": nomination.claims, "file": nomination.files, "person": nomination.people}.get(kind)
    if rows is None:
        raise Http404
    thing = get_object_or_404(rows.select_related("nomination"), pk=pk)
    try:
        claims.remove(thing)
    except nominate.NominationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken out: %(what)s.") % {"what": thing})
    return redirect("awards:figures" if kind == "figure" else "awards:attachments", public_id=public_id)
