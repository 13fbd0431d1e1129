"""Closed school years: what a state certified when it closed one, beside what is counted since.

Closing copies the exact cells of every measure that can be known, and what the network's release showed of them. A
figure of a closed year is the certified one from then on; what a later rollup makes of it is *revised*, and stands
beside it for those who may see exact figures. Everybody else goes on reading the certified release alone: a second
release of almost the same students would give away the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from goals.models import Audience, CertifiedCell, CertifiedMeasure, Measure, MeasureCell, Release
from goals.readiness.computed import all_computed
from goals.readiness.derive import is_due
from goals.readiness.rules import rule_book
from schools.models import Organization, YearClose
from schools.models.organization import Kind


@dataclass(frozen=True)
class Standing:
    """The closings in force of some states and years, and what each certified."""

    closes: dict[tuple[int, int], YearClose]
    measures: dict[int, dict[int, str]]

    def of(self, state: Organization | None, year: int) -> YearClose | None:
        """The closing of a state's year."""
        return None if state is None else self.closes.get((state.pk, year))

    def certified(self, close: YearClose | None, measure: int) -> bool:
        """Whether a measure was certified with it."""
        return close is not None and measure in self.measures.get(close.pk, {})


def standing(states: Iterable[Organization], years: Iterable[int], audience: Audience | None = None) -> Standing:
    """The closings in force: one query where there is none, two where there are some.

    For the public only those after which its release was published: until then it reads what was published.
    """
    found = YearClose.objects.standing().filter(organization__in=[one.pk for one in states], year__in=list(years))
    if audience == Audience.PUBLIC:
        published = Release.objects.filter(
            organization=OuterRef("organization"),
            year=OuterRef("year"),
            audience=Audience.PUBLIC,
            published_at__gte=OuterRef("closed_at"),
        )
        found = found.filter(Exists(published))
    closes = {(one.organization_id, one.year): one for one in found.select_related("by")}
    measures: dict[int, dict[int, str]] = {}
    if closes:
        rows = CertifiedMeasure.objects.filter(close__in=[one.pk for one in closes.values()])
        for close, measure, rules in rows.values_list("close_id", "measure_id", "rules"):
            measures.setdefault(close, {})[measure] = rules
    return Standing(closes, measures)


def closing_of(organization: Organization, year: int) -> YearClose | None:
    """The closing in force of the year of an organization's state; one query."""
    state = organization if organization.kind == Kind.STATE else organization.in_state
    closes = YearClose.objects.standing().filter(organization=state, year=year)
    return closes.select_related("by").first() if state is not None else None


# (organization, year, measure, group, numerator, denominator, state, low, high, size), by ids
Row = tuple[int, int, int, int, "int | None", "int | None", str, "int | None", "int | None", "int | None"]


def cells(
    found: Standing, organizations: Sequence[int], measures: Iterable[int], groups: Iterable[int]
) -> Iterable[Row]:
    """The certified cells of these organizations; no query where no year is closed."""
    if not found.closes:
        return []
    return (
        CertifiedCell.objects.filter(
            close__in=[one.pk for one in found.closes.values()],
            organization__in=organizations,
            measure__in=list(measures),
            group__in=list(groups),
        )
        .annotate(year=F("close__year"))
        .values_list(
            *("organization_id", "year", "measure_id", "group_id", "numerator", "denominator"),
            *("state", "low", "high", "size"),
        )
    )


def certify(close: YearClose) -> int:
    """Copy what is known of a year that has just been closed, in the caller's transaction; the cells copied."""
    state = close.organization
    measures = _known(close)
    with transaction.atomic(), connection.cursor() as cursor:
        CertifiedMeasure.objects.bulk_create(
            [CertifiedMeasure(close=close, measure_id=pk, rules=rules) for pk, rules in measures.items()]
        )
        cursor.execute(
            "INSERT INTO goals_certifiedcell (close_id, organization_id, measure_id, group_id, numerator, denominator,"
            "  state, low, high, size)"
            " SELECT %(close)s, organization_id, measure_id, group_id, c.numerator, c.denominator,"
            "  coalesce(r.state, ''), r.low, r.high, r.size"
            " FROM (SELECT c.* FROM goals_measurecell c JOIN schools_organization o ON o.id = c.organization_id"
            "   WHERE starts_with(o.path, %(path)s) AND c.year = %(year)s AND c.measure_id = ANY(%(measures)s)) c"
            " FULL JOIN (SELECT d.* FROM goals_releasedcell d JOIN goals_release e ON e.id = d.release_id"
            "   WHERE e.organization_id = %(state)s AND e.year = %(year)s AND e.audience = %(network)s"
            "   AND d.measure_id = ANY(%(measures)s)) r"
            " USING (organization_id, measure_id, group_id)",
            {
                "close": close.pk,
                "path": state.path,
                "year": close.year,
                "state": state.pk,
                "network": Audience.NETWORK,
                "measures": list(measures),
            },
        )
        return int(cursor.rowcount)


def _known(close: YearClose) -> dict[int, str]:
    """The measures that can be known on the day of closing, each with the rule set that decided it, if any."""
    specs = {one.code: one for one in all_computed()}
    day = timezone.localdate(close.closed_at)
    book = rule_book()
    counted = MeasureCell.objects.filter(organization=close.organization, year=close.year).values("measure")
    found = {}
    for pk, code in Measure.objects.filter(Q(code__in=specs) | Q(pk__in=counted)).values_list("pk", "code"):
        spec = specs.get(code)
        if spec is None or is_due(spec, close.year, day):
            rules = book.of(spec, close.organization.postal_state, close.year) if spec is not None else None
            found[pk] = "" if rules is None else rules.code
    return found
