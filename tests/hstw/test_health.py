"""Alive asks nothing; ready asks everything, and says what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection, connections
from django.test import Client

from hstw import health


def test_alive_asks_nothing_of_the_database(client: Client) -> None:
    # Without the django_db mark every query is an error.
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": "ok", "schema": "ok", "queue": "ok"})


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has just started."""
    monkeypatch.setattr(health, "_schema_seen_complete", False)


@pytest.mark.django_db
def test_not_ready_before_migrate(client: Client, unseen: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'schools'")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["schema"]) == (503, "waits for migrate")


@pytest.mark.django_db
def test_the_schema_is_worked_out_once(client: Client, django_assert_num_queries: Any) -> None:
    client.get("/readyz")
    with django_assert_num_queries(1):
        client.get("/readyz")


@pytest.mark.django_db
def test_not_ready_without_the_queue(client: Client, settings: Any) -> None:
    there = settings.CACHES["default"]
    settings.CACHES = {"default": {**there, "LOCATION": "redis://127.0.0.1:1/0"}}
    try:
        response = client.get("/readyz")
    finally:
        settings.CACHES = {"default": there}
    assert (response.status_code, response.json()["queue"]) == (503, "does not answer")
    assert caches["default"] is not None


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_the_database(client: Client) -> None:
    there = connections["default"].settings_dict["HOST"]
    connections["default"].close()
    connections["default"].settings_dict["HOST"] = "/nonexistent"
    try:
        response = client.get("/readyz")
    finally:
        connections["default"].settings_dict["HOST"] = there
        connections["default"].close()
    assert response.status_code == 503
    assert response.json() == {"database": "does not answer", "schema": "does not answer", "queue": "ok"}
