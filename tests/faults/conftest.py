"""What every fault is tried on: the small world, for real, with files of its own and no staging left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.factories import World, make_world
from tests.faults.processes import staged


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    yield make_world()
    with connection.cursor() as cursor:
        for table in staged():
            cursor.execute(f'DROP TABLE staging."{table}"')
