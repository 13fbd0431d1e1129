"""Damaged files, by the thousand: each is read or refused in words, none ends in anything else."""

from __future__ import annotations

import gzip
import io
import os
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from schools.imports.problems import FileRefused, Problems
from schools.imports.read.source import open_source
from tests.samples import SAMPLES
from tests.schools.imports.reading import zipped
from tests.schools.imports.test_sheet import HEAD, values, with_shared_texts

pytestmark = pytest.mark.long

SECONDS = float(os.environ.get("HSTW_FUZZ_SECONDS", "60"))
LARGEST_SAMPLE = 120_000
TOKENS = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"<!DOCTYPE a>",
)


def seeds() -> list[tuple[str, bytes]]:
    """What is damaged: small files of every kind, and samples where they are."""
    text = 'id,name,note\n1,Zoë,a\n2,Jo,"b\nc"\n3,Ann,\n' * 20
    found = [
        ("a.csv", text.encode()),
        ("w.csv", text.encode("cp1252")),
        ("u.csv", text.encode("utf-16")),
        ("g.csv.gz", gzip.compress(text.encode())),
        ("b.zip", zipped({"in/users.csv": text.encode(), "in/orgs.csv": b"id,name\n1,a\n", "in/x.xml": b"<a/>"})),
        ("s.xlsx", values("a", 1, 2.5, "=1+1", "#REF!", 10**16)),
        ("t.xlsx", with_shared_texts()),
        ("n.zip", zipped({"t.xlsx": with_shared_texts(), "a.csv": text.encode()})),
    ]
    assert HEAD
    for path in sorted(SAMPLES.rglob("*")) if SAMPLES.exists() else ():
        if path.suffix in {".csv", ".zip", ".gz", ".xlsx"} and path.stat().st_size < LARGEST_SAMPLE:
            found.append((path.name, path.read_bytes()))
    return found


def flip(dice: random.Random, data: bytearray) -> None:
    """Other bytes here and there."""
    for _ in range(dice.choice((1, 1, 2, 5, 50))):
        data[dice.randrange(len(data))] = dice.randrange(256)


def cut(dice: random.Random, data: bytearray) -> None:
    """A transfer that broke off."""
    del data[dice.randrange(1, len(data)) :]


def lose(dice: random.Random, data: bytearray) -> None:
    """A stretch is missing."""
    start = dice.randrange(len(data))
    del data[start : start + dice.randrange(1, 400)]


def insert(dice: random.Random, data: bytearray) -> None:
    """Something that means something, where it should not stand."""
    for _ in range(dice.choice((1, 1, 3, 20))):
        at = dice.randrange(len(data) + 1)
        data[at:at] = dice.choice(TOKENS)


def again(dice: random.Random, data: bytearray) -> None:
    """A stretch stands there twice."""
    start = dice.randrange(len(data))
    data[start:start] = data[start : start + dice.randrange(1, 2_000)]


DAMAGES: tuple[Callable[[random.Random, bytearray], None], ...] = (flip, cut, lose, insert, again)


def inside(dice: random.Random, data: bytes) -> bytes:
    """A zip in order whose members are damaged, or have changed places."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    names = list(members)
    one, other = dice.choice(names), dice.choice(names)
    members[one], members[other] = members[other], members[one]
    damaged = bytearray(members[one] or b"a,b")
    dice.choice(DAMAGES)(dice, damaged)
    members[one] = bytes(damaged)
    if dice.random() < 0.3:
        members[dice.choice(("../x.csv", "y.zip", "y.csv.gz", "z.xml", "a/b/c.csv"))] = members.pop(other, b"")
    return zipped(members)


def take(path: Path, name: str) -> int:
    """Read all of it, twice as a layout may."""
    problems = Problems()
    rows = 0
    with open_source(path, name, problems) as source:
        for table in source.tables.values():
            for _ in range(2):
                for chunk in table.chunks():
                    assert all(len(row) == len(table.headings) for row in chunk.rows)
                    assert chunk.lines == sorted(chunk.lines)
                    rows += len(chunk.rows)
    (problems.rejected_file() or io.BytesIO()).close()
    return rows


def test_damaged_files_are_read_or_refused_in_words(tmp_path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    dice = random.Random(seed)
    originals = seeds()
    path = tmp_path / "damaged"
    until = time.monotonic() + SECONDS
    read = refused = 0
    slowest = 0.0
    while time.monotonic() < until:
        name, data = dice.choice(originals)
        if data.startswith(b"PK") and dice.random() < 0.6:
            damaged = inside(dice, data)
        else:
            changed = bytearray(data)
            for _ in range(dice.choice((1, 1, 2))):
                if len(changed) > 1:
                    dice.choice(DAMAGES)(dice, changed)
            damaged = bytes(changed)
        path.write_bytes(damaged)
        began = time.monotonic()
        try:
            read += take(path, name) > 0
        except FileRefused as refusal:
            assert refusal.text  # noqa: PT017
            refused += 1
        except BaseException as error:
            kept = Path(os.environ.get("HSTW_FUZZ_KEEP", tmp_path)) / f"failing-{name}"
            kept.write_bytes(damaged)
            raise AssertionError(f"seed {seed}: {name} ended in {error!r}; kept as {kept}") from error
        slowest = max(slowest, time.monotonic() - began)
    print(f"seed {seed}: {read} read, {refused} refused, slowest {slowest:.1f} s")
    assert read > 0
    assert refused > 0
    assert slowest < 20
