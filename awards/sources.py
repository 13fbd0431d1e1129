"""Where claims come from: a registry of sources, each of which offers things of the record and says them.

A source says each thing twice: as the school's own people see it, and as reviewers and the public do. A higher or
later part of the product registers its own (:func:`register`), as ``awards.record`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards.models import Claim, ClaimPoint
from awards.models.nomination import ClaimUnit
from goals.figures import OWN, Figure, FigureState, figures
from goals.models import Audience, Measure, ReportedResult, StudentGroup
from goals.models.measure import MeasureKind
from goals.models.reported import Mask
from hstw.values import SchoolYear
from schools.models import Organization

# Of students and of what they earned, fewer than this are not told (domain reference, 4.2).
MINIMUM = 10
_KNOWN = frozenset({FigureState.SHOWN, FigureState.TOP, FigureState.BOTTOM})


@dataclass(frozen=True)
class Point:
    """One year of a series: what is said, the plain number where it may be told, and of how many."""

    year: int
    text: str
    value: str = ""
    of: str = ""
    known: bool = True

    def as_json(self) -> dict[str, Any]:
        """For a frozen document."""
        return {"year": self.year, "text": self.text, "value": self.value, "of": self.of, "known": self.known}


@dataclass(frozen=True)
class Said:
    """A thing of the record in words: a series, or a fact. ``counted``: a count of which nobody knows of how many;
    ``empty``: the words say that there is nothing to tell yet."""

    points: tuple[Point, ...] = ()
    words: str = ""
    counted: bool = False
    empty: bool = False


@dataclass(frozen=True)
class Both:
    """What the school's own people see, and what reviewers and the public do."""

    exact: Said
    public: Said


@dataclass(frozen=True)
class Offer:
    """Something that can be claimed: under which key, what it is called, and the years in which it is known."""

    key: str
    label: str
    years: tuple[int, ...] = ()
    definition: str = ""


class Source(Protocol):
    """One kind of source. ``live``: what it says may change after a nomination was submitted."""

    code: str
    label: Any
    live: bool

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """What can be claimed of a school."""
        ...

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """Each thing asked for over the years asked for; a constant number of queries."""
        ...

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """Where it stands in the record."""
        ...


_REGISTRY: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let claims come from ``source``; a code registered before is replaced."""
    _REGISTRY[source.code] = source


def all_sources() -> list[Source]:
    """The registered sources, in the order in which they were registered."""
    return list(_REGISTRY.values())


def source_of(code: str) -> Source | None:
    """A registered source."""
    return _REGISTRY.get(code)


class Measured:
    """Figures that the product computes (``goals.figures``): exact for the school, the public release for others."""

    code = "measure"
    label = gettext_lazy("Readiness figures of the record")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """The measures of all students that are known in two years at least."""
        found = figures(None, [school], years, audience=OWN)
        known: dict[str, list[int]] = {}
        for figure in found.values():
            if figure.state in _KNOWN:
                known.setdefault(figure.measure, []).append(figure.year)
        measures = Measure.objects.filter(code__in=[code for code, seen in known.items() if len(seen) > 1])
        return [Offer(one.code, one.name, tuple(sorted(known[one.code])), one.definition) for one in measures]

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`Source`; a key is a measure's code, ``ACGR4``, or with a student group, ``ACGR4|ECODIS``."""
        codes = sorted({key.partition("|")[0] for key in keys})
        groups = sorted({key.partition("|")[2] or "ALL" for key in keys})
        asked: dict[str, Any] = {"measures": codes, "groups": groups}
        exact = figures(None, [school], years, audience=OWN, **asked)
        public = figures(None, [school], years, audience=Audience.PUBLIC, **asked)
        found = {}
        for key in keys:
            code, _bar, group = key.partition("|")
            place = [(school.pk, year, code, group or "ALL") for year in sorted(years)]
            if all(one not in exact for one in place):
                continue
            found[key] = Both(*(Said(tuple(_of_figure(seen[one]) for one in place)) for seen in (exact, public)))
        return found

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """The measure's page."""
        return reverse("goals:measure", args=[school.slug, year, key.partition("|")[0]])


def _of_figure(figure: Figure) -> Point:
    known = figure.state in _KNOWN
    value = "" if not known else str(figure.numerator if figure.tally and figure.exact else figure.percent)
    return Point(figure.year, figure.text, value, figure.size_text if known else "", known)


