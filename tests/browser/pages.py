"""Every page of the product as somebody sees it: who opens it, at which address, and what proves that it is filled.

``tests/browser/test_pages.py`` fails on a route of the URL table that is missing here, and on a page whose proof is
not on it: an empty page passes every check without having been looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from hstw.access import Role
from hstw.navigation import current_year
from schools import invitations
from schools.models import YearClose
from tests.browser.world import LONG_NAME, FilledWorld


@dataclass(frozen=True)
class Seen:
    """One page: the role that opens it (``None``: a visitor), its address, and a text that it must show."""

    role: str | None
    kwargs: Callable[[FilledWorld], dict[str, Any]]
    proof: str
    query: str = ""
    status: int = 200


def _nothing(world: FilledWorld) -> dict[str, Any]:
    return {}


def _ridge(world: FilledWorld, **more: Any) -> dict[str, Any]:
    return {"slug": "ridge", "year": current_year(), **more}


def of_ridge(role: str, proof: str, **more: Any) -> Seen:
    """A page of Cahaba Ridge High School."""
    return Seen(role, lambda world: _ridge(world, **more), proof)


def _cahaba(role: str, proof: str, **more: Any) -> Seen:
    """A page of Cahaba County."""
    return Seen(role, lambda world: {**_ridge(world, **more), "slug": "cahaba"}, proof)


def _alabama(proof: str, **more: Any) -> Seen:
    """A page of Alabama."""
    return Seen(Role.STATE_COORDINATOR, lambda world: {**_ridge(world, **more), "slug": "alabama"}, proof)


def import_in(state: str, proof: str, role: str = Role.PRINCIPAL) -> Seen:
    """The page of an import that stands in a state."""
    return Seen(role, lambda world: {"public_id": world.data.imports[state].public_id}, proof)


def _maria(world: FilledWorld) -> dict[str, Any]:
    return {"public_id": world.data.maria.public_id}


def _maria_course(world: FilledWorld) -> dict[str, Any]:
    return {**_maria(world), "table": "courserecord", "pk": world.data.course.pk}


PAGES: dict[str, Seen] = {
    "home": Seen(Role.PRINCIPAL, _nothing, "Lee Leaver"),
    "styleguide": Seen(Role.SYSTEM_ADMINISTRATOR, _nothing, "Off track"),
    "schools:organizations": Seen(Role.STATE_COORDINATOR, _nothing, LONG_NAME, "?kind=school"),
    "schools:organization": of_ridge(Role.STATE_COORDINATOR, "Students with disabilities"),
    "schools:organization_edit": of_ridge(Role.PRINCIPAL, "100 Ridge Road"),
    "schools:organization_add": Seen(
        Role.DISTRICT_ADMINISTRATOR, lambda world: {"slug": "cahaba", "year": current_year()}, "School"
    ),
    "schools:organization_history": of_ridge(Role.PRINCIPAL, "Street"),
    "schools:standing_add": of_ridge(Role.STATE_COORDINATOR, "Making Schools Work", kind="membership"),
    "schools:standing_edit": Seen(
        Role.STATE_COORDINATOR,
        lambda world: _ridge(world, kind="membership", pk=world.membership.pk),
        "Making Schools Work",
    ),
    "schools:people": of_ridge(Role.PRINCIPAL, "Lee Leaver"),
    "schools:people_ended": of_ridge(Role.PRINCIPAL, "Fern Former"),
    "schools:role_add": of_ridge(Role.PRINCIPAL, "Counselor"),
    "schools:role": Seen(Role.PRINCIPAL, lambda world: _ridge(world, pk=world.leaving.pk), "Lee Leaver"),
    "schools:hand_over": Seen(Role.PRINCIPAL, lambda world: _ridge(world, pk=world.leaving.user.pk), "Lee Leaver"),
    "schools:invitations": of_ridge(Role.PRINCIPAL, "Nia Teacher"),
    "schools:invitation": Seen(
        Role.PRINCIPAL, lambda world: _ridge(world, public_id=world.invitation.public_id), "Nia Teacher"
    ),
    "schools:invite": of_ridge(Role.PRINCIPAL, "Counselor"),
    "schools:invite_file": of_ridge(Role.PRINCIPAL, "XLSX"),
    "schools:access": of_ridge(Role.PRINCIPAL, "see the people"),
    "schools:access_to": of_ridge(Role.PRINCIPAL, "Chris Counselor", action="view_people"),
    "schools:data": Seen(
        Role.DISTRICT_ADMINISTRATOR, lambda world: {**_ridge(world), "slug": "cahaba"}, "students-of-everything"
    ),
    "schools:data#school": of_ridge(Role.PRINCIPAL, "students-of-everything"),
    "schools:data#empty": Seen(
        Role.STATE_COORDINATOR, lambda world: {"slug": "black-belt", "year": current_year()}, "Nothing has been loaded"
    ),
    "schools:data#state": Seen(
        Role.STATE_COORDINATOR, lambda world: {"slug": "alabama", "year": current_year()}, "District by district"
    ),
    "schools:import_new": of_ridge(Role.PRINCIPAL, "Find out from the file"),
    "schools:imports": of_ridge(Role.PRINCIPAL, "students-of-everything"),
    "schools:import_templates": of_ridge(Role.PRINCIPAL, "local_number"),
    "schools:duplicates": of_ridge(Role.PRINCIPAL, "They are different people"),
    "schools:import": import_in("guarded", "Type 61 to apply it"),
    "schools:import#second": import_in("guarded", "You are the second person", Role.DISTRICT_ADMINISTRATOR),
    "schools:import#counts": import_in("guarded", "You can look at this import", Role.DISTRICT_PLANNER),
    "schools:import#quiet": import_in("previewed", "Nothing has been written yet"),
    "schools:import#reading": import_in("reading", "rows a second"),
    "schools:import#waiting": import_in("waiting", "as soon as a worker is free"),
    "schools:import#refused": import_in("refused", "This file cannot be loaded"),
    "schools:import#applied": import_in("applied", "Undo this import"),
    "schools:import#undone": import_in("undone", "This import was undone"),
    "schools:import#cancelled": import_in("cancelled", "This import was cancelled"),
    "schools:students": of_ridge(Role.PRINCIPAL, "Alvarez, Maria"),
    "schools:student": Seen(Role.PRINCIPAL, _maria, "Algebra II"),
    "schools:student_row": Seen(Role.PRINCIPAL, lambda world: _maria_course(world), "Credits earned"),
    "schools:student_correct": Seen(
        Role.PRINCIPAL, lambda world: {**_maria_course(world), "field": "mark"}, "Take the correction back"
    ),
    "goals:dashboard": of_ridge(Role.PRINCIPAL, "are ready for college or a career already"),
    "goals:dashboard#district": _cahaba(Role.DISTRICT_ADMINISTRATOR, "Widest gaps"),
    "goals:dashboard#state": _alabama("Furthest from"),
    "goals:dashboard#protected": _cahaba(Role.BOARD_VIEWER, "Are our students getting ready?"),
    "goals:dashboard#empty": Seen(
        Role.STATE_COORDINATOR, lambda world: {"slug": "tombigbee", "year": current_year()}, "No numbers yet"
    ),
    "goals:dashboard#network": Seen(
        Role.SREB_STAFF,
        lambda world: {"slug": world.places.region.slug, "year": current_year()},
        "State by state",
    ),
    "goals:dashboard#cooperative": Seen(
        Role.STATE_COORDINATOR, lambda world: {"slug": "black-belt", "year": current_year()}, "Widest gaps"
    ),
    "goals:compare": Seen(
        Role.STATE_COORDINATOR,
        lambda world: {"slug": "alabama", "year": current_year() - 1},
        LONG_NAME,
        "?measure=CHRONIC_ABSENCE&of=school&network=&sort=name",
    ),
    "goals:compare#school": Seen(
        Role.PRINCIPAL, lambda world: {"slug": "ridge", "year": current_year() - 1}, "This school"
    ),
    "goals:compare#nobody": Seen(
        Role.DISTRICT_ADMINISTRATOR,
        lambda world: {"slug": "cahaba", "year": current_year() - 1},
        "Nothing matches",
        "?q=nobody&grade=05",
    ),
    "goals:compare#empty": Seen(
        Role.STATE_COORDINATOR,
        lambda world: {"slug": "tombigbee", "year": current_year()},
        "No numbers yet",
        "?measure=WORK_BASED_LEARNING",
    ),
    "goals:compare#groups": Seen(
        Role.STATE_COORDINATOR,
        lambda world: {"slug": "alabama", "year": current_year() - 1},
        "are left behind",
        "?by=group&measure=ON_TRACK_9&of=school",
    ),
    "goals:compare#network": Seen(
        Role.SREB_STAFF,
        lambda world: {"slug": world.places.region.slug, "year": current_year() - 1},
        "How do the states of",
        "?measure=CHRONIC_ABSENCE",
    ),
    "goals:trends": Seen(
        Role.STATE_COORDINATOR,
        lambda world: {"slug": "alabama", "year": current_year() - 1},
        "Each on the same scale",
        "?measure=CHRONIC_ABSENCE&of=school",
    ),
    "goals:measure": of_ridge(Role.PRINCIPAL, "A common misreading", code="READY_EITHER"),
    "goals:measure#district": _cahaba(Role.DISTRICT_ADMINISTRATOR, "School by school", code="ON_TRACK_9"),
    "goals:measure#missing": Seen(
        Role.PRINCIPAL,
        lambda world: {"slug": "ridge", "year": current_year() - 1, "code": "WORK_BASED_LEARNING"},
        "No evidence is not zero",
    ),
    "goals:measure#certified": Seen(
        Role.PRINCIPAL,
        lambda world: {"slug": "ridge", "year": current_year() - 2, "code": "CHRONIC_ABSENCE"},
        "revised",
    ),
    "goals:measure#beside": Seen(
        Role.PRINCIPAL, lambda world: {"slug": "ridge", "year": current_year() - 1, "code": "ACGR4"}, "As published"
    ),
    "goals:measure#published": _cahaba(
        Role.DISTRICT_ADMINISTRATOR, "As published, not counted here", code="AP_PARTICIPATION"
    ),
    "goals:closing": Seen(
        Role.STATE_COORDINATOR,
        lambda world: {"slug": "alabama", "year": current_year() - 1},
        "I certify these results",
    ),
    "goals:closing#closed": Seen(
        Role.SYSTEM_ADMINISTRATOR, lambda world: {"slug": "alabama", "year": current_year() - 2}, "Certified"
    ),
    "goals:closing_reopen": Seen(
        Role.SYSTEM_ADMINISTRATOR,
        lambda world: {"slug": "alabama", "year": current_year() - 2, "pk": YearClose.objects.get().pk},
        "Why it is reopened",
    ),
    "goals:measure_students": Seen(
        Role.PRINCIPAL,
        lambda world: {"slug": "ridge", "year": current_year() - 1, "code": "READY_EITHER"},
        "Featherstonehaugh-Montgomery",
    ),
    "goals:measure_students#empty": Seen(
        Role.PRINCIPAL,
        lambda world: {"slug": "ridge", "year": current_year(), "code": "READY_EITHER"},
        "Nobody is counted here in this year",
    ),
    "goals:within_reach": of_ridge(Role.COUNSELOR, "ACT benchmark in mathematics"),
    "goals:rollups": Seen(Role.SYSTEM_ADMINISTRATOR, _nothing, "Why it failed"),
    "schools:invitation_accept": Seen(
        None, lambda world: {"token": invitations.token(world.invitation)}, "Nia Teacher"
    ),
    "account_login": Seen(None, _nothing, "Sign in"),
    "account_signup": Seen(None, _nothing, "nvitation"),
    "account_inactive": Seen(None, _nothing, "nactive"),
    "account_reset_password": Seen(None, _nothing, "assword"),
    "account_reset_password_done": Seen(None, _nothing, "assword"),
    "account_reset_password_from_key": Seen(None, lambda world: {"uidb36": "1", "key": "x-y"}, "assword"),
    "account_reset_password_from_key_done": Seen(None, _nothing, "assword"),
    "account_logout": Seen(Role.PRINCIPAL, _nothing, "ign"),
    "account_change_password": Seen(Role.PRINCIPAL, _nothing, "assword"),
    "account_email": Seen(Role.PRINCIPAL, _nothing, "mail"),
    "account_confirm_email": Seen(None, lambda world: {"key": "x"}, "onfirm"),
    "mfa_index": Seen(Role.PRINCIPAL, _nothing, "uthenticator"),
    "usersessions_list": Seen(Role.PRINCIPAL, _nothing, "127.0.0.1"),
    "socialaccount_connections": Seen(Role.PRINCIPAL, _nothing, "ccount"),
    "socialaccount_login_cancelled": Seen(None, _nothing, "ancel"),
    "socialaccount_login_error": Seen(None, _nothing, "Back to sign-in", status=401),
    "account_reauthenticate": Seen("second_factor", _nothing, "assword"),
    "mfa_reauthenticate": Seen("second_factor", _nothing, "uthenticat"),
    "mfa_activate_totp": Seen(Role.PRINCIPAL, _nothing, "uthenticator"),
    "mfa_deactivate_totp": Seen("second_factor", _nothing, "eactivate"),
    "mfa_view_recovery_codes": Seen("second_factor", _nothing, "ecovery"),
    "mfa_generate_recovery_codes": Seen("second_factor", _nothing, "ecovery"),
    "mfa_list_webauthn": Seen("second_factor", _nothing, "Blue key"),
    "mfa_add_webauthn": Seen(Role.PRINCIPAL, _nothing, "ey"),
    "mfa_edit_webauthn": Seen("second_factor", lambda world: {"pk": world.key.pk}, "Blue key"),
    "mfa_remove_webauthn": Seen("second_factor", lambda world: {"pk": world.key.pk}, "emove"),
}

# Routes that show no page of their own: they answer with a redirect, with data, or only to a form's submission,
# or show a page only in the middle of a sign-in, which the journeys walk through.
NO_PAGE = {
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_set_password",
    "mfa_authenticate",
    "mfa_download_recovery_codes",
    "mfa_login_webauthn",
    "mfa_reauthenticate_webauthn",
    "openid_connect_callback",
    "openid_connect_login",
    "saml_acs",
    "saml_finish_acs",
    "saml_login",
    "saml_metadata",
    "saml_sls",
    "socialaccount_signup",
    "draft",
    "schools:organization_now",
    "schools:invite_sample",
    "schools:import_file",
    "schools:import_rejected",
    "schools:import_changes",
    "schools:import_template",
    "goals:dashboard_file",
    "goals:measure_file",
    "goals:measure_students_file",
    "goals:within_reach_file",
    "goals:rollup_again",
    "healthz",
    "readyz",
    "metrics",
}


def address(name: str, world: FilledWorld) -> str:
    """The page's address in this world; what follows a ``#`` in its name tells states of one page apart."""
    seen = PAGES[name]
    return reverse(name.partition("#")[0], kwargs=seen.kwargs(world)) + seen.query
