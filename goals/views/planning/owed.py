"""Everything I owe: one page per person, quick on a phone and by keyboard."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from goals.forms_planning.owed import DelegateForm, RhythmForm
from goals.models import ActionStatus, Delegation, DigestChoice
from goals.planning import owed, owed_drafts
from hstw import small_drafts
from hstw.draft_views import DraftState
from hstw.navigation import current_year
from schools.models import User
from schools.owed import owed_by
from schools.scope import signed_in

PAGE_SIZE = 10
# The likeliest answers first: each is one press further.
STATUSES = (
    ActionStatus.ON_TRACK,
    ActionStatus.DONE,
    ActionStatus.AT_RISK,
    ActionStatus.OFF_TRACK,
    ActionStatus.NOT_STARTED,
    ActionStatus.STOPPED,
)


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """What is due or late, each with its answers beside it; all saved by one button."""
    user = signed_in(request)
    if request.method == "POST" and "discard" in request.POST:
        owed_drafts.forget(user, _steps_in(request))
        return redirect("goals:owed")
    if request.method == "POST" and "save" in request.POST:
        steps = _steps_in(request)
        with transaction.atomic():
            said = owed.update_many(user, {name: str(value) for name, value in request.POST.items()})
            owed_drafts.forget(user, steps, request.POST.get("draft-built-on", ""))
        if said:
            messages.success(
                request, ngettext("%(n)s action step saved.", "%(n)s action steps saved.", said) % {"n": said}
            )
        else:
            messages.warning(request, _("Nothing was chosen."))
        return small_drafts.forgotten(request, redirect("goals:owed"), owed_drafts.key_of(steps))
    delegate, rhythm = DelegateForm(user=user), RhythmForm(instance=_choice(user))
    if request.method == "POST" and "end" in request.POST:
        key = request.POST["end"]
        Delegation.objects.filter(principal=user, pk=key if key.isdecimal() and len(key) < 18 else 0).delete()
        return redirect("goals:owed")
    if request.method == "POST" and "rhythm" in request.POST:
        rhythm = RhythmForm(request.POST, instance=_choice(user))
        if rhythm.is_valid():
            rhythm.save()
            messages.success(request, _("Saved."))
            return redirect("goals:owed")
    elif request.method == "POST":
        delegate = DelegateForm(request.POST, user=user)
        if delegate.is_valid():
            delegate.save()
            messages.success(request, _("They see from now on what you owe, and can say how it goes."))
            return redirect("goals:owed")
    page_obj = Paginator(owed.steps_of(user), PAGE_SIZE).get_page(request.GET.get("page"))
    asked = owed.asked(user, page_obj.object_list)
    typed = owed_drafts.typed(user, [one.step.pk for one in asked])
    for one in asked:
        one.status, one.note = typed.of("status", one.step.pk), typed.of("note", one.step.pk)
    key = owed_drafts.key_of(one.step.pk for one in asked)
    response = render(
        request,
        "goals/plans/owed.html",
        {
            "page_obj": page_obj,
            "asked": asked,
            "draft": DraftState(key, 0, 0, typed.revision, False, typed.saved_at),
            "statuses": [(status.value, status.label) for status in STATUSES],
            "others": [*owed_by(user), *owed.others(user)],
            "delegations": Delegation.objects.filter(principal=user).select_related("delegate"),
            "delegate_form": delegate,
            "rhythm_form": rhythm,
            "year": current_year(),
        },
        status=422 if delegate.errors or rhythm.errors else 200,
    )
    # Going back shows what is kept now, not what the browser remembers.
    response["Cache-Control"] = "no-store"
    return response


def _steps_in(request: HttpRequest) -> list[int]:
    """The steps of the page that was sent: each has its line for a word."""
    keys = [name.partition("-")[2] for name in request.POST if name.startswith("note-")]
    return [int(key) for key in keys if key.isdecimal() and len(key) < 18]


def _choice(user: User) -> DigestChoice:
    return DigestChoice.objects.filter(user=user).first() or DigestChoice(user=user)
