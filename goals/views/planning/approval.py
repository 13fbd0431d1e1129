"""Submit, take back, return, approve; the approved versions and their documents."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from goals.models import PlanState, PlanVersion
from goals.planning import approve, differs, document, kept, outline
from goals.planning.elements import PlanError
from goals.views.planning import frame
from hstw import drafts, files, small_drafts
from hstw.access import Action
from schools.scope import signed_in


@require_http_methods(["GET", "POST"])
@login_required
def submit(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """What is still missing, and the button that hands the plan in."""
    organization, school_year, plan = frame.plan_of(request, slug, year, Action.SUBMIT_PLAN)
    user = signed_in(request)
    if request.method == "POST":
        try:
            if "take_back" in request.POST:
                approve.take_back(plan, user)
                messages.success(request, _("The plan is yours again."))
            else:
                approve.submit(plan, user)
                messages.success(request, _("The plan is submitted. You will hear by e-mail."))
            return redirect(plan)
        except PlanError as error:
            messages.error(request, str(error))
            return redirect("goals:plan_submit", slug, school_year)
    gaps = approve.missing(outline.read(plan, user))
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/submit.html",
        plan=plan,
        tab="plan",
        must=[gap for gap in gaps if gap.must],
        should=[gap for gap in gaps if not gap.must],
    )


@require_http_methods(["GET", "POST"])
@login_required
def decide_on(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """The decision on a submitted plan."""
    organization, school_year, plan = frame.plan_of(request, slug, year, Action.APPROVE_PLAN)
    user = signed_in(request)
    key = drafts.key_of(kept.DECISION, plan.pk)
    if small_drafts.discarded(request, key):
        return redirect("goals:plan_decide", slug, school_year)
    remark = request.POST.get("remark", "")[:4_000]
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("decision") == "approve":
                approve.approve(plan, user, request.POST.get("read", ""), remark)
                messages.success(request, _("Approved. The version is frozen, with PDF and Word document."))
            else:
                approve.send_back(plan, user, remark)
                messages.success(request, _("Returned. The school has been written to."))
            return small_drafts.submitted(request, redirect(plan), key)
        except PlanError as error:
            problem = str(error)
            plan.refresh_from_db()
    typed = small_drafts.refused(request, key) if problem else small_drafts.of(user, key)
    found = outline.read(plan, user)
    handed_in = plan.decisions.filter(state=PlanState.SUBMITTED).select_related("by").first()
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/decide.html",
        status=409 if problem else 200,
        plan=plan,
        tab="plan",
        outline=found,
        waiting=plan.state == PlanState.SUBMITTED,
        own=handed_in is not None and handed_in.by_id == user.pk,
        handed_in=handed_in,
        gaps=approve.missing(found),
        changes=approve.changes(plan),
        read=approve.fingerprint(plan),
        remark=typed.texts.get("remark", ""),
        draft=typed.draft,
        problem=problem,
    )


@require_safe
@login_required
def version(request: HttpRequest, slug: str, year: int, number: int) -> HttpResponse:
    """An approved version, as it was, and how the live plan differs from it."""
    organization, school_year, plan = frame.plan_of(request, slug, year)
    versions = PlanVersion.objects.select_related("approved_by", "pdf", "word")
    found = get_object_or_404(versions, plan=plan, number=number)
    content = json.loads(found.content)
    now = outline.content(outline.read(plan, None, audience=approve.NETWORK))
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/version.html",
        plan=plan,
        tab="plan",
        version=found,
        document=document.data_of(content),
        changes=differs.in_words(content, now),
    )


@require_safe
@login_required
def version_file(request: HttpRequest, slug: str, year: int, number: int, form: str) -> HttpResponseBase:
    """The documents of an approved version, byte for byte as they were made."""
    if form not in {"pdf", "docx"}:
        raise Http404
    _organization, _year, plan = frame.plan_of(request, slug, year)
    found = get_object_or_404(PlanVersion.objects.select_related("pdf", "word"), plan=plan, number=number)
    return files.download(found.pdf if form == "pdf" else found.word)


@require_safe
@login_required
def draft_file(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponse:
    """The live plan as a document, marked as a draft: to print, to discuss."""
    if form not in {"pdf", "docx"}:
        raise Http404
    organization, school_year, plan = frame.plan_of(request, slug, year)
    content = outline.content(outline.read(plan, None, audience=approve.NETWORK))
    made = document.as_pdf(content) if form == "pdf" else document.as_word(content)
    kinds = {
        "pdf": "application/pdf",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
    response = HttpResponse(made, content_type=kinds[form])
    response["Content-Disposition"] = f'attachment; filename="{organization.slug}-{school_year}-plan-draft.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response
