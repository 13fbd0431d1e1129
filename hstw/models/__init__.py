"""The kernel's own tables: what every app writes into and none owns."""

from .draft import Draft
from .outgoing_mail import OutgoingMail
from .stored_file import StoredFile

__all__ = ["Draft", "OutgoingMail", "StoredFile"]
