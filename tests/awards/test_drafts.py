"""What is typed about a figure of a nomination is kept before it is saved, for who types it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from awards.models import Claim, EditionRole, Nomination
from hstw.access import Role
from hstw.models import Draft
from schools.models import Organization, User
from tests import factories
from tests.awards import world as w

pytestmark = pytest.mark.django_db
WORDS = "Most of it came with the third pathway, which opened in 2017"


@pytest.fixture
def claim() -> Claim:
    """A figure of the record in a nomination that is being written."""
    nomination = w.draft(w.edition(), factories.make_world().ridge)
    return Claim.objects.create(
        nomination=nomination, source="measure", source_key="DROPOUT", title="Dropout", baseline_year=2028,
        current_year=2030,
    )  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def type_in(user: User, claim: Claim) -> Any:
    """What the script sends while somebody types."""
    sent = {"draft-user": str(user.pk), "draft-version": "0", "draft-revision": f"{uuid.uuid4().hex}:1", "says": WORDS}
    return signed_in(user).post(reverse("draft", args=[f"awards.claim:{claim.pk}"]), sent)


def page_of(claim: Claim) -> str:
    return reverse("awards:figure", args=[claim.nomination.public_id, claim.pk])


def test_it_is_there_again_and_gone_once_it_is_saved(claim: Claim) -> None:
    principal = claim.nomination.started_by
    assert principal is not None
    assert type_in(principal, claim).status_code == 200
    client = signed_in(principal)
    page = client.get(page_of(claim)).content.decode()
    assert WORDS in page
    assert "unsaved changes" in page
    claim.refresh_from_db()
    assert claim.says == ""
    fields = {"title": claim.title, "says": WORDS, "baseline_year": 2028, "current_year": 2030}
    answer = client.post(page_of(claim), fields)
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("awards:figures", args=[claim.nomination.public_id]),
    )
    claim.refresh_from_db()
    assert (claim.says, claim.title) == (WORDS, "Dropout")


def test_what_is_refused_keeps_the_text(claim: Claim) -> None:
    principal = claim.nomination.started_by
    assert principal is not None
    answer = signed_in(principal).post(page_of(claim), {"title": "", "says": WORDS})
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()
    claim.refresh_from_db()
    assert claim.title == "Dropout"


def test_nobody_else_writes_it(claim: Claim) -> None:
    neighbor = Organization.objects.get(name="Cahaba Valley High School")
    reader = w.place(claim.nomination.edition, EditionRole.REVIEWER).user
    for user in (factories.person(Role.PRINCIPAL, neighbor), reader):
        assert type_in(user, claim).status_code in {403, 404}
    assert not Draft.objects.exists()


def test_what_was_submitted_takes_no_more(claim: Claim) -> None:
    principal = claim.nomination.started_by
    assert principal is not None
    Nomination.objects.filter(pk=claim.nomination_id).update(
        state="withdrawn", withdrawn_at="2031-01-01T00:00Z", withdrawn_because="x"
    )
    assert type_in(principal, claim).status_code == 403
