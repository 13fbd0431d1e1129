"""The web server in production: how many processes and threads, and the metrics that they share."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

bind = os.environ.get("BIND", "0.0.0.0:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 30
# Now and then a fresh process; not all at once.
max_requests = 5000
max_requests_jitter = 500
# The heartbeat file must not lie on a slow or read-only disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
# The application writes a line per request, without addresses and paths; gunicorn's would have both.
accesslog = None

# Each process counts into files of this directory, and a scrape adds them up (hstw/metrics.py).
METRICS = Path(
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(Path(tempfile.gettempdir()) / f"hstw-metrics-{os.getpid()}"))
)


def on_starting(server: Any) -> None:
    """Begin with an empty directory: figures of an earlier run are no longer true."""
    shutil.rmtree(METRICS, ignore_errors=True)
    METRICS.mkdir(mode=0o700, parents=True)


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended; its counts stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(METRICS, ignore_errors=True)
