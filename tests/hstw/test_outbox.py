"""Mail is sent once: same key once, two workers once, after a killed worker again, after a failure later."""

import datetime as dt
import smtplib
import threading
import time

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail.backends.locmem import EmailBackend as InMemory
from django.db import connection
from django.utils import timezone

from hstw import outbox
from hstw.models import OutgoingMail


class Refusing(InMemory):
    """A mail server that refuses the password and repeats it."""

    def send_messages(self, messages):
        raise smtplib.SMTPAuthenticationError(535, b"bad password hunter2 for somebody@example.org")


class Slow(InMemory):
    """A mail server slow enough for two workers to meet."""

    def send_messages(self, messages):
        time.sleep(0.2)
        return super().send_messages(messages)


@pytest.fixture
def letter(db) -> OutgoingMail:
    outbox.queue_text("one", "ada@example.org", "Hello", "Good day.", "<p>Good day.</p>")
    return OutgoingMail.objects.get(key="one")


def test_the_same_key_is_queued_once(letter) -> None:
    outbox.queue_text("one", "ada@example.org", "Hello", "Another text")
    assert list(OutgoingMail.objects.values_list("text", flat=True)) == ["Good day."]


def test_due_mail_goes_out_with_both_bodies(letter) -> None:
    assert outbox.send_due() == 1
    [message] = mail.outbox
    assert (message.to, message.subject, message.body) == (["ada@example.org"], "Hello", "Good day.")
    assert message.alternatives[0].content == "<p>Good day.</p>"


def test_what_was_sent_is_not_sent_again_and_keeps_no_text(letter) -> None:
    outbox.send_due()
    assert outbox.send_due() == 0
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert (letter.text, letter.html) == ("", "")


def test_a_subject_cannot_carry_a_header(db) -> None:
    outbox.queue_text("one", "ada@example.org", "Hello\r\nBcc: everyone@example.org", "Good day.")
    assert OutgoingMail.objects.get().subject == "Hello Bcc: everyone@example.org"


def test_an_address_cannot_carry_a_header(db) -> None:
    with pytest.raises(ValidationError):
        outbox.queue_text("one", "ada@example.org\nBcc: everyone@example.org", "Hello", "Good day.")


def test_a_failure_is_tried_again_after_a_minute(letter, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    assert outbox.send_due() == 0
    letter.refresh_from_db()
    assert letter.leased_until is None
    assert dt.timedelta(seconds=50) < letter.due_at - timezone.now() <= dt.timedelta(minutes=1)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outbox.send_due() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        assert outbox.send_due() == 1


def test_an_error_is_kept_without_what_the_server_repeats(letter, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    outbox.send_due()
    letter.refresh_from_db()
    assert letter.last_error == "SMTPAuthenticationError 535"


def test_after_eight_attempts_it_is_given_up(letter, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    for day in range(1, 12):
        with time_machine.travel(timezone.now() + dt.timedelta(days=day)):
            outbox.send_due()
    letter.refresh_from_db()
    assert letter.attempts == 8


def test_a_killed_workers_lease_runs_out(letter) -> None:
    taken = outbox._take()  # as a worker does that is killed before it sends
    assert taken is not None
    assert outbox.send_due() == 0
    with time_machine.travel(timezone.now() + outbox.LEASE + dt.timedelta(seconds=1)):
        assert outbox.send_due() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_once(settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Slow"
    for number in range(4):
        outbox.queue_text(f"{number}", "ada@example.org", f"Hello {number}", "Good day.")
    start = threading.Barrier(2)

    def work() -> None:
        try:
            start.wait()
            outbox.send_due()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(message.subject for message in mail.outbox) == [f"Hello {n}" for n in range(4)]
