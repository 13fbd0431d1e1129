"""What a file is, by its first bytes; and what to say where it is nothing that can be loaded."""

from __future__ import annotations

import re
from typing import Literal

from django.utils.translation import gettext as _

from schools.imports.problems import FileRefused

Kind = Literal["zip", "gzip", "markup", "text"]

# Excel before 2007, Word before 2007, and anything of Office that is locked with a password.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHER_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_STATISTICS = (b"$FL2", b"$FL3", b"<stata_dta>", b"PAR1", b"\x00" * 12 + b"\xc2\xea\x81\x60")
_DATABASES = (b"SQLite format 3\x00", b"\x00\x01\x00\x00Standard ")
_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|style)\b", re.I | re.S)
_SPREADSHEET_XML = re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet|progid=.Excel\.Sheet", re.I)
_MARKUP = re.compile(rb"^\s*(?:<\?xml|<!--|<[A-Za-z][\w.:-]*[\s/>])")
_JSON = re.compile(rb'^\s*(?:\{\s*"|\[\s*[{\["])')


def kind_of(head: bytes) -> Kind:
    """What a file with these first bytes is read as: text unless they say otherwise."""
    if head.startswith(_ZIP):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if _MARKUP.match(readable(head)) or _JSON.match(readable(head)):
        return "markup"
    return "text"


def readable(head: bytes) -> bytes:
    """First bytes without a byte order mark; those of UTF-16 as if they were ASCII."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[2:].replace(b"\x00", b"")
    return head.removeprefix(b"\xef\xbb\xbf")


def unreadable(head: bytes, name: str) -> FileRefused | None:
    """Why a file with these first bytes cannot be loaded, and what to do; ``None`` where nothing speaks against it."""
    start = readable(head)
    if start.lstrip().startswith(b"%PDF"):
        return FileRefused(
            _("%(name)s is a PDF.") % {"name": name},
            _("Numbers cannot be taken out of a PDF safely. Ask for the data as CSV or XLSX, or export it again."),
        )
    if head.startswith(_OLD_OFFICE):
        return FileRefused(
            _("%(name)s is an old Excel or Word file, or is locked with a password.") % {"name": name},
            _("Open it in Excel, remove the password if it has one, and save it as XLSX or as CSV (UTF-8)."),
        )
    if start.startswith(b"{\\rtf"):
        return FileRefused(
            _("%(name)s is a text document, not a table.") % {"name": name},
            _("Export the data again as CSV or XLSX."),
        )
    if head.startswith(_OTHER_ARCHIVES) or head[257:262] == b"ustar":
        return FileRefused(
            _("%(name)s is packed in a way that cannot be opened here.") % {"name": name},
            _("Unpack it, and load the files inside, or pack them as a zip."),
        )
    if head.startswith(_PICTURES):
        return FileRefused(_("%(name)s is a picture.") % {"name": name}, _("Export the data as CSV or XLSX."))
    if head.startswith(_STATISTICS) or head.startswith(_DATABASES):
        return FileRefused(
            _("%(name)s is a file of a statistics or database program.") % {"name": name},
            _("Export the data from that program as CSV or XLSX."),
        )
    if _HTML.match(start):
        return FileRefused(
            _("%(name)s is a web page, whatever its name says.") % {"name": name},
            _("Some systems save a web page as .xls or .csv. Open it in Excel, and save it as XLSX or CSV."),
        )
    if _MARKUP.match(start) and _SPREADSHEET_XML.search(start):
        return FileRefused(
            _("%(name)s is a spreadsheet saved as XML.") % {"name": name},
            _("Open it in Excel, and save it as XLSX or CSV."),
        )
    return None
