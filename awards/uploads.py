"""Documents that people attach: of a few kinds, each being what its name says, none too large."""

from __future__ import annotations

import zipfile
from typing import IO, Any

from django.utils.translation import gettext as _

from hstw import files
from hstw.models import StoredFile

MOST_BYTES = 25 << 20
_STARTS: dict[str, bytes] = {
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "jpeg": b"\xff\xd8\xff",
}
_IN_ZIP = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
ENDINGS = (*_STARTS, *_IN_ZIP)
ACCEPT = ",".join(f".{ending}" for ending in ENDINGS)


class BadFile(Exception):
    """The file is not taken; the message is for the person."""


def check(file: Any) -> None:
    """Whether an uploaded file may be kept; raises :class:`BadFile`. The file stands at its start afterwards."""
    if file.size > MOST_BYTES:
        raise BadFile(_("The file is larger than %(size)s.") % {"size": files.size_label(MOST_BYTES)})
    ending = file.name.rpartition(".")[2].lower()
    if ending not in ENDINGS:
        raise BadFile(_("Attach a PDF, Word, Excel or PowerPoint file, or a picture (PNG, JPEG)."))
    if file.size == 0 or not _is(file, ending):
        raise BadFile(
            _("This file is not what its name says (%(ending)s). Open it, save it again and attach that.")
            % {"ending": ending.upper()}
        )
    file.seek(0)


def _is(file: IO[bytes], ending: str) -> bool:
    file.seek(0)
    if ending in _STARTS:
        return file.read(16).startswith(_STARTS[ending])
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.startswith(_IN_ZIP[ending]) for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def keep(file: Any, by: Any) -> StoredFile:
    """Check a file and keep it; raises :class:`BadFile`."""
    check(file)
    try:
        return files.store(file, file.name, by)
    except files.FileTooLarge as error:
        raise BadFile(str(error)) from error
