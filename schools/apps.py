"""Who, and what happened."""

from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    """Organizations, people and the evidence about students."""

    name = "schools"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from schools import sign_in
        from schools.imports import builtin

        sign_in.connect_signals()
        builtin.register_all()
