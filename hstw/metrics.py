"""Figures for Prometheus, and one log line per request: by the view's name, never by path, person or id.

With several processes (gunicorn's workers) each writes to files in ``PROMETHEUS_MULTIPROC_DIR``, which has to
exist and be empty at the start; a scrape adds them up. ``deploy/gunicorn.conf.py`` does both.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from hstw import health
from hstw.models import OutgoingMail

log = structlog.stdlib.get_logger("hstw.request")

REQUESTS = Counter("hstw_requests_total", "Requests answered.", ["view", "method", "status"])
SECONDS = Histogram(
    "hstw_request_seconds",
    "Time from a request's arrival to its answer.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_ROUTINE = {"healthz", "readyz", "metrics"}  # asked every few seconds: logged for debugging only


class RequestMiddleware:
    """Count and time each request and write its line to the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begin = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - begin
        view = request.resolver_match.view_name if request.resolver_match else "none"
        method = request.method if request.method in _METHODS else "OTHER"
        REQUESTS.labels(view, method, f"{response.status_code // 100}xx").inc()
        SECONDS.labels(view).observe(seconds)
        write = log.debug if view in _ROUTINE else log.info
        user = getattr(request, "user", None)
        write(
            "request",
            method=method,
            route=view,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            user=user.pk if user is not None else None,
        )
        return response


class _Standing(Collector):
    """What is asked at the moment of a scrape: the servers, and the mail that waits."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = health.state()
        for part in ("database", "queue"):
            up = float(found[part] == health.OK)
            yield GaugeMetricFamily(f"hstw_{part}_up", f"Whether the {part} answers.", value=up)
        if found["schema"] != health.OK:
            return
        try:
            now = timezone.now()
            due = OutgoingMail.objects.filter(sent_at=None, due_at__lte=now).aggregate(
                waiting=Count("pk"), oldest=Min("due_at")
            )
        except DatabaseError:
            return  # it went away between the two questions; the next scrape says so
        age = (now - due["oldest"]).total_seconds() if due["oldest"] else 0.0
        yield GaugeMetricFamily("hstw_mail_waiting", "Messages due and not sent.", value=due["waiting"])
        yield GaugeMetricFamily("hstw_mail_oldest_seconds", "How long the oldest of them is due.", value=age)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures, for whoever has the token, or locally for this machine; nobody else learns of the page."""
    if not _may_read(request):
        raise Http404
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    asked = CollectorRegistry()
    asked.register(_Standing())
    return HttpResponse(generate_latest(counted) + generate_latest(asked), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and constant_time_compare(token, settings.METRICS_TOKEN)
    return not settings.PRODUCTION and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
