"""What the application's role may do in the database: read and write every table, own none, rewrite no history."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps


def grants(role: str, tables: Iterable[str], *, staging: bool = True) -> list[str]:
    """The statements that give ``role`` (a quoted name) its rights on the ``tables`` present, run by their owner.

    The application connects as a role that is neither superuser nor table owner (design, section 2). Event rows are
    inserted by triggers with the rights of whoever changes the tracked row. The context of history (who, from where)
    is upserted by a function of pghistory's; run as its owner, it needs no rights of the application's.
    """
    from pghistory.models import Context, Event

    present = set(tables)
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    ]
    if staging:
        # Imports are staged in tables of their own, made and dropped by the application.
        statements.append(f"GRANT USAGE, CREATE ON SCHEMA staging TO {role}")
    events = {model._meta.db_table for model in apps.get_models() if issubclass(model, Event) and model._meta.managed}
    statements += [f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {role}' for table in sorted(events & present)]
    context = Context._meta.db_table
    if context in present:
        statements += [
            f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON "{context}" FROM {role}',
            "ALTER FUNCTION _pgh_attach_context() SECURITY DEFINER SET search_path = public, pg_temp",
        ]
    return statements
