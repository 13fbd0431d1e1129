"""Students by name: the list, one student's record, and putting a field of it right."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from hstw.access import Action, decide
from hstw.navigation import at
from hstw.require import require
from schools import student_record, students
from schools.forms.data import CorrectionForm, StudentFilter
from schools.imports import corrections
from schools.models import Correction, Student
from schools.models.evidence import Evidence
from schools.scope import signed_in
from schools.views.data import frame

PAGE_SIZE = 25


@never_cache
@require_safe
@login_required
def browse(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Those enrolled at any time of the year, searched and narrowed by grade."""
    organization, school_year = frame.data_of(request, slug, year, Action.VIEW_NAMED_STUDENTS)
    form = StudentFilter(request.GET, grades=students.grades_of(organization, school_year))
    found = students.enrolled(signed_in(request), organization, school_year, **form.asked())
    page_obj = Paginator(found, PAGE_SIZE).get_page(frame.page_number(request))
    frame.read(request, "student list read", organization=organization.slug, year=int(school_year))
    return frame.show(
        request,
        organization,
        school_year,
        "schools/data/students.html",
        form=form,
        page_obj=page_obj,
        rows=students.rows(page_obj.object_list, organization, school_year),
        several_schools=organization.kind != "school",
    )


@never_cache
@require_safe
@login_required
def page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One student's record."""
    student = frame.student_for(request, public_id)
    user = signed_in(request)
    years = student_record.record(student, user)
    _stand(request, years)
    frame.read(request, "student read", student=str(student.public_id))
    context = {"student": student, "years": years, "numbers": student_record.numbers(student, user)}
    return render(request, "schools/data/student.html", context)


@never_cache
@require_safe
@login_required
def row(request: HttpRequest, public_id: uuid.UUID, table: str, pk: int) -> HttpResponse:
    """Every field of one row of the record, each with its correction."""
    student, found = _row(request, public_id, table, pk)
    context = {
        "student": student,
        "row": found,
        "table": table,
        "kind": found._meta.verbose_name,
        "fields": [_told(found, field) for field in corrections.fields(found)],
        "may_correct": decide(signed_in(request), Action.IMPORT_STUDENTS, found.organization),
        "may_see_import": found.batch and decide(signed_in(request), Action.VIEW_IMPORTS, found.batch),
    }
    frame.read(request, "student read", student=str(student.public_id))
    return render(request, "schools/data/student_row.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def correct(request: HttpRequest, public_id: uuid.UUID, table: str, pk: int, field: str) -> HttpResponse:
    """Put one field right, with the reason; or take the correction back."""
    student, found = _row(request, public_id, table, pk)
    user = signed_in(request)
    require(user, Action.IMPORT_STUDENTS, found.organization)
    chosen = next((one for one in corrections.fields(found) if one.name == field), None)
    if chosen is None:
        raise Http404
    back = redirect("schools:student_row", public_id=public_id, table=table, pk=pk)
    if request.method == "POST" and "withdraw" in request.POST:
        _withdraw(request, chosen.correction)
        return back
    form = CorrectionForm(request.POST or None, row=found, field=chosen)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            corrections.correct(found, field, data["value"], reason=data["reason"], by=user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Corrected. The next file does not overwrite it unless its own value changes."))
            return back
    context = {"student": student, "row": found, "table": table, "form": form, **_told(found, chosen)}
    return render(request, "schools/data/student_correct.html", context | {"kind": found._meta.verbose_name})


def _withdraw(request: HttpRequest, correction: Correction | None) -> None:
    """Take it back, or say why that cannot be; gone already is no error."""
    try:
        if correction is not None:
            corrections.withdraw(correction, by=signed_in(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Taken back: the value is the file's again."))


def _row(request: HttpRequest, public_id: uuid.UUID, table: str, pk: int) -> tuple[Student, Evidence]:
    student = frame.student_for(request, public_id)
    found = student_record.row_for(student, signed_in(request), table, pk)
    if found is None:
        raise Http404
    at(request, found.organization, found.year)
    return student, found


def _told(row: Evidence, field: corrections.Field) -> dict[str, Any]:
    """A field with its values as people say them."""
    before = field.correction.file_value if field.correction else None
    return {
        "field": field,
        "value": student_record.said(row, field.name, field.value),
        "before": student_record.said(row, field.name, before),
    }


def _stand(request: HttpRequest, years: list[Any]) -> None:
    """The bar shows the organization and year of the latest thing recorded within reach."""
    for year in years:
        for entry in year.entries:
            at(request, entry.row.organization, year.year)
            return
