"""Figures as a person may see them: the one way from numbers to pages, charts, files and answers.

People who may see the exact figures of an organization get its cells, marked as not to be shared; everybody else
gets the release of their audience. What neither has is “not reported” (with what is missing, or from when on it is
known) or does not apply.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from goals import certified
from goals.disclosure import settings_of, size_band
from goals.models import Audience, FigureState, Measure, MeasureCell, Release, ReleasedCell, StudentGroup
from goals.models.measure import Dimension, MeasureKind
from goals.readiness import looks_at
from goals.readiness.amounts import Amount, all_amounts, all_measures
from goals.readiness.computed import Computed
from goals.readiness.derive import is_due
from goals.readiness.rules import RuleBook, rule_book
from hstw.access import Action, prefixes
from hstw.values import SchoolYear
from schools.models import Organization
from schools.models.organization import Kind

__all__ = ["OWN", "Figure", "FigureState", "Key", "entitled", "figures", "rounded"]

Key = tuple[int, int, str, str]
OWN = "own"
_DEMOGRAPHICS = "demographics"
_HIDDEN = {FigureState.SMALL, FigureState.COMPLEMENTARY}


@dataclass(frozen=True)
class Figure:
    """One measure of one organization, year and group, as one person may see it.

    ``percent`` has one decimal (half up) where it is exact, none where it is protected, is the bound where it is
    coded and ``None`` where it is hidden. ``numerator`` and ``denominator`` are there only for who may see them:
    ``exact`` then says that the figure is not to be shared. ``missing`` names the evidence that is not loaded, ``due``
    the first day on which the figure can be known.
    """

    organization_id: int
    year: int
    measure: str
    group: str
    state: FigureState
    percent: Decimal | None = None
    numerator: int | None = None
    denominator: int | None = None
    exact: bool = False
    missing: tuple[str, ...] = ()
    due: dt.date | None = None
    # The group's size as a range, where it may be told: (41, 100); the last band has no end.
    size: tuple[int, int | None] | None = None
    tally: bool = False
    # A mean of scores, one decimal half up; the number of scores is the denominator.
    mean: Decimal | None = None
    unit: str = ""
    minimum: int = 10
    # The day of an earlier release, where the figure is kept until more students changed.
    since: dt.date | None = None
    # The day its year was closed: it stays as it was certified. What was counted since, where it differs and may be
    # seen, stands beside it.
    certified: dt.date | None = None
    revised: Figure | None = None

    @property
    def key(self) -> Key:
        """Of what it is: (organization, year, measure, group)."""
        return self.organization_id, self.year, self.measure, self.group

    @property
    def value(self) -> Decimal | None:
        """The number that is written: percent or its bound, a mean, or how many events; ``None`` where it is words."""
        if self.mean is not None:
            return self.mean
        if self.tally and self.exact:
            return None if self.numerator is None else Decimal(self.numerator)
        return self.percent

    @property
    def full_text(self) -> str:
        """As it is said, with what was counted since its year was closed, if it differs, and since when it is kept."""
        if self.revised is None:
            return " · ".join(filter(None, [self.text, self.since_text]))
        said = {"figure": self.text, "revised": self.revised.text}
        return _("certified %(figure)s · revised %(revised)s") % said

    @property
    def text(self) -> str:
        """As it is said on page, print and in files."""
        match self.state:
            case FigureState.SHOWN if self.tally and self.exact:
                return f"{self.numerator:,}"
            case FigureState.SHOWN if self.mean is not None:
                return f"{self.mean} {self.unit}"
            case FigureState.SHOWN:
                return f"{self.percent} %"
            case FigureState.TOP:
                return f"≥ {self.percent} %"
            case FigureState.BOTTOM:
                return f"≤ {self.percent} %"
            case FigureState.SMALL:
                return _("fewer than %(minimum)d students") % {"minimum": self.minimum}
            case FigureState.COMPLEMENTARY:
                return _("withheld to protect another group")
            case FigureState.NOT_APPLICABLE:
                return _("does not apply")
        if self.due is not None:
            return _("not reported before %(day)s") % {"day": date_format(self.due, "F j, Y")}
        return _("not reported")

    @property
    def since_text(self) -> str:
        """Of a figure that is kept since an earlier publication: “as published March 3”; else blank."""
        if self.since is None:
            return ""
        this_year = self.since.year == timezone.localdate().year
        return _("as published %(day)s") % {"day": date_format(self.since, "F j" if this_year else "F j, Y")}

    @property
    def size_text(self) -> str:
        """The size of the group, as far as it may be told: ``48 students``, ``41–100 students``, or blank."""
        if self.denominator is not None:
            return _("%(count)s students") % {"count": f"{self.denominator:,}"} if not self.tally else ""
        if self.size is None or self.tally:
            return ""
        low, high = self.size
        if high is None:
            return _("more than %(count)d students") % {"count": low - 1}
        return _("%(low)d–%(high)d students") % {"low": low, "high": high}


def rounded(numerator: int, denominator: int, places: int = 1) -> Decimal:
    """A rate in percent, half up."""
    return (Decimal(100 * numerator) / Decimal(denominator)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _mean(total: int, count: int) -> Decimal:
    return (Decimal(total) / Decimal(count)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def entitled(user: Any, organizations: Iterable[Organization]) -> set[int]:
    """Those of ``organizations`` whose exact figures ``user`` may see, by their ids."""
    within = tuple(prefixes(user, Action.VIEW_FIGURES))
    return {one.pk for one in organizations if within and one.path.startswith(within)}


def figures(
    user: Any,
    organizations: Sequence[Organization],
    years: Sequence[int],
    measures: Sequence[str] | None = None,
    groups: Sequence[str] = ("ALL",),
    *,
    audience: Audience | str | None = None,
) -> dict[Key, Figure]:
    """Every figure asked for, as ``user`` may see it: by (organization, year, measure, group).

    ``measures`` are all computed ones where left out, without those of rules that hold nowhere asked for. With
    ``audience`` it is what that audience sees, whoever asks:
    one of releases, or :data:`OWN`, the exact figures as their own people see them.
    The number of queries does not depend on how much is asked for; a caller who reads more than once does so in one
    REPEATABLE READ transaction.
    """
    asked = _Asked(organizations, years, measures, groups)
    exact: set[int] = set()
    if audience == OWN:
        exact = {one.pk for one in organizations}
    elif audience is None:
        exact = entitled(user, organizations)
        audience = Audience.NETWORK if user is not None and user.is_authenticated else Audience.PUBLIC
    found: dict[Key, Figure] = {}
    if exact:
        found |= _exact(asked, exact)
    protected = {one.pk for one in organizations} - exact
    if protected:
        found |= _released(asked, protected, Audience(audience), _insider_of(user, asked))
    found |= _certified(asked, found, exact, None if audience == OWN else Audience(audience))
    return _with_absent(asked, found)


class _Asked:
    """What was asked for, with the rows it needs."""

    def __init__(
        self,
        organizations: Sequence[Organization],
        years: Sequence[int],
        measures: Sequence[str] | None,
        groups: Sequence[str],
    ) -> None:
        self.organizations, self.years = list(organizations), sorted(set(years))
        computed_here = Q(bit__isnull=False) | Q(code__in=[one.code for one in all_amounts()])
        rows = Measure.objects.filter(computed_here) if measures is None else Measure.objects.all()
        self.measures = {row.pk: row for row in rows if measures is None or row.code in measures}
        rows_of_groups = list(StudentGroup.objects.all())
        self.groups = {row.pk: row for row in rows_of_groups if row.code in groups}
        # A whole dimension is looked at: where nobody stands in any of its groups, it is not reported.
        dimensions = {row.dimension for row in self.groups.values()}
        self.seen_groups = {row.pk: row for row in rows_of_groups if row.dimension in dimensions}
        states = Organization.objects.filter(path__in={one.path[: 2 * one.steplen] for one in self.organizations})
        self.states = {state.path: state for state in states}
        self.book = rule_book()
        if measures is None:
            shown = {
                code
                for state in self.states.values()
                for year in self.years
                for code in self.book.shown(state.postal_state, year)
            }
            self.measures = {pk: row for pk, row in self.measures.items() if row.code in shown}

    def state_of(self, organization: Organization) -> Organization | None:
        return self.states.get(organization.path[: 2 * organization.steplen])

    @cached_property
    def _minimum(self) -> dict[int, int]:
        by_state = {pk: one.minimum for pk, one in settings_of(self.states.values()).items()}
        return {one.pk: by_state[state.pk] for one in self.organizations if (state := self.state_of(one))}

    def minimum_of(self, organization: int) -> int:
        """The smallest group that its state shows."""
        return self._minimum.get(organization, 10)


# --- what there is ---------------------------------------------------------------------------------------------------
def _exact(asked: _Asked, within: set[int]) -> dict[Key, Figure]:
    found = {}
    cells = MeasureCell.objects.filter(
        organization__in=within, year__in=asked.years, measure__in=asked.measures, group__in=asked.seen_groups
    ).values_list("organization_id", "year", "measure_id", "group_id", "numerator", "denominator")
    for organization, year, measure_id, group_id, numerator, denominator in cells:
        figure = _exact_figure(asked, organization, year, measure_id, group_id, numerator, denominator)
        found[figure.key] = figure
    return found


def _insider_of(user: Any, asked: _Asked) -> set[int]:
    """The organizations asked for below which ``user`` knows exact figures of a place.

    A cooperative stands beside the districts: whoever knows a place of its state may know one of its members.
    """
    within = tuple(prefixes(user, Action.VIEW_FIGURES)) if user is not None else ()
    state = 2 * Organization.steplen
    return {
        one.pk
        for one in asked.organizations
        for prefix in within
        if prefix.startswith(one.path) or (one.kind == Kind.COOPERATIVE and prefix.startswith(one.path[:state]))
    }


def _released(asked: _Asked, within: set[int], audience: Audience, insider: set[int]) -> dict[Key, Figure]:
    found = {}
    cells = ReleasedCell.objects.filter(
        release__in=_releases(asked, audience),
        organization__in=within,
        measure__in=asked.measures,
        group__in=asked.seen_groups,
    ).values_list(
        "organization_id", "release__year", "measure_id", "group_id", "state", "low", "high", "size", "since",
        "outside_only",
    )  # fmt: skip
    asked.minimum_of(0)  # one query, whether there is a figure or not
    for organization, year, measure_id, group_id, text, low, high, size, since, outside_only in cells:
        figure = _released_figure(asked, organization, year, measure_id, group_id, text, low, high, size, since)
        if outside_only and figure.organization_id in insider and figure.state not in _HIDDEN:
            figure = Figure(*figure.key, FigureState.COMPLEMENTARY, minimum=figure.minimum, since=figure.since)
        found[figure.key] = figure
    return found


def _releases(asked: _Asked, audience: Audience) -> Any:
    return Release.objects.filter(
        organization__in=[state.pk for state in asked.states.values()], year__in=asked.years, audience=audience
    )


def _exact_figure(
    asked: _Asked, organization: int, year: int, measure_id: int, group_id: int, numerator: int, denominator: int
) -> Figure:
    measure, group = asked.measures[measure_id], asked.seen_groups[group_id]
    return Figure(
        organization,
        year,
        measure.code,
        group.code,
        FigureState.SHOWN,
        percent=None if measure.kind == MeasureKind.MEAN else rounded(numerator, denominator),
        numerator=numerator,
        denominator=denominator,
        exact=True,
        tally=measure.kind == MeasureKind.TALLY,
        mean=_mean(numerator, denominator) if measure.kind == MeasureKind.MEAN else None,
        unit=str(measure.get_unit_display()),
    )


def _released_figure(
    asked: _Asked,
    organization: int,
    year: int,
    measure_id: int,
    group_id: int,
    text: str,
    low: int | None,
    high: int | None,
    size: int | None,
    since: dt.date | None = None,
) -> Figure:
    measure, group, said = asked.measures[measure_id], asked.seen_groups[group_id], FigureState(text)
    known = low if said in {FigureState.SHOWN, FigureState.TOP} else high
    value = None if known is None else Decimal(known)
    is_mean = measure.kind == MeasureKind.MEAN
    return Figure(
        organization,
        year,
        measure.code,
        group.code,
        said,
        percent=None if is_mean else value,
        mean=value if is_mean else None,
        unit=str(measure.get_unit_display()),
        size=None if size is None else size_band(size),
        tally=measure.kind == MeasureKind.TALLY,
        minimum=asked.minimum_of(organization),
        since=since,
    )


# --- what was certified ----------------------------------------------------------------------------------------------
def _certified(
    asked: _Asked, found: dict[Key, Figure], exact: set[int], audience: Audience | None
) -> dict[Key, Figure]:
    """Of closed years, the certified figures in place of those counted since, which stand beside them as revised.

    Who reads releases gets the certified release and nothing of what was counted since. What was certified as not
    reported stays so.
    """
    closed = certified.standing(asked.states.values(), asked.years, audience)
    if not closed.closes:
        return {}
    state_of = {one.pk: asked.state_of(one) for one in asked.organizations}
    ids = {measure.code: pk for pk, measure in asked.measures.items()}
    day_of: dict[tuple[int, int], dt.date] = {}
    stands: dict[Key, Figure] = {}
    for organization, year, measure_id, group_id, numerator, denominator, text, low, high, size in certified.cells(
        closed, list(state_of), asked.measures, asked.seen_groups
    ):
        place = organization, year, measure_id, group_id
        if organization in exact:
            if numerator is not None and denominator:
                figure = _exact_figure(asked, *place, numerator, denominator)
                stands[figure.key] = figure
        elif text:
            figure = _released_figure(asked, *place, text, low, high, size)
            stands[figure.key] = figure
    for key in {*found, *stands}:
        close = closed.of(state_of[key[0]], key[1])
        if close is None or not closed.certified(close, ids[key[2]]):
            continue
        day = day_of.setdefault((close.pk, key[1]), timezone.localdate(close.closed_at))
        now = found.get(key) if key[0] in exact else None
        then = stands.get(key) or Figure(*key, FigureState.NOT_REPORTED)
        if now is not None and (now.numerator, now.denominator) == (then.numerator, then.denominator):
            now = None
        elif now is None and key[0] in exact:
            now = Figure(*key, FigureState.NOT_REPORTED)
        stands[key] = replace(then, certified=day, revised=now)
    return stands


# --- what there is not -----------------------------------------------------------------------------------------------
def _with_absent(asked: _Asked, found: dict[Key, Figure]) -> dict[Key, Figure]:
    """The figures asked for in full: those without a cell are not reported, or do not apply."""
    today = timezone.localdate()
    by_code = {one.code: one for one in all_measures()}
    dimension_of = {group.code: group.dimension for group in asked.seen_groups.values()}
    dimensions = {(key[:3], dimension_of[key[3]]) for key in found}
    result: dict[Key, Figure] = {}
    loaded: dict[int, looks_at.Known] | None = None
    for organization in asked.organizations:
        state = asked.state_of(organization)
        for year in asked.years:
            for measure in asked.measures.values():
                for group in asked.groups.values():
                    key = (organization.pk, year, measure.code, group.code)
                    if key in found:
                        result[key] = found[key]
                        continue
                    if loaded is None:
                        loaded = _loaded(asked)
                    said, missing, due = _why_absent(
                        measure,
                        by_code.get(measure.code),
                        group,
                        year,
                        state,
                        loaded.get(organization.pk, looks_at.NOTHING),
                        today,
                        asked.book,
                        others=((*key[:3],), group.dimension) in dimensions,
                    )
                    result[key] = Figure(*key, said, missing=missing, due=due)
    return result


def _why_absent(
    measure: Measure,
    rule: Computed | Amount | None,
    group: StudentGroup,
    year: int,
    state: Organization | None,
    loaded: looks_at.Known,
    today: dt.date,
    book: RuleBook,
    *,
    others: bool,
) -> tuple[FigureState, tuple[str, ...], dt.date | None]:
    if (
        (measure.state and (state is None or measure.state != state.postal_state))
        or (measure.first_year and year < measure.first_year)
        or (measure.last_year and year > measure.last_year)
    ):
        return FigureState.NOT_APPLICABLE, (), None
    # Of the measures that a state's own rule decides, those alone that this rule has, over whom it has them.
    if isinstance(rule, Computed) and not book.applies(rule, state.postal_state if state else "", year):
        return FigureState.NOT_APPLICABLE, (), None
    if rule is not None and not is_due(rule, year, today):
        known = SchoolYear(year + rule.after).last_day + dt.timedelta(days=1)
        return FigureState.NOT_REPORTED, (), known
    kinds = rule.evidence if rule is not None else tuple(measure.evidence)
    basis = rule.basis if rule is not None else measure.basis
    looks = looks_at.looks(measure.code, basis, kinds, year, rule.after if rule is not None else 0)
    missing = [looks_at.said(look, lacking, year) for look in looks if (lacking := looks_at.missing(look, loaded))]
    if group.dimension != Dimension.ALL and not others and (_DEMOGRAPHICS, year) not in loaded and not missing:
        missing = [looks_at.label(_DEMOGRAPHICS)]
    if missing or not kinds:
        return FigureState.NOT_REPORTED, tuple(missing), None
    return FigureState.NOT_APPLICABLE, (), None


def _loaded(asked: _Asked) -> dict[int, looks_at.Known]:
    """By organization: the kinds and years of evidence loaded for it."""
    if not asked.organizations or not asked.years:
        return {}
    first, last = min(asked.years) - looks_at.BACK, max(asked.years) + looks_at.AHEAD
    return looks_at.known(asked.organizations, first, last)
