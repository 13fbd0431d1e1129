"""How long the everyday pages take, beside a bare Django view that renders a page of the same size.

    make run                      # in another terminal: the servers, with any world loaded
    .venv/bin/python manage.py demo --scale state
    .venv/bin/python -m tests.benchmarks.pages            # or only some: … pages plan PDF

Everything is measured in one run on the same server: gunicorn with the product's settings, one worker, requests one
after the other from one connection. A page and its bare twin take turns, so that a busy moment hits both. The large
plan (10 goals, 40 strategies, 300 action steps) is written for a year that has none, and removed afterwards.
"""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goals.models import Plan

ROUNDS = 60
WARM_UP = 5


def main() -> None:
    """Start the server, measure, print the table."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hstw.settings"
    os.environ["HSTW_DATABASE_POOL"] = "1"
    from hstw import embedded

    with embedded.servers():
        import django

        django.setup()
        port = free_port()
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "tests.benchmarks.pages:application"),
                *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2", "--log-level", "warning"),
            ],
            cwd=Path(__file__).parents[2],
        )
        try:
            wait_for(port)
            report(port)
        finally:
            server.terminate()
            server.wait()


def report(port: int) -> None:
    """Measure each page and its twin; print milliseconds and their ratio."""
    from django.test import Client
    from django.urls import reverse

    from hstw.navigation import current_year
    from schools.models import Organization, RoleAssignment, User

    user = User.objects.get(email="state@demo.example")
    client = Client()
    client.force_login(user)
    cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items())
    state = RoleAssignment.objects.filter(user=user).select_related("organization")[0].organization
    district = Organization.objects.filter(kind="district", in_state=state).order_by("path")[0]
    year = current_year()
    pages = {
        "home": reverse("home"),
        "organization list": reverse("schools:organizations"),
        "organization list, searched": reverse("schools:organizations") + "?q=high&kind=school",
        "a state": reverse("schools:organization", args=[state.slug, year]),
        "a district": reverse("schools:organization", args=[district.slug, year]),
        "readiness of a state": reverse("goals:dashboard", args=[state.slug, year]),
        "readiness of a district": reverse("goals:dashboard", args=[district.slug, year]),
        "schools of a state compared": reverse("goals:compare", args=[state.slug, year]) + "?of=school",
        "student groups of a state": reverse("goals:compare", args=[state.slug, year]) + "?by=group&of=school",
        "trends of the schools of a state": reverse("goals:trends", args=[state.slug, year]) + "?of=school",
    }
    schools = Organization.objects.filter(kind="school").count()
    with a_large_plan(state) as plan:
        here = [plan.organization.slug, plan.year]
        pages["a plan of 300 action steps"] = reverse("goals:plan", args=here)
        pages["the same as PDF, made again"] = reverse("goals:plan_draft_file", args=[*here, "pdf"])
        print_table(port, pages, cookie, schools)


@contextmanager
def a_large_plan(state: Any) -> Iterator[Plan]:
    """A plan as large as the issue asks for, of the year after next, at a high school of the state; then none of it."""
    from django.db import transaction

    from goals.models import BoldGoal, Fund
    from hstw.navigation import current_year
    from schools.models import Organization, User
    from tests.goals.planning import make

    school = Organization.objects.filter(path__startswith=state.path, kind="school", design="high").order_by("path")[0]
    year = int(current_year()) + 2
    before = [set(model.objects.values_list("pk", flat=True)) for model in (BoldGoal, Fund)]
    with transaction.atomic():
        plan = make.of_the_issue(school, User.objects.get(email="principal@demo.example"), year)
    try:
        yield plan
    finally:
        plan.delete()
        for model, known in zip((BoldGoal, Fund), before, strict=True):
            model.objects.filter(organization=school).exclude(pk__in=known).delete()


def print_table(port: int, pages: dict[str, str], cookie: str, schools: int) -> None:
    """A line for each page."""
    print(f"{schools} schools; {ROUNDS} rounds, medians and 95th percentiles in milliseconds, one run")
    print("| page | bytes | ours, median | ours, p95 | bare view, median | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    wanted = sys.argv[1:]
    for name, path in pages.items():
        if wanted and not any(word in name for word in wanted):
            continue
        size = len(get(port, path, cookie)[1])
        ours, bare = take_turns(port, path, f"/bare/{size}", cookie)
        a, b = statistics.median(ours), statistics.median(bare)
        p95 = statistics.quantiles(ours, n=20)[-1]
        print(f"| {name} | {size:,} | {a:.1f} | {p95:.1f} | {b:.1f} | {a / b:.1f} |")


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

if __name__ == "__main__":
    main()
