"""Files kept privately: taken in within a limit, given back as downloads, swept up when nobody knows them."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from hstw import files
from hstw.models import StoredFile
from tests.factories import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media" / "files"


def lying(store: Path) -> list[Path]:
    """All files in the store."""
    return [at for at in store.rglob("*") if at.is_file()]


def test_a_file_is_kept_under_a_name_of_our_own_readable_by_us_alone(store) -> None:
    data = b"id,name\n" * 300_000
    somebody = person()
    kept = files.store(io.BytesIO(data), "../../etc/Roster 2026.csv", somebody)
    kept.refresh_from_db()
    assert (kept.name, kept.size, kept.stored_by) == ("Roster 2026.csv", len(data), somebody)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    at = files.path(kept)
    assert lying(store) == [at]
    assert "Roster" not in str(at)
    assert stat.S_IMODE(at.stat().st_mode) == 0o600
    assert stat.S_IMODE(at.parent.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(store.stat().st_mode) & 0o077 == 0
    with files.open(kept) as stream:
        assert stream.read() == data


def test_what_is_uploaded_and_what_lies_on_this_machine_can_be_kept(tmp_path) -> None:
    assert files.store(SimpleUploadedFile("a.csv", b"1"), "a.csv", None).size == 1
    (tmp_path / "b.csv").write_bytes(b"22")
    kept = files.store_path(tmp_path / "b.csv", "b.csv", None)
    assert (kept.size, kept.stored_by) == (2, None)
    assert (tmp_path / "b.csv").exists()


def test_a_file_beyond_the_limit_leaves_nothing_behind(settings, store) -> None:
    settings.HSTW_UPLOAD_LIMIT = 3 * 1024 * 1024
    assert files.store(io.BytesIO(b"x" * settings.HSTW_UPLOAD_LIMIT), "fits.csv", None).size == 3 * 1024 * 1024
    with pytest.raises(files.FileTooLarge, match="larger than 3 MB"):
        files.store(io.BytesIO(b"x" * (settings.HSTW_UPLOAD_LIMIT + 1)), "large.csv", None)
    assert StoredFile.objects.count() == len(lying(store)) == 1


def test_a_stream_that_breaks_off_leaves_nothing_behind(store) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("gone")
            return super().read(10)

    with pytest.raises(OSError, match="gone"):
        files.store(Breaking(b"x" * 100), "a.csv", None)
    assert lying(store) == []
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\me\\Roster.csv", "Roster.csv"),
        ("/etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x=1.csv", "a Set-Cookie: x=1.csv"),
        ("\u202egpj.exe.csv", "gpj.exe.csv"),
        ("Zoe\u0308.csv", "Zo\u00eb.csv"),
        ("...", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
    ],
)
def test_names_are_made_fit_to_show(given, shown) -> None:
    assert files.display_name(given) == shown


def test_a_download_is_never_shown_in_place() -> None:
    kept = files.store(io.BytesIO(b"<script>alert(1)</script>"), 'Müller "x"; y.html', None)
    response = files.download(kept)
    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''M%C3%BCller%20%22x%22%3B%20y.html"
    assert response["Content-Length"] == "25"
    assert "no-store" in response["Cache-Control"]
    response.close()


def test_deleting_removes_the_bytes_once_it_is_committed(store, django_capture_on_commit_callbacks) -> None:
    kept = files.store(io.BytesIO(b"x"), "a.csv", None)
    with django_capture_on_commit_callbacks(execute=True):
        files.delete(kept)
        assert len(lying(store)) == 1
    assert lying(store) == []
    assert not StoredFile.objects.exists()


def test_a_deletion_that_is_rolled_back_keeps_the_bytes(store) -> None:
    kept = files.store(io.BytesIO(b"x"), "a.csv", None)

    def fail_afterwards() -> None:
        with transaction.atomic():
            files.delete(kept)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_afterwards()
    assert len(lying(store)) == 1
    assert StoredFile.objects.get().sha256 == kept.sha256


@pytest.mark.parametrize("elsewhere", ["../secret", "/etc/passwd", "files/../../secret", "other/x"])
def test_a_row_that_points_elsewhere_is_not_followed(elsewhere) -> None:
    kept = StoredFile(name="x", path=elsewhere, size=1, sha256="")
    for use in (files.path, files.open, files.delete, files.download):
        with pytest.raises(ValueError, match="outside of the store"):
            use(kept)


def test_the_sweep_removes_what_nobody_knows_and_is_older_than_a_day(store) -> None:
    known, old, new = (files.store(io.BytesIO(b"x"), name, None) for name in ("known", "old", "new"))
    paths = {name: files.path(kept) for name, kept in (("known", known), ("old", old), ("new", new))}
    StoredFile.objects.exclude(pk=known.pk).delete()
    foreign = paths["old"].parent / "README"
    foreign.write_bytes(b"x")
    yesterday = time.time() - 25 * 3600
    for at in (paths["known"], paths["old"], foreign):
        os.utime(at, (yesterday, yesterday))
    assert files.sweep() == 1
    assert {at.name for at in lying(store)} == {paths["known"].name, paths["new"].name, "README"}


def test_the_sweep_of_no_store_at_all() -> None:
    assert files.sweep() == 0


# --- uploads -----------------------------------------------------------------------------------------------------
def upload(size: int, *, more: int = 0) -> HttpRequest:
    """A form sent with a file of this size (and a second one)."""
    data = {"name": "May", "file": SimpleUploadedFile("a.csv", b"x" * size), "note": "after"}
    if more:
        data["second"] = SimpleUploadedFile("b.csv", b"x" * more)
    return RequestFactory().post("/", data)


def test_an_upload_within_the_limit_arrives(settings) -> None:
    settings.HSTW_UPLOAD_LIMIT = 4 * 1024 * 1024
    request = upload(4 * 1024 * 1024)
    assert files.too_large(request) == ""
    assert request.FILES["file"].size == 4 * 1024 * 1024
    assert isinstance(request.FILES["file"], TemporaryUploadedFile)
    assert request.POST["note"] == "after"
    request.close()


@pytest.mark.parametrize(("size", "more"), [(500_001, 0), (5_000_000, 0), (300_000, 300_000)])
def test_an_upload_beyond_the_limit_is_stopped_with_words(settings, tmp_path, size, more) -> None:
    settings.HSTW_UPLOAD_LIMIT = 500_000
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    request = upload(size, more=more)
    assert files.too_large(request) == "The file is larger than 488 KB."
    assert ("second" if more else "file") not in request.FILES
    assert request.POST["name"] == "May"
    request.close()
    assert [at for at in tmp_path.iterdir() if at.suffix == ".upload"] == []


def test_the_disk_does_not_fill_while_a_large_upload_comes(settings, tmp_path) -> None:
    settings.HSTW_UPLOAD_LIMIT = 1_000_000
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    largest = 0

    class Body(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            nonlocal largest
            largest = max([largest, *(at.stat().st_size for at in tmp_path.iterdir() if at.is_file())])
            return super().read(size)

    content = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.csv", b"x" * 1_900_000)})
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": MULTIPART_CONTENT,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": (body := Body(content)),
        }
    )
    assert files.too_large(request)
    assert 0 < largest <= 1_000_000
    assert body.tell() == len(content)  # read to its end, or the browser shows a broken connection
    request.close()


def test_the_handler_is_in_force(client, settings) -> None:
    """Through the whole of a request, as the server runs it."""
    from django.urls import path

    settings.HSTW_UPLOAD_LIMIT = 500_000

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(files.too_large(request) or "taken")

    class Urls:
        urlpatterns = [path("upload/", view)]

    settings.ROOT_URLCONF = Urls
    settings.MIDDLEWARE = []
    for size, said in ((100, "taken"), (600_000, "The file is larger than 488 KB.")):
        answer = client.post("/upload/", {"file": SimpleUploadedFile("a.csv", b"x" * size)})
        assert answer.content.decode() == said
