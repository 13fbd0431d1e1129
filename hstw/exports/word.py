"""Documents as Word files (.docx): headings, paragraphs, bullets and tables in Word's own styles.

What people wrote goes in as text; nothing of it becomes a field, a link or a macro. Tables mark their heading row, so
that screen readers say it; the language of the document is set. The same content makes the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; blank ones are left out."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table with a heading row; columns from ``right_from`` on are numbers. Without rows it is left out."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    right_from: int | None = None


Block = Heading | Paragraph | Bullets | Table

# A day for every file inside the archive: the clock's would make the checksum of the same document another one.
_DAY = (1980, 1, 1, 0, 0, 0)


def word(title: str, blocks: Sequence[Block], *, footer: str = "", language: str = "en-US") -> bytes:
    """The document."""
    made = Document()
    made.core_properties.title = _clean(title)[:255]
    made.core_properties.author = ""
    _set_language(made, language)
    made.add_heading(_clean(title), 0)
    for block in blocks:
        match block:
            case Heading():
                made.add_heading(_clean(block.text), block.level)
            case Paragraph() if block.text.strip():
                made.add_paragraph(_clean(block.text))
            case Bullets():
                for item in block.items:
                    made.add_paragraph(_clean(item), style="List Bullet")
            case Table() if block.rows:
                _add_table(made, block)
    if footer:
        made.sections[0].footer.paragraphs[0].text = _clean(footer)
    out = io.BytesIO()
    made.save(out)
    return _undated(out)


def _undated(made: io.BytesIO) -> bytes:
    """The same archive without the time of its making."""
    out = io.BytesIO()
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.infolist():
            after.writestr(zipfile.ZipInfo(entry.filename, _DAY), before.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _add_table(made: Any, block: Table) -> None:
    table = made.add_table(rows=1, cols=len(block.headings), style="Light Grid Accent 1")
    head = table.rows[0]
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    head._tr.get_or_add_trPr().append(mark)
    for cell, text in zip(head.cells, block.headings, strict=True):
        cell.text = _clean(text)
    for row in block.rows:
        cells = table.add_row().cells
        for place, (cell, text) in enumerate(zip(cells, row, strict=True)):
            cell.text = _clean(text)
            if block.right_from is not None and place >= block.right_from:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made.add_paragraph()


def _set_language(made: Any, language: str) -> None:
    first, _dash, region = language.partition("-")
    properties = made.styles["Normal"].element.get_or_add_rPr()
    lang = OxmlElement("w:lang")
    lang.set(qn("w:val"), f"{first}-{region.upper()}" if region else first)
    properties.append(lang)


def _clean(text: str) -> str:
    """Text without what XML does not carry."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and c not in "\ufffe\uffff"))
