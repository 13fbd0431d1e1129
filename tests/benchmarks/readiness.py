"""How long the numbers take: from evidence to figures, the counting alone, and one school's import.

    .venv/bin/python -m tests.benchmarks.readiness            # the region world: 1,100 schools
    .venv/bin/python -m tests.benchmarks.readiness state      # smaller

One run, one machine, a database of its own on the embedded server. A rebuild is measured beside one sequential scan of
the tables that it reads. The counting step, records to cells, is measured beside the same counts by PostgreSQL's
GROUPING SETS, by DuckDB and by polars from the same database, loading included; all four must come to the same
numbers. Memory is the peak of the process that rebuilds everything.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import databases

SEED = 1
# Numbers per organization and year: (organization, year, group, measure) → (denominator, numerator).
Counts = dict[tuple[int, int, int, int], tuple[int, int]]


def main() -> None:
    """Make a database with a world in it, measure, print the tables, drop the database."""
    with databases.own():
        _world(sys.argv[1] if len(sys.argv) > 1 else "region")
        measure()


def _world(scale: str) -> None:
    from hstw import demo
    from hstw.demo.build import build

    # Evidence only: the counting is what is measured.
    demo.PHASES = tuple(phase for phase in demo.PHASES if phase[0] != "Readiness")
    build(scale=scale, seed=SEED, today=dt.date.today(), say=lambda line: print(line, file=sys.stderr))
    _run("ANALYZE")


def measure() -> None:
    """Print the tables."""
    from goals.models import ReadinessRecord
    from goals.models.measure import Basis
    from schools.models import Enrollment, Organization

    schools = Organization.objects.filter(kind="school").count()
    years = Enrollment.objects.order_by().values("student_id", "year").distinct().count()
    records = ReadinessRecord.objects.filter(basis=Basis.YEAR)
    say(f"{schools:,} schools, {years:,} student-years of enrollment, one run")
    say("| what | seconds | ratio |")
    say("|---|---:|---:|")
    scan = min(_scan() for _ in range(3))
    say(f"| one sequential scan of the evidence (the limit) | {scan:.1f} | 1.0 |")
    everything, peak = _rebuild()
    say(f"| full rebuild, evidence to figures and releases | {everything:.1f} | {everything / scan:.1f} |")
    states = _by_state()
    small = min(states, key=lambda one: abs(one[1] - 100))
    alone = _timed(lambda: _roll([small[0]]))
    say(
        f"| the same of one state with {small[1]} schools | {alone:.1f} |"
        f" {alone / everything:.3f} of all, for {small[1] / schools:.3f} of the schools |"
    )
    for state, count in (small, max(states, key=lambda one: one[1])):
        one = _after_an_import(state)
        say(f"| one school-year after an import, state with {count} schools | {one:.1f} | {one / everything:.4f} |")
    say(f"Peak memory of the process that rebuilds everything: {peak:.0f} MB.\n")
    say(f"{records.count():,} records of the basis “year”.")
    _counting()


def say(line: str) -> None:
    """One line, at once: a large world takes an hour."""
    print(line, flush=True)


def _timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _run(text: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall()) if cursor.description else []


EVIDENCE = (
    "schools_enrollment",
    "schools_courserecord",
    "schools_assessmentresult",
    "schools_credentialearned",
    "schools_workexperience",
    "schools_diploma",
    "schools_cohortremoval",
    "schools_postsecondaryoutcome",
    "schools_student",
)


def _scan() -> float:
    """Read every row of the evidence once, one after the other, in one process."""
    _run("SET max_parallel_workers_per_gather = 0")
    # A sum over the hash of whole rows would measure the hash: the last column makes the server look into each row.
    seconds = _timed(lambda: [_run(f"SELECT count(t.batch_id), count(*) FROM {table} t") for table in EVIDENCE])
    _run("RESET max_parallel_workers_per_gather")
    return seconds


def _rebuild() -> tuple[float, float]:
    """``manage.py rollup --all`` in a process of its own: seconds from its first to its last pair, megabytes."""
    from goals.models import RollupRun

    environment = os.environ | {"DATABASE_URL": databases.address()}
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "manage.py", "rollup", "--all"], cwd=root, env=environment, check=True, stdout=sys.stderr
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    run = RollupRun.objects.latest("pk")
    assert run.finished_at is not None
    return (run.finished_at - run.started_at).total_seconds(), peak


def _by_state() -> list[tuple[Any, int]]:
    """The states, with how many schools each has."""
    from goals.readiness import rollup
    from schools.models import Organization

    return [
        (state, Organization.objects.filter(kind="school", path__startswith=state.path).count())
        for state in rollup.states()
    ]


def _roll(states: list[Any]) -> None:
    from goals.readiness import rollup

    pairs = [(state, basis, year) for state in states for basis, year in rollup.pairs_of(state)]
    run = rollup.run(pairs, reason="benchmark")
    assert not run.error, run.error


def _after_an_import(state: Any) -> float:
    """An import changed the days of absence of one school in the last full year: until its numbers are there."""
    from django.db.models import Max

    from goals import runs
    from schools.models import Enrollment, EvidenceChange

    last = Enrollment.objects.filter(organization__path__startswith=state.path).aggregate(last=Max("year"))["last"] - 1
    school = (
        Enrollment.objects.filter(organization__path__startswith=state.path, year=last)
        .values_list("organization_id", flat=True)
        .first()
    )
    spells = Enrollment.objects.filter(organization_id=school, year=last)
    students = list(spells.values_list("student_id", flat=True))
    _run("UPDATE schools_enrollment SET days_absent = days_enrolled / 2 WHERE organization_id = %s AND year = %s",
         [school, last])  # fmt: skip
    EvidenceChange.objects.bulk_create(
        [EvidenceChange(organization_id=school, student_id=one, year=last, kind="attendance") for one in students]
    )
    return _timed(runs.sweep)


# --- the counting step ------------------------------------------------------------------------------------------------
def _counting() -> None:
    from goals.models.measure import Basis
    from goals.readiness.computed import computed
    from goals.readiness.derive import GROUPS

    measures = sorted(one.bit for one in computed(Basis.YEAR))
    groups = sorted(GROUPS)
    ways: list[tuple[str, Callable[[list[int], list[int]], Counts]]] = [
        ("ours: binary COPY, matrix product", _ours),
        ("PostgreSQL, GROUPING SETS", _grouping_sets),
        ("DuckDB, loading included", _duckdb),
        ("polars, loading included", _polars),
    ]
    results, times = [], []
    for _name, way in ways:
        began = time.perf_counter()
        results.append(way(groups, measures))
        times.append(time.perf_counter() - began)
    assert all(result == results[0] for result in results[1:]), "they do not agree"
    say(f"Records to cells, {len(groups)} groups × {len(measures)} measures, {len(results[0]):,} cells that are not 0:")
    say("| way | seconds | × ours |")
    say("|---|---:|---:|")
    for (name, _way), seconds in zip(ways, times, strict=True):
        say(f"| {name} | {seconds:.1f} | {seconds / times[0]:.1f} |")


def _ours(groups: list[int], measures: list[int]) -> Counts:
    import numpy as np

    from goals.models.measure import Basis
    from goals.readiness import count, rollup

    found: Counts = {}
    for state in rollup.states():
        for basis, year in rollup.pairs_of(state):
            if basis != Basis.YEAR:
                continue
            records = count.read(state, basis, year)
            for organization, cells in count.count(records, groups, measures).items():
                for g, m in np.argwhere(cells[:, : len(measures), 0] > 0).tolist():
                    denominator, numerator = cells[g, m, :2].tolist()
                    found[organization, year, groups[g], measures[m]] = denominator, numerator
    return found


# Positions count from the left of a bit string.
_BIT = "get_bit({}, {})"


def _grouping_sets(groups: list[int], measures: list[int]) -> Counts:
    """A grouping set for each group's yes or no: whoever is in it is counted, whoever is not is passed over."""
    sums = ", ".join(f"sum({_BIT.format('counted', m)}), sum({_BIT.format('met', m)})" for m in measures)
    columns = ", ".join(f"{_BIT.format('groups', g)} AS g{g}" for g in groups)
    sets = ", ".join(f"(organization_id, year, g{g})" for g in groups)
    marks = ", ".join(f"g{g}" for g in groups)
    rows = _run(
        f"SELECT organization_id, year, {marks}, {sums} FROM (SELECT organization_id, year, counted, met, {columns}"
        f" FROM goals_readinessrecord WHERE basis = 'year') r GROUP BY GROUPING SETS ({sets})"
    )
    found: Counts = {}
    for row in rows:
        organization, year = row[0], row[1]
        inside = [g for g, mark in zip(groups, row[2 : 2 + len(groups)], strict=True) if mark == 1]
        if not inside:
            continue
        _put(found, organization, year, inside[0], measures, row[2 + len(groups) :])
    return found


