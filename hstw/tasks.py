"""What Celery calls in the kernel: each task is one line into a verb."""

from celery import shared_task

from hstw import files, outbox


@shared_task(queue="quick")
def send_due_mail() -> int:
    """Send the mail that is due."""
    return outbox.send_due()


@shared_task(queue="quick")
def sweep_files() -> int:
    """Remove stored files that no row knows."""
    return files.sweep()
