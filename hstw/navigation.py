"""The bar and the side navigation, the same on every page: sections that exist and that the person may open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hstw.access import Action, decide
from hstw.values import SchoolYear

YEARS_BACK = 5
# Pages on which another year of the same can be chosen; elsewhere the choice leads to the organization's own page.
OF_A_YEAR = frozenset(
    {
        "schools:organization",
        "schools:people",
        "schools:data",
        "schools:import_new",
        "schools:imports",
        "schools:students",
        "goals:closing",
        "goals:dashboard",
        "goals:alignment",
        "goals:goals",
        "goals:money",
        "goals:plan",
        "goals:portfolio",
        "goals:practices",
        "pathways:portfolio",
        "pathways:courses",
        "pathways:credential_types",
        "pathways:ledger",
        "pathways:partners",
        "pathways:programs",
        "awards:of_organization",
        "goals:compare",
        "goals:settings",
        "goals:trends",
    }
)
# Pages whose address says what is shown: another year of the same shows the same of it.
KEEPS_QUERY = frozenset({"goals:compare", "goals:trends"})

# The first page of a section, where its other pages are not of a year.
_FIRST_PAGES = {
    "data": "schools:data",
    "readiness": "goals:dashboard",
    "plan": "goals:goals",
    "pathways": "pathways:portfolio",
    "awards": "awards:of_organization",
}


@dataclass
class Link:
    """A place to go."""

    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass
class Navigation:
    """What ``base.html`` draws around every page of a signed-in person."""

    person: Any
    organization: Any = None
    year: SchoolYear | None = None
    sections: list[Link] = field(default_factory=list)
    organizations: list[Any] = field(default_factory=list)
    years: list[Link] = field(default_factory=list)
    all_organizations_url: str = ""


def current_year() -> SchoolYear:
    """The school year of today."""
    return SchoolYear.on(timezone.localdate())


def offered_years() -> list[SchoolYear]:
    """The years that the bar offers: the current one and those before it."""
    now = current_year()
    return [SchoolYear(now - back) for back in range(YEARS_BACK)]


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context for ``base.html``: nothing for visitors."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"nav": None}
    return {"nav": build(request)}


def build(request: HttpRequest) -> Navigation:
    """Navigation for the page asked for.

    The organization is the one that the view put on the request (:func:`at`); on pages without one, the first
    that the person holds a role on.
    """
    grants = request.user.grants()  # type: ignore[union-attr]
    nav = Navigation(person=request.user, all_organizations_url=reverse("schools:organizations"))
    nav.organization = getattr(request, "organization", None)
    nav.year = getattr(request, "school_year", None) or current_year()
    nav.organizations = list({grant.slug: grant for grant in grants}.values())
    slug = nav.organization.slug if nav.organization else (nav.organizations[0].slug if grants else None)
    here = request.resolver_match.view_name if request.resolver_match else ""
    section = getattr(request, "section", "settings")
    nav.sections = [Link(_("Home"), reverse("home"), current=here == "home")]
    awards = Link(_("Awards"), reverse("awards:home"), current=section == "awards")
    if slug:
        if decide(request.user, Action.VIEW_ORGANIZATION, nav.organization or grants[0]):  # type: ignore[arg-type]
            nav.sections.append(
                Link(_("Readiness"), reverse("goals:dashboard", args=[slug, nav.year]), current=section == "readiness")
            )
        if decide(request.user, Action.VIEW_GOALS, nav.organization or grants[0]):  # type: ignore[arg-type]
            nav.sections.append(
                Link(_("Goals & plan"), reverse("goals:goals", args=[slug, nav.year]), current=section == "plan")
            )
        if decide(request.user, Action.VIEW_PATHWAYS, nav.organization or grants[0]):  # type: ignore[arg-type]
            nav.sections.append(
                Link(_("Pathways"), reverse("pathways:portfolio", args=[slug, nav.year]), current=section == "pathways")
            )
        nav.sections.append(awards)
        if decide(request.user, Action.VIEW_IMPORTS, nav.organization or grants[0]):  # type: ignore[arg-type]
            nav.sections.append(
                Link(_("Data"), reverse("schools:data", args=[slug, nav.year]), current=section == "data")
            )
        nav.sections.append(
            Link(
                _("People & settings"),
                reverse("schools:organization", args=[slug, nav.year]),
                current=nav.organization is not None and section == "settings",
            )
        )
    else:
        nav.sections.append(awards)
    nav.sections.append(Link(_("Organizations"), nav.all_organizations_url, current=here == "schools:organizations"))
    if nav.organization:
        target = here if here in OF_A_YEAR else _FIRST_PAGES.get(section, "schools:organization")
        asked = request.GET.copy()
        asked.pop("page", None)
        query = f"?{asked.urlencode()}" if asked and here in KEEPS_QUERY else ""
        nav.years = [
            Link(year.label, reverse(target, args=[nav.organization.slug, year]) + query, current=year == nav.year)
            for year in offered_years()
        ]
    return nav


def at(request: HttpRequest, organization: Any, year: int) -> None:
    """Tell the bar which organization and school year the page is about."""
    request.organization = organization  # type: ignore[attr-defined]
    request.school_year = SchoolYear(year)  # type: ignore[attr-defined]


def in_section(request: HttpRequest, section: str) -> None:
    """Tell the side navigation which section the page belongs to, where it is not “People & settings”."""
    request.section = section  # type: ignore[attr-defined]
