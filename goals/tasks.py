"""What Celery calls in ``goals``: each task is one line into a verb."""

from celery import shared_task

from goals import runs
from goals.planning import remind


@shared_task(queue="bulk")
def count_changed() -> None:
    """Count what changed evidence can have changed."""
    runs.sweep()


@shared_task(queue="bulk")
def count_nightly() -> None:
    """Count what changed, and what became known overnight."""
    runs.nightly()


@shared_task(queue="quick")
def send_digests() -> int:
    """Write to people about what they owe."""
    return remind.send_digests()
