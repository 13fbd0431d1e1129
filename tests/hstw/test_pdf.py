"""Documents: what people wrote is text and nothing else, the file is tagged, the same data makes the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from hstw.exports.pdf import PdfError, pdf

SHEET = """
#import "base.typ": *
#show: paper
= #data.heading
#prose(data.text)
"""


@pytest.fixture(autouse=True)
def _sheet(tmp_path: Path, settings: Any) -> None:
    """A template of its own, beside the base that all documents share."""
    base = (settings.BASE_DIR / "templates" / "pdf" / "base.typ").read_text("utf-8")
    root = tmp_path / "templates" / "pdf"
    root.mkdir(parents=True)
    (root / "base.typ").write_text(base, "utf-8")
    (root / "sheet.typ").write_text(SHEET, "utf-8")
    (root / "secret.txt").write_text("swordfish", "utf-8")
    settings.BASE_DIR = tmp_path


def _data(**more: Any) -> dict[str, Any]:
    return {"title": "A plan", "language": "en", "heading": "Needs", "text": "One.\n\nTwo."} | more


def test_a_document_is_tagged_titled_and_in_its_language() -> None:
    reader = PdfReader(io.BytesIO(pdf("sheet", _data())))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - an object of the PDF
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "A plan"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_what_people_wrote_is_never_run() -> None:
    hostile = '#read("secret.txt") *bold* $x$ <label> @ref \\ #let x = 1 [a] "quoted" // none'
    text = PdfReader(io.BytesIO(pdf("sheet", _data(heading=hostile, text=hostile)))).pages[0].extract_text()
    flat = " ".join(text.split())
    assert "swordfish" not in flat
    assert '#read("secret.txt") *bold* $x$ <label>' in flat


def test_the_same_data_makes_the_same_bytes() -> None:
    assert pdf("sheet", _data()) == pdf("sheet", _data())
    assert pdf("sheet", _data()) != pdf("sheet", _data(text="Three."))


def test_what_is_missing_is_an_error_that_names_the_document() -> None:
    with pytest.raises(PdfError, match="sheet"):
        pdf("sheet", {"title": "A plan", "language": "en"})
