"""Writes the students of the demonstration world and all their evidence, cluster by cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from schools.models import Student, StudentIdentifier

from .bulk import indexed_afterwards
from .copying import Choice, Numbers, Raw, Table, dates, texts
from .evidence import Sheet, courses, diplomas, enrollments, keep, outcomes, removals
from .exams import Season, Tests, credentials, work
from .geography import School, State
from .imports import EARLIER_CLASSES, LOOKED_BACK
from .names import FEMALE, LAST, MALE
from .population import Cluster, Ints, populate
from .sheets import EVIDENCE, write_sheets
from .simulate import Simulation
from .world import World

SCHOOLS_PER_CLUSTER = 12
_MIDDLE = (*(chr(letter) for letter in range(ord("A"), ord("X"))), "")
_FIRST_NAMES = texts([*FEMALE, *MALE])
_LAST_NAMES = texts(LAST)
_MIDDLE_NAMES = texts(_MIDDLE)
# Numbers are scattered by multiplication in a prime field: unique, and without the order of entry.
_STATE_PRIME, _STATE_FACTOR, _STATE_DIGITS = 9_999_999_967, 387_420_489, 10
_LOCAL_PRIME, _LOCAL_FACTOR, _LOCAL_DIGITS = 9_999_991, 48_271, 7

Sheets = dict[str, list[Sheet]]


def clusters(state: State) -> Iterator[list[School]]:
    """Neighboring districts, together about a dozen schools."""
    schools: list[School] = []
    for position, district in enumerate(state.districts):
        schools.extend(district.schools)
        rest = sum(len(other.schools) for other in state.districts[position + 1 :])
        if len(schools) >= SCHOOLS_PER_CLUSTER and rest >= SCHOOLS_PER_CLUSTER // 2:
            yield schools
            schools = []
    if schools:
        yield schools


def load_students(world: World) -> None:
    """Simulate and write every cluster in turn; one cluster is in memory at a time."""
    every = [(state, schools) for state in world.states for schools in clusters(state)]
    total = sum(len(schools) for _state, schools in every)
    done = 0
    world.progress.restart()
    before = world.writer.total
    with indexed_afterwards((Student, StudentIdentifier, *EVIDENCE)):
        for number, (state, schools) in enumerate(every):
            _load_cluster(world, Cluster(state, schools), world.random("students", number))
            done += len(schools)
            world.progress.report("Students, by school", done, total, world.writer.total - before)
        world.progress.say("Indexes and foreign keys …")


def _load_cluster(world: World, cluster: Cluster, rng: np.random.Generator) -> None:
    people = populate(rng, cluster, world.first_year, world.last_year)
    simulation = Simulation(rng, cluster, people, world.first_year, world.last_year)
    tests = Tests(cluster.state.postal)
    sheets = _live(world, simulation, tests)
    everybody = {name: _stack(parts) for name, parts in sheets.items()}
    pk = _write_students(world, cluster, simulation, everybody["enrollments"])
    write_sheets(world, cluster, tests, everybody, pk)


def _live(world: World, simulation: Simulation, tests: Tests) -> Sheets:
    """Simulate, and note the evidence: all of it in measured years, before them only that of high school.

    History is kept of those whose class is recent, or who are still enrolled in a measured year: what they did in
    their four years is known.
    """
    rng, people, cluster = simulation.rng, simulation.people, simulation.cluster
    today = np.datetime64(world.today)
    sheets: Sheets = defaultdict(list)
    for frame in simulation.years():
        measured = frame.year >= world.first_year
        sheets["enrollments"].append(_thin(enrollments(frame, people, today), measured))
        sheets["removals"].append(removals(frame, today))
        sheets["diplomas"].append(diplomas(rng, frame, people, today))
        sheets["outcomes"].append(outcomes(rng, frame, today))
        if frame.year < world.first_year - LOOKED_BACK:
            continue
        if not measured:
            frame = frame.of(frame.grade >= 9)
        taken, core = courses(rng, frame, cluster, people, today)
        sheets["courses"].append(taken)
        for kind, sheet in Season(rng, frame, core, tests, today).sittings():
            sheets[kind].append(sheet)
        sheets["credentials"].append(credentials(rng, frame, cluster, people, today))
        sheets["work"].append(work(rng, frame, cluster, today))
    return sheets


def _thin(sheet: Sheet, measured: bool) -> Sheet:
    """Of the years before the measured ones only high school is kept."""
    return sheet if measured else keep(sheet, sheet["grade"] >= 9)


def _stack(parts: list[Sheet]) -> Sheet:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _write_students(world: World, cluster: Cluster, simulation: Simulation, enrolled: Sheet) -> Ints:
    """Write those who matter, with their numbers; the primary key by position, 0 for all others."""
    people = simulation.people
    kept = np.zeros(len(people), np.bool_)
    kept[enrolled["student"][enrolled["year"] >= world.first_year]] = True
    recent_class = simulation.grade_9_year + 3 >= world.first_year - EARLIER_CLASSES
    kept[enrolled["student"][recent_class[enrolled["student"]]]] = True
    who = np.flatnonzero(kept)
    first = world.writer.take(Student, len(who))
    pk = np.zeros(len(people), np.int64)
    pk[who] = np.arange(first, first + len(who))
    rng = world.random("names", first)
    ninth = simulation.grade_9_year[who]
    female = people.female[who]
    first_name = np.where(
        female, rng.integers(0, len(FEMALE), len(who)), len(FEMALE) + rng.integers(0, len(MALE), len(who))
    )
    born = people.born[who]
    world.writer.write_columns(
        Student,
        {
            "id": Numbers(pk[who]),
            "public_id": Raw(_uuids(rng, len(who))),
            "first_name": Choice(_FIRST_NAMES, first_name),
            "middle_name": Choice(_MIDDLE_NAMES, rng.integers(0, len(_MIDDLE), len(who))),
            "last_name": Choice(_LAST_NAMES, rng.integers(0, len(LAST), len(who))),
            "birth_date": dates(born),
            "grade_9_year": Numbers(ninth, 2, (ninth == 0) | (ninth > world.last_year)),
        },
    )
    _write_identifiers(world, cluster, enrolled, pk)
    return pk


def _uuids(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random (version 4) UUIDs as bytes."""
    values = rng.integers(0, 256, (count, 16), np.uint8)
    values[:, 6] = values[:, 6] & 0x0F | 0x40
    values[:, 8] = values[:, 8] & 0x3F | 0x80
    return values


