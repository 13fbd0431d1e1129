"""How facts are asked for where the server does not know how many rows there are."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from goals.models.measure import Basis
from goals.readiness import facts
from schools.models import Enrollment
from tests.factories import World, enrollment, make_world

YEAR = 2024


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def asked(world: World) -> str:
    """Make the facts of a year; all statements of it."""
    with CaptureQueriesContext(connection) as queries:
        facts.make(facts.Ask(Basis.YEAR, YEAR, world.alabama.path))
    return "\n".join(one["sql"] for one in queries)


def vacuum(table: str) -> None:
    """As the server does by itself, now and then, beside what goes on."""
    known = connection.settings_dict
    with psycopg.connect(
        host=known["HOST"], port=known["PORT"], dbname=known["NAME"], user="hstw_owner", autocommit=True
    ) as other:
        other.execute(f"VACUUM {table}")


def test_tables_that_the_server_takes_for_empty_are_not_gone_through_for_each_student(world: World) -> None:
    with transaction.atomic():
        for _ in range(20):
            enrollment(world.ridge, YEAR)
        assert "enable_nestloop" not in asked(world)
        # Somebody else sees no row yet, though there are pages.
        vacuum(Enrollment._meta.db_table)
        statements = asked(world)
        assert "SET LOCAL enable_nestloop TO off" in statements
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*), current_setting('enable_nestloop') FROM facts")
            assert cursor.fetchone() == (20, "on")
