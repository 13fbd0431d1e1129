"""Who may do what: the one table role × action, and the decision that carries its reason.

Nothing else in the project decides. Views ask :func:`decide`, QuerySets build ``visible_to(user)`` from
:func:`scopes`, templates ask the ``may`` tag, and the access walk in ``tests/access`` holds every URL of the
project against this table. A role is held on an organization for a period; a cell of the table says how far
it reaches from there. No scope, no rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Q, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Role(TextChoices):
    """What a person is to an organization. The roles of an award edition belong to ``awards``."""

    SYSTEM_ADMINISTRATOR = "system_administrator", gettext_lazy("System administrator")
    SREB_STAFF = "sreb_staff", gettext_lazy("SREB staff")
    STATE_COORDINATOR = "state_coordinator", gettext_lazy("State coordinator")
    DISTRICT_ADMINISTRATOR = "district_administrator", gettext_lazy("District administrator")
    DISTRICT_PLANNER = "district_planner", gettext_lazy("District planner")
    PRINCIPAL = "principal", gettext_lazy("Principal")
    SITE_TEAM = "site_team", gettext_lazy("Site team member")
    COUNSELOR = "counselor", gettext_lazy("Counselor")
    CTE_DIRECTOR = "cte_director", gettext_lazy("CTE director")
    BOARD_VIEWER = "board_viewer", gettext_lazy("Board viewer")


class Action(TextChoices):
    """What can be done to a thing; the label completes “may …”."""

    VIEW_ORGANIZATION = "view_organization", gettext_lazy("see the directory page of an organization")
    EDIT_ORGANIZATION = "edit_organization", gettext_lazy("edit an organization")
    ADD_ORGANIZATION = "add_organization", gettext_lazy("add an organization below")
    EDIT_STANDING = "edit_standing", gettext_lazy("record network membership and federal designations")
    VIEW_FIGURES = "view_figures", gettext_lazy("see exact figures")
    VIEW_PEOPLE = "view_people", gettext_lazy("see the people of an organization")
    MANAGE_PEOPLE = "manage_people", gettext_lazy("invite people and give roles")
    VIEW_HISTORY = "view_history", gettext_lazy("see who changed what")
    VIEW_ACCESS = "view_access", gettext_lazy("see who can see this, and why")
    VIEW_NAMED_STUDENTS = "view_named_students", gettext_lazy("see students by name")
    VIEW_IMPORTS = "view_imports", gettext_lazy("see what data has been loaded")
    IMPORT_STUDENTS = "import_students", gettext_lazy("load files about students")
    IMPORT_PUBLISHED = "import_published", gettext_lazy("load published results")
    VIEW_GOALS = "view_goals", gettext_lazy("see bold goals and how they go")
    EDIT_GOALS = "edit_goals", gettext_lazy("set bold goals and their status")
    VIEW_PLAN = "view_plan", gettext_lazy("read the plan")
    EDIT_PLAN = "edit_plan", gettext_lazy("write the plan")
    COMMENT_PLAN = "comment_plan", gettext_lazy("comment on the plan")
    UPDATE_ACTION = "update_action", gettext_lazy("say how action steps go")
    SUBMIT_PLAN = "submit_plan", gettext_lazy("submit the plan")
    APPROVE_PLAN = "approve_plan", gettext_lazy("approve or return a submitted plan")
    MANAGE_FUNDS = "manage_funds", gettext_lazy("record funds and allocations")
    LEAD_ASSESSMENT = "lead_assessment", gettext_lazy("lead the team's self-assessment, record surveys and visits")
    VIEW_PATHWAYS = "view_pathways", gettext_lazy("see the courses and pathways offered")
    VIEW_PARTNERS = "view_partners", gettext_lazy("see partners and their commitments")
    EDIT_PATHWAYS = "edit_pathways", gettext_lazy("design pathways")
    EDIT_CATALOG = "edit_catalog", gettext_lazy("keep the course catalog and the list of credentials")
    APPROVE_PATHWAYS = "approve_pathways", gettext_lazy("approve pathways")
    PROPOSE_WAIVERS = "propose_waivers", gettext_lazy("propose that a pathway rule be waived")
    DECIDE_WAIVERS = "decide_waivers", gettext_lazy("decide on waivers of pathway rules")
    RECORD_CREDENTIALS = "record_credentials", gettext_lazy("record and verify credentials of students")
    ADVISE_STUDENTS = "advise_students", gettext_lazy("keep students’ programs of study")
    VIEW_NOMINATIONS = "view_nominations", gettext_lazy("see award nominations")
    NOMINATE = "nominate", gettext_lazy("write an award nomination")
    SIGN_NOMINATION = "sign_nomination", gettext_lazy("sign and submit an award nomination")
    RUN_AWARDS = "run_awards", gettext_lazy("set up award editions")
    SET_MEASURES = "set_measures", gettext_lazy("set how measures are counted and small groups protected")
    CLOSE_YEAR = "close_year", gettext_lazy("close a school year, which certifies its results")
    REOPEN_YEAR = "reopen_year", gettext_lazy("reopen a closed school year")
    RUN_SYSTEM = "run_system", gettext_lazy("look after the system")


class Reach(TextChoices):
    """How far a role reaches from the organization it is held on."""

    OWN = "own", gettext_lazy("its organization and all below")
    STATE = "state", gettext_lazy("every organization of its state")
    ALL = "all", gettext_lazy("everything")


_EVERYONE_IN_ITS_STATE = dict.fromkeys(Role, Reach.STATE) | {
    Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
    Role.SREB_STAFF: Reach.ALL,
}
_EVERYONE_IN_ITS_OWN = dict.fromkeys(Role, Reach.OWN) | {Role.SYSTEM_ADMINISTRATOR: Reach.ALL}
_PLANNERS = dict.fromkeys((Role.DISTRICT_ADMINISTRATOR, Role.DISTRICT_PLANNER, Role.PRINCIPAL), Reach.OWN)
_PLAN_TEAM = _PLANNERS | dict.fromkeys((Role.SITE_TEAM, Role.COUNSELOR, Role.CTE_DIRECTOR), Reach.OWN)
_COACHES = dict.fromkeys((Role.SREB_STAFF, Role.STATE_COORDINATOR), Reach.OWN)

TABLE: dict[Action, dict[Role, Reach]] = {
    # The directory is public record: transfers, successors and comparison need the whole state.
    Action.VIEW_ORGANIZATION: _EVERYONE_IN_ITS_STATE,
    Action.EDIT_ORGANIZATION: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
    },
    Action.ADD_ORGANIZATION: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
    },
    # Membership is SREB's and the state network's to record, a designation the state's: not the school's own.
    Action.EDIT_STANDING: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
    },
    # Exact counts of students are for those who answer for them; everyone else reads protected figures.
    Action.VIEW_FIGURES: {
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.SITE_TEAM: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.VIEW_PEOPLE: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.SITE_TEAM: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.MANAGE_PEOPLE: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
    },
    Action.VIEW_HISTORY: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
    },
    Action.VIEW_ACCESS: _EVERYONE_IN_ITS_OWN,
    # Named students are for those who serve them (design, section 1); a site-team member only when the
    # assignment says so. State and SREB roles work with protected aggregates.
    Action.VIEW_NAMED_STUDENTS: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.SITE_TEAM: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    # What was loaded and when is no secret among those who work with the figures.
    Action.VIEW_IMPORTS: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    # A preview names students: those who serve them by name, of whole files.
    Action.IMPORT_STUDENTS: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.IMPORT_PUBLISHED: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
    },
    # What a school offers is published: course guides go to every family.
    Action.VIEW_PATHWAYS: _EVERYONE_IN_ITS_STATE,
    # Partners are named with the person to call.
    Action.VIEW_PARTNERS: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.SITE_TEAM: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.EDIT_PATHWAYS: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.EDIT_CATALOG: {
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.APPROVE_PATHWAYS: {Role.DISTRICT_ADMINISTRATOR: Reach.OWN, Role.CTE_DIRECTOR: Reach.OWN},
    # Whoever knows the field asks, whoever answers for the district decides; never the same person (a constraint).
    Action.PROPOSE_WAIVERS: {Role.CTE_DIRECTOR: Reach.OWN},
    Action.DECIDE_WAIVERS: {Role.DISTRICT_ADMINISTRATOR: Reach.OWN},
    Action.RECORD_CREDENTIALS: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.ADVISE_STUDENTS: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    # A nomination is the school's own. Whoever judges an edition reads by their place on its panel (``awards.access``),
    # never by a role here: neither SREB's staff nor the system's administrators read nominations for being so.
    Action.VIEW_NOMINATIONS: {
        Role.STATE_COORDINATOR: Reach.OWN,
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.SITE_TEAM: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.NOMINATE: {
        Role.DISTRICT_ADMINISTRATOR: Reach.OWN,
        Role.DISTRICT_PLANNER: Reach.OWN,
        Role.PRINCIPAL: Reach.OWN,
        Role.SITE_TEAM: Reach.OWN,
        Role.COUNSELOR: Reach.OWN,
        Role.CTE_DIRECTOR: Reach.OWN,
    },
    Action.SIGN_NOMINATION: {Role.PRINCIPAL: Reach.OWN},
    Action.RUN_AWARDS: {Role.SYSTEM_ADMINISTRATOR: Reach.ALL, Role.SREB_STAFF: Reach.ALL},
    Action.SET_MEASURES: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.STATE_COORDINATOR: Reach.OWN,
    },
    # Goals are what a whole state works towards, and a school answers its district's: the figures are protected.
    Action.VIEW_GOALS: _EVERYONE_IN_ITS_STATE,
    Action.EDIT_GOALS: _PLANNERS,
    Action.VIEW_PLAN: _EVERYONE_IN_ITS_OWN,
    Action.EDIT_PLAN: _PLAN_TEAM,
    Action.COMMENT_PLAN: _PLAN_TEAM | _COACHES,
    Action.UPDATE_ACTION: _PLAN_TEAM,
    Action.SUBMIT_PLAN: _PLANNERS,
    # A principal submits and does not approve; who submitted a plan never approves it (goals.planning.approve).
    Action.APPROVE_PLAN: dict.fromkeys((Role.DISTRICT_ADMINISTRATOR, Role.DISTRICT_PLANNER), Reach.OWN),
    Action.MANAGE_FUNDS: dict.fromkeys((Role.DISTRICT_ADMINISTRATOR, Role.DISTRICT_PLANNER), Reach.OWN),
    Action.LEAD_ASSESSMENT: _PLANNERS | _COACHES,
    # A state certifies its own results; undoing that is no everyday act, and its reason is kept.
    Action.CLOSE_YEAR: {
        Role.SYSTEM_ADMINISTRATOR: Reach.ALL,
        Role.SREB_STAFF: Reach.OWN,
        Role.STATE_COORDINATOR: Reach.OWN,
    },
    Action.REOPEN_YEAR: {Role.SYSTEM_ADMINISTRATOR: Reach.ALL},
    Action.RUN_SYSTEM: {Role.SYSTEM_ADMINISTRATOR: Reach.ALL},
}

NEEDS_SECOND_FACTOR: frozenset[Action] = frozenset(
    {Action.VIEW_NAMED_STUDENTS, Action.IMPORT_STUDENTS, Action.RECORD_CREDENTIALS, Action.ADVISE_STUDENTS}
)
NEEDS_NAMED_ASSIGNMENT: frozenset[Role] = frozenset({Role.SITE_TEAM})

# Whom a role may appoint. Nobody appoints above themselves, and only the system's administrators make others.
MAY_APPOINT: dict[Role, frozenset[Role]] = {
    Role.SYSTEM_ADMINISTRATOR: frozenset(Role),
    Role.STATE_COORDINATOR: frozenset(Role) - {Role.SYSTEM_ADMINISTRATOR, Role.SREB_STAFF},
    Role.DISTRICT_ADMINISTRATOR: frozenset(Role) - {Role.SYSTEM_ADMINISTRATOR, Role.SREB_STAFF, Role.STATE_COORDINATOR},
    Role.PRINCIPAL: frozenset({Role.SITE_TEAM, Role.COUNSELOR}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a thing stands: the path of its organization and of that organization's state.

    ``state_path`` is empty above the states (the region).
    """

    path: str
    state_path: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held today on an organization, as :func:`decide` reads it."""

    role: Role
    scope: Scope
    organization: str
    slug: str = ""
    names_students: bool = False

    def access_scope(self) -> Scope:
        """Where it is held."""
        return self.scope

    def reaches(self, reach: Reach, scope: Scope) -> bool:
        """Whether this grant, with this reach, covers a thing standing at ``scope``."""
        prefix = self.prefix(reach)
        return scope.path.startswith(prefix)

    def prefix(self, reach: Reach) -> str:
        """The path prefix that this grant covers with this reach; the empty prefix is everything."""
        if reach == Reach.ALL:
            return ""
        if reach == Reach.STATE and self.scope.state_path:
            return self.scope.state_path
        return self.scope.path


class Actor(Protocol):
    """Whoever asks: ``schools.User``, or an anonymous visitor (no grants)."""

    @property
    def is_authenticated(self) -> bool: ...

    @property
    def has_second_factor(self) -> bool: ...

    def grants(self) -> Iterable[Grant]: ...


class Thing(Protocol):
    """Anything that belongs to an organization."""

    def access_scope(self) -> Scope: ...


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """Yes or no, and why, in words the person can read."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


