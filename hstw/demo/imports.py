"""Writes the imports by which the evidence of the demonstration world came in, and what they cover since."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import numpy as np
from django.utils.text import slugify
from django.utils.timezone import get_current_timezone
from psycopg.types.json import Jsonb

from goals.readiness.looks_at import is_state_test
from hstw.values import SchoolYear
from schools.models import EvidenceCoverage, ImportBatch
from schools.models.imports import Completeness, ImportState

from . import exams
from .evidence import Sheet
from .exams import Tests
from .population import Cluster, Ints
from .world import World

# The class before the first measured year is there too: what its graduates began is known by now.
EARLIER_CLASSES = 1
# Of its year only what its rates need is whole. Years further back hold the history of students seen later and no
# more: they are not covered, but for what is looked back at over the four years of that class. State tests are not
# among it: of these grades 3 to 8 are missing.
LOOKED_BACK = EARLIER_CLASSES + 3
OF_A_LIFE = ("courses", "credentials", "work_experience", "assessment")
# Of the first of these years there are younger students only, of whom nobody may have done any of it.
LISTS_OF_EVENTS = frozenset({"credentials", "work_experience"})
OF_A_CLASS = frozenset({"enrollment", "diplomas", "cohort_removals"})
BLANK = ("sha256", "refusal", "phase", "worker")


@dataclass(frozen=True)
class File:
    """A kind of file: its layout among ours, what it writes, the kinds of evidence it covers, and by which date.

    ``about`` stands in the file's name and in ``District.missing``. One that lists exceptions comes every year, though
    there may be nothing in it: a district where nobody was removed from the cohort says so.
    """

    about: str
    layout: str
    target: str
    covers: tuple[str, ...]
    dated: str = ""
    replaces: bool = False
    exceptions: bool = False


def _tests(about: str) -> File:
    return File(about, "assessments", "assessment_result", ("assessment",), "taken_on")


# The file in which each sheet comes, in the order in which they are written.
FILES = {
    "enrollments": File(
        "enrollment", "roster", "enrollment", ("enrollment", "demographics", "attendance"), replaces=True
    ),
    "courses": File("courses", "courses", "course_record", ("courses",), replaces=True),
    **{about: _tests(about) for about in (
        exams.STATE_TESTS, exams.END_OF_COURSE, exams.PREACT, exams.ACT, exams.SAT, exams.WORKKEYS, exams.AP
    )},
    "credentials": File("credentials", "credentials", "credential", ("credentials",), "earned_on"),
    "work": File("work_experience", "work_based_learning", "work_experience", ("work_experience",)),
    "diplomas": File("diplomas", "diplomas", "diploma", ("diplomas",), "awarded_on"),
    "removals": File(
        "cohort_removals", "cohort_removals", "cohort_removal", ("cohort_removals",), "removed_on", exceptions=True
    ),
    "outcomes": File("postsecondary", "postsecondary", "postsecondary_outcome", ("postsecondary",), "starts"),
}  # fmt: skip


def write_imports(world: World, cluster: Cluster, file: File, tests: Tests, sheet: Sheet) -> tuple[Ints, Ints]:
    """Write one import per district and school year; the import and the line of each row.

    Lines count from 2, below the header.
    """
    key = cluster.district_of[sheet["school"]] * 10_000 + sheet["year"]
    order = np.argsort(key, kind="stable")
    keys, first, count = np.unique(key[order], return_index=True, return_counts=True)
    line = np.empty(len(key), np.int64)
    line[order] = np.arange(len(key)) - np.repeat(first, count) + 2
    rows = dict(zip(keys.tolist(), count.tolist(), strict=True))
    if file.exceptions:
        rows = dict.fromkeys(_expected(world, cluster, file, world.first_year - EARLIER_CLASSES), 0) | rows
    elif file.about in LISTS_OF_EVENTS:
        before = _expected(world, cluster, file, world.first_year - LOOKED_BACK)
        rows = dict.fromkeys([key for key in before if key % 10_000 < world.first_year], 0) | rows
    keys = np.array(sorted(rows), np.int64)
    pks = world.writer.take(ImportBatch, len(keys)) + np.arange(len(keys))
    batches = dict(zip(keys.tolist(), pks.tolist(), strict=True))
    world.writer.write_rows(
        ImportBatch, [_batch(world, cluster, file, pk, where, rows[where]) for where, pk in batches.items()]
    )
    world.writer.write_rows(EvidenceCoverage, _coverage(world, cluster, file, tests, sheet, key, batches))
    return pks[np.searchsorted(keys, key)], line


def _expected(world: World, cluster: Cluster, file: File, first: int) -> list[int]:
    """Every district and year from the first on for which a file was loaded."""
    return [
        position * 10_000 + year
        for position, district in enumerate(cluster.districts)
        if file.about not in district.missing
        for year in range(first, world.last_year + 1)
    ]


def _loaded_on(world: World, year: int) -> dt.date:
    """Files of a year come when it is over; those of the current one came the day before yesterday."""
    return min(dt.date(year, 7, 6), world.today - dt.timedelta(days=2))


def _batch(world: World, cluster: Cluster, file: File, pk: int, where: int, rows: int) -> dict[str, object]:
    district, year = cluster.districts[where // 10_000], where % 10_000
    loaded_by = world.loaders.get(district.pk)
    loaded_at = dt.datetime.combine(_loaded_on(world, year), dt.time(7, 40), get_current_timezone())
    none = dict.fromkeys(("changed", "gone", "unchanged"), 0)
    return {
        "id": pk,
        "public_id": uuid.UUID(bytes=world.random("import", pk).bytes(16), version=4),
        "organization_id": district.pk,
        "year": year,
        "kind": file.layout,
        "completeness": (Completeness.REPLACES if file.replaces else Completeness.ADDS).value,
        "state": ImportState.APPLIED.value,
        "source": f"{slugify(district.name)}_{file.about}_{SchoolYear(year).label.replace('–', '-')}.csv",
        "loaded_by_id": loaded_by,
        "loaded_at": loaded_at,
        "applied_by_id": loaded_by,
        "applied_at": loaded_at + dt.timedelta(minutes=6),
        "counts": Jsonb({file.target: {"new": rows, **none}}),
        "preview": Jsonb({}),
        "guard": Jsonb({}),
        "rows_read": rows,
        "rows_done": rows,
        "attempts": 1,
        **dict.fromkeys(BLANK, ""),
    }


def _coverage(
    world: World, cluster: Cluster, file: File, tests: Tests, sheet: Sheet, key: Ints, batches: dict[int, int]
) -> list[dict[str, object]]:
    """Per district, year and kind of evidence (of tests, per test): through the latest date in the file.

    Where rows have no date it is the day of loading, or the year's last, whichever came first.
    """
    names = [""]
    part = np.zeros(len(key), np.int64)
    if "test" in sheet:
        names = list(dict.fromkeys(test for test, _subject in tests.names))
        part = np.array([names.index(test) for test, _subject in tests.names])[sheet["test"]]
    combined = key * 100 + part
    order = np.argsort(combined, kind="stable")
    groups, first = np.unique(combined[order], return_index=True)
    latest: dict[int, dt.date | None] = dict.fromkeys(groups.tolist())
    if file.dated and len(groups):
        days = np.maximum.reduceat(sheet[file.dated][order], first)
        latest = dict(zip(groups.tolist(), days.tolist(), strict=True))
    seen = {group // 100 for group in latest}
    latest |= {batch * 100: None for batch in batches if batch not in seen}
    rows: list[dict[str, object]] = []
    for group, day in sorted(latest.items()):
        position, year = divmod(group // 100, 10_000)
        name, loaded = names[group % 100], min(_loaded_on(world, year), SchoolYear(year).last_day)
        rows.extend(
            {
                "organization_id": cluster.districts[position].pk,
                "year": year,
                "kind": f"{kind}:{name}" if name else kind,
                "through_date": min(day, loaded) if day else loaded,
                "batch_id": batches[group // 100],
            }
            for kind in file.covers
            if _covers(world, year, kind, name)
        )
    return rows


def _covers(world: World, year: int, kind: str, test: str) -> bool:
    if year >= world.first_year:
        return True
    if kind in OF_A_LIFE:
        return year >= world.first_year - LOOKED_BACK and not (test and is_state_test(test))
    return year >= world.first_year - EARLIER_CLASSES and kind in OF_A_CLASS
