"""Drafts are kept, belong to one person, and nothing is overwritten unseen."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from hstw import draft_views, drafts
from hstw.access import Role
from hstw.models import Draft
from hstw.navigation import current_year
from schools.forms.organizations import OrganizationForm
from schools.models import Organization, User
from tests import factories

FIELDS = frozenset({"name", "city"})
TAB, OTHER_TAB = "a" * 32, "b" * 32


@pytest.fixture
def world(db: None) -> factories.World:
    return factories.make_world()


@pytest.fixture
def planner(world: factories.World) -> User:
    return factories.person(Role.DISTRICT_PLANNER, world.cahaba, name="Maria Lopez")


@pytest.fixture
def principal(world: factories.World) -> User:
    return factories.person(Role.PRINCIPAL, world.ridge, name="Sam Carter")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def facts(school: Organization, **changes: str) -> dict[str, Any]:
    """What the edit form of a school sends."""
    form = OrganizationForm(instance=school)
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (sent | changes).items() if value not in (None, False, "")}


def page_of(school: Organization) -> str:
    return reverse("schools:organization_edit", args=[school.slug, current_year()])


def autosave_of(school: Organization) -> str:
    return reverse("draft", args=[drafts.key_of(school)])


def type_in(client: Client, user: User, school: Organization, tab: str = TAB, n: int = 1, **fields: Any) -> Any:
    """What the script sends some time after the last key."""
    built_on = fields.pop("built_on", "")
    version = fields.pop("version", school.version)
    sent = facts(school, **fields) | {
        "draft-version": version,
        "draft-built-on": built_on,
        "draft-revision": f"{tab}:{n}",
        "draft-user": user.pk,
    }
    return client.post(autosave_of(school), sent)


def submit(client: Client, school: Organization, version: int, base: int | None = None, **fields: Any) -> Any:
    """What pressing Save sends."""
    extra = {name.replace("__", "-"): fields.pop(name) for name in [*fields] if "__" in name or name == "compared"}
    sent = facts(school, **fields) | {"version": version, "draft-version": base or version, "draft-built-on": ""}
    return client.post(page_of(school), sent | extra)


# --- drafts ----------------------------------------------------------------------------------------------------


def test_a_draft_keeps_what_was_sent(planner: User) -> None:
    drafts.save(planner, "form:1", 3, {"name": ["Ridge"], "city": ["Cahaba"]}, fields=FIELDS)
    draft = drafts.load(planner, "form:1")
    assert draft is not None
    assert (draft.base_version, draft.data) == (3, {"name": ["Ridge"], "city": ["Cahaba"]})


def test_a_draft_takes_only_fields_of_its_form(planner: User) -> None:
    draft = drafts.save(planner, "form:1", 1, {"name": ["Ridge"], "is_superuser": ["1"]}, fields=FIELDS)
    assert set(draft.data) == FIELDS


def test_a_draft_of_another_person_is_not_read(planner: User, principal: User) -> None:
    drafts.save(planner, "form:1", 1, {"name": ["Ridge"]}, fields=FIELDS)
    assert drafts.load(principal, "form:1") is None


def test_a_draft_has_a_limit(planner: User) -> None:
    with pytest.raises(drafts.TooLarge):
        drafts.save(planner, "form:1", 1, {"name": ["x" * drafts.SIZE_LIMIT]}, fields=FIELDS)
    assert not Draft.objects.exists()


def test_another_tab_does_not_overwrite(planner: User) -> None:
    drafts.save(planner, "form:1", 1, {"name": ["first"]}, fields=FIELDS, revision=f"{TAB}:1")
    with pytest.raises(drafts.SavedInAnotherTab) as refused:
        drafts.save(planner, "form:1", 1, {"name": ["second"]}, fields=FIELDS, revision=f"{OTHER_TAB}:1")
    assert refused.value.draft.data["name"] == ["first"]
    assert Draft.objects.get().data["name"] == ["first"]


def test_another_tab_goes_on_from_what_it_has_seen(planner: User) -> None:
    drafts.save(planner, "form:1", 1, {"name": ["first"]}, fields=FIELDS, revision=f"{TAB}:1")
    drafts.save(
        planner, "form:1", 1, {"name": ["second"]}, fields=FIELDS, built_on=f"{TAB}:1", revision=f"{OTHER_TAB}:1"
    )
    assert Draft.objects.get().data["name"] == ["second"]


def test_a_late_save_of_the_same_tab_changes_nothing(planner: User) -> None:
    drafts.save(planner, "form:1", 1, {"name": ["newer"]}, fields=FIELDS, revision=f"{TAB}:2")
    drafts.save(planner, "form:1", 1, {"name": ["older"]}, fields=FIELDS, revision=f"{TAB}:1")
    assert Draft.objects.get().data["name"] == ["newer"]


def test_submitting_one_tab_leaves_the_draft_of_another(planner: User) -> None:
    drafts.save(planner, "form:1", 1, {"name": ["mine"]}, fields=FIELDS, revision=f"{TAB}:2")
    drafts.discard_submitted(planner, "form:1", f"{TAB}:1 {OTHER_TAB}:9")
    assert drafts.load(planner, "form:1") is not None
    drafts.discard_submitted(planner, "form:1", f"{TAB}:2")
    assert drafts.load(planner, "form:1") is None


# --- stale writes ----------------------------------------------------------------------------------------------


def test_a_current_write_raises_the_version(world: factories.World) -> None:
    world.ridge.city = "Ridgeville"
    drafts.save_if_current(world.ridge, 1, fields=["city"])
    found = Organization.objects.get(pk=world.ridge.pk)
    assert (found.city, found.version) == ("Ridgeville", 2)


def test_a_stale_write_is_refused_with_both_texts(world: factories.World) -> None:
    theirs, yours = (Organization.objects.get(pk=world.ridge.pk) for _ in range(2))
    theirs.city, yours.city = "Theirs", "Yours"
    drafts.save_if_current(theirs, 1, fields=["city"])
    with pytest.raises(drafts.StaleWrite) as refused:
        drafts.save_if_current(yours, 1, fields=["city"])
    assert (refused.value.theirs.city, refused.value.yours.city) == ("Theirs", "Yours")
    assert Organization.objects.get(pk=world.ridge.pk).city == "Theirs"


def test_only_the_named_fields_are_written(world: factories.World) -> None:
    stale = Organization.objects.get(pk=world.cahaba.pk)
    factories.organization("school", Organization.objects.get(pk=world.cahaba.pk))
    stale.city = "Cahaba"
    drafts.save_if_current(stale, 1, fields=["city"])
    assert Organization.objects.get(pk=world.cahaba.pk).numchild == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_writers_one_is_refused() -> None:
    world = factories.make_world()
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def write(city: str) -> None:
        try:
            row = Organization.objects.get(pk=world.ridge.pk)
            row.city = city
            start.wait(timeout=10)
            drafts.save_if_current(row, 1, fields=["city"])
            outcomes.append(city)
        except drafts.StaleWrite:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[f"city {n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [outcome for outcome in outcomes if outcome != "refused"]
    found = Organization.objects.get(pk=world.ridge.pk)
    assert len(outcomes) == 8
    assert won == [found.city]
    assert found.version == 2


# --- the endpoint ----------------------------------------------------------------------------------------------


def test_the_endpoint_keeps_the_text(planner: User, world: factories.World) -> None:
    answer = type_in(signed_in(planner), planner, world.ridge, city="Ridgeville")
    assert answer.status_code == 200
    assert answer.json()["revision"] == f"{TAB}:1"
    assert Draft.objects.get(user=planner).data["city"] == ["Ridgeville"]


def test_a_visitor_is_told_where_to_sign_in(planner: User, world: factories.World) -> None:
    answer = type_in(Client(), planner, world.ridge, city="Ridgeville")
    assert answer.status_code == 401
    assert answer.json()["sign_in"].startswith(reverse("account_login"))
    assert not Draft.objects.exists()


def test_text_of_one_person_is_not_kept_for_another(planner: User, principal: User, world: factories.World) -> None:
    answer = type_in(signed_in(principal), planner, world.ridge, city="Ridgeville")
    assert (answer.status_code, answer.json()["problem"]) == (409, "person")
    assert not Draft.objects.exists()


def test_what_one_may_not_edit_has_no_draft(world: factories.World) -> None:
    counselor = factories.person(Role.COUNSELOR, world.ridge)
    answer = type_in(signed_in(counselor), counselor, world.ridge, city="Ridgeville")
    assert answer.status_code == 403
    assert "District planner" in answer.json()["reason"]
    assert not Draft.objects.exists()


def test_what_one_may_not_know_of_is_unknown(planner: User, world: factories.World) -> None:
    assert type_in(signed_in(planner), planner, world.derby).status_code == 404


@pytest.mark.parametrize("key", ["nothing:1", "schools.organization", "schools.organization:x", "schools.user:1"])
def test_a_key_without_a_form_is_unknown(key: str, planner: User) -> None:
    assert signed_in(planner).get(reverse("draft", args=[key])).status_code == 404


def test_the_endpoint_needs_a_token(planner: User, world: factories.World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(planner)
    assert type_in(client, planner, world.ridge).status_code == 403
    token = client.get(autosave_of(world.ridge)).json()["token"]
    client.defaults["HTTP_X_CSRFTOKEN"] = token
    assert type_in(client, planner, world.ridge).status_code == 200


def test_the_endpoint_says_who_saved_meanwhile_and_keeps_the_text(
    planner: User, principal: User, world: factories.World
) -> None:
    submit(signed_in(planner), world.ridge, 1, city="Theirs")
    answer = type_in(signed_in(principal), principal, world.ridge, city="Yours", version=1)
    assert answer.status_code == 409
    assert (answer.json()["problem"], answer.json()["who"]) == ("stale", "Maria Lopez")
    assert Draft.objects.get(user=principal).data["city"] == ["Yours"]


def test_the_endpoint_tells_a_second_tab(planner: User, world: factories.World) -> None:
    client = signed_in(planner)
    type_in(client, planner, world.ridge, tab=TAB, city="first")
    answer = type_in(client, planner, world.ridge, tab=OTHER_TAB, city="second")
    assert (answer.status_code, answer.json()["problem"]) == (409, "tab")
    assert Draft.objects.get().data["city"] == ["first"]


def test_too_much_text_is_refused_in_words(planner: User, world: factories.World) -> None:
    answer = type_in(signed_in(planner), planner, world.ridge, city="x" * drafts.SIZE_LIMIT)
    assert answer.status_code == 413
    assert "parts" in answer.json()["reason"]


def test_saving_without_pause_is_slowed_down(
    planner: User, world: factories.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_views, "SAVES_PER_MINUTE", 3)
    client = signed_in(planner)
    # The minute may turn once while this runs, which allows three more.
    statuses = [type_in(client, planner, world.ridge, n=n).status_code for n in range(1, 9)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses


def test_text_is_kept_while_the_counter_is_out_of_reach(planner: User, world: factories.World, settings: Any) -> None:
    cache = settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/valkey.sock?db=0"}
    settings.CACHES = settings.CACHES | {"default": cache}
    assert type_in(signed_in(planner), planner, world.ridge, city="Ridgeville").status_code == 200


# --- the form --------------------------------------------------------------------------------------------------


def test_a_draft_is_shown_in_the_form(planner: User, world: factories.World) -> None:
    client = signed_in(planner)
    type_in(client, planner, world.ridge, city="Ridgeville", opened="not a day")
    page = client.get(page_of(world.ridge))
    assert page.context["form"]["city"].value() == "Ridgeville"
    assert page.context["form"]["opened"].value() == "not a day"
    assert "You have unsaved changes from" in page.text


def test_an_unticked_box_stays_unticked(planner: User, world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(shared_time=True)
    client = signed_in(planner)
    type_in(client, planner, world.ridge, city="Ridgeville")
    assert client.get(page_of(world.ridge)).context["form"]["shared_time"].value() is False


def test_a_draft_that_changes_nothing_is_not_mentioned(planner: User, world: factories.World) -> None:
    client = signed_in(planner)
    type_in(client, planner, world.ridge)
    assert "unsaved changes" not in client.get(page_of(world.ridge)).text


def test_discarding_brings_back_what_is_saved(planner: User, world: factories.World) -> None:
    client = signed_in(planner)
    type_in(client, planner, world.ridge, city="Ridgeville")
    page = client.post(page_of(world.ridge), {"discard": "1"}, follow=True)
    assert page.context["form"]["city"].value() == "Cahaba"
    assert not Draft.objects.exists()


def test_submitting_saves_and_removes_the_draft(planner: User, world: factories.World) -> None:
    client = signed_in(planner)
    revision = type_in(client, planner, world.ridge, city="Ridgeville").json()["revision"]
    answer = submit(client, world.ridge, 1, city="Ridgeville", draft__built__on=revision)
    assert answer.status_code == 302
    found = Organization.objects.get(pk=world.ridge.pk)
    assert (found.city, found.version) == ("Ridgeville", 2)
    assert not Draft.objects.exists()


def test_a_validation_error_keeps_everything(planner: User, world: factories.World) -> None:
    client = signed_in(planner)
    page = submit(client, world.ridge, 1, city="Ridgeville", nces_id="123")
    assert page.status_code == 422
    assert page.context["form"]["city"].value() == "Ridgeville"
    again = signed_in(planner).get(page_of(world.ridge))
    assert again.context["form"]["city"].value() == "Ridgeville"
    assert again.context["form"]["nces_id"].value() == "123"


def test_a_draft_upon_an_older_version_says_who_saved(planner: User, principal: User, world: factories.World) -> None:
    type_in(signed_in(principal), principal, world.ridge, city="Yours")
    submit(signed_in(planner), world.ridge, 1, city="Theirs")
    page = signed_in(principal).get(page_of(world.ridge))
    assert page.context["form"]["city"].value() == "Yours"
    assert "Maria Lopez saved this at" in page.text
    assert 'name="version" value="1"' in page.text


# --- both texts ------------------------------------------------------------------------------------------------


@pytest.fixture
def overtaken(planner: User, principal: User, world: factories.World) -> Client:
    """The principal began upon version 1; the planner has saved city and county meanwhile."""
    submit(signed_in(planner), world.ridge, 1, city="Theirs", county="Perry")
    return signed_in(principal)


def test_a_stale_submit_shows_both_texts_and_writes_nothing(overtaken: Client, world: factories.World) -> None:
    page = submit(overtaken, world.ridge, 1, city="Yours", phone="205 555 0100")
    assert page.status_code == 409
    found = {each.field.name: each for each in page.context["differences"]}
    assert set(found) == {"city", "county", "phone"}
    assert (found["city"].theirs, found["city"].field.value(), found["city"].who) == ("Theirs", "Yours", "Maria Lopez")
    assert Organization.objects.get(pk=world.ridge.pk).city == "Theirs"
    assert "Use what Maria Lopez saved at" in page.text


def test_only_what_both_changed_has_to_be_decided(overtaken: Client, world: factories.World) -> None:
    page = submit(overtaken, world.ridge, 1, city="Yours", phone="205 555 0100")
    choices = {each.field.name: each.choice for each in page.context["differences"]}
    assert choices == {"city": "", "county": "theirs", "phone": "yours"}


def test_the_stale_text_is_kept_as_a_draft(overtaken: Client, world: factories.World, principal: User) -> None:
    submit(overtaken, world.ridge, 1, city="Yours")
    draft = Draft.objects.get(user=principal)
    assert (draft.data["city"], draft.base_version) == (["Yours"], 1)


def test_the_person_chooses_per_field(overtaken: Client, world: factories.World) -> None:
    answer = submit(
        overtaken,
        world.ridge,
        2,
        base=1,
        city="Yours, edited",
        compared=["city", "county"],
        choice__city="yours",
        choice__county="theirs",
    )
    assert answer.status_code == 302
    found = Organization.objects.get(pk=world.ridge.pk)
    assert (found.city, found.county, found.version) == ("Yours, edited", "Perry", 3)


def test_an_undecided_field_is_asked_again(overtaken: Client, world: factories.World) -> None:
    page = submit(overtaken, world.ridge, 2, base=1, city="Yours", compared=["city"])
    assert page.status_code == 409
    assert "Choose one of the two texts." in page.text
    assert Organization.objects.get(pk=world.ridge.pk).city == "Theirs"


def test_a_third_writer_is_shown_too(overtaken: Client, world: factories.World, planner: User) -> None:
    submit(signed_in(planner), world.ridge, 2, city="Theirs again", county="Perry")
    page = submit(
        overtaken, world.ridge, 2, base=1, city="Yours", county="Perry", compared=["city"], choice__city="yours"
    )
    assert page.status_code == 409
    (difference,) = page.context["differences"]
    assert (difference.theirs, difference.choice) == ("Theirs again", "")
    assert Organization.objects.get(pk=world.ridge.pk).city == "Theirs again"


def test_the_same_text_from_both_is_simply_saved(overtaken: Client, world: factories.World) -> None:
    answer = submit(overtaken, world.ridge, 1, city="Theirs", county="Perry")
    assert answer.status_code == 302
    assert Organization.objects.get(pk=world.ridge.pk).version == 2
