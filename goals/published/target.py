"""Published results as a target of imports: the columns that readers of publications stage."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from goals.models import ReportedResult
from goals.models.reported import Mask
from schools.imports import values
from schools.imports.targets import Check, Column, Target, text

_COUNT = values.Integer(0, 10**12)
_ID = values.Integer(1, 2**63 - 1)

REPORTED_RESULT = Target(
    code="reported_result",
    label=_("published result"),
    plural=_("published results"),
    model=ReportedResult,
    kind="published",
    key=("organization_id", "measure_id", "group_id", "year", "publisher"),
    # Every layout adds; should one replace some day, what the publisher withdrew goes.
    gone="delete",
    about_student=False,
    columns=(
        Column("measure_id", _("measure"), _ID, "bigint", required=True),
        Column("group_id", _("student group"), _ID, "bigint", required=True),
        Column("publisher", _("publisher"), text(40), required=True),
        Column("publisher_year", _("year as published"), text(20)),
        Column("numerator", _("numerator"), _COUNT, "bigint"),
        Column("denominator", _("denominator"), _COUNT, "bigint"),
        Column("value", _("value"), values.Decimal(0, 999_999), "numeric(16,10)"),
        Column("mask", _("mask"), values.Choice(Mask, {})),
        Column("low", _("at least"), values.Decimal(0, 100), "numeric(7,4)"),
        Column("high", _("at most"), values.Decimal(0, 100), "numeric(7,4)"),
        Column("low_open", _("above the lower bound"), values.Flag(default=False), "boolean"),
        Column("high_open", _("below the upper bound"), values.Flag(default=False), "boolean"),
    ),
    checks=(
        Check(
            ("numerator", "denominator"),
            "s.numerator > s.denominator",
            "numerator_beyond_denominator",
            _("More counted than there are"),
            _("The numerator is part of the denominator: two columns may be swapped."),
            "numerator",
        ),
    ),
)
# The columns beside them: whom the result is about, and when.
STAGED = ("organization_id", "year", *(column.name for column in REPORTED_RESULT.columns))
