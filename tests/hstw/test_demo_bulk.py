"""Loading as the owner of the tables, where indexes and foreign keys come off and back on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tests.hstw.test_demo import checksum, load, rows, world_of


def test_the_owner_of_the_tables_fills_them_faster_to_the_same_end(
    django_db_setup: None, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        as_application = world_of()
        connection.close()
        connection.settings_dict.update(settings.DATABASE_OWNER)
        try:
            with transaction.atomic():
                before = definitions()
                load()
                assert definitions() == before
                assert checksum() == as_application
                transaction.set_rollback(True)
        finally:
            connection.close()
            connection.settings_dict.update(settings.DATABASE_APPLICATION)


def definitions() -> list[tuple[Any, ...]]:
    """Every index and constraint of the schema, as PostgreSQL writes them."""
    return rows(
        """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1, 2, 3
        """
    )
