"""A database for one measurement."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own() -> Iterator[None]:
    """A database of its own on the embedded server, with Django set up as its owner; dropped afterwards."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hstw.settings"
    os.environ["HSTW_DATABASE_ROLE"] = "owner"
    from hstw import embedded

    with embedded.servers():
        import django

        django.setup()
        from django.db import connection
        from django.test.utils import setup_databases, teardown_databases

        made = setup_databases(verbosity=0, interactive=False)
        try:
            yield
        finally:
            connection.close()
            teardown_databases(made, verbosity=0)


def address() -> str:
    """Where the database is that this process uses, for another process."""
    from django.db import connection

    known = connection.settings_dict
    return f"postgres://{known['USER']}@:{known['PORT']}/{known['HOST']}/{known['NAME']}"
