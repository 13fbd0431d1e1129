"""Files that people bring or the product makes: taken in within a limit, kept privately, given back as downloads.

They lie below ``MEDIA_ROOT`` under random names that nobody chose, readable by the application alone; no web server
serves that folder. What a person called a file is kept for display only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import secrets
import unicodedata
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _

from hstw.models import StoredFile

FOLDER = "files"
BLOCK = 1 << 20
ORPHANED_AFTER = dt.timedelta(days=1)
_OURS = re.compile(r"^[0-9a-f]{40}$")
# What surrounds a file in an upload: field names, boundaries, the form's other fields.
_AROUND = 1 << 20
_SHOWN = 200
_REFUSED = "hstw.upload_too_large"


class FileTooLarge(Exception):
    """More than ``HSTW_UPLOAD_LIMIT``; the message is for the person."""

    def __init__(self) -> None:
        super().__init__(_("The file is larger than %(size)s.") % {"size": size_label(settings.HSTW_UPLOAD_LIMIT)})


def store(stream: IO[bytes], name: str, by: Any) -> StoredFile:
    """Keep what a stream holds, to its end. ``by`` is the person, or ``None`` for what the product made.

    Raises :class:`FileTooLarge`; nothing is kept then. Where the transaction is rolled back, :func:`sweep` removes
    the file a day later.
    """
    random = secrets.token_hex(20)
    kept = f"{FOLDER}/{random[:2]}/{random}"
    at = _root() / kept
    _root().mkdir(parents=True, exist_ok=True)
    for folder in (at.parent.parent, at.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > settings.HSTW_UPLOAD_LIMIT:
                    raise FileTooLarge
                digest.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        return StoredFile.objects.create(
            name=display_name(name), path=kept, size=size, sha256=digest.hexdigest(), stored_by=by
        )
    except BaseException:
        at.unlink(missing_ok=True)
        raise


def store_path(source: Path, name: str, by: Any) -> StoredFile:
    """Keep a copy of a file on this machine; as :func:`store`."""
    with source.open("rb") as stream:
        return store(stream, name, by)


def path(stored: StoredFile) -> Path:
    """Where a stored file lies. Raises :class:`ValueError` for a row that points outside of the store."""
    root = _root()
    found = root / stored.path
    if not found.resolve().is_relative_to((root / FOLDER).resolve()):
        raise ValueError(f"Stored file {stored.pk} lies outside of the store.")
    return found


def open(stored: StoredFile) -> BinaryIO:
    """A stored file's bytes; raises :class:`FileNotFoundError` where it is gone."""
    return path(stored).open("rb")


def delete(stored: StoredFile) -> None:
    """Remove a file for good: the row now, the bytes once that is committed."""
    at = path(stored)
    stored.delete()
    transaction.on_commit(partial(at.unlink, missing_ok=True))


def download(stored: StoredFile) -> FileResponse:
    """A stored file as a download: never shown in the page's own place, its type never guessed, kept by no cache."""
    response = FileResponse(
        open(stored), as_attachment=True, filename=display_name(stored.name), content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def sweep() -> int:
    """Remove files without a row that are older than a day: what was rolled back, or killed; says how many."""
    folder = _root() / FOLDER
    oldest = dt.datetime.now(dt.UTC).timestamp() - ORPHANED_AFTER.total_seconds()
    removed = 0
    for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
        old: dict[str, Path] = {}
        for at in inner.iterdir() if inner.is_dir() and not inner.is_symlink() else ():
            with suppress(FileNotFoundError):  # deleted meanwhile
                if _OURS.match(at.name) and at.lstat().st_mtime < oldest:
                    old[f"{FOLDER}/{inner.name}/{at.name}"] = at
        known = set(StoredFile.objects.filter(path__in=old).values_list("path", flat=True))
        for name, at in old.items():
            if name not in known:
                at.unlink(missing_ok=True)
                removed += 1
    return removed


def display_name(name: str) -> str:
    """A file's name as it may be shown: without folders, invisible and turning characters, at most 200 long."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(" " if character.isspace() else character for character in name)
    name = "".join(character for character in name if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"})
    name = " ".join(name.split()).lstrip(".") or "file"
    if len(name) > _SHOWN:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: _SHOWN - len(ending) - 1]}.{ending}" if dot and len(ending) <= 10 else name[:_SHOWN]
    return name


def size_label(size: int) -> str:
    """A size as people say it: ``2 GB``, ``1.5 MB``."""
    for unit, shift in (("GB", 30), ("MB", 20), ("KB", 10)):
        if size >= 1 << shift:
            return f"{size / (1 << shift):.3g} {unit}"
    return f"{size} B"


class LimitedUploadHandler(FileUploadHandler):
    """Stops to keep what is uploaded once it is more than ``HSTW_UPLOAD_LIMIT``, before the disk is full.

    The rest is read and dropped, so that the browser comes to see the page: the file is not among
    ``request.FILES``, and :func:`too_large` gives the words for the form.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """Learn what the request says of its length."""
        self._taken = 0
        self._announced = content_length > settings.HSTW_UPLOAD_LIMIT + _AROUND

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count, and let pass."""
        self._taken += len(raw_data)
        if self._announced or self._taken > settings.HSTW_UPLOAD_LIMIT:
            if self.request is not None:
                self.request.META[_REFUSED] = True
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers behind."""


def too_large(request: HttpRequest) -> str:
    """What to say of an upload that was stopped; empty where none was."""
    request.FILES  # noqa: B018 - read first, or nothing has been stopped yet
    return str(FileTooLarge()) if request.META.get(_REFUSED) else ""


def _root() -> Path:
    return Path(settings.MEDIA_ROOT)
