"""The parts of a source: each has a name and bytes that can be read through any number of times.

What comes out of an archive is kept in one nameless temporary file, so that nothing is left behind when the process
is killed, and an archive of a thousand members opens one file only.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Self

BUFFER = 1 << 18
HEAD = 4_096


@dataclass(frozen=True)
class Part:
    """One file: on its own, in a folder, or out of an archive. ``open`` gives its bytes from the start."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    def head(self, size: int = HEAD) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(size)


class _Slice(io.RawIOBase):
    """A stretch of a file, with a position of its own."""

    def __init__(self, number: int, start: int, size: int) -> None:
        super().__init__()
        self._number, self._start, self._size, self._at = number, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the start of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        data = os.pread(self._number, wanted, self._start + self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Spool:
    """Where the members of an archive are unpacked to: one temporary file without a name."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._end = 0

    def take(self, name: str, blocks: Iterable[bytes]) -> Part:
        """Write a member and give it as a part; errors of ``blocks`` go through."""
        start = self._end
        for block in blocks:
            self._file.write(block)
            self._end += len(block)
        self._file.flush()
        number, size = self._file.fileno(), self._end - start
        return Part(name, size, lambda: io.BufferedReader(_Slice(number, start, size), BUFFER))

    def close(self) -> None:
        """Give the space back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
