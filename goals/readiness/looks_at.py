"""What a figure rests on: which kinds of evidence, of which school years, must be loaded before anybody is counted.

This is the only place that says so. ``derive`` counts nobody where something is lacking, ``goals.figures`` names what
is lacking, ``goals.measure_page`` shows the files behind a number.

Decisions, and why:

- On the basis of a year only that year is looked at: a district that has loaded one year sees its first figures. Two
  checkpoints add up credits over earlier years and need those (:data:`SO_FAR`).
- What a student may have done in any of four years of high school (courses, credentials, work-based learning, AP and
  IB exams) must be loaded for all four: with one of them a graduate who passed in another counts as not having
  passed, and the first years of a district come out too low. Admission and placement tests are taken in grades 11
  and 12 as a rule, so two years are enough for them; a score from before would rarely be the best.
- Kinds that many a school has nothing of in a year (:data:`RARE`) come in files that list events. A file that adds
  covers the schools it names, so a school without any would never be covered four years in a row. For those the file
  of another school of the district is enough, as long as the school is in one of the years' files itself.
- Where only those who have a result are counted (state tests), a year that is lacking makes fewer counted, not more of
  them failing: one of the years is enough.
- Enrollment and diplomas are those of the year that the basis names; extended rates and placements look ahead. Who was
  in the class is known from when students first entered grade 9, which rosters say of every student. Students who left
  before a district's first roster are not in its first classes: the explanation of a figure says so
  (:func:`without_roster`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils.translation import gettext as _

from goals.models.measure import Basis
from hstw.values import SchoolYear
from schools.imports import coverage
from schools.models import Organization
from schools.models.organization import Kind

# Any test of a state; without it named, tests that are of no state (exact names, and what names begin with).
STATE_TEST = "assessment"
NOT_OF_A_STATE = ("ACT", "SAT", "AP", "IB", "ASVAB", "MAP Growth", "WorkKeys")
NOT_OF_A_STATE_PREFIXES = ("PreACT", "PSAT")
# “or”, within a kind that a measure asks for: one of several tests.
EITHER = "|"

# School years that a life is looked back over, that of the basis included; other tests as courses.
LOOK_BACK = {
    "courses": 4,
    "credentials": 4,
    "work_experience": 4,
    "assessment:ACT": 2,
    "assessment:SAT": 2,
    "assessment:WorkKeys": 2,
    "assessment:ASVAB": 2,
}
_TESTS_BACK = 4
# On the basis of a year: by measure and kind, over how many years it adds up.
SO_FAR = {("ON_TRACK_10", "courses"): 2, ("ON_TRACK_11", "courses"): 3}
RARE = frozenset(
    {"credentials", "work_experience", "assessment:AP", "assessment:IB", "assessment:SAT", "assessment:ASVAB"}
)
# How far before and after its year a figure can look.
BACK, AHEAD = 3, 7


@dataclass(frozen=True)
class Look:
    """One kind of evidence, as a measure names it, and the years of it: every one of them, or any one is enough."""

    kind: str
    years: tuple[int, ...]
    every: bool = True


@dataclass
class Known:
    """What is loaded for an organization: (kind, year), its own and, for a school, its district's schools' as well."""

    own: set[tuple[str, int]] = field(default_factory=set)
    near: set[tuple[str, int]] = field(default_factory=set)

    def __contains__(self, asked: tuple[str, int]) -> bool:
        return asked in self.own


NOTHING = Known()


def looks(code: str, basis: str, evidence: Iterable[str], year: int, after: int = 0) -> tuple[Look, ...]:
    """What the figure of a measure and year looks at; ``after`` as in :class:`~goals.readiness.computed.Computed`."""
    return tuple(_look(code, basis, kind, year, after) for kind in evidence)


def _look(code: str, basis: str, kind: str, year: int, after: int) -> Look:
    if kind == "postsecondary":
        # What began in the summer is of the year itself, what began in fall of the next. A credential years later is
        # found by a file of those years, whatever it says of the years before.
        first, last = (year, year + 1) if after <= 1 else (year + after - 2, year + after)
        return Look(kind, tuple(range(first, last + 1)), every=False)
    if basis == Basis.YEAR or kind == "enrollment":
        back = SO_FAR.get((code, kind), 1)
        return Look(kind, tuple(range(year - back + 1, year + 1)))
    if kind == "diplomas":
        return Look(kind, tuple(range(year, year + after + 1)))
    if kind == STATE_TEST:
        return Look(kind, tuple(range(year - BACK, year + 1)), every=False)
    back = max(_back(one) for one in kind.split(EITHER))
    return Look(kind, tuple(range(year - back + 1, year + 1)))


def _back(kind: str) -> int:
    return LOOK_BACK.get(kind, _TESTS_BACK if kind.startswith("assessment:") else 1)


def is_looked_back_at(kind: str) -> bool:
    """Whether a kind of coverage of one year decides who is counted in later ones."""
    return _back(kind) > 1


def is_state_test(test: str) -> bool:
    """Whether a test is one of a state, by its name."""
    return test not in NOT_OF_A_STATE and not test.startswith(NOT_OF_A_STATE_PREFIXES)


def names(asked: str, kind: str) -> bool:
    """Whether a kind of coverage is one that a measure asks for."""
    if asked == STATE_TEST:
        return kind.startswith("assessment:") and is_state_test(kind.removeprefix("assessment:"))
    return kind in asked.split(EITHER)


def missing(look: Look, known: Known) -> tuple[int, ...]:
    """The years that are looked at and not loaded; empty where enough is."""
    own = [year for year in look.years if _has(look.kind, year, known.own)]
    if not look.every:
        return () if own else look.years
    lacking = [year for year in look.years if year not in own]
    if own and lacking and RARE.issuperset(look.kind.split(EITHER)):
        lacking = [year for year in lacking if not _has(look.kind, year, known.near)]
    return tuple(lacking)


def _has(asked: str, year: int, loaded: set[tuple[str, int]]) -> bool:
    if asked == STATE_TEST:
        return any(of == year and names(asked, kind) for kind, of in loaded)
    return any((kind, year) in loaded for kind in asked.split(EITHER))


# --- in words --------------------------------------------------------------------------------------------------------
def label(kind: str) -> str:
    """A kind of evidence that a measure asks for, in words."""
    if kind == STATE_TEST:
        return _("State tests")
    return _(" or ").join(coverage.label(one) for one in kind.split(EITHER))


def said(look: Look, lacking: Sequence[int], year: int) -> str:
    """What is lacking, in words; with its years where they are not just the figure's own."""
    if not look.every or list(lacking) == [year]:
        return label(look.kind)
    spans = " ".join(_spans(lacking))
    return _("%(kind)s %(years)s") % {"kind": label(look.kind), "years": spans}


