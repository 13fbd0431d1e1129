"""Zip, gzip and folders, opened with distrust: what they hold as parts, or why they are refused.

Members are never written under their own names, nor read beyond what may come out of a file; so a bad name or a bomb
could do nothing. They are refused all the same: a file made like that was not made by a student information system.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from schools.imports.problems import FileRefused
from schools.imports.read.parts import BUFFER, Part, Spool

BLOCK = 1 << 20
_IGNORED = re.compile(r"(^|/)(__MACOSX(/|$)|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$)", re.I)
# Ratios count only beyond this size: a short file of blanks packs well too.
_RATIO_FROM = 100 << 20
# The list of a zip's members is read in one piece.
_LARGEST_LIST = 8 << 20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
    IndexError,
    KeyError,
)


@dataclass(frozen=True)
class Limits:
    """How much is read at most: of a file as it comes, of what it unpacks to, and how many files it holds."""

    file_bytes: int = 2 << 30
    unpacked_bytes: int = 4 << 30
    members: int = 1_000
    ratio: int = 300


LIMITS = Limits()


def folder(path: Path, limits: Limits) -> list[Part]:
    """The files of a folder and of those within it.

    Raises :class:`~schools.imports.problems.FileRefused` where a link leads out of it, or it holds too much.
    """
    root = path.resolve()
    parts: list[Part] = []
    total = 0
    for at, folders, files in os.walk(root):
        folders.sort()
        for name in sorted([*files, *(one for one in folders if Path(at, one).is_symlink())]):
            file = Path(at, name)
            relative = file.relative_to(root).as_posix()
            if _IGNORED.search(relative):
                continue
            if file.is_symlink() and not file.resolve().is_relative_to(root):
                raise FileRefused(
                    _("The folder holds a link that leads out of it: %(name)s.") % {"name": relative},
                    _("Put the file itself in its place."),
                )
            if not file.is_file():
                continue
            size = file.stat().st_size
            total += size
            _check_totals(len(parts) + 1, total, limits)
            parts.append(_on_disk(file, relative, size))
    return parts


def single(path: Path, name: str, limits: Limits) -> Part:
    """A file as it is; refused where it is larger than may be, or empty."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise FileRefused(
            _("The file is larger than %(size)s.") % {"size": _bytes(limits.file_bytes)},
            _("Load it in parts, one year or one school at a time, or pack it as a zip."),
        )
    if not size:
        raise FileRefused(_("The file is empty."), _("Export it again, and check that the export has finished."))
    return _on_disk(path, name, size)


def unzip(packed: Part, spool: Spool, limits: Limits) -> list[Part]:
    """The files of a zip, unpacked.

    Raises :class:`~schools.imports.problems.FileRefused` for one that is damaged, locked, a bomb, or holds names
    that lead elsewhere or stand there twice.
    """
    with wary_zip(packed) as archive:
        listed = members(archive, packed.size, limits)
        parts: list[Part] = []
        left = limits.unpacked_bytes
        for info, name in listed:
            part = spool.take(name, _member(archive, info, left))
            left -= part.size
            parts.append(part)
        return parts


def gunzip(packed: Part, name: str, spool: Spool, limits: Limits) -> Part:
    """The file within a gzip; raises :class:`~schools.imports.problems.FileRefused` where it cannot be had."""

    def blocks() -> Iterator[bytes]:
        total = 0
        try:
            with packed.open() as stream, gzip.GzipFile(fileobj=stream) as unpacked:
                while block := unpacked.read(BLOCK):
                    total += len(block)
                    _check_bomb(total, packed.size, limits)
                    yield block
        except _BROKEN as error:
            raise _damaged() from error

    return spool.take(name, blocks())


@contextmanager
def wary_zip(packed: Part) -> Iterator[zipfile.ZipFile]:
    """A zip opened to read; raises :class:`~schools.imports.problems.FileRefused` where it is none."""
    with ExitStack() as stack:
        stream = stack.enter_context(_Wary(packed.open()))
        try:
            archive = stack.enter_context(zipfile.ZipFile(stream))
        except _BROKEN as error:
            raise _damaged() from error
        yield archive


