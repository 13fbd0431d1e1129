"""The credential ledger, by name: for those who serve the students, every look recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from hstw import files
from hstw.access import Action, decide
from hstw.exports import answers, tables
from hstw.require import require
from hstw.values import SchoolYear
from pathways import ledger, proofs
from pathways.forms.credentials import EntryForm, LedgerFilter, ProofForm
from pathways.ledger import Standing
from pathways.views import frame
from schools.models import Organization
from schools.models.organization import Kind
from schools.scope import signed_in
from schools.views.data import frame as data


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Every line of the school year, what it counts as and why; verify several at once."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    user = signed_in(request)
    all_lines: Any = ledger.lines(organization, int(school_year))
    form = LedgerFilter(request.GET)
    asked = form.asked()
    if request.method == "POST":
        require(user, Action.RECORD_CREDENTIALS, organization)
        chosen = [int(pk) for pk in request.POST.getlist("line") if pk.isdecimal()][:1000]
        n = proofs.verify(all_lines.filter(pk__in=chosen), user)
        data.read(request, "credentials verified", organization=organization.slug, year=int(school_year), n=n)
        if n:
            messages.success(request, ngettext("%(n)s line verified.", "%(n)s lines verified.", n) % {"n": n})
        else:
            messages.warning(request, _("Choose the lines whose proof you have seen."))
        return redirect(request.get_full_path())
    page_obj = Paginator(ledger.narrowed(all_lines, **asked), frame.PAGE_SIZE).get_page(request.GET.get("page"))
    for entry in page_obj.object_list:
        entry.why = ledger.why(entry)
    data.read(request, "credential ledger read", organization=organization.slug, year=int(school_year), **asked)
    counted = all_lines.filter(standing=Standing.COUNTED)
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/ledger.html",
        form=form,
        asked=asked,
        page_obj=page_obj,
        counts=ledger.counts(all_lines),
        standings=Standing.choices,
        by_credential=ledger.by_credential(counted)[:12],
        left_out=ledger.left_out(organization, int(school_year)),
        may_record=decide(user, Action.RECORD_CREDENTIALS, organization),
        may_load=decide(user, Action.IMPORT_STUDENTS, organization),
        several_schools=organization.kind != Kind.SCHOOL,
    )


@never_cache
@require_safe
@login_required
def download(request: HttpRequest, slug: str, year: int, form: str) -> HttpResponseBase:
    """The same lines as a file, all of them."""
    if form not in answers.FORMS:
        raise Http404
    organization, school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    asked = LedgerFilter(request.GET).asked()
    found = ledger.narrowed(ledger.lines(organization, int(school_year)), **asked)
    data.read(
        request,
        "student file downloaded",
        what=f"credential ledger.{form}",
        organization=organization.slug,
        year=int(school_year),
        **asked,
    )
    headings = [
        *(_("Last name"), _("First name"), _("School"), _("Credential"), _("Name"), _("Issuer"), _("Date")),
        *(_("School year"), _("Counts as"), _("Why"), _("Verified by"), _("Verified on"), _("From")),
    ]
    dates: dict[str, tables.Format] = {_("Date"): "date", _("Verified on"): "date"}
    sheet = tables.Sheet(_("Credentials"), headings, _rows(found), dates)
    return answers.table(form, f"{organization.slug}-{school_year}-credentials", sheet)


def _rows(found: Any) -> Iterator[list[Any]]:
    for entry in found.iterator(chunk_size=1000):
        yield [
            entry.student.last_name,
            entry.student.first_name,
            entry.organization.name,
            entry.credential_code,
            entry.type_name,
            entry.issuer,
            entry.earned_on,
            SchoolYear(entry.year).label,
            str(Standing(entry.standing).label),
            ledger.why(entry),
            entry.verifier or "",
            entry.verified_at.date() if entry.verified_at else None,
            entry.batch.source if entry.batch else _("by hand"),
        ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Write one by hand; a duplicate is refused, and says which line it repeats."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.RECORD_CREDENTIALS, frame.OFFERS)
    user = signed_in(request)
    stopped = files.too_large(request) if request.method == "POST" else ""
    form = EntryForm(
        request.POST or None,
        request.FILES or None,
        organization=organization,
        year=int(school_year),
        user=user,
        stopped=stopped,
    )
    if request.method == "POST" and form.is_valid():
        try:
            pk = _record(organization, form.cleaned_data, user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Recorded."))
            return redirect("pathways:credential", slug=slug, year=year, pk=pk)
    status = 422 if form.is_bound else 200
    return frame.show(request, organization, school_year, "pathways/credential_new.html", status=status, form=form)


@transaction.atomic
def _record(organization: Organization, sent: dict[str, Any], user: Any) -> int:
    row = ledger.record(organization, sent["student"], sent["credential"], sent["earned_on"], passed=sent["passed"])
    if sent["file"]:
        proofs.attach(row, sent["file"].file, sent["file"].name, user)
    if sent["verified"]:
        proofs.verify([row], user)
    return int(row.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def entry(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponse:
    """One line: where it is from, what it counts as, who has seen the proof, and the proof."""
    organization, school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    user = signed_in(request)
    found = _line(organization, pk)
    form = ProofForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        require(user, Action.RECORD_CREDENTIALS, organization)
        stopped = files.too_large(request)
        if stopped:
            form.add_error("file", stopped)
        elif form.is_valid() and _kept(request, form, found):
            return redirect("pathways:credential", slug=slug, year=year, pk=pk)
    data.read(request, "student read", student=str(found.student.public_id), what="credential")
    return frame.show(
        request,
        organization,
        school_year,
        "pathways/credential.html",
        status=422 if form.is_bound else 200,
        entry=found,
        why=ledger.why(found),
        standing=Standing(found.standing),
        proof=proofs.of(found),
        form=form,
        may_record=decide(user, Action.RECORD_CREDENTIALS, organization),
        may_see_import=found.batch and decide(user, Action.VIEW_IMPORTS, found.batch.organization),
    )


def _kept(request: HttpRequest, form: ProofForm, found: Any) -> bool:
    user = signed_in(request)
    if "withdraw" in request.POST:
        proofs.withdraw(found)
        messages.success(request, _("Taken back: nobody has seen the proof."))
        return True
    try:
        if form.cleaned_data["file"]:
            proofs.attach(found, form.cleaned_data["file"].file, form.cleaned_data["file"].name, user)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    if "verify" in request.POST:
        proofs.verify([found], user, form.cleaned_data["note"])
    messages.success(request, _("Saved."))
    return True


@never_cache
@require_safe
@login_required
def proof(request: HttpRequest, slug: str, year: int, pk: int) -> HttpResponseBase:
    """The scan itself."""
    organization, _school_year = frame.pathways_of(request, slug, year, Action.VIEW_NAMED_STUDENTS, frame.OFFERS)
    found = _line(organization, pk)
    kept = proofs.of(found)
    if kept is None or kept.file is None:
        raise Http404
    data.read(request, "student file downloaded", what="proof", student=str(found.student.public_id))
    return files.download(kept.file)


def _line(organization: Organization, pk: int) -> Any:
    found = ledger.line(organization, pk)
    if found is None:
        raise Http404
    return found
