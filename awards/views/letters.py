"""Feedback letters: written and released by the panel, read and downloaded by the school."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from awards import access, feedback, results
from awards.access import EditionAction, may
from awards.forms.judging import letter_form
from awards.models import FeedbackLetter, Nomination
from awards.views import frame
from hstw import draft_views
from schools.scope import signed_in


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def letter(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The feedback letter: written and released by the panel, read by the school."""
    nomination = frame.nomination_for(request, public_id)
    edition = nomination.edition
    released = FeedbackLetter.objects.filter(nomination=nomination).first()
    judging = access.place_in(request.user, edition) is not None
    if judging and not may(request.user, EditionAction.PUBLISH, edition):
        raise Http404
    if released is not None:
        return frame.show(
            request,
            edition,
            "awards/letter.html",
            nomination=nomination,
            letter=released,
            about_bands=feedback.about_bands(),
        )
    if not judging:
        raise Http404
    return _write_letter(request, nomination)


@never_cache
@require_safe
@login_required
def letter_file(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The released letter as a PDF: for the school, and for those who may release letters."""
    nomination = frame.nomination_for(request, public_id)
    edition = nomination.edition
    judging = access.place_in(request.user, edition) is not None
    if judging and not may(request.user, EditionAction.PUBLISH, edition):
        raise Http404
    released = get_object_or_404(FeedbackLetter.objects.select_related("nomination__edition"), nomination=nomination)
    answer = HttpResponse(feedback.as_pdf(released), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{edition.slug}-{nomination.label}-feedback.pdf"'
    return answer


def _write_letter(request: HttpRequest, nomination: Nomination) -> HttpResponse:
    def save(form: Any, version: int) -> None:
        feedback.release(nomination, form.texts(), form.cleaned_data["closing"], by=signed_in(request))

    try:
        return draft_views.edit(
            request,
            form_class=letter_form(nomination),
            instance=FeedbackLetter(nomination=nomination),
            template="awards/letter_write.html",
            key=f"awards.letter:{nomination.pk}",
            save=save,
            saved_to=reverse("awards:letter", args=[nomination.public_id]),
            context={
                "nomination": nomination,
                **frame.context_of(request, nomination.edition),
                "announced": results.announced(nomination.edition),
            },
        )
    except feedback.FeedbackError as error:
        messages.error(request, str(error))
        return redirect("awards:letter", public_id=nomination.public_id)
