"""Programs of study, by name: the counselor's list, and one student's program. Every look is recorded."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from hstw import draft_views, drafts
from hstw.access import Action, decide
from hstw.exports import answers, tables
from hstw.require import require
from hstw.values import SchoolYear
from pathways import programs
from pathways.forms.programs import NEW, PlanForm, ProgramFilter, ProgramForm, ReviewForm
from pathways.models import PlannedCourse, ProgramOfStudy
from pathways.programs import Standing
from pathways.views import frame
from schools.models import CourseRecord, Organization, Student, User
from schools.models.organization import Grade, Kind
from schools.scope import signed_in
from schools.views.data import frame as data


@never_cache
@require_safe
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Who has no program, who is off the pathway, who misses a credit; for a district, its schools to choose from."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    if organization.kind != Kind.SCHOOL:
        schools = Organization.objects.get_children(organization).filter(kind=Kind.SCHOOL, closed=None)
        below = Paginator(schools.order_by("name", "pk"), frame.PAGE_SIZE).get_page(request.GET.get("page"))
        return frame.show(request, organization, school_year, "pathways/programs_schools.html", page_obj=below)
    form = ProgramFilter(request.GET)
    asked = form.asked()
    found = programs.standings(organization, int(school_year))
    counts = Counter(check.standing for _grade, _program, check in found.values())
    chosen = _chosen(found, asked, signed_in(request))
    page_obj: Any = Paginator(chosen, frame.PAGE_SIZE).get_page(request.GET.get("page"))
    data.read(request, "student list read", organization=organization.slug, year=int(school_year), what="programs")
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/programs.html",
        form=form,
        page_obj=page_obj,
        rows=_rows(found, list(page_obj.object_list)),
        counts=[(standing, counts[standing]) for standing in Standing],
        students=len(found),
    )


def _chosen(found: dict[int, Any], asked: dict[str, Any], user: User) -> list[int]:
    """The students asked for, by name."""
    keys = [
        key
        for key, (grade, program, check) in found.items()
        if (not asked["standing"] or check.standing == asked["standing"])
        and (not asked["grade"] or grade == asked["grade"])
        and (not asked["mine"] or (program is not None and program.adviser_id == user.pk))
    ]
    return list(Student.objects.filter(pk__in=keys).values_list("pk", flat=True))


def _rows(found: dict[int, Any], keys: list[int]) -> list[programs.Row]:
    students = Student.objects.in_bulk(keys)
    return [programs.Row(students[key], *found[key]) for key in keys]


@never_cache
@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """The same list as a file, all of it."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    asked = ProgramFilter(request.GET).asked()
    found = programs.standings(organization, int(school_year))
    rows = _rows(found, _chosen(found, asked, signed_in(request)))
    data.read(
        request,
        "student file downloaded",
        what=f"programs.{form}",
        organization=organization.slug,
        year=int(school_year),
        **asked,
    )
    headings = [_("Last name"), _("First name"), _("Grade"), _("Pathway"), _("Adviser"), _("Standing"), _("Missing")]
    sheet = tables.Sheet(_("Programs of study"), headings, _cells(rows), widths={headings[-1]: 60})
    return answers.table(form, f"{organization.slug}-{school_year}-programs", sheet)


def _cells(rows: list[programs.Row]) -> Iterator[list[str]]:
    for row in rows:
        program = row.program
        yield [
            row.student.last_name,
            row.student.first_name,
            str(Grade(row.grade).label),
            program.pathway.name if program and program.pathway else "",
            program.adviser.name if program and program.adviser else "",
            str(row.check.standing.label),
            row.check.why,
        ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def program(request: HttpRequest, slug: str, year: int, public_id: uuid.UUID) -> HttpResponse:
    """One student's program: taken and planned by grade, what is missing, its reviews."""
    organization, school_year, student, grade = _student(request, slug, year, public_id)
    found = _current(organization, student)
    user = signed_in(request)
    forms: dict[str, Any] = {
        "plan": PlanForm(organization=organization, initial={"grade": grade}),
        "review": ReviewForm(prefix="review", initial={"held_on": timezone.localdate()}),
    }
    status = 200
    if request.method == "POST" and found is not None:
        require(user, Action.ADVISE_STUDENTS, organization)
        if _done(request, found, grade, forms):
            return redirect("pathways:program", slug=slug, year=year, public_id=public_id)
        status = 422
    data.read(request, "student read", student=str(student.public_id), what="program of study")
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/program.html",
        status=status,
        student=student,
        grade=grade,
        program=found,
        check=programs.check(organization, int(school_year), [found])[found.pk] if found else None,
        columns=_columns(student, found, int(school_year), grade),
        reviews=found.reviews.select_related("by") if found else [],
        plan_form=forms["plan"],
        review_form=forms["review"],
        may_advise=decide(user, Action.ADVISE_STUDENTS, organization),
    )


