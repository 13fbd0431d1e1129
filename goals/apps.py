"""Where we stand, where we want to be, how we get there."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _load_definitions(using: str, **about: Any) -> None:
    from goals import definitions, framework
    from goals.readiness import publish

    definitions.load_where_ready(using)
    framework.load_where_ready(using)
    publish.load_where_ready(using)


class GoalsConfig(AppConfig):
    """Measures, student groups and published results."""

    name = "goals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from goals import published
        from goals.planning import hand_over

        published.register()
        hand_over.register()
        # The measures, groups and rules that ship with the product follow the tables they live in.
        post_migrate.connect(_load_definitions, sender=self)
