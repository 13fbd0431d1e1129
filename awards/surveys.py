"""Surveys as a source of claims: the index of students and of teachers, year by year."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from awards.sources import MINIMUM, Both, Offer, Point, Said, plain
from goals.disclosure import minimum_of
from goals.models import Measure
from goals.planning import surveys
from schools.models import Organization


class Surveys:
    """The index of the survey that closed last in each year: exact for the school, whole points for others, and
    nothing where few answered."""

    code = "survey"
    label = gettext_lazy("Surveys of the record")
    live = True

    def offers(self, school: Organization, years: Sequence[int]) -> list[Offer]:
        """The measures that are known in two years at least."""
        found = surveys.by_year([school], surveys.MEASURES)
        known = {code: tuple(sorted(set(of) & set(years))) for (_school, code), of in found.items()}
        measures = Measure.objects.filter(code__in=[code for code, seen in known.items() if len(seen) > 1])
        return [Offer(one.code, one.name, known[one.code], one.definition) for one in measures.order_by("order")]

    def say(self, school: Organization, keys: Collection[str], years: Sequence[int]) -> dict[str, Both]:
        """See :class:`awards.sources.Source`; a key is the measure's code."""
        found = surveys.by_year([school], keys)
        least = max(MINIMUM, minimum_of([school])[school.pk])
        said = {}
        for (_school, code), of in found.items():
            exact, public = [], []
            for year in sorted(years):
                exact.append(_point(year, of.get(year), 0))
                public.append(_point(year, of.get(year), least))
            said[code] = Both(Said(tuple(exact)), Said(tuple(public)))
        return said

    def url(self, school: Organization, key: str, year: int | None) -> str:
        """The school's surveys."""
        return "" if year is None else reverse("goals:practices", args=[school.slug, year])


def _point(year: int, index: surveys.Index | None, least: int) -> Point:
    """A year of a survey. ``least``: how many must have answered; 0 for whoever sees exact figures."""
    if index is None:
        return Point(year, _("no survey recorded"), known=False)
    if index.answered < least:
        return Point(year, _("fewer than %(n)d answered") % {"n": least}, known=False)
    if least:
        text = plain(surveys.whole(index.value))
        return Point(year, text, text)
    text = plain(index.value)
    return Point(year, text, text, _("%(n)s answers") % {"n": f"{index.answered:,}"})
