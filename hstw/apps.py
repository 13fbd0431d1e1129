"""The kernel is an installed app: it has tables of its own and grants the application's role its rights."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from hstw.grants import grants


def grant_to_application_role(using: str, **_: Any) -> None:
    """After each migration, run by the owner: give the application's role its rights on what is there now."""
    connection = connections[using]
    application_role = settings.DATABASE_APPLICATION["USER"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [application_role])
        current_role, exists = cursor.fetchone()
        if not exists or current_role == application_role:
            return
        role = connection.ops.quote_name(application_role)
        for statement in grants(role, connection.introspection.table_names(cursor)):
            cursor.execute(statement)


class HstwConfig(AppConfig):
    """The project package as an app."""

    name = "hstw"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hstw import celery  # noqa: F401 - binds tasks and ``send_task`` to this project's queue
        from hstw.history import composed_as_text

        connection_created.connect(composed_as_text, dispatch_uid="hstw.composed_as_text")
        post_migrate.connect(grant_to_application_role, dispatch_uid="hstw.grant_to_application_role")
