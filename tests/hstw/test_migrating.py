"""Operations that are applied together make what they make one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState

from hstw.migrating import Together

APP = "hstw"
OPERATIONS = [
    Together(
        [
            migrations.CreateModel(
                "Hen",
                [("id", models.AutoField(primary_key=True)), ("egg", models.ForeignKey("hstw.Egg", models.PROTECT))],
            ),
            migrations.CreateModel(
                "Egg",
                [("id", models.AutoField(primary_key=True)), ("hen", models.ForeignKey("hstw.Hen", models.PROTECT))],
            ),
        ]
    ),
    Together(
        [
            migrations.AddField("Hen", "weight", models.IntegerField(default=0)),
            migrations.AddConstraint(
                "Hen", models.CheckConstraint(condition=models.Q(weight__gte=0), name="hen_not_lighter_than_air")
            ),
            migrations.AddIndex("Egg", models.Index(fields=["hen", "id"], name="egg_by_hen")),
        ]
    ),
]


def states() -> list[ProjectState]:
    """The models before the first operation and after each, drawn up as ``migrate`` has them."""
    state = ProjectState({("schools", "user"): ModelState.from_model(apps.get_model("schools.User"))})
    assert state.apps
    found = [state]
    for operation in OPERATIONS:
        state = state.clone()
        operation.state_forwards(APP, state)
        found.append(state)
    return found


def tables() -> dict[str, set[str]]:
    """Columns of the tables that the operations make."""
    with connection.cursor() as cursor:
        there = {name for name in connection.introspection.table_names(cursor) if name in {"hstw_hen", "hstw_egg"}}
        return {
            name: {column.name for column in connection.introspection.get_table_description(cursor, name)}
            for name in there
        }


def test_models_made_together_know_each_other() -> None:
    empty, made, added = states()
    assert ("hstw", "hen") not in empty.models
    assert made.apps.get_model("hstw.Egg")._meta.get_field("hen").related_model is made.apps.get_model("hstw.Hen")
    assert made.apps.get_model("hstw.Hen")._meta.get_field("egg").related_model is made.apps.get_model("hstw.Egg")
    hen = added.apps.get_model("hstw.Hen")
    assert [field.name for field in hen._meta.fields] == ["id", "egg", "weight"]
    assert added.apps.get_model("hstw.Egg")._meta.get_field("hen").related_model is hen
    assert [one.name for one in hen._meta.constraints] == ["hen_not_lighter_than_air"]


@pytest.fixture
def owner(transactional_db: None) -> Iterator[None]:
    """Only the owner of the tables makes new ones."""
    connection.close()
    connection.settings_dict.update(settings.DATABASE_OWNER)
    yield
    connection.close()
    connection.settings_dict.update(settings.DATABASE_APPLICATION)


def test_their_tables_are_made_and_taken_back(owner: None) -> None:
    drawn = states()
    steps = list(zip(OPERATIONS, drawn, drawn[1:], strict=False))
    for operation, before, after in steps:
        with connection.schema_editor(atomic=True) as editor:
            operation.database_forwards(APP, editor, before, after)
    assert tables() == {"hstw_hen": {"id", "egg_id", "weight"}, "hstw_egg": {"id", "hen_id"}}
    for operation, before, after in reversed(steps):
        with connection.schema_editor(atomic=True) as editor:
            operation.database_backwards(APP, editor, after, before)
    assert tables() == {}
