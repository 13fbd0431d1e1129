"""Editions: which there are, one with its rules and dates, and how it is set up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from awards import editions, pages, results
from awards.access import EditionAction, may
from awards.forms.editions import EditionForm, NewEditionForm, PanelForm, PhasesForm, rubric_form
from awards.models import Edition, Nomination, Reviewer
from awards.models.panel import places_of
from awards.views import frame
from hstw import draft_views
from hstw.access import Action, decide, prefixes
from hstw.navigation import current_year, in_section
from hstw.require import require
from schools.models import Organization
from schools.scope import signed_in

PAGE_SIZE = 25


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """One's places on panels, the nominations of one's schools, the editions."""
    in_section(request, "awards")
    user = signed_in(request)
    runs = bool(decide(user, Action.RUN_AWARDS))
    rows = Edition.objects.select_related("award").prefetch_related("phases")
    mine = {place.edition_id for place in places_of(user)}
    known = [one for one in rows if one.past or one.is_open or runs or one.pk in mine]
    own: Any = Nomination.objects.none()
    if prefixes(user, Action.VIEW_NOMINATIONS):
        own = Nomination.objects.visible_to(user).exclude(edition__in=mine).select_related("organization", "edition")
    schools = (
        Organization.objects.visible_to(user, Action.NOMINATE).filter(kind="school", closed=None)
        if prefixes(user, Action.NOMINATE)
        else Organization.objects.none()
    )
    return frame.show(
        request,
        None,
        "awards/home.html",
        places=places_of(user),
        own=Paginator(own.order_by("-edition__year", "organization__name", "pk"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        schools=list(schools[:6]),
        current=[one for one in known if not one.past],
        past=[one for one in known if one.past],
        runs=runs,
        year=current_year(),
    )


@require_safe
@login_required
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """An edition: what it honors, its dates, its rubric."""
    edition = frame.edition_for(request, slug)
    can_set_up = not edition.past and bool(may(request.user, EditionAction.SET_UP, edition))
    return frame.show(
        request,
        edition,
        "awards/edition.html",
        phases=pages.phases_of(edition),
        criteria=edition.criteria.prefetch_related("bands"),
        can_set_up=can_set_up,
        missing=editions.missing(edition) if can_set_up and not edition.is_open else [],
        announced=results.announced(edition),
    )


@require_http_methods(["GET", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """A new edition, with the rules of the last."""
    in_section(request, "awards")
    user = signed_in(request)
    require(user, Action.RUN_AWARDS)
    form = NewEditionForm(request.POST or None, initial={"year": current_year() + 1})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            return redirect(editions.new(data["award"], data["year"], time_zone=data["time_zone"]))
        except editions.EditionError as error:
            form.add_error("year", str(error))
    return frame.show(request, None, "awards/edition_new.html", form=form)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules of an edition that is not open."""
    edition = frame.edition_for(request, slug, EditionAction.SET_UP)
    if edition.is_open or edition.past:
        return _stands(request, edition)
    return draft_views.edit(
        request,
        form_class=EditionForm,
        instance=edition,
        template="awards/edition_edit.html",
        key=f"awards.edition:{edition.pk}",
        context={**frame.context_of(request, edition), "title": _("Rules of the edition")},
    )


def _stands(request: HttpRequest, edition: Edition) -> HttpResponse:
    messages.info(request, _("The edition is open: its rules and rubric stand."))
    return redirect(edition)


@require_http_methods(["GET", "POST"])
@login_required
def rubric(request: HttpRequest, slug: str) -> HttpResponse:
    """Criteria, weights and bands of an edition that is not open."""
    edition = frame.edition_for(request, slug, EditionAction.SET_UP)
    if edition.is_open or edition.past:
        return _stands(request, edition)

    def save(form: Any, version: int) -> None:
        editions.save_facts(edition, version, [])
        editions.set_rubric(edition, form.rows())

    return draft_views.edit(
        request,
        form_class=rubric_form(edition),
        instance=edition,
        template="awards/rubric.html",
        key=f"awards.rubric:{edition.pk}",
        save=save,
        context={**frame.context_of(request, edition), "title": _("Rubric")},
    )


@require_http_methods(["GET", "POST"])
@login_required
def dates(request: HttpRequest, slug: str) -> HttpResponse:
    """When each phase opens and closes; a deadline can be moved while the edition runs."""
    edition = frame.edition_for(request, slug, EditionAction.SET_UP)
    if edition.past:
        return _stands(request, edition)
    form = PhasesForm(request.POST or None, edition=edition)
    if request.method == "POST" and form.is_valid():
        editions.set_phases(edition, form.times(form.cleaned_data))
        messages.success(request, _("Saved."))
        return redirect(edition)
    return frame.show(request, edition, "awards/dates.html", form=form)


@require_POST
@login_required
def open_edition(request: HttpRequest, slug: str) -> HttpResponse:
    """Open it: from now on the rubric stands."""
    edition = frame.edition_for(request, slug, EditionAction.SET_UP)
    try:
        editions.open_edition(edition)
    except editions.EditionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The edition is open. Schools can be nominated in its phase."))
    return redirect(edition)


@require_http_methods(["GET", "POST"])
@login_required
def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """Who coordinates, chairs and reads."""
    edition = frame.edition_for(request, slug, EditionAction.NAME_PANEL)
    form = PanelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        _place, made = Reviewer.objects.get_or_create(
            edition=edition, user=form.user, left_at=None, defaults={"role": data["role"], "most": data["most"]}
        )
        if made:
            messages.success(request, _("%(person)s is on the panel.") % {"person": form.user})
            return redirect("awards:panel", slug=edition.slug)
        form.add_error("email", _("This person is on the panel already."))
    people = edition.panel.serving().select_related("user", "employer").order_by("role", "user__name", "pk")
    return frame.show(
        request,
        edition,
        "awards/panel.html",
        form=form,
        page_obj=Paginator(people, PAGE_SIZE).get_page(request.GET.get("page")),
    )


@require_POST
@login_required
def leave(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take somebody off the panel."""
    edition = frame.edition_for(request, slug, EditionAction.NAME_PANEL)
    try:
        editions.leave_panel(edition, pk)
    except editions.EditionError as error:
        messages.error(request, str(error))
    return redirect(reverse("awards:panel", args=[edition.slug]))
