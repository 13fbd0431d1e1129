"""Students who may be one person recorded twice: looked at in pairs, never merged."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hstw.access import Action
from schools.imports import duplicates
from schools.models import Student
from schools.scope import signed_in
from schools.views.data import frame

PAGE_SIZE = 25


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Pairs that look like one person; somebody who knows says that they are two."""
    organization, school_year = frame.data_of(request, slug, year, Action.VIEW_NAMED_STUDENTS)
    user = signed_in(request)
    if request.method == "POST":
        try:
            duplicates.say_different(_student(request, "first"), _student(request, "second"), by=user)
        except duplicates.DuplicatesError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Noted: they are different people. The pair is not shown again."))
        return redirect("schools:duplicates", slug=slug, year=year)
    pairs = duplicates.possible(organization, user)
    page_obj = Paginator(cast("Sequence[duplicates.Pair]", pairs), PAGE_SIZE).get_page(frame.page_number(request))
    frame.read(request, "student list read", organization=organization.slug, list="duplicates")
    return frame.show(
        request,
        organization,
        school_year,
        "schools/data/duplicates.html",
        page_obj=page_obj,
        pairs=[(pair, (pair.first, pair.second)) for pair in page_obj.object_list],
    )


def _student(request: HttpRequest, name: str) -> Student:
    try:
        public_id = uuid.UUID(request.POST.get(name, ""))
    except ValueError as error:
        raise Http404 from error
    return get_object_or_404(Student.objects.visible_to(signed_in(request)), public_id=public_id)
