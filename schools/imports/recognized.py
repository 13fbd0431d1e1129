"""Kinds of files that are recognized and not read yet, so that the person hears what to send instead.

The seam for reading one of them later: give its layout a ``read`` and targets and take ``refuses`` away. An Ed-Fi
bundle reaches ``read`` only once tables can be made of XML: that is a source beside the CSV one, which gives a
:class:`~schools.imports.read.table.Table` for each interchange (``StudentSchoolAssociation`` → enrollment,
``CourseTranscript`` → course record; ``standards.md`` §5). School Data Sync is CSV already: a package beside
``oneroster``, which shares its names of files but not their columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from schools.imports.oneroster.bundle import member_name
from schools.imports.problems import FileRefused
from schools.imports.read.table import Contents
from schools.imports.registry import Layout, Reading
from schools.models.imports import Completeness

Headings = dict[str, set[str]]


def _headings(contents: Contents) -> Headings:
    return {
        member_name(path): {heading.strip().casefold() for heading in headings}
        for path, headings in contents.tables.items()
    }


def is_ed_fi(contents: Contents) -> int:
    """An XML file whose beginning names Ed-Fi's namespace, of whatever version."""
    return 100 if any(b"ed-fi.org" in first.lower() and b"<" in first for first in contents.others.values()) else 0


def is_school_data_sync_2(contents: Contents) -> int:
    """School Data Sync 2.1: named like OneRoster's files, with columns of its own.

    Its ``users`` have ``activeDirectoryMatchId``, its ``roles`` a session and no id, its ``classes`` an organization
    and ``sessionSourcedIds``, its ``enrollments`` no id. A OneRoster manifest speaks against it.
    """
    found = _headings(contents)
    if {"propertyname", "value"} <= found.get("manifest", set()):
        return 0
    roles, enrollments = found.get("roles", set()), found.get("enrollments", set())
    marks = (
        {"sourcedid", "activedirectorymatchid"} <= found.get("users", set()),
        {"usersourcedid", "orgsourcedid", "sessionsourcedid"} <= roles,
        {"usersourcedid", "orgsourcedid", "role"} <= roles and "sourcedid" not in roles,
        {"orgsourcedid", "sessionsourcedids"} <= found.get("classes", set()),
        {"classsourcedid", "usersourcedid", "role"} <= enrollments and "sourcedid" not in enrollments,
    )
    return 95 if any(marks) else 0


def is_school_data_sync_1(contents: Contents) -> int:
    """School Data Sync 1: ``SIS ID`` with ``School SIS ID`` or ``Section SIS ID``."""
    every = _headings(contents).values()
    return 95 if any("sis id" in one and one & {"school sis id", "section sis id"} for one in every) else 0


def is_power_school(contents: Contents) -> int:
    """An export of PowerSchool's table of students, under that table's own field names."""
    wanted = {"student_number", "schoolid", "grade_level"}
    own = {"lastfirst", "enroll_status", "state_studentnumber", "home_room", "entrydate"}
    every = _headings(contents).values()
    return 30 if any(wanted <= one and one & own for one in every) else 0


def is_infinite_campus(contents: Contents) -> int:
    """An ad hoc export of Infinite Campus, whose headings name the table before the field."""
    every = _headings(contents).values()
    return 30 if any(sum(heading.startswith("student.") for heading in one) >= 3 for one in every) else 0


def _refused(code: str, title: Any, source: Any, detects: Callable[[Contents], int], line: Any) -> Layout:
    def read(reading: Reading) -> None:
        raise FileRefused(line)

    return Layout(
        code=code,
        title=title,
        source=source,
        completeness=Completeness.ADDS,
        targets=(),
        detects=detects,
        read=read,
        refuses=line,
    )


RECOGNIZED = (
    _refused(
        "ed-fi",
        _("Ed-Fi XML"),
        _("Ed-Fi Alliance, bulk interchange"),
        is_ed_fi,
        _("This is an Ed-Fi XML file. It is not read yet: export OneRoster CSV, or use our templates."),
    ),
    _refused(
        "school-data-sync-2",
        _("School Data Sync 2.1"),
        _("Microsoft School Data Sync"),
        is_school_data_sync_2,
        _(
            "These are files of Microsoft School Data Sync 2.1. They are not read yet: export OneRoster CSV, or use "
            "our templates."
        ),
    ),
    _refused(
        "school-data-sync-1",
        _("School Data Sync 1"),
        _("Microsoft School Data Sync"),
        is_school_data_sync_1,
        _(
            "These are files of Microsoft School Data Sync 1. They are not read yet: export OneRoster CSV, or use our "
            "templates."
        ),
    ),
    _refused(
        "powerschool",
        _("PowerSchool students"),
        _("PowerSchool, export of students"),
        is_power_school,
        _(
            "This is an export of PowerSchool's students. It is not read as it is: export OneRoster CSV, or use our "
            "templates."
        ),
    ),
    _refused(
        "infinite-campus",
        _("Infinite Campus ad hoc export"),
        _("Infinite Campus, ad hoc reporting"),
        is_infinite_campus,
        _(
            "This is an ad hoc export of Infinite Campus. It is not read as it is: export OneRoster CSV, or use our "
            "templates."
        ),
    ),
)
