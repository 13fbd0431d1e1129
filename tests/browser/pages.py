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
from tests.browser.pathways import FilledPathways
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


def of_ridge_row(role: str, proof: str, row: Callable[[FilledPathways], dict[str, Any]]) -> Seen:
    """A page about one of Cahaba Ridge's pathways, partners, credentials or programs."""
    return Seen(role, lambda world: _ridge(world, **row(world.pathways)), proof)


def _planned(role: str, proof: str, back: int = 0, **wanted: Any) -> Seen:
    """A page of Ridge's goals and plan; ``wanted`` names what was filled in for it."""

    def kwargs(world: FilledWorld) -> dict[str, Any]:
        known = {**world.plans, "strategy": world.plans["step"].strategy}
        return {
            "slug": "ridge",
            "year": current_year() - back,
            **{name: known[one].pk if one in known and name != "kind" else one for name, one in wanted.items()},
        }

    return Seen(role, kwargs, proof)


def import_in(state: str, proof: str, role: str = Role.PRINCIPAL) -> Seen:
    """The page of an import that stands in a state."""
    return Seen(role, lambda world: {"public_id": world.data.imports[state].public_id}, proof)


def _maria(world: FilledWorld) -> dict[str, Any]:
    return {"public_id": world.data.maria.public_id}


def _maria_course(world: FilledWorld) -> dict[str, Any]:
    return {**_maria(world), "table": "courserecord", "pk": world.data.course.pk}


def _award(role: str, proof: str, *, next_year: bool = False) -> Seen:
    """A page of the edition under review, or of the one that is being set up."""
    return Seen(
        role, lambda world: {"slug": (world.awards.next_year if next_year else world.awards.edition).slug}, proof
    )


