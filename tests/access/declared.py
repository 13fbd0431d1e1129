"""Who gets into each page, declared page by page: the access walk holds the product against this table.

Written by hand from the roles of the design, not from ``hstw.access``: a change there that opens or shuts a page
fails the walk until somebody says here that it was meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hstw.access import Role as R

ALL = frozenset(R)
NOBODY: frozenset[R] = frozenset()
EVERYWHERE = frozenset({R.SYSTEM_ADMINISTRATOR})
DIRECTORY_EVERYWHERE = frozenset({R.SYSTEM_ADMINISTRATOR, R.SREB_STAFF})
EDITORS = frozenset(
    {
        R.SYSTEM_ADMINISTRATOR,
        R.SREB_STAFF,
        R.STATE_COORDINATOR,
        R.DISTRICT_ADMINISTRATOR,
        R.DISTRICT_PLANNER,
        R.PRINCIPAL,
    }
)
PLANNERS = frozenset({R.DISTRICT_ADMINISTRATOR, R.DISTRICT_PLANNER, R.PRINCIPAL})
PLAN_TEAM = PLANNERS | {R.SITE_TEAM, R.COUNSELOR, R.CTE_DIRECTOR}
COACHES = frozenset({R.SREB_STAFF, R.STATE_COORDINATOR})
DECIDERS = frozenset({R.DISTRICT_ADMINISTRATOR, R.DISTRICT_PLANNER})
STANDING = frozenset({R.SYSTEM_ADMINISTRATOR, R.SREB_STAFF, R.STATE_COORDINATOR})


PEOPLE = ALL - {R.BOARD_VIEWER}
DATA = ALL - {R.BOARD_VIEWER, R.SITE_TEAM}
LOADERS = frozenset({R.DISTRICT_ADMINISTRATOR, R.PRINCIPAL, R.COUNSELOR, R.CTE_DIRECTOR})
DESIGNERS = LOADERS | {R.DISTRICT_PLANNER}
CATALOGERS = frozenset({R.STATE_COORDINATOR, R.DISTRICT_ADMINISTRATOR, R.CTE_DIRECTOR})
MANAGERS = frozenset({R.SYSTEM_ADMINISTRATOR, R.STATE_COORDINATOR, R.DISTRICT_ADMINISTRATOR, R.PRINCIPAL})


@dataclass(frozen=True)
class Page:
    """Which roles open a page: on their own organization, one beside it, one in another state or region.

    ``hidden`` says where a refusal must be a 404 (one must not know) rather than a 403 (one may know, not do).
    """

    own: frozenset[R]
    sibling: frozenset[R] = EVERYWHERE
    foreign: frozenset[R] = EVERYWHERE
    kwargs: dict[str, Any] = field(default_factory=dict)
    hidden: bool = False


@dataclass(frozen=True)
class Personal:
    """A page about the asking person alone: any signed-in person, no organization in its address."""

    kwargs: dict[str, Any] = field(default_factory=dict)
    visitor: bool = False
    why: str = ""


@dataclass(frozen=True)
class System:
    """A page about the system as a whole: which roles open it, wherever they hold them."""

    roles: frozenset[R]
    method: str = "get"
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Signed:
    """A page that a signed link opens for whoever holds it; its own tests prove when it does not."""

    why: str


@dataclass(frozen=True)
class Panel:
    """A page of an award edition or a nomination: who gets in hangs on their place on the panel and on conflicts of
    interest, or on the school being theirs. tests/awards/test_walk.py walks every one of them."""


# For everyone below the state, what stands beside them is in their state's directory; another state is not.
DIRECTORY = Page(own=ALL, sibling=ALL - {R.STATE_COORDINATOR}, foreign=DIRECTORY_EVERYWHERE)

AWARDS = (
    *("edition_edit", "rubric", "dates", "edition_open", "panel", "panel_leave", "conflicts", "conflict_log"),
    *("nominations", "nominations_file", "assignments", "assign", "unassign", "reviews", "consensus", "ranking"),
    *("freeze", "result", "result_file", "announce", "nomination", "story", "figures", "typed", "figure", "begin"),
    *("claim_document", "attachments", "nomination_file", "remove", "sign", "withdraw", "read", "agree", "decision"),
    *("letter", "letter_file", "review", "score", "review_submit"),
)

PAGES: dict[str, Page | Personal | System | Signed | Panel] = {
    "home": Personal(),
    "styleguide": Personal(),
    "healthz": Personal(visitor=True, why="the load balancer asks"),
    "readyz": Personal(visitor=True, why="the load balancer asks"),
    "metrics": Personal(visitor=True, why="Prometheus asks: by token, and without one from this machine only"),
    "schools:organizations": Personal(),
    "schools:organization_now": DIRECTORY,
    "schools:organization": DIRECTORY,
    "schools:organization_edit": Page(own=EDITORS),
    "draft": Page(own=EDITORS),
    "schools:organization_add": Page(own=EDITORS - {R.DISTRICT_PLANNER, R.PRINCIPAL}),
    "schools:organization_history": Page(own=EDITORS),
    "schools:standing_add": Page(own=STANDING, kwargs={"kind": "membership"}),
    "schools:standing_edit": Page(own=STANDING, kwargs={"kind": "membership"}),
    "schools:people": Page(own=PEOPLE),
    "schools:people_ended": Page(own=PEOPLE),
    "schools:role_add": Page(own=MANAGERS),
    "schools:role": Page(own=MANAGERS),
    "schools:hand_over": Page(own=MANAGERS),
    "schools:invitations": Page(own=MANAGERS),
    "schools:invitation": Page(own=MANAGERS),
    "schools:invite": Page(own=MANAGERS),
    "schools:invite_file": Page(own=MANAGERS),
    "schools:invite_sample": Page(own=MANAGERS),
    "schools:access": Page(own=ALL),
    "schools:access_to": Page(own=ALL, kwargs={"action": "view_people"}),
    "schools:data": Page(own=DATA),
    "schools:import_new": Page(own=LOADERS | STANDING),
    "schools:data_none": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, kwargs={"kind": "credentials"}),
    "schools:imports": Page(own=DATA),
    "schools:import_templates": Page(own=DATA),
    "schools:import_template": Page(own=DATA, kwargs={"kind": "roster", "form": "csv"}),
    "schools:import": Page(own=DATA),
    # The file and the rows left out name students; what changed is told to others without names.
    "schools:import_file": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "schools:import_rejected": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "schools:import_changes": Page(own=DATA),
    # Students by name: those who serve them; a member of the site team only by name (tests/schools/test_data_pages.py).
    "schools:students": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "schools:duplicates": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "schools:student": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, hidden=True),
    "schools:student_row": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, hidden=True),
    "schools:student_correct": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, hidden=True),
    # Whoever may see the directory page sees figures: exact for those who answer for them, protected for the others.
    "goals:dashboard": DIRECTORY,
    "goals:compare": DIRECTORY,
    "goals:compare_file": Page(
        own=DIRECTORY.own, sibling=DIRECTORY.sibling, foreign=DIRECTORY.foreign, kwargs={"form": "csv"}
    ),
    "goals:trends": DIRECTORY,
    "goals:measure": Page(
        own=DIRECTORY.own, sibling=DIRECTORY.sibling, foreign=DIRECTORY.foreign, kwargs={"code": "ACGR4"}
    ),
    "goals:dashboard_file": Page(
        own=DIRECTORY.own, sibling=DIRECTORY.sibling, foreign=DIRECTORY.foreign, kwargs={"form": "csv"}
    ),
    "goals:measure_file": Page(
        own=DIRECTORY.own,
        sibling=DIRECTORY.sibling,
        foreign=DIRECTORY.foreign,
        kwargs={"code": "ACGR4", "form": "xlsx"},
    ),
    "goals:measure_students": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, kwargs={"code": "ACGR4"}),
    "goals:measure_students_file": Page(
        own=LOADERS, sibling=NOBODY, foreign=NOBODY, kwargs={"code": "ACGR4", "form": "csv"}
    ),
    "goals:within_reach": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "goals:within_reach_file": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, kwargs={"form": "csv"}),
    # Goals are the state's to see, with protected figures; plans are read by those who work there or above.
    "goals:goals": DIRECTORY,
    "goals:goal": DIRECTORY,
    "goals:alignment": DIRECTORY,
    "goals:goal_new": Page(own=PLANNERS, sibling=NOBODY, foreign=NOBODY),
    "goals:goal_edit": Page(own=PLANNERS, sibling=NOBODY, foreign=NOBODY),
    "goals:goal_status": Page(own=PLANNERS, sibling=NOBODY, foreign=NOBODY),
    "goals:typed": Page(own=PLANNERS, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_submit": Page(own=PLANNERS, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_text": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_add": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_part": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_remove": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_move": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:action_money": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:action_file": Page(own=PLAN_TEAM, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_comment": Page(own=PLAN_TEAM | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:plan_history": Page(own=EDITORS),
    "goals:plan_decide": Page(own=DECIDERS, sibling=NOBODY, foreign=NOBODY),
    "goals:plan": Page(own=ALL),
    "goals:action": Page(own=ALL),
    "goals:evidence": Page(own=PLAN_TEAM | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:money": Page(own=ALL),
    "goals:portfolio": Page(own=ALL),
    "goals:board_page": Page(own=ALL),
    "goals:practices": Page(own=ALL),
    "goals:plan_draft_file": Page(own=ALL, kwargs={"form": "docx"}),
    "goals:plan_version": Page(own=ALL, kwargs={"number": 1}),
    "goals:plan_version_file": Page(own=ALL, kwargs={"number": 1, "form": "pdf"}),
    "goals:money_file": Page(own=ALL, kwargs={"form": "csv"}),
    "goals:portfolio_file": Page(own=ALL, kwargs={"form": "csv"}),
    "goals:practice_round_new": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:practice_round": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:survey_new": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:survey_edit": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:survey_load": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:survey_template": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY, kwargs={"form": "csv"}),
    # What surveys found is for everybody who reads the plan; small numbers are protected within the page.
    "goals:survey": Page(own=ALL),
    "goals:visit_new": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    "goals:visit": Page(own=PLANNERS | COACHES, sibling=NOBODY, foreign=NOBODY),
    # Members alone rate, whatever their role: tests/goals/planning/test_practices.py.
    "goals:practice_rate": Page(own=NOBODY, sibling=NOBODY, foreign=NOBODY),
    "goals:owed": Personal(),
    # What is offered is published like the directory; partners are named with whom to call; students by name.
    "pathways:program_codes": Personal(),
    "pathways:portfolio": DIRECTORY,
    "pathways:pathway": DIRECTORY,
    "pathways:courses": DIRECTORY,
    "pathways:course_codes": DIRECTORY,
    "pathways:credential_types": DIRECTORY,
    "pathways:credential_codes": DIRECTORY,
    "pathways:pathway_new": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:pathway_edit": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:pathway_history": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:design": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:course_new": Page(own=CATALOGERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:course": Page(own=CATALOGERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:credential_type_new": Page(own=CATALOGERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:credential_type": Page(own=CATALOGERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:graduation": Page(own=CATALOGERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:partners": Page(own=DESIGNERS | {R.SITE_TEAM}, sibling=NOBODY, foreign=NOBODY),
    "pathways:partner_new": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:partner": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:commitment_new": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:commitment": Page(own=DESIGNERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:ledger": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:ledger_file": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, kwargs={"form": "csv"}),
    "pathways:credential_new": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:credential": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:credential_proof": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:programs": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:programs_file": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY, kwargs={"form": "csv"}),
    "pathways:program": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    "pathways:program_edit": Page(own=LOADERS, sibling=NOBODY, foreign=NOBODY),
    # A state certifies its own results; only an administrator takes that back.
    "goals:settings": Page(own=EVERYWHERE | {R.STATE_COORDINATOR}),
    "goals:closing": Page(own=STANDING),
    "goals:closing_reopen": Page(own=EVERYWHERE),
    "goals:rollups": System(EVERYWHERE),
    "goals:rollup_again": System(EVERYWHERE, method="post"),
    "awards:home": Personal(),
    "awards:edition": Personal(kwargs={"slug": "pacesetter-2020"}),
    "awards:winners": Personal(kwargs={"slug": "pacesetter-2020"}, visitor=True, why="winners are public"),
    "awards:edition_new": System(DIRECTORY_EVERYWHERE),
    # A school's nominations are its own; those who run awards read none for doing so.
    "awards:of_organization": Page(
        own=ALL - {R.BOARD_VIEWER, R.SYSTEM_ADMINISTRATOR, R.SREB_STAFF}, sibling=NOBODY, foreign=NOBODY
    ),
    **{f"awards:{name}": Panel() for name in AWARDS},
    "schools:invitation_accept": Signed("a signed link says for whom it is; tests/schools/test_invitations.py"),
}

# Pages of the sign-in library. None is about an organization: they are for visitors, or about the person alone.
LIBRARY_NAMESPACES = ("account_", "mfa_", "usersessions_", "socialaccount_", "openid_connect_", "saml_")
LIBRARY_FOR_VISITORS = {
    "account_confirm_email",
    "account_email_verification_sent",
    "account_inactive",
    "account_login",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_signup",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
}
LIBRARY_FOR_PEOPLE = {
    "account_change_password",
    "account_email",
    "account_logout",
    "account_reauthenticate",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_deactivate_totp",
    "mfa_download_recovery_codes",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "socialaccount_connections",
    "usersessions_list",
}
# Steps in the middle of a sign-in; tests/schools/test_sign_in.py, test_openid_connect.py and test_saml.py walk them.
LIBRARY_STEPS = {
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "openid_connect_callback",
    "openid_connect_login",
    "saml_acs",
    "saml_finish_acs",
    "saml_login",
    "saml_metadata",
    "saml_sls",
    "socialaccount_signup",
}
