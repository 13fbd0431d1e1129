"""In which encoding a text is written, decided on the whole of it; and its lines.

The first block says little: the one name with an accent may stand on the last line. So a text is read through once.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from django.utils.translation import gettext as _

from schools.imports.problems import FileRefused
from schools.imports.read.parts import Part

BLOCK = 1 << 20
_CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACED = re.compile("\ufffd")
_MIXED = "windows-1252-within"


def _windows(error: UnicodeError) -> tuple[str, int]:
    """Reads what is no UTF-8 within UTF-8 as Windows-1252: files glued together from several systems."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_MIXED, _windows)


@dataclass(frozen=True)
class Encoding:
    """How a text is written. ``mark`` is the length of its byte order mark; ``lines`` how many lines it has.

    ``first_odd`` is the first line that is not in a Unicode encoding, ``first_nul`` the first with a NUL in it; 0
    for none. ``mixed`` says that the text is UTF-8 but for some bytes, which are read as Windows-1252.
    """

    codec: str
    errors: str = "strict"
    mark: int = 0
    lines: int = 0
    first_odd: int = 0
    first_nul: int = 0

    @property
    def mixed(self) -> bool:
        return self.errors == _MIXED


def examine(part: Part) -> Encoding:
    """Read a text through and say how it is written.

    Raises :class:`~schools.imports.problems.FileRefused` where it is no text: many control characters, or a line
    longer than a table's could be.
    """
    mark, codec = _by_mark(part.head())
    errors = "surrogateescape" if codec == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(codec)(errors)
    breaks = odd = beyond_ascii = first_odd = first_nul = 0
    returned, text = False, ""
    with part.open() as stream:
        stream.seek(mark)
        while block := stream.read(BLOCK):
            text = decoder.decode(block, len(block) < BLOCK)
            if not breaks and not returned:
                _check_text(text, part.name)
            if len(block) == BLOCK and "\n" not in text and "\r" not in text:
                raise FileRefused(
                    _("%(name)s has a line of more than a million characters.") % {"name": part.name},
                    _("It is not a table, or it is damaged. Export it again as CSV."),
                )
            if not text.isascii():
                beyond_ascii += len(block) - len(text)
                if found := _odd(text):
                    odd += len(found)
                    first_odd = first_odd or breaks + 1 + _breaks(text[: found[0]])
            if not first_nul and "\x00" in text:
                first_nul = breaks + 1 + _breaks(text[: text.index("\x00")])
            breaks += _breaks(text) - (returned and text.startswith("\n"))
            returned = text.endswith("\r")
    if codec == "utf-8" and odd:
        # A Windows-1252 text has hardly a pair of letters that would pass for UTF-8; a mixed one mostly does.
        codec, errors = ("utf-8", _MIXED) if beyond_ascii >= odd else ("cp1252", "replace")
    elif codec == "utf-8":
        errors = "strict"
    unended = bool(text) and not text.endswith(("\n", "\r"))
    return Encoding(codec, errors, mark, breaks + unended, first_odd, first_nul)


def _breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _odd(text: str) -> list[int]:
    """Where characters stand that the encoding does not know."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return [found.start() for found in _SURROGATE.finditer(text)]
    return [found.start() for found in _REPLACED.finditer(text)] if "\ufffd" in text else []


def _check_text(text: str, name: str) -> None:
    start = text[:65_536]
    if len(_CONTROL.findall(start)) > 0.01 * len(start) or start.count("\x00") > 0.1 * len(start):
        raise FileRefused(
            _("%(name)s is not a table: it holds characters that no text has.") % {"name": name},
            _("Load a CSV, TSV, text or XLSX file, or a zip of such files."),
        )


def lines(part: Part, encoding: Encoding) -> Iterator[str]:
    """The lines of a text with their ends as they are (LF, CR LF or CR), NULs removed."""
    with text(part, encoding) as stream:
        if encoding.first_nul:
            for line in stream:
                yield line.replace("\x00", "")
        else:
            yield from stream


def text(part: Part, encoding: Encoding) -> TextIO:
    """A text opened, behind its byte order mark."""
    stream = part.open()
    stream.seek(encoding.mark)
    return io.TextIOWrapper(stream, encoding=encoding.codec, errors=encoding.errors, newline="")


def _by_mark(head: bytes) -> tuple[int, str]:
    """The byte order mark's length, and what it or the NULs say; UTF-8 until it proves otherwise."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return len(mark), codec
    pairs = len(head) // 2
    if pairs >= 2:
        first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
        if second > 0.7 * pairs and first < 0.05 * pairs:
            return 0, "utf-16-le"
        if first > 0.7 * pairs and second < 0.05 * pairs:
            return 0, "utf-16-be"
    return 0, "utf-8"
