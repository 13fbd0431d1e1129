"""A form page that never loses work: ``edit`` for a page's view, ``autosave`` for its script.

A page's view is five lines::

    @login_required
    def edit(request, slug):
        organization = require.organization(request.user, slug, Action.EDIT_ORGANIZATION)
        return draft_views.edit(request, form_class=OrganizationForm, instance=organization,
                                template="schools/organization_edit.html")

with ``drafts.register_model(Organization, Action.EDIT_ORGANIZATION, OrganizationForm)`` where the form is
defined, and ``{% include "components/draft_form.html" %}`` in the template.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from hstw import drafts, history

SAVES_PER_MINUTE = 120
# Read by static/js/autosave.js, which then forgets its local copy of what was submitted.
SUBMITTED_COOKIE = "hstw-submitted"

THEIRS, YOURS = "theirs", "yours"


@dataclass(slots=True)
class DraftState:
    """What ``components/draft_form.html`` needs to know beside the form."""

    key: str
    version: int
    base_version: int
    revision: str
    about_student: bool
    saved_at: dt.datetime | None = None
    stale: history.Event | None = None

    @property
    def url(self) -> str:
        return reverse("draft", args=[self.key])


@dataclass(slots=True)
class Difference:
    """One field of which two texts exist: theirs as it stands now, yours in the form."""

    field: forms.BoundField
    theirs: str
    who: str
    when: dt.datetime | None
    choice: str
    undecided: bool = False


Save = Callable[[Any, int], None]


def save_form(form: Any, version: int) -> None:
    """Write what a model form holds, if ``version`` is still the row's; a new row is inserted."""
    if form.instance.pk is None:
        form.save()
        return
    own = {field.name for field in form.instance._meta.concrete_fields}
    drafts.save_if_current(form.instance, version, fields=[name for name in form.cleaned_data if name in own])
    form._save_m2m()


def edit(
    request: HttpRequest,
    *,
    form_class: type[Any],
    instance: Any,
    template: str,
    context: Mapping[str, Any] | None = None,
    saved_to: str | Callable[[Any], str] | None = None,
    key: str | None = None,
    about_student: bool = False,
    form_kwargs: Mapping[str, Any] | None = None,
    save: Save = save_form,
) -> HttpResponse:
    """Show, keep and save a model form, with drafts and without silent overwriting.

    The caller has asked whether the person may edit. ``key`` is needed where ``instance`` is new; ``saved_to`` is
    where to go afterwards (default: the thing's own page); ``save(form, version)`` may be a verb that raises
    :class:`hstw.drafts.StaleWrite`; ``about_student`` forbids local copies in the browser.
    The template gets ``form``, ``draft`` (:class:`DraftState`) and ``differences``.
    """
    key = key or drafts.key_of(instance)
    options = dict(form_kwargs or {})
    if request.method == "POST" and "discard" in request.POST:
        drafts.discard(request.user, key)
        return HttpResponseRedirect(request.get_full_path())
    show = _Page(request, template, dict(context or {}), key, about_student)
    if request.method != "POST":
        return _show_form(show, form_class, instance, options)

    version = _number(request.POST.get("version"))
    revision = request.POST.get("draft-built-on", "")
    base_version = _number(request.POST.get("draft-version"))
    form = form_class(request.POST, request.FILES or None, instance=copy.copy(instance), **options)
    compared = request.POST.getlist("compared")
    choices = {name: request.POST.get(f"choice-{name}", "") for name in compared if name in form.fields}
    # A disabled field keeps the row's value whatever was sent: that is what "use theirs" means.
    taken = [name for name, choice in choices.items() if choice == THEIRS and not form.fields[name].disabled]
    for name in taken:
        form.fields[name].disabled = True
    undecided = {name for name, choice in choices.items() if choice not in {THEIRS, YOURS}}
    overtaken = False
    if form.is_valid() and not undecided:
        try:
            with transaction.atomic():
                save(form, version)
                drafts.discard_submitted(request.user, key, revision)
            return _saved(form.instance, saved_to, key, request)
        except drafts.StaleWrite as stale:
            # Decisions made upon a version that is itself overtaken are asked for anew.
            instance, choices, overtaken = stale.theirs, {}, True
    revision = _keep(request, key, base_version, form_class, revision)
    for name in taken:
        form.fields[name].disabled = False
    differences = []
    if overtaken or compared:
        differences = _differences(request, form, form_class, instance, options, base_version, choices)
        for difference in differences:
            difference.undecided = difference.field.name in undecided
        version = drafts.version_of(instance)
    if overtaken and not differences:
        # Both wrote the same: it is saved already.
        drafts.discard_submitted(request.user, key, revision)
        return _saved(instance, saved_to, key, request)
    state = DraftState(key, version, base_version, revision, about_student)
    return show.page(form, state, differences=differences, status=409 if differences else 422)


