"""The product behind a real server, and a bare Django view of the same size beside each page.

gunicorn with the product's settings, one worker, requests one after the other from one connection. A page and its bare
twin take turns, so that a busy moment hits both.
"""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROUNDS = 60
WARM_UP = 5


@contextmanager
def product(**environment: str) -> Iterator[int]:
    """A server of its own; gives its port."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "tests.benchmarks.served:application"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2", "--log-level", "warning"),
        ],
        cwd=Path(__file__).parents[2],
        env=os.environ | environment,
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def cookie_of(user: Any) -> str:
    """The cookie of somebody who is signed in."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items())


def print_table(port: int, what: str, pages: Iterable[tuple[str, str, str]]) -> None:
    """A line for each page: its name, its path and the cookie of who asks."""
    print(f"{what}; {ROUNDS} rounds, medians and 95th percentiles in milliseconds, one run")
    print("| page | bytes | ours, median | ours, p95 | bare view, median | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, path, cookie in pages:
        size = len(get(port, path, cookie)[1])
        ours, bare = take_turns(port, path, f"/bare/{size}", cookie)
        a, b = statistics.median(ours), statistics.median(bare)
        p95 = statistics.quantiles(ours, n=20)[-1]
        print(f"| {name} | {size:,} | {a:.1f} | {p95:.1f} | {b:.1f} | {a / b:.1f} |", flush=True)


def take_turns(port: int, page: str, twin: str, cookie: str) -> tuple[list[float], list[float]]:
    """Times in milliseconds of both, asked alternately."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + WARM_UP):
        for place, path in enumerate((page, twin)):
            elapsed, _ = get(port, path, cookie)
            if number >= WARM_UP:
                times[place].append(elapsed)
    return times


def get(port: int, path: str, cookie: str) -> tuple[float, bytes]:
    """Milliseconds until the whole page was here, and the page."""
    connection = http.client.HTTPConnection("localhost", port)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    elapsed = (time.perf_counter() - start) * 1000
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return elapsed, body


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the server answers, at most half a minute."""
    for _ in range(300):
        try:
            get(port, "/healthz", "")
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def application(environ: dict[str, str], start_response: object) -> object:
    """The product, with the bare view beside it: a template of the asked size, the same middleware, no database."""
    return _application()(environ, start_response)


def _application() -> object:
    global _APPLICATION
    if _APPLICATION is None:
        from django.core.wsgi import get_wsgi_application
        from django.http import HttpRequest, HttpResponse
        from django.template import engines
        from django.urls import path

        _APPLICATION = get_wsgi_application()
        from hstw import urls

        template = engines["django"].from_string("<!doctype html><title>Bare</title>{{ filling }}")

        def bare(request: HttpRequest, size: int) -> HttpResponse:
            return HttpResponse(template.render({"filling": "x" * (size - 34)}, request=None))

        urls.urlpatterns.append(path("bare/<int:size>", bare))
    return _APPLICATION


_APPLICATION = None
