"""Published results in the database: what a masked one may not say, and what a total is made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import Sum

from goals.models import Measure, ReportedResult, StudentGroup
from hstw.access import Role
from schools.models import Organization
from tests import factories

pytestmark = pytest.mark.django_db


def result(organization: Organization, **fields: Any) -> ReportedResult:
    """One published result; an exact 90 of 100 unless told otherwise."""
    exact = {"numerator": 90, "denominator": 100, "value": Decimal(90)}
    return ReportedResult.objects.create(
        **{
            "organization": organization,
            "measure": Measure.objects.get(code="ACGR4"),
            "group": StudentGroup.objects.get(code="ALL"),
            "year": 2019,
            "publisher": "test",
            **exact,
            **fields,
        }
    )


HIDDEN: dict[str, Any] = {"numerator": None, "value": None}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"numerator": None, "denominator": None},
        {"denominator": None, "value": None},
        {**HIDDEN, "mask": "top", "low": 95, "high": 100, "low_open": True},
        {**HIDDEN, "mask": "range", "low": 21, "high": 39, "denominator": None},
        {**HIDDEN, "mask": "suppressed"},
        {**HIDDEN, "mask": "small", "low": 0, "high": 100},
        {"mask": "counts", "numerator": None, "denominator": None},
    ],
)
def test_what_publishers_publish_can_be_stored(fields: dict[str, Any]) -> None:
    result(factories.region(), **fields)
    assert ReportedResult.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"mask": "top", "low": 95, "high": 100, "numerator": None}, "reported_masked_is_no_number"),
        ({"mask": "top", "low": 95, "high": 100, "value": None}, "reported_masked_is_no_number"),
        ({"mask": "guess"}, "reported_mask_known"),
        ({"publisher": ""}, "reported_publisher_named"),
        ({"low": 80, "high": 90}, "reported_exact_has_no_interval"),
        ({"low_open": True}, "reported_exact_has_no_interval"),
        (HIDDEN, "reported_says_something"),
        ({"mask": "counts"}, "reported_counts_withheld"),
        ({**HIDDEN, "mask": "range", "low": 39, "high": 21}, "reported_interval"),
        ({**HIDDEN, "mask": "range", "low": 21, "high": 101}, "reported_interval"),
        ({**HIDDEN, "mask": "range", "low": -1, "high": 21}, "reported_interval"),
        ({**HIDDEN, "mask": "suppressed", "low": 21}, "reported_interval"),
        ({**HIDDEN, "mask": "suppressed", "high": 21}, "reported_interval"),
        ({**HIDDEN, "mask": "suppressed", "high_open": True}, "reported_interval"),
        ({**HIDDEN, "mask": "bottom", "low": 0, "high": 0, "high_open": True}, "reported_interval"),
        ({**HIDDEN, "mask": "bottom"}, "reported_bounded_by_mask"),
        ({"numerator": -1}, "reported_counts_not_negative"),
        ({"denominator": -3, "numerator": None}, "reported_counts_not_negative"),
        ({"numerator": 101}, "reported_numerator_within_denominator"),
    ],
)
def test_what_would_be_no_number_is_refused(fields: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        result(factories.region(), **fields)


def test_one_result_per_organization_measure_group_year_and_publisher() -> None:
    place = factories.region()
    result(place)
    result(place, publisher="another")
    with pytest.raises(IntegrityError, match="reported_once"):
        result(place)


def test_a_total_never_mixes_cooperatives_and_their_members() -> None:
    world = factories.make_world()
    for organization in (world.cahaba, world.tombigbee):
        result(organization)
    result(world.cooperative, numerator=180, denominator=200)
    districts = ReportedResult.objects.of_level("district").aggregate(n=Sum("numerator"), d=Sum("denominator"))
    assert districts == {"n": 180, "d": 200}
    assert ReportedResult.objects.of_level("cooperative").count() == 1


def test_masked_results_are_left_out_of_exact_ones() -> None:
    world = factories.make_world()
    result(world.cahaba)
    result(world.tombigbee, **HIDDEN, mask="top", low=95, high=100)
    result(world.bluegrass, mask="counts", numerator=None, denominator=None)
    found = ReportedResult.objects.exact().values_list("organization__slug", flat=True)
    assert sorted(found) == ["bluegrass", "cahaba"]


def test_results_are_seen_by_those_who_see_the_organization() -> None:
    world = factories.make_world()
    result(world.cahaba)
    result(world.bluegrass)
    person = factories.person(Role.PRINCIPAL, world.ridge)
    assert [one.organization for one in ReportedResult.objects.visible_to(person)] == [world.cahaba]
    assert not ReportedResult.objects.visible_to(factories.person()).exists()