def _put(found: Counts, organization: int, year: int, group: int, measures: list[int], sums: Any) -> None:
    for at, measure in enumerate(measures):
        if sums[2 * at]:
            found[organization, year, group, measure] = int(sums[2 * at]), int(sums[2 * at + 1])


def _exported() -> bytes:
    """The records as CSV, bits as two whole numbers each: what both others read fastest from this database."""
    from django.db import connection

    halves = ", ".join(
        f"substring({name} from {start} for 32)::bit(32)::bigint AS {name}{at}"
        for name in ("groups", "counted", "met")
        for at, start in enumerate((1, 33))
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY (SELECT organization_id, year, {halves} FROM goals_readinessrecord WHERE basis = 'year')"
            " TO STDOUT (FORMAT CSV, HEADER)"
        ) as copy,
    ):
        return b"".join(bytes(block) for block in copy)


def _shift(position: int) -> tuple[int, int]:
    """Which of the two numbers holds a position, and how far from its right end."""
    assert position < 64
    return position // 32, 31 - position % 32


def _duckdb(groups: list[int], measures: list[int]) -> Counts:
    import tempfile

    import duckdb

    def bit(name: str, position: int) -> str:
        at, right = _shift(position)
        return f"(({name}{at} >> {right}) & 1)"

    sums = ", ".join(f"sum({bit('counted', m)}), sum({bit('met', m)})" for m in measures)
    found: Counts = {}
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, duckdb.connect() as database:
        file.write(_exported())
        file.flush()
        database.execute(f"CREATE TABLE records AS SELECT * FROM read_csv('{file.name}')")
        for g in groups:
            rows = database.execute(
                f"SELECT organization_id, year, {sums} FROM records WHERE {bit('groups', g)} = 1 GROUP BY ALL"
            ).fetchall()
            for row in rows:
                _put(found, row[0], row[1], g, measures, row[2:])
    return found


def _polars(groups: list[int], measures: list[int]) -> Counts:
    import polars as pl

    table = pl.read_csv(io.BytesIO(_exported()))

    def bit(name: str, position: int) -> Any:
        at, right = _shift(position)
        return (pl.col(f"{name}{at}") // (1 << right)) & 1

    table = table.select(
        "organization_id",
        "year",
        *(bit("groups", g).cast(pl.Boolean).alias(f"g{g}") for g in groups),
        *(bit(name, m).cast(pl.Int32).alias(f"{name}-{m}") for m in measures for name in ("counted", "met")),
    )
    summed = [pl.col(f"{name}-{m}").sum() for m in measures for name in ("counted", "met")]
    found: Counts = {}
    for g in groups:
        for row in table.filter(pl.col(f"g{g}")).group_by("organization_id", "year").agg(summed).iter_rows():
            _put(found, row[0], row[1], g, measures, row[2:])
    return found


if __name__ == "__main__":
    main()
