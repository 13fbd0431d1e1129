"""The nouns of ``goals``: one file per subject, all names importable from here."""

from .measure import Measure, StudentGroup
from .reported import ReportedResult

__all__ = ["Measure", "ReportedResult", "StudentGroup"]
