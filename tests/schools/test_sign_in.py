"""Signing in: who may, with what, how often; and when a session has its second factor."""

import datetime as dt

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hstw import outbox
from hstw.access import Action, Role, decide
from hstw.models import OutgoingMail
from tests.factories import PASSWORD, World, make_world, person
from tests.schools.passkey import Passkey

LOGIN = "/account/login/"


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def counselor(world):
    return person(Role.COUNSELOR, world.ridge, name="Grace Hopper")


def sign_in(client: Client, user, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"login": user.email, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def has_second_factor(client: Client, path: str = "/account/email/") -> bool:
    return client.get(path).wsgi_request.user.has_second_factor


def confirm(client: Client) -> None:
    """The password once more, as changes to how one signs in ask for."""
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


SECRET = "JBSWY3DPEHPK3PXP"


def test_a_person_signs_in_with_address_and_password(client, counselor) -> None:
    sign_in(client, counselor)
    assert signed_in(client)


def test_the_address_is_known_in_any_case(client, counselor) -> None:
    client.post(LOGIN, {"login": counselor.email.upper(), "password": PASSWORD})
    assert signed_in(client)


def test_a_deactivated_person_cannot_sign_in(client, world) -> None:
    sign_in(client, person(Role.COUNSELOR, world.ridge, is_active=False))
    assert not signed_in(client)


def test_a_demonstration_account_signs_in_where_it_is_allowed(client, world, settings) -> None:
    settings.DEMO_SIGN_IN_ALLOWED = True
    sign_in(client, person(Role.PRINCIPAL, world.ridge, is_demo=True))
    assert signed_in(client)


def test_a_demonstration_account_cannot_sign_in_by_password(client, world, settings) -> None:
    settings.DEMO_SIGN_IN_ALLOWED = False
    sign_in(client, person(Role.PRINCIPAL, world.ridge, is_demo=True))
    assert not signed_in(client)


def test_a_demonstration_account_cannot_sign_in_by_passkey(client, world, settings) -> None:
    settings.DEMO_SIGN_IN_ALLOWED = False
    demo = person(Role.PRINCIPAL, world.ridge, is_demo=True)
    passkey = Passkey.of(demo)
    passkey.sign_in_alone(client)
    assert not signed_in(client)


def test_a_demonstration_account_gets_no_link_for_a_new_password(client, world, settings) -> None:
    settings.DEMO_SIGN_IN_ALLOWED = False
    demo = person(Role.PRINCIPAL, world.ridge, is_demo=True)
    client.post("/account/password/reset/", {"email": demo.email})
    assert not OutgoingMail.objects.exists()


def test_an_open_demonstration_session_ends_where_it_is_not_allowed(client, world, settings) -> None:
    settings.DEMO_SIGN_IN_ALLOWED = True
    sign_in(client, person(Role.PRINCIPAL, world.ridge, is_demo=True))
    settings.DEMO_SIGN_IN_ALLOWED = False
    assert client.get("/").status_code == 302


def test_nobody_signs_up_and_the_page_says_how_to_get_in(client, db) -> None:
    page = client.get("/account/signup/")
    assert "invitation" in page.content.decode()
    client.post("/account/signup/", {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert not signed_in(client)


def test_an_unknown_address_and_a_wrong_password_look_the_same(client, counselor) -> None:
    wrong = sign_in(client, counselor, "not this one at all").context["form"].errors
    unknown = client.post(LOGIN, {"login": "nobody@example.org", "password": "not this one at all"})
    assert unknown.context["form"].errors == wrong


def test_signing_in_does_not_lead_elsewhere(client, counselor) -> None:
    response = client.post(f"{LOGIN}?next=https://evil.example/", {"login": counselor.email, "password": PASSWORD})
    assert response["Location"] == "/"


def test_signing_in_needs_a_token_of_the_page(counselor) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict, counselor).status_code == 403


def test_password_fields_may_be_filled_by_a_manager(client, db) -> None:
    page = client.get(LOGIN).content.decode()
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page


def test_the_sixth_wrong_password_is_refused_wherever_it_comes_from(client, counselor) -> None:
    for attempt in range(5):
        page = sign_in(client, counselor, "wrong wrong wrong", REMOTE_ADDR=f"10.0.0.{attempt}")
        assert "Too many" not in page.content.decode()
    page = sign_in(client, counselor, PASSWORD, REMOTE_ADDR="10.0.0.99")
    assert "Too many failed login attempts. Try again later." in page.content.decode()
    assert not signed_in(client)


def test_one_address_cannot_try_many_people(client, world) -> None:
    for number in range(10):
        client.post(LOGIN, {"login": f"somebody{number}@example.org", "password": "wrong wrong wrong"})
    page = client.post(LOGIN, {"login": "another@example.org", "password": "wrong wrong wrong"})
    assert "Too many" in page.content.decode()


@pytest.mark.parametrize(("proxies", "refused"), [(0, True), (1, False)])
def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(client, world, settings, proxies, refused) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for number in range(11):
        page = client.post(
            LOGIN,
            {"login": f"somebody{number}@example.org", "password": "wrong wrong wrong"},
            headers={"x-forwarded-for": f"198.51.100.{number}"},
        )
    assert ("Too many" in page.content.decode()) is refused


def test_asking_for_new_passwords_is_limited(client, counselor) -> None:
    for number in range(6):
        response = client.post("/account/password/reset/", {"email": counselor.email}, REMOTE_ADDR=f"10.0.1.{number}")
    assert response.status_code == 429
    assert OutgoingMail.objects.count() == 5


def test_a_new_password_by_mail(client, counselor) -> None:
    client.post("/account/password/reset/", {"email": counselor.email})
    outbox.send_due()
    link = next(line for line in mail.outbox[0].body.split() if "/password/reset/key/" in line)
    form = client.get(link.replace("http://testserver", ""), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "a wholly new one", "password2": "a wholly new one"})
    sign_in(client, counselor, "a wholly new one")
    assert signed_in(client)


def test_asking_for_an_unknown_address_looks_the_same(client, counselor) -> None:
    known = client.post("/account/password/reset/", {"email": counselor.email})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert OutgoingMail.objects.count() == 2


def test_a_person_signs_out_elsewhere(counselor) -> None:
    here, elsewhere = Client(), Client()
    sign_in(here, counselor)
    sign_in(elsewhere, counselor)
    assert UserSession.objects.filter(user=counselor).count() == 2
    here.post("/account/sessions/")
    assert here.get("/account/email/").status_code == 200
    assert elsewhere.get("/account/email/").status_code == 302


def test_a_password_alone_is_no_second_factor(client, counselor) -> None:
    sign_in(client, counselor)
    assert not has_second_factor(client)


def test_password_and_authenticator_code(client, counselor) -> None:
    TOTP.activate(counselor, SECRET)
    sign_in(client, counselor)
    assert not signed_in(client)
    client.post("/account/2fa/authenticate/", {"code": code_of(SECRET)})
    assert has_second_factor(client)


def test_a_wrong_code_does_not_sign_in(client, counselor) -> None:
    TOTP.activate(counselor, SECRET)
    sign_in(client, counselor)
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert not signed_in(client)


def test_password_and_recovery_code(client, counselor) -> None:
    TOTP.activate(counselor, SECRET)
    code = RecoveryCodes.activate(counselor).get_unused_codes()[0]
    sign_in(client, counselor)
    client.post("/account/2fa/authenticate/", {"code": code})
    assert has_second_factor(client)


def test_password_and_passkey(client, counselor) -> None:
    passkey = Passkey.of(counselor)
    sign_in(client, counselor)
    passkey.answer(client, "/account/2fa/authenticate/")
    assert has_second_factor(client)


def test_a_passkey_alone(client, counselor) -> None:
    Passkey.of(counselor).sign_in_alone(client)
    assert signed_in(client)
    assert has_second_factor(client)


def test_a_passkey_that_did_not_verify_its_owner_does_not_sign_in_alone(client, counselor) -> None:
    Passkey.of(counselor).sign_in_alone(client, verified=False)
    assert not signed_in(client)


def test_a_deactivated_person_cannot_sign_in_by_passkey(client, world) -> None:
    Passkey.of(person(Role.COUNSELOR, world.ridge, is_active=False)).sign_in_alone(client)
    assert not signed_in(client)


def test_a_passkey_is_added_through_the_page(client, counselor) -> None:
    sign_in(client, counselor)
    confirm(client)
    Passkey(counselor).add(client)
    assert Authenticator.objects.filter(user=counselor, type="webauthn").exists()
    assert has_second_factor(client)


def test_how_one_signs_in_is_changed_only_with_the_password_once_more(client, counselor) -> None:
    sign_in(client, counselor)
    response = client.get("/account/2fa/totp/activate/")
    assert response["Location"].startswith("/account/reauthenticate/")


@pytest.mark.django_db(transaction=True)
def test_setting_up_an_authenticator_counts_at_once(client, counselor) -> None:
    sign_in(client, counselor)
    confirm(client)
    form = client.get("/account/2fa/totp/activate/")
    client.post("/account/2fa/totp/activate/", {"code": code_of(form.context["form"].secret)})
    assert has_second_factor(client)


def test_what_an_authenticator_opened_closes_with_it_everywhere(counselor) -> None:
    TOTP.activate(counselor, SECRET)
    here, elsewhere = Client(), Client()
    sign_in(here, counselor)
    here.post("/account/2fa/authenticate/", {"code": code_of(SECRET)})
    sign_in(elsewhere, counselor)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=31)):  # a code is good once
        elsewhere.post("/account/2fa/authenticate/", {"code": code_of(SECRET)})
    assert signed_in(elsewhere)
    confirm(here)
    here.post("/account/2fa/totp/deactivate/")
    assert not has_second_factor(here)
    assert elsewhere.get("/account/email/").status_code == 302


