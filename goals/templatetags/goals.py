"""How figures are said."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from goals.figures import Figure, FigureState
from goals.models import Measure
from goals.models.measure import MeasureKind
from goals.reported import Published
from hstw import charts

register = template.Library()
_HIDDEN = {FigureState.SMALL, FigureState.COMPLEMENTARY, FigureState.NOT_REPORTED, FigureState.NOT_APPLICABLE}


@register.filter
def hidden(figure: Figure | None) -> bool:
    """Whether a figure is words instead of a number."""
    return figure is None or figure.state in _HIDDEN


@register.filter
def points(value: Decimal | None) -> str:
    """A difference of percents: “1.2 points”, without its sign."""
    if value is None:
        return ""
    size = abs(value)
    number = f"{size:.1f}".removesuffix(".0") if size != size.to_integral_value() else f"{size:.0f}"
    return ngettext("%(n)s point", "%(n)s points", 1 if number == "1" else 2) % {"n": number}


@register.filter
def difference(value: Decimal | None, figure: Figure | None) -> str:
    """How far two figures of a measure are apart, without its sign: in points, or for counts of events how many."""
    if value is not None and figure is not None and figure.tally and figure.exact:
        return f"{abs(value):,.0f}"
    return points(value)


@register.simple_tag
def bar(
    figure: Figure | str | None, all_students: Figure | str | None = "", goal: Decimal | str | None = ""
) -> charts.Bar:
    """The bar of a figure, with the mark of what it is compared with and its goal; an empty name stands for neither."""
    value, mark = (one.percent if isinstance(one, Figure) else None for one in (figure, all_students))
    return charts.bar(value, mark=mark, goal=goal if isinstance(goal, Decimal) else None)


@register.simple_tag
def published_bar(one: Published, all_students: Published | None) -> charts.Bar:
    """The bar of a published share, with the mark of all students; nothing where it was masked."""
    mark = all_students.value if all_students is not None and all_students.is_share else None
    return charts.bar(one.value if one.is_share else None, mark=mark)


@register.filter
def rounded(figure: Figure | None) -> str:
    """A figure where room is short: whole percents; a dash where it is words."""
    if figure is None or figure.percent is None:
        return "—"
    sign = {FigureState.TOP: "≥ ", FigureState.BOTTOM: "≤ "}.get(figure.state, "")
    return _("%(sign)s%(percent)s %%") % {"sign": sign, "percent": figure.percent.quantize(Decimal(1), ROUND_HALF_UP)}


@register.filter
def unit_of(unit: str, measure: Measure) -> str:
    """What a measure's counts are counts of: students, but for a tally."""
    return unit if measure.kind == MeasureKind.TALLY else _("students")
