"""What the pages of “Data” share: how each gets its organization, its import or its student, and how it is shown."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from hstw.access import Action, decide, second_factor_required
from hstw.navigation import at, current_year, in_section
from hstw.require import require
from hstw.values import SchoolYear
from schools.imports import registry
from schools.imports.registry import Layout
from schools.models import ImportBatch, Organization, Student, User
from schools.scope import context_of, organization_for, signed_in


class HtmxRequest(HttpRequest):
    """A request that knows whether the page's own script asks, for a part of it."""

    htmx: HtmxDetails


log = structlog.get_logger("schools.students")
LOADS = (Action.IMPORT_STUDENTS, Action.IMPORT_PUBLISHED)


def data_of(
    request: HttpRequest, slug: str, year: int, action: Action = Action.VIEW_IMPORTS
) -> tuple[Organization, SchoolYear]:
    """The organization and year of a page of “Data”."""
    found = organization_for(request, slug, year, action)
    in_section(request, "data")
    return found


def batch_for(request: HttpRequest, public_id: uuid.UUID, action: Action | None = None) -> ImportBatch:
    """An import, and tell the bar where it belongs.

    404 where the person may not know of its organization, 403 where they may not see its imports, or not do
    ``action`` to it.
    """
    batch = get_object_or_404(
        ImportBatch.objects.visible_to(request.user, Action.VIEW_ORGANIZATION).select_related(
            "organization__in_state", "file", "rejected", "loaded_by", "confirmed_by", "applied_by", "undone_by"
        ),
        public_id=public_id,
    )
    at(request, batch.organization, batch.year or current_year())
    in_section(request, "data")
    user = signed_in(request)
    require(user, Action.VIEW_IMPORTS, batch)
    if action is not None:
        require(user, action, batch)
    return batch


def student_for(request: HttpRequest, public_id: uuid.UUID) -> Student:
    """A student whom the person sees by name; 404 for everyone else, 403 where only the second factor is missing."""
    user = signed_in(request)
    if second_factor_required() and not user.has_second_factor and user.works_with_named_students():
        raise PermissionDenied(_("This needs a second factor: add an authenticator or a passkey to your account."))
    student = get_object_or_404(Student.objects.visible_to(user), public_id=public_id)
    in_section(request, "data")
    return student


def layouts_for(user: User, organization: Organization) -> list[Layout]:
    """The kinds of file that this person may load for this organization."""
    may = {action for action in LOADS if decide(user, action, organization)}
    return [
        layout
        for layout in registry.layouts()
        if not layout.refuses and organization.kind in layout.kinds and layout.needs in may
    ]


def kinds_beside_students(layouts: list[Layout]) -> dict[str, str]:
    """The kinds of evidence that these files bring and that are not about students, each with its target."""
    targets = [registry.target(code) for layout in layouts for code in layout.targets]
    return {target.kind: target.code for target in targets if not target.about_student}


def may_load(user: User, organization: Organization) -> bool:
    """Whether the person may load files of any sort here."""
    return any(decide(user, action, organization) for action in LOADS)


def read(request: HttpRequest, event: str, /, **facts: Any) -> None:
    """Write down that somebody read students by name."""
    log.info(event, by=signed_in(request).pk, **facts)


def show(
    request: HttpRequest, organization: Organization, year: SchoolYear, template: str, **context: Any
) -> HttpResponse:
    """A page about one organization."""
    return render(request, template, context | context_of(request, organization, year))


def page_number(request: HttpRequest, name: str = "page") -> str | None:
    """The page of a list that was asked for."""
    return request.GET.get(name)


def year_of(value: int | None) -> SchoolYear:
    """A stored year as one; the current one where there is none."""
    try:
        return SchoolYear(value) if value else current_year()
    except ValueError as error:
        raise Http404(str(error)) from error
