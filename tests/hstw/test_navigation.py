"""The bar and the side navigation."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from hstw.access import Role
from hstw.navigation import YEARS_BACK, current_year
from tests import factories

pytestmark = pytest.mark.django_db


def nav_of(client: Client, url: str) -> object:
    return client.get(url).context["nav"]


def test_visitors_have_none(client: Client) -> None:
    assert nav_of(client, reverse("account_login")) is None


def test_sections_that_nothing_fills_are_not_shown(client: Client) -> None:
    world = factories.make_world()
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    labels = [section.label for section in nav_of(client, reverse("home")).sections]  # type: ignore[attr-defined]
    assert labels == [
        "Home",
        "Readiness",
        "Goals & plan",
        "Pathways",
        "Awards",
        "Data",
        "People & settings",
        "Organizations",
    ]


def test_data_is_offered_to_those_who_see_imports(client: Client) -> None:
    world = factories.make_world()
    client.force_login(factories.person(Role.BOARD_VIEWER, world.cahaba))
    labels = [section.label for section in nav_of(client, reverse("home")).sections]  # type: ignore[attr-defined]
    assert "Data" not in labels
    client.force_login(factories.person(Role.COUNSELOR, world.ridge))
    nav = nav_of(client, reverse("schools:data", args=["ridge", current_year()]))
    assert [section.label for section in nav.sections if section.current] == ["Data"]  # type: ignore[attr-defined]


def test_somebody_without_a_role_is_offered_no_organization(client: Client) -> None:
    client.force_login(factories.person())
    nav = nav_of(client, reverse("home"))
    assert nav.organizations == []  # type: ignore[attr-defined]
    assert [section.label for section in nav.sections] == ["Home", "Awards", "Organizations"]  # type: ignore[attr-defined]


def test_an_organization_held_twice_is_offered_once(client: Client) -> None:
    world = factories.make_world()
    user = factories.person(Role.PRINCIPAL, world.ridge)
    factories.assign(user, Role.COUNSELOR, world.ridge)
    client.force_login(user)
    assert [place.slug for place in nav_of(client, reverse("home")).organizations] == ["ridge"]  # type: ignore[attr-defined]


def test_the_year_is_switched_on_the_page_one_is_on(client: Client) -> None:
    world = factories.make_world()
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    nav = nav_of(client, reverse("schools:organization", args=["ridge", current_year() - 1]))
    assert len(nav.years) == YEARS_BACK  # type: ignore[attr-defined]
    assert [year.current for year in nav.years].index(True) == 1  # type: ignore[attr-defined]
    assert nav.years[0].url == reverse("schools:organization", args=["ridge", current_year()])  # type: ignore[attr-defined]


def test_readiness_stands_out_on_its_own_pages(client: Client) -> None:
    world = factories.make_world()
    client.force_login(factories.person(Role.BOARD_VIEWER, world.cahaba))
    nav = nav_of(client, reverse("goals:measure", args=["cahaba", current_year(), "ACGR4"]))
    assert [section.label for section in nav.sections if section.current] == ["Readiness"]  # type: ignore[attr-defined]
    assert nav.years[0].url == reverse("goals:dashboard", args=["cahaba", current_year()])  # type: ignore[attr-defined]
