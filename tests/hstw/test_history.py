"""Who changed what, when: captured whatever way the change came, read in words, and not to be rewritten."""

from __future__ import annotations

from typing import Any

import pghistory
import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pghistory.models import Context, Event
from psycopg import sql

from hstw import history
from hstw.access import Role
from hstw.navigation import current_year
from schools.models import Organization, RoleAssignment, User
from tests import factories

pytestmark = pytest.mark.django_db

EVENT_TABLES = sorted(
    model._meta.db_table for model in apps.get_models() if issubclass(model, Event) and model._meta.managed
)


@pytest.fixture
def world(db: None) -> factories.World:
    return factories.make_world()


def events(instance: Any, **options: Any) -> list[history.Event]:
    return list(history.events_of(instance, **options).object_list)


def changed(event: history.Event) -> dict[str, tuple[str | None, str]]:
    return {change.field: (change.before, change.after) for change in event.changes}


# --- captured --------------------------------------------------------------------------------------------------


def test_an_insert_lists_what_was_filled_in(world: factories.World) -> None:
    (added,) = events(world.ridge)
    assert added.kind == "insert"
    assert changed(added)["name"] == ("", "Cahaba Ridge High School")
    assert "county" not in changed(added)


def test_a_save_lists_only_what_changed(world: factories.World) -> None:
    world.ridge.city = "Ridgeville"
    world.ridge.save()
    assert changed(events(world.ridge)[0]) == {"city": ("Cahaba", "Ridgeville")}


def test_a_bulk_update_is_captured_row_by_row(world: factories.World) -> None:
    Organization.objects.filter(kind="school").update(county="Perry")
    for school in (world.ridge, world.valley, world.harbor, world.derby):
        assert changed(events(school)[0]) == {"county": ("", "Perry")}


