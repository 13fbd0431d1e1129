"""What the demonstration world's schools offer: catalogs, pathways that grew over the years, partners, lists, programs.

Written row by row like the organizations: a few thousand rows at most, whatever the world's size.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django.utils.timezone import get_current_timezone

from pathways.models import (
    Commitment,
    Course,
    CoursePrerequisite,
    CredentialListing,
    CredentialProof,
    CredentialType,
    GraduationRequirement,
    Partner,
    PathwayCourse,
    PathwayCredential,
    PlannedCourse,
    ProgramOfStudy,
    ProgramReview,
    Waiver,
    WorkBasedLearning,
)
from pathways.models import Pathway as PathwayModel
from pathways.programs import EVIDENCE
from schools.models import CredentialEarned, Enrollment, EvidenceCoverage, User

from . import catalog
from .geography import District, School, State
from .people import home
from .world import World

# Districts that keep all of it; in a large world the others begin with an empty page, as a new one does.
MOST_DISTRICTS = 12
PROGRAMS_KEPT = 400
_GROWN = (3, 3, 4, 6, 8)
_CLUSTERS = {
    "51": "Health Science", "48": "Manufacturing", "11": "Information Technology", "47": "Transportation",
    "46": "Architecture", "15": "Science, Technology", "52": "Business", "13": "Education", "01": "Agriculture",
    "12": "Hospitality", "43": "Law",
}  # fmt: skip
_PLACES = {
    "51": ("associate", "nursing and allied health"), "48": ("certificate", "welding"),
    "11": ("associate", "cybersecurity"), "47": ("certificate", "automotive service"),
    "46": ("apprenticeship", "building trades"), "15": ("bachelor", "engineering technology"),
    "52": ("bachelor", "business administration"), "13": ("bachelor", "teacher education"),
    "01": ("associate", "agriculture"), "12": ("certificate", "culinary arts"), "43": ("associate", "criminal justice"),
}  # fmt: skip
_PARTNERS = (
    ("{city} Regional Medical Center", "employer", "Clinical placements for 24 students a year", "51"),
    ("{city} Community and Technical College", "postsecondary", "Credit for the last two courses of a pathway", ""),
    ("Ironworks of {city}", "employer", "Four paid summer apprenticeships and a welding bay", "48"),
    ("{city} Area Chamber of Commerce", "advisory", "Two meetings of the advisory council a year", ""),
)
# Taken off their state's list a year ago: what is earned of them since stands apart.
_OFF_LIST = frozenset({"COMPTIA-ITF", "BQA"})
_NAMES = {
    "CNA": "Certified Nursing Assistant", "CPCT-A": "Certified Patient Care Technician",
    "AWS-SENSE-1": "SENSE Level 1 Entry Welder", "NCCER-CORE": "NCCER Core", "COMPTIA-ITF": "IT Fundamentals",
    "COMPTIA-SEC": "Security+", "ASE-ENTRY-MR": "ASE Entry-Level Maintenance and Light Repair",
    "OSHA-10": "OSHA 10-Hour Construction", "FANUC-CERT": "FANUC Robot Operator", "MSSC-CPT": "Certified Production "
    "Technician", "MOS-EXCEL": "Microsoft Office Specialist: Excel", "ESB": "Entrepreneurship and Small Business",
    "CDA": "Child Development Associate", "PARAPRO": "ParaPro Assessment", "BQA": "Beef Quality Assurance",
    "SERVSAFE-FH": "ServSafe Food Handler", "SERVSAFE-MGR": "ServSafe Manager",
    "911-TELECOM": "Emergency Telecommunicator", "NCCER-ELEC-1": "NCCER Electrical Level 1",
}  # fmt: skip


def load_offered(world: World) -> None:
    """Write lists for every state; catalogs, pathways and partners for the first districts; programs at home."""
    writer = world.writer
    done = 0
    for state in world.states:
        types = _list_of(world, state)
        for district in state.districts:
            if done >= MOST_DISTRICTS:
                break
            done += 1
            courses = _catalog(world, district)
            for school in district.schools:
                if school.high == 12 and school.closes is None:
                    _pathways(world, school, courses, types, _partners(world, school))
    _requirements(world)
    _programs(world)
    _proofs(world)
    world.progress.say(f"{writer.rows.get(PathwayModel._meta.db_table, 0)} pathways")


def _at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(10, 15), get_current_timezone())


def _list_of(world: World, state: State) -> dict[str, int]:
    """The state's list of credentials: the key of each by its code."""
    found: dict[str, int] = {}
    listings = []
    for code, issuer in dict(catalog.CREDENTIALS).items():
        found[code] = world.writer.take(CredentialType, 1)
        world.writer.write_rows(
            CredentialType,
            [{
                "id": found[code], "organization_id": state.pk, "version": 1, "code": code,
                "name": _NAMES.get(code, code), "issuer": issuer,
            }],
        )  # fmt: skip
        last = world.last_year - 2 if code in _OFF_LIST else None
        listings.append({"credential_type_id": found[code], "first_year": world.last_year - 9, "last_year": last})
    world.writer.write_rows(CredentialListing, listings)
    return found


