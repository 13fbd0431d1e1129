"""What holds for every import, whatever the files: undo is the identity, order does not matter, twice is once."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schools.models.imports import Completeness
from tests.factories import make_world
from tests.schools.imports.engine import everything, load, undone

pytestmark = pytest.mark.django_db

SPELL = st.fixed_dictionaries(
    {
        "number": st.sampled_from("ABCDEF"),
        "school": st.sampled_from(["ridge", "valley"]),
        "grade": st.sampled_from(["09", "10"]),
        "entered": st.sampled_from(["2025-08-12", "2025-09-01", "2026-01-05"]),
        "english_learner": st.sampled_from(["true", "false", None]),
    }
)
COURSE = st.fixed_dictionaries(
    {
        "number": st.sampled_from("ABCDEF"),
        "school": st.sampled_from(["ridge", "valley"]),
        "course_code": st.sampled_from(["M1", "E1"]),
        "credits_earned": st.sampled_from(["0.00", "0.50", "1.00"]),
    }
)
FILE = st.fixed_dictionaries({"spells": st.lists(SPELL, max_size=8), "courses": st.lists(COURSE, max_size=8)})
often = pytest.mark.parametrize("examples", [10, pytest.param(150, marks=pytest.mark.long)])


def quiet(examples: int) -> settings:
    """So many examples; staging tables are made and dropped in each, so none is quick."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextlib.contextmanager
def rolled_back() -> Iterator[None]:
    """One example in a transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows(world: Any, file: dict[str, Any], *, shuffle: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """A file of students A to F: names from the letter, so that only what varies can differ."""
    letters = sorted({one["number"] for one in (*file["spells"], *file["courses"])} | {"A"})
    made: dict[str, list[dict[str, Any]]] = {
        "student": [{"local_number": n, "first_name": n, "last_name": n} for n in letters],
        "enrollment": [
            {
                "local_number": one["number"],
                "organization_id": getattr(world, one["school"]).pk,
                "grade": one["grade"],
                "entered": one["entered"],
                "english_learner": one["english_learner"],
                "exited": None,
            }
            for one in file["spells"]
        ],
        "course_record": [
            {
                "local_number": one["number"],
                "organization_id": getattr(world, one["school"]).pk,
                "course_code": one["course_code"],
                "title": one["course_code"],
                "credits_attempted": "1.00",
                "credits_earned": one["credits_earned"],
            }
            for one in file["courses"]
        ],
    }
    made = {code: records for code, records in made.items() if records}
    if shuffle is not None:
        for records in made.values():
            random.Random(shuffle).shuffle(records)
    return made


@often
def test_apply_then_undo_is_the_identity(examples: int) -> None:
    world = make_world()

    @quiet(examples)
    @given(first=FILE, second=FILE, completeness=st.sampled_from(list(Completeness)))
    def check(first: dict[str, Any], second: dict[str, Any], completeness: Completeness) -> None:
        with rolled_back():
            load(world.cahaba, rows(world, first), Completeness.REPLACES)
            before = everything()
            undone(load(world.cahaba, rows(world, second), completeness))
            assert everything() == before

    check()


@often
def test_a_shuffled_file_gives_the_same_database(examples: int) -> None:
    """Keys and lines aside: a sequence hands out keys in the order in which rows come."""
    world = make_world()
    without = ["id", "line", "batch_id", "student_id", "public_id"]

    @quiet(examples)
    @given(first=FILE, second=FILE, seed=st.integers(0, 10_000))
    def check(first: dict[str, Any], second: dict[str, Any], seed: int) -> None:
        seen = []
        for shuffle in (None, seed):
            with rolled_back():
                load(world.cahaba, rows(world, first, shuffle=shuffle), Completeness.REPLACES)
                load(world.cahaba, rows(world, second, shuffle=shuffle), Completeness.REPLACES)
                seen.append(everything(without=without))
        assert seen[0] == seen[1]

    check()


@often
def test_importing_twice_equals_once(examples: int) -> None:
    world = make_world()

    @quiet(examples)
    @given(file=FILE, completeness=st.sampled_from(list(Completeness)))
    def check(file: dict[str, Any], completeness: Completeness) -> None:
        with rolled_back():
            load(world.cahaba, rows(world, file), completeness)
            before = everything()
            again = load(world.cahaba, rows(world, file), completeness)
            after = everything()
            assert {(c["new"], c["changed"], c["gone"]) for c in again.counts.values()} == {(0, 0, 0)}
            # Which import last covered a kind of evidence is the log's to say.
            before.pop("schools_evidencecoverage")
            after.pop("schools_evidencecoverage")
            assert after == before

    check()


@often
def test_a_delta_after_a_bulk_equals_the_bulk_of_the_result(examples: int) -> None:
    world = make_world()
    without = ["id", "line", "batch_id", "student_id", "public_id"]
    course = st.fixed_dictionaries({"credits_earned": st.sampled_from(["0.00", "0.50", "1.00"])})
    name = st.tuples(st.sampled_from("ABC"), st.sampled_from(["M1", "E1", "S1"]))

    @quiet(examples)
    @given(bulk=st.dictionaries(name, course, min_size=1), delta=st.dictionaries(name, course | st.none(), min_size=1))
    def check(bulk: dict[Any, Any], delta: dict[Any, Any]) -> None:
        result = {key: value for key, value in {**bulk, **delta}.items() if value is not None}
        if not result:
            return
        everybody = {
            "student": [{"local_number": n, "first_name": n, "last_name": n} for n in "ABC"],
            "enrollment": [
                {"local_number": n, "organization_id": world.ridge.pk, "grade": "09", "entered": "2025-08-12"}
                for n in "ABC"
            ],
        }

        def courses(records: dict[Any, Any], *, deleted: bool = False) -> dict[str, list[dict[str, Any]]]:
            return {
                "course_record": [
                    {
                        "local_number": number,
                        "organization_id": world.ridge.pk,
                        "course_code": code,
                        "title": code,
                        "credits_attempted": "1.00",
                        "credits_earned": (value or {"credits_earned": "0.00"})["credits_earned"],
                        **({"deleted": "true" if value is None else "false"} if deleted else {}),
                    }
                    for (number, code), value in records.items()
                ]
            }

        seen = []
        for steps in (
            [(courses(bulk), Completeness.REPLACES), (courses(delta, deleted=True), Completeness.ADDS)],
            [(courses(bulk), Completeness.REPLACES), (courses(result), Completeness.REPLACES)],
            [(courses(result), Completeness.REPLACES)],
        ):
            with rolled_back():
                load(world.cahaba, everybody, Completeness.REPLACES)
                for file, completeness in steps:
                    load(world.cahaba, file, completeness)
                found = everything(without=without)
                found.pop("schools_evidencecoverage")
                seen.append(found)
        assert seen[0] == seen[1] == seen[2]

    check()
