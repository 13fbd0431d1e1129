"""What pathways, goals and plans hold for a nomination: sources of claims, key practices, surveys that were given.

What readers and the public get of it: approved pathways and what a plan says it does are no secret; credentials of
students are told where somebody has seen their proof, from :data:`awards.sources.MINIMUM` on, or the state's own
minimum where that is more, and never where the public release withholds the year; a goal's status as the public
release lets it be worked out.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards import eligibility, sources
from awards.sources import MINIMUM, Both, Offer, Point, Said
from awards.surveys import Surveys
from goals.figures import Figure, FigureState, figures
from goals.models import (
    ActionStatus,
    ActionStep,
    Audience,
    BoldGoal,
    FocusArea,
    GoalStanding,
    PlanVersion,
    Status,
    StatusOverride,
    SurveyAdministration,
    Viewer,
)
from goals.planning import elements
from hstw.navigation import current_year
from hstw.values import SchoolYear
from pathways import portfolio
from schools.models import Organization

# There is one series of each at a school.
KEY = "ALL"
TALLY = "CREDENTIALS_TALLY"
MOST_NAMED = 12
SURVEY_YEARS = 2
_WITHHELD = frozenset({FigureState.SMALL, FigureState.COMPLEMENTARY})
_BEGUN = frozenset({ActionStatus.DONE, ActionStatus.ON_TRACK, ActionStatus.AT_RISK, ActionStatus.OFF_TRACK})


def _years(school: Organization, years: Sequence[int]) -> list[int]:
    """As far back as the school's portfolio goes: pathways grow over many years."""
    return portfolio.years_known(school, max(years)) if years else []


class Pathways:
    """How many approved pathways a school offered, year by year, and which."""

    code = "pathways"
    label = gettext_lazy("Career pathways of the record")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """One series, where two years have a pathway at least."""
        found = portfolio.of(school, _years(school, years)).years
        known = tuple(one.year for one in found if one.number_of_pathways)
        name, meaning = _("Career pathways offered"), _("Approved career pathways that students could choose.")
        return [Offer(KEY, name, known, meaning)] if len(known) > 1 else []

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`awards.sources.Source`; the words name the pathways of the last year."""
        if KEY not in keys:
            return {}
        found = portfolio.of(school, sorted(years)).years
        points = tuple(
            Point(one.year, str(one.number_of_pathways), str(one.number_of_pathways))
            if one.number_of_pathways
            else Point(one.year, _("none recorded"), known=False)
            for one in found
        )
        said = Said(points, _named(found[-1]) if found else "")
        return {KEY: Both(said, said)}

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """The school's pathways in that year."""
        return reverse("pathways:portfolio", args=[school.slug, year])


def _named(one: portfolio.YearOf) -> str:
    if not one.pathways:
        return ""
    names = "; ".join(pathway.name for pathway in one.pathways[:MOST_NAMED])
    more = one.number_of_pathways - MOST_NAMED
    if more > 0:
        names = _("%(names)s, and %(n)d more") % {"names": names, "n": more}
    return _("In %(year)s: %(names)s.") % {"year": SchoolYear(one.year).label, "names": names}


class Credentials:
    """How many credentials that count students earned, year by year: of the ledger."""

    code = "credentials"
    label = gettext_lazy("Credential ledger")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """One series, where two years have a line at least."""
        found = portfolio.of(school, _years(school, years)).years
        known = tuple(one.year for one in found if one.credentials_earned is not None)
        name = _("Industry credentials earned")
        meaning = _("Credentials on the list of their school year, each once a student: credentials, not students.")
        return [Offer(KEY, name, known, meaning)] if len(known) > 1 else []

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`awards.sources.Source`."""
        if KEY not in keys:
            return {}
        years = sorted(years)
        released = figures(None, [school], years, measures=[TALLY], groups=["ALL"], audience=Audience.PUBLIC)
        exact, public = [], []
        found = portfolio.of(school, years).years
        for one in found:
            exact.append(_count(one.year, one.credentials_earned))
            seen = released.get((school.pk, one.year, TALLY, "ALL"))
            public.append(_protected(one.year, one.credentials_verified, seen))
        words = _unverified(found)
        return {KEY: Both(Said(tuple(exact), words, counted=True), Said(tuple(public), counted=True))}

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """The ledger of that year."""
        return reverse("pathways:ledger", args=[school.slug, year])


def _unverified(found: Sequence[portfolio.YearOf]) -> str:
    """What of the ledger the school alone reads, said to it; blank where all is verified."""
    open_ones = [(one.credentials.unverified, one.year) for one in found if one.credentials]
    told = "; ".join(
        _("%(n)s in %(year)s") % {"n": f"{n:,}", "year": SchoolYear(year).label} for n, year in open_ones if n
    )
    return _("Not verified yet, and left out for readers and the public: %(told)s.") % {"told": told} if told else ""


def _count(year: int, n: int | None) -> Point:
    return Point(year, _("not recorded"), known=False) if n is None else Point(year, f"{n:,}", str(n))


def _protected(year: int, n: int | None, figure: Figure | None) -> Point:
    if n is None:
        return _count(year, n)
    if figure is not None and figure.state in _WITHHELD:
        return Point(year, _("withheld to protect students"), known=False)
    least = max(MINIMUM, figure.minimum if figure is not None else 0)
    return Point(year, _("fewer than %(n)d") % {"n": least}, known=False) if n < least else _count(year, n)


class Actions:
    """Action steps of the school's approved plans: as approved, and how far they are. Without names of people."""

    code = "action"
    label = gettext_lazy("Action steps of the approved plan")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """The steps on which work was done, finished ones first."""
        approved = _approved(school, years)
        rows = ActionStep.objects.filter(pk__in=approved, status__in=_BEGUN).values_list("pk", "status")
        begun = sorted(rows, key=lambda row: (row[1] != ActionStatus.DONE, row[0]))
        return [Offer(str(pk), approved[pk]["title"], definition=approved[pk]["strategy"]) for pk, _status in begun]

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`awards.sources.Source`; a key is the step's."""
        approved = _approved(school, None)
        wanted = [int(key) for key in keys if key.isdecimal() and int(key) in approved]
        found = {}
        for row in ActionStep.objects.filter(pk__in=wanted):
            said = Said(words=_step(approved[row.pk], str(row.get_status_display())))
            found[str(row.pk)] = Both(said, said)
        return found

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """The step's page in the plan."""
        row = ActionStep.objects.filter(pk=int(key), strategy__plan_goal__plan__organization=school)
        of_year = row.values_list("strategy__plan_goal__plan__year", flat=True).first()
        return "" if of_year is None else reverse("goals:action", args=[school.slug, of_year, int(key)])


