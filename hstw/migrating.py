"""Migrations that make many tables at once without taking minutes over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations.base import Operation


class Together(Operation):
    """Several operations of which none needs to see the models as they are between two of them.

    Django draws up a model, and all that are related to it, anew after each operation. Every table with a history is
    related to every other, so that some hundred operations took a minute on an empty database; together they are drawn
    up once. New models may refer to each other in any order. What adds to a model that the same group makes belongs
    into another group: the table is made as the model is at the end of its group.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Apply each, then draw up what they touched."""
        drawn = state.__dict__.pop("apps", None)
        before = {key: id(model) for key, model in state.models.items()}
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if drawn is None:
            return
        state.__dict__["apps"] = drawn
        touched = {(app_label, _model_of(operation)) for operation in self.operations}
        replaced = {key for key, model in state.models.items() if before.get(key) != id(model)}
        state.reload_models(touched | replaced, delay=False)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Apply each, in their order."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take each back, the last first."""
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """What ``migrate --plan`` says."""
        return "; ".join(operation.describe() for operation in self.operations)


def _model_of(operation: Any) -> str:
    name = getattr(operation, "model_name_lower", None) or getattr(operation, "name_lower", None)
    return str(name or operation.model_name.lower())
