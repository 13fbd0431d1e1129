"""Signing in through SAML, against a small identity provider of our own that signs well or badly."""

import datetime as dt
import json
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from hstw import identity_providers
from hstw.access import Role
from schools.models import User
from tests.factories import World, make_world, person
from tests.schools import saml_idp

HOST = "hstw.example.org"


@pytest.fixture(scope="module")
def key() -> saml_idp.Key:
    return saml_idp.Key()


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def counselor(world):
    return person(Role.COUNSELOR, world.ridge, email="grace@district.example")


@pytest.fixture
def browser(settings, key) -> Client:
    """A browser at a site where one SAML provider is configured, as the environment would."""
    settings.ALLOWED_HOSTS = [HOST]
    configure(settings, key)
    return Client(headers={"host": HOST})


def entry(key: saml_idp.Key, **more: object) -> dict[str, object]:
    return {
        "id": "district",
        "kind": "saml",
        "entity_id": saml_idp.ENTITY_ID,
        "sso_url": saml_idp.SSO_URL,
        "x509cert": key.certificate(),
        "email_domains": ["district.example"],
        **more,
    }


def configure(settings, key: saml_idp.Key, **more: object) -> None:
    found = identity_providers.read(json.dumps([entry(key, **more)]), {}, production=True)
    settings.SOCIALACCOUNT_PROVIDERS = identity_providers.allauth_settings(found)
    settings.IDENTITY_PROVIDER_DOMAINS = {one.id: one.email_domains for one in found}
    settings.SECOND_FACTOR_PROVIDERS = {one.id for one in found if one.trusts_second_factor}


def ask(browser: Client) -> saml_idp.Request:
    """Our button, up to the provider's door."""
    away = browser.post("/account/saml/district/login/")
    assert away["Location"].startswith(saml_idp.SSO_URL)
    return saml_idp.Request.of(away["Location"])


def come_back(browser: Client, request: saml_idp.Request, answer: dict[str, str]):
    """The provider's answer, posted by the browser from the provider's page."""
    received = browser.post(urlsplit(request.acs_url).path, answer)
    return browser.get(received["Location"])


def signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_a_signed_answer_signs_in(browser, counselor, key) -> None:
    request = ask(browser)
    come_back(browser, request, saml_idp.answer(request, email=counselor.email, key=key))
    assert browser.session["_auth_user_id"] == str(counselor.pk)


def test_an_answer_signed_with_another_key_is_refused(browser, counselor, caplog) -> None:
    request = ask(browser)
    page = come_back(browser, request, saml_idp.answer(request, email=counselor.email, key=saml_idp.Key()))
    assert page.status_code == 401
    assert "could not be accepted" in page.content.decode()
    assert not signed_in(browser)
    assert "Signature validation failed" in caplog.text


def test_an_unsigned_answer_is_refused(browser, counselor, key, caplog) -> None:
    request = ask(browser)
    come_back(browser, request, saml_idp.answer(request, email=counselor.email, key=key, signed=False))
    assert not signed_in(browser)
    assert "is not signed" in caplog.text


def test_an_answer_altered_on_the_way_is_refused(browser, world, counselor, key, caplog) -> None:
    person(Role.PRINCIPAL, world.ridge, email="boss@district.example")
    request = ask(browser)
    answer = saml_idp.answer(request, email=counselor.email, key=key, tamper="boss@district.example")
    come_back(browser, request, answer)
    assert not signed_in(browser)
    assert "Signature validation failed" in caplog.text


def test_an_expired_answer_is_refused(browser, counselor, key, caplog) -> None:
    request = ask(browser)
    old = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    come_back(browser, request, saml_idp.answer(request, email=counselor.email, key=key, issued=old))
    assert not signed_in(browser)
    assert "expired" in caplog.text


def test_an_answer_for_another_service_is_refused(browser, counselor, key, caplog) -> None:
    request = ask(browser)
    answer = saml_idp.answer(request, email=counselor.email, key=key, audience="https://another.example/")
    come_back(browser, request, answer)
    assert not signed_in(browser)
    assert "not a valid audience" in caplog.text


def test_an_answer_is_good_once(browser, counselor, key) -> None:
    request = ask(browser)
    answer = saml_idp.answer(request, email=counselor.email, key=key)
    come_back(browser, request, answer)
    browser.logout()
    assert come_back(browser, request, answer).status_code == 403
    assert not signed_in(browser)


def test_an_answer_is_good_in_no_other_browser(browser, counselor, key) -> None:
    request = ask(browser)
    answer = saml_idp.answer(request, email=counselor.email, key=key)
    thief = Client(headers={"host": HOST})
    come_back(thief, request, answer)
    assert not signed_in(thief)


def test_a_stolen_answer_is_not_good_for_the_thiefs_own_request(browser, counselor, key, caplog) -> None:
    stolen = ask(browser)
    thief = Client(headers={"host": HOST})
    own = ask(thief)
    answer = saml_idp.answer(own, email=counselor.email, key=key, in_response_to=stolen.id, outer_in_response_to=own.id)
    come_back(thief, own, answer)
    assert not signed_in(thief)
    assert "A valid SubjectConfirmation was not found" in caplog.text


def test_an_unknown_person_is_refused_and_not_made(browser, counselor, key) -> None:
    request = ask(browser)
    page = come_back(browser, request, saml_idp.answer(request, email="new@district.example", key=key))
    assert page.status_code == 403
    assert "People come by invitation" in page.content.decode()
    assert User.objects.count() == 1


def test_a_provider_vouches_only_for_its_own_domains(browser, world, key) -> None:
    person(Role.SYSTEM_ADMINISTRATOR, world.region, email="admin@sreb.example")
    request = ask(browser)
    come_back(browser, request, saml_idp.answer(request, email="admin@sreb.example", key=key))
    assert not signed_in(browser)


def test_a_deactivated_person_is_refused(browser, counselor, key) -> None:
    User.objects.update(is_active=False)
    request = ask(browser)
    come_back(browser, request, saml_idp.answer(request, email=counselor.email, key=key))
    assert not signed_in(browser)


@pytest.mark.parametrize("trusted", [True, False])
def test_its_own_second_factor_counts_only_where_it_is_trusted(browser, counselor, key, settings, trusted) -> None:
    configure(settings, key, trusts_second_factor=trusted)
    request = ask(browser)
    come_back(browser, request, saml_idp.answer(request, email=counselor.email, key=key))
    assert browser.get("/account/email/").wsgi_request.user.has_second_factor is trusted


def test_a_provider_needs_the_domains_it_may_vouch_for(key) -> None:
    with pytest.raises(ImproperlyConfigured, match="email_domains"):
        identity_providers.read(json.dumps([entry(key, email_domains=[])]), {}, production=True)


def test_the_form_may_lead_to_the_provider(key) -> None:
    found = identity_providers.read(json.dumps([entry(key)]), {}, production=True)
    assert identity_providers.origins(found) == ["https://idp.district.example"]
