"""Figures as a person may see them: the one way from numbers to pages, charts, files and answers.

People who may see the exact figures of an organization get its cells, marked as not to be shared; everybody else
gets the release of their audience. What neither has is “not reported” (with what is missing, or from when on it is
known) or does not apply.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from goals.disclosure import settings_of, size_band
from goals.models import Audience, FigureState, Measure, MeasureCell, Release, ReleasedCell, StudentGroup
from goals.models.measure import Basis, Dimension, MeasureKind
from goals.readiness.computed import Computed, all_computed
from goals.readiness.derive import is_due
from hstw.access import Action, prefixes
from hstw.values import SchoolYear
from schools.imports import coverage
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
    minimum: int = 10
    # The day of an earlier release, where the figure is kept until more students changed.
    since: dt.date | None = None

    @property
    def text(self) -> str:
        """As it is said on page, print and in files."""
        match self.state:
            case FigureState.SHOWN if self.tally and self.exact:
                return f"{self.numerator:,}"
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

    ``measures`` are all computed ones where left out. With ``audience`` it is what that audience sees, whoever asks:
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
        rows = Measure.objects.filter(bit__isnull=False) if measures is None else Measure.objects.all()
        self.measures = {row.pk: row for row in rows if measures is None or row.code in measures}
        rows_of_groups = list(StudentGroup.objects.all())
        self.groups = {row.pk: row for row in rows_of_groups if row.code in groups}
        # A whole dimension is looked at: where nobody stands in any of its groups, it is not reported.
        dimensions = {row.dimension for row in self.groups.values()}
        self.seen_groups = {row.pk: row for row in rows_of_groups if row.dimension in dimensions}
        states = Organization.objects.filter(path__in={one.path[: 2 * one.steplen] for one in self.organizations})
        self.states = {state.path: state for state in states}

    def state_of(self, organization: Organization) -> Organization | None:
        return self.states.get(organization.path[: 2 * organization.steplen])


# --- what there is ---------------------------------------------------------------------------------------------------
def _exact(asked: _Asked, within: set[int]) -> dict[Key, Figure]:
    found = {}
    cells = MeasureCell.objects.filter(
        organization__in=within, year__in=asked.years, measure__in=asked.measures, group__in=asked.seen_groups
    ).values_list("organization_id", "year", "measure_id", "group_id", "numerator", "denominator")
    for organization, year, measure_id, group_id, numerator, denominator in cells:
        measure, group = asked.measures[measure_id], asked.seen_groups[group_id]
        found[organization, year, measure.code, group.code] = Figure(
            organization,
            year,
            measure.code,
            group.code,
            FigureState.SHOWN,
            percent=rounded(numerator, denominator),
            numerator=numerator,
            denominator=denominator,
            exact=True,
            tally=measure.kind == MeasureKind.TALLY,
        )
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
    minimum = {pk: one.minimum for pk, one in settings_of(asked.states.values()).items()}
    state_of = {one.pk: state.pk for one in asked.organizations if (state := asked.state_of(one))}
    cells = ReleasedCell.objects.filter(
        release__in=_releases(asked, audience),
        organization__in=within,
        measure__in=asked.measures,
        group__in=asked.seen_groups,
    ).values_list(
        "organization_id", "release__year", "measure_id", "group_id", "state", "low", "high", "size",
        "outside_only", "since",
    )  # fmt: skip
    for organization, year, measure_id, group_id, text, low, high, size, outside_only, since in cells:
        if outside_only and organization in insider and text not in _HIDDEN:
            text, low, high, size = FigureState.COMPLEMENTARY, None, None, None
        measure, group, said = asked.measures[measure_id], asked.seen_groups[group_id], FigureState(text)
        percent = low if said in {FigureState.SHOWN, FigureState.TOP} else high
        found[organization, year, measure.code, group.code] = Figure(
            organization,
            year,
            measure.code,
            group.code,
            said,
            percent=None if percent is None else Decimal(percent),
            size=None if size is None else size_band(size),
            tally=measure.kind == MeasureKind.TALLY,
            minimum=minimum.get(state_of.get(organization, 0), 10),
            since=since,
        )
    return found


def _releases(asked: _Asked, audience: Audience) -> Any:
    return Release.objects.filter(
        organization__in=[state.pk for state in asked.states.values()], year__in=asked.years, audience=audience
    )


# --- what there is not -----------------------------------------------------------------------------------------------
def _with_absent(asked: _Asked, found: dict[Key, Figure]) -> dict[Key, Figure]:
    """The figures asked for in full: those without a cell are not reported, or do not apply."""
    today = timezone.localdate()
    by_code = {one.code: one for one in all_computed()}
    dimension_of = {group.code: group.dimension for group in asked.seen_groups.values()}
    dimensions = {(key[:3], dimension_of[key[3]]) for key in found}
    result: dict[Key, Figure] = {}
    loaded: dict[int, set[tuple[str, int]]] | None = None
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
                        loaded.get(organization.pk, set()),
                        today,
                        others=((*key[:3],), group.dimension) in dimensions,
                    )
                    result[key] = Figure(*key, said, missing=missing, due=due)
    return result


def _why_absent(
    measure: Measure,
    rule: Computed | None,
    group: StudentGroup,
    year: int,
    state: Organization | None,
    loaded: set[tuple[str, int]],
    today: dt.date,
    *,
    others: bool,
) -> tuple[FigureState, tuple[str, ...], dt.date | None]:
    if (
        (measure.state and (state is None or measure.state != state.postal_state))
        or (measure.first_year and year < measure.first_year)
        or (measure.last_year and year > measure.last_year)
    ):
        return FigureState.NOT_APPLICABLE, (), None
    if rule is not None and not is_due(rule, year, today):
        known = SchoolYear(year + rule.after).last_day + dt.timedelta(days=1)
        return FigureState.NOT_REPORTED, (), known
    kinds = rule.evidence if rule is not None else tuple(measure.evidence)
    basis = rule.basis if rule is not None else measure.basis
    missing = [kind for kind in kinds if not _has(kind, basis, year, loaded)]
    if group.dimension != Dimension.ALL and not others and (_DEMOGRAPHICS, year) not in loaded and not missing:
        missing = [_DEMOGRAPHICS]
    if missing or not kinds:
        return FigureState.NOT_REPORTED, tuple(coverage.label(kind) for kind in missing), None
    return FigureState.NOT_APPLICABLE, (), None


def _has(kind: str, basis: str, year: int, loaded: set[tuple[str, int]]) -> bool:
    """Whether evidence of a kind is loaded for the years that a measure of the basis looks at (as in derive)."""
    years = range(year, year + 1)
    if kind == "postsecondary":
        years = range(year, year + 2)
    elif basis != Basis.YEAR and kind not in {"enrollment", "diplomas"}:
        years = range(year - 3, year + 1)
    if kind == "assessment":
        return any(name.startswith("assessment:") and at in years for name, at in loaded)
    return any((kind, at) in loaded for at in years)


def _loaded(asked: _Asked) -> dict[int, set[tuple[str, int]]]:
    """By organization: the kinds and years of evidence loaded for it, above it, or (above the school) below it."""
    if not asked.organizations or not asked.years:
        return {}
    step = Organization.steplen
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH asked AS (SELECT id, path, kind FROM schools_organization WHERE id = ANY(%(ids)s)),"
            " seen AS (SELECT k.id, a.id AS source FROM asked k"
            "   CROSS JOIN generate_series(%(state)s, length(k.path), %(step)s) n"
            "   JOIN schools_organization a ON a.path = left(k.path, n)"
            "   UNION SELECT k.id, a.id FROM asked k JOIN schools_organization a ON a.path LIKE k.path || '%%'"
            "   WHERE k.kind <> 'school')"
            " SELECT DISTINCT s.id, c.kind, c.year FROM seen s JOIN schools_evidencecoverage c"
            " ON c.organization_id = s.source WHERE c.year BETWEEN %(first)s AND %(last)s",
            {
                "ids": [one.pk for one in asked.organizations],
                "state": 2 * step,
                "step": step,
                "first": min(asked.years) - 3,
                "last": max(asked.years) + 1,
            },
        )
        loaded: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for organization, kind, year in cursor.fetchall():
            loaded[organization].add((kind, year))
    return loaded
