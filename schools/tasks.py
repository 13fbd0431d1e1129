"""What Celery calls in ``schools``: each task is one line into a verb."""

from celery import shared_task

from schools.imports import run, steps, undo


@shared_task(queue="bulk")
def run_import(batch_id: int) -> None:
    """Read or apply an import."""
    steps.work(batch_id)


@shared_task(queue="quick")
def sweep_imports() -> None:
    """Find imports whose worker has gone."""
    run.sweep()


@shared_task(queue="quick")
def forget_before_images() -> None:
    """Forget before-images whose time is over."""
    undo.expire()
