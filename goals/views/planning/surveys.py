"""Surveys: what one found, recording one by hand, and many from a file: look first, then load."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from goals.forms_planning.practice import SurveyFileForm, SurveyForm
from goals.models import SurveyAdministration
from goals.planning import survey_check, survey_file, survey_load, surveys
from goals.planning.survey_check import Told
from goals.planning.survey_load import State
from goals.views.planning import frame
from hstw import files, links
from hstw.access import Action, decide
from hstw.exports import answers
from hstw.values import SchoolYear
from schools.imports.problems import FileRefused
from schools.models import Organization
from schools.scope import signed_in

# How long a file that was looked at may wait for its yes; what it tells waits, signed, in the page itself.
VALID = dt.timedelta(hours=2)
LOOKED_AT = "survey-file"
SHOWN = 100


def _survey(organization: Organization, pk: int) -> SurveyAdministration:
    return get_object_or_404(
        SurveyAdministration.objects.select_related("organization__in_state"), pk=pk, organization=organization
    )


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """What a survey found, for everybody who reads the plan."""
    organization, school_year = frame.place(request, slug, year, Action.VIEW_PLAN)
    user, survey = signed_in(request), _survey(organization, pk)
    surveys.shown(user, [survey])
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/survey.html",
        tab="practices",
        survey=survey,
        of_year=SchoolYear.on(survey.given_on),
        may_change=bool(decide(user, Action.LEAD_ASSESSMENT, organization)),
    )


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, slug: str, year: int, pk: int = 0) -> HttpResponse:
    """Record a survey, or change one (``pk`` from 1)."""
    organization, school_year = frame.place(request, slug, year, Action.LEAD_ASSESSMENT)
    row = _survey(organization, pk) if pk else SurveyAdministration(organization=organization)
    if pk and (reading := surveys.read_by(signed_in(request), [row])[pk]).hidden:
        raise PermissionDenied(
            _("Fewer than %(minimum)d answered this survey: who may see exact figures can change it.")
            % {"minimum": reading.minimum}
        )
    practices = surveys.Asked().of(organization.design, school_year)
    form = SurveyForm(request.POST or None, instance=row, practices=practices)
    if request.method == "POST" and form.is_valid():
        try:
            form.save()
        except IntegrityError:  # sent twice at once: the other was first
            form.add_error("given_on", _("A survey of that day is recorded already: change that one."))
        else:
            messages.success(request, _("Saved."))
            return redirect("goals:practices", slug, school_year)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/simple_form.html",
        status=422 if form.errors else 200,
        tab="practices",
        form=form,
        heading=_("A survey"),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def load(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Surveys from a file: choose it, look at what it would do, say yes."""
    organization, school_year = frame.place(request, slug, year, Action.LEAD_ASSESSMENT)
    if request.method == "POST" and "told" in request.POST:
        return _apply(request, organization, school_year)
    form = SurveyFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and (stopped := files.too_large(request)):
        form.add_error("file", stopped)
    elif request.method == "POST" and form.is_valid():
        try:
            found = _read(form.cleaned_data["file"])
        except FileRefused as refused:
            form.add_error("file", f"{refused.text} {refused.advice}".strip())
        else:
            told = survey_check.check(found.rows, organization, found.wrong)
            return _look(request, organization, school_year, found, told)
    return frame.show(
        request,
        organization,
        school_year,
        "goals/plans/survey_load.html",
        status=422 if form.errors else 200,
        tab="practices",
        form=form,
        columns=survey_file.COLUMNS,
    )


def _read(upload: Any) -> survey_file.Rows:
    """What was uploaded, by way of a file that nobody else sees and that goes at once."""
    with tempfile.NamedTemporaryFile() as kept:
        for block in upload.chunks():
            kept.write(block)
        kept.flush()
        return survey_file.read(Path(kept.name), files.display_name(upload.name or ""))


def _look(
    request: HttpRequest,
    organization: Organization,
    year: SchoolYear,
    found: survey_file.Rows | None,
    told: list[Told],
    status: int = 200,
) -> HttpResponse:
    """What the file would do; with anything wrong in it, what is wrong and no way to load it."""
    user = signed_in(request)
    wrong = found.wrong.grouped if found else []
    outcomes = [] if wrong else survey_load.compare(user, told)
    counts = {state: sum(one.state == state for one in outcomes) for state in State}
    token = ""
    if counts[State.NEW] or counts[State.CHANGED]:
        mark = survey_load.mark_of(outcomes)
        token = links.sign(LOOKED_AT, [user.pk, organization.pk, mark, [one.as_json() for one in told]])
    return frame.show(
        request,
        organization,
        year,
        "goals/plans/survey_look.html",
        status=422 if wrong else status,
        tab="practices",
        wrong=wrong,
        notes=found.notes if found else [],
        outcomes=outcomes[:SHOWN],
        more=max(0, len(outcomes) - SHOWN),
        counts=[(state.label, n) for state, n in counts.items() if n],
        held=counts[State.HELD],
        token=token,
    )


def _apply(request: HttpRequest, organization: Organization, year: SchoolYear) -> HttpResponse:
    user = signed_in(request)
    try:
        person, place, mark, rows = links.read(LOOKED_AT, request.POST["told"], valid_for=VALID)
    except links.BrokenLink:
        person = place = None
    if (person, place) != (user.pk, organization.pk):
        messages.error(request, _("You looked at it too long ago. Nothing was loaded; please load the file again."))
        return redirect("goals:survey_load", organization.slug, year)
    told = [Told.from_json(row) for row in rows]
    try:
        outcomes = survey_load.apply(user, told, mark)
    except survey_load.Overtaken as error:
        messages.warning(request, str(error))
        return _look(request, organization, year, None, told, status=409)
    done = sum(one.state in {State.NEW, State.CHANGED} for one in outcomes)
    messages.success(request, ngettext("%(n)d survey is recorded.", "%(n)d surveys are recorded.", done) % {"n": done})
    return redirect("goals:practices", organization.slug, year)


@require_safe
@login_required
def template(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """A file to start from."""
    organization, school_year = frame.place(request, slug, year, Action.LEAD_ASSESSMENT)
    practices = surveys.Asked().of(organization.design, school_year)
    return answers.table(form, "surveys", *survey_file.template(practices))
