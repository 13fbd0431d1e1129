"""Binary COPY: what is written is what is read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from hstw.demo.copying import Choice, Flags, Numbers, Raw, Writer, dates, hundredths, texts
from schools.models import CourseRecord, Enrollment, Student
from tests import factories

pytestmark = pytest.mark.django_db


def test_hundredths_come_back_exactly() -> None:
    school = factories.make_world().ridge
    student = factories.student()
    values = np.array([0, 5, 50, 99, 100, 101, 1234, 9900])
    none = np.zeros(len(values), np.int64)
    Writer().write_columns(
        CourseRecord,
        {
            "id": Numbers(np.arange(len(values)) + 1),
            "student_id": Numbers(none + student.pk),
            "organization_id": Numbers(none + school.pk),
            "year": Numbers(none + 2026, 2),
            "credits_attempted": Choice(hundredths(9900), values),
            "credits_earned": Choice(hundredths(0), none),
            **{
                name: Choice(texts([""]), none)
                for name in ("section", "term", "sced_code", "title", "subject", "level", "cip_code", "mark")
            },
            "course_code": Choice(texts("ABCDEFGH"), np.arange(len(values))),
        },
    )
    found = CourseRecord.objects.order_by("pk").values_list("credits_attempted", flat=True)
    assert list(found) == [Decimal(int(value)) / 100 for value in values]


def test_texts_dates_and_keys_come_back_and_nothing_is_null() -> None:
    names = ["Ada", "José", "", "Zoë-Marie"]
    days = np.array(["1999-12-31", "2000-01-01", "NaT", "2026-02-28"], "datetime64[D]")
    opaque = np.arange(64, dtype=np.uint8).reshape(4, 16)
    Writer().write_columns(
        Student,
        {
            "id": Numbers(np.array([1, 2, 3, 1 << 40])),
            "public_id": Raw(opaque),
            "first_name": Choice(texts(names), np.arange(4)),
            "middle_name": Choice(texts([""]), np.zeros(4, np.int64)),
            "last_name": Choice(texts(names), np.arange(4)[::-1]),
            "birth_date": dates(days),
            "grade_9_year": Numbers(np.array([2020, -1, 0, 2023]), 2, np.array([False, False, True, False])),
        },
    )
    found = list(Student.objects.order_by("pk"))
    assert [student.pk for student in found] == [1, 2, 3, 1 << 40]
    assert [student.first_name for student in found] == names
    assert [student.last_name for student in found] == names[::-1]
    assert [student.birth_date for student in found] == [
        dt.date(1999, 12, 31), dt.date(2000, 1, 1), None, dt.date(2026, 2, 28)
    ]  # fmt: skip
    assert [student.grade_9_year for student in found] == [2020, -1, None, 2023]
    assert found[1].public_id.bytes == opaque[1].tobytes()


def test_flags_come_back() -> None:
    known = factories.enrollment(factories.make_world().ridge, 2026)
    names = [field.attname for field in Enrollment._meta.fields if field.get_internal_type() == "BooleanField"]
    none = np.zeros(2, np.int64)
    Writer().write_columns(
        Enrollment,
        {
            "id": Numbers(np.array([1001, 1002])),
            "student_id": Numbers(none + known.student_id),
            "organization_id": Numbers(none + known.organization_id),
            "year": Numbers(none + 2025, 2),
            "grade": Choice(texts(["08"]), none),
            "entered": dates(np.array(["2024-08-12", "2024-08-13"], "datetime64[D]")),
            **{name: Choice(texts([""]), none) for name in ("exit_code", "race_ethnicity", "sex")},
            **{name: Flags(np.array([True, False])) for name in names},
        },
    )
    yes, no = Enrollment.objects.filter(pk__in=(1001, 1002)).order_by("pk")
    assert all(getattr(yes, name) for name in names)
    assert not any(getattr(no, name) for name in names)