def second_factor_required() -> bool:
    """Whether named students are kept behind a second factor (always in production)."""
    from django.conf import settings

    return bool(settings.SECOND_FACTOR_REQUIRED)


def decide(user: Actor, action: Action, thing: Thing | None = None) -> AccessDecision:
    """Whether ``user`` may do ``action`` to ``thing`` (to the system as a whole where it is ``None``)."""
    if not user.is_authenticated:
        return AccessDecision(False, _("You are not signed in."))
    scope = thing.access_scope() if thing is not None else Scope("", "")
    row = TABLE[action]
    unnamed = False
    for grant in user.grants():
        reach = row.get(grant.role)
        if reach is None or not grant.reaches(reach, scope):
            continue
        if action == Action.VIEW_NAMED_STUDENTS and grant.role in NEEDS_NAMED_ASSIGNMENT and not grant.names_students:
            unnamed = True
            continue
        if action in NEEDS_SECOND_FACTOR and second_factor_required() and not user.has_second_factor:
            return AccessDecision(
                False, _("This needs a second factor: add an authenticator or a passkey to your account.")
            )
        return AccessDecision(
            True,
            _("As %(role)s of %(organization)s: may %(action)s, for %(reach)s.")
            % {
                "role": _within_a_sentence(str(grant.role.label)),
                "organization": grant.organization,
                "action": action.label,
                "reach": reach.label,
            },
        )
    if unnamed:
        return AccessDecision(
            False,
            _("Your place on the site team does not include students' names. Your principal can add it."),
        )
    return AccessDecision(
        False,
        _("To %(action)s one must hold one of these roles here or above: %(roles)s.")
        % {"action": action.label, "roles": ", ".join(str(role.label) for role in row)},
    )


