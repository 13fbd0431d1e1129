"""Who, and what happened."""

from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    """Organizations, people and the evidence about students."""

    name = "schools"
    default_auto_field = "django.db.models.BigAutoField"