def test_the_steps_of_another_persons_sign_in_do_not_count(client, world, counselor) -> None:
    TOTP.activate(counselor, SECRET)
    sign_in(client, counselor)
    client.post("/account/2fa/authenticate/", {"code": code_of(SECRET)})
    records = client.session["account_authentication_methods"]
    client.logout()
    other = person(Role.COUNSELOR, world.ridge)
    sign_in(client, other)
    session = client.session
    session["account_authentication_methods"] = records
    session["account_authentication_methods_user"] = str(counselor.pk)
    session.save()
    assert not has_second_factor(client)


def test_names_open_with_the_second_factor(counselor, world, settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    assert not decide(counselor, Action.VIEW_NAMED_STUDENTS, world.ridge)
    counselor.has_second_factor = True
    assert decide(counselor, Action.VIEW_NAMED_STUDENTS, world.ridge)


def test_who_works_with_names_is_reminded(client, counselor) -> None:
    page = client.post(LOGIN, {"login": counselor.email, "password": PASSWORD}, follow=True)
    assert f'href="{reverse("mfa_index")}"' in page.content.decode()


def test_who_has_an_authenticator_is_not_reminded(client, counselor) -> None:
    TOTP.activate(counselor, SECRET)
    sign_in(client, counselor)
    page = client.post("/account/2fa/authenticate/", {"code": code_of(SECRET)}, follow=True)
    assert "second factor" not in page.content.decode()


def test_who_does_not_work_with_names_is_not_reminded(client, world) -> None:
    viewer = person(Role.BOARD_VIEWER, world.cahaba)
    page = client.post(LOGIN, {"login": viewer.email, "password": PASSWORD}, follow=True)
    assert "second factor" not in page.content.decode()


def test_the_passkey_pages_run_no_inline_script(client, counselor) -> None:
    sign_in(client, counselor)
    confirm(client)
    pages = [Client().get(LOGIN), client.get("/account/2fa/webauthn/add/")]
    for page in pages:
        assert "webauthn.js" in page.content.decode()
        for script in page.content.decode().split("<script")[1:]:
            opening = script.split(">", 1)[0]
            assert "src=" in opening or 'type="application/json"' in opening


def test_the_address_changes_only_once_confirmed(client, counselor) -> None:
    EmailAddress.objects.create(user=counselor, email=counselor.email, verified=True, primary=True)
    sign_in(client, counselor)
    client.post("/account/email/", {"email": "another@example.org", "action_add": ""})
    counselor.refresh_from_db()
    assert counselor.email != "another@example.org"
    assert OutgoingMail.objects.filter(to="another@example.org").exists()
