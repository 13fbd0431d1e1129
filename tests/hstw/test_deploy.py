"""What the container runs: the web server's configuration and the health check, as real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection


@pytest.fixture
def port(transactional_db: None, tmp_path: Path) -> Iterator[int]:
    """gunicorn with the shipped configuration and two processes, on the test's database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    known = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{known['USER']}@:{known['PORT']}/{known['HOST']}/{known['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "HSTW_DATABASE_ROLE": "app",
        "HSTW_DATABASE_POOL": "true",
        "BIND": f"127.0.0.1:{number}",
        "WEB_CONCURRENCY": "2",
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "hstw.wsgi:application"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
        try:
            wait_for(number, server, tmp_path / "log")
            yield number
        finally:
            server.terminate()
            server.wait(timeout=40)
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if healthcheck(port) == 0:
            return
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(f"no answer: {log.read_text()}")


def healthcheck(port: int) -> int:
    return subprocess.run(
        [sys.executable, "deploy/healthcheck.py"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"BIND": f"127.0.0.1:{port}", "ALLOWED_HOSTS": "localhost"},
        check=False,
        capture_output=True,
    ).returncode


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}{path}") as answer:
        return str(answer.read().decode())


def test_the_web_server_is_ready_and_adds_up_its_processes(port: int) -> None:
    assert '"schema": "ok"' in get(port, "/readyz")
    line = 'hstw_requests_total{method="GET",status="2xx",view="readyz"} '
    for _ in range(19):
        get(port, "/readyz")
    (found,) = [text for text in get(port, "/metrics").splitlines() if text.startswith(line)]
    assert float(found.removeprefix(line)) == 20


def test_the_health_check_fails_where_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert healthcheck(free.getsockname()[1]) == 1
