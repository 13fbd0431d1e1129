"""With a whole state in the database, the everyday pages ask no more than with four schools."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hstw.demo.build import build
from hstw.navigation import current_year
from schools.models import Organization, User

EVERYDAY = (
    *("goals:dashboard", "goals:goals", "goals:alignment", "goals:portfolio", "goals:practices"),
    *("pathways:portfolio", "pathways:courses", "awards:of_organization", "schools:data"),
)


@pytest.mark.long
@pytest.mark.django_db
def test_the_number_of_queries_is_that_of_a_small_world(client: Client) -> None:
    with transaction.atomic():
        few = queries_of("tiny", client)
        transaction.set_rollback(True)
    many = queries_of("state", client)
    assert many.keys() == few.keys()
    assert {name: (n, few[name]) for name, n in many.items() if n > few[name]} == {}


def queries_of(scale: str, client: Client) -> dict[str, int]:
    """How many statements each page sends to the state coordinator, in a world of that size."""
    build(scale=scale, seed=1, today=dt.date.today(), say=lambda line: None)
    state = Organization.objects.filter(kind="state").order_by("path")[0]
    district = Organization.objects.filter(kind="district", in_state=state).order_by("path")[0]
    client.force_login(User.objects.get(email="state@demo.example"))
    pages = {
        "home": reverse("home"),
        "list": reverse("schools:organizations"),
        "state": reverse("schools:organization", args=[state.slug, current_year()]),
        "district": reverse("schools:organization", args=[district.slug, current_year()]),
    }
    for place in (state, district):
        here = [place.slug, current_year()]
        pages |= {f"{name} of a {place.kind}": reverse(name, args=here) for name in EVERYDAY}
        pages[f"schools compared, {place.kind}"] = reverse("goals:compare", args=here) + "?of=school"
        pages[f"groups compared, {place.kind}"] = reverse("goals:compare", args=here) + "?by=group&of=school"
        pages[f"trends, {place.kind}"] = reverse("goals:trends", args=here) + "?of=school"
        pages[f"a measure, {place.kind}"] = reverse("goals:measure", args=[*here, "ACGR4"])
    counts = {}
    for name, url in pages.items():
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts[name] = len(queries)
    return counts