def _catalog(world: World, district: District) -> dict[str, int]:
    """The district's courses, by title; codes are SCED's, with a letter where two courses share one."""
    keys: dict[str, int] = {}
    rows, needs = [], []
    used: set[str] = set()
    for number, course in enumerate(catalog.CATALOG.courses):
        if course.credits == 0 or course.title in keys or course.title.endswith("(Honors)"):
            continue
        code = next(c for c in (course.sced, *(course.sced + letter for letter in "BCDEF")) if c not in used)
        used.add(code)
        keys[course.title] = world.writer.take(Course, 1)
        low, high = _grades(number, course)
        rows.append({
            "id": keys[course.title], "organization_id": district.pk, "version": 1, "code": code,
            "title": course.title, "subject": course.subject if course.subject != "computing" else "computing",
            "level": course.level, "credits": course.credits / 100, "grade_low": low, "grade_high": high,
            "sced_code": course.sced, "state_code": "", "last_year": None,
        })  # fmt: skip
    for pathway in catalog.PATHWAYS:
        titles = [title for _sced, title in pathway.courses]
        needs += [(keys[after], keys[before]) for before, after in pairwise(titles)]
    for columns in (catalog.ENGLISH, catalog.MATH[:3]):
        titles = [catalog.CATALOG.courses[general].title for general, _honors in columns]
        needs += [(keys[after], keys[before]) for before, after in pairwise(titles)]
    world.writer.write_rows(Course, rows)
    world.writer.write_rows(
        CoursePrerequisite, [{"course_id": course, "requires_id": before} for course, before in needs]
    )
    return keys


def _grades(number: int, course: catalog.Course) -> tuple[str, str]:
    """The grades that a course is for, as its place in the catalog says."""
    for column in (*catalog.CORE, ()):
        for year, pair in enumerate(column):
            if number in pair:
                return f"{min(9 + year, 12):02d}", "12"
    for (grade, _column), position in catalog.ADVANCED.items():
        if position == number:
            return f"{grade:02d}", "12"
    for grade, positions in catalog.ELECTIVES.items():
        if number in positions:
            return f"{grade:02d}", "12"
    return "09", "12"


def _partners(world: World, school: School) -> list[tuple[int, str, str]]:
    """Employers, the college and the council: key, what they promised, and the field it is for."""
    found, rows = [], []
    for name, kind, what, family in _PARTNERS:
        key = world.writer.take(Partner, 1)
        rows.append({
            "id": key, "organization_id": school.pk, "version": 1, "name": name.format(city=school.district.city),
            "kind": kind, "contact_name": "", "contact_email": "", "contact_phone": "", "note": "",
        })  # fmt: skip
        found.append((key, what, family))
    world.writer.write_rows(Partner, rows)
    return found


def _pathways(
    world: World, school: School, courses: dict[str, int], types: dict[str, int], partners: list[tuple[int, str, str]]
) -> None:
    """Three pathways five years ago, eight today, and one that is still being designed."""
    rng = world.random("pathways", school.name)
    order = [0, *(1 + int(place) for place in rng.permutation(len(catalog.PATHWAYS) - 1))]
    for place, position in enumerate(order[: _GROWN[-1] + 1]):
        draft = place == _GROWN[-1]
        first = world.last_year
        if not draft:
            first -= len(_GROWN) - 1 - next(year for year, grown in enumerate(_GROWN) if place < grown)
        _pathway(world, school, catalog.PATHWAYS[position], first, courses, types, partners, draft)


