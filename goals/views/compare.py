"""Those below an organization side by side: as a list, as small trends, by student group, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from goals import below, board, compare, gaps, trend_lines
from goals.below import Asked
from goals.compare import Comparison, Line
from goals.figures import FigureState
from goals.forms import CompareFilter
from goals.models import Measure, StudentGroup
from goals.views import frame
from hstw.exports import answers, tables
from hstw.values import SchoolYear
from schools import organizations
from schools.models import Organization
from schools.scope import signed_in
from schools.views.data import frame as data

PAGE_SIZE = 25
CHARTS_ON_A_PAGE = 24


@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Every one below with its figure, bar and change; with ``by=group`` two student groups and the gap between."""
    organization, school_year = frame.readiness_of(request, slug, year)
    user = signed_in(request)
    with frame.one_snapshot():
        form, asked, found = _compared(request, organization, school_year)
        by_group = form.data.get("by") == "group"
        groups = None
        if by_group:
            chosen = {one.code: one for one in StudentGroup.objects.filter(code__in=[asked.group, asked.than])}
            one = None if asked.group == asked.than else chosen[asked.group]
            groups = gaps.gaps(user, organization, school_year, found.measure, one, chosen[asked.than])
            if one is None:
                # Without a choice it is the group furthest behind that the page is about.
                asked = replace(asked, group=groups.one.code)
                found = compare.compare(user, organization, school_year, found.measure, asked)
                form.data = {**form.data, "group": groups.one.code}
        page_obj = _page(request, found.lines, PAGE_SIZE)
    return _show(
        request,
        organization,
        school_year,
        "goals/compare_groups.html" if by_group else "goals/compare.html",
        form,
        asked,
        found,
        page_obj,
        gaps=groups,
        tab="groups" if by_group else "compare",
    )


@require_safe
@login_required
def trends(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """A small chart of each, all on one scale."""
    organization, school_year = frame.readiness_of(request, slug, year)
    with frame.one_snapshot():
        form, asked, found = _compared(request, organization, school_year)
        page_obj = _page(request, found.lines, CHARTS_ON_A_PAGE)
        page_obj.object_list = compare.with_trends(found, list(page_obj.object_list))
    return _show(
        request,
        organization,
        school_year,
        "goals/trends.html",
        form,
        asked,
        found,
        page_obj,
        whole_trend=trend_lines.trend_of(
            found.whole, found.scale, width=440, height=170, margin=30, goal=found.target, broken=found.broken
        ),
        whole_sentence=board.trend_sentence(trend_lines.whole_years(found.whole), found.broken),
        tab="trends",
    )


@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """What the page shows as a file, all pages of it."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year = frame.readiness_of(request, slug, year)
    with frame.one_snapshot():
        _form, asked, found = _compared(request, organization, school_year)
        organizations.with_parents(line.organization for line in found.lines)
    data.read(
        request,
        "figures downloaded",
        what=f"{found.measure.code}.{form}",
        organization=organization.slug,
        year=int(school_year),
        group=asked.group,
        exact=found.exact,
    )
    headings = _headings(found)
    name = f"{organization.slug}-{found.shown_year}-{found.measure.code.lower()}-compared"
    sheet = tables.Sheet(
        _("Figures"),
        headings,
        _rows(found),
        formats={_("Percent"): "percent", _("Of"): "number", _("Count"): "number", _("Change in points"): "number"},
        widths={_("Name"): 44, _("Part of"): 30, _("Figure"): 28},
    )
    about = tables.Sheet(_("About"), [_("What"), _("Words")], _about(found), widths={_("Words"): 90})
    return answers.table(form, name, sheet, about)


def _compared(
    request: HttpRequest, organization: Organization, year: SchoolYear
) -> tuple[CompareFilter, Asked, Comparison]:
    base = below.base_of(organization)
    form = CompareFilter(request.GET, kinds=below.kinds_below(base))
    asked = form.asked()
    measure = Measure.objects.get(code=asked.measure)
    return form, asked, compare.compare(signed_in(request), organization, year, measure, asked)


def _page(request: HttpRequest, lines: list[Line], size: int) -> Page[Line]:
    found = Paginator(lines, size).get_page(request.GET.get("page"))
    organizations.with_parents(line.organization for line in found.object_list)
    return found


def _show(
    request: HttpRequest,
    organization: Organization,
    year: SchoolYear,
    template: str,
    form: CompareFilter,
    asked: Asked,
    found: Comparison,
    page_obj: Page[Line],
    **context: Any,
) -> HttpResponse:
    nothing = all(line.figure.state in board.UNKNOWN for line in found.lines)
    return frame.show(
        request,
        organization,
        year,
        template,
        form=form,
        sort=asked.sort or compare.first_sort(found.measure, found.than),
        found=found,
        page_obj=page_obj,
        measure=found.measure,
        nothing=nothing,
        uploads=frame.uploads(signed_in(request), organization, year, found.missing) if nothing else [],
        **context,
    )


def _headings(found: Comparison) -> list[str]:
    headings = [_("Name"), _("Part of"), _("School year"), _("Measure"), _("Student group"), _("Figure"), _("Percent")]
    headings += [_("State of the figure"), _("Students"), _("Count"), _("Of"), _("Change in points")]
    if found.target is not None:
        headings.append(_("At SREB's goal"))
    if found.than is not None:
        headings += [found.than.name, _("Points behind")]
    return headings


def _rows(found: Comparison) -> Iterator[list[Any]]:
    for line in found.lines:
        figure = line.figure
        above = getattr(line.organization, "above", None)
        share = figure.percent / 100 if figure.state == FigureState.SHOWN and figure.percent is not None else None
        row: list[Any] = [line.organization.name, above.name if above else "", found.shown_year.label]
        row += [found.measure.name, found.group.name, figure.text, None if figure.tally else share]
        row += [str(figure.state.label), figure.size_text, figure.numerator, figure.denominator, line.change]
        if found.target is not None:
            row.append({True: _("Yes"), False: _("No"), None: ""}[line.reaches])
        if found.than is not None:
            row += [line.other.text if line.other else "", line.points]
        yield row


def _about(found: Comparison) -> list[list[str]]:
    rows = [
        [_("Compared"), _("What is below %(name)s") % {"name": found.base.name}],
        [_("School year"), found.shown_year.label],
        [_("Measure"), found.measure.name],
        [_("Definition"), found.measure.definition],
        [_("Who"), found.measure.population],
        [_("Of"), found.measure.denominator],
        [_("Student group"), found.group.name],
        [_("Source of the definition"), found.measure.source],
        [_("How to read it"), found.measure.how_to_read],
        [_("A common misreading"), found.measure.misreading],
        [found.base.name, found.figure.text],
    ]
    if found.target is not None:
        rows.append([_("SREB's goal"), f"{found.target} %"])
    if found.exact:
        rows.append([_("Exact figures"), _("For those who answer for these students. Do not share.")])
    return rows