def _within_a_sentence(label: str) -> str:
    """A role's name with a small first letter, except where it begins with an abbreviation (CTE, SREB)."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def prefixes(user: Actor, action: Action) -> list[str]:
    """The path prefixes within which ``user`` may do ``action``: what ``visible_to`` is made from.

    An empty list means no rows; a list with the empty prefix means all rows. Prefixes inside others are left out.
    """
    if not user.is_authenticated:
        return []
    if action in NEEDS_SECOND_FACTOR and second_factor_required() and not user.has_second_factor:
        return []
    row = TABLE[action]
    found = sorted(
        {
            grant.prefix(row[grant.role])
            for grant in user.grants()
            if grant.role in row
            and not (
                action == Action.VIEW_NAMED_STUDENTS
                and grant.role in NEEDS_NAMED_ASSIGNMENT
                and not grant.names_students
            )
        }
    )
    return [prefix for prefix in found if not any(other != prefix and prefix.startswith(other) for other in found)]


def within(user: Actor, action: Action, path: str = "organization__path") -> Q:
    """Rows of places where ``user`` may do ``action``; a condition that no row meets, and no query asks, where nowhere.

    ``path``: the way from a row to the path of its organization.
    """
    found = prefixes(user, action)
    if not found:
        return Q(**{f"{path}__in": []})
    reach = Q()
    for prefix in found:
        reach |= Q(**{f"{path}__startswith": prefix})
    return reach


def may_appoint(user: Actor, thing: Thing) -> frozenset[Role]:
    """The roles that ``user`` may give on ``thing``."""
    scope = thing.access_scope()
    row = TABLE[Action.MANAGE_PEOPLE]
    roles: set[Role] = set()
    for grant in user.grants():
        reach = row.get(grant.role)
        if reach is not None and grant.reaches(reach, scope):
            roles |= MAY_APPOINT[grant.role]
    return frozenset(roles)