@dataclass(slots=True)
class _Page:
    request: HttpRequest
    template: str
    context: dict[str, Any]
    key: str
    about_student: bool

    def page(self, form: Any, state: DraftState, *, differences: list[Difference], status: int = 200) -> HttpResponse:
        alone = [field for field in form if field.name not in {d.field.name for d in differences}]
        found = self.context | {
            "form": form,
            "draft": state,
            "differences": differences,
            "other_fields": alone if differences else [],
        }
        response = render(self.request, self.template, found, status=status)
        response["Cache-Control"] = "no-store"
        return response


def _show_form(show: _Page, form_class: type[Any], instance: Any, options: dict[str, Any]) -> HttpResponse:
    """The form, with the draft's text in it where there is one that differs from what is saved."""
    version = drafts.version_of(instance)
    form = form_class(instance=instance, **options)
    state = DraftState(show.key, version, version, "", show.about_student)
    draft = drafts.load(show.request.user, show.key)
    if draft is None:
        return show.page(form, state, differences=[])
    state.revision = draft.revision
    if form_class(drafts.as_sent(draft), instance=copy.copy(instance), **options).has_changed():
        state.version = state.base_version = draft.base_version
        state.saved_at = draft.saved_at
        if draft.base_version < version:
            state.stale = history.last_event(instance)
        form = form_class(
            instance=instance, **options | {"initial": options.get("initial", {}) | drafts.initial_from(draft, form)}
        )
    return show.page(form, state, differences=[])


def _keep(request: HttpRequest, key: str, version: int, form_class: type[Any], built_on: str) -> str:
    """Keep what was sent as the draft and return the revisions that the page now knows; another tab's text is
    not overwritten, and too much text stays in the page only."""
    try:
        draft = drafts.save(
            request.user,
            key,
            version,
            dict(request.POST.lists()),
            fields=drafts.field_names(form_class),
            built_on=built_on,
        )
    except drafts.DraftError:
        return built_on
    return draft.revision


def _saved(instance: Any, saved_to: str | Callable[[Any], str] | None, key: str, request: HttpRequest) -> HttpResponse:
    if callable(saved_to):
        saved_to = saved_to(instance)
    messages.success(request, _("Saved."))
    response = HttpResponseRedirect(saved_to or instance.get_absolute_url())
    response.set_cookie(SUBMITTED_COOKIE, key, max_age=300, secure=request.is_secure(), samesite="Lax")
    return response


def _differences(
    request: HttpRequest,
    form: Any,
    form_class: type[Any],
    theirs: Any,
    options: dict[str, Any],
    base_version: int,
    choices: Mapping[str, str],
) -> list[Difference]:
    """The fields of which the row and the person have different texts, and what each of them changed.

    What only they changed is preset to theirs, what only you changed to yours; where both did, or nobody knows
    (a model without history), the person has to choose.
    """
    differ = form_class(request.POST, instance=copy.copy(theirs), **options).changed_data
    as_theirs = form_class(instance=theirs, **options)
    base = history.values_at_version(theirs, base_version)
    yours_changed = set(differ)
    theirs_changed = set(differ)
    if base is not None:
        before = copy.copy(theirs)
        for name, value in base.items():
            setattr(before, name, value)
        yours_changed = set(form_class(request.POST, instance=before, **options).changed_data)
        attributes = {field.name: field.attname for field in theirs._meta.concrete_fields}
        theirs_changed = {
            name
            for name in differ
            if (attribute := attributes.get(name)) not in base or base[attribute] != getattr(theirs, attribute)
        }
    events = history.last_changes(theirs, theirs_changed)
    found = []
    for name in differ:
        choice = choices.get(name, "")
        if not choice and name not in yours_changed:
            choice = THEIRS
        if not choice and name not in theirs_changed:
            choice = YOURS
        event = events.get(name)
        found.append(
            Difference(
                field=form[name],
                theirs=_in_words(as_theirs[name]),
                who=event.who if event else "",
                when=event.when if event else None,
                choice=choice,
            )
        )
    return found


