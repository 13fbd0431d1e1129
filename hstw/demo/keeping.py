"""Keeps the files of the demonstration world under names that follow from what is in them."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid

from hstw import files
from hstw.models import StoredFile

from .world import World


def keep(world: World, name: str, made: bytes, by: int | None, public_id: uuid.UUID, at: dt.datetime) -> int:
    """Keep a file as somebody's, of that moment; the key of its row."""
    digest = hashlib.sha256(made).hexdigest()
    path = f"{files.FOLDER}/{digest[:2]}/{public_id.hex}{digest[:8]}"
    place = files.path(StoredFile(path=path))
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.write_bytes(made)
    place.chmod(0o600)
    pk = world.writer.take(StoredFile, 1)
    row = {
        "id": pk,
        "public_id": public_id,
        "name": name,
        "path": path,
        "size": len(made),
        "sha256": digest,
        "stored_by_id": by,
        "stored_at": at,
    }
    world.writer.write_rows(StoredFile, [row])
    return pk