class Published:
    """Results that an authority published: public before we had them."""

    code = "published"
    label = gettext_lazy("Results published by the state")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """Series of all students that were published for two years at least."""
        rows = ReportedResult.objects.filter(organization=school, year__in=years, group__code="ALL")
        known: dict[tuple[str, str, str, str], list[int]] = {}
        for publisher, code, name, definition, year in rows.order_by("measure__order", "year").values_list(
            "publisher", "measure__code", "measure__name", "measure__definition", "year"
        ):
            known.setdefault((publisher, code, name, definition), []).append(year)
        return [
            Offer(f"{publisher}|{code}|ALL", f"{name} ({publisher})", tuple(seen), definition)
            for (publisher, code, name, definition), seen in known.items()
            if len(seen) > 1
        ]

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`Source`; a key is ``publisher|measure|group``."""
        parts = [key.split("|") for key in keys if key.count("|") == 2]
        rows = ReportedResult.objects.filter(
            organization=school,
            year__in=years,
            publisher__in={part[0] for part in parts},
            measure__in=Measure.objects.filter(code__in={part[1] for part in parts}),
            group__in=StudentGroup.objects.filter(code__in={part[2] for part in parts}),
        ).select_related("measure", "group")
        by_key: dict[str, list[Point]] = {}
        for row in rows.order_by("year"):
            by_key.setdefault(f"{row.publisher}|{row.measure.code}|{row.group.code}", []).append(_of_result(row))
        return {key: Both(Said(tuple(points)), Said(tuple(points))) for key, points in by_key.items() if key in keys}

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """Published results have no page of their own yet: the school's readiness."""
        return reverse("goals:dashboard", args=[school.slug, year])


def _of_result(row: ReportedResult) -> Point:
    of = "" if row.denominator is None else _("%(n)s students") % {"n": f"{row.denominator:,}"}
    if row.mask in {"", Mask.COUNTS}:
        if row.measure.kind == MeasureKind.TALLY or row.value is None:
            return Point(row.year, f"{row.numerator:,}", str(row.numerator), of)
        value = plain(row.value)
        return Point(row.year, f"{value} %" if row.measure.kind == MeasureKind.STUDENT_RATE else value, value, of)
    if row.low is None or row.high is None:
        return Point(row.year, str(Mask(row.mask).label), known=False)
    return Point(row.year, f"{plain(row.low)}–{plain(row.high)} %", known=False)


class Typed:
    """Figures that the school states itself, each with the document it comes from."""

    code = "typed"
    label = gettext_lazy("A figure of your own, with its document")
    live = False

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """Nothing: they are typed in."""
        return []

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`Source`; a key is the claim's."""
        points = ClaimPoint.objects.filter(claim__in=[int(key) for key in keys if key.isdecimal()])
        by_key: dict[str, list[ClaimPoint]] = {}
        for point in points.select_related("claim").order_by("year"):
            by_key.setdefault(str(point.claim_id), []).append(point)
        return {
            key: Both(
                Said(tuple(typed_point(point) for point in rows), counted=_counted(rows)),
                Said(tuple(typed_point(point, protect=True) for point in rows), counted=_counted(rows)),
            )
            for key, rows in by_key.items()
        }

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """It stands in its document."""
        return ""


def typed_point(point: ClaimPoint, *, protect: bool = False) -> Point:
    """A typed year in words; protected, small numbers of students are not told."""
    of = "" if point.denominator is None else _("%(n)s students") % {"n": f"{point.denominator:,}"}
    unit = point.claim.unit
    if protect:
        of_students = unit in {ClaimUnit.STUDENTS, ClaimUnit.CREDENTIALS}
        if (point.denominator is not None and point.denominator < MINIMUM) or (of_students and point.value < MINIMUM):
            return Point(point.year, _("fewer than %(n)d") % {"n": MINIMUM}, known=False)
    text = f"{plain(point.value)} %" if unit == ClaimUnit.PERCENT else plain(point.value)
    return Point(point.year, text, str(point.value), of)


def _counted(rows: Iterable[ClaimPoint]) -> bool:
    return any(row.denominator is None for row in rows)


def plain(number: Decimal) -> str:
    """A number without needless zeros: ``12``, ``84.5``, ``1,040``."""
    return f"{number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize():,f}"


def said(claims: Sequence[Claim], school: Organization) -> dict[int, Both]:
    """What each claim's source says of the years from its baseline to its current one; nothing where it is gone."""
    found: dict[int, Both] = {}
    for code in dict.fromkeys(claim.source for claim in claims):
        source = source_of(code)
        if source is None:
            continue
        mine = [claim for claim in claims if claim.source == code]
        years = sorted({year for claim in mine for year in years_of(claim)})
        all_said = source.say(school, {key_of(claim) for claim in mine}, years)
        for claim in mine:
            if (both := all_said.get(key_of(claim))) is not None:
                wanted = set(years_of(claim))
                found[claim.pk] = Both(*(_within(one, wanted) for one in (both.exact, both.public)))
    return found


def _within(one: Said, years: Set[int]) -> Said:
    return replace(one, points=tuple(point for point in one.points if point.year in years))


def key_of(claim: Claim) -> str:
    """Under which key its source knows it."""
    return str(claim.pk) if claim.source == Typed.code else claim.source_key


def years_of(claim: Claim) -> list[SchoolYear]:
    """The school years from a claim's baseline to its current one."""
    if claim.baseline_year is None or claim.current_year is None:
        return []
    return [SchoolYear(year) for year in range(claim.baseline_year, claim.current_year + 1)]


def register_own() -> None:
    """Register the sources of this app."""
    for source in (Measured(), Published(), Typed()):
        register(source)