def _student(
    request: HttpRequest, slug: str, year: int, public_id: uuid.UUID
) -> tuple[Organization, SchoolYear, Student, str]:
    """A student of a school's year, the school, and the grade; 404 for anybody else."""
    above, school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    student = get_object_or_404(Student.objects.visible_to(signed_in(request)), public_id=public_id)
    spell = (
        student.enrollments.filter(organization__path__startswith=above.path, year=int(school_year))
        .select_related("organization__in_state")
        .order_by("-entered", "-pk")
        .first()
    )
    if spell is None:
        raise Http404
    return spell.organization, school_year, student, spell.grade


def _current(organization: Organization, student: Student) -> ProgramOfStudy | None:
    found: ProgramOfStudy | None = (
        ProgramOfStudy.objects.current()
        .filter(organization=organization, student=student)
        .select_related("organization__in_state", "pathway", "adviser")
        .first()
    )
    return found


def _columns(student: Student, found: ProgramOfStudy | None, year: int, grade: str) -> list[dict[str, Any]]:
    """By grade: what was taken, with its mark, and what is planned; a grade's year is counted from the present one."""
    taken: dict[int, list[CourseRecord]] = {}
    for row in CourseRecord.objects.filter(student=student).order_by("subject", "title", "term", "pk"):
        taken.setdefault(row.year, []).append(row)
    planned: dict[str, list[PlannedCourse]] = {}
    done = programs.taken_by([student.pk]).get(student.pk, programs.Taken())
    if found is not None:
        for plan in found.planned.select_related("course").order_by("grade", "course__subject", "course__title"):
            if not done.has(plan.course):
                planned.setdefault(plan.grade, []).append(plan)
    columns = []
    for code in ("09", "10", "11", "12"):
        of_year = year + int(code) - int(grade) if grade.isdecimal() else year
        columns.append(
            {
                "grade": code,
                "label": str(Grade(code).label),
                "year": SchoolYear(of_year),
                "now": code == grade,
                "taken": taken.get(of_year, []),
                "planned": planned.get(code, []),
            }
        )
    return columns


def _done(request: HttpRequest, found: ProgramOfStudy, grade: str, forms: dict[str, Any]) -> bool:
    """Do what a button of the page asks; false where a form has to be shown again."""
    op = request.POST.get("op", "")
    user = signed_in(request)
    try:
        if op == "plan-pathway":
            n = programs.plan_pathway(found, grade)
            messages.success(request, ngettext("%(n)s course planned.", "%(n)s courses planned.", n) % {"n": n})
        elif op == "plan":
            forms["plan"] = form = PlanForm(request.POST, organization=found.organization)
            if not form.is_valid():
                return False
            try:
                programs.plan(found, form.cleaned_data["course"], form.cleaned_data["grade"])
            except ValidationError as error:
                form.add_error("course", error)
                return False
            messages.success(request, _("Planned."))
        elif op == "unplan":
            row = request.POST.get("row", "")
            get_object_or_404(found.planned, pk=int(row) if row.isdecimal() and len(row) < 12 else 0).delete()
            messages.success(request, _("Taken out."))
        elif op == "review":
            forms["review"] = held = ReviewForm(request.POST, prefix="review")
            if not held.is_valid():
                return False
            try:
                programs.review(found, by=user, **held.cleaned_data)
            except ValidationError as error:
                held.add_error(None, error)
                return False
            messages.success(request, _("Recorded."))
    except ValidationError as error:
        messages.error(request, frame.words(error))
    return True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, slug: str, year: int, public_id: uuid.UUID) -> HttpResponse:
    """Begin a student's program, or change the pathway and the adviser."""
    organization, school_year, student, _grade = _student(request, slug, year, public_id)
    require(signed_in(request), Action.ADVISE_STUDENTS, organization)
    found = _current(organization, student)
    data.read(request, "student read", student=str(student.public_id), what="program of study")
    return draft_views.edit(
        request,
        form_class=ProgramForm,
        instance=found or ProgramOfStudy(organization=organization, student=student, begun=timezone.localdate()),
        template="pathways/program_edit.html",
        context=frame.about(request, organization, school_year) | {"student": student, "program": found},
        key=None if found else drafts.key_of(NEW, organization.pk, student.pk),
        saved_to=reverse("pathways:program", args=[slug, year, public_id]),
        about_student=True,
    )
