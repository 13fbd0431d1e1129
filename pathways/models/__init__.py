"""The nouns of ``pathways``: one file per subject, all names importable from here."""

from .catalog import Course, CoursePrerequisite, GraduationRequirement
from .codes import (
    ApExam,
    CareerCluster,
    CipCode,
    CipOccupation,
    Code,
    CodeListLoad,
    Descriptor,
    IbGroup,
    Occupation,
    OnetOccupation,
    ScedCourse,
)
from .credential import CredentialListing, CredentialProof, CredentialType
from .pathway import (
    Commitment,
    Partner,
    Pathway,
    PathwayCourse,
    PathwayCredential,
    Waiver,
    WorkBasedLearning,
)
from .program_of_study import PlannedCourse, ProgramOfStudy, ProgramReview

__all__ = [
    "ApExam",
    "CareerCluster",
    "CipCode",
    "CipOccupation",
    "Code",
    "CodeListLoad",
    "Commitment",
    "Course",
    "CoursePrerequisite",
    "CredentialListing",
    "CredentialProof",
    "CredentialType",
    "Descriptor",
    "GraduationRequirement",
    "IbGroup",
    "Occupation",
    "OnetOccupation",
    "Partner",
    "Pathway",
    "PathwayCourse",
    "PathwayCredential",
    "PlannedCourse",
    "ProgramOfStudy",
    "ProgramReview",
    "ScedCourse",
    "Waiver",
    "WorkBasedLearning",
]
