"""The designer: courses by grade, put in, moved and taken out; credentials and work-based learning beside them.

Each step is one small form that saves at once, so that nothing waits to be lost; the page's script only spares the
reload.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from hstw.access import Action
from pathways import design, partners
from pathways.forms.pathways import (
    AddCourseForm,
    AddCredentialForm,
    AddManyForm,
    CopyCoreForm,
    SubjectForm,
    WorkForm,
)
from pathways.models import Course, Partner, Pathway, PathwayCredential, WorkBasedLearning
from pathways.models.catalog import GRADE_CHOICES, Subject
from pathways.models.pathway import Part
from pathways.views import frame
from schools.scope import signed_in

SHOWN_AT_ONCE = 120
PARTNERS_SHOWN = 12


@dataclass
class Desk:
    """What the page works on: the pathway, its forms, what was said last."""

    request: HttpRequest
    pathway: Pathway
    year: int
    subject: str
    forms: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    wrong: str = ""

    def form(self, name: str) -> Any:
        """One of the page's forms: bound where it is the one that was sent."""
        if name not in self.forms:
            sent = self.request.POST if self.request.POST.get("op") == name else None
            self.forms[name] = _FORMS[name](self, sent)
        return self.forms[name]


def _offered(desk: Desk) -> Any:
    rows = Course.objects.offered_to(desk.pathway.organization).in_force(desk.year)
    return rows.filter(subject=desk.subject).exclude(in_pathways__pathway=desk.pathway)[:SHOWN_AT_ONCE]


