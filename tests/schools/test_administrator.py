"""``manage.py administrator``: the way in to a new installation."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from hstw.access import Action, Role, decide
from schools.models import Organization, User
from tests import factories

pytestmark = pytest.mark.django_db


def typed(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    """What the person types at the prompts."""
    answers: Iterator[str] = iter(passwords)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))


def administrator(*arguments: str, **options: Any) -> User:
    call_command("administrator", *arguments, **options, verbosity=0)
    return User.objects.get(email__iexact=arguments[0])


def test_the_first_person_can_sign_in_and_see_everything(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    typed(monkeypatch, factories.PASSWORD, factories.PASSWORD)
    user = administrator("First@Example.org", name="Fay First")
    answer = client.post(reverse("account_login"), {"login": "first@example.org", "password": factories.PASSWORD})
    assert answer.status_code == 302
    region = Organization.objects.get(kind="region")
    assert region.name == "SREB"
    assert decide(user, Action.MANAGE_PEOPLE, region)


def test_a_known_address_keeps_its_account_and_is_asked_nothing() -> None:
    world = factories.make_world()
    known = factories.person(Role.COUNSELOR, world.ridge, is_active=False)
    user = administrator(known.email)
    assert user == known
    assert user.is_active
    assert user.check_password(factories.PASSWORD)
    assert user.holds(Role.SYSTEM_ADMINISTRATOR)
    administrator(known.email)
    assert user.role_assignments.filter(role=Role.SYSTEM_ADMINISTRATOR).count() == 1


@pytest.mark.parametrize(
    ("typed_twice", "said"), [(("correct horse", "another horse"), "differ"), (("password", "password"), "too common")]
)
def test_a_password_that_will_not_do_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, typed_twice: tuple[str, str], said: str
) -> None:
    typed(monkeypatch, *typed_twice)
    with pytest.raises(CommandError, match=said):
        administrator("new@example.org", name="Nia New")
    assert not User.objects.exists()


def test_a_new_address_needs_a_name() -> None:
    with pytest.raises(CommandError, match="--name"):
        administrator("new@example.org")
