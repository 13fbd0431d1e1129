"""What the pages of “Readiness” share: how each gets its organization and its measure, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from goals import board, export
from goals.evidence import target_of
from goals.models import Measure
from goals.readiness import looks_at
from goals.readiness.amounts import all_measures
from hstw.access import Action, decide
from hstw.exports import answers
from hstw.navigation import in_section
from hstw.values import SchoolYear
from schools.models import Organization, User
from schools.models.organization import Kind
from schools.scope import context_of, organization_for, signed_in
from schools.views.data import frame as data
from schools.views.data.frame import layouts_for

# Of whom students are listed by name; a cooperative and the region work with sums.
LIST_STUDENTS = {Kind.SCHOOL, Kind.DISTRICT, Kind.STATE}


@contextmanager
def one_snapshot() -> Iterator[None]:
    """What is read within is of one moment: no rollup that ends meanwhile is seen by half (design, section 5)."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def readiness_of(
    request: HttpRequest, slug: str, year: int, action: Action = Action.VIEW_ORGANIZATION
) -> tuple[Organization, SchoolYear]:
    """The organization and year of a page of “Readiness”."""
    found = organization_for(request, slug, year, action)
    in_section(request, "readiness")
    return found


def figures_file(
    request: HttpRequest, organization: Organization, year: SchoolYear, made: export.Export, name: str, form: str
) -> HttpResponseBase:
    """Figures as CSV or workbook; that exact ones were taken is written down."""
    if made.exact:
        data.read(request, "figures downloaded", what=f"{name}.{form}", organization=organization.slug, year=int(year))
        name = f"{name}-do-not-share"
    name = f"{organization.slug}-{year:d}-{name}"
    return answers.csv(name, made.headings, made.rows) if form == "csv" else answers.workbook(name, made.sheets())


def measure_of(code: str) -> Measure:
    """A measure that is computed here, by its code; 404 for any other."""
    if code not in board.measures_shown():
        raise Http404
    return get_object_or_404(Measure, code=code)


def show(
    request: HttpRequest, organization: Organization, year: SchoolYear, template: str, **context: Any
) -> HttpResponse:
    """A page about one organization."""
    context |= context_of(request, organization, year) | {
        "names_students": organization.kind in LIST_STUDENTS
        and bool(decide(signed_in(request), Action.VIEW_NAMED_STUDENTS, organization)),
    }
    return render(request, template, context)


def uploads(
    user: User, organization: Organization, year: SchoolYear, missing: Iterable[str], *, brief: bool = False
) -> list[dict[str, str]]:
    """For each kind of evidence, in words, the page that loads it, for those who may load it.

    ``brief``: each kind once, whatever its years.
    """
    wanted = list(missing)
    layouts = layouts_for(user, organization) if wanted else []
    by_target = {target: layout.code for layout in reversed(layouts) for target in layout.targets}
    kinds = {kind for one in all_measures() for kind in one.evidence} | {"demographics"}
    layout_of = {looks_at.label(kind): by_target.get(target_of(kind), "") for kind in kinds}
    if brief:
        wanted = list(dict.fromkeys(_kind_of(label, layout_of) or label for label in wanted))
    address = reverse("schools:import_new", args=[organization.slug, year])
    return [
        {"label": label, "url": f"{address}?kind={layout}" if (layout := _of(label, layout_of)) else ""}
        for label in wanted
    ]


def _of(label: str, layout_of: dict[str, str]) -> str:
    """The layout for what is missing, which may be said with its years."""
    return layout_of.get(_kind_of(label, layout_of), "")


def _kind_of(label: str, kinds: Iterable[str]) -> str:
    return max((kind for kind in kinds if label == kind or label.startswith(f"{kind} ")), key=len, default="")
