"""The programs that run side by side."""

import sys


def programs(host: str, port: int) -> dict[str, list[str]]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    gunicorn = [sys.executable, "-m", "gunicorn", "hstw.wsgi:application"]
    celery = [sys.executable, "-m", "celery", "-A", "hstw"]
    worker = [
        "--pool",
        "prefork",
        "--concurrency",
        "1",
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    return {
        "web": [
            *(*gunicorn, "--bind", bind, "--workers", "2", "--worker-class", "gthread", "--threads", "4"),
            *("--graceful-timeout", "8", "--no-control-socket"),
        ],
        "quick": [*celery, "worker", "-Q", "quick", "-n", "quick@%h", *worker],
        "bulk": [*celery, "worker", "-Q", "bulk", "-n", "bulk@%h", *worker],
        "beat": [
            # The supervisor keeps the pid file: Celery's own refuses to start over one left by a kill.
            *(*celery, "beat", "--scheduler", "django_celery_beat.schedulers:DatabaseScheduler"),
            *("--pidfile", "", "--loglevel", "INFO"),
        ],
    }
