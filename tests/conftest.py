"""What every test stands on: a database made by the owner and used, as in production, by the application's role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from tests.database import template


def _connect_as(role: dict[str, str]) -> None:
    connection.close()
    connection.settings_dict.update(role)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: pytest.FixtureRequest,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Copy a migrated database as the owner of its tables, then connect as the application.

    The application's role may not TRUNCATE; Django's transactional tests need to, so here alone it may.
    """
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        _connect_as(settings.DATABASE_OWNER)
        connection.settings_dict["TEST"]["TEMPLATE"] = template()
        configuration = setup_databases(verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            role = connection.ops.quote_name(settings.DATABASE_APPLICATION["USER"])
            cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {role}")
        _connect_as(settings.DATABASE_APPLICATION)
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            # A browser that kept its connection open keeps a thread of the live server, and that one a session.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
        _connect_as(settings.DATABASE_OWNER)
        teardown_databases(configuration, verbosity=0)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: object) -> None:
    """Argon2 is slow on purpose; tests of people other than of passwords need not wait for it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _own_cache() -> None:
    """Rate limits and counters of one test do not reach the next.

    Only this worker's keys: ``cache.clear()`` would empty the server, the other workers' counters with it.
    """
    from django.core.cache import cache

    server = cache._cache.get_client(write=True)
    for key in server.scan_iter(match=f"{cache.key_prefix}:*", count=1000):
        server.delete(key)
