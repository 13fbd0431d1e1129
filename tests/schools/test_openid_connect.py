"""Signing in through OpenID Connect, against a provider of our own on this machine."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from hstw import identity_providers
from hstw.access import Role
from schools.models import User
from tests.factories import World, make_world, person

START = "/account/oidc/district/login/"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a running provider: a process of its own, as a real one is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                requests.get(address, timeout=1)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        else:
            pytest.fail("The test provider did not start.")
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def counselor(world):
    return person(Role.COUNSELOR, world.ridge, email="grace@district.example")


def configured(settings, provider: str, **more: object) -> None:
    """As the environment would: one provider named ``district``."""
    entry = {"id": "district", "server": provider, "client_id": "hstw", "secret_env": "DISTRICT_SECRET", **more}
    found = identity_providers.read(json.dumps([entry]), {"DISTRICT_SECRET": "secret"}, production=False)
    settings.SOCIALACCOUNT_PROVIDERS = identity_providers.allauth_settings(found)
    settings.IDENTITY_PROVIDER_DOMAINS = {one.id: one.email_domains for one in found}
    settings.SECOND_FACTOR_PROVIDERS = {one.id for one in found if one.trusts_second_factor}


def sign_in(client: Client, provider: str, **claims: object):
    """The whole way: our form, the provider's page, back to us."""
    subject = str(claims.pop("sub", "someone"))
    requests.put(f"{provider}/users/{subject}", json=claims, timeout=5).raise_for_status()
    away = client.post(START)
    assert away.status_code == 302
    assert away["Location"].startswith(provider)
    back = requests.post(away["Location"], data={"sub": subject}, allow_redirects=False, timeout=5)
    address = urlsplit(back.headers["Location"])
    return client.get(f"{address.path}?{address.query}")


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_known_person_signs_in_by_verified_address(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    sign_in(client, provider, email="Grace@district.example", email_verified=True)
    assert client.session["_auth_user_id"] == str(counselor.pk)


@pytest.mark.parametrize("verified", [False, None, "false"])
def test_an_unverified_address_is_refused(client, provider, counselor, settings, verified) -> None:
    configured(settings, provider)
    page = sign_in(client, provider, email=counselor.email, email_verified=verified)
    assert page.status_code == 403
    assert "has not verified" in page.content.decode()
    assert not signed_in(client)


def test_nobody_new_is_made(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    page = sign_in(client, provider, email="stranger@district.example", email_verified=True)
    assert page.status_code == 403
    assert "People come by invitation" in page.content.decode()
    assert not signed_in(client)
    assert User.objects.count() == 1


def test_a_provider_without_an_address_is_told_apart(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    page = sign_in(client, provider, name="Grace")
    assert "did not tell us your e-mail address" in page.content.decode()


def test_a_deactivated_person_is_refused(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    User.objects.update(is_active=False)
    sign_in(client, provider, email=counselor.email, email_verified=True)
    assert not signed_in(client)


def test_a_demonstration_account_is_refused(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    settings.DEMO_SIGN_IN_ALLOWED = False
    User.objects.update(is_demo=True)
    sign_in(client, provider, email=counselor.email, email_verified=True)
    assert not signed_in(client)


def test_a_provider_vouches_only_for_its_own_domains(client, provider, counselor, settings) -> None:
    configured(settings, provider, email_domains=["other.example"])
    sign_in(client, provider, email=counselor.email, email_verified=True)
    assert not signed_in(client)


def test_a_provider_is_believed_about_its_own_domains(client, provider, counselor, settings) -> None:
    configured(settings, provider, email_domains=["district.example"])
    sign_in(client, provider, email=counselor.email)
    assert signed_in(client)


def test_the_password_stays_after_signing_in_by_a_provider(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    sign_in(client, provider, email=counselor.email, email_verified=True)
    counselor.refresh_from_db()
    assert counselor.has_usable_password()


@pytest.mark.parametrize("trusted", [True, False])
def test_its_own_second_factor_counts_only_where_it_is_trusted(client, provider, counselor, settings, trusted) -> None:
    configured(settings, provider, trusts_second_factor=trusted)
    sign_in(client, provider, email=counselor.email, email_verified=True)
    assert client.get("/account/email/").wsgi_request.user.has_second_factor is trusted


def test_an_answer_that_was_not_asked_for_is_refused(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    page = client.get("/account/oidc/district/login/callback/?code=stolen&state=guessed")
    assert page.status_code in {401, 403}
    assert not signed_in(client)


def test_an_answer_is_good_once(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    requests.put(
        f"{provider}/users/s", json={"email": counselor.email, "email_verified": True}, timeout=5
    ).raise_for_status()
    away = client.post(START)["Location"]
    back = requests.post(away, data={"sub": "s"}, allow_redirects=False, timeout=5).headers["Location"]
    address = urlsplit(back)
    client.get(f"{address.path}?{address.query}")
    assert signed_in(client)
    client.logout()
    client.get(f"{address.path}?{address.query}")
    assert not signed_in(client)


def test_no_account_of_a_provider_is_tied_to_a_person(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    client.force_login(counselor)
    requests.put(
        f"{provider}/users/s", json={"email": "x@evil.example", "email_verified": True}, timeout=5
    ).raise_for_status()
    away = client.post(f"{START}?process=connect")["Location"]
    back = requests.post(away, data={"sub": "s"}, allow_redirects=False, timeout=5).headers["Location"]
    address = urlsplit(back)
    assert client.get(f"{address.path}?{address.query}").status_code == 403
    assert not counselor.socialaccount_set.exists()


def test_signing_in_does_not_lead_elsewhere(client, provider, counselor, settings) -> None:
    configured(settings, provider)
    requests.put(
        f"{provider}/users/s", json={"email": counselor.email, "email_verified": True}, timeout=5
    ).raise_for_status()
    away = client.post(f"{START}?next=https://evil.example/")["Location"]
    back = requests.post(away, data={"sub": "s"}, allow_redirects=False, timeout=5).headers["Location"]
    address = urlsplit(back)
    assert client.get(f"{address.path}?{address.query}")["Location"] == "/"


def read(entry: dict[str, object], *, secret: str = "secret") -> list[identity_providers.Provider]:
    return identity_providers.read(json.dumps([entry]), {"SECRET": secret}, production=True)


PRESET = {"id": "one", "client_id": "hstw", "secret_env": "SECRET", "email_domains": ["district.example"]}


@pytest.mark.parametrize("preset", identity_providers.PRESETS)
def test_each_preset_makes_a_provider(preset) -> None:
    [one] = read({**PRESET, "preset": preset, "tenant": "11111111-2222-3333-4444-555555555555"})
    assert one.app["settings"]["server_url"].startswith("https://")
    assert "{" not in one.app["settings"]["server_url"]
    assert one.origins[0].startswith("https://")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secret": "in the file"}, "secret_env"),
        ({"secret_env": "NOT_SET"}, "NOT_SET is not set"),
        ({"preset": "microsoft-entra"}, "tenant"),
        ({"preset": "microsoft-entra", "tenant": "common"}, "tenant"),
        ({"preset": "clever", "email_domains": []}, "email_domains"),
        ({"preset": "facebook"}, "presets are"),
        ({"trusts_second_factor": "no"}, "true or false"),
        ({"id": "a/b"}, "id"),
        ({"kind": "ldap"}, "kind"),
        ({"preset": None, "server": ""}, "presets are"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(change, message) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        read({**PRESET, "preset": "google", **change})


def test_the_configuration_may_stand_in_a_file(tmp_path) -> None:
    path = tmp_path / "providers.json"
    path.write_text(json.dumps([{**PRESET, "preset": "google"}]))
    assert [one.id for one in identity_providers.read(str(path), {"SECRET": "s"}, production=True)] == ["one"]


def test_forms_may_lead_to_the_providers(settings) -> None:
    [one] = read({**PRESET, "preset": "google", "origins": ["https://login.example"]})
    assert identity_providers.origins([one]) == ["https://accounts.google.com", "https://login.example"]
