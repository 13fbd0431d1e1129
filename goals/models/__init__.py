"""The nouns of ``goals``: one file per subject, all names importable from here."""

from .measure import Measure, StudentGroup
from .readiness import Cursor, MeasureCell, ReadinessRecord, RollupRun, RuleSet, StalePair
from .reported import ReportedResult

__all__ = [
    "Cursor",
    "Measure",
    "MeasureCell",
    "ReadinessRecord",
    "ReportedResult",
    "RollupRun",
    "RuleSet",
    "StalePair",
    "StudentGroup",
]
