"""What a view answers with when somebody takes a table away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase

from . import tables

FORMS = frozenset({"csv", "xlsx"})
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(form: str, name: str, sheet: tables.Sheet, *more: tables.Sheet) -> HttpResponseBase:
    """One sheet as CSV, or all of them as a workbook; ``name`` is the file's, without its ending.

    Raises :class:`Http404` for any other ``form``: it is a part of the address.
    """
    if form == "csv":
        return csv(name, sheet.headings, sheet.rows)
    if form == "xlsx":
        return workbook(name, [sheet, *more])
    raise Http404


def csv(name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A CSV that is sent while it is read."""
    answer = StreamingHttpResponse(tables.csv_stream(headings, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def workbook(name: str, sheets: Sequence[tables.Sheet]) -> FileResponse:
    """A workbook for Excel."""
    return FileResponse(tables.xlsx_file(sheets), as_attachment=True, filename=f"{name}.xlsx", content_type=_XLSX)
