"""Logs and error reports say what happened, to which request, and nothing about people."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from django.db import IntegrityError
from django.test import Client

from hstw import logs
from tests import factories

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What production would write, line by line."""
    formatter = logs.configuration(json=True, level="INFO")["formatters"]["structured"]
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"]
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    root.removeHandler(handler)


@pytest.mark.django_db
def test_a_request_has_one_line_with_route_person_and_id(client: Client, lines: Lines) -> None:
    world = factories.make_world()
    ada = factories.person("principal", world.ridge, name="Ada Lovelace", email="ada@example.org")
    client.force_login(ada)
    response = client.get("/o/ridge/?q=Lovelace", HTTP_X_REQUEST_ID="test-request-1")
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line.pop("ms") > 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "hstw.request",
        "method": "GET",
        "request_id": "test-request-1",
        "route": "schools:organization_now",
        "status": 302,
        "user": ada.pk,
    }
    assert response["X-Request-ID"] == "test-request-1"


@pytest.mark.django_db
def test_no_line_holds_a_name_an_address_or_a_query(client: Client, lines: Lines) -> None:
    world = factories.make_world()
    client.force_login(factories.person("principal", world.ridge, name="Ada", email="ada@example.org"))
    client.get("/no/such/s3cret-token?student=Grace")
    text = json.dumps(lines())
    assert '"status": 404' in text
    for hidden in ("s3cret-token", "Grace", "ada@example.org", "Ada"):
        assert hidden not in text


def test_an_exceptions_line_leaves_out_the_row(lines: Lines) -> None:
    said = "duplicate key\nDETAIL:  Key (email)=(grace@example.org) already exists."
    try:
        raise IntegrityError(said)
    except IntegrityError:
        logging.getLogger("hstw.test").exception("failed")
    (line,) = [line for line in lines() if line["event"] == "failed"]
    assert "duplicate key" in line["exception"]
    assert "grace@example.org" not in line["exception"]


@pytest.mark.parametrize("offered", ["short", "x" * 65, "line\\nbreak-attack", "<script>alert(1)</script>"])
def test_a_strange_request_id_is_replaced(client: Client, offered: str) -> None:
    given = client.get("/healthz", HTTP_X_REQUEST_ID=offered)["X-Request-ID"]
    assert given != offered
    assert len(given) == 32


def test_health_checks_do_not_fill_the_log(client: Client, lines: Lines) -> None:
    client.get("/healthz")
    assert lines() == []


# --- error reports ---------------------------------------------------------------------------------------

EVENT = {
    "transaction": "schools:organization",
    "request": {
        "method": "POST",
        "url": "https://hstw.example/invitation/s3cret-token",
        "query_string": "student=Grace",
        "data": {"first_name": "Grace"},
        "cookies": {"__Host-session": "s3cret-session"},
        "env": {"REMOTE_ADDR": "192.0.2.1"},
        "headers": {
            "Cookie": "__Host-session=s3cret-session",
            "Authorization": "Bearer s3cret-bearer",
            "X-CSRFToken": "s3cret-csrf",
            "Referer": "https://hstw.example/?student=Grace",
            "User-Agent": "Firefox",
        },
    },
    "user": {"id": 7, "email": "ada@example.org", "username": "Ada", "ip_address": "192.0.2.1"},
    "breadcrumbs": {"values": [{"message": "SELECT … 'Grace'"}]},
    "extra": {"sys.argv": ["Grace"]},
    "logentry": {"message": "Internal Server Error: %s", "params": ["/invitation/s3cret-token"]},
    "exception": {
        "values": [
            {
                "type": "IntegrityError",
                "value": "duplicate key\nDETAIL:  Key (name)=(Grace) exists.",
                "stacktrace": {"frames": [{"function": "apply", "vars": {"student": "Grace"}}]},
            }
        ]
    },
}


def test_an_error_report_holds_no_secret_and_no_student() -> None:
    sent = json.dumps(logs.scrubbed(json.loads(json.dumps(EVENT))))
    for hidden in ("s3cret", "Grace", "ada@example.org", "Ada", "192.0.2.1"):
        assert hidden not in sent


def test_an_error_report_keeps_what_helps() -> None:
    sent = logs.scrubbed(json.loads(json.dumps(EVENT)))
    assert sent["transaction"] == "schools:organization"
    assert sent["user"] == {"id": 7}
    assert sent["request"]["headers"]["User-Agent"] == "Firefox"
    assert sent["exception"]["values"][0]["stacktrace"]["frames"] == [{"function": "apply"}]


def test_an_error_report_without_a_request_passes() -> None:
    assert logs.scrubbed({"message": "x"}) == {"message": "x"}