_CORE = frozenset({Subject.ENGLISH, Subject.MATH, Subject.SCIENCE, Subject.SOCIAL_STUDIES})
_FORMS: dict[str, Callable[[Desk, Any], Any]] = {
    "add": lambda desk, sent: AddCourseForm(sent, organization=desk.pathway.organization, year=desk.year),
    "add-many": lambda desk, sent: AddManyForm(
        sent,
        prefix="many",
        offered=Course.objects.offered_to(desk.pathway.organization).in_force(desk.year),
        initial={"part": Part.CORE if desk.subject in _CORE else Part.PATHWAY},
    ),
    "copy-core": lambda desk, sent: CopyCoreForm(
        sent, sources=design.sources_of_core(desk.pathway, signed_in(desk.request))
    ),
    "add-credential": lambda desk, sent: AddCredentialForm(
        sent, prefix="credential", organization=desk.pathway.organization
    ),
    "add-work": lambda desk, sent: WorkForm(sent, prefix="work", instance=WorkBasedLearning(pathway=desk.pathway)),
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """Work on the inside of a pathway that is a draft."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.EDIT_PATHWAYS, frame.OFFERS)
    pathway = frame.pathway_of(request, organization, pk)
    if pathway.approved:
        messages.warning(request, _("This pathway is approved. Reopen it to change it."))
        return redirect("pathways:pathway", slug=slug, year=year, pk=pk)
    subject = request.GET.get("subject", "")
    desk = Desk(request, pathway, int(school_year), subject if subject in Subject.values else Subject.CTE.value)
    if request.method == "POST":
        _do(desk)
        if desk.said and not request.headers.get("HX-Request"):
            messages.success(request, desk.said)
            return redirect(request.get_full_path())
    refused = bool(desk.wrong) or any(form.is_bound and form.errors for form in desk.forms.values())
    sources = design.sources_of_core(pathway, signed_in(request))
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/design.html",
        # The page's script shows what was refused like any other answer.
        status=422 if refused and not request.headers.get("HX-Request") else 200,
        pathway=pathway,
        design=design.of(pathway),
        desk=desk,
        add=desk.form("add"),
        many=desk.form("add-many"),
        copy=desk.form("copy-core"),
        offered=_offered(desk),
        subjects=SubjectForm(initial={"subject": desk.subject}),
        subject_label=Subject(desk.subject).label,
        sources=sources,
        credential_form=desk.form("add-credential"),
        work_form=desk.form("add-work"),
        credentials=pathway.credentials.select_related("credential_type").order_by("credential_type__name", "pk"),
        work=pathway.work.all(),
        commitments=partners.visible_to(signed_in(request))
        .filter(pathway=pathway, ended=None)
        .select_related("partner__organization"),
        partners=Partner.objects.visible_to(signed_in(request)).filter(organization=organization)[:PARTNERS_SHOWN],
        today=timezone.localdate(),
        grades=GRADE_CHOICES,
        parts=Part.choices,
        editable=True,
    )


def _do(desk: Desk) -> None:
    """One step; what it says or refuses stands on the desk."""
    op = desk.request.POST.get("op", "")
    try:
        if op in _FORMS:
            form = desk.form(op)
            if not form.is_valid():
                return
            try:
                desk.said = _ADDS[op](desk, form)
            except ValidationError as error:
                form.add_error(None, error)
                return
            del desk.forms[op]
            # What was sent is done: the form begins anew.
            desk.forms[op] = _FORMS[op](desk, None)
        elif op in _STEPS:
            desk.said = _STEPS[op](desk)
    except ValidationError as error:
        desk.wrong = frame.words(error)


def _add(desk: Desk, form: Any) -> str:
    data = form.cleaned_data
    row = design.add(desk.pathway, data["course"], data["grade"], data["part"])
    return _("%(course)s: added to grade %(grade)s.") % {
        "course": row.course.title,
        "grade": row.get_grade_display(),
    }


def _add_many(desk: Desk, form: Any) -> str:
    n = design.add_many(desk.pathway, form.cleaned_data["courses"], form.cleaned_data["part"])
    return ngettext("%(n)s course added.", "%(n)s courses added.", n) % {"n": n}


def _copy_core(desk: Desk, form: Any) -> str:
    n = design.copy_core(desk.pathway, form.cleaned_data["source"])
    return ngettext("%(n)s core course added.", "%(n)s core courses added.", n) % {"n": n}


def _add_credential(desk: Desk, form: Any) -> str:
    kind = form.cleaned_data["credential"]
    _row_of_it, created = PathwayCredential.objects.get_or_create(pathway=desk.pathway, credential_type=kind)
    if not created:
        raise ValidationError(_("It is there already."))
    return _("%(name)s added.") % {"name": kind.name}


def _add_work(desk: Desk, form: Any) -> str:
    form.save()
    return _("%(name)s added.") % {"name": form.instance.get_kind_display()}


_ADDS: dict[str, Callable[[Desk, Any], str]] = {
    "add": _add,
    "add-many": _add_many,
    "copy-core": _copy_core,
    "add-credential": _add_credential,
    "add-work": _add_work,
}


def _row(desk: Desk) -> Any:
    rows = desk.pathway.courses.select_related("course", "pathway")
    return get_object_or_404(rows, pk=_number(desk.request.POST.get("row")))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _step(direction: str) -> Callable[[Desk], str]:
    def go(desk: Desk) -> str:
        row = design.step(_row(desk), direction)
        return _("%(course)s: now number %(n)s of grade %(grade)s.") % {
            "course": row.course.title,
            "n": row.position,
            "grade": row.get_grade_display(),
        }

    return go


def _move(desk: Desk) -> str:
    sent = desk.request.POST
    row = design.move(
        _row(desk),
        grade=sent.get("grade", ""),
        part=sent.get("part", ""),
        position=_number(sent.get("position")) or None,
    )
    return _("%(course)s: now in grade %(grade)s, %(part)s.") % {
        "course": row.course.title,
        "grade": row.get_grade_display(),
        "part": str(row.get_part_display()).lower(),
    }


def _remove(desk: Desk) -> str:
    row = _row(desk)
    design.remove(row)
    return _("%(course)s: taken out.") % {"course": row.course.title}


def _remove_credential(desk: Desk) -> str:
    get_object_or_404(desk.pathway.credentials, pk=_number(desk.request.POST.get("row"))).delete()
    return _("Taken out.")


def _remove_work(desk: Desk) -> str:
    get_object_or_404(desk.pathway.work, pk=_number(desk.request.POST.get("row"))).delete()
    return _("Taken out.")


_STEPS: dict[str, Callable[[Desk], str]] = {
    design.UP: _step(design.UP),
    design.DOWN: _step(design.DOWN),
    "move": _move,
    "remove": _remove,
    "remove-credential": _remove_credential,
    "remove-work": _remove_work,
}
