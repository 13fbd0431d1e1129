"""Which kind of file it is, with kinds made for the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schools.imports import registry
from schools.imports.detect import detect
from schools.imports.problems import FileRefused
from schools.imports.read.table import Contents
from schools.imports.registry import Layout
from schools.models.imports import Completeness


def contents(*headings: str, name: str = "file.csv", others: dict[str, bytes] | None = None) -> Contents:
    return Contents({name: headings} if headings else {}, others or {})


def layout(code: str, detects: Callable[[Contents], int], **fields: object) -> Layout:
    fields = {"targets": (), **fields}
    return Layout(code, code.title(), "the test", Completeness.ADDS, detects=detects, read=lambda _: None, **fields)  # type: ignore[arg-type]


def having(heading: str, answer: int) -> Callable[[Contents], int]:
    return lambda found: answer if any(heading in headings for headings in found.tables.values()) else 0


@pytest.fixture(autouse=True)
def kinds(monkeypatch) -> None:
    monkeypatch.setattr(registry, "_layouts", {})
    registry.register(
        layout("scores", having("score", 10)),
        layout("ratings", having("rating", 10)),
        layout("rated scores", lambda found: 30 if having("score", 1)(found) and having("rating", 1)(found) else 0),
        layout("levels", having("level", 10)),
        layout("grades", having("level", 10)),
        layout("xml", lambda found: 50 if "Student.xml" in found.others else 0, refuses="Not read yet."),
        layout("roster", having("never", 1), targets=("student", "enrollment"), template=True),
        layout("courses", having("never", 1), targets=("course_record",)),
    )


def test_the_surest_wins() -> None:
    assert detect(contents("id", "score")).code == "scores"
    assert detect(contents("id", "score", "rating")).code == "rated scores"


def test_a_kind_that_was_named_wins_over_a_surer_one() -> None:
    assert detect(contents("id", "score", "rating"), "ratings").code == "ratings"


def test_a_kind_that_was_named_and_does_not_fit_is_refused_with_what_it_looks_like() -> None:
    with pytest.raises(FileRefused, match="does not look like: Ratings") as caught:
        detect(contents("id", "score"), "ratings")
    assert "It looks like: Scores" in caught.value.advice
    with pytest.raises(FileRefused, match="does not look like: Ratings") as caught:
        detect(contents("id", "shoe size"), "ratings")
    assert "id, shoe size" in caught.value.advice


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(FileRefused, match="There is no kind of file nonsense") as caught:
        detect(contents("id", "score"), "nonsense")
    assert "scores" in caught.value.advice


def test_nothing_matches() -> None:
    with pytest.raises(FileRefused) as caught:
        detect(contents(*(f"h{n}" for n in range(20))))
    assert "h0, h1" in caught.value.text
    assert "h11" in caught.value.text
    assert "h12" not in caught.value.text
    assert "template" in caught.value.advice
    assert "closest" not in caught.value.advice


def test_the_closest_kind_is_named_by_its_columns() -> None:
    with pytest.raises(FileRefused) as caught:
        detect(contents("First Name", "LAST_NAME", "Birth date", "shoe size"))
    assert "The closest is: Roster." in caught.value.advice
    with pytest.raises(FileRefused) as caught:
        detect(contents("Course Code", "Section", "Term", "Mark"))
    assert "The closest is: Courses." in caught.value.advice


def test_a_tie_is_for_the_person_to_decide() -> None:
    with pytest.raises(FileRefused, match="several kinds: Grades, Levels") as caught:
        detect(contents("id", "level"))
    assert "Choose the kind" in caught.value.advice
    assert detect(contents("id", "level"), "grades").code == "grades"


def test_a_kind_that_is_recognized_and_not_read_yet() -> None:
    found = contents(others={"Student.xml": b"<InterchangeStudent>"})
    for kind in (None, "xml"):
        with pytest.raises(FileRefused, match="Not read yet"):
            detect(found, kind)


def test_no_table_at_all() -> None:
    with pytest.raises(FileRefused, match=r"it holds: a\.xml, b\.xml"):
        detect(contents(others={"b.xml": b"<b/>", "a.xml": b"<a/>"}))


def test_a_directory_is_called_one_and_where_it_is_loaded_is_said() -> None:
    headings = ("sch_id", "dist_name", "coop", "long", "lat", "year", "enroll")
    with pytest.raises(FileRefused, match="directory of schools or districts: Kentucky") as caught:
        detect(contents(*headings))
    assert "import_directory" in caught.value.advice
