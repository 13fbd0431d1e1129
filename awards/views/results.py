"""Consensus, ranking, decisions, the frozen result and the public page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from awards import access, consensus, pages, results
from awards.access import EditionAction
from awards.forms.judging import ConsensusForm, DecisionForm
from awards.models import AwardDecision, ResultSnapshot, ScoreConsensus
from awards.views import frame
from hstw import draft_views
from hstw.navigation import in_section
from schools.scope import signed_in

PAGE_SIZE = 25


@never_cache
@require_safe
@login_required
def spreads(request: HttpRequest, slug: str) -> HttpResponse:
    """Where readers are too far apart, first what is still open."""
    edition = frame.edition_for(request, slug, EditionAction.AGREE)
    found = consensus.spreads(edition, frame.visible(request, edition))
    found.sort(key=lambda spread: (not spread.open, not spread.beyond, -spread.points, spread.nomination.number or 0))
    return frame.show(
        request,
        edition,
        "awards/spreads.html",
        page_obj=Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        still_open=sum(1 for spread in found if spread.open),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def agree(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The readers' scores of a nomination side by side, and what they agreed on."""
    nomination = frame.nomination_for(request, public_id, EditionAction.AGREE)
    edition = nomination.edition
    [spread] = consensus.spreads(edition, [nomination])
    reviews = consensus.counted_reviews(nomination)
    criteria = list(edition.criteria.prefetch_related("bands"))
    agreed = {one.criterion_id: one for one in nomination.consensus.select_related("band", "recorded_by")}
    asked = request.GET.get("criterion", "")
    first = (spread.open or spread.beyond or [criteria[0].pk])[0] if criteria else 0
    chosen = next((one for one in criteria if str(one.pk) == asked), None) or next(
        (one for one in criteria if one.pk == first), None
    )
    if chosen is None:
        raise Http404
    rows = [
        {
            "criterion": criterion,
            "given": [
                next((score for score in review.scores.all() if score.criterion_id == criterion.pk), None)
                for review in reviews
            ],
            "apart": spread.bands.get(criterion.pk, 0),
            "beyond": criterion.pk in spread.beyond,
            "agreed": agreed.get(criterion.pk),
        }
        for criterion in criteria
    ]

    def save(form: ConsensusForm, version: int) -> None:
        data = form.cleaned_data
        consensus.record(nomination, chosen, data["band"], data["rationale"], by=signed_in(request), version=version)

    instance = agreed.get(chosen.pk) or ScoreConsensus(nomination=nomination, criterion=chosen, version=0)
    try:
        return draft_views.edit(
            request,
            form_class=ConsensusForm,
            instance=instance,
            template="awards/agree.html",
            key=f"awards.consensus:{nomination.pk}:{chosen.pk}",
            save=save,
            saved_to=reverse("awards:agree", args=[public_id]),
            form_kwargs={"criterion": chosen},
            context={
                "nomination": nomination,
                **frame.context_of(request, edition),
                "spread": spread,
                "reviews": reviews,
                "rows": rows,
                "chosen": chosen,
                "comments": [
                    score for review in reviews for score in review.scores.all() if score.criterion_id == chosen.pk
                ],
            },
        )
    except consensus.ConsensusError as error:
        messages.error(request, str(error))
        return redirect(request.get_full_path())


