"""Two imports of the same scope never write at once: locks of the transaction, along the path of the tree."""

from __future__ import annotations

from django.db import connection

from schools.models import Organization
from schools.models.organization import lineage

# The first of the two keys of PostgreSQL's advisory locks; any number that nothing else in the product uses.
_SPACE = 7_365_003


def hold(organization: Organization) -> None:
    """Wait for, and hold until the transaction ends: the organization alone, everything above it shared.

    So a district's import waits for its state's and for its schools', and two districts never wait for each other.
    """
    with connection.cursor() as cursor:
        for key in _chain(organization):
            shared = "" if key == organization.pk else "_shared"
            cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", [_SPACE, key])


def is_free(organization: Organization) -> bool:
    """Whether nobody holds it now: asked only to say what is being waited for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND ((objid = %s) OR (mode = 'ExclusiveLock' AND objid = ANY(%s))) AND pid <> pg_backend_pid())",
            [_SPACE, organization.pk, _chain(organization)],
        )
        return bool(cursor.fetchone()[0])


def _chain(organization: Organization) -> list[int]:
    """The keys from the top of the tree down to the organization."""
    above = Organization.objects.filter(path__in=lineage(organization.path))
    return list(above.order_by("path").values_list("pk", flat=True))