def _digits(numbers: Ints, width: int) -> np.ndarray:
    """Numbers as text with leading zeros, one byte per digit."""
    return (numbers[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10 + ord("0")).astype(np.uint8)


def _write_identifiers(world: World, cluster: Cluster, enrolled: Sheet, pk: Ints) -> None:
    """One state number for good; one local number per district and stay there."""
    rows = np.flatnonzero(pk[enrolled["student"]] > 0)
    order = rows[np.lexsort((enrolled["entered"][rows], enrolled["student"][rows]))]
    student, district = enrolled["student"][order], cluster.district_of[enrolled["school"][order]]
    new_student = np.r_[True, student[1:] != student[:-1]]
    begins = new_student | np.r_[True, district[1:] != district[:-1]]
    start, last = np.flatnonzero(begins), np.r_[np.flatnonzero(begins)[1:] - 1, len(order) - 1]
    first, final = np.flatnonzero(new_student), np.r_[new_student[1:], True]

    # A stay goes on where the student was not seen leaving: in class today, or expected back after summer.
    exited, code = enrolled["exited"][order], enrolled["exit_code"][order]
    recent = (enrolled["year"][order] == world.last_year) & (code <= 1)
    ends = np.where(final[last] & recent[last], np.datetime64("NaT"), exited[last])
    _write_numbers(world, cluster.state.pk, pk[student[first]], enrolled["entered"][order[first]])
    keys = pk[student[start]]
    _insert_identifiers(
        world,
        keys,
        "local",
        cluster.district_pk[district[start]],
        Raw(_digits(keys * _LOCAL_FACTOR % _LOCAL_PRIME, _LOCAL_DIGITS)),
        enrolled["entered"][order[start]],
        ends,
    )


def _write_numbers(world: World, state: int, keys: Ints, starts: np.ndarray) -> None:
    values = Raw(_digits(keys * _STATE_FACTOR % _STATE_PRIME, _STATE_DIGITS))
    never = np.full(len(keys), np.datetime64("NaT"), "datetime64[D]")
    _insert_identifiers(world, keys, "state", np.full(len(keys), state), values, starts, never)


def _insert_identifiers(
    world: World, keys: Ints, system: str, places: Ints, values: Raw, starts: np.ndarray, ends: np.ndarray
) -> None:
    world.writer.write_columns(
        StudentIdentifier,
        {
            "student_id": Numbers(keys),
            "system": Choice(Table([system.encode()]), np.zeros(len(keys), np.int64)),
            "organization_id": Numbers(places),
            "value": values,
            "starts": dates(starts),
            "ends": dates(ends),
        },
    )
