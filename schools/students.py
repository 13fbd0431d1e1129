"""The students of an organization in a school year, by name: searched, narrowed, each with what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from schools.models import Enrollment, Organization, Student, StudentIdentifier, User
from schools.models.organization import Grade, lineage
from schools.models.student import IdentifierSystem, StudentQuerySet


@dataclass(frozen=True)
class Row:
    """One student of a list."""

    student: Student
    grades: str
    schools: str
    state_number: str
    local_number: str


def enrolled(user: User, organization: Organization, year: int, *, text: str = "", grade: str = "") -> StudentQuerySet:
    """Students enrolled at any time of the year at or below ``organization``, whom ``user`` may see by name.

    Every word of ``text`` must begin one of the names, or a number.
    """
    spells = Enrollment.objects.filter(organization__path__startswith=organization.path, year=year)
    if grade:
        spells = spells.filter(grade=grade)
    found = Student.objects.visible_to(user).filter(pk__in=spells.values("student"))
    for word in text.replace(",", " ").split()[:6]:
        numbered = StudentIdentifier.objects.filter(value__istartswith=word)
        found = found.filter(
            Q(last_name__istartswith=word)
            | Q(first_name__istartswith=word)
            | Q(middle_name__istartswith=word)
            | Q(last_name__icontains=f" {word}")
            | Q(last_name__icontains=f"-{word}")
            | Q(pk__in=numbered.values("student"))
        )
    return found


def rows(students: Iterable[Student], organization: Organization, year: int) -> list[Row]:
    """What a list shows of each student; two queries however many."""
    page = list(students)
    spells: dict[int, list[Enrollment]] = {}
    for spell in (
        Enrollment.objects.filter(student__in=page, organization__path__startswith=organization.path, year=year)
        .select_related("organization")
        .order_by("entered", "pk")
    ):
        spells.setdefault(spell.student_id, []).append(spell)
    known: dict[tuple[int, str], str] = {}
    for number in StudentIdentifier.objects.filter(
        Q(organization__path__in=lineage(organization.path)) | Q(organization__path__startswith=organization.path),
        student__in=page,
        ends=None,
    ).order_by("starts", "pk"):
        known[number.student_id, number.system] = number.value
    return [
        Row(
            student,
            ", ".join(dict.fromkeys(str(Grade(spell.grade).label) for spell in spells.get(student.pk, []))),
            ", ".join(dict.fromkeys(spell.organization.name for spell in spells.get(student.pk, []))),
            known.get((student.pk, IdentifierSystem.STATE), ""),
            known.get((student.pk, IdentifierSystem.LOCAL), ""),
        )
        for student in page
    ]


def grades_of(organization: Organization, year: int) -> list[tuple[str, str]]:
    """The grades in which anybody is enrolled, as choices, in their order."""
    found = set(
        Enrollment.objects.filter(organization__path__startswith=organization.path, year=year)
        .order_by()
        .values_list("grade", flat=True)
        .distinct()
    )
    return [(grade.value, str(grade.label)) for grade in Grade if grade.value in found]
