"""Who excels, judged fairly."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _load_editions(using: str, **about: Any) -> None:
    from awards import editions

    editions.load_where_ready(using)


class AwardsConfig(AppConfig):
    """Editions of awards, nominations, reviewing and results."""

    name = "awards"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from awards import record, sources

        sources.register_own()
        record.register()
        # The editions that were held ship with the product and follow the tables they live in.
        post_migrate.connect(_load_editions, sender=self)
