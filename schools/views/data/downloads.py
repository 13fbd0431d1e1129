"""What can be downloaded of an import: the file itself, the rows left out, what it changed."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from hstw import files
from hstw.access import decide
from hstw.models import StoredFile
from hstw.require import require
from schools.imports import changed, shown
from schools.models import ImportBatch
from schools.models.imports import ImportState
from schools.scope import signed_in
from schools.views.data import frame


@never_cache
@require_safe
@login_required
def file(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The file as it was uploaded."""
    batch = frame.batch_for(request, public_id)
    return _stored(request, batch, batch.file, "file")


@never_cache
@require_safe
@login_required
def rejected(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """The rows left out, each with its reason."""
    batch = frame.batch_for(request, public_id)
    return _stored(request, batch, batch.rejected, "rows left out")


def _stored(request: HttpRequest, batch: ImportBatch, stored: StoredFile | None, what: str) -> HttpResponseBase:
    require(signed_in(request), shown.needs(batch), batch)
    if stored is None:
        raise Http404
    frame.read(request, "student file downloaded", what=what, batch=str(batch.public_id), file=str(stored.public_id))
    return files.download(stored)


@never_cache
@require_safe
@login_required
def changes(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Each record that the import made, changed or removed; with names only for those who may load such files."""
    batch = frame.batch_for(request, public_id)
    if batch.state != ImportState.APPLIED:
        raise Http404
    names = bool(decide(signed_in(request), shown.needs(batch), batch))
    frame.read(request, "student file downloaded", what="changes", batch=str(batch.public_id), names=names)
    response: HttpResponse | StreamingHttpResponse = StreamingHttpResponse(
        changed.rows(batch, names=names), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="changes-{str(batch.public_id)[:8]}.csv"'
    return response