def members(archive: zipfile.ZipFile, packed: int, limits: Limits) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files that a zip lists, with safe names, without what systems add; refused for any that is not honest."""
    listed = archive.infolist()
    _check_totals(len(listed), 0, limits)
    _check_bomb(sum(info.file_size for info in listed), packed, limits)
    found: list[tuple[zipfile.ZipInfo, str]] = []
    seen: set[str] = set()
    for info in listed:
        name = _safe_name(info)
        if info.is_dir() or name.endswith("/") or _IGNORED.search(name):
            continue
        if info.flag_bits & 0x41:
            raise FileRefused(
                _("The zip is locked with a password."), _("Pack it again without a password. The transfer is secure.")
            )
        if info.compress_type not in _COMPRESSIONS:
            raise FileRefused(
                _("The zip is packed in a way that cannot be opened here."),
                _("Unpack it, and pack it again with your system's own command."),
            )
        if name.casefold() in seen:
            raise FileRefused(
                _("The zip holds %(name)s twice.") % {"name": name}, _("Remove the one that is not meant.")
            )
        seen.add(name.casefold())
        found.append((info, name))
    return found


def _safe_name(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename.replace("\\", "/")
    mode = info.external_attr >> 16
    if (
        name.startswith("/")
        or re.match(r"[A-Za-z]:", name)
        or "\x00" in name
        or ".." in name.split("/")
        or (stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR})
    ):
        raise FileRefused(
            _("The zip holds a name or a link that leads out of it: %(name)s.")
            % {"name": name.replace("\x00", " ")[:100]},
            _("Unpack it, look at what it holds, and pack only the files that you mean to load."),
        )
    return name


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    try:
        with archive.open(info) as stream:
            while block := stream.read(BLOCK):
                left -= len(block)
                if left < 0:
                    raise _bomb()
                yield block
    except _BROKEN as error:
        raise _damaged() from error


def _check_totals(count: int, total: int, limits: Limits) -> None:
    if count > limits.members:
        raise FileRefused(
            _("More than %(count)d files at once.") % {"count": limits.members},
            _("Load only the files that belong together."),
        )
    if total > limits.unpacked_bytes:
        raise FileRefused(
            _("Together the files are larger than %(size)s.") % {"size": _bytes(limits.unpacked_bytes)},
            _("Load them in parts, one year or one school at a time."),
        )


def _check_bomb(total: int, packed: int, limits: Limits) -> None:
    if total > limits.unpacked_bytes:
        raise _too_much(limits.unpacked_bytes)
    if total > _RATIO_FROM and total > packed * limits.ratio:
        raise _bomb()


def _too_much(most: int) -> FileRefused:
    return FileRefused(
        _("The file unpacks to more than %(size)s.") % {"size": _bytes(most)},
        _("Load it in parts, one year or one school at a time."),
    )


def _bomb() -> FileRefused:
    return FileRefused(
        _("The file unpacks to far more than its size allows."),
        _("If it is what you mean to load, unpack it first, and load it in parts."),
    )


def _damaged() -> FileRefused:
    return FileRefused(
        _("The file is damaged: it cannot be unpacked."), _("Download or export it again; often a transfer broke off.")
    )


def _on_disk(path: Path, name: str, size: int) -> Part:
    def open_it() -> BinaryIO:
        return open(path, "rb", buffering=BUFFER)

    return Part(name, size, open_it)


def _bytes(size: int) -> str:
    if size >= 1 << 30:
        return f"{size / (1 << 30):g} GB"
    return f"{size / (1 << 20):.3g} MB" if size >= 1 << 20 else f"{size:,} bytes"


class _Wary(io.BufferedReader):
    """A stream that is read in pieces only: a zip may claim a list of members of any size."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, BUFFER)  # type: ignore[arg-type]

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = _LARGEST_LIST + 1 if size is None or size < 0 else size
        if wanted > _LARGEST_LIST + 1:
            raise _bomb()
        data = super().read(wanted)
        if len(data) > _LARGEST_LIST:
            raise _bomb()
        return data