@never_cache
@require_safe
@login_required
def ranking(request: HttpRequest, slug: str) -> HttpResponse:
    """Raw and adjusted side by side, how well readers agreed, what was decided."""
    edition = frame.edition_for(request, slug, EditionAction.DECIDE)
    found = results.rank(edition, frame.visible(request, edition))
    return frame.show(
        request,
        edition,
        "awards/ranking.html",
        ranking=found,
        page_obj=Paginator(found.rows, PAGE_SIZE).get_page(request.GET.get("page")),
        frozen=ResultSnapshot.objects.visible_to(request.user).filter(edition=edition),
        announced=results.announced(edition),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def decision(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was decided on one nomination, and why."""
    nomination = frame.nomination_for(request, public_id, EditionAction.DECIDE)
    edition = nomination.edition
    ranked = results.rank(edition, frame.visible(request, edition))
    row = next((one for one in ranked.rows if one.nomination.pk == nomination.pk), None)

    def save(form: DecisionForm, version: int) -> None:
        data = form.cleaned_data
        results.decide(
            nomination,
            outcome=data["outcome"],
            rationale=data["rationale"],
            citation=data["citation"],
            by=signed_in(request),
            version=version,
        )

    instance = AwardDecision.objects.filter(nomination=nomination).first()
    try:
        return draft_views.edit(
            request,
            form_class=DecisionForm,
            instance=instance or AwardDecision(nomination=nomination, version=0),
            template="awards/decision.html",
            key=f"awards.decision:{nomination.pk}",
            save=save,
            saved_to=reverse("awards:ranking", args=[edition.slug]),
            context={
                "nomination": nomination,
                **frame.context_of(request, edition),
                "row": row,
                "of": len(ranked.rows),
            },
        )
    except results.ResultError as error:
        messages.error(request, str(error))
        return redirect("awards:decision", public_id=public_id)


@require_POST
@login_required
def freeze(request: HttpRequest, slug: str) -> HttpResponse:
    """Freeze the result as it stands."""
    edition = frame.edition_for(request, slug, EditionAction.PUBLISH)
    try:
        snapshot = results.freeze(edition, frame.visible(request, edition), by=signed_in(request))
    except results.ResultError as error:
        messages.error(request, str(error))
        return redirect("awards:ranking", slug=edition.slug)
    return redirect("awards:result", public_id=snapshot.public_id)


def _snapshot(request: HttpRequest, public_id: uuid.UUID) -> ResultSnapshot:
    in_section(request, "awards")
    rows = ResultSnapshot.objects.visible_to(request.user).select_related("edition__award", "made_by")
    snapshot = get_object_or_404(rows, public_id=public_id)
    access.require(request.user, EditionAction.PUBLISH, snapshot.edition)
    return snapshot


@never_cache
@require_safe
@login_required
def result(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """A frozen result: its ranking, checksum, and whether it comes out again."""
    snapshot = _snapshot(request, public_id)
    verdict = results.verify({"content": snapshot.content, "checksum": snapshot.checksum})
    names = {row["label"]: row["school"] for row in snapshot.content["inputs"]["nominations"]}
    outcome = {row["label"]: row["outcome"] for row in snapshot.content["decisions"]}
    rows = [
        {**row, "school": names[row["label"]], "outcome": outcome.get(row["label"], "")}
        for row in snapshot.content["computed"]["rows"]
    ]
    return frame.show(
        request,
        snapshot.edition,
        "awards/result.html",
        snapshot=snapshot,
        verdict=verdict,
        page_obj=Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        announced=results.announced(snapshot.edition),
    )


@never_cache
@require_safe
@login_required
def result_file(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The file from which anybody can compute the result again."""
    snapshot = _snapshot(request, public_id)
    answer = HttpResponse(results.export(snapshot), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{snapshot.edition.slug}-result.json"'
    return answer


@require_POST
@login_required
def announce(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make a frozen result public."""
    snapshot = _snapshot(request, public_id)
    try:
        results.announce(snapshot)
    except results.ResultError as error:
        messages.error(request, str(error))
        return redirect("awards:result", public_id=public_id)
    messages.success(request, _("The winners are announced."))
    return redirect("awards:winners", slug=snapshot.edition.slug)


@require_safe
def winners(request: HttpRequest, slug: str) -> HttpResponse:
    """The public page: winners, what they are honored for, figures of the public release."""
    edition = frame.edition_for(request, slug)
    snapshot = results.announced(edition)
    shown = [
        {**winner, "claims": [pages.public_claim(claim) for claim in winner["figures"]]}
        for winner in (snapshot.public["winners"] if snapshot else [])
    ]
    return frame.show(request, edition, "awards/winners.html", snapshot=snapshot, winners=shown)
