"""The students behind a number, by name: for those who serve them, every look recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from goals import board, certified, measure_page, students
from goals import within_reach as reach
from goals.evidence import loaded_of
from goals.forms import CountedFilter
from goals.models import Measure
from goals.readiness import explain
from goals.views import frame
from hstw.access import Action
from hstw.exports import answers, tables
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind
from schools.students import Row
from schools.views.data import frame as data

PAGE_SIZE = 25


@never_cache
@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int, code: str) -> HttpResponse:
    """Who is counted, and who met it or not, each with the line of the rule that decided."""
    organization, school_year, measure, form = _asked(request, slug, year, code)
    counted = students.Counted(organization, explain.spec_of(code), school_year, **form.asked())
    page_obj: Page[Any] = Paginator(counted, PAGE_SIZE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
    data.read(
        request,
        "student list read",
        organization=organization.slug,
        year=int(school_year),
        measure=code,
        **form.asked(),
    )
    return frame.show(
        request,
        organization,
        school_year,
        "goals/measure_students.html",
        measure=measure,
        form=form,
        page_obj=page_obj,
        words=students.words_of(measure),
        closed=certified.closing_of(organization, school_year),
        several_schools=organization.kind != "school",
    )


@never_cache
@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, code: str, form: str) -> HttpResponseBase:
    """The same list as a file, all of it."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year, measure, asked = _asked(request, slug, year, code)
    counted = students.Counted(organization, explain.spec_of(code), school_year, **asked.asked())
    data.read(
        request,
        "student file downloaded",
        what=f"{code}.{form}",
        organization=organization.slug,
        year=int(school_year),
        **asked.asked(),
    )
    name = f"{organization.slug}-{school_year}-{code.lower()}-students"
    headings, rows = _headings(measure), _rows(measure, counted)
    sheets = [tables.Sheet(_("About"), [_("What"), _("Words")], _about(organization, school_year, measure))]
    return _file(form, name, headings, rows, sheets)


@never_cache
@require_safe
@login_required
def within_reach(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Seniors who lack one condition of the readiness rule, on a way that they have begun."""
    organization, school_year, found, way, short = _short(request, slug, year)
    page_obj: Page[Any] = Paginator(short, PAGE_SIZE).get_page(request.GET.get("page"))  # type: ignore[arg-type]
    data.read(request, "student list read", organization=organization.slug, year=int(school_year), what="within reach")
    return frame.show(
        request,
        organization,
        school_year,
        "goals/within_reach.html",
        found=found,
        way=way,
        page_obj=page_obj,
        several_schools=organization.kind != "school",
    )


@never_cache
@require_safe
@login_required
def within_reach_file(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """The same list as a file, all of it."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year, _found, _way, short = _short(request, slug, year)
    data.read(
        request, "student file downloaded", what="within reach", organization=organization.slug, year=int(school_year)
    )
    headings = [*_who_headings(), _("Way to readiness"), _("What is missing")]
    rows = ([*_who(row), senior.way, senior.missing] for row, senior in short.everyone())
    return _file(form, f"{organization.slug}-{school_year}-within-reach", headings, rows, [])


def _short(
    request: HttpRequest, slug: str, year: int
) -> tuple[Organization, SchoolYear, reach.Seniors, str, reach.OneStepShort]:
    organization, school_year = frame.readiness_of(request, slug, year, Action.VIEW_NAMED_STUDENTS)
    if organization.kind not in {Kind.SCHOOL, Kind.DISTRICT}:
        raise Http404
    found = reach.seniors(organization, school_year)
    way = request.GET.get("way", "")
    return organization, school_year, found, way, reach.OneStepShort(found, organization, school_year, way)


def _file(
    form: str, name: str, headings: list[str], rows: Iterable[list[Any]], more: list[tables.Sheet]
) -> HttpResponseBase:
    return answers.table(form, name, tables.Sheet(_("Students"), headings, rows, widths={headings[-1]: 60}), *more)


def _asked(
    request: HttpRequest, slug: str, year: int, code: str
) -> tuple[Organization, SchoolYear, Measure, CountedFilter]:
    organization, school_year = frame.readiness_of(request, slug, year, Action.VIEW_NAMED_STUDENTS)
    measure = frame.measure_of(code)
    if organization.kind not in frame.LIST_STUDENTS or measure.bit is None:
        raise Http404
    return organization, school_year, measure, CountedFilter(request.GET, measure=measure)


def _who_headings() -> list[str]:
    return [_("Last name"), _("First name"), _("Grade"), _("School"), _("District number"), _("State number")]


def _who(row: Row) -> list[str]:
    return [
        *(row.student.last_name, row.student.first_name, row.grades, row.schools),
        *(row.local_number, row.state_number),
    ]


def _headings(measure: Measure) -> list[str]:
    return [*_who_headings(), str(measure.name), _("Why, or what is missing")]


def _rows(measure: Measure, counted: students.Counted) -> Iterator[list[Any]]:
    reached, not_reached = students.words_of(measure)
    for one in counted.everyone():
        yield [*_who(one.row), reached if one.met else not_reached, one.why]


def _about(organization: Organization, year: SchoolYear, measure: Measure) -> list[list[str]]:
    """What the file is, and what its measure means: in the words of the measure's page."""
    loaded = loaded_of(organization, board.years_to(year, board.YEARS_SHOWN + 3))
    [(_measure, told)] = measure_page.told(organization, [measure], year, loaded)
    return [
        [_("Students by name"), _("For those who serve these students. Do not share.")],
        [_("Organization"), organization.name],
        [_("School year"), year.label],
        [_("Measure"), measure.name],
        *([entry.term, entry.whole] for section in told for entry in section.entries),
    ]