def _approved(school: Organization, years: Sequence[int] | None) -> dict[int, dict[str, Any]]:
    """The action steps of the versions approved last, by key, with strategy, practice and goal."""
    versions = PlanVersion.objects.filter(plan__organization=school)
    if years is not None:
        versions = versions.filter(plan__year__in=years)
    found = {}
    for text in versions.order_by("plan_id", "-number").distinct("plan_id").values_list("content", flat=True):
        for goal in json.loads(text)["goals"]:
            for strategy in goal["strategies"]:
                for action in strategy["actions"]:
                    facts = {"strategy": strategy["title"], "practice": strategy["practice"], "goal": goal["title"]}
                    found[int(action["id"])] = action | facts
    return found


def _step(action: dict[str, Any], status: str) -> str:
    words = _("%(status)s. Planned from %(starts)s to %(due)s, for the strategy “%(strategy)s”.") % {
        "status": status,
        "starts": _day(action["starts"]),
        "due": _day(action["due"]),
        "strategy": action["strategy"],
    }
    if action["practice"]:
        words += " " + _("Key practice: %(practice)s.") % {"practice": action["practice"]}
    return words


def _day(iso: str) -> str:
    return str(date_format(dt.date.fromisoformat(iso), "F j, Y"))


class Goals:
    """The school's bold goals and how they go, with the reason: what is set by hand stays with the school."""

    code = "goal"
    label = gettext_lazy("Bold goals of the school")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """Every goal that was not stopped."""
        rows = BoldGoal.objects.filter(organization=school, stopped_on=None).select_related("measure")
        return [Offer(str(one.pk), one.title, definition=one.measure.name) for one in rows.order_by("order", "pk")]

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`awards.sources.Source`; a key is the goal's."""
        goals = BoldGoal.objects.filter(organization=school, pk__in=[int(key) for key in keys if key.isdecimal()])
        computed = {(one.goal_id, one.viewer): one for one in GoalStanding.objects.filter(goal__in=goals)}
        by_hand = {one.goal_id: one for one in StatusOverride.objects.filter(goal__in=goals, ended_at=None)}
        found = {}
        for goal in goals:
            own = by_hand.get(goal.pk) or computed.get((goal.pk, Viewer.OWN))
            public = computed.get((goal.pk, Viewer.PUBLIC))
            found[str(goal.pk)] = Both(*(_standing(goal, one) for one in (own, public)))
        return found

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """The goal's page."""
        return reverse("goals:goal", args=[school.slug, int(current_year()), int(key)])


def _standing(goal: BoldGoal, found: GoalStanding | StatusOverride | None) -> Said:
    end = _("To be reached in %(year)s.") % {"year": SchoolYear(goal.end_year).label}
    if found is None:
        return Said(words=f"{Status.NO_DATA.label}. {end}", empty=True)
    words = f"{Status(found.status).label}: {found.reason} {end}"
    return Said(words=words, empty=found.status == Status.NO_DATA)


def practices_of(school: Organization) -> list[tuple[str, list[str]]]:
    """The key practices and focus areas that a school of its design works with this year, by edition of the
    framework; nothing where none is loaded."""
    year = int(current_year())
    found: dict[str, list[str]] = {}
    for practice in elements.practices_for(school, year).order_by("edition__order", "number"):
        found.setdefault(practice.edition.name, []).append(practice.name)
    areas = FocusArea.objects.filter(edition__in=elements.editions_for(school, year)).select_related("edition")
    for area in areas.order_by("edition__order", "order"):
        names = found.setdefault(area.edition.name, [])
        if area.name not in names:
            names.append(area.name)
    return list(found.items())


def surveys_given(school: Organization, day: dt.date) -> bool | None:
    """Whether surveys of students and of teachers were both given in the two years up to ``day``; ``None`` where no
    survey of the school is recorded at all."""
    rows = SurveyAdministration.objects.filter(organization=school, given_on__lte=day)
    since = eligibility.years_before(day, SURVEY_YEARS)
    given = {kind for kind, given_on in rows.values_list("kind", "given_on") if given_on >= since}
    kinds = {SurveyAdministration.Kind.STUDENT, SurveyAdministration.Kind.TEACHER}
    return given >= kinds if rows.exists() else None


def register() -> None:
    """Let nominations take from the whole record."""
    for source in (Pathways(), Credentials(), Surveys(), Actions(), Goals()):
        sources.register(source)
    eligibility.register_surveys(surveys_given)
