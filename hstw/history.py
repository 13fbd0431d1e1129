"""Who changed what, when: kept by triggers in the database, read on the object's page.

What people edit is tracked (organizations, roles, planning, scoring, corrections by hand); imported evidence is
not: its history is the batch, the line and the before-images (design, section 7).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory
from django.db import models

Model = TypeVar("Model", bound=type[models.Model])


def tracked(*, exclude: list[str] | None = None) -> Callable[[Model], Model]:
    """Track inserts, updates and deletes of a model by statement-level triggers.

    Statement level: one trigger call however many rows a statement touches.
    """
    options: dict[str, Any] = {"exclude": exclude} if exclude else {}
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        level=pghistory.Statement,
        **options,
    )
