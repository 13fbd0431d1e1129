"""Mail that is sent once: queued as a row with the change it tells about, sent by a worker with a lease.

PostgreSQL is the queue of record (design, section 2): the row is committed together with what it tells about,
the worker is woken on commit, and beat sweeps every minute for what was left. A worker that dies leaves a
lease that runs out. Once a message is sent its text is cleared: it may hold a link that opens an account.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from celery import current_app
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from hstw.models import OutgoingMail

LEASE = dt.timedelta(minutes=5)
# How long to wait after the first, second, … failure; after the last attempt the row stays, with its error.
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 60, 120, 240, 480))
ATTEMPTS = len(WAITS) + 1

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Letter:
    """A message to be written from ``templates/email/<template>.txt`` and ``.html``.

    ``key`` names the occasion: a second letter with the same key is not queued.
    """

    key: str
    to: str
    subject: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)

    def row(self) -> OutgoingMail:
        """The row to insert; raises ``ValidationError`` for an address that is none."""
        return _row(
            self.key,
            self.to,
            self.subject,
            text=render_to_string(f"email/{self.template}.txt", self.context).strip() + "\n",
            html=render_to_string(f"email/{self.template}.html", {"subject": self.subject, **self.context}),
        )


def queue(key: str, to: str, subject: str, template: str, context: dict[str, Any]) -> None:
    """Queue one letter, to be sent when the surrounding transaction commits."""
    queue_many([Letter(key, to, subject, template, context)])


def queue_many(letters: Iterable[Letter]) -> None:
    """Queue letters with one insert; those whose key is known are passed over."""
    _insert([letter.row() for letter in letters])


def queue_text(key: str, to: str, subject: str, text: str, html: str = "") -> None:
    """Queue a message that somebody else has written out (allauth's account mail)."""
    _insert([_row(key, to, subject, text=text, html=html)])


def _row(key: str, to: str, subject: str, *, text: str, html: str) -> OutgoingMail:
    """A row whose headers cannot carry a line of somebody else's making."""
    validate_email(to)
    return OutgoingMail(key=key, to=to, subject=" ".join(subject.split())[:200], text=text, html=html)


def _insert(rows: list[OutgoingMail]) -> None:
    OutgoingMail.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    """Tell a worker; where the queue does not answer, beat finds the row within a minute."""
    current_app.send_task("hstw.tasks.send_due_mail", queue="quick", retry=False)


def send_due() -> int:
    """Send what is due, one message after the other; returns how many went out.

    Any number of workers may do this at once: each row is taken by one of them.
    """
    sent = 0
    connection = get_connection()
    try:
        while (mail := _take()) is not None:
            sent += _send(mail, connection)
    finally:
        connection.close()
    return sent


def _take() -> OutgoingMail | None:
    """Take the next due message for as long as :data:`LEASE`; an attempt is counted when it begins."""
    now = timezone.now()
    with transaction.atomic():
        mail = (
            OutgoingMail.objects.select_for_update(skip_locked=True)
            .filter(
                Q(leased_until=None) | Q(leased_until__lte=now),
                sent_at=None,
                due_at__lte=now,
                attempts__lt=ATTEMPTS,
            )
            .order_by("due_at", "pk")
            .first()
        )
        if mail is not None:
            mail.leased_until = now + LEASE
            mail.attempts += 1
            mail.save(update_fields=["leased_until", "attempts"])
        return mail


def _send(mail: OutgoingMail, connection: Any) -> bool:
    """Hand one message to the mail server and write down how that went."""
    ours = OutgoingMail.objects.filter(pk=mail.pk, leased_until=mail.leased_until)
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to], connection=connection)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except Exception as error:
        wait = WAITS[min(mail.attempts, len(WAITS)) - 1]
        ours.update(leased_until=None, due_at=timezone.now() + wait, last_error=_describe(error))
        log.warning("mail not sent", mail=mail.pk, attempt=mail.attempts, error=_describe(error))
        return False
    ours.update(leased_until=None, sent_at=timezone.now(), last_error="", text="", html="")
    return True


def _describe(error: Exception) -> str:
    """What failed, without what a mail server may repeat: addresses, passwords, the message itself."""
    name = type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{name} {error.smtp_code}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name
