"""The nouns of ``goals``: one file per subject, all names importable from here."""

from .certified import CertifiedCell, CertifiedMeasure, PreviousCell
from .measure import Measure, StudentGroup
from .readiness import Cursor, MeasureCell, ReadinessRecord, RollupRun, RuleSet, StalePair
from .release import Audience, DisclosureSettings, FigureState, Release, ReleasedCell, ReleasedTable
from .reported import ReportedResult

__all__ = [
    "Audience",
    "CertifiedCell",
    "CertifiedMeasure",
    "Cursor",
    "DisclosureSettings",
    "FigureState",
    "Measure",
    "MeasureCell",
    "PreviousCell",
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
