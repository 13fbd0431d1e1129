"""Whether a school may be nominated: computed from the record, each requirement with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from awards.models import Edition
from awards.models.edition import PhaseKind
from schools.models import NetworkMembership, Organization
from schools.models.organization import Design, Kind


@dataclass(frozen=True)
class Requirement:
    """One requirement: met, not met, or (``None``) not to be told from the record."""

    code: str
    label: str
    met: bool | None
    words: str

    @property
    def status(self) -> str:
        """As the status component has it."""
        return {True: "on_track", False: "off_track", None: "no_data"}[self.met]


Surveys = Callable[[Organization, dt.date], "bool | None"]
_surveys: list[Surveys] = []


def register_surveys(find: Surveys) -> None:
    """Where the record of surveys is: ``find(school, day)`` says whether student and teacher surveys were given within
    the two years before ``day``, ``None`` where nothing is recorded."""
    _surveys[:] = [find]


def check(edition: Edition, school: Organization) -> list[Requirement]:
    """Every requirement of the edition for one school, as the record has it today."""
    day = closing_day(edition)
    return [_kind(edition, school), *_membership(edition, school, day), *_asked_surveys(edition, school, day)]


def eligible(requirements: list[Requirement]) -> bool:
    """Whether nothing stands against it; what the record cannot tell is left to the coordinator."""
    return all(one.met is not False for one in requirements)


def closing_day(edition: Edition) -> dt.date:
    """The day for which it is asked: when nominations close, in the edition's own time zone; else today."""
    phase = next((phase for phase in edition.phases.all() if phase.kind == PhaseKind.NOMINATION), None)
    return timezone.localdate() if phase is None else phase.closes_at.astimezone(edition.zone).date()


def _kind(edition: Edition, school: Organization) -> Requirement:
    wanted = ", ".join(str(Design(design).label) for design in edition.designs)
    label = _("Kind of school: %(kinds)s") % {"kinds": wanted}
    if school.kind != Kind.SCHOOL or school.closed is not None:
        return Requirement("kind", label, False, _("This is not a school that is open."))
    if not school.design:
        return Requirement("kind", label, None, _("The school's design is not recorded."))
    return Requirement("kind", label, school.design in edition.designs, str(school.get_design_display()))


def _membership(edition: Edition, school: Organization, day: dt.date) -> list[Requirement]:
    if edition.membership_years == 0:
        return []
    label = _("Active member of the network, years in a row: %(n)d") % {"n": edition.membership_years}
    since = _since(school, day)
    if since is None:
        words = _("No membership is recorded for %(day)s.") % {"day": _day(day)}
        return [Requirement("membership", label, False, words)]
    needed = years_before(day, edition.membership_years)
    words = _("Member without a gap since %(day)s.") % {"day": _day(since)}
    return [Requirement("membership", label, since <= needed, words)]


def is_member(school: Organization, day: dt.date, years: int) -> bool:
    """Whether a school was an active member on ``day`` and without a gap so many years before."""
    since = _since(school, day)
    return since is not None and since <= years_before(day, years)


def _since(school: Organization, day: dt.date) -> dt.date | None:
    rows = NetworkMembership.objects.filter(organization=school, starts__lte=day).order_by("starts", "pk")
    return _without_gap([(one.starts, one.ends) for one in rows], day)


def years_before(day: dt.date, years: int) -> dt.date:
    """The same day so many years earlier; February 29 becomes February 28."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _without_gap(periods: list[tuple[dt.date, dt.date | None]], day: dt.date) -> dt.date | None:
    """Since when somebody has been a member on ``day`` without a day in between; ``None`` where they are not."""
    since: dt.date | None = None
    until: dt.date | None = None
    for starts, ends in periods:
        if since is None or (until is not None and starts > until + dt.timedelta(days=1)):
            since, until = starts, ends or dt.date.max
        else:
            until = max(until or starts, ends or dt.date.max)
    return since if since is not None and until is not None and until >= day else None


def _asked_surveys(edition: Edition, school: Organization, day: dt.date) -> list[Requirement]:
    if not edition.asks_surveys:
        return []
    label = _("Student and teacher surveys were given")
    given = _surveys[0](school, day) if _surveys else None
    words = {
        True: _("Both are recorded."),
        False: _("Not recorded in the two years before."),
        None: _("Surveys are not in the record: attach the survey report to the nomination."),
    }
    return [Requirement("surveys", label, given, words[given])]


def _day(day: dt.date) -> str:
    return str(date_format(day, "F j, Y"))
