"""Invitations: who may send which, what the link does, what a file may do."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hstw import links, outbox
from hstw.access import Role
from hstw.models import OutgoingMail
from schools import invitation_file, invitations, people
from schools.models import Invitation, RoleAssignment, User
from tests.factories import PASSWORD, World, assign, make_world, person, place_of

YEAR = 2027


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture
def principal(world):
    return person(Role.PRINCIPAL, world.ridge, name="Pat Principal")


@pytest.fixture
def administrator(world):
    return person(Role.DISTRICT_ADMINISTRATOR, world.cahaba, name="Dana District")


def address(path: str) -> str:
    return f"http://testserver{path}"


def offered(by, organization, role=Role.COUNSELOR, email="grace@example.org", **fields) -> Invitation:
    offer = invitations.Offer("Grace Hopper", email, organization, role, **fields)
    return invitations.invite(by=by, offers=[offer], address=address)[0]


def link(invitation: Invitation) -> str:
    return reverse("schools:invitation_accept", args=[invitations.token(invitation)])


def take(client: Client, invitation: Invitation, password: str = PASSWORD):
    return client.post(link(invitation), {"name": "Grace B. Hopper", "password": password})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_mail_holds_a_link_that_opens_the_invitation(client, world, principal) -> None:
    offered(principal, world.ridge)
    outbox.send_due()
    [message] = mail.outbox
    assert message.to == ["grace@example.org"]
    url = next(word for word in message.body.split() if "/invitation/" in word)
    assert "Open my account" in client.get(url.removeprefix("http://testserver")).content.decode()


def test_taking_it_makes_an_account_with_a_proven_address_and_the_role(client, world, principal) -> None:
    take(client, offered(principal, world.ridge, ends=dt.date(2099, 6, 30)))
    grace = User.objects.get(email="grace@example.org")
    assert grace.name == "Grace B. Hopper"
    assert grace.check_password(PASSWORD)
    assert EmailAddress.objects.get(user=grace).verified
    role = grace.role_assignments.get()
    assert (role.role, role.organization, role.starts, role.ends) == (
        Role.COUNSELOR,
        world.ridge,
        timezone.localdate(),
        dt.date(2099, 6, 30),
    )
    assert signed_in(client)


def test_a_poor_password_is_refused(client, world, principal) -> None:
    page = take(client, offered(principal, world.ridge), "grace@example.org")
    assert page.status_code == 200
    assert not User.objects.filter(email="grace@example.org").exists()


def test_taking_it_twice_is_harmless(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    take(client, invitation)
    take(client, invitation)
    assert client.get(link(invitation)).status_code == 302
    assert RoleAssignment.objects.filter(user__email="grace@example.org").count() == 1


def test_a_used_link_lets_nobody_else_in(world, principal) -> None:
    invitation = offered(principal, world.ridge)
    take(Client(), invitation)
    stranger = Client()
    assert "has been used" in stranger.get(link(invitation)).content.decode()
    take(stranger, invitation, "another long password")
    assert not signed_in(stranger)
    assert User.objects.get(email="grace@example.org").check_password(PASSWORD)


def test_a_person_who_has_an_account_adds_the_role_signed_in(client, world, principal) -> None:
    grace = person(email="grace@example.org")
    invitation = offered(principal, world.ridge)
    client.force_login(grace)
    client.post(link(invitation))
    assert grace.role_assignments.get().role == Role.COUNSELOR


def test_an_account_is_not_opened_by_the_link_alone(client, world, principal) -> None:
    grace = person(email="grace@example.org")
    invitation = offered(principal, world.ridge)
    page = take(client, invitation, "another long password")
    assert "Sign in to it" in page.content.decode()
    grace.refresh_from_db()
    assert grace.check_password(PASSWORD)
    assert not grace.role_assignments.exists()


def test_somebody_else_cannot_take_it(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    client.force_login(person())
    assert client.post(link(invitation)).status_code == 403
    assert not RoleAssignment.objects.filter(role=Role.COUNSELOR).exists()


def test_a_role_that_is_held_is_not_given_twice(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    grace = person(Role.COUNSELOR, world.ridge, email="grace@example.org")
    client.force_login(grace)
    client.post(link(invitation))
    assert grace.role_assignments.count() == 1


def test_a_withdrawn_invitation_says_so(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    invitations.withdraw(invitation, by=principal)
    assert "has been withdrawn" in client.get(link(invitation)).content.decode()


def test_an_expired_invitation_says_so(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    url = link(invitation)
    with time_machine.travel(timezone.now() + dt.timedelta(days=14, minutes=1)):
        assert "has expired" in client.get(url).content.decode()


def test_how_long_it_holds_is_a_setting(world, principal, settings) -> None:
    settings.INVITATION_DAYS = 2
    invitation = offered(principal, world.ridge)
    assert dt.timedelta(days=1) < invitation.expires_at - timezone.now() < dt.timedelta(days=2, minutes=1)


def test_a_broken_link_says_so(client, db) -> None:
    page = client.get("/invitation/abc:def:ghi/")
    assert page.status_code == 404
    assert "not complete" in page.content.decode()


def test_a_link_made_for_something_else_opens_nothing(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    token = links.sign("invitation-file", str(invitation.public_id))
    assert client.get(reverse("schools:invitation_accept", args=[token])).status_code == 404


def test_the_sender_must_still_have_the_right_when_it_is_taken(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    principal.role_assignments.update(ends=dt.date(2020, 1, 1))
    assert "can no longer give this role" in take(client, invitation).content.decode()
    assert not User.objects.filter(email="grace@example.org").exists()


def test_a_closed_senders_invitation_is_refused(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    User.objects.filter(pk=principal.pk).update(is_active=False)
    assert "can no longer give this role" in client.get(link(invitation)).content.decode()


def test_taking_it_needs_the_pages_token(world, principal) -> None:
    assert take(Client(enforce_csrf_checks=True), offered(principal, world.ridge)).status_code == 403


def test_a_second_letter_has_a_new_link_and_the_whole_time(world, principal) -> None:
    invitation = offered(principal, world.ridge)
    with time_machine.travel(timezone.now() + dt.timedelta(days=10)):
        invitations.resend(invitation, by=principal, address=address)
        invitation.refresh_from_db()
        assert invitation.expires_at > timezone.now() + dt.timedelta(days=13)
    assert OutgoingMail.objects.count() == 2


def test_an_expired_offer_can_be_made_again(world, principal) -> None:
    first = offered(principal, world.ridge)
    Invitation.objects.filter(pk=first.pk).update(expires_at=timezone.now())
    second = offered(principal, world.ridge)
    assert second.is_open


@pytest.mark.parametrize("role", Role)
def test_nobody_invites_above_what_they_may_appoint(role, world) -> None:
    inviter = person(role, place_of(role, world))
    for wanted in Role:
        place = place_of(wanted, world)
        offer = invitations.Offer("Grace", "grace@example.org", place, wanted)
        refused = bool(invitations.problems(inviter, [offer])[0])
        assert refused == (wanted not in people.roles_to_give(inviter, place))


def test_nobody_invites_outside_their_reach(world, principal, administrator) -> None:
    for inviter, place in ((principal, world.valley), (administrator, world.harbor), (administrator, world.derby)):
        with pytest.raises(invitations.InvitationError):
            offered(inviter, place)


def test_a_role_on_the_wrong_kind_of_organization_is_refused(world, administrator) -> None:
    with pytest.raises(invitations.InvitationError, match="does not belong"):
        offered(administrator, world.cahaba, Role.PRINCIPAL)


def test_a_header_cannot_be_smuggled_into_the_mail(world, principal) -> None:
    world.ridge.name = "Ridge\r\nBcc: everyone@example.org"
    world.ridge.save()
    offered(principal, world.ridge)
    assert "\n" not in OutgoingMail.objects.get().subject


def test_names_in_the_mail_are_escaped(world, principal) -> None:
    offer = invitations.Offer("<b>Grace</b>", "grace@example.org", world.ridge, Role.COUNSELOR)
    invitations.invite(by=principal, offers=[offer], address=address)
    row = OutgoingMail.objects.get()
    assert "<b>Grace" not in row.html
    assert "<b>Grace" in row.text


def at(name: str, world: World, place: str = "ridge", **more: object) -> str:
    return reverse(f"schools:{name}", kwargs={"slug": getattr(world, place).slug, "year": YEAR, **more})


def test_inviting_through_the_page(client, world, principal) -> None:
    client.force_login(principal)
    client.post(at("invite", world), {"name": "Grace", "email": "Grace@Example.org", "role": "counselor"})
    assert Invitation.objects.get().email == "grace@example.org"
    assert "Grace" in client.get(at("invitations", world)).content.decode()


def test_the_page_offers_only_roles_that_may_be_given(client, world, principal) -> None:
    client.force_login(principal)
    page = client.post(at("invite", world), {"name": "Eve", "email": "eve@example.org", "role": "principal"})
    assert page.context["form"].errors["role"]
    assert not Invitation.objects.exists()


def test_withdrawing_and_sending_again_through_the_page(client, world, principal) -> None:
    invitation = offered(principal, world.ridge)
    client.force_login(principal)
    url = at("invitation", world, public_id=invitation.public_id)
    client.post(url, {"resend": "1"})
    assert OutgoingMail.objects.count() == 2
    client.post(url, {"withdraw": "1"})
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is not None


def test_a_principal_cannot_withdraw_what_they_could_not_offer(client, world, principal, administrator) -> None:
    invitation = offered(administrator, world.ridge, Role.PRINCIPAL)
    client.force_login(principal)
    client.post(at("invitation", world, public_id=invitation.public_id), {"withdraw": "1"})
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is None


GOOD = "name,email,position,role,organization,ends\nAda,ada@example.org,Teacher,site_team,,\n"


def upload(client: Client, world: World, data: bytes, name: str = "people.csv", place: str = "ridge"):
    file = io.BytesIO(data)
    file.name = name
    return client.post(at("invite_file", world, place), {"file": file})


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_nothing_is_sent_before_the_preview_is_confirmed(client, world, principal) -> None:
    client.force_login(principal)
    page = upload(client, world, GOOD.encode())
    assert not Invitation.objects.exists()
    client.post(at("invite_file", world), {"rows": page.context["rows"]})
    assert Invitation.objects.get().email == "ada@example.org"
    assert OutgoingMail.objects.count() == 1


def test_the_sample_can_be_uploaded(client, world, administrator) -> None:
    client.force_login(administrator)
    data = client.get(at("invite_sample", world)).content
    page = upload(client, world, data)
    assert [line.problems for line in page.context["preview"].lines] == [[], []]


def test_a_spreadsheet_works_too_though_it_takes_zeros_off_ids(client, world, administrator) -> None:
    client.force_login(administrator)
    data = workbook(
        ("Name", "Email", "Position", "Role", "Organization", "Ends"),
        ("Ada", "ada@example.org", None, "Counselor", 10000100001, dt.datetime(2099, 6, 30)),
    )
    [line] = upload(client, world, data, "people.xlsx", "cahaba").context["preview"].lines
    assert line.problems == []
    assert (line.offer.organization, line.offer.ends) == (world.ridge, dt.date(2099, 6, 30))


def test_problems_are_grouped_with_their_lines(client, world, principal) -> None:
    client.force_login(principal)
    rows = (
        "name,email,role,organization,ends\n"
        "Ada,ada@example.org,counselor,,\n"
        "Bob,not-an-address,counselor,,\n"
        "Cyd,cyd@example.org,king,,\n"
        "Dee,dee@example.org,principal,,\n"
        "Eli,eli@example.org,counselor,derby,\n"
        "Fay,fay@example.org,counselor,,someday\n"
        "Ada,ADA@example.org,counselor,,\n"
        ",gus@example.org,counselor,,\n"
        "Hal,also-no-address,counselor,,2020-01-01\n"
    )
    preview = upload(client, world, rows.encode()).context["preview"]
    assert [line.number for line in preview.good] == [2]
    assert dict(preview.grouped)["The e-mail address is not one."] == [3, 10]
    assert {number for _, lines in preview.grouped for number in lines} == {3, 4, 5, 6, 7, 8, 9, 10}


def test_the_rest_can_be_sent_without_the_rows_with_problems(client, world, principal) -> None:
    client.force_login(principal)
    page = upload(client, world, (GOOD + "Bob,nowhere,,counselor,,\n").encode())
    client.post(at("invite_file", world), {"rows": page.context["rows"]})
    assert list(Invitation.objects.values_list("email", flat=True)) == ["ada@example.org"]


def test_a_preview_of_somebody_else_is_not_sent(client, world, principal) -> None:
    other = person(Role.PRINCIPAL, world.ridge)
    client.force_login(principal)
    rows = upload(client, world, GOOD.encode()).context["rows"]
    client.force_login(other)
    client.post(at("invite_file", world), {"rows": rows})
    client.post(at("invite_file", world), {"rows": "made up"})
    assert not Invitation.objects.exists()


def test_two_thousand_rows_are_checked_with_a_fixed_number_of_queries(
    world, administrator, django_assert_max_num_queries
) -> None:
    def rows(n: int) -> list[dict[str, str]]:
        text = GOOD + "".join(f"P{i},p{i}@example.org,,counselor,ridge,\n" for i in range(n - 1))
        return invitation_file.read(io.BytesIO(text.encode()), "people.csv")

    for n in (3, 2000):
        with django_assert_max_num_queries(6):
            preview = invitation_file.preview(rows(n), by=administrator, organization=world.ridge)
        assert len(preview.good) == n


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "empty.csv"),
        (b"name,email,role\n", "header-only.csv"),
        (b"first,second\na,b\n", "other-columns.csv"),
        (b"\x00\x01\x02", "binary.csv"),
        (b"PK\x03\x04 not a zip", "broken.xlsx"),
        (b"name,email,role\n" + b"a,b,c\n" * 2001, "long.csv"),
        (b'name,email,role\n"' + b"a" * 200_000, "one-endless-cell.csv"),
        (b"x" * (2 * 1024 * 1024 + 1), "large.csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(data, name) -> None:
    with pytest.raises(invitation_file.FileError):
        invitation_file.read(io.BytesIO(data), name)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b"0" * (21 * 1024 * 1024))
    with pytest.raises(invitation_file.FileError, match="unpacks"):
        invitation_file.read(io.BytesIO(out.getvalue()), "bomb.xlsx")


def test_a_spreadsheet_with_entities_is_refused() -> None:
    data = workbook(("name", "email", "role"), ("Ada", "ada@example.org", "counselor"))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content
            new.writestr(part.filename, content)
    with pytest.raises(invitation_file.FileError):
        invitation_file.read(io.BytesIO(out.getvalue()), "entities.xlsx")


def test_a_file_larger_than_the_limit_is_refused_by_the_page(client, world, principal) -> None:
    client.force_login(principal)
    page = upload(client, world, b"x" * (2 * 1024 * 1024 + 1))
    assert "larger than 2 MB" in str(page.context["form"].errors["file"])


def test_an_inviter_who_lost_the_role_cannot_confirm(client, world, principal) -> None:
    client.force_login(principal)
    rows = upload(client, world, GOOD.encode()).context["rows"]
    principal.role_assignments.update(ends=dt.date(2020, 1, 1))
    assign(principal, Role.SITE_TEAM, world.ridge)
    assert client.post(at("invite_file", world), {"rows": rows}).status_code == 403
    assert not Invitation.objects.exists()