def _in_words(bound: forms.BoundField) -> str:
    """What a field holds, as text."""
    value: Any = bound.value()
    field: Any = bound.field
    if value in (None, "", []):
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    values = value if isinstance(value, list | tuple) else [value]
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        name = field.to_field_name or "pk"
        return ", ".join(str(thing) for thing in field.queryset.filter(**{f"{name}__in": values}))
    if isinstance(field, forms.ChoiceField):
        wanted = {str(value) for value in values}
        return ", ".join(str(label) for key, label in _flat(field.choices) if str(key) in wanted)
    return str(bound.field.widget.format_value(value))


def _flat(choices: Any) -> Any:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield key, label


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


@never_cache
@require_http_methods(["GET", "POST"])
def autosave(request: HttpRequest, key: str) -> JsonResponse:
    """The script's side: ``GET`` gives a fresh token and where the draft stands, ``POST`` keeps the form's text.

    Answers 401 when the sign-in has expired (with the address to sign in at), 403 with the reason, 404 for what
    cannot have a draft, 409 when the text was kept but somebody saved the thing meanwhile (``stale``), or when it
    was not kept because another tab (``tab``) or another person (``person``) is at work, 413 and 429.
    """
    if not request.user.is_authenticated:
        sign_in = f"{reverse('account_login')}?{urlencode({'next': '/', 'kept': '1'})}"
        return JsonResponse({"problem": "signed out", "sign_in": sign_in}, status=401)
    try:
        subject = drafts.subject_of(request.user, key)
    except drafts.UnknownKey:
        return JsonResponse({"problem": "unknown", "reason": _("This can no longer be saved.")}, status=404)
    if not subject.decision:
        return JsonResponse({"problem": "refused", "reason": subject.decision.reason}, status=403)
    if request.method == "GET":
        return _standing(request, key, subject)
    if request.POST.get("draft-user") != str(request.user.pk):
        return JsonResponse({"problem": "person", "who": str(request.user)}, status=409)
    if not _within_rate(request.user.pk):
        return JsonResponse({"problem": "too often"}, status=429, headers={"Retry-After": "10"})
    return _keep_text(request, key, subject)


def _standing(request: HttpRequest, key: str, subject: drafts.Subject) -> JsonResponse:
    draft = drafts.load(request.user, key)
    return JsonResponse(
        {
            "token": get_token(request),
            "user": str(request.user.pk),
            "who": str(request.user),
            "version": drafts.version_of(subject.thing),
            "revision": draft.revision if draft else "",
        }
    )


def _keep_text(request: HttpRequest, key: str, subject: drafts.Subject) -> JsonResponse:
    base_version = _number(request.POST.get("draft-version"))
    try:
        draft = drafts.save(
            request.user,
            key,
            base_version,
            dict(request.POST.lists()),
            fields=subject.fields,
            built_on=request.POST.get("draft-built-on", ""),
            revision=request.POST.get("draft-revision", ""),
        )
    except drafts.TooLarge as error:
        return JsonResponse({"problem": "too large", "reason": str(error)}, status=413)
    except drafts.SavedInAnotherTab as error:
        other = {"revision": error.draft.revision, "when": error.draft.saved_at.isoformat()}
        return JsonResponse({"problem": "tab"} | other, status=409)
    answer = {"revision": draft.revision, "saved_at": draft.saved_at.isoformat()}
    version = drafts.version_of(subject.thing)
    if version <= base_version:
        return JsonResponse(answer)
    event = history.last_event(subject.thing) if subject.thing is not None else None
    stale = {
        "problem": "stale",
        "version": version,
        "who": event.who if event else _("Somebody"),
        "when": (event.when if event else timezone.now()).isoformat(),
        "yourself": bool(event and event.user_id == request.user.pk),
    }
    return JsonResponse(answer | stale, status=409)


def _within_rate(user_id: int) -> bool:
    """Whether this person saves no oftener than several busy tabs would. Text is not refused because the counter
    cannot be reached."""
    name = f"autosave:{user_id}:{int(timezone.now().timestamp() // 60)}"
    try:
        cache.add(name, 0, timeout=120)
        return cache.incr(name) <= SAVES_PER_MINUTE
    except (RedisError, ValueError):  # ValueError: the counter expired in between
        return True
