"""What a state sets for itself: when a ninth-grader is on track, how small groups are protected."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from goals import preferences
from goals.forms import OnTrackForm, ProtectionForm
from goals.views import frame
from hstw.access import Action
from schools.models.organization import Kind


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Both settings on one page, saved together."""
    state, school_year = frame.readiness_of(request, slug, year, Action.SET_MEASURES)
    if state.kind != Kind.STATE:
        if state.in_state is not None:
            return redirect("goals:settings", slug=state.in_state.slug, year=year)
        messages.info(request, _("These settings are a state’s. Choose a state."))
        return redirect("schools:organization", slug=slug, year=year)
    on_track = OnTrackForm(request.POST or None, instance=preferences.on_track_of(state), prefix="on_track")
    protection = ProtectionForm(request.POST or None, instance=preferences.protection_of(state), prefix="protection")
    # Both, so that the errors of both are shown at once.
    if request.method == "POST" and all([on_track.is_valid(), protection.is_valid()]):

        def keep() -> None:
            for form in (on_track, protection):
                if form.has_changed():
                    form.save()

        preferences.save(state, keep, counting=on_track.has_changed(), protecting=protection.has_changed())
        if on_track.has_changed() or protection.has_changed():
            messages.success(request, _("Saved. The figures are counted anew within a few minutes."))
        return redirect("goals:settings", slug=slug, year=year)
    return frame.show(request, state, school_year, "goals/settings.html", on_track=on_track, protection=protection)