def _nomination(role: str, proof: str, *, draft: bool = False) -> Seen:
    """A page of a nomination."""
    return Seen(
        role,
        lambda world: {"public_id": (world.awards.draft if draft else world.awards.nomination).public_id},
        proof,
    )


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
    "schools:data_none": of_ridge(Role.PRINCIPAL, "did nobody have any?", kind="cohort_removals"),
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
    "goals:settings": Seen(
        Role.STATE_COORDINATOR, lambda world: {"slug": "alabama", "year": current_year()}, "Small student groups"
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
    "pathways:portfolio": of_ridge(Role.PRINCIPAL, "Over the years"),
    "pathways:portfolio#district": _cahaba(Role.BOARD_VIEWER, "Approved pathways"),
    "pathways:portfolio#state": _alabama("The catalog and the list of credentials"),
    "pathways:portfolio#network": Seen(
        Role.SREB_STAFF,
        lambda world: {"slug": world.places.region.slug, "year": current_year()},
        "No pathways of its own",
    ),
    "pathways:pathway_new": of_ridge(Role.PRINCIPAL, "Where it leads"),
    "pathways:pathway": of_ridge_row(Role.PRINCIPAL, "Nursing Assistant", lambda made: {"pk": made.approved.pk}),
    "pathways:pathway#draft": of_ridge_row(
        Role.PRINCIPAL, "Needs 1 more course, or 3 AC/AP/IB", lambda made: {"pk": made.draft.pk}
    ),
    "pathways:pathway_edit": of_ridge_row(Role.PRINCIPAL, "Aerospace", lambda made: {"pk": made.draft.pk}),
    "pathways:pathway_history": of_ridge_row(Role.PRINCIPAL, "Added", lambda made: {"pk": made.draft.pk}),
    "pathways:design": of_ridge_row(Role.COUNSELOR, "Robotics 3", lambda made: {"pk": made.draft.pk}),
    "pathways:courses": of_ridge(Role.PRINCIPAL, "Foundations of Health Science"),
    "pathways:course_new": _cahaba(Role.CTE_DIRECTOR, "One a line"),
    "pathways:course": Seen(
        Role.CTE_DIRECTOR,
        lambda world: {"slug": "cahaba", "year": current_year(), "pk": world.pathways.course.pk},
        "Foundations of Health Science",
    ),
    "pathways:graduation": _cahaba(Role.CTE_DIRECTOR, "All credits together"),
    "pathways:credential_types": of_ridge(Role.PRINCIPAL, "Certificate K01"),
    "pathways:credential_type_new": _alabama("On the list from"),
    "pathways:credential_type": Seen(
        Role.STATE_COORDINATOR,
        lambda world: {"slug": "alabama", "year": current_year(), "pk": world.pathways.credential.pk},
        "Certified Nursing Assistant",
    ),
    "pathways:partners": of_ridge(Role.PRINCIPAL, "Cahaba Regional Medical Center"),
    "pathways:partner_new": of_ridge(Role.PRINCIPAL, "Who to call"),
    "pathways:partner": of_ridge_row(Role.PRINCIPAL, "Maya Stone", lambda made: {"pk": made.partner.pk}),
    "pathways:commitment_new": of_ridge_row(Role.PRINCIPAL, "Renew by", lambda made: {"partner": made.partner.pk}),
    "pathways:commitment": of_ridge_row(Role.PRINCIPAL, "internships", lambda made: {"pk": made.commitment.pk}),
    "pathways:ledger": of_ridge(Role.COUNSELOR, "Certified Nursing Assistant"),
    "pathways:ledger#empty": Seen(
        Role.PRINCIPAL,
        lambda world: {"slug": "ridge", "year": current_year() - 4},
        "No credential is recorded of this year",
    ),
    "pathways:credential_new": of_ridge(Role.COUNSELOR, "Scan of the proof"),
    "pathways:credential": of_ridge_row(Role.COUNSELOR, "Certificate seen", lambda made: {"pk": made.line.pk}),
    "pathways:programs": of_ridge(Role.COUNSELOR, "No program yet"),
    "pathways:programs#district": _cahaba(Role.DISTRICT_ADMINISTRATOR, "Cahaba Ridge High School"),
    "pathways:program": of_ridge_row(
        Role.COUNSELOR, "Become a nurse", lambda made: {"public_id": made.student.public_id}
    ),
    "pathways:program#none": of_ridge_row(
        Role.COUNSELOR, "Begin a program of study", lambda made: {"public_id": made.nobody.public_id}
    ),
    "pathways:program_edit": of_ridge_row(
        Role.COUNSELOR, "Become a nurse", lambda made: {"public_id": made.student.public_id}
    ),
    "awards:home": Seen("award_coordinator", _nothing, "Panels you are on"),
    "awards:edition": _award("award_coordinator", "Pacesetter School Award 2031"),
    "awards:edition#past": Seen(Role.PRINCIPAL, lambda world: {"slug": "pacesetter-2020"}, "Nashville"),
    "awards:edition_new": Seen(Role.SREB_STAFF, _nothing, "Time zone of its deadlines"),
    "awards:edition_edit": _award("award_coordinator", "Points their totals may be apart", next_year=True),
    "awards:rubric": _award("award_coordinator", "Actions that changed practice", next_year=True),
    "awards:dates": _award("award_coordinator", "Central"),
    "awards:panel": _award("award_coordinator", "Add to the panel"),
    "awards:conflicts": _award("award_reviewer", "Whom do you work for?"),
    "awards:conflict_log": _award("award_coordinator", "Declared to have no other conflict"),
    "awards:nominations": _award("award_coordinator", "2031-"),
    "awards:assignments": _award("award_coordinator", "Add by hand"),
    "awards:reviews": _award("award_reviewer", "Read and score"),
    "awards:consensus": _award("award_coordinator", "To be agreed"),
    "awards:ranking": _award("award_coordinator", "ICC(1)"),
    "awards:winners": Seen(None, lambda world: {"slug": world.awards.finished.slug}, "Honored for its pathways"),
    "awards:winners#none": Seen(None, lambda world: {"slug": "pacesetter-2020"}, "not announced yet"),
    "awards:result": Seen(
        "award_coordinator", lambda world: {"public_id": world.awards.result.public_id}, "comes out the same"
    ),
    "awards:nomination": _nomination("award_coordinator", "In every class"),
    "awards:nomination#draft": _nomination("award_writer", "What readers will look for", draft=True),
    "awards:story": _nomination("award_writer", "Your text is kept while you type", draft=True),
    "awards:figures": _nomination("award_writer", "Add a figure of your own", draft=True),
    "awards:figure": Seen(
        "award_writer",
        lambda world: {"public_id": world.awards.draft.public_id, "pk": world.awards.draft.claims.all()[0].pk},
        "What does it show?",
    ),
    "awards:typed": _nomination("award_writer", "Year by year", draft=True),
    "awards:attachments": _nomination("award_writer", "Survey report", draft=True),
    "awards:sign": _nomination("award_writer", "Sign and submit", draft=True),
    "awards:agree": _nomination("award_coordinator", "Scores given alone"),
    "awards:decision": _nomination("award_coordinator", "Record the decision"),
    "awards:letter": _nomination("award_coordinator", "Release the letter"),
    "awards:score": Seen(
        "award_reviewer", lambda world: {"public_id": world.awards.review.public_id, "order": 2}, "Save and next"
    ),
    "awards:review_submit": Seen(
        "award_reviewer", lambda world: {"public_id": world.awards.review.public_id}, "Still missing"
    ),
    "awards:of_organization": of_ridge(Role.PRINCIPAL, "Pacesetter School Award 2033"),
    "goals:goals": of_ridge(Role.PRINCIPAL, "answers “95 % of students graduate on time”"),
    "goals:goals#board": _cahaba(Role.BOARD_VIEWER, "Where do we want to be?"),
    "goals:goals#empty": Seen(
        Role.STATE_COORDINATOR, lambda world: {"slug": "tombigbee", "year": current_year()}, "No goal yet"
    ),
    "goals:goal": _planned(Role.PRINCIPAL, "Year by year", pk="goal"),
    "goals:goal_new": of_ridge(Role.PRINCIPAL, "What is to be reached in the end year"),
    "goals:goal_edit": _planned(Role.PRINCIPAL, "Stop this goal", pk="goal"),
    "goals:goal_status": _planned(Role.PRINCIPAL, "It ends when figures are loaded next", pk="goal"),
    "goals:typed": of_ridge(Role.PRINCIPAL, "District records"),
    "goals:alignment": _cahaba(Role.DISTRICT_ADMINISTRATOR, "Addressed"),
    "goals:plan": of_ridge(Role.PRINCIPAL, "This plan differs from version 1"),
    "goals:plan#board": of_ridge(Role.BOARD_VIEWER, "Teachers of ninth grade agree"),
    "goals:plan#none": _cahaba(Role.DISTRICT_PLANNER, "Begin the plan"),
    "goals:plan_text": of_ridge(Role.PRINCIPAL, "Every student leaves with a plan."),
    "goals:plan_add": _planned(Role.PRINCIPAL, "One sentence: who", kind="need", parent="plan"),
    "goals:plan_add#action": _planned(Role.PRINCIPAL, "Amount in dollars", kind="action", parent="strategy"),
    "goals:plan_part": _planned(Role.PRINCIPAL, "Who changed what", kind="need", pk="need"),
    "goals:plan_history": of_ridge(Role.PRINCIPAL, "Submitted, returned, approved"),
    "goals:plan_submit": of_ridge(Role.PRINCIPAL, "$2,300.00 more is planned than was given"),
    "goals:plan_decide": Seen(
        Role.DISTRICT_PLANNER, lambda world: {"slug": "valley", "year": current_year()}, "Return to the school"
    ),
    "goals:plan_version": of_ridge(Role.BOARD_VIEWER, "What is frozen", number=1),
    "goals:action": _planned(Role.PRINCIPAL, "Two of six came.", pk="step"),
    "goals:money": _cahaba(Role.DISTRICT_PLANNER, "Record an allocation"),
    "goals:money#school": of_ridge(Role.PRINCIPAL, "Line by line"),
    "goals:portfolio": _cahaba(Role.DISTRICT_ADMINISTRATOR, "Cahaba Valley High School"),
    "goals:board_page": _cahaba(Role.BOARD_VIEWER, "may be passed around"),
    "goals:practices": of_ridge(Role.PRINCIPAL, "What the team agreed on"),
    "goals:practice_round_new": of_ridge(Role.PRINCIPAL, "Who rates"),
    "goals:practice_round": _planned(Role.PRINCIPAL, "We agree on", back=1, pk="done"),
    "goals:practice_rate": _planned(Role.SITE_TEAM, "What have you seen?", pk="still"),
    "goals:survey_new": of_ridge(Role.PRINCIPAL, "percent intensive"),
    "goals:survey": _planned(Role.BOARD_VIEWER, "Intensive emphasis", pk="survey"),
    "goals:survey_edit": _planned(Role.PRINCIPAL, "512", pk="survey"),
    "goals:survey_load": of_ridge(Role.PRINCIPAL, "date_closed"),
    "goals:visit_new": of_ridge(Role.PRINCIPAL, "Led by"),
    "goals:visit": _planned(Role.PRINCIPAL, "Tasks are at grade level", pk="visit"),
    "goals:owed": Seen(Role.PRINCIPAL, _nothing, "Save all"),
    "goals:owed#nothing": Seen(Role.CTE_DIRECTOR, _nothing, "What I owe"),
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

AWARDS_WITHOUT_PAGE = (
    *("edition_open", "panel_leave", "nominations_file", "assign", "unassign", "freeze", "result_file", "announce"),
    *("begin", "claim_document", "nomination_file", "remove", "withdraw", "read", "review", "letter_file"),
)

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
    "goals:compare_file",
    "goals:dashboard_file",
    "goals:measure_file",
    "goals:survey_template",
    "goals:measure_students_file",
    "goals:within_reach_file",
    "goals:rollup_again",
    "pathways:program_codes",
    "pathways:course_codes",
    "pathways:credential_codes",
    "pathways:credential_proof",
    "pathways:ledger_file",
    "pathways:programs_file",
    *(f"awards:{name}" for name in AWARDS_WITHOUT_PAGE),
    "goals:plan_move",
    "goals:plan_remove",
    "goals:plan_comment",
    "goals:plan_draft_file",
    "goals:plan_version_file",
    "goals:action_money",
    "goals:action_file",
    "goals:evidence",
    "goals:money_file",
    "goals:portfolio_file",
    "healthz",
    "readyz",
    "metrics",
}


def address(name: str, world: FilledWorld) -> str:
    """The page's address in this world; what follows a ``#`` in its name tells states of one page apart."""
    seen = PAGES[name]
    return reverse(name.partition("#")[0], kwargs=seen.kwargs(world)) + seen.query