def without_roster(loaded: Iterable[int], year: int) -> str:
    """Of the years before the last of a class's four, those without a roster, in words; empty where none lacks one."""
    lacking = sorted(set(range(year - BACK, year)) - set(loaded))
    return " ".join(_spans(lacking)) if lacking else ""


def _spans(years: Sequence[int]) -> Iterator[str]:
    """Runs of years: “2021–22 to 2023–24”."""
    start = before = years[0]
    for year in [*years[1:], None]:
        if year is not None and year == before + 1:
            before = year
            continue
        first, last = SchoolYear(start).label, SchoolYear(before).label
        comma = "" if year is None else ","
        yield (first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}) + comma
        if year is not None:
            start = before = year


# --- what is loaded --------------------------------------------------------------------------------------------------
def known(organizations: Sequence[Organization], first: int, last: int) -> dict[int, Known]:
    """By organization: what is loaded for it, above it, or (above the school) below it, in some years; one query.

    What is loaded for members of a cooperative, at any time, is loaded for the cooperative.
    """
    if not organizations:
        return {}
    step = Organization.steplen
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH asked AS (SELECT id, path, kind FROM schools_organization WHERE id = ANY(%(ids)s)"
            "   UNION SELECT id, path, kind FROM schools_organization WHERE path = ANY(%(districts)s)"
            "   AND kind = 'district'),"
            " seen AS (SELECT k.id, a.id AS source FROM asked k"
            "   CROSS JOIN generate_series(%(state)s, length(k.path), %(step)s) n"
            "   JOIN schools_organization a ON a.path = left(k.path, n)"
            "   UNION SELECT k.id, a.id FROM asked k JOIN schools_organization a ON starts_with(a.path, k.path)"
            "   WHERE k.kind <> 'school'"
            "   UNION SELECT k.id, a.id FROM asked k JOIN schools_cooperativemember m ON m.cooperative_id = k.id"
            "   JOIN schools_organization p ON p.id = m.member_id"
            "   JOIN schools_organization a ON starts_with(a.path, p.path))"
            " SELECT DISTINCT k.path, k.kind, c.kind, c.year FROM seen s JOIN asked k ON k.id = s.id"
            " JOIN schools_evidencecoverage c ON c.organization_id = s.source"
            " WHERE c.year BETWEEN %(first)s AND %(last)s",
            {
                "ids": [one.pk for one in organizations],
                "districts": [one.path[:-step] for one in organizations if one.kind == Kind.SCHOOL],
                "state": 2 * step,
                "step": step,
                "first": first,
                "last": last,
            },
        )
        by_path: dict[str, set[tuple[str, int]]] = {}
        districts = set()
        for path, kind_of, kind, year in cursor.fetchall():
            by_path.setdefault(path, set()).add((kind, year))
            if kind_of == Kind.DISTRICT:
                districts.add(path)
    return {
        one.pk: Known(
            by_path.get(one.path, set()), by_path[above] if (above := one.path[:-step]) in districts else set()
        )
        for one in organizations
    }
