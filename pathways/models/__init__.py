"""The nouns of ``pathways``: one file per subject, all names importable from here."""

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

__all__ = [
    "ApExam",
    "CareerCluster",
    "CipCode",
    "CipOccupation",
    "Code",
    "CodeListLoad",
    "Descriptor",
    "IbGroup",
    "Occupation",
    "OnetOccupation",
    "ScedCourse",
]
