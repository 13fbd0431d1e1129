"""Invite people, one or many; see what is open; take an invitation."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from hstw import links
from hstw.access import Action
from hstw.navigation import current_year
from hstw.values import SchoolYear
from schools import invitation_file
from schools import invitations as verbs
from schools.forms.invitations import InvitationFileForm, InvitationForm, NewAccountForm
from schools.models import Invitation, Organization, User
from schools.people import roles_to_give
from schools.scope import context_of, organization_for, signed_in

PAGE_SIZE = 50
# How long a previewed file may wait for its confirmation; it waits, signed, in the page itself.
PREVIEW_VALID = dt.timedelta(hours=2)
PREVIEW = "invitation-file"


@require_safe
@login_required
def browse(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """The invitations of an organization that wait for an answer, expired ones too."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    rows = (
        Invitation.objects.filter(organization=organization, accepted_at=None, withdrawn_at=None)
        .select_related("invited_by")
        .order_by("-invited_at", "-pk")
    )
    found = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return _show(request, organization, school_year, "schools/invitations.html", page_obj=found)


@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest, slug: str, year: int, public_id: Any) -> HttpResponse:
    """One invitation: send it again, or withdraw it."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    invitation = get_object_or_404(
        Invitation.objects.select_related("organization__in_state", "invited_by"),
        organization=organization,
        public_id=public_id,
    )
    if request.method == "POST":
        try:
            if "withdraw" in request.POST:
                verbs.withdraw(invitation, by=signed_in(request))
                messages.success(request, _("Withdrawn. The link says so from now on."))
            else:
                verbs.resend(invitation, by=signed_in(request), address=request.build_absolute_uri)
                messages.success(request, _("Sent again, with a new link."))
        except verbs.InvitationError as error:
            messages.error(request, str(error))
        return redirect("schools:invitations", slug=slug, year=year)
    return _show(request, organization, school_year, "schools/invitation.html", invitation=invitation)


@require_http_methods(["GET", "POST"])
@login_required
def invite(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Invite one person."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    by = signed_in(request)
    form = InvitationForm(request.POST or None, roles=roles_to_give(by, organization))
    if request.method == "POST" and form.is_valid():
        offer = form.offer(organization)
        [wrong] = verbs.problems(by, [offer])
        if wrong:
            form.add_error(None, wrong)
        else:
            verbs.invite(by=by, offers=[offer], address=request.build_absolute_uri)
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": offer.email})
            return redirect("schools:invitations", slug=slug, year=year)
    return _show(request, organization, school_year, "schools/invitation_new.html", form=form)


@require_http_methods(["GET", "POST"])
@login_required
def invite_file(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """Invite many: upload, look at what would happen, confirm."""
    organization, school_year = organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    if request.method == "POST" and "rows" in request.POST:
        return _confirm_file(request, organization, school_year)
    form = InvitationFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            rows = invitation_file.read(file, file.name)
        except invitation_file.FileError as error:
            form.add_error("file", str(error))
        else:
            return _preview_file(request, organization, school_year, rows)
    return _show(request, organization, school_year, "schools/invitation_file.html", form=form)


def _preview_file(
    request: HttpRequest, organization: Organization, year: SchoolYear, rows: list[dict[str, str]]
) -> HttpResponse:
    preview = invitation_file.preview(rows, by=signed_in(request), organization=organization)
    good = [line.cells for line in preview.good]
    return _show(
        request,
        organization,
        year,
        "schools/invitation_file_preview.html",
        preview=preview,
        rows=links.sign(PREVIEW, [request.user.pk, organization.pk, good]) if good else "",
    )


def _confirm_file(request: HttpRequest, organization: Organization, year: SchoolYear) -> HttpResponse:
    """Send what the preview showed; where something has come in between, show the preview anew."""
    by = signed_in(request)
    try:
        person, place, rows = links.read(PREVIEW, request.POST["rows"], valid_for=PREVIEW_VALID)
    except links.BrokenLink:
        person = place = None
    if (person, place) != (by.pk, organization.pk):
        messages.error(request, _("The preview is too old. Nothing was sent; please upload the file again."))
        return redirect("schools:invite_file", slug=organization.slug, year=year)
    preview = invitation_file.preview(rows, by=by, organization=organization)
    if preview.bad:
        messages.warning(request, _("Something has changed since the preview. Nothing was sent yet."))
        return _preview_file(request, organization, year, rows)
    offers = [line.offer for line in preview.good if line.offer is not None]
    verbs.invite(by=by, offers=offers, address=request.build_absolute_uri)
    messages.success(
        request,
        ngettext("%(n)d invitation is on its way.", "%(n)d invitations are on their way.", len(offers))
        % {"n": len(offers)},
    )
    return redirect("schools:invitations", slug=organization.slug, year=year)


@require_safe
@login_required
def sample(request: HttpRequest, slug: str, year: int) -> HttpResponse:
    """A file to start from."""
    organization_for(request, slug, year, Action.MANAGE_PEOPLE)
    return HttpResponse(
        invitation_file.sample(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="people.csv"'},
    )


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in the mail opens: a name and a password, or, signed in, one button."""
    try:
        invitation = verbs.find(token)
    except links.ExpiredLink:
        return _closed(request, _("This invitation has expired. Ask for a new one."), status=410)
    except links.BrokenLink:
        return _closed(request, _("This link is not complete. Copy the whole link from the message."), status=404)
    account = verbs.account_of(invitation)
    person = request.user if isinstance(request.user, User) else None
    if person is not None and invitation.accepted_by_id == person.pk:
        return redirect("schools:organization", slug=invitation.organization.slug, year=current_year())
    try:
        verbs.check(invitation)
    except verbs.InvitationError as error:
        return _closed(request, str(error), status=410)
    if person is not None and person != account:
        return render(request, "schools/invitation_other.html", {"invitation": invitation}, status=403)
    if account is not None:
        return _accept_known(request, invitation, person)
    return _accept_new(request, invitation)


def _accept_known(request: HttpRequest, invitation: Invitation, person: User | None) -> HttpResponse:
    """The address has an account: the role is added to it, by its owner."""
    if person is not None and request.method == "POST":
        try:
            verbs.accept(invitation, signed_in=person)
        except verbs.InvitationError as error:
            return _closed(request, str(error), status=410)
        messages.success(request, _("The role is yours now."))
        return redirect("schools:organization", slug=invitation.organization.slug, year=current_year())
    return render(request, "schools/invitation_known.html", {"invitation": invitation, "next": request.path})


def _accept_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """A new account, signed in at once."""
    form = NewAccountForm(request.POST or None, email=invitation.email, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["password"]
        try:
            user = verbs.accept(invitation, name=form.cleaned_data["name"], password=password)
        except verbs.InvitationError as error:
            return _closed(request, str(error), status=410)
        response: HttpResponse = perform_password_login(
            request, {"email": user.email, "password": password}, Login(user=user, email=user.email)
        )
        return response
    return render(request, "schools/invitation_accept.html", {"invitation": invitation, "form": form})


def _closed(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    return render(request, "schools/invitation_closed.html", {"reason": reason}, status=status)


def _show(
    request: HttpRequest, organization: Organization, year: SchoolYear, template: str, **context: Any
) -> HttpResponse:
    return render(request, template, context | context_of(request, organization, year))
