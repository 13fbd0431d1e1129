"""The nouns of ``schools``: one file per subject, all names importable from here."""

from .closing import YearClose
from .evidence import (
    AssessmentResult,
    CohortRemoval,
    CourseRecord,
    CredentialEarned,
    Diploma,
    Enrollment,
    PostsecondaryOutcome,
    WorkExperience,
)
from .imports import (
    Correction,
    EvidenceChange,
    EvidenceCoverage,
    ImportBatch,
    ImportChange,
    ImportProblem,
)
from .invitation import Invitation
from .membership import CooperativeMember, NetworkMembership, RoleAssignment, SupportDesignation
from .organization import Organization
from .student import NotDuplicate, Student, StudentIdentifier
from .user import User

__all__ = [
    "AssessmentResult",
    "CohortRemoval",
    "CooperativeMember",
    "Correction",
    "CourseRecord",
    "CredentialEarned",
    "Diploma",
    "Enrollment",
    "EvidenceChange",
    "EvidenceCoverage",
    "ImportBatch",
    "ImportChange",
    "ImportProblem",
    "Invitation",
    "NetworkMembership",
    "NotDuplicate",
    "Organization",
    "PostsecondaryOutcome",
    "RoleAssignment",
    "Student",
    "StudentIdentifier",
    "SupportDesignation",
    "User",
    "WorkExperience",
    "YearClose",
]
