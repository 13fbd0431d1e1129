"""The nouns of ``goals``: one file per subject, all names importable from here."""

from .approval import PlanComment, PlanDecision, PlanVersion
from .bold_goal import BoldGoal, GoalStanding, Source, Status, StatusOverride, TypedFigure, Viewer, YearTarget
from .certified import CertifiedCell, CertifiedMeasure, PreviousCell
from .follow_up import ActionEvidence, Delegation, DigestChoice, ProgressNote
from .framework import FocusArea, FrameworkEdition, FrameworkStatement, KeyPractice
from .measure import Measure, StudentGroup
from .money import Allocation, BudgetLine, Fund
from .plan import (
    FINISHED,
    ActionStatus,
    ActionStep,
    Need,
    Plan,
    PlanGoal,
    PlanState,
    RootCause,
    Strategy,
    TeamMember,
    Tier,
)
from .practice import (
    Finding,
    Level,
    PracticeConsensus,
    PracticeIndex,
    PracticeRating,
    SurveyAdministration,
    TeamAssessment,
    Visit,
)
from .preferences import OnTrackSettings
from .readiness import Cursor, MeasureCell, ReadinessRecord, RollupRun, RuleSet, StalePair
from .release import Audience, DisclosureSettings, FigureState, Release, ReleasedCell, ReleasedTable
from .reported import ReportedResult

__all__ = [
    "FINISHED",
    "ActionEvidence",
    "ActionStatus",
    "ActionStep",
    "Allocation",
    "Audience",
    "BoldGoal",
    "BudgetLine",
    "CertifiedCell",
    "CertifiedMeasure",
    "Cursor",
    "Delegation",
    "DigestChoice",
    "DisclosureSettings",
    "FigureState",
    "Finding",
    "FocusArea",
    "FrameworkEdition",
    "FrameworkStatement",
    "Fund",
    "GoalStanding",
    "KeyPractice",
    "Level",
    "Measure",
    "MeasureCell",
    "Need",
    "OnTrackSettings",
    "Plan",
    "PlanComment",
    "PlanDecision",
    "PlanGoal",
    "PlanState",
    "PlanVersion",
    "PracticeConsensus",
    "PracticeIndex",
    "PracticeRating",
    "PreviousCell",
    "ProgressNote",
    "ReadinessRecord",
    "Release",
    "ReleasedCell",
    "ReleasedTable",
    "ReportedResult",
    "RollupRun",
    "RootCause",
    "RuleSet",
    "Source",
    "StalePair",
    "Status",
    "StatusOverride",
    "Strategy",
    "StudentGroup",
    "SurveyAdministration",
    "TeamAssessment",
    "TeamMember",
    "Tier",
    "TypedFigure",
    "Viewer",
    "Visit",
    "YearTarget",
]
