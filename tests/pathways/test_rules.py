"""What makes a pathway complete: each expectation worked out by hand from SREB's sentence and the recommended core."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pathways import rules
from pathways.rules import Planned

CORE = (("ela", 4), ("math", 4), ("science", 3), ("social_studies", 3))


def own(n: int, **fields: object) -> list[Planned]:
    """So many pathway courses, one a grade."""
    return [
        Planned(100 + i, f"Pathway {i}", f"{9 + i % 4:02d}", "pathway", **fields)  # type: ignore[arg-type]
        for i in range(n)
    ]


def core() -> list[Planned]:
    """English 4, mathematics 4, science 3, social studies 3."""
    return [
        Planned(200 + 10 * place + i, f"{subject} {i}", f"{9 + i:02d}", "core", subject=subject)
        for place, (subject, n) in enumerate(CORE)
        for i in range(n)
    ]


def finding(courses: list[Planned], rule: str, **options: object) -> rules.Finding:
    """What one rule says."""
    return next(one for one in rules.check(courses, **options) if one.rule == rule)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "sentence"),
    [
        (0, "Needs 4 more courses, or 3 AC/AP/IB courses in STEM or the humanities."),
        (2, "Needs 2 more courses, or 3 AC/AP/IB courses in STEM or the humanities."),
        (3, "Needs 1 more course, or 3 AC/AP/IB courses in STEM or the humanities."),
    ],
)
def test_too_few_courses_say_how_many_are_missing(n: int, sentence: str) -> None:
    found = finding(own(n), "courses")
    assert not found.holds
    assert found.sentence == sentence


def test_four_pathway_courses_are_enough() -> None:
    assert finding(own(4), "courses").holds


@pytest.mark.parametrize(
    ("level", "subject", "holds"),
    [
        ("ap", "math", True),
        ("ib", "social_studies", True),
        # Advanced Career courses are STEM courses, whatever subject the catalog says.
        ("ac", "cte", True),
        ("ap", "pe", False),
        ("dual", "math", False),
        ("honors", "science", False),
    ],
)
def test_three_ac_ap_ib_courses_are_enough(level: str, subject: str, holds: bool) -> None:
    assert finding(own(3, level=level, subject=subject), "courses").holds is holds


def test_advanced_courses_of_both_fields_do_not_add_up() -> None:
    courses = [*own(2, level="ap", subject="math"), Planned(300, "AP Literature", "12", "pathway", 1, "ela", "ap")]
    found = finding(courses, "courses")
    assert not found.holds
    assert found.sentence == "Needs 1 more course, or 1 more AC/AP/IB course in STEM."


def test_advanced_courses_of_the_core_are_not_the_pathways() -> None:
    courses = [Planned(400 + i, f"AP {i}", "11", "core", i, "science", "ap") for i in range(3)]
    assert not finding(courses, "courses").holds


def test_the_recommended_core_is_complete() -> None:
    assert finding(core(), "core").holds


def test_the_core_says_what_is_missing_in_credits() -> None:
    courses = [course for course in core() if course.title not in {"math 3", "science 2"}]
    found = finding(courses, "core")
    assert not found.holds
    assert found.sentence == "Needs 2 more credits of core courses."
    assert found.details == ("1 of Mathematics", "1 of Science")


def test_half_credits_count_as_halves() -> None:
    courses = [course for course in core() if course.title != "ela 3"]
    courses.append(Planned(500, "Speech", "12", "core", 1, "ela", credits=Decimal("0.5")))
    found = finding(courses, "core")
    assert found.sentence == "Needs 0.5 more credits of core courses."


def test_a_pathway_course_counts_in_the_core_by_its_subject() -> None:
    courses = [course for course in core() if course.title != "science 2"]
    courses.append(Planned(501, "AP Biology", "11", "pathway", 1, "science", "ap"))
    assert finding(courses, "core").holds


def chain(first: str, second: str, **fields: object) -> list[Planned]:
    """Welding I in one grade, Welding II, which needs it, in another."""
    one = Planned(1, "Welding I", first, "pathway", 1, **fields)  # type: ignore[arg-type]
    two = Planned(2, "Welding II", second, "pathway", 2, requires=((1, "Welding I"),), **fields)  # type: ignore[arg-type]
    return [one, two]


def test_prerequisites_stand_in_an_earlier_grade() -> None:
    assert finding(chain("09", "10"), "order").holds
    late = finding(chain("11", "10"), "order")
    assert late.details == ("Welding II needs Welding I first, which stands in grade 11, not before it.",)
    assert not finding(chain("10", "10"), "order").holds


def test_a_semester_can_follow_another_in_the_same_grade() -> None:
    assert finding(chain("10", "10", credits=Decimal("0.5")), "order").holds
    backwards = [
        Planned(1, "A", "10", "pathway", 2, credits=Decimal("0.5")),
        Planned(2, "B", "10", "pathway", 1, credits=Decimal("0.5"), requires=((1, "A"),)),
    ]
    assert not finding(backwards, "order").holds


def test_a_prerequisite_that_is_not_there_is_named() -> None:
    found = finding(chain("09", "10")[1:], "order")
    assert found.details == ("Welding II needs Welding I first, which is not in this pathway.",)


def test_a_pathway_is_complete_when_all_hold_or_are_waived() -> None:
    assert rules.complete(rules.check([*own(4), *core()]))
    three = [*own(3), *core()]
    assert not rules.complete(rules.check(three))
    waived = rules.check(three, frozenset({"courses"}))
    assert rules.complete(waived)
    # A waiver does not make the rule hold: the page says both.
    assert not waived[0].holds
    assert waived[0].waived
