"""One student's record for one reader: year by year what happened, where it came from, what was put right by hand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, DateField, Q, QuerySet
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hstw.access import Action, prefixes
from schools.models import (
    AssessmentResult,
    CohortRemoval,
    Correction,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    PostsecondaryOutcome,
    Student,
    StudentIdentifier,
    User,
    WorkExperience,
)
from schools.models.evidence import Evidence
from schools.models.organization import lineage


@dataclass(frozen=True)
class Entry:
    """One row of evidence, as it is told: what, the details, whose it is, and the import and line it is from."""

    kind: str
    what: str
    details: str
    row: Evidence
    corrections: list[Correction]
    may_see_import: bool
    may_correct: bool

    @property
    def table(self) -> str:
        """The kind of row, as addresses name it."""
        return str(self.row._meta.model_name)


@dataclass
class Year:
    """What happened in one school year; ``elsewhere`` are kinds of evidence of organizations out of reach."""

    year: int
    entries: list[Entry] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def _joined(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part not in {None, ""})


def _day(day: Any) -> str:
    return formats.date_format(day, "M j, Y") if day else ""


def _span(starts: Any, ends: Any) -> str:
    if starts and ends:
        return f"{_day(starts)} – {_day(ends)}"
    return _("from %(day)s") % {"day": _day(starts)} if starts else _day(ends)


def _enrollment(row: Enrollment) -> tuple[str, str]:
    what = _("Grade %(grade)s, %(school)s") % {"grade": row.get_grade_display(), "school": row.organization.name}
    days = ""
    if row.days_enrolled is not None and row.days_absent is not None:
        days = _("%(absent)s of %(enrolled)s days absent") % {"absent": row.days_absent, "enrolled": row.days_enrolled}
    return what, _joined(_span(row.entered, row.exited), row.get_exit_code_display(), days)


def _course(row: CourseRecord) -> tuple[str, str]:
    credit = ""
    if row.credits_attempted is not None:
        earned = "—" if row.credits_earned is None else row.credits_earned
        credit = _("%(earned)s of %(attempted)s credits") % {"earned": earned, "attempted": row.credits_attempted}
    level = "" if row.level == "general" else row.get_level_display()
    mark = _("grade %(mark)s") % {"mark": row.mark} if row.mark else ""
    return row.title, _joined(row.course_code, row.term, level, mark, credit)


def _assessment(row: AssessmentResult) -> tuple[str, str]:
    score = "" if row.score is None else f"{row.score:f}".rstrip("0").rstrip(".")
    return f"{row.test} {row.subject}", _joined(score, row.performance_level, _day(row.taken_on))


def _credential(row: CredentialEarned) -> tuple[str, str]:
    return row.credential_code, _joined(_("earned") if row.passed else _("not passed"), _day(row.earned_on), row.issuer)


def _work(row: WorkExperience) -> tuple[str, str]:
    hours = _("%(n)s hours") % {"n": row.hours} if row.hours is not None else ""
    paid = "" if row.paid is None else (_("paid") if row.paid else _("unpaid"))
    what = row.kind.replace("_", " ").capitalize()
    return what, _joined(row.employer, _span(row.starts, row.ends), hours, paid)


def _diploma(row: Diploma) -> tuple[str, str]:
    return str(row.get_kind_display()), _day(row.awarded_on)


def _removal(row: CohortRemoval) -> tuple[str, str]:
    return str(row.get_reason_display()), _joined(_day(row.removed_on), row.document or _("no document"))


def _outcome(row: PostsecondaryOutcome) -> tuple[str, str]:
    what = row.institution or row.kind.replace("_", " ").capitalize()
    kind = row.kind.replace("_", " ") if row.institution else ""
    return what, _joined(kind, _span(row.starts, row.ends), row.credential_level)


# In the order in which a record is read.
KINDS: tuple[tuple[type[Evidence], Any, Callable[[Any], tuple[str, str]]], ...] = (
    (Enrollment, gettext_lazy("Enrollment"), _enrollment),
    (CourseRecord, gettext_lazy("Course"), _course),
    (AssessmentResult, gettext_lazy("Test"), _assessment),
    (CredentialEarned, gettext_lazy("Credential"), _credential),
    (WorkExperience, gettext_lazy("Work-based learning"), _work),
    (Diploma, gettext_lazy("Diploma"), _diploma),
    (CohortRemoval, gettext_lazy("Cohort removal"), _removal),
    (PostsecondaryOutcome, gettext_lazy("After high school"), _outcome),
)
MODELS: dict[str, type[Evidence]] = {str(model._meta.model_name): model for model, _label, _tell in KINDS}
_ORDERED = {
    Enrollment: ("-entered",),
    CourseRecord: ("title", "term", "section"),
    AssessmentResult: ("test", "subject", "-taken_on"),
}


def record(student: Student, user: User) -> list[Year]:
    """The years of a record, the newest first; a constant number of queries.

    Rows of organizations where ``user`` does not see students by name are not told: only that there are such.
    """
    named = tuple(prefixes(user, Action.VIEW_NAMED_STUDENTS))
    corrects = tuple(prefixes(user, Action.IMPORT_STUDENTS))
    imports = tuple(prefixes(user, Action.VIEW_IMPORTS))
    corrected = corrections_of(student)
    years: dict[int, Year] = {}
    for model, label, tell in KINDS:
        rows = model._default_manager.filter(student=student).select_related("organization", "batch__organization")
        for row in rows.order_by("-year", *_ORDERED.get(model, ()), "pk"):
            year = years.setdefault(row.year, Year(row.year))
            if not row.organization.path.startswith(named):
                if str(label) not in year.elsewhere:
                    year.elsewhere.append(str(label))
                continue
            what, details = tell(row)
            year.entries.append(
                Entry(
                    str(label),
                    what,
                    details,
                    row,
                    corrected[model._meta.db_table, row.pk],
                    row.batch is not None and row.batch.organization.path.startswith(imports),
                    row.organization.path.startswith(corrects),
                )
            )
    return [years[year] for year in sorted(years, reverse=True)]


def corrections_of(student: Student) -> defaultdict[tuple[str, int], list[Correction]]:
    """Corrections in force on rows of the student, by table and key."""
    found: defaultdict[tuple[str, int], list[Correction]] = defaultdict(list)
    for row in Correction.objects.filter(student_id=student.pk, ended_at=None).select_related("by"):
        found[row.table, row.key].append(row)
    return found


def numbers(student: Student, user: User) -> QuerySet[StudentIdentifier]:
    """The numbers of a student that ``user`` may know: of their own organizations and of those these stand below.

    Another district's number says nothing here and is not shown.
    """
    within = Q(pk=None)
    for prefix in prefixes(user, Action.VIEW_NAMED_STUDENTS):
        within |= Q(organization__path__startswith=prefix) | Q(organization__path__in=lineage(prefix))
    return student.identifiers.filter(within).select_related("organization").order_by("-system", "-starts", "pk")


def said(row: Evidence, name: str, text: str | None) -> str:
    """A stored value as people say it: a choice by its label, yes and no, a date as dates are written."""
    if text in {None, ""}:
        return ""
    model_field = row._meta.get_field(name)
    choices = dict(getattr(model_field, "flatchoices", None) or ())
    if text in choices:
        return str(choices[text])
    if isinstance(model_field, BooleanField):
        return _("Yes") if text in {"true", "True"} else _("No")
    if isinstance(model_field, DateField):
        try:
            return _day(dt.date.fromisoformat(str(text)))
        except ValueError:
            return str(text)
    return str(text)


def row_for(student: Student, user: User, table: str, pk: int) -> Evidence | None:
    """One row of the student's evidence, where ``user`` sees students of its organization by name."""
    model = MODELS.get(table)
    if model is None:
        return None
    row = (
        model._default_manager.filter(student=student, pk=pk)
        .select_related("organization__in_state", "batch__organization__in_state", "student")
        .first()
    )
    if row is None or not row.organization.path.startswith(tuple(prefixes(user, Action.VIEW_NAMED_STUDENTS))):
        return None
    return row
