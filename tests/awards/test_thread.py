"""The thin path through every layer, page by page: edition, nomination, three readers, decision, public page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from awards.models import AwardDecision, Edition, Nomination, ResultSnapshot, Review, Reviewer
from awards.models.edition import PhaseKind
from hstw.access import Role
from hstw.models import OutgoingMail
from hstw.navigation import current_year
from tests import factories
from tests.awards import world as w

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ok(answer: Any) -> Any:
    assert answer.status_code in {200, 302}, answer.status_code
    if answer.status_code == 200 and answer.context is not None and (form := answer.context.get("form")) is not None:
        assert not form.errors, form.errors
    return answer


def test_from_an_edition_to_the_announcement() -> None:
    places = factories.make_world()
    staff = factories.person(Role.SREB_STAFF, places.region)
    sreb = as_(staff)
    ok(sreb.get(reverse("awards:home")))
    award = Edition.objects.first().award
    ok(sreb.post(reverse("awards:edition_new"), {"award": award.pk, "year": 2031, "time_zone": "America/Chicago"}))
    edition = Edition.objects.get(year=2031)
    coordinator, chair = factories.person(email="c@sreb.example"), factories.person(email="ch@sreb.example")
    reviewers = [factories.person(email=f"r{n}@reader{n}.example") for n in range(3)]
    panel = reverse("awards:panel", args=[edition.slug])
    for user, role in ((coordinator, "coordinator"), (chair, "chair"), *((one, "reviewer") for one in reviewers)):
        ok(sreb.post(panel, {"email": user.email, "role": role, "most": 10}))
    assert Reviewer.objects.filter(edition=edition).count() == 5
    w.shift(edition, PhaseKind.NOMINATION)
    dates = sreb.get(reverse("awards:dates", args=[edition.slug]))
    ok(sreb.post(reverse("awards:dates", args=[edition.slug]), {f.name: f.value() for f in dates.context["form"]}))
    assert b"Open the edition" in sreb.get(edition.get_absolute_url()).content
    ok(sreb.post(reverse("awards:edition_open", args=[edition.slug])))
    edition.refresh_from_db()
    assert edition.is_open

    principal = factories.person(Role.PRINCIPAL, places.ridge)
    w.member(places.ridge)
    school = as_(principal)
    home = reverse("awards:of_organization", args=["ridge", current_year()])
    assert b"Start the nomination" in school.get(home).content
    begun = ok(school.post(reverse("awards:begin", args=["ridge", current_year(), edition.slug])))
    nomination = Nomination.objects.get()
    assert begun["Location"] == nomination.get_absolute_url()
    story = reverse("awards:story", args=[nomination.public_id])
    page = school.get(story)
    texts = {"headline": "Eight pathways from three", "practice": "Career pathways", "presenting": "", "sustaining": ""}
    texts |= {"context": w.WORDS, "actions": f"Advisory councils review each pathway. {w.WORDS}", "success": w.WORDS}
    sent = {"version": page.context["draft"].version, **texts}
    assert school.post(story, sent).status_code == 302
    typed = reverse("awards:typed", args=[nomination.public_id])
    for title, unit, values in (("Credentials", "credentials", (12, 162)), ("Pathways", "pathways", (3, 8))):
        data = {"title": title, "unit": unit, "whole_population": "on", "says": "Grew."}
        data |= {"year0": 2016, "value0": values[0], "year1": 2019, "value1": values[1], "file": w.upload()}
        assert school.post(typed, data).status_code == 302
    attachments = reverse("awards:attachments", args=[nomination.public_id])
    assert school.post(attachments, {"title": "Surveys", "file": w.upload("s.pdf")}).status_code == 302
    assert school.post(attachments, {"name": "Pat Partner", "email": "p@x.example", "part": "Coach"}).status_code == 302
    for name in ("nomination", "figures", "attachments", "story"):
        ok(school.get(reverse(f"awards:{name}", args=[nomination.public_id])))
    sign = reverse("awards:sign", args=[nomination.public_id])
    seen = school.get(sign).context["seen"]
    assert school.post(sign, {"seen": seen, "sign": "on"}).status_code == 302
    nomination.refresh_from_db()
    assert nomination.state == "submitted"
    assert re.fullmatch(r"2031-[1-9]\d{3}", nomination.label)

    w.shift(edition, PhaseKind.REVIEW)
    for user in (coordinator, chair, *reviewers):
        client = as_(user)
        page = client.get(reverse("awards:conflicts", args=[edition.slug]))
        assert places.ridge.name in page.content.decode()
        ok(client.post(reverse("awards:conflicts", args=[edition.slug]), {"seen": [nomination.pk], "sure": "on"}))
    lead = as_(coordinator)
    ok(lead.get(reverse("awards:nominations", args=[edition.slug])))
    assert b"Assign readers to 1" in lead.get(reverse("awards:assignments", args=[edition.slug])).content
    lead.post(reverse("awards:assignments", args=[edition.slug]))
    assert OutgoingMail.objects.filter(key__startswith="awards.assigned").count() == 3
    assert not OutgoingMail.objects.filter(text__contains=places.ridge.name).exists()

    for n, user in enumerate(reviewers):
        client = as_(user)
        ok(client.get(reverse("awards:reviews", args=[edition.slug])))
        ok(client.post(reverse("awards:read", args=[nomination.public_id])))
        review = Review.objects.get(assignment__reviewer__user=user)
        for score in review.scores.select_related("criterion"):
            at = reverse("awards:score", args=[review.public_id, score.criterion.order])
            page = ok(client.get(at))
            points = (3, 2, 4)[n] if score.criterion.order == 1 else 3
            band = score.criterion.bands.get(points=points)
            data = {
                "version": page.context["draft"].version,
                "choice": band.pk,
                "comment": f"Shared {n}.",
                "shared": "on",
            }
            data |= {"cite_part": "actions", "cite_quote": "Advisory  councils review each pathway"}
            saved = client.post(at, data)
            assert saved.status_code == 302, saved.context["form"].errors
        submit = reverse("awards:review_submit", args=[review.public_id])
        assert b"Submit and lock" in client.get(submit).content
        client.post(submit)
        review.refresh_from_db()
        assert review.submitted_at is not None
        assert review.total == {0: 75, 1: 72.5, 2: 77.5}[n]
        ok(client.get(submit))
    ok(lead.get(reverse("awards:consensus", args=[edition.slug])))
    agree = reverse("awards:agree", args=[nomination.public_id])
    page = ok(lead.get(agree))
    band = page.context["chosen"].bands.get(points=3)
    saved = lead.post(agree, {"version": 0, "band": band.pk, "rationale": "We met."})
    assert saved.status_code == 302
    assert nomination.consensus.get().band.points == 3

    ranking = ok(lead.get(reverse("awards:ranking", args=[edition.slug])))
    assert ranking.context["ranking"].rows[0].figures["raw"] == "75.00"
    decision = reverse("awards:decision", args=[nomination.public_id])
    ok(lead.get(decision))
    data = {"version": 0, "outcome": "winner", "rationale": "Best.", "citation": "For pathways that lead to jobs."}
    assert lead.post(decision, data).status_code == 302
    assert AwardDecision.objects.get().outcome == "winner"
    lead.post(reverse("awards:freeze", args=[edition.slug]))
    snapshot = ResultSnapshot.objects.get()
    ok(lead.get(reverse("awards:result", args=[snapshot.public_id])))
    public = reverse("awards:winners", args=[edition.slug])
    assert b"not announced yet" in Client().get(public).content
    lead.post(reverse("awards:announce", args=[snapshot.public_id]))
    text = Client().get(public).content.decode()
    assert places.ridge.name in text
    assert "For pathways that lead to jobs." in text
    assert "From 12 in 2015–16 to 162 in 2018–19" in text

    letter = reverse("awards:letter", args=[nomination.public_id])
    page = ok(lead.get(letter))
    assert "Shared 0." in page.content.decode()
    data = {f.name: f.value() or "" for f in page.context["form"]} | {"version": 0}
    assert lead.post(letter, data).status_code == 302
    text = school.get(letter).content.decode()
    assert "Shared 1." in text
    assert all(user.name not in text for user in reviewers)
    assert timezone.now() >= snapshot.made_at
