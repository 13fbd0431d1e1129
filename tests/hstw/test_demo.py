"""The demonstration world: what it holds, and that its parts hang together."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import numpy as np
import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Max, Q

from awards import conflicts
from awards.models import (
    Assignment,
    AwardDecision,
    Citation,
    Claim,
    Conflict,
    ConflictLogLine,
    Edition,
    EditionRole,
    FeedbackLetter,
    Nomination,
    Phase,
    ResultSnapshot,
    Review,
    Reviewer,
    Score,
    ScoreConsensus,
)
from goals import runs
from goals.models import (
    ActionEvidence,
    ActionStep,
    Allocation,
    BoldGoal,
    BudgetLine,
    Finding,
    Fund,
    GoalStanding,
    Need,
    Plan,
    PlanComment,
    PlanDecision,
    PlanGoal,
    PlanVersion,
    PracticeConsensus,
    PracticeIndex,
    PracticeRating,
    ProgressNote,
    RootCause,
    StalePair,
    Strategy,
    SurveyAdministration,
    TeamAssessment,
    TeamMember,
    Visit,
    YearTarget,
)
from goals.planning import elements, owed
from hstw import files
from hstw.access import Role
from hstw.demo import build as building
from hstw.demo.people import DOMAIN, PASSWORD, SIGN_INS
from hstw.models import StoredFile
from pathways.code_lists import LISTS
from pathways.codes import titles
from pathways.models import (
    CodeListLoad,
    Commitment,
    Course,
    CoursePrerequisite,
    CredentialListing,
    CredentialProof,
    CredentialType,
    GraduationRequirement,
    Partner,
    Pathway,
    PathwayCourse,
    PathwayCredential,
    PlannedCourse,
    ProgramOfStudy,
    ProgramReview,
    Waiver,
    WorkBasedLearning,
)
from schools.imports import registry
from schools.models import (
    AssessmentResult,
    CohortRemoval,
    CooperativeMember,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    EvidenceCoverage,
    ImportBatch,
    Invitation,
    NetworkMembership,
    Organization,
    PostsecondaryOutcome,
    RoleAssignment,
    Student,
    StudentIdentifier,
    SupportDesignation,
    User,
    WorkExperience,
)
from schools.models.organization import Design, Kind
from tests import factories

TODAY = dt.date(2026, 11, 20)
THIS_YEAR, LAST_YEAR = 2027, 2026
CORE = ("ela", "math", "science", "social_studies")
EVIDENCE = (
    AssessmentResult,
    CohortRemoval,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    PostsecondaryOutcome,
    WorkExperience,
)
WRITTEN = (
    *EVIDENCE,
    *(CooperativeMember, EmailAddress, EvidenceCoverage, ImportBatch, Invitation, NetworkMembership, Organization),
    *(RoleAssignment, Student, StudentIdentifier, SupportDesignation, User),
    *(
        Commitment,
        Course,
        CoursePrerequisite,
        CredentialListing,
        CredentialProof,
        CredentialType,
        GraduationRequirement,
    ),
    *(Partner, Pathway, PathwayCourse, PathwayCredential, PlannedCourse, ProgramOfStudy, ProgramReview),
    *(Waiver, WorkBasedLearning),
    *(BoldGoal, YearTarget, Fund, Allocation, Plan, TeamMember, Need, RootCause, PlanGoal, Strategy),
    *(PlanGoal.needs.through, ActionStep, BudgetLine, ProgressNote, PlanDecision, PlanVersion, GoalStanding),
    *(StoredFile, ActionEvidence, PlanComment, TeamAssessment, TeamAssessment.members.through, PracticeRating),
    *(PracticeConsensus, SurveyAdministration, PracticeIndex, Visit, Finding),
    *(Edition, Phase, Reviewer, Nomination, Claim, Assignment, Review, Score),
    *(ScoreConsensus, AwardDecision, Citation, ResultSnapshot),
    *(Conflict, ConflictLogLine, FeedbackLetter),
    *(CodeListLoad, *(wanted.model for wanted in LISTS.values() if wanted.shipped)),
)


def load(**options: Any) -> str:
    """Load the tiny world; what the command said."""
    said = StringIO()
    call_command("demo", **{"scale": "tiny", "seed": 3, "today": TODAY, "stdout": said, **options})
    return said.getvalue()


@pytest.fixture(scope="module")
def tiny(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The tiny world, loaded once for the tests that only read it, and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        load()
        yield
        transaction.set_rollback(True)


def rows(sql: str) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def checksum() -> dict[str, str]:
    """A digest of every table that the world writes, keys included."""
    digests = {}
    with connection.cursor() as cursor:
        for model in WRITTEN:
            table = model._meta.db_table
            digest = hashlib.sha256()
            key = model._meta.pk.column
            with cursor.copy(f'COPY (SELECT * FROM "{table}" ORDER BY "{key}") TO STDOUT') as copy:
                for block in copy:
                    digest.update(block)
            digests[table] = digest.hexdigest()
    return digests


def world_of(**options: Any) -> dict[str, str]:
    """The checksums of a world that is gone afterwards."""
    with transaction.atomic():
        load(**options)
        found = checksum()
        transaction.set_rollback(True)
    return found


# --- what there is ---------------------------------------------------------------------------------------------


def test_the_tiny_world_is_as_large_as_declared(tiny: None) -> None:
    assert Organization.objects.filter(kind=Kind.SCHOOL).count() == 4
    assert set(Organization.objects.filter(kind=Kind.STATE).values_list("name", flat=True)) == {"Alabama", "Kentucky"}
    assert 600 <= Enrollment.objects.filter(year=LAST_YEAR).values("student").distinct().count() <= 750
    assert set(CourseRecord.objects.values_list("year", flat=True).distinct()) == set(range(2022, 2028))
    assert [model.__name__ for model in WRITTEN if not model.objects.exists()] == []


def test_the_tree_has_no_problems(tiny: None) -> None:
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_a_cooperative_stands_beside_the_districts_with_dated_members(tiny: None) -> None:
    cooperative = Organization.objects.filter(kind=Kind.COOPERATIVE)[0]
    member = cooperative.cooperative_members.get().member
    assert member.kind == Kind.DISTRICT
    assert member.in_state == cooperative.in_state


def test_a_closed_school_has_a_successor_that_is_open(tiny: None) -> None:
    closed = Organization.objects.get(closed__isnull=False)
    assert closed.successor.closed is None
    assert not Enrollment.objects.filter(organization=closed, entered__gt=closed.closed).exists()
    before = set(Enrollment.objects.filter(organization=closed).values_list("student", flat=True))
    moved = Enrollment.objects.filter(student__in=before, year=THIS_YEAR)
    assert moved.filter(organization=closed.successor).count() > 0.8 * moved.count()


def test_every_role_has_a_person(tiny: None) -> None:
    held = RoleAssignment.objects.on(TODAY).filter(user__is_demo=True)
    assert set(held.values_list("role", flat=True)) == set(Role.values)


def test_each_sign_in_holds_the_role_that_its_address_promises(tiny: None) -> None:
    for address, (role, _title) in SIGN_INS.items():
        user = User.objects.get(email=f"{address}@{DOMAIN}")
        assert user.is_demo
        assert user.role_assignments.on(TODAY).get().role == role
        assert EmailAddress.objects.get(user=user).verified


def test_the_command_lists_the_sign_ins(tiny: None) -> None:
    said = load(sign_ins=True)
    assert all(f"{address}@{DOMAIN}" in said for address in SIGN_INS)
    assert PASSWORD in said


def test_one_invitation_is_open_one_has_run_out_one_was_accepted(tiny: None) -> None:
    open_, late, accepted = Invitation.objects.order_by("-invited_at")
    assert open_.expires_at.date() > TODAY
    assert late.expires_at.date() < TODAY
    assert accepted.accepted_by is not None


def test_everybody_on_the_panel_was_asked_and_one_has_a_conflict(tiny: None) -> None:
    """At the smallest scale too: the pages about conflicts have something to show to whoever tries them out."""
    now = Edition.objects.filter(opened_at__isnull=False).latest("year")
    declared = Conflict.objects.get(reviewer__edition=now)
    assert declared.reviewer.role == EditionRole.REVIEWER
    assert not declared.nomination.assignments.filter(reviewer=declared.reviewer).exists()
    assert not Nomination.objects.visible_to(declared.reviewer.user).filter(pk=declared.nomination_id).exists()
    asked = ConflictLogLine.objects.filter(what="none").values_list("reviewer", flat=True)
    assert sorted(asked) == sorted(now.panel.values_list("pk", flat=True))
    for address in ("awards", "chair"):
        lines = list(conflicts.log_of(now, User.objects.get(email=f"{address}@{DOMAIN}")))
        # Two of the leading people and four readers were asked; one declared, and was refused once.
        assert sorted(line.what for line in lines) == ["declared", *["none"] * 6, "refused"]
        assert {line.nomination for line in lines if line.what != "none"} == {declared.nomination}


# --- how it hangs together -------------------------------------------------------------------------------------


def test_nobody_is_enrolled_twice_on_a_day(tiny: None) -> None:
    overlapping = rows(
        """
        SELECT * FROM (
            SELECT student_id, entered, lag(coalesce(exited, 'infinity'))
                OVER (PARTITION BY student_id ORDER BY entered, id) AS last_day_before
            FROM schools_enrollment
        ) spells WHERE entered <= last_day_before
        """
    )
    assert overlapping == []


def test_each_grade_follows_the_last_or_repeats_it(tiny: None) -> None:
    steps = rows(
        """
        WITH grades AS (
            SELECT student_id, year, CASE grade WHEN 'KG' THEN 0 ELSE grade::int END AS grade FROM schools_enrollment
        ), steps AS (
            SELECT year - lag(year) OVER w AS years, grade - lag(grade) OVER w AS grades
            FROM grades WINDOW w AS (PARTITION BY student_id ORDER BY year, grade)
        ) SELECT DISTINCT years, grades FROM steps WHERE years <= 1
        """
    )
    # Twice in one year is a move between schools; a year later it is the next grade, or the same once more.
    assert set(steps) <= {(0, 0), (1, 0), (1, 1)}
    assert (1, 0) in steps


def test_high_school_students_were_seen_entering_grade_9(tiny: None) -> None:
    unseen = rows(
        """
        SELECT s.id FROM schools_student s JOIN schools_enrollment e ON e.student_id = s.id
        GROUP BY s.id, s.grade_9_year HAVING max(e.year) >= 2026 AND max(e.grade) FILTER (WHERE e.grade <> 'KG') >= '09'
            AND (s.grade_9_year IS NULL
                OR min(e.grade) FILTER (WHERE e.year >= s.grade_9_year AND e.grade <> 'KG') < '09'
                OR s.grade_9_year <> min(e.year) FILTER (WHERE e.grade BETWEEN '09' AND '12')
                    - (min(e.grade) FILTER (WHERE e.grade BETWEEN '09' AND '12')::int - 9))
        """
    )
    assert unseen == []


def test_birth_dates_fit_grades(tiny: None) -> None:
    ages = Enrollment.objects.filter(grade="03", year=LAST_YEAR).values_list("student__birth_date", flat=True)
    assert all(dt.date(2014, 9, 1) <= born <= dt.date(2017, 9, 3) for born in ages)


def test_the_more_absent_the_lower_the_marks(tiny: None) -> None:
    pairs = rows(
        """
        WITH absence AS MATERIALIZED (
            SELECT student_id, sum(days_absent)::float / sum(days_enrolled) AS absent FROM schools_enrollment
            WHERE year = 2026 GROUP BY 1 HAVING sum(days_enrolled) > 90
        ), marks AS MATERIALIZED (
            SELECT student_id, avg(mark::float) AS mark FROM schools_courserecord
            WHERE year = 2026 AND mark ~ '^[0-9]+$' GROUP BY 1
        ) SELECT absent, mark FROM absence JOIN marks USING (student_id)
        """
    )
    absent, mark = np.array(pairs).T
    assert np.corrcoef(absent, mark)[0, 1] < -0.25


def test_a_credit_is_earned_by_a_passing_mark_only(tiny: None) -> None:
    marked = CourseRecord.objects.filter(credits_attempted__gt=0, mark__regex=r"^[0-9]+$")
    for mark, earned, attempted in marked.values_list("mark", "credits_earned", "credits_attempted"):
        assert earned == (attempted if int(mark) >= 60 else 0)


def test_graduates_have_a_diploma_and_nobody_else_has_a_regular_one(tiny: None) -> None:
    graduated = set(Enrollment.objects.filter(exit_code="graduated").values_list("student", flat=True))
    assert graduated == set(Diploma.objects.filter(kind="regular").values_list("student", flat=True))


def test_removals_follow_exits_and_some_lack_their_document(tiny: None) -> None:
    for removal in CohortRemoval.objects.all():
        assert Enrollment.objects.filter(
            student=removal.student, exited=removal.removed_on, exit_code=removal.reason
        ).exists()
    assert CohortRemoval.objects.exclude(document="").count() > CohortRemoval.objects.count() / 2


def test_the_technology_center_enrolls_nobody_and_owns_what_is_earned_there(tiny: None) -> None:
    center = Organization.objects.get(design=Design.TECHNOLOGY_CENTER)
    assert center.shared_time
    assert not Enrollment.objects.filter(organization=center).exists()
    there = CourseRecord.objects.filter(organization=center)
    assert set(there.values_list("subject", flat=True)) == {"cte"}
    assert there.exclude(cip_code="").count() == there.count() > 0
    students = set(there.filter(year=LAST_YEAR).values_list("student", flat=True))
    at_home = Enrollment.objects.filter(student__in=students, year=LAST_YEAR).exclude(organization=center)
    assert set(at_home.values_list("student", flat=True)) == students


def test_a_state_number_stays_and_local_numbers_are_one_per_district(tiny: None) -> None:
    assert StudentIdentifier.objects.filter(system="state").count() == Student.objects.count()
    local = StudentIdentifier.objects.filter(system="local")
    assert set(local.values_list("organization__kind", flat=True)) == {Kind.DISTRICT}
    assert Student.objects.exclude(pk__in=local.values("student")).count() == 0


def test_every_row_knows_its_file_and_its_line(tiny: None) -> None:
    for model in EVIDENCE:
        assert not model.objects.filter(Q(batch=None) | Q(line=None)).exists()
        lines = model.objects.values("batch").annotate(rows=Count("pk"), last=Max("line"))
        assert not lines.exclude(last=F("rows") + 1).exists()


def test_nothing_lies_after_today(tiny: None) -> None:
    assert not Enrollment.objects.filter(Q(entered__gt=TODAY) | Q(exited__gt=TODAY)).exists()
    assert not AssessmentResult.objects.filter(taken_on__gt=TODAY).exists()
    assert not CredentialEarned.objects.filter(earned_on__gt=TODAY).exists()
    assert not Diploma.objects.filter(awarded_on__gt=TODAY).exists()
    assert not PostsecondaryOutcome.objects.filter(starts__gt=TODAY).exists()


def test_this_year_is_going_on(tiny: None) -> None:
    now = Enrollment.objects.filter(year=THIS_YEAR)
    assert now.filter(exited=None, exit_code="").count() > 0.95 * now.count()
    assert now.aggregate(most=Max("days_enrolled"))["most"] < 90
    assert CourseRecord.objects.filter(year=THIS_YEAR, mark="", credits_earned=0).exists()


def test_one_district_never_loaded_its_postsecondary_file(tiny: None) -> None:
    district = Organization.objects.get(name="Harrow Creek County Schools")
    assert not ImportBatch.objects.filter(organization=district, kind="postsecondary").exists()
    assert ImportBatch.objects.filter(organization=district, kind="diplomas").exists()


def test_what_a_district_loaded_is_covered_and_nothing_else(tiny: None) -> None:
    """Against the evidence itself; removals are a list of exceptions, which comes even where there are none.

    Programs of study come in no file: a school that keeps them here is covered, this year.
    """
    covered = rows(
        "SELECT organization_id, year, kind FROM schools_evidencecoverage WHERE year >= 2026 ORDER BY 1, 2, 3"
    )
    there = rows(
        """
        WITH evidence AS (
            SELECT organization_id, year, unnest('{enrollment,attendance,demographics}'::text[]) AS kind
            FROM schools_enrollment
            UNION ALL SELECT organization_id, year, 'courses' FROM schools_courserecord
            UNION ALL SELECT organization_id, year, 'assessment:' || test FROM schools_assessmentresult
            UNION ALL SELECT organization_id, year, 'credentials' FROM schools_credentialearned
            UNION ALL SELECT organization_id, year, 'work_experience' FROM schools_workexperience
            UNION ALL SELECT organization_id, year, 'diplomas' FROM schools_diploma
            UNION ALL SELECT organization_id, year, 'postsecondary' FROM schools_postsecondaryoutcome
        )
        SELECT DISTINCT district.id, evidence.year, evidence.kind COLLATE "C"
        FROM evidence JOIN schools_organization school ON school.id = evidence.organization_id
            JOIN schools_organization district ON district.kind = 'district' AND school.path LIKE district.path || '%'
        WHERE evidence.year >= 2026
        UNION SELECT id, year, 'cohort_removals' FROM schools_organization, generate_series(2026, 2027) AS year
        WHERE kind = 'district'
        UNION SELECT organization_id, 2027, 'programs_of_study' FROM pathways_programofstudy
        """
    )
    assert sorted(covered) == sorted(there)
    assert set(EvidenceCoverage.objects.filter(batch=None).values_list("kind", flat=True)) == {"programs_of_study"}
    district = Organization.objects.get(name="Harrow Creek County Schools")
    assert not district.coverage.filter(kind="postsecondary").exists()
    assert EvidenceCoverage.objects.filter(kind="postsecondary").exists()


def test_evidence_reaches_through_its_latest_date_or_the_day_of_loading(tiny: None) -> None:
    act = EvidenceCoverage.objects.filter(kind="assessment:ACT", year=LAST_YEAR)[0]
    latest = AssessmentResult.objects.filter(test="ACT", year=LAST_YEAR, batch=act.batch).aggregate(day=Max("taken_on"))
    assert act.through_date == latest["day"]
    now = EvidenceCoverage.objects.filter(kind="attendance", year=THIS_YEAR)
    assert set(now.values_list("through_date", flat=True)) == {TODAY - dt.timedelta(days=2)}
    over = EvidenceCoverage.objects.filter(kind="attendance", year=LAST_YEAR)
    assert set(over.values_list("through_date", flat=True)) == {dt.date(2026, 6, 30)}
    assert not EvidenceCoverage.objects.filter(through_date__gt=F("batch__loaded_at__date")).exists()


def test_earlier_years_are_covered_only_for_the_class_that_is_whole(tiny: None) -> None:
    before = EvidenceCoverage.objects.filter(year__lt=LAST_YEAR)
    of_the_class = before.filter(kind__in=["enrollment", "diplomas", "cohort_removals"])
    assert set(of_the_class.values_list("year", flat=True)) == {LAST_YEAR - 1}
    # What that class did in high school; of state tests grades 3 to 8 are missing.
    of_a_life = before.exclude(pk__in=of_the_class.values("pk"))
    assert set(of_a_life.values_list("year", flat=True)) == set(range(LAST_YEAR - 4, LAST_YEAR))
    assert set(of_a_life.values_list("kind", flat=True)) == {
        *("courses", "credentials", "work_experience"),
        *("assessment:ACT", "assessment:PreACT", "assessment:SAT", "assessment:AP", "assessment:IB"),
        "assessment:WorkKeys",
    }
    grades = Enrollment.objects.filter(year__lt=LAST_YEAR).values_list("grade", flat=True).distinct()
    assert set(grades) <= {"09", "10", "11", "12"}


def test_there_is_evidence_for_every_measure(tiny: None) -> None:
    """Tests of each sort, college credit in career courses, fields that few of a gender choose."""
    tests = set(AssessmentResult.objects.values_list("test", "subject"))
    assert {("SAT", "Total"), ("SAT", "Math"), ("EOC", "English II"), ("EOC", "Biology"), ("ACT", "Composite")} <= tests
    assert {test for test, _subject in tests} >= {"AP", "IB", "ACAP", "KSA", "WorkKeys", "PreACT"}
    totals = rows(
        "SELECT t.score - sum(s.score) FROM schools_assessmentresult t JOIN schools_assessmentresult s"
        " ON s.student_id = t.student_id AND s.test = 'SAT' AND s.taken_on = t.taken_on AND s.subject <> 'Total'"
        " WHERE t.test = 'SAT' AND t.subject = 'Total' GROUP BY t.id, t.score"
    )
    assert {difference for (difference,) in totals} == {0}
    assert CourseRecord.objects.filter(level="dual").exclude(cip_code="").exists()
    assert Enrollment.objects.filter(non_traditional=True).exists()
    assert "employment" in PostsecondaryOutcome.objects.values_list("kind", flat=True)


def test_each_import_was_applied_and_counts_its_rows(tiny: None) -> None:
    targets = {
        "roster": Enrollment,
        "courses": CourseRecord,
        "assessments": AssessmentResult,
        "credentials": CredentialEarned,
        "work_based_learning": WorkExperience,
        "diplomas": Diploma,
        "cohort_removals": CohortRemoval,
        "postsecondary": PostsecondaryOutcome,
    }
    assert set(ImportBatch.objects.values_list("kind", flat=True)) == set(targets)
    for batch in ImportBatch.objects.all():
        layout = registry.layout(batch.kind)
        assert (batch.state, batch.completeness) == ("applied", layout.completeness)
        assert set(batch.counts) <= set(layout.targets)
        assert batch.loaded_at < batch.applied_at
        assert batch.applied_at.date() <= TODAY
        years = list(targets[batch.kind].objects.filter(batch=batch).values_list("year", flat=True))
        assert set(years) <= {batch.year}
        assert [count["new"] for count in batch.counts.values()] == [len(years)] == [batch.rows_read]


def test_the_courses_and_programs_of_the_world_have_titles(tiny: None) -> None:
    used = set(CourseRecord.objects.values_list("cip_code", flat=True)) - {""}
    assert titles("cip", used).keys() == used
    used = set(CourseRecord.objects.values_list("sced_code", flat=True))
    assert titles("sced", used).keys() == used


def test_the_small_school_has_groups_too_small_to_show(tiny: None) -> None:
    school = Organization.objects.get(name="Bluestem Gap School")
    seniors = Enrollment.objects.filter(organization=school, year=LAST_YEAR, grade="12")
    assert 0 < seniors.count() < 30
    assert seniors.filter(with_disabilities=True).count() < 10


# --- goals, plans and practice ---------------------------------------------------------------------------------


def test_one_round_is_open_and_those_before_it_have_a_consensus_that_somebody_shares(tiny: None) -> None:
    open_, *closed = TeamAssessment.objects.order_by("-year", "pk")
    assert (open_.year, open_.closes_on > TODAY) == (THIS_YEAR, True)
    assert 0 < open_.ratings.values("user").distinct().count() < open_.members.count()
    assert not open_.consensus.exists()
    for sign_in in ("principal", "team"):
        user = User.objects.get(email=f"{sign_in}@{DOMAIN}")
        assert open_.members.contains(user)
        assert not open_.ratings.filter(user=user).exists()
    assert {one.year for one in closed} == {LAST_YEAR - 1, LAST_YEAR}
    for one in closed:
        assert one.ratings.count() == 10 * one.members.count()
        assert one.consensus.count() == 10
        for agreed in one.consensus.all():
            assert one.ratings.filter(practice=agreed.practice_id, level=agreed.level).exists()


def test_plans_of_schools_and_of_a_district_have_gone_on(tiny: None) -> None:
    district = Organization.objects.get(name="Harrow Creek County Schools")
    whole = Plan.objects.get(organization=district, year=THIS_YEAR)
    assert whole.state == "approved"
    submitted, approved = whole.decisions.order_by("at")
    assert submitted.by_id != approved.by_id
    assert set(SurveyAdministration.objects.values_list("kind", flat=True)) == {"student", "teacher"}
    # Evidence can be opened: the bytes are where the row says, and are what it says.
    for evidence in ActionEvidence.objects.select_related("file"):
        with files.open(evidence.file) as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == evidence.file.sha256
    for comment in PlanComment.objects.exclude(about=""):
        kind, _colon, pk = comment.about.partition(":")
        assert elements.part_of(comment.plan, kind, int(pk)) is not None
    for moment in (
        *PlanComment.objects.values_list("made_at", flat=True),
        *ActionEvidence.objects.values_list("made_at", flat=True),
    ):
        assert moment.date() <= TODAY
    assert not Visit.objects.filter(ends__gt=TODAY).exists()


def test_the_first_sweep_finds_only_what_has_no_release_yet(tiny: None) -> None:
    assert CooperativeMember.objects.exists()
    waiting = set(StalePair.objects.values_list("organization", "basis", "year"))
    released = {2026, 2027}
    assert waiting
    assert not {year for _organization, _basis, year in waiting} & released
    runs.mark_changes()
    assert set(StalePair.objects.values_list("organization", "basis", "year")) == waiting


def test_the_sign_ins_owe_something(tiny: None) -> None:
    for sign_in in ("principal", "team", "counselor", "planner", "cte", "district"):
        user = User.objects.get(email=f"{sign_in}@{DOMAIN}")
        assert owed.steps_of(user, TODAY).exists(), sign_in


# --- the command -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_seed_and_day_make_the_same_world() -> None:
    assert world_of() == world_of()


@pytest.mark.django_db
def test_another_seed_makes_another_world() -> None:
    assert world_of()[Enrollment._meta.db_table] != world_of(seed=4)[Enrollment._meta.db_table]


@pytest.mark.django_db
def test_if_empty_does_nothing_the_second_time() -> None:
    load(if_empty=True)
    before = checksum()
    assert "nothing was loaded" in load(if_empty=True, seed=5)
    assert checksum() == before


@pytest.mark.django_db
def test_a_world_is_never_mixed_into_another() -> None:
    factories.region()
    with pytest.raises(CommandError, match="not empty"):
        load()


@pytest.mark.django_db
def test_a_load_that_is_cut_off_leaves_nothing() -> None:
    def cut_off(line: str) -> None:
        if line.startswith("Students, by school"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        building.build(scale="tiny", seed=3, today=TODAY, say=cut_off)
    assert building.is_empty()
    assert not Student.objects.exists()


@pytest.mark.django_db
def test_later_rows_get_keys_of_their_own() -> None:
    load()
    student = factories.student()
    assert Student.objects.exclude(pk=student.pk).aggregate(last=Max("pk"))["last"] < student.pk
    factories.person(Role.PRINCIPAL, Organization.objects.filter(kind=Kind.SCHOOL)[0])


@pytest.mark.django_db
def test_people_sign_in_with_the_password_where_demonstration_accounts_may(settings: Any) -> None:
    load()
    credentials = {"email": f"principal@{DOMAIN}", "password": PASSWORD}
    assert authenticate(None, **credentials) is not None
    settings.DEMO_SIGN_IN_ALLOWED = False
    assert authenticate(None, **credentials) is None


@pytest.mark.django_db
def test_production_refuses_it_unless_forced(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        load()
    load(force=True)
    assert User.objects.filter(is_demo=True).exists()


@pytest.mark.django_db
def test_in_summer_the_last_year_is_complete() -> None:
    load(today=dt.date(2026, 7, 15))
    assert Enrollment.objects.aggregate(last=Max("year"))["last"] == LAST_YEAR
    assert not Enrollment.objects.filter(exited=None).exists()


@pytest.mark.django_db
def test_quiet_says_nothing() -> None:
    assert load(quiet=True) == ""


@pytest.mark.long
@pytest.mark.django_db
def test_the_small_world_loads_in_under_a_minute_and_its_classes_are_believable() -> None:
    # The time of this process, not of the clock: another test runs on the same machine.
    begun = time.process_time()
    load(scale="small")
    assert time.process_time() - begun < 60
    assert 7_000 <= Student.objects.count() <= 9_000
    assert Organization.objects.filter(kind=Kind.SCHOOL).count() == 12
    assert set(Organization.objects.exclude(design="").values_list("design", flat=True)) == set(Design.values)
    diplomas = Diploma.objects.filter(kind="regular").values("student")
    removed = CohortRemoval.objects.exclude(document="").values("student")
    on_time = Student.objects.filter(grade_9_year=LAST_YEAR - 3).exclude(pk__in=removed)
    failed = (
        CourseRecord.objects.filter(
            year=F("student__grade_9_year"), subject__in=CORE, credits_earned=0, mark__regex=r"^[0-9]+$"
        )
        .values("student")
        .annotate(courses=Count("pk"))
        .filter(courses__gte=2)
        .values("student")
    )

    def rate(students: Any) -> float:
        return students.filter(pk__in=diplomas).count() / students.count()

    assert 0.78 < rate(on_time) < 0.95
    assert rate(on_time.filter(pk__in=failed)) < rate(on_time.exclude(pk__in=failed)) - 0.2
