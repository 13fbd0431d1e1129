"""What is offered, and the student's way through it."""

from django.apps import AppConfig


class PathwaysConfig(AppConfig):
    """Code lists; later courses, pathways, credentials, partners and programs of study."""

    name = "pathways"
    default_auto_field = "django.db.models.BigAutoField"
