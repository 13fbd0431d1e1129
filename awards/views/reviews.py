"""Reading and scoring, split screen: the nomination on one side, the rubric on the other."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from awards import access, conflicts, pages, scoring
from awards.access import EditionAction
from awards.forms.judging import ScoreForm
from awards.models import Assignment, Nomination, Review, Score
from awards.totals import total
from awards.views import frame
from hstw import draft_views

PAGE_SIZE = 25


@never_cache
@require_safe
@login_required
def mine(request: HttpRequest, slug: str) -> HttpResponse:
    """What one has to read, and how far one is."""
    edition = frame.edition_for(request, slug, EditionAction.SCORE)
    place = access.place_in(request.user, edition)
    readable = Nomination.objects.on_panels_of(request.user).filter(edition=edition).order_by().values("pk")
    rows = (
        Assignment.objects.filter(reviewer=place, ended_at=None, nomination__in=readable)
        .select_related("nomination__organization", "nomination__edition", "review")
        .order_by("nomination__number")
    )
    done = rows.filter(review__submitted_at__isnull=False).count()
    return frame.show(
        request,
        edition,
        "awards/reviews.html",
        place=place,
        must_declare=place is not None and (place.declared_at is None or conflicts.has_new(place)),
        page_obj=Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        done=done,
        phases=[phase for phase in pages.phases_of(edition) if phase.kind == "review"],
    )


@require_POST
@login_required
def begin(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Open the review of a nomination that is assigned to one."""
    nomination = frame.nomination_for(request, public_id, EditionAction.SCORE)
    place = access.place_in(request.user, nomination.edition)
    assignment = Assignment.objects.filter(nomination=nomination, reviewer=place, ended_at=None).first()
    if assignment is None:
        raise Http404
    return redirect(scoring.begin(assignment))


@never_cache
@require_safe
@login_required
def page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """To the first criterion that is open; once submitted, what one gave and what the others did."""
    review = frame.review_for(request, public_id)
    if review.submitted_at is not None:
        return redirect("awards:review_submit", public_id=public_id)
    scores = scoring.scores_of(review)
    open_ones = [score.criterion.order for score in scores if not score.given]
    if not open_ones:
        return redirect("awards:review_submit", public_id=public_id)
    return redirect("awards:score", public_id=public_id, order=open_ones[0])


def _standing(review: Review, scores: list[Score]) -> dict[str, Any]:
    """What both pages of a review show of where it stands."""
    best = scoring.best_points(review.assignment.nomination.edition_id)
    return {
        "review": review,
        "nomination": review.assignment.nomination,
        "scores": scores,
        "so_far": total(scoring.shares_of(scores, best)),
        "given": sum(1 for score in scores if score.given),
    }


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def score(request: HttpRequest, public_id: uuid.UUID, order: int) -> HttpResponse:
    """One criterion: the nomination beside its bands."""
    review = frame.review_for(request, public_id)
    if review.submitted_at is not None:
        return redirect("awards:review_submit", public_id=public_id)
    nomination = review.assignment.nomination
    scores = scoring.scores_of(review)
    found = next((one for one in scores if one.criterion.order == order), None)
    if found is None:
        raise Http404
    shown = pages.reading(request.user, nomination)

    def save(form: ScoreForm, version: int) -> None:
        data = form.cleaned_data
        scoring.save_score(
            form.instance, version, part=data["cite_part"], quote=data["cite_quote"], remove=map(int, data["remove"])
        )

    following = next((one.criterion.order for one in scores if one.criterion.order > order), None)
    after = (
        reverse("awards:review_submit", args=[public_id])
        if following is None
        else reverse("awards:score", args=[public_id, following])
    )
    if "stay" in request.POST:
        after = reverse("awards:score", args=[public_id, order])
    try:
        return draft_views.edit(
            request,
            form_class=ScoreForm,
            instance=found,
            template="awards/score.html",
            key=f"awards.score:{found.pk}",
            save=save,
            saved_to=after,
            form_kwargs={"document": shown.document},
            context={
                **_standing(review, scores),
                "score": found,
                "shown": shown,
                "edition": nomination.edition,
                "bands": sorted(found.criterion.bands.all(), key=lambda band: band.points),
                "parts": scoring.parts_of(shown.document),
            },
        )
    except scoring.ScoringError as error:
        messages.error(request, str(error))
        return redirect(review)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def submit(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """All scores on one page: what is missing, then submit; afterwards the other readers' beside one's own."""
    review = frame.review_for(request, public_id)
    if request.method == "POST":
        try:
            scoring.submit(review)
        except scoring.ScoringError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Submitted. Your scores are locked."))
        return redirect("awards:review_submit", public_id=public_id)
    scores = scoring.scores_of(review)
    nomination = review.assignment.nomination
    others = []
    if review.submitted_at is not None:
        others = list(
            Review.objects.visible_to(request.user)
            .submitted()
            .filter(assignment__nomination=nomination)
            .exclude(pk=review.pk)
            .prefetch_related("scores__band", "scores__criterion")
            .order_by("pk")
        )
    return frame.show(
        request,
        nomination.edition,
        "awards/review.html",
        **_standing(review, scores),
        lacks=scoring.lacking(scores),
        others=others,
        rows=[
            (
                one,
                [next((s for s in other.scores.all() if s.criterion_id == one.criterion_id), None) for other in others],
            )
            for one in scores
        ],
    )
