"""Across the real queue: what is committed wakes a worker, which sends the mail."""

import time
from collections.abc import Iterator

import pytest
from celery.contrib.testing.worker import start_worker
from django.core import mail
from django.db import transaction

from hstw import outbox
from hstw.celery import app
from hstw.models import OutgoingMail


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A worker on this machine's queue, in a thread, so that it sees the test's database and mailbox."""
    app.control.purge()
    with start_worker(app, pool="solo", perform_ping_check=False, queues=["quick"], shutdown_timeout=20):
        yield


def test_committed_mail_is_sent_by_the_worker(worker: None) -> None:
    with transaction.atomic():
        outbox.queue_text("one", "ada@example.org", "Hello", "Good day.")
        time.sleep(0.5)
        assert mail.outbox == []
    deadline = time.monotonic() + 15
    while not OutgoingMail.objects.filter(sent_at__isnull=False).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [message.subject for message in mail.outbox] == ["Hello"]


def test_mail_that_is_rolled_back_is_never_sent(worker: None) -> None:
    with transaction.atomic():
        outbox.queue_text("one", "ada@example.org", "Hello", "Good day.")
        transaction.set_rollback(True)
    time.sleep(0.5)
    assert mail.outbox == []
