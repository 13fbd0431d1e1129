"""The kernel's own tables: what every app writes into and none owns."""

from .draft import Draft
from .outgoing_mail import OutgoingMail

__all__ = ["Draft", "OutgoingMail"]
