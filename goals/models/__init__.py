"""The nouns of ``goals``: one file per subject, all names importable from here."""

from .measure import Measure, StudentGroup
from .readiness import Cursor, MeasureCell, ReadinessRecord, RollupRun, RuleSet, StalePair
from .release import Audience, DisclosureSettings, FigureState, Release, ReleasedCell, ReleasedTable
from .reported import ReportedResult

__all__ = [
    "Audience",
    "Cursor",
    "DisclosureSettings",
    "FigureState",
    "Measure",
    "MeasureCell",
    "ReadinessRecord",
    "Release",
    "ReleasedCell",
    "ReleasedTable",
    "ReportedResult",
    "RollupRun",
    "RuleSet",
    "StalePair",
    "StudentGroup",
]