def test_raw_sql_is_captured(world: factories.World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE schools_organization SET county = 'Perry' WHERE id = %s", [world.ridge.pk])
    assert changed(events(world.ridge)[0]) == {"county": ("", "Perry")}


def test_a_removal_is_captured(world: factories.World) -> None:
    assignment = factories.assign(factories.person(), Role.PRINCIPAL, world.ridge)
    pk = assignment.pk
    assignment.delete()
    assert [event.kind for event in events(RoleAssignment(pk=pk))] == ["delete", "insert"]


def test_an_update_that_changes_nothing_leaves_no_trace(world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(city="Cahaba")
    assert len(events(world.ridge)) == 1


def test_passwords_are_in_no_event(world: factories.World) -> None:
    user = factories.person()
    user.set_password("another horse battery staple")
    user.name = "Renamed"
    user.save()
    assert {field.name for field in User.pgh_event_model._meta.fields}.isdisjoint({"password", "last_login"})
    assert set(changed(events(user)[0])) == {"name"}


def test_a_changed_password_alone_leaves_no_event(world: factories.World) -> None:
    user = factories.person()
    user.set_password("another horse battery staple")
    user.save()
    assert [event.kind for event in events(user)] == ["insert"]


# --- by whom ---------------------------------------------------------------------------------------------------


def test_a_request_names_its_person(world: factories.World) -> None:
    planner = factories.person(Role.DISTRICT_PLANNER, world.cahaba, name="Maria Lopez")
    client = Client()
    client.force_login(planner)
    url = reverse("schools:organization_edit", args=["ridge", current_year()])
    form = client.get(url).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name != "shared_time"}
    client.post(url, sent | {"city": "Ridgeville", "version": 1, "draft-version": 1})
    latest = events(world.ridge)[0]
    assert (latest.who, latest.user_id, changed(latest)) == (
        "Maria Lopez",
        planner.pk,
        {"city": ("Cahaba", "Ridgeville")},
    )


def test_a_command_names_itself(world: factories.World) -> None:
    with pghistory.context(command="import_directory"):
        Organization.objects.filter(pk=world.ridge.pk).update(city="Ridgeville")
    assert events(world.ridge)[0].who == "import_directory"


def test_what_nobody_asked_for_is_by_the_system(world: factories.World) -> None:
    assert events(world.ridge)[0].who == "the system"


# --- read ------------------------------------------------------------------------------------------------------


def test_choices_and_related_objects_are_named(world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(
        design="middle", closed="2026-06-30", successor=world.valley, shared_time=True
    )
    assert changed(events(world.ridge)[0]) == {
        "design": ("High school", "Middle grades"),
        "shared_time": ("No", "Yes"),
        "closed": ("", "June 30, 2026"),
        "successor": ("", "Cahaba Valley High School"),
    }


def test_the_newest_comes_first_and_pages_join(world: factories.World) -> None:
    for n in range(5):
        Organization.objects.filter(pk=world.ridge.pk).update(city=f"City {n}")
    first, second = (events(world.ridge, page=page, per_page=3) for page in (1, 2))
    assert [changed(event)["city"][1] for event in first] == ["City 4", "City 3", "City 2"]
    assert changed(second[0])["city"] == ("City 0", "City 1")
    assert second[-1].kind == "insert"


def test_the_number_of_queries_does_not_grow(world: factories.World) -> None:
    def write(times: int) -> None:
        for n in range(times):
            with pghistory.context(user=factories.person().pk):
                Organization.objects.filter(pk=world.ridge.pk).update(
                    city=f"City {n}", closed="2026-06-30", successor=world.valley if n % 2 else world.harbor
                )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert events(world.ridge, per_page=100)
        return len(captured)

    write(3)
    few = queries()
    write(60)
    assert queries() == few


def test_the_last_change_of_each_field_is_found(world: factories.World) -> None:
    for fields in ({"city": "A"}, {"county": "B"}, {"city": "C"}):
        with pghistory.context(command=str(fields)):
            Organization.objects.filter(pk=world.ridge.pk).update(**fields)
    found = history.last_changes(world.ridge, ["city", "county", "phone"])
    assert {name: event.who for name, event in found.items()} == {
        "city": str({"city": "C"}),
        "county": str({"county": "B"}),
    }


def test_an_earlier_version_can_be_read(world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(city="Ridgeville", version=2)
    found = history.values_at_version(world.ridge, 1)
    assert found is not None
    assert found["city"] == "Cahaba"
    assert history.values_at_version(world.ridge, 9) is None


def test_the_page_shows_it_in_words(world: factories.World) -> None:
    Organization.objects.filter(pk=world.ridge.pk).update(city="Ridgeville")
    client = Client()
    client.force_login(factories.person(Role.PRINCIPAL, world.ridge))
    page = client.get(reverse("schools:organization_history", args=["ridge", current_year()])).text
    assert "Ridgeville" in page
    assert "by the system" in page


# --- kept as written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["UPDATE {} SET pgh_label = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", EVENT_TABLES)
def test_the_application_cannot_rewrite_history(table: str, statement: str, db: None) -> None:
    assert_refused(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET metadata = '{{}}'", "DELETE FROM {}", "INSERT INTO {} VALUES (gen_random_uuid(), now(), now())"],
)
def test_the_application_cannot_rewrite_who_it_was(statement: str, db: None) -> None:
    assert_refused(statement.format(Context._meta.db_table))


def assert_refused(statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_every_tracked_model_is_guarded() -> None:
    tracked = [model for model in apps.get_models() if history.is_tracked(model)]
    assert {"schools_organizationevent", "schools_userevent", "schools_roleassignmentevent"} <= set(EVENT_TABLES)
    assert len(EVENT_TABLES) == len(tracked)


def test_a_statement_put_together_from_parts_is_captured_too(world: factories.World) -> None:
    statement = sql.SQL("UPDATE {} SET county = %s WHERE id = %s").format(sql.Identifier(Organization._meta.db_table))
    with pghistory.context(command="mend"), connection.cursor() as cursor:
        cursor.execute(statement, ["Perry", world.ridge.pk])
    assert changed(events(world.ridge)[0]) == {"county": ("", "Perry")}