def _pathway(
    world: World,
    school: School,
    pathway: catalog.Pathway,
    first: int,
    courses: dict[str, int],
    types: dict[str, int],
    partners: list[tuple[int, str, str]],
    draft: bool,
) -> None:
    key = world.writer.take(PathwayModel, 1)
    family = pathway.cip[:2]
    award, field = _PLACES.get(family, ("", ""))
    world.writer.write_rows(
        PathwayModel,
        [{
            "id": key, "organization_id": school.pk, "version": 1, "name": pathway.name,
            "cluster_id": _cluster(family), "program_id": _program(pathway.cip),
            "first_year": first, "last_year": None,
            "description": f"Students learn {pathway.name[:1].lower()}{pathway.name[1:]} in a sequence of courses, "
            "with time at work in grades 11 and 12.",
            "award": award, "institution": f"{school.district.city} Community and Technical College, {field}",
            "labor_market": "", "status": "draft" if draft else "approved",
            "approved_by_id": None if draft else world.loaders.get(school.district.pk),
            "approved_at": None if draft else _at(dt.date(first - 1, 4, 20)),
        }],
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    titles = [title for _sced, title in pathway.courses]
    for number, title in enumerate(titles[:3] if draft else titles):
        rows.append(_placed(key, courses[title], 9 + number, "pathway", 1))
    for column, columns in enumerate(catalog.CORE):
        for year, (general, _honors) in enumerate(columns[: 4 if column < 2 else 3]):
            title = catalog.CATALOG.courses[general].title
            rows.append(_placed(key, courses[title], 9 + year, "core", column + 1))
    world.writer.write_rows(PathwayCourse, rows)
    world.writer.write_rows(
        PathwayCredential,
        [{"pathway_id": key, "credential_type_id": types[code]} for code, _issuer in pathway.credentials],
    )
    kind = pathway.work if pathway.work in {"clinical", "apprenticeship"} else "internship"
    world.writer.write_rows(
        WorkBasedLearning,
        [
            {"pathway_id": key, "kind": "job_shadowing", "grade": "11", "hours": 12},
            {"pathway_id": key, "kind": kind, "grade": "12", "hours": 80},
        ],
    )
    today = world.today
    # One is due soon, one was due, the others next year.
    renewals = {"51": today + dt.timedelta(days=24), "48": today - dt.timedelta(days=9)}
    world.writer.write_rows(
        Commitment,
        [
            {
                "partner_id": partner, "pathway_id": key, "what": what, "starts": today - dt.timedelta(days=400),
                "renewal": renewals.get(theirs, today + dt.timedelta(days=200)), "ended": None, "version": 1,
            }
            for partner, what, theirs in partners
            if theirs == family
        ],
    )  # fmt: skip
    if draft:
        _waiver(world, school, key)


def _placed(pathway: int, course: int, grade: int, part: str, position: int) -> dict[str, Any]:
    return {
        "pathway_id": pathway, "course_id": course, "grade": f"{grade:02d}", "part": part, "position": position,
    }  # fmt: skip


def _waiver(world: World, school: School, pathway: int) -> None:
    """At the school of the sign-ins, the CTE director has asked for a waiver that nobody has decided."""
    _state, _district, high = home(world)
    asker = User.objects.filter(email__startswith="cte@").values_list("pk", flat=True).first()
    if school is high and asker is not None:
        world.writer.write_rows(
            Waiver,
            [{
                "pathway_id": pathway, "rule": "courses", "proposed_by_id": asker, "decided_by_id": None,
                "proposed_at": _at(world.today - dt.timedelta(days=6)), "decided_at": None, "granted": None,
                "answer": "",
                "reason": "The fourth course is taught at the technology center from next year on; this year’s seniors "
                "take the three courses here and the capstone project with the employer.",
            }],
        )  # fmt: skip


def _cluster(family: str) -> str | None:
    from pathways.models import CareerCluster

    words = _CLUSTERS.get(family, "")
    found = CareerCluster.objects.filter(framework="classic16", title__startswith=words) if words else None
    return found.order_by("code").values_list("code", flat=True).first() if found is not None else None


def _program(cip: str) -> str | None:
    from pathways.models import CipCode

    return CipCode.objects.filter(code=cip).values_list("code", flat=True).first()


def _requirements(world: World) -> None:
    """The first state asks for 24 credits in all; the others keep to the recommended curriculum."""
    world.writer.write_rows(
        GraduationRequirement,
        [{"organization_id": world.states[0].pk, "version": 1, "subject": "total", "credits": 24}],
    )


def _programs(world: World) -> None:
    """Programs of study at the school of the sign-ins: most with a plan, some without a pathway, some overdue."""
    _state, _district, high = home(world)
    adviser = User.objects.filter(email__startswith="counselor@").values_list("pk", flat=True).first()
    pathways = list(
        PathwayModel.objects.filter(organization=high.pk, status="approved").order_by("pk").values_list("pk", flat=True)
    )
    placed: dict[int, list[tuple[int, str]]] = {}
    for pathway, course, grade in PathwayCourse.objects.filter(pathway__in=pathways).values_list(
        "pathway", "course", "grade"
    ):
        placed.setdefault(pathway, []).append((course, grade))
    students = list(
        Enrollment.objects.filter(
            organization=high.pk, year=world.last_year, exited=None, grade__in=["09", "10", "11", "12"]
        )
        .order_by("student")
        .values_list("student", "grade")
        .distinct()[:PROGRAMS_KEPT]
    )
    electives = _electives(high.district)
    rows = [
        _program_rows(world, number, student, grade, high.pk, adviser, pathways, placed, electives)
        for number, (student, grade) in enumerate(dict(students).items())
        if number % 6 != 5
    ]
    world.writer.write_rows(ProgramOfStudy, [row[0] for row in rows])
    world.writer.write_rows(PlannedCourse, [planned for row in rows for planned in row[1]])
    world.writer.write_rows(ProgramReview, [held for row in rows for held in row[2]])
    covered = {
        "id": world.writer.take(EvidenceCoverage, 1), "organization_id": high.pk, "year": world.last_year,
        "kind": EVIDENCE, "through_date": None, "batch_id": None,
    }  # fmt: skip
    world.writer.write_rows(EvidenceCoverage, [covered])


def _electives(district: District) -> list[tuple[int, str]]:
    """The electives that students plan, with their grades."""
    wanted = {
        catalog.CATALOG.courses[position].title: f"{grade:02d}"
        for grade, positions in catalog.ELECTIVES.items()
        for position in positions
    }
    rows = Course.objects.filter(organization=district.pk, title__in=wanted).order_by("pk").values_list("pk", "title")
    return [(key, wanted[title]) for key, title in rows]


def _program_rows(
    world: World,
    number: int,
    student: int,
    grade: str,
    school: int,
    adviser: int | None,
    pathways: list[int],
    placed: dict[int, list[tuple[int, str]]],
    electives: list[tuple[int, str]],
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """A program with its planned courses and reviews; some lack a course of the pathway or the core, or a pathway."""
    key = world.writer.take(ProgramOfStudy, 1)
    pathway = None if number % 9 == 8 or not pathways else pathways[number % len(pathways)]
    program = {
        "id": key, "organization_id": school, "version": 1, "student_id": student, "pathway_id": pathway,
        "adviser_id": adviser if number % 4 else None, "goal": "", "begun": dt.date(world.last_year - 1, 9, 3),
        "ended": None,
    }  # fmt: skip
    plan = sorted(placed.get(pathway or 0, []))
    if number % 7 == 4:
        plan = plan[:-1]
    elif number % 7 == 2:
        # The first are the core's: one of grade 12 is left out.
        plan = [one for one in plan if one != next((left for left in plan if left[1] == "12"), None)]
    plan += [(course, at) for course, at in electives if at >= grade and number % 11]
    planned = [{"program_id": key, "course_id": course, "grade": max(at, grade)} for course, at in plan]
    reviews = []
    if adviser is not None and number % 3:
        held = min(dt.date(world.last_year - 1, 10, 8), world.today)
        reviews.append({
            "program_id": key, "held_on": held, "by_id": adviser, "with_family": number % 2 == 0,
            "note": "Went through the remaining credits and the plan for next year.",
        })  # fmt: skip
    return program, planned, reviews


def _proofs(world: World) -> None:
    """The counselor has seen the proofs of about three in four credentials earned at home."""
    _state, _district, high = home(world)
    seen_by = User.objects.filter(email__startswith="counselor@").values_list("pk", flat=True).first()
    if seen_by is None:
        return
    rows = CredentialEarned.objects.filter(organization=high.pk, passed=True).order_by("pk")
    world.writer.write_rows(
        CredentialProof,
        [
            {
                "student_id": student, "credential_code": code, "earned_on": day, "file_id": None,
                "verified_by_id": seen_by, "verified_at": _at(min(day + dt.timedelta(days=12), world.today)),
                "note": "Certificate seen",
            }
            for student, code, day in _three_in_four(rows.values_list("student", "credential_code", "earned_on"))
        ],
    )  # fmt: skip


def _three_in_four(rows: Any) -> Iterator[tuple[int, str, dt.date]]:
    for number, row in enumerate(rows):
        if number % 4:
            yield row
