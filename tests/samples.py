"""The real files that are shared with this repository and not part of it, and how a test loads one end to end."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hstw import files
from hstw.values import SchoolYear
from schools.imports import run, steps
from schools.models import ImportBatch, Organization

SAMPLES = Path(os.environ.get("HSTW_SAMPLES") or Path(__file__).parents[1].parent / "shared" / "samples")
needs_samples = pytest.mark.skipif(
    not (SAMPLES / "MANIFEST.csv").exists(),
    reason=f"no sample files in {SAMPLES}; set HSTW_SAMPLES to their directory",
)


def text(name: str) -> str:
    """A sample as text, unpacked."""
    raw = (SAMPLES / name).read_bytes()
    return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8-sig")


def rows(name: str) -> list[dict[str, str]]:
    """A sample's rows as the csv module reads them: what tests count by."""
    return list(csv.DictReader(io.StringIO(text(name), newline="")))


def members(name: str) -> dict[str, list[dict[str, str]]]:
    """The rows of every csv file in a zip of the samples, by the file's name without its ending."""
    with zipfile.ZipFile(SAMPLES / name) as bundle:
        return {
            member.removesuffix(".csv"): list(csv.DictReader(io.TextIOWrapper(bundle.open(member), "utf-8-sig")))
            for member in bundle.namelist()
        }


def zipped(*names: str) -> bytes:
    """A zip of samples; a folder brings all its files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in names:
            path = SAMPLES / name
            for member in sorted(path.iterdir()) if path.is_dir() else [path]:
                bundle.write(member, member.name)
    return packed.getvalue()


def looked(organization: Organization, data: bytes | str, name: str = "", *, year: int, **options: Any) -> ImportBatch:
    """Hand a file to import and have it read; ``data`` is its content or the name of a sample."""
    if isinstance(data, str):
        name = name or Path(data).name
        data = (SAMPLES / data).read_bytes()
    stored = files.store(io.BytesIO(data), name, None)
    batch = run.begin(
        organization=organization, year=SchoolYear(year), stored=stored, kind=None, by=None, wake=False, **options
    )
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    return batch


def apply(batch: ImportBatch, typed: str = "") -> ImportBatch:
    """Say yes to what was read."""
    assert batch.refusal == ""
    run.apply(batch, by=None, typed=typed, wake=False)
    steps.work(batch.pk, beating=False)
    batch.refresh_from_db()
    assert batch.state == "applied", (batch.state, batch.refusal)
    return batch


def loaded(organization: Organization, data: bytes | str, name: str = "", *, year: int, **options: Any) -> ImportBatch:
    """Both."""
    return apply(looked(organization, data, name, year=year, **options))


def new(batch: ImportBatch) -> dict[str, int]:
    """How many records the file adds, by what they are; what is changed, ended or left out must be nothing."""
    for counts in batch.counts.values():
        assert {name: n for name, n in counts.items() if name not in {"new", "unchanged"}} == {
            "changed": 0, "gone": 0, "refused": 0,
        }, batch.counts  # fmt: skip
    return {code: counts["new"] for code, counts in batch.counts.items() if counts["new"]}


def causes(batch: ImportBatch) -> dict[str, int]:
    """How often each cause was met."""
    found: dict[str, int] = {}
    for problem in batch.problems.all():
        found[problem.cause] = found.get(problem.cause, 0) + problem.count
    return found


def changed(name: str, member: str, old: str, new: str) -> bytes:
    """A zip of the samples with one of its files changed throughout."""
    packed = io.BytesIO()
    with zipfile.ZipFile(SAMPLES / name) as bundle, zipfile.ZipFile(packed, "w") as out:
        for each in bundle.namelist():
            data = bundle.read(each).decode("utf-8-sig")
            if each == member:
                assert old in data
                data = data.replace(old, new)
            out.writestr(each, data)
    return packed.getvalue()


def unpacked(name: str, folder: Path) -> Path:
    """A zip of the samples as a folder."""
    with zipfile.ZipFile(SAMPLES / name) as bundle:
        bundle.extractall(folder)
    return folder


def zipped_as_text(folder: str, *names: str) -> bytes:
    """A zip of samples of one folder, each unpacked first."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in names:
            bundle.writestr(name.removesuffix(".gz"), text(f"{folder}/{name}"))
    return packed.getvalue()
