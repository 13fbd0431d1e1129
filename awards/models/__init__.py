"""The nouns of ``awards``: one file per subject, all names importable from here."""

from .conflict import Conflict, ConflictLogLine
from .edition import Award, Band, Criterion, Edition, Phase
from .nomination import Claim, ClaimPoint, Nomination, NominationFile, NominationPerson
from .panel import EditionRole, Reviewer
from .result import AwardDecision, FeedbackLetter, ResultSnapshot
from .reviewing import Assignment, Citation, Review, Score, ScoreConsensus

__all__ = [
    "Assignment",
    "Award",
    "AwardDecision",
    "Band",
    "Citation",
    "Claim",
    "ClaimPoint",
    "Conflict",
    "ConflictLogLine",
    "Criterion",
    "Edition",
    "EditionRole",
    "FeedbackLetter",
    "Nomination",
    "NominationFile",
    "NominationPerson",
    "Phase",
    "ResultSnapshot",
    "Review",
    "Reviewer",
    "Score",
    "ScoreConsensus",
]
