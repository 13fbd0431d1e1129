"""Each constraint of the database, proved by violating it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from schools.models import (
    AssessmentResult,
    CohortRemoval,
    CooperativeMember,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    Invitation,
    NetworkMembership,
    NotDuplicate,
    Organization,
    RoleAssignment,
    StudentIdentifier,
    SupportDesignation,
    User,
    YearClose,
)
from tests import factories

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 9, 1)


def enroll(world: factories.World, **fields: Any) -> Enrollment:
    return factories.enrollment(world.ridge, 2026, **fields)


def course(world: factories.World, **fields: Any) -> CourseRecord:
    return CourseRecord.objects.create(
        **{
            "student": factories.student(),
            "organization": world.ridge,
            "year": 2026,
            "title": "English I",
            "credits_attempted": 1,
            "credits_earned": 1,
            **fields,
        }
    )


def _same_identifier(world: factories.World) -> None:
    for _ in range(2):
        StudentIdentifier.objects.create(
            student=factories.student(), system="state", organization=world.alabama, value="007", starts=DAY
        )


def _same_pair(world: factories.World) -> None:
    one, two = factories.student(), factories.student()
    for _ in range(2):
        NotDuplicate.objects.create(first=one, second=two)


def _pair_with_itself(world: factories.World) -> None:
    pupil = factories.student()
    NotDuplicate.objects.create(first=pupil, second=pupil)


def _same_enrollment(world: factories.World) -> None:
    pupil = factories.student()
    for _ in range(2):
        enroll(world, student=pupil, entered=DAY)


def _same_assessment(world: factories.World) -> None:
    pupil = factories.student()
    for _ in range(2):
        AssessmentResult.objects.create(
            student=pupil, organization=world.ridge, year=2026, test="ACT", subject="Math", taken_on=DAY, score=22
        )


def _same_credential(world: factories.World) -> None:
    pupil = factories.student()
    for _ in range(2):
        CredentialEarned.objects.create(
            student=pupil, organization=world.ridge, year=2026, credential_code="NCCER", earned_on=DAY
        )


def _same_diploma(world: factories.World) -> None:
    pupil = factories.student()
    for _ in range(2):
        Diploma.objects.create(student=pupil, organization=world.ridge, year=2026, kind="regular", awarded_on=DAY)


def _same_removal(world: factories.World) -> None:
    pupil = factories.student()
    for _ in range(2):
        CohortRemoval.objects.create(
            student=pupil, organization=world.ridge, year=2026, reason="transfer_out", removed_on=DAY
        )


def _same_invitation(world: factories.World) -> None:
    inviter = factories.person()
    for email in ("a@example.org", "A@example.org"):
        Invitation.objects.create(email=email, name="A", organization=world.ridge, role="counselor", invited_by=inviter)


def _overlapping_roles(world: factories.World) -> None:
    user = factories.person()
    factories.assign(user, "principal", world.ridge, starts=DAY, ends=DAY)
    factories.assign(user, "principal", world.ridge, starts=DAY)


def _overlapping_memberships(world: factories.World) -> None:
    for starts in (DAY, DAY + dt.timedelta(days=30)):
        NetworkMembership.objects.create(organization=world.ridge, network="msw", starts=starts)


def _overlapping_designations(world: factories.World) -> None:
    for starts in (DAY, DAY + dt.timedelta(days=30)):
        SupportDesignation.objects.create(organization=world.ridge, kind="csi", starts=starts)


def _overlapping_cooperative(world: factories.World) -> None:
    for starts in (DAY, DAY + dt.timedelta(days=30)):
        CooperativeMember.objects.create(cooperative=world.cooperative, member=world.cahaba, starts=starts)


def _change(**fields: Any) -> Callable[[factories.World], None]:
    return lambda world: Organization.objects.filter(slug="ridge").update(**fields)


VIOLATIONS: dict[str, Callable[[factories.World], Any]] = {
    "user_email_once": lambda world: [
        User.objects.create(email=email, name="A") for email in ("a@example.org", "A@example.org")
    ],
    "organization_nces_id_once": lambda world: Organization.objects.filter(slug="valley").update(
        nces_id=world.ridge.nces_id
    ),
    "organization_state_id_once": lambda world: Organization.objects.filter(slug__in=["ridge", "valley"]).update(
        state_id="0012"
    ),
    "organization_kind_known": _change(kind="planet"),
    "organization_state_below_state": _change(in_state=None),
    "organization_school_facts_on_schools": lambda world: Organization.objects.filter(slug="cahaba").update(
        design="high"
    ),
    "organization_closes_after_opening": _change(opened=DAY, closed=DAY),
    "organization_successor_of_a_closed": lambda world: _change(successor=world.valley)(world),
    "organization_not_its_own_successor": lambda world: _change(successor=world.ridge, closed=DAY)(world),
    "organization_nces_id_shape": _change(nces_id="12A"),
    "role_known": lambda world: factories.assign(factories.person(), "king", world.ridge),
    "role_ends_after_start": lambda world: factories.assign(
        factories.person(), "principal", world.ridge, starts=DAY, ends=DAY - dt.timedelta(days=1)
    ),
    "role_principal_once": _overlapping_roles,
    "membership_msw_once": _overlapping_memberships,
    "membership_ends_after_start": lambda world: NetworkMembership.objects.create(
        organization=world.ridge, network="msw", starts=DAY, ends=dt.date(2020, 1, 1)
    ),
    "designation_csi_once": _overlapping_designations,
    "designation_ends_after_start": lambda world: SupportDesignation.objects.create(
        organization=world.ridge, kind="csi", starts=DAY, ends=dt.date(2020, 1, 1)
    ),
    "cooperative_member_once": _overlapping_cooperative,
    "cooperative_member_ends_after_start": lambda world: CooperativeMember.objects.create(
        cooperative=world.cooperative, member=world.cahaba, starts=DAY, ends=dt.date(2020, 1, 1)
    ),
    "invitation_role_known": lambda world: Invitation.objects.create(
        email="a@example.org", name="A", organization=world.ridge, role="king", invited_by=factories.person()
    ),
    "invitation_open_once": _same_invitation,
    "identifier_in_use_once": _same_identifier,
    "identifier_ends_after_start": lambda world: StudentIdentifier.objects.create(
        student=factories.student(),
        system="state",
        organization=world.alabama,
        value="1",
        starts=DAY,
        ends=dt.date(2020, 1, 1),
    ),
    "not_duplicate_once": _same_pair,
    "not_duplicate_in_order": _pair_with_itself,
    "enrollment_once": _same_enrollment,
    "enrollment_exit_after_entry": lambda world: enroll(world, entered=DAY, exited=dt.date(2025, 8, 1)),
    "enrollment_absent_within_enrolled": lambda world: enroll(world, days_enrolled=10, days_absent=11),
    "course_earned_within_attempted": lambda world: course(world, credits_attempted=1, credits_earned=2),
    "assessment_once": _same_assessment,
    "credential_once": _same_credential,
    "diploma_once": _same_diploma,
    "removal_once": _same_removal,
    "year_reopened_with_a_reason": lambda world: YearClose.objects.create(
        organization=world.alabama, year=2025, reopened_at=timezone.now()
    ),
}


@pytest.mark.parametrize("constraint", sorted(VIOLATIONS))
def test_the_database_refuses(constraint: str) -> None:
    world = factories.make_world()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        VIOLATIONS[constraint](world)
    assert constraint in str(refused.value)


def test_every_named_constraint_of_the_app_is_proved() -> None:
    """Constraints that repeat one shape per role, network or designation are proved by one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
            WHERE t.relname LIKE 'schools\\_%%' AND c.contype IN ('c', 'x')
              AND conname NOT LIKE '%%\\_check' AND t.relname NOT LIKE '%%event'
            """
        )
        named = {row[0] for row in cursor.fetchall()}
    repeated = {
        name for name in named if name.startswith(("role_", "membership_", "designation_")) and name.endswith("_once")
    }
    assert named - repeated <= set(VIOLATIONS)
    assert {"role_principal_once", "membership_msw_once", "designation_csi_once"} <= repeated


def test_periods_that_touch_but_do_not_overlap_are_kept() -> None:
    world = factories.make_world()
    user = factories.person()
    factories.assign(user, "principal", world.ridge, starts=DAY, ends=DAY)
    factories.assign(user, "principal", world.ridge, starts=DAY + dt.timedelta(days=1))
    factories.assign(user, "counselor", world.ridge, starts=DAY)
    assert RoleAssignment.objects.filter(user=user).count() == 3
