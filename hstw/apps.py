"""The kernel is an installed app: it has tables of its own and grants the application's role its rights."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from django.db.models.signals import post_migrate


def grant_to_application_role(using: str, **_: Any) -> None:
    """Let the application's role read and write every table, without owning any; history it may only add to.

    The application connects as a role that is neither superuser nor table owner (design, section 2);
    migrations run as the owner, who gives these rights after each migration.
    """
    connection = connections[using]
    application_role = settings.DATABASE_APPLICATION["USER"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [application_role])
        current_role, exists = cursor.fetchone()
        if not exists or current_role == application_role:
            return
        role = connection.ops.quote_name(application_role)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        _keep_history_as_written(cursor, role, connection)


def _keep_history_as_written(cursor: Any, role: str, connection: Any) -> None:
    """Take back the right to change or remove history.

    Event rows are inserted by triggers with the rights of whoever changes the tracked row. The context (who, from
    where) is upserted by a function of pghistory's; run as its owner, it needs no rights of the application's.
    """
    from pghistory.models import Context, Event

    present = set(connection.introspection.table_names(cursor))
    events = {model._meta.db_table for model in apps.get_models() if issubclass(model, Event) and model._meta.managed}
    for table in sorted(events & present):
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {connection.ops.quote_name(table)} FROM {role}")
    context = Context._meta.db_table
    if context in present:
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {connection.ops.quote_name(context)} FROM {role}")
        cursor.execute("ALTER FUNCTION _pgh_attach_context() SECURITY DEFINER SET search_path = public, pg_temp")


class HstwConfig(AppConfig):
    """The project package as an app."""

    name = "hstw"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hstw import celery  # noqa: F401 - binds tasks and ``send_task`` to this project's queue

        post_migrate.connect(grant_to_application_role, dispatch_uid="hstw.grant_to_application_role")
