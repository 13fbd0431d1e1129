"""The figures are there for whoever may read them, and name neither people nor paths."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from hstw.models import OutgoingMail
from tests import factories

pytestmark = pytest.mark.django_db
TOKEN = "t0ken-of-the-scraper"


def figures(client: Client, **headers: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """A scrape, by name and labels."""
    response = client.get("/metrics", **headers)
    assert response.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def requests_of(found: dict[Any, float], view: str, status: str) -> float:
    labels = (("method", "GET"), ("status", status), ("view", view))
    return found.get(("hstw_requests_total", labels), 0)


def test_requests_are_counted_by_view_and_class_of_status(client: Client) -> None:
    before = figures(client)
    client.get("/healthz")
    client.get("/no-such-page-4711")
    after = figures(client)
    assert requests_of(after, "healthz", "2xx") - requests_of(before, "healthz", "2xx") == 1
    assert requests_of(after, "none", "4xx") - requests_of(before, "none", "4xx") == 1


def test_no_label_holds_a_path_or_an_id(client: Client) -> None:
    world = factories.make_world()
    client.force_login(factories.person("principal", world.ridge))
    client.get("/o/ridge/?q=secret-words")
    text = client.get("/metrics").content.decode()
    assert 'view="schools:organization_now"' in text
    assert "ridge" not in text
    assert "secret-words" not in text


def test_waiting_mail_is_counted_with_its_age(client: Client) -> None:
    now = timezone.now()
    for n, due in enumerate([now - dt.timedelta(minutes=10), now, now + dt.timedelta(days=1)]):
        OutgoingMail.objects.create(key=f"k{n}", to="a@example.org", subject="s", text="t", due_at=due)
    found = figures(client)
    assert found["hstw_mail_waiting", ()] == 2
    assert found["hstw_mail_oldest_seconds", ()] == pytest.approx(600, abs=30)


def test_the_servers_are_up(client: Client) -> None:
    found = figures(client)
    assert (found["hstw_database_up", ()], found["hstw_queue_up", ()]) == (1, 1)


def test_from_elsewhere_the_page_does_not_exist(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 404


def test_in_production_without_a_token_the_page_does_not_exist(client: Client, settings: Any) -> None:
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer tökén"])
def test_where_a_token_is_set_nothing_else_opens_the_page(client: Client, settings: Any, sent: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", HTTP_AUTHORIZATION=sent).status_code == 404


def test_the_token_opens_the_page(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    figures(client, HTTP_AUTHORIZATION=f"Bearer {TOKEN}", REMOTE_ADDR="192.0.2.1")


def test_figures_of_several_processes_are_added_up(tmp_path: Path) -> None:
    count = (
        "import django; django.setup(); from hstw.metrics import REQUESTS; REQUESTS.labels('v', 'GET', '2xx').inc(2)"
    )
    scrape = (
        "import django; django.setup(); from django.test import RequestFactory; from hstw.metrics import metrics;"
        "print(metrics(RequestFactory().get('/metrics')).content.decode())"
    )
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "hstw.settings",
    }

    def run(code: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=configured.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    run(count)
    run(count)
    assert 'hstw_requests_total{method="GET",status="2xx",view="v"} 4.0' in run(scrape)
